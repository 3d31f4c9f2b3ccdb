"""`induce`: from a run and a word to its senses.

uses ──▶ groups (`model`) ──▶ labels, vectors, examples ──▶ `Senses`
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfvec.analysis.drift import Example, sentences
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, Rules
from selfvec.text.stems import stems
from selfvec.usage.contexts import Contexts

from .labels import telling, told
from .model import LEAST, SMALLEST, fit
from .reading import Reader
from .senses import Sense, Senses
from .space import SenseSpace, sense_space

__all__ = ["induce", "sense_vectors"]

LABEL = 8  # words of a label
REACH = 12  # words shown on each side of an example
LOOKED_AT = 50  # typical uses among which examples of different texts are sought
MOVE = 2.0  # how far a sense's vector lies from the word's, by the difference of their mean uses

Numbers = NDArray[np.float64]


def induce(
    run: Run,
    word: str,
    *,
    number: int | None = None,
    examples: int = 2,
    seed: int = 0,
    space: SenseSpace | None = None,
) -> Senses:
    """The senses of a word, from its uses in a run's corpus.

    Parameters
    ----------
    run : Run
    word : str
    number : int, optional
        How many senses; told by the uses where not given, and then it may be one.
    examples : int
        How many of each sense.
    seed : int
        For every random choice.
    space : SenseSpace, optional
        Of this run, `sense_space`; made where not given. To ask for many words, make it once.

    Raises
    ------
    InputError
        If the run has not kept its corpus, or the word does not occur in it often enough.
    OptionError
        If so many senses cannot be told.
    """
    index = run.index(word)
    name = run.vectors.index_to_key[index]
    space = sense_space(run, seed) if space is None else space
    places, contexts = space.contexts(index)
    _check(name, len(places), number)
    model = fit(space, contexts, number, seed)
    probabilities = model.posterior(contexts)
    assigned = probabilities.argmax(axis=1)
    documents = np.searchsorted(space.batch.offsets, places, side="right") - 1
    senses = range(len(model.shares))
    labels = _labels(run, space, contexts, documents, assigned, len(senses))
    vectors = sense_vectors(
        run.vectors.unit[index], space.uses(contexts, space.weights), assigned, len(senses)
    )
    texts = _examples(run, space, index, places, probabilities, examples)
    counts = np.bincount(assigned, minlength=len(senses))
    found = [
        Sense(labels[i], float(counts[i] / len(places)), int(counts[i]), vectors[i], texts[i]) for i in senses
    ]
    return Senses(name, found, documents, assigned, probabilities, model, Reader(run, index))


def _check(word: str, uses: int, number: int | None) -> None:
    if uses < LEAST:
        raise InputError(
            f"{word!r} occurs {uses} time{'s' * (uses != 1)}, senses are told from {LEAST} uses on",
            remedy="choose a more frequent word, or refine on more text",
        )
    if number is not None and not 1 <= number <= uses // SMALLEST:
        raise OptionError(
            f"is from 1 to {uses // SMALLEST} for a word with {uses:,} uses, not {number}", field="number"
        )


def _labels(
    run: Run,
    space: SenseSpace,
    contexts: Contexts,
    documents: NDArray[np.int64],
    assigned: NDArray[np.int64],
    number: int,
) -> list[list[str]]:
    """Words that tell each sense from the others, or the only one from the rest of the corpus.

    They are counted by documents: one that says a word ten times is one witness.
    """
    words, preprocessing = space.batch.types, Preprocessing.of(run.provenance)
    stops = Rulebook(Rules(stop_words=preprocessing.stop_words), "lower").stop_words

    def stem(word: str) -> str:
        return stems([word], preprocessing.stem)[0] if preprocessing.stem else word

    corpus = space.batch.counts
    parts = [np.flatnonzero(assigned == i) for i in range(number)]
    near = [contexts.part(part).counts(len(words), documents[part]) for part in parts]
    whole = np.sum(near, axis=0)
    out = []
    for part, counts in zip(parts, near, strict=True):
        others = corpus - np.minimum(counts, corpus) if number == 1 else whole - counts
        scores = telling(counts, others)
        out.append(
            told(scores, space.weights, counts, len(np.unique(documents[part])), words, stops, stem, LABEL)
        )
    return out


def sense_vectors(
    word: NDArray[np.float32], uses: NDArray[np.float32], assigned: NDArray[np.int64], number: int
) -> NDArray[np.float32]:
    """The word's refined vector, moved by how a sense's mean use differs from the word's.

    Parameters
    ----------
    word : (d,) float32
    uses : (n, d) float32
        Directions.
    assigned : (n,) int64
        The sense of each.
    number : int
        K. A sense without a use keeps the word's vector.

    Returns
    -------
    (K, d) float32, unit rows
    """
    sums = np.zeros((number, uses.shape[1]))
    np.add.at(sums, assigned, uses)
    counts = np.bincount(assigned, minlength=number)[:, None]
    apart = np.where(counts > 0, sums / np.maximum(counts, 1) - uses.mean(axis=0, dtype=np.float64), 0)
    return unit_rows(word + MOVE * apart)


def _examples(
    run: Run, space: SenseSpace, word: int, places: NDArray[np.int64], probabilities: Numbers, number: int
) -> list[list[str]]:
    """Typical uses of each sense, from different documents and in different words."""
    batch = space.batch
    documents = np.searchsorted(batch.offsets, places, side="right") - 1
    chosen: list[Example] = []
    for sense, share in enumerate(probabilities.T if number else ()):
        seen: set[int | str] = set()
        kept = 0
        for i in np.argsort(-share, kind="stable")[: LOOKED_AT * number].tolist():
            document, place = int(documents[i]), int(places[i])
            start = max(int(batch.offsets[document]), place - REACH)
            stop = min(int(batch.offsets[document + 1]), place + REACH + 1)
            text = " ".join(batch.types[j] for j in batch.ids[start:stop].tolist())
            if kept < number and not seen & {document, text}:
                seen |= {document, text}
                kept += 1
                chosen.append(Example(batch.types[word], sense, document, text))
    texts: list[list[str]] = [[] for _ in range(probabilities.shape[1])]
    for example in sentences(run, chosen) if chosen else ():
        texts[example.side].append(example.text)
    return texts
