"""Loads or compiles the kernels of the methods while the text is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors

from .plan import METHODS, make_plan

__all__ = ["load_kernels"]


def load_kernels(settings: Settings) -> None:
    """Refine a text of three words with every method that ``settings`` may use."""
    batch = TokenBatch.from_documents([["hail", "hails", "storm"]])
    rows = np.eye(3, 16, dtype=np.float32)
    sources = np.array([Source.KNOWN, Source.SUBWORDS, Source.NONE], np.uint8)
    original = Vectors(batch.types, rows, sources=sources, normalized=True)
    for method in METHODS if settings.method == "auto" else (settings.method,):
        tiny = replace(Settings(method), operator=settings.operator, window=3)
        make_plan(tiny, batch, original, jobs=1).refined_table()
