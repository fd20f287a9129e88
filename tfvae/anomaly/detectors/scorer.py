"""A fitted detector as one graph: from raw features to score, p-value, decision and contributions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Self, final

import keras
import numpy as np
import tensorflow as tf

from tfvae.anomaly.calibration.base import Calibration
from tfvae.anomaly.detectors.blockwise import apply_blockwise
from tfvae.anomaly.scores.base import Score
from tfvae.anomaly.scores.extreme_values import explained, infinite_at_largest, infinite_unless_finite
from tfvae.core.checks import integer
from tfvae.core.inputs import to_array
from tfvae.core.part import Configured
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.models import LatentModel

_DECODED_AT_ONCE = 4096  # latent points, from which the rows of a block follow
_ROWS_PER_CALL = 8192


@final
class Scorer(Configured, keras.Model):
    """raw features -> preprocessing -> x -> model and score -> calibration, as one object and one file.

    Where values overflow float32, the score is infinite, and so is the contribution of such a value.

    Everything is computed in blocks of a fixed number of rows (`tfvae.anomaly.detectors.blockwise`), so that
    a row has the same score, to the last bit, in any batch. `VAEDetector` tells what processes have to share
    for the same bits.

    Args:
        model: the trained model.
        score: a score prepared for the model.
        calibration: from scores to p-values and decisions.
        preprocessing: layer from raw features to the model's x; None if the raw features are x.
        block: rows of a block; 0 means a number that makes about 4,096 decoded points.

    Example:
        >>> import tfvae
        >>> x = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
        >>> scorer = tfvae.anomaly.VAEDetector(epochs=1).fit(x).scorer_
        >>> sorted(scorer.assess_arrays({"x": x}))
        ['is_anomaly', 'p_value', 'score']
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
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype, autocast=False)
        self.model, self.score = model, score
        self.calibration, self.preprocessing = calibration, preprocessing
        self.block = integer("block", block, 0) or max(16, min(256, _DECODED_AT_ONCE // score.num_decoded))
        self.built = True

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return the scorer of a configuration, with weights for what the score learned."""
        scorer = super().from_config(config)
        scorer.score.prepare(scorer.model)
        return scorer

    def call(self, raw: Tensors) -> Tensors:
        """Return the score and its terms, `p_value` and `is_anomaly`, each [B]; as `assessed`."""
        return self.assessed(raw)

    def x(self, raw: Tensors) -> Tensor:
        """Return the model's x, float32 [B, *event].

        Args:
            raw: raw features by name, each [B, ...].
        """
        value = next(iter(raw.values())) if len(raw) == 1 else raw
        return tf.cast(value if self.preprocessing is None else self.preprocessing(value), tf.float32)

    def assessed(self, raw: Tensors) -> Tensors:
        """Return `score` and its terms, `p_value` and `is_anomaly`, each [B].

        Args:
            raw: raw features by name, each [B, ...].
        """
        return apply_blockwise(
            lambda block: self._with_decisions(self._values(block)),
            raw,
            self.block,
            self._signature(),
        )

    def explained(self, raw: Tensors) -> Tensors:
        """Return the values of `assessed`, and `attribution` [B, *event], which adds up to the score.

        Elements far outside the training data have contributions by occlusion
        (`tfvae.anomaly.scores.extreme_values.explained`).

        Args:
            raw: raw features by name, each [B, ...].
        """

        def function(block: Tensors) -> Tensors:
            inputs = self._inputs(block)
            terms, contributions = explained(self.score, self.model, inputs)
            terms["score"] = infinite_unless_finite(terms["score"])
            return {
                **self._with_decisions(terms),
                "attribution": infinite_at_largest(contributions, inputs["x"]),
            }

        attribution = tf.TensorSpec((self.block, *self.model.event_shape), tf.float32)
        return apply_blockwise(function, raw, self.block, {**self._signature(), "attribution": attribution})

    def at_once(self, raw: Tensors) -> Tensors:
        """Return the score and its terms of all rows in one pass, each [B], without blocks.

        For devices: it takes plain operations only, but a row's last bits may depend on the other rows.

        Args:
            raw: raw features by name, each [B, ...].
        """
        return self._values(raw)

    def assess_arrays(self, raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the values of `assessed` for arrays of any length, as arrays.

        Args:
            raw: raw features by name, each [N, ...].
        """
        return self._in_parts(self.assessed, raw)

    def explain_arrays(self, raw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the values of `explained` for arrays of any length, as arrays.

        Args:
            raw: raw features by name, each [N, ...].
        """
        return self._in_parts(self.explained, raw)

    def _inputs(self, raw: Tensors) -> Tensors:
        return self.model.tensors(self.x(raw))

    def _values(self, raw: Tensors) -> Tensors:
        terms = self.score.values(self.model, self._inputs(raw))
        return {**terms, "score": infinite_unless_finite(terms["score"])}

    def _with_decisions(self, terms: Tensors) -> Tensors:
        return {**terms, **self.calibration.decide(terms["score"])}

    def _signature(self) -> dict[str, tf.TensorSpec]:
        numbers = dict.fromkeys(("score", *self.score.terms, "p_value"), tf.TensorSpec((self.block,)))
        return {**numbers, "is_anomaly": tf.TensorSpec((self.block,), tf.bool)}

    def _in_parts(
        self, method: Callable[[Tensors], Tensors], raw: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        raw = {
            name: np.asarray(to_array(name, value)) if isinstance(value, np.ma.MaskedArray) else value
            for name, value in raw.items()
        }
        tensors = {name: tf.convert_to_tensor(value[:0]) for name, value in raw.items()}
        specs = {name: tf.TensorSpec((None, *v.shape[1:]), v.dtype) for name, v in tensors.items()}
        key = (method.__name__, *((name, *spec.shape[1:], spec.dtype) for name, spec in specs.items()))
        if key not in self._graphs:
            self._graphs[key] = tf.function(method, autograph=False).get_concrete_function(specs)
        count = len(next(iter(raw.values())))
        parts = [
            self._graphs[key](
                {name: tf.convert_to_tensor(v[start : start + _ROWS_PER_CALL]) for name, v in raw.items()}
            )
            for start in range(0, count, _ROWS_PER_CALL)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    @functools.cached_property
    def _graphs(self) -> dict[tuple, Callable]:
        return {}
