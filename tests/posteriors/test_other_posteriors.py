"""What holds for every posterior beside the diagonal Gaussian: training, files, extremes, bad arguments."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae
from tfvae.core.errors import InvalidInput
from tfvae.objectives import Objective
from tfvae.objectives.vector_quantization import VectorQuantization
from tfvae.posteriors.categorical import Categorical
from tfvae.posteriors.full import FullNormal
from tfvae.posteriors.mixture import Mixture
from tfvae.posteriors.point import Point
from tfvae.posteriors.power_spherical import PowerSpherical
from tfvae.posteriors.relaxed import RelaxedOneHot
from tfvae.posteriors.vector_quantizer import VectorQuantizer, VectorQuantizerEMA
from tfvae.posteriors.von_mises_fisher import VonMisesFisher
from tfvae.priors import Categorical as CategoricalPrior
from tfvae.priors import RelaxedCategorical, SphereUniform, UniformCodes


class Distortion(Objective):
    """loss = -log p(x|z)."""

    terms = ("distortion",)

    def loss(self, trace, model):
        return {"loss": trace.distortion, "distortion": trace.distortion}


CASES = {
    "full": (lambda: FullNormal(3), None, None),
    "mixture": (lambda: Mixture(3, 4), None, None),
    "point": (lambda: Point(3), None, Distortion),
    "power spherical": (lambda: PowerSpherical(3), lambda: SphereUniform(3), None),
    "von mises-fisher": (lambda: VonMisesFisher(3), lambda: SphereUniform(3), None),
    "relaxed": (lambda: RelaxedOneHot(4, 3), lambda: RelaxedCategorical(4, 3), None),
    "categorical": (lambda: Categorical(4, 3), lambda: CategoricalPrior(4, 3), None),
    "quantized": (lambda: VectorQuantizer(8, 2, 4), lambda: UniformCodes(8, 2, 4), VectorQuantization),
    "quantized ema": (lambda: VectorQuantizerEMA(8, 2, 4), lambda: UniformCodes(8, 2, 4), VectorQuantization),
}
cases = pytest.mark.parametrize("case", CASES)


def _vae(case):
    posterior, prior, objective = CASES[case]
    return tfvae.VAE(
        encoder=tfvae.networks.mlp((16,), "tanh"),
        decoder=tfvae.networks.mlp((16,), "tanh"),
        posterior=posterior(),
        likelihood=tfvae.likelihoods.Bernoulli((64,)),
        prior=None if prior is None else prior(),
        objective=None if objective is None else objective(),
        seed=3,
    )


@cases
def test_it_trains_and_its_file_gives_the_same_numbers(case, flat, tmp_path):
    x, vae = flat[:256], _vae(case)
    with tf.GradientTape() as tape:
        loss = vae.compute_loss(x=x[:32], y_pred=vae(x[:32], training=True))
    variables = vae.trainable_variables
    for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
        gradient = tf.convert_to_tensor(gradient)
        assert np.isfinite(gradient).all(), variable.path
        assert np.abs(gradient).max() > 0, variable.path
    vae.compile()
    history = vae.fit(x, epochs=3, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert np.isfinite(vae.sample(3)).all()
    vae.save(tmp_path / "vae.keras")
    again = keras.saving.load_model(tmp_path / "vae.keras")
    assert again.posterior.get_config() == vae.posterior.get_config()
    np.testing.assert_array_equal(again.reconstruct(x[:9]), vae.reconstruct(x[:9]))
    np.testing.assert_array_equal(again.sample(3), vae.sample(3))
    np.testing.assert_array_equal(again.trace(x[:9]).log_weights, vae.trace(x[:9]).log_weights)


@pytest.mark.parametrize("case", ["mixture", "power spherical", "categorical", "quantized", "quantized ema"])
def test_two_replicas_train_it_also_where_one_gets_no_examples(case, two_replicas, flat):
    with two_replicas.scope():
        vae = _vae(case)
        vae.compile()
    history = vae.fit(tf.data.Dataset.from_tensor_slices(flat[:65]).batch(64), verbose=0).history
    assert np.isfinite(history["loss"]).all()
    for variable in vae.variables:
        values = [np.array(value) for value in two_replicas.experimental_local_results(variable.value)]
        assert np.isfinite(values[0]).all(), variable.path
        for value in values[1:]:
            np.testing.assert_array_equal(value, values[0], err_msg=variable.path)


@cases
def test_extreme_features_keep_everything_finite(case):
    posterior = CASES[case][0]()
    posterior.build((None, 5))
    features = tf.constant([0.0, 1.0, 1e3, -1e3, 1e6])[:, tf.newaxis] * tf.ones(5)
    with tf.GradientTape() as tape:
        params = posterior(features)
        z, log_q = posterior.transform(params, posterior.noise((50, 5), (1, 2)))
        value = tf.reduce_sum(log_q) + tf.reduce_sum(z * tf.range(1.0, posterior.latent_dim + 1))
    gradients = tape.gradient(value, posterior.head.trainable_variables)
    for array in (z, log_q, *params.values(), *(g for g in gradients if g is not None)):
        assert np.isfinite(array).all()


@cases
def test_a_low_precision_policy_keeps_parameters_in_float32(case):
    keras.config.set_dtype_policy("mixed_bfloat16")
    posterior = CASES[case][0]()
    params = posterior(tf.ones((2, 5), tf.bfloat16))
    assert {value.dtype for value in params.values()} <= {tf.float32, tf.int32}
    z, log_q = posterior.transform(params, posterior.noise((3, 2), (1, 2)))
    assert z.dtype == log_q.dtype == tf.float32
    assert z.shape == (3, 2, posterior.latent_dim)


@cases
def test_noise_shared_by_the_batch_and_an_unknown_batch(case):
    posterior = CASES[case][0]()
    posterior.build((None, 5))

    @tf.function(input_signature=[tf.TensorSpec((None, 5)), tf.TensorSpec((None, None, posterior.noise_dim))])
    def transform(features, noise):
        params = posterior(features)
        return (*posterior.transform(params, noise), posterior.location(params))

    features = tf.random.stateless_normal((4, 5), (3, 4))
    shared = posterior.noise((3, 1), (1, 2))
    z, log_q, location = transform(features, shared)
    assert z.shape == (3, 4, posterior.latent_dim)
    assert log_q.shape == (3, 4)
    assert location.shape == (4, posterior.latent_dim)
    full = transform(features, tf.repeat(shared, 4, axis=1))
    np.testing.assert_allclose(z, full[0], atol=1e-6)
    np.testing.assert_allclose(log_q, full[1], atol=1e-5)
    assert transform(features[:0], shared)[0].shape == (3, 0, posterior.latent_dim)


@pytest.mark.parametrize(
    ("make", "argument"),
    [
        (lambda: FullNormal(0), "latent_dim"),
        (lambda: FullNormal(2, floor=0.0), "floor"),
        (lambda: FullNormal(2, bound=0.0), "bound"),
        (lambda: Mixture(0), "latent_dim"),
        (lambda: Mixture(2, 1), "num_components"),
        (lambda: Mixture(2, floor=-1.0), "floor"),
        (lambda: Point(0), "latent_dim"),
        (lambda: PowerSpherical(1), "latent_dim"),
        (lambda: PowerSpherical(3, floor=0.0), "floor"),
        (lambda: VonMisesFisher(3, cap=0.01), "cap"),
        (lambda: VonMisesFisher(3, cap=1e7), "cap"),
        (lambda: RelaxedOneHot(0, 3), "num_variables"),
        (lambda: RelaxedOneHot(3, 1), "num_categories"),
        (lambda: RelaxedOneHot(3, 3, 0.2), "temperature"),
        (lambda: Categorical(0, 3), "num_variables"),
        (lambda: Categorical(3, 1), "num_categories"),
        (lambda: VectorQuantizer(1, 2), "num_codes"),
        (lambda: VectorQuantizer(4, 0), "code_dim"),
        (lambda: VectorQuantizer(4, 2, 0), "num_positions"),
        (lambda: VectorQuantizer(4, 2, decay=1.0), "decay"),
        (lambda: VectorQuantizer(4, 2, restart=-0.1), "restart"),
        (lambda: VectorQuantizerEMA(4, 2, smoothing=0.0), "smoothing"),
    ],
)
def test_bad_arguments_are_rejected_by_name(make, argument):
    with pytest.raises(InvalidInput, match=f"^{argument}: expected .*, received "):
        make()
