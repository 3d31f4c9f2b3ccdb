"""Rules of writing: forms of which one vanishes as the other comes, as *acft* and *aircraft*, *our* and *or*.

A word that is written otherwise is another word to everything that counts words, and so is each neighbour
that it has. Neighbours are often replaced at the same time. So contexts are compared by the words that both
sides have, and again after the pairs found so far have been joined.

Two words that differ in one place name a rule of letters: *colour* and *color*, *our* → *or*. Letters agree
by chance, too: *storm* went and *storms* came. So all pairs of the vocabulary that a rule relates are
counted, and how many of them chance would part, had other words gone and come.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from selfvec.analysis.word_kinds import with_letters
from selfvec.analysis.word_neighbours import abbreviates
from selfvec.base.answer import Json
from selfvec.base.arrays import Ids, Ints, Mask, Rows
from selfvec.base.characters import without_accents
from selfvec.base.display import count_of, printable
from selfvec.base.finding import Finding, Remedy
from selfvec.corpus.dates import MONTHS
from selfvec.corpus.slices import Slice, documents_of
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source
from selfvec.numerics.rows import sampled
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.storage.cache import kept_result
from selfvec.text.document_vectors import document_frequencies, places_among
from selfvec.text.odd_words import letters_key, spelling_key

from .comparison import DIFFERENT

_FEWEST = 5  # documents with a word that vanishes or comes, on the side that has it
_VANISHED = 5  # times rarer on the other side; an old habit dies out slowly
_CERTAIN = 3.0  # deviations by which the shares of documents differ: one in 400 by chance
_LISTED = 500  # words that go, and that come, at most: those that differ most certainly
_BASIS = 2_000  # most frequent words of both sides that contexts are compared by
_OFFSETS = np.array(
    [-2, -1, 1, 2]
)  # near words, in order, tell how a word is used; far ones tell the subject
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
_LETTERS = 3  # that a rule changes, at most
_PAIRS = 3  # of a rule, at least
_START, _END = " at the beginning", " at the end"


class Moves(NamedTuple):
    """The words that become rarer or more frequent from one text to another, as rows of the vocabulary."""

    going: Ints  # by documents that have them, the most certain first
    coming: Ints
    often: Mask  # (V,), words that would be seen to move
    sharp: Mask  # (V,), nearly absent on one side
    later: Mask  # (V,), rarer on the first side
    shared: Ints  # words that both sides have, the most frequent first
    last: Mask  # (V,), the last words of documents for the most part

    @classmethod
    def of(cls, parts: Sequence[TokenBatch]) -> Moves:
        counts = np.stack([part.counts for part in parts])
        documents = np.stack([document_frequencies(part) for part in parts])
        totals = np.array([max(part.documents, 1) for part in parts])
        rates = documents / totals[:, None]
        share = documents.sum(axis=0) / totals.sum()
        error = np.sqrt(share * (1 - share) * (1 / totals).sum())
        change = (rates[1] - rates[0]) / np.maximum(error, 1e-12)
        later = rates[1] > rates[0]
        often = with_letters(parts[0].types) & (np.where(later, documents[1], documents[0]) >= _FEWEST)
        sharp = often & (rates.max(axis=0) >= _VANISHED * rates.min(axis=0))
        order = np.argsort(-np.abs(change), kind="stable")
        moved = order[(often & (np.abs(change) >= _CERTAIN))[order]]
        both = np.flatnonzero((counts.min(axis=0) >= _FEWEST) & ~sharp)
        shared = both[np.argsort(-counts[:, both].min(axis=0), kind="stable")][:_BASIS]
        lasts = np.concatenate([part.ids[part.offsets[1:][part.lengths > 0] - 1] for part in parts])
        last = 2 * np.bincount(lasts, minlength=len(later)) >= counts.sum(axis=0)
        going, coming = (moved[way][:_LISTED] for way in (~later[moved], later[moved]))
        return cls(going, coming, often, sharp, later, shared, last)


# ---- Pairs of words


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

    key = (len(batch), *documents_of(slices))
    rows: list[Json] = kept_result(run, "variants", key, make)["rows"]
    return rows


def pairs_between(parts: Sequence[TokenBatch], initial: Mask) -> list[Json]:
    """The rows of `variant_pairs` between two texts over V types; the ``initial``, (V,), had vectors."""
    moves = Moves.of(parts)
    if not (len(moves.going) and len(moves.coming)):
        return []
    pairs: list[_Pair] = []
    least = _usual_agreement(parts, moves)
    for _ in range(_ROUNDS):
        # Neighbours are often replaced at once. Pairs found so far are one word to the next round.
        before = [pair[:2] for pair in pairs if pair.relation]
        pairs = _nearest_pairs(parts[0].types, moves, _Contexts(parts, moves, before), least)
        if before == [pair[:2] for pair in pairs if pair.relation]:
            break
    # The side that misread letters has fewer of the words that a dictionary would have.
    misread = [pair[:2] for pair in pairs if pair.relation == "misread"]
    gone, came = initial[np.array(misread, np.int64).reshape(-1, 2)].sum(axis=0)
    rows = [_row(parts, moves, pair, came_misread=bool(gone > came)) for pair in pairs]
    return sorted(rows, key=lambda row: (not row["certain"], -row["variant_a"] - row["variant_b"]))


def _row(parts: Sequence[TokenBatch], moves: Moves, pair: _Pair, *, came_misread: bool) -> Json:
    names, words = parts[0].types, [pair.came, pair.gone]
    # The written out form names the pair; of other pairs, the word that came, which is how it is written now.
    shorter = pair.relation == "abbreviation" and len(names[pair.came]) < len(names[pair.gone])
    if shorter or (pair.relation == "misread" and came_misread):
        words.reverse()
    counts = np.stack([part.counts[words] for part in parts], axis=1)
    # By how much either moved: one may have taken the place of another in a part of its uses only.
    rates = np.abs(np.diff(counts / np.array([max(len(part), 1) for part in parts]))[:, 0])
    # Where not twice as many words stay as move, as in a text about something else, contexts cannot tell.
    most_stay = 2 * (len(moves.going) + len(moves.coming)) <= len(moves.shared)
    as_often = rates.max() <= _AS_OFTEN * rates.min() and counts.max(axis=1).min() >= _OFTEN
    others = not pair.relation and all(names[word].isalpha() for word in words)
    others = others and any(
        names[word].casefold() not in MONTHS for word in words
    )  # what differs is the season
    replaces = others and most_stay and as_often and pair.cosine >= _ALIKE
    return {
        **_counted(names[words[0]], names[words[1]], pair.relation, counts),
        "cosine": round(pair.cosine, 4),
        "expected": round(pair.expected, 4),
        "certain": bool(pair.relation),
        "replaces": bool(replaces),
    }


def _counted(word: str, variant: str, relation: str, counts: Ints) -> Json:
    """A pair with the counts of both forms on both sides, (2, 2)."""
    numbers = zip(("word_a", "word_b", "variant_a", "variant_b"), counts.ravel().tolist(), strict=True)
    return {"word": word, "variant": variant, "relation": relation, **dict(numbers)}


def relation(a: str, b: str) -> str:
    """How the spelling of two words is related; empty if it is not.

    >>> [relation(*pair.split()) for pair in ("acft aircraft", "e-mail email", "café cafe", "fax email")]
    ['abbreviation', 'hyphen', 'accents', '']
    >>> relation("wx", "weather"), relation("unit", "united"), relation("had", "hadn't")
    ('abbreviation', 'ending', '')
    >>> relation("Hail", "hail"), relation("colour", "color"), relation("moming", "morning")
    ('case', 'spelling', 'misread')
    """
    for name, key in _KEYS.items():
        if key(a) == key(b):
            return name
    short, long = sorted((a.lower(), b.lower()), key=len)
    # In aviation and medicine an x stands for the rest of a word: wx, pax, rx, hx.
    rest_left_out = 2 <= len(short) <= _LONGEST_X and short[-1] == "x" and long.startswith(short[:-1])
    if not (rest_left_out or abbreviates(short, long)):
        return ""
    if re.search(r"['’\d]", long[len(short) :]):
        return ""  # hadn't denies had, and fl230 is one of many fl
    # A stem lacks an ending; an abbreviation lacks most of the word, or what is between its letters.
    return "ending" if long.startswith(short) and len(long) <= 2 * len(short) else "abbreviation"


_KEYS: dict[str, Callable[[str], str]] = {  # what spellings that are so related share
    "case": str.casefold,
    "hyphen": lambda word: word.replace("-", ""),
    "accents": lambda word: without_accents(word).casefold(),
    "spelling": spelling_key,
    "misread": letters_key,
}


class _Pair(NamedTuple):
    """A word that goes and one that comes."""

    gone: int
    came: int
    relation: str
    cosine: float
    expected: float


class _Contexts:
    """Occurrences of words that go, then of those that come, by the words near them that both sides have."""

    def __init__(self, parts: Sequence[TokenBatch], moves: Moves, pairs: Sequence[tuple[int, int]]) -> None:
        """Those of the words that go in the first part, and of those that come in the second.

        ``pairs`` are words that are known to be one.
        """
        names = np.full(len(parts[0].types), -1, np.int32)
        names[moves.shared] = np.arange(len(moves.shared))
        size = len(moves.shared) + len(pairs)
        for number, pair in enumerate(pairs, len(moves.shared)):
            names[list(pair)] = number
        counts = sum(np.bincount(names[part.ids] + 1, minlength=size + 1)[1:] for part in parts)
        usual = (counts + _SMOOTHED) / sum(map(len, parts))
        self.usual = np.tile(usual, len(_OFFSETS))  # (F,), how frequent each number is
        words = zip(parts, (moves.going, moves.coming), strict=True)
        self.near = [near for part, own in words for near in _near_words(part, own, names, size)]
        self.directions = np.stack([self.direction(near) for near in self.near])

    def direction(self, near: Ids) -> Rows:
        """Occurrences as one unit vector: by how much more often than usual each near word occurs, (F,)."""
        counts = np.bincount(near[near >= 0], minlength=len(self.usual))
        met = np.flatnonzero(counts)
        out = np.zeros(len(self.usual), np.float32)
        out[met] = np.log(np.maximum(counts[met] / (len(near) * self.usual[met]), 1))
        length = float(np.linalg.norm(out))
        return out / length if length else out

    def expected(self, one: int, other: int) -> float:
        """The mean cosine of random divisions of the occurrences of two words, as uneven as they are."""
        both = np.concatenate([self.near[one], self.near[other]])
        rng, size = np.random.default_rng(0), len(self.near[one])
        splits = (rng.permutation(both) for _ in range(_SPLITS))
        return float(np.mean([self.direction(of[:size]) @ self.direction(of[size:]) for of in splits]))


def _near_words(part: TokenBatch, words: Ints, names: Ids, size: int) -> list[Ids]:
    """Words near some occurrences of each word, (n, 4): of each place in its own range, -1 for none."""
    place = places_among(part, words)[part.ids]
    at = np.flatnonzero(place >= 0)
    at = at[np.random.default_rng(0).random(len(at)) * part.counts[part.ids[at]] < _SAMPLED]
    at = at[np.argsort(place[at], kind="stable")]
    around = at[:, None] + _OFFSETS
    inside = part.document_of(around) == part.document_of(at)[:, None]
    near = names[part.ids[np.clip(around, 0, max(len(part) - 1, 0))]]
    near = np.where(inside & (near >= 0), near + size * np.arange(len(_OFFSETS)), -1)
    return np.split(near, np.cumsum(np.bincount(place[at], minlength=len(words)))[:-1])


def _usual_agreement(parts: Sequence[TokenBatch], moves: Moves) -> float:
    """The share of the cosine of random halves that the contexts of a word on both sides reach at least."""
    among = moves.shared[len(moves.shared) // 10 :]  # words of function agree better
    chosen = sampled(among, _CONTROLS, np.random.default_rng(0))
    if len(chosen) < _CONTROLS // 3:
        return _NEAR
    contexts = _Contexts(parts, moves._replace(going=chosen, coming=chosen), [])
    first, second = np.split(contexts.directions, 2)
    halves = np.array([contexts.expected(i, len(chosen) + i) for i in range(len(chosen))])
    if np.count_nonzero(halves > 0) < _CONTROLS // 3:
        return _NEAR
    shares = np.einsum("ij,ij->i", first, second)[halves > 0] / halves[halves > 0]
    return float(np.clip(np.quantile(shares, _LOWEST), _NEAR, _NEAREST))


def _nearest_pairs(names: Sequence[str], moves: Moves, contexts: _Contexts, least: float) -> list[_Pair]:
    """Pairs whose contexts agree as those of one word on both sides do; each word is in one pair."""
    going = len(moves.going)
    cosines = contexts.directions[:going] @ contexts.directions[going:].T
    ranks = [np.argsort(np.argsort(-cosines, axis=axis, kind="stable"), axis=axis) for axis in (0, 1)]
    looked_at = np.minimum(*ranks) < _CANDIDATES
    looked_at &= moves.sharp[moves.going][:, None] | moves.sharp[moves.coming]
    pairs = []
    for i, j in np.argwhere(looked_at & (cosines > 0)).tolist():
        gone, came = int(moves.going[i]), int(moves.coming[j])
        related = relation(names[gone], names[came])
        if related == "abbreviation" and moves.last[min(gone, came, key=lambda word: len(names[word]))]:
            continue  # what is left of a word where a document was cut off
        if related or ranks[0][i, j] == ranks[1][i, j] == 0:
            expected = contexts.expected(i, going + j)
            alike = [(gone, int(word)) for word in moves.coming[cosines[i] >= least * expected]]
            alike += [(int(word), came) for word in moves.going[cosines[:, j] >= least * expected]]
            # Where another word is used so as well, contexts do not tell which of them is the same.
            rivals = [pair for pair in alike if not relation(*(names[word] for word in pair))]
            if (gone, came) in alike and {*rivals} <= {(gone, came)}:
                pairs.append(_Pair(gone, came, related, float(cosines[i, j]), expected))
    paired: set[int] = set()
    once = []
    for pair in sorted(pairs, key=lambda pair: (not pair.relation, -pair.cosine)):
        if paired.isdisjoint(pair[:2]):
            once.append(pair)
            paired.update(pair[:2])
    return once


# ---- Words that one side writes in two


def written_apart(parts: Sequence[TokenBatch], moves: Moves) -> list[Json]:
    """Words that one of two sides writes in two, such as *web site* beside *website*, as `variant_pairs`."""
    names = parts[0].types
    index = {name: number for number, name in enumerate(names)}
    cuts = [
        (row, index[names[row][:i]], index[names[row][i:]])
        for row in np.flatnonzero(moves.often).tolist()
        for i in range(1, len(names[row]))
        if names[row][:i] in index and names[row][i:] in index
    ]
    moved = {*moves.going.tolist(), *moves.coming.tolist()}
    tried, cuts = len(cuts), [cut for cut in cuts if moves.sharp[cut[0]] and cut[0] in moved]
    whole, first, second = np.array(cuts, np.int64).reshape(-1, 3).T
    codes = first * len(names) + second
    counts = np.stack([[part.counts[whole], _in_a_row(part, codes)] for part in parts], axis=2)  # (2, n, 2)
    (of_whole, rates), own = counts / [max(part.documents, 1) for part in parts], np.arange(len(cuts))
    here = of_whole.argmin(axis=1)  # the side that writes it apart
    replaced = (counts[1, own, here] >= _FEWEST) & (rates[own, here] >= _VANISHED * rates[own, 1 - here])
    replaced &= rates[own, here] >= _REPLACED * of_whole[own, 1 - here]

    def chance(i: int) -> float:
        """How surely a side writes more of a word apart, of all words that could be."""
        of_sides, apart = counts[:, i].sum(axis=0), counts[1, i]
        p = hypergeometric_p(apart[:1], apart.sum(keepdims=True), int(of_sides[0]), int(of_sides.sum()))
        return tried * float(p[0])

    return [
        _counted(names[whole[i]], f"{names[first[i]]} {names[second[i]]}", "apart", counts[:, i])
        for i in np.flatnonzero(replaced).tolist()
        if chance(i) <= DIFFERENT
    ]


def _in_a_row(part: TokenBatch, wanted: Ints) -> Ints:
    """How often each of some pairs of words, which are numbers, occurs."""
    document = part.document_of(np.arange(len(part)))
    codes = part.ids[:-1].astype(np.int64) * len(part.types) + part.ids[1:]
    codes = np.sort(codes[(document[1:] == document[:-1]) & np.isin(codes, wanted)])
    out: Ints = np.searchsorted(codes, wanted, "right") - np.searchsorted(codes, wanted)
    return out


# ---- Letters


class LetterRule(NamedTuple):
    """Letters of words of the first side, and what the second writes for them."""

    went: str
    came: str
    place: str  # in words; empty for anywhere
    pairs: dict[str, str]
    words: set[str]  # that are another one but for these letters
    p: float

    def finding(self, names: Sequence[str], remedy: Remedy | None) -> Finding:
        went, came = (f"“{letters}”" if letters else "nothing" for letters in (self.went, self.came))
        words, pairs = count_of(len(self.pairs), "word"), pair_names(dict(sorted(self.pairs.items())))
        says = f"{names[0]} writes {went}{self.place} where {names[1]} writes {came}, in {words} ({pairs})."
        of = tuple(sorted(self.words))
        return Finding("writing", printable(says), p=self.p, words=of, remedy=remedy)

    def shortened(self, text: str) -> str:
        """A word or text as the side writes it, or would, that writes fewer letters."""
        more, less = sorted((self.went, self.came), key=len, reverse=True)
        before, after = r"\b" * (self.place == _START), r"\b" * (self.place == _END)
        return re.sub(f"{before}{re.escape(more)}{after}", less, text, flags=re.IGNORECASE)


def letter_rules(parts: Sequence[TokenBatch], moves: Moves) -> list[LetterRule]:
    """The rules of which the words of two texts have more pairs than by chance, those with the most first."""
    names = [name.casefold() for name in parts[0].types]

    def named(rows: Mask) -> set[str]:
        return {names[i] for i in np.flatnonzero(rows).tolist()}

    moved = np.isin(np.arange(len(names)), np.concatenate([moves.going, moves.coming])) & moves.sharp
    went, came, vocabulary = named(moved & ~moves.later), named(moved & moves.later), named(moves.often)
    new = named(moves.sharp & moves.later)
    related = _related(went - came, came - went)
    tried = {letters: pairs for letters, pairs in related.items() if len(pairs) >= _PAIRS}
    parted = len(went) * len(came) / max(len(vocabulary), 1) ** 2
    rules: list[LetterRule] = []
    taken: set[str] = set()
    for letters in sorted(tried, key=lambda letters: (-len(tried[letters]), letters)):
        pairs = {old: new for old, new in tried[letters].items() if taken.isdisjoint((old, new))}
        cases = _cases(*letters, pairs, {*pairs.values()})
        number = len(cases)
        if number < _PAIRS or len(tried) * _as_many(number, parted * number) > DIFFERENT:
            continue
        p = len(tried) * _as_many(number, parted * len(_cases(*letters, vocabulary, vocabulary)))
        if p <= DIFFERENT:
            rule = LetterRule(*_with_place(*letters, cases), {}, set(), p)
            forms = defaultdict[str, set[str]](set)
            for name in names:
                forms[rule.shortened(name)].add(name)
            for alike in forms.values():
                rule.words.update(alike if len(alike) > 1 else ())
                for word in (alike & vocabulary) - new - taken:
                    rule.pairs.update((word, other) for other in sorted(alike & new - taken)[:1])
            rules.append(rule)
            taken.update(*rule.pairs.items())
    return rules


def _related(went: Iterable[str], came: Iterable[str]) -> dict[tuple[str, str], dict[str, str]]:
    """The pairs of words that differ in a few letters in one place, by these letters."""
    beside = defaultdict(list)
    for new in sorted(came):
        for cut, letters in _cuts(new):
            beside[cut].append((letters, new))
    pairs: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for old in sorted(went):
        for cut, left in _cuts(old):
            for letters, new in beside[cut]:
                alike = left and letters and (left[0] == letters[0] or left[-1] == letters[-1])
                if not alike and new not in pairs[left, letters].values():
                    pairs[left, letters].setdefault(old, new)
    return pairs


def _cuts(word: str) -> Iterator[tuple[tuple[str, str], str]]:
    """What is before and after some letters of a word, which are at most half of it, and these."""
    for start in range(len(word) + 1):
        for end in range(start, min(start + _LETTERS, len(word)) + 1):
            if len(word) >= max(2 * (end - start), end - start + 2):
                yield (word[:start], word[end:]), word[start:end]


def _cases(went: str, came: str, olds: Iterable[str], news: Set[str]) -> set[tuple[str, str]]:
    """What is beside the letters where a rule makes one word of another: forms of one word are one case."""
    return {
        (old[:at][-2:], old[at + len(went) :][:2])
        for old in olds
        if went in old
        for at in range(len(old) - len(went) + 1)
        if old.startswith(went, at) and old[:at] + came + old[at + len(went) :] in news
    }


def _with_place(went: str, came: str, cases: Set[tuple[str, str]]) -> tuple[str, str, str]:
    """A rule with where in all its words it is, or else with the letters beside.

    >>> _with_place("u", "", {("lo", "r"), ("bo", "r"), ("bo", "ri")})
    ('our', 'or', '')
    """
    before, after = {left[-1:] for left, _ in cases}, {right[:1] for _, right in cases}
    if {""} in (before, after):
        return went, came, _START if before == {""} else _END
    left, right = ("".join(of) if len(of) == 1 else "" for of in (before, after))
    return left + went + right, left + came + right, ""


def _as_many(pairs: int, usual: float) -> float:
    """The probability of so many or more, if so many are usual (Poisson)."""
    ways = np.cumprod([1.0, *usual / np.arange(1, pairs)])
    return max(1 - float(np.exp(-usual) * ways.sum()), 0.0)


# ---- What is said of them, and what takes them out of a text


def pair_names(word_of: Mapping[str, str], most: int = 3) -> str:
    """Some of the pairs for a sentence.

    >>> pair_names({"acft": "aircraft", "rwy": "runway", "twr": "tower", "apt": "airport"})
    'acft → aircraft, rwy → runway, twr → tower, …'
    """
    shown: Iterable[str] = (f"{variant} → {word}" for variant, word in [*word_of.items()][:most])
    return ", ".join([*shown, *["…"] * (len(word_of) > most)])


def mended(texts: Sequence[str], word_of: Mapping[str, str], rules: Sequence[LetterRule]) -> list[str]:
    """The texts with the word of each variant in its place, and with the fewer letters of each rule."""
    word_of = {variant.lower(): word for variant, word in word_of.items()}
    in_two = (re.escape(variant) for variant in word_of if " " in variant)
    pattern = re.compile("|".join([*in_two, r"[^\W_]+(?:['’-][^\W_]+)*"]), re.IGNORECASE)
    out = [pattern.sub(lambda found: word_of.get(found[0].lower(), found[0]), text) for text in texts]
    for rule in rules:
        out = [rule.shortened(text) for text in out]
    return out
