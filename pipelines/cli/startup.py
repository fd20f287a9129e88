"""Start TensorFlow for a command: quiet, and repeatable."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from types import ModuleType
from typing import cast

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def start_tensorflow() -> None:
    """Import TensorFlow and find devices; only errors are shown, unless the user's log level shows more.

    Call it before the first import of Keras or TensorFlow in a process.
    """
    os.environ.setdefault(_LEVEL, "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _quiet_stderr() if os.environ[_LEVEL] >= "2" else contextlib.nullcontext():
        import tensorflow as tf

        tf.config.list_physical_devices("GPU")


def without_models() -> None:
    """Make Keras and what depends on it impossible to import in this process; call it before TensorFlow.

    TensorFlow imports Keras if it finds it, and Keras the models. A process that only runs exports starts
    faster without them, and proves that they are not needed.
    """
    modules = cast(MutableMapping[str, ModuleType | None], sys.modules)  # None blocks an import
    for package in ("keras", "tf_keras", "tensorflow_probability"):
        modules.setdefault(package, None)


def make_repeatable() -> None:
    """Make TensorFlow choose operations that give the same bits each time, for the whole process.

    A resumed run has to end with the weights of an uninterrupted one. On a GPU the gradients of convolutions
    are otherwise sums in random order. The arithmetic optimizer of graphs merges sums of three and more
    terms into AddN, which begins with the first term whose memory it can reuse: that may depend on timing,
    so it is switched off. Neither costs measurable time on a CPU.
    """
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Drop what is written to the process's stderr, unless an exception follows.

    TensorFlow reads the log level too late for its first messages, which appear while it is loaded.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as messages:
        os.dup2(messages.fileno(), 2)
        try:
            yield
        except BaseException:
            messages.seek(0)
            os.write(saved, messages.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
