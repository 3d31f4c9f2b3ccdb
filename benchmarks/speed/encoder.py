"""How fast are texts encoded, next to model2vec with the folder that we export?

The texts are PubMed titles and abstracts, or, where they are absent, as much random text with words as
frequent as a language has them. Both give the same vectors, which is checked first. All words of a text
count, also stop words and unknown ones, which add nothing to it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.datasets import documents
from benchmarks.harness import Result, compared
from benchmarks.refining import refined
from selfvec.exporters.encoder_folders import write_encoder
from selfvec.retrieval.encoder import Encoder
from selfvec.text import tokenizer

REFINED = 5_000  # documents that the run is made of
ENCODED = 8_000
SHORT = 100  # characters


def run() -> Iterator[Result]:
    """Long and short texts, on all cores."""
    from model2vec import StaticModel

    texts, label = documents()
    encoder = Encoder.of(refined(texts[:REFINED].to_list(), min_count=2))
    with tempfile.TemporaryDirectory() as folder:
        write_encoder(encoder, Path(folder, "model"), "model2vec")
        model = StaticModel.from_pretrained(Path(folder, "model"))
    long = texts[-ENCODED:].to_list()
    short = [text[start : start + SHORT] for text in long for start in (0, 300, 600) if len(text) > start]
    for kind, batch in (("abstracts", long), (f"texts of {SHORT} characters", short)):
        words = len(tokenizer("words")(pl.Series(batch)).ids)
        np.testing.assert_allclose(encoder.encode(batch), model.encode(batch), atol=1e-5)
        yield compared(
            f"encode, {label}, {kind}, d {encoder.dimensions}",
            partial(encoder.encode, batch),
            partial(model.encode, batch),
            "model2vec",
            amount=words / 1e6,
            unit="M words/s",
            repeat=3,
            note=f"{len(batch):,} texts",
        )
