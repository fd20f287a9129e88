"""LiteRT's web runtime: found, checked, unpacked; and what is said if it is missing."""

import shutil

import pytest

from tfvae.core.errors import UnreadableFile
from tfvae.export.browser import web_runtime
from tfvae.export.result import ExportError


def test_a_missing_package_is_named(tmp_path):
    with pytest.raises(UnreadableFile, match=r"litertjs-core-2\.5\.3\.tgz: expected .*npm pack"):
        web_runtime.unpack(tmp_path / "vendor", tmp_path)


def test_a_package_with_another_hash_is_rejected(tmp_path):
    (tmp_path / web_runtime.PACKAGES[0].tarball).write_bytes(b"other")
    with pytest.raises(UnreadableFile, match="its SHA-512 is another one"):
        web_runtime.unpack(tmp_path / "vendor", tmp_path)


def test_a_missing_npm_is_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(ExportError, match=r"npm is not installed.*`npm pack @litertjs/core@2\.5\.3 "):
        web_runtime.unpack(tmp_path / "vendor")


def test_an_error_of_npm_is_quoted(tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho npm error code ENOTFOUND >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(ExportError, match=r"npm failed: npm error code ENOTFOUND"):
        web_runtime.unpack(tmp_path / "vendor")
    assert not (tmp_path / "cache").exists()


@pytest.mark.browser
def test_packages_in_a_folder_are_unpacked_with_the_license(tmp_path, monkeypatch):
    packed = shutil.copytree(web_runtime.cached(), tmp_path / "packed")
    monkeypatch.setenv("PATH", "")
    web_runtime.unpack(tmp_path / "vendor", packed)
    assert (tmp_path / "vendor" / "core" / web_runtime.WASM).is_file()
    assert len(list((tmp_path / "vendor").rglob("*.wasm"))) == 1
    assert "Apache License" in (tmp_path / "vendor" / "LICENSE").read_text()
