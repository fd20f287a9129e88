"""A model of several kinds of data: what is missing, exact likelihoods, and bounds against enumeration."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

import tfvae
from tfvae import likelihoods, networks, objectives, posteriors
from tfvae.core.errors import InvalidInput
from tfvae.models import Modality, MultimodalVAE
from tfvae.posteriors import MixtureOfExperts, MixtureOfProducts, ProductOfExperts

FUSIONS = [ProductOfExperts, MixtureOfExperts, MixtureOfProducts]
NAN = float("nan")


def _modality(likelihood, latent_dim=2, network=lambda: networks.mlp((8,), "tanh")):
    return Modality(network(), network(), posteriors.Normal(latent_dim), likelihood)


def _make(make=ProductOfExperts, names=("a", "b", "c"), objective=None, latent_dim=2):
    kinds = {
        "a": likelihoods.Normal((3,)),
        "b": likelihoods.Bernoulli((4,)),
        "c": likelihoods.Categorical((1,), 5),
    }
    keras.utils.set_random_seed(3)
    modalities = {name: _modality(kinds[name], latent_dim) for name in kinds}
    return MultimodalVAE({name: modalities[name] for name in names}, make(latent_dim), objective)


def _data(count=24):
    rng = np.random.default_rng(0)
    return {
        "a": rng.normal(size=(count, 3)).astype("float32"),
        "b": rng.integers(0, 2, (count, 4)).astype("float32"),
        "c": rng.integers(0, 5, (count, 1)).astype("float32"),
    }


def _without(data, **rows):
    holes = {name: array.copy() for name, array in data.items()}
    for name, selection in rows.items():
        holes[name][selection] = NAN
    return holes


@pytest.mark.parametrize("make", FUSIONS)
def test_a_missing_modality_is_one_the_model_never_had(make):
    """The same weights, noise and bound; left out, or NaN in some rows or in all."""
    whole, data = _make(make), _data()
    pair = MultimodalVAE({name: whole.modalities[name] for name in ("a", "b")}, make(2))
    expected = pair.elbo({"a": data["a"], "b": data["b"]}, num_samples=3, seed=5)
    np.testing.assert_allclose(whole.elbo({"a": data["a"], "b": data["b"]}, 3, 5), expected, atol=1e-5)
    np.testing.assert_allclose(whole.elbo(_without(data, c=slice(None)), 3, 5), expected, atol=1e-5)
    some = whole.elbo(_without(data, c=slice(10)), 3, 5)
    np.testing.assert_allclose(some[:10], expected[:10], atol=1e-5)
    np.testing.assert_allclose(some[10:], whole.elbo(data, 3, 5)[10:], atol=1e-5)
    assert np.abs(some[10:] - expected[10:]).min() > 1e-3


@pytest.mark.parametrize("make", FUSIONS)
def test_an_example_with_nothing_there_is_its_prior(make):
    model = _make(make)
    nothing = _without(_data(), a=slice(4), b=slice(4), c=slice(4))
    for measure in (model.elbo, model.log_likelihood):
        values = measure(nothing, num_samples=6)
        np.testing.assert_allclose(values[:4], 0, atol=1e-5)
        assert np.abs(values[4:]).min() > 0.1


def test_one_expert_in_a_mixture_is_the_plain_vae():
    """The same weights; the mixture's noise has one number more, which chooses nothing."""
    x = _data()["a"]
    model = _make(MixtureOfExperts, ("a",))
    modality = model.modalities["a"]
    vae = tfvae.VAE(modality.encoder, modality.decoder, modality.posterior, modality.likelihood)
    noise = model.noise(5, len(x), tf.constant([1, 2]))
    ours = model.trace_with_noise({"a": tf.constant(x)}, noise)
    theirs = vae.trace_with_noise({"x": tf.constant(x)}, noise[..., 1:])
    np.testing.assert_allclose(ours.z, theirs.z, atol=1e-6)
    np.testing.assert_allclose(ours.log_weights, theirs.log_weights, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(ours.distortion, theirs.distortion, rtol=1e-5)


class TimesPrior(posteriors.Normal):
    """N(m, s^2) times N(0, 1): 1 / scale^2 = 1 + 1 / s^2, loc = m / (1 + s^2)."""

    def call(self, inputs):
        params = super().call(inputs)
        variance = tf.square(params["scale"])
        return {"loc": params["loc"] / (1 + variance), "scale": tf.sqrt(variance / (1 + variance))}


def test_one_expert_in_a_product_is_the_vae_of_that_expert_times_the_prior():
    x = _data()["a"]
    keras.utils.set_random_seed(3)
    likelihood, posterior = likelihoods.Normal((3,)), TimesPrior(2)
    vae = tfvae.VAE(networks.mlp((8,)), networks.mlp((8,)), posterior, likelihood)
    expert = posteriors.Normal(2)
    model = MultimodalVAE({"a": Modality(vae.encoder, vae.decoder, expert, likelihood)}, ProductOfExperts(2))
    expert.set_weights(posterior.get_weights())
    np.testing.assert_allclose(model.elbo(x, 4, 1), vae.elbo(x, 4, 1), rtol=1e-5)
    np.testing.assert_allclose(model.encode(x).stddev(), vae.encode(x).stddev(), rtol=1e-5)


def _linear_gaussian(make):
    """x_m = W_m z + b_m + s noise, with experts that are wider than the exact posteriors."""
    keras.utils.set_random_seed(4)
    model = MultimodalVAE(
        {
            name: _modality(likelihoods.Normal((size,), scale=0.7), 2, networks.linear)
            for name, size in (("a", 3), ("b", 2))
        },
        make(2),
    )
    means = {}
    for name, modality in model.modalities.items():
        expert, dense = modality.posterior.head.dense, modality.likelihood.head.dense
        expert.kernel.assign(0.1 * expert.kernel)
        expert.bias.assign([0.0, 2.0, 0.0, 2.0])  # location and scale before its softplus, by dimension
        dense.bias.assign(0.3 + 0 * dense.bias)
        means[name] = np.array(dense.kernel).T, np.array(dense.bias)
    return model, means


@pytest.mark.parametrize("make", FUSIONS)
def test_the_joint_likelihood_of_what_is_there_is_the_exact_one(make):
    model, means = _linear_gaussian(make)
    rng = np.random.default_rng(2)
    data = {name: rng.normal(size=(6, len(bias))).astype("float32") for name, (_, bias) in means.items()}
    data["b"][:2], data["a"][2:4] = NAN, NAN
    log_p, error = model.log_likelihood_with_error(data, num_samples=20000, seed=1)
    bound = model.elbo(data, num_samples=20000)
    assert (error < 0.05).all()
    for row in range(6):
        there = [name for name in means if not np.isnan(data[name][row]).any()]
        weights, bias = (np.concatenate([means[name][k] for name in there]) for k in (0, 1))
        exact = multivariate_normal(bias, weights @ weights.T + 0.49 * np.eye(len(bias)))
        expected = exact.logpdf(np.concatenate([data[name][row] for name in there]))
        assert abs(log_p[row] - expected) < 4 * error[row] + 1e-4
        assert bound[row] < expected


def _repeatedly(model, data, times, num_samples):
    """The bound of each example with `times` independent sets of draws, [times, B]."""
    repeated = {name: np.tile(array, (times, 1)) for name, array in data.items()}
    return model.elbo(repeated, num_samples, batch_size=8192).astype("float64").reshape(times, -1)


@pytest.mark.parametrize("make", [MixtureOfExperts, MixtureOfProducts])
def test_the_stratified_bound_is_the_sum_over_components(make):
    """One latent dimension: sum_k w_k E_{q_k}[log p(x, z) - log q(z|x)] by quadrature."""
    model, data = _make(make, latent_dim=1), _without(_data(4), a=[1], b=[2], c=[2])
    tensors = model.checked(data)
    params = {
        name: np.array(value, "float64") for name, value in model.fusion(model._experts(tensors)).items()
    }
    nodes, masses = np.polynomial.hermite_e.hermegauss(80)
    masses /= masses.sum()
    weights = np.exp(params["logits"]) / np.exp(params["logits"]).sum(1, keepdims=True)
    expected = np.zeros(4)
    for k in range(weights.shape[1]):
        z = params["loc"][:, k] + params["scale"][:, k] * nodes[:, np.newaxis, np.newaxis]
        z = tf.constant(z, tf.float32)
        px = model.likelihood.distribution({name: m.decode(z) for name, m in model.modalities.items()})
        joint = px.log_prob(tensors).numpy() + norm.logpdf(z.numpy()[..., 0])
        apart = norm.logpdf(z.numpy(), params["loc"][..., 0], params["scale"][..., 0])
        expected += weights[:, k] * (masses @ (joint - logsumexp(apart, axis=-1, b=weights)))
    draws = _repeatedly(model, data, 3000, model.objective.num_samples)
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    assert (np.abs(draws.mean(axis=0) - expected) < 4 * error + 1e-5).all()


def test_one_draw_from_each_is_less_noisy_than_free_draws():
    """The stratified estimator against the mean of single draws, of which each is from any expert."""
    model, data = _make(MixtureOfExperts), _data(8)
    evenly = _repeatedly(model, data, 1000, 3)
    single = _repeatedly(model, data, 3000, 1).reshape(1000, 3, 8).mean(axis=1)
    difference = evenly.mean(axis=0) - single.mean(axis=0)
    error = np.sqrt((evenly.var(axis=0) + single.var(axis=0)) / 1000)
    assert (np.abs(difference) < 4 * error).all()
    assert evenly.var(axis=0).sum() < single.var(axis=0).sum()


class TestSubsets:
    """objectives.SubsetELBO: the loss as a sum of bounds."""

    def _terms(self, objective, data, make=ProductOfExperts):
        model = _make(make, objective=objective)
        trace = model.trace(data, num_samples=1)
        return model, {name: value.numpy() for name, value in objective.loss(trace, model).items()}

    def test_the_parts_are_the_bounds_of_one_modality_each(self):
        """In expectation: the mean over seeds of the parts against the models' own bounds."""
        data = _without(_data(6), a=[0, 1], b=[1], c=[1])
        objective = objectives.SubsetELBO(num_samples=400)
        model, terms = self._terms(objective, data)
        alone = [-model.elbo({name: data[name]}, num_samples=400, seed=8) for name in data]
        spread = [
            np.stack([model.elbo({name: data[name]}, 400, seed) for seed in range(10)]).std(axis=0, ddof=1)
            for name in data
        ]
        error = np.sqrt(2 * np.square(spread).sum(axis=0))
        assert (np.abs(terms["subsets"] - np.sum(alone, axis=0)) < 4 * error + 1e-4).all()
        assert terms["subsets"][1] == 0
        np.testing.assert_allclose(terms["loss"], terms["subsets"] - terms["elbo"], rtol=1e-5)

    def test_without_parts_it_is_the_elbo(self):
        data = _data()
        model, terms = self._terms(objectives.SubsetELBO(beta=2.0, singles=0.0), data)
        plain = objectives.ELBO(beta=2.0).loss(model.trace(data), model)
        np.testing.assert_allclose(terms["loss"], plain["loss"], rtol=1e-6)

    def test_weights_are_of_the_distortions(self):
        data = _data()
        weighted = {"a": 3.0, "c": 0.0}
        objective = objectives.SubsetELBO(modality_weights=weighted, singles=0.0)
        model, terms = self._terms(objective, data)
        trace = model.trace(data)
        log_x = {name: value.numpy()[0] for name, value in trace.px.log_probs(trace.x).items()}
        expected = trace.rate - 3 * log_x["a"] - log_x["b"]
        np.testing.assert_allclose(terms["loss"], expected, rtol=1e-5)
        np.testing.assert_allclose(terms["elbo"], trace.elbo, rtol=1e-6)

    def test_random_parts_are_every_subset_alike(self):
        """Mean of the loss of a random part = mean of the bounds of the 2^M subsets."""
        data = {name: np.repeat(array[:1], 4000, axis=0) for name, array in _data(1).items()}
        _, terms = self._terms(objectives.SubsetELBO(singles=0.0, random_subsets=1), data)
        model, names = _make(), list(data)
        bounds = [0.0]
        for index in range(1, 8):
            subset = {name: data[name] for k, name in enumerate(names) if index >> k & 1}
            bounds.append(-model.elbo(subset, num_samples=20, seed=index).mean())
        error = terms["subsets"].std(ddof=1) / np.sqrt(4000)
        assert abs(terms["subsets"].mean() - np.mean(bounds)) < 4 * error

    def test_it_is_refused_elsewhere(self, small_vae):
        with pytest.raises(InvalidInput, match="Bernoulli.*SubsetELBO"):
            small_vae(objective=objectives.SubsetELBO())
        with pytest.raises(InvalidInput, match="label"):
            _make(objective=objectives.SubsetELBO(modality_weights={"label": 2.0}))
        for wrong in ({"singles": -1.0}, {"random_subsets": -1}, {"modality_weights": {"a": -1.0}}):
            with pytest.raises(InvalidInput):
                objectives.SubsetELBO(**wrong)


@pytest.mark.parametrize("make", FUSIONS)
def test_a_modality_absent_from_a_batch_has_zero_gradients(make):
    objective = objectives.SubsetELBO(random_subsets=1, num_samples=3)
    model = _make(make, objective=objective)
    batch = _without(_data(), b=slice(None), a=slice(5), c=slice(5))
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=batch, y_pred=model(batch, training=True))
    weights = model.trainable_variables
    gradients = tape.gradient(loss, [weight.value for weight in weights])
    absent = {id(weight) for weight in model.modalities["b"].trainable_variables}
    assert absent
    for weight, gradient in zip(weights, gradients, strict=True):
        largest = np.abs(tf.convert_to_tensor(gradient)).max()
        assert np.isfinite(largest)
        assert (largest == 0) == (id(weight) in absent), weight.path


