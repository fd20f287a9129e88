"""The spike-and-slab lasso: a prior under which most masks of a decoder are zero."""

from __future__ import annotations

import math

import tensorflow as tf

from tfvae.core.dataset_size import DatasetSize
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import sum_over_replicas
from tfvae.core.trace import Trace
from tfvae.core.types import ArrayLike, DType, ObjectiveModel, Tensor
from tfvae.likelihoods import MaskedNormal
from tfvae.objectives.base import Objective
from tfvae.objectives.elbo import ELBO
from tfvae.objectives.penalties import Penalized


class SpikeAndSlab(Penalized):
    """penalty = -(log p(W | eta) + log p(eta)) / dataset_size, in nats; the masks W of a `MaskedNormal`.

    p(w_jk | eta_k) = eta_k Laplace(w_jk; 1/slab) + (1 - eta_k) Laplace(w_jk; 1/spike),  eta_k ~ Beta(1, G)

    with Laplace(w; b) = exp(-|w| / b) / (2 b) and G the elements of x. The shares eta are weights of the
    objective, trained with the rest. The spike holds masks near 0; a mask that the data ask for escapes
    to the slab, which hardly shrinks it.

    Args:
        dataset_size: number of training examples, over which the prior counts once; None means that of the
            data given to `fit`.
        spike: rate of the narrow Laplace, larger than the slab's.
        slab: rate of the wide one.
        objective: what it is added to; None is `ELBO()`.

    Source: Rockova and George 2018 (spike-and-slab lasso); Moran et al. 2022, section 2.

    Example:
        >>> SpikeAndSlab(dataset_size=1000).terms
        ('distortion', 'rate', 'elbo', 'penalty')
    """

    def __init__(
        self,
        dataset_size: int | None = None,
        spike: float = 10.0,
        slab: float = 1.0,
        objective: Objective | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(1.0, ELBO() if objective is None else objective, name=name, dtype=dtype)
        if not 0 < slab < spike:
            raise InvalidInput("spike", f"a rate above the slab's, {slab}, which is above 0", spike)
        self.dataset_size = dataset_size
        self.size = DatasetSize(dataset_size)
        self.spike = spike
        self.slab = slab

    def check(self, model: ObjectiveModel) -> None:
        """Reject what the other objective rejects, and likelihoods without masks."""
        super().check(model)
        if not isinstance(model.likelihood, MaskedNormal):
            raise InvalidInput(
                "objective",
                f"one that goes with the likelihood {type(model.likelihood).__name__}",
                f"{type(self).__name__}, which needs the masks of MaskedNormal",
            )

    def prepare(self, model: ObjectiveModel) -> None:
        """Make the other objective's weights, and the shares."""
        super().prepare(model)
        self.share_logits = self.add_weight(name="share_logits", shape=(model.likelihood.masks.shape[1],))

    def log_slab_and_spike(self, masks: Tensor) -> tuple[Tensor, Tensor]:
        """Return log(eta Laplace(w; 1/slab)) and log((1 - eta) Laplace(w; 1/spike)), each [G, features]."""
        logits, size = tf.convert_to_tensor(self.share_logits), tf.abs(masks)
        slab = tf.math.log_sigmoid(logits) + math.log(self.slab / 2) - self.slab * size
        return slab, tf.math.log_sigmoid(-logits) + math.log(self.spike / 2) - self.spike * size

    def probability(self, masks: ArrayLike) -> Tensor:
        """Return the probability that each mask comes from the slab, so that x_j depends on z_k.

        Source: Moran et al. 2022, the expectation of gamma in their EM algorithm.
        """
        slab, spike = self.log_slab_and_spike(tf.convert_to_tensor(masks))
        return tf.sigmoid(slab - spike)

    def penalty(self, trace: Trace, model: ObjectiveModel) -> Tensor:
        """Return the same penalty for every example, [B]."""
        masks = tf.convert_to_tensor(model.likelihood.masks)
        log_masks = tf.reduce_sum(tf.reduce_logsumexp(tf.stack(self.log_slab_and_spike(masks)), axis=0))
        elements = masks.shape[0]
        log_shares = tf.reduce_sum(
            math.log(elements) + (elements - 1) * tf.math.log_sigmoid(-self.share_logits)
        )
        batch = tf.shape(trace.x)[0]
        return tf.fill((batch,), -(log_masks + log_shares) / self.size.examples(sum_over_replicas(batch)))
