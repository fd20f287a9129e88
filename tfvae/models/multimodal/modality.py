"""One of several kinds of data that a model describes together."""

from __future__ import annotations

import dataclasses
import math

import keras
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import Input
from tfvae.core.part import Part
from tfvae.core.support import RowSupport, Support
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.likelihoods import Likelihood
from tfvae.networks import at_points
from tfvae.posteriors import Normal


class Modality(Part):
    """One kind of data x_m: its expert q_m(z|x_m) and its likelihood p(x_m|z).

    x_m -> encoder -> posterior -> q_m(z|x_m);   z -> decoder -> likelihood -> p(x_m|z)

    An example in which it is missing is NaN throughout. One with NaN in some places is rejected, unless the
    likelihood itself takes missing values, such as `likelihoods.MissingAtRandom`. In the place of what is
    missing the networks see a constant whose results are not used; layers with statistics of the batch would
    count it.

    Args:
        encoder: network from x_m [B, *event] to features.
        decoder: network from z [B, latent_dim] to features.
        posterior: layer from the encoder's features to the expert, a normal.
        likelihood: layer from the decoder's features to p(x_m|z).

    Example:
        >>> import tfvae
        >>> image = Modality(
        ...     tfvae.networks.conv(), tfvae.networks.deconv((8, 8, 1)), tfvae.posteriors.Normal(4),
        ...     tfvae.likelihoods.Bernoulli((8, 8, 1)))
        >>> image.input.shape
        (8, 8, 1)
    """

    def __init__(
        self,
        encoder: keras.Layer,
        decoder: keras.Layer,
        posterior: Normal,
        likelihood: Likelihood,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(posterior, Normal):
            raise InvalidInput("posterior", "a tfvae.posteriors.Normal", type(posterior).__name__)
        if not isinstance(likelihood.support, Support) and not likelihood.support.missing:
            raise InvalidInput("likelihood", "one that can be missing", type(likelihood).__name__)
        self.encoder = encoder
        self.decoder = decoder
        self.posterior = posterior
        self.likelihood = likelihood

    @property
    def input(self) -> Input:
        """What the model takes under this modality's name; where it is left out, it is missing."""
        support = self.likelihood.support
        if isinstance(support, Support) and not support.missing:
            support = RowSupport.from_support(support)
        return Input(self.likelihood.event_shape, support, default=math.nan)

    def prepare(self) -> None:
        """Make the weights of the networks and the parts."""
        self.posterior(self.encoder(keras.KerasTensor((None, *self.likelihood.encoder_shape))))
        self.likelihood(self.decoder(keras.KerasTensor((None, self.posterior.latent_dim))))

    def observed(self, x: Tensor) -> Tensor:
        """Return where anything of x [B, *event] is there, booleans [B]."""
        return tf.reduce_any(~tf.math.is_nan(x), axis=range(1, x.shape.rank))

    def expert(self, x: Tensor) -> Tensors:
        """Return {"loc", "scale"} of q_m(z|x_m), each [B, D], and "present" [B]; p(z) where x is missing."""
        observed = self.observed(x)
        features = self.encoder(self.likelihood.encoder_input(self._filled(x)), training=TRAINING.get())
        params = self.posterior(features, training=TRAINING.get())
        there = observed[:, tf.newaxis]
        return {
            "loc": tf.where(there, params["loc"], 0.0),
            "scale": tf.where(there, params["scale"], 1.0),
            "present": tf.cast(observed, tf.float32),
        }

    def decode(self, z: Tensor) -> Tensors:
        """Return the parameters of p(x_m|z) for z [..., latent_dim]."""
        training = TRAINING.get()
        return at_points(
            lambda flat: self.likelihood(self.decoder(flat, training=training), training=training), z
        )

    def log_prob(self, params: Tensors, x: Tensor) -> Tensor:
        """Return log p(x_m|z), [S, B], for parameters [S, B, ...]; 0 where x [B, *event] is missing."""
        log_prob = self.likelihood.distribution(params).log_prob(self._filled(x))
        return tf.where(self.observed(x), log_prob, 0.0)

    def _filled(self, x: Tensor) -> Tensor:
        """Put values in the place of NaN: the gradient at NaN is NaN, also where it is not used."""
        support = self.likelihood.support
        return x if support.missing else tf.where(tf.math.is_nan(x), support.fill_value, x)


@dataclasses.dataclass(frozen=True)
class JointLikelihood:
    """p(x|z) = prod_m p(x_m|z), over the modalities m that are there.

    Attributes:
        modalities: by name.
    """

    modalities: dict[str, Modality]
    support = Support(missing=True)

    @property
    def event_shape(self) -> dict[str, tuple[int, ...]]:
        """Shape of one example of each modality."""
        return {name: modality.likelihood.event_shape for name, modality in self.modalities.items()}

    def distribution(self, params: dict[str, Tensors]) -> JointDistribution:
        """Return p(x|z) of those modalities that `params` holds parameters of."""
        return JointDistribution({name: self.modalities[name] for name in params}, params)


@dataclasses.dataclass(frozen=True)
class JointDistribution:
    """p(x|z) at given z; densities of x by name, [S, B].

    Attributes:
        modalities: by name.
        params: each one's parameters, [S, B, ...].
    """

    modalities: dict[str, Modality]
    params: dict[str, Tensors]

    def log_probs(self, x: Tensors) -> Tensors:
        """Return log p(x_m|z) of each modality, 0 where it is missing."""
        return {name: m.log_prob(self.params[name], x[name]) for name, m in self.modalities.items()}

    def log_prob(self, x: Tensors) -> Tensor:
        """Return log p(x|z) of what is there."""
        return sum(self.log_probs(x).values())
