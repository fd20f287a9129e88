"""Small data for every recipe of `tfvae.zoo`, by the kind of data and the labels that it declares."""

import contextlib
import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_breast_cancer, load_digits

import tfvae
from tfvae.zoo.recipe import DataKind, Labels, Recipe

ALL = sorted(tfvae.zoo.__all__)
LARGE = {"vdvae"}  # a minute to trace and train


def _digits():
    return (load_digits().images[:, :, :, np.newaxis] / 16).astype("float32")[:512]


def _table():
    x = load_breast_cancer().data[:, :10]
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype("float32")[:512]


def _table_with_missing_values():
    x = _table()
    x[np.random.default_rng(0).random(x.shape) < 0.3] = np.nan
    return x


def _mixed_table():
    rng = np.random.default_rng(0)
    size = load_breast_cancer().data[:512, 0]
    columns = [
        (size - size.mean()) / size.std(),
        size,
        np.floor(size),
        (size > 14) + 0.0,
        np.digitize(size, [12, 15]),
    ]
    x = np.stack(columns, axis=1).astype("float32")
    x[rng.random(x.shape) < 0.2] = np.nan
    return x


def _image_and_label():
    """A third of the labels and a fifth of the images missing, of the rest some with both."""
    rng = np.random.default_rng(0)
    image, label = _digits(), load_digits().target[:512, np.newaxis].astype("float32")
    drawn = rng.random(len(image))
    image[drawn < 0.2], label[drawn > 0.67] = np.nan, np.nan
    return {"image": image, "label": label}


def _counts():
    return load_digits().data[:512].astype("float32")


def _graphs():
    """Graphs of 8 nodes in two groups, with 0.6 of the edges within a group and 0.1 of those across."""
    rng = np.random.default_rng(0)
    group = np.arange(8) % 2
    chance = np.where(group[:, np.newaxis] == group, 0.6, 0.1)
    upper = np.triu(rng.random((512, 8, 8)) < chance, 1)
    return (upper | upper.transpose(0, 2, 1) | np.eye(8, dtype=bool)).astype("float32")


def _rows_of_digits():
    """Digits as sequences of rows, some of them cut short."""
    x = _digits()[..., 0]
    lengths = np.random.default_rng(0).integers(1, 9, len(x))
    x[np.arange(8) >= np.maximum(lengths, 5)[:, np.newaxis]] = np.nan
    return x


def _texts():
    """Digits read as texts of 17 gray values, some of them cut short."""
    x = np.round(16 * _digits()[:, 2:4].reshape(512, 16))[:, :12]
    lengths = np.random.default_rng(0).integers(1, 13, len(x))
    x[np.arange(12) >= lengths[:, np.newaxis]] = np.nan
    return x


def _digits_with_condition():
    return {"x": _digits(), "condition": np.eye(10, dtype="float32")[load_digits().target[:512]]}


def _digits_with_some_labels():
    label = load_digits().target[:512].astype("float32")
    return {"x": _digits(), "label": np.where(np.arange(512) % 4 == 0, label, -1.0).astype("float32")}


def _table_with_condition():
    diagnosis = load_breast_cancer().target[:512]
    return {"x": _table(), "condition": np.eye(2, dtype="float32")[diagnosis]}


DATA = {
    (DataKind.COUNTS, Labels.UNUSED): _counts,
    (DataKind.GRAPHS, Labels.UNUSED): _graphs,
    (DataKind.IMAGES, Labels.UNUSED): _digits,
    (DataKind.IMAGES_OR_ROWS, Labels.UNUSED): _digits,
    (DataKind.IMAGES_OR_ROWS, Labels.CLASS): _digits_with_some_labels,
    (DataKind.IMAGES_OR_ROWS, Labels.CONDITION): _digits_with_condition,
    (DataKind.MIXED_ROWS, Labels.UNUSED): _mixed_table,
    (DataKind.ROWS, Labels.UNUSED): _table,
    (DataKind.ROWS, Labels.CONDITION): _table_with_condition,
    (DataKind.ROWS_WITH_MISSING_VALUES, Labels.UNUSED): _table_with_missing_values,
    (DataKind.SEQUENCES, Labels.UNUSED): _rows_of_digits,
    (DataKind.SEVERAL, Labels.UNUSED): _image_and_label,
    (DataKind.TEXTS, Labels.UNUSED): _texts,
}

