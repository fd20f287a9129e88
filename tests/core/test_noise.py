"""Streams of seeds."""

import keras
import numpy as np

from tfvae.core.noise import SeedStream


def test_seed_streams_repeat_restart_and_never_repeat_a_seed():
    first, second = SeedStream(5), SeedStream(5)
    seeds = [tuple(first.next().numpy()) for _ in range(50)]
    assert seeds == [tuple(second.next().numpy()) for _ in range(50)]
    assert len(set(seeds)) == 50
    first.restart()
    assert tuple(first.next().numpy()) == seeds[0]
    assert SeedStream(6).next().numpy().tolist() != list(seeds[0])


def test_seed_streams_follow_the_global_seed():
    starts = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        starts.append(SeedStream().next().numpy())
    np.testing.assert_array_equal(*starts)
