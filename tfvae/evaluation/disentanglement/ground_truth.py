"""What the protocols need: a ground truth to draw factors and observations from, and an encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np

from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import in_batches
from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import matrix
from tfvae.models import LatentModel

Encoder: TypeAlias = LatentModel | Callable[[np.ndarray], ArrayLike]

AT_ONCE = 4096  # observations in memory
_BATCH = 512  # of a model


class GroundTruth(Protocol):
    """A process that generates data from known factors, such as `tfvae.data.Sprites`.

    Example:
        >>> import tfvae
        >>> ground_truth: GroundTruth = tfvae.data.Sprites()
        >>> rng = np.random.default_rng(0)
        >>> ground_truth.sample_observations(ground_truth.sample_factors(2, rng), rng).shape
        (2, 64, 64, 1)
    """

    def sample_factors(self, num_samples: int, rng: np.random.Generator) -> np.ndarray:
        """Return independent draws of the factors, [num_samples, K].

        Args:
            num_samples: number of draws.
            rng: source of randomness.
        """
        ...

    def sample_observations(self, factors: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return one observation for each row of factors, [N, *event].

        Args:
            factors: those that `sample_factors` gives, in any combination, [N, K].
            rng: source of randomness, for observations that the factors do not determine.
        """
        ...


def encode(encoder: Encoder, observations: np.ndarray) -> np.ndarray:
    """Return the code of each observation, [N, D]: for a model, the location of q(z|x).

    Args:
        encoder: a model, or a function from observations [N, *event] to codes [N, D].
        observations: data [N, *event].

    Raises:
        InvalidInput: for codes of another shape and codes that are not finite.

    Example:
        >>> encode(lambda x: x.mean(axis=(1, 2)), np.ones((3, 4, 4, 2))).shape
        (3, 2)
    """
    if isinstance(encoder, LatentModel):
        batches = in_batches(encoder.checked(observations), _BATCH)
        codes = np.concatenate([np.asarray(encoder.latent(batch)) for batch in batches])
    else:
        codes = encoder(observations)
    codes = matrix("encoder", codes)
    if len(codes) != len(observations):
        raise InvalidInput("encoder", f"codes of all {len(observations)} observations", codes.shape)
    return codes


def sample_codes(
    encoder: Encoder, ground_truth: GroundTruth, num_samples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes [N, D] of random observations, and their factors [N, K].

    Args:
        encoder: a model, or a function from observations [N, *event] to codes [N, D].
        ground_truth: where factors and observations come from.
        num_samples: N; at most 4096 observations are in memory at once.
        rng: source of randomness.

    Raises:
        InvalidInput: for codes or factors that are not finite numbers in two dimensions.

    Example:
        >>> import tfvae
        >>> sprites, rng = tfvae.data.Sprites(), np.random.default_rng(0)
        >>> codes, factors = sample_codes(lambda x: x.sum(axis=(1, 2)), sprites, 5, rng)
        >>> codes.shape, factors.shape
        ((5, 1), (5, 5))
    """
    factors = sample_factors(ground_truth, num_samples, rng)
    codes = [
        encode(encoder, ground_truth.sample_observations(factors[start : start + AT_ONCE], rng))
        for start in range(0, num_samples, AT_ONCE)
    ]
    return np.concatenate(codes), factors


def sample_factors(ground_truth: GroundTruth, num_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Return independent draws of the factors, [num_samples, K], in memory of their own.

    Args:
        ground_truth: where factors come from.
        num_samples: number of draws.
        rng: source of randomness.

    Raises:
        InvalidInput: for factors that are not finite numbers [num_samples, K].

    Example:
        >>> import tfvae
        >>> sample_factors(tfvae.data.Sprites(), 2, np.random.default_rng(0)).shape
        (2, 5)
    """
    factors = np.array(ground_truth.sample_factors(num_samples, rng))
    if len(matrix("ground_truth", factors)) != num_samples:
        raise InvalidInput("ground_truth", f"{num_samples} rows of factors", factors.shape)
    return factors
