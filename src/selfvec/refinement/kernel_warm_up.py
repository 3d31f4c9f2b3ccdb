"""Loads or compiles the kernels of a refinement while the text is read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import numpy as np

from selfvec.base.compiled import announced
from selfvec.base.interruption import between_compilations
from selfvec.base.threads import threads
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.text.hashed_ngrams import NGRAM
from selfvec.text.repeats import LEAST_DOCUMENTS

from .counted_text import counted
from .inputs import Inputs
from .method_choice import CANDIDATES, make_plan
from .methods import refined_rows

__all__ = ["loading_kernels"]


@contextmanager
def loading_kernels(settings: Settings, jobs: int | None = None) -> Iterator[None]:
    """While the block runs, load the kernels that ``settings`` need in a thread, or compile them.

    If they have to be compiled and there is a second core, a second process compiles half of them. This one
    then loads them from the disk, or compiles them itself if the other failed.
    """
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        # In a program with Python inside, ``sys.executable`` may be that program.
        if threads(jobs) > 1 and Path(sys.executable or "").stem.startswith("python"):
            with suppress(OSError):
                started.append(_second_process(settings))

    def load() -> None:
        first, second = _halves(settings)
        _run(first)
        for process in started:
            process.wait()
        _run(second)

    try:
        with between_compilations(), announced(start), ThreadPoolExecutor(1) as pool:
            pool.submit(load)
            yield
    finally:
        for process in started:
            process.kill()
            process.communicate()


Calls = list[Callable[[], object]]


def _halves(settings: Settings) -> tuple[Calls, Calls]:
    """Calls of all kernels: every method that ``settings`` may use on three words, and counting a text."""
    batch = TokenBatch.from_documents([["hail", "hails", "storm"]])
    rows = np.eye(3, 16, dtype=np.float32)
    sources = np.array([Source.KNOWN, Source.SUBWORDS, Source.NONE], np.uint8)
    inputs = Inputs(batch, Vectors(batch.types, rows, sources=sources, normalized=True))

    def refine(method: str) -> None:
        tiny = replace(Settings(method), operator=settings.operator, window=3)
        refined_rows(make_plan(tiny, inputs), jobs=1)

    methods = CANDIDATES if settings.method == "auto" else (settings.method,)
    calls: Calls = [*(partial(refine, method) for method in methods), partial(_count, settings)]
    return calls[: len(calls) // 2], calls[len(calls) // 2 :]


def _run(calls: Calls) -> None:
    for call in calls:
        call()


def _count(settings: Settings) -> None:
    """Count a text with a repeated passage."""
    texts = [[*range(NGRAM), *(f"{text} {word}" for word in range(NGRAM))] for text in range(LEAST_DOCUMENTS)]
    counted(TokenBatch.from_documents([list(map(str, text)) for text in texts]), {}, settings, jobs=1)


def _second_process(settings: Settings) -> subprocess.Popen[bytes]:
    """A process that compiles the second half, prints nothing, and ends with this process at the latest."""
    return subprocess.Popen(
        [
            *(sys.executable, "-P", "-c", f"from {__name__} import _compile; _compile()"),
            *(settings.method, settings.operator),
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _compile() -> None:
    """The work of the second process."""
    Thread(target=_end_with_parent, daemon=True).start()
    _, method, operator = sys.argv
    _, second = _halves(Settings(method, operator=operator))
    _run(second)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the parent ends
    os._exit(0)
