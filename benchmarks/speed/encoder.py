"""How fast are texts encoded, by static and by sentence encoders?

A static encoder is held against model2vec with the folder that we export, a sentence encoder against a bare
loop of onnxruntime: one text at a time, a thread a core.

The texts are PubMed titles and abstracts, or, where they are absent, as much random text with words as
frequent as a language has them. Both give the same vectors, which is checked first. All words of a text
count, also stop words and unknown ones, which add nothing to it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.datasets import SHARED_DATA, documents
from benchmarks.harness import Result, compared, median_seconds
from benchmarks.refining import refined
from selfvec.base.threads import threads
from selfvec.encoders.onnx_encoder import OnnxEncoder
from selfvec.lab.exporters import write_encoder
from selfvec.numerics.rows import unit_rows
from selfvec.retrieval.encoder import Encoder
from selfvec.text import tokenizer

REFINED = 5_000  # documents that the run is made of
ENCODED = 8_000
SHORT = 100  # characters
ENCODER = SHARED_DATA / "encoders" / "minilm"
READ = 150  # abstracts that the sentence encoder reads


def run() -> Iterator[Result]:
    """Static vectors; and if there is a sentence encoder, its vectors."""
    yield from static()
    if ENCODER.is_dir():
        yield from sentences()


def static() -> Iterator[Result]:
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


def sentences() -> Iterator[Result]:
    """A sentence encoder against a bare loop over the same pieces; and a question by it."""
    import onnxruntime
    from tokenizers import Tokenizer

    texts = documents()[0].to_list()[:READ]
    encoder = OnnxEncoder(ENCODER)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(ENCODER / "onnx" / "model_quantized.onnx"), options)
    cutter = Tokenizer.from_file(str(ENCODER / "tokenizer.json"))
    cutter.no_padding()
    cutter.enable_truncation(256)
    pieces = sum(len(cutter.encode(text).ids) for text in texts)

    def vector(text: str) -> np.ndarray:
        ids = np.array([cutter.encode(text).ids])
        given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        states: np.ndarray = session.run(None, given)[0][0]
        return states.mean(axis=0)

    def loop() -> np.ndarray:
        with ThreadPoolExecutor(threads()) as pool:
            return unit_rows(np.array(list(pool.map(vector, texts))))

    np.testing.assert_allclose(encoder.encode(texts), loop(), atol=1e-5)
    note = f"{len(texts):,} abstracts; target ≥ 1 × .95"
    yield compared(
        "encode by MiniLM, int8",
        partial(encoder.encode, texts),
        loop,
        "a bare loop of onnxruntime",
        amount=pieces,
        unit="pieces/s",
        repeat=3,
        note=note,
    )
    question = " ".join(texts[0].split()[:10])
    seconds = median_seconds(lambda: encoder.encode([question], question=True), 20)
    yield Result(
        "a question of ten words by MiniLM",
        1000 * seconds,
        "ms",
        "the target of 15 ms",
        15 / (1000 * seconds),
    )
