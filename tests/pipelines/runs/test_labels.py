"""Labels of a source: as conditions, and as classes of which few are known."""

import numpy as np
import pyarrow.csv
import pytest

from tfvae.callbacks import Checkpoint
from tfvae.data import Split
from tfvae.pipelines.cli import train_command
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.reports import run_report
from tfvae.pipelines.runs import train
from tfvae.pipelines.runs.run import Run
from tfvae.pipelines.runs.training_options import TrainingOptions


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    path, options = tmp_path_factory.mktemp("runs") / "cvae", {"condition_dim": 10, "latent_dim": 2}
    return train.start(path, "cvae", options, "sklearn:digits", TrainingOptions(epochs=1))


_FEW = ("semi_supervised_vae", {"num_classes": 3, "latent_dim": 2})
_TRAINING = TrainingOptions(epochs=3, batch_size=32, labels=30, validation=0.3, seed=1)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return train.start(tmp_path_factory.mktemp("runs") / "few", *_FEW, "sklearn:iris", _TRAINING)


def _chunk(run):
    return next(run.source().chunks())


def _run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


class TestConditions:
    def test_rows_are_evaluated_and_scored_with_their_own_label(self, conditional, tmp_path):
        chunk = _chunk(conditional)
        held_out = conditional.split.validation(0, len(chunk["x"]))
        inputs = {"x": chunk["x"], "condition": np.eye(10)[chunk["label"]]}
        model = conditional.model()
        _run("evaluate", conditional.path, "--samples", 5)
        expected = model.elbo({name: value[held_out] for name, value in inputs.items()})
        assert conditional.evaluation()["elbo"]["mean"] == pytest.approx(expected.mean(), rel=1e-5)
        assert conditional.evaluation()["examples"] == held_out.sum()
        np.savez(tmp_path / "few.npz", x=chunk["x"][:40], y=chunk["label"][:40])
        _run("score", conditional.path, tmp_path / "few.npz", "-o", tmp_path / "s.csv", "--samples", 3)
        first = {name: value[:40] for name, value in inputs.items()}
        scores = pyarrow.csv.read_csv(tmp_path / "s.csv").column("score").to_numpy()
        np.testing.assert_allclose(scores, -model.log_likelihood(first, 3), rtol=1e-4)

    def test_samples_are_of_all_classes_in_turn_or_of_one(self, conditional, tmp_path, capsys):
        model = conditional.model()
        for arguments, label in (((), np.arange(12) % 10), (("--class", 3), np.full(12, 3))):
            _run("sample", conditional.path, "-n", 12, "-o", tmp_path / "x.npy", "--overwrite", *arguments)
            expected = model.sample(12, given={"condition": np.eye(10)[label]})
            np.testing.assert_array_equal(np.load(tmp_path / "x.npy"), expected)
        assert main(["sample", str(conditional.path), "--class", "10"]) == 2
        assert "--class: expected an integer from 0 to 9, received 10" in capsys.readouterr().err

    def test_a_report(self, conditional):
        contents = run_report.gather(conditional)
        assert contents.classes == 10
        given = {"condition": np.eye(10)[np.arange(60) % 10]}
        np.testing.assert_array_equal(contents.samples, conditional.model().sample(60, given=given))
        assert len(contents.traversals) == 2
        assert "The 10 classes are given in turn" in run_report.render(contents)


