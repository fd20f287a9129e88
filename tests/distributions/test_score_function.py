"""The score-function gradient on one device and on two replicas."""

import numpy as np
import tensorflow as tf

from tfvae.distributions import score_function_loss


def test_the_baseline_leaves_the_example_out():
    loss, log_q = tf.constant([1.0, 2.0, 6.0]), tf.Variable(tf.zeros([2, 3]))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(score_function_loss(loss, log_q))
    np.testing.assert_array_equal(tape.gradient(value, log_q), [[1 - 4, 2 - 3.5, 6 - 1.5]] * 2)
    assert float(value) == 9.0


def test_two_replicas_have_one_devices_score(two_replicas):
    """Also where they have different numbers of examples, or one none."""
    loss = np.array([1.0, 2.0, 6.0, -3.0, 0.5], "float32")

    def gradient(loss):
        log_q = tf.zeros([1, tf.shape(loss)[0]])
        with tf.GradientTape() as tape:
            tape.watch(log_q)
            value = score_function_loss(loss, log_q)
        return tape.gradient(value, log_q)[0]

    for split in (3, 5):
        parts = [tf.constant(loss[:split]), tf.constant(loss[split:])]
        each = two_replicas.experimental_distribute_values_from_function(
            lambda context, parts=parts: parts[context.replica_id_in_sync_group]
        )
        results = two_replicas.run(tf.function(gradient), (each,))
        joined = tf.concat(two_replicas.experimental_local_results(results), axis=0)
        np.testing.assert_allclose(joined, gradient(tf.constant(loss)), rtol=1e-5)
