"""`tfvae serve`: wrong arguments and missing packages are one line."""

import pytest

from tfvae.pipelines.cli import argument_checks
from tfvae.pipelines.cli.app import main


@pytest.fixture
def exported(tmp_path):
    """A folder that looks like that of an exported model."""
    (tmp_path / "m" / "1").mkdir(parents=True)
    (tmp_path / "m" / "1" / "saved_model.pb").write_bytes(b"")
    return tmp_path / "m"


def one_line(capsys, status, arguments):
    assert main(["serve", *map(str, arguments)]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("tfvae: error: ")
    assert err.count("\n") == 1
    return err


def test_wrong_arguments_are_one_line(capsys, exported, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    assert "does not exist" in one_line(capsys, 2, [tmp_path / "absent"])
    assert "VERSION/saved_model.pb" in one_line(capsys, 2, [tmp_path / "empty"])
    assert "VERSION/saved_model.pb" in one_line(capsys, 2, [tmp_path / "file"])
    for option, value in [
        ("--port", 70_000),
        ("--max-batch-size", 0),
        ("--max-instances", 0),
        ("--max-body-bytes", -1),
        ("--batch-timeout-ms", "nan"),
        ("--poll-seconds", 0),
    ]:
        error = one_line(capsys, 2, [exported, option, value])
        assert option in error
        assert str(value) in error


def test_a_missing_package_is_named(capsys, exported, monkeypatch):
    find = argument_checks.importlib.util.find_spec
    monkeypatch.setattr(
        argument_checks.importlib.util, "find_spec", lambda name: (name != "uvicorn" and find(name)) or None
    )
    error = one_line(capsys, 2, [exported])
    assert "uvicorn" in error
    assert "tfvae[serve]" in error
