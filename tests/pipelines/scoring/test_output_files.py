"""Nothing is replaced or removed that the command did not write for this output."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from tfvae.core.errors import InvalidInput
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring import score_table, work_folder
from tfvae.pipelines.scoring.output_files import OutputFiles
from tfvae.pipelines.scoring.work_folder import open_work_folder


def contents(folder):
    """All files and links of a folder, with what is in them."""
    return {
        str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if not path.is_dir()
    }


def write(output, text="new", rejects=None, overwrite=False, job=None):
    """Write an output and its side files as the commands do."""
    with open_work_folder(output, job or {}) as work:
        work.output.write_text(text)
        if rejects is not None:
            work.rejects.write_text(rejects)
        seal = work.files.seal(work.rejects if rejects is not None else None)
        work.summary.write_text(json.dumps(seal))
        work.publish(overwrite)


@pytest.fixture
def data(folder, tmp_path):
    """A table to score in a folder of its own, with a row that is rejected."""
    path = tmp_path / "a.csv"
    path.write_bytes((folder / "new.csv").read_bytes() + b"x\n")
    return path


def linked(kind, path):
    other = path.with_name("other.csv")
    if kind == "symbolic":
        other.symlink_to(path.name)
    elif kind == "hard":
        os.link(path, other)
    return {"same": path, "relative": path.parent / "." / ".." / path.parent.name / path.name}.get(
        kind, other
    )


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("kind", ["same", "relative", "symbolic", "hard"])
def test_the_input_is_never_the_output(folder, data, capsys, kind, overwrite):
    output = linked(kind, data)
    before = contents(data.parent)
    arguments = ["score", str(folder / "m.detector"), str(data), "-o", str(output)]
    assert main(arguments + ["--overwrite"] * overwrite) == 2
    assert "--output: expected other files than the input" in capsys.readouterr().err
    assert contents(data.parent) == before


@pytest.mark.parametrize("name", ["orders.csv.rejects.csv", "orders.csv.summary.json"])
def test_an_input_with_the_name_of_a_side_file_is_rejected(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(InvalidInput, match="other files than the input"):
        OutputFiles(tmp_path / "orders.csv").check(True, tmp_path / name)


def test_a_pattern_or_a_folder_of_inputs_counts_as_each_of_its_files(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    for source in (tmp_path, tmp_path / "*.csv", f"idx:{tmp_path}"):
        with pytest.raises(InvalidInput, match="other files than the input"):
            OutputFiles(tmp_path / "a.csv").check(True, source)
        OutputFiles(tmp_path / "b.csv").check(True, source)


@pytest.mark.parametrize("name", ["s.csv.rejects.csv", "s.csv.summary.json", "s.csv.parts/mine.txt"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_files_of_others_are_left_alone(detector, data, name, overwrite):
    path = data.parent / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    before = contents(data.parent)
    with pytest.raises(InvalidInput, match="--output: expected a name that leaves other files alone"):
        score_table.score(detector, data, data.with_name("s.csv"), overwrite=overwrite)
    assert contents(data.parent) == before


def test_names_that_the_command_does_not_use_do_not_matter(detector, data):
    others = ("s.rejects.csv", "s.summary.json", "s.parts")
    for name in others:
        data.with_name(name).write_text("mine")
    score_table.score(detector, data, data.with_name("s.csv"))
    assert {data.with_name(name).read_text() for name in others} == {"mine"}


def test_an_output_that_exists_needs_a_flag(folder, data, capsys):
    data.with_name("s.csv").write_text("mine")
    arguments = ["score", str(folder / "m.detector"), str(data), "-o", str(data.with_name("s.csv"))]
    assert main(arguments) == 2
    assert "--output: expected a new file, or --overwrite" in capsys.readouterr().err
    assert data.with_name("s.csv").read_text() == "mine"
    assert main([*arguments, "--overwrite"]) == 0
    assert data.with_name("s.csv").read_text().startswith('"row"')


def test_side_files_carry_the_whole_name(detector, data):
    for suffix in ("csv", "parquet"):
        score_table.score(detector, data, data.with_name(f"u.{suffix}"))
    names = {path.name for path in data.parent.iterdir()} - {data.name}
    sides = ("", ".summary.json", ".rejects.csv")
    assert names == {f"u.{suffix}{side}" for suffix in ("csv", "parquet") for side in sides}
    for suffix in ("csv", "parquet"):
        summary = json.loads(data.with_name(f"u.{suffix}.summary.json").read_text())
        assert summary["output"] == str(data.with_name(f"u.{suffix}"))


def test_own_side_files_are_replaced_and_stale_ones_removed(tmp_path):
    output = tmp_path / "s.csv"
    write(output, rejects="two")
    write(output, rejects="three", overwrite=True)
    assert contents(tmp_path)["s.csv.rejects.csv"] == b"three"
    write(output, overwrite=True)
    assert set(contents(tmp_path)) == {"s.csv", "s.csv.summary.json"}


def test_rejects_that_were_edited_are_no_longer_the_commands(tmp_path):
    output = tmp_path / "s.csv"
    write(output, rejects="two")
    output.with_name("s.csv.rejects.csv").write_text("repaired by hand")
    before = contents(tmp_path)
    with pytest.raises(InvalidInput, match=r"s.csv.rejects.csv exists"):
        write(output, rejects="three", overwrite=True)
    assert contents(tmp_path) == before


def test_a_file_that_appears_meanwhile_is_left_alone(tmp_path):
    output = tmp_path / "s.csv"
    with open_work_folder(output, {}) as work:
        work.output.write_text("new")
        output.write_text("mine")
        with pytest.raises(InvalidInput, match="a new file"):
            work.publish(False)
    assert contents(tmp_path) == {"s.csv": b"mine"}


def test_a_second_command_on_one_output_is_rejected(tmp_path):
    output = tmp_path / "s.csv"
    with open_work_folder(output, {"data": "a"}) as work:
        (work.path / "part-000000.parquet").write_text("part")
        before = contents(tmp_path)
        with (
            pytest.raises(InvalidInput, match="which another command is writing"),
            open_work_folder(output, {"data": "b"}),
        ):
            pass
        assert contents(tmp_path) == before
        with open_work_folder(tmp_path / "t.csv", {}):
            pass
    assert contents(tmp_path) == {}


KILLED = """
import os, signal, sys
from pathlib import Path
from tfvae.pipelines.scoring.work_folder import open_work_folder
from tfvae.pipelines.scoring import work_folder
with open_work_folder(Path(sys.argv[1]), {"data": "a"}) as work:
    for name in ("output.csv", "rejects.csv", "summary.json", "part-000000.parquet"):
        (work.path / name).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_command_left_is_removed_by_the_next_one(tmp_path):
    """All of it is in one folder, and a file of someone else in that folder stays."""
    output = tmp_path / "s.csv"
    environment = {**os.environ, "TFVAE_LAZY_IMPORT": "1"}
    done = subprocess.run([sys.executable, "-c", KILLED, str(output)], env=environment, check=False)
    assert done.returncode == -9
    assert [path.name for path in tmp_path.iterdir()] == ["s.csv.parts"]
    (tmp_path / "s.csv.parts" / "mine.txt").write_text("mine")
    write(output)
    assert set(contents(tmp_path)) == {"s.csv", "s.csv.summary.json", "s.csv.parts/mine.txt"}


