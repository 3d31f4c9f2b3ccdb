"""`induce`: the senses of a word, with labels, vectors and examples."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, Rules
from selfvec.text.stems import stems
from selfvec.usage.contexts import Contexts, document_of
from selfvec.usage.examples import Example, distinct_uses, sentences
from selfvec.usage.use_vectors import SenseSpace, sense_space

from .clustering import LEAST, SMALLEST, fit_senses
from .senses import Sense, Senses
from .word_finder import WordFinder

__all__ = ["induce", "label_words", "log_likelihood_scores", "sense_vectors"]

LABEL = 8  # words of a label
FEWEST = 2  # documents in which a label word occurs near a use, at least, or
COMMON = 0.02  # this share of the documents, if that is more
SUREST = 2.0  # standard errors beyond chance, at least
TYPICAL = 50  # most typical uses per example among which different ones are sought
MOVE = 2.0  # distance of a sense's vector from the word's, in differences of their mean uses

Numbers = NDArray[np.float64]
Ints = NDArray[np.int64]
Table = NDArray[np.float32]


def induce(
    run: Run,
    word: str,
    *,
    number: int | None = None,
    examples: int = 2,
    seed: int = 0,
    space: SenseSpace | None = None,
) -> Senses:
    """Induce the senses of a word from its uses in a run's corpus.

    Parameters
    ----------
    run : Run
    word : str
    number : int, optional
        Number of senses. By default it follows from the uses, and may be 1.
    examples : int
        Examples of each sense.
    seed : int
        For every random choice.
    space : SenseSpace, optional
        `sense_space` of this run; made by default. Make it once for many words.

    Raises
    ------
    InputError
        If the run has not kept its corpus, or the word occurs fewer than 20 times.
    OptionError
        If the word has too few uses for so many senses.
    """
    index = run.index(word)
    name = run.vectors.index_to_key[index]
    space = sense_space(run, seed) if space is None else space
    places, contexts = space.contexts(index)
    _check(name, len(places), number)
    model = fit_senses(space, contexts, number, seed)
    probabilities = model.posterior(contexts)
    assigned = probabilities.argmax(axis=1)
    documents = document_of(space.batch.offsets, places)
    count = len(model.shares)
    labels = _labels(run, space, contexts, documents, assigned, count)
    vectors = sense_vectors(run.vectors.unit[index], space.uses(contexts, space.weights), assigned, count)
    texts = _examples(run, space, places, probabilities, examples)
    uses = np.bincount(assigned, minlength=count)
    found = [
        Sense(labels[i], float(uses[i] / len(places)), int(uses[i]), vectors[i], texts[i])
        for i in range(count)
    ]
    return Senses(name, found, documents, assigned, probabilities, model, WordFinder(run, index))


def _check(word: str, uses: int, number: int | None) -> None:
    if uses < LEAST:
        raise InputError(
            f"{word!r} occurs {uses} time{'s' * (uses != 1)}, senses need at least {LEAST} uses",
            remedy="choose a more frequent word, or refine on more text",
        )
    if number is not None and not 1 <= number <= uses // SMALLEST:
        raise OptionError(
            f"is from 1 to {uses // SMALLEST} for a word with {uses:,} uses, not {number}", field="number"
        )


def _labels(
    run: Run, space: SenseSpace, contexts: Contexts, documents: Ints, assigned: Ints, number: int
) -> list[list[str]]:
    """Words that distinguish each sense from the others, or the only one from the rest of the corpus.

    They are counted by documents: ten uses in one document are one observation.
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
        scores = log_likelihood_scores(
            counts, corpus - np.minimum(counts, corpus) if number == 1 else whole - counts
        )
        fewest = max(FEWEST, COMMON * len(np.unique(documents[part])))
        able = np.flatnonzero((scores >= SUREST) & (counts >= fewest))
        ranked = able[np.argsort(-(scores * space.weights)[able], kind="stable")]
        out.append(label_words([words[i] for i in ranked.tolist()], stops, stem))
    return out


def log_likelihood_scores(counts: Ints, others: Ints) -> Numbers:
    """How much more often words occur near some uses than near others, (V,): the signed root of G².

    By chance it is about a standard normal deviate. Unlike ratios of counts it does not favour words seen
    once, and unlike differences it does not favour frequent words (Dunning, 1993, *Accurate methods for the
    statistics of surprise and coincidence*).

    Parameters
    ----------
    counts, others : (V,) int64
        How often each word occurs near the uses, and near the others.

    Examples
    --------
    >>> z = log_likelihood_scores(np.array([90, 500, 0]), np.array([0, 500, 90]))
    >>> z.round(1).tolist()
    [11.2, 0.0, -11.2]
    """
    sides = [side.astype(np.float64) for side in (counts, others)]
    totals = [side.sum() for side in sides]
    both, square = sides[0] + sides[1], np.zeros(len(counts))
    for side, total in zip(sides, totals, strict=True):
        expected = both * total / max(sum(totals), 1.0)
        met = side > 0
        square[met] += 2 * side[met] * np.log(side[met] / expected[met])
    more = sides[0] * totals[1] >= sides[1] * totals[0]
    return np.sqrt(np.maximum(square, 0)) * np.where(more, 1, -1)


def label_words(
    ranked: Sequence[str], stops: Collection[str], stem: Callable[[str], str], most: int = LABEL
) -> list[str]:
    """The first words that are no stop words (in lower case), one per stem.

    >>> label_words(["storm", "storms", "The", "hail", "rain"], {"the"}, lambda word: word.rstrip("s"), 2)
    ['storm', 'hail']
    """
    out: dict[str, str] = {}
    for word in ranked:
        if len(out) == most:
            break
        if word.lower() not in stops:
            out.setdefault(stem(word), word)
    return list(out.values())


def sense_vectors(word: Table, uses: Table, assigned: Ints, number: int) -> Table:
    """The word's refined vector, moved by the difference between each sense's mean use and the word's.

    Parameters
    ----------
    word : (d,) float32
    uses : (n, d) float32
        Unit rows.
    assigned : (n,) int64
        The sense of each use.
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
    run: Run, space: SenseSpace, places: Ints, probabilities: Numbers, number: int
) -> list[list[str]]:
    """Typical uses of each sense, from different documents and in different words."""
    chosen = []
    for sense, shares in enumerate(probabilities.T):
        typical = places[np.argsort(-shares, kind="stable")[: TYPICAL * number]]
        shown = distinct_uses(space.batch, typical.tolist(), number)
        chosen += [Example.at(space.batch, place, sense) for place in shown]
    texts: list[list[str]] = [[] for _ in range(probabilities.shape[1])]
    for example in sentences(run, chosen):
        texts[example.side].append(example.text)
    return texts
