"""Do kills, full disks, missing permissions and damaged files ever break a result?

``python -m benchmarks robustness.soak [kills] [calls] [faults] [mutations]`` (or: make soak) prints
counts; the status is 1 if something broke. Fills docs/results/robustness.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.measured import note, today
from benchmarks.page import table, write_parts
from benchmarks.robustness.cases import Case, cases, prepare, small_cases
from benchmarks.robustness.faults import clock_back, full_disk, no_permission, two_writers
from benchmarks.robustness.kills import SIGNALS, Outcome, run_kills
from benchmarks.robustness.system_calls import VARIABLE, preloaded, run_calls
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refinement.inputs import Inputs
from selfvec.refinement.methods import refined_rows
from selfvec.refinement.pipeline import make_plan

PARTS = ("kills", "faults", "mutations")  # unless others are named


def main(arguments: list[str]) -> int:
    """Run the parts that were asked for, all by default."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=PARTS, help="kills, faults, mutations; calls")
    parser.add_argument("--kills", type=int, default=240)
    parser.add_argument("--calls", type=int, default=20, help="kills of each case at chosen system calls")
    parser.add_argument("--others", type=int, default=5, help="clean-ups that fail and full disks of each")
    parser.add_argument("--case", default="", help="only cases in whose name this pattern is found")
    parser.add_argument("--mutations", type=int, default=120_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args(arguments)
    if "calls" in options.parts and VARIABLE not in os.environ:
        with tempfile.TemporaryDirectory(prefix="selfvec-soak-") as name:
            command = [sys.executable, "-m", "benchmarks", "robustness.soak", *arguments]
            return subprocess.run(command, env=preloaded(Path(name))).returncode
    print(f"seed {options.seed}", flush=True)
    _load_kernels()
    faults: list[str] = []
    with tempfile.TemporaryDirectory(prefix="selfvec-soak-") as name:
        place = Path(name)
        if "calls" in options.parts:
            faults += _calls(place / "small", options)
        if {"mutations", "kills", "faults"} & set(options.parts):
            prepared = prepare(place)
        if "mutations" in options.parts:
            faults += _mutations(place, prepared, options)
        made = cases(place, prepared) if {"kills", "faults"} & set(options.parts) else []
        if "kills" in options.parts:
            faults += _kills(made, place, options)
        if "faults" in options.parts:
            faults += _faults(made, place)
    print(f"\n{len(faults)} faults")
    for fault in faults:
        print(f"* {fault}")
    if set(PARTS) <= set(options.parts):
        note(today("robustness.soak", ["main"]))
    return 1 if faults else 0


def _load_kernels() -> None:
    """Load the kernels of the paper's rule, so that forked processes need not."""
    batch = TokenBatch.from_documents([["hail", "storm", "hail"]])
    rows = Vectors(batch.types, np.eye(2, 16, dtype=np.float32))
    refined_rows(make_plan(Settings("paper", window=3), Inputs(batch, rows)))


def _calls(place: Path, options: argparse.Namespace) -> list[str]:
    place.mkdir()
    prepared = prepare(place, small=True)
    made = small_cases(place, prepared, options.case)
    outcome = run_calls(made, place, options.seed, options.calls, options.others)
    print(_table(outcome.counts, "faults at system calls"))
    return outcome.faults


def _mutations(place: Path, prepared: Path, options: argparse.Namespace) -> list[str]:
    from benchmarks.robustness.mutations import run_mutations

    made = {
        "run": prepared / "one",
        "index": next((prepared / "one").rglob("index.json")).parent,
        "encoder": prepared / "encoder",
    }
    outcome = run_mutations(place, made, options.mutations, options.workers, options.seed)
    print(f"{outcome.counts.total():,} damaged files; the slowest took {outcome.slowest:.1f} s", flush=True)
    _report(outcome.counts, outcome.faults.total(), "damaged files", lambda name: name.partition(":")[0])
    return [f"{what} ({count} times)" for what, count in outcome.faults.most_common()]


def _kills(made: list[Case], place: Path, options: argparse.Namespace) -> list[str]:
    """Kills in several processes, which share the cases."""
    reports, children = [], []
    for number in range(options.workers):
        report = place / f"kills-{number}.json"
        reports.append(report)
        child = os.fork()
        if not child:
            try:
                seed, each = options.seed + number, options.kills // options.workers
                outcome = run_kills(made, each, place, seed, report.with_suffix(".progress"))
                report.write_text(json.dumps({"counts": outcome.counts, "faults": outcome.faults}))
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    died = [child for child in children if os.waitpid(child, 0)[1]]
    counts, faults = Counter[str](), [f"{len(died)} workers died"] if died else []
    for report in reports:
        if report.exists():
            found = json.loads(report.read_text())
            counts.update(found["counts"])
            faults += found["faults"]
    _report(counts, len(faults), "kills", lambda name: name.split()[0].rstrip(","))
    return faults


def _faults(made: list[Case], place: Path) -> list[str]:
    outcome = Outcome()
    for part in (full_disk, no_permission, two_writers, clock_back):
        part(made, place, outcome)
    _report(outcome.counts, len(outcome.faults), "faults", str)
    return outcome.faults


def _report(counts: Counter[str], faults: int, title: str, kind: Callable[[str], str]) -> None:
    """Print counts, and write them by kind into docs/results/robustness.md."""
    print(_table(counts, title), flush=True)
    by_kind = Counter[str]()
    for key, count in counts.items():
        name, _, column = key.partition("|")
        by_kind[f"{kind(name)}|{'tried' if column in SIGNALS else column}"] += count
    summary = f"{_table(by_kind, title)}\n\nBroken: {faults}."
    write_parts("robustness.md", {f"soak-{title.split()[0]}": summary})


def _table(counts: Counter[str], title: str) -> str:
    """What stands before the bar is a row, after it a column."""
    names = list(dict.fromkeys(key.split("|")[0] for key in counts))
    columns = list(dict.fromkeys(key.split("|")[1] for key in counts))
    rows = []
    for name in [*names, "all"]:
        keys = [[f"{other}|{column}" for other in (names if name == "all" else [name])] for column in columns]
        rows.append([name, *(sum(counts[key] for key in some) for some in keys)])
    return table([title, *columns], rows)
