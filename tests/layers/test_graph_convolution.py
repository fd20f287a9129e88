"""Graph convolutions against their formula, and what follows from it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.errors import InvalidInput
from tfvae.layers.graph_convolution import GraphConvolution, propagation


def _graphs(count, nodes, seed=0):
    upper = np.triu(np.random.default_rng(seed).random((count, nodes, nodes)) < 0.4, 1)
    return (upper | upper.transpose(0, 2, 1)).astype("float32")


def _formula(adjacency, features, kernels):
    """In float64, one graph, with a matrix inverse square root in place of the division."""
    linked = adjacency.astype("float64") + np.eye(len(adjacency))
    root = np.linalg.inv(np.diag(np.sqrt(linked.sum(1))))
    around = root @ linked @ root
    hidden = features
    for kernel in kernels:
        hidden = np.maximum(around @ hidden @ kernel, 0.0)
    return around @ hidden


@pytest.mark.parametrize("with_features", [True, False])
def test_it_is_the_formula(with_features):
    graphs, nodes = _graphs(3, 6), 6
    features = np.random.default_rng(1).normal(size=(nodes, 4)) if with_features else None
    layer = GraphConvolution((5, 3), features=features)
    received = layer(graphs)
    kernels = [np.array(kernel, "float64") for kernel in layer.kernels]
    for graph, values in zip(graphs, received, strict=True):
        expected = _formula(graph, np.eye(nodes) if features is None else features, kernels)
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_numbering_the_nodes_otherwise_numbers_the_features_otherwise():
    graphs, order = _graphs(3, 6), np.random.default_rng(2).permutation(6)
    features = np.random.default_rng(1).normal(size=(6, 4))
    first, second = (
        GraphConvolution((5, 3), features=features),
        GraphConvolution((5, 3), features=features[order]),
    )
    expected = first(graphs).numpy()[:, order]
    second.build((None, 6, 6))
    for ours, theirs in zip(second.kernels, first.kernels, strict=True):
        ours.assign(theirs)
    renumbered = graphs[:, order][:, :, order]
    assert np.abs(renumbered - graphs).max() == 1
    np.testing.assert_allclose(second(renumbered), expected, atol=1e-6)


def test_a_node_without_edges_keeps_its_own_features():
    graph = _graphs(1, 6)
    graph[:, 2] = graph[:, :, 2] = 0.0
    features = np.random.default_rng(1).normal(size=(6, 4)).astype("float32")
    layer = GraphConvolution((5,), features=features)
    hidden = layer(graph)
    assert np.isfinite(hidden).all()
    np.testing.assert_allclose(hidden[0, 2], np.maximum(features[2] @ layer.kernels[0].numpy(), 0), rtol=1e-5)
    np.testing.assert_array_equal(propagation(tf.zeros((1, 4, 4)))[0], np.eye(4))


def test_the_diagonal_is_not_looked_at():
    graph, layer = _graphs(1, 6), GraphConvolution((5,))
    np.testing.assert_array_equal(layer(graph), layer(graph + np.eye(6, dtype="float32")))


def test_the_largest_eigenvalue_of_the_propagation_is_one():
    values = np.linalg.eigvalsh(propagation(tf.constant(_graphs(4, 7))).numpy().astype("float64"))
    np.testing.assert_allclose(values.max(axis=1), 1.0, rtol=1e-6)
    assert values.min() > -1.0


def test_features_are_in_the_file_and_are_not_trained(tmp_path):
    features = np.random.default_rng(1).normal(size=(6, 4)).astype("float32")
    layer = GraphConvolution((5,), features=features)
    model = keras.Sequential([keras.Input((6, 6)), layer])
    assert [weight.name for weight in layer.trainable_weights] == ["kernel_0"]
    model.save(tmp_path / "graph.keras")
    again = keras.saving.load_model(tmp_path / "graph.keras")
    np.testing.assert_array_equal(again.layers[0].node_features, features)
    np.testing.assert_array_equal(again(_graphs(2, 6)), model(_graphs(2, 6)))


def test_bad_shapes_are_rejected():
    with pytest.raises(InvalidInput, match="^sizes: expected one or more"):
        GraphConvolution(())
    with pytest.raises(InvalidInput, match="^features: expected finite numbers of shape"):
        GraphConvolution((5,), features=np.full((3, 3), np.nan))
    with pytest.raises(InvalidInput, match="^features: expected a row for each of 6 nodes"):
        GraphConvolution((5,), features=np.ones((5, 2)))(_graphs(1, 6))
    with pytest.raises(InvalidInput, match=r"^adjacency: expected shape \(batch, nodes, nodes\)"):
        GraphConvolution((5,))(np.zeros((1, 6, 5), "float32"))
