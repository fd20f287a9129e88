"""Evaluate a trained model: its bounds on log p(x) and the latent dimensions it uses."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

import tfvae.evaluation
from tfvae.core.types import Array
from tfvae.data import Source
from tfvae.data.labels import UNKNOWN
from tfvae.data.split import Keep
from tfvae.evaluation import Estimate, LatentUse
from tfvae.models import ClassModel, HierarchicalModel, LatentModel
from tfvae.pipelines.runs.run import Run, versions

Batch = Array | dict[str, Array]

_BATCH_SIZE = 512
_MEASURES = ("distortion", "elbo", "log_likelihood")


def evaluate(run: Run, source: Source | None = None, samples: int = 500, seed: int = 0) -> dict[str, Any]:
    """Evaluate a run's model, print a table, and write evaluation.json.

    Args:
        run: a finished run.
        source: the data; None means the held-out part of the run's own data.
        samples: draws for each example in importance sampling.
        seed: seed of the random numbers.

    Returns:
        The content of evaluation.json: means and standard errors over examples in nats, active units, and the
        verdict on posterior collapse. The densities are of log p(x|c) if the model has a condition c. A model
        that takes labels, known or not, is not given them; its share of misclassified examples is included.

    Raises:
        InvalidInput: the data does not fit the model.
        OSError: a file cannot be read or written.
    """
    held_out = source is None
    source = run.source() if source is None else source
    part = run.split.validation if held_out else None
    x = concatenated(run.pipeline(source, _BATCH_SIZE, part).batches())
    model = run.model()
    verdict = tfvae.evaluation.posterior_collapse(model, x, seed=seed)
    result = {
        "data": source.name,
        "part": "held out" if held_out else "all",
        "examples": len(x["x"] if isinstance(x, dict) else x),
        "samples": samples,
        "seed": seed,
        **_bounds(model, x, samples, seed),
        **_misclassified(run, model, source, part),
        **_layer_rates(model, x, seed),
        "active_units": int(verdict.active.sum()),
        "latent_dim": len(verdict.active),
        "rate": verdict.rate,
        "latent_space": verdict.use.value,
        "versions": versions(),
    }
    run.write("evaluation.json", result)
    _print(result)
    if verdict.use is not LatentUse.IN_USE:
        print(f"tfvae: {verdict}", file=sys.stderr)
    return result


def concatenated(batches: Iterable[Batch]) -> Batch:
    """Return all batches as one.

    Args:
        batches: arrays [n, ...], or dicts of arrays with the same keys.

    Example:
        >>> concatenated([{"x": np.zeros(2)}, {"x": np.ones(1)}])
        {'x': array([0., 0., 1.])}
    """
    parts = list(batches)
    named = [part for part in parts if isinstance(part, dict)]
    if named:
        return {name: np.concatenate([part[name] for part in named]) for name in named[0]}
    return np.concatenate([part for part in parts if not isinstance(part, dict)])


def _misclassified(
    run: Run, model: LatentModel, source: Source, part: Keep | None
) -> dict[str, dict[str, float]]:
    """The share of wrong predictions, if the model predicts a class and the source knows it for some rows."""
    if not isinstance(model, ClassModel) or source.label_dtype is None:
        return {}
    batch = concatenated(run.pipeline(source, _BATCH_SIZE, part, labels=True).batches())
    x, label = batch["x"], batch["label"]
    known = label != UNKNOWN
    if not known.any():
        return {}
    wrong = model.predict_label(x[known]) != label[known]
    error = float(np.std(wrong) / np.sqrt(len(wrong)))
    return {"wrong_classes": {"mean": float(wrong.mean()), "standard_error": error, "labels": len(wrong)}}


def _layer_rates(model: LatentModel, x: Batch, seed: int) -> dict[str, list[float]]:
    """The mean rate of each layer of latent variables, from the one next to x."""
    if not isinstance(model, HierarchicalModel):
        return {}
    return {"layer_rates": [float(rate) for rate in model.layer_rates(x, seed=seed).mean(axis=0)]}


def _bounds(model: LatentModel, x: Batch, samples: int, seed: int) -> dict[str, dict[str, float | None]]:
    """The bounds on log p(x), or the distortion alone if q(z|x) has no density."""
    measures = tfvae.evaluation
    if not model.has_density:
        return {"distortion": _as_json(measures.mean_distortion(model, x, seed=seed))}
    bounds = {"elbo": _as_json(measures.mean_elbo(model, x, seed=seed))}
    if model.draws_at_random:
        tighter = measures.mean_log_likelihood(model, x, num_samples=samples, seed=seed)
        bounds["log_likelihood"] = _as_json(tighter)
    return bounds


def _as_json(estimate: Estimate) -> dict[str, float | None]:
    """An estimate as JSON holds it; a single example has no standard error."""
    error = estimate.standard_error
    return {"mean": estimate.mean, "standard_error": error if math.isfinite(error) else None}


def _print(result: dict[str, Any]) -> None:
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
    if result["rate"] is not None:
        table.add_row("rate (nats)", f"{result['rate']:.3f}", "")
    table.add_row("active units", f"{result['active_units']} of {result['latent_dim']}", "")
    table.add_row("latent space", result["latent_space"], "")
    Console().print(table)
