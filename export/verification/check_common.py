"""Shared by the scripts that run in a process of their own: NumPy and the standard library only."""

import json
import statistics
import sys
import time
from pathlib import Path

_ENOUGH = 0.5  # seconds that one timing may take


def forbid_imports(*packages):
    """Make packages impossible to import in this process, and the files beside this one.

    TensorFlow imports packages by names that files here have.

    Args:
        packages: names of the packages.
    """
    here = str(Path(__file__).parent)
    sys.path[:] = [folder for folder in sys.path if folder != here]
    for package in packages:
        sys.modules[package] = None


def arguments():
    """Return the command line's export, expected arrays and size of the timed batch (0 for none)."""
    import numpy as np

    with np.load(sys.argv[2], allow_pickle=False) as file:
        expected = dict(file)
    return Path(sys.argv[1]), expected, int(sys.argv[3]) if len(sys.argv) > 3 else 0


class Unsupported(Exception):
    """Raised by an engine for an endpoint that it cannot run; the message is the reason."""


def print_report(expected, run, batch=0):
    """Print what `compare` returns as JSON on the last line; the arguments are the same."""
    print(json.dumps(compare(expected, run, batch)))


def compare(expected, run, batch=0):
    """Compare every endpoint; return the differences, unsupported endpoints and times of a `verify.Report`.

    Args:
        expected: mapping of `endpoint/in/name` and `endpoint/out/name` to arrays.
        run: function of (endpoint, {name: array}) that returns {name: array}.
        batch: examples in the batch that is timed; 0 times only the first endpoint, with one example.
    """
    difference, relative, unsupported, alone, together = {}, {}, {}, {}, {}
    endpoints = sorted({key.split("/")[0] for key in expected})
    first = "encode" if "encode" in endpoints else endpoints[0]
    for endpoint in endpoints:
        inputs, outputs = (with_prefix(expected, f"{endpoint}/{side}/") for side in ("in", "out"))
        try:
            difference[endpoint], relative[endpoint] = _compared(endpoint, run, inputs, outputs)
        except Unsupported as error:
            unsupported[endpoint] = str(error)
            continue
        one = {name: value[:1] for name, value in inputs.items()}
        if batch or endpoint == first:
            alone[endpoint] = _seconds(run, endpoint, one)
        if batch:
            many = {name: _repeated(value, batch) for name, value in inputs.items()}
            together[endpoint] = _seconds(run, endpoint, many) / batch
    return {
        "difference": difference,
        "relative": relative,
        "unsupported": unsupported,
        "seconds_alone": alone,
        "seconds_in_batch": together,
    }


def _compared(endpoint, run, inputs, outputs):
    """Return the largest absolute and relative difference, over the whole batch and one example alone."""
    import numpy as np

    worst = [0.0, 0.0]
    for rows in (slice(None), slice(0, 1)):
        results = run(endpoint, {name: value[rows] for name, value in inputs.items()})
        if set(results) != set(outputs):
            raise SystemExit(f"{endpoint}: expected outputs {set(outputs)}, received {set(results)}")
        for name, value in outputs.items():
            value = value[rows]
            result = np.asarray(results[name])
            if result.shape != value.shape:
                raise SystemExit(f"{endpoint}, {name}: expected shape {value.shape}, received {result.shape}")
            if value.dtype.kind == "S":  # strings are equal or not
                gap = np.where(result.astype("S") == value, 0.0, np.inf)
                size = 0.0
            else:
                result, value = result.astype("float64"), value.astype("float64")
                with np.errstate(invalid="ignore"):  # infinity equals itself alone, NaN nothing
                    gap = np.where(result == value, 0.0, np.abs(result - value))
                gap, size = np.where(np.isnan(gap), np.inf, gap), np.abs(value)
            scaled = np.where(np.isfinite(gap), gap / (1 + size), np.inf)
            received = float(np.max(gap)), float(np.max(scaled))
            worst = [max(pair) for pair in zip(worst, received, strict=True)]
    return worst


def _seconds(run, endpoint, inputs):
    """Return the median time of a call, after a few warm-up calls."""
    seconds, end = [], time.perf_counter() + _ENOUGH
    while len(seconds) < 3 or (len(seconds) < 100 and time.perf_counter() < end):
        start = time.perf_counter()
        run(endpoint, inputs)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[len(seconds) // 5 :])


def _repeated(value, count):
    import numpy as np

    return np.concatenate([value] * -(-count // len(value)))[:count]


def with_prefix(arrays, prefix):
    """Return the arrays whose names begin with a prefix, by the rest of their names.

    Args:
        arrays: mapping of names to arrays.
        prefix: the prefix.
    """
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}
