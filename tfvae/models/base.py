"""What every latent-variable model shares: training on one or several replicas, and evaluation."""

from __future__ import annotations

import abc
import functools
import os
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfvae.core import inputs as user
from tfvae.core.checks import integer
from tfvae.core.errors import InvalidInput
from tfvae.core.files import replacing
from tfvae.core.importance import log_mean_weight
from tfvae.core.metrics import TermMeans
from tfvae.core.noise import SeedStream, as_seed
from tfvae.core.numerics import wait_for
from tfvae.core.part import Configured
from tfvae.core.replicas import sum_over_replicas
from tfvae.core.trace import Trace
from tfvae.likelihoods import Likelihood
from tfvae.models.training import KerasTraining
from tfvae.objectives import Objective


class LatentModel(Configured, KerasTraining, keras.Model, abc.ABC):
    """A model of data x with a latent variable z; abstract.

    A subclass says how one pass goes (`record`) and what it means (`assemble`). Keras's own training
    and test steps call the model, which returns the record as tensors, and hand it to `compute_loss`,
    which assembles the trace and gives it to the objective.

    Attributes:
        event_shape: shape of one example of x.
        objective: what training minimizes.
        decoded_at_once: latent points that `log_likelihood` decodes in one go; memory is proportional to it.
    """

    likelihood: Likelihood
    decoded_at_once = 16384

    def __init__(self, objective: Objective, seed: int | None, name: str | None, dtype: object):
        super().__init__(name=name, dtype=dtype, autocast=False)  # the networks cast for themselves
        self.objective = objective
        self.seed = seed
        self.training_noise = SeedStream(seed, name="training_noise")
        self.evaluation_noise = SeedStream(0, name="evaluation_noise")
        self.term_means = TermMeans(objective.terms)

    # What a model defines.

    @abc.abstractmethod
    def noise(self, num_samples: int | tf.Tensor, batch: int | tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Draw the noise of one pass: `num_samples` for each of `batch` examples."""

    @abc.abstractmethod
    def record(self, inputs: dict[str, tf.Tensor], noise: tf.Tensor) -> dict:
        """Pass inputs and noise through the model; return tensors only."""

    @abc.abstractmethod
    def assemble(self, inputs: dict[str, tf.Tensor], record: dict) -> Trace:
        """Make the distributions of a record again."""

    def observe(self, trace: Trace, training: bool) -> None:
        """Let the parts see a batch, for weights that no gradient reaches; the objective sees it by itself.

        Args:
            trace: the record of the pass.
            training: whether the batch is one of training, and not of evaluation.
        """
        self.likelihood.observe(trace, training)

    def estimate(self, loss: tf.Tensor, trace: Trace) -> tf.Tensor:
        """Return the loss [B] with the gradient of an expectation over the latent variable."""
        return loss

    @property
    def has_density(self) -> bool:
        """Whether q(z|x) has a density, without which there is no bound."""
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
    def prior_draw(self, noise: tf.Tensor, given: dict[str, tf.Tensor] | None = None) -> tf.Tensor:
        """Return z ~ p(z), [B, latent_dim], made of standard normal noise [B, prior_noise_dim]."""

    @abc.abstractmethod
    def decoded_mean(self, z: tf.Tensor, given: dict[str, tf.Tensor] | None = None) -> tf.Tensor:
        """Return E[x|z], [B, *event], for z [B, latent_dim]."""

    @abc.abstractmethod
    def latent(self, inputs: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the location of q(z|x), [B, latent_dim]."""

    @abc.abstractmethod
    def posterior_summary(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return what an export says of q(z|x): `location`, and what else the posterior names."""

    def describe(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return what `predict` gives, with no noise: the location of q(z|x) and the mean of p(x|z) there."""
        location = self.latent(inputs)
        return {"latent": location, "reconstruction": self.decoded_mean(location, self.given(inputs))}

    # Keras.

    @property
    def event_shape(self) -> tuple[int, ...]:
        """Shape of one example of x."""
        return self.likelihood.event_shape

    @property
    def step(self) -> tf.Tensor:
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

    def given(self, inputs: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return those inputs that x is generated from, such as a condition; most models have none."""
        return {name: value for name, value in inputs.items() if name != "x"}

    def tensors(self, inputs: object) -> dict[str, tf.Tensor]:
        """Return inputs, an array or a dict, as a dict of float32 tensors of the right shapes."""
        return user.as_tensors(inputs, self.accepts)

    def checked(self, inputs: object) -> dict[str, tf.Tensor]:
        """Return inputs as tensors, after a look at every value."""
        user.check_arrays(next(iter(self.accepts)), inputs, self.accepts)
        return self.tensors(inputs)

    def call(self, inputs: object, training: bool = False) -> dict:
        """Return the record of one pass with fresh noise, a dict of tensors."""
        stream = self.training_noise if training else self.evaluation_noise
        tensors = self.tensors(inputs)
        batch, seed = user.batch_size(tensors), stream.next()
        record = self.record(tensors, self.noise(self.objective.num_samples, batch, seed))
        return {**record, "seed": seed}

    def compute_loss(
        self,
        x: object = None,
        y: object = None,
        y_pred: dict | None = None,
        sample_weight: tf.Tensor | None = None,
        training: bool = True,
    ) -> tf.Tensor:
        """Return sum(weight loss) / batch size, where the batch is that of all replicas together."""
        inputs = self.tensors(x)
        trace = self.assemble(inputs, y_pred)
        self.observe(trace, training)
        terms = self.objective.loss(trace, self)
        self.objective.observe(trace, training)
        self.term_means.update_state(terms, sample_weight)
        loss = self.estimate(terms["loss"], trace)
        if sample_weight is not None:
            loss *= tf.cast(sample_weight, loss.dtype)
        count = sum_over_replicas(tf.cast(tf.shape(loss)[0], loss.dtype))
        return wait_for(tf.reduce_sum(loss) / tf.maximum(count, 1), terms.values())

    def reset_metrics(self) -> None:
        """Start the metrics anew, and with them the noise of evaluation, so that it repeats."""
        super().reset_metrics()
        self.evaluation_noise.restart()

    def save(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Write a `.keras` file with weights, optimizer and random state, whole or not at all.

        Raises:
            InvalidInput: for a name that does not end in `.keras`.
            FileExistsError: where the file exists and `overwrite` is false.
            OSError: where it cannot be written; the file that was there is left as it was.
        """
        path = Path(filepath)
        if path.suffix != ".keras":
            raise InvalidInput("filepath", "a name that ends in .keras", path)
        if path.exists() and not overwrite:
            raise FileExistsError(f"{path}: the file exists and overwrite is false")
        with replacing(path) as temporary:
            super().save(temporary)

    # Generation.

    def reconstruct(self, inputs: object, batch_size: int = 512) -> np.ndarray:
        """Return E[x|z] at the location of q(z|x), [B, *event]; no noise."""
        return self.predict(self.checked(inputs), batch_size=batch_size, verbose=0)["reconstruction"]

    def sample(
        self, num_samples: int = 1, seed: int = 0, given: dict[str, object] | None = None
    ) -> np.ndarray:
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
        return keras.tree.map_structure(np.asarray, drawn)

    def checked_given(self, given: dict[str, object] | None, count: int) -> dict[str, tf.Tensor]:
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
        user.check_arrays(next(iter(accepts)), given, accepts)
        tensors = user.as_tensors(given, accepts)
        for name, value in tensors.items():
            if value.shape[0] != count:
                raise InvalidInput(name, f"{count} rows, one for each draw", value.shape[0])
        return tensors

    # Evaluation. These take an explicit seed and leave the state of training alone.

    def trace(self, inputs: object, num_samples: int = 1, seed: int = 0) -> Trace:
        """Return the trace of one pass with `num_samples` draws for each example."""
        return self._trace(self.checked(inputs), num_samples, as_seed(seed))

    def trace_with_noise(self, inputs: dict[str, tf.Tensor], noise: tf.Tensor) -> Trace:
        """Return the trace of one pass with given noise, [S, B, ...] or [S, 1, ...] shared by the batch."""
        return self.assemble(inputs, self.record(inputs, noise))

    def _trace(self, inputs: dict[str, tf.Tensor], num_samples: int | tf.Tensor, seed: tf.Tensor) -> Trace:
        noise = self.noise(num_samples, user.batch_size(inputs), seed)
        return self.trace_with_noise(inputs, noise)

    def elbo(self, inputs: object, num_samples: int = 1, seed: int = 0, batch_size: int = 512) -> np.ndarray:
        """Return the evidence lower bound of each example, [B] nats, whatever the objective.

        Args:
            inputs: data [B, *event].
            num_samples: draws over which the distortion is averaged.
            seed: start of the random numbers; the same seed and batch size give the same values.
            batch_size: examples evaluated at once.
        """
        self._check_bound("elbo", num_samples)
        return self._evaluate(
            functools.partial(self._elbo, tf.constant(num_samples)), inputs, seed, batch_size
        )

    def distortion(
        self, inputs: object, num_samples: int = 1, seed: int = 0, batch_size: int = 512
    ) -> np.ndarray:
        """Return -E_q log p(x|z) of each example, [B] nats, which every model has.

        Args as in `elbo`.
        """
        integer("num_samples", num_samples)
        function = functools.partial(self._distortion, tf.constant(num_samples))
        return self._evaluate(function, inputs, seed, batch_size)

    def log_likelihood(
        self, inputs: object, num_samples: int = 512, seed: int = 0, batch_size: int = 128
    ) -> np.ndarray:
        """Estimate log p(x) of each example by importance sampling, [B] nats.

        log p(x) ~ log((1/K) sum_k p(x|z_k) p(z_k) / q(z_k|x)),  z_k ~ q(z|x)

        A lower bound in expectation, which tightens with K = `num_samples`.

        Source: Burda et al. 2016, equation 8.
        """
        return self.log_likelihood_with_error(inputs, num_samples, seed, batch_size)[0]

    def log_likelihood_with_error(
        self, inputs: object, num_samples: int = 512, seed: int = 0, batch_size: int = 128
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return `log_likelihood` and its standard error over the draws, each [B] nats."""
        self._check_bound("log_likelihood", num_samples)
        function = functools.partial(self._log_likelihood, tf.constant(num_samples))
        return tuple(self._evaluate(function, inputs, seed, batch_size).T)

    def _check_bound(self, name: str, num_samples: int) -> None:
        if not self.has_density:
            raise InvalidInput(name, "a model whose q(z|x) has a density", "a model without one")
        integer("num_samples", num_samples)

    def _evaluate(self, function: object, inputs: object, seed: int, batch_size: int) -> np.ndarray:
        integer("batch_size", batch_size)
        tensors = self.checked(inputs)
        results = []
        for index, batch in enumerate(user.in_batches(tensors, batch_size)):
            batch_seed = tf.random.experimental.stateless_fold_in(as_seed(seed), index)
            results.append(function(batch, batch_seed).numpy())
        return np.concatenate(results)

    @tf.function(reduce_retracing=True)
    def _elbo(self, num_samples: tf.Tensor, inputs: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        return self._trace(inputs, num_samples, seed).elbo

    @tf.function(reduce_retracing=True)
    def _distortion(self, num_samples: tf.Tensor, inputs: dict[str, tf.Tensor], seed: tf.Tensor) -> tf.Tensor:
        return self._trace(inputs, num_samples, seed).distortion

    @tf.function(reduce_retracing=True)
    def _log_likelihood(
        self, num_samples: tf.Tensor, inputs: dict[str, tf.Tensor], seed: tf.Tensor
    ) -> tf.Tensor:
        def log_weights(draws: tf.Tensor, draw_seed: tf.Tensor) -> tf.Tensor:
            return self._trace(inputs, draws, draw_seed).log_weights

        chunk = max(1, self.decoded_at_once // (next(iter(inputs.values())).shape[0] or 128))
        return tf.stack(log_mean_weight(log_weights, num_samples, chunk, seed), axis=-1)
