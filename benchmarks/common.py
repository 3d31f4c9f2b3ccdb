"""What every benchmark shares: a result row, and timing that compares two things in one run.

Machines are noisy and differ, so what counts is the ratio of two medians measured side by side, A B A B ...
Each benchmark checks that its result is right before it prints a time.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """One measured figure: ``value`` in ``unit``; ``ratio`` = ours against ``other``, above 1 is better."""

    name: str
    value: float
    unit: str
    other: str = ""
    ratio: float | None = None
    note: str = ""


def paired(ours: Callable[[], object], other: Callable[[], object], repeat: int = 5) -> tuple[float, float]:
    """Median seconds of each, run alternately after one warm-up of both."""
    ours(), other()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeat):
        for function, seconds in ((ours, times[0]), (other, times[1])):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def median_seconds(function: Callable[[], object], repeat: int = 5) -> float:
    """Median seconds of one function, after a warm-up."""
    return paired(function, lambda: None, repeat)[0]


def measure(name: str) -> list[Result]:
    """All figures of one benchmark module."""
    return list(importlib.import_module(f"benchmarks.bench_{name}").run())


def machine() -> dict[str, object]:
    """The machine the figures belong to."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def write_results(results: dict[str, list[Result]], path: Path) -> list[Result]:
    """Write the rows of each benchmark, with the machine; those of others stay. All that then stand there."""
    there = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rows = [row for row in there if row["benchmark"] not in results]
    for name, measured in results.items():
        rows += [{"benchmark": name, **asdict(result), "machine": machine()} for result in measured]
    rows.sort(key=lambda row: row["benchmark"])
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return [Result(**{key: row[key] for key in Result.__dataclass_fields__}) for row in rows]