ALLOWED = {
    "ImportanceWeighted": lambda: objectives.ImportanceWeighted(3),
    "DoublyReparameterized": lambda: objectives.DoublyReparameterized(3),
    "StickingTheLanding": lambda: objectives.StickingTheLanding(3),
    "InfoVAE": lambda: objectives.InfoVAE(0.5, 2.0),
    "FactorVAE": lambda: objectives.FactorVAE(2.0),
    "SparseAutoencoder": lambda: objectives.SparseAutoencoder(0.1),
}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param(name, make, marks=pytest.mark.slow) if name == "DoublyReparameterized" else (name, make)
        for name in ALLOWED
        for make in (ProductOfExperts, MixtureOfProducts)
        if (name, make) != ("DoublyReparameterized", MixtureOfProducts)  # rejected, as it would be biased
    ],
)
def test_other_objectives_have_gradients_for_it(name, make):
    """For every weight of the model, and finite, with some modalities missing."""
    model = _make(make, objective=ALLOWED[name]())
    batch = _without(_data(), a=[3], b=[4], c=[3])
    with tf.GradientTape() as tape:
        loss = model.compute_loss(x=batch, y_pred=model(batch, training=True))
    weights = [weight for m in model.modalities.values() for weight in m.trainable_variables]
    for weight, gradient in zip(weights, tape.gradient(loss, [w.value for w in weights]), strict=True):
        assert 0 < np.abs(tf.convert_to_tensor(gradient)).max() < np.inf, weight.path


