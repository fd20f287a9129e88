"""Zero inflation: counts that are 0 more often than their distribution says."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tfvae.core.errors import InvalidInput
from tfvae.core.heads import Head
from tfvae.core.numerics import softplus
from tfvae.core.support import Support
from tfvae.likelihoods.base import Likelihood
from tfvae.likelihoods.counts import Counts


class ZeroInflated(Likelihood):
    """p(x|z) = prod_i pi_i [x_i = 0] + (1 - pi_i) f_i(x_i),  pi = sigmoid(inflation(z)).

    Args:
        likelihood: f, a `Poisson` or a `NegativeBinomial`.

    Source: Lopez et al. 2018, Methods (scVI; the zero-inflated negative binomial).

    Example:
        >>> from tfvae.likelihoods.counts import Poisson
        >>> likelihood = ZeroInflated(Poisson((4,)))
        >>> sorted(likelihood(tf.ones([5, 3])))
        ['inflation', 'log_mean']
    """

    support = Support(0.0, integer=True)

    def __init__(self, likelihood: Counts, *, name: str | None = None, dtype: object = None):
        if not isinstance(likelihood, Counts):
            raise InvalidInput("likelihood", "a Poisson or NegativeBinomial", type(likelihood).__name__)
        super().__init__(likelihood.event_shape, name=name, dtype=dtype)
        self.likelihood = likelihood

    def build(self, input_shape: tuple) -> None:
        """Make the projection to the inflation, and that of the counts."""
        if not self.likelihood.built:  # read from a file, it is built first
            self.likelihood.build(input_shape)
        self.head = Head(self.event_shape, 1, name="head", dtype=self.dtype_policy)
        self.head.build(input_shape)

    def call(self, inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the parameters of the counts and {"inflation"}, the logit of pi, [B, *event]."""
        (inflation,) = tf.unstack(self.head(inputs), axis=-1)
        return {**self.likelihood(inputs), "inflation": inflation}

    def distribution(self, params: dict[str, tf.Tensor]) -> tfd.Distribution:
        """Return an independent zero-inflated count for each element."""
        elements = _ZeroInflated(params["inflation"], self.likelihood.elements(params))
        return tfd.Independent(elements, len(self.event_shape))

    def encoder_input(self, x: tf.Tensor) -> tf.Tensor:
        """Return what the counts' own likelihood shows the encoder."""
        return self.likelihood.encoder_input(x)

    def mean(self, params: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return (1 - pi) E_f[x]."""
        return tf.sigmoid(-params["inflation"]) * self.likelihood.mean(params)


class _ZeroInflated(tfd.AutoCompositeTensorDistribution):
    """A count that is set to 0 with probability sigmoid(inflation).

    Not `tfd.Inflated`, which takes the logit twice: its pi is sigmoid(2 inflated_loc_logits). A composite
    tensor, because `tfd.Independent` makes an object of another class of what is none.
    """

    def __init__(self, inflation: tf.Tensor, counts: tfd.Distribution, name: str = "ZeroInflated"):
        parameters = dict(locals())
        self._inflation, self._counts = inflation, counts
        super().__init__(
            dtype=tf.float32,
            reparameterization_type=tfd.NOT_REPARAMETERIZED,
            validate_args=False,
            allow_nan_stats=True,
            parameters=parameters,
            name=name,
        )

    @classmethod
    def _parameter_properties(cls, dtype: object, num_classes: int | None = None) -> dict:
        return {
            "inflation": tfp.util.ParameterProperties(),
            "counts": tfp.util.BatchedComponentProperties(),
        }

    def _event_shape(self) -> tf.TensorShape:
        return tf.TensorShape([])

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.zeros([0], tf.int32)

    def _log_prob(self, x: tf.Tensor) -> tf.Tensor:
        # log(pi + (1 - pi) f) = softplus(log f - inflation) - softplus(-inflation), with no pi rounded to 1.
        log_f = self._counts.log_prob(x)
        at_zero = softplus(log_f - self._inflation) - softplus(-self._inflation)
        return tf.where(x > 0.0, log_f - softplus(self._inflation), at_zero)

    def _sample_n(self, n: tf.Tensor, seed: object = None) -> tf.Tensor:
        kept, counts = tfp.random.split_seed(seed, 2)
        counts = self._counts.sample(n, seed=counts)
        uniform = tf.random.stateless_uniform(tf.shape(counts), kept)
        return tf.where(uniform < tf.sigmoid(self._inflation), 0.0, counts)

    def _mean(self) -> tf.Tensor:
        return tf.sigmoid(-self._inflation) * self._counts.mean()

    def _variance(self) -> tf.Tensor:
        kept = tf.sigmoid(-self._inflation)
        return kept * (self._counts.variance() + (1.0 - kept) * tf.square(self._counts.mean()))
