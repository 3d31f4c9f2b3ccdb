"""A full disk, no permission, two writers, a clock set back: an error in one line, or the right result."""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
import time
from pathlib import Path

from benchmarks.robustness.cases import Case
from benchmarks.robustness.inputs import ended, leftovers, run_command, start, without_privileges
from benchmarks.robustness.kills import Outcome

_BACK = 10 * 365 * 86400.0  # seconds


def full_disk(cases: list[Case], place: Path, outcome: Outcome) -> None:
    """The disk fills up while a command writes: a small file system in memory, or a limit on files."""
    chance = random.Random(11)
    for case in cases:
        for share in (0.2, 0.5, 0.8):
            folder = case.trial(place / "full")
            size = _size(folder)
            mounted = place / "disk"
            mounted.mkdir(exist_ok=True)
            room = size + 65536 + int(share * chance.random() * max(262_144, size // 3))
            options = ["-t", "tmpfs", "-o", f"size={room}", "tmpfs", mounted]
            if subprocess.run(["mount", *options], capture_output=True).returncode:
                status = run_command(list(case.arguments), folder, _small_files)
                _judge(case, folder, status, "full disk", outcome)
                continue
            try:
                shutil.copytree(folder, mounted / "f")
                status = ended(start(list(case.arguments), mounted / "f", log=folder / "log"))
                _judge(case, mounted / "f", status, "full disk", outcome, folder / "log")
            finally:
                subprocess.run(["umount", mounted], check=True)


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))


def _size(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*"))


def no_permission(cases: list[Case], place: Path, outcome: Outcome) -> None:
    """Nothing can be written into the folder."""
    for case in cases:
        folder = case.trial(place / "closed")
        (folder / "log").touch()
        target = folder / case.target
        closed = [path for path in (target, target.parent) if path.is_dir()]
        for path in closed:
            path.chmod(0o500)
        status = run_command(list(case.arguments), folder, without_privileges)
        for path in reversed(closed):
            path.chmod(0o700)
        _judge(case, folder, status, "no permission", outcome)


def two_writers(cases: list[Case], place: Path, outcome: Outcome) -> None:
    """Two processes run the same command at once: one makes the result, the other waits or is refused."""
    chance = random.Random(12)
    for case in cases:
        for _ in range(0 if case.name == "undo" else 2):  # two of it are none
            folder = case.trial(place / "two")
            first = start(list(case.arguments), folder)
            time.sleep(chance.random() * case.seconds / 2)
            second = start(list(case.arguments), folder)
            statuses = sorted((ended(first), ended(second)))
            said = (folder / "log").read_text()
            outcome.counts[f"two writers|{'done' if statuses == [0, 0] else 'refused'}"] += 1
            if statuses not in ([0, 0], [0, 2]) or case.state(folder) != case.new or "Traceback" in said:
                outcome.faults.append(f"two writers, {case.name}: statuses {statuses}: {said[-300:]}")
            if left := leftovers(folder):
                outcome.faults.append(f"two writers, {case.name}: {', '.join(left)} stays")


def clock_back(cases: list[Case], place: Path, outcome: Outcome) -> None:
    """The clock is set back by ten years, so that all files come from the future."""
    for case in cases:
        folder = case.trial(place / "clock")
        status = run_command(list(case.arguments), folder, _set_back)
        outcome.counts["clock set back|done"] += 1
        if status or case.state(folder) != case.new:
            said = (folder / "log").read_text()[-300:]
            outcome.faults.append(f"clock set back, {case.name}: status {status}: {said}")


def _set_back() -> None:
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() - _BACK
    time.time_ns = lambda: now_ns() - int(_BACK * 1e9)


def _judge(
    case: Case, folder: Path, status: int, fault: str, outcome: Outcome, log: Path | None = None
) -> None:
    """A command that met a fault said so in its last line and left the old result, or it is done."""
    said = (log or folder / "log").read_text()
    found = case.state(folder)
    ok = found == case.old if status else found == case.new
    told = not status or (status == 2 and said.strip() and "Traceback" not in said)
    outcome.counts[f"{fault}|{'refused' if status else 'done'}"] += 1
    where = f"{fault}, {case.name}"
    if not ok and not (status == 0 and "search" in case.name):  # an index that cannot be kept is used once
        outcome.faults.append(f"{where}: status {status}, the result has changed: {said[-300:]}")
    if not told:
        outcome.faults.append(f"{where}: status {status}: {said[-300:]}")
    if left := leftovers(folder):
        outcome.faults.append(f"{where}: {', '.join(left)} stays")
