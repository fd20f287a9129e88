"""The semi-supervised model against brute-force sums over the class and against the conditional VAE."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.models import SemiSupervised
from tfvae.objectives import ELBO, Classification

K, DIM = 4, 6


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(12, DIM)).astype("float32")


@pytest.fixture(scope="module")
def model():
    """Random weights, with class probabilities that differ."""
    keras.utils.set_random_seed(1)
    made = tfvae.zoo.semi_supervised_vae((DIM,), K, 2, alpha=3.0)
    made.class_prior.logits.assign([[0.3, -0.5, 1.0, 0.0]])
    return made


def _log_prior(model):
    return tf.nn.log_softmax(model.class_prior.logits).numpy()[0]


def _conditional(model, x, measure, **options):
    """What the conditional VAE says of each example with each class, [B, K], with the same noise."""
    values = [
        getattr(model.vae, measure)({"x": x, "condition": np.tile(code, (len(x), 1))}, **options)
        for code in np.eye(K)
    ]
    return np.stack(values, axis=1)


def test_with_the_class_known_it_is_the_conditional_vae_and_the_class_prior(model, x):
    label = np.arange(12) % K
    options = {"num_samples": 3, "seed": 5}
    rows = np.arange(12)
    for measure in ("elbo", "log_likelihood"):
        expected = _conditional(model, x, measure, **options)[rows, label] + _log_prior(model)[label]
        received = getattr(model, measure)({"x": x, "label": label}, **options)
        np.testing.assert_allclose(received, expected, rtol=1e-5, atol=1e-5, err_msg=measure)


def test_with_the_class_unknown_the_bound_is_the_sum_over_all_classes(model, x):
    q = model.label_probabilities(x).astype("float64")
    labeled = _conditional(model, x, "elbo", num_samples=3, seed=5) + _log_prior(model)
    expected = (q * labeled).sum(1) - (q * np.log(q)).sum(1)  # equation 7
    np.testing.assert_allclose(model.elbo(x, num_samples=3, seed=5), expected, rtol=1e-5, atol=1e-5)
    unknown = {"x": x, "label": -np.ones(12)}
    np.testing.assert_array_equal(
        model.elbo(unknown, num_samples=3, seed=5), model.elbo(x, num_samples=3, seed=5)
    )


@pytest.mark.slow
def test_with_the_class_unknown_the_likelihood_is_summed_too(model, x):
    """Its weights are sums over the class draw by draw, so one draw is the sum of the joint estimates."""
    joint = np.zeros((12, K))
    for index, code in enumerate(np.eye(K)):
        trace = model.vae.trace({"x": x, "condition": np.tile(code, (12, 1))}, num_samples=1, seed=5)
        joint[:, index] = trace.log_weights[0] + _log_prior(model)[index]
    expected = np.logaddexp.reduce(joint, axis=1)
    np.testing.assert_allclose(model.trace(x, 1, seed=5).log_weights[0], expected, rtol=1e-5)
    estimate, error = model.log_likelihood_with_error(x, num_samples=20_000, seed=1)
    parts = [
        model.log_likelihood({"x": x, "label": np.full(12, index)}, num_samples=20_000, seed=2)
        for index in range(K)
    ]
    z = (estimate - np.logaddexp.reduce(parts, axis=0)) / error
    assert np.abs(z).max() < 4 * np.sqrt(2)
    assert (model.elbo(x, num_samples=2000) <= estimate + 4 * error + 0.01).all()


def test_the_loss_weighs_the_classifier_where_the_class_is_known(model, x):
    label = np.where(np.arange(12) % 2, np.arange(12) % K, -1)
    inputs = {"x": x, "label": label}
    trace = model.trace(inputs, seed=3)
    terms = model.objective.loss(trace, model)
    log_q = np.log(model.label_probabilities(x))
    expected = np.where(label >= 0, -log_q[np.arange(12), label], 0.0)
    np.testing.assert_allclose(terms["penalty"], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(terms["loss"], 3.0 * expected - trace.elbo, rtol=1e-5)
    mean = tf.reduce_mean(trace.log_x + trace.log_p, axis=0)
    assert np.isfinite(mean).all()


def test_the_rate_of_a_known_class_is_its_code_length(model, x):
    label = np.arange(12) % K
    rates = model.trace({"x": x, "label": label}).rates
    assert rates.shape == (12, 2 + 1)
    np.testing.assert_allclose(rates[:, -1], -_log_prior(model)[label], rtol=1e-5)
    assert model.trace(x).rates[:, -1].numpy().min() >= 0


def test_draws_have_the_class_that_is_asked_for_or_one_of_the_prior(model):
    count = 20_000
    noise = tf.random.stateless_normal((count, model.prior_noise_dim), (1, 2))
    codes = model.prior_draw(noise)[:, 2:].numpy()
    np.testing.assert_array_equal(codes.sum(1), 1)
    p = np.exp(_log_prior(model))
    assert (np.abs(codes.mean(0) - p) < 4 * np.sqrt(p * (1 - p) / count)).all()
    fixed = model.prior_draw(noise, {"label": tf.fill((count,), 2.0)})
    np.testing.assert_array_equal(fixed[:, 2:].numpy().argmax(1), 2)
    given = {"label": [0, 3, -1]}
    again = model.sample(3, seed=4, given=given)
    z = tfvae.samplers.prior(model, 3, seed=4, given=given)
    np.testing.assert_allclose(tfvae.samplers.decode(model, z), again, rtol=1e-5, atol=1e-6)
    assert model.sample(3, seed=4).shape == (3, DIM)


def test_a_style_is_drawn_in_every_class(model, x):
    label = np.arange(12) % K
    drawn = model.in_every_class({"x": x, "label": label})
    assert drawn.shape == (12, K, DIM)
    own = drawn[np.arange(12), label]
    np.testing.assert_allclose(own, model.reconstruct({"x": x, "label": label}), rtol=1e-4, atol=1e-5)
    location = model.vae.encode({"x": x, "condition": np.eye(K)[label]}).mean()
    other = model.vae.decode(location, {"condition": np.eye(K)[[1] * 12]}).mean()
    np.testing.assert_allclose(drawn[:, 1], other, rtol=1e-4, atol=1e-5)


def test_few_labels_are_enough_for_clusters_that_lie_apart():
    rng = np.random.default_rng(3)
    label = rng.integers(0, 3, 600)
    x = (4 * np.eye(3, 5)[label] + 0.5 * rng.normal(size=(600, 5))).astype("float32")
    seen = np.where(np.arange(600) < 12, label, -1)
    model = tfvae.zoo.semi_supervised_vae((5,), 3, 2)
    model.compile(tfvae.optimizers.Adam(5e-3))
    model.fit({"x": x, "label": seen}, epochs=15, batch_size=50, verbose=0)
    assert (model.predict_label(x) == label)[12:].mean() > 0.95
    probabilities = model.predict(x, verbose=0)["label_probabilities"]
    np.testing.assert_allclose(probabilities, model.label_probabilities(x), rtol=1e-4, atol=1e-6)


def test_labels_that_cannot_be_are_refused(model, x):
    known = np.arange(12) % K
    for label, text in (
        (known + 1, r"label: expected integers in \[-1, 3\]"),
        (known + 0.5, "label: expected integers"),
        (known - 2, "label: expected integers"),
        (np.where(known, known, np.nan), "label: expected integers"),
        (known[:, np.newaxis], r"label: expected shape \(batch, \)"),
        (np.eye(K)[known], r"label: expected shape \(batch, \)"),
        (known[:5], "as many examples"),
        (-np.ones(12), "label: expected at least one class that is known"),
    ):
        with pytest.raises(InvalidInput, match=text):
            model.fit({"x": x, "label": label}, verbose=0)
    with pytest.raises(InvalidInput, match="at least one class that is known"):
        model.fit(x, verbose=0)
    with pytest.raises(InvalidInput, match="label: expected integers"):
        model.sample(1, given={"label": [K]})
    with pytest.raises(InvalidInput, match="2 rows"):
        model.sample(2, given={"label": [1]})


def test_parts_that_do_not_go_together_are_refused():
    mlp, joined = tfvae.networks.mlp, tfvae.layers.ConcatenateCondition

    def vae(posterior=None, condition_dim=K):
        posterior = tfvae.posteriors.Normal(2) if posterior is None else posterior
        prior = tfvae.priors.Categorical(2, 2) if posterior.space == "one-hot" else None
        likelihood = tfvae.likelihoods.Normal((DIM,))
        networks = joined(mlp((8,))), joined(mlp((8,)))
        return tfvae.VAE(*networks, posterior, likelihood, prior, condition_dim=condition_dim)

    with pytest.raises(InvalidInput, match="vae: expected a VAE whose condition_dim"):
        SemiSupervised(tfvae.zoo.vae((DIM,)), mlp((8,)))
    with pytest.raises(InvalidInput, match="draws that carry gradients, received Categorical"):
        SemiSupervised(vae(tfvae.posteriors.Categorical(2, 2)), mlp((8,)))
    with pytest.raises(InvalidInput, match="class_prior: expected a prior over one one-hot variable of 4"):
        SemiSupervised(vae(), mlp((8,)), tfvae.priors.Categorical(1, 3))
    with pytest.raises(InvalidInput, match="objective: expected ELBO or ControlledCapacity"):
        SemiSupervised(vae(), mlp((8,)), objective=tfvae.objectives.InfoVAE())
    with pytest.raises(InvalidInput, match="without classes.* received Classification, which needs q"):
        tfvae.VAE(
            mlp((8,)), mlp((8,)), tfvae.posteriors.Normal(2), tfvae.likelihoods.Normal((DIM,)),
            objective=Classification(),
        )  # fmt: skip
    fixed = SemiSupervised(vae(), mlp((8,)), tfvae.priors.Categorical(1, K), ELBO())
    assert not fixed.class_prior.trainable_variables


def test_the_prior_of_z_may_depend_on_the_class(x):
    vae = tfvae.zoo.conditional_prior_vae((DIM,), K, 2)
    model = SemiSupervised(vae, tfvae.networks.mlp((8,)), objective=ELBO(num_samples=2))
    history = model.fit({"x": x, "label": np.arange(12) % (K + 1) - 1}, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    assert model.sample(2, given={"label": [0, 1]}).shape == (2, DIM)


def test_mixed_batches_have_the_published_loss():
    """J = sum_l L(x, y) + sum_u U(x) + 0.1 N mean_l(-log q(y|x)), each example once."""
    keras.utils.set_random_seed(2)
    rng, label = np.random.default_rng(4), np.full(40, -1)
    x = rng.normal(size=(40, DIM)).astype("float32")
    label[:8] = np.arange(8) % K
    model = tfvae.zoo.semi_supervised_vae((DIM,), K, 2, alpha=0.1 * 40 / 8)
    noise = model.noise(1, 1, tf.constant([0, 1]))  # the same for all examples

    def terms(inputs):
        inputs = model.tensors(inputs)
        trace = model.trace_with_noise(inputs, noise)
        return model.objective.loss(trace, model)["loss"], trace.classification, trace.elbo

    total = 0.0
    batches = tfvae.data.mixed_batches(x, label, batch_size=10, labeled=2, seed=0)
    for inputs, _, weight in batches:  # four batches: all known classes once, and all unknown ones
        total += float(tf.reduce_sum(weight * terms(inputs)[0])) / 10 / 4
    _, classification, elbo = terms({"x": x, "label": label})
    published = -np.sum(elbo) + 0.1 * 40 * np.mean(classification[:8])
    assert total * 40 == pytest.approx(published, rel=1e-5)


def test_the_class_prior_learns_the_shares_of_the_classes(model, x):
    """The slope d loss / d logits is p(y) - mean of r(y), 0 where the prior is the mean of the guesses."""
    label = np.where(np.arange(12) < 6, np.arange(12) % K, -1).astype("float32")
    inputs = model.tensors({"x": x, "label": label})
    with tf.GradientTape() as tape:
        trace = model.trace_with_noise(inputs, model.noise(1, 12, tf.constant([0, 1])))
        loss = tf.reduce_mean(model.objective.loss(trace, model)["loss"])
    guesses = np.where(label[:, np.newaxis] >= 0, np.eye(K)[label.astype(int)], model.label_probabilities(x))
    slope = tape.gradient(loss, model.class_prior.logits.value)
    np.testing.assert_allclose(slope[0], np.exp(_log_prior(model)) - guesses.mean(axis=0), atol=1e-5)
