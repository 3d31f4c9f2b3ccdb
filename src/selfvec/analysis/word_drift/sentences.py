"""Sentences that show how words differ between two states, and what a sentence encoder says of the change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.contexts import occurrences
from selfvec.analysis.usage.examples import Example, examples, sentences
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import say, stage, steps
from selfvec.corpus.slices import Slice, documents_of
from selfvec.data.run import Run
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch, bounds_of
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.encoded_texts import EncodedTexts
from selfvec.encoders.run_encoder import document_rows, encoder_of
from selfvec.numerics.rows import sampled
from selfvec.numerics.sparse_rows import SparseRows
from selfvec.storage.cache import cached_result
from selfvec.text.document_vectors import documents_of_words
from selfvec.text.repeats import repeated_tokens

from .measures import Measures
from .permutation_test import usual_distances

_SPARE = 2  # times as many examples as are shown, for those that show a sentence again


def kept_examples(
    run: Run,
    slices: Sequence[Slice],  # two, or all documents as one, which show the state after refining
    words: Sequence[str],
    number: int,  # of each word and slice
    seed: int,
) -> list[Example]:
    """Occurrences that show the change of words, as sentences if the run keeps its text.

    They are kept in the run's cache.
    """

    def make() -> dict[str, Any]:
        sides, table = Comparison.of(run.require_tokens(), slices), WordTable.of(run)
        repeated, quotes = repeated_tokens(run), list[Example]()
        with steps("Sentences", {"Preparing occurrences": 3, "Occurrences": 2}):
            space = occurrence_space(sides, table, seed, refined=len(slices) == 2)
            with stage("Occurrences", len(words), "words") as advance:
                for row in table.numbers(words).tolist():
                    quotes += examples(space, repeated, row, _SPARE * number)
                    advance(1)
        told = _each_sentence_once(sentences(run.text, run.provenance, quotes), number)
        return {"examples": [asdict(quote) for quote in told]}

    key = [documents_of(slices), seed, words, number]
    quotes = [
        Example(**quote | {"pieces": tuple(map(tuple, quote["pieces"])), "cut": tuple(quote["cut"])})
        for quote in cached_result(run, "sentences", key, make)["examples"]
    ]
    return quotes if len(slices) == 2 else [replace(example, side=1) for example in quotes]


def _each_sentence_once(quotes: Sequence[Example], number: int) -> list[Example]:
    """The first ``number`` examples of each word and side whose sentence no example before has."""
    kept: dict[tuple[str, int], list[Example]] = {}
    shown: set[str] = set()
    for example in quotes:
        mine = kept.setdefault((example.word, example.side), [])
        if len(mine) < number and example.text not in shown:
            shown.add(example.text)
            mine.append(example)
    return [example for mine in kept.values() for example in mine]


# ---- How far a sentence encoder finds the sentences with a word apart in two slices
#     distance = 1 − cosine of (mean of the word's sentences in a − m_a) and (the same in b − m_b)
#
# m_a and m_b are the means of sentences drawn from each slice, whatever their words, so that what all
# sentences of a period have in common, such as its spelling, does not count. The sentences of a word, and
# those of a slice, do not depend on which other words are compared.


SENTENCES = 40  # of a word in a slice, at most: 30 to 60 are enough
OF_SLICE = 200  # sentences for the mean of a slice


def kept_distances(run: Run, slices: Sequence[Slice], words: Sequence[str], seed: int) -> list[float | None]:
    """`sentence_distances` of words, kept in the run's cache.

    Nothing if there are no words or not two slices, or the run has not kept its text or has no encoder.
    """
    encoder = _usable_encoder(run) if len(slices) == 2 and words else None
    if encoder is None:
        return []

    def make() -> dict[str, Any]:
        return {"distances": sentence_distances(run, slices, words, encoder, seed)}

    key = [documents_of(slices), seed, words]
    kept = cached_result(run, "sentence_distances", key, make)
    distances: list[float | None] = kept["distances"]
    return distances


def _usable_encoder(run: Run) -> SentenceEncoder | None:
    """The sentence encoder of a run that has kept its text; None without one, and says if it is lost."""
    if run.provenance.encoder is None or run.text is None or run.tokens is None:
        return None
    try:
        encoder = encoder_of(run)
        fault = f"the encoder {run.provenance.encoder['name']!r} is not here" if encoder is None else ""
    except InputError as error:
        encoder, fault = None, str(error)
    if fault:
        say(f"sentences are not compared: {fault}")
    return encoder


def sentence_distances(
    run: Run,
    slices: Sequence[Slice],  # two
    words: Sequence[str],
    encoder: SentenceEncoder,
    seed: int = 0,
) -> list[float | None]:
    """The distance of each word; None for one that occurs in one of the slices only.

    The run has kept its text.
    """
    batch = run.tokens
    assert batch is not None
    drawn = [_places(batch, part, word, seed) for word in (None, *words) for part in slices]
    uses = [Example.at(batch, place, 0) for places in drawn for place in places.tolist()]
    texts = [use.text for use in sentences(run.text, run.provenance, uses)]
    distinct = list(dict.fromkeys(texts))
    with stage("Encoding sentences", len(distinct), "sentences") as advance:
        rows = encoder.encode(distinct, advance=advance)
    number = {text: i for i, text in enumerate(distinct)}
    rows = rows[[number[text] for text in texts]]
    bounds = bounds_of([*map(len, drawn)]).tolist()
    a, b, *means = (_mean(rows[first:last]) for first, last in pairwise(bounds))
    return [_distance(x - a, y - b) for x, y in zip(means[::2], means[1::2], strict=True)]


def _places(batch: TokenBatch, part: Slice, word: str | None, seed: int) -> Ints:
    """Some places of a word in a slice, or of any words."""
    # A stream for each word, by a hash that is the same in every process: so a word's distance does not
    # depend on the other words that are asked for.
    rng = np.random.default_rng([seed, crc32((word or "").encode())])
    if word is None:
        places = np.flatnonzero(part.documents[batch.document_of(np.arange(len(batch)))])
        most = OF_SLICE
    else:
        places = occurrences(batch, batch.types.index(word), part.documents)
        most = SENTENCES
    return sampled(places, most, rng)


# ---- How far a sentence encoder finds the documents with a word apart in two slices
#     distance = 1 − cosine of (mean of the documents with the word in a − m_a) and (the same in b − m_b)
#
# Their vectors are kept with the run, so nothing is encoded, and every word has its distance. m_a and m_b are
# the means of all documents of a slice. The documents of a rare word lie far apart by chance, so what is
# usual for words as rare is subtracted. Subtracting the chance of a word's own documents was tried: it takes
# away nearly all with which people agree, since the documents of a word that changed are unlike each other.


_DOCUMENTS = 1 << 14  # whose vectors are read at a time
_REGRESSED = 30  # words, at least, that the usual distance is estimated from
_LEAST = 1e-3  # of the distances that it is estimated from, whose logarithms are taken


def with_texts(measured: Measures, distances: Sequence[float | None]) -> Measures:
    """Measures whose rows have ``texts``: their `document_distances`, less what is usual."""
    texts = _beyond_usual(np.array(distances, np.float64), measured.rows).tolist()
    rows = [row | {"texts": None if x != x else x} for row, x in zip(measured.rows, texts, strict=True)]
    return replace(measured, rows=rows)


def _beyond_usual(distances: Doubles, rows: Sequence[Mapping[str, Any]]) -> Doubles:
    """The distances of words, (m,), less those of words with as many occurrences and documents."""
    able = np.isfinite(distances)
    if able.sum() < _REGRESSED:
        return distances
    counts, documents = (
        np.array([[row[f"{name}_{side}"] for side in "ab"] for row in rows])[able]
        for name in ("count", "documents")
    )
    beyond = distances.copy()
    beyond[able] -= usual_distances(np.maximum(distances[able], _LEAST), counts, documents)
    return beyond


def document_distances(
    compared: Comparison,  # of two sides, with their text
    words: Sequence[str],
    encoded: EncodedTexts,
) -> list[float | None]:
    """The distance of each word; None for one without an encoded document in one of the slices."""
    batch, slices, text = compared.tokens, compared.slices, compared.text
    assert text is not None
    index = {word: number for number, word in enumerate(batch.types)}
    numbers = np.array([index[word] for word in words], np.int64)
    total = sum(int(part.documents.sum()) for part in slices)
    with stage("Comparing documents", total, "documents") as advance:
        a, b = (_document_means(batch, text, part, numbers, encoded, advance) for part in slices)
    return list(map(_distance, a, b))


def _document_means(
    batch: TokenBatch,
    text: RunText,
    part: Slice,
    words: Ints,
    encoded: EncodedTexts,
    advance: Callable[[int], object],
) -> Doubles:
    """The mean of the documents of a slice with each word, less that of all, (m, h); NaN for none."""
    sums = np.zeros((len(words), encoded.dimensions + 1))  # the last column counts documents
    every = np.zeros(encoded.dimensions + 1)
    documents = np.flatnonzero(part.documents)
    for start in range(0, len(documents), _DOCUMENTS):
        chosen = documents[start : start + _DOCUMENTS]
        rows = document_rows(encoded, text.texts(chosen.tolist()))
        rows = np.hstack([rows, np.any(rows, axis=1, keepdims=True)])
        owners, _, bounds = documents_of_words(batch.part(chosen), words)
        ones = np.ones(len(owners), np.float32)
        sums += SparseRows(bounds, owners.astype(np.int32), ones).times(rows)
        every += rows.sum(axis=0, dtype=np.float64)
        advance(len(chosen))
    with np.errstate(invalid="ignore"):  # 0 / 0, of a word in none
        means: Doubles = sums[:, :-1] / sums[:, -1:] - every[:-1] / every[-1]
    return means


def _mean(rows: Rows) -> Doubles:
    """NaN for no rows."""
    mean: Doubles = rows.sum(axis=0, dtype=np.float64) / (len(rows) or np.nan)
    return mean


def _distance(a: Doubles, b: Doubles) -> float | None:
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return float(1 - a @ b / lengths) if lengths > 0 else None
