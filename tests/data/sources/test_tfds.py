"""TFDS data sets: prepared ones without a network, and one line for those that cannot be prepared."""

import shutil
import time

import numpy as np
import pytest
import requests
import tensorflow_datasets as tfds

import tfvae
from tfvae.core.errors import InvalidInput, UnreadableFile


def pixels(number, channels=1):
    return np.random.default_rng(number).integers(0, 256, (6, 5, channels), np.uint8)


class _TinyBuilder(tfds.core.GeneratorBasedBuilder):
    """A data set that is computed, with the features that a subclass names."""

    VERSION = tfds.core.Version("1.0.0")
    SKIP_REGISTERING = True
    FEATURES: dict
    SUPERVISED = None

    def _info(self):
        features = tfds.features.FeaturesDict(self.FEATURES)
        return tfds.core.DatasetInfo(builder=self, features=features, supervised_keys=self.SUPERVISED)

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(30), "test": self._generate_examples(7)}

    def _generate_examples(self, count):
        return ((i, self.example(i)) for i in range(count))


class TfvaeImages(_TinyBuilder):
    FEATURES = {  # noqa: RUF012
        "image": tfds.features.Image(shape=(6, 5, 1)),
        "label": tfds.features.ClassLabel(num_classes=40),
        "caption": tfds.features.Text(),
    }
    SUPERVISED = ("image", "label")

    def example(self, i):
        return {"image": pixels(i), "label": i, "caption": "of any length " * i}


class TfvaeSizes(_TinyBuilder):
    FEATURES = {"image": tfds.features.Image(shape=(None, None, 3))}  # noqa: RUF012

    def example(self, i):
        return {"image": pixels(i, 3)[: 6 if i < 20 else 4]}


class TfvaeTable(_TinyBuilder):
    FEATURES = {  # noqa: RUF012
        "features": {
            "width": np.float32,
            "height": np.int64,
            "pair": tfds.features.Tensor(shape=(2,), dtype=np.float64),
        },
        "quality": np.float32,
    }
    SUPERVISED = ("features", "quality")

    def example(self, i):
        return {
            "features": {"width": i + 0.5, "height": i, "pair": np.array([i, -i], float)},
            "quality": i / 10,
        }


