"""The posterior of a two-level vector-quantized autoencoder."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from tfvae.core.checks import keras_layer
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.distributions.codebook_sizes import codes_by_position, shared_num_codes
from tfvae.posteriors.code_posterior import CodePosterior
from tfvae.posteriors.codebook import Codebook


class HierarchicalVectorQuantizer(CodePosterior):
    """Codes at two levels: those of the bottom given those of the top.

    top = nearest(h_top),  bottom = nearest([h_bottom; between(e_top)]),  z = [e_top; e_bottom]

    with features h_top and h_bottom of x, and e the vectors of the codes. The encoder returns the two as a
    list [h_top, h_bottom]; a single tensor serves as both. Gradients go straight through both levels: from
    e_bottom through `between` to h_top as well. As the top's codes come first, an autoregressive prior over
    the codes is p(top) p(bottom|top).

    Args:
        top: the upper codebook, or another hierarchy of two levels; its input is h_top.
        bottom: the lower codebook, with vectors of the same length.
        between: network from e_top [B, top.latent_dim] to features of the shape of h_bottom except for the
            last axis, along which they are concatenated.

    Raises:
        InvalidInput: for vectors of unequal lengths.

    Source: Razavi et al. 2019, section 3.1 and algorithm 1.

    Example:
        >>> from tfvae import networks, posteriors
        >>> top, bottom = posteriors.VectorQuantizer(8, 2, 4), posteriors.VectorQuantizer(16, 2, 16)
        >>> between = networks.chain(keras.layers.Reshape((2, 2, 2)), keras.layers.UpSampling2D())
        >>> posterior = HierarchicalVectorQuantizer(top, bottom, between)
        >>> params = posterior([tf.ones([5, 2, 2, 6]), tf.ones([5, 4, 4, 3])])
        >>> posterior.codes(params).shape, posterior.location(params).shape
        (TensorShape([5, 20]), TensorShape([5, 40]))
    """

    def __init__(
        self,
        top: CodePosterior,
        bottom: Codebook,
        between: keras.Layer,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        if bottom.code_dim != top.code_dim:
            raise InvalidInput("bottom", f"the top's code_dim {top.code_dim}", bottom.code_dim)
        self.top = top
        self.bottom = bottom
        self.between = keras_layer("between", between)
        self.code_dim = top.code_dim
        self.num_positions = top.num_positions + bottom.num_positions
        levels = [codes_by_position(level.num_codes, level.num_positions) for level in (top, bottom)]
        self.num_codes = shared_num_codes((*levels[0], *levels[1]))
        self.latent_dim = top.latent_dim + bottom.latent_dim

    def build(self, input_shape: InputShape | list[InputShape]) -> None:
        """Make the projections of both levels."""
        above, below = _of_both(input_shape)
        _build(self.top, above)
        seen = self.between(keras.KerasTensor((None, self.top.latent_dim))).shape
        if tuple(seen[1:-1]) != tuple(below[1:-1]):
            raise InvalidInput(
                "between", f"a network to shape (batch, *{tuple(below[1:-1])}, n)", tuple(seen)
            )
        _build(self.bottom, (*below[:-1], below[-1] + seen[-1]))

    def call(self, inputs: Tensor | list[Tensor]) -> dict[str, Tensors]:
        """Return {"top", "bottom"}: what the two codebooks return."""
        above, below = _of_both(inputs)
        top = self.top(above)
        decoded = self.between(self.top.straight_through(top))
        bottom = self.bottom(tf.concat([below, tf.cast(decoded, below.dtype)], axis=-1))
        return {"top": top, "bottom": bottom}

    def codes(self, params: dict[str, Any]) -> Tensor:
        """Return the codes of both levels, the top's first, int32 [B, num_positions]."""
        return tf.concat([part.codes(params[name]) for name, part in self._levels], axis=-1)

    def location(self, params: dict[str, Any]) -> Tensor:
        """Return z."""
        return tf.concat([part.location(params[name]) for name, part in self._levels], axis=-1)

    def straight_through(self, params: dict[str, Any]) -> Tensor:
        """Return z, [B, latent_dim], whose gradients go to the features (straight-through)."""
        return tf.concat([part.straight_through(params[name]) for name, part in self._levels], axis=-1)

    def embed(self, codes: Tensor) -> Tensor:
        """Return z [..., latent_dim] of codes [..., num_positions]."""
        above = self.top.num_positions
        return tf.concat([self.top.embed(codes[..., :above]), self.bottom.embed(codes[..., above:])], -1)

    def nearest(self, z: Tensor) -> Tensor:
        """Return the codes int32 [..., num_positions] whose vectors are nearest to z [..., latent_dim]."""
        above = self.top.latent_dim
        return tf.concat([self.top.nearest(z[..., :above]), self.bottom.nearest(z[..., above:])], -1)

    def codebook_loss(self, params: dict[str, Any]) -> Tensor:
        """Return the sum of both levels' terms, [B]."""
        return tf.add_n([part.codebook_loss(params[name]) for name, part in self._levels])

    def commitment_loss(self, params: dict[str, Any]) -> Tensor:
        """Return the sum of both levels' terms, [B]."""
        return tf.add_n([part.commitment_loss(params[name]) for name, part in self._levels])

    def observe(self, trace: Trace) -> None:
        """Let each codebook observe its part of a training batch, with a separate seed."""
        for number, (name, part) in enumerate(self._levels):
            record = {"posterior": trace.record["posterior"][name]}
            seed = tf.random.experimental.stateless_fold_in(trace.seed, number)
            part.observe(dataclasses.replace(trace, record=record, seed=seed))

    @property
    def _levels(self) -> tuple[tuple[str, CodePosterior], ...]:
        return ("top", self.top), ("bottom", self.bottom)


def _build(part: CodePosterior, shape: InputShape) -> None:
    if not part.built:  # a file's codebook is already built
        part.build(shape)


def _of_both(inputs: Any) -> tuple[Any, Any]:
    """Return the features of both levels, or their shapes; a single one serves as both."""
    two = isinstance(inputs, list | tuple) and len(inputs) == 2 and not isinstance(inputs[0], int | None)
    return (inputs[0], inputs[1]) if two else (inputs, inputs)
