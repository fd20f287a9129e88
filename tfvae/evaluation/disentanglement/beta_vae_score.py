"""The beta-VAE score: whether a linear classifier tells which factor two examples share."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from tfvae.core.checks import integer
from tfvae.core.types import ArrayLike
from tfvae.evaluation.disentanglement.checks import checked
from tfvae.evaluation.disentanglement.ground_truth import Encoder, GroundTruth
from tfvae.evaluation.disentanglement.interventions import (
    GeneratedInterventions,
    Interventions,
    ObservedInterventions,
    parts,
)


def beta_vae_score(
    codes: ArrayLike,
    factors: ArrayLike,
    batch_size: int = 64,
    num_train: int = 10_000,
    num_eval: int = 5_000,
    num_groups: int = 20,
    seed: int = 0,
) -> float:
    """Return the beta-VAE score of observed codes and factors, in [0, 1]; 1/K by chance.

    A point is (1/L) sum_l |z_l - z'_l| over L pairs of rows that share the value of one factor, the same for
    all L. The score is the accuracy of a multinomial logistic regression (C = 1) that tells from new points
    which factor was shared. Each factor is shared in as many points. As the regression is regularized, the
    score depends on the scale of the codes, which are not standardized.

    Rows are drawn at random, and each is paired with another row that has the same value of the factor.
    Unlike under an intervention, the other factors are then distributed as in these rows.

    Args:
        codes: latent variables, such as the locations of q(z|x), [N, D].
        factors: the factors that generated the data, [N, K], K at least 2; a factor is discrete if all its
            values are integers, and continuous otherwise.
        batch_size: L, the number of pairs of a point.
        num_train: number of points to fit the classifier, at least K.
        num_eval: number of points to score it.
        num_groups: number of groups into which the ranks of a continuous factor's values are cut; values of
            one group count as shared.
        seed: seed of the draws.

    Raises:
        InvalidInput: for other shapes and sizes, a value or a group that only one row has, numbers that are
            not finite, and a constant factor.

    Source: Higgins et al. 2017, section 3; Locatello et al. 2019 (numbers of pairs and points).

    Example:
        >>> factors = np.stack(np.divmod(np.arange(100), 10), axis=1)    # all pairs of 10 values
        >>> beta_vae_score(-0.3 * factors, factors, num_train=200, num_eval=100)
        1.0
    """
    codes, factors = checked(codes, factors, least_factors=2)
    interventions = ObservedInterventions(codes, factors, num_groups)
    return _score(interventions, batch_size, num_train, num_eval, seed)


def beta_vae_protocol(
    encoder: Encoder,
    ground_truth: GroundTruth,
    batch_size: int = 64,
    num_train: int = 10_000,
    num_eval: int = 5_000,
    seed: int = 0,
) -> float:
    """Return the beta-VAE score by interventions on a ground truth, in [0, 1]; 1/K by chance.

    As `beta_vae_score`, with pairs whose factors are drawn independently, but for the shared one.

    Args:
        encoder: a model, whose codes are the locations of q(z|x), or a function from observations [N, *event]
            to codes [N, D].
        ground_truth: where factors and observations come from.
        batch_size: L, the number of pairs of a point.
        num_train: number of points to fit the classifier, at least the number of factors K.
        num_eval: number of points to score it. In all, 2 L (num_train + num_eval) observations are encoded,
            1.9 million by default.
        seed: seed of the draws.

    Raises:
        InvalidInput: for other sizes, fewer than two factors, and codes that are not finite numbers [N, D].

    Source: Higgins et al. 2017, section 3; Locatello et al. 2019 (numbers of pairs and points).

    Example:
        >>> import tfvae
        >>> vae = tfvae.zoo.vae((64, 64, 1), latent_dim=2)
        >>> score = beta_vae_protocol(vae, tfvae.data.Sprites(), batch_size=2, num_train=10, num_eval=10)
        >>> 0 <= score <= 1
        True
    """
    interventions = GeneratedInterventions(encoder, ground_truth)
    return _score(interventions, batch_size, num_train, num_eval, seed)


def _score(interventions: Interventions, batch_size: int, num_train: int, num_eval: int, seed: int) -> float:
    integer("batch_size", batch_size)
    rng = np.random.default_rng(integer("seed", seed, at_least=0))
    fixed = interventions.fixed_factors(num_train, num_eval, rng)
    points = []
    for part in parts(fixed, batch_size):
        first, second = interventions.pairs(part, batch_size, rng)
        points.append(np.abs(first - second).mean(axis=1))
    points = np.concatenate(points)
    classifier = LogisticRegression(max_iter=1000).fit(points[:num_train], fixed[:num_train])
    return float(classifier.score(points[num_train:], fixed[num_train:]))
