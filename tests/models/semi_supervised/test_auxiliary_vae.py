"""The auxiliary model against brute-force sums over the class and against the model without a."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.models import AuxiliarySemiSupervised

K, DIM, A, Z, B = 4, 6, 3, 2, 7
LOG_PRIOR = np.log([0.1, 0.2, 0.3, 0.4])


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(B, DIM)).astype("float32")


@pytest.fixture(scope="module")
def model():
    """Random weights, with class probabilities that differ."""
    keras.utils.set_random_seed(1)
    made = tfvae.zoo.auxiliary_vae((DIM,), K, Z, A, alpha=3.0)
    made.class_prior.logits.assign([LOG_PRIOR])
    return made


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(1).normal(size=(5, B, A + Z)).astype("float32")


def _log_normal(value, loc, scale):
    return (-0.5 * ((value - loc) / scale) ** 2 - np.log(scale) - 0.5 * np.log(2 * np.pi)).sum(-1)


def _numbers(params):
    return {name: np.array(value, "float64") for name, value in params.items()}


def _brute(model, x, noise):
    """Every factor from the networks alone, one draw and one class at a time, in the order of the formula.

    Returns log q(y|a,x), log p(x|y,z), log p(z) - log q(z|a,x,y) and log p(a|x,y,z) - log q(a|x), [S, B, K].
    """
    q_a = _numbers(model.auxiliary_posterior(model.auxiliary_encoder(x)))
    factors = np.zeros((4, len(noise), B, K))
    for s, row in enumerate(noise):
        a = q_a["loc"] + q_a["scale"] * row[:, :A]
        logits = model.class_posterior(model.classifier([x, tf.constant(a, tf.float32)]))["logits"][:, 0]
        factors[0, s] = tf.nn.log_softmax(logits)
        for y in range(K):
            code = np.tile(np.eye(K)[y], (B, 1))
            condition = tf.constant(np.concatenate([code, a], 1), tf.float32)
            q_z = _numbers(model.posterior(model.vae.encoder([x, condition])))
            z = q_z["loc"] + q_z["scale"] * row[:, A:]
            point = tf.constant(np.concatenate([z, code], 1), tf.float32)
            # The decoder's own network, called as an ordinary one: it cannot see a.
            px = model.likelihood.distribution(model.likelihood(model.vae.decoder.network(point)))
            p_a = _numbers(model.auxiliary_likelihood(model.auxiliary_decoder([x, point])))
            factors[1, s, :, y] = px.log_prob(x)
            factors[2, s, :, y] = _log_normal(z, 0, np.ones(Z)) - _log_normal(z, **q_z)
            factors[3, s, :, y] = _log_normal(a, **p_a) - _log_normal(a, **q_a)
    return factors


def _sampled(trace):
    """The bound with the rate of z over draws, of which the trace's own is the expectation given a."""
    guesses = tf.reduce_mean(trace.log_x + trace.log_p, axis=0)
    by_class = trace._by_class(trace.each.log_q)
    log_shares = tf.where(trace.known[:, tf.newaxis], 0.0, trace.log_classifier)
    return guesses - tf.reduce_mean(tf.reduce_sum(trace.shares * (by_class + log_shares), -1), 0)


def test_with_the_class_unknown_the_bound_is_the_sum_over_all_classes(model, x, noise):
    log_q, log_x, z_ratio, a_ratio = _brute(model, x, noise)
    trace = model.trace_with_noise({"x": tf.constant(x), "label": tf.fill((B,), -1.0)}, noise)
    inner = log_x + LOG_PRIOR + z_ratio + a_ratio - log_q
    np.testing.assert_allclose(_sampled(trace), (np.exp(log_q) * inner).sum(-1).mean(0), rtol=1e-4)
    weights = np.logaddexp.reduce(log_x + LOG_PRIOR + z_ratio + a_ratio, axis=-1)
    np.testing.assert_allclose(trace.log_weights, weights, rtol=1e-4)
    np.testing.assert_allclose(trace.distortion, -(np.exp(log_q) * log_x).sum(-1).mean(0), rtol=1e-4)
    np.testing.assert_allclose(
        trace.rates[:, -2], -(np.exp(log_q) * a_ratio).sum(-1).mean(0), rtol=1e-3, atol=1e-4
    )


