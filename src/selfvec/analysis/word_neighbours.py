"""The words near a word of a run, and those that can replace it.

Its own forms, and words that only its spelling makes near, stand apart from its neighbours.

Vectors of rare words are partly built from subwords: *rab* and *raven* stand near *ra* before any text is
read. A frequent word has a place in the text, so such neighbours say nothing about it. A word is near by its
spelling only, if it begins alike, was at least as near before refining, is no spelling variant, and does not
share two documents with the word, more than chance gives.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import chain

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.arrays import Floats, Ints, Mask
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors, least_count
from selfvec.data.word_lookup import doubts, likeness, similar_row
from selfvec.numerics.rows import top_indices
from selfvec.refinement.derived_vectors import narrow_vectors
from selfvec.text.document_vectors import documents_of_words
from selfvec.text.languages import STEMMERS
from selfvec.text.odd_words import spelling_key
from selfvec.text.rules import stems
from selfvec.text.tagger import can_be

from .word_kinds import garbled_words, spoken, stop_words_of

ENOUGH = 100  # occurrences of a word that does not need its spelling
_ALIKE = 2  # letters at the beginning of words that are spelled alike
_SHARED = 2  # documents that show two words together; one may be an accident
_VARIANT = (5, 0.8)  # letters, and likeness, of another spelling: *neighbourhood*, *neighborhood*


def neighbours_row(run: Run, state: str, index: int, top: int, min_count: int | None) -> Json:
    """A row of ``selfvec similar --json`` for the word of a row of the run, in the state original or refined.

    ``forms`` and, in the refined state, ``by_spelling`` are not among its neighbours.
    """
    vectors = run.vectors if state == "refined" else run.original
    forms = word_forms(run.vectors, run.provenance.language, index, min_count)
    spelled = near_by_spelling(run, index, forms) if state == "refined" else []
    row = similar_row(state, vectors, index, top, min_count, {*forms, *garbled_words(run), *spelled})
    last = min((cosine for _, cosine in row["neighbours"]), default=-1.0)
    nearer = _nearer(vectors, index, spelled, last, min_count)
    apart = {"forms": forms, "by_spelling": nearer}
    return row | {name: words for name, words in apart.items() if words}


def word_forms(vectors: Vectors, language: str, index: int, min_count: int | None) -> list[str]:
    """Other forms and spellings of the word of a row, the most frequent first.

    They begin with its letter, and have its stem after the rules of `spelling_key`: *tumors* and *tumour* of
    *tumor*.
    """
    counts, names = vectors.counts, vectors.index_to_key
    least = least_count(counts, min_count)
    word = names[index]
    same = [i for i in _beginning(vectors, word[:1]) if i != index and (counts is None or counts[i] >= least)]
    keys = [spelling_key(names[i]) for i in (index, *same)]
    key, *others = stems(keys, language) if language in STEMMERS else keys
    forms = [i for i, other in zip(same, others, strict=True) if other == key]
    return [names[i] for i in sorted(forms, key=lambda i: -(0 if counts is None else counts[i]))]


def near_by_spelling(run: Run, index: int, forms: Collection[str]) -> list[str]:
    """The words that only their spelling makes near the word of a row; none if the word is rare.

    ``forms`` of the word are none of them. The run needs its tokens.
    """
    counts, names, batch = run.vectors.counts, run.vectors.index_to_key, run.tokens
    word = names[index]
    if batch is None or counts is None or counts[index] < ENOUGH:
        return []
    alike = [i for i in _beginning(run.vectors, word[:_ALIKE]) if i != index and names[i] not in forms]
    before, after = (v.unit[alike] @ v.unit[index] for v in (run.original, run.vectors))
    nearer = np.flatnonzero((before >= after) & (after > 0)).tolist()
    rows = np.array([alike[n] for n in nearer if not _is_variant(word, names[alike[n]])], np.int64)
    return [names[i] for i in rows[~together(batch, index, rows)].tolist()]


def together(batch: TokenBatch, word: int, others: Ints) -> Mask:
    """Which of n words share two documents with a word, and more than chance gives, (n,) bool.

    >>> batch = TokenBatch.from_documents([["a", "b"], ["a", "b", "c"], ["c"], ["d"]])
    >>> together(batch, 0, np.array([1, 2, 3])).tolist()
    [True, False, False]
    """
    pairs = documents_of_words(batch, np.append(others, word))
    number, shared = np.diff(pairs.bounds)[:-1], pairs.shared(len(others))[:-1]
    by_chance = number * (len(pairs.of(len(others))) / max(batch.documents, 1))
    return np.asarray((shared >= _SHARED) & (shared > by_chance))


def _beginning(vectors: Vectors, letters: str) -> list[int]:
    """The rows of words that begin with one or two letters, in any case."""
    written = {letters, letters.lower(), letters.title()}
    return sorted(chain.from_iterable(vectors.by_beginning.get(each, ()) for each in written))


def _is_variant(one: str, other: str) -> bool:
    shortest, least = _VARIANT
    return min(len(one), len(other)) >= shortest and likeness(one, other) >= least


def _nearer(
    vectors: Vectors, index: int, words: Collection[str], least: float, min_count: int | None
) -> list[str]:
    """Those of some words with at least a cosine to the word of a row, nearest first, without rare ones."""
    rows = [vectors.key_to_index[word] for word in words]
    if vectors.counts is not None:
        enough = least_count(vectors.counts, min_count)
        rows = [row for row in rows if vectors.counts[row] >= enough]
    cosines = vectors.unit[rows] @ vectors.unit[index]
    order = np.argsort(-cosines, kind="stable").tolist()
    return [vectors.index_to_key[rows[i]] for i in order if cosines[i] >= least]


# ---- Words that can replace a word: by use, by meaning, and whether one abbreviates the other
#
#     score = (cos R + ½ · cos N) / 1½  +  0.3 for an abbreviation
#
# R are the refined vectors, which know what a word goes with, N the narrow ones, which know how it is used
# (`selfvec.refinement.derived_vectors`). Letters alone prove little: an abbreviation counts only among the
# `NEAR` words with the largest cosines, and only if no other word with these letters is clearly nearer.


# Chosen on four collections, see docs/results/replacements.md.
NARROW = 0.5  # weight of the narrow vectors; that of the refined ones is 1
LETTERS = 0.3  # added for a word and its abbreviation
NEAR = 50  # words that an abbreviation may be among
RIVALS = 0.9  # of the largest cosine of a word with these letters: others with less are not believed
LONGEST = 5  # letters of an abbreviation
LONGER = 1.5  # length of the word, at least, by that of its abbreviation


def replacement_cosines(run: Run, index: int) -> Floats:
    """Weighted means of the cosines of refined and narrow vectors to the word of a row, (V,) float32."""
    cosines: Floats = run.vectors.unit @ run.vectors.unit[index]
    narrow = narrow_vectors(run).unit
    cosines += np.float32(NARROW) * (narrow @ narrow[index])
    cosines /= np.float32(1 + NARROW)
    return cosines


def replacement_row(run: Run, index: int, top: int, min_count: int | None = None) -> Json:
    """A row of ``selfvec similar --as replacement --json`` for the word of a row of the run.

    Neighbours are sorted by the score; the number of each is its cosine. ``abbreviations`` names those that
    abbreviate the word, or that the word abbreviates.
    """
    vectors = run.vectors
    cosines = replacement_cosines(run, index)
    least = least_count(vectors.counts, min_count)
    allowed = np.ones(len(vectors), bool) if vectors.counts is None else vectors.counts >= least
    allowed[index] = False
    often = np.flatnonzero(allowed)
    names = vectors.index_to_key
    related = abbreviations_among(run.original, index, often[top_indices(cosines[often], NEAR)], cosines)
    often = often[np.isin(often, related) | fitting(names, run.provenance, index, often)]
    scores = cosines[often] + np.float32(LETTERS) * np.isin(often, related)
    best = often[top_indices(scores, top)] if cosines.any() else often[:0]
    neighbours = [[names[other], float(cosines[other])] for other in best.tolist()]
    row: Json = {"word": names[index], "state": "refined", "as": "replacement"}
    row |= {"neighbours": neighbours} | doubts(vectors, index, neighbours)
    short = [names[other] for other in best[np.isin(best, related)].tolist()]
    return row | ({"abbreviations": short} if short else {})


def fitting(names: list[str], made: Provenance, index: int, others: Ints) -> Mask:
    """Which of some words can stand in the place of the word of a row, (n,) bool.

    Stop words cannot, nor English words that the lexicon, if it is installed, knows as other parts of speech.
    All can if the word is a stop word itself.
    """
    words = [names[other] for other in others.tolist()]
    stops = stop_words_of(made)
    if names[index].lower() in stops:
        return np.ones(len(words), bool)
    parts = lexicon(made)
    own = parts(names[index])

    def fits(word: str) -> bool:
        return word.lower() not in stops and not (own and (other := parts(word)) and own.isdisjoint(other))

    return np.array([fits(word) for word in words], bool)


def lexicon(made: Provenance) -> Callable[[str], frozenset[str]]:
    """What a word can be; nothing is known without the lexicon, or of a text in another language."""
    return can_be if "en" in spoken(made) else lambda _: frozenset()


def abbreviations_among(original: Vectors, index: int, near: Ints, cosines: Floats) -> Ints:
    """Those of some words that abbreviate the word of a row, or that it abbreviates, and agree with it best.

    A word with a vector of its own does not abbreviate the words that begin with it (*rain*, *rainfall*).
    """
    words, known = original.index_to_key, original.sources == Source.KNOWN

    def related(other: int) -> bool:
        short, long = sorted((index, other), key=lambda row: len(words[row]))
        clipped = words[long].lower().startswith(words[short].lower())
        return abbreviates(words[short], words[long]) and not (clipped and bool(known[short]))

    candidates: Ints = np.array([other for other in near.tolist() if related(other)], np.int64)
    believed: Mask = cosines[candidates] >= RIVALS * cosines[candidates].max(initial=0)
    return candidates[believed]


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
