"""Arrays that a part learns from data other than by gradients, in weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfvae.core.part import Part


class StatefulPart(Part):
    """A part with named arrays whose shapes no argument tells; abstract.

    `set_arrays` makes a weight of each, which is saved with the part, tracked by exports and read as an
    attribute. A loaded part has the shapes that the file has.
    """

    array_names: tuple[str, ...] = ()

    def set_arrays(self, **arrays: np.ndarray) -> None:
        """Keep arrays under their names; a name that is known keeps its shape."""
        for name, value in arrays.items():
            value = np.asarray(value)
            value = value.astype("float32") if value.dtype == "float64" else value
            if name not in self.array_names:
                weight = self.add_weight(
                    name=name, shape=value.shape, dtype=value.dtype.name, initializer="zeros", trainable=False
                )
                setattr(self, name, weight)
                self.array_names = (*self.array_names, name)
            getattr(self, name).assign(value)

    def clear_arrays(self) -> None:
        """Drop all arrays, so that others of any shape can be set."""
        for name in self.array_names:
            delattr(self, name)
        self.array_names = ()

    def save_own_variables(self, store: Any) -> None:
        """Write the arrays by name."""
        for name in self.array_names:
            store[name] = np.asarray(getattr(self, name))

    def load_own_variables(self, store: Any) -> None:
        """Make the weights that the file has, and read them."""
        self.set_arrays(**{name: np.array(store[name]) for name in store.keys()})  # noqa: SIM118
