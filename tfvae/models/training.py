"""Keras's fit, evaluate and predict with the input checked and impossible set-ups refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tfvae.core import array_batches
from tfvae.core import inputs as user
from tfvae.core.errors import InvalidInput
from tfvae.optimizers import Adam

_STEPS_PER_EXECUTION = 32
_DATASETS = (tf.data.Dataset, tf.distribute.DistributedDataset)


class KerasTraining:
    """Mixed into a Keras model before `keras.Model`; see `tfvae.models.LatentModel`."""

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "adam",
        loss: None = None,
        *,
        run_eagerly: bool = False,
        steps_per_execution: int | None = None,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Configure training, as Keras's `compile` does; the loss is the model's objective.

        Args:
            optimizer: as in Keras; "adam" is `tfvae.optimizers.Adam`, which takes Keras's steps with
                TensorFlow's fused kernel.
            loss: none.
            run_eagerly: as in Keras.
            steps_per_execution: batches trained between two looks at callbacks and progress bar; None
                is 32, which for a small network is 1.2 to 1.7 times as fast as 1, or 1 where the model runs
                eagerly or on several replicas.
            jit_compile: as in Keras; "auto" is False on a CPU.
            auto_scale_loss: as in Keras.
        """
        if steps_per_execution is None:
            alone = tf.distribute.get_strategy().num_replicas_in_sync == 1
            steps_per_execution = _STEPS_PER_EXECUTION if alone and not run_eagerly else 1
        if loss is not None:
            raise InvalidInput("loss", "none, as the model's objective is the loss", repr(loss))
        super().compile(
            optimizer=Adam() if optimizer == "adam" else optimizer,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=auto_scale_loss,
        )

    def compile_from_config(self, config: dict) -> None:
        """Compile again as a saved model was."""
        config = keras.saving.deserialize_keras_object(config)
        names = ("optimizer", "run_eagerly", "steps_per_execution", "jit_compile")
        self.compile(**{name: config[name] for name in names})
        self.optimizer.build(self.trainable_variables)

    def fit(
        self,
        x: object = None,
        y: object = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: list | None = None,
        validation_split: float = 0.0,
        validation_data: object = None,
        shuffle: bool = True,
        sample_weight: object = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int = 1,
    ) -> keras.callbacks.History:
        """Train, as Keras's `fit` does; the loss is the objective, so `y` is not used.

        `x` is an array, a dict with `x` and what else the model `accepts`, or a `tf.data.Dataset` of
        batches: x, (x, y) or (x, y, sample_weight).

        Raises:
            InvalidInput: for values the likelihood does not take, and for set-ups that several
                replicas cannot train.
        """
        self._refuse_impossible()
        data = self._checked(next(iter(self.accepts)), x)
        self.check_training(data)
        if isinstance(validation_data, tuple):
            held_out = (self._checked("validation_data", validation_data[0]), *validation_data[1:])
        elif validation_data is None:
            held_out = None
        else:
            held_out = self._checked("validation_data", validation_data)
        if not isinstance(data, _DATASETS):
            columns = _columns(data, y, sample_weight)
            if validation_split and held_out is None:
                columns, last = array_batches.split(columns, validation_split)
                held_out = last if isinstance(last, tuple) else (last,)
            data = array_batches.batches(columns, batch_size or 32, shuffle)
            y = sample_weight = batch_size = None
            validation_split = 0.0
        with _readable_errors():
            return super().fit(
                x=data,
                y=y,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_split=validation_split,
                validation_data=held_out,
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
        x: object = None,
        y: object = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: object = None,
        steps: int | None = None,
        callbacks: list | None = None,
        return_dict: bool = False,
        _use_cached_eval_dataset: bool = False,
    ) -> float | list | dict:
        """Return the loss and the objective's terms, as Keras's `evaluate` does.

        The noise starts anew at each call, so that a second call returns the same numbers.
        """
        if not _use_cached_eval_dataset:  # inside fit, Keras passes None and uses what it holds
            self._refuse_impossible()
            x = self._checked(next(iter(self.accepts)), x)
            if not isinstance(x, _DATASETS):
                x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(_columns(x, y, sample_weight))
        with _readable_errors():
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
        x: object,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: list | None = None,
    ) -> dict[str, np.ndarray]:
        """Return {"latent", "reconstruction"}: the location of q(z|x) and E[x|z] there, with no noise."""
        with _readable_errors():
            return super().predict(
                self._checked(next(iter(self.accepts)), x),
                batch_size=batch_size,
                verbose=verbose,
                steps=steps,
                callbacks=callbacks,
            )

    def check_training(self, data: object) -> None:
        """Refuse checked arrays of which the model could not learn all: with a value that is never there.

        One example with gaps, such as a graph whose links are partly unknown, is taken as it is.
        """
        support = self.likelihood.support
        if isinstance(data, _DATASETS) or not support.missing or not support.by_element:
            return
        x = data["x"] if isinstance(data, dict) else data
        absent = user.never_observed(x) if len(x) > 1 else []
        if absent:
            raise InvalidInput("x", "each element observed in some example", f"NaN alone at {absent[0]}")

    def predict_step(self, data: object) -> dict[str, tf.Tensor]:
        """Return the latent location and the reconstruction of a batch, with no noise."""
        return self.describe(self.tensors(keras.utils.unpack_x_y_sample_weight(data)[0]))

    def _maybe_symbolic_build(self, iterator: object = None, data_batch: object = None) -> None:
        # The model is built when it is made. Keras's version of this reads a batch ahead and fails on
        # one that the replicas cannot share evenly.
        if self.optimizer is not None and not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)

    def _checked(self, argument: str, x: object) -> object:
        if isinstance(x, tf.data.Dataset):
            return user.checked_dataset(argument, x, self.accepts)
        if isinstance(x, _DATASETS):
            return x
        if x is None or isinstance(x, keras.utils.PyDataset) or hasattr(x, "__next__"):
            raise InvalidInput(argument, "an array, a dict of arrays or a tf.data.Dataset", type(x))
        user.check_arrays(argument, x, self.accepts)
        return x

    def _refuse_impossible(self) -> None:
        if not self.compiled:
            self.compile()
        if keras.distribution.distribution() is not None:
            raise InvalidInput(
                "keras.distribution",
                "none, as it has no effect with TensorFlow; build and compile the model in the scope of a "
                "tf.distribute.MirroredStrategy instead",
                type(keras.distribution.distribution()).__name__,
            )
        strategy = self.distribute_strategy
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            raise InvalidInput(
                "strategy",
                "MirroredStrategy, as Keras 3 cannot fit on several workers",
                type(strategy).__name__,
            )
        if strategy.num_replicas_in_sync > 1:
            self._refuse_on_replicas(strategy)

    def _refuse_on_replicas(self, strategy: tf.distribute.Strategy) -> None:
        replicas = f"with {strategy.num_replicas_in_sync} replicas"
        if self.jit_compile:
            raise InvalidInput("jit_compile", f"False {replicas}", True)
        if self.optimizer.gradient_accumulation_steps:
            raise InvalidInput(
                "gradient_accumulation_steps",
                f"None {replicas}; use larger batches",
                self.optimizer.gradient_accumulation_steps,
            )
        if self.optimizer.global_clipnorm:
            raise InvalidInput(
                "global_clipnorm",
                f"None {replicas}, as Keras clips each replica's gradient before their sum; use clipvalue "
                "or a smaller learning rate",
                self.optimizer.global_clipnorm,
            )
        if self.steps_per_execution > 1 and not isinstance(
            strategy.extended._cross_device_ops, tf.distribute.ReductionToOneDevice
        ):
            raise InvalidInput(
                "steps_per_execution",
                f"1 {replicas}, or MirroredStrategy(cross_device_ops=tf.distribute.ReductionToOneDevice())",
                self.steps_per_execution,
            )


def _columns(x: object, y: object, sample_weight: object) -> object:
    """Pack arrays as Keras does; without a y it drops the weights, so one of zeros stands in for it."""
    if sample_weight is not None and y is None:
        y = np.zeros(len(sample_weight), "float32")
    x = tf.nest.map_structure(np.asarray, x) if isinstance(x, dict) else np.asarray(x)
    return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)


@contextlib.contextmanager
def _readable_errors() -> Iterator[None]:
    """Turn a failed check inside a data set into the one line that it says."""
    try:
        yield
    except tf.errors.OpError as error:
        readable = user.readable(error)
        if readable is None:
            raise
        raise readable from None
