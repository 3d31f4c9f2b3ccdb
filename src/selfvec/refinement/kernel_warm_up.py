"""Loads or compiles the kernels of the methods while the text is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors

from .inputs import Inputs
from .method_choice import CANDIDATES, make_plan
from .methods import refined_rows

__all__ = ["load_kernels"]


def load_kernels(settings: Settings) -> None:
    """Refine a text of three words with every method that ``settings`` may use."""
    batch = TokenBatch.from_documents([["hail", "hails", "storm"]])
    rows = np.eye(3, 16, dtype=np.float32)
    sources = np.array([Source.KNOWN, Source.SUBWORDS, Source.NONE], np.uint8)
    original = Vectors(batch.types, rows, sources=sources, normalized=True)
    for method in CANDIDATES if settings.method == "auto" else (settings.method,):
        tiny = replace(Settings(method), operator=settings.operator, window=3)
        refined_rows(make_plan(tiny, Inputs(batch, original)), jobs=1)
