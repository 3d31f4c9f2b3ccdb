"""Faults at chosen system calls: a command is killed before its n-th one, or calls of a kind fail from it on.

A library in C (`system_calls.c`) is preloaded and counts the calls that change files below a folder.
After a kill the old or the new result stands; the next command works and leaves nothing of the killed one
behind.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.robustness.cases import Case
from benchmarks.robustness.inputs import leftovers, run_command
from benchmarks.robustness.kills import Outcome

VARIABLE = "SELFVEC_SOAK_SYSTEM_CALLS"
WRITES, REMOVES, NAMES, SYNCS = 1, 2, 4, 8
_KILL = -1
_CLEANUP = (errno.EROFS, errno.EDQUOT, errno.EIO)
_SELDOM = {"open", "write", "fsync", "truncate"}  # one of several is tried


def preloaded(folder: Path) -> dict[str, str]:
    """The environment of a process whose system calls are counted, by a library made in ``folder``."""
    library = folder / "system_calls.so"
    source = Path(__file__).with_suffix(".c")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise RuntimeError("the part calls needs a C compiler")
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    return {**os.environ, "LD_PRELOAD": str(library), VARIABLE: str(library)}


def armed(folder: Path, first: int, action: int, kinds: int, log: Path | None = None) -> Callable[[], None]:
    """What a child process calls before its command: count, kill or fail from the ``first`` call on."""

    def arm() -> None:
        library = ctypes.CDLL(os.environ[VARIABLE])
        file = -1 if log is None else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        library.faults_arm(os.fsencode(folder.resolve()), ctypes.c_long(first), action, kinds, file)

    return arm


def run_calls(cases: Iterable[Case], place: Path, seed: int, most: int, others: int) -> Outcome:
    """Kill each case at up to ``most`` system calls; up to ``others`` clean-ups fail, and disks are full."""
    outcome, chance = Outcome(), random.Random(seed)
    for case in cases:
        folder = case.trial(place / "calls")
        log = place / "calls.log"
        run_command(list(case.arguments), folder, armed(folder, 0, 0, 15, log))
        calls = dict(
            line.split(" ", 2)[:2] for line in log.read_text().splitlines() if not line.endswith("/log")
        )
        for first in _chosen({int(n): call for n, call in calls.items()}, chance, most):
            _kill(case, folder, first, calls[str(first)], outcome)
        removes = sum(call in ("unlink", "rmdir") for call in calls.values())
        for first in sorted(chance.sample(range(1, removes + 1), min(removes, others))):
            _failing_cleanup(case, folder, first, chance.choice(_CLEANUP), outcome)
        writes = sum(call in ("open", "write", "mkdir", "truncate") for call in calls.values())
        for first in sorted(chance.sample(range(1, writes + 1), min(writes, others))):
            _full_disk(case, folder, first, outcome)
        print(f"{case.name}: {len(calls)} calls", file=sys.stderr, flush=True)
    return outcome


def _chosen(calls: dict[int, str], chance: random.Random, most: int) -> list[int]:
    """Numbers of calls: the last ones, those that give and remove names, and some of the others."""
    last = sorted(calls)[-most // 4 :]
    names = [number for number, call in calls.items() if call not in _SELDOM]
    others = [number for number in calls if number not in {*last, *names}]
    names = sorted(chance.sample(names, min(len(names), most // 2)))
    return sorted({*last, *names, *chance.sample(others, min(len(others), most // 4))})


def _kill(case: Case, folder: Path, first: int, call: str, outcome: Outcome) -> None:
    case.trial(folder)
    status = run_command(list(case.arguments), folder, armed(folder, first, _KILL, 15))
    where = f"{case.name}, killed before call {first} ({call})"
    found = case.found(folder)
    _count(outcome, case, "killed" if status else "done", found)
    if found == "broken":
        outcome.faults.append(f"{where}: the result is broken: {_said(folder)}")
    if first % 3 == 0 and found != "absent":
        status = run_command(["run", "verify", case.target], folder)
        if status not in (0, 2):
            outcome.faults.append(f"{where}; verify: status {status}: {_said(folder)}")
    _next(case, folder, where, outcome)


def _next(case: Case, folder: Path, where: str, outcome: Outcome) -> None:
    """The command is repeated; if its result stands and is not made twice, it is looked at."""
    found = case.found(folder)
    arguments = case.look if found == "new" and case.look else case.arguments
    status = run_command(list(arguments), folder)
    if status or case.found(folder, settled=True) != "new":
        rule = f"status {status}, the result is {case.found(folder, settled=True)}"
        outcome.faults.append(f"{where}, then {' '.join(arguments)}: {rule}: {_said(folder)}")
    left = leftovers(folder)
    if left:
        outcome.faults.append(f"{where}, then {' '.join(arguments)}: {left} stays")


def _failing_cleanup(case: Case, folder: Path, first: int, number: int, outcome: Outcome) -> None:
    """Files cannot be removed. The result stands, so it is a warning."""
    case.trial(folder)
    status = run_command(list(case.arguments), folder, armed(folder, first, number, REMOVES))
    where = f"{case.name}, {errno.errorcode[number]} at removal {first}"
    found = case.found(folder)
    _count(outcome, case, "clean-up failed", found)
    if status != (0 if found == "new" else 2) or "Traceback" in _said(folder):
        outcome.faults.append(f"{where}: status {status}, the result is {found}: {_said(folder)}")
    _next(case, folder, where, outcome)


def _full_disk(case: Case, folder: Path, first: int, outcome: Outcome) -> None:
    """Nothing can be written from a call on. The error names the target."""
    case.trial(folder)
    said = folder.with_name("full-log")
    arm = armed(folder, first, errno.ENOSPC, WRITES)

    def before() -> None:
        log = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        arm()

    status = run_command(list(case.arguments), folder, before)
    where = f"{case.name}, disk full from write {first} on"
    found, text = case.found(folder), said.read_text()
    _count(outcome, case, "disk full", found)
    kept = status == 0 and case.name.startswith(("search", "drift"))  # printed, not kept
    kept |= status == 2 and case.name.startswith("migrate")  # all rows stand
    if not kept and (status, found == "new") not in ((2, False), (0, True)):
        outcome.faults.append(f"{where}: status {status}, the result is {found}: {text[-400:]}")
    if "Traceback" in text or (status and ".partial" in text.splitlines()[-1]):
        outcome.faults.append(f"{where}: {text[-400:]}")
    _next(case, folder, where, outcome)


def _count(outcome: Outcome, case: Case, fault: str, found: str) -> None:
    counts: Counter[str] = outcome.counts
    counts[f"{case.name}|{fault}"] += 1
    counts[f"{case.name}|{found}"] += 1


def _said(folder: Path) -> str:
    return (folder / "log").read_text()[-400:]
