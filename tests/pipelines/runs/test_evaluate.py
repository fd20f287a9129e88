"""`tfvae evaluate`: bounds and active units of held-out rows and of other sources."""

import json

import numpy as np
import pytest

import tfvae
from tfvae.evaluation import LatentUse
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.training_options import TrainingOptions


def _run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def _table_rows(run):
    return np.concatenate([chunk["x"] for chunk in run.source().chunks()])


def test_held_out_rows_are_measured(table_run, capsys):
    _run("evaluate", table_run.path, "--samples", 20, "--seed", 3)
    result = table_run.evaluation()
    x = _table_rows(table_run)
    held_out = table_run.preprocessing().transform(x[table_run.split.validation(0, len(x))])
    model = table_run.model()
    assert result["examples"] == len(held_out)
    expected = model.log_likelihood(held_out, num_samples=20, seed=3)
    assert result["log_likelihood"]["mean"] == pytest.approx(expected.mean(), rel=1e-6)
    error = expected.std(ddof=1) / np.sqrt(len(expected))
    assert result["log_likelihood"]["standard_error"] == pytest.approx(error, rel=1e-5)
    assert result["elbo"]["mean"] == pytest.approx(model.elbo(held_out, seed=3).mean(), rel=1e-6)
    assert result["active_units"] == tfvae.evaluation.active_units(model, held_out).sum()
    verdict = tfvae.evaluation.posterior_collapse(model, held_out, seed=3)
    assert result["latent_space"] == verdict.use.value
    assert result["rate"] == pytest.approx(verdict.rate, rel=1e-6)
    out, err = capsys.readouterr()
    assert (str(verdict) in err) == (verdict.use is not LatentUse.IN_USE)
    assert f"{result['elbo']['mean']:.3f}" in out
    assert f"of {result['latent_dim']}" in out


def test_hierarchical_models_show_the_rate_of_each_layer(tmp_path, table, capsys):
    options = {"latent_dims": (3, 2), "hidden": 8}
    run = train.start(tmp_path / "run", "ladder_vae", options, str(table), TrainingOptions(epochs=1))
    _run("evaluate", run.path, "--samples", 2)
    x = _table_rows(run)
    held_out = run.preprocessing().transform(x[run.split.validation(0, len(x))])
    rates = run.model().layer_rates(held_out).mean(axis=0)
    np.testing.assert_allclose(run.evaluation()["layer_rates"], rates, rtol=1e-5)
    assert f"{rates[1]:.3f}" in capsys.readouterr().out


def test_another_source_is_measured_whole(image_run, tmp_path):
    path = tmp_path / "gray.npy"
    np.save(path, np.full((5, 8, 8), 0.5, "float32"))
    _run("evaluate", image_run.path, "--data", path, "--samples", 5)
    result = image_run.evaluation()
    assert (result["part"], result["examples"]) == ("all", 5)
    assert result["elbo"]["mean"] <= result["log_likelihood"]["mean"] + 0.5


@pytest.mark.slow
def test_one_example_has_no_standard_error(tmp_path):
    run = train.start(
        tmp_path / "run",
        "vae",
        {"latent_dim": 2},
        "sklearn:iris",
        TrainingOptions(epochs=1, validation=0),
    )
    assert main(["evaluate", str(run.path)]) == 2
    np.save(tmp_path / "two.npy", np.ones((2, 4)))
    _run("evaluate", run.path, "--data", tmp_path / "two.npy", "--samples", 2)
    json.loads((run.path / "evaluation.json").read_text(), parse_constant=pytest.fail)


def test_data_of_another_shape_is_named(image_run, capsys):
    assert main(["evaluate", str(image_run.path), "--data", "sklearn:iris"]) == 1
    assert "sklearn:iris: expected examples of shape (8, 8, 1)" in capsys.readouterr().err


def test_binarized_runs_are_measured_on_binary_pixels(tmp_path, image_run, monkeypatch):
    run = type(image_run)(image_run.path, json.loads(json.dumps(image_run.config)))
    run.config["training"]["binarize"] = True
    x = np.concatenate(list(run.pipeline(run.source(), 100).batches()))
    assert set(np.unique(x)) == {0.0, 1.0}
