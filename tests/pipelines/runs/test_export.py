"""`tfvae export`: a run's model with its preprocessing, and names from its configuration."""

import pytest

import tfvae
from tfvae.pipelines.cli.app import main
from tfvae.pipelines.runs.export import model_card


def _run(*arguments):
    assert main([str(argument) for argument in arguments]) == 0


@pytest.fixture
def calls(monkeypatch):
    """Record the calls of the exporters, which are tested elsewhere and start processes."""
    calls = []

    def record(model, path, **options):
        calls.append((model, path, options))
        return tfvae.export.DeviceExport(path / "1", 1, {}, 0.0, (), path)

    monkeypatch.setattr(tfvae.export, "saved_model", record)
    monkeypatch.setattr(tfvae.export, "litert", record)
    monkeypatch.setattr(tfvae.export, "web", record)
    return calls


def test_models_are_exported_with_their_preprocessing(calls, table_run, image_run, tmp_path, capsys):
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


def test_a_models_card_has_its_measures_and_settings(image_run):
    measured = {
        "part": "held out",
        "elbo": {"mean": -1.5, "standard_error": 0.25},
        "log_likelihood": {"mean": -1.0, "standard_error": None},
        "wrong_classes": {"mean": 0.125, "standard_error": 0.01, "labels": 8},
    }
    counts = {"examples": 64, "samples": 500, "active_units": 2, "latent_dim": 2}
    image_run.write("evaluation.json", counts | measured)
    card = model_card(image_run, "MIT")
    (image_run.path / "evaluation.json").unlink()
    assert card.metrics == {
        "elbo, held out": "-1.500 nats, standard error 0.250",
        "log likelihood, held out": "-1.000 nats",
        "wrong classes, held out": "0.125 (share), standard error 0.010",
    }
    assert card.training["recipe"] == "vae"
    assert card.training["latent_dim"] == 2
    assert None not in card.training.values()
    assert card.license == "MIT"


def test_the_card_names_the_data_without_the_users_folders(table_run):
    card = model_card(table_run, "")
    assert card.title == "beta_vae, trained on table.csv"
    assert card.data["source"] == "table.csv"


def test_a_page_is_named_after_its_run(calls, table_run, tmp_path):
    _run("export", "web", table_run.path, tmp_path / "page", "--columns", "length, width")
    _run("export", "web", table_run.path, tmp_path / "other", "--title", "Mine", "--runtime", tmp_path)
    (_, path, options), (_, _, other) = calls
    assert path == tmp_path / "page"
    assert options["preprocessing"].offset == table_run.preprocessing().offset
    assert options["title"] == "beta_vae, trained on table.csv"
    assert options["columns"] == ("length", "width")
    assert options["runtime"] is None
    assert (other["title"], other["runtime"]) == ("Mine", tmp_path)


@pytest.fixture
def pages(monkeypatch, tmp_path_factory):
    """Let `tfvae.export.web` write a page's files with its title, and no runtime."""
    model = tfvae.export.litert(tfvae.zoo.vae((4,), latent_dim=2), tmp_path_factory.mktemp("m") / "m.tflite")

    def write(_, folder, **options):
        (folder / "vendor").mkdir(parents=True)
        (folder / "vendor" / "run.js").write_text("run")
        (folder / "index.html").write_text(options["title"])
        (folder / "model.tflite").write_bytes(model.path.read_bytes())

    monkeypatch.setattr(tfvae.export, "web", write)


@pytest.mark.usefixtures("pages")
class TestPagesThatExist:
    """`tfvae export web` replaces a page with --overwrite, and nothing else ever."""

    def export(self, run, folder, *options):
        return main(["export", "web", str(run.path), str(folder), *options])

    def test_a_page_is_replaced_on_demand(self, image_run, tmp_path, capsys):
        page = tmp_path / "page"
        assert self.export(image_run, page, "--title", "old", "--overwrite") == 0
        assert self.export(image_run, page, "--title", "new") == 2
        assert "FOLDER: expected a new or empty folder" in capsys.readouterr().err
        assert (page / "index.html").read_text() == "old"
        assert self.export(image_run, page, "--title", "new", "--overwrite") == 0
        assert (page / "index.html").read_text() == "new"
        assert [path.name for path in tmp_path.iterdir()] == ["page"]

    @pytest.mark.parametrize("name", ["notes.txt", "vendor/mine.js", "photos/a.png"])
    def test_other_files_beside_a_page_are_kept(self, image_run, tmp_path, capsys, name):
        page = tmp_path / "page"
        self.export(image_run, page, "--title", "old")
        (page / name).parent.mkdir(exist_ok=True)
        (page / name).write_text("mine")
        assert self.export(image_run, page, "--title", "new", "--overwrite") == 1
        assert "FOLDER: expected a folder of a page alone" in capsys.readouterr().err
        assert ((page / "index.html").read_text(), (page / name).read_text()) == ("old", "mine")
        assert [path.name for path in tmp_path.iterdir()] == ["page"]

    @pytest.mark.parametrize("model", [None, b"", b"mine" * 100])
    def test_another_site_with_the_same_names_is_kept(self, image_run, tmp_path, capsys, model):
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "index.html").write_text("mine")
        if model is not None:
            (tmp_path / "site" / "model.tflite").write_bytes(model)
        assert self.export(image_run, tmp_path / "site", "--overwrite") == 1
        assert "FOLDER: expected a folder of a page, to be replaced" in capsys.readouterr().err
        assert (tmp_path / "site" / "index.html").read_text() == "mine"


@pytest.mark.slow
def test_code_beside_a_litert_file_is_replaced_on_demand_if_it_is_generated(image_run, tmp_path, capsys):
    export = ["export", "litert", str(image_run.path), str(tmp_path / "m.tflite")]
    code = tmp_path / "m.code" / "m.cc"
    code.parent.mkdir()
    code.write_text("int main() {}")
    assert main(export) == 2
    assert "FILE: expected a new or empty folder" in capsys.readouterr().err
    assert main([*export, "--overwrite"]) == 1
    assert f"{code} exists" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["m.code"]
    assert code.read_text() == "int main() {}"
    code.unlink()
    assert main(export) == 0
    generated = code.read_text()
    code.write_text(generated + "// edited")
    assert main([*export, "--overwrite"]) == 0
    assert code.read_text() == generated


def test_a_failed_export_is_one_line(image_run, tmp_path, monkeypatch, capsys):
    def fail(model, path, **options):
        raise tfvae.export.result.ExportError("the numbers differ")

    monkeypatch.setattr(tfvae.export, "litert", fail)
    assert main(["export", "litert", str(image_run.path), str(tmp_path / "e.tflite")]) == 1
    assert capsys.readouterr().err == "tfvae: error: the numbers differ\n"