def killed_while_moving(monkeypatch, number, *arguments, **options):
    """Write an output, and be killed before the move of this number, from 1."""
    move, left = work_folder._move, [number]

    def some(*paths):
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        move(*paths)

    with monkeypatch.context() as context:
        context.setattr(work_folder, "_move", some)
        with pytest.raises(KeyboardInterrupt):
            write(*arguments, **options)


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_a_command_killed_while_it_moves_its_files_goes_on(tmp_path, monkeypatch, moved):
    """Before the first, second, third file, and after the last."""
    output, job = tmp_path / "s.csv", {"data": "a"}
    write(output, "old", "old rejects")

    if moved < 3:
        killed_while_moving(monkeypatch, moved + 1, output, "new", "new rejects", True, job)
    else:
        with monkeypatch.context() as context:
            context.setattr(work_folder.WorkFolder, "remove", lambda self: None)
            write(output, "new", "new rejects", True, job)
    OutputFiles(output).check(False)
    write(output, "new", "new rejects", False, job)
    found = contents(tmp_path)
    assert set(found) == {"s.csv", "s.csv.rejects.csv", "s.csv.summary.json"}
    assert (found["s.csv"], found["s.csv.rejects.csv"]) == (b"new", b"new rejects")
    digest = json.loads(found["s.csv.summary.json"])["rejects_sha256"]
    assert digest == hashlib.sha256(b"new rejects").hexdigest()


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("job", ["a", "b"])
@pytest.mark.parametrize("name", ["s.csv", "s.csv.rejects.csv"])
def test_files_that_came_after_a_command_was_killed_are_left_alone(tmp_path, monkeypatch, number, job, name):
    output = tmp_path / "s.csv"
    killed_while_moving(monkeypatch, number, output, rejects="new rejects", job={"data": "a"})
    path = tmp_path / name
    path.write_text("mine")
    with pytest.raises(InvalidInput, match="a new file" if path == output else "leaves other files alone"):
        OutputFiles(output).check(False)
    with pytest.raises(InvalidInput, match="exists"):
        write(output, rejects="new rejects", job={"data": job})
    assert path.read_text() == "mine"
    path.unlink()
    write(output, rejects="new rejects", job={"data": job})
    assert set(contents(tmp_path)) == {"s.csv", "s.csv.rejects.csv", "s.csv.summary.json"}