class TfvaeWords(_TinyBuilder):
    FEATURES = {"number": np.float32, "word": tfds.features.Text()}  # noqa: RUF012

    def example(self, i):
        return {"number": i, "word": "word"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the four data sets above, prepared."""
    folder = tmp_path_factory.mktemp("tfds")
    for builder in (TfvaeImages, TfvaeSizes, TfvaeTable, TfvaeWords):
        builder(data_dir=folder).download_and_prepare()
    return folder


@pytest.fixture
def offline(prepared, monkeypatch):
    """The prepared data sets, and a network that must not be used."""

    def fail(*_, **__):
        raise AssertionError("a prepared data set used the network")

    monkeypatch.setattr(requests.Session, "request", fail)
    monkeypatch.setenv("TFDS_DATA_DIR", str(prepared))


@pytest.mark.parametrize(("split", "size"), [("", 30), ("/train", 30), ("/test", 7), ("/train[:10]", 10)])
def test_prepared_images_come_back(split, size, offline, everything_of):
    source = tfvae.data.source(f"tfds:tfvae_images{split}")
    assert (source.shape, source.is_image, source.size) == ((6, 5, 1), True, size)
    x, label = everything_of(source, 4)
    assert len(np.unique(label)) == size
    for image, number in zip(x, label, strict=True):
        np.testing.assert_array_equal(image, pixels(number) / np.float32(255))
    np.testing.assert_array_equal(everything_of(source, 100)[1], label)  # the order does not depend on chunks


def test_prepared_table_comes_back(offline, everything_of):
    source = tfvae.data.source("tfds:tfvae_table")
    assert (source.shape, source.is_image) == ((4,), False)
    x, label = everything_of(source)
    i = x[:, 0]  # columns in the order of their names: height, pair, width
    np.testing.assert_array_equal(x, np.stack([i, i, -i, i + 0.5], axis=1))
    np.testing.assert_allclose(label, i / 10)
    np.testing.assert_array_equal(np.sort(i), np.arange(30))


def test_in_a_pipeline(offline):
    pipeline = tfvae.data.Pipeline(tfvae.data.source("tfds:tfvae_images"), batch_size=10, with_labels=True)
    assert sorted(int(k) for batch in pipeline.dataset() for k in batch["label"]) == list(range(30))


def test_images_of_different_sizes(offline):
    with pytest.raises(UnreadableFile, match="after") as caught:
        list(tfvae.data.source("tfds:tfvae_sizes").chunks())
    assert "\n" not in str(caught.value)


def test_texts_are_no_numbers(offline):
    with pytest.raises(InvalidInput, match="'word'"):
        tfvae.data.source("tfds:tfvae_words").shape  # noqa: B018


def test_damaged_files(offline, prepared, tmp_path, monkeypatch):
    shutil.copytree(prepared, tmp_path / "copy")
    (file,) = (tmp_path / "copy" / "tfvae_images").rglob("*train*.tfrecord*")
    file.write_bytes(file.read_bytes()[:-20])
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "copy"))
    with pytest.raises(UnreadableFile, match="tfvae_images"):
        list(tfvae.data.source("tfds:tfvae_images").chunks())


def test_unknown_names_and_splits(offline):
    with pytest.raises(InvalidInput, match="did you mean.*mnist"):
        tfvae.data.source("tfds:mnits")
    with pytest.raises(InvalidInput, match="list_builders"):
        tfvae.data.source("tfds:qqqqqqqqqqq")
    with pytest.raises(InvalidInput, match="train, test.*tset"):
        tfvae.data.source("tfds:tfvae_images/tset").shape  # noqa: B018


def test_a_download_that_cannot_be_reached(tmp_path, monkeypatch):
    asked = []

    def unreachable(url, **arguments):
        asked.append((url, arguments["timeout"]))
        raise requests.ConnectTimeout("no route")

    monkeypatch.setattr(requests, "head", unreachable)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    start = time.monotonic()
    source = tfvae.data.source("tfds:mnist")
    with pytest.raises(UnreadableFile, match="TFDS_DATA_DIR") as caught:
        source.shape  # noqa: B018
    assert time.monotonic() - start < 10
    assert "\n" not in str(caught.value)
    assert "idx:FOLDER" in str(caught.value)
    assert len(asked) == 1
    assert asked[0][0].startswith("https://")
    assert asked[0][1] <= 3


def test_a_server_that_never_answers(tmp_path, monkeypatch):
    monkeypatch.setattr(tfvae.data.sources.tfds_builder, "_PROBE_SECONDS", 0.1)
    monkeypatch.setattr(requests, "head", lambda url, **_: time.sleep(2))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(UnreadableFile, match="no answer in"):
        tfvae.data.source("tfds:mnist").shape  # noqa: B018


def test_a_computed_data_set_is_prepared_without_the_network(tmp_path, monkeypatch, everything_of):
    monkeypatch.setattr(requests, "head", lambda *_, **__: pytest.fail("asked"))
    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: TfvaeImages(data_dir=data_dir))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert len(everything_of(tfvae.data.source("tfds:tfvae_images"))[0]) == 30


def test_preparation_that_fails(tmp_path, monkeypatch):
    class TfvaeFails(TfvaeImages):
        SKIP_REGISTERING = True

        def example(self, i):
            raise ValueError("its website\nhas moved")

    monkeypatch.setattr(tfds, "builder", lambda name, data_dir: TfvaeFails(data_dir=data_dir))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(UnreadableFile, match="has moved") as caught:
        tfvae.data.source("tfds:tfvae_fails").shape  # noqa: B018
    assert "\n" not in str(caught.value)
