"""Commands are killed at random moments: the old or the new result stands whole, and can be made again."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.robustness.cases import Case
from benchmarks.robustness.inputs import ended, leftovers, run_command, start
from selfvec.apps.functions.inspection import verify
from selfvec.storage.folder_kinds import folder_kind

SIGNALS = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM, "INT twice": signal.SIGINT}


@dataclass
class Outcome:
    """What stood there after some kills."""

    counts: Counter[str] = field(default_factory=Counter)  # by case, and what was found
    faults: list[str] = field(default_factory=list)


def kill(case: Case, folder: Path, chance: random.Random, again: bool, outcome: Outcome) -> None:
    """Kill the command once, look at what is there, and repeat the command to its end."""
    case.trial(folder)
    name = chance.choice(list(SIGNALS))
    child = start(list(case.arguments), folder)
    if chance.random() < 0.5:
        time.sleep(chance.random() * case.seconds)
    else:  # while it writes
        before = _names(folder)
        deadline = time.monotonic() + 2 * case.seconds + 1
        while time.monotonic() < deadline and _names(folder) == before:
            time.sleep(0.0005)
        time.sleep(chance.random() ** 2 * case.seconds / 4)
    os.kill(child, SIGNALS[name])
    if name == "INT twice":
        time.sleep(0.02 * chance.random())
        os.kill(child, SIGNALS[name])
    status = ended(child)
    found = case.found(folder)
    outcome.counts[f"{case.name}|{name}"] += 1
    outcome.counts[f"{case.name}|{found if status else 'done'}"] += 1
    where = f"{case.name}, {name}, status {status}"
    if found == "broken" or (status == 0 and found != "new"):
        outcome.faults.append(f"{where}: the result is {found}")
    outcome.faults += [f"{where}: {fault}" for fault in _damage(folder / case.target)]
    if status == -99 or (status != -9 and "Traceback" in (folder / "log").read_text()):
        outcome.faults.append(f"{where}: hangs or prints a traceback")
    if again and found != "new":
        _again(case, folder, where, outcome)


def _names(folder: Path) -> set[str]:
    """The names in a folder and in its folders."""
    found = set()
    for place in (folder, folder / "one", folder / "made"):
        with suppress(OSError):
            found |= {path.name for path in place.iterdir()}
    return found


def _damage(target: Path) -> list[str]:
    if not target.is_dir() or folder_kind(target) is None:
        return []
    return [f"{damage.file} {damage.rule}" for damage in verify(target)]


def _again(case: Case, folder: Path, where: str, outcome: Outcome) -> None:
    """Repeat a command that was killed."""
    status = run_command(list(case.arguments), folder)
    outcome.counts[f"{case.name}|repeated"] += 1
    found = case.found(folder)
    left = leftovers(folder)
    if status or found != "new":
        said = (folder / "log").read_text()[-300:]
        outcome.faults.append(f"{where}; again: status {status}, the result is {found}: {said}")
    if left:
        outcome.faults.append(f"{where}; again: {', '.join(left)} stays")


def run_kills(cases: list[Case], count: int, place: Path, seed: int, progress: Path) -> Outcome:
    """Kill ``count`` times; the first eight cases, which make runs and indexes, come up more often."""
    chance, outcome = random.Random(seed), Outcome()
    weights = [3 if not case.name.startswith("export") else 1 for case in cases]
    order = [case for case, weight in zip(cases, weights, strict=True) for _ in range(weight)]
    chance.shuffle(order)
    for number in range(count):
        case = order[number % len(order)]
        again = not case.name.startswith("export") or number % 3 == 0
        kill(case, place / f"trial-{seed}", chance, again, outcome)
        progress.write_text("\n".join([f"{number + 1} of {count} kills", *outcome.faults]))
    return outcome
