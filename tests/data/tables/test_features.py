"""From raw columns to features: each kind, the same bits everywhere, and back."""

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import tensorflow as tf

from tfvae.data.tables.features import TableFeatures
from tfvae.data.tables.files import table_file
from tfvae.data.tables.schema import ColumnSchema, TableSchema


def features_of(layer, **cells):
    """The features of one row by name; columns that are not given are missing."""
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
    for index, values in (
        (0, table["x"].drop_null().to_numpy()),
        (1, np.log(table["price (EUR)"].to_numpy())),
    ):
        known = x[:, index][~np.isnan(x[:, index])]
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75))
        np.testing.assert_allclose(known, (values - middle) / ((high - low) / 1.349), rtol=1e-5, atol=1e-6)
    assert np.isnan(x[:, 0]).sum() == table["x"].null_count


def test_missing_is_nan_in_every_feature(layer):
    assert all(np.isnan(value) for value in features_of(layer).values())
    assert np.isnan(features_of(layer, town=b"NA")["town"]), "also a marker of a missing value from a client"


def test_values_never_seen_have_an_index_of_their_own(layer):
    assert features_of(layer, town=b"Oslo")["town"] == 3
    assert features_of(layer, flag=2.0)["flag"] == features_of(layer, flag=np.inf)["flag"] == 2
    assert features_of(layer, size=b"XXL")["size"] == 3
    assert features_of(layer, web=b"no")["web"] == 1


def test_impossible_and_infinite_numbers_are_finite_and_far_away(layer, raw):
    seen = np.asarray(layer(raw))
    assert 20 < features_of(layer, n=-1.0)["n"] == features_of(layer, n=2.5)["n"]
    assert features_of(layer, n=np.inf)["n"] == 2**24
    below = [features_of(layer, price_EUR=value)["price (EUR)"] for value in (0.0, -5.0, -np.inf)]
    assert below[0] == below[1] == below[2] < seen[:, 1].min() - 4
    assert features_of(layer, x=np.inf)["x"] == 1e4
    assert features_of(layer, x=-1e300)["x"] == -1e4


def test_dates_are_weekdays_and_hours(layer):
    for moment in ("2024-02-29T23:59:59", "1969-12-31T00:00:00", "2038-01-20T05:00:01"):
        at = np.datetime64(moment)
        found = features_of(layer, day=at.astype("datetime64[s]").astype(float))
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
            for start in range(0, len(x), rows)
        ]
        assert np.concatenate(parts).tobytes() == x.tobytes()


def test_the_inverse_has_the_same_features(layer, raw):
    x = np.asarray(layer(raw))
    np.testing.assert_allclose(np.asarray(layer(layer.inverse(x))), x, rtol=1e-5, atol=1e-5)


def test_large_numbers_keep_their_differences(tmp_path):
    """Seconds in a time stamp of ten digits, of which float32 would keep two minutes."""
    x = 1.7e9 + np.arange(1000.0)
    pa.parquet.write_table(pa.table({"t": x}), tmp_path / "t.parquet")
    layer = TableFeatures.fit(table_file(tmp_path / "t.parquet"), TableSchema((ColumnSchema("t", "real"),)))
    z = np.asarray(layer(tf.constant(x)))[:, 0]
    assert len(np.unique(z)) == 1000
