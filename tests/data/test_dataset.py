"""The tf.data set of a pipeline: in `fit`, over replicas, and with errors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import UnreadableFile
from tfvae.data import Arrays, Pipeline, original_errors


@pytest.mark.parametrize("source", ["array", "npy", "tfrecord"], indirect=True)
def test_dataset_has_static_shapes_and_the_batches_of_the_pipeline(source):
    pipeline = Pipeline(source, batch_size=512, seed=2)
    dataset = pipeline.dataset()
    assert dataset.element_spec == tf.TensorSpec((None, 1), tf.float32)
    from_tf = [np.asarray(batch) for batch in dataset]
    assert pipeline.epoch == 1
    pipeline.epoch = 0
    for a, b in zip(from_tf, pipeline.batches(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(from_tf[0], next(iter(dataset)))  # another epoch


def test_dataset_over_replicas(numbered):
    devices = tf.config.list_logical_devices("CPU")
    strategy = tf.distribute.MirroredStrategy([device.name for device in devices])
    pipeline = Pipeline(Arrays(numbered), batch_size=100)
    seen = []
    for batch in strategy.experimental_distribute_dataset(pipeline.dataset()):
        seen += [
            int(v) for part in strategy.experimental_local_results(batch) for v in np.asarray(part)[:, 0]
        ]
    assert sorted(seen) == list(range(5000))
    assert pipeline.epoch == 1


def test_dataset_with_labels():
    dataset = Pipeline(tfvae.data.source("sklearn:digits"), batch_size=32, with_labels=True).dataset()
    assert dataset.element_spec["x"].shape == (None, 8, 8, 1)
    assert next(iter(dataset))["label"].dtype == tf.int64


@keras.saving.register_keras_serializable("tests")
class Recorder(keras.Model):
    """A model that learns nothing; `seen` collects its batches."""

    def __init__(self):
        super().__init__()
        self.seen = []
        self.weight = self.add_weight(shape=(), initializer="zeros")

    def call(self, inputs):
        return inputs * self.weight

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return tf.reduce_mean(y_pred**2)

    def train_step(self, data):
        self.seen.append(np.asarray(data))
        return super().train_step((data,))


@pytest.mark.parametrize("source", ["array", "csv"], indirect=True)
def test_fit_passes_one_epoch_after_the_other_with_and_without_setting_them(source):
    source.count()

    def run(epochs, first=0, callbacks=()):
        pipeline = Pipeline(source, batch_size=500, seed=3)
        model = Recorder()
        model.compile("sgd", run_eagerly=True)
        model(np.zeros((1, 1), np.float32))
        setters = [
            keras.callbacks.LambdaCallback(on_epoch_begin=lambda e, logs: setattr(pipeline, "epoch", e))
        ]
        valid = Pipeline(source, batch_size=500, shuffle=False).dataset()
        model.fit(
            pipeline.dataset(),
            validation_data=valid,
            initial_epoch=first,
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=setters if callbacks else None,
        )
        return model.seen

    straight = run(3, callbacks=True)
    assert len(straight) == 30
    for epoch in (straight[:10], straight[10:20], straight[20:]):
        assert len(np.unique(np.concatenate(epoch))) == 5000
    np.testing.assert_array_equal(run(3, first=2, callbacks=True), straight[20:])
    unset = run(2)
    assert not np.array_equal(unset[0], unset[10])  # a plain fit does not repeat its first epoch


@pytest.fixture
def damaged(tmp_path):
    """A file whose last rows cannot be read."""
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "1\n" * 600_000 + "high\n")
    return tfvae.data.source(path)


def test_an_error_in_the_middle_is_one_line(damaged):
    pipeline = Pipeline(damaged, batch_size=1000)
    with pytest.raises(tf.errors.OpError, match="high"):
        for _ in pipeline.dataset():
            pass
    assert isinstance(pipeline.failure, UnreadableFile)
    model = Recorder()
    model.compile("sgd", run_eagerly=True)
    with (
        pytest.raises(UnreadableFile, match=r"t\.csv.*column 'a'.*Row #600002.*high"),
        original_errors(pipeline),
    ):
        model.fit(pipeline.dataset(), shuffle=False, verbose=0)
    with pytest.raises(ZeroDivisionError), original_errors(pipeline):
        _ = 1 / 0  # not ours
