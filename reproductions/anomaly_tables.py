"""Anomalies in 24 tables: `VAEDetector` with its defaults beside four methods of scikit-learn.

Unsupervised: trained on 60 % of the rows with the anomalies that are among them, scored on the others,
where the share of anomalies is the same; five splits and starts. Nothing is tuned for a table.
scikit-learn's methods have their own defaults, too: `IsolationForest()`, `LocalOutlierFactor(novelty=True)`
and `OneClassSVM()` on the columns as they are, and the squared error of PCA on standardized columns, with
components for 90 % of the variance.

The false-positive rate at a nominal 1 %: the threshold is set by `FalsePositiveRate(0.01)` on half of the
normal rows that were not trained on, or 99 where that is more, and the rate is that of the other half, the
mean over the splits. Where fewer than 150 are left for it, another detector is trained on fewer rows; tables
of fewer than 300 normal rows are too small for it. The binomial interval is that of the rows of one split.

    TFVAE_DATA=folder python reproductions/anomaly_tables.py --tables cardio thyroid --seeds 2

`TFVAE_DATA` holds the tables as adbench/*.npz of X and y.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
from record import record
from scipy.stats import binom
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import OneClassSVM

from tfvae.anomaly import FalsePositiveRate, VAEDetector

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))
FILES = {
    "cardio": "6_cardio",
    "fault": "12_fault",
    "glass": "14_glass",
    "hepatitis": "15_Hepatitis",
    "internet-ads": "17_InternetAds",
    "ionosphere": "18_Ionosphere",
    "landsat": "19_landsat",
    "lymphography": "21_Lymphography",
    "magic": "22_magic.gamma",
    "mnist": "24_mnist",
    "page-blocks": "27_PageBlocks",
    "pendigits": "28_pendigits",
    "pima": "29_Pima",
    "satimage-2": "31_satimage-2",
    "spambase": "35_SpamBase",
    "stamps": "37_Stamps",
    "thyroid": "38_thyroid",
    "vertebral": "39_vertebral",
    "vowels": "40_vowels",
    "waveform": "41_Waveform",
    "wilt": "44_Wilt",
    "wine": "45_wine",
    "wpbc": "46_WPBC",
    "yeast": "47_yeast",
}
RATE, FEWEST = 0.01, 150
OURS = "VAEDetector"


def table(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and 1 for anomalies."""
    held = np.load(DATA / "adbench" / f"{FILES[name]}.npz")
    return held["X"].astype("float64"), held["y"].astype(int)


