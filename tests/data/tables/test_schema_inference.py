"""The kinds that are inferred for columns, and what a user's schema changes in that."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.core.errors import InvalidInput
from tfvae.data.tables.files import table_file
from tfvae.data.tables.profile import profiles
from tfvae.data.tables.schema import ColumnSchema, TableSchema
from tfvae.data.tables.schema_inference import infer

ROWS = 1000


@pytest.fixture
def generator():
    return np.random.default_rng(3)


def kind_of(tmp_path, values):
    """The inferred schema of a column, the same from Parquet and from CSV."""
    table = pa.table({"a": values, "other": np.random.default_rng(0).normal(size=len(values))})
    path = tmp_path / "table.parquet"
    pyarrow.parquet.write_table(table, path)
    text = tmp_path / "table.csv"
    pa.csv.write_csv(table, text)
    found = infer(table_file(path)).columns[0]
    from_text = infer(table_file(text)).columns[0]
    assert from_text == found
    return found


def test_kinds_of_numbers(tmp_path, generator):
    normal = generator.normal(size=ROWS)
    assert kind_of(tmp_path, normal).kind == "real"
    assert kind_of(tmp_path, np.exp(normal)).kind == "positive"
    assert kind_of(tmp_path, 100 + normal).kind == "real", "above 0, but of no longer tail"
    assert kind_of(tmp_path, generator.poisson(30, ROWS)).kind == "count"
    assert kind_of(tmp_path, generator.integers(0, 500, ROWS)).kind == "real", "spread more than counts"
    assert kind_of(tmp_path, generator.poisson(3000, ROWS)).kind == "real", "too large for a network's rate"
    assert kind_of(tmp_path, np.arange(ROWS) * 3 + 7).kind == "key"
    assert kind_of(tmp_path, generator.permutation(ROWS)).kind == "real", "integers in no order are no index"


def test_few_values(tmp_path, generator):
    ranks = generator.integers(1, 6, ROWS)
    assert kind_of(tmp_path, ranks) == ColumnSchema("a", "ordinal", (1, 2, 3, 4, 5))
    assert kind_of(tmp_path, ranks > 2) == ColumnSchema("a", "category", ("false", "true"))
    assert kind_of(tmp_path, (ranks > 2).astype(int)) == ColumnSchema("a", "category", (0, 1))
    assert kind_of(tmp_path, ranks * 0.5).values == (0.5, 1, 1.5, 2, 2.5)
    assert kind_of(tmp_path, [2.5] * ROWS).values == (2.5,)
    assert kind_of(tmp_path, ["k"] * ROWS).values == ("k",)


def test_missing_values_do_not_change_the_kind(tmp_path, generator):
    x = generator.normal(size=ROWS)
    absent = generator.random(ROWS) < 0.4
    assert kind_of(tmp_path, pa.array(x, mask=absent)).kind == "real"
    assert kind_of(tmp_path, pa.array(x > 0, mask=absent)).kind == "category"
    flag = pa.array((x > 0).astype(float), mask=absent)  # as pandas stores integers with missing values
    assert kind_of(tmp_path, flag).values == (0, 1)
    assert kind_of(tmp_path, pa.nulls(ROWS, pa.float64())) == ColumnSchema("a", "key", note="always missing")


def test_texts(tmp_path, generator):
    towns = generator.choice(["Ulm", "Bonn", "Kiel"], ROWS)
    assert kind_of(tmp_path, towns) == ColumnSchema("a", "category", ("Bonn", "Kiel", "Ulm"))
    once = towns.astype(object)
    once[5] = "Jena"
    assert kind_of(tmp_path, once).values == ("Bonn", "Kiel", "Ulm"), "what occurs once counts as never seen"
    assert kind_of(tmp_path, [f"n{i}" for i in range(ROWS)]).kind == "key"
    assert (
        kind_of(tmp_path, np.char.add("0", generator.integers(1000, 1004, ROWS).astype(str))).kind
        == "category"
    )


def test_dates(tmp_path):
    days = np.datetime64("2024-02-27") + np.arange(ROWS)
    assert kind_of(tmp_path, days.astype("datetime64[s]")).kind == "date"
    assert kind_of(tmp_path, days.astype(str)).kind == "date"
    assert kind_of(tmp_path, (days.astype("datetime64[s]") + 5000).astype(str)).kind == "date"


def test_a_few_dirty_cells_do_not_change_the_kind(tmp_path, generator):
    cells = [f"{x:.3f}" for x in generator.normal(size=ROWS)]
    cells[3] = cells[500] = "see note"
    assert kind_of(tmp_path, cells) == ColumnSchema("a", "real", note="2 values are no numbers")


def test_nested_cells_are_keys(tmp_path):
    path = tmp_path / "nested.parquet"
    pyarrow.parquet.write_table(pa.table({"a": [[1, 2], [3]], "b": [1.5, 2.5]}), path)
    assert infer(table_file(path)).columns[0].kind == "key"


def test_what_is_given_is_kept_and_the_rest_is_inferred(tmp_path, generator):
    path = tmp_path / "table.csv"
    sizes = generator.choice(["S", "M", "L"], ROWS)
    lines = (
        f"{size},{x:.3f},{i}"
        for i, (size, x) in enumerate(zip(sizes, generator.normal(size=ROWS), strict=True))
    )
    path.write_text("size,x,code\n" + "\n".join(lines))
    given = TableSchema((ColumnSchema("size", "ordinal", ("S", "M", "L")), ColumnSchema("code", "real")))
    found = infer(table_file(path), given)
    assert [column.kind for column in found.columns] == ["ordinal", "real", "real"]
    assert found.columns[0].values == ("S", "M", "L")
    filled = infer(table_file(path), TableSchema((ColumnSchema("size", "category"),)))
    assert filled.columns[0].values == ("L", "M", "S")
    with pytest.raises(InvalidInput, match="columns of .*table.csv, received 'weight'"):
        infer(table_file(path), TableSchema((ColumnSchema("weight", "real"),)))


def test_rows_that_are_held_out_change_nothing(tmp_path, generator):
    """Kinds, values, locations and scales follow from the other rows alone."""
    held_out = np.arange(ROWS) % 4 == 0
    town, x = generator.choice(["Ulm", "Bonn"], ROWS), generator.normal(size=ROWS)
    found = []
    for name, other, factor in (("one", "Ulm", 1.0), ("two", "Jena", 1e6)):
        path = tmp_path / f"{name}.parquet"
        columns = {"town": np.where(held_out, other, town), "x": np.where(held_out, factor * x, x)}
        pyarrow.parquet.write_table(pa.table(columns), path, row_group_size=300)
        rows = np.flatnonzero(~held_out)
        schema = infer(table_file(path), rows=rows)
        found.append((schema, profiles(table_file(path), schema, rows)))
    assert found[0] == found[1]
    assert found[0][0].columns[0].values == ("Bonn", "Ulm")
    assert found[0][1] != profiles(table_file(path), schema)


def test_memory_does_not_grow_with_the_file(tmp_path, generator):
    def peak(rows):
        path = tmp_path / f"{rows}.parquet"
        columns = {f"c{i}": generator.normal(size=rows) for i in range(4)}
        pyarrow.parquet.write_table(pa.table(columns), path, row_group_size=20_000)
        tracemalloc.start()
        infer(table_file(path))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(400_000) < 1.1 * peak(40_000)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (pa.array([1, 2], pa.time64("us")), "time64[us] values"),
        (pa.array([1, 2], pa.duration("s")), "duration[s] values"),
        (pa.array([[1], [2]]), "list<element: int64> values"),
    ],
)
def test_cells_that_are_not_modeled_are_called_by_their_type(tmp_path, values, words):
    path = tmp_path / "t.parquet"
    pyarrow.parquet.write_table(pa.table({"a": values, "b": [1.5, 2.5]}), path)
    column = infer(table_file(path)).columns[0]
    assert (column.kind, column.note) == ("key", f"{words}, which are not modeled")
