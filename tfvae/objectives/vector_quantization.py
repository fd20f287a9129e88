"""The objective of a vector-quantized autoencoder."""

from __future__ import annotations

from tfvae.core.checks import real_number
from tfvae.core.errors import InvalidInput
from tfvae.core.trace import Trace
from tfvae.core.types import DType, ObjectiveModel, Tensors
from tfvae.objectives.base import Objective
from tfvae.posteriors.code_posterior import CodePosterior


class VectorQuantization(Objective):
    """loss = -log p(x|z) + codebook + commitment |features - sg(e)|^2, in nats.

    codebook = |sg(features) - e|^2, which draws the vectors e to the encoder's features; 0 for a codebook
    of running averages. With codes at two levels both terms are sums over them. Gradients for z go straight
    through to the features. The rate under a uniform prior, num_positions log(num_codes), is a constant: it
    is in the term `elbo` and not in the loss.

    Args:
        commitment: weight of the term that draws the features to the codebook.

    Source: van den Oord et al. 2017, equation 3.

    Example:
        >>> VectorQuantization().terms
        ('distortion', 'rate', 'elbo', 'codebook', 'commitment')
    """

    terms = ("distortion", "rate", "elbo", "codebook", "commitment")
    needs = ("has_density",)

    def __init__(self, commitment: float = 0.25, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype)
        self.commitment = real_number("commitment", commitment, at_least=0)

    def check(self, model: ObjectiveModel) -> None:
        """Reject a posterior without a codebook."""
        if not isinstance(model.posterior, CodePosterior):
            raise InvalidInput(
                "objective",
                f"one that goes with the posterior {type(model.posterior).__name__}",
                f"{type(self).__name__}, which needs a posterior with a codebook",
            )
        super().check(model)

    def loss(self, trace: Trace, model: ObjectiveModel) -> Tensors:
        """Return the loss and its terms for each example, [B]."""
        params = trace.record["posterior"]
        codebook = model.posterior.codebook_loss(params)
        commitment = model.posterior.commitment_loss(params)
        return {
            "loss": trace.distortion + codebook + self.commitment * commitment,
            "distortion": trace.distortion,
            "rate": trace.rate,
            "elbo": trace.elbo,
            "codebook": codebook,
            "commitment": commitment,
        }
