"""Stopping, going on, and two writers: real processes, real signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.examples import soaked
from tests.processes import PATIENCE, stop_at_work, without_progress

from selfvec.apps.functions.update import interruptible

# 10 million tokens in all: long enough to be caught at work.
EPOCHS = 100


@pytest.fixture(scope="module")
def corpus(own: Path) -> Path:
    rng = np.random.default_rng(0)
    words = np.array([f"word{i}" for i in range(2000)])
    lines = (" ".join(words[np.minimum(rng.zipf(1.3, 100) - 1, 1999)]) for _ in range(1000))
    path = own / "corpus.txt"
    path.write_text("\n".join(lines))
    return path


def command(corpus: Path, run: Path, *more: str, epochs: int = EPOCHS) -> list[str]:
    options = f"--method paper --vectors none --window 5 --history every:1000 --epochs {epochs}".split()
    return ["refine", str(corpus), "-o", str(run), *options, *more]


def stopped_at_work(corpus: Path, run: Path, number: signal.Signals) -> subprocess.CompletedProcess[str]:
    """A process that refines and gets a signal meanwhile."""
    return stop_at_work([sys.executable, "-m", "selfvec", *command(corpus, run)], run, number)


@pytest.mark.parametrize("number", soaked([signal.SIGINT, signal.SIGTERM], signal.SIGINT))
def test_an_interrupted_refinement_leaves_nothing(
    tmp_path: Path, corpus: Path, number: signal.Signals
) -> None:
    stopped = stopped_at_work(corpus, tmp_path / "run", number)
    assert stopped.returncode == 130, stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_first_signal_asks_and_the_second_insists() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as interruption:
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


_IN_A_FINALIZER = """
import signal, sys, time
from selfvec.apps import cli
from selfvec.apps.cli import tree

class Held:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

def run(arguments):
    held = Held()
    del held
    time.sleep(30)
    return 0

tree.run = run
signal.signal(signal.SIGINT, signal.default_int_handler)  # a process in the background ignores it
sys.exit(cli.main())
"""


def test_an_interrupt_that_comes_in_a_finalizer_is_not_forgotten() -> None:
    done = subprocess.run([sys.executable, "-c", _IN_A_FINALIZER], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "selfvec: interrupted\n")


def test_a_command_says_that_it_was_interrupted(corpus: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "text"
    os.mkfifo(fifo)
    with subprocess.Popen(
        [sys.executable, "-m", "selfvec", "refine", fifo, "-o", tmp_path / "run"],
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # in the background it is ignored
    ) as process:
        with fifo.open("wb") as text:  # once the command has opened it
            text.write(corpus.read_bytes())
            text.flush()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert without_progress(said.decode()) == ["selfvec: interrupted"]
    assert [path.name for path in tmp_path.iterdir()] == ["text"]
