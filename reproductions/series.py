"""Anomalies in series: two machines of SMD, the six of ASD, eight series of NAB, beside IsolationForest.

One detector for each series, defaults only. SMD and ASD come with a stretch for training; a series of NAB is
trained on and scored as a whole, anomalies included, by all methods. IsolationForest (defaults of
scikit-learn) sees the same windows, and for comparison single points; its windows' scores are averaged over
the windows that hold a point, as the detector's are.

Measures: best F1 with point adjustment, which a random score reaches as well on long events (last rows); the
area under precision and recall; the share of events found at 1 % and at 5 % false alarms among normal points.

    python reproductions/series.py                       # data from TFVAE_DATA
    python reproductions/series.py --model vrnn --sets asd --epochs 4 --stride 4
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from mnist_iwae import DATA
from record import record
from rich.console import Console
from rich.table import Table
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score

import tfvae
from tfvae.anomaly import SeriesDetector
from tfvae.data.windows import to_points, windows

WINDOW = 32
MEASURES = ("F1 adjusted", "AUPRC", "recall at 1 %", "recall at 5 %")
SETS = {"smd": "smd/*.npz", "asd": "asd/*.npz", "nab": "nab/combined_windows.json"}


def series(folder: Path, name: str) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield name, training series, test series and labels of a set."""
    files = sorted(folder.glob(SETS[name]))
    if not files:
        raise SystemExit(f"{folder / SETS[name]}: no such files; set TFVAE_DATA to a folder with them")
    for path in files:
        yield from _nab(path) if name == "nab" else [_npz(path)]


def _npz(path: Path) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
    with np.load(path) as file:
        return path.stem, file["train"], file["test"], file["test_label"]


def _nab(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    for name, marked in json.loads(path.read_text()).items():
        if not marked:  # one series has no anomaly, and so nothing to be found
            continue
        rows = np.loadtxt(path.parent / name, delimiter=",", skiprows=1, dtype=str)
        stamps = np.array([stamp[:19] for stamp in rows[:, 0]])
        inside = [(stamps >= first[:19]) & (stamps <= last[:19]) for first, last in marked]
        values = rows[:, 1].astype(np.float32)[:, np.newaxis]
        yield Path(name).stem, values, values, np.any(inside, axis=0)


def model(kind: str, channels: int) -> tfvae.LatentModel | None:
    """The default (None), or the same likelihood with another encoder and decoder."""
    scale = tfvae.scales.PerElement(floor=0.1)
    if kind == "vrnn":
        likelihood = tfvae.likelihoods.Normal((channels,), scale)
        return tfvae.zoo.vrnn((WINDOW, channels), step_likelihood=likelihood)
    if kind == "conv":
        likelihood = tfvae.likelihoods.MissingAtRandom(tfvae.likelihoods.Normal((WINDOW, channels), scale))
        networks, posterior = tfvae.networks, tfvae.posteriors.Normal(8)
        return tfvae.VAE(networks.conv1d(), networks.deconv1d(WINDOW), posterior, likelihood)
    return None


def measured(scores: np.ndarray, labels: np.ndarray) -> list[float]:
    recall = tfvae.evaluation.event_recall
    return [
        tfvae.evaluation.point_adjusted_f1(scores, labels),
        average_precision_score(labels, scores),
        recall(scores, labels, 0.01),
        recall(scores, labels, 0.05),
    ]


def forest(train: np.ndarray, test: np.ndarray, length: int, seed: int) -> np.ndarray:
    """Scores of an isolation forest of windows, averaged for each point."""
    fitted = IsolationForest(random_state=seed).fit(
        windows(train, length).reshape(-1, length * train.shape[1])
    )
    of_windows = -fitted.score_samples(windows(test, length).reshape(-1, length * test.shape[1]))
    return to_points(np.repeat(of_windows[:, np.newaxis], length, axis=1), len(test))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--model", default="mlp", choices=("mlp", "conv", "vrnn"))
    parser.add_argument("--epochs", type=int, default=None, help="else the detector's default")
    parser.add_argument("--stride", type=int, default=1, help="between training windows")
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    table = Table("set", "method", *MEASURES, title=f"Anomalies in series, {args.model}, windows of {WINDOW}")
    for name in args.sets:
        rows: dict[str, list] = {}
        seconds = 0.0
        for entity, train, test, labels in series(DATA, name):
            for seed in range(args.seeds):
                start = time.perf_counter()
                detector = SeriesDetector(
                    WINDOW,
                    model(args.model, train.shape[1]),
                    epochs=args.epochs,
                    stride=args.stride,
                    seed=seed,
                ).fit(train)
                scores = {f"VAE, {args.model}": detector.anomaly_scores(test)}
                seconds += time.perf_counter() - start
                scores["IsolationForest, windows"] = forest(train, test, WINDOW, seed)
                scores["IsolationForest, points"] = forest(train, test, 1, seed)
                scores["random"] = np.random.default_rng(seed).random(len(test))
                for method, of_points in scores.items():
                    rows.setdefault(method, []).append(measured(of_points, labels))
            print(entity, *(f"{value:.3f}" for value in rows[f"VAE, {args.model}"][-1]), flush=True)
        for method, values in rows.items():
            means = np.mean(values, axis=0)
            table.add_row(name, method, *(f"{value:.3f}" for value in means))
            figure = ", ".join(f"{what} {value:.3f}" for what, value in zip(MEASURES, means, strict=True))
            record("series", f"{name}: {method}", f"{figure}; {args.seeds} seed(s)")
        print(f"{name}: {seconds:.0f} s of fitting and scoring", flush=True)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
