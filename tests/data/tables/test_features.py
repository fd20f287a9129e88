"""From raw columns to features: what each kind becomes, one function everywhere, and back again."""

import keras
import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.data.tables.features import TableFeatures
from tfvae.data.tables.files import table_file
from tfvae.data.tables.profile import stability_index
from tfvae.data.tables.raw_columns import RawTable, input_names
from tfvae.data.tables.schema import ColumnSchema, TableSchema

SCHEMA = TableSchema(
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
COUNT = 400


@pytest.fixture(scope="module")
def table():
    g = np.random.default_rng(5)
    times = np.datetime64("2024-01-01T00:00:00") + g.integers(0, 10**7, COUNT).astype("timedelta64[s]")
    return pa.table(
        {
            "id": [f"r{i}" for i in range(COUNT)],
            "x": pa.array(g.normal(5, 3, COUNT), mask=g.random(COUNT) < 0.1),
            "price (EUR)": np.exp(g.normal(2, 1, COUNT)),
            "n": g.poisson(4, COUNT),
            "town": pa.array(g.choice(["Bonn", "Kiel", "Ulm"], COUNT), mask=g.random(COUNT) < 0.1),
            "flag": g.integers(0, 2, COUNT),
            "size": g.choice(["S", "M", "L"], COUNT),
            "day": times,
            "web": ["yes"] * COUNT,
        }
    )


@pytest.fixture(scope="module")
def layer(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "t.parquet"
    pa.parquet.write_table(table, path)
    return TableFeatures.fit(table_file(path), SCHEMA)


@pytest.fixture(scope="module")
def raw(table, layer):
    return layer.raw_table().read(table.combine_chunks().to_batches()[0]).values


def one(layer, **cells):
    """Features of one row by name, the other columns missing."""
    missing = {name: b"" if spec.dtype == tf.string else np.nan for name, spec in layer.specs.items()}
    values = {
        name: tf.constant([value], layer.specs[name].dtype) for name, value in (missing | cells).items()
    }
    return dict(zip((f.name for f in layer.features), layer(values).numpy()[0].tolist(), strict=True))


def test_kinds_of_the_features(layer):
    assert [(feature.name, feature.kind) for feature in layer.features] == [
        ("x", "real"),
        ("price (EUR)", "real"),
        ("n", "count"),
        ("town", "category:4"),
        ("flag", "category:3"),
        ("size", "ordinal:4"),
        ("day (weekday)", "category:7"),
        ("day (hour)", "category:24"),
        ("web", "category:2"),
    ]


def test_numbers_are_standardized_by_median_and_quartiles(layer, table, raw):
    x = np.asarray(layer(raw))
    for place, values in (
        (0, table["x"].drop_null().to_numpy()),
        (1, np.log(table["price (EUR)"].to_numpy())),
    ):
        known = x[:, place][~np.isnan(x[:, place])]
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        np.testing.assert_allclose(known, (values - middle) / ((high - low) / 1.349), rtol=1e-5, atol=1e-6)
    assert np.isnan(x[:, 0]).sum() == table["x"].null_count


def test_missing_is_nan_in_every_feature(layer):
    assert all(np.isnan(value) for value in one(layer).values())
    assert np.isnan(one(layer, town=b"NA")["town"]), "a client's marker too"


def test_what_was_never_seen_has_a_place_of_its_own(layer):
    assert one(layer, town=b"Oslo")["town"] == 3
    assert one(layer, flag=2.0)["flag"] == one(layer, flag=np.inf)["flag"] == 2
    assert one(layer, size=b"XXL")["size"] == 3
    assert one(layer, web=b"no")["web"] == 1


def test_impossible_and_infinite_numbers_are_finite_and_far_away(layer, raw):
    seen = np.asarray(layer(raw))
    assert 20 < one(layer, n=-1.0)["n"] == one(layer, n=2.5)["n"]
    assert one(layer, n=np.inf)["n"] == 2**24
    below = [one(layer, price_EUR=value)["price (EUR)"] for value in (0.0, -5.0, -np.inf)]
    assert below[0] == below[1] == below[2] < seen[:, 1].min() - 4
    assert one(layer, x=np.inf)["x"] == 1e4
    assert one(layer, x=-1e300)["x"] == -1e4


def test_dates_are_weekdays_and_hours(layer):
    for moment in ("2024-02-29T23:59:59", "1969-12-31T00:00:00", "2038-01-20T05:00:01"):
        at = np.datetime64(moment)
        found = one(layer, day=at.astype("datetime64[s]").astype(float))
        assert found["day (weekday)"] == at.astype(object).weekday()
        assert found["day (hour)"] == at.astype(object).hour


def test_the_same_bits_eagerly_in_a_graph_and_from_a_file(layer, raw, tmp_path):
    x = np.asarray(layer(raw))
    signature = {name: tf.TensorSpec((None,), spec.dtype) for name, spec in layer.specs.items()}
    graph = tf.function(layer, input_signature=[signature])
    tensors = {name: tf.constant(value, layer.specs[name].dtype) for name, value in raw.items()}
    assert graph(tensors).numpy().tobytes() == x.tobytes()
    copy = TableFeatures.from_config(keras.saving.serialize_keras_object(layer)["config"])
    assert np.asarray(copy(raw)).tobytes() == x.tobytes()
    for rows in (1, 7, 64):
        parts = [
            np.asarray(layer({name: value[start : start + rows] for name, value in raw.items()}))
            for start in range(0, COUNT, rows)
        ]
        assert np.concatenate(parts).tobytes() == x.tobytes()


def test_back_to_columns_that_give_the_same_features(layer, raw):
    x = np.asarray(layer(raw))
    np.testing.assert_allclose(np.asarray(layer(layer.inverse(x))), x, rtol=1e-5, atol=1e-5)


def test_large_numbers_keep_their_differences(tmp_path):
    """Seconds of the day in a time stamp of ten digits: float32 would keep two minutes."""
    x = 1.7e9 + np.arange(1000.0)
    pa.parquet.write_table(pa.table({"t": x}), tmp_path / "t.parquet")
    layer = TableFeatures.fit(table_file(tmp_path / "t.parquet"), TableSchema((ColumnSchema("t", "real"),)))
    z = np.asarray(layer(tf.constant(x)))[:, 0]
    assert len(np.unique(z)) == 1000


def test_profiles_are_the_shares_of_the_training_rows(layer, raw, table):
    town = layer.profiles[3]
    counts = [(np.array(raw["town"]) == name).mean() for name in (b"Bonn", b"Kiel", b"Ulm", b"?", b"")]
    np.testing.assert_allclose(town.shares, counts)
    for profile in layer.profiles:
        assert sum(profile.shares) == pytest.approx(1)
    assert len(layer.profiles[0].edges) == 9
    np.testing.assert_allclose(layer.profiles[1].shares[:10], 0.1, atol=0.01)


def test_stability_index_of_a_shift():
    """Of normal shares in narrow bins it is nearly the symmetric divergence, m^2 for a shift of m."""
    edges = np.linspace(-8, 8, 2000)
    cdf = np.vectorize(lambda t: 0.5 * (1 + tf.math.erf(t / np.sqrt(2)).numpy()))
    expected, actual = np.diff(cdf(edges)), np.diff(cdf(edges - 0.5))
    assert stability_index(expected, actual, 10**12) == pytest.approx(0.25, rel=1e-3)


class TestRawTable:
    def test_any_order_and_type(self, table, layer):
        reader, batch = layer.raw_table(), table.combine_chunks().to_batches()[0]
        expected = reader.read(batch)
        texts = [
            column if pa.types.is_timestamp(column.type) else column.cast(pa.string())
            for column in batch.columns
        ]
        shuffled = pa.record_batch(texts[::-1], names=batch.schema.names[::-1])
        found = reader.read(shuffled)
        assert found.reasons == expected.reasons == {}
        for name, value in expected.values.items():
            np.testing.assert_array_equal(found.values[name], value)

    def test_cells_of_another_kind_are_told_by_row_and_column(self):
        reader = RawTable(
            TableSchema((ColumnSchema("a", "real"), ColumnSchema("d", "date"), ColumnSchema("k", "key")))
        )
        batch = pa.record_batch(
            {
                "a": ["1", "one", "1_0", None, "3"],
                "d": ["2024-01-01", "2024-01-01", "", "", "yesterday"],
                "k": list("abcde"),
            }
        )
        assert reader.read(batch).reasons == {
            1: "column 'a': expected a number, found 'one'",
            2: "column 'a': expected a number, found '1_0'",
            3: "no value in any column that is modeled",
            4: "column 'd': expected a date, found 'yesterday'",
        }

    def test_a_list_among_numbers(self):
        reader = RawTable(TableSchema((ColumnSchema("a", "real"), ColumnSchema("b", "real"))))
        raw = reader.read(pa.record_batch({"a": [[1.0], None], "b": [1.0, 2.0]}))
        assert raw.reasons == {0: "column 'a': expected a number, found [1.0]"}

    def test_columns_that_are_not_there(self):
        reader = RawTable(SCHEMA)
        with pytest.raises(
            InvalidInput, match="a column 'x' .and 7 more., as in training, received unknown ones: 'X'"
        ):
            reader.check(["id", "X"])

    def test_bytes_that_are_no_text(self):
        reader = RawTable(TableSchema((ColumnSchema("a", "category", ("u",)), ColumnSchema("k", "key"))))
        batch, reasons = reader.typed(pa.record_batch({"a": [b"u", b"\xff"], "k": [b"1", b"2"]}))
        assert list(reasons) == [1]
        assert reasons[1].startswith("column 'a': expected UTF-8, found b'")
        assert batch.column("a").to_pylist()[0] == "u"


def test_names_that_a_graph_can_have():
    names = input_names(["a b", "a_b", "A B", "", "ß", "1"])
    assert len({name.lower() for name in names.values()}) == 6
    assert all(name.isascii() and name.isidentifier() for name in names.values())
