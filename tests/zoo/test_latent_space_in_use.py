"""Recipes whose latent space collapses without what their defaults do about it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfvae


def _mutual_information(model, x):
    """Estimate I(x; z) in nats over the rows of x, at most log(rows)."""
    q = model.encode(x)
    z = q.sample(seed=(1, 2))
    log_q = q.log_prob(z[:, tf.newaxis]).numpy()  # of each z under the posterior of each row
    return float((np.diag(log_q) - tf.reduce_logsumexp(log_q, axis=1) + np.log(len(x))).numpy().mean())


@pytest.mark.slow
def test_a_discrete_vae_uses_its_latent_space_by_default(digits):
    keras.utils.set_random_seed(0)
    model = tfvae.zoo.discrete_vae((8, 8, 1), **_networks())
    warmup = model.objective.beta.steps
    batches = tf.data.Dataset.from_tensor_slices(digits).repeat().batch(64).take(warmup + 1000)
    model.fit(batches, verbose=0)
    assert float(model.objective.beta(model.step)) == 1.0
    probabilities = tf.nn.softmax(model._encode(digits).params["logits"]).numpy()
    assert (probabilities.std(axis=0) > 0.1).sum() >= 6  # of 200 entries; without a warm-up none
    collapsed = tfvae.zoo.discrete_vae((8, 8, 1), warmup_steps=0, **_networks())
    collapsed.fit(batches.take(1000), verbose=0)
    assert model.elbo(digits).mean() > collapsed.elbo(digits).mean() + 0.5


def _networks():
    return {"encoder": tfvae.networks.mlp((128,)), "decoder": tfvae.networks.mlp((128,))}


@pytest.mark.slow
def test_an_info_vae_keeps_the_information_that_a_powerful_decoder_ignores(digits):
    """With an autoregressive decoder, whose ELBO is best without z."""
    x = (digits[:500, 2:6, 2:6] > 0.4).astype("float32")
    information = {}
    for name, options in (("default", {}), ("without the term", {"alpha": 0.0})):
        keras.utils.set_random_seed(0)
        model = tfvae.zoo.info_vae(
            (4, 4, 1),
            latent_dim=4,
            likelihood=tfvae.likelihoods.Autoregressive((4, 4, 1), 3, 16, 5),
            encoder=tfvae.networks.mlp((64,)),
            decoder=tfvae.networks.mlp((64,)),
            **options,
        )
        model.fit(x, epochs=60, batch_size=100, verbose=0)
        information[name] = _mutual_information(model, x)
    assert information["default"] > 2.0
    assert information["without the term"] < 0.5 * information["default"]
