"""Sparse codes against numpy, scikit-learn's Lasso and the conditions of a minimum; the encoder's start."""

import numpy as np
import pytest
import tensorflow as tf
from sklearn.decomposition import sparse_encode

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.layers.sparse_coding import ista, lipschitz_constant, soft_threshold
from tfvae.likelihoods import Dictionary
from tfvae.posteriors import LISTA

SPARSITY = 0.3


@pytest.fixture(scope="module")
def problem():
    """Forty sums of three of 12 atoms in 8 dimensions, with noise; atoms of length 1."""
    rng = np.random.default_rng(0)
    atoms = rng.normal(size=(12, 8))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    codes = rng.normal(size=(40, 12)) * (rng.random((40, 12)) < 0.25)
    return (codes @ atoms + 0.05 * rng.normal(size=(40, 8))).astype("float32"), atoms.astype("float32")


def _numpy_ista(x, atoms, sparsity, steps):
    x, atoms = x.astype("float64"), atoms.astype("float64")
    largest = np.linalg.norm(atoms, 2) ** 2
    z = np.zeros((len(x), len(atoms)))
    for _ in range(steps):
        v = z - (z @ atoms - x) @ atoms.T / largest
        z = np.sign(v) * np.maximum(np.abs(v) - sparsity / largest, 0)
    return z


def _energy(x, atoms, z, pull=0.0, start=0.0):
    apart = 0.5 * np.square(x - z @ atoms).sum(1) + pull * np.square(z - start).sum(1)
    return apart + SPARSITY * np.abs(z).sum(1)


@pytest.mark.parametrize("steps", [1, 3, 20])
def test_steps_are_those_of_numpy(problem, steps):
    x, atoms = problem
    z = ista(x, tf.constant(atoms), SPARSITY, steps, tf.zeros((40, 12)))
    np.testing.assert_allclose(z, _numpy_ista(x, atoms, SPARSITY, steps), atol=1e-5)


def test_many_steps_reach_the_lasso(problem):
    x, atoms = problem
    exact = (x.astype("float64"), atoms.astype("float64"))
    reference = sparse_encode(*exact, algorithm="lasso_cd", alpha=SPARSITY, max_iter=20000)
    z = ista(x, tf.constant(atoms), SPARSITY, 1500, tf.zeros((40, 12))).numpy()
    np.testing.assert_allclose(_energy(x, atoms, z), _energy(x, atoms, reference), atol=1e-4)
    np.testing.assert_allclose(z, reference, atol=2e-3)


def test_each_step_lowers_the_energy_and_the_end_is_a_minimum(problem):
    """Where z_j is not 0 the slope is -sparsity sign(z_j); where it is, within sparsity."""
    x, atoms = problem
    start = np.random.default_rng(1).normal(size=(40, 12)).astype("float32")
    energies = [
        _energy(x, atoms, ista(x, tf.constant(atoms), SPARSITY, steps, start, 0.5).numpy(), 0.5, start)
        for steps in (1, 2, 5, 20, 300)
    ]
    assert np.diff(energies, axis=0).max() < 1e-5
    z = ista(x, tf.constant(atoms), SPARSITY, 300, start, 0.5).numpy().astype("float64")
    slope = (z @ atoms - x) @ atoms.T + (z - start)
    assert np.abs(slope[z == 0]).max() < SPARSITY + 1e-4
    np.testing.assert_allclose(slope[z != 0], -SPARSITY * np.sign(z[z != 0]), atol=1e-4)


def test_shrinking_minimizes_its_function():
    grid = np.linspace(-3, 3, 60001)
    for value in (-2.0, -0.3, 0.0, 0.4, 1.7):
        best = grid[np.argmin(0.5 * (grid - value) ** 2 + 0.5 * np.abs(grid))]
        assert float(soft_threshold(tf.constant(value), 0.5)) == pytest.approx(best, abs=1e-4)


def test_curvature_is_the_largest_eigenvalue_for_any_shape():
    for shape in ((3, 7), (7, 3)):
        matrix = np.random.default_rng(0).normal(size=shape).astype("float32")
        assert float(lipschitz_constant(tf.constant(matrix))) == pytest.approx(
            np.linalg.norm(matrix, 2) ** 2, rel=1e-5
        )


