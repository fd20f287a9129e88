"""Mixed tables: each kind against its textbook distribution, missing values, groups, and training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import special, stats

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.likelihoods import Category, Count, MixedColumns, Ordinal, Positive, Real

NAN = float("nan")
KINDS = (Real(), Category(3), Count(), Ordinal(4), Positive(), Category(3), Real(50.0, 10.0), Ordinal(4))


def _softplus(x):
    return np.logaddexp(0, x)


def _table(rows=256, seed=0):
    """Rows of KINDS that depend on one hidden number, a fifth of the cells missing."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=rows)
    noise = rng.normal(size=(rows, 3)) * 0.3
    x = np.stack(
        [
            z + noise[:, 0],
            np.clip(np.round(z + 1), 0, 2),
            rng.poisson(np.exp(z)),
            np.clip(np.round(z + 1.5), 0, 3),
            np.exp(z + noise[:, 1]),
            np.clip(np.round(1 - z), 0, 2),
            50 + 10 * (noise[:, 2] - z),
            np.clip(np.round(1.5 - z), 0, 3),
        ],
        axis=1,
    ).astype("float32")
    x[rng.random(x.shape) < 0.2] = NAN
    x[3] = NAN
    return x


def _raw(likelihood, batch=5):
    return likelihood(tf.random.stateless_normal((batch, 4), (1, 2)) * 2)


def test_every_kind_has_its_textbook_density():
    raw = np.array([0.4, -0.7], "float32")
    x = np.array([0.7, 1.0, 2.0, 6.0])
    loc, scale = 3 + 2 * 0.4, 2 * (0.01 + _softplus(-0.7))
    cases = [
        (Real(3.0, 2.0), raw, x, stats.norm.logpdf(x, loc, scale)),
        (Positive(3.0, 2.0), raw, x, stats.lognorm.logpdf(x, scale, scale=np.exp(loc))),
        (Count(5.0), raw[:1], x[1:], stats.poisson.logpmf(x[1:], 5 * (1e-6 + _softplus(0.4)))),
        (Category(3), np.array([0.1, -2.0, 1.0]), x[1:3], special.log_softmax([0.1, -2.0, 1.0])[[1, 2]]),
    ]
    for kind, given, values, expected in cases:
        px = MixedColumns((kind,)).distribution({"raw": tf.constant([given], tf.float32)})
        np.testing.assert_allclose(px.log_prob(values[:, np.newaxis].astype("float32")), expected, rtol=1e-5)


def test_ranks_follow_the_cumulative_logit_of_ordered_thresholds():
    likelihood = MixedColumns((Ordinal(5),))
    raw = tf.constant([[-1.3], [0.0], [4.0]])
    ranks = np.arange(5, dtype="float32")[:, np.newaxis, np.newaxis]

    def mass():
        return np.exp(likelihood.distribution({"raw": raw}).log_prob(np.broadcast_to(ranks, (5, 3, 1)))).T

    np.testing.assert_allclose(mass()[1], 0.2, rtol=1e-5)  # where training begins
    likelihood.trainable_variables[0].assign([[-0.7, 2.0, -3.0, 0.4]])
    thresholds = special.logit(np.cumsum(mass()[1])[:-1])  # at a = 0
    assert (np.diff(thresholds) > 0).all()
    assert thresholds[0] == pytest.approx(np.log(1 / 4) - 0.7, rel=1e-5)
    expected = np.diff(special.expit(np.append(thresholds, np.inf) - raw), prepend=0)
    np.testing.assert_allclose(mass(), expected, rtol=1e-4)


@pytest.mark.parametrize("size", [2, 3, 300])
def test_ranks_are_exact_in_the_tails(size):
    """Far out, log p is linear in a for every rank but the nearest, and never infinite."""
    likelihood = MixedColumns((Ordinal(size),))
    x = np.arange(size, dtype="float32")[:, np.newaxis]
    with tf.GradientTape() as tape:
        raw = tf.constant([[200.0]])
        tape.watch(raw)
        log_prob = likelihood.distribution({"raw": tf.repeat(raw, size, 0)}).log_prob(x)
        low = log_prob[0]
    assert np.isfinite(log_prob).all()
    assert float(log_prob[-1]) == 0.0
    assert float(low) == pytest.approx(-200 - np.log(size - 1), rel=1e-5)
    assert float(tape.gradient(low, raw)[0, 0]) == pytest.approx(-1.0)
    start = likelihood.distribution({"raw": tf.zeros((size, 1))}).log_prob(x)
    np.testing.assert_allclose(np.exp(start), 1 / size, rtol=1e-3)


