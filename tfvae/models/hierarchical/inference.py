"""Two ways to infer a hierarchy: from the bottom up, and from the top down beside the prior."""

from __future__ import annotations

import abc

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.part import Part
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, InputShape, Tensor, Tensors
from tfvae.models.hierarchical.base import LatentLayer, LayeredPosterior, tiled
from tfvae.models.hierarchical.markov_prior import MarkovPrior
from tfvae.posteriors import Normal


class HierarchicalInference(LayeredPosterior, Part, abc.ABC):
    """q(z_1..z_L|x) made of L networks and L diagonal normals; abstract.

    Args:
        encoders: networks, the first from x [B, *event] to features.
        posteriors: `posteriors.Normal` of each layer, z_1 first.
    """

    def __init__(
        self,
        encoders: list[keras.Layer],
        posteriors: list[Normal],
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.encoders = list(encoders)
        self.posteriors = list(posteriors)
        received = [type(posterior).__name__ for posterior in self.posteriors]
        if not received or set(received) != {"Normal"}:
            raise InvalidInput("posteriors", "a posterior Normal for each layer", received)
        if len(self.encoders) != len(self.posteriors):
            raise InvalidInput("encoders", f"{len(self.posteriors)} networks", len(self.encoders))

    @property
    def output_shape(self) -> InputShape:
        """The shape of all layers of z for a batch, which `summary()` shows."""
        return (None, sum(self.dims))

    @property
    def dims(self) -> tuple[int, ...]:
        """Number of entries of each layer, z_1 first."""
        return tuple(posterior.latent_dim for posterior in self.posteriors)

    @abc.abstractmethod
    def prepare(self, shape: tuple[int, ...]) -> None:
        """Make the weights, for an x of this shape."""

    @abc.abstractmethod
    def infer(
        self, x: Tensor, prior: MarkovPrior, noise: list[Tensor], copies: int | Tensor
    ) -> list[LatentLayer]:
        """Return the layers drawn, z_1 first, N = copies B rows.

        Args:
            x: data [B, *event].
            prior: p(z).
            noise: standard normal noise of each layer, [N, d_l].
            copies: draws for each example.
        """

    def _draw(self, index: int, params: Tensors, noise: list[Tensor]) -> Tensor:
        return self.posteriors[index].transform(params, noise[index][tf.newaxis])[0][0]


class BottomUpInference(HierarchicalInference):
    """q(z|x) = q(z_1|x) q(z_2|z_1) ... q(z_L|z_{L-1}).

    The encoder of each layer after the first takes the z below it. The rate of the top layer is in closed
    form; that of the others, whose prior depends on what is drawn later, is log q - log p at the draw.

    Args as in `HierarchicalInference`.

    Source: Kingma and Welling 2014, stacked as in Sonderby et al. 2016.

    Example:
        >>> import tfvae
        >>> tfvae.zoo.hierarchical_vae((4,), latent_dims=(3, 2)).inference.dims
        (3, 2)
    """

    def prepare(self, shape: tuple[int, ...]) -> None:
        """Build each encoder for the z below."""
        below = [shape, *((dim,) for dim in self.dims[:-1])]
        for encoder, posterior, seen in zip(self.encoders, self.posteriors, below, strict=True):
            posterior(encoder(keras.KerasTensor((None, *seen))))

    def infer(
        self, x: Tensor, prior: MarkovPrior, noise: list[Tensor], copies: int | Tensor
    ) -> list[LatentLayer]:
        """Draw from z_1 up, then look at p."""
        params, z = [], []
        for index, (encoder, posterior) in enumerate(zip(self.encoders, self.posteriors, strict=True)):
            features = encoder(z[-1] if z else x, training=TRAINING.get())
            found = posterior(features, training=TRAINING.get())
            params.append(found if z else {name: tiled(value, copies) for name, value in found.items()})
            z.append(self._draw(index, params[index], noise))
        top = len(z) - 1
        return [
            LatentLayer(
                self.posteriors[index].distribution(params[index]),
                prior.conditional(index, z),
                z[index],
                closed=index == top,
            )
            for index in range(len(z))
        ]


class LadderInference(HierarchicalInference):
    """q(z|x) = q(z_L|x) prod_l q(z_l|x, z_{l+1}), each the product of what x says and what p says.

    d_l = encoder_l(d_{l-1}),  d_0 = x
    q(z_l|x, z_{l+1}) = N(z_l; loc(d_l), scale(d_l)^2) p(z_l|z_{l+1}) / normalizer

    The layers are drawn from the top down, after one deterministic pass up; every layer's rate is in closed
    form, given the layers above it. The top layer has no p to be merged with: q(z_L|x) is from d_L alone.

    Args as in `HierarchicalInference`; each encoder after the first takes the features of the one below it.

    Source: Sonderby et al. 2016.

    Example:
        >>> import tfvae
        >>> tfvae.zoo.ladder_vae((4,), latent_dims=(3, 2)).inference.dims
        (3, 2)
    """

    def prepare(self, shape: tuple[int, ...]) -> None:
        """Build each encoder for the features below."""
        features = keras.KerasTensor((None, *shape))
        for encoder, posterior in zip(self.encoders, self.posteriors, strict=True):
            features = encoder(features)
            posterior(features)

    def infer(
        self, x: Tensor, prior: MarkovPrior, noise: list[Tensor], copies: int | Tensor
    ) -> list[LatentLayer]:
        """Pass x up, then draw from z_L down."""
        features, evidence = x, []
        for encoder, posterior in zip(self.encoders, self.posteriors, strict=True):
            features = encoder(features, training=TRAINING.get())
            params = posterior(features, training=TRAINING.get())
            evidence.append({name: tiled(value, copies) for name, value in params.items()})
        layers, z = [], [None] * len(evidence)
        for index in reversed(range(len(evidence))):
            p, params = prior.conditional(index, z), evidence[index]
            if layers:
                params = merged(params, {"loc": p.distribution.loc, "scale": p.distribution.scale})
            z[index] = self._draw(index, params, noise)
            layers.insert(0, LatentLayer(self.posteriors[index].distribution(params), p, z[index]))
        return layers


def merged(one: Tensors, other: Tensors) -> Tensors:
    """Return the normal that is proportional to the product of two, weighted by precision.

    1 / scale^2 = 1 / s_1^2 + 1 / s_2^2,  loc = scale^2 (m_1 / s_1^2 + m_2 / s_2^2)

    Args:
        one: {"loc": m_1, "scale": s_1}.
        other: {"loc": m_2, "scale": s_2}.

    Source: Sonderby et al. 2016.

    Example:
        >>> normal = {"loc": tf.constant(0.0), "scale": tf.constant(1.0)}
        >>> both = merged(normal, {"loc": tf.constant(4.0), "scale": tf.constant(1.0)})
        >>> float(both["loc"]), float(both["scale"])
        (2.0, 0.7071067...)
    """
    # In ratios, so that scales near their floor are not squared into a division by nearly nothing.
    share = 1 / (1 + tf.square(one["scale"] / other["scale"]))
    return {
        "loc": other["loc"] + share * (one["loc"] - other["loc"]),
        "scale": one["scale"] * tf.sqrt(share),
    }
