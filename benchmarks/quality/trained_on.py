"""Vectors that gensim and fastText train on from our initial vectors, on texts cut as ours; see `peers`.

What was trained is kept in a folder of temporary files, so that a benchmark that was stopped goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks import datasets
from benchmarks.datasets import SHARED_DATA
from benchmarks.quality import peers
from benchmarks.refining import refined
from selfvec.apps.run import Run
from selfvec.corpus import Corpus
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

KEPT = Path(tempfile.gettempdir()) / f"selfvec-trained-on-{os.getuid()}"
CHOSEN_ON = ("MED", "Cranfield", "CACM")  # collections on which constants of Selfvec were chosen
LENGTH = 13  # of the rows of the built-in vectors, in the mean
OUTSIDE = ("CovidFAQ",)  # on which only the weights of an encoder were
COLLECTIONS = (*CHOSEN_ON, *OUTSIDE)
SAMPLE = 3_000  # abstracts
PUBMED, OTHERS = "PubMed", "PubMed, other abstracts"  # two samples without a common abstract


class Setting(NamedTuple):
    """What a tool is tuned by."""

    window: int
    rate: float
    passes: int
    length: int = LENGTH  # of the initial rows: the longer, the less a step turns them


class Start(NamedTuple):
    """What all methods begin with."""

    run: Run  # not refined, with the tokens that all see
    initial: Vectors  # of its words; zeros for words without a vector


@cache
def start(name: str) -> Start:
    """A text and its initial vectors."""
    run = _run(name, method="original")
    return Start(run, run.original)


@cache
def ours(name: str) -> Run:
    """Selfvec with its defaults, on the same text from the same vectors."""
    return _run(name, method="auto")


def _run(name: str, **options: str) -> Run:
    """Collections are read without stop words, as search does; abstracts with them, as `refine` does."""
    if name in COLLECTIONS:
        corpus = Corpus.open([folder(name) / "corpus.jsonl"])
        return refined(corpus, stop_words="en", **options)
    return refined(abstracts(name), **options)


def folder(name: str) -> Path:
    """The folder of a collection with judgements."""
    return SHARED_DATA / "retrieval" / {**datasets.JUDGED, "CovidFAQ": "covidfaq"}[name]


def abstracts(name: str) -> list[str]:
    """One of the samples."""
    everything = datasets.texts("PubMed")
    first = datasets.sample(everything, SAMPLE)
    if name == PUBMED:
        return first
    known = set(first)
    return [text for text in datasets.sample(everything, 2 * SAMPLE) if text not in known]


def trained(tool: str, name: str, setting: Setting, seed: int = 0) -> Vectors:
    """The vectors of a tool, in the words of our run."""
    run, initial = start(name)
    batch = run.tokens
    digest = hashlib.sha256(json.dumps([tool, setting[:3], seed, LAYOUT, batch.types]).encode())
    for part in (batch.ids, batch.offsets, initial.vectors * np.float32(setting.length)):
        digest.update(np.ascontiguousarray(part).tobytes())
    file = KEPT / f"{tool}-{digest.hexdigest()[:24]}.npy"
    if not file.exists():
        KEPT.mkdir(exist_ok=True)
        rows, seconds = train(tool, name, setting, seed)
        print(f"{tool} {name} {tuple(setting)} seed {seed}: {seconds:.0f} s", flush=True)
        unfinished = file.with_suffix(".unfinished.npy")
        np.save(unfinished, rows)
        unfinished.replace(file)
    return Vectors(batch.types, np.load(file), counts=batch.counts)


LAYOUT = 1  # of what `peers` does; another number trains everything anew


class Trained(NamedTuple):
    """Unit rows of the words of a run, and the seconds of the process."""

    rows: np.ndarray
    seconds: float


def train(tool: str, name: str, setting: Setting, seed: int = 0) -> Trained:
    """Train now, in a process of its own."""
    run, initial = start(name)
    batch = run.tokens
    with tempfile.TemporaryDirectory() as place:
        text, first, out = (str(Path(place, file)) for file in ("text.txt", "start.npz", "out.npz"))
        words = np.array(batch.types, object)
        parts = np.split(batch.ids, batch.offsets[1:-1])
        lines = (" ".join(words[part].tolist()) for part in parts)
        Path(text).write_text("\n".join(lines) + "\n", encoding="utf-8")
        given = np.flatnonzero(initial.vectors.any(axis=1))
        np.savez(first, words=words[given].astype(str), rows=initial.vectors[given] * setting.length)
        call = json.dumps([text, first, out, seed, *setting[:3]])
        begun = time.perf_counter()
        subprocess.run([sys.executable, peers.__file__, tool, call], check=True, capture_output=True)
        seconds = time.perf_counter() - begun
        with np.load(out) as found:
            index = dict(zip(found["words"].tolist(), found["rows"], strict=True))
    zeros = np.zeros(initial.vector_size, np.float32)
    return Trained(unit_rows(np.array([index.get(word, zeros) for word in batch.types], np.float32)), seconds)
