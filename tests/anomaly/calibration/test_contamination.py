"""The threshold that a share of the training scores is above."""

import numpy as np
import pytest

from tfvae.anomaly import Contamination
from tfvae.core.errors import InvalidInput


@pytest.mark.parametrize(("count", "share"), [(300, 0.1), (301, 0.1), (101, 0.05), (40, 0.5), (1000, 0.015)])
def test_at_least_the_share_is_above_the_threshold(count, share, learned):
    scores = np.random.default_rng(0).normal(size=count)
    above = np.sum(scores.astype("float32") > np.asarray(learned(Contamination(share), scores).threshold))
    assert above == np.ceil(round(count * share, 9))  # 6 of 101 at 0.05


def test_of_equal_scores_all_or_none_are_above(learned):
    ties = np.repeat([0.0, 1.0, 2.0], [50, 40, 10])
    assert float(learned(Contamination(0.05), ties).threshold) == 1.0  # all 10, where 5 are asked for
    assert float(learned(Contamination(0.2), ties).threshold) == 0.0
    most = np.repeat([0.0, 1.0], [96, 4])
    assert float(learned(Contamination(0.05), most).threshold) == 0.0  # 4, as there is nothing below the rest


@pytest.mark.parametrize(
    ("share", "message"),
    [
        (0.0, "share: expected a positive number, received 0.0"),
        (0.6, "share: expected a number of at most 0.5, received 0.6"),
    ],
)
def test_other_shares_are_rejected(share, message):
    with pytest.raises(InvalidInput, match=message):
        Contamination(share)
