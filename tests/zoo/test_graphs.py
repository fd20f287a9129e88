"""The graph recipes: hidden edges are predicted, and nodes are treated alike."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

import tfvae
from tfvae.core.errors import InvalidInput

NODES = 40


@pytest.fixture(scope="module")
def communities():
    """A graph of four groups, edges with probability 0.5 within one and 0.02 across; a fifth is hidden."""
    rng = np.random.default_rng(0)
    group = np.arange(NODES) % 4
    chance = np.where(group[:, np.newaxis] == group, 0.5, 0.02)
    upper = np.triu(rng.random((NODES, NODES)) < chance, 1)
    whole = (upper | upper.T).astype("float32")
    hidden = np.triu(rng.random((NODES, NODES)) < 0.2, 1)
    seen = np.where(hidden | hidden.T, np.nan, whole).astype("float32")
    return whole, hidden, seen


@pytest.mark.parametrize("recipe", ["graph_vae", "graph_autoencoder"])
def test_hidden_edges_are_predicted(communities, recipe):
    """Guessing has an AUC of 0.5; the probabilities that the graph was drawn with, about 0.9."""
    whole, hidden, seen = communities
    model = getattr(tfvae.zoo, recipe)((NODES, NODES), latent_dim=8)
    model.compile(tfvae.optimizers.Adam(0.01))
    model.fit(tf.data.Dataset.from_tensors(seen[np.newaxis]).repeat(200), verbose=0)
    score = roc_auc_score(whole[hidden], model.reconstruct(seen[np.newaxis])[0][hidden])
    assert score > 0.7


def test_each_node_is_projected_by_the_same_weights():
    """With the nodes in another order, and features in that order, z is in that order."""
    rng = np.random.default_rng(0)
    features, order = rng.normal(size=(6, 4)).astype("float32"), rng.permutation(6)
    upper = np.triu(rng.random((6, 6)) < 0.5, 1)
    graph = (upper | upper.T).astype("float32")[np.newaxis]
    model = tfvae.zoo.graph_vae(
        (6, 6), latent_dim=2, encoder=tfvae.layers.GraphConvolution((5,), features=features)
    )
    first = model.encode(graph)
    model.encoder.node_features.assign(features[order])
    second = model.encode(graph[:, order][:, :, order])
    for name in ("mean", "stddev"):
        expected, received = (getattr(q, name)().numpy().reshape(6, 2) for q in (first, second))
        np.testing.assert_allclose(received, expected[order], rtol=1e-4, atol=1e-6)


def test_probabilities_are_those_of_inner_products(communities):
    seen = communities[2][np.newaxis]
    model = tfvae.zoo.graph_autoencoder((NODES, NODES), latent_dim=3)
    answer = model.predict(seen, verbose=0)
    z = answer["latent"][0].reshape(NODES, 3).astype("float64")
    np.testing.assert_allclose(answer["reconstruction"][0], 1 / (1 + np.exp(-z @ z.T)), rtol=1e-5)


@pytest.mark.parametrize("recipe", [tfvae.zoo.graph_vae, tfvae.zoo.graph_autoencoder])
def test_nodes_without_edges_have_finite_losses(recipe):
    """Also in a graph without any edge."""
    graph = np.zeros((1, 6, 6), "float32")
    for links in ([], [(0, 1), (1, 2)]):
        for one, other in links:
            graph[0, one, other] = graph[0, other, one] = 1
        model = recipe((6, 6), latent_dim=2)
        model.compile()
        assert np.isfinite(model.fit(graph, epochs=2, verbose=0).history["loss"]).all()
        assert np.isfinite(model.reconstruct(graph)).all()
        assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_only_square_matrices_are_graphs():
    for shape in ((5,), (5, 4), (5, 5, 1)):
        with pytest.raises(InvalidInput, match=r"^shape: expected \(nodes, nodes\)"):
            tfvae.zoo.graph_vae(shape)
    with pytest.raises(InvalidInput, match="^x: expected integers in .0, 1., or NaN"):
        tfvae.zoo.graph_vae((2, 2)).elbo(np.full((1, 2, 2), 0.5))


@pytest.mark.parametrize("posterior", [tfvae.posteriors.Normal, tfvae.posteriors.Point])
def test_rows_share_z_equally(posterior):
    with pytest.raises(InvalidInput, match="^rows: expected an integer that divides latent_dim 6"):
        posterior(6, rows=4)
    with pytest.raises(InvalidInput, match=r"^features: expected shape \(batch, 3, features\)"):
        posterior(6, rows=3)(np.zeros((2, 4, 5), "float32"))
