"""Schemas as files that a user can edit."""

import json

import pytest

from tfvae.core.errors import UnreadableFile
from tfvae.data.tables.schema import ColumnSchema, TableSchema


def test_a_file_has_a_line_for_each_column_and_comes_back(tmp_path):
    schema = TableSchema(
        (ColumnSchema('a "b"', "category", ("ä", "\\n")), ColumnSchema("c", "ordinal", (1, 2.5), "so")),
        ("-",),
    )
    schema.write(tmp_path / "schema.json")
    assert TableSchema.read(tmp_path / "schema.json") == schema
    assert len((tmp_path / "schema.json").read_text().splitlines()) == 7


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "schema.json: expected JSON"),
        ("[]", "received list"),
        ('{"columns": [{"kind": "real"}]}', 'objects with a "name"'),
        (
            '{"columns": [{"name": "a"}]}',
            "column 'a': expected the keys name, kind, values, note, received no kind",
        ),
        ('{"columns": [{"name": "a", "kind": "reel"}]}', "column 'a', kind: expected one of real, positive"),
        ('{"columns": [{"name": "a", "kind": "real", "unit": "m"}]}', "received also 'unit'"),
        ('{"columns": [{"name": "a", "kind": "real", "values": [1]}]}', "none for the kind real"),
        (
            '{"columns": [{"name": "a", "kind": "category", "values": [1, "b"]}]}',
            "all texts or all finite numbers",
        ),
        ('{"columns": [{"name": "a", "kind": "category", "values": [1, 1]}]}', "each value once"),
        ('{"columns": [{"name": "a", "kind": "key"}, {"name": "a", "kind": "key"}]}', "column 'a' twice"),
        ('{"columns": [], "missing": "NA"}', "a list of texts"),
    ],
)
def test_errors_in_a_file_name_the_column(tmp_path, content, message):
    path = tmp_path / "schema.json"
    path.write_text(content)
    with pytest.raises(UnreadableFile) as error:
        TableSchema.read(path)
    assert message in str(error.value)
    assert "\n" not in json.dumps(str(error.value))


def test_a_missing_file(tmp_path):
    with pytest.raises(UnreadableFile, match="No such file"):
        TableSchema.read(tmp_path / "none.json")
