"""Files of detectors: both kinds come back, and whatever else is read gives one line that names the file."""

import json
import pickle
import zipfile

import numpy as np
import pytest

import tfvae
from tfvae.anomaly import FalsePositiveRate, SeriesDetector, VAEDetector, load
from tfvae.core.errors import InvalidInput, UnreadableFile

KINDS = {
    "rows": lambda: VAEDetector(epochs=1, calibration=FalsePositiveRate(0.1)),
    "series": lambda: SeriesDetector(window=8, epochs=1, score="negative_elbo"),
}


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(100, 3))


@pytest.fixture(scope="module", params=KINDS)
def fitted(request, x):
    return KINDS[request.param]().fit(x)


@pytest.fixture
def path(fitted, tmp_path):
    fitted.save(tmp_path / "a.detector")
    return tmp_path / "a.detector"


def _rewrite(path, about=lambda values: values, without=()):
    """Change `about.json` of an archive, and leave files out."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if name not in without}
    if "about.json" in files:
        files["about.json"] = json.dumps(about(json.loads(files["about.json"])))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def _message(path):
    with pytest.raises(UnreadableFile) as caught:
        load(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: expected a")
    return message


@pytest.mark.slow
def test_a_file_keeps_kind_arguments_and_bits(fitted, path, x):
    loaded = load(path)
    assert type(loaded) is type(fitted)
    assert loaded.n_features_in_ == 3
    for name, value in fitted.get_params().items():
        if name == "calibration" and value is not None:
            assert loaded.get_params()[name].get_config() == value.get_config()
        else:
            assert loaded.get_params()[name] == value
    np.testing.assert_array_equal(loaded.score_samples(x), fitted.score_samples(x))
    np.testing.assert_array_equal(loaded.explain(x), fitted.explain(x))
    for name, values in fitted.assess(x).items():
        np.testing.assert_array_equal(loaded.assess(x)[name], values)


def test_a_file_can_replace_itself_and_leaves_nothing_else(path, x):
    loaded = load(path)
    loaded.save(path)
    np.testing.assert_array_equal(load(path).anomaly_scores(x), loaded.anomaly_scores(x))
    assert [entry.name for entry in path.parent.iterdir()] == ["a.detector"]


def test_a_pickle_keeps_the_bits(fitted, x):
    copy = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(copy.anomaly_scores(x), fitted.anomaly_scores(x))


@pytest.mark.parametrize("keep", [0, 100, 5000, 0.5, 0.99])
def test_a_file_that_was_cut_off(path, keep):
    content = path.read_bytes()
    path.write_bytes(content[: keep if isinstance(keep, int) else int(keep * len(content))])
    assert "damaged or of another format" in _message(path)


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_file_with_changed_bytes(path, place):
    content = bytearray(path.read_bytes())
    start = int(place * len(content))
    content[start : start + 20] = bytes(20 * [0x5A])
    path.write_bytes(bytes(content))
    assert "damaged or of another format" in _message(path)


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        (lambda values: {**values, "format": 99}, "it has format 99, not 1"),
        (
            lambda values: {**values, "kind": "Pump"},
            "one of SeriesDetector, VAEDetector, but it holds a 'Pump'",
        ),
        (lambda values: {**values, "arguments": {"depth": 3}}, "unexpected keyword argument 'depth'"),
        (lambda values: {}, "'format'"),
        (lambda values: [1, 2], "damaged or of another format"),
        (
            lambda values: {**values, "arguments": {**values["arguments"], "epochs": "many"}},
            "'epochs' parameter",
        ),
        (lambda values: {**values, "learned": {"fit": 1}}, "damaged or of another format"),
        (lambda values: {**values, "learned": {"n_features_in_": "x"}}, "damaged or of another format"),
        (lambda values: {**values, "learned": {"n_features_in_": [3]}}, "damaged or of another format"),
    ],
)
def test_a_file_of_another_detector(path, about, reason):
    _rewrite(path, about)
    assert reason in _message(path)


@pytest.mark.parametrize("seed", range(6))
def test_a_part_with_changed_bytes_and_a_checksum_that_fits(path, seed):
    """Such a file loads as a detector that can score, or gives one line."""
    rng = np.random.default_rng(seed)
    with zipfile.ZipFile(path) as archive:
        files = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    part = files[list(files)[seed % len(files)]]
    for place in rng.integers(0, len(part), 4):
        part[place] = rng.integers(256)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, bytes(content))
    try:
        load(path)
    except UnreadableFile as error:
        message = str(error)
    else:
        return
    assert "\n" not in message
    assert message.startswith(f"{path}: expected a")


def test_a_file_without_one_of_its_parts(path):
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    assert len(names) >= 3
    for name in names:
        _rewrite(path, without=[name])
        assert "damaged or of another format" in _message(path)


def test_the_inner_file_of_a_series_detector_is_not_what_a_message_names(x, tmp_path):
    path = tmp_path / "a.detector"
    KINDS["series"]().fit(x).save(path)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["windows.detector"] = b"PK nothing"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    assert "not a zip file" in _message(path)


def test_files_of_other_programs(tmp_path):
    path = tmp_path / "a.detector"
    path.write_bytes(b"no archive at all")
    assert "not a zip file" in _message(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
    assert "about.json" in _message(path)
    tfvae.zoo.vae((4,), latent_dim=2).save(tmp_path / "vae.keras")
    (tmp_path / "vae.keras").rename(path)
    assert "about.json" in _message(path)
    path.unlink()
    assert _message(path).endswith("there is no such file")


def test_another_ending_is_rejected(fitted, tmp_path):
    with pytest.raises(InvalidInput, match=r"path: expected a name that ends in .detector"):
        fitted.save(tmp_path / "table.zip")
