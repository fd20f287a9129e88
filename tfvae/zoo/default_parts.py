"""What a recipe leaves open, made for the shape of the data."""

from typing import TYPE_CHECKING

import tfvae

if TYPE_CHECKING:
    import keras


def assemble(
    shape: tuple[int, ...],
    posterior: "tfvae.posteriors.Posterior",
    likelihood: "tfvae.likelihoods.Likelihood | None",
    encoder: "keras.Layer | None",
    decoder: "keras.Layer | None",
    prior: "tfvae.priors.Prior | None" = None,
    objective: "tfvae.objectives.Objective | None" = None,
) -> "tfvae.VAE":
    """Return the VAE of these parts, with `default_parts` for those that are None.

    Args:
        shape: shape of one example.
        posterior: q(z|x).
        likelihood: p(x|z) or None.
        encoder: network from x to features, or None.
        decoder: network from z to features, or None.
        prior: p(z); None means `StandardNormal`.
        objective: what training minimizes; None means the negative ELBO.

    Example:
        >>> vae = assemble((8, 8, 1), tfvae.posteriors.Normal(2), None, None, None)
        >>> type(vae.likelihood).__name__
        'Bernoulli'
    """
    likelihood, encoder, decoder = default_parts(shape, likelihood, encoder, decoder)
    return tfvae.VAE(encoder, decoder, posterior, likelihood, prior, objective)


def annealed_elbo(steps: int) -> "tfvae.objectives.ELBO":
    """Return the ELBO with KL warm-up: the weight of the rate rises linearly from 0 to 1.

    Args:
        steps: optimizer steps until the weight is 1.

    Source: Bowman et al. 2016, section 3.1; Sonderby et al. 2016, equation 18.

    Example:
        >>> float(annealed_elbo(10).beta(5.0)), float(annealed_elbo(0).beta(0.0))
        (0.5, 1.0)
    """
    return tfvae.objectives.ELBO(beta=tfvae.schedules.Linear(0.0, 1.0, steps))


def default_parts(
    shape: tuple[int, ...],
    likelihood: "tfvae.likelihoods.Likelihood | None" = None,
    encoder: "keras.Layer | None" = None,
    decoder: "keras.Layer | None" = None,
) -> "tuple[tfvae.likelihoods.Likelihood, keras.Layer, keras.Layer]":
    """Return likelihood, encoder and decoder, made for the shape of x where they are None.

    Args:
        shape: shape of one example; three axes are those of an image.
        likelihood: p(x|z); None means Bernoulli for images, else a normal with one learned scale.
        encoder: network from x to features; None means convolutional for images, else an MLP.
        decoder: network from z to features; None means the encoder's mirror image.

    Example:
        >>> default_parts((30,))[1].name[:10]
        'sequential'
    """
    image = len(shape) == 3
    networks, likelihoods = tfvae.networks, tfvae.likelihoods
    if encoder is None:
        encoder = networks.conv() if image else networks.mlp()
    if decoder is None:
        decoder = networks.deconv(shape) if image else networks.mlp()
    if likelihood is None:
        likelihood = likelihoods.Bernoulli(shape) if image else likelihoods.Normal(shape)
    return likelihood, encoder, decoder
