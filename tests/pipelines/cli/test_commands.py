"""evaluate, sample, score and export of trained runs."""

import json

import numpy as np
import pyarrow.csv
import pyarrow.parquet
import pytest
from PIL import Image

import tfvae
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.sample import picture
from tfvae.pipelines.runs.training_options import TrainingOptions


def _run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


def _table_rows(run):
    return np.concatenate([chunk["x"] for chunk in run.source().chunks()])


class TestEvaluate:
    def test_held_out_rows(self, table_run, capsys):
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
        out = capsys.readouterr().out
        assert f"{result['elbo']['mean']:.3f}" in out
        assert f"of {result['latent_dim']}" in out

    def test_layers_show_their_rates(self, tmp_path, table, capsys):
        options = {"latent_dims": (3, 2), "hidden": 8}
        run = train.start(tmp_path / "run", "ladder_vae", options, str(table), TrainingOptions(epochs=1))
        _run("evaluate", run.path, "--samples", 2)
        x = _table_rows(run)
        held_out = run.preprocessing().transform(x[run.split.validation(0, len(x))])
        rates = run.model().layer_rates(held_out).mean(axis=0)
        np.testing.assert_allclose(run.evaluation()["layer_rates"], rates, rtol=1e-5)
        assert f"{rates[1]:.3f}" in capsys.readouterr().out

    def test_a_source_of_ones_own(self, image_run, tmp_path):
        path = tmp_path / "gray.npy"
        np.save(path, np.full((5, 8, 8), 0.5, "float32"))
        _run("evaluate", image_run.path, "--data", path, "--samples", 5)
        result = image_run.evaluation()
        assert (result["part"], result["examples"]) == ("all", 5)
        assert result["elbo"]["mean"] <= result["log_likelihood"]["mean"] + 0.5

    def test_one_example_has_no_standard_error(self, tmp_path):
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

    def test_data_of_another_shape_fails_by_name(self, image_run, capsys):
        assert main(["evaluate", str(image_run.path), "--data", "sklearn:iris"]) == 1
        assert "sklearn:iris: expected examples of shape (8, 8, 1)" in capsys.readouterr().err

    def test_binarized_runs_are_judged_on_binary_pixels(self, tmp_path, image_run, monkeypatch):
        run = type(image_run)(image_run.path, json.loads(json.dumps(image_run.config)))
        run.config["training"]["binarize"] = True
        x = np.concatenate(list(run.pipeline(run.source(), 100).batches()))
        assert set(np.unique(x)) == {0.0, 1.0}


class TestSample:
    def test_pictures(self, image_run, capsys):
        _run("sample", image_run.path, "-n", 5)
        with Image.open(image_run.path / "samples.png") as image:
            assert image.size == (3 * 24 + 2, 2 * 24 + 1)
        assert "samples.png" in capsys.readouterr().out

    def test_arrays_are_the_models_samples(self, image_run, tmp_path):
        _run("sample", image_run.path, "-n", 5, "--seed", 4, "-o", tmp_path / "x.npy")
        np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), image_run.model().sample(5, seed=4))

    def test_tables_are_in_their_own_units(self, table_run, tmp_path):
        _run("sample", table_run.path, "-n", 200, "-o", tmp_path / "x.npy")
        x = np.load(tmp_path / "x.npy")
        np.testing.assert_allclose(x.mean(axis=0), [100, -3, 0, 5], atol=10)
        assert main(["sample", str(table_run.path), "-o", str(tmp_path / "x.png")]) == 2

    @pytest.mark.parametrize("channels", [1, 2, 3])
    def test_each_picture_is_in_its_place(self, channels):
        x = np.zeros((4, 30, 30, channels))
        x[2] = 1.0
        pixels = np.asarray(picture(x))
        assert pixels.shape == (61, 61, 3)
        assert (pixels[31:, :30] == 255).all()
        assert (pixels[:30, :30] == 0).all()


