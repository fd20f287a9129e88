"""Orders with a fitted detector, its export, and a table to score."""

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from tfvae.pipelines.cli.app import main
from tfvae.pipelines.scoring import score_table
from tfvae.pipelines.scoring.loaded_detector import LoadedDetector

SHOPS = ("web", "store", "fair")


def _orders(rows, seed, odd=()):
    g = np.random.default_rng(seed)
    days = np.datetime64("2024-03-01T09:00:00") + (g.integers(0, 200, rows) * 86400).astype("timedelta64[s]")
    pieces = g.poisson(3, rows)
    price = np.exp(g.normal(2, 0.3, rows)) * (1 + pieces)
    price[list(odd)] *= 50
    return pa.table(
        {
            "order": [f"{seed}-{i:05d}" for i in range(rows)],
            "shop": g.choice(SHOPS, rows),
            "pieces": pieces,
            "price (EUR)": price.round(2),
            "weight": pa.array(g.normal(5 + pieces, 1).round(3), mask=g.random(rows) < 0.1),
            "day": np.datetime_as_string(days),
        }
    )


@pytest.fixture(scope="session")
def orders():
    """Return a function of (rows, seed, odd) that makes a table of orders.

    It has numbers, categories, dates and missing values. The orders in `odd` cost fifty times more.
    """
    return _orders


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A fitted detector, its export, and a table to score as CSV and Parquet."""
    folder = tmp_path_factory.mktemp("orders")
    pa.csv.write_csv(_orders(600, 0), folder / "train.csv")
    new = _orders(300, 1, odd=(7, 150))
    pa.csv.write_csv(new, folder / "new.csv")
    pa.parquet.write_table(new, folder / "new.parquet")
    fit = ["detector", "fit", str(folder / "train.csv"), "-o", str(folder / "m.detector"), "--epochs", "30"]
    assert main(fit) == 0
    assert main(["detector", "export", str(folder / "m.detector"), str(folder / "served")]) == 0
    return folder


@pytest.fixture(scope="session")
def detector(folder):
    """The exported detector."""
    return LoadedDetector.load(folder / "served")


@pytest.fixture(scope="session")
def scores(folder, detector):
    """The scored table, by the exported detector."""
    output = folder / "expected" / "s.parquet"
    score_table.score(detector, folder / "new.parquet", output)
    return pa.parquet.read_table(output)
