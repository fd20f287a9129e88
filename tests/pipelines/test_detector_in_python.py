"""`TableDetector`: the command's detector for data frames and files, from Python."""

import copy

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from tfvae.anomaly import FalsePositiveRate
from tfvae.core.errors import InvalidInput
from tfvae.pipelines import TableDetector
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring.loaded_detector import LoadedDetector


def _orders(rows, seed):
    r = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "quantity": r.poisson(3, rows) + 1,
            "price": np.exp(r.normal(2, 0.3, rows)).round(2),
            "shop": r.choice(["web", "fair", "store"], rows),
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(r.integers(0, 300, rows), "D"),
            "order": [f"{seed}-{row:04d}" for row in range(rows)],
        },
        index=r.permutation(rows) + 10_000,
    )
    frame.loc[frame.index[5], "price"] = np.nan
    return frame


@pytest.fixture(scope="module")
def train():
    return _orders(400, 0)


@pytest.fixture(scope="module")
def new():
    frame = _orders(60, 1)
    frame.iloc[7, 0] = 950
    frame.iloc[9, 2] = "Mars"
    return frame


@pytest.fixture(scope="module")
def detector(train):
    return TableDetector(contamination=0.02).fit(train)


def test_what_columns_hold_is_inferred_and_the_index_of_pandas_is_no_column(detector):
    kinds = {column["name"]: column["kind"] for column in detector.schema_["columns"]}
    assert list(kinds) == ["quantity", "price", "shop", "day", "order"]
    assert (kinds["shop"], kinds["day"], kinds["order"]) == ("category", "date", "key")


def test_injected_anomalies_come_first_with_the_guilty_column(detector, new):
    scored = detector.score(new).to_pandas().sort_values("score", ascending=False)
    assert {7, 9} <= set(scored["row"][:3])  # of 60
    reasons = dict(zip(scored["row"], scored["feature_1"], strict=True))
    assert (reasons[7], reasons[9]) == ("quantity", "shop")
    assert scored["is_anomaly"][scored["row"].isin([7, 9])].all()


def test_contributions_add_up_to_the_score(detector, new):
    parts = detector.explain(new).to_pandas()
    total = parts.drop(columns="row").sum(axis=1)
    np.testing.assert_allclose(total, detector.score(new).column("score").to_numpy(), rtol=1e-5)


def test_scikit_learns_methods_agree_with_the_table(detector, new):
    scored = detector.score(new)
    np.testing.assert_array_equal(-detector.score_samples(new), scored.column("score").to_numpy())
    np.testing.assert_array_equal(detector.predict(new) == -1, scored.column("is_anomaly").to_numpy())
    again = clone(detector)
    assert again.get_params() == detector.get_params()
    with pytest.raises(NotFittedError):
        again.score(new)


class _Interchange:
    """A data frame that knows nothing but the interchange protocol."""

    def __init__(self, frame):
        self._frame = frame

    def __dataframe__(self, nan_as_null=False, allow_copy=True):
        return self._frame.__dataframe__(nan_as_null, allow_copy)


def test_every_form_of_a_table_has_the_same_scores(detector, new, tmp_path):
    table = pa.Table.from_pandas(new, preserve_index=False)
    new.to_csv(tmp_path / "new.csv", index=False)
    new.to_parquet(tmp_path / "new.parquet", index=False)
    columns = {name: table.column(name) for name in table.column_names}
    forms = [table, table.to_reader(), columns, tmp_path / "new.csv", str(tmp_path / "new.parquet")]
    expected = detector.score_samples(new)
    for form in [*forms, _Interchange(new.reset_index(drop=True))]:
        np.testing.assert_array_equal(detector.score_samples(form), expected)


def test_categories_of_pandas_and_of_polars_are_those_of_texts(detector, new):
    expected = detector.score_samples(new)
    np.testing.assert_array_equal(detector.score_samples(new.astype({"shop": "category"})), expected)
    table = pa.Table.from_pandas(new, preserve_index=False)
    codes, names = pd.factorize(new["shop"])
    shops = pa.DictionaryArray.from_arrays(pa.array(codes, pa.uint32()), pa.array(names, pa.string_view()))
    views = table.set_column(table.column_names.index("shop"), "shop", shops)
    np.testing.assert_array_equal(detector.score_samples(views), expected)