class TestScore:
    @pytest.mark.parametrize("suffix", ["csv", "parquet"])
    def test_every_row_in_order(self, table_run, table, tmp_path, suffix):
        output = tmp_path / f"scores.{suffix}"
        _run("score", table_run.path, table, "-o", output, "--samples", 30)
        read = {"csv": pyarrow.csv.read_csv, "parquet": pyarrow.parquet.read_table}[suffix]
        scores = read(output).to_pydict()
        assert list(scores) == ["row", "score", "standard_error", "negative_elbo"]
        x = table_run.preprocessing().transform(_table_rows(table_run))
        assert scores["row"] == list(range(len(x)))
        expected, error = table_run.model().log_likelihood_with_error(x, 30, 0)
        np.testing.assert_allclose(scores["score"], -expected, rtol=1e-4)
        np.testing.assert_allclose(scores["standard_error"], error, rtol=1e-3, atol=1e-6)
        assert np.mean(scores["negative_elbo"]) > np.mean(scores["score"])

    def test_several_chunks_are_joined(self, image_run, tmp_path):
        _run("score", image_run.path, "sklearn:digits", "-o", tmp_path / "s.csv", "--samples", 2)
        rows = pyarrow.csv.read_csv(tmp_path / "s.csv").column("row").to_pylist()
        assert rows == list(range(1797))

    def test_a_bad_row_is_named_and_no_file_is_left(self, table_run, tmp_path, capsys):
        x = np.zeros((1200, 4))
        x[1100, 2] = np.nan
        np.save(tmp_path / "x.npy", x)
        output = tmp_path / "s.csv"
        assert main(["score", str(table_run.path), str(tmp_path / "x.npy"), "-o", str(output)]) == 1
        err = capsys.readouterr().err
        assert "rows from 1024" in err
        assert "example 76" in err
        assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


class TestExport:
    @pytest.fixture
    def calls(self, monkeypatch):
        """The exporters themselves are tested elsewhere, and start a process each."""
        calls = []

        def record(model, path, **options):
            calls.append((model, path, options))
            return tfvae.export.DeviceExport(path / "1", 1, {}, 0.0, (), path)

        monkeypatch.setattr(tfvae.export, "saved_model", record)
        monkeypatch.setattr(tfvae.export, "litert", record)
        monkeypatch.setattr(tfvae.export, "web", record)
        return calls

    def test_models_go_with_their_preprocessing(self, calls, table_run, image_run, tmp_path, capsys):
        _run("export", "saved-model", table_run.path, tmp_path / "served", "--version", 7)
        _run("export", "litert", image_run.path, tmp_path / "encoder.tflite")
        (model, path, options), (_, _, other) = calls
        assert isinstance(model, tfvae.VAE)
        assert path == tmp_path / "served"
        assert options["version"] == 7
        assert options["preprocessing"].offset == table_run.preprocessing().offset
        assert other["preprocessing"] is None
        assert other["endpoint"] == ["encode"]
        assert str(tmp_path / "served" / "1") in capsys.readouterr().out

    def test_a_page_is_named_after_its_run(self, calls, table_run, tmp_path):
        _run("export", "web", table_run.path, tmp_path / "page", "--columns", "length, width")
        _run("export", "web", table_run.path, tmp_path / "other", "--title", "Mine", "--runtime", tmp_path)
        (_, path, options), (_, _, other) = calls
        assert path == tmp_path / "page"
        assert options["preprocessing"].offset == table_run.preprocessing().offset
        assert options["title"] == "beta_vae, trained on table.csv"
        assert options["columns"] == ("length", "width")
        assert options["runtime"] is None
        assert (other["title"], other["runtime"]) == ("Mine", tmp_path)

    def test_an_export_that_is_wrong_fails_in_one_line(self, image_run, tmp_path, monkeypatch, capsys):
        def fail(model, path, **options):
            raise tfvae.export.result.ExportError("the numbers differ")

        monkeypatch.setattr(tfvae.export, "litert", fail)
        assert main(["export", "litert", str(image_run.path), str(tmp_path / "e.tflite")]) == 1
        assert capsys.readouterr().err == "tfvae: error: the numbers differ\n"
