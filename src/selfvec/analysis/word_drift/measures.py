"""What is measured of every word between two states. Which words are listed is chosen afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from selfvec.analysis.comparison.chosen_slices import BY_REFINING
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.usage.occurrence_vectors import occurrence_space
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.answer import Json, as_rows
from selfvec.base.arrays import Doubles, Hashes, Ids, Ints, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.base.progress import stage, steps
from selfvec.base.threads import at_once, in_order
from selfvec.corpus.slices import slice_counts
from selfvec.data.token_batch import TokenBatch
from selfvec.data.word_lookup import rows_of
from selfvec.numerics.nearest import nearest, only_in_each
from selfvec.numerics.rows import filled_rows
from selfvec.numerics.statistics import LEVEL, benjamini_hochberg, hypergeometric_p
from selfvec.text.document_vectors import document_frequencies
from selfvec.text.odd_words import letters_key, names_of

from .differing import DifferingUses, differing_uses
from .permutation_test import (
    Changes,
    Distances,
    DriftTest,
    changes_of,
    permutation_test,
    refinement_drift,
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


@dataclass(frozen=True, eq=False)
class CountedSides:
    """The two states that are compared, by their words."""

    names: Sequence[str]
    counts: Ints  # (2, V), of all words
    able: Mask  # (V,), words that can be measured
    least: int  # occurrences on each side; 0 if they are unknown

    @classmethod
    def of(cls, compared: Comparison, table: WordTable, least: int) -> CountedSides:
        """Two sides or, without them, the text before and after refining."""
        if compared.names:
            counts = slice_counts(compared.tokens, compared.slices)
            able = counts.min(axis=0) >= least
            if not able.any():
                rule = "no word occurs {} times in both {} and {}".format(least, *compared.names)
                wider = "compare larger slices: --between A..B C..D, or --between original refined"
                raise InputError(rule, remedy=f"{wider}; or lower --min-count")
            return cls(compared.names, counts, able, least)
        unknown = table.refined.counts is None
        able = (table.counts >= least) | unknown
        able &= filled_rows(table.original.unit) & filled_rows(table.refined.unit)
        return cls(BY_REFINING, np.stack([table.counts] * 2), able, 0 if unknown else least)


@dataclass(frozen=True)
class Measures:
    """The words that occur often enough in two states."""

    a: str  # the names of the states
    b: str
    general: float  # by how much the words that are listed by default differ beyond chance, as a median
    rows: list[Json]  # one per word, as in `drift`, but without q, which depends on the choice of words
    only_a: int  # words that occur often enough, but in one slice only; they have no row
    only_b: int
    reasons: dict[str, str]  # by word, why it is not listed by default
    unmatched: list[Json]  # words that occur often enough in one slice only, see `unmatched_words`

    @property
    def words(self) -> list[str]:
        """Those of the rows."""
        return [row["word"] for row in self.rows]


def measure_words(
    compared: Comparison,  # of two sides, or none for the text before and after refining
    table: WordTable,
    sides: CountedSides,
    test: DriftTest,
    *,
    neighbours: int = NEIGHBOURS,
) -> Measures:
    """Measure every word that occurs often enough, including words that are not listed by default."""
    measured, sliced = compared.measured_sides, bool(compared.names)
    with steps("Drift", _STEPS):
        with stage("Choosing words", None, "words"):
            reasons, (unmatched, more) = at_once(
                lambda: left_out_words(compared, table, sides.able),
                lambda: unmatched_words(compared, table, sides) if sliced else ([], {}),
            )
        ratio = sure_ratios(sides.counts)
        explained = explained_words(compared, table, unmatched)
        space = None
        if measured.names:
            # Without slices the test is where the documents move the original vectors: only these are summed.
            space = occurrence_space(measured, table, test.seed, refined=sliced)
        words = np.flatnonzero(sides.able)
        listed = possible_neighbours(table, sides.counts, sides.least)
        # In one pass over the text: the words that are tested, and those that may be their neighbours.
        often = np.flatnonzero(listed.any(axis=0) | sides.able)
        if sliced and space is not None:
            distances = permutation_test(space, words, often, test)
        else:
            distances = refinement_drift(table, space, words, test)
        both = (table.original, table.refined)
        means = distances.uses.means if distances.uses else [vectors.unit[often] for vectors in both]
        keys = table.names
        near = changed_neighbours(keys, words, often, means, listed, neighbours)
        listed_words = np.array([keys[word] not in reasons for word in words.tolist()], bool)
        changes = changes_of(distances, sides.counts[:, words].T, listed_words)
        looked_at = (often, listed_words, table.content, np.where(explained, 0.0, ratio))
        differing = differing_uses(compared, distances, *looked_at, test.seed)
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
    neighbours: Mapping[str, Sequence[list[str]]],
) -> list[Json]:
    words = measured.words.tolist()
    beside = [differing.beside.get(row, ([], [])) for row in range(len(words))]
    return as_rows(
        {
            "word": [keys[word] for word in words],
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
            "count_a": counts[0, words],
            "count_b": counts[1, words],
            "documents_a": measured.documents[:, 0],
            "documents_b": measured.documents[:, 1],
            **neighbours,
            **{
                name: [
                    [{"word": keys[other], "share_a": a, "share_b": b} for other, a, b in of[side]]
                    for of in beside
                ]
                for side, name in enumerate(("came_beside", "went_beside"))
            },
        }
    )


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
) -> dict[str, list[list[str]]]:
    """The neighbours that each word has gained and lost."""
    near = np.full((2, len(words), most), -1, np.int64)
    with stage("Neighbours", 2 * len(words), "words") as advance:
        for neighbours, rows, allowed in zip(near, means, listed, strict=True):
            with_vector = filled_rows(rows)
            among = often[with_vector]
            able = np.flatnonzero(np.isin(words, among))
            places = np.searchsorted(among, words[able])
            best = nearest(rows[with_vector], places, most, among=allowed[among], advance=advance)
            neighbours[able] = np.where(best >= 0, among[best], -1)
    changes = zip(*map(only_in_each, *near.tolist()), strict=True)
    return {
        name: [[keys[i] for i in of if i >= 0] for of in neighbours]
        for name, neighbours in zip(("gained", "lost"), changes, strict=False)
    }


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
    rows = as_rows(
        {
            "word": [table.names[word] for word in words.tolist()],
            "count_a": counts[0, words],
            "count_b": counts[1, words],
            "documents_a": occurs[0, words],
            "documents_b": occurs[1, words],
            "p": np.maximum(p, _SMALLEST),
        }
    )
    chosen = np.zeros_like(frequent)
    chosen[words] = True
    return rows, left_out_words(compared, table, chosen)


def _p_of_divisions(parts: Sequence[TokenBatch], words: Ints) -> Doubles:
    """p of the documents with each word, (n,), if all were divided by chance between two parts."""
    a, b = (document_frequencies(part)[words] for part in parts)
    return hypergeometric_p(b, a + b, parts[1].documents, sum(part.documents for part in parts))


def counted_sides(
    compared: Comparison, table: WordTable, words: Sequence[str], language: str | None, least: int
) -> tuple[CountedSides, set[str], list[Json]]:
    """The two states, the named words that can be measured, and of others the reason and their counts.

    Raises `InputError` if words are named and none can be measured.
    """
    sides = CountedSides.of(compared, table, least)
    rows, unknown = rows_of(words, [table.refined], language)
    unknown = [each | {"count_a": 0, "count_b": 0} for each in unknown]
    measured = set()
    for _, row in rows:
        word = table.names[row]
        if sides.able[row]:
            measured.add(word)
        else:
            unknown.append(_unmeasured(table, word, sides))
    if words and not measured:
        rule = "; ".join(f"{word['word']!r} {word['reason']}" for word in unknown)
        raise InputError(rule, remedy="compare larger slices, or lower --min-count")
    return sides, measured, unknown


def _unmeasured(table: WordTable, word: str, sides: CountedSides) -> Json:
    """A word that cannot be measured, the reason and its counts."""
    a, b = sides.counts[:, table.refined.key_to_index[word]].tolist()
    few = [side for side, n in zip(sides.names, (a, b), strict=True) if n < sides.least]
    reason = f"has no vector in {' or '.join(sides.names)}"
    if few:
        seen = "" if sides.names[0] == "original" else f" in {' or '.join(few)}"
        times = " and ".join(str(n) for n in dict.fromkeys((a, b)) if n < sides.least)
        reason = f"occurs too rarely{seen} to be measured: {times} times, and {sides.least} are needed"
    counted = {"count": table.count(word), "count_a": a, "count_b": b}
    return {"word": word, "reason": reason} | counted


# ---- Why a word is not listed by default
# A copyright line at the end of every document of one year would make *reserved* the word that changed most.
# Therefore a word is left out if most of its occurrences in a slice have the same words next to them.


_SHARE = 0.5  # of the occurrences of a word in a slice; with a larger share in repeated text it is left out
_MOST = 0.1  # of the words; if more are in repeated text, none is left out for this


def left_out_words(
    compared: Comparison,
    table: WordTable,
    able: Mask,  # (V,), words that occur often enough
) -> dict[str, str]:
    """Words that are not listed by default, with the reason: stop words, numbers or repeated text."""
    stops, numbers = table.stop_words, ~table.with_letters
    repeated = _is_repeated(compared, able & ~stops & ~numbers, numbers)
    reasons = np.select([stops, numbers, repeated], ["stop words", "numbers", "repeated text"], "")
    return {table.names[i]: str(reasons[i]) for i in np.flatnonzero(able & (reasons != "")).tolist()}


def _is_repeated(compared: Comparison, words: Mask, numbers: Mask) -> Mask:
    """Words with most of their occurrences in a slice in repeated text, (V,) bool.

    All false if these are more than a tenth of the ``words``, because the whole corpus is then repeated text.
    """

    def repeated(part: TokenBatch) -> Mask:
        return repeated_occurrences(part, words, numbers) > _SHARE * part.counts

    dropped = words & np.any(
        [*in_order(compared.measured_sides.parts, repeated), np.zeros_like(words)], axis=0
    )
    return dropped if dropped.sum() <= _MOST * words.sum() else np.zeros_like(dropped)


# ---- Marks: names, numbers and other spellings
# Names and numbers change with the news, and spellings with the press. They are listed after the words
# whose uses differ.


WORD = "word"


def mark_words(compared: Comparison, table: WordTable, rows: Sequence[Json], min_count: int) -> None:
    """Add to each row its ``kind``, and the ``variants`` of its word: other spellings, most frequent first.

    ``spellings_a`` and ``spellings_b`` count the occurrences of all its spellings: a word that changed its
    spelling only is as frequent as before.

    The kind is "number" for words that begin with a digit, such as 2nd, "variant" for words that have a more
    frequent spelling, "name" for words that the documents mostly capitalise, otherwise "word". Without
    the text no word is a name.
    """
    words = [str(row["word"]) for row in rows]
    slices = compared.measured_sides.slices
    names = names_of(
        compared.text, words, np.flatnonzero(np.any([part.documents for part in slices], axis=0))
    )
    groups: dict[int, list[str]] = {}  # words that are spelled differently, most frequent first
    for i in np.flatnonzero(table.counts >= min_count).tolist():
        groups.setdefault(int(table.first_spellings[i]), []).append(table.names[i])
    counts = slice_counts(compared.tokens, slices).tolist() if slices else None
    for row, word, name in zip(rows, words, names.tolist(), strict=True):
        first = int(table.first_spellings[table.refined.key_to_index[word]])
        spellings = [*groups.get(first, ()), *_confused(row, table)]
        row["variants"] = [other for other in dict.fromkeys(spellings) if other != word]
        together = table.numbers([word, *row["variants"]]).tolist()
        for side, counted in (("a", 0), ("b", -1)):
            row[f"spellings_{side}"] = None if counts is None else sum(counts[counted][i] for i in together)
        rarer = any(table.count(other) > table.count(word) for other in row["variants"])
        number = word[:1].isdigit()
        row["kind"] = "number" if number else "variant" if rarer else "name" if name else WORD


def _confused(row: Json, table: WordTable) -> Iterable[str]:
    """A more frequent word with letters like those of a row's word that is also one of its neighbours."""
    key = letters_key(row["word"])
    near = [word for word in (*row.get("gained", ()), *row.get("lost", ())) if letters_key(word) == key]
    return [word for word in near if table.count(word) > table.count(row["word"])][:1]