def pca_errors(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the squared distance from the components of 90 % of the variance."""
    model = make_pipeline(StandardScaler(), PCA(0.9)).fit(train)
    back = model[-1].inverse_transform(model.transform(test))
    return np.square(model[0].transform(test) - back).sum(axis=1)


SKLEARN: dict[str, Callable[[np.ndarray, np.ndarray, int], np.ndarray]] = {
    "IsolationForest": lambda a, b, seed: -IsolationForest(random_state=seed).fit(a).score_samples(b),
    "LocalOutlierFactor": lambda a, b, seed: -LocalOutlierFactor(novelty=True).fit(a).score_samples(b),
    "OneClassSVM": lambda a, b, seed: -OneClassSVM().fit(a).score_samples(b),
    "PCA": lambda a, b, seed: pca_errors(a, b),
}


def split(x: np.ndarray, y: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, ...]:
    """Return training rows, other rows, and the labels of each."""
    return train_test_split(x, y, train_size=share, stratify=y, random_state=seed)


def false_positives(detector: VAEDetector, normal: np.ndarray, seed: int) -> tuple[int, int]:
    """Return how many of how many normal rows are called anomalies, after calibration on other ones."""
    normal = np.random.default_rng(seed).permutation(normal)
    kept = max(99, len(normal) // 2)
    detector.set_params(calibration=FalsePositiveRate(RATE)).recalibrate(normal[:kept])
    called = detector.predict(normal[kept:]) == -1
    return int(called.sum()), len(called)


def one_run(x: np.ndarray, y: np.ndarray, seed: int) -> dict:
    """Return AUROC and AUPRC of each method, and the false positives."""
    train, test, _, truth = split(x, y, 0.6, seed)
    detector = VAEDetector(seed=seed).fit(train)
    scores = {OURS: detector.anomaly_scores(test)}
    scores |= {name: method(train, test, seed) for name, method in SKLEARN.items()}
    figures = {
        name: (roc_auc_score(truth, score), average_precision_score(truth, score))
        for name, score in scores.items()
    }
    normal = test[truth == 0]
    if (y == 0).sum() < 2 * FEWEST:
        return {"figures": figures, "false": None}
    if len(normal) < FEWEST:
        train, test, _, truth = split(x, y, 1 - FEWEST / (y == 0).sum(), seed)
        detector, normal = VAEDetector(seed=seed).fit(train), test[truth == 0]
    return {"figures": figures, "false": false_positives(detector, normal, seed)}


def within(runs: list[dict]) -> tuple[float, int, float, float, bool]:
    """Return the mean rate, the rows of one split, their binomial 95 % interval, and whether it is inside."""
    rate = np.mean([false / rows for false, rows in (run["false"] for run in runs)])
    rows = runs[0]["false"][1]
    low, high = binom.interval(0.95, rows, RATE)
    return rate, rows, low / rows, high / rows, low / rows <= rate <= high / rows


def of(runs: list[dict], method: str, which: int) -> np.ndarray:
    """Return a method's figures, 0 for AUROC and 1 for AUPRC, of the runs of one table."""
    return np.array([run["figures"][method][which] for run in runs])


def report(results: dict[str, list[dict]]) -> None:
    """Print the tables in Markdown, and keep the figures."""
    methods = [OURS, *SKLEARN]
    for which, measure in enumerate(("AUROC", "AUPRC")):
        print(f"\n| {measure} | " + " | ".join(methods) + " |\n" + "| --- " * (len(methods) + 1) + "|")
        for name, runs in results.items():
            values = [of(runs, method, which) for method in methods]
            print(f"| {name} | " + " | ".join(f"{v.mean():.3f} ± {v.std():.3f}" for v in values) + " |")
        means = {m: np.mean([of(runs, m, which).mean() for runs in results.values()]) for m in methods}
        print("| mean | " + " | ".join(f"{value:.3f}" for value in means.values()) + " |")
        if results.keys() == FILES.keys():
            text = ", ".join(f"{method} {value:.3f}" for method, value in means.items())
            record("anomaly_tables", f"mean {measure}", f"{text}; {len(next(iter(results.values())))} seeds")
    print("\n| table | false-positive rate | rows | binomial 95 % interval | within |")
    print("| --- | --- | --- | --- | --- |")
    for name, runs in results.items():
        rates = ""
        if runs[0]["false"]:
            rate, rows, low, high, inside = within(runs)
            print(f"| {name} | {rate:.4f} | {rows} | {low:.4f} to {high:.4f} | {'yes' if inside else 'no'} |")
            rates = f", false-positive rate {rate:.4f} ({low:.4f} to {high:.4f})"
        auroc, auprc = of(runs, OURS, 0), of(runs, OURS, 1)
        figure = (
            f"AUROC {auroc.mean():.3f} ± {auroc.std():.3f}, AUPRC {auprc.mean():.3f} ± {auprc.std():.3f}"
            f"{rates}; {len(runs)} seeds"
        )
        record("anomaly_tables", name, figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", choices=FILES, default=list(FILES))
    parser.add_argument("--seeds", type=int, default=5)
    args = parser.parse_args()
    results = {}
    for name in args.tables:
        x, y = table(name)
        results[name] = []
        for seed in range(args.seeds):
            start = time.time()
            results[name].append(one_run(x, y, seed))
            figures, false = results[name][-1]["figures"], results[name][-1]["false"]
            line = "  ".join(f"{m} {auroc:.3f} {auprc:.3f}" for m, (auroc, auprc) in figures.items())
            called = f"  false {false[0]}/{false[1]}" if false else ""
            print(f"{name} {seed}: {line}{called}  {time.time() - start:.0f} s", flush=True)
    report(results)


if __name__ == "__main__":
    main()
