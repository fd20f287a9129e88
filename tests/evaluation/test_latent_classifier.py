"""M1 and M1+M2: classes predicted from a latent variable that was learned without labels."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.evaluation import LatentClassifier
from tfvae.models import StackedSemiSupervised

CLASSES = 3


@pytest.fixture(scope="module")
def clusters():
    """Three clusters in ten dimensions, four labels of each."""
    rng = np.random.default_rng(3)
    label = rng.integers(0, CLASSES, 600)
    x = (3 * np.eye(CLASSES, 10)[label] + 0.5 * rng.normal(size=(600, 10))).astype("float32")
    return x, label, tfvae.data.hide_labels(label, 4, seed=1)


@pytest.fixture(scope="module")
def features(clusters):
    keras.utils.set_random_seed(0)
    vae = tfvae.zoo.vae((10,), 3)
    vae.compile(tfvae.optimizers.Adam(3e-3))
    vae.fit(clusters[0], batch_size=50, epochs=20, verbose=0)
    return vae


@pytest.mark.parametrize("classifier", [None, LogisticRegression()])
def test_few_labels_are_enough_for_clusters(clusters, features, classifier):
    x, label, seen = clusters
    fitted = LatentClassifier(features, classifier).fit(x, seen)
    assert (fitted.predict_label(x) == label).mean() > 0.95


def test_only_labeled_examples_are_used(clusters, features):
    x, _, seen = clusters
    fitted = LatentClassifier(features).fit(x, seen)
    alone = LatentClassifier(features).fit(x[seen >= 0], seen[seen >= 0])
    np.testing.assert_array_equal(fitted.predict_label(x), alone.predict_label(x))
    for label, text in ((seen[:5], "label: expected shape"), (np.full(600, -1), "two classes")):
        with pytest.raises(InvalidInput, match=text):
            LatentClassifier(features).fit(x, label)


def test_the_stacked_model_learns_on_the_first_ones_draws(clusters, features):
    x, label, seen = clusters
    before = [np.array(weight) for weight in features.trainable_variables]
    likelihood = tfvae.likelihoods.Normal((3,), tfvae.scales.PerElement())
    second = tfvae.zoo.semi_supervised_vae((3,), CLASSES, 2, likelihood=likelihood)
    second.compile(tfvae.optimizers.Adam(3e-3))
    stacked = StackedSemiSupervised(features, second)
    history = stacked.fit(x, seen, batch_size=60, labeled=12, epochs=10).history
    assert history["loss"][-1] < history["loss"][0]
    assert (stacked.predict_label(x) == label).mean() > 0.95
    for expected, weight in zip(before, features.trainable_variables, strict=True):
        np.testing.assert_array_equal(weight, expected)
    drawn = stacked.sample(300, given={"label": np.arange(300) % CLASSES})
    nearest = drawn[:, :CLASSES].argmax(axis=1)
    assert (nearest == np.arange(300) % CLASSES).mean() > 0.9


def test_models_that_do_not_stack_are_rejected(features):
    with pytest.raises(InvalidInput, match=r"one of x of shape \(3,\)"):
        StackedSemiSupervised(features, tfvae.zoo.semi_supervised_vae((4,), CLASSES))
    with pytest.raises(InvalidInput, match="a model of x alone"):
        StackedSemiSupervised(tfvae.zoo.cvae((10,), 2, 3), tfvae.zoo.semi_supervised_vae((3,), CLASSES))
