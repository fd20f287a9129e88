"""A model of several kinds of data: what it refuses, and gaps that a likelihood takes itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import norm

import tfvae
from tfvae import likelihoods, networks, posteriors
from tfvae.core.errors import InvalidInput
from tfvae.models import Modality, MultimodalVAE

NAN = float("nan")


def _modality(likelihood, latent_dim=2):
    return Modality(networks.mlp((8,)), networks.mlp((8,)), posteriors.Normal(latent_dim), likelihood)


def _make():
    kinds = {
        "a": likelihoods.Normal((3,)),
        "b": likelihoods.Bernoulli((4,)),
        "c": likelihoods.Categorical((1,), 5),
    }
    return MultimodalVAE({name: _modality(kinds[name]) for name in kinds}, posteriors.ProductOfExperts(2))


def _data(count=24):
    rng = np.random.default_rng(0)
    return {
        "a": rng.normal(size=(count, 3)).astype("float32"),
        "b": rng.integers(0, 2, (count, 4)).astype("float32"),
        "c": rng.integers(0, 5, (count, 1)).astype("float32"),
    }


def _without(data, **rows):
    holes = {name: array.copy() for name, array in data.items()}
    for name, selection in rows.items():
        holes[name][selection] = NAN
    return holes


def _tables(**changes):
    return {**_data(), **changes}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (_without(_data(), a=(2, 1)), r"^a: .*throughout an example, received .* first in example 2"),
        (_tables(a=np.full((24, 3), NAN)), r"none of \['a'\]"),
        ({"a": _data()["a"], "c": _data()["c"]}, r"none of \['b'\]"),
        ({}, "at least one of"),
        (_tables(d=_data()["a"]), "no other names"),
        (_tables(b=_data()["b"] + 0.5), "b: expected"),
        (_tables(b=_data()["b"][:9]), "as many examples"),
    ],
)
def test_bad_data_is_refused(data, text):
    with pytest.raises(InvalidInput, match=text):
        _make().fit(data, verbose=0)


def test_bad_data_sets_are_refused():
    holes = tf.data.Dataset.from_tensor_slices(_without(_data(), b=(2, 1))).batch(8)
    with pytest.raises(InvalidInput, match="throughout an example.* 1 NaN"):
        _make().fit(holes, verbose=0)
    lacking = tf.data.Dataset.from_tensor_slices({"a": _data()["a"]}).batch(8)
    with pytest.raises(InvalidInput, match=r"none of \['b', 'c'\]"):
        _make().fit(lacking, verbose=0)
    assert np.isfinite(_make().evaluate(lacking, verbose=0)).all()


def test_a_likelihood_that_takes_gaps_keeps_them():
    keras.utils.set_random_seed(3)
    modalities = {
        "a": _modality(likelihoods.MissingAtRandom(likelihoods.Normal((3,), scale=1.0))),
        "b": _modality(likelihoods.Bernoulli((4,))),
    }
    model = MultimodalVAE(modalities, posteriors.ProductOfExperts(2))
    data = {name: _data()[name] for name in "ab"}
    holes = _without(data, a=((0, 0, 1, 1, 1), (0, 1, 0, 1, 2)))  # two of example 0, all of example 1
    trace = model.trace(holes)
    log_x = trace.px.log_probs(trace.x)["a"].numpy()[0]
    loc = model.decode(trace.z)["a"].mean().numpy()[0]
    np.testing.assert_allclose(log_x[0], norm.logpdf(data["a"][0, 2], loc[0, 2]), rtol=1e-5)
    assert log_x[1] == 0
    np.testing.assert_allclose(log_x[2:], norm.logpdf(data["a"][2:], loc[2:]).sum(-1), rtol=1e-5)
    assert np.isfinite(model.fit(holes, epochs=2, verbose=0).history["loss"]).all()


def test_bad_parts_are_refused():
    good = _modality(likelihoods.Normal((3,)))
    for modalities, text in (
        ({}, "a dict of Modality"),
        ({"a": networks.mlp()}, "a Modality"),
        ({"x": good}, "identifiers"),
        ({"two words": good}, "identifiers"),
        ({"a": _modality(likelihoods.Normal((3,)), latent_dim=3)}, "latent_dim 2"),
    ):
        with pytest.raises(InvalidInput, match=text):
            MultimodalVAE(modalities, posteriors.ProductOfExperts(2))
    with pytest.raises(InvalidInput, match="Normal"):
        Modality(networks.mlp(), networks.mlp(), posteriors.Point(2), likelihoods.Normal((3,)))
    with pytest.raises(InvalidInput, match="encoders"):
        tfvae.zoo.multimodal_vae({"a": (3,)}, encoders={"b": networks.mlp()})
    with pytest.raises(InvalidInput, match="shapes"):
        tfvae.zoo.multimodal_vae((3,))
