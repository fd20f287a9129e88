"""The detector of series: scores of points, thresholds of entities, errors."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import tfvae
from tfvae.anomaly import FalsePositiveRate, SeriesDetector, load
from tfvae.core.errors import InvalidInput
from tfvae.data.windows import to_points, windows


def _waves(size=1500, seed=0, noise=0.05):
    time = np.arange(size)
    x = np.stack([np.sin(time / 4), np.cos(time / 6), np.sin(time / 4 + 1)], axis=1)
    return (x + np.random.default_rng(seed).normal(0, noise, x.shape)).astype("float32")


@pytest.fixture(scope="module")
def detector():
    return SeriesDetector(window=16, epochs=8, seed=3).fit(
        {"calm": _waves(), "rough": _waves(seed=1, noise=0.2)}
    )


def test_a_point_and_its_channel_are_found(detector):
    x = _waves(400, seed=2)
    x[200, 1] += 2.0
    assert detector.anomaly_scores(x).argmax() == 200
    assert detector.explain(x)[200].argmax() == 1
    assert detector.predict(x, "calm")[200] == -1


def test_contributions_add_up_to_the_scores_of_points_and_windows(detector):
    x = _waves(100, seed=4)
    np.testing.assert_allclose(detector.explain(x).sum(axis=1), detector.anomaly_scores(x))
    made = np.ascontiguousarray(windows(x, 16, 4))
    parts = detector.detector_.explain(made)
    np.testing.assert_allclose(
        parts.sum(axis=(1, 2)), detector.detector_.anomaly_scores(made), rtol=1e-4, atol=1e-3
    )
    np.testing.assert_array_equal(detector.explain(x), to_points(parts, 100, 4))


def test_each_entity_has_a_threshold_of_its_own(detector):
    x = _waves(600, seed=5, noise=0.2)
    shares = {name: detector.assess(x, name)["is_anomaly"].mean() for name in ("calm", "rough")}
    assert shares["rough"] < 0.05 < shares["calm"]
    assert detector.assess(x, "calm")["score"].shape == (600,)
    with pytest.raises(InvalidInput, match=r"entity: expected one of \['calm', 'rough'\], received None"):
        detector.predict(x)


def test_recalibration_moves_the_threshold_and_keeps_the_model(detector, tmp_path):
    detector.save(tmp_path / "a.detector")
    other = load(tmp_path / "a.detector")
    x = _waves(800, seed=6, noise=0.3)
    before = other.assess(x, "calm")
    drift = other.recalibrate({"calm": x, "new": x})
    after = other.assess(x, "calm")
    assert set(drift) == {"calm"}
    assert drift["calm"].shift > 0
    assert drift["calm"].p_value < 1e-6
    np.testing.assert_array_equal(before["score"], after["score"])
    assert after["is_anomaly"].mean() <= 0.011 < before["is_anomaly"].mean()
    assert other.assess(x, "new")["is_anomaly"].mean() <= 0.011
    kept = dict(other.calibrations_)
    with pytest.raises(InvalidInput, match="channels, as in fit"):
        other.recalibrate({"calm": 2 * x, "wide": np.hstack([x, x])})
    assert other.calibrations_ == kept  # all of them, or none


def test_masked_points_are_gaps(detector):
    x = _waves(100, seed=8)
    mask = np.zeros(x.shape, bool)
    mask[40:60, 0] = True
    expected = detector.anomaly_scores(np.where(mask, np.nan, x))
    filled = np.where(mask, 1e20, x).astype("float32")
    np.testing.assert_array_equal(detector.anomaly_scores(np.ma.masked_array(filled, mask)), expected)


def test_held_out_points_are_scored_in_windows_of_their_own():
    """Windows that hold training points as well would make them look more usual than new ones."""
    x = _waves(400)
    fitted = SeriesDetector(window=8, epochs=1, calibration=FalsePositiveRate(0.02, held_out=0.25)).fit(x)
    np.testing.assert_array_equal(
        fitted.calibrations_["series"].scores, np.sort(fitted.anomaly_scores(x[300:])).astype("float32")
    )


def test_gaps_are_scored(detector):
    x = _waves(100, seed=8)
    x[40:60, 0] = np.nan
    assert np.isfinite(detector.anomaly_scores(x)).all()


def test_the_end_of_a_series_is_held_out_for_the_calibration():
    x = _waves(1200)
    one = SeriesDetector(window=8, epochs=1, calibration=FalsePositiveRate(0.01, held_out=0.25)).fit(x)
    changed = x.copy()
    changed[-200:] += np.random.default_rng(0).normal(0, 0.5, (200, 3)).astype("float32")
    two = clone(one).fit(changed)
    np.testing.assert_array_equal(one.anomaly_scores(x), two.anomaly_scores(x))
    assert two.assess(x)["is_anomaly"].mean() < one.assess(x)["is_anomaly"].mean()


@pytest.mark.parametrize(
    "model",
    [
        tfvae.zoo.vrnn((8, 3), latent_dim=2, units=8),
        tfvae.VAE(
            tfvae.networks.conv1d((8, 8)),
            tfvae.networks.deconv1d(8, (8, 8)),
            tfvae.posteriors.Normal(2),
            tfvae.likelihoods.Normal((8, 3)),
        ),
    ],
    ids=["vrnn", "conv"],
)
def test_other_models_of_windows(model):
    x = _waves(300)
    fitted = SeriesDetector(window=8, model=model, epochs=8, stride=2).fit(x)
    x[150, 2] = 4.0
    assert abs(int(fitted.anomaly_scores(x).argmax()) - 150) <= 1


@pytest.mark.parametrize(
    ("x", "named"),
    [
        (np.zeros((5, 2)), "X, series"),
        (np.zeros((5, 2, 2)), "X"),
        ({}, "X"),
        (sparse.csr_matrix(np.zeros((50, 1))), "X"),
        (np.full((50, 1), np.inf), "X"),
        ({"a": np.zeros((50, 1)), "b": np.zeros((50, 2))}, "X"),
    ],
)
def test_other_arrays_are_rejected(x, named):
    with pytest.raises(InvalidInput, match=f"^{named}:"):
        SeriesDetector(window=16, epochs=1).fit(x)


def test_another_number_of_channels_is_rejected(detector):
    with pytest.raises(InvalidInput, match="X: expected 3 channels, as in fit, received 1"):
        detector.anomaly_scores(np.zeros(100))


def test_scoring_before_fitting_is_an_error():
    with pytest.raises(NotFittedError):
        SeriesDetector().anomaly_scores(np.zeros(100))


@pytest.mark.parametrize(
    "argument", [{"window": 0}, {"stride": 0}, {"score_stride": 1.5}, {"contamination": 0.7}]
)
def test_arguments_are_checked_in_fit(argument):
    name = next(iter(argument))
    with pytest.raises(ValueError, match=f"'{name}' parameter of SeriesDetector must be"):
        SeriesDetector(**argument).fit(_waves(100))
