"""Parts in a folder: kept up to the first that is damaged."""

import pyarrow as pa
import pyarrow.parquet
import pytest

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.files import Reject
from tfvae.pipelines.scoring.parts import Parts
from tfvae.pipelines.scoring.scored_rows import ScoredRows


def part(first, count, rejects=()):
    return ScoredRows(pa.table({"row": range(first, first + count)}), rejects, {"x": [count, len(rejects)]})


@pytest.fixture
def parts(tmp_path):
    """Two full parts of four rows, and a last one of two."""
    made = Parts(tmp_path, 4)
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
    again = Parts(parts.folder, 4)
    assert again.rows == 8
    assert len(list(again)) == 2


@pytest.mark.parametrize("damage", [b"", b"PAR1", "cut"])
def test_the_parts_before_a_damaged_one_are_kept(parts, damage):
    path = parts.folder / "part-000001.parquet"
    path.write_bytes(path.read_bytes()[:-20] if damage == "cut" else damage)
    again = Parts(parts.folder, 4)
    assert again.rows == 4
    again.append(part(4, 4))
    assert [len(scored.table) for scored in again] == [4, 4]


def test_a_part_of_another_program_counts_as_damaged(parts):
    pa.parquet.write_table(pa.table({"row": [0]}), parts.folder / "part-000000.parquet")
    assert Parts(parts.folder, 4).rows == 0


def test_damage_inside_a_part_is_found_when_it_is_read(tmp_path):
    made = Parts(tmp_path, 1000)
    made.append(part(0, 1000))
    path = tmp_path / "part-000000.parquet"
    data = bytearray(path.read_bytes())
    data[50] ^= 255
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="without it, the same command scores its rows again"):
        list(Parts(tmp_path, 1000))


def test_a_part_without_its_rejects_counts_as_damaged(parts):
    """Or with something else in their place."""
    path = parts.folder / "rejects-000001.parquet"
    path.unlink()
    assert Parts(parts.folder, 4).rows == 4
    pa.parquet.write_table(pa.table({"row": [0]}), path)
    assert Parts(parts.folder, 4).rows == 4


def test_damage_inside_rejects_is_found_when_they_are_read(parts):
    path = parts.folder / "rejects-000001.parquet"
    path.write_bytes(b"")
    with pytest.raises(UnreadableFile, match="without it, the same command scores its rows again"):
        list(parts)


def test_a_part_may_have_many_long_rejects(tmp_path):
    """More than the 100 MB of a string in the metadata of a Parquet file, with escapes."""
    rejects = tuple(
        Reject(row, row + 2, "expected 3 fields", "\N{GRINNING FACE}" * 200) for row in range(45_000)
    )
    made = Parts(tmp_path, 50_000)
    made.append(part(45_000, 5_000, rejects))
    again = Parts(tmp_path, 50_000)
    assert again.rows == 50_000
    [scored] = again
    assert scored.rejects == rejects