# ---- Repeated text
# The words next to an occurrence are hashed. Hashes are sorted for a share of the words at a time, so memory
# does not grow with the text.


ADJACENT = 5  # words before an occurrence, or after it, that are the same in repeated text
FEWEST = 3  # least number of these words, and of the occurrences that share them
_HASHED = 1 << 21  # occurrences at a time
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 by the golden ratio, odd: it spreads numbers in a row


def repeated_occurrences(batch: TokenBatch, words: Mask, numbers: Mask) -> Ints:
    """Occurrences of each word that share the five words before, or after them, with two others, (V,).

    The larger of the two numbers; 0 for words not among the ``words``, (V,). All ``numbers``, (V,), count as
    the same word. Occurrences with fewer than three other words next to them are not counted.

    >>> lines = [["all", "rights", "reserved", "by", "us", "here"]] * 3 + [["she", "reserved", "a", "table"]]
    >>> batch = TokenBatch.from_documents(lines)
    >>> repeated_occurrences(batch, np.ones(9, bool), np.zeros(9, bool))[batch.types.index("reserved")].item()
    3
    """
    most = np.zeros(len(words), np.int64)
    share = np.cumsum(np.where(words, batch.counts, 0)) // _HASHED  # of each word
    for number in np.unique(share[words]):
        places = np.flatnonzero((words & (share == number))[batch.ids])
        for step in (-1, 1):  # the words before, the words after
            keys, known = _keys(batch, places, step, numbers)
            most = np.maximum(most, _often(keys[known], batch.ids[places[known]], len(most)))
    return most


