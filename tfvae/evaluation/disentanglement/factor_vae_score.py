"""The FactorVAE score: whether the code that varies least tells which factor a batch shares."""

from __future__ import annotations

import numpy as np

from tfvae.core.checks import integer, real_number
from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import checked
from tfvae.evaluation.disentanglement.ground_truth import Encoder, GroundTruth, sample_codes
from tfvae.evaluation.disentanglement.interventions import (
    GeneratedInterventions,
    Interventions,
    ObservedInterventions,
    parts,
)


def factor_vae_score(
    codes: ArrayLike,
    factors: ArrayLike,
    batch_size: int = 64,
    num_train: int = 10_000,
    num_eval: int = 5_000,
    num_groups: int = 20,
    threshold: float = 0.05,
    seed: int = 0,
) -> float:
    """Return the FactorVAE score of observed codes and factors, in [0, 1]; 1/K by chance.

    d = argmin_j Var_batch(z_j) / Var(z_j), for a batch of L rows that share the value of one factor

    A classifier maps each d to the factor that was shared most often, and the score is its accuracy on new
    batches. Each factor is shared in as many batches. Codes whose standard deviation is at most `threshold`
    are left out as inactive; without any active code the score is 0.

    The rows of a batch are drawn with replacement from those that have the same value of the factor as a
    random row, so that few rows of a value make its variances too small. Unlike under an intervention, the
    other factors are then distributed as in these rows.

    Args:
        codes: latent variables, such as the locations of q(z|x), [N, D].
        factors: the factors that generated the data, [N, K], K at least 2; a factor is discrete if all its
            values are integers, and continuous otherwise.
        batch_size: L, at least 2.
        num_train: number of batches to fit the classifier, at least K.
        num_eval: number of batches to score it.
        num_groups: number of groups into which the ranks of a continuous factor's values are cut; values of
            one group count as shared.
        threshold: largest standard deviation of an inactive code, at least 0.
        seed: seed of the draws.

    Raises:
        InvalidInput: for other shapes and sizes, a value or a group that only one row has, numbers that are
            not finite, and a constant factor.

    Source: Kim and Mnih 2018, section 4; Locatello et al. 2019 (the numbers, the threshold).

    Example:
        >>> factors = np.stack(np.divmod(np.arange(100), 10), axis=1)    # all pairs of 10 values
        >>> factor_vae_score(-0.3 * factors, factors, num_train=200, num_eval=100)
        1.0
    """
    codes, factors = checked(codes, factors, least_factors=2)
    interventions = ObservedInterventions(codes, factors, num_groups)
    return _score(interventions, codes, batch_size, num_train, num_eval, threshold, seed)


def factor_vae_protocol(
    encoder: Encoder,
    ground_truth: GroundTruth,
    batch_size: int = 64,
    num_train: int = 10_000,
    num_eval: int = 5_000,
    num_variance_estimate: int = 10_000,
    threshold: float = 0.05,
    seed: int = 0,
) -> float:
    """Return the FactorVAE score by interventions on a ground truth, in [0, 1]; 1/K by chance.

    As `factor_vae_score`, with batches whose factors are drawn independently, but for the shared one.

    Args:
        encoder: a model, whose codes are the locations of q(z|x), or a function from observations [N, *event]
            to codes [N, D].
        ground_truth: where factors and observations come from.
        batch_size: L, at least 2.
        num_train: number of batches to fit the classifier, at least the number of factors K.
        num_eval: number of batches to score it. In all, L (num_train + num_eval) + num_variance_estimate
            observations are encoded, 970,000 by default.
        num_variance_estimate: number of observations whose codes give Var(z_j), at least 2.
        threshold: largest standard deviation of an inactive code, at least 0.
        seed: seed of the draws.

    Raises:
        InvalidInput: for other sizes, fewer than two factors, and codes that are not finite numbers [N, D].

    Source: Kim and Mnih 2018, section 4; Locatello et al. 2019 (the numbers, the threshold).

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((64, 64, 1), latent_dim=2)
        >>> numbers = {"batch_size": 2, "num_train": 10, "num_eval": 10, "num_variance_estimate": 10}
        >>> 0 <= factor_vae_protocol(vae, tfvae.data.Sprites(), **numbers) <= 1
        True
    """
    integer("num_variance_estimate", num_variance_estimate, at_least=2)
    rng = np.random.default_rng(integer("seed", seed, at_least=0))
    codes, _ = sample_codes(encoder, ground_truth, num_variance_estimate, rng)
    interventions = GeneratedInterventions(encoder, ground_truth)
    return _score(interventions, codes, batch_size, num_train, num_eval, threshold, seed)


def _score(
    interventions: Interventions,
    codes: np.ndarray,
    batch_size: int,
    num_train: int,
    num_eval: int,
    threshold: float,
    seed: int,
) -> float:
    integer("batch_size", batch_size, at_least=2)
    real_number("threshold", threshold, at_least=0)
    rng = np.random.default_rng(integer("seed", seed, at_least=0))
    fixed = interventions.fixed_factors(num_train, num_eval, rng)
    spread = codes.std(axis=0, ddof=1)
    active = (spread > threshold) & (np.ptp(codes, axis=0) > 0)
    if not active.any():
        return 0.0
    least = np.concatenate(
        [
            np.argmin(interventions.batches(part, batch_size, rng).std(axis=1)[:, active] / spread[active], 1)
            for part in parts(fixed, batch_size)
        ]
    )
    votes = np.zeros((interventions.num_factors, int(active.sum())), np.int64)
    np.add.at(votes, (fixed[:num_train], least[:num_train]), 1)
    return float(np.mean(votes.argmax(axis=0)[least[num_train:]] == fixed[num_train:]))
