"""Calibrations that have learned."""

import pytest
import tensorflow as tf


@pytest.fixture
def learned():
    """Return a function that lets a calibration learn from scores."""

    def learn(calibration, scores):
        calibration.learn(scores)
        return calibration

    return learn


@pytest.fixture
def p_values():
    """Return a function that gives the p-values of scores as an array."""

    def decide(calibration, scores):
        return calibration.decide(tf.constant(scores, tf.float32))["p_value"].numpy()

    return decide
