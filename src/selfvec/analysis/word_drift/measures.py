"""What is measured of every word between two states. Which words are listed is chosen afterwards."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.answer import Json
from selfvec.base.arrays import Doubles, Ints, Mask, Rows
from selfvec.base.progress import Progress
from selfvec.base.threads import at_once, threads
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.nearest import nearest, only_in_each
from selfvec.numerics.statistics import LEVEL, benjamini_hochberg, hypergeometric_p
from selfvec.text.document_vectors import document_frequencies

from .differing import DifferingUses, differing_uses
from .permutation_test import (
    Changes,
    Distances,
    DriftTest,
    changes_of,
    permutation_test,
    refinement_drift,
)
from .word_choice import (
    CountedSides,
    Measures,
    left_out_words,
    mark_words,
)

_STEPS = {  # with their relative durations
    "Preparing occurrences": 2,
    "Choosing words": 1,
    "Splitting": 5,
    "Splitting again": 1,
    "Neighbours": 3,
}
NEIGHBOURS = 10  # of a word that are compared; the usual number of the literature
_SURELY = 2.0  # standard errors that are no change of a word in the text
_EXPLAINED = 0.25  # of the occurrences of content words, at most
_AMONG = 10_000  # most frequent words of a side, which may be neighbours: those of rarer ones are chance


def measure_words(
    compared: Comparison,  # of two sides, or none for the text before and after refining
    table: WordTable,
    test: DriftTest,
    *,
    neighbours: int = NEIGHBOURS,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Measures:
    """Measure every word that occurs often enough, including words that are not listed by default."""
    read, sliced = compared.read, bool(compared.names)
    with (progress or Progress()).steps("Drift", _STEPS) as steps:
        sides = CountedSides.of(compared, table, test.min_count)
        with steps.stage("Choosing words", None, "words"):
            reasons, (unmatched, more) = at_once(
                lambda: left_out_words(compared, table, sides.able),
                lambda: unmatched_words(compared, table, sides) if sliced else ([], {}),
            )
        ratio = sure_ratios(sides.counts)
        explained = explained_words(compared, table, unmatched)
        space = None
        if read.names:
            # Without slices the test is where the documents move the original vectors: only these are summed.
            space = occurrence_space(read, table, test.seed, steps, refined=sliced)
        words = np.flatnonzero(sides.able)
        listed = possible_neighbours(table, sides.counts, sides.least)
        # In one pass over the text: the words that are tested, and those that may be their neighbours.
        often = np.flatnonzero(listed.any(axis=0) | sides.able)
        if sliced and space is not None:
            distances = permutation_test(
                space,
                words,
                among=often,
                permutations=test.permutations,
                seed=test.seed,
                jobs=threads(jobs),
                progress=steps,
            )
        else:
            distances = refinement_drift(table, space, words, test, threads(jobs), steps)
        both = (table.original, table.refined)
        means = distances.uses.means if distances.uses else [vectors.unit[often] for vectors in both]
        keys = table.names
        near = changed_neighbours(keys, words, often, means, listed, neighbours, steps)
        listed_words = np.array([keys[word] not in reasons for word in words.tolist()], bool)
        changes = changes_of(distances, sides.counts[:, words].T, listed_words)
        looked_at = (often, listed_words, table.content, np.where(explained, 0.0, ratio))
        differing = differing_uses(compared, distances, *looked_at, test.seed, threads(jobs), steps)
        rows = _rows(keys, distances, changes, differing, sides.counts, near)
        reasons |= more
        mark_words(compared, table, [*rows, *unmatched], test.min_count)
    counts = sides.counts
    only = [int(np.sum((counts[i] >= test.min_count) & (counts[1 - i] == 0))) for i in (0, 1)]
    a, b = sides.names
    return Measures(a, b, changes.general, rows, only[0], only[1], reasons, unmatched)


def _rows(
    keys: Sequence[str],
    measured: Distances,
    changes: Changes,
    differing: DifferingUses,
    counts: Ints,
    neighbours: Sequence[dict[str, list[str]]],
) -> list[Json]:
    figures = {
        "distance": measured.distance,
        "low": measured.low,
        "high": measured.high,
        "expected": measured.expected,
        "apd": measured.apd,
        "chance": changes.chance,
        "change": changes.change,
        "differing": differing.share,
        "differing_low": differing.low,
        "differing_high": differing.high,
        "p": measured.p,
        "p_contexts": differing.p,
        "count_a": counts[0, measured.words],
        "count_b": counts[1, measured.words],
        "documents_a": measured.documents[:, 0],
        "documents_b": measured.documents[:, 1],
    }
    # NaN, what was not measured, is null in JSON
    columns = [[None if x != x else x for x in values.tolist()] for values in figures.values()]
    rows = zip(*columns, strict=True)
    return [
        {"word": keys[word]}
        | dict(zip(figures, row, strict=True))
        | near
        | {
            key: [{"word": keys[other], "share_a": a, "share_b": b} for other, a, b in beside]
            for key, beside in zip(
                ("came_beside", "went_beside"), differing.beside.get(i, ([], [])), strict=True
            )
        }
        for i, (word, row, near) in enumerate(zip(measured.words.tolist(), rows, neighbours, strict=True))
    ]


# ---- Words that another finding explains: they tell nothing of the words that they stand beside


def sure_ratios(counts: Ints) -> Doubles:
    """How many times as frequent each word surely is on the second side, (V,), from its counts, (2, V)."""
    smoothed = counts + 0.5
    logs = np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
    apart, error = logs[1] - logs[0], np.sqrt((1 / smoothed).sum(axis=0))
    out: Doubles = np.exp(np.sign(apart) * np.maximum(np.abs(apart) - _SURELY * error, 0))
    return out


def explained_words(compared: Comparison, table: WordTable, unmatched: Sequence[Json]) -> Mask:
    """The words that came or went, or that a finding about how the sides are written names, (V,) bool.

    None if these are more than a quarter of the text: what is left would not tell how words are used.
    """
    q = benjamini_hochberg(np.array([row["p"] for row in unmatched], np.float64))
    words = {row["word"] for row, of in zip(unmatched, q.tolist(), strict=True) if of <= LEVEL}
    words |= compared.written_otherwise
    out = np.zeros(len(table.names), bool)
    out[table.numbers([word for word in words if word in table.refined.key_to_index])] = True
    counts = compared.tokens.counts
    few: Mask = out & (counts[out].sum() <= _EXPLAINED * counts[table.content].sum())
    return few


# ---- Neighbours that words have gained and lost


def possible_neighbours(
    table: WordTable,
    counts: Ints,  # (2, V)
    least: int,  # occurrences on a side
) -> Mask:
    """The words that may be neighbours, (2, V) bool: the most frequent, but no stop words or numbers."""
    most = np.sort(counts, axis=1)[:, -_AMONG:][:, :1]
    return table.content & (counts >= np.maximum(most, least))


def changed_neighbours(
    keys: Sequence[str],
    words: Ints,  # (m,)
    often: Ints,  # (n,), in rising order: these and all that may be neighbours
    means: Sequence[Rows],  # (2, n, d), their vectors on both sides
    listed: Mask,  # (2, V), from `possible_neighbours`
    most: int,
    progress: Progress,
) -> list[dict[str, list[str]]]:
    """The neighbours that each word has gained and lost."""
    near = np.full((2, len(words), most), -1, np.int64)
    with progress.stage("Neighbours", 2 * len(words), "words") as advance:
        for neighbours, rows, allowed in zip(near, means, listed, strict=True):
            with_vector = np.any(rows, axis=1)
            among = often[with_vector]
            able = np.flatnonzero(np.isin(words, among))
            places = np.searchsorted(among, words[able])
            best = nearest(rows[with_vector], places, most, among=allowed[among], advance=advance)
            neighbours[able] = np.where(best >= 0, among[best], -1)
    changes = []
    for before, after in zip(*near.tolist(), strict=True):
        pair = zip(("gained", "lost"), only_in_each(before, after), strict=True)
        changes.append({name: [keys[i] for i in neighbours if i >= 0] for name, neighbours in pair})
    return changes


# ---- Words that are too rare on one side to be compared, and frequent on the other: they came, or went
# p is that of the units with the word, if all were divided by chance between the two sides, and of the
# documents with it, whichever is larger: a unit of many documents has more words than one of a few.


_SMALLEST = 1e-300  # p is never 0


def unmatched_words(
    compared: Comparison, table: WordTable, sides: CountedSides
) -> tuple[list[Json], dict[str, str]]:
    """Words that are rare in one of two slices only, with their p; and the reasons not to list some."""
    # All spellings of a word are one: it did not come if it was written otherwise before.
    slices, spellings = compared.slices, compared.tokens.renumbered(table.first_spellings, table.names)
    parts = [spellings.part(part.documents) for part in slices]
    counts, least = np.stack([part.counts for part in parts]), sides.least
    frequent = (counts.max(axis=0) >= least) & (counts.min(axis=0) < least)
    occurs: Ints = np.stack([document_frequencies(part) for part in parts])
    totals = np.array([part.documents for part in parts], np.int64)
    more = np.argmax(occurs / np.maximum(totals, 1)[:, None], axis=0)  # the side with a larger share
    words = np.flatnonzero(frequent & (more == counts.argmax(axis=0)))
    units = [of.in_units(compared.unit[part.documents]) for of, part in zip(parts, slices, strict=True)]
    p = np.maximum(*(_p_of_divisions(of, words) for of in (parts, units)))
    rows = [
        {
            "word": table.names[word],
            "count_a": int(counts[0, word]),
            "count_b": int(counts[1, word]),
            "documents_a": int(occurs[0, word]),
            "documents_b": int(occurs[1, word]),
            "p": max(chance, _SMALLEST),
        }
        for word, chance in zip(words.tolist(), p.tolist(), strict=True)
    ]
    chosen = np.zeros_like(frequent)
    chosen[words] = True
    return rows, left_out_words(compared, table, chosen)


def _p_of_divisions(parts: Sequence[TokenBatch], words: Ints) -> Doubles:
    """p of the documents with each word, (n,), if all were divided by chance between two parts."""
    a, b = (document_frequencies(part)[words] for part in parts)
    return hypergeometric_p(b, a + b, parts[1].documents, sum(part.documents for part in parts))