def test_a_row_is_the_sum_of_its_observed_columns():
    likelihood = MixedColumns(KINDS)
    likelihood.trainable_variables[0].assign([[0.3, 0.1, -0.4], [-0.2, 0.5, 0.0]])
    x = _table(5)
    params = {name: tf.stack([value, -value]) for name, value in _raw(likelihood).items()}
    log_prob = likelihood.distribution(params).log_prob(x)
    assert log_prob.shape == (2, 5)
    one_by_one = []
    for column in range(len(KINDS)):
        alone = np.full_like(x, NAN)
        alone[:, column] = x[:, column]
        one_by_one.append(likelihood.distribution(params).log_prob(alone))
        missing = np.isnan(x[:, column])
        np.testing.assert_array_equal(np.asarray(one_by_one[-1])[:, missing], 0.0)
        assert (np.asarray(one_by_one[-1])[:, ~missing] != 0).all()
    np.testing.assert_allclose(log_prob, sum(one_by_one), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(log_prob[:, 3], 0.0)


def test_the_order_of_columns_does_not_matter():
    """Equal kinds are computed together; each column still reads and writes its own place."""
    kinds = (Real(), Category(2), Real(), Count(), Category(2))
    params = {"raw": tf.constant([[1.0, -9.0, 5.0, -9.0, 0.0, 9.0, 9.0, 0.0, 3.0]])}  # 2 real, 2 categories
    mean = MixedColumns(kinds).mean(params)
    np.testing.assert_allclose(mean, [[1.0, 1.0, 5.0, 3.0486, 0.0]], rtol=1e-4)
    px = MixedColumns(kinds).distribution(params)
    draws = px.sample(500, seed=(1, 2))[:, 0].numpy()
    np.testing.assert_allclose(np.median(draws, axis=0)[[0, 1, 2, 4]], [1.0, 1.0, 5.0, 0.0], atol=0.01)
    assert abs(draws[:, 3].mean() - 3.0486) < 4 * np.sqrt(3.0486 / 500)


def test_draws_have_the_density():
    """The mean log-density of draws, seen at random places, is minus the entropy of each kind."""
    likelihood = MixedColumns((Real(1.0, 3.0), Positive(), Count(2.0), Category(3), Ordinal(3)))
    px = likelihood.distribution({"raw": tf.constant([[0.5, 0.2, -0.3, 0.1, 0.4, 1.0, 0.0, -1.0, 0.7]])})
    draws = px.sample(20000, seed=(3, 4))
    for column in range(5):
        alone = tf.where(tf.range(5) == column, draws, NAN)
        log_prob = px.log_prob(alone)[:, 0].numpy().astype("float64")
        scale = 0.01 + _softplus([0.2, 0.1])
        if column < 2:
            entropy = stats.norm.entropy(0, [3, 1][column] * scale[column]) + [0, -0.3][column]
        else:
            grid = np.full((60, 1, 5), NAN, "float32")
            grid[:, 0, column] = np.arange(60)
            mass = np.exp(px.log_prob(grid)[:, 0].numpy().astype("float64"))
            assert mass.sum() == pytest.approx(1.0, abs=1e-5)
            entropy = -special.xlogy(mass, mass).sum()
        assert abs(log_prob.mean() + entropy) < 4 * log_prob.std() / np.sqrt(20000)


def test_what_no_row_can_hold_has_no_mass_and_no_bad_gradient():
    likelihood = MixedColumns((Category(3), Ordinal(3), Positive(), Count()))
    with tf.GradientTape(persistent=True) as tape:
        params = {"raw": tf.zeros((1, 7))}
        tape.watch(params)
        px = likelihood.distribution(params)
        for row in (
            [3, NAN, NAN, NAN],
            [0.5, 0, 1, 0],
            [0, -1, 1, 0],
            [0, 0, 0, 0],
            [0, 0, -1, 0],
            [0, 0, 1, -1],
        ):
            log_prob = px.log_prob(tf.constant([row], tf.float32))
            assert float(log_prob[0]) == -np.inf
            assert np.isfinite(tape.gradient(log_prob, params["raw"])).all()


def test_the_encoder_sees_codes_and_the_mask():
    x = tf.constant([[2.0, 1.0, 7.0, 2.0, np.e, NAN, 70.0, 0.0], [NAN] * 8])
    seen = MixedColumns(KINDS).encoder_input(x)
    first = [2, 0, 1, 0, np.log(8), 1, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1]
    np.testing.assert_allclose(seen, [first, np.zeros(24)], rtol=1e-6)
    assert seen.shape[-1] == sum(kind.width for kind in KINDS) + len(KINDS)


def test_predictions_are_means_and_most_probable_values():
    likelihood = MixedColumns(KINDS)
    params = _raw(likelihood, batch=7)
    means, px = likelihood.mean(params), likelihood.distribution(params)
    assert means.shape == (7, 8)
    draws = px.sample(20000, seed=(5, 6)).numpy()
    for column in (0, 2, 6):
        error = draws[..., column].std(0) / np.sqrt(20000)
        assert (np.abs(draws[..., column].mean(0) - means[:, column]) < 4.5 * error).all()
    for column in (1, 3, 5, 7):
        for row in range(7):
            shares = np.bincount(draws[:, row, column].astype(int), minlength=4) / 20000
            assert shares[int(means[row, column])] > shares.max() - 4.5 * np.sqrt(0.5 / 20000)
    positive = MixedColumns((Positive(),)).mean({"raw": tf.constant([[0.3, 0.2], [300.0, 300.0]])})[:, 0]
    assert float(positive[0]) == pytest.approx(
        stats.lognorm.mean(0.01 + _softplus(0.2), scale=np.exp(0.3)), rel=1e-5
    )
    assert np.isfinite(positive[1])


def test_positive_numbers_are_filled_with_geometric_means():
    """One row with a wide scale, whose mean is exp(5000), leaves them among the values that can be."""
    likelihood, weights = MixedColumns((Positive(1.0, 2.0),)), np.array([0.7, 0.3])
    raw = tf.constant([[0.5, 0.0], [-1.0, 50.0]])
    average = tf.reduce_sum(weights[:, np.newaxis] * likelihood.missing_statistic({"raw": raw}), axis=0)
    filled = likelihood.missing_estimate(tf.cast(average, tf.float32)[tf.newaxis])
    assert float(filled[0, 0]) == pytest.approx(np.exp(1 + 2 * (0.7 * 0.5 - 0.3)), rel=1e-5)


def test_values_are_checked_by_column():
    vae = tfvae.VAE(
        tfvae.networks.mlp((4,)), tfvae.networks.mlp((4,)), tfvae.posteriors.Normal(2), MixedColumns(KINDS)
    )
    x = _table(20)
    for column, value, message in [
        (
            1,
            3.0,
            r"x: expected integers in \[0, 2\], or NaN for missing in column 1, received",
        ),
        (
            2,
            0.5,
            "integers of at least 0, or NaN .* in column 2, .*with a fraction first in example 7",
        ),
        (4, 0.0, "finite numbers of at least 1e-30, or NaN for missing in column 4"),
        (6, np.inf, "finite numbers, or NaN for missing in column 6, received 1 infinite"),
    ]:
        bad = x.copy()
        bad[7, column] = value
        with pytest.raises(InvalidInput, match=message):
            vae.elbo(bad)
    with pytest.raises(InvalidInput, match="in column 6, received .*with 1 infinite"):
        vae.evaluate(tf.data.Dataset.from_tensor_slices(bad).batch(10), verbose=0)
    assert np.isfinite(vae.elbo(x)).all()


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: MixedColumns(()), "columns"),
        (lambda: MixedColumns(("real",)), "columns"),
        (lambda: MixedColumns(Real()), "columns"),
        (lambda: Category(1), "size"),
        (lambda: Category(2.5), "size"),
        (lambda: Ordinal(0), "size"),
        (lambda: Real(scale=0.0), "scale"),
        (lambda: Real(loc=NAN), "loc"),
        (lambda: Positive(scale=-1.0), "scale"),
        (lambda: Count(0.0), "scale"),
    ],
)
def test_bad_arguments_are_rejected(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        make()


def _vae(kinds):
    return tfvae.VAE(
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.networks.mlp((16,), "tanh"),
        tfvae.posteriors.Normal(2),
        MixedColumns(kinds),
    )


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_every_weight_gets_a_finite_gradient(policy):
    keras.config.set_dtype_policy(policy)
    x = _table(64)
    x[:, 0] = NAN  # a batch without any value in a column
    vae = _vae(KINDS)
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x, y_pred=vae(x, training=True))
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(loss, vae.trainable_weights), strict=True
    ):
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path


