"""Files appear whole or not at all."""

import os
import subprocess
import sys

import pytest

from tfvae.core.errors import UnreadableFile, UnwritableFile
from tfvae.core.files import replacing


def test_new_content_takes_the_place_of_old(tmp_path):
    target = tmp_path / "a" / "b.txt"
    for content in ("one", "two"):
        with replacing(target) as temporary:
            assert temporary.suffix == ".txt"
            temporary.write_text(content)
        assert target.read_text() == content
    assert os.listdir(target.parent) == ["b.txt"]


@pytest.mark.parametrize("error", [RuntimeError("half way"), UnreadableFile("x", "y", "z")])
def test_an_error_half_way_leaves_the_old_content_and_goes_on(tmp_path, error):
    target = tmp_path / "b.txt"
    target.write_text("old")

    def fail():
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error), match=str(error)):
        fail()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["b.txt"]


def test_folders_too(tmp_path):
    target = tmp_path / "1"
    with replacing(target) as temporary:
        temporary.mkdir()
        (temporary / "inside").write_text("x")
        assert not target.exists()
    assert (target / "inside").read_text() == "x"
    assert os.listdir(tmp_path) == ["1"]


def test_what_the_system_refuses_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnwritableFile, match="b.txt: it cannot be written"):
        replacing(tmp_path / "file" / "b.txt").__enter__()


def test_a_kill_while_writing_leaves_the_old_content(tmp_path):
    """In a process of its own, which kills itself with the new content half written."""
    target = tmp_path / "b.txt"
    target.write_text("old")
    code = (
        "import os, signal, sys; from tfvae.core.files import replacing\n"
        "with replacing(sys.argv[1]) as t: t.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, target], check=False).returncode == -9
    assert target.read_text() == "old"
