"""From a run's folder to a report: images and tables, with and without held-out rows and an evaluation."""

import numpy as np
import pytest

import tfvae
from tfvae.evaluation import LatentUse, posterior_collapse
from tfvae.pipelines.reports import run_report
from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.training_options import TrainingOptions


def _run(path, options, data, **training):
    return train.start(path, "vae", options, data, TrainingOptions(epochs=2, **training))


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "images"
    return _run(path, {"latent_dim": 3}, "sklearn:digits", validation=0.1)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "table"
    return _run(path, {"latent_dim": 2}, "sklearn:wine", validation=0.0)


def _held_out(run):
    return np.concatenate(list(run.pipeline(run.source(), 512, run.split.validation).batches()))


def test_a_run_on_images_shows_its_held_out_rows(images):
    contents = run_report.gather(images)
    x = _held_out(images)
    model = images.model()
    assert contents.part == "held-out rows"
    np.testing.assert_array_equal(contents.originals, x[:24])
    np.testing.assert_allclose(contents.reconstructions, model.reconstruct(x)[:24], atol=1e-5)
    np.testing.assert_allclose(contents.latent, model.predict(x, verbose=0)["latent"], atol=1e-5)
    np.testing.assert_array_equal(contents.samples, model.sample(60, seed=0))
    assert len(contents.scores) == len(x)


def test_labels_belong_to_the_rows_shown(images):
    source, split = images.source(), images.split
    rows = np.flatnonzero(split.validation(0, source.size))
    labels = np.concatenate([chunk["label"] for chunk in source.chunks()])
    np.testing.assert_array_equal(run_report.gather(images).labels, labels[rows])


def test_traversals_go_along_the_dimensions_that_vary_most(images):
    contents = run_report.gather(images)
    by_variance = np.argsort(-contents.latent.var(0))
    assert list(contents.traversals) == [f"z[{dimension}]" for dimension in by_variance]
    assert all(images.shape == (9, 8, 8, 1) for images in contents.traversals.values())


def test_many_rows_are_thinned_evenly(images, monkeypatch):
    whole = run_report.gather(images)
    monkeypatch.setattr(run_report, "_EXAMPLES", 50)
    monkeypatch.setattr(run_report, "_BATCH_SIZE", 7)
    thinned = run_report.gather(images)
    every = -(-len(whole.latent) // 50)
    np.testing.assert_allclose(thinned.latent, whole.latent[::every], atol=1e-5)
    np.testing.assert_array_equal(thinned.labels, whole.labels[::every])


def test_gray_values_under_a_bernoulli_likelihood_come_with_a_caution(images):
    *others, caution = run_report.gather(images).cautions
    assert "cross entropy" in caution
    assert not any("cross entropy" in other for other in others)


def test_a_model_that_ignores_its_latent_variable_is_cautioned_against(images):
    """Two epochs are too few for these digits; the verdict is that of the measure itself."""
    inputs = next(images.pipeline(images.source(), 2000, images.split.validation).batches())
    verdict = posterior_collapse(images.model(), inputs)
    cautions = " ".join(run_report.gather(images).cautions).lower()
    assert (str(verdict).lower() in cautions) == (verdict.use is not LatentUse.IN_USE)
    model = images.model()
    for weight in model.decoder.weights + model.posterior.weights:
        weight.assign(np.zeros(weight.shape))
    collapsed = run_report.gather(images, model).cautions[0]
    assert collapsed.startswith("Posterior collapse: 0 of ")


def test_before_an_evaluation_the_last_epoch_is_reported_and_after_it_the_evaluation(images):
    (row,) = run_report.gather(images).results
    assert row.value == f"{images.metrics()[-1]['val_elbo']:.2f} nats"
    measured = {
        "data": "d", "part": "held out", "examples": 10, "samples": 500, "seed": 0,
        "elbo": {"mean": -1.234, "standard_error": 0.056},
        "log_likelihood": {"mean": -1.0, "standard_error": None},
        "active_units": 2, "latent_dim": 3, "versions": {},
    }  # fmt: skip
    images.write("evaluation.json", measured)
    values = [row.value for row in run_report.gather(images).results]
    (images.path / "evaluation.json").unlink()
    assert values == ["-1.23 ± 0.06 nats", "-1.00 nats", "2 of 3"]


def test_a_table_is_shown_in_the_units_of_the_data(table):
    contents = run_report.gather(table)
    x = np.concatenate([chunk["x"] for chunk in table.source().chunks()])
    assert table.preprocessing() is not None
    assert contents.part == "training rows"
    np.testing.assert_allclose(contents.originals, x, rtol=1e-4)
    errors = np.abs(contents.reconstructions - x).mean(0)
    assert (errors < 1.5 * x.std(0)).all(), "the reconstruction has the units of the data too"
    assert contents.samples is None
    assert not contents.traversals
    assert "standardized columns" in contents.cautions[-1]


@pytest.mark.parametrize("kind", ["images", "table"])
def test_a_page_is_written_for_every_run(kind, request, tmp_path):
    run = request.getfixturevalue(kind)
    path = run_report.write(run, tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 2_000_000
    assert f"<h1>vae on {run.data_name}</h1>" in page
    assert str(tmp_path.parent) not in page, "no folders of the user"
    assert "Latent space" in page
    assert ("<img" in page) == (kind == "images")


def test_a_folder_without_a_run_is_rejected(tmp_path):
    with pytest.raises(tfvae.UnreadableFile):
        run_report.write(tfvae.pipelines.runs.run.Run.open(tmp_path), tmp_path / "report.html")
