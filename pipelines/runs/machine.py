"""What decides the last bits of a training, besides the configuration: the processor and how it is used.

Two runs of one configuration end with the same bits if the versions of the packages and everything here are
the same. Sums are split among TensorFlow's threads, of which there is one for each core unless
`TF_NUM_INTRAOP_THREADS` says otherwise; oneDNN, which `TF_ENABLE_ONEDNN_OPTS` switches, and the instructions
of the processor choose the order within a part. With equal values, the number of cores makes no difference.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

_THREADS, _ONEDNN, _INSTRUCTIONS = "TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA"
_CPUINFO = Path("/proc/cpuinfo")
_VECTORS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "sve")


def machine() -> dict[str, str]:
    """Return the facts by name; nothing is imported.

    Example:
        >>> sorted(machine())
        ['instructions', 'oneDNN', 'processor', 'threads']
    """
    words = _processor_words()
    vectors = [name for name in _VECTORS if name in words]
    limit = os.environ.get(_INSTRUCTIONS) or os.environ.get("DNNL_MAX_CPU_ISA")
    return {
        "processor": platform.machine(),
        "instructions": ", ".join([*vectors, *([f"at most {limit}"] if limit else [])]),
        "threads": os.environ.get(_THREADS) or str(_cores()),
        "oneDNN": os.environ.get(_ONEDNN) or "default",
    }


def differences(recorded: Mapping[str, str]) -> str:
    """Return in words how this machine differs from a recorded one; empty if it does not.

    Args:
        recorded: from `machine`, earlier or elsewhere.

    Example:
        >>> differences(machine())
        ''
        >>> differences(machine() | {"threads": "1000"}).partition(",")[0]
        'threads: 1000 then'
    """
    found = []
    for name, now in machine().items():
        before = recorded.get(name, now)
        if before != now:
            found.append(f"{name}: {before} then, {now} now{_advice(name, before)}")
    return "; ".join(found)


def _advice(name: str, before: str) -> str:
    if name == "threads":
        return f" ({_THREADS}={before} sets them)"
    if name == "oneDNN":
        return f" ({_ONEDNN}={before} sets it)" if before != "default" else f" (without {_ONEDNN})"
    return ""


def _cores() -> int:
    """Return the number of cores that this process may use, which is that of TensorFlow's threads."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor_words() -> set[str]:
    try:
        lines = _CPUINFO.read_text().splitlines()
    except OSError:  # on macOS, whose processors of one kind are alike
        return set()
    return set(next((line for line in lines if line.startswith(("flags", "Features"))), "").split())
