"""Kills before system calls that change files, and removals that fail: see `killed.py` beside."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.robustness.system_calls import VARIABLE, preloaded
from tests.examples import soaked
from tests.places import ROOT

COMPILER = shutil.which("cc") or shutil.which("gcc")
RUNS = "^(refine|update|update --withdraw|undo|merge|search, its index)$"  # cases of the soak

pytestmark = pytest.mark.skipif(
    COMPILER is None or sys.platform != "linux", reason="needs a C compiler and Linux"
)


@pytest.fixture(scope="module")
def counted(own: Path) -> dict[str, str]:
    """The environment of a process whose system calls are counted, with temporary files in the memory."""
    memory = Path("/dev/shm")  # where nobody waits for a disk
    made = preloaded(own)
    return made | ({"TMPDIR": str(memory)} if os.access(memory, os.W_OK) else {})


@pytest.mark.parametrize("step", soaked([17, 1], 17))
def test_a_kill_at_any_system_call_leaves_the_old_or_the_new_result_and_nothing_else(
    step: int, counted: dict[str, str]
) -> None:
    command = [sys.executable, Path(__file__).with_name("killed.py"), counted[VARIABLE], str(step)]
    done = subprocess.run(command, env=counted, capture_output=True, text=True, timeout=600)
    count, *faults = done.stdout.splitlines() or ["0"]
    assert not done.returncode, done.stderr[-2000:]
    assert faults == [], "\n".join(faults)
    assert int(count) > 100, "system calls are not counted here"


@pytest.mark.soak
def test_a_command_killed_anywhere_leaves_a_run_that_the_next_command_uses(counted: dict[str, str]) -> None:
    """The soak does the same at more system calls, with full disks, and for all other commands."""
    options = ["calls", "--calls", "1", "--others", "0", "--case", RUNS, "--seed", "1"]
    command = [sys.executable, "-m", "benchmarks", "robustness.soak", *options]
    done = subprocess.run(command, cwd=ROOT, env=counted, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    killed = next(line for line in done.stdout.splitlines() if line.startswith("| all |")).split("|")
    assert int(killed[2]) >= 3  # calls of threads come in any order, so some jobs end before
    assert "0 faults" in done.stdout