@pytest.mark.parametrize(
    "objective",
    [
        lambda: objectives.VAEGAN(1.0),
        lambda: objectives.AdversariallyLearnedInference(),
        lambda: objectives.Perceptual(networks.mlp((4,)), 1.0),
        lambda: objectives.ContractiveAutoencoder(0.1),
    ],
)
def test_objectives_that_look_at_one_x_are_refused(objective):
    with pytest.raises(InvalidInput, match="JointLikelihood"):
        _make(objective=objective())


def test_doubly_reparameterized_gradients_have_the_means_of_the_plain_ones():
    """Over seeds, of the sum of the encoders' gradients, within 4 standard errors."""

    def gradients(objective):
        model, data = _make(ProductOfExperts, objective=objective), _data(8)
        weight = model.modalities["a"].posterior.head.dense.bias.value
        inputs = model.checked(data)

        @tf.function
        def gradient(seed):
            with tf.GradientTape() as tape:
                trace = model.draw_trace(inputs, 6, seed)
                loss = tf.reduce_mean(objective.loss(trace, model)["loss"])
            return tape.gradient(loss, weight)

        return np.stack([gradient(tf.constant([seed, 3])) for seed in range(600)])

    plain = gradients(objectives.ImportanceWeighted(6))
    doubly = gradients(objectives.DoublyReparameterized(6))
    error = np.sqrt((plain.var(axis=0) + doubly.var(axis=0)) / 600)
    assert (np.abs(plain.mean(axis=0) - doubly.mean(axis=0)) < 4 * error).all()
    assert np.abs(plain.mean(axis=0)).max() > 4 * error.max()


def test_crossing_gives_what_is_not_there():
    model, data = _make(), _data()
    crossed = model.cross({"a": data["a"]}, to=("b", "c"))
    assert {name: array.shape for name, array in crossed.items()} == {"b": (24, 4), "c": (24, 1)}
    z = model.encode({"a": data["a"]}).mean()
    np.testing.assert_allclose(crossed["b"], model.decode(z)["b"].mean(), atol=1e-6)
    for wrong in ("b", ("d",)):
        with pytest.raises(InvalidInput, match="to: expected names"):
            model.cross(data, to=wrong)


def test_arrays_and_data_sets_train_alike():
    ends, data = [], _without(_data(), a=[0], b=[1])
    for given in (data, tf.data.Dataset.from_tensor_slices(data).batch(8)):
        model = _make()
        model.fit(given, batch_size=8, shuffle=False, verbose=0)
        ends.append(model.elbo(data))
    np.testing.assert_array_equal(*ends)
