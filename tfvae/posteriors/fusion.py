"""One posterior made of several experts: products, mixtures, and mixtures of products of normals.

Each of M modalities of the data has an expert N(loc_m, scale_m^2); any may be missing in any example.
"""

from __future__ import annotations

import abc
import itertools

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.checks import integer
from tfvae.posteriors.base import Posterior
from tfvae.posteriors.mixture import log_components

_BELOW_ONE = 1.0 - 1e-6


class Fusion(Posterior, abc.ABC):
    """q(z|x) of experts q_m(z|x_m), for any set A of modalities that are there; abstract.

    A posterior whose features are the experts' parameters: {"loc", "scale"}, each [B, M, latent_dim], and
    "present", [B, M], 1 where modality m is there and 0 where it is missing. An example with nothing there
    has q(z) = p(z) = N(0, I).

    Args:
        latent_dim: number of latent dimensions.
    """

    def __init__(self, latent_dim: int, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype)
        self.latent_dim = integer("latent_dim", latent_dim)
        self.built = True  # no weights

    @abc.abstractmethod
    def num_components(self, num_modalities: int) -> int:
        """Return how many normals q is a mixture of where no modality is missing."""


class ProductOfExperts(Fusion):
    """q(z|x) = N(z; loc, scale^2), proportional to p(z) prod_{m in A} q_m(z|x_m),  p(z) = N(0, I).

    1 / scale^2 = 1 + sum_m 1 / scale_m^2,   loc = scale^2 sum_m loc_m / scale_m^2,   m in A

    The prior is an expert of its own, so that a modality that is missing is left out and nothing else
    changes. Each expert can sharpen q, none can widen it.

    Args:
        latent_dim: number of latent dimensions.

    Source: Wu and Goodman 2018 (MVAE), section 2.

    Example:
        >>> experts = {"loc": tf.ones([1, 2, 1]), "scale": tf.ones([1, 2, 1]), "present": tf.ones([1, 2])}
        >>> ProductOfExperts(1)(experts)["loc"].numpy()    # the mean of 1, 1 and the prior's 0
        array([[0.6666667]], dtype=float32)
    """

    def num_components(self, num_modalities: int) -> int:
        """One."""
        return 1

    def call(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return {"loc", "scale"}, each [B, latent_dim]."""
        loc, scale = product(inputs, inputs["present"])
        return {"loc": loc, "scale": scale}

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return Independent(Normal(loc, scale))."""
        return tfd.Independent(tfd.Normal(params["loc"], params["scale"]), 1)

    def location(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the mean of q."""
        return params["loc"]

    def summary(self, params: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return {"location", "scale"}, each [B, latent_dim]."""
        return {"location": params["loc"], "scale": params["scale"]}

    def transform(self, params: dict[str, tf.Tensor], noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return z = loc + scale noise and its log density."""
        z = params["loc"] + params["scale"] * noise
        return z, self.distribution(params).log_prob(z)


class _Mixture(Fusion, abc.ABC):
    """q(z|x) = sum_k w_k N(z; loc_k, scale_k^2), whose weights follow from what is missing; abstract.

    The S draws of an example are spread evenly over the components: with u uniform in [0, 1), the s-th
    comes from the component in which (s + u) / S falls when the weights are laid end to end. Any average
    over the draws stays unbiased, and S equal weights give one draw from each component, which is the
    stratified estimator. As no weight is learned, the draws carry the whole gradient. log q(z|x) is the
    density of the mixture, whichever component made z.
    """

    @property
    def noise_dim(self) -> int:
        """One number for the component, and one for each dimension."""
        return 1 + self.latent_dim

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return the mixture."""
        return tfd.MixtureSameFamily(
            tfd.Categorical(logits=params["logits"]),
            tfd.Independent(tfd.Normal(params["loc"], params["scale"]), 1),
        )

    def location(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the mean of the component with the highest peak; that of q may lie where q is small."""
        peaks = params["logits"] - tf.reduce_sum(tf.math.log(params["scale"]), axis=-1)
        return tf.gather(params["loc"], tf.argmax(peaks, axis=-1), axis=1, batch_dims=1)

    def summary(self, params: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return {"location", "weights" [B, K], "locations" and "scales" [B, K, latent_dim]}."""
        return {
            "location": self.location(params),
            "weights": tf.nn.softmax(params["logits"]),
            "locations": params["loc"],
            "scales": params["scale"],
        }

    def transform(self, params: dict[str, tf.Tensor], noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return draws spread evenly over the components, and the log density of the mixture there."""
        chosen = _evenly(tf.nn.softmax(params["logits"]), noise[..., 0])[..., tf.newaxis]  # [S, B, K, 1]
        loc, scale = (tf.reduce_sum(chosen * params[name], axis=-2) for name in ("loc", "scale"))
        z = loc + scale * noise[..., 1:]
        return z, tf.reduce_logsumexp(log_components(params, z), axis=-1)


class MixtureOfExperts(_Mixture):
    """q(z|x) = (1/|A|) sum_{m in A} q_m(z|x_m).

    Each expert has to be right by itself, so that any modality leads to all others. ELBO with
    `num_samples` = M has one draw from each expert.

    Args:
        latent_dim: number of latent dimensions.

    Source: Shi et al. 2019 (MMVAE), section 3, with normal experts.

    Example:
        >>> experts = {"loc": tf.ones([1, 2, 1]), "scale": tf.ones([1, 2, 1])}
        >>> fusion = MixtureOfExperts(1)
        >>> fusion.summary(fusion({**experts, "present": tf.constant([[1.0, 0.0]])}))["weights"].numpy()
        array([[1., 0.]], dtype=float32)
    """

    def num_components(self, num_modalities: int) -> int:
        """One for each modality."""
        return num_modalities

    def call(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return {"logits" [B, M], "loc" and "scale" [B, M, latent_dim]}."""
        there = inputs["present"][..., tf.newaxis]
        # Experts of what is missing are the prior: they have weight 0, unless nothing is there.
        return {
            "logits": _even_logits(inputs["present"]),
            "loc": there * inputs["loc"],
            "scale": tf.where(there > 0, inputs["scale"], 1.0),
        }


class MixtureOfProducts(_Mixture):
    """q(z|x) = mean over the non-empty subsets B of A of N(z; loc_B, scale_B^2), products as in PoE.

    N(loc_B, scale_B^2) is proportional to p(z) prod_{m in B} q_m(z|x_m): the experts alone, their pairs, and
    so on to all of them, with one weight. There are 2^M - 1 components.

    Args:
        latent_dim: number of latent dimensions.

    Source: Sutter et al. 2021 (MoPoE-VAE), section 3. The prior is a factor of each product here, and the
        rate is that of the mixture itself, of which the paper takes an upper bound.

    Example:
        >>> MixtureOfProducts(4).num_components(3)
        7
    """

    def num_components(self, num_modalities: int) -> int:
        """One for each non-empty subset of the modalities."""
        return 2**num_modalities - 1

    def call(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return {"logits" [B, K], "loc" and "scale" [B, K, latent_dim]}, the largest subset first."""
        present = inputs["present"]
        possible, products = [], []
        for subset in _subsets(present.shape[1]):
            possible.append(tf.reduce_min(tf.gather(present, subset, axis=1), axis=1))
            members = tf.reduce_sum(tf.one_hot(subset, present.shape[1]), axis=0)
            products.append(product(inputs, present * members))
        loc, scale = (tf.stack(values, axis=1) for values in zip(*products, strict=True))
        return {"logits": _even_logits(tf.stack(possible, axis=1)), "loc": loc, "scale": scale}


def product(experts: dict[str, tf.Tensor], factors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Return loc and scale [B, D] of N(0, I) times the experts to the power of `factors` [B, M]."""
    precisions = factors[..., tf.newaxis] / tf.square(experts["scale"])
    precision = 1.0 + tf.reduce_sum(precisions, axis=1)
    return tf.reduce_sum(precisions * experts["loc"], axis=1) / precision, tf.math.rsqrt(precision)


def _subsets(count: int) -> list[list[int]]:
    sizes = range(count, 0, -1)
    return [list(subset) for size in sizes for subset in itertools.combinations(range(count), size)]


def _even_logits(possible: tf.Tensor) -> tf.Tensor:
    """Return logits of equal weights for the components that are possible, or for all where none is."""
    none = tf.reduce_max(possible, axis=1, keepdims=True) == 0
    return tf.where((possible > 0) | none, 0.0, float("-inf"))


def _evenly(weights: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
    """Return S choices among K components in proportion to their weights, one-hot [S, B, K].

    Args:
        weights: [B, K], which sum to 1.
        noise: standard normal [S, B] or [S, 1], of which the first row alone is used.
    """
    count = tf.cast(tf.shape(noise)[0], tf.float32)
    uniform = tfd.Normal(0.0, 1.0).cdf(noise[:1])
    steps = (tf.range(count)[:, tf.newaxis] + uniform) / count
    edges = tf.cumsum(weights, axis=-1)
    edges /= edges[:, -1:]  # exactly 1 from the last possible component on, which no step reaches
    steps = tf.minimum(steps, _BELOW_ONE)[..., tf.newaxis]
    passed = tf.reduce_sum(tf.cast(steps >= edges, tf.int32), axis=-1)
    return tf.one_hot(passed, weights.shape[-1])