def test_it_is_the_commands_detector(train, new, tmp_path):
    train.to_csv(tmp_path / "train.csv", index=False)
    new.to_csv(tmp_path / "new.csv", index=False)
    files = [str(tmp_path / name) for name in ("train.csv", "one.detector", "new.csv", "scored.parquet")]
    arguments = ["--false-positive-rate", "0.02", "--epochs", "3"]
    assert main(["detector", "fit", files[0], "-o", files[1], *arguments]) == 0
    assert main(["score", files[1], files[2], "-o", files[3]]) == 0
    scored = pd.read_parquet(files[3])
    ours = TableDetector(calibration=FalsePositiveRate(0.02), epochs=3).fit(files[0])
    ours.save(tmp_path / "two.detector")
    for detector in (ours, TableDetector.load(files[1]), TableDetector.load(tmp_path / "two.detector")):
        own = detector.score(files[2]).to_pandas()
        np.testing.assert_array_equal(own["score"], scored["score"].astype("float32"))
        np.testing.assert_array_equal(own["is_anomaly"], scored["is_anomaly"])


def test_the_report_shows_the_rows(detector, new, tmp_path):
    page = detector.report(new, tmp_path / "page.html")
    assert "Mars" in page.read_text(encoding="utf-8")


def test_the_graph_of_scores_is_made_once_and_is_in_no_copy(detector, new, monkeypatch):
    first = detector.score(new)
    other = copy.deepcopy(detector)
    made = []
    monkeypatch.setattr(LoadedDetector, "of", lambda *arguments: made.append(arguments))
    assert detector.score(new).equals(first)
    assert not made
    monkeypatch.undo()
    assert other.score(new).equals(first)


def test_the_schemas_word_is_obeyed(train):
    schema = {"columns": [{"name": "quantity", "kind": "count"}, {"name": "day", "kind": "key"}]}
    fitted = TableDetector(schema, epochs=1).fit(train)
    kinds = {column["name"]: column["kind"] for column in fitted.schema_["columns"]}
    assert (kinds["quantity"], kinds["day"]) == ("count", "key")


def test_a_schema_of_other_columns_is_rejected(train):
    schema = {"columns": [{"name": "color", "kind": "category"}]}
    with pytest.raises(InvalidInput, match=r"^schema: expected columns of X.parquet, received 'color'"):
        TableDetector(schema).fit(train)


def test_rows_that_cannot_be_read_are_left_out_aloud_or_named(detector, new):
    texts = new.assign(price=new["price"].astype(str).replace("nan", ""))
    texts.iloc[3, 1] = "cheap"
    with pytest.warns(UserWarning, match="left out: 1 .*column 'price': expected a number") as caught:
        scored = detector.score(texts)
    assert caught[0].filename == __file__
    assert scored.column("row").to_pylist() == [row for row in range(60) if row != 3]
    with pytest.warns(UserWarning, match="left out: 1 .row 3"):
        assert detector.explain(texts).num_rows == 59
    with pytest.raises(InvalidInput, match=r"X: expected rows that can be read, received row 3: .*'cheap'"):
        detector.predict(texts)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((3, 2)), "X: expected a data frame of pandas.* received a ndarray"),
        ({"quantity": [1, 2], "price": [1.0]}, "X: expected columns of one length"),
        (pa.table([[1], [2]], names=["price", "price"]), "X: .*two columns have the name 'price'"),
        ({"quantity": [], "price": [], "shop": [], "day": []}, "X: expected at least one row"),
        ({"quantity": [1, "two"]}, "X: expected columns of one length, each of one type"),
        ({"quantity": [1]}, "expected a column 'price' .*as in training"),
    ],
)
def test_other_tables_are_rejected(detector, x, message):
    with pytest.raises(InvalidInput, match=message):
        detector.score(x)


@pytest.mark.parametrize(("name", "value"), [("epochs", -1), ("contamination", 0.7), ("schema", "a.json")])
def test_other_arguments_are_rejected(train, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of TableDetector must be"):
        TableDetector(**{name: value}).fit(train)
