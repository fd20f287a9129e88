"""From file names to tables, and parts of their rows."""

import numpy as np
import pytest

from tfvae.core.errors import InvalidInput, UnreadableFile
from tfvae.data.tables.files import table_file


def test_other_endings_and_missing_files(tmp_path):
    with pytest.raises(InvalidInput, match=r"\.csv, \.csv\.gz or \.parquet"):
        table_file(tmp_path / "t.xlsx")
    with pytest.raises(
        UnreadableFile, match="t.csv: expected a CSV table with one header line, but there is no such file"
    ):
        table_file(tmp_path / "t.csv")


def test_parts_keep_every_row_and_every_reject_once(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "".join(f"{i}\n" if i % 4 == 3 else f"{i},{i}\n" for i in range(19)))
    (rows,) = table_file(path).rows()
    pieces, first = [], 0
    while (rest := rows.after(first)) is not None:
        pieces.append(rest.between(first, first + 6))
        first += 6
    assert first == 24
    assert [row for piece in pieces for row in piece.rows] == [i for i in range(19) if i % 4 != 3]
    assert [reject.row for piece in pieces for reject in piece.rejects] == [3, 7, 11, 15]
    for piece in pieces:
        assert [int(cell) for cell in piece.batch.column("a").to_pylist()] == piece.rows.tolist()


@pytest.mark.parametrize("indices", [[], [0, 3, 4], [2], [1, 9]])
def test_rows_among_increasing_indices(tmp_path, indices):
    """Also around a row that cannot be read; such rows count."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n0,0\n1,1\n2\n3,3\n4,4\n")
    file = table_file(path)
    assert file.count() == 5
    [part] = file.rows()
    expected = [row in indices for row in (0, 1, 3, 4)]
    assert part.among(np.array(indices, int)).tolist() == expected
    assert part.among(None).all()
