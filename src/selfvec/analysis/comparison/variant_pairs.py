"""Pairs of words of which one vanishes as the other comes, in the same contexts: *acft* → *aircraft*.

A word that is written otherwise is another word to everything that counts words, and so is each neighbour
that it has. Neighbours are often replaced at the same time. So contexts are compared by the words that both
sides have, and again after the pairs found so far have been joined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from selfvec.analysis.word_kinds import with_letters
from selfvec.analysis.word_neighbours import abbreviates
from selfvec.base.answer import Json
from selfvec.base.arrays import Doubles, Ids, Ints, Mask, Rows
from selfvec.base.characters import without_accents
from selfvec.corpus.slices import Slice, documents_of
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, bounds_of
from selfvec.data.vectors import Source
from selfvec.numerics.rows import sampled
from selfvec.storage.cache import kept_result
from selfvec.text.document_vectors import document_frequencies, places_among
from selfvec.text.odd_words import letters_key, spelling_key

_FORMAT = 5  # of what is kept in a cache: another number, and what an older version kept is made again
_FEWEST = 5  # documents with a word that vanishes or comes, on the side that has it
VANISHED = 5  # times rarer on the other side; an old habit dies out slowly
_CERTAIN = 3.0  # deviations by which the shares of documents differ: one in 400 by chance
_LISTED = 500  # words that go, and that come, at most: those that differ most certainly
_BASIS = 2_000  # most frequent words of both sides that contexts are compared by
_OFFSETS = (-2, -1, 1, 2)  # near words, in order, tell how a word is used; far ones tell the subject
_SAMPLED = 400  # occurrences of a word
_SPLITS = 10  # random halves of the occurrences of both words
# Contexts of both agree as those of one word do: the cosine of most of these words, which both sides have,
# is a larger share of that of random halves. They tell how far the text itself moved apart. (Of planted
# abbreviations it is .88 and more; of words whose letters agree by accident .41 at most.)
_CONTROLS, _LOWEST = 60, 0.1
_NEAR, _NEAREST = 0.7, 0.85  # the bounds of what is asked for
# A word without such letters stands where another stood if both are frequent, as frequent up to this ratio,
# and used alike: subjects that come as others go use their words otherwise, with a cosine of .17 at most.
_OFTEN, _AS_OFTEN, _ALIKE = 20, 2, 0.25
_ROUNDS = 3  # at most: it ends where a round finds the pairs of the one before
_REPLACED = 0.5  # of a word that one side writes in one: the other writes as many in two, at least
_CANDIDATES = 3  # words whose contexts are nearest, that are looked at for each word
_LONGEST_X = 4  # letters of an abbreviation that ends in x
_SMOOTHED = 0.5  # added to counts of neighbours


def written_apart(parts: Sequence[TokenBatch]) -> list[Json]:
    """Words that one of two sides writes in two, such as *web site* beside *website*.

    A row has the ``word``, how it is written ``apart``, and how often each occurs, as ``word_a``, ``word_b``,
    ``apart_a`` and ``apart_b``. The most frequent come first.
    """
    names = parts[0].types
    index = {name: number for number, name in enumerate(names)}
    moves = moves_of(parts)
    moved = np.concatenate([moves.going, moves.coming])
    cuts = [
        (row, index[names[row][:i]], index[names[row][i:]])
        for row in moved[moves.sharp[moved]].tolist()
        for i in range(1, len(names[row]))
        if names[row][:i] in index and names[row][i:] in index
    ]
    if not cuts:
        return []
    whole, first, second = np.array(cuts).T
    codes = first * len(names) + second
    wanted = np.unique(codes)
    counts = np.stack([_together(part, wanted)[np.searchsorted(wanted, codes)] for part in parts])
    sizes = np.array([[max(part.documents, 1)] for part in parts])
    rates, of_whole = counts / sizes, np.stack([part.counts[whole] for part in parts]) / sizes
    here = np.argmin(of_whole, axis=0)  # the side that writes it apart
    own = np.arange(len(cuts))
    replaced = (counts[here, own] >= _FEWEST) & (rates[here, own] >= VANISHED * rates[1 - here, own])
    replaced &= rates[here, own] >= _REPLACED * of_whole[1 - here, own]
    best: dict[int, Json] = {}
    for i in np.argsort(-counts.max(axis=0), kind="stable").tolist():
        if replaced[i]:
            row = {"word": names[whole[i]], "apart": f"{names[first[i]]} {names[second[i]]}"}
            for side, part in enumerate(parts):
                row |= {f"word_{'ab'[side]}": int(part.counts[whole[i]])}
                row |= {f"apart_{'ab'[side]}": int(counts[side, i])}
            best.setdefault(int(whole[i]), row)
    return list(best.values())


def _together(part: TokenBatch, wanted: Ints) -> Ints:
    """How often each pair of words in a row occurs, (n,); pairs are numbers, rising."""
    codes = part.ids[:-1].astype(np.int64) * len(part.types) + part.ids[1:]
    inside = np.ones(len(codes), bool)
    inside[part.offsets[1:-1][(part.offsets[1:-1] > 0) & (part.offsets[1:-1] < len(part))] - 1] = False
    place = np.minimum(np.searchsorted(wanted, codes), len(wanted) - 1)
    return np.bincount(place[inside & (wanted[place] == codes)], minlength=len(wanted))


@dataclass(frozen=True)
class Moves:
    """The words that become rarer and those that become more frequent, as rows of the vocabulary."""

    going: Ints
    coming: Ints
    often: Mask  # (V,), words that would be seen to move
    sharp: Mask  # (V,), nearly absent on one side
    shared: Ints  # words that both sides have, the most frequent first
    last: Mask  # (V,), the last words of documents for the most part
    one_sided: tuple[Ints, Ints]  # those nearly absent on the second side, and on the first


def relation(a: str, b: str) -> str:
    """How the spelling of two words is related; empty if it is not.

    >>> [relation(*pair.split()) for pair in ("acft aircraft", "e-mail email", "café cafe", "fax email")]
    ['abbreviation', 'hyphen', 'accents', '']
    >>> relation("wx", "weather"), relation("unit", "united"), relation("had", "hadn't")
    ('abbreviation', 'ending', '')
    >>> relation("Hail", "hail"), relation("colour", "color"), relation("moming", "morning")
    ('case', 'spelling', 'misread')
    """
    if a.casefold() == b.casefold():
        return "case"
    if a.replace("-", "") == b.replace("-", ""):
        return "hyphen"
    if without_accents(a).casefold() == without_accents(b).casefold():
        return "accents"
    if spelling_key(a) == spelling_key(b):
        return "spelling"
    if letters_key(a) == letters_key(b):
        return "misread"
    short, long = sorted((a.lower(), b.lower()), key=len)
    # In aviation and medicine an x stands for the rest of a word: wx, pax, rx, hx.
    rest_left_out = 2 <= len(short) <= _LONGEST_X and short[-1] == "x" and long.startswith(short[:-1])
    if not (rest_left_out or abbreviates(short, long)):
        return ""
    if "'" in long[len(short) :].replace("’", "'"):
        return ""  # hadn't denies had
    # A stem lacks an ending; an abbreviation lacks most of the word, or what is between its letters.
    return "ending" if long.startswith(short) and len(long) <= 2 * len(short) else "abbreviation"


def variant_pairs(run: Run, batch: TokenBatch | None, slices: Sequence[Slice]) -> list[Json]:
    """Pairs of words of which one vanishes, and the other comes, from one slice of a run's text to another.

    A row has the ``word`` as it is written out, its ``variant``, their ``relation``, the counts of both on
    both sides, the ``cosine`` of their contexts, and what it is ``expected`` to be: that of random halves of
    the occurrences of both. ``certain`` are pairs with a relation and near-equal contexts; the others are
    listed for a person to judge: ``replaces`` says whether one took the place of the other, as frequent.
    Certain pairs come first, of these the most frequent. They are kept in the run's cache. There are none
    without two slices.
    """
    if batch is None or not slices:
        return []

    def make() -> dict[str, list[Json]]:
        initial = run.original.sources == Source.KNOWN
        return {"rows": pairs_between([batch.part(part.documents) for part in slices], initial)}

    rows: list[Json] = kept_result(run, "variants", (_FORMAT, len(batch), *documents_of(slices)), make)[
        "rows"
    ]
    return rows


def pairs_between(parts: Sequence[TokenBatch], initial: Mask) -> list[Json]:
    """The rows of `variant_pairs` between two texts over V types; the ``initial``, (V,), had vectors."""
    names = parts[0].types
    moves = moves_of(parts)
    if not (len(moves.going) and len(moves.coming)):
        return []
    pairs: dict[int, int] = {}
    judged: list[_Pair] = []
    least = _usual_agreement(parts, moves)
    for _ in range(_ROUNDS):
        # Neighbours are often replaced at once. Pairs found so far are one word to the next round.
        judged = _judged(names, moves, _Contexts.of(parts, moves, pairs), least)
        joined = {pair.gone: pair.came for pair in judged if pair.relation and pair.near}
        if joined == pairs:
            break
        pairs = joined
    counts = np.stack([part.counts for part in parts])
    # The side that misread letters has fewer of the words that a dictionary would have.
    misread = [(pair.gone, pair.came) for pair in judged if pair.near and pair.relation == "misread"]
    gone, came = initial[np.array(misread, np.int64).reshape(-1, 2)].sum(axis=0)
    rates = counts / np.array([[max(len(part), 1)] for part in parts])
    rows = [
        _row(names, counts, pair, came_misread=bool(gone > came))
        | {"replaces": _replaces(names, pair, moves, counts, rates)}
        for pair in judged
        if pair.near
    ]
    return sorted(rows, key=lambda row: (not row["certain"], -row["variant_a"] - row["variant_b"]))


def _replaces(names: Sequence[str], pair: _Pair, moves: Moves, counts: Ints, rates: Doubles) -> bool:
    """Whether the word that came stands where another word stood, as often as it did.

    Where not twice as many words stay as move, as in a text about something else, contexts cannot tell.
    """
    words, own = [pair.gone, pair.came], ((0, 1), (pair.gone, pair.came))
    others = not pair.relation and all(names[word].isalpha() for word in words)
    as_often = rates[own].max() <= _AS_OFTEN * rates[own].min() and counts[own].min() >= _OFTEN
    most_stay = 2 * (len(moves.going) + len(moves.coming)) <= len(moves.shared)
    return bool(others and most_stay and moves.sharp[words].all() and as_often and pair.cosine >= _ALIKE)


def _row(names: Sequence[str], counts: Ints, pair: _Pair, *, came_misread: bool) -> Json:
    # The written out form names the pair; of other pairs, the word that came, which is how it is written now.
    word, variant = pair.came, pair.gone
    shorter = pair.relation == "abbreviation" and len(names[word]) < len(names[variant])
    if shorter or (pair.relation == "misread" and came_misread):
        word, variant = variant, word
    numbers = {
        f"{what}_{side}": int(counts[i, row])
        for what, row in (("word", word), ("variant", variant))
        for i, side in enumerate("ab")
    }
    return {
        "word": names[word],
        "variant": names[variant],
        "relation": pair.relation,
        **numbers,
        "cosine": round(pair.cosine, 4),
        "expected": round(pair.expected, 4),
        "certain": bool(pair.relation),
    }


def moves_of(parts: Sequence[TokenBatch]) -> Moves:
    """The words that move from one text to another, by the documents that have them."""
    counts = np.stack([part.counts for part in parts])
    documents = np.stack([document_frequencies(part) for part in parts])
    totals = np.array([max(part.documents, 1) for part in parts])
    rates = documents / totals[:, None]
    share = documents.sum(axis=0) / totals.sum()
    error = np.sqrt(share * (1 - share) * (1 / totals).sum())
    change = np.divide(rates[1] - rates[0], error, out=np.zeros(len(share)), where=error > 0)
    own = np.take_along_axis(documents, rates.argmax(axis=0)[None], axis=0)[0]
    lasts = [part.ids[part.offsets[1:][part.lengths > 0] - 1] for part in parts]
    last = 2 * np.bincount(np.concatenate(lasts), minlength=len(own)) >= counts.sum(axis=0)
    often = with_letters(parts[0].types) & (own >= _FEWEST)
    sharp = often & (rates.max(axis=0) >= VANISHED * rates.min(axis=0))
    order = np.argsort(-np.abs(change), kind="stable")
    moved = order[often[order] & (np.abs(change[order]) >= _CERTAIN)]
    both = np.flatnonzero((counts.min(axis=0) >= _FEWEST) & ~sharp)
    shared = both[np.argsort(-counts[:, both].min(axis=0), kind="stable")][:_BASIS]
    going, coming = (moved[way][:_LISTED] for way in (change[moved] < 0, change[moved] > 0))
    sides = [np.flatnonzero(sharp & way) for way in (rates[0] > rates[1], rates[0] < rates[1])]
    return Moves(going, coming, often, sharp, shared, last, (sides[0], sides[1]))


@dataclass(frozen=True)
class _Contexts:
    """Occurrences of words that go or come, by the words near them that both sides have."""

    near: Ids  # (n, 4), the numbers of the near words, of each place in its own range; -1 for none
    starts: Ints  # (m + 1,), the first occurrence of each word: those that go, then those that come
    usual: Doubles  # (F,), how frequent each number is

    @classmethod
    def of(cls, parts: Sequence[TokenBatch], moves: Moves, pairs: Mapping[int, int]) -> _Contexts:
        """Those of the words that go in the first part, and of those that come in the second.

        ``pairs`` are words that are known to be one.
        """
        names = np.full(len(parts[0].types), -1, np.int32)
        names[moves.shared] = np.arange(len(moves.shared))
        for number, pair in enumerate(pairs.items(), len(moves.shared)):
            names[list(pair)] = number
        size = len(moves.shared) + len(pairs)
        rng = np.random.default_rng(0)
        drawn = [
            _near_words(part, words, names, size, rng)
            for part, words in zip(parts, (moves.going, moves.coming), strict=True)
        ]
        counts = np.zeros(size)
        for part in parts:
            np.add.at(counts, names[names >= 0], part.counts[names >= 0])
        usual = np.tile((counts + _SMOOTHED) / sum(map(len, parts)), len(_OFFSETS))
        sizes = np.concatenate([sizes for _, sizes in drawn])
        return cls(np.concatenate([near for near, _ in drawn]), bounds_of(sizes), usual)

    def of_word(self, number: int) -> Ids:
        """The near words of its occurrences, (n, 4)."""
        return self.near[self.starts[number] : self.starts[number + 1]]

    def direction(self, near: Ids) -> Rows:
        """Occurrences as one unit vector: by how much more often than usual each near word occurs, (F,)."""
        counts = np.bincount(near[near >= 0], minlength=len(self.usual))
        met = np.flatnonzero(counts)
        out = np.zeros(len(self.usual), np.float32)
        out[met] = np.log(np.maximum(counts[met] / (len(near) * self.usual[met]), 1))
        length = float(np.linalg.norm(out))
        return out / length if length else out


def _near_words(
    part: TokenBatch, words: Ints, names: Ids, size: int, rng: np.random.Generator
) -> tuple[Ids, Ints]:
    """The near words of some occurrences of each word, (n, 4), word by word; and the number of each."""
    place = places_among(part, words)
    places = rng.permutation(np.flatnonzero(place[part.ids] >= 0))
    owners = place[part.ids[places]]
    order = np.argsort(owners, kind="stable")
    sizes = np.bincount(owners, minlength=len(words))
    rank = np.arange(len(places)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = places[order][rank < _SAMPLED]
    around = places[:, None] + np.array(_OFFSETS)
    documents = part.document_of(places)
    inside = (around >= part.offsets[documents][:, None]) & (around < part.offsets[documents + 1][:, None])
    found = names[part.ids[np.clip(around, 0, max(len(part) - 1, 0))]]
    near = np.where(inside & (found >= 0), found + size * np.arange(len(_OFFSETS)), -1)
    return near.astype(np.int32), np.minimum(sizes, _SAMPLED)


class _Pair(NamedTuple):
    """A word that goes and one that comes."""

    gone: int
    came: int
    relation: str
    cosine: float
    expected: float
    least: float  # share of the expected cosine that one word has on both sides

    @property
    def near(self) -> bool:
        """Whether their contexts agree as those of one word on both sides do."""
        return self.cosine > 0 and self.cosine >= self.least * self.expected


def _usual_agreement(parts: Sequence[TokenBatch], moves: Moves) -> float:
    """The share of the cosine of random halves that the contexts of a word on both sides reach at least."""
    rng = np.random.default_rng(0)
    among = moves.shared[len(moves.shared) // 10 :]  # words of function agree better
    chosen = sampled(among, _CONTROLS, rng)
    contexts = _Contexts.of(parts, replace(moves, going=chosen, coming=chosen), {})
    shares = []
    for i in range(len(chosen)):
        halves = _of_halves(contexts, i, len(chosen) + i, rng)
        a, b = (contexts.direction(contexts.of_word(j)) for j in (i, len(chosen) + i))
        if halves > 0:
            shares.append(float(a @ b) / halves)
    if len(shares) < _CONTROLS // 3:
        return _NEAR
    return float(np.clip(np.quantile(shares, _LOWEST), _NEAR, _NEAREST))


def _judged(names: Sequence[str], moves: Moves, contexts: _Contexts, least: float) -> list[_Pair]:
    """Pairs whose contexts are among the nearest; each word is in one pair."""
    every = np.stack([contexts.direction(contexts.of_word(i)) for i in range(len(contexts.starts) - 1)])
    going = len(moves.going)
    cosines = every[:going] @ every[going:].T
    near = np.zeros(cosines.shape, bool)
    for axis in (0, 1):
        best = np.argsort(-cosines, axis=axis, kind="stable")
        few = best.take(range(min(_CANDIDATES, cosines.shape[axis])), axis=axis)
        np.put_along_axis(near, few, True, axis)
    near &= moves.sharp[moves.going][:, None] | moves.sharp[moves.coming]
    rng = np.random.default_rng(0)
    judged = []
    for i, j in np.argwhere(near).tolist():
        gone, came = int(moves.going[i]), int(moves.coming[j])
        related = relation(names[gone], names[came])
        if related == "abbreviation" and moves.last[min(gone, came, key=lambda word: len(names[word]))]:
            continue  # what is left of a word where a document was cut off
        if related or (cosines[i].argmax() == j and cosines[:, j].argmax() == i):
            expected = _of_halves(contexts, i, going + j, rng)
            judged.append(_Pair(gone, came, related, float(cosines[i, j]), expected, least))
    judged.sort(key=lambda pair: (not pair.relation, -pair.cosine))
    paired: set[int] = set()
    once = []
    for pair in judged:
        if paired.isdisjoint((pair.gone, pair.came)):
            once.append(pair)
            paired.update((pair.gone, pair.came) if pair.near else ())
    return once


def _of_halves(contexts: _Contexts, one: int, other: int, rng: np.random.Generator) -> float:
    """The mean cosine of random divisions of the occurrences of two words, as uneven as they are."""
    first, second = contexts.of_word(one), contexts.of_word(other)
    both = np.concatenate([first, second])
    total = 0.0
    for _ in range(_SPLITS):
        order = rng.permutation(len(both))
        halves = order[: len(first)], order[len(first) :]
        a, b = (contexts.direction(both[half]) for half in halves)
        total += float(a @ b)
    return total / _SPLITS
