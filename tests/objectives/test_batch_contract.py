"""What every objective that looks at the whole batch, has a critic or adds a penalty is held to."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.core.replicas import all_gather, replica_offset
from tfvae.networks import mlp
from tfvae.objectives import ELBO
from tfvae.objectives.adversarial import AdversarialAutoencoder
from tfvae.objectives.adversarial_inference import AdversariallyLearnedInference
from tfvae.objectives.dip import DIPVAE1, DIPVAE2
from tfvae.objectives.factor_vae import FactorVAE
from tfvae.objectives.kernels import RBF
from tfvae.objectives.mmd import InfoVAE, WassersteinMMD
from tfvae.objectives.penalties import ContractiveAutoencoder, SparseAutoencoder
from tfvae.objectives.perceptual import Perceptual
from tfvae.objectives.prior_draws import PriorDraws
from tfvae.objectives.reconstruction import Reconstruction
from tfvae.objectives.slow_features import SlowFeatures
from tfvae.objectives.total_correlation import BetaTCVAE
from tfvae.objectives.vae_gan import VAEGAN
from tfvae.posteriors import Normal
from tfvae.posteriors.point import Point


def _critic():
    return mlp((8,), "leaky_relu")


OBJECTIVES = {
    "beta_tcvae": lambda: BetaTCVAE(6.0, dataset_size=256, alpha=0.9, gamma=1.1),
    "factor_vae": lambda: FactorVAE(5.0, _critic()),
    "dip_vae_1": lambda: DIPVAE1(2.0, 1.0),
    "dip_vae_2": lambda: DIPVAE2(2.0, 1.0),
    "info_vae": lambda: InfoVAE(0.5, 50.0, RBF(2.0)),
    "wae_mmd": lambda: WassersteinMMD(20.0),
    "aae": lambda: AdversarialAutoencoder(2.0, _critic()),
    "ali": lambda: AdversariallyLearnedInference(_critic(), mlp((6,), "tanh"), weight=1.0),
    "vae_gan": lambda: VAEGAN(0.1, _critic(), feature_weight=2.0, distortion_weight=0.5),
    "perceptual": lambda: Perceptual(mlp((6,), "tanh"), 2.0, ELBO(beta=0.5, num_samples=2)),
    "reconstruction": Reconstruction,
    "sparse": lambda: SparseAutoencoder(2.0, rate=0.1),
    "contractive": lambda: ContractiveAutoencoder(0.5),
    "slow": lambda: SlowFeatures(2, 0.5),
}
POINTS = ("wae_mmd", "aae", "reconstruction", "sparse", "contractive")
WHOLE_BATCH = ("beta_tcvae", "factor_vae", "dip_vae_2", "info_vae", "sparse")


@pytest.fixture(params=OBJECTIVES)
def made(request, small_vae):
    """Each objective's name and a model with it; those that match a code without density have a point."""
    posterior = Point(4) if request.param in POINTS else Normal(4)
    return request.param, small_vae(posterior, OBJECTIVES[request.param]())


