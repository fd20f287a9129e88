"""The maximum-likelihood fit of the generalized Pareto distribution."""

import numpy as np
import pytest
from scipy import stats

from tfvae.anomaly.calibration.pareto import fit_generalized_pareto


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.4])
def test_the_parameters_are_found(shape):
    """Asymptotic standard errors of maximum likelihood: (1 + shape) / sqrt(n), and that of the scale."""
    count, scale = 20000, 2.5
    x = stats.genpareto(shape, scale=scale).rvs(count, random_state=3)
    found = fit_generalized_pareto(x)
    assert abs(found[0] - shape) < 4 * (1 + shape) / np.sqrt(count)
    assert abs(found[1] - scale) < 4 * scale * np.sqrt(2 * (1 + shape) / count)
    best = stats.genpareto(found[0], scale=found[1]).logpdf(x).sum()
    independent = stats.genpareto.fit(x, floc=0)
    assert best >= stats.genpareto(*independent).logpdf(x).sum() - 0.01
