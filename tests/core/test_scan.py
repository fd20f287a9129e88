"""The loop: values and gradients of the steps written out, in a graph and without one."""

import numpy as np
import pytest
import tensorflow as tf

from tfvae.core.scan import scan


def _move(state, row):
    total, last = state
    total = tf.tanh(total * row["scale"] + row["x"] + last)
    return (total, row["x"]), {"total": total, "nested": [total**2]}


def _by_loop(rows, start):
    return scan(_move, (start, tf.zeros_like(start)), rows)


def _by_hand(rows, start):
    state, totals = (start, tf.zeros_like(start)), []
    for t in range(rows["x"].shape[0]):
        state, outputs = _move(state, {name: value[t] for name, value in rows.items()})
        totals.append(outputs["total"])
    return {"total": tf.stack(totals), "nested": [tf.stack(totals) ** 2]}


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("run", [lambda f: f, tf.function], ids=["eager", "graph"])
def test_it_is_the_steps_written_out(steps, run):
    rng = np.random.default_rng(steps)
    rows = {name: tf.constant(rng.normal(size=(steps, 3, 2)), tf.float32) for name in ("x", "scale")}
    start = tf.constant(rng.normal(size=(3, 2)), tf.float32)
    results = []
    for function in (run(_by_loop), _by_hand):
        with tf.GradientTape() as tape:
            tape.watch((rows, start))
            outputs = function(rows, start)
            loss = tf.reduce_sum(outputs["total"]) + tf.reduce_sum(outputs["nested"][0])
        results.append(tf.nest.flatten((outputs, tape.gradient(loss, (rows, start)))))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
