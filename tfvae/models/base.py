"""What every latent-variable model shares: training on one or several replicas, and evaluation."""

from __future__ import annotations

import abc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core import inputs as user
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.core.loadable import check_loadable
from tfvae.core.metrics import TermMeans
from tfvae.core.noise import SeedStream, as_seed
from tfvae.core.numerics import wait_for
from tfvae.core.part import Configured
from tfvae.core.replicas import mean_loss
from tfvae.core.trace import Trace
from tfvae.core.training_mode import TRAINING
from tfvae.core.types import ArrayLike, DType, Inputs, Tensor, Tensors
from tfvae.likelihoods import Likelihood
from tfvae.models.bounds import Bounds
from tfvae.models.keras_training import KerasTraining
from tfvae.objectives import Objective


class LatentModel(Configured, Bounds, KerasTraining, abc.ABC):
    """A model of data x with a latent variable z; abstract.

    A subclass says how one pass goes (`record`) and what it means (`assemble`). Keras's own training
    and test steps call the model, which returns the record as tensors, and hand it to `compute_loss`,
    which assembles the trace and gives it to the objective.

    Attributes:
        event_shape: shape of one example of x.
        objective: what training minimizes.
    """

    likelihood: Likelihood

    def __init__(self, objective: Objective, seed: int | None, name: str | None, dtype: DType):
        super().__init__(name=name, dtype=dtype, autocast=False)  # the networks cast for themselves
        self.objective = objective
        self.seed = seed
        self.training_noise = SeedStream(seed, name="training_noise")
        self.evaluation_noise = SeedStream(0, name="evaluation_noise")
        self.term_means = TermMeans(objective.terms)

    def finish_build(self) -> None:
        """Let the objective make its weights; from here on no argument of the model's parts can change."""
        self.objective.prepare(self)
        for layer in self._flatten_layers():
            if isinstance(layer, Configured):
                layer.fix_arguments()
        self.built = True

    # What a model defines.

    @abc.abstractmethod
    def noise(self, num_samples: int | Tensor, batch: int | Tensor, seed: Tensor) -> Tensor:
        """Draw the noise of one pass: `num_samples` for each of `batch` examples."""

    @abc.abstractmethod
    def record(self, inputs: Tensors, noise: Tensor) -> dict:
        """Pass inputs and noise through the model; return tensors only."""

    @abc.abstractmethod
    def assemble(self, inputs: Tensors, record: dict) -> Trace:
        """Make the distributions of a record again."""

    def observe(self, trace: Trace) -> None:
        """Let the parts see a training batch, for weights that no gradient reaches.

        The objective sees it by itself.

        Args:
            trace: the record of the pass.
        """
        self.likelihood.observe(trace)

    def estimate(self, loss: Tensor, trace: Trace) -> Tensor:
        """Return the loss [B] with the gradient of an expectation over the latent variable."""
        return loss

    @property
    def has_density(self) -> bool:
        """Whether q(z|x) has a density, without which there is no bound."""
        return True

    @property
    def draws_at_random(self) -> bool:
        """Whether z is random given x, so that more draws tighten a bound."""
        return True

    @property
    def space(self) -> str:
        """Where z lies, as a posterior says it."""
        return "real"

    @property
    @abc.abstractmethod
    def latent_dim(self) -> int:
        """Number of latent dimensions."""

    @property
    @abc.abstractmethod
    def prior_noise_dim(self) -> int:
        """Standard normal numbers that one draw from p(z) takes."""

    @abc.abstractmethod
    def prior_draw(self, noise: Tensor, given: Tensors | None = None) -> Tensor:
        """Return z ~ p(z), [B, latent_dim], made of standard normal noise [B, prior_noise_dim]."""

    @abc.abstractmethod
    def decoded_mean(self, z: Tensor, given: Tensors | None = None) -> Tensor:
        """Return E[x|z], [B, *event], for z [B, latent_dim]."""

    @abc.abstractmethod
    def latent(self, inputs: Tensors) -> Tensor:
        """Return the location of q(z|x), [B, latent_dim]."""

    @abc.abstractmethod
    def posterior_summary(self, inputs: Tensors) -> Tensors:
        """Return what an export returns of q(z|x): `location`, and other tensors that the posterior names."""

    def describe(self, inputs: Tensors) -> Tensors:
        """Return what `predict` gives, with no noise: the location of q(z|x) and the mean of p(x|z) there."""
        location = self.latent(inputs)
        return {"latent": location, "reconstruction": self.decoded_mean(location, self.given(inputs))}

    # Keras.

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one example of x."""
        return self.likelihood.event_shape

    @property
    def step(self) -> Tensor:
        """Number of optimizer steps taken, float32; 0 before `compile`."""
        optimizer = getattr(self, "optimizer", None)
        return tf.cast(0 if optimizer is None else optimizer.iterations, tf.float32)

    @property
    def accepts(self) -> dict[str, user.Input]:
        """The model's inputs by name, the one that an array alone stands for first."""
        return {"x": user.Input(self.event_shape, self.likelihood.support)}

    @property
    def input_shapes(self) -> tuple | dict[str, tuple]:
        """What `build` is called with: the shape of the one input, or the shapes by name."""
        shapes = {name: (None, *expected.shape) for name, expected in self.accepts.items()}
        return shapes if len(shapes) > 1 else next(iter(shapes.values()))

    def given(self, inputs: Tensors) -> Tensors:
        """Return those inputs that x is generated from, such as a condition; most models have none."""
        return {name: value for name, value in inputs.items() if name != "x"}

    def tensors(self, inputs: Inputs) -> Tensors:
        """Return inputs, an array or a dict, as a dict of float32 tensors of the right shapes."""
        return user.as_tensors(inputs, self.accepts)

    def checked(self, inputs: Inputs) -> Tensors:
        """Return inputs as tensors, after a look at every value."""
        return self.tensors(user.to_arrays(next(iter(self.accepts)), inputs, self.accepts))

    # A training step: Keras's `train_step` calls the model and `compute_loss`, then applies the gradients.

    def train_step(self, data: Any) -> Tensors:
        """Take a training step, none of it before its batch is there.

        At the end of a source of unknown length there is none, and the counter of steps stands still.
        """
        with tf.control_dependencies(list(filter(tf.is_tensor, keras.tree.flatten(data)))):
            return super().train_step(data)

    def call(self, inputs: Inputs, training: bool = False) -> dict:
        """Make one pass with fresh noise and take the objective of it, all in one mode.

        Returns:
            "record", the tensors of the pass; "terms", those of the objective, each [B]; "loss", what is to
            be minimized, [B]; "added_loss", the sum of what layers add to it (`add_loss` and
            regularizers), once for the batch.
        """
        mode = TRAINING.set(bool(training))
        try:
            return self._pass(self.tensors(inputs), training)
        finally:
            TRAINING.reset(mode)

    def _pass(self, inputs: Tensors, training: bool) -> dict:
        seed = (self.training_noise if training else self.evaluation_noise).next()
        noise = self.noise(self.objective.num_samples, user.batch_size(inputs), seed)
        record = {**self.record(inputs, noise), "seed": seed}
        added = self.losses  # of this pass, before the objective's own passes add theirs
        trace = self.assemble(inputs, record)
        if training:
            self.observe(trace)
        terms = self.objective.checked_loss(trace, self)
        if training:
            self.objective.observe(trace)
        loss = self.estimate(terms["loss"], trace)
        added_loss = tf.add_n([tf.cast(value, tf.float32) for value in added] or [tf.constant(0.0)])
        return {"record": record, "terms": terms, "loss": loss, "added_loss": added_loss}

    def compute_loss(
        self,
        x: Inputs | None = None,
        y: ArrayLike | None = None,
        y_pred: Any = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Return sum(weight loss) / n + added loss, n the examples of the batch on all replicas together."""
        self.term_means.update_state(y_pred["terms"], sample_weight)
        loss = mean_loss(y_pred["loss"], [y_pred["added_loss"]], sample_weight)
        return wait_for(loss, y_pred["terms"].values())

    @property
    def metrics_names(self) -> list[str]:
        """The names of the values that `evaluate` returns, in their order."""
        return ["loss", *sorted(self.objective.terms)]

    def reset_metrics(self) -> None:
        """Reset the metrics, and with them the noise of evaluation, so that it repeats."""
        super().reset_metrics()
        self.evaluation_noise.restart()

    def save(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Write a `.keras` file with weights, optimizer and random state, whole or not at all.

        Raises:
            InvalidInput: for a layer that could not be made again from the file, and a name that does not end
                in `.keras`.
            FileExistsError: where the file exists and `overwrite` is false.
            OSError: where it cannot be written; the file that was there is left as it was.
        """
        check_loadable(self)
        path = Path(filepath)
        if path.suffix != ".keras":
            raise InvalidInput("filepath", "a name that ends in .keras", path)
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path}: the file exists and overwrite is false")
        with replacing(path) as temporary:
            super().save(temporary)

    # Generation.

    def reconstruct(self, inputs: Inputs, batch_size: int = 512) -> Any:
        """Return E[x|z] at the location of q(z|x), [B, *event]; no noise."""
        tensors = self.checked(inputs)
        if any(map(user.is_symbolic, tensors.values())):
            return self.describe(tensors)["reconstruction"]
        return self.predict(tensors, batch_size=batch_size, verbose=0)["reconstruction"]

    def sample(
        self, num_samples: int = 1, seed: int = 0, given: Mapping[str, ArrayLike] | None = None
    ) -> Any:
        """Return E[x|z] for `num_samples` draws z ~ p(z), [num_samples, *event].

        For draws of x itself: `decode(z).sample(seed=...)`.

        Args:
            num_samples: how many.
            seed: start of the random numbers.
            given: the inputs that x is generated from, by name, each [num_samples, ...], for models that
                have such inputs.
        """
        integer("num_samples", num_samples)
        noise = tf.random.stateless_normal((num_samples, self.prior_noise_dim), as_seed(seed))
        given = self.checked_given(given, num_samples)
        drawn = self.decoded_mean(self.prior_draw(noise, given), given)
        return tf.nest.map_structure(np.asarray, drawn)

    def checked_given(self, given: Mapping[str, ArrayLike] | None, count: int) -> Tensors:
        """Return the inputs that x is generated from as tensors, one row for each of `count` draws."""
        accepts = self.given(self.accepts)
        if not accepts:
            if given:
                raise InvalidInput("given", "nothing, as the model is without a condition", sorted(given))
            return {}
        defaults = {
            name: np.full((count, *expected.shape), expected.default)
            for name, expected in accepts.items()
            if expected.default is not None
        }
        given = {**defaults, **({} if given is None else given)}
        tensors = user.as_tensors(user.to_arrays(next(iter(accepts)), given, accepts), accepts)
        for name, value in tensors.items():
            if value.shape[0] != count:
                raise InvalidInput(name, f"{count} rows, one for each draw", value.shape[0])
        return tensors

    # Evaluation. These take an explicit seed and leave the state of training alone.

    def trace(self, inputs: Inputs, num_samples: int = 1, seed: int = 0) -> Trace:
        """Return the trace of one pass with `num_samples` draws for each example."""
        return self.draw_trace(self.checked(inputs), num_samples, as_seed(seed))

    def trace_with_noise(self, inputs: Tensors, noise: Tensor) -> Trace:
        """Return the trace of one pass with given noise, [S, B, ...] or [S, 1, ...] shared by the batch."""
        return self.assemble(inputs, self.record(inputs, noise))

    def draw_trace(self, inputs: Tensors, num_samples: int | Tensor, seed: Tensor) -> Trace:
        """Return the trace of one pass with `num_samples` draws for each example, of checked inputs."""
        noise = self.noise(num_samples, user.batch_size(inputs), seed)
        return self.trace_with_noise(inputs, noise)
