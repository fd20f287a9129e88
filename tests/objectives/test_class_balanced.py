"""The balanced distortion against sums written out."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import special

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import ELBO, ClassBalanced, ImportanceWeighted, Reconstruction
from tfvae.objectives.class_balanced import balance


def _graph(nodes=6):
    upper = np.triu(np.random.default_rng(0).random((2, nodes, nodes)) < 0.3, 1)
    return (upper | upper.transpose(0, 2, 1)).astype("float32")


def test_ones_weigh_as_much_as_zeros():
    x = _graph()
    x[0, 0, 1:3] = np.nan
    weights = balance(tf.constant(x)).numpy()
    for example, weight in zip(x, weights, strict=True):
        observed = np.isfinite(example).sum()
        assert weight[example == 1].sum() == pytest.approx(observed / 2, rel=1e-5)
        assert weight[example == 0].sum() == pytest.approx(observed / 2, rel=1e-5)
    assert (weights[np.isnan(x)] == 0).all()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_one_kind_of_element_alone_weighs_a_half(value):
    np.testing.assert_allclose(balance(tf.fill((1, 4), value)), 0.5)


def test_loss_is_the_reweighted_cross_entropy_of_the_paper():
    """Loss = norm sum_ij CE(A_ij, p_ij; ones times pos_weight) + rate, with the paper's two factors."""
    x = _graph()[:1]
    model = tfvae.zoo.graph_vae((6, 6), latent_dim=2)
    trace = model.trace(x)
    terms = model.objective.loss(trace, model)
    z = trace.z.numpy()[0, 0].reshape(6, 2).astype("float64")
    p, ones, every = special.expit(z @ z.T), x.sum(), 36
    pos_weight, norm = (every - ones) / ones, every / (2 * (every - ones))
    entropy = -norm * np.where(x[0] == 1, pos_weight * np.log(p), np.log(1 - p)).sum()
    assert float(terms["balanced_distortion"][0]) == pytest.approx(entropy, rel=1e-5)
    assert float(terms["loss"][0]) == pytest.approx(entropy + float(trace.rate[0]), rel=1e-5)
    np.testing.assert_allclose(terms["elbo"], trace.elbo)


def test_with_as_many_ones_as_zeros_it_is_the_other_objective():
    x = np.float32([[[1, 0], [0, 1]]])
    model = tfvae.zoo.graph_vae((2, 2), latent_dim=2)
    trace = model.trace(x, num_samples=3)
    received = model.objective.loss(trace, model)["loss"]
    np.testing.assert_allclose(received, ELBO().loss(trace, model)["loss"], rtol=1e-6)


def test_only_what_has_a_distortion_can_be_balanced():
    assert ClassBalanced(Reconstruction()).terms == ("distortion", "balanced_distortion")
    with pytest.raises(InvalidInput, match="^objective: expected ELBO or Reconstruction"):
        ClassBalanced(ImportanceWeighted(3))


@pytest.mark.parametrize("likelihood", ["Bernoulli", "Normal"])
def test_other_data_are_refused(small_vae, likelihood):
    with pytest.raises(InvalidInput, match=f"{likelihood}, whose x is not of zeros and ones"):
        tfvae.VAE(
            tfvae.networks.mlp((4,)),
            tfvae.networks.mlp((4,)),
            tfvae.posteriors.Normal(2),
            getattr(tfvae.likelihoods, likelihood)((3,)),
            objective=ClassBalanced(),
        )
