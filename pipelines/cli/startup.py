"""Start TensorFlow for a command: without the notes of its C++ parts, and repeatable."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def start_tensorflow() -> None:
    """Import TensorFlow and look for devices; only errors are shown, unless the user's log level says more.

    Call it before the first import of Keras or TensorFlow in a process.
    """
    os.environ.setdefault(_LEVEL, "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with _no_notes() if os.environ[_LEVEL] >= "2" else contextlib.nullcontext():
        import tensorflow as tf

        tf.config.list_physical_devices("GPU")


def without_models() -> None:
    """Let this process do without Keras and what is built on it; call it before TensorFlow is imported.

    TensorFlow imports Keras where it finds it, and Keras the models. A process that only runs what was
    exported starts sooner without them, and shows that they are not needed.
    """
    for package in ("keras", "tf_keras", "tensorflow_probability"):
        sys.modules.setdefault(package, None)


def make_repeatable() -> None:
    """Let TensorFlow choose operations that give the same bits each time, for the whole process.

    A resumed run has to end with the weights of one that never stopped. On a GPU the gradients of
    convolutions are sums in random order otherwise. The arithmetic optimizer of graphs merges sums of three
    terms and more into AddN, which begins with the first term whose memory it can take over: that may hang
    on timing, so it is off. Neither costs measurable time on a CPU.
    """
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})


@contextlib.contextmanager
def _no_notes() -> Iterator[None]:
    """Drop what is written to the process's stderr, except where it ends in an exception.

    The log level is read too late for the first notes, which come while the library is being loaded.
    """
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as notes:
        os.dup2(notes.fileno(), 2)
        try:
            yield
        except BaseException:
            notes.seek(0)
            os.write(saved, notes.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)
