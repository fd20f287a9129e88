"""Recipe whose latent variables are identifiable: nonlinear independent component analysis."""

import tfvae
from tfvae.zoo.recipe import DataKind, Labels, Recipe


@Recipe("Khemakhem et al. 2020", "equations 5 to 7", data=DataKind.ROWS, labels=Labels.CONDITION)
def ivae(
    shape: tuple[int, ...],
    condition_dim: int = 10,
    latent_dim: int = 2,
    layers: tuple[int, ...] = (50, 50),
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
) -> "tfvae.VAE":
    """Identifiable VAE: p(x|u) = E_p(z|u) p(x|z), with p(z|u) normal and independent given u.

    p(z|u) = prod_j N(z_j; loc_j(u), scale_j(u)^2), an exponential family with sufficient statistics z_j and
    z_j^2. If the u are varied enough and x is an injective function of z with noise, the sources z that made
    the data are found up to order and a function of each.

    Inputs are {"x": x, "condition": u}, u [B, condition_dim], such as a one-hot segment of a time series. The
    networks' leaky rectifiers keep p(x|z) injective.

    Args:
        shape: shape of one example, such as (height, width, channels) of an image or (columns,) of a row.
        condition_dim: number of entries of u.
        latent_dim: number of sources.
        layers: sizes of the hidden layers of each of the three networks.
        likelihood: p(x|z); None means a normal with one learned scale.

    Source: Khemakhem et al. 2020, equations 5 to 7.

    Example:
        >>> ivae((4,), condition_dim=3).encode({"x": [[0, 1, 2, 3]], "condition": [[0, 0, 1]]}).batch_shape
        TensorShape([1])
    """
    encoder, decoder, prior_network = [tfvae.networks.mlp(layers, "leaky_relu") for _ in range(3)]
    return tfvae.VAE(
        tfvae.layers.ConcatenateCondition(encoder),
        tfvae.layers.IgnoreCondition(decoder),
        tfvae.posteriors.Normal(latent_dim),
        tfvae.likelihoods.Normal(shape) if likelihood is None else likelihood,
        tfvae.priors.Conditional(latent_dim, prior_network, condition_dim),
        condition_dim=condition_dim,
    )