def test_it_trains_all_its_variables_and_survives_a_file(made, flat, tmp_path):
    name, vae = made
    x = flat[:256]
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x[:64], y_pred=vae(x[:64], training=True))
    gradients = tape.gradient(loss, vae.trainable_weights)
    for weight, gradient in zip(vae.trainable_weights, gradients, strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.abs(gradient).max() > 0, weight.path
    vae.compile(steps_per_execution=1, run_eagerly=name in WHOLE_BATCH)  # those are compiled further on
    history = vae.fit(x, epochs=3, batch_size=64, verbose=0).history
    falling = "distortion" if "critic_loss" in history else "loss"
    assert history[falling][-1] < history[falling][0]
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    terms = vae.objective.loss(vae.trace(x[:5], seed=3), vae)
    assert set(terms) == {"loss", *vae.objective.terms}
    for term, values in again.objective.loss(again.trace(x[:5], seed=3), again).items():
        np.testing.assert_array_equal(values, terms[term], err_msg=term)


def test_terms_are_one_number_for_each_example_whatever_the_samples(made, flat):
    _, vae = made
    for samples in (1, 3):
        for name, values in vae.objective.loss(vae.trace(flat[:7], samples), vae).items():
            assert values.shape == (7,), name
            assert np.isfinite(values).all(), name


@pytest.mark.parametrize("name", WHOLE_BATCH)
def test_twenty_steps_on_two_replicas_equal_one_devices(
    name, two_replicas, small_vae, silent, flat, monkeypatch
):
    """Batches of 33, 33 and 31 of the 97 examples, which two replicas cannot share evenly."""
    monkeypatch.setattr(PriorDraws, "prior_noise", lambda self, trace, model: tf.sin(9.0 * trace.x[:, 20:24]))
    data = tf.data.Dataset.from_tensor_slices(flat[:97]).batch(33).repeat().take(20)
    ends = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = small_vae(silent(4), OBJECTIVES[name]())
            vae.compile(keras.optimizers.SGD(1e-2), steps_per_execution=1)
        ends.append((vae.fit(data, verbose=0).history, vae.get_weights()))
    for term in vae.objective.terms:
        np.testing.assert_allclose(ends[1][0][term], ends[0][0][term], rtol=1e-5, err_msg=term)
    for expected, received in zip(ends[0][1], ends[1][1], strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)


@pytest.mark.parametrize("sizes", [(3, 2), (2, 0)])
def test_gathered_rows_take_the_gradient_of_every_replica(two_replicas, sizes):
    """Replica r weighs the sum of squares of all rows by r + 1, so each row's gradient is 2 (1 + 2) row."""
    rows = [tf.constant(np.random.default_rng(r).normal(size=(sizes[r], 2))) for r in range(2)]
    own = two_replicas.experimental_distribute_values_from_function(
        lambda context: rows[context.replica_id_in_sync_group]
    )

    @tf.function
    def run(value):
        with tf.GradientTape() as tape:
            tape.watch(value)
            everywhere = all_gather({"rows": value})["rows"]
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            loss = tf.reduce_sum(everywhere**2) * tf.cast(replica + 1, value.dtype)
        return everywhere, replica_offset(tf.shape(value)[0]), tape.gradient(loss, value)

    everywhere, first, gradient = map(
        two_replicas.experimental_local_results, two_replicas.run(run, args=(own,))
    )
    for replica in range(2):
        np.testing.assert_array_equal(everywhere[replica], np.concatenate(rows))
        np.testing.assert_allclose(gradient[replica], 6 * rows[replica])
        assert first[replica] == (0, sizes[0])[replica]


def test_a_replica_without_an_example_changes_nothing(two_replicas, small_vae, silent, flat):
    ends = []
    for strategy in (tf.distribute.get_strategy(), two_replicas):
        with strategy.scope():
            keras.utils.set_random_seed(3)
            vae = small_vae(silent(4), BetaTCVAE(6.0, dataset_size=5))
            vae.compile(keras.optimizers.SGD(1e-2), steps_per_execution=1)
        data = tf.data.Dataset.from_tensor_slices(flat[:5]).batch(4)  # four examples, then one
        vae.fit(data, verbose=0)
        ends.append(vae.get_weights())
    for expected, received in zip(*ends, strict=True):
        np.testing.assert_allclose(received, expected, atol=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_mixed_precision_keeps_losses_and_gradients_in_float32(name, small_vae, flat):
    keras.config.set_dtype_policy("mixed_bfloat16")
    vae = small_vae(Point(4) if name in POINTS else Normal(4), OBJECTIVES[name]())
    with tf.GradientTape() as tape:
        trace = vae.trace(flat[:8])
        terms = vae.objective.loss(trace, vae)
    assert {value.dtype for value in terms.values()} == {tf.float32}
    for weight, gradient in zip(
        vae.trainable_weights, tape.gradient(terms["loss"], vae.trainable_weights), strict=True
    ):
        assert gradient.dtype == tf.float32
        assert np.isfinite(gradient).all(), weight.path


@pytest.mark.parametrize("name", ["beta_tcvae", "factor_vae", "dip_vae_2", "info_vae", "vae_gan"])
def test_a_code_without_density_is_refused_where_one_is_needed(name, small_vae):
    objective = OBJECTIVES[name]()
    with pytest.raises(InvalidInput, match=f"posterior Point, received {type(objective).__name__}"):
        small_vae(Point(4), objective)


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: BetaTCVAE(-1.0, dataset_size=10), "beta"),
        (lambda: BetaTCVAE(1.0, dataset_size=1), "dataset_size"),
        (lambda: FactorVAE(gamma=-1.0), "gamma"),
        (lambda: DIPVAE1(diagonal=-1.0), "diagonal"),
        (lambda: DIPVAE2(off_diagonal="1"), "off_diagonal"),
        (lambda: InfoVAE(alpha=1.5), "alpha"),
        (lambda: InfoVAE(alpha=0.0, lambda_=0.5), "lambda_"),
        (lambda: InfoVAE(kernel="rbf"), "kernel"),
        (lambda: WassersteinMMD(weight=-1.0), "weight"),
        (lambda: AdversarialAutoencoder(weight=-1.0), "weight"),
        (lambda: AdversarialAutoencoder(critic="mlp"), "critic"),
        (lambda: AdversariallyLearnedInference(weight=-1.0), "weight"),
        (lambda: AdversariallyLearnedInference(features=3), "features"),
        (lambda: VAEGAN(feature_weight=-1.0), "feature_weight"),
        (lambda: Perceptual(features=None), "features"),
        (lambda: Perceptual(mlp((2,)), objective="elbo"), "objective"),
        (lambda: SparseAutoencoder(rate=1.0), "rate"),
        (lambda: SlowFeatures(steps=1), "steps"),
    ],
)
def test_impossible_arguments_are_refused_by_name(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected"):
        make()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_configuration_makes_the_same_objective_again(name):
    objective = OBJECTIVES[name]()
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(objective))
    assert type(again) is type(objective)
    assert again.get_config() == objective.get_config()
    assert again.terms == objective.terms


def test_draws_from_the_prior_follow_the_step_and_differ_from_the_posteriors(small_vae, flat):
    vae = small_vae(objective=InfoVAE())
    trace = vae.trace(flat[:64])
    draws = {}
    for seed in (1, 2):
        seeded = tfvae.Trace(**{**vars(trace), "seed": tf.constant([seed, 0])})
        draws[seed] = vae.objective.prior_noise(seeded, vae)
        np.testing.assert_array_equal(draws[seed], vae.objective.prior_noise(seeded, vae))
        assert np.abs(draws[seed] - vae.posterior.noise((64,), seeded.seed)).min() > 0
    assert np.abs(draws[1] - draws[2]).min() > 0
