"""The variational recurrent network: a VAE at every step, given the steps before."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.inputs import Input
from tfvae.core.noise import as_seed
from tfvae.core.scan import scan
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import DType, Tensor, Tensors
from tfvae.likelihoods import Likelihood
from tfvae.likelihoods.padded import SequenceSupport, present
from tfvae.models.base import LatentModel
from tfvae.models.sequence.sequence_trace import SequenceTrace, by_step
from tfvae.models.vae import VAE
from tfvae.objectives import ELBO, Objective
from tfvae.posteriors import Posterior
from tfvae.priors import Prior

Rows = Tensors


class VRNN(LatentModel):
    """Variational recurrent network: at each step a VAE whose condition is what a recurrent cell remembers.

    p(x, z) = prod_t p(z_t|h_t) p(x_t|z_t, h_t),  q(z|x) = prod_t q(z_t|x_t, h_t),
    h_1 = 0,  h_(t+1) = cell(features(x_t, z_t), h_t)

    x is [T, *event] with NaN in the steps after the last; those have no part in bound and gradient. z is
    [T latent_dim], the first step's first. The rate is a sum over steps, and each step is a group of
    `Trace.rates`. `reconstruct` gives E[x_t|z_t, h_t] with the x before t unchanged; after the last step
    it goes on without data, which is a forecast.

    `sample`, `prior_draw` and `decoded_mean` have no noise in x: what the cell sees are the means of x_t.
    `generate` draws x itself.

    Args:
        vae: the VAE of one step, with a condition of as many entries as the cell puts out.
        features: network of pairs [x_t, z_t], see `tfvae.layers.ConcatenateCondition`, from what the step's
            encoder sees of x_t, and z_t, to what the cell takes.
        num_steps: T, the largest number of steps.
        cell: Keras recurrent cell; None is `keras.layers.GRUCell(vae.condition_dim)`.
        objective: what training minimizes, a function of rates and weights alone; None is `ELBO()`.
        seed: start of the training noise; None takes it from Python's random numbers.

    Source: Chung et al. 2015, section 3. As there, with two differences: the step's encoder and the cell
    have features of x_t of their own, and those of z_t and x_t for the cell are made together.

    Example:
        >>> import tfvae
        >>> model = tfvae.zoo.vrnn((5, 2), latent_dim=3)
        >>> model.elbo(tf.zeros((4, 5, 2))).shape, model.sample(3).shape
        ((4,), (3, 5, 2))
    """

    def __init__(
        self,
        vae: VAE,
        features: keras.Layer,
        num_steps: int,
        cell: keras.Layer | None = None,
        objective: Objective | None = None,
        seed: int | None = None,
        *,
        name: str | None = None,
        dtype: DType = None,
    ):
        super().__init__(ELBO() if objective is None else objective, seed, name, dtype)
        if not vae.condition_dim:
            raise InvalidInput("vae", "one with a condition", "condition_dim 0")
        if cell is None:
            cell = keras.layers.GRUCell(vae.condition_dim, seed=0)  # of dropout, which is not used
        if cell.output_size != vae.condition_dim:
            raise InvalidInput(
                "cell", f"{vae.condition_dim} units, the vae's condition_dim", cell.output_size
            )
        if not (vae.posterior.has_density and vae.posterior.reparameterized):
            raise InvalidInput(
                "vae",
                "one whose posterior has a density and draws with gradients",
                type(vae.posterior).__name__,
            )
        if not self.objective.uses_weights_only:
            raise InvalidInput(
                "objective",
                "one of weights and rates alone, as a VRNN has a posterior and a prior at each step",
                type(self.objective).__name__,
            )
        self.vae = vae
        self.cell = cell
        self.features = features
        self.num_steps = integer("num_steps", num_steps)
        self.objective.check(self)
        self.build(self.input_shapes)

    @property
    def likelihood(self) -> Likelihood:
        """The likelihood of one step."""
        return self.vae.likelihood

    @property
    def posterior(self) -> Posterior:
        """The posterior of one step."""
        return self.vae.posterior

    @property
    def prior(self) -> Prior:
        """The prior of one step."""
        return self.vae.prior

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one sequence."""
        return (self.num_steps, *self.vae.event_shape)

    @property
    def accepts(self) -> dict[str, Input]:
        """Sequences, with NaN after the last step."""
        return {"x": Input(self.event_shape, SequenceSupport.from_support(self.vae.likelihood.support))}

    @property
    def latent_dim(self) -> int:
        """Number of latent dimensions of all steps."""
        return self.num_steps * self.vae.latent_dim

    @property
    def prior_noise_dim(self) -> int:
        """Standard normal numbers that one draw from p(z) takes, for all steps."""
        return self.num_steps * self.vae.prior_noise_dim

    def build(self, input_shape: Any) -> None:
        """Make the weights of the cell and its features; the step's VAE has its own."""
        seen = self.vae.likelihood.encoder_shape
        pair = [keras.KerasTensor((None, *seen)), keras.KerasTensor((None, self.vae.latent_dim))]
        merged = self.features(pair)
        if not self.cell.built:  # it is already when it comes out of a file
            self.cell.build((None, merged.shape[-1]))
        self.finish_build()

    def noise(self, num_samples: int | Tensor, batch: int | Tensor, seed: Tensor) -> Tensor:
        """Draw the base noise of every step, [num_samples, batch, T, ...]."""
        return self.posterior.noise((num_samples, batch, self.num_steps), seed)

    def record(self, inputs: Rows, noise: Tensor) -> dict:
        """Draw step by step; then decode all steps at once."""
        x, there = self._filled(inputs["x"])
        draws, batch = tf.shape(noise)[0], tf.shape(x)[0]
        noise = tf.broadcast_to(noise, (draws, batch, *noise.shape[2:]))
        x = _repeated(x, draws)

        def visit(h: Tensor, row: Rows) -> tuple:
            drawn = self.vae.drawn({"x": row["x"], "condition": h}, row["noise"][tf.newaxis])
            z, log_q = drawn["z"][0], drawn["log_q"][0]
            return row["x"], z, {"h": h, "posterior": drawn["posterior"], "z": z, "log_q": log_q}

        rows = {"x": _steps_first(x), "noise": _steps_first(_folded(noise))}
        path = tf.nest.map_structure(_folded, self._walk(rows, visit))
        drawn = {
            "posterior": path["posterior"],
            "z": path["z"][tf.newaxis],
            "log_q": path["log_q"][tf.newaxis],
        }
        log_q = tf.reduce_sum(by_step(path["log_q"], there), axis=0)
        z = tf.reshape(path["z"], (self.num_steps, draws, batch, self.vae.latent_dim))
        return {
            "z": tf.reshape(tf.transpose(z, (1, 2, 0, 3)), (draws, batch, self.latent_dim)),
            "log_q": log_q,
            "h": path["h"],
            "steps": self.vae.completed({"x": _folded(rows["x"]), "condition": path["h"]}, drawn),
        }

    def assemble(self, inputs: Rows, record: dict) -> SequenceTrace:
        """Make the trace of all steps, and of it the trace of the sequences."""
        x, there = self._filled(inputs["x"])
        rows = _folded(_steps_first(_repeated(x, tf.shape(record["z"])[0])))
        steps = self.vae.assemble({"x": rows, "condition": record["h"]}, record["steps"])
        return SequenceTrace(
            x=inputs["x"],
            given={},
            q=steps.q,
            p=steps.p,
            px=steps.px,
            z=record["z"],
            log_q=record["log_q"],
            record=record,
            seed=record.get("seed"),
            steps=steps,
            there=there,
        )

    def observe(self, trace: SequenceTrace) -> None:
        """Let the parts of the step's VAE see all steps, those after the last one with NaN in x."""
        there = _folded(_steps_first(_repeated(trace.there, tf.shape(trace.z)[0])))
        there = tf.reshape(there, (-1, *[1] * (trace.steps.x.shape.rank - 1)))
        x = tf.where(there, trace.steps.x, math.nan)
        self.vae.observe(dataclasses.replace(trace.steps, x=x))

    def describe(self, inputs: Rows) -> Rows:
        """Return the locations of q(z_t|x_t, h_t) one after the other, and E[x_t|z_t, h_t] there."""
        x, there = self._filled(inputs["x"])

        def visit(h: Tensor, row: Rows) -> tuple:
            condition = {"condition": h}
            location = self.vae.latent({"x": row["x"], **condition})
            ahead = self.vae.prior_draw(tf.zeros((tf.shape(h)[0], self.vae.prior_noise_dim)), condition)
            z = tf.where(row["there"], location, ahead)
            mean = self.vae.decoded_mean(z, condition)
            there = tf.reshape(row["there"], (-1, *[1] * (mean.shape.rank - 1)))
            return tf.where(there, row["x"], mean), z, {"latent": z, "reconstruction": mean}

        path = self._walk({"x": _steps_first(x), "there": _steps_first(there[..., tf.newaxis])}, visit)
        return {
            "latent": self._whole(path["latent"], self.latent_dim),
            "reconstruction": self._whole(path["reconstruction"], *self.event_shape),
        }

    def latent(self, inputs: Rows) -> Tensor:
        """Return the location of q(z_t|x_t, h_t) at each step, [B, T latent_dim], the steps before at theirs.

        After the last step it is the prior's, with no noise.
        """
        return self.describe(inputs)["latent"]

    def posterior_summary(self, inputs: Rows) -> Rows:
        """Return {"location"}."""
        return {"location": self.latent(inputs)}

    def prior_draw(self, noise: Tensor, given: Rows | None = None) -> Tensor:
        """Return z [B, T latent_dim] of standard normal noise [B, prior_noise_dim]."""
        path = self._imagined(noise, self.vae.prior_draw)
        return self._whole(path["z"], self.latent_dim)

    def decoded_mean(self, z: Tensor, given: Rows | None = None) -> Tensor:
        """Return E[x_t|z_t, h_t] at each step, [B, T, *event], for z [B, T latent_dim]."""
        path = self._imagined(z, lambda z, condition: z)
        return self._whole(path["mean"], *self.event_shape)

    def generate(self, num_samples: int = 1, seed: int = 0) -> np.ndarray:
        """Return draws of x ~ p(x), [num_samples, T, *event], each x_t drawn given the steps before."""
        integer("num_samples", num_samples)
        seeds = [tf.random.experimental.stateless_fold_in(as_seed(seed), t) for t in range(self.num_steps)]
        noise = tf.random.stateless_normal(
            (self.num_steps, num_samples, self.vae.prior_noise_dim), as_seed(seed)
        )

        def visit(h: Tensor, row: Rows) -> tuple:
            z = self.vae.prior_draw(row["noise"], {"condition": h})
            params = self.likelihood(self.vae.decoder([z, h], training=False), training=False)
            x = self.likelihood.distribution(params).sample(seed=row["seed"])
            return x, z, {"x": x}

        path = self._walk({"noise": noise, "seed": tf.stack(seeds)}, visit, num_samples)
        return self._whole(path["x"], *self.event_shape).numpy()

    def _imagined(self, numbers: Tensor, draw: Callable[[Tensor, Rows], Tensor]) -> Rows:
        """Walk without data: z_t = draw(numbers_t, condition), and the mean of x_t in its place."""

        def visit(h: Tensor, row: Tensor) -> tuple:
            z = draw(row["numbers"], {"condition": h})
            mean = self.vae.decoded_mean(z, {"condition": h})
            return mean, z, {"z": z, "mean": mean}

        steps = tf.reshape(numbers, (-1, self.num_steps, numbers.shape[-1] // self.num_steps))
        return self._walk({"numbers": _steps_first(steps)}, visit)

    def _walk(self, rows: Rows, visit: Callable[[Tensor, Rows], tuple], count: Any = None) -> dict:
        """Return what `visit` puts out at each step, [T, N, ...]; it also says which x_t and z_t come next.

        Args:
            rows: tensors [T, N, ...].
            visit: from what the cell remembers, h [N, condition_dim] in float32, and the step's row, to
                (x_t, z_t, outputs).
            count: N, where not every row has it.
        """
        count = tf.shape(next(iter(rows.values())))[1] if count is None else count

        def move(state: tuple, row: Rows) -> tuple:
            h, memory = state
            x, z, outputs = visit(tf.cast(h, tf.float32), row)
            seen = self.features([self.likelihood.encoder_input(x), z], training=TRAINING.get())
            return self.cell(tf.cast(seen, self.cell.compute_dtype), memory, training=TRAINING.get()), outputs

        memory = tf.nest.flatten(self.cell.get_initial_state(batch_size=count))
        start = tf.zeros((count, self.vae.condition_dim), self.cell.compute_dtype)
        return scan(move, (start, memory), rows)

    def _filled(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return x with a value of the likelihood's where NaN was, and which steps are there, [B, T]."""
        return tf.where(tf.math.is_nan(x), self.likelihood.support.fill_value, x), present(x)

    def _whole(self, steps: Tensor, *shape: int) -> Tensor:
        """Turn steps [T, B, ...] into one row for each sequence, [B, *shape]."""
        return tf.reshape(_steps_first(steps), (-1, *shape))


def _steps_first(x: Tensor) -> Tensor:
    """Exchange the first two axes."""
    return tf.transpose(x, (1, 0, *range(2, x.shape.rank)))


def _folded(x: Tensor) -> Tensor:
    """Make the first two axes one."""
    return tf.reshape(x, (-1, *x.shape[2:]))


def _repeated(x: Tensor, draws: Tensor) -> Tensor:
    """Return x [B, ...] `draws` times over, [draws B, ...]."""
    return tf.tile(x, [draws, *[1] * (x.shape.rank - 1)])
