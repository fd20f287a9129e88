"""Exports of six recipes, run by every engine.

Each model is briefly trained on data from the installed packages, exported, and run by every engine. The
table shows how far the numbers are from those of the model in Python, the bytes on disk, and the time of
`encode` and `score` for a single example and for one of a batch. A footnote explains each empty cell.

    python benchmarks/verify_export.py [--recipes vae cvae] [--engines browser] [--json FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import os
import pathlib
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from export_engines import ENGINES, Case, Unavailable
from rich.console import Console
from rich.table import Table
from sklearn.datasets import load_digits, load_wine

import tfvae

_WIDTH = 124
NUMBERS, TIMED = ("encode", "reconstruct", "score"), ("encode", "score")


def digits() -> dict[str, np.ndarray]:
    return {"x": (load_digits().images[..., np.newaxis] / 16).astype("float32")}


def sequences() -> dict[str, np.ndarray]:
    """Digits read from top to bottom."""
    return {"x": digits()["x"][..., 0]}


def digits_and_codes() -> dict[str, np.ndarray]:
    return {**digits(), "condition": np.eye(10, dtype="float32")[load_digits().target]}


def digits_some_labels() -> dict[str, np.ndarray]:
    """Every fourth digit has its label."""
    target = load_digits().target
    return {**digits(), "label": np.where(np.arange(len(target)) % 4 == 0, target, -1).astype("float32")}


def wines() -> dict[str, np.ndarray]:
    """Alcohol, malic acid, magnesium and cultivar; every tenth acid is missing."""
    wine = load_wine()
    table = np.column_stack([wine.data[:, 0] - 13, wine.data[:, 1], wine.data[:, 4], wine.target])
    table[::10, 1] = np.nan
    return {"x": table.astype("float32")}


WINE_COLUMNS = ("real", "positive", "count", "category:3")
RECIPES: dict[str, tuple[Callable[[], keras.Model], Callable[[], dict[str, np.ndarray]]]] = {
    "vae": (functools.partial(tfvae.zoo.vae, (8, 8, 1), latent_dim=8), digits),
    "hi_vae": (functools.partial(tfvae.zoo.hi_vae, (4,), latent_dim=4, columns=WINE_COLUMNS), wines),
    "cvae": (functools.partial(tfvae.zoo.cvae, (8, 8, 1), latent_dim=8), digits_and_codes),
    "hierarchical_vae": (functools.partial(tfvae.zoo.hierarchical_vae, (8, 8, 1)), digits),
    "sequence_vae": (functools.partial(tfvae.zoo.sequence_vae, (8, 8), units=32), sequences),
    "semi_supervised_vae": (functools.partial(tfvae.zoo.semi_supervised_vae, (8, 8, 1)), digits_some_labels),
}  # fmt: skip


@dataclasses.dataclass
class Footnotes:
    texts: list[str] = dataclasses.field(default_factory=list)

    def mark(self, text: str) -> str:
        if text not in self.texts:
            self.texts.append(text)
        return f"[{self.texts.index(text) + 1}]"


def trained(recipe: str, epochs: int) -> tuple[keras.Model, dict[str, np.ndarray]]:
    keras.utils.set_random_seed(0)
    make, data = RECIPES[recipe]
    model, x = make(), data()
    model.compile("adam")
    model.fit(x, epochs=epochs, batch_size=64, verbose=0)
    return model, x


def results_of(recipe: str, arguments: argparse.Namespace, console: Console) -> dict[str, dict]:
    model, data = trained(recipe, arguments.epochs)
    with tempfile.TemporaryDirectory() as folder:
        case = Case(model, data, pathlib.Path(folder), NUMBERS, arguments.draws)
        found = {}
        for engine in ENGINES:
            if engine.name not in arguments.engines:
                continue
            start = time.perf_counter()
            try:
                found[engine.name] = engine.measure(case, arguments.batch)
            except Unavailable as error:
                found[engine.name] = {"unavailable": str(error)}
            console.print(f"{recipe}, {engine.name}: {time.perf_counter() - start:.1f} s", style="dim")
    return found


def table_of(results: dict[str, dict[str, dict]], batch: int, notes: Footnotes) -> Table:
    table = Table(title="Exports against the model in Python")
    for name in ("recipe", "engine"):
        table.add_column(name, no_wrap=True)
    timed = (f"ms to {name},\n{how}" for name in TIMED for how in ("alone", f"one of {batch}"))
    for name in ("kB", "largest\ndifference", *timed):
        table.add_column(name, justify="right", no_wrap=True)
    for recipe, engines in results.items():
        for index, (engine, found) in enumerate(engines.items()):
            table.add_row(recipe if index == 0 else "", engine, *cells(found, notes))
        table.add_section()
    return table


def cells(found: dict, notes: Footnotes) -> list[str]:
    if "unavailable" in found:
        return [notes.mark(found["unavailable"])] + [""] * (1 + 2 * len(TIMED))
    marks = [notes.mark(text) for text in [*found.get("notes", ()), *found["unsupported"].values()]]
    worst = max(found["difference"].values(), default=float("nan"))
    times = [found[key].get(name) for name in TIMED for key in ("seconds_alone", "seconds_in_batch")]
    return [
        f"{found['bytes'] / 1000:,.0f}" if found.get("bytes") else "",
        " ".join([f"{worst:.1e}", *marks]),
        *("" if each is None else f"{1000 * each:.3f}" for each in times),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    names = [engine.name for engine in ENGINES]
    parser.add_argument("--engines", nargs="+", choices=names, default=names)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--draws", type=int, default=8, help="that a score averages over")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--json", type=pathlib.Path, help="file for the results")
    arguments = parser.parse_args()
    console, notes = Console(width=_WIDTH), Footnotes()
    results = {recipe: results_of(recipe, arguments, Console(stderr=True)) for recipe in arguments.recipes}
    console.print(table_of(results, arguments.batch, notes))
    for number, text in enumerate(notes.texts, start=1):
        console.print(f"[{number}] {text}", markup=False, soft_wrap=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
