"""Rows of CSV files: each is read or rejected, with its index and line."""

import gzip

import numpy as np
import pytest

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.files import table_file


def read(path):
    rows, lines, rejects, names = [], [], [], None
    for part in table_file(path).rows():
        rows += part.rows.tolist()
        lines += part.lines.tolist()
        rejects += part.rejects
        names = part.batch.schema.names
    return rows, lines, [(reject.row, reject.line) for reject in rejects], names


def write(tmp_path, data, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_rows_with_other_numbers_of_fields_are_rejected_where_they_stand(tmp_path):
    path = write(tmp_path, b"a,b\n1,2\n3\n4,5\n6,7,8\n9,10\n11\n")
    assert read(path) == ([0, 2, 4], [2, 4, 6], [(1, 3), (3, 5), (5, 7)], ["a", "b"])


def test_numbers_are_right_across_blocks(tmp_path):
    """About three of Arrow's blocks, with a row that is too short at every 1,000th place."""
    count = 200_000
    lines = [b"1234567,1234567" if i % 1000 else b"1234567" for i in range(count)]
    path = write(tmp_path, b"a,b\n" + b"\n".join(lines))
    rows, places, rejects, _ = read(path)
    assert rows == [i for i in range(count) if i % 1000]
    assert places == [i + 2 for i in rows]
    assert rejects == [(i, i + 2) for i in range(0, count, 1000)]


def test_values_over_several_lines_move_the_lines_but_not_the_rows(tmp_path):
    path = write(tmp_path, b'a,b\n1,"x\ny"\n3\n4,5\n')
    assert read(path) == ([0, 2], [2, 5], [(1, 4)], ["a", "b"])


def test_a_quote_that_is_never_closed_is_rejected_with_all_it_takes_in(tmp_path):
    path = write(tmp_path, b'a,b\n1,2\n1,"x\n3,4\n4,5')
    assert read(path) == ([0], [2], [(1, 3)], ["a", "b"])
    [reject] = [reject for part in table_file(path).rows() for reject in part.rejects]
    assert reject.reason == "a quote that is never closed takes in the 2 lines to the end of the file"
    assert reject.text == '1,"x\n3,4\n4,5\n'
    assert read(write(tmp_path, b'a,b\n1,5" pipe\n3,4\n'))[0] == [0, 1], "it quotes nothing"


def test_a_short_row_that_is_no_utf8_is_rejected_alone(tmp_path):
    path = write(tmp_path, b"a,b\n1,2\n\xff\n3,4\n")
    assert read(path) == ([0, 2], [2, 4], [(1, 3)], ["a", "b"])
    [part] = table_file(path).rows()
    assert part.rejects[0].text == "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("cell", [b"1" * 2**21, b'"' + b"a,\n" * 700_000 + b'"'])
def test_a_row_of_two_megabytes_is_rejected_alone(tmp_path, cell):
    path = write(tmp_path, b"a,b\n1,2\n" + cell + b",2\n3,4\n")
    assert read(path) == ([0, 2], [2, 4 + cell.count(b"\n")], [(1, 3)], ["a", "b"])


def test_the_bytes_of_each_row_are_kept(tmp_path):
    path = write(tmp_path, b'a,b\r\n1.10, "x"\r\n"2","x ""y"""\r\n544157599796692941,NA\n')
    [part] = table_file(path).rows()
    assert part.records.to_pylist() == [b'1.10, "x"', b'"2","x ""y"""', b"544157599796692941,NA"]
    assert part.batch.to_pydict() == {
        "a": [b"1.10", b"2", b"544157599796692941"],
        "b": [b' "x"', b'x "y"', b"NA"],
    }
    assert part.between(1, 2).records.to_pylist() == [b'"2","x ""y"""']


def test_only_rejects(tmp_path):
    assert read(write(tmp_path, b"a,b\n1\n3\n")) == ([], [], [(0, 2), (1, 3)], ["a", "b"])


def test_a_table_without_names(tmp_path):
    assert read(write(tmp_path, b"1,2\n3,4\n5\n")) == ([0, 1], [1, 2], [(2, 3)], ["f0", "f1"])


def test_compressed(tmp_path):
    assert read(write(tmp_path, gzip.compress(b"a,b\n1,2\n"), "t.csv.gz"))[0] == [0]


def test_windows_lines_and_byte_order_mark(tmp_path):
    assert read(write(tmp_path, b"\xef\xbb\xbfa,b\r\n1,2\r\n"))[3] == ["a", "b"]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("cell", [b'"id, no"', b'"id\nno"', b'"id\r\n""no"""', b"id", b"1"])
def test_a_byte_order_mark_changes_no_record(tmp_path, mark, cell):
    plain = table_file(write(tmp_path, cell + b",2\n3,4\n"))
    [expected] = plain.rows()
    marked = table_file(write(tmp_path, mark + cell + b",2\n3,4\n", "m.csv"))
    [part] = marked.rows()
    assert (marked.mark, marked.header, marked.names) == (mark, plain.header, plain.names)
    assert part.records.equals(expected.records)
    assert part.lines.tolist() == expected.lines.tolist()


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "t.csv", "Empty CSV file"),
        (b"a,a\n1,2\n", "t.csv", "two columns have the name 'a'"),
        (b"a\xff,b\n1,2\n", "t.csv", "utf-8"),
        (b"\x1f\x8bxx", "t.csv.gz", "expected a CSV table"),
    ],
)
def test_a_file_of_something_else_is_rejected_at_once(tmp_path, data, name, message):
    with pytest.raises(UnreadableFile, match=message):
        table_file(write(tmp_path, data, name))


def test_a_compressed_file_that_was_cut_off(tmp_path):
    digits = np.random.default_rng(0).integers(48, 58, 3_000_000, np.uint8)
    zipped = gzip.compress(digits.tobytes().replace(b"0", b"\n"))
    cut = write(tmp_path, zipped[: len(zipped) // 2], "t.csv.gz")
    with pytest.raises(UnreadableFile, match="Truncated compressed stream"):
        list(table_file(cut).rows())
