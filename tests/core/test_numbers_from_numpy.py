"""NumPy's numbers are taken as numbers, by every part and everything that a part is made with."""

import inspect
import json

import keras
import numpy as np
import pytest

import tfvae
from tests.core.test_parts_contract import LIKELIHOODS, OBJECTIVES, POSTERIORS, PRIORS
from tfvae import flows, layers, likelihoods, objectives, scales, schedules
from tfvae.zoo.recipe import Recipe

OTHERS = {
    "Fixed": lambda: scales.Fixed(0.5),
    "Learned": lambda: scales.Learned(1.5, 0.25, (2,)),
    "Optimal": lambda: scales.Optimal((2,), 0.5),
    "PerElement": lambda: scales.PerElement(0.5),
    "Constant": lambda: schedules.Constant(0.5),
    "Linear": lambda: schedules.Linear(0.0, 0.5, 10),
    "Cyclical": lambda: schedules.Cyclical(0.0, 1.0, 10, 0.5),
    "Real": lambda: likelihoods.Real(1.0, 2.0),
    "Positive": lambda: likelihoods.Positive(1.0, 2.0),
    "Count": lambda: likelihoods.Count(3.0),
    "Category": lambda: likelihoods.Category(3),
    "Ordinal": lambda: likelihoods.Ordinal(3),
    "RealNVP": lambda: flows.RealNVP(4, 2, (8,)),
    "MAF": lambda: flows.MAF(4, 1, (8,)),
    "RBF": lambda: objectives.RBF(2.0),
    "InverseMultiquadric": lambda: objectives.InverseMultiquadric((0.5, 1.0)),
    "GaussianNoise": lambda: layers.GaussianNoise(0.5, 1),
    "MaskingNoise": lambda: layers.MaskingNoise(0.5, 1),
    "MaskBlock": lambda: layers.MaskBlock(0.25, 0.5, 1),
    "MaskElements": lambda: layers.MaskElements(0.5),
    "GraphConvolution": lambda: layers.GraphConvolution((4,)),
    "PartialConv2D": lambda: layers.PartialConv2D(4),
    "PartialConvEncoder": lambda: layers.PartialConvEncoder((4,)),
}
MAKERS = {**POSTERIORS, **PRIORS, **LIKELIHOODS, **OBJECTIVES, **OTHERS}


def _from_numpy(value):
    """The same value with NumPy's numbers."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return np.int64(value)
    if isinstance(value, float):
        return np.float32(value)
    return type(value)(map(_from_numpy, value)) if isinstance(value, tuple | list) else value


@pytest.mark.parametrize("name", MAKERS)
def test_a_part_made_with_numbers_from_numpy_is_the_same(name):
    make = MAKERS[name]
    part = make[0]() if isinstance(make, tuple) else make()
    again = type(part)(**{argument: _from_numpy(value) for argument, value in part._given.items()})
    ours, theirs = (json.loads(json.dumps(keras.saving.serialize_keras_object(p))) for p in (part, again))
    for config in (ours, theirs):
        for given in ("name", "seed", "dtype"):
            config.get("config", {}).pop(given, None)
    assert _rounded(theirs["config"]) == _rounded(ours["config"])


def _rounded(value):
    """Numbers to float32, and without the names that Keras counts up."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items() if key not in ("name", "build_config")}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return float(np.float32(value)) if isinstance(value, float | int) else value


@pytest.mark.parametrize("scale", [np.float32(0.5), np.float64(0.5), np.int64(2), np.sqrt(np.float16(0.25))])
def test_a_scale_or_weight_from_numpy_is_a_number(scale):
    assert likelihoods.Normal((2,), scale).scale.value == float(scale)
    assert likelihoods.Dictionary((2,), scale).scale == float(scale)
    assert float(objectives.ELBO(scale).beta(0)) == float(scale)
    assert tfvae.zoo.beta_vae((2,), latent_dim=np.int64(3), beta=scale).latent_dim == 3


@pytest.mark.parametrize("value", [True, np.bool_(True), "2", None, np.nan, 1j])
def test_what_is_no_number_is_rejected_by_name(value):
    with pytest.raises(tfvae.InvalidInput, match="beta: expected"):
        objectives.ELBO(value)


@pytest.mark.parametrize("name", [name for name in tfvae.zoo.__all__ if name != "vdvae"])  # slow to make
def test_a_recipe_takes_its_defaults_as_numbers_from_numpy(name):
    recipe = getattr(tfvae.zoo, name)
    arguments = {
        argument: _from_numpy(parameter.default)
        for argument, parameter in inspect.signature(recipe).parameters.items()
        if parameter.default is not parameter.empty
    }
    shape = Recipe.of(recipe).data.example_shape
    model = recipe(shape, **arguments)
    assert model.count_params() == recipe(shape).count_params()
