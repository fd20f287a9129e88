"""Profiles of columns, and the stability index of their shares."""

import numpy as np
import pytest
from scipy import stats

from tfvae.data.tables.profile import counted, stability_index


def test_profiles_are_the_shares_of_the_training_rows(layer, raw):
    town = layer.profiles[3]
    counts = [(np.array(raw["town"]) == name).mean() for name in (b"Bonn", b"Kiel", b"Ulm", b"?", b"")]
    np.testing.assert_allclose(town.shares, counts)
    for profile in layer.profiles:
        assert sum(profile.shares) == pytest.approx(1)
    assert len(layer.profiles[0].edges) == 9
    np.testing.assert_allclose(layer.profiles[1].shares[:10], 0.1, atol=0.01)


def test_counts_of_the_training_rows_are_the_shares(layer, schema, raw_rows):
    found = counted(schema, layer.profiles, raw_rows)
    for column, profile in zip(schema.modeled, layer.profiles, strict=True):
        counts = found[column.name]
        assert counts.sum() == len(next(iter(raw_rows.values.values())))
        np.testing.assert_allclose(counts / counts.sum(), profile.shares, err_msg=column.name)


def test_stability_index_of_a_shift():
    """Of normal shares in narrow bins it is nearly the symmetric KL divergence, m^2 for a shift of m."""
    edges = np.linspace(-8, 8, 2000)
    expected, actual = np.diff(stats.norm.cdf(edges)), np.diff(stats.norm.cdf(edges, 0.5))
    assert stability_index(expected, actual, 10**12) == pytest.approx(0.25, rel=1e-3)
