"""Histograms and ROC curves of anomaly scores."""

import re

import numpy as np
import pytest

from tfvae.pipelines.reports.figures import anomaly_scores


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    generator = np.random.default_rng(0)
    inside, outside = generator.integers(0, 9, 40), generator.integers(3, 12, 30)
    pairs = np.sign(outside[:, None] - inside[None])
    assert anomaly_scores.auroc(inside, outside) == pytest.approx(0.5 + 0.5 * pairs.mean(), abs=1e-12)


def test_far_outliers_leave_room_for_the_examples_and_share_the_last_bar():
    inside = np.random.default_rng(0).normal(size=400)
    near = anomaly_scores.histograms("rows", inside, {})
    far = anomaly_scores.histograms("rows", inside, {"far": inside + 1e6})
    assert "all higher scores" not in near.caption
    assert "all higher scores" in far.caption
    assert re.search(r"rows -?0\.\d, far (1000000|999999)\.\d nats", far.caption)
    edges = anomaly_scores._edges([inside, inside + 1e6])
    assert ((edges > inside.min()) & (edges < np.quantile(inside, 0.99))).sum() >= 6


def test_equal_scores_can_be_drawn():
    assert anomaly_scores.histograms("rows", np.ones(5), {"same": np.ones(3)}).markup.startswith("<svg")
