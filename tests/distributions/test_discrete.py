"""Discrete choices from normal noise, and the score function on one device and on two replicas."""

import numpy as np
import tensorflow as tf
from scipy import stats

from tfvae.distributions.discrete import Concrete, OneHotRows, choose, gumbel, score_function


def test_gumbel_numbers_have_their_distribution():
    noise = tf.random.stateless_normal((20000,), (1, 2))
    assert stats.kstest(gumbel(noise), "gumbel_r").pvalue > 1e-3


def test_far_noise_stays_inside():
    far = tf.constant([-30.0, -8.0, 8.0, 30.0])
    assert np.isfinite(gumbel(tf.constant([-8.0, -5.0, 5.0, 8.0]))).all()
    assert set(choose(tf.zeros([1, 3]), far).numpy()) == {0, 2}


def test_choices_have_their_probabilities():
    logits = tf.constant([[0.5, -1.0, 2.0], [0.0, 0.0, -3.0]])
    drawn = tf.one_hot(choose(logits, tf.random.stateless_normal((20000, 2), (3, 4))), 3)
    counts = tf.reduce_sum(drawn, axis=0).numpy()
    for row in range(2):
        assert stats.chisquare(counts[row], 20000 * tf.nn.softmax(logits)[row].numpy()).pvalue > 1e-3


def test_the_score_functions_baseline_leaves_the_example_out():
    loss, log_q = tf.constant([1.0, 2.0, 6.0]), tf.Variable(tf.zeros([2, 3]))
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(score_function(loss, log_q))
    np.testing.assert_array_equal(tape.gradient(value, log_q), [[1 - 4, 2 - 3.5, 6 - 1.5]] * 2)
    assert float(value) == 9.0


def test_two_replicas_have_one_devices_score(two_replicas):
    """Also where they have different numbers of examples, or one none."""
    loss = np.array([1.0, 2.0, 6.0, -3.0, 0.5], "float32")

    def gradient(loss):
        log_q = tf.zeros([1, tf.shape(loss)[0]])
        with tf.GradientTape() as tape:
            tape.watch(log_q)
            value = score_function(loss, log_q)
        return tape.gradient(value, log_q)[0]

    for split in (3, 5):
        parts = [tf.constant(loss[:split]), tf.constant(loss[split:])]
        each = two_replicas.experimental_distribute_values_from_function(
            lambda context, parts=parts: parts[context.replica_id_in_sync_group]
        )
        results = two_replicas.run(tf.function(gradient), (each,))
        joined = tf.concat(two_replicas.experimental_local_results(results), axis=0)
        np.testing.assert_allclose(joined, gradient(tf.constant(loss)), rtol=1e-5)


def test_flat_distributions_can_be_sliced_and_sampled():
    logits = tf.random.stateless_normal((5, 2, 3), (1, 2))
    for q in (OneHotRows(logits), Concrete(0.5, logits)):
        assert q.batch_shape == (5,)
        assert q.event_shape == (6,)
        z = q.sample(4, seed=(1, 2))
        assert z.shape == (4, 5, 6)
        np.testing.assert_allclose(tf.reduce_sum(z, -1), np.full((4, 5), 2.0), rtol=1e-5)
        np.testing.assert_allclose(q[1].log_prob(z[:, 1]), q.log_prob(z)[:, 1], rtol=1e-5, atol=1e-5)
