"""Phrases: words that occur together more often than by chance, and not mostly inside longer phrases.

NPMI = PMI / -(n - 1) log₂ p(w₁…wₙ) is 1 if the words never occur apart, 0 if independent (Bouma 2009).
C-value = log₂ n · (f - t / c), where f is the count, c the number of longer candidates that contain the
phrase and t its occurrences in them, is high for complete phrases (Frantzi, Ananiadou & Mima 2000).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Doubles, Ids, Ints, Mask
from selfvec.base.declarations import Bounds, Count, checked
from selfvec.base.errors import InputError
from selfvec.base.forks import check_polars
from selfvec.base.progress import GivenProgress, stage
from selfvec.base.view import COUNT, Column, Table, figure
from selfvec.corpus.fields import FieldOptions
from selfvec.data.run import AnyRun, Run
from selfvec.data.token_batch import TokenBatch, kept_numbers
from selfvec.storage.opened import as_run
from selfvec.storage.run_folder import is_run

from .phrases import LINK, Running
from .preprocessing import Preprocessing
from .rules import Rulebook, Rules
from .tokenizers import SPLITS

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.corpus.conversion import Texts

LONGEST = 4  # words
MIN_COUNT = 5  # occurrences that longer candidates do not explain,
SHARE = 2e-6  # or such a share of the words, if that is more
LEAST = 0.35  # NPMI; see docs/how-to/describe-a-corpus.md
# The C-value does not drop a part (*cov 2*) of one frequent term if many rare terms contain it too.
PART = 0.8  # a phrase with this share of its occurrences inside one longer phrase is part of that phrase

# English words that neither begin nor end a term, in addition to the usual stop words.
EMPTY = frozenset(
    """
    across along also although among another around away became become behind beside besides beyond
    could despite due each either else enough especially etc even ever every except however instead many
    may maybe might much must near nearly neither never none nor often onto otherwise per perhaps quite
    rather several shall since still therefore though throughout thus till together toward towards two
    unless unlike until upon using various versus via vs whereas whether while within without would yet
    numerous approximately respectively
    """.split()  # noqa: SIM905
)

PAST = frozenset(
    """
    became began blew broke brought came caught fell found gave given held kept knew known left lost
    made ran rose saw seen shown struck taken took went
    """.split()  # noqa: SIM905
)

_LINKS = {
    "en": {"of"}, "de": {"der", "des", "von", "und"}, "fr": {"de", "du", "des", "la", "le"},
    "es": {"de", "del", "la"}, "it": {"di", "del", "della"}, "pt": {"de", "do", "da"},
    "nl": {"van", "de", "der"},
}  # fmt: skip
"""Stop words allowed inside a phrase, as in *loss of consciousness*."""


@dataclass(frozen=True)
class Phrase:
    """A phrase with its figures.

    Parameters
    ----------
    term : str
        Its words in lower case with underscores.
    count : int
    pmi : float
        In bits. ``pmi``, ``npmi`` and ``c_value`` are None for a phrase from a list.
    npmi : float
        -1 to 1.
    c_value : float
    units : int, optional
        Tokens of the phrase in a run, where longer phrases are joined first; None outside of runs.
    """

    term: str
    count: int
    pmi: float | None = None
    npmi: float | None = None
    c_value: float | None = None
    units: int | None = None


_COLUMNS = (
    Column("term", "phrase", width=40),
    Column("count", form=COUNT),
    Column("pmi", "PMI", figure(1)),
    Column("npmi", "NPMI", figure(2)),
    Column("c_value", "C-value", figure(1)),
)


def _recorded(phrases: Sequence[Phrase], tokens: int) -> Json:
    """The phrases of so many words, as a run records them."""
    return {"tokens": tokens, "found": len(phrases), "rows": [asdict(phrase) for phrase in phrases]}


@dataclass(eq=False)
class Finder:
    """Finds the phrases of running text; ``found`` is the result of the latest call. See `phrases`.

    If ``listed`` is given, these are the phrases of any text.
    """

    top: int | None = None
    min_count: int | None = None
    least: float = LEAST
    longest: int = LONGEST
    stop_words: str = "en"
    listed: Sequence[str] | None = None
    found: list[Phrase] = field(default_factory=list, init=False)
    tokens: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._stops = Rulebook(Rules(stop_words=self.stop_words), "lower").stop_words

    def __call__(self, text: Running) -> list[str]:
        """The phrases of a text; their figures are then in `found`."""
        self.tokens = len(text.ids)
        if self.listed is not None:
            self.found = [Phrase(term, 0) for term in self.listed]
        else:
            self.found = self._found(text)[: self.top]
        return [phrase.term for phrase in self.found]

    def recorded(self, batch: TokenBatch) -> Json | None:
        """The phrases that became tokens of a text, spelt as in its vocabulary, as a run records them."""
        units = {word.lower(): i for i, word in enumerate(batch.types) if LINK in word}
        rows = []
        for row in self.found:
            if row.term in units:
                place = units[row.term]
                count = int(batch.counts[place])
                rows.append(replace(row, term=batch.types[place], units=count, count=row.count or count))
        return _recorded(rows, self.tokens) if rows else None

    def _found(self, text: Running) -> list[Phrase]:
        words = text.classes  # (N,)
        total = len(words)
        least = self.min_count or max(MIN_COUNT, round(SHARE * total))
        counts = np.bincount(words, minlength=len(text.names)).astype(np.int64)  # (C,)
        first, last, inside = self._able(text)
        inside &= counts >= least
        levels = grams(words, text.breaks, inside, least, self.longest)  # of 2 words, of 3, and so on
        candidates = [self._candidates(level, words, n, first, last) for n, level in enumerate(levels, 2)]
        values = c_values(levels, candidates)
        information = [pointwise(level, words, n, counts, total) for n, level in enumerate(levels, 2)]
        good = [
            candidate & (npmi >= self.least) & (value >= np.log2(n) * least)
            for n, (candidate, value, (_, npmi)) in enumerate(
                zip(candidates, values, information, strict=True), 2
            )
        ]
        phrases = []
        columns = zip(levels, whole(levels, good, PART), values, information, strict=True)
        for n, (level, chosen, value, (pmi, npmi)) in enumerate(columns, 2):
            for g in np.flatnonzero(chosen).tolist():
                start = int(level.firsts[g])
                term = LINK.join(text.names[c] for c in words[start : start + n].tolist())
                count = int(level.counts[g])
                phrases.append(Phrase(term, count, float(pmi[g]), float(npmi[g]), float(value[g])))
        phrases.sort(key=lambda phrase: (-(phrase.c_value or 0), phrase.term))
        return phrases

    def _able(self, text: Running) -> tuple[Mask, ...]:
        """Which words may begin a phrase, which end one, and which occur in one, each (C,) bool."""
        names = text.names
        kept = np.zeros(len(names), bool)
        kept[text.type_classes[text.kept]] = True
        word = np.array([LINK not in name and any(map(str.isalnum, name)) for name in names], bool)
        empty = self._stops | EMPTY if self.stop_words == "en" else self._stops
        links = _LINKS.get(self.stop_words, set())
        stop = np.array([name in empty for name in names], bool)
        link = np.array([name in links for name in names], bool)
        letters = np.array([any(map(str.isalpha, name)) for name in names], bool)
        content = word & kept & ~stop
        return content & letters, content & ~self._verbs(names), content | (word & link)

    def _verbs(self, names: Sequence[str]) -> Mask:
        """English past tenses, (C,) bool, which do not end a term."""
        if self.stop_words != "en":
            return np.zeros(len(names), bool)
        from simplemma import lemmatize

        past = (name in PAST or (name.endswith("ed") and lemmatize(name, "en") != name) for name in names)
        return np.fromiter(past, bool, len(names))

    @staticmethod
    def _candidates(level: Grams, words: Ids, n: int, first: Mask, last: Mask) -> Mask:
        """Sequences of n words with valid ends, (G,) bool; none ends with a number after *of*."""
        begin, end = words[level.firsts], words[level.firsts + n - 1]
        link = ~last[words[level.firsts + n - 2]] & ~first[words[level.firsts + n - 2]]
        return first[begin] & last[end] & ~(link & ~first[end])


@checked
def phrases(
    source: AnyRun | TokenBatch | Texts,
    top: Count | None = None,
    *,
    min_count: Count | None = None,
    npmi: Annotated[float, Bounds(at_least=-1, at_most=1)] = 0.35,
    longest: Annotated[int, Bounds(at_least=2)] = 4,
    stop_words: str = "en",
    progress: GivenProgress = None,
    **fields: Unpack[FieldOptions],
) -> Answer:
    """List the multi-word terms of a text.

    Phrases are sorted by C-value, the highest first.

    Parameters
    ----------
    source : Run, TokenBatch, Corpus, path, paths, or texts
        A run folder, or files or folders of text. For a run made with phrases, these are returned. Tokens
        lack the punctuation and the dropped words of the text, so a corpus or texts give better results.
    top : int, at least 1, optional
        Phrases listed; by default all.
    min_count : int, at least 1, optional
        Least number of occurrences outside longer phrases; by default 5, or 2 per million words if more. A
        phrase with a C-value below log₂ n · min_count is dropped.
    npmi : float, at least -1, at most 1
        Least normalised pointwise mutual information.
    longest : int, at least 2
        Most words of a phrase.
    stop_words : str
        Words that no phrase begins or ends with: a language code or file.
    progress : Progress or bool, optional
    **fields
        Those of `FieldOptions`: how documents are read.

    Returns
    -------
    Answer
        ``tokens``, the words of the text; ``found``, the number of its phrases, also of those that are not
        listed; ``rows``, by falling C-value, with the figures of `Phrase`.

    Raises
    ------
    OptionError
        If an option has an invalid value.
    InputError
        If the run has not kept its tokens, or the corpus cannot be read.

    Examples
    --------
    >>> texts = ["a flash flood closed the road", "the flash flood watch ended", "roads closed, flash flood"]
    >>> [(row.term, row.count) for row in phrases(texts, min_count=2)]
    [('flash_flood', 3)]
    """
    if isinstance(source, AnyRun) or (isinstance(source, str | os.PathLike) and is_run(source)):
        source = as_run(source)
    if isinstance(source, Run) and source.provenance.phrases is not None:
        return _listed(source.provenance.phrases, top)
    finder = Finder(min_count=min_count, least=npmi, longest=longest, stop_words=stop_words)
    if isinstance(source, Run):
        if Preprocessing.of(source.provenance).tokenizer not in SPLITS:
            rule = "this run is of the pieces of a tokenizer.json, and phrases are made of words"
            raise InputError(rule, path=source.folder, remedy="look in the corpus itself")
        source = source.require_tokens()
    if isinstance(source, TokenBatch):
        finder(Running.plain(source.ids, source.offsets, source.types))
    else:
        _read(source, fields, finder)
    return _listed(_recorded(finder.found, finder.tokens), top)


def _listed(found: Mapping[str, Any], top: int | None) -> Answer:
    """The first of all phrases."""
    rows = found["rows"][:top]
    of = f"{found['found']:,} phrases in {found['tokens']:,} words"
    figures = {**found, "rows": rows}
    return Answer(f"Phrases: {of}", figures, columns=_COLUMNS, parts=[Table(_COLUMNS, rows, of=of)])


def _read(
    source: Corpus | str | os.PathLike[str] | Iterable[str],
    fields: FieldOptions,
    finder: Finder,
) -> None:
    from selfvec.corpus import as_corpus

    from . import encode, tokenizer

    fields["keep_fields"] = False
    corpus = as_corpus(source, "source", **fields)
    cut = tokenizer("whitespace" if corpus.tokenized else "words")
    with stage("Reading", corpus.total_bytes, "bytes") as advance:
        encode(corpus.batches(advance), cut, phrases=finder)


# Sequences of words: how often they occur, and which of them are whole


@dataclass(frozen=True)
class Grams:
    """The G distinct sequences of n words that occur often enough."""

    counts: Ints  # (G,) int64
    firsts: Ints  # (G,) int64, token at which each first begins
    left: Ints  # (G,) int64, number of the first n - 1 words' sequence (of the word if n is 2)
    right: Ints  # (G,) int64, number of the last n - 1 words' sequence


def grams(
    words: Ids,  # (N,) int32
    breaks: Mask,  # (N,) bool, the word does not follow the previous one
    inside: Mask,  # (C,) bool, words that may be part of a sequence
    min_count: int,
    longest: int,
) -> list[Grams]:
    """Sequences of 2 to ``longest`` words: one `Grams` per length, in order of first appearance.

    A rare sequence is dropped together with all longer ones that contain it.
    """
    # From short to long: a sequence is as frequent as its parts at most, so that few are left at each length.
    current = np.where(inside[words], words, -1).astype(np.int32)
    out = []
    for _ in range(2, longest + 1):
        ids, counts, firsts = pairs(current, breaks)
        often = counts >= min_count
        firsts = firsts[often]
        left = current[firsts].astype(np.int64)
        right = current[firsts + 1].astype(np.int64)
        out.append(Grams(counts[often], firsts, left, right))
        new = np.append(kept_numbers(often), np.int32(-1))
        current = new[ids]  # -1 selects the last entry
    return out


def pointwise(
    level: Grams,
    words: Ids,  # (N,) int32
    n: int,
    counts: Ints,  # (C,) int64, how often each word occurs
    total: int,  # tokens of the text
) -> tuple[Doubles, Doubles]:
    """PMI, in bits, and NPMI of sequences of n words, each (G,) float64."""
    apart = np.zeros(len(level.counts))
    for k in range(n):
        apart += np.log2(counts[words[level.firsts + k]] / total)
    together = np.log2(level.counts / total)
    pmi = together - apart
    npmi = np.divide(pmi, -(n - 1) * together, out=np.ones_like(pmi), where=together < 0)
    return pmi, npmi


def parts_of(
    levels: Sequence[Grams],  # of 2 words, of 3, and so on
    n: int,  # index in levels of the given sequences
    chosen: Ints,  # (g,) int64, their numbers in that level
) -> Iterator[tuple[int, Ints, Ints]]:
    """The shorter sequences inside given sequences, one (level, whole, part) for each position.

    ``level`` falls from ``n - 1`` to 0. ``whole`` and ``part``, (h,) int64, are indices into ``chosen`` and
    into that level. Each pair occurs once.
    """
    held = chosen[:, None]  # parts at each offset, (g, offsets), one word shorter in each round
    for shorter in range(n - 1, -1, -1):
        upper = levels[shorter + 1]
        held = np.concatenate([upper.left[held], upper.right[held[:, -1:]]], axis=1)
        for column in range(held.shape[1]):
            once = ~np.any(held[:, :column] == held[:, column : column + 1], axis=1)
            yield shorter, np.flatnonzero(once), held[once, column]


def c_values(
    levels: Sequence[Grams],  # of 2 words, of 3, and so on
    candidates: Sequence[Mask],  # for each level, (G,) bool
) -> list[Doubles]:
    """C-value of every sequence, (G,) float64 for each level.

    From the longest to the shortest, each candidate adds to its parts the occurrences that are not inside a
    longer candidate, and counts as one longer candidate there.
    """
    nested = [np.zeros(len(level.counts)) for level in levels]  # t
    holders = [np.zeros(len(level.counts)) for level in levels]  # c
    for n in range(len(levels) - 1, 0, -1):
        chosen = np.flatnonzero(candidates[n])
        own = np.maximum(levels[n].counts[chosen] - nested[n][chosen], 0)
        for shorter, whole, part in parts_of(levels, n, chosen):
            np.add.at(nested[shorter], part, own[whole])
            np.add.at(holders[shorter], part, 1)
    return [
        np.log2(n) * (level.counts - np.divide(t, c, out=np.zeros_like(t), where=c > 0))
        for n, (level, t, c) in enumerate(zip(levels, nested, holders, strict=True), 2)
    ]


def whole(
    levels: Sequence[Grams],
    good: Sequence[Mask],  # for each level, (G,) bool, may absorb others unless absorbed
    share: float,
) -> list[Mask]:
    """Which sequences do not occur mostly inside one longer sequence, for each level, (G,) bool.

    A sequence is absorbed if one longer sequence has ``share`` of its occurrences.
    """
    most = [np.zeros(len(level.counts)) for level in levels]  # occurrences in the most common longer sequence
    out = list(good)
    for n in range(len(levels) - 1, -1, -1):
        out[n] = good[n] & (most[n] < share * levels[n].counts)
        chosen = np.flatnonzero(out[n])
        for shorter, holder, part in parts_of(levels, n, chosen):
            np.maximum.at(most[shorter], part, levels[n].counts[chosen[holder]])
    return out


def pairs(
    grams: Ids,  # (N,) int32, sequence that begins at each token, -1 for none
    breaks: Mask,  # (N,) bool, the token does not follow the previous one
) -> tuple[Ids, Ints, Ints]:
    """Number the pairs of neighbours by first appearance: ids (N,) int32, counts and firsts (P,) int64.

    A sequence of n words is a pair of overlapping sequences of n - 1 words, so one rule numbers any length.
    """
    import polars as pl

    check_polars()
    places = np.flatnonzero((grams[:-1] >= 0) & (grams[1:] >= 0) & ~breaks[1:])
    keys = grams[places].astype(np.int64) << 32 | grams[places + 1]
    frame = pl.DataFrame({"key": keys, "place": places})
    distinct = frame.group_by("key", maintain_order=True).agg(pl.len().alias("count"), pl.first("place"))
    numbered = distinct.select("key").with_row_index("number")
    ids = np.full(len(grams), -1, np.int32)
    ids[places] = frame.join(numbered, on="key", how="left", maintain_order="left")["number"].to_numpy()
    return ids, distinct["count"].to_numpy().astype(np.int64), distinct["place"].to_numpy().astype(np.int64)
