"""Shared by the checks that run in a process of their own: NumPy and the standard library only."""

import json
import statistics
import sys
import time


def forbid(*packages):
    """Make these packages impossible to import in this process."""
    for package in packages:
        sys.modules[package] = None


def report(expected, run):
    """Compare every endpoint and print the result as JSON on the last line.

    Args:
        expected: mapping of `endpoint/in/name` and `endpoint/out/name` to arrays.
        run: function of (endpoint, {name: array}) that returns {name: array}.
    """
    import numpy as np

    difference, relative = {}, {}
    endpoints = sorted({key.split("/")[0] for key in expected})
    for endpoint in endpoints:
        inputs, outputs = (_part(expected, f"{endpoint}/{side}/") for side in ("in", "out"))
        for rows in (slice(None), slice(0, 1)):  # the whole batch, and one example alone
            results = run(endpoint, {name: value[rows] for name, value in inputs.items()})
            if set(results) != set(outputs):
                raise SystemExit(f"{endpoint}: expected outputs {set(outputs)}, received {set(results)}")
            for name, value in outputs.items():
                gap = np.abs(results[name] - value[rows])
                worst = float(np.max(gap)) if np.isfinite(gap).all() else float("inf")
                scaled = float(np.max(gap / (1 + np.abs(value[rows])))) if worst < float("inf") else worst
                difference[endpoint] = max(difference.get(endpoint, 0.0), worst)
                relative[endpoint] = max(relative.get(endpoint, 0.0), scaled)
    first = "encode" if "encode" in endpoints else endpoints[0]
    one = {name: value[:1] for name, value in _part(expected, f"{first}/in/").items()}
    seconds = []
    for _ in range(100):
        start = time.perf_counter()
        run(first, one)
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds[20:])
    print(json.dumps({"difference": difference, "relative": relative, "seconds_per_item": median}))


def _part(arrays, prefix):
    return {key[len(prefix) :]: arrays[key] for key in arrays if key.startswith(prefix)}
