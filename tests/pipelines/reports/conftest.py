"""The contents of a report with all sections, without a model."""

from pathlib import Path

import numpy as np
import pytest

from tfvae.export import Export
from tfvae.pipelines.reports.run_report_contents import Outliers, RunReportContents
from tfvae.pipelines.reports.table_row import Row


@pytest.fixture(scope="session")
def full():
    generator = np.random.default_rng(0)

    def images(n):
        return generator.random((n, 8, 8, 1), dtype=np.float32)

    metrics = tuple(
        {"epoch": epoch, "seconds": 1.0}
        | {
            f"{which}{name}": 10.0 / epoch
            for name in ("loss", "distortion", "rate")
            for which in ("", "val_")
        }
        for epoch in range(1, 6)
    )
    return RunReportContents(
        title="All of it",
        summary="A summary.",
        results=(Row("ELBO", "-12.50 nats", "a bound of -log p(x)"),),
        cautions=("Beware.",),
        configuration=(Row("recipe", "beta-2"),),
        metrics=metrics,
        originals=images(24),
        reconstructions=images(24),
        samples=images(60),
        traversals={"z[3]": images(9), "z[0]": images(9)},
        latent=generator.normal(size=(40, 5)),
        labels=generator.integers(0, 10, 40),
        scores=generator.normal(size=40),
        outliers={"noise": Outliers("Uniform noise.", generator.normal(3, 1, size=40), images(12))},
        exports={"SavedModel": Export(Path("serving/1"), 1_234_567, {"encode": 2e-6}, 0.00042)},
    )
