"""Words that can replace a word: by how it is used, what it means, and whether one abbreviates the other.

    score = (cos R + ½ · cos N) / 1½  +  0.3 for an abbreviation

R are the refined vectors, which know what a word goes with, N the narrow ones, which know how it is used
(`selfvec.refinement.derived_vectors`). Letters alone prove little: an abbreviation counts only among the
`NEAR` words with the largest cosines, and only if no other word with these letters is clearly nearer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Ints, Mask
from selfvec.base.progress import Progress
from selfvec.data.queries import least_count
from selfvec.data.run import Run, doubts
from selfvec.data.vectors import Source
from selfvec.numerics.rows import top_indices
from selfvec.refinement.derived_vectors import narrow_vectors
from selfvec.text.tagger import can_be

from .word_kinds import languages, stop_words_of_run

# Chosen on four collections, see docs/results/replacements.md.
NARROW = 0.5  # weight of the narrow vectors; that of the refined ones is 1
LETTERS = 0.3  # added for a word and its abbreviation
NEAR = 50  # words that an abbreviation may be among
RIVALS = 0.9  # of the largest cosine of a word with these letters: others with less are not believed
LONGEST = 5  # letters of an abbreviation
LONGER = 1.5  # length of the word, at least, by that of its abbreviation


def replacement_cosines(run: Run, index: int, progress: Progress | None = None) -> Floats:
    """Weighted means of the cosines of refined and narrow vectors to the word of a row, (V,) float32."""
    cosines: Floats = run.vectors.unit @ run.vectors.unit[index]
    narrow = narrow_vectors(run, progress=progress).unit
    cosines += np.float32(NARROW) * (narrow @ narrow[index])
    cosines /= np.float32(1 + NARROW)
    return cosines


def replacement_row(
    run: Run, index: int, top: int, min_count: int | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """A row of ``selfvec similar --as replacement --json`` for the word of a row of the run.

    Neighbours are sorted by the score; the number of each is its cosine. ``abbreviations`` names those that
    abbreviate the word, or that the word abbreviates.
    """
    vectors = run.vectors
    cosines = replacement_cosines(run, index, progress)
    least = least_count(vectors.counts, min_count)
    allowed = np.ones(len(vectors), bool) if vectors.counts is None else vectors.counts >= least
    allowed[index] = False
    often = np.flatnonzero(allowed)
    related = abbreviations_among(run, index, often[top_indices(cosines[often], NEAR)], cosines)
    often = often[np.isin(often, related) | fitting(run, index, often)]
    scores = cosines[often] + np.float32(LETTERS) * np.isin(often, related)
    best = often[top_indices(scores, top)] if cosines.any() else often[:0]
    names = vectors.index_to_key
    neighbours = [[names[other], float(cosines[other])] for other in best.tolist()]
    row: dict[str, Any] = {"word": names[index], "state": "refined", "as": "replacement"}
    row |= {"neighbours": neighbours} | doubts(vectors, index, neighbours)
    short = [names[other] for other in best[np.isin(best, related)].tolist()]
    return row | ({"abbreviations": short} if short else {})


def fitting(run: Run, index: int, others: Ints) -> Mask:
    """Which of some words can stand in the place of the word of a row, (n,) bool.

    Stop words cannot, nor English words that the lexicon, if it is installed, knows as other parts of speech.
    All can if the word is a stop word itself.
    """
    names = run.vectors.index_to_key
    words = [names[other] for other in others.tolist()]
    stops = stop_words_of_run(run)
    if names[index].lower() in stops:
        return np.ones(len(words), bool)
    parts = lexicon(run)
    own = parts(names[index])

    def fits(word: str) -> bool:
        return word.lower() not in stops and not (own and (other := parts(word)) and own.isdisjoint(other))

    return np.array([fits(word) for word in words], bool)


def lexicon(run: Run) -> Callable[[str], frozenset[str]]:
    """What a word can be; nothing is known without the lexicon, or of a text in another language."""
    spoken = languages(run)
    return can_be if not spoken or "en" in spoken else lambda _: frozenset()


def abbreviations_among(run: Run, index: int, near: Ints, cosines: Floats) -> Ints:
    """Those of some words that abbreviate the word of a row, or that it abbreviates, and agree with it best.

    A word with a vector of its own does not abbreviate the words that begin with it (*rain*, *rainfall*).
    """
    words = run.vectors.index_to_key
    known = run.original.sources == Source.KNOWN

    def related(other: int) -> bool:
        short, long = sorted((index, other), key=lambda row: len(words[row]))
        clipped = words[long].lower().startswith(words[short].lower())
        return abbreviates(words[short], words[long]) and not (clipped and bool(known[short]))

    found: Ints = np.array([other for other in near.tolist() if related(other)], np.int64)
    believed: Mask = cosines[found] >= RIVALS * cosines[found].max(initial=0)
    return found[believed]


def abbreviates(short: str, long: str) -> bool:
    """Whether the letters of ``short`` occur in ``long`` in their order, the first letter first.

    An abbreviation has 2 to 5 letters. The word has half as many more, at least two, and does not contain
    them in one piece after its beginning.

    >>> pairs = [("tstm", "thunderstorm"), ("acft", "aircraft"), ("temp", "temperature"), ("mr", "mri")]
    >>> [abbreviates(short, long) for short, long in pairs]
    [True, True, True, False]
    """
    short = short.lower()
    long = long.lower()
    longer = max(len(short) + 2, LONGER * len(short))
    if not (2 <= len(short) <= LONGEST and short.isalpha() and long[0] == short[0] and len(long) >= longer):
        return False
    letters = iter(long)
    return short not in long[1:] and all(letter in letters for letter in short)
