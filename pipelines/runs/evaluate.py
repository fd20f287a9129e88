"""Judge a trained model: its bounds on log p(x) and the latent dimensions it uses."""

from __future__ import annotations

import math
from collections.abc import Iterable

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

import tfvae.evaluation
from tfvae.data import Source
from tfvae.data.labels import UNKNOWN
from tfvae.data.split import Keep
from tfvae.evaluation import Estimate
from tfvae.models import LatentModel, HierarchicalModel
from tfvae.pipelines.runs.run import Run, versions

_BATCH = 512
_MEASURES = ("distortion", "elbo", "log_likelihood")


def evaluate(run: Run, rows: Source | None = None, samples: int = 500, seed: int = 0) -> dict:
    """Evaluate a run's model, print a table, and write evaluation.json.

    Args:
        run: a finished run.
        rows: the data; None is the part of the run's own data that was held out.
        samples: draws for each example in the importance sampling.
        seed: start of the random numbers.

    Returns:
        What evaluation.json holds: means and standard errors over examples in nats, active units. They are of
        log p(x|c) where the model has a condition c. A model that can do without labels is not shown them
        here, and the share of classes that it guesses wrong is there too.

    Raises:
        InvalidInput: the data does not fit the model.
        OSError: a file cannot be read or written.
    """
    held_out = rows is None
    rows = run.source() if held_out else rows
    part = run.split.validation if held_out else None
    x = joined(run.pipeline(rows, _BATCH, part).batches())
    model = run.model()
    active = tfvae.evaluation.active_units(model, x)
    result = {
        "data": rows.name,
        "part": "held out" if held_out else "all",
        "examples": len(x["x"] if isinstance(x, dict) else x),
        "samples": samples,
        "seed": seed,
        **_measures(model, x, samples, seed),
        **_classification(run, model, rows, part),
        **_layers(model, x, seed),
        "active_units": int(active.sum()),
        "latent_dim": len(active),
        "versions": versions(),
    }
    run.write("evaluation.json", result)
    _print(result)
    return result


def joined(batches: Iterable) -> np.ndarray | dict[str, np.ndarray]:
    """Return all batches, arrays or dicts of them, as one.

    Example:
        >>> joined([{"x": np.zeros(2)}, {"x": np.ones(1)}])
        {'x': array([0., 0., 1.])}
    """
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *batches)


def _classification(run: Run, model: LatentModel, rows: Source, part: Keep | None) -> dict[str, dict]:
    """The share of wrong classes, where the model guesses one and the source knows it of some rows."""
    if run.num_classes is None or rows.label_dtype is None:
        return {}
    x, label = joined(run.pipeline(rows, _BATCH, part, labels=True).batches()).values()
    known = label != UNKNOWN
    if not known.any():
        return {}
    wrong = model.predict_label(x[known]) != label[known]
    error = float(np.std(wrong) / np.sqrt(len(wrong)))
    return {"wrong_classes": {"mean": float(wrong.mean()), "standard_error": error, "labels": len(wrong)}}


def _layers(model: LatentModel, x: np.ndarray, seed: int) -> dict[str, list[float]]:
    """The mean rate of each layer of latent variables, the one next to x first."""
    if not isinstance(model, HierarchicalModel):
        return {}
    return {"layer_rates": [float(rate) for rate in model.layer_rates(x, seed=seed).mean(axis=0)]}


def _measures(model: LatentModel, x: np.ndarray | dict, samples: int, seed: int) -> dict[str, dict]:
    """The bounds on log p(x); where q(z|x) has no density there are none, and the distortion is left."""
    measures = tfvae.evaluation
    if not model.has_density:
        return {"distortion": _numbers(measures.mean_distortion(model, x, seed=seed))}
    return {
        "elbo": _numbers(measures.mean_elbo(model, x, seed=seed)),
        "log_likelihood": _numbers(measures.mean_log_likelihood(model, x, num_samples=samples, seed=seed)),
    }


def _numbers(estimate: Estimate) -> dict[str, float | None]:
    """An estimate as JSON holds it; one example has no standard error."""
    error = estimate.standard_error
    return {"mean": estimate.mean, "standard_error": error if math.isfinite(error) else None}


def _print(result: dict) -> None:
    table = Table(title=f"{result['examples']} examples ({result['part']}) of {result['data']}")
    table.add_column("measure")
    table.add_column("mean", justify="right")
    table.add_column("standard error", justify="right")
    for name in [name for name in _MEASURES if name in result]:
        mean, error = result[name]["mean"], result[name]["standard_error"]
        table.add_row(f"{name} (nats)", f"{mean:.3f}", "" if error is None else f"{error:.3f}")
    if "wrong_classes" in result:
        share, error = (100 * result["wrong_classes"][name] for name in ("mean", "standard_error"))
        table.add_row("wrong classes (%)", f"{share:.2f}", f"{error:.2f}")
    for number, rate in enumerate(result.get("layer_rates", ()), 1):
        table.add_row(f"rate of z_{number} (nats)", f"{rate:.3f}", "")
    table.add_row("active units", f"{result['active_units']} of {result['latent_dim']}", "")
    Console().print(table)
