"""The order of a pipeline during `fit`."""

import numpy as np
import pytest

import tfvae
from tfvae.callbacks import SetEpoch


@pytest.fixture
def pipeline():
    x = np.arange(40, dtype="float32").reshape(20, 2) / 40
    return tfvae.data.Pipeline(tfvae.data.Arrays(x), batch_size=5)


@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_each_pass_has_the_number_of_its_epoch(pipeline, small_vae, steps_per_execution):
    """Keras begins a pass at the end of each epoch that it never reads, which must not count."""
    vae = small_vae(size=2)
    vae.compile(steps_per_execution=steps_per_execution)
    begun = []
    original = pipeline._pass
    pipeline._pass = lambda epoch: begun.append(epoch) or original(epoch)
    vae.fit(pipeline.dataset(), epochs=5, initial_epoch=2, verbose=0, callbacks=[SetEpoch(pipeline)])
    assert begun == [2, 3, 4]
