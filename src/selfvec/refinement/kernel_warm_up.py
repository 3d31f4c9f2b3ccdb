"""Loads or compiles the kernels of a refinement while the text is read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
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

    If they have to be compiled and there is a second core, a second process helps. It begins with those that
    this process needs last. Both keep what they have compiled on disk and look there first.
    """
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        if threads(jobs) > 1:
            with suppress(OSError):
                started.append(_second_process(settings))

    try:
        with between_compilations(), announced(start), ThreadPoolExecutor(1) as pool:
            pool.submit(_load_kernels, settings)
            yield
    finally:
        for process in started:
            process.kill()
            process.communicate()


def _load_kernels(settings: Settings, backwards: bool = False) -> None:
    """Try every method that ``settings`` may use on a text of three words, and count a text."""
    batch = TokenBatch.from_documents([["hail", "hails", "storm"]])
    rows = np.eye(3, 16, dtype=np.float32)
    sources = np.array([Source.KNOWN, Source.SUBWORDS, Source.NONE], np.uint8)
    inputs = Inputs(batch, Vectors(batch.types, rows, sources=sources, normalized=True))

    def refine(method: str) -> None:
        tiny = replace(Settings(method), operator=settings.operator, window=3)
        refined_rows(make_plan(tiny, inputs), jobs=1)

    methods = CANDIDATES if settings.method == "auto" else (settings.method,)
    steps = [*(partial(refine, method) for method in methods), partial(_count, settings)]
    for step in reversed(steps) if backwards else steps:
        step()


def _count(settings: Settings) -> None:
    """Count a text with a repeated passage."""
    texts = [[*range(NGRAM), *(f"{text} {word}" for word in range(NGRAM))] for text in range(LEAST_DOCUMENTS)]
    counted(TokenBatch.from_documents([list(map(str, text)) for text in texts]), {}, settings, jobs=1)


def _second_process(settings: Settings) -> subprocess.Popen[bytes]:
    """Compile the kernels backwards in a process that ends with this one and prints nothing."""
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
    _load_kernels(Settings(method, operator=operator), backwards=True)


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)  # returns when the parent ends
    os._exit(0)
