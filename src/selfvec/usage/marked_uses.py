"""Uses of a word as tokens with marks, for the web page: which words support what the page says.

Tokens come from the run, so left-out words and punctuation are missing. `quoted` puts the original sentence
in their place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch

from .contexts import occurrences, padded_windows
from .examples import REACH, around, best_sentence, distinct_uses, shortened

__all__ = [
    "HALF",
    "SAMPLED",
    "context_cosines",
    "count_present",
    "marked_tokens",
    "marked_uses",
    "pair_places",
    "quoted",
    "shared_neighbours",
]

HALF = 8  # tokens on each side that are compared
SAMPLED = 2000  # uses compared, evenly spaced over the text
_ALIKE = 3  # uses with the same words this close are shown once
_LONGEST = 320  # characters of a sentence
_WORDS = re.compile(r"\w+")

Ints = NDArray[np.int64]
Json = dict[str, Any]


def marked_uses(
    batch: TokenBatch,
    places: Ints,
    scores: NDArray[np.floating[Any]],
    marks: Mapping[int, str],
    most: int = 5,
) -> list[Json]:
    """The best uses of a word, one per document and no two alike.

    Parameters
    ----------
    batch : TokenBatch
    places : (n,) int64
        Where the word occurs.
    scores : (n,) float
        Higher for uses that show the claim better.
    marks : mapping of int to str
        Words to mark, and how.
    most : int

    Returns
    -------
    list of dict
        ``document`` (its number), ``date`` and ``slice`` if known, ``cut`` (whether text was left out before
        and after) and ``tokens``: pairs of a word and its mark ("self" for the word itself, "" for none).
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    out = []
    for place in distinct_uses(batch, places[order].tolist(), most, _ALIKE):
        document, start, stop = around(batch, place, REACH)
        out.append(marked_tokens(batch, document, start, stop, {**marks, int(batch.ids[place]): "self"}))
    return out


def marked_tokens(batch: TokenBatch, document: int, start: int, end: int, marks: Mapping[int, str]) -> Json:
    """The tokens ``start`` to ``end`` (exclusive) of a document, in the form of `marked_uses`."""
    shown: Json = {
        "document": document,
        "cut": [start > int(batch.offsets[document]), end < int(batch.offsets[document + 1])],
        "tokens": [[batch.types[i], marks.get(i, "")] for i in batch.ids[start:end].tolist()],
    }
    if batch.dates is not None and not np.isnat(batch.dates[document]):
        shown["date"] = str(batch.dates[document])
    if batch.slices is not None and batch.slices[document] >= 0:
        shown["slice"] = batch.slice_names[batch.slices[document]]
    return shown


def quoted(use: Json, texts: Mapping[int, str]) -> Json:
    """A use with its original sentence, in which the same words are marked.

    Parameters
    ----------
    use : dict
        From `marked_uses`.
    texts : mapping of int to str
        Original documents by number.

    Returns
    -------
    dict
        With ``written`` true, and ``tokens`` that make up the sentence including spaces; the use unchanged
        if its document is not among the texts or has no matching sentence.
    """
    marks = {word.lower(): mark for word, mark in use["tokens"] if mark}
    own = {word for word, mark in marks.items() if mark in ("self", "near")}
    weights = {word.lower(): 1.0 for word, _ in use["tokens"]}
    weights |= {word: weights[word] + 1 for word in marks}
    sentence = best_sentence(texts.get(use["document"]) or "", weights, needed=own)
    if sentence is None:
        return use
    places = (match.start() for match in _WORDS.finditer(sentence) if match.group().lower() in own)
    before, text, after = shortened(sentence, next(places, 0), _LONGEST)
    return {**use, "written": True, "cut": [before, after], "tokens": list(_marked_pieces(text, marks))}


def _marked_pieces(text: str, marks: Mapping[str, str]) -> Iterable[list[str]]:
    """Marked words, and the text between them with an empty mark."""
    done = 0
    for match in _WORDS.finditer(text):
        mark = marks.get(match.group().lower())
        if mark:
            if match.start() > done:
                yield [text[done : match.start()], ""]
            yield [match.group(), mark]
            done = match.end()
    if done < len(text):
        yield [text[done:], ""]


def context_cosines(
    windows: NDArray[np.int32],
    table: NDArray[np.float32],
    weights: NDArray[np.float32],
    toward: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Cosine of the weighted sum of the words around each use to a vector, (n,).

    Parameters
    ----------
    windows : (n, w) int32
        From `padded_windows`.
    table : (V, d) float32
    weights : (V,) float32
    toward : (d,) float32
        A unit vector.
    """
    sums = np.zeros((len(windows), table.shape[1]), np.float32)
    for column in windows.T:
        sums += np.where(column >= 0, weights[column], np.float32(0))[:, None] * table[column]
    lengths = np.linalg.norm(sums, axis=1)
    cosines = np.zeros(len(windows), np.float32)
    np.divide(sums @ toward, lengths, out=cosines, where=lengths > 0)
    return cosines


def count_present(windows: NDArray[np.int32], wanted: Collection[int]) -> Ints:
    """How many of some words occur in each window, (n,)."""
    out = np.zeros(len(windows), np.int64)
    for word in wanted:
        out += (windows == word).any(axis=1)
    return out


def pair_places(batch: TokenBatch, word: int, other: int) -> tuple[Ints, int]:
    """Places of a word with another one nearby, and how many of its places were compared."""
    places = occurrences(batch, word, most=20 * SAMPLED)
    near = (padded_windows(batch, places, HALF) == other).any(axis=1)
    return places[near], len(places)


def shared_neighbours(batch: TokenBatch, word: int, other: int, most: int = 8) -> list[int]:
    """Words that occur near both of two words more often than expected, by the smaller of the two lifts.

    A lift is the ratio of a word's frequency nearby to its frequency in the corpus, as a logarithm weighted
    by the count. Words that occur nearby only once do not count.
    """
    counts = batch.counts
    lifts = []
    for one in (word, other):
        windows = padded_windows(batch, occurrences(batch, one, most=SAMPLED), HALF)
        kept = windows[windows >= 0]
        seen = np.bincount(kept, minlength=len(counts))
        expected = np.maximum(len(kept) * counts / max(len(batch), 1), 1e-9)
        lifts.append(np.where(seen > 1, np.log1p(seen) * np.log(np.maximum(seen / expected, 1)), 0))
    both = np.minimum(*lifts)
    both[[word, other]] = 0
    best = np.argsort(-both, kind="stable")[:most]
    return [int(i) for i in best if both[i] > 0]