def test_an_output_that_comes_between_two_moves_is_left_alone(tmp_path, monkeypatch):
    output, move = tmp_path / "s.csv", work_folder._move

    def meanwhile(*paths):
        output.write_text("mine")
        move(*paths)

    monkeypatch.setattr(work_folder, "_move", meanwhile)
    with pytest.raises(InvalidInput, match="a new file"):
        write(output, rejects="new rejects")
    assert output.read_text() == "mine"


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("rejects", [None, "other rejects"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_another_job_continues_after_a_command_that_was_killed(
    tmp_path, monkeypatch, number, rejects, overwrite
):
    """Rejects without their summary are known as the command's own."""
    output = tmp_path / "s.csv"
    killed_while_moving(monkeypatch, number, output, "old", "old rejects", job={"data": "a"})
    OutputFiles(output).check(overwrite)
    write(output, "new", rejects, overwrite, {"data": "b"})
    found = contents(tmp_path)
    assert found["s.csv"] == b"new"
    assert found.get("s.csv.rejects.csv") == (rejects and rejects.encode())
    assert set(found) <= {"s.csv", "s.csv.rejects.csv", "s.csv.summary.json"}


def test_a_command_that_fails_leaves_the_proof_of_another_that_was_killed(tmp_path, monkeypatch):
    output = tmp_path / "s.csv"
    killed_while_moving(monkeypatch, 2, output, "old", "old rejects", job={"data": "a"})
    with pytest.raises(ZeroDivisionError), open_work_folder(output, {"data": "b"}):
        _ = 1 / 0
    write(output, "new", job={"data": "c"})
    assert set(contents(tmp_path)) == {"s.csv", "s.csv.summary.json"}


def test_an_output_that_a_killed_command_finished_needs_a_flag_for_another_job(tmp_path, monkeypatch):
    output = tmp_path / "s.csv"
    with monkeypatch.context() as context:
        context.setattr(work_folder.WorkFolder, "remove", lambda self: None)
        write(output, "old", job={"data": "a"})
    with pytest.raises(InvalidInput, match="a new file, or --overwrite"):
        write(output, "new", job={"data": "b"})
    assert output.read_text() == "old"
    write(output, "new", overwrite=True, job={"data": "b"})
    assert set(contents(tmp_path)) == {"s.csv", "s.csv.summary.json"}


@pytest.mark.parametrize("left", [None, "", "whole"])
def test_a_folder_in_which_nothing_was_begun_is_used(tmp_path, left):
    output = tmp_path / "s.csv"
    files = OutputFiles(output)
    files.parts.mkdir()
    if left is not None:
        text = json.dumps(files.seal(None)) if left else ""
        (files.parts / "unfinished.json").write_text(text)
    files.check(False)
    write(output)
    assert set(contents(tmp_path)) == {"s.csv", "s.csv.summary.json"}


def test_only_files_with_the_commands_own_names_are_removed(tmp_path, monkeypatch):
    output = tmp_path / "s.csv"
    killed_while_moving(monkeypatch, 1, output, job={"data": "a"})
    names = {"output.notes.txt", "output.parquet", "part-a.parquet", "part-1.parquet", "unfinished.txt"}
    for name in names:
        (tmp_path / "s.csv.parts" / name).write_text("mine")
    write(output, job={"data": "b"})
    kept = {f"s.csv.parts/{name}" for name in names}
    assert set(contents(tmp_path)) == {"s.csv", "s.csv.summary.json", *kept}


def test_parts_of_another_content_of_equal_size_and_time_are_not_continued(detector, data):
    output, stat = data.with_name("s.csv"), data.stat()
    killed = detector.scorer._function

    class Killed(Exception):
        """Stands for a signal."""

    def once(values, calls=[1]):  # noqa: B006
        if not calls.pop():
            raise Killed
        calls.append(0)
        return killed(values)

    detector.scorer._function = once
    try:
        with pytest.raises(Killed):
            score_table.score(detector, data, output, part_rows=64)
    finally:
        detector.scorer._function = killed
    lines = data.read_bytes().split(b"\n")
    lines[1], lines[2] = lines[2], lines[1]
    data.write_bytes(b"\n".join(lines))
    os.utime(data, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert data.stat().st_size == stat.st_size
    assert score_table.score(detector, data, output, part_rows=64).resumed == 0


def test_a_folder_that_cannot_be_written_is_named_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="a file in a folder that can be written"):
        OutputFiles(tmp_path / "file" / "s.csv").check(False)
    with pytest.raises(InvalidInput, match="which is a folder"):
        OutputFiles(tmp_path).check(True)


@pytest.mark.parametrize("name", [b"s\xff.csv", b"f\xff/s.csv"])
def test_a_path_that_is_not_utf_8_is_rejected_in_one_line(tmp_path, name):
    with pytest.raises(InvalidInput, match=r"--output: expected a path in UTF-8, received b'.*\\xff"):
        OutputFiles(tmp_path / os.fsdecode(name)).check(False)
    assert contents(tmp_path) == {}
