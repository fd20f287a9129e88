"""What the priors over the codes of a codebook share."""

from __future__ import annotations

import abc
from collections.abc import Callable

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType, Tensor
from tfvae.distributions.codebook_sizes import codes_by_position, shared_num_codes
from tfvae.posteriors import Posterior
from tfvae.posteriors.code_posterior import CodePosterior
from tfvae.priors.base import Prior


class CodesPrior(Prior, abc.ABC):
    """p(z) over the vectors of codes, P of them concatenated, in the codebook of the posterior; abstract.

    `attach` makes the codebook known; a model does so when it is made.

    Args:
        num_codes: number of vectors that each position chooses from; a tuple of one for each position where
            these differ, as those of two codebooks do.
        code_dim: length of each vector.
        num_positions: number P of codes for one example; z has P code_dim entries.
    """

    space = "codes"

    def __init__(
        self,
        num_codes: int | tuple[int, ...],
        code_dim: int,
        num_positions: int = 1,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(name=name, dtype=dtype)
        self.code_dim = integer("code_dim", code_dim)
        self.num_positions = integer("num_positions", num_positions)
        self._sizes = codes_by_position(num_codes, num_positions)
        self.num_codes = shared_num_codes(self._sizes)
        self.latent_dim = num_positions * code_dim
        # As functions: as an attribute the posterior's weights would be this part's own as well.
        self._embed: Callable[[Tensor], Tensor] | None = None
        self._nearest: Callable[[Tensor], Tensor] | None = None

    def attach(self, posterior: Posterior) -> None:
        """Take the codebook, or codebooks, of a posterior.

        Raises:
            InvalidInput: for a posterior without a codebook, or with one of another size.
        """
        if not isinstance(posterior, CodePosterior):
            ours, theirs = type(self).__name__, type(posterior).__name__
            raise InvalidInput("prior", f"one that goes with the posterior {theirs}", ours)
        ours = (self.num_codes, self.code_dim, self.num_positions)
        theirs = (posterior.num_codes, posterior.code_dim, posterior.num_positions)
        if ours != theirs:
            expected = f"(num_codes, code_dim, num_positions) = {theirs} of {type(posterior).__name__}"
            raise InvalidInput("prior", expected, ours)
        self._embed, self._nearest = posterior.embed, posterior.nearest

    def noise_dim(self, posterior: Posterior) -> int:
        """Return one number for each position."""
        return self.num_positions

    def vectors(self, codes: Tensor) -> Tensor:
        """Return z [..., latent_dim] of codes [..., num_positions], in the codebook of the posterior."""
        return self._attached(self._embed)(codes)

    def nearest(self, z: Tensor) -> Tensor:
        """Return the codes int32 [..., num_positions] whose vectors are nearest to z [..., latent_dim]."""
        return self._attached(self._nearest)(z)

    def _attached(self, function: Callable[[Tensor], Tensor] | None) -> Callable[[Tensor], Tensor]:
        if function is None:
            raise InvalidInput("prior", "attach(posterior) first, as models do", "no codebook")
        return function
