"""From contextual to static: vectors of one encoder, and our own document vectors as a teacher.

ENCODER names a folder of sentence-transformers; the figures are those of all-MiniLM-L6-v2. What it
encodes is kept beside the folder. Every collection is its own corpus; its queries and judgements are not
learned from.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.datasets import JUDGED, judged
from benchmarks.rankings import by_cosine, estimate, over
from benchmarks.refining import refined
from benchmarks.vectors import Row, compared
from selfvec.base.atomic_files import atomic_file
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate
from selfvec.refinement.derived_vectors import run_topics
from selfvec.storage.formats import load, save
from selfvec.text.document_vectors import embed, inverse_document_frequency, smooth_by_neighbours
from selfvec.text.preprocessing import (
    Preprocessing,
    encode_texts,
    mean_rows_by_stem,
    merge_stems,
    stem_groups,
)
from selfvec.transforms.contextual_encoder import Pooling, read_words, sentence_encoder
from selfvec.transforms.distill import x2static, zipf_weighted

NEEDS = "ENCODER"  # this environment variable
TWO = ("MED", "Cranfield")  # for what is slow to encode
RIDGES = (0.02, 0.1, 0.5, 2.0)

Table = NDArray[np.float32]


def rows() -> Iterator[Row]:
    """All rows of the item."""
    ours = "the run's own vectors and topic vectors"
    yield _row("Pooled states", "Bommasani et al. 2020", "pool", TWO, pooled, ours, own)
    yield _row("model2vec", "Tulkens and van Dongen 2024", "model2vec", TWO, alone, ours, own)
    x2 = "Gupta and Jaggi 2021"
    yield _row("X2Static", x2, "distill", TWO, distilled, "vectors model2vec", alone)
    yield _row("X2Static", x2, "distill", JUDGED, distilled, ours, own)
    yield _row("X2Static", x2, "distill", JUDGED, distilled, "the encoder itself, slower", teacher)
    plain = "not centred, as published"
    yield _row("X2Static, centred", x2, "distill", JUDGED, distilled, plain, uncentred, "chosen on these")
    again = "selfvec refine texts.jsonl -o run --vectors distilled.safetensors"
    yield _row("X2Static, then refined", x2, again, JUDGED, distilled_refined, "distilled only", distilled)
    fit = "our document vectors as teacher"
    note = "does not help: the result is as wide as both, and the vectors are smoothed anyway"
    yield _row(
        f"Static, {fit}",
        "ridge regression",
        "python -m benchmarks vectors.contextual",
        JUDGED,
        taught,
        ours,
        own,
        note,
    )


def _row(
    item: str,
    source: str,
    by: str,
    names: Sequence[str] | dict[str, str],
    ours: Callable[[str], Estimate],
    baseline: str,
    other: Callable[[str], Estimate],
    note: str = "",
) -> Row:
    """nDCG@10 of two ways in the mean over collections."""
    a, b = (over({name: way(name) for name in names}) for way in (ours, other))
    known = f"selfvec vectors {by} all-MiniLM-L6-v2 -o out.safetensors --corpus texts.jsonl"
    each = ", ".join(f"{name} {other(name).value:.3f} → {ours(name).value:.3f}" for name in names)
    return compared(
        item,
        source,
        known if " " not in by else by,
        f"nDCG@10, {', '.join(names)}",
        baseline,
        b,
        a,
        verdicts=("", "", ""),
        note=f"{note}; {each}" if note else each,
    )


# ---- Ways to search a collection


@cache
def run_of(name: str) -> Run:
    """A collection, refined from the built-in vectors."""
    return refined(name)


@cache
def own(name: str) -> Estimate:
    """By a run's vectors and topic vectors."""
    return _of_run(name, run_of(name))


@cache
def teacher(name: str) -> Estimate:
    """By the encoder."""
    collection = judged()[name]
    return estimate(
        collection,
        by_cosine(collection, np.vstack([encoded(collection.documents), encoded(collection.queries)])),
    )


@cache
def distilled(name: str) -> Estimate:
    """By a distilled table."""
    return _searched(name, [_distilled(name)])


@cache
def uncentred(name: str) -> Estimate:
    """By X2Static as published."""
    return _searched(name, [_distilled(name, centred=False)])


