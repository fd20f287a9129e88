"""Explained variance of a table's columns, and which of them are shown."""

import numpy as np

from tfvae.pipelines.reports.figures import reconstructed_columns


def test_missing_values_have_no_effect():
    generator = np.random.default_rng(0)
    original = generator.normal(size=(60, 3))
    rebuilt = original + 0.3 * generator.normal(size=original.shape)
    whole = reconstructed_columns.explained_variance(original[:40], rebuilt[:40])
    missing = original.copy()
    missing[40:, :2] = np.nan
    missing[:, 2] = np.nan
    np.testing.assert_allclose(
        reconstructed_columns.explained_variance(missing, rebuilt)[:2], whole[:2], rtol=1e-12
    )
    captions = " ".join(panel.caption for panel in reconstructed_columns.scatters(missing, rebuilt))
    assert captions.count("40 of 60 values observed") == 2
    assert "Column 2: no value observed" in captions


def test_explained_variance_by_column():
    generator = np.random.default_rng(0)
    original = generator.normal(size=(1000, 3))
    original[:, 2] = 4.0
    mean = np.broadcast_to(original.mean(0), original.shape)
    np.testing.assert_allclose(reconstructed_columns.explained_variance(original, original), [1, 1, np.nan])
    np.testing.assert_allclose(
        reconstructed_columns.explained_variance(original, mean), [0, 0, np.nan], atol=1e-12
    )


def test_of_many_columns_the_best_and_the_worst_are_shown():
    generator = np.random.default_rng(0)
    original = generator.normal(size=(2000, 20))
    noise = np.linspace(0.1, 0.9, 20)
    panels = reconstructed_columns.scatters(
        original, original + noise * generator.normal(size=original.shape)
    )
    assert len(panels) == 6
    assert panels[0].caption.startswith("Column 0: 99%")
    assert panels[-1].caption.startswith("Column 19:")


def test_columns_have_the_names_of_the_data():
    x = np.random.default_rng(0).normal(size=(20, 2))
    panels = reconstructed_columns.scatters(x, x, ("height (m)", "$"))
    assert {panel.caption.partition(":")[0] for panel in panels} == {"height (m)", "$"}
