"""Commands in processes of their own, stopped by a signal."""

import re
import signal
import subprocess
import time
from pathlib import Path

PATIENCE = 300  # seconds; only what hangs takes so long, however slow the machine is


def without_progress(error: str) -> list[str]:
    """The lines of stderr but those of progress: one comes every ten seconds, of whatever stage that is."""
    return [line for line in error.splitlines() if not re.match(r"[A-Z][a-z ]+: +\d+ ", line)]


def stop_at_work(command: list[str], run: Path, number: signal.Signals) -> subprocess.CompletedProcess[str]:
    """Start a command that makes a run, send it a signal while it refines, and wait for it."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    original, deadline = run / "original.safetensors", time.monotonic() + PATIENCE  # written before refining
    while not original.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.3)
    process.send_signal(number)
    _, error = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(command, process.returncode, None, error)
