"""What every part shares: one configuration rule, registration under `tfvae`, float32 results."""

from __future__ import annotations

import inspect

import keras

_LAYER_ARGUMENTS = ("name", "dtype", "trainable")


class Configured:
    """Derives `get_config` and `from_config` from the arguments of `__init__`.

    The one rule: every argument of `__init__` is kept as an attribute of the same name, in a form that
    `__init__` accepts again. Subclasses are registered with Keras by themselves, so that a saved file
    finds them; classes of this library under `tfvae.<folder>`, which survives the moving of a file.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        parts = cls.__module__.split(".")
        package = ".".join(parts[:2]) if parts[0] == "tfvae" else cls.__module__
        keras.saving.register_keras_serializable(package, cls.__name__)(cls)

    @classmethod
    def _own_arguments(cls) -> list[str]:
        names = list(inspect.signature(cls.__init__).parameters)[1:]
        return [name for name in names if name not in _LAYER_ARGUMENTS]

    def get_config(self) -> dict:
        """Return the arguments that make this object again, in a form that JSON can hold."""
        config = super().get_config() if isinstance(self, keras.layers.Layer) else {}
        for name in self._own_arguments():
            config[name] = keras.saving.serialize_keras_object(getattr(self, name))
        return config

    @classmethod
    def from_config(cls, config: dict) -> Configured:
        """Make the object again from what `get_config` returned."""
        config = dict(config)
        trainable = config.pop("trainable", None)
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = keras.dtype_policies.deserialize(config["dtype"])
        for name in cls._own_arguments():
            if name in config:
                config[name] = keras.saving.deserialize_keras_object(config[name])
        made = cls(**config)
        if trainable is not None:
            made.trainable = trainable
        return made


class Part(Configured, keras.layers.Layer):
    """One of the choices that make a latent-variable model; abstract.

    A part is an ordinary Keras layer. Where it has a `call`, that maps features to a tensor, or a dict
    of tensors, of distribution parameters, in float32 whatever the dtype policy; its `distribution`
    makes a TFP distribution of them. Weights that do not depend on features are made in `__init__`.
    """

    def __init__(self, *, name: str | None = None, dtype: object = None):
        super().__init__(name=name, dtype=dtype, autocast=False)
        if type(self).call is keras.layers.Layer.call:  # nothing to build from an input
            self.built = True

    def add_weight(
        self,
        *,
        name: str,
        shape: tuple[int, ...],
        initializer: object = "zeros",
        dtype: object = None,
        trainable: bool = True,
        autocast: bool = False,
        regularizer: object = None,
        constraint: object = None,
        aggregation: str = "none",
    ) -> keras.Variable:
        """Add a weight as Keras does, but read in its own dtype: densities are float32 in any model."""
        return super().add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            regularizer=regularizer,
            constraint=constraint,
            aggregation=aggregation,
        )
