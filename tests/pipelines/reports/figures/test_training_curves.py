"""Loss, distortion and rate by epoch."""

import matplotlib as mpl

from tfvae.pipelines.reports.figures.training_curves import training_curves


def test_curves_show_what_was_recorded_and_skip_what_is_not_finite():
    lines = [{"epoch": 1, "loss": 3.0}, {"epoch": 2, "loss": float("nan")}, {"epoch": 3, "loss": 1.0}]
    (panel,) = training_curves(lines)
    assert panel.caption.endswith("At the end training 1.00.")
    assert "validation" not in panel.markup


def test_drawing_does_not_change_matplotlibs_settings(full):
    before = dict(mpl.rcParams)
    training_curves(full.metrics)
    assert dict(mpl.rcParams) == before