@pytest.mark.slow
def test_it_trains_saves_and_is_loaded(tmp_path):
    x = _table()[:, 1:5]
    vae = _vae(KINDS[1:5])
    vae.compile(optimizer=keras.optimizers.Adam(1e-2))
    history = vae.fit(tf.data.Dataset.from_tensor_slices(x).batch(64), epochs=30, verbose=0).history
    assert history["loss"][-1] < history["loss"][0] - 0.5
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    np.testing.assert_array_equal(again.elbo(x), vae.elbo(x))
    assert vae.trace(x[:5]).log_x[0, 3] == 0
    filled = vae.reconstruct(x)
    assert set(np.unique(filled[:, 0])) <= {0.0, 1.0, 2.0}
    assert np.isfinite(filled).all()


@pytest.mark.parametrize("rate", np.float32([3e3, 1e6, 1e7]))
def test_counts_of_millions_have_the_poisson_mass_beside_other_columns(rate):
    likelihood = MixedColumns((Real(), Count(float(rate))))
    raw = tf.constant([[0.0, 0.0, np.log(np.e - 1)]])  # a rate of the column's scale
    mean = float(likelihood.mean({"raw": raw})[0, 1])
    x = np.round(mean + np.sqrt(mean) * np.array([-3.0, 0.0, 1.0, 8.0])).astype("float32")
    log_prob = likelihood.distribution({"raw": raw}).log_prob(np.stack([np.full(4, NAN), x], 1))
    np.testing.assert_allclose(log_prob, stats.poisson.logpmf(np.float64(x), mean), rtol=1e-6)
