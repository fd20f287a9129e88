"""Figures of contributions: they show the numbers that were given."""

import numpy as np
import pytest

from tfvae.anomaly import plot_attribution
from tfvae.core.errors import InvalidInput


def test_bars_of_a_row_are_its_contributions_largest_first():
    attribution = np.array([0.5, -2.0, 7.0])
    axes = plot_attribution(np.array([1.0, 2.0, 3.0]), attribution, ["a", "b", "c"]).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [7.0, 0.5, -2.0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["c = 3", "a = 1", "b = 2"]


def test_a_window_has_a_line_and_a_strip_for_each_channel():
    x, attribution = np.random.default_rng(0).normal(size=(2, 20, 3))
    figure = plot_attribution(x, attribution)
    for channel, axes in enumerate(figure.axes):
        np.testing.assert_array_equal(axes.lines[0].get_ydata(), x[:, channel])
        np.testing.assert_array_equal(axes.images[0].get_array()[0], attribution[:, channel])


def test_an_image_is_shown_beside_the_sum_over_its_channels():
    x, attribution = np.random.default_rng(0).random((2, 5, 4, 3))
    figure = plot_attribution(x, attribution)
    np.testing.assert_allclose(figure.axes[1].images[0].get_array(), attribution.sum(axis=-1))


@pytest.mark.parametrize(
    ("x", "attribution", "names", "named"),
    [
        (np.zeros(3), np.zeros(4), None, "attribution"),
        (np.zeros(()), np.zeros(()), None, "attribution"),
        (np.zeros(3), np.zeros(3), ["a"], "names"),
    ],
)
def test_shapes_that_cannot_be_plotted_are_rejected(x, attribution, names, named):
    with pytest.raises(InvalidInput, match=f"^{named}:"):
        plot_attribution(x, attribution, names)
