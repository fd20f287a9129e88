"""The threshold that a share of the training scores is above."""

import numpy as np
import pytest

from tfvae.anomaly import Contamination
from tfvae.core.errors import InvalidInput


@pytest.mark.parametrize(("count", "share"), [(300, 0.1), (301, 0.1), (40, 0.5), (1000, 0.015)])
def test_the_share_is_above_the_threshold(count, share, learned):
    scores = np.random.default_rng(0).normal(size=count)
    above = np.sum(scores.astype("float32") > np.asarray(learned(Contamination(share), scores).threshold))
    assert above == np.ceil((count - 1) * share)


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
