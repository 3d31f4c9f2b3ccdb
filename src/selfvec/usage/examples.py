"""Example uses of a word: which to show, and the sentences they come from.

A run keeps its corpus as token ids, so an example is shown as the words around the use. If the original
files are unchanged, the sentence is shown as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfvec.corpus.reopen import original_texts
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.sentences import sentence_spans

from .contexts import document_of, occurrences
from .use_vectors import UseSpace

__all__ = [
    "REACH",
    "Example",
    "around",
    "best_sentence",
    "distinct_uses",
    "examples",
    "sentences",
    "shortened",
    "words_of",
]

REACH = 12  # words shown on each side
_SAMPLED = 400  # uses of a word in a slice that are compared
_LONGEST = 280  # characters of a sentence
_EVIDENT = 5  # the word itself counts as much as so many words around it when a sentence is sought
_FEWEST = 2  # words that a sentence shares with an example at least
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Example:
    """One use of a word.

    Parameters
    ----------
    word : str
    side : int
        Number of the slice, or of the sense, that it stands for.
    document : int
        Number of the document in the run's corpus.
    text : str
        The words around it, or the sentence.
    """

    word: str
    side: int
    document: int
    text: str

    @classmethod
    def at(cls, batch: TokenBatch, place: int, side: int) -> Example:
        """The use at a place in a corpus, with the words around it."""
        document, start, stop = around(batch, place)
        text = " ".join(batch.types[i] for i in batch.ids[start:stop].tolist())
        return cls(batch.types[batch.ids[place]], side, document, text)


def around(batch: TokenBatch, place: int, reach: int = REACH) -> tuple[int, int, int]:
    """The document of a token, and where the window around it starts and stops."""
    document = int(document_of(batch.offsets, np.array([place]))[0])
    start, stop = max(int(batch.offsets[document]), place - reach), place + reach + 1
    return document, start, min(int(batch.offsets[document + 1]), stop)


def distinct_uses(batch: TokenBatch, places: Iterable[int], most: int, reach: int = REACH) -> list[int]:
    """The first places, at most ``most``, in different documents and with different words around them."""
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


def examples(space: UseSpace, word: int, number: int = 2, seed: int = 0) -> list[Example]:
    """Uses that show how a word differs between slices, the clearest first, from different documents.

    Parameters
    ----------
    space : UseSpace
        If it has one slice, the uses nearest to their mean are shown.
    word : int
    number : int
        Examples per slice.
    seed : int
        Draws 400 uses per slice if there are more.
    """
    places = occurrences(space.batch, word)
    documents = document_of(space.batch.offsets, places)
    rng = np.random.default_rng(seed)
    drawn: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
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
        order = np.argsort(-(rows @ toward), kind="stable")
        shown = distinct_uses(space.batch, mine[order].tolist(), number)
        found += [Example.at(space.batch, place, side) for place in shown]
    return found


def sentences(run: Run, found: Sequence[Example]) -> list[Example]:
    """The same examples with the original sentences as text, if the run's files are unchanged."""
    if not found:
        return []
    texts = original_texts(run, {example.document for example in found})
    out = []
    for example in found:
        word = example.word.lower()
        weights = dict.fromkeys(words_of(example.text), 1.0)
        weights[word] = weights.get(word, 0.0) + _EVIDENT
        sentence = best_sentence(texts.get(example.document, ""), weights, least=_FEWEST)
        if sentence is not None:
            before, text, after = shortened(sentence, max(0, sentence.lower().find(word)), _LONGEST)
            example = replace(example, text=f"{'… ' * before}{text}{' …' * after}")
        out.append(example)
    return out


def words_of(text: str) -> set[str]:
    """The distinct words of a text in lower case."""
    return {word.lower() for word in _WORDS.findall(text)}


def best_sentence(
    text: str, weights: Mapping[str, float], *, least: float = 0, needed: Collection[str] | None = None
) -> str | None:
    """The sentence whose distinct words have the largest total weight; None if no weight is above ``least``.

    Parameters
    ----------
    text : str
    weights : mapping of str to float
        By lower-case word.
    least : float
    needed : collection of str, optional
        The sentence must contain one of these words.
    """
    best = None
    for first, last in sentence_spans(text, lower=text.islower()):
        part = text[first:last]
        words = words_of(part)
        score = sum(weights[word] for word in words & weights.keys())
        if score > least and (needed is None or not words.isdisjoint(needed)):
            best, least = " ".join(part.split()), score
    return best


def shortened(text: str, place: int, longest: int) -> tuple[bool, str, bool]:
    """At most ``longest`` characters around a place, whole words only, and whether each end was cut."""
    if len(text) <= longest:
        return False, text, False
    start = max(0, min(place - longest // 2, len(text) - longest))
    cut = text[start : start + longest]
    before, after = start > 0, start + longest < len(text)
    cut = cut[cut.find(" ") + 1 :] if before else cut
    return before, cut[: cut.rfind(" ")] if after else cut, after
