"""One HTML page about a run, in one file: what was trained, how well, and what it looks like.

`gather` collects from a run's folder, `render` makes the page of what was collected; a caller with more to
say puts it in between.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import keras
import numpy as np

import tfvae
from tfvae import samplers
from tfvae.core.files import replacing
from tfvae.models import LatentModel
from tfvae.pipelines.reports.contents import ReportContents, Row
from tfvae.pipelines.reports.html_pages import page
from tfvae.pipelines.reports.sections import sections
from tfvae.pipelines.runs.evaluate import joined
from tfvae.pipelines.runs.run import Run

DRAWS = 200  # for each score

_BATCH = 512
_EXAMPLES = 2000  # of the latent map
_SCORED = 512
_PICTURES = 24
_SAMPLES, _SAMPLES_SEED = 60, 0
_WALKS = 8

Inputs = np.ndarray | dict[str, np.ndarray]


def write(run: Run, output: str | os.PathLike) -> Path:
    """Write the page about a finished run; return its path.

    Raises:
        OSError: a file of the run cannot be read, or the page not be written.
    """
    return save(gather(run), output)


def save(contents: ReportContents, output: str | os.PathLike) -> Path:
    """Write a page, whole or not at all; return its path."""
    text = render(contents)
    with replacing(output) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(output)


def render(contents: ReportContents) -> str:
    """Return the page: HTML that refers to nothing outside itself.

    Example:
        >>> page = render(ReportContents("Fish & chips", results=(Row("ELBO", "-1.0 nats"),)))
        >>> "<h1>Fish &amp; chips</h1>" in page
        True
    """
    return page("report.html.j2", contents=contents, sections=sections(contents))


def gather(run: Run, model: LatentModel | None = None) -> ReportContents:
    """Collect what a finished run's folder, its model and its data have to say.

    Args:
        run: a finished run.
        model: its model, where that has been loaded already.
    """
    model = run.model() if model is None else model
    part = "held-out rows" if run.config["training"]["validation"] > 0 else "training rows"
    inputs, labels = _examples(run)
    x = inputs["x"] if isinstance(inputs, dict) else inputs
    seen = model.predict(inputs, verbose=0)
    latent, reconstructions = seen["latent"], seen["reconstruction"]
    is_image = len(model.event_shape) == 3
    shown = slice(0, _PICTURES if is_image else None)
    originals, reconstructions = _as_stored(run, x[shown]), _as_stored(run, reconstructions[shown])
    return ReportContents(
        title=f"{run.config['recipe']} on {run.config['data']}",
        summary=f"Examples, latent locations and scores are those of {part}.",
        part=part,
        results=_results(run),
        cautions=tuple(_cautions(run, model, x)),
        configuration=_configuration(run, model),
        metrics=tuple(run.metrics()),
        originals=originals,
        reconstructions=reconstructions,
        samples=model.sample(_SAMPLES, _SAMPLES_SEED, run.given(_SAMPLES)) if is_image else None,
        classes=run.classes,
        walks=_walks(run, model, latent) if is_image and model.space == "real" else {},
        latent=latent,
        labels=labels,
        scores=_scores(model, _sliced(inputs, _SCORED)),
    )


def _scores(model: LatentModel, x: Inputs) -> np.ndarray:
    """-log p(x), or the distortion where q(z|x) has no density."""
    return -model.log_likelihood(x, num_samples=DRAWS) if model.has_density else model.distortion(x)


def _examples(run: Run) -> tuple[Inputs, np.ndarray | None]:
    """At most 2,000 rows as the model takes them, evenly from all if their number is known; their labels."""
    rows = run.source()
    part = run.split.validation if run.config["training"]["validation"] > 0 else tfvae.data.everything
    pipeline = run.pipeline(rows, _BATCH, part)
    every = -(-(pipeline.num_rows or 1) // _EXAMPLES)
    x = _thinned(pipeline.batches(), every)
    if rows.label_dtype is None:
        return x, None
    return x, _thinned((chunk["label"] for chunk in rows.in_order(part, _BATCH)), every)


def _sliced(inputs: Inputs, stop: int) -> Inputs:
    return keras.tree.map_structure(lambda values: values[:stop], inputs)


def _thinned(batches: Iterable[Inputs], every: int) -> Inputs:
    """Each `every`-th row of all batches together."""
    kept, count, first = [], 0, 0
    for batch in batches:
        rows = len(keras.tree.flatten(batch)[0])
        chosen = slice(-first % every, None, every)
        kept.append(keras.tree.map_structure(lambda values, chosen=chosen: values[chosen], batch))
        count, first = count + len(range(rows)[chosen]), first + rows
        if count >= _EXAMPLES:
            break
    return _sliced(joined(kept), _EXAMPLES)


def _as_stored(run: Run, x: np.ndarray) -> np.ndarray:
    """Rows in the units of the data."""
    layer = run.preprocessing()
    return x if layer is None else np.asarray(layer.inverse(x))


def _walks(run: Run, model: LatentModel, latent: np.ndarray) -> dict[str, np.ndarray]:
    """Decoded walks through the location of the first example, along the dimensions that vary most.

    A model with classes walks in class 0; the dimensions of a class in its latent points are no directions.
    """
    directions = latent[:, : latent.shape[1] - (run.num_classes or 0)]
    dimensions = np.argsort(-directions.var(0), kind="stable")[:_WALKS]
    given = run.given(1)
    decoded = samplers.decode(model, samplers.traversals(model, latent[0], dimensions), given)
    return {f"z[{dimension}]": walk for dimension, walk in zip(dimensions, decoded, strict=True)}


def _results(run: Run) -> tuple[Row, ...]:
    measured = run.evaluation()
    if measured is None:
        last = run.metrics()[-1]
        key, which = ("val_elbo", "validation") if "val_elbo" in last else ("elbo", "training")
        note = f"mean over the {which} rows at the end of training; see tfvae evaluate for more"
        return (Row("ELBO", f"{last[key]:.2f} nats", note),) if key in last else ()
    active = Row(
        "Active units",
        f"{measured['active_units']} of {measured['latent_dim']}",
        "latent dimensions whose posterior mean varies over the data, with a variance above 0.01",
    )
    over = f"mean over {measured['examples']} examples ({measured['part']}) ± standard error"
    if "distortion" in measured:
        return (Row("Distortion", _plus_minus(measured["distortion"]), f"-log p(x|z), {over}"), active)
    wrong = ()
    if "wrong_classes" in measured:
        share, error = (100 * measured["wrong_classes"][name] for name in ("mean", "standard_error"))
        note = f"share of {measured['wrong_classes']['labels']} known classes that the model guesses wrong"
        wrong = (Row("Wrong classes", f"{share:.2f} ± {error:.2f} %", note),)
    density = "log p(x)" if run.condition_dim is None else "log p(x|c)"
    return (
        *wrong,
        Row("ELBO", _plus_minus(measured["elbo"]), f"lower bound of {density}, {over}"),
        Row(
            density,
            _plus_minus(measured["log_likelihood"]),
            f"importance sampling with {measured['samples']} draws for each example, {over}",
        ),
        active,
    )


def _plus_minus(estimate: Mapping[str, float | None]) -> str:
    error = estimate["standard_error"]
    return f"{estimate['mean']:.2f}{'' if error is None else f' ± {error:.2f}'} nats"


def _cautions(run: Run, model: LatentModel, x: np.ndarray) -> Iterator[str]:
    if isinstance(model.likelihood, tfvae.likelihoods.Bernoulli) and ((x > 0) & (x < 1)).any():
        yield (
            "The data holds values between 0 and 1 and the likelihood is Bernoulli: what is called log p(x) "
            "here is a cross entropy and no log-likelihood, comparable among such models only."
        )
    if isinstance(model.likelihood, tfvae.likelihoods.Normal):
        of = "x" if run.preprocessing() is None else "the standardized columns"
        yield f"p(x) is a density of {of}, and so log p(x) may be above 0."


def _configuration(run: Run, model: LatentModel) -> tuple[Row, ...]:
    config = run.config
    given = {"recipe": config["recipe"], **config["options"], "data": config["data"]}
    given["example"] = " \N{MULTIPLICATION SIGN} ".join(map(str, config["shape"]))
    given["rows"] = config.get("size")
    parts = {
        part: type(getattr(model, part)).__name__
        for part in ("posterior", "prior", "likelihood", "objective")
        if hasattr(model, part)
    }
    numbers = {"weights": f"{model.count_params():,}"}
    merged = given | parts | numbers | config["training"] | config["versions"]
    return tuple(
        Row(name.replace("_", " "), _plain(value)) for name, value in merged.items() if value is not None
    )


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)
