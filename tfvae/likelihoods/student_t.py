"""The Student t likelihood, for real data with heavy tails."""

from __future__ import annotations

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core.types import DType, Shape, Tensor
from tfvae.likelihoods.location_scale import LocationScale
from tfvae.scales import Scale, as_scale

_NORMAL = 1e6  # degrees of freedom above which float32 cannot tell the density from a Gaussian


class StudentT(LocationScale):
    """p(x|z) = prod_i t(x_i; df, loc_i(z), scale), with tails that fall as |x|^-(df + 1).

    log t = log G((df + 1) / 2) - log G(df / 2) - log(df pi) / 2 - log scale
            - (df + 1) / 2 log(1 + ((x - loc) / scale)^2 / df)

    Every `df` > 0 gives a density. The mean exists for df > 1, the variance, scale^2 df / (df - 2), for
    df > 2: learn it above a floor of 2 where they are wanted, `scales.Learned(5.0, floor=2.0)`. Values
    above a million are taken as a million, which is a Gaussian to float32.

    Args:
        event_shape: shape of one example.
        scale: a number or `scales.Fixed` for a constant, `scales.Learned` for one trained number (the
            default), `scales.PerElement` for one from the network for each element of each example; in
            the units of x.
        df: degrees of freedom, given as the scale is.

    Source: Takahashi et al. 2018 (the Student t decoder); Murphy 2022, section 2.7.1.

    Example:
        >>> from tfvae import scales
        >>> likelihood = StudentT((4,), df=scales.Learned(5.0, floor=2.0))
        >>> px = likelihood.distribution({"loc": tf.zeros([5, 4])})
        >>> px.log_prob(tf.fill([5, 4], 1e3)).shape
        TensorShape([5])
    """

    def __init__(
        self,
        event_shape: Shape,
        scale: float | Scale | None = None,
        df: float | Scale = 4.0,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(event_shape, scale, name=name, dtype=dtype)
        self.df = as_scale("df", df)

    def positive_parts(self) -> dict[str, Scale]:
        """Return the scale and the degrees of freedom."""
        return {**super().positive_parts(), "raw_df": self.df}

    def elements(self, loc: Tensor, *positive: Tensor) -> tfd.Distribution:
        """Return StudentT(df, loc, scale)."""
        scale, df = positive
        return tfd.StudentT(tf.minimum(df, _NORMAL), loc, scale)