def _keys(batch: TokenBatch, places: Ints, step: int, numbers: Mask) -> tuple[Hashes, Mask]:
    """A hash of each occurrence and the words on one side, (n,), and whether enough of these are words."""
    documents = batch.document_of(places)
    first, end = batch.offsets[documents], batch.offsets[documents + 1]
    keys = batch.ids[places].astype(np.uint64)
    others = np.zeros(len(places), np.int64)  # neighbours that are words
    for distance in range(1, ADJACENT + 1):
        near = places + step * distance
        inside = (near >= first) & (near < end)
        ids = batch.ids[np.where(inside, near, places)]
        is_number = numbers[ids]
        others += inside & ~is_number
        named = np.where(is_number, len(numbers), ids) + 1
        keys = (keys ^ keys >> np.uint64(29)) * _MIX + np.where(inside, named, 0).astype(np.uint64)
    return keys, others >= FEWEST


def _often(keys: Hashes, owners: Ids, types: int) -> Ints:
    """Number of occurrences of each word whose key at least `FEWEST` occurrences share, (V,)."""
    order = np.argsort(keys)  # not stable, which takes longer: a key is of one word
    first = np.flatnonzero(np.append(True, np.diff(keys[order]) != 0))[: len(keys)]
    times = np.diff(first, append=len(keys))
    often = times >= FEWEST
    held = np.bincount(owners[order[first[often]]], times[often], minlength=types)
    return held.astype(np.int64)
