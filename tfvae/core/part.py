"""What every part shares: one configuration rule, registration under `tfvae`, float32 results."""

from __future__ import annotations

import inspect
from typing import Any, Self

import keras

from tfvae.core.errors import InvalidInput
from tfvae.core.types import DType

_LAYER_ARGUMENTS = ("name", "dtype", "trainable")


class Configured:
    """Derives `get_config` and `from_config` from the arguments of `__init__`.

    An argument that is kept as an attribute of the same name is saved as that attribute, so in a form that
    `__init__` accepts again; any other, and those in `**kwargs`, as it was given. Subclasses are
    registered with Keras by themselves, so that a saved file finds them; classes of this library under
    `tfvae.<folder>`, which survives the moving of a file.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        parts = cls.__module__.split(".")
        package = ".".join(parts[:2]) if parts[0] == "tfvae" else cls.__module__
        keras.saving.register_keras_serializable(package, cls.__name__)(cls)

    _given: dict[str, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Note the arguments."""
        layer = issubclass(cls, keras.layers.Layer)
        made = super().__new__(cls, *args, **kwargs) if layer else super().__new__(cls)
        made.__dict__["_given"] = _named(cls, args, kwargs)  # not tracked by Keras
        return made

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute, unless it is an argument that a model has already been made with.

        Raises:
            InvalidInput: for such an argument.
        """
        if vars(self).get("_fixed") and name in self._given:
            expected = (
                "no change after the model was made, as compiled steps would not follow it; make a new "
                "model, or give a schedule (tfvae.schedules) where the value is to change in training"
            )
            raise InvalidInput(name, expected, repr(value))
        super().__setattr__(name, value)

    def fix_arguments(self) -> None:
        """Reject any later change of the arguments."""
        self.__dict__["_fixed"] = True

    def get_config(self) -> dict:
        """Return the arguments that make this object again, in a form that JSON can hold."""
        inherited = getattr(super(), "get_config", dict)  # of a Keras layer
        config = inherited()
        for name, given in self._given.items():
            config[name] = keras.saving.serialize_keras_object(getattr(self, name, given))
        return config

    @classmethod
    def from_config(cls, config: dict) -> Self:
        """Make the object again from what `get_config` returned."""
        config = dict(config)
        trainable = config.pop("trainable", None)
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = keras.dtype_policies.deserialize(config["dtype"])
        for name, value in config.items():  # in order, so that layers draw their seeds in the same one
            if name not in _LAYER_ARGUMENTS:
                config[name] = keras.saving.deserialize_keras_object(value)
        others = {name: config.pop(name) for name in ("name", "dtype") if not _takes(cls, name, config)}
        made = cls(**config)
        if "name" in others:
            made.name = others["name"]
        if others.get("dtype") is not None:
            made.dtype_policy = others["dtype"]
        if trainable is not None:
            made.trainable = trainable
        return made


def _takes(cls: type, name: str, config: dict) -> bool:
    """Return whether `cls.__init__` takes an argument, or the configuration is without it."""
    parameters = inspect.signature(cls.__init__).parameters
    any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return name not in config or any_name or name in parameters


def _named(cls: type, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Return the arguments of `cls(*args, **kwargs)` by name, those of every Keras layer left out."""
    try:
        bound = inspect.signature(cls.__init__).bind(None, *args, **kwargs)
    except TypeError:  # which `__init__` will say itself
        return {}
    bound.apply_defaults()
    _, *parameters = bound.signature.parameters.values()
    named = {}
    for parameter in parameters:
        value = bound.arguments[parameter.name]
        named |= value if parameter.kind is parameter.VAR_KEYWORD else {parameter.name: value}
    return {name: value for name, value in named.items() if name not in _LAYER_ARGUMENTS}


class Part(Configured, keras.layers.Layer):
    """One of the choices that make a latent-variable model; abstract.

    A part is an ordinary Keras layer. Where it has a `call`, that maps features to a tensor, or a dict
    of tensors, of distribution parameters, in float32 whatever the dtype policy; its `distribution`
    makes a TFP distribution of them. Weights that do not depend on features are made in `__init__`.
    """

    def __init__(self, *, name: str | None = None, dtype: DType = None):
        super().__init__(name=name, dtype=dtype, autocast=False)
        if not _has_call(self):  # nothing to build from an input
            self.built = True
            show_output_shape(self)

    def get_build_config(self) -> dict | None:
        """Return what a saved file builds the layer with; none for one that `__init__` makes whole."""
        return super().get_build_config() if _has_call(self) else None

    def observe(self, trace: Any) -> None:
        """See a training batch, to update weights that no gradient reaches; most parts have none.

        Such are a codebook's moving averages, a Lagrange multiplier, a running statistic. Posterior, prior
        and likelihood of a model see the batch before its loss is taken, the objective afterwards. On several
        replicas each sees its part of the batch: what is assigned is to be made of sums over all of them
        (`tfvae.core.replicas`).

        Args:
            trace: the record of the pass, a `tfvae.Trace`.
        """

    def add_weight(
        self,
        *,
        name: str,
        shape: tuple[int, ...],
        initializer: Any = "zeros",
        dtype: DType = None,
        trainable: bool = True,
        autocast: bool = False,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str | None = None,
    ) -> keras.Variable:
        """Add a weight as Keras does, but read in its own dtype: densities are float32 in any model.

        Args:
            name: of the weight.
            shape: of the weight.
            initializer: of its first value.
            dtype: None means the layer's.
            trainable: whether gradients change it.
            autocast: whether it is read in the dtype of the computation.
            regularizer: of its values.
            constraint: on its values.
            aggregation: what replicas make of the values that each of them assigns. None means "mean" for a
                weight that is not trained, so that all replicas hold the same one, and "none" for others,
                whose gradients are already added up.
        """
        if aggregation is None:
            aggregation = "none" if trainable else "mean"
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


def show_output_shape(layer: keras.layers.Layer) -> None:
    """Let `summary()` show the attribute `output_shape` of a layer that is never called, if it has one.

    Keras shows the shape of layers that were called or built from a shape, and "?" for any others.

    Args:
        layer: complete, with no state to build.
    """
    if hasattr(type(layer), "output_shape"):
        layer.__dict__["_build_shapes_dict"] = {"input_shape": None}  # nothing public says there is a shape


def _has_call(layer: keras.layers.Layer) -> bool:
    return type(layer).call is not keras.layers.Layer.call
