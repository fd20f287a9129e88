"""Divergence during `fit`."""

import pytest

from tfvae.callbacks import StopIfNotFinite


def test_a_loss_that_is_not_finite_ends_training():
    stop = StopIfNotFinite()
    stop.on_epoch_end(0, {"loss": 1.0})
    for loss in (float("nan"), float("inf")):
        with pytest.raises(FloatingPointError, match="epoch 2"):
            stop.on_epoch_end(1, {"loss": loss})
