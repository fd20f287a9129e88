"""A table with a column of each kind, and the features fitted to it."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tfvae.data.tables.features import TableFeatures
from tfvae.data.tables.files import table_file
from tfvae.data.tables.schema import ColumnSchema, TableSchema

_SCHEMA = TableSchema(
    (
        ColumnSchema("id", "key"),
        ColumnSchema("x", "real"),
        ColumnSchema("price (EUR)", "positive"),
        ColumnSchema("n", "count"),
        ColumnSchema("town", "category", ("Bonn", "Kiel", "Ulm")),
        ColumnSchema("flag", "category", (0, 1)),
        ColumnSchema("size", "ordinal", ("S", "M", "L")),
        ColumnSchema("day", "date"),
        ColumnSchema("web", "category", ("yes",)),
    )
)
_ROWS = 400


@pytest.fixture(scope="package")
def schema():
    return _SCHEMA


@pytest.fixture(scope="package")
def table():
    g = np.random.default_rng(5)
    times = np.datetime64("2024-01-01T00:00:00") + g.integers(0, 10**7, _ROWS).astype("timedelta64[s]")
    return pa.table(
        {
            "id": [f"r{i}" for i in range(_ROWS)],
            "x": pa.array(g.normal(5, 3, _ROWS), mask=g.random(_ROWS) < 0.1),
            "price (EUR)": np.exp(g.normal(2, 1, _ROWS)),
            "n": g.poisson(4, _ROWS),
            "town": pa.array(g.choice(["Bonn", "Kiel", "Ulm"], _ROWS), mask=g.random(_ROWS) < 0.1),
            "flag": g.integers(0, 2, _ROWS),
            "size": g.choice(["S", "M", "L"], _ROWS),
            "day": times,
            "web": ["yes"] * _ROWS,
        }
    )


@pytest.fixture(scope="package")
def layer(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    pa.parquet.write_table(table, path)
    return TableFeatures.fit(table_file(path), _SCHEMA)


@pytest.fixture(scope="package")
def raw_rows(table, layer):
    return layer.raw_table().read(table.combine_chunks().to_batches()[0])


@pytest.fixture(scope="package")
def raw(raw_rows):
    """The raw columns by name."""
    return raw_rows.values