def test_with_the_class_known_it_is_the_term_of_that_class(model, x, noise):
    label = np.arange(B) % K
    log_q, log_x, z_ratio, a_ratio = _brute(model, x, noise)
    trace = model.trace_with_noise({"x": tf.constant(x), "label": tf.constant(label, tf.float32)}, noise)
    expected = (log_x + LOG_PRIOR + z_ratio + a_ratio)[:, np.arange(B), label]
    np.testing.assert_allclose(trace.log_weights, expected, rtol=1e-4)
    np.testing.assert_allclose(_sampled(trace), expected.mean(0), rtol=1e-4)
    np.testing.assert_allclose(trace.rates[:, -1], -LOG_PRIOR[label], rtol=1e-5)
    penalty = -log_q[:, np.arange(B), label].mean(0)
    np.testing.assert_allclose(trace.classification, penalty, rtol=1e-4, atol=1e-6)
    terms = model.objective.loss(trace, model)
    np.testing.assert_allclose(terms["loss"], 3.0 * penalty - trace.elbo, rtol=1e-4)


def test_the_rate_of_z_in_closed_form_is_the_mean_of_the_sampled_one(model, x):
    """The same a throughout, so that draws of z alone are between the two."""
    rng, count = np.random.default_rng(2), 4000
    noise = rng.normal(size=(count, 1, A + Z)).astype("float32")
    noise[..., :A] = noise[:1, :, :A]
    inputs = {"x": tf.constant(x[:2]), "label": tf.fill((2,), -1.0)}
    trace = model.trace_with_noise(inputs, noise)
    each = trace.each.within
    sampled = trace._by_class(each.log_q - each.log_p).numpy()
    sampled = (trace.shares.numpy() * sampled).sum(-1)
    expected = tf.reduce_sum(trace.rates[:, :Z], axis=1)
    error = sampled.std(axis=0) / np.sqrt(count)
    assert (np.abs(sampled.mean(0) - expected) < 4 * error).all()


@pytest.fixture(scope="module")
def deaf():
    """A model in which a carries nothing, N(0, 1) under q and p, and M2 with the same weights."""
    keras.utils.set_random_seed(3)
    plain = tfvae.zoo.semi_supervised_vae((DIM,), K, Z)
    made = tfvae.zoo.auxiliary_vae((DIM,), K, Z, A)
    for part in (made.auxiliary_posterior, made.auxiliary_likelihood):
        kernel, bias = part.head.weights
        kernel.assign(tf.zeros(kernel.shape))
        bias.assign(tf.reshape([[0.0, np.log(np.expm1(1 - part.floor))]] * A, (-1,)))
    for theirs, ours in ((plain.vae, made.vae), (plain.classifier, made.classifier)):
        for source, target in zip(theirs.trainable_variables, ours.trainable_variables, strict=True):
            whole = np.zeros(target.shape)  # the rows of a are the last of the first layer's
            whole[tuple(map(slice, source.shape))] = source
            target.assign(whole)
    for theirs, ours in (
        (plain.class_posterior, made.class_posterior),
        (plain.class_prior, made.class_prior),
    ):
        for source, target in zip(theirs.variables, ours.variables, strict=True):
            target.assign(source)
    return made, plain


