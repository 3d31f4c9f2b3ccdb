"""Timing two programs side by side, and rows of results.json.

Machines are noisy and differ, so what counts is the ratio of two medians measured side by side, A B A B
... Each benchmark checks that its result is right before it prints a time.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Result:
    """One measured figure: ``value`` in ``unit``; ``ratio`` = ours against ``other``, above 1 is better."""

    name: str
    value: float
    unit: str
    other: str = ""
    ratio: float | None = None
    note: str = ""

    @property
    def target(self) -> str:
        """What this figure should be, and whether it is missed; "" without a target.

        >>> Result("a", 7.0, "s", "the target of 5 s", 5 / 7).target
        '5 s, missed'
        >>> Result("a", 7.0, "s", "gensim", 3.5, "two threads; target ≥ 3").target
        '≥ 3'
        """
        own = re.match(r"(?:the target of )?(\d.*)", self.other)
        if own:
            return f"{own[1]}, missed" if self.ratio is not None and self.ratio < 1 else own[1]
        noted = re.search(r"target (([≥≤]) (\d+).*)", self.note)
        if not noted:
            return ""
        measured = self.value if self.ratio is None or noted[2] == "≤" else self.ratio
        bound = float(noted[3])
        missed = measured < bound if noted[2] == "≥" else measured > bound
        return f"{noted[1]}, missed" if missed else noted[1]

    def __str__(self) -> str:
        """One line of the terminal."""
        ratio = f"{self.ratio:8.2f} × {self.other}" if self.ratio is not None else ""
        return f"{self.name:60} {self.value:10.3f} {self.unit:12} {ratio} {self.note}"


@dataclass(frozen=True)
class Peak:
    """What one job took."""

    resident: int  # bytes, with the pages of mapped files, which the system can take back at any time
    own: int  # bytes, without them
    cpu: float  # seconds of all threads
    seconds: float


def watched(job: Sequence[str], log: Path) -> Peak:
    """Run a command in a child process, and look at its memory every 20 ms; ``log`` has its output."""
    start, own, resident = time.perf_counter(), 0, 0
    with log.open("wb") as file, subprocess.Popen(job, stdout=file, stderr=file) as process:
        while not (waited := os.wait4(process.pid, os.WNOHANG))[0]:
            found = _memory(process.pid)
            own = max(own, found["RssAnon"] + found["RssShmem"])
            resident = max(resident, found["VmHWM"])
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(waited[1])
    seconds, usage = time.perf_counter() - start, waited[2]
    if process.returncode:
        raise RuntimeError(log.read_text())
    if sys.platform == "darwin":  # on Linux it is no less than what this process has held before
        resident = usage.ru_maxrss
    return Peak(resident, own, usage.ru_utime + usage.ru_stime, seconds)


def _memory(process: int) -> dict[str, int]:
    """Memory of a process in bytes, and the peak of all; 0 where the system does not say."""
    found = dict.fromkeys(("RssAnon", "RssShmem", "VmHWM"), 0)
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return found
    named = (line.split(":", 1) for line in lines if line.startswith(tuple(found)))
    return found | {name: int(value.split()[0]) * 1024 for name, value in named}


def resident(process: int, figure: str = "VmHWM") -> float:
    """Resident memory of a process, in MB: its peak, or with ``VmRSS`` now."""
    told = Path(f"/proc/{process}/status").read_text()
    return int(told.split(f"{figure}:")[1].split()[0]) / 1024


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


def compared(
    name: str,
    ours: Callable[[], object],
    other: Callable[[], object],
    against: str,
    *,
    amount: float = 0.0,  # what ours does in one call, in the unit's thing; 0 for a value in seconds
    unit: str = "s",
    repeat: int = 5,
    note: str = "",
) -> Result:
    """The row of two programs that do the same, run alternately; their results were compared before."""
    mine, theirs = paired(ours, other, repeat)
    seconds = f"{mine:.3g} s; {against}: {theirs:.3g} s"
    value = amount / mine if amount else mine
    return Result(name, value, unit, against, theirs / mine, f"{seconds}; {note}" if note else seconds)


def median_seconds(function: Callable[[], object], repeat: int = 5) -> float:
    """Median seconds of one function, after a warm-up."""
    return paired(function, lambda: None, repeat)[0]


def command(*arguments: object) -> list[str]:
    """The command line of ``selfvec`` with these arguments, for a process of its own."""
    return [sys.executable, "-m", "selfvec", *map(str, arguments)]


def machine() -> dict[str, object]:
    """The machine the figures belong to."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text().splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
        model = names[0] if names else model
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def read_results(path: Path = RESULTS) -> dict[str, list[Result]]:
    """The rows that are kept, by benchmark."""
    found: dict[str, list[Result]] = {}
    for row in json.loads(path.read_text(encoding="utf-8")):
        result = Result(**{key: row[key] for key in Result.__dataclass_fields__})
        found.setdefault(row["benchmark"], []).append(result)
    return found


def machines(path: Path = RESULTS) -> dict[str, str]:
    """The machine that measured the rows of each benchmark."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {row["benchmark"]: "{cpu}, {cores} cores".format(**row["machine"]) for row in rows}


def write_results(benchmark: str, measured: Sequence[Result], path: Path = RESULTS) -> None:
    """Replace the rows of one benchmark, with the machine; the rows of others stay."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    rows = [row for row in kept if row["benchmark"] != benchmark]
    rows += [{"benchmark": benchmark, **asdict(result), "machine": machine()} for result in measured]
    rows.sort(key=lambda row: row["benchmark"])
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