class TestFewLabels:
    def test_training_uses_the_same_number_of_labels_of_each_class(self, few):
        """The labels that the run hands to its batches, in every epoch."""
        rows = train._with_hidden_labels(few, few.source())
        pipeline = few.pipeline(rows, 32, few.split.train, shuffle=True, labels=True)
        split = Split(0.3, 1)
        for _ in range(2):
            label = np.concatenate([batch["label"] for batch in pipeline.batches()])
            left_out = split.train(0, 150).sum() - len(label)  # the last batch, which is not full
            assert 30 - left_out <= (label >= 0).sum() <= 30
        everything = next(rows.chunks())["label"]
        np.testing.assert_array_equal(np.bincount(everything[everything >= 0]), [10, 10, 10])

    @pytest.mark.slow
    def test_a_stopped_run_ends_with_the_same_bits(self, few, tmp_path, monkeypatch, same_model):
        class Stop(Exception):
            pass

        original = Checkpoint.on_epoch_end

        def stopping(self, epoch, logs=None):
            original(self, epoch, logs)
            raise Stop

        with monkeypatch.context() as patch:
            patch.setattr(Checkpoint, "on_epoch_end", stopping)
            with pytest.raises(Stop):
                train.start(tmp_path / "run", *_FEW, "sklearn:iris", _TRAINING)
        same_model(train.resume(tmp_path / "run").model(), few.model())

    def test_held_out_rows_are_classified(self, few, capsys):
        _run("evaluate", few.path, "--samples", 5)
        chunk = _chunk(few)
        held_out = few.split.validation(0, 150)
        x, label = few.preprocessing().transform(chunk["x"][held_out]), chunk["label"][held_out]
        model, found = few.model(), few.evaluation()
        assert found["wrong_classes"]["mean"] == pytest.approx((model.predict_label(x) != label).mean())
        assert found["wrong_classes"]["labels"] == held_out.sum()
        # The labels are not given: the bound is that of log p(x).
        assert found["elbo"]["mean"] == pytest.approx(model.elbo(x).mean(), rel=1e-5)
        assert "wrong classes (%)" in capsys.readouterr().out
        assert run_report.gather(few).results[0].name == "Wrong classes"

    def test_rows_without_labels_are_scored(self, few, tmp_path):
        np.save(tmp_path / "x.npy", _chunk(few)["x"][:7])
        _run("score", few.path, tmp_path / "x.npy", "-o", tmp_path / "s.csv", "--samples", 2)
        assert pyarrow.csv.read_csv(tmp_path / "s.csv").num_rows == 7
        _run("evaluate", few.path, "--data", tmp_path / "x.npy", "--samples", 2)
        assert "wrong_classes" not in few.evaluation()

    def test_samples_of_one_class(self, few, tmp_path):
        _run("sample", few.path, "-n", 4, "-o", tmp_path / "x.npy", "--class", 2)
        expected = few.model().sample(4, given={"label": [2] * 4})
        np.testing.assert_allclose(np.load(tmp_path / "x.npy"), few.preprocessing().inverse(expected))


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["semi_supervised_vae", "--labels", "7"], 1, "labels: expected a multiple of 3"),
        (["semi_supervised_vae", "--labels", "0"], 2, "--labels: expected an integer of at least 1"),
        (["vae", "--labels", "30"], 2, "--labels: expected a recipe that takes labels"),
        (["cvae", "--condition-dim", "2"], 1, "label: expected a class, an integer from 0 to 1"),
        (["semi_supervised_vae", "--num-classes", "2"], 1, "label: expected integers in [-1, 1]"),
    ],
)
def test_wrong_labels_are_rejected(tmp_path, monkeypatch, capsys, arguments, status, text):
    monkeypatch.setattr(train_command, "make_repeatable", lambda: None)
    run = tmp_path / "run"
    assert main(["train", *arguments, "--data", "sklearn:iris", "--run", str(run)]) == status
    assert text in capsys.readouterr().err
    assert not run.exists()


@pytest.mark.parametrize("recipe", ["cvae", "conditional_prior_vae", "ivae", "semi_supervised_vae"])
def test_tables_without_labels_are_rejected(tmp_path, monkeypatch, capsys, recipe):
    monkeypatch.setattr(train_command, "make_repeatable", lambda: None)
    bare, empty = tmp_path / "bare.csv", tmp_path / "empty.csv"
    bare.write_text("a,b\n1,2\n3,4\n")
    empty.write_text("a,b,label\n1,2,\n3,4,\n")
    for path, status, text in ((bare, 2, "a source with labels"), (empty, 1, "label: expected")):
        run = tmp_path / "run"
        assert main(["train", recipe, "--data", str(path), "--run", str(run)]) == status
        assert text in capsys.readouterr().err
        assert not run.exists()


def test_a_class_is_rejected_by_a_run_without_classes(image_run, capsys):
    assert main(["sample", str(image_run.path), "--class", "1"]) == 2
    assert "--class: expected no class" in capsys.readouterr().err
    assert Run.open(image_run.path).class_inputs(3) == {}
