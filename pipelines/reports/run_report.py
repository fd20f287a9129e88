"""An HTML report of a run, in one file: what was trained, how well, and what it generates.

`gather` collects the contents from a run's folder, `render` makes the page. In between a caller can add to
the contents.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import tfvae
from tfvae import samplers
from tfvae.core.types import Array
from tfvae.evaluation import LatentUse, posterior_collapse
from tfvae.models import LatentModel
from tfvae.pipelines.reports.html_pages import page, write_page
from tfvae.pipelines.reports.run_report_contents import RunReportContents
from tfvae.pipelines.reports.sections import sections
from tfvae.pipelines.reports.table_row import Row
from tfvae.pipelines.runs.evaluate import Batch, concatenated
from tfvae.pipelines.runs.run import Run

DRAWS = 200  # for each score

_BATCH_SIZE = 512
_EXAMPLES = 2000  # of the latent map
_SCORED = 512
_IMAGES = 24
_SAMPLES, _SAMPLES_SEED = 60, 0
_TRAVERSALS = 8


def write(run: Run, output: str | os.PathLike[str]) -> Path:
    """Write the report of a finished run, and return its path.

    Args:
        run: a finished run.
        output: the file.

    Raises:
        OSError: a file of the run cannot be read, or the report cannot be written.
    """
    return write_page(render(gather(run)), output)


def render(contents: RunReportContents) -> str:
    """Return the page: HTML that refers to nothing outside itself.

    Args:
        contents: the contents of the report.

    Example:
        >>> page = render(RunReportContents("Fish & chips", results=(Row("ELBO", "-1.0 nats"),)))
        >>> "<h1>Fish &amp; chips</h1>" in page
        True
    """
    return page("run_report.html.j2", {"contents": contents, "sections": sections(contents)})


def gather(run: Run, model: LatentModel | None = None) -> RunReportContents:
    """Collect the contents of the report from a finished run's folder, its model and its data.

    Args:
        run: a finished run.
        model: its model; None means to load it.
    """
    model = run.model() if model is None else model
    part = "held-out rows" if run.config["training"]["validation"] > 0 else "training rows"
    inputs, labels = _examples(run)
    x = inputs["x"] if isinstance(inputs, dict) else inputs
    predicted = model.predict(inputs, verbose=0)
    latent, reconstructions = predicted["latent"], predicted["reconstruction"]
    is_image = len(model.event_shape) == 3
    shown = slice(0, _IMAGES if is_image else None)
    return RunReportContents(
        title=f"{run.config['recipe']} on {run.data_name}",
        summary=f"Examples, latent locations and scores are those of {part}.",
        part=part,
        results=_results(run),
        cautions=tuple(_cautions(run, model, inputs)),
        configuration=_configuration(run, model),
        metrics=tuple(run.metrics()),
        columns=run.source().columns,
        originals=_in_data_units(run, x[shown]),
        reconstructions=_in_data_units(run, reconstructions[shown]),
        samples=model.sample(_SAMPLES, _SAMPLES_SEED, run.class_inputs(_SAMPLES)) if is_image else None,
        classes=run.classes,
        traversals=_traversals(run, model, latent) if is_image and model.space == "real" else {},
        latent=latent,
        labels=labels,
        scores=_scores(model, _first(inputs, _SCORED)),
    )


def _scores(model: LatentModel, x: Batch) -> Array:
    """Return -log p(x), its bound for codes, or the distortion if q(z|x) has no density."""
    if model.draws_at_random:
        return -model.log_likelihood(x, num_samples=DRAWS)
    return -model.elbo(x) if model.has_density else model.distortion(x)


def _examples(run: Run) -> tuple[Batch, Array | None]:
    """Return at most 2,000 rows as the model takes them, and their labels; evenly spread if possible."""
    source = run.source()
    part = run.split.validation if run.config["training"]["validation"] > 0 else tfvae.data.everything
    pipeline = run.pipeline(source, _BATCH_SIZE, part)
    step = -(-(pipeline.num_rows or 1) // _EXAMPLES)
    x = _thinned(pipeline.batches(), step)
    if source.label_dtype is None:
        return x, None
    labels = _thinned(({"label": chunk["label"]} for chunk in source.in_order(part, _BATCH_SIZE)), step)
    return x, labels["label"] if isinstance(labels, dict) else labels


def _first(batch: Batch, count: int) -> Batch:
    return _rows(batch, slice(0, count))


def _rows(batch: Batch, rows: slice) -> Batch:
    return {name: value[rows] for name, value in batch.items()} if isinstance(batch, dict) else batch[rows]


def _thinned(batches: Iterable[Batch], step: int) -> Batch:
    """Return every `step`-th row of all batches together."""
    kept, count, first = [], 0, 0
    for batch in batches:
        rows = len(next(iter(batch.values())) if isinstance(batch, dict) else batch)
        chosen = slice(-first % step, None, step)
        kept.append(_rows(batch, chosen))
        count, first = count + len(range(rows)[chosen]), first + rows
        if count >= _EXAMPLES:
            break
    return _first(concatenated(kept), _EXAMPLES)


def _in_data_units(run: Run, x: Array) -> Array:
    layer = run.preprocessing()
    return x if layer is None else np.asarray(layer.inverse(x))


def _traversals(run: Run, model: LatentModel, latent: Array) -> dict[str, Array]:
    """Return decoded traversals through the location of the first example, along the most varying dimensions.

    The class of a model with classes is class 0; the dimensions of the class in its latent points are not
    traversed.
    """
    directions = latent[:, : latent.shape[1] - (run.num_classes or 0)]
    dimensions = np.argsort(-directions.var(0), kind="stable")[:_TRAVERSALS].tolist()
    points = samplers.traversals(model, latent[0], dimensions)
    decoded = samplers.decode(model, points, run.class_inputs(1))
    return {f"z[{dimension}]": images for dimension, images in zip(dimensions, decoded, strict=True)}


def _results(run: Run) -> tuple[Row, ...]:
    measured = run.evaluation()
    if measured is None:
        last = run.metrics()[-1]
        key, which = ("val_elbo", "validation") if "val_elbo" in last else ("elbo", "training")
        note = f"mean over the {which} rows at the end of training; see tfvae evaluate for more"
        return (Row("ELBO", f"{last[key]:.2f} nats", note),) if key in last else ()
    rows = []
    if "wrong_classes" in measured:
        share, error = (100 * measured["wrong_classes"][name] for name in ("mean", "standard_error"))
        note = f"misclassified share of {measured['wrong_classes']['labels']} examples with a known class"
        rows.append(Row("Wrong classes", f"{share:.2f} ± {error:.2f} %", note))
    density = "log p(x)" if run.condition_dim is None else "log p(x|c)"
    over = f"mean over {measured['examples']} examples ({measured['part']}) ± standard error"
    sampled = f"importance sampling with {measured['samples']} draws for each example"
    for key, name, note in (
        ("distortion", "Distortion", "-log p(x|z)"),
        ("elbo", "ELBO", f"lower bound of {density}"),
        ("log_likelihood", density, sampled),
    ):
        if key in measured:
            rows.append(Row(name, _plus_minus(measured[key]), f"{note}, {over}"))
    active = f"{measured['active_units']} of {measured['latent_dim']}"
    note = "latent dimensions whose posterior mean varies over the data, with a variance above 0.01"
    return (*rows, Row("Active units", active, note))


def _plus_minus(estimate: Mapping[str, float | None]) -> str:
    error = estimate["standard_error"]
    return f"{estimate['mean']:.2f}{'' if error is None else f' ± {error:.2f}'} nats"


def _cautions(run: Run, model: LatentModel, inputs: Batch) -> Iterator[str]:
    x: Array = inputs["x"] if isinstance(inputs, dict) else inputs
    verdict = posterior_collapse(model, inputs)
    if verdict.use is not LatentUse.IN_USE:
        yield f"{str(verdict)[0].upper()}{str(verdict)[1:]}."
    if isinstance(model.likelihood, tfvae.likelihoods.Bernoulli) and ((x > 0) & (x < 1)).any():
        yield (
            "The data holds values between 0 and 1 and the likelihood is Bernoulli: log p(x) is then a cross "
            "entropy and no log-likelihood, comparable among such models only."
        )
    if isinstance(model.likelihood, tfvae.likelihoods.Normal):
        variable = "x" if run.preprocessing() is None else "the standardized columns"
        yield f"p(x) is a density of {variable}, so log p(x) may be above 0."


def _configuration(run: Run, model: LatentModel) -> tuple[Row, ...]:
    config = run.config
    values = {"recipe": config["recipe"], **config["options"], "data": run.data_name}
    values["example"] = " \N{MULTIPLICATION SIGN} ".join(map(str, config["shape"]))
    values["rows"] = config.get("size")
    for part in ("posterior", "prior", "likelihood", "objective"):
        if hasattr(model, part):
            values[part] = type(getattr(model, part)).__name__
    values["weights"] = f"{model.count_params():,}"
    values |= config["training"] | config["versions"]
    return tuple(
        Row(name.replace("_", " "), _text(value)) for name, value in values.items() if value is not None
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)
