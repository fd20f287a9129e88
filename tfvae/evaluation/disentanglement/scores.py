"""All measures of disentanglement of one encoder, by a ground truth."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfvae.core.checks import integer
from tfvae.evaluation.disentanglement.beta_vae_score import beta_vae_protocol
from tfvae.evaluation.disentanglement.dci import DCI, Trees, dci
from tfvae.evaluation.disentanglement.explicitness import explicitness
from tfvae.evaluation.disentanglement.factor_vae_score import factor_vae_protocol
from tfvae.evaluation.disentanglement.ground_truth import Encoder, GroundTruth, sample_codes
from tfvae.evaluation.disentanglement.mig import mig
from tfvae.evaluation.disentanglement.modularity import modularity
from tfvae.evaluation.disentanglement.sap import sap


@dataclasses.dataclass(frozen=True)
class DisentanglementScores:
    """All measures of disentanglement of one encoder; the best value of each is 1.

    Attributes:
        beta_vae_score: accuracy of a linear classifier of the shared factor, in [0, 1].
        factor_vae_score: accuracy of the majority vote of the code that varies least, in [0, 1].
        mig: mutual information gap, in [0, 1].
        sap: gap between the two codes that predict a factor best, in [0, 1].
        dci: disentanglement, completeness and informativeness.
        modularity: whether each code depends on one factor alone, in [0, 1].
        explicitness: how well a linear predictor reads the factors, in [0, 1], 1/2 by chance.
    """

    beta_vae_score: float
    factor_vae_score: float
    mig: float
    sap: float
    dci: DCI
    modularity: float
    explicitness: float


def evaluate_disentanglement(
    encoder: Encoder,
    ground_truth: GroundTruth,
    num_samples: int = 15_000,
    batch_size: int = 64,
    num_train: int = 10_000,
    num_eval: int = 5_000,
    num_bins: int = 20,
    classifier: Trees | None = None,
    regressor: Trees | None = None,
    seed: int = 0,
) -> DisentanglementScores:
    """Return all measures of disentanglement of a model by interventions on, and samples of, a ground truth.

    The default numbers are those of Locatello et al. 2019. With them, 2.9 million observations are encoded,
    and gradient boosting for a factor of 40 values takes minutes.

    Args:
        encoder: a model, whose codes are the locations of q(z|x), or a function from observations [N, *event]
            to codes [N, D], D at least 2.
        ground_truth: where factors and observations come from, such as `tfvae.data.Sprites()`; at least two
            factors. A factor is discrete if all its values are integers, and continuous otherwise.
        num_samples: number of observations for all measures without interventions, and for the variances
            of `factor_vae_score`. A third of them is held out to score predictors.
        batch_size: number of examples, or pairs, that share the value of a factor.
        num_train: number of such batches to fit the classifiers of `beta_vae_score` and `factor_vae_score`.
        num_eval: number of such batches to score them.
        num_bins: number of bins of codes and continuous factors for the mutual information.
        classifier: predictor of discrete factors in `dci`; None means gradient boosting.
        regressor: predictor of continuous factors in `dci`; None means gradient boosting.
        seed: seed of all draws.

    Raises:
        InvalidInput: for other sizes, too few samples for the number of values of a factor, a constant
            factor, and codes that are not finite numbers [N, D].

    Source: Locatello et al. 2019, and those of the measures.

    Example:
        >>> import tfvae
        >>> from sklearn.ensemble import RandomForestClassifier
        >>> vae = tfvae.zoo.vae((64, 64, 1), latent_dim=2)
        >>> forest = RandomForestClassifier(n_estimators=5, max_features=None, max_depth=3, random_state=0)
        >>> scores = evaluate_disentanglement(
        ...     vae, tfvae.data.Sprites(), 900, batch_size=2, num_train=20, num_eval=20, classifier=forest
        ... )
        >>> scores.mig < 0.5, 0 <= scores.dci.completeness <= 1
        (True, True)
    """
    integer("num_samples", num_samples)
    rng = np.random.default_rng(integer("seed", seed, at_least=0))
    codes, factors = sample_codes(encoder, ground_truth, num_samples, rng)
    numbers = (batch_size, num_train, num_eval)
    return DisentanglementScores(
        mig=mig(codes, factors, num_bins),
        sap=sap(codes, factors, seed),
        modularity=modularity(codes, factors, num_bins),
        explicitness=explicitness(codes, factors, seed),
        dci=dci(codes, factors, classifier, regressor, seed),
        beta_vae_score=beta_vae_protocol(encoder, ground_truth, *numbers, seed=seed),
        factor_vae_score=factor_vae_protocol(encoder, ground_truth, *numbers, num_samples, seed=seed),
    )
