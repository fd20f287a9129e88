"""Shared by the checks that run in a process of their own: NumPy and the standard library only."""

import json
import statistics
import sys
import time
from pathlib import Path

_ENOUGH = 0.5  # seconds that one timing may take


def forbid(*packages):
    """Make these packages impossible to import in this process, and the files beside this one.

    TensorFlow looks for packages whose names files here have.
    """
    here = str(Path(__file__).parent)
    sys.path[:] = [folder for folder in sys.path if folder != here]
    for package in packages:
        sys.modules[package] = None


def arguments():
    """Return export, expected arrays and the batch to time (0 is none) of the command line."""
    import numpy as np

    with np.load(sys.argv[2], allow_pickle=False) as file:
        expected = dict(file)
    return Path(sys.argv[1]), expected, int(sys.argv[3]) if len(sys.argv) > 3 else 0


class Refused(Exception):
    """What an engine that knows some endpoints alone raises for another one; the message is the reason."""


def report(expected, run, batch=0):
    """Print as JSON on the last line what `measured` returns; the arguments are the same."""
    print(json.dumps(measured(expected, run, batch)))


def measured(expected, run, batch=0):
    """Compare every endpoint; return differences, refusals and times by endpoint.

    Args:
        expected: mapping of `endpoint/in/name` and `endpoint/out/name` to arrays.
        run: function of (endpoint, {name: array}) that returns {name: array}.
        batch: examples in the batch that is timed; 0 times only the first endpoint, with one example.
    """
    difference, relative, refused, alone, together = {}, {}, {}, {}, {}
    endpoints = sorted({key.split("/")[0] for key in expected})
    first = "encode" if "encode" in endpoints else endpoints[0]
    for endpoint in endpoints:
        inputs, outputs = (part(expected, f"{endpoint}/{side}/") for side in ("in", "out"))
        try:
            difference[endpoint], relative[endpoint] = _compared(endpoint, run, inputs, outputs)
        except Refused as error:
            refused[endpoint] = str(error)
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
        "refused": refused,
        "seconds_per_item": alone.get(first),
        "seconds_alone": alone,
        "seconds_in_batch": together,
    }


def _compared(endpoint, run, inputs, outputs):
    """Return the largest absolute and relative difference: the whole batch, and one example alone."""
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
            if value.dtype.kind == "S":  # texts are equal or not
                gap = np.where(result.astype("S") == value, 0.0, np.inf)
                size = 0.0
            else:
                result, value = result.astype("float64"), value.astype("float64")
                with np.errstate(invalid="ignore"):  # an infinite number equals itself alone, NaN nothing
                    gap = np.where(result == value, 0.0, np.abs(result - value))
                gap, size = np.where(np.isnan(gap), np.inf, gap), np.abs(value)
            scaled = np.where(np.isfinite(gap), gap / (1 + size), np.inf)
            received = float(np.max(gap)), float(np.max(scaled))
            worst = [max(pair) for pair in zip(worst, received, strict=True)]
    return worst


def _seconds(run, endpoint, inputs):
    """Return the median time of a call, after a few calls that do not count."""
    seconds, end = [], time.perf_counter() + _ENOUGH
    while len(seconds) < 3 or (len(seconds) < 100 and time.perf_counter() < end):
        start = time.perf_counter()
        run(endpoint, inputs)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[len(seconds) // 5 :])


def _repeated(value, count):
    import numpy as np

    return np.concatenate([value] * -(-count // len(value)))[:count]


def part(arrays, prefix):
    """Return the arrays whose names begin with a prefix, by the rest of their names."""
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}
