"""Kills before system calls that change files, and removals that fail: see `killed.py` beside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.places import ROOT

COMPILER = shutil.which("cc") or shutil.which("gcc")
RUNS = "^(refine|update|update --withdraw|undo|merge|search, its index)$"  # cases of the soak

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="needs a C compiler and Linux"
)


def test_a_kill_at_any_system_call_leaves_the_old_or_the_new_result_and_nothing_else(tmp_path: Path) -> None:
    library = tmp_path / "system_calls.so"
    source = ROOT / "benchmarks/robustness/system_calls.c"
    subprocess.run(
        [COMPILER, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"], check=True
    )
    memory = Path("/dev/shm")  # where nobody waits for a disk
    place = memory if os.access(memory, os.W_OK) else tmp_path
    environment = {**os.environ, "LD_PRELOAD": str(library), "TMPDIR": str(place)}
    command = [sys.executable, Path(__file__).with_name("killed.py"), library]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    count, *faults = done.stdout.splitlines() or ["0"]
    assert not done.returncode, done.stderr[-2000:]
    assert faults == [], "\n".join(faults)
    assert int(count) > 100, "system calls are not counted here"


def test_a_command_killed_anywhere_leaves_a_run_that_the_next_command_uses(tmp_path: Path) -> None:
    """The soak does the same at more system calls, with full disks, and for all other commands."""
    options = ["calls", "--calls", "2", "--others", "0", "--case", RUNS, "--seed", "1"]
    command = [sys.executable, "-m", "benchmarks", "robustness.soak", *options]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    killed = next(line for line in done.stdout.splitlines() if line.startswith("| all |")).split("|")
    assert int(killed[2]) >= 6  # calls of threads come in any order, so some jobs end before
    assert "0 faults" in done.stdout
