"""With lazy imports, data are read and batched without starting the frameworks."""

import os
import pathlib
import subprocess
import sys

import tfvae

_CODE = """
import sys
import numpy as np
import tfvae.data
tfvae.data.source("sklearn:iris")
source = tfvae.data.Arrays(np.zeros((8, 2)), label=[0, 1] * 4)
labeled = tfvae.data.PartiallyLabeled(source, tfvae.data.rows_to_label(source, 2))
pipeline = tfvae.data.Pipeline(labeled, batch_size=4, split=tfvae.data.Split(0.1).train, with_labels=True)
next(pipeline.batches())
heavy = {"tensorflow", "keras", "sklearn", "pyarrow", "PIL", "tensorflow_datasets"}
print(sorted(heavy & set(sys.modules)))
"""


def test_batches_need_no_framework():
    done = subprocess.run(
        [sys.executable, "-c", _CODE],
        cwd=pathlib.Path(tfvae.__file__).parents[1],
        env={**os.environ, "TFVAE_LAZY_IMPORT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
