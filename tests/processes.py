"""Commands in processes of their own, stopped by a signal."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

PATIENCE = 600  # seconds; only a process that hangs takes so long, however many others run


def stop_at_work(command: list[str], run: Path, number: signal.Signals) -> subprocess.CompletedProcess[str]:
    """Start a command that makes a run, send it a signal while it refines, and wait for it."""
    environment = os.environ | {"SELFVEC_CHECKPOINT_SECONDS": "0.05"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    state, deadline = run.with_name(f".{run.name}.partial") / "state.safetensors", time.monotonic() + PATIENCE
    while not state.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(number)
    _, error = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(command, process.returncode, None, error)