# Arguments besides the shape, of recipes whose defaults do not fit the data.
OPTIONS = {
    "graph_autoencoder": {"latent_dim": 3},
    "graph_vae": {"latent_dim": 3},
    "hi_vae": {"columns": ("real", "positive", "count", "category:2", "ordinal:3")},
    "ivae": {"condition_dim": 2},
    "multimodal_vae": {"random_subsets": 1},
    "text_vae": {"num_tokens": 17, "warmup_steps": 1},
    "vrnn": {"units": 32},
}
LEARNING_RATES = {"graph_autoencoder": 0.01, "graph_vae": 0.01, "text_vae": 0.01}


@dataclasses.dataclass(frozen=True)
class Subject:
    """A recipe and its data, and a way to make its model."""

    name: str
    x: np.ndarray | dict[str, np.ndarray]

    @classmethod
    def of(cls, name: str) -> "Subject":
        """Return a recipe with data of its kind."""
        declared = Recipe.of(getattr(tfvae.zoo, name))
        return cls(name, DATA[declared.data, declared.labels]())

    @property
    def shape(self) -> tuple:
        """The recipe's first argument: the shape of x, or the shapes of several kinds of data by name."""
        shapes = {name: array.shape[1:] for name, array in self.named(self.x).items()}
        return shapes.get("x", shapes)

    def rows(self, selection: slice) -> np.ndarray | dict[str, np.ndarray]:
        """Some examples."""
        return keras.tree.map_structure(lambda array: array[selection], self.x)

    def named(self, inputs: np.ndarray | dict) -> dict:
        """Inputs by name."""
        return inputs if isinstance(inputs, dict) else {"x": inputs}

    def given(self, model: tfvae.LatentModel, selection: slice) -> dict | None:
        """The inputs that x is generated from, of some examples; None for a model of x alone."""
        return model.given(self.named(self.rows(selection))) or None

    def generated(self, model: tfvae.LatentModel, count: int) -> object:
        """The shapes of `count` draws: of x, or of each kind of data."""
        given = model.given(self.named(self.x))
        shapes = {n: (count, *a.shape[1:]) for n, a in self.named(self.x).items() if n not in given}
        return shapes["x"] if set(shapes) == {"x"} else shapes

    def make(self) -> tfvae.LatentModel:
        """Return a new model, compiled."""
        keras.utils.set_random_seed(5)
        model = getattr(tfvae.zoo, self.name)(self.shape, **OPTIONS.get(self.name, {}))
        model.compile(optimizer=tfvae.optimizers.Adam(LEARNING_RATES.get(self.name, 3e-3)))
        return model

    def fit(self, model: tfvae.LatentModel, epochs: int, first: int = 0) -> dict:
        """Train from epoch `first` on, in the order of the data."""
        return model.fit(
            self.x, epochs=epochs, initial_epoch=first, batch_size=64, shuffle=False, verbose=0
        ).history


@pytest.fixture(scope="module", autouse=True)
def sums_in_one_order():
    """As in the command: no AddN of merged sums, whose order may depend on timing (`make_repeatable`)."""
    before = tf.config.optimizer.get_experimental_options()
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    yield
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": True, **before})


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.slow if name in LARGE else ()) for name in ALL],
)
def subject(request):
    """Every recipe in turn."""
    keras.config.set_dtype_policy("float32")
    return Subject.of(request.param)


@pytest.fixture(scope="session")
def subject_of():
    """A function from a recipe's name to the recipe with its data."""
    return Subject.of


@contextlib.contextmanager
def _same_noise():

    def normal(shape, seed, *args, **kwargs):
        row = tf.sin(tf.range(1.0, tf.cast(shape[-1], tf.float32) + 1) * 1.7)
        return tf.broadcast_to(row, shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.random, "stateless_normal", normal)
        patch.setattr(tf.random, "stateless_uniform", lambda shape, *args, **kwargs: tf.fill(shape, 0.37))
        yield


@pytest.fixture
def same_noise():
    """A context of random numbers that do not depend on seed or row: replicas draw what one device draws."""
    return _same_noise
