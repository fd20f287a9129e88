"""What a recipe declares: its paper, the kind of data it is for, and what it needs from labels.

`tfvae train`, the table in the README and the tests read it. Nothing here imports TensorFlow.
"""

import dataclasses
import enum
from collections.abc import Callable
from typing import TypeVar

from tfvae.core.errors import InvalidInput

Function = TypeVar("Function", bound=Callable)


class DataKind(enum.Enum):
    """A kind of data.

    Attributes:
        title: the kind in a few words.
        example_shape: shape of a small example; of several kinds of data at once, their shapes by name.
    """

    IMAGES = "images", (8, 8, 1)
    IMAGES_OR_ROWS = "images or rows", (8, 8, 1)
    ROWS = "rows", (4,)
    ROWS_WITH_MISSING_VALUES = "rows with missing values", (4,)
    MIXED_ROWS = "mixed rows", (4,)
    COUNTS = "counts", (4,)
    SEQUENCES = "sequences", (6, 4)
    TEXTS = "texts", (6,)
    GRAPHS = "graphs", (6, 6)
    SEVERAL = "several kinds of data", {"image": (8, 8, 1), "table": (4,)}

    def __init__(self, title: str, example_shape: tuple[int, ...] | dict[str, tuple[int, ...]]):
        self.title = title
        self.example_shape = example_shape


class Labels(enum.Enum):
    """What a recipe needs from labels; the value is its argument for the number of classes, or None."""

    UNUSED = None
    CONDITION = "condition_dim"  # the condition, a one-hot code of the class
    CLASS = "num_classes"  # the class, which may be unknown


@dataclasses.dataclass(frozen=True)
class Recipe:
    """A decorator that declares a function to be a recipe, and returns the same function.

    Args:
        paper: authors and year.
        where: section or equation of the paper, empty for the paper as a whole.
        data: kind of data.
        labels: what is needed from labels.

    Example:
        >>> import tfvae
        >>> Recipe.of(tfvae.zoo.beta_vae).source
        'Higgins et al. 2017, equation 4'
    """

    paper: str
    where: str = ""
    _: dataclasses.KW_ONLY
    data: DataKind = DataKind.IMAGES_OR_ROWS
    labels: Labels = Labels.UNUSED

    def __call__(self, function: Function) -> Function:
        """Attach the declaration to a function, and return the function."""
        vars(function)["recipe"] = self
        return function

    @staticmethod
    def of(function: Callable) -> "Recipe":
        """Return what a function declares.

        Args:
            function: a recipe of `tfvae.zoo`.

        Raises:
            InvalidInput: the function is not a recipe.
        """
        declared = vars(function).get("recipe")
        if declared is None:
            raise InvalidInput("function", "a recipe of tfvae.zoo", function.__name__)
        return declared

    @property
    def source(self) -> str:
        """The paper and the place in it."""
        return f"{self.paper}, {self.where}" if self.where else self.paper

    @property
    def is_command(self) -> bool:
        """Whether `tfvae train` offers the recipe: its sources have one kind of data."""
        return self.data is not DataKind.SEVERAL
