"""What a fitted detector is in a graph: from raw features to score, p-value, decision and contributions."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf

from tfvae.anomaly.blocks import Tensors, in_blocks
from tfvae.anomaly.calibration import Calibration
from tfvae.anomaly.score import Score
from tfvae.checks import whole_number
from tfvae.models import LatentModel
from tfvae.part import Configured

_DECODED_AT_ONCE = 4096  # points, by which the rows of a block are chosen
_ROWS_AT_ONCE = 8192


class Scorer(Configured, keras.Model):
    """raw features -> preprocessing -> x -> model and score -> calibration; one object, one file.

    Everything is computed in blocks of a fixed number of rows (`tfvae.anomaly.blocks`), so that a row has
    the same score to the last bit whatever rows come with it.

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
        self.block = whole_number("block", block, 0) or max(16, min(256, _DECODED_AT_ONCE // score.passes))
        self.built = True

    @classmethod
    def from_config(cls, config: dict) -> Scorer:
        """Make the scorer again, with weights for what the score learned."""
        made = super().from_config(config)
        made.score.prepare(made.model)
        return made

    def call(self, raw: Tensors) -> Tensors:
        """Return the score and its terms, `p_value` and `is_anomaly`, each [B], of raw features by name."""
        return self.judged(raw)

    def x(self, raw: Tensors) -> tf.Tensor:
        """Return the model's x, float32 [B, *event], of raw features by name."""
        value = next(iter(raw.values())) if len(raw) == 1 else raw
        return tf.cast(value if self.preprocessing is None else self.preprocessing(value), tf.float32)

    def scored(self, raw: Tensors) -> Tensors:
        """Return the score and its terms, [B]."""
        vector = tf.TensorSpec((self.block,), tf.float32)
        return in_blocks(
            lambda block: self.score.values(self.model, self.model.tensors(self.x(block))),
            raw,
            self.block,
            dict.fromkeys(("score", *self.score.terms), vector),
        )

    def contributions(self, raw: Tensors) -> tf.Tensor:
        """Return the contribution of each element of x to the score, [B, *event]."""

        def block(rows: Tensors) -> Tensors:
            return {"": self.score.contributions(self.model, self.model.tensors(self.x(rows)))}

        spec = tf.TensorSpec((self.block, *self.model.event_shape), tf.float32)
        return in_blocks(block, raw, self.block, {"": spec})[""]

    def judged(self, raw: Tensors) -> Tensors:
        """Return `score` and its terms, `p_value` and `is_anomaly`, each [B]."""
        terms = self.scored(raw)
        score = terms["score"]
        return {
            **terms,
            "p_value": self.calibration.p_values(score),
            "is_anomaly": self.calibration.is_anomaly(score),
        }

    # The same of arrays.

    def scores_of(self, raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the score and its terms of arrays of any length."""
        return self._in_parts(self._scored, raw)

    def contributions_of(self, raw: dict[str, np.ndarray]) -> np.ndarray:
        """Return the contributions of arrays of any length."""
        return self._in_parts(self._contributions, raw)[""]

    def _in_parts(self, function: object, raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        rows = math.ceil(_ROWS_AT_ONCE / self.block) * self.block
        count = len(next(iter(raw.values())))
        parts = [
            function({name: tf.convert_to_tensor(value[start : start + rows]) for name, value in raw.items()})
            for start in range(0, count, rows)
        ]
        return {name: np.concatenate([np.asarray(part[name]) for part in parts]) for name in parts[0]}

    @tf.function(reduce_retracing=True)
    def _scored(self, raw: Tensors) -> Tensors:
        return self.scored(raw)

    @tf.function(reduce_retracing=True)
    def _contributions(self, raw: Tensors) -> Tensors:
        return {"": self.contributions(raw)}
