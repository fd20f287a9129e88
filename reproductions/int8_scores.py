"""Whether an anomaly score keeps its order when the networks compute in 8-bit integers.

A convolutional VAE is trained on MNIST for a few epochs and its `score`, the negative ELBO over one fixed
draw, written as LiteRT files: float32, smaller ones, and int8 scaled on 512 training images. All score the
test images of MNIST and those of Fashion-MNIST, which the model has not seen the like of. Wanted: a rank
correlation of at least 0.99 over both sets together and within each, and an AUROC within 0.005 of float32's.

    python reproductions/int8_scores.py
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from record import record
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

import tfvae

DATA = Path(os.environ.get("TFVAE_DATA", Path(__file__).parents[2] / "shared" / "data"))
REPRESENTATIVE, BATCH = 512, 100


def images(name: str, part: str) -> np.ndarray:
    if not (DATA / name).is_dir():
        raise SystemExit(f"{DATA / name}: no such folder; set TFVAE_DATA to one that holds {name}/")
    source = tfvae.data.source(f"idx:{DATA / name}/{part}")
    return np.concatenate([chunk["x"] for chunk in source.chunks(8192)])


def scores(file: Path, x: np.ndarray) -> np.ndarray:
    run = Interpreter(model_path=str(file)).get_signature_runner("score")
    return np.concatenate([run(x=x[start : start + BATCH])["score"] for start in range(0, len(x), BATCH)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--train", type=int, default=20000, help="training images")
    parser.add_argument("--test", type=int, default=10000, help="test images of each set")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    train = images("mnist", "train")[: args.train]
    familiar, strange = (images(name, "test")[: args.test] for name in ("mnist", "fashion_mnist"))
    keras.utils.set_random_seed(args.seed)
    vae = tfvae.zoo.vae((28, 28, 1), latent_dim=16)
    vae.compile(optimizer=tfvae.optimizers.Adam(1e-3))
    vae.fit(train, epochs=args.epochs, batch_size=128, verbose=2)

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for quantize in (None, "float16", "dynamic", "int8"):
            export = tfvae.export.litert(
                vae,
                Path(folder) / f"score_{quantize}.tflite",
                endpoint="score",
                quantize=quantize,
                representative_data=train[:REPRESENTATIVE] if quantize == "int8" else None,
            )
            found[quantize] = [scores(export.path, x) for x in (familiar, strange)], export.size_bytes
    (first, _), truth = found[None], np.repeat([0, 1], [len(familiar), len(strange)])
    for quantize, (both, size) in found.items():
        area = roc_auc_score(truth, np.concatenate(both))
        ranks = [spearmanr(np.concatenate(first), np.concatenate(both))[0]]
        ranks += [spearmanr(*pair)[0] for pair in zip(first, both, strict=True)]
        figure = (
            f"rank correlation with float32 {ranks[0]:.4f} "
            f"(MNIST {ranks[1]:.4f}, Fashion-MNIST {ranks[2]:.4f}), AUROC {area:.4f}, {size:,} bytes"
        )
        print(f"{quantize or 'float32'}: {figure}", flush=True)
        if quantize == "int8":
            plain = roc_auc_score(truth, np.concatenate(first))
            record(
                "int8_scores",
                "vae, int8 score",
                f"{figure}; float32's AUROC {plain:.4f}; {args.test} test images of each set, conv VAE after "
                f"{args.epochs} epochs on {args.train} images, seed {args.seed}",
            )
            if min(ranks) < 0.99 or abs(area - plain) > 0.005:
                raise SystemExit(
                    "int8: expected rank correlations of at least 0.99 and an AUROC within 0.005"
                )


if __name__ == "__main__":
    main()
