"""Variational autoencoders for Keras 3, composed from parts and trained with fit.

`import tfvae` makes every class of the library known to Keras, so that `keras.saving.load_model` finds what
a saved file names. The `tfvae` command, and a process with TFVAE_LAZY_IMPORT=1, such as a server that runs
exports alone, import modules on first use instead: help and error messages do not wait for TensorFlow.
"""

import os
import sys
from pathlib import Path

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

_IS_COMMAND = Path(sys.argv[0]).stem == "tfvae" if sys.argv else False

if not _IS_COMMAND and os.environ.get("TFVAE_LAZY_IMPORT") != "1":
    from tfvae import keras_classes as keras_classes