@pytest.mark.parametrize("steps", [1, 3, 10])
def test_the_untrained_encoder_is_iterative_shrinkage(problem, steps):
    x, atoms = problem
    posterior = LISTA(12, steps, SPARSITY)
    posterior.build((None, 8))
    posterior.start_at(atoms)
    np.testing.assert_allclose(posterior(x)["loc"], _numpy_ista(x, atoms, SPARSITY, steps), atol=1e-5)


def test_atoms_have_length_one_and_the_density_is_a_normals():
    likelihood = Dictionary((2, 4), scale=0.5)
    z = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    params = likelihood(z)
    np.testing.assert_allclose(np.linalg.norm(likelihood.atoms, axis=1), 1.0, rtol=1e-6)
    loc = (z @ likelihood.atoms.numpy()).reshape(3, 2, 4)
    np.testing.assert_allclose(likelihood.mean(params), loc, rtol=1e-5, atol=1e-6)
    x = np.ones((3, 2, 4), "float32")
    expected = (-0.5 * ((x - loc) / 0.5) ** 2 - np.log(0.5) - 0.5 * np.log(2 * np.pi)).sum((1, 2))
    np.testing.assert_allclose(likelihood.distribution(params).log_prob(x), expected, rtol=1e-5)


def test_the_recipes_loss_is_the_papers_energy_at_its_minimum(problem):
    x = problem[0]
    model = tfvae.zoo.predictive_sparse_decomposition((8,), 12, sparsity=SPARSITY, prediction=0.7)
    objective = tfvae.objectives.PredictiveSparseDecomposition(SPARSITY, 0.7, steps=500)
    trace = model.trace(x)
    foreseen = model.predict(x, verbose=0)["latent"].astype("float64")
    z = objective.best_codes(tf.constant(x), tf.constant(foreseen, tf.float32), model.likelihood).numpy()
    atoms = model.likelihood.atoms.numpy().astype("float64")

    def energy(codes):
        squared = np.square(x - codes @ atoms).sum(1) + 0.7 * np.square(codes - foreseen).sum(1)
        return squared + SPARSITY * np.abs(codes).sum(1)

    constant = 0.5 * 8 * np.log(np.pi)  # of a normal with variance 1/2
    np.testing.assert_allclose(objective.loss(trace, model)["loss"], energy(z) + constant, rtol=1e-5)
    rng = np.random.default_rng(2)
    for size in (1e-3, 1e-2, 0.1, 1.0):
        assert (energy(z + size * rng.normal(size=z.shape)) > energy(z) - 1e-6).all()


def test_training_finds_the_dictionary_and_an_encoder_that_foresees():
    rng = np.random.default_rng(3)
    atoms = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    codes = rng.laplace(size=(2000, 10)) * (rng.random((2000, 10)) < 0.15)
    x = (codes @ atoms + 0.02 * rng.normal(size=(2000, 10))).astype("float32")
    model = tfvae.zoo.predictive_sparse_decomposition((10,), 10, sparsity=0.2)
    model.compile(tfvae.optimizers.Adam(0.01))
    history = model.fit(x, epochs=20, batch_size=100, verbose=0).history
    likeness = np.abs(model.likelihood.atoms.numpy() @ atoms.T).max(axis=0)
    assert np.median(likeness) > 0.98
    assert history["prediction"][-1] < 0.2 * history["prediction"][0]


def test_unfitting_parts_are_rejected(small_vae):
    with pytest.raises(InvalidInput, match="Bernoulli.*PredictiveSparseDecomposition"):
        small_vae(objective=tfvae.objectives.PredictiveSparseDecomposition())
    with pytest.raises(InvalidInput, match="decoder has to pass z on"):
        tfvae.VAE(
            tfvae.networks.linear(), tfvae.networks.mlp((4,)), LISTA(4), Dictionary((3,)),
            objective=tfvae.objectives.PredictiveSparseDecomposition(),
        )  # fmt: skip