def test_where_a_carries_nothing_it_is_the_model_without_it(deaf, x, noise):
    made, plain = deaf
    inputs = {"x": tf.constant(x), "label": tf.constant([-1.0, 0, 1, 2, 3, -1, -1])}
    with_a = made.trace_with_noise(inputs, noise)
    without = plain.trace_with_noise(inputs, noise[..., A:])
    for name in ("elbo", "distortion", "log_weights", "log_x", "classification"):
        np.testing.assert_allclose(getattr(with_a, name), getattr(without, name), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(with_a.rates[:, :Z], without.rates[:, :Z], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(with_a.rates[:, Z], np.zeros(B), atol=1e-5)
    np.testing.assert_allclose(
        made.label_probabilities(inputs), plain.label_probabilities(inputs), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(made.reconstruct(inputs), plain.reconstruct(inputs), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(made.sample(3, seed=4), plain.sample(3, seed=4))


def test_the_likelihood_with_the_class_unknown_is_the_sum_of_the_joint_ones(model, x):
    """Exactly, with one seed: the draws of a are those of every class."""
    options = {"num_samples": 50, "seed": 2}
    joint = [model.log_likelihood({"x": x, "label": np.full(B, y)}, **options) for y in range(K)]
    expected = np.logaddexp.reduce(joint, axis=0)
    np.testing.assert_allclose(model.log_likelihood(x, **options), expected, rtol=1e-5)


@pytest.mark.parametrize("label", [[0.0, 1, 2, 3, 0, 1, 2], [-1.0] * B, [-1.0, 0, 1, 2, 3, -1, -1]])
def test_every_variable_has_a_gradient(model, x, label):
    """Also where no class is known, or all are: the classifier then learns by the other term alone."""
    inputs = {"x": tf.constant(x), "label": tf.constant(label)}
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=inputs, y_pred=model(inputs, training=True))
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert gradient is not None, variable.path
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 0, variable.path


def test_one_row_of_noise_serves_all_examples(model, x, noise):
    inputs = {"x": tf.constant(x), "label": tf.fill((B,), -1.0)}
    shared = model.trace_with_noise(inputs, noise[:, :1])
    repeated = model.trace_with_noise(inputs, np.repeat(noise[:, :1], B, axis=1))
    np.testing.assert_array_equal(shared.log_weights, repeated.log_weights)
    assert model.noise(5, B, (1, 2)).shape == (5, B, A + Z)


def test_few_labels_are_enough_for_clusters_that_lie_apart():
    rng = np.random.default_rng(3)
    label = rng.integers(0, 3, 600)
    x = (4 * np.eye(3, 5)[label] + 0.5 * rng.normal(size=(600, 5))).astype("float32")
    seen = np.where(np.arange(600) < 12, label, -1)
    keras.utils.set_random_seed(0)
    model = tfvae.zoo.auxiliary_vae((5,), 3, 2, 2)
    model.compile(tfvae.optimizers.Adam(5e-3))
    model.fit({"x": x, "label": seen}, epochs=15, batch_size=50, verbose=0)
    assert (model.predict_label(x) == label)[12:].mean() > 0.95


def test_labels_that_cannot_be_are_refused(model, x):
    known = np.arange(B) % K
    for label, text in (
        (known + 1, r"label: expected integers in \[-1, 3\]"),
        (known - 2, "label: expected integers"),
        (-np.ones(B), "label: expected at least one class that is known"),
    ):
        with pytest.raises(InvalidInput, match=text):
            model.fit({"x": x, "label": label}, verbose=0)
    with pytest.raises(InvalidInput, match="at least one class that is known"):
        model.fit(x, verbose=0)
    with pytest.raises(InvalidInput, match="label: expected integers"):
        model.sample(1, given={"label": [K]})


def test_parts_that_do_not_go_together_are_refused():
    mlp, joined = tfvae.networks.mlp, tfvae.layers.ConcatenateCondition

    def made(decoder, prior=None, objective=None):
        vae = tfvae.VAE(
            joined(mlp((8,))),
            decoder,
            tfvae.posteriors.Normal(Z),
            tfvae.likelihoods.Normal((DIM,)),
            prior,
            condition_dim=K + A,
        )
        networks = mlp((8,)), joined(mlp((8,))), joined(mlp((8,)))
        return AuxiliarySemiSupervised(vae, *networks, objective=objective)

    def leading(size):
        return tfvae.layers.ConditionPrefix(mlp((8,)), size)

    assert made(leading(K)).auxiliary_dim == A
    with pytest.raises(InvalidInput, match=r"vae: expected a VAE whose decoder is a layers\.ConditionPrefix"):
        made(joined(mlp((8,))))
    for size in (1, K + A):
        with pytest.raises(InvalidInput, match=f"a longer condition, received {size} of {K + A}"):
            made(leading(size))
    with pytest.raises(InvalidInput, match="a prior without a condition, received Conditional"):
        made(leading(K), tfvae.priors.Conditional(Z, mlp((8,)), K + A))
    with pytest.raises(InvalidInput, match="objective: expected ELBO or ControlledCapacity"):
        made(leading(K), objective=tfvae.objectives.InfoVAE())
