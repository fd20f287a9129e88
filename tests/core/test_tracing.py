"""Several models in one process, each used once or twice."""

import logging

import numpy as np
import tensorflow as tf

import tfvae
from tfvae.core.tracing import without_retracing_hints


def _messages(function):
    """Return what TensorFlow logs while a function runs."""
    records = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())
    logger = tf.get_logger()
    logger.addHandler(handler)
    try:
        function()
    finally:
        logger.removeHandler(handler)
    return records


def test_a_loop_over_models_gives_no_hint_of_retracing():
    x = np.zeros((8, 4), "float32")

    def loop():
        for _ in range(7):
            vae = tfvae.zoo.vae((4,), latent_dim=2)
            vae.elbo(x)
            vae.log_likelihood(x, 8)
            vae.fit(x, verbose=0)
            vae.evaluate(x, verbose=0)
            vae.predict(x, verbose=0)

    assert not [message for message in _messages(loop) if "retracing" in message]


def test_other_warnings_and_those_outside_are_kept():
    def warn():
        with without_retracing_hints():
            tf.get_logger().warning("5 out of the last 5 calls triggered tf.function retracing.")
            tf.get_logger().warning("something else")
        tf.get_logger().warning("a function of one's own triggered tf.function retracing.")

    assert _messages(warn) == ["something else", "a function of one's own triggered tf.function retracing."]
