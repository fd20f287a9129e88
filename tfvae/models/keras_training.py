"""Keras's fit, evaluate and predict, with the input checked and set-ups that cannot work rejected."""

from __future__ import annotations

import abc
import contextlib
import math
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfvae.core import array_batches
from tfvae.core import inputs as user
from tfvae.core.dataset_checks import checked_dataset
from tfvae.core.dataset_size import DatasetSize
from tfvae.core.errors import InvalidInput
from tfvae.core.types import ArrayLike, Inputs, Tensors
from tfvae.models.checked_batches import CheckedPyDataset, checked_generator
from tfvae.models.fit_callbacks import StepCallbacks, StopAtNaN, sees_batches, set_direction
from tfvae.models.fit_data import STREAMS, columns_of, count_examples, known_batches, warn_of_scale
from tfvae.models.fit_messages import readable_errors, warn_of_float16, without_idle_warnings
from tfvae.models.replica_checks import check_strategy
from tfvae.optimizers import Adam

_STEPS_PER_EXECUTION = 32  # for a small network 1.2 to 1.7 times as fast as single ones, and no faster beyond


class KerasTraining(keras.Model, abc.ABC):
    """`compile`, `fit`, `evaluate` and `predict` of a latent-variable model; abstract.

    A subclass says what it accepts, and what its passes are; see `tfvae.models.LatentModel`.
    """

    likelihood: Any
    objective: Any

    @property
    @abc.abstractmethod
    def accepts(self) -> dict[str, user.Input]:
        """The model's inputs by name, the one that an array alone stands for first."""

    @abc.abstractmethod
    def tensors(self, inputs: Inputs) -> Tensors:
        """Return inputs, an array or a dict, as a dict of float32 tensors of the right shapes."""

    @abc.abstractmethod
    def describe(self, inputs: Tensors) -> Tensors:
        """Return what `predict` gives."""

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "adam",
        loss: None = None,
        loss_weights: None = None,
        metrics: None = None,
        weighted_metrics: None = None,
        run_eagerly: bool = False,
        steps_per_execution: int | None = None,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Configure training, as Keras's `compile` does; the loss is the model's objective.

        Args:
            optimizer: as in Keras; "adam" is `tfvae.optimizers.Adam`, which takes Keras's steps with
                TensorFlow's fused kernel.
            loss: none, as the objective is the loss.
            loss_weights: none.
            metrics: none, as `fit` shows the objective's terms.
            weighted_metrics: none.
            run_eagerly: as in Keras.
            steps_per_execution: the most batches trained between two looks at callbacks and progress bar;
                None means 32 where the number of batches is known and no callback looks at single batches,
                and 1 otherwise, on several replicas, and where the model runs eagerly. However many it
                is, `fit` and `evaluate` take exactly the steps that they are asked for.
            jit_compile: as in Keras; "auto" is False on a CPU.
            auto_scale_loss: as in Keras.
        """
        if loss is not None or loss_weights is not None:
            received = repr(loss if loss is not None else loss_weights)
            raise InvalidInput("loss", "none, as the model's objective is the loss", received)
        if metrics or weighted_metrics:
            expected = (
                "none, as there is no y to compare with; fit shows the objective's terms, and a callback can "
                "measure more (tfvae.evaluation)"
            )
            raise InvalidInput("metrics", expected, repr(metrics or weighted_metrics))
        if any(weight.dtype == "float16" for weight in self.trainable_weights):
            warn_of_float16()
        self._most_steps = steps_per_execution
        self._made_steps = {}  # of the functions that Keras makes
        super().compile(
            optimizer=Adam() if optimizer == "adam" else optimizer,
            run_eagerly=run_eagerly,
            steps_per_execution=1 if steps_per_execution is None else steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=auto_scale_loss,
        )

    def get_compile_config(self) -> dict:
        """Return what `compile` was called with."""
        config = super().get_compile_config()
        return config and {**config, "steps_per_execution": self._most_steps}

    def compile_from_config(self, config: dict) -> None:
        """Compile again as a saved model was."""
        config = keras.saving.deserialize_keras_object(config)
        names = ("optimizer", "run_eagerly", "steps_per_execution", "jit_compile")
        self.compile(**{name: config[name] for name in names})
        self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x: Any = None,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: None = None,
        sample_weight: ArrayLike | None = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Train, as Keras's `fit` does; the loss is the objective, so `y` is not used.

        `x` is an array, a dict with `x` and what else the model `accepts`, or a source of batches: a
        `tf.data.Dataset`, a `keras.utils.PyDataset` or a generator of x, (x, y) or (x, y, sample_weight).

        Raises:
            InvalidInput: for values the likelihood does not take, and for set-ups that several
                replicas cannot train.
            FloatingPointError: the loss is NaN or infinite; names the step and the terms.
        """
        if class_weight is not None:
            raise InvalidInput(
                "class_weight", "none, as there is no y; sample_weight weights examples", class_weight
            )
        self._check_setup()
        data = self._checked(next(iter(self.accepts)), x)
        self.check_training(data)
        held_out: tuple[Any, ...] = (
            validation_data if isinstance(validation_data, tuple) else (validation_data,)
        )
        if validation_data is None:
            held_out = ()
        else:
            held_out = (self._checked("validation_data", held_out[0]), *held_out[1:])
        validation_batch_size = validation_batch_size or batch_size
        if not isinstance(data, STREAMS):
            warn_of_scale(data, self.likelihood)
            columns = columns_of(data, y, sample_weight)
            if validation_split and not held_out:
                columns, last = array_batches.split(columns, validation_split)
                held_out = last if isinstance(last, tuple) else (last,)
            self._note_size(array_batches.row_count(columns))
            data = array_batches.batches(columns, batch_size or 32, shuffle)
            y = sample_weight = batch_size = None
            validation_split = 0.0
        else:
            self._note_size(data)
        steps = steps_per_epoch or known_batches(data, 0)
        test_steps = validation_steps
        if held_out and not test_steps:
            test_steps = known_batches(held_out[0], validation_batch_size or 32)
        callbacks = self._callbacks(callbacks, verbose, epochs, steps, test_steps)
        self._choose_steps(callbacks, steps is not None, steps_per_epoch, validation_steps)
        with readable_errors(), without_idle_warnings(exhaustible=steps is None):
            return super().fit(
                x=data,
                y=y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=held_out[0] if len(held_out) == 1 else held_out or None,
                shuffle=False,  # done, or the data set's own
                sample_weight=sample_weight,
                initial_epoch=initial_epoch,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                validation_freq=validation_freq,
            )

    def evaluate(
        self,
        x: Any = None,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: ArrayLike | None = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        _use_cached_eval_dataset: bool = False,
    ) -> float | list | dict:
        """Return the loss and the objective's terms, as Keras's `evaluate` does.

        They are in the order of `metrics_names`. The noise starts again at each call, so that a second call
        returns the same numbers.
        """
        with self._steps_kept(), readable_errors(), without_idle_warnings(exhaustible=steps is None):
            if not _use_cached_eval_dataset:  # inside fit, Keras passes None and uses what it holds
                self._check_setup()
                x = self._checked(next(iter(self.accepts)), x)
                known = steps or known_batches(x, batch_size or 32)
                if not isinstance(x, STREAMS):
                    columns = columns_of(x, y, sample_weight)
                    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(columns)
                if not isinstance(callbacks, keras.callbacks.CallbackList):
                    callbacks = StepCallbacks(callbacks or (), self, None, known, False, verbose, 1)
                self._choose_steps(callbacks, known is not None, steps)
            return super().evaluate(
                x=x,
                y=y,
                batch_size=batch_size,
                verbose=verbose,
                sample_weight=sample_weight,
                steps=steps,
                callbacks=callbacks,
                return_dict=return_dict,
                _use_cached_eval_dataset=_use_cached_eval_dataset,
            )

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> dict[str, np.ndarray]:
        """Return {"latent", "reconstruction"}: the location of q(z|x) and E[x|z] there, with no noise."""
        with self._steps_kept(), readable_errors(), without_idle_warnings(exhaustible=steps is None):
            self.steps_per_execution = 1
            return super().predict(
                self._checked(next(iter(self.accepts)), x),
                batch_size=batch_size,
                verbose=verbose,
                steps=steps,
                callbacks=callbacks,
            )

    def check_training(self, data: Any) -> None:
        """Reject checked arrays of which the model could not learn all: with a value that is never observed.

        One example with missing values, such as a graph whose links are partly unknown, is taken.
        """
        support = self.likelihood.support
        if isinstance(data, STREAMS) or not support.missing or not support.missing_elementwise:
            return
        x = data["x"] if isinstance(data, dict) else data
        absent = user.never_observed(x) if len(x) > 1 else []
        if absent:
            raise InvalidInput("x", "each element observed in some example", f"NaN alone at {absent[0]}")

    def predict_step(self, data: Any) -> Tensors:
        """Return the latent location and the reconstruction of a batch, with no noise."""
        return self.describe(self.tensors(keras.utils.unpack_x_y_sample_weight(data)[0]))

    # Exactly the steps that are asked for.

    def make_train_function(self, force: bool = False) -> None:
        """Make the function of some training steps, again where their number has changed."""
        super().make_train_function(force or self._made_steps.get("train") != self.steps_per_execution)
        self._made_steps["train"] = self.steps_per_execution

    def make_test_function(self, force: bool = False) -> None:
        """Make the function of some evaluation steps, again where their number has changed."""
        super().make_test_function(force or self._made_steps.get("test") != self.steps_per_execution)
        self._made_steps["test"] = self.steps_per_execution

    @contextlib.contextmanager
    def _steps_kept(self) -> Iterator[None]:
        """Keep the steps of one execution that a `fit` goes on with, whose callback evaluates or predicts."""
        steps = self.steps_per_execution
        try:
            yield
        finally:
            self.steps_per_execution = steps

    def _choose_steps(self, callbacks: keras.callbacks.CallbackList, known: bool, *asked: int | None) -> None:
        """Choose the steps of one execution: as many as allowed, but a divisor of each number asked for."""
        most = self._most_steps
        if most is None:
            alone = self.distribute_strategy.num_replicas_in_sync == 1 and not self.run_eagerly
            fast = alone and known and not any(map(sees_batches, callbacks.callbacks))
            most = _STEPS_PER_EXECUTION if fast else 1
        common = math.gcd(*(steps for steps in asked if steps))
        divisors = range(min(most, common or most), 0, -1)
        self.steps_per_execution = next(steps for steps in divisors if common % steps == 0)

    def _callbacks(
        self, callbacks: Any, verbose: str | int, epochs: int, steps: int | None, test_steps: int | None
    ) -> keras.callbacks.CallbackList:
        if isinstance(callbacks, keras.callbacks.CallbackList):
            return callbacks
        given = [callbacks] if isinstance(callbacks, keras.callbacks.Callback) else list(callbacks or ())
        for callback in given:
            set_direction(callback, self.objective.terms, self.objective.maximized)
        verbose = 1 if verbose == "auto" else verbose
        return StepCallbacks([StopAtNaN(), *given], self, steps, test_steps, True, verbose, epochs)

    # Checks.

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # The model is built when it is made. Keras's version of this reads a batch ahead and fails on
        # one that the replicas cannot share evenly.
        if self.optimizer is not None and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def _checked(self, argument: str, x: Any) -> Any:
        """Return data whose values are checked: arrays now, batches when they come."""
        if isinstance(x, tf.data.Dataset):
            return checked_dataset(argument, x, self.accepts)
        if isinstance(x, tf.distribute.DistributedDataset):
            return x
        if isinstance(x, keras.utils.PyDataset):
            return CheckedPyDataset(x, argument, self.accepts)
        if isinstance(x, Iterator):
            return checked_generator(x, argument, self.accepts)
        if x is None:
            raise InvalidInput(argument, "an array, a dict of arrays or a data set of batches", None)
        arrays = user.to_arrays(argument, x, self.accepts)
        return arrays if isinstance(x, Mapping) else next(iter(arrays.values()))

    def _note_size(self, data: Any) -> None:
        """Tell the parts that ask for it the number of training examples, counted only if one does.

        Args:
            data: the number, or a source of batches.
        """
        sizes = [layer for layer in self._flatten_layers() if isinstance(layer, DatasetSize)]
        if any(size.given is None for size in sizes):
            count = data if isinstance(data, int) else count_examples(data)
            for size in sizes:
                size.note(count)

    def _check_setup(self) -> None:
        if not self.compiled:
            self.compile()
        check_strategy(self)
