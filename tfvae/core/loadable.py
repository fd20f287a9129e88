"""Whether a model's file could be loaded again, asked before it is written."""

from __future__ import annotations

import keras

from tfvae.core.errors import InvalidInput

_LIBRARIES = ("keras.", "tfvae.")


def check_loadable(model: keras.Model) -> None:
    """Make each layer of a user's own again from its configuration, as loading will.

    Raises:
        InvalidInput: names the first layer with which that fails, and why.
    """
    for layer in model._flatten_layers(include_self=False):
        if type(layer).__module__.startswith(_LIBRARIES):
            continue
        try:
            type(layer).from_config(layer.get_config())
        except (TypeError, ValueError, NotImplementedError) as error:
            reason = " ".join(str(error).split())
            name = f"layer {layer.name!r} of class {type(layer).__name__}"
            raise InvalidInput(name, "a get_config with every argument of __init__", reason) from None
