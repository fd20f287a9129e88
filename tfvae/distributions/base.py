"""What this library's own distributions share."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd


class BaseDistribution(tfd.Distribution):
    """A TFP distribution that checks nothing, as its arguments come from parts; abstract.

    Args:
        parameters: the arguments of the subclass by name, `dict(locals())` at the start of its `__init__`.
        reparameterization_type: whether gradients go through draws.
        dtype: of the draws.
        name: of the distribution.
    """

    def __init__(
        self,
        parameters: dict,
        reparameterization_type: tfd.ReparameterizationType = tfd.NOT_REPARAMETERIZED,
        dtype: tf.DType = tf.float32,
        name: str | None = None,
    ):
        super().__init__(
            dtype=dtype,
            reparameterization_type=reparameterization_type,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )
