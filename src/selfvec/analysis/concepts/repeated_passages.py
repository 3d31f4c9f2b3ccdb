"""Passages that many documents have word for word: templates, trailers, signatures, quoted mails.

They are no subjects: a run counts them once, and topics are made without them. So they are said as what they
are: how many documents hold which, and since when.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.counted_text import counted_text
from selfvec.base.arrays import Array, Hashes, Ints, Mask
from selfvec.base.display import count_of
from selfvec.base.finding import Finding
from selfvec.corpus.fingerprints import are_among
from selfvec.corpus.slices import month_name
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.cache import cached_result
from selfvec.text.kernels import NGRAM
from selfvec.text.repeats import LEAST_DOCUMENTS, Ngrams, counted_occurrences

from .growth import share_changes

MOST = 40  # passages
_SAID = 3  # passages in sentences
_NAMING = 5  # words that tell a passage
_OFTEN = 0.01  # of the documents hold each of these
_ALIKE = 0.8  # share of the documents of an n-gram that have the next one, too, within a passage
_SAME = 0.9  # share of the documents of either of two passages that hold both
_BY_CHANCE = 0.001  # p of no document as early, or as late, as the first or last with a passage


@dataclass(frozen=True, eq=False)
class RepeatedPassage:
    """A passage that occurs word for word in ten documents or more."""

    text: str  # its first words, as they stand in the text
    documents: Ints  # the numbers of those that hold it

    @property
    def begins(self) -> tuple[str, ...]:
        """The words by which other findings call it, too."""
        return tuple(self.text.casefold().split()[:_NAMING])


def repeated_passages(run: Run) -> list[RepeatedPassage]:
    """The passages that the most documents of a run hold; none of a run without its text."""
    if run.text is None or not (run.provenance.repeats or {}).get("passages"):
        return []
    kept = cached_result(run, "passages", None, lambda: {"passages": _found(run)})["passages"]
    return [RepeatedPassage(text, np.array(documents, np.int64)) for text, documents in kept]


def _found(run: Run) -> list[tuple[str, list[int]]]:
    """The first words and the documents of each."""
    text = counted_text(run, "lines", written=True)  # quoted lines are said as such
    batch = text.batch
    passages: list[tuple[Ints, int]] = []  # documents, and a first token
    for documents, first in _passages(batch):
        if not any(_same(documents, others) for others, _ in passages):
            passages.append((documents, first))
        if len(passages) == MOST:
            break
    numbers = batch.document_of(np.array([first for _, first in passages], np.int64))
    texts = run.require_text().texts(numbers.tolist())
    words = text.written if text.widths is None and text.written is not None else batch
    return [
        (_quoted(text, [words.types[i] for i in words.ids[first : first + NGRAM]]), documents.tolist())
        for (documents, first), text in zip(passages, texts, strict=True)
    ]


def _passages(batch: TokenBatch) -> Iterator[tuple[Ints, int]]:
    """The documents of each passage and its first token in one of them, the most documents first.

    An n-gram and the next are of one passage if nearly as many documents have either. A passage is known by
    its most frequent n-gram, and begins where it mostly does.
    """
    values, places, numbers = _repeated_ngrams(batch)
    if not len(places):
        return
    beside = np.diff(places) == 1
    alike = np.minimum(numbers[1:], numbers[:-1]) >= _ALIKE * np.maximum(numbers[1:], numbers[:-1])
    begins = np.flatnonzero(np.append(True, ~(beside & alike)))
    ends = np.append(begins[1:], len(places))
    # A few n-grams beside more frequent ones are of the end of one passage and the beginning of another.
    highest = np.maximum.reduceat(numbers, begins)
    meet, rises = beside[begins[1:] - 1], np.diff(highest)
    between = np.append(meet & (rises > 0), False) | np.append(False, meet & (rises < 0))
    own = np.flatnonzero(~(between & (ends - begins < NGRAM)))
    # The n-gram that tells a passage: of the most frequent ones that with the smallest hash.
    stretch = np.repeat(np.arange(len(begins)), ends - begins)
    order = np.lexsort((values, -numbers, stretch))
    told = values[order[begins]]
    first = np.argsort(told[own], kind="stable")
    groups = np.split(own[first], np.flatnonzero(np.diff(told[own][first])) + 1)
    for group in sorted(groups, key=lambda group: -int(highest[group[0]])):
        _, where, times = np.unique(values[begins[group]], return_index=True, return_counts=True)
        usual = begins[group[where[np.argmax(times)]]]
        yield np.unique(batch.document_of(places[begins[group]])), int(places[usual])


def _same(a: Ints, b: Ints) -> bool:
    """Whether two passages are nearly always in the same documents: they are two parts of one."""
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both >= _SAME * max(len(a), len(b))


def _repeated_ngrams(batch: TokenBatch) -> tuple[Hashes, Ints, Ints]:
    """The n-grams of ten documents or more by their first tokens: hashes, these, numbers of documents."""
    ngrams = Ngrams(batch, None)
    ngrams.count()
    parts: list[tuple[Hashes, Ints, Ints]] = []
    for values, places in ngrams.candidates(LEAST_DOCUMENTS):
        rows = counted_occurrences(ngrams, values, places, LEAST_DOCUMENTS).sort("passage")
        repeated, documents = rows["passage"].to_numpy(), rows["documents"].to_numpy()
        many = are_among(repeated, values)
        values = values[many]
        parts.append((values, places[many], documents[np.searchsorted(repeated, values)]))
    values, places, numbers = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.argsort(places)
    return values[order], places[order], numbers[order]


def _quoted(text: str, words: Sequence[str]) -> str:
    """The words as they stand in a text, or one after another if they do not.

    >>> _quoted("Dear Ann,\\n\\nThank you - for  writing!", ["thank", "you", "for"])
    'Thank you - for'
    """
    found = re.search(r"\b" + r"\W+".join(map(re.escape, words)), text or "", re.IGNORECASE)
    return " ".join((found[0] if found else " ".join(words)).split())


# ---- As findings


def passage_findings(run: Run, made: Comparison | None = None) -> list[Finding]:
    """What many documents hold, and since when; first those of which a side of a comparison has more."""
    batch = run.require_tokens()
    among = np.ones(batch.documents, bool) if made is None else made.side >= 0
    held = [replace(each, documents=each.documents[among[each.documents]]) for each in repeated_passages(run)]
    held = [each for each in held if len(each.documents)]
    said = [_told(each, batch, among) for each in held]
    differing = {} if made is None else _between(held, said, made)
    often = [i for i, each in enumerate(held) if len(each.documents) >= _OFTEN * batch.documents]
    rest = [i for i in often if i not in differing][:_SAID]
    return [*differing.values(), *(Finding("passage", f"{said[i]}.", words=held[i].begins) for i in rest)]


def _told(passage: RepeatedPassage, batch: TokenBatch, among: Mask) -> str:
    held = count_of(len(passage.documents), "document holds", "documents hold")
    since = "" if batch.dates is None else _when(batch.dates[among], batch.dates[passage.documents])
    return f"{since} {held} “{passage.text} …”".lstrip()


def _between(held: Sequence[RepeatedPassage], said: Sequence[str], made: Comparison) -> dict[int, Finding]:
    """By their places, the passages that one side has more of, the largest difference first."""
    numbers = np.arange(len(made.side))
    masks = [np.isin(numbers, passage.documents) for passage in held]
    changes = share_changes(masks, numbers >= 0, made, shares_add_up=False)
    fair = [change.like_for_like for change in changes]
    effects = {i: change.share_last - change.share_first for i, change in enumerate(fair) if change.moved}
    found = {}
    for i in sorted(effects, key=lambda i: -abs(effects[i]))[:_SAID]:
        says = f"{said[i]}: {changes[i].told}."
        found[i] = Finding("passage", says, fair[i].p, fair[i].q, effects[i], words=held[i].begins)
    return found


def _when(days: Array, own: Array) -> str:
    """The months from which on, or up to which, the days of documents with a passage are; "" if at any time.

    The text has so many others before or after that by chance some of these would have it, too.

    >>> days = np.arange("2020-01-01", "2020-12-31", dtype="datetime64[D]")
    >>> _when(days, days[200::5]), _when(days, days[:90]), _when(days, days[::9])
    ('From July 2020 on', 'Until March 2020', '')
    """
    days, own = days[~np.isnat(days)], own[~np.isnat(own)]
    if not len(own):
        return ""
    first, last = month_name(own.min()), month_name(own.max())
    late = np.mean(days >= own.min()) ** len(own) < _BY_CHANCE and first != month_name(days.min())
    early = np.mean(days <= own.max()) ** len(own) < _BY_CHANCE and last != month_name(days.max())
    if late and early:
        return f"From {first} to {last}"
    return f"From {first} on" if late else f"Until {last}" if early else ""
