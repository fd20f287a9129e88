"""Parts in a folder: kept for the same job, removed for another one."""

import pyarrow as pa
import pytest

from tfvae.data.tables.files import Reject
from tfvae.pipelines.scoring.parts import Parts
from tfvae.pipelines.scoring.scored_rows import ScoredRows

JOB = {"data": "new.csv", "bytes": 10}


def part(first, count, rejects=()):
    return ScoredRows(pa.table({"row": range(first, first + count)}), rejects, {"x": [count, len(rejects)]})


@pytest.fixture
def parts(tmp_path):
    """Two full parts of four rows, and a last one of two."""
    made = Parts(tmp_path / "parts", JOB, 4)
    made.append(part(0, 4))
    made.append(part(4, 3, (Reject(7, 9, "expected 2 fields", "a"),)))
    made.append(part(8, 2))
    return made


def test_parts_are_read_as_they_were_written(parts):
    assert parts.rows == 10
    assert [scored.table["row"].to_pylist() for scored in parts] == [[0, 1, 2, 3], [4, 5, 6], [8, 9]]
    assert [scored.rejects for scored in parts] == [(), (Reject(7, 9, "expected 2 fields", "a"),), ()]
    assert parts.counts == {"x": [9, 1]}
    assert parts.schema == next(iter(parts)).table.schema


def test_full_parts_are_kept_and_the_last_one_is_scored_again(parts):
    """The file may have grown since the last part was written."""
    again = Parts(parts.folder, JOB, 4)
    assert again.rows == 8
    assert len(list(again)) == 2


def test_half_written_parts_are_removed(parts):
    (parts.folder / ".part-000003.parquet.abc").mkdir()
    Parts(parts.folder, JOB, 4)
    assert not list(parts.folder.glob(".*"))


@pytest.mark.parametrize(("job", "size"), [(JOB | {"bytes": 11}, 4), (JOB, 2)])
def test_parts_of_another_job_are_removed(parts, job, size):
    assert Parts(parts.folder, job, size).rows == 0


def test_a_damaged_job_file_is_another_job(parts):
    (parts.folder / "job.json").write_text("{")
    assert Parts(parts.folder, JOB, 4).rows == 0
