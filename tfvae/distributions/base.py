"""The base class of this library's own distributions."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow_probability import distributions as tfd


class UnvalidatedDistribution(tfd.Distribution):
    """A TFP distribution that does not validate its arguments, which come from other parts; abstract.

    Args:
        parameters: the arguments of the subclass by name, `dict(locals())` at the start of its `__init__`.
        reparameterization_type: whether gradients go through draws.
        dtype: of the draws.
        name: of the distribution.
    """

    def __init__(
        self,
        parameters: dict[str, Any],
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
