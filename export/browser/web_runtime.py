"""LiteRT's web runtime: fetched once with npm, checked by its hash, unpacked into an export."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import importlib.metadata
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tfvae.core.errors import UnreadableFile
from tfvae.core.files import replacing
from tfvae.export.result import ExportError


@dataclasses.dataclass(frozen=True)
class Package:
    """An npm package of one version.

    Attributes:
        name: name of the package.
        version: its version.
        sha512: SHA-512 of its tarball in base64, as registries publish it.
        files: its files that a page needs.
    """

    name: str
    version: str
    sha512: str
    files: tuple[str, ...]

    @property
    def tarball(self) -> str:
        """Name of the tarball that `npm pack` writes."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


# Of the four builds of the runtime, this one only needs SIMD: the one with threads needs headers that plain
# static hosting does not send, JSPI and relaxed SIMD are not in every browser, and relaxed SIMD may round
# differently on each processor.
WASM = "wasm/litert_wasm_compat_internal.js"
PACKAGES = (
    Package(
        "@litertjs/core",
        "2.5.3",
        "PlGmbMOq9WitX7FO0jhbdJw9GthatsyuCQXjTt/wJZo0FLaw48q4tz8IwqgqCIkviYGr9OFDL1kCnN4nzWoyJQ==",
        ("package.json", "dist/index.js", WASM, WASM.replace(".js", ".wasm")),
    ),
    Package(
        "@litertjs/wasm-utils",
        "2.5.3",
        "4fJiw6tBQnIs+0jH/OQ16nYOiSl8/+zZnn5h2ul8aTKHi05sVqZW580Tmk78pC2kT39A9OYBVdFawteZ/sI1kQ==",
        ("package.json", "dist/index.js"),
    ),
)
_FETCH = "npm pack " + " ".join(f"{package.name}@{package.version}" for package in PACKAGES)
_SECONDS = 300


def unpack(target: Path, tarballs: Path | None = None) -> None:
    """Write the runtime's files and its license to a new folder.

    Args:
        target: the folder.
        tarballs: folder with the packages as `npm pack` writes them; None means the user's cache, which npm
            fills once.

    Raises:
        UnreadableFile: a package is missing, or is not the pinned one.
        ExportError: a package is not in the cache and npm cannot fetch it.
    """
    for package in PACKAGES:
        content = _checked(package, cached() if tarballs is None else Path(tarballs))
        folder = target / package.name.rpartition("/")[2]
        with tarfile.open(content) as archive:
            for name in package.files:
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(_content(archive, f"package/{name}"))
    (target / "LICENSE").write_text(_license(), encoding="utf-8")


def cached() -> Path:
    """Return the user's cache of the packages; npm fetches missing ones.

    Raises:
        ExportError: npm is not installed, or cannot reach a registry.
    """
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = caches / "tfvae" / "litert-web"
    missing = [package for package in PACKAGES if not (folder / package.tarball).is_file()]
    if missing:
        with tempfile.TemporaryDirectory() as scratch:
            _npm_pack(missing, scratch)
            for package in missing:
                _checked(package, Path(scratch))
                with replacing(folder / package.tarball) as temporary:
                    temporary.write_bytes((Path(scratch) / package.tarball).read_bytes())
    return folder


def _npm_pack(packages: list[Package], folder: str) -> None:
    names = [f"{package.name}@{package.version}" for package in packages]
    command = ["npm", "pack", "--silent", "--pack-destination", folder, *names]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except FileNotFoundError:
        raise _unavailable("npm is not installed") from None
    except subprocess.TimeoutExpired:
        raise _unavailable(f"npm did not answer within {_SECONDS} seconds") from None
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise _unavailable(f"npm failed: {errors[0].strip() if errors else 'no message'}")


def _unavailable(reason: str) -> ExportError:
    advice = f"run `{_FETCH}` where npm can, and pass the folder with both files as the runtime"
    return ExportError(f"the web runtime is not in the cache and cannot be fetched ({reason}); {advice}")


def _checked(package: Package, folder: Path) -> Path:
    path = folder / package.tarball
    expected = f"{package.name} {package.version} as `{_FETCH}` writes it"
    if not path.is_file():
        raise UnreadableFile(path, expected, "there is no such file")
    if base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode() != package.sha512:
        raise UnreadableFile(path, expected, "its SHA-512 is another one")
    return path


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise ExportError(f"the web runtime has no file {name}")
    return file.read()


def _license() -> str:
    """Return the license from LiteRT's Python package, as its npm packages have no such file."""
    files = importlib.metadata.files("ai-edge-litert") or []
    text = next(file.read_text() for file in files if file.name == "LICENSE")
    names = ", ".join(f"{package.name} {package.version}" for package in PACKAGES)
    return f"{names}: Copyright Google LLC, unchanged, under the license below.\n\n{text}"
