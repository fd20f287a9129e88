"""What a fitted detector is in a graph: from raw features to score, p-value, decision and contributions."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tfvae.anomaly.calibration.base import Calibration
from tfvae.anomaly.detectors.fixed_blocks import Tensors, in_blocks
from tfvae.anomaly.scores.base import Score
from tfvae.core.checks import integer
from tfvae.core.part import Configured
from tfvae.models import LatentModel

_DECODED_AT_ONCE = 4096  # points, by which the rows of a block are chosen
_ROWS_AT_ONCE = 8192


class Scorer(Configured, keras.Model):
    """raw features -> preprocessing -> x -> model and score -> calibration; one object, one file.

    Everything is computed in blocks of a fixed number of rows (`tfvae.anomaly.detectors.fixed_blocks`), so
    that a row has the same score to the last bit whatever rows come with it.

    Args:
        model: the trained model.
        score: what is computed from it.
        calibration: from the score to p-value and decision.
        preprocessing: layer from raw features to the model's x; None where they are x.
        block: rows of a block; 0 is a number that makes about 4,096 decoded points.
    """

    def __init__(
        self,
        model: LatentModel,
        score: Score,
        calibration: Calibration,
        preprocessing: keras.Layer | None = None,
        block: int = 0,
        *,
        name: str | None = None,
        dtype: object = None,
    ):
        super().__init__(name=name, dtype=dtype, autocast=False)
        self.model, self.score = model, score
        self.calibration, self.preprocessing = calibration, preprocessing
        self.block = integer("block", block, 0) or max(16, min(256, _DECODED_AT_ONCE // score.passes))
        self.built = True

    @classmethod
    def from_config(cls, config: dict) -> Scorer:
        """Make the scorer again, with weights for what the score learned."""
        made = super().from_config(config)
        made.score.prepare(made.model)
        return made

    def call(self, raw: Tensors) -> Tensors:
        """Return the score and its terms, `p_value` and `is_anomaly`, each [B], of raw features by name."""
        return self.assessed(raw)

    def x(self, raw: Tensors) -> tf.Tensor:
        """Return the model's x, float32 [B, *event], of raw features by name."""
        value = next(iter(raw.values())) if len(raw) == 1 else raw
        return tf.cast(value if self.preprocessing is None else self.preprocessing(value), tf.float32)

    def assessed(self, raw: Tensors) -> Tensors:
        """Return `score` and its terms, `p_value` and `is_anomaly`, each [B]."""
        return in_blocks(
            lambda block: self._decided(self.score.values(self.model, self._inputs(block))),
            raw,
            self.block,
            self._signature(),
        )

    def explained(self, raw: Tensors) -> Tensors:
        """Return what `assessed` does, and `attribution` [B, *event], whose sums are the score."""

        def function(block: Tensors) -> Tensors:
            terms, contributions = self.score.explained(self.model, self._inputs(block))
            return {**self._decided(terms), "attribution": contributions}

        attribution = tf.TensorSpec((self.block, *self.model.event_shape), tf.float32)
        return in_blocks(function, raw, self.block, {**self._signature(), "attribution": attribution})

    def at_once(self, raw: Tensors) -> Tensors:
        """Return the score and its terms of all rows in one pass.

        In plain operations, for devices: a row's last bits may depend on the rows that come with it.
        """
        return self.score.values(self.model, self._inputs(raw))

    def _inputs(self, raw: Tensors) -> Tensors:
        return self.model.tensors(self.x(raw))

    def _decided(self, terms: Tensors) -> Tensors:
        return {**terms, **self.calibration.decided(terms["score"])}

    def _signature(self) -> dict[str, tf.TensorSpec]:
        numbers = dict.fromkeys(("score", *self.score.terms, "p_value"), tf.TensorSpec((self.block,)))
        return {**numbers, "is_anomaly": tf.TensorSpec((self.block,), tf.bool)}

    # The same of arrays of any length.

    def assess_arrays(self, raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what `assessed` does, of arrays."""
        return self._in_parts(self.assessed, raw)

    def explain_arrays(self, raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what `explained` does, of arrays."""
        return self._in_parts(self.explained, raw)

    def _in_parts(
        self, method: Callable[[Tensors], Tensors], raw: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        tensors = {name: tf.convert_to_tensor(value[:0]) for name, value in raw.items()}
        specs = {name: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for name, v in tensors.items()}
        key = (method.__name__, *((name, *spec.shape[1:], spec.dtype) for name, spec in specs.items()))
        if key not in self._graphs:
            self._graphs[key] = tf.function(method, autograph=False).get_concrete_function(specs)
        count = len(next(iter(raw.values())))
        parts = [
            self._graphs[key](
                {name: tf.convert_to_tensor(v[start : start + _ROWS_AT_ONCE]) for name, v in raw.items()}
            )
            for start in range(0, count, _ROWS_AT_ONCE)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @functools.cached_property
    def _graphs(self) -> dict[tuple, Callable]:
        return {}
