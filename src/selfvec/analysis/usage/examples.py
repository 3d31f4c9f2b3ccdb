"""Which occurrences of a word are quoted: those that show best what is said of it, in different words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.repeats import repeated_tokens

from .contexts import occurrences
from .occurrence_vectors import OccurrenceSpace
from .quotations import REACH, Quotation, around, words_of

_SAMPLED = 400  # occurrences per word and slice that are compared
_ALIKE = 3  # of marked occurrences with the same words within this distance, one is shown
_SHARED = 0.7  # of the words of two texts: these are nearly the same


def distinct_occurrences(
    batch: TokenBatch, places: Iterable[int], most: int, reach: int = REACH
) -> list[int]:
    """The first positions, at most ``most``, in different documents and with different words around them."""
    chosen: list[int] = []
    documents: set[int] = set()
    windows: set[tuple[int, ...]] = set()
    for place in places:
        if len(chosen) == most:
            break
        document, start, stop = around(batch, place, reach)
        window = tuple(batch.ids[start:stop].tolist())
        if document in documents or window in windows:
            continue
        documents.add(document)
        windows.add(window)
        chosen.append(place)
    return chosen


def distinct_texts(texts: Sequence[str], most: int) -> list[int]:
    """The first texts, at most ``most``, that are not like an earlier one; numbers do not count.

    >>> distinct_texts(["Hail fell at 9:00.", "hail fell at 17:30", "Hail was reported", "Wind"], 5)
    [0, 2, 3]
    """
    chosen: list[int] = []
    words = [{word for word in words_of(text) if not word.isdigit()} for text in texts]
    for number, own in enumerate(words):
        others = (words[other] for other in chosen)
        if len(chosen) < most and not any(len(own & other) >= _SHARED * len(own | other) for other in others):
            chosen.append(number)
    return chosen


def repeated_last(
    run: Run,
    places: Ints,  # (n,) tokens
    scores: AnyFloats,  # (n,)
) -> AnyFloats:
    """The scores. Those of tokens in repeated passages are lowered below all others."""
    repeated = repeated_tokens(run)
    if repeated is None or not len(scores):
        return scores
    return scores - repeated[places] * (np.ptp(scores) + 1)


def examples(run: Run, space: OccurrenceSpace, word: int, number: int = 2) -> list[Quotation]:
    """Occurrences that show how a word differs between slices, the clearest first, ``number`` for each slice.

    They come from different documents. Repeated passages are shown only if there is nothing else. With a
    single slice, the occurrences nearest to their mean are shown.
    """
    places = occurrences(space.batch, word)
    documents = space.batch.document_of(places)
    rng = np.random.default_rng(0)
    drawn: list[tuple[Ints, Floats]] = []
    for side in range(len(space.centres)):
        mine = places[space.sides[documents] == side]
        if len(mine) > _SAMPLED:
            mine = np.sort(rng.choice(mine, _SAMPLED, replace=False))
        drawn.append((mine, space.directions(mine)))
    means = [rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1], np.float32) for _, rows in drawn]
    found = []
    for side, (mine, rows) in enumerate(drawn):
        others = [mean for other, mean in enumerate(means) if other != side]
        toward = means[side] - (np.mean(others, axis=0) if others else 0)
        scores = repeated_last(run, mine, rows @ toward)
        order = np.argsort(-scores, kind="stable")
        shown = distinct_occurrences(space.batch, mine[order].tolist(), number)
        found += [Quotation.at(space.batch, place, side) for place in shown]
    return found


def marked_occurrences(
    batch: TokenBatch,
    places: Ints,  # (n,), where the word occurs
    scores: AnyFloats,  # (n,), higher for occurrences that support the statement better
    marks: Mapping[int, str],  # words to mark, and their marks
    most: int = 5,
) -> list[Quotation]:
    """The best occurrences of a word, one per document and no two alike."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    chosen = distinct_occurrences(batch, places[order].tolist(), most, _ALIKE)
    return [Quotation.at(batch, place, 0, marks) for place in chosen]
