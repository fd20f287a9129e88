"""A model of several kinds of data with one latent variable, any of which may be missing."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tfvae.core import inputs as user
from tfvae.core.errors import InvalidInput
from tfvae.core.points import latent_points
from tfvae.core.trace import Trace
from tfvae.core.types import ArrayLike, DType, Inputs, Tensor, Tensors
from tfvae.models.base import LatentModel
from tfvae.models.fit_data import STREAMS
from tfvae.models.multimodal.modality import JointLikelihood, Modality
from tfvae.objectives import ELBO, Objective
from tfvae.posteriors.fusion import Fusion
from tfvae.priors import StandardNormal

_TAKEN = ("x", "z", "noise")  # names of other inputs, here and in exports


class MultimodalVAE(LatentModel):
    """p(x, z) = p(z) prod_m p(x_m|z),  p(z) = N(0, I), with q(z|x) made of one expert q_m(z|x_m) each.

    x_m -> expert m -> fusion -> q(z|x) -> z -> p(x_m|z), for each modality m

    Inputs are a dict by the modalities' names. A modality that is missing in some examples is NaN there, and
    one that is missing in all of them may be left out, except in `fit`, which could not train it; in a data
    set `fit` sees only whether the name is there. Bounds and log-likelihoods are joint ones of what is there.
    For an example without any modality q(z|x) = p(z): rate, distortion and log-likelihood are 0.

    Args:
        modalities: by name; all with the fusion's latent_dim.
        fusion: how the experts become one posterior; see `tfvae.posteriors.fusion`.
        objective: what training minimizes; None is `ELBO()` with a draw from each component of the fusion.
            `objectives.SubsetELBO` adds the bounds of parts of the modalities, which a product of experts
            needs.
        seed: start of the training noise; None takes it from Python's random numbers.

    Source: Wu and Goodman 2018; Shi et al. 2019; Sutter et al. 2021.

    Example:
        >>> import tfvae
        >>> model = tfvae.zoo.multimodal_vae({"image": (8, 8, 1), "attributes": (3,)}, latent_dim=2)
        >>> {name: array.shape for name, array in model.reconstruct({"attributes": np.ones((5, 3))}).items()}
        {'image': (5, 8, 8, 1), 'attributes': (5, 3)}
    """

    def __init__(
        self,
        modalities: dict[str, Modality],
        fusion: Fusion,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        if objective is None:
            objective = ELBO(num_samples=fusion.num_components(len(modalities)))
        super().__init__(objective, seed, name, dtype)
        _check(modalities, fusion.latent_dim)
        self.modalities = modalities
        self.fusion = fusion
        self.prior = StandardNormal(fusion.latent_dim)
        self.objective.check(self)
        self.build(self.input_shapes)

    def build(self, input_shape: Any) -> None:
        """Make the weights of every modality."""
        for modality in self.modalities.values():
            modality.prepare()
        self.finish_build()

    # What the parts are.

    @property
    def posterior(self) -> Fusion:
        """The fusion, which is the posterior of the experts."""
        return self.fusion

    @property
    def likelihood(self) -> JointLikelihood:
        """The joint likelihood of all modalities."""
        return JointLikelihood(dict(self.modalities))

    @property
    def accepts(self) -> dict[str, user.Input]:
        """The modalities, each of which may be missing."""
        return {name: modality.input for name, modality in self.modalities.items()}

    def given(self, inputs: Tensors) -> Tensors:
        """Return nothing: all inputs are generated from z alone."""
        return {}

    @property
    def latent_dim(self) -> int:
        """Number of latent dimensions."""
        return self.fusion.latent_dim

    @property
    def prior_noise_dim(self) -> int:
        """Standard normal numbers that one draw from p(z) takes."""
        return self.latent_dim

    # One pass.

    def noise(self, num_samples: int | Tensor, batch: int | Tensor, seed: Tensor) -> Tensor:
        """Draw the fused posterior's base noise, [num_samples, batch, ...]."""
        return self.fusion.noise((num_samples, batch), seed)

    def record(self, inputs: Tensors, noise: Tensor) -> dict:
        """Encode each modality, fuse, draw, decode each."""
        return self._drawn(self._experts(inputs), noise, list(self.modalities))

    def assemble(self, inputs: Tensors, record: dict) -> Trace:
        """Make q, p and the joint p(x|z) of the record's parameters; x is a dict by name."""
        return Trace(
            x={name: inputs[name] for name in self.modalities},
            given={},
            q=self.fusion.distribution(record["posterior"]),
            p=self.prior.distribution(),
            px=self.likelihood.distribution(record["likelihood"]),
            z=record["z"],
            log_q=record["log_q"],
            record=record,
            seed=record.get("seed"),
        )

    def observe(self, trace: Trace) -> None:
        """Let each modality's likelihood see its part of a batch."""
        for name, modality in self.modalities.items():
            record = {**trace.record, "likelihood": trace.record["likelihood"][name]}
            modality.likelihood.observe(dataclasses.replace(trace, x=trace.x[name], record=record))

    def retrace(self, trace: Trace, z: Tensor, log_q: Tensor) -> Trace:
        """Return the trace of the same pass with other draws z [S, B, latent_dim] and their log q [S, B]."""
        likelihood = {name: self.modalities[name].decode(z) for name in trace.x}
        record = {**trace.record, "z": z, "log_q": log_q, "likelihood": likelihood}
        px = self.likelihood.distribution(likelihood)
        return dataclasses.replace(trace, z=z, log_q=log_q, px=px, record=record)

    def restricted(self, trace: Trace, keep: Tensors, noise: Tensor) -> Trace:
        """Return the trace of the same data with some modalities alone; nothing is encoded again.

        Args:
            trace: a pass with all modalities.
            keep: where each modality is kept, booleans [B] by name; those without a name are left out.
            noise: base noise of the new draws.
        """
        experts = trace.record["experts"]
        never = tf.zeros_like(experts["present"][:, 0])
        kept = [tf.cast(keep[name], tf.float32) if name in keep else never for name in self.modalities]
        experts = {**experts, "present": experts["present"] * tf.stack(kept, axis=1)}
        record = {**self._drawn(experts, noise, list(keep)), "seed": trace.seed}
        x = {name: _kept(trace.x[name], keep[name]) for name in keep}
        return dataclasses.replace(
            trace,
            x=x,
            q=self.fusion.distribution(record["posterior"]),
            px=self.likelihood.distribution(record["likelihood"]),
            z=record["z"],
            log_q=record["log_q"],
            record=record,
        )

    # Answers.

    def latent(self, inputs: Tensors) -> Tensor:
        """Return the location of q(z|x), [B, latent_dim], of the modalities that are there."""
        return self.fusion.location(self._fused(self.tensors(inputs)))

    def posterior_summary(self, inputs: Tensors) -> Tensors:
        """Return what an export returns of q(z|x): `location`, and other tensors that the fusion names."""
        return self.fusion.summary(self._fused(self.tensors(inputs)))

    def prior_draw(self, noise: Tensor, given: Tensors | None = None) -> Tensor:
        """Return z ~ p(z), [B, latent_dim], of standard normal noise [B, latent_dim]."""
        return self.prior.transform(noise)

    def decoded_mean(self, z: Tensor, given: Tensors | None = None) -> Tensors:
        """Return E[x_m|z] of every modality, [B, *event], for z [B, latent_dim]."""
        return {name: m.likelihood.mean(m.decode(z)) for name, m in self.modalities.items()}

    def encode(self, inputs: Inputs) -> tfd.Distribution:
        """Return q(z|x), batch shape [B], of the modalities that are there."""
        return self.fusion.distribution(self._fused(self.checked(inputs)))

    def decode(self, z: ArrayLike) -> dict[str, tfd.Distribution]:
        """Return p(x_m|z) of every modality, for z of shape [..., latent_dim]."""
        points = latent_points(z, self.latent_dim)
        return {name: m.likelihood.distribution(m.decode(points)) for name, m in self.modalities.items()}

    def cross(
        self, inputs: Inputs, to: tuple[str, ...] | list[str], batch_size: int = 512
    ) -> dict[str, np.ndarray]:
        """Return E[x_m|z] for each m in `to`, [B, *event], at the location of q(z|x); no noise.

        Args:
            inputs: the modalities to go by; the others are left out or NaN.
            to: names of the modalities to return.
            batch_size: examples taken at once.
        """
        wrong = [name for name in to if name not in self.modalities]
        if isinstance(to, str) or wrong:
            raise InvalidInput("to", f"names among {list(self.modalities)}", to)
        rebuilt = self.reconstruct(inputs, batch_size)
        return {name: rebuilt[name] for name in to}

    def check_training(self, data: Any) -> None:
        """Reject data in which a modality is missing everywhere, as nothing would be learned of it."""
        if isinstance(data, tf.data.Dataset):
            spec = data.element_spec
            named = user.as_dict(spec[0] if isinstance(spec, tuple) else spec, self.accepts)
            absent = [name for name in self.modalities if name not in named]
        elif isinstance(data, STREAMS):
            return
        else:
            named = user.as_dict(data, self.accepts)
            absent = [name for name in self.modalities if _nowhere(named.get(name))]
        if absent:
            raise InvalidInput("inputs", f"examples of each of {list(self.modalities)}", f"none of {absent}")

    def _experts(self, inputs: Tensors) -> Tensors:
        """Return {"loc", "scale"}, each [B, M, latent_dim], and "present" [B, M]."""
        made = [modality.expert(inputs[name]) for name, modality in self.modalities.items()]
        return {key: tf.stack([expert[key] for expert in made], axis=1) for key in made[0]}

    def _fused(self, inputs: Tensors) -> Tensors:
        return self.fusion(self._experts(inputs))

    def _drawn(self, experts: Tensors, noise: Tensor, names: list[str]) -> dict:
        params = self.fusion(experts)
        z, log_q = self.fusion.transform(params, noise)
        likelihood = {name: self.modalities[name].decode(z) for name in names}
        return {"experts": experts, "posterior": params, "z": z, "log_q": log_q, "likelihood": likelihood}


def _check(modalities: dict[str, Modality], latent_dim: int) -> None:
    if not isinstance(modalities, dict) or not modalities:
        raise InvalidInput("modalities", "a dict of Modality by name", repr(modalities))
    for name, modality in modalities.items():
        if not isinstance(modality, Modality):
            raise InvalidInput(f"modalities[{name!r}]", "a Modality", type(modality).__name__)
        if not name.isidentifier() or name in _TAKEN:
            raise InvalidInput("modalities", f"names that are identifiers other than {list(_TAKEN)}", name)
        if modality.posterior.latent_dim != latent_dim:
            raise InvalidInput(
                f"modalities[{name!r}]",
                f"the fusion's latent_dim {latent_dim}",
                modality.posterior.latent_dim,
            )


def _kept(x: Tensor, keep: Tensor) -> Tensor:
    return tf.where(tf.reshape(keep, (-1, *[1] * (x.shape.rank - 1))), x, math.nan)


def _nowhere(x: Any) -> bool:
    if x is None:
        return True
    x = np.asarray(x)
    return x.dtype.kind == "f" and all(
        np.isnan(x[first : first + 8192]).all() for first in range(0, len(x), 8192)
    )