@cache
def distilled_refined(name: str) -> Estimate:
    """By a run that starts from a distilled table."""
    return _of_run(name, refined(name, _distilled(name)))  # type: ignore[arg-type]


@cache
def alone(name: str) -> Estimate:
    """By words encoded alone."""
    batch = _words(name).batch
    return _searched(name, [Vectors(batch.types, zipf_weighted(encoded(batch.types), 256)[0])])


@cache
def pooled(name: str) -> Estimate:
    """By pooled states."""
    kept = Path(os.environ[NEEDS]).with_name(f"pooled-{name}.safetensors")
    if not kept.exists():
        made = Pooling(Corpus.from_texts(judged()[name].documents)).fit_transform(os.environ[NEEDS])
        save(made, kept)
    return _searched(name, [load(kept)])


@cache
def taught(name: str) -> Estimate:
    """By words that fit smoothed document vectors; the ridge is the best on the other collections."""
    others = [other for other in JUDGED if other != name]
    best = max(RIDGES, key=lambda ridge: float(np.mean([_taught(other, ridge).value for other in others])))
    return _taught(name, best)


@cache
def _taught(name: str, ridge: float) -> Estimate:
    run, documents = run_of(name), judged()[name].documents
    preprocessing, tables = Preprocessing.of(run.provenance), _tables(run)
    words = encode_texts(documents, preprocessing, run.vectors)
    merged = merge_stems(words, preprocessing)
    groups, size = stem_groups(words, merged), len(merged.types)
    start = np.hstack(
        [mean_rows_by_stem(t.lookup(words.types)[0], groups, words.counts, size) for t in tables]
    )
    uses = np.zeros((len(documents), size), np.float32)
    owners = np.repeat(np.arange(len(documents)), np.diff(merged.offsets))
    np.add.at(uses, (owners, merged.ids), inverse_document_frequency(merged)[merged.ids])
    uses /= np.maximum(np.linalg.norm(uses @ start, axis=1, keepdims=True), 1e-9)
    left = smooth_by_neighbours(unit_rows(uses @ start), len(documents)) - uses @ start
    # (UᵀU + r)⁻¹Uᵀ = Uᵀ(UUᵀ + r)⁻¹
    change = uses.T @ np.linalg.solve(uses @ uses.T + ridge * np.eye(len(uses), dtype=np.float32), left)
    table = Vectors(words.types, np.where(groups[:, None] >= 0, (start + change)[groups], 0))
    return _searched(name, [table], preprocessing)


# ---- Tables, and what they find


def _of_run(name: str, run: Run) -> Estimate:
    return _searched(name, _tables(run), Preprocessing.of(run.provenance))


def _tables(run: Run) -> list[Vectors]:
    topics = run_topics(run)
    return [run.vectors] if topics is None else [run.vectors, topics]


def _searched(
    name: str,
    tables: Sequence[Vectors],
    preprocessing: Preprocessing = Preprocessing(),  # noqa: B008
) -> Estimate:
    collection = judged()[name]
    texts, count = collection.documents + collection.queries, len(collection.documents)
    found, _ = embed(texts, tables, preprocessing, count, questions=True)
    return estimate(collection, by_cosine(collection, found))


@cache
def _words(name: str):  # type: ignore[no-untyped-def]
    return read_words(Corpus.from_texts(judged()[name].documents), None, 1)


@cache
def _distilled(name: str, centred: bool = True) -> Vectors:
    batch, vectors = _words(name).batch, encoded(judged()[name].documents)
    made = x2static(batch, vectors - vectors.mean(axis=0) if centred else vectors)[0]
    return Vectors(batch.types, made, counts=batch.counts)


def encoded(texts: Sequence[str]) -> Table:
    """Unit vectors of texts by the encoder."""
    folder = Path(os.environ[NEEDS])
    kept = folder.with_name(f"encoded-{hashlib.sha256(chr(0).join(texts).encode()).hexdigest()[:16]}.npy")
    if not kept.exists():
        made = sentence_encoder(folder)(texts)
        with atomic_file(kept) as file:
            np.save(file.open("wb"), made)
    found: Table = np.load(kept)
    return found
