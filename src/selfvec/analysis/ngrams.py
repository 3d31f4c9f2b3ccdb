"""N-grams: the sequences of words that recur, whole or with an open slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np

from selfvec.analysis.counted_text import (
    Grouped,
    asked_text,
    by_group,
    group_columns,
    number_of,
    per_million,
    rows_of,
)
from selfvec.base.arrays import Array, Ids, Ints
from selfvec.base.compiled import kernel
from selfvec.base.declarations import checked
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.result_table import Figures
from selfvec.base.view import COUNT, PROSE, Column, Table, View, figure
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun

SLOT = "*"
# N-grams counted in one reading of the text: a table of as many takes half a gigabyte. A longer text is read
# again for each further share.
_AT_ONCE = 1 << 23


class Ngrams(Figures):
    """The n-grams of a text, as `ngrams` describes them."""

    @property
    def columns(self) -> Sequence[Column]:
        """The n-gram, its counts, and its rate in the first groups."""
        return (
            Column("ngram", width=40),
            Column("count", form=COUNT),
            Column("documents", form=COUNT),
            Column("per_million", "pmw", figure(1), "per million words"),
            *group_columns(self.get("groups", ())),
        )

    def view(self, top: int | None = None) -> View:
        """The first n-grams, how many there are, and the sizes of the groups."""
        rows = self["rows"][:top]
        kind = f"different {self['n']}-gram"
        least = count_of(self["min_count"], "time")
        note = f"{len(rows):,} of {count_of(self['ngrams'], kind)} that occur {least} or more"
        parts = [Table(self.columns, rows, notes=[note])]
        if groups := self.get("groups"):
            sizes = (
                Column("group", "", PROSE),
                Column("documents", form=COUNT),
                Column("tokens", "words", COUNT),
            )
            parts.append(
                Table(sizes, groups[:top], "Groups; figures beside the n-grams are per million words")
            )
        whole = f"{count_of(self['tokens'], 'word')}. N-grams cross sentences, but not documents."
        return View(self.title, parts, notes=[whole, *self["counted"]], records=self["rows"])


@checked
def ngrams(
    run: GivenRun,
    *,
    n: int = 2,
    word: str | None = None,
    slot: bool = False,
    top: int = 1000,
    min_count: int = 2,
    min_documents: int = 1,
    **counting: Unpack[Grouped],
) -> Figures:
    """List the sequences of words that recur.

    Parameters
    ----------
    run : Run or path
    n : int, at least 2, at most 6
        Words of a sequence.
    word : str, optional
        Only those with this word.
    slot : bool
        Sequences in which one word, neither the first nor the last, may be any: "at * end". They have three
        words or more.
    top : int, at least 1
        Sequences listed.
    **counting
        Those of `Grouped`: which documents are counted, how, and in which groups.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out those that are rarer.
    min_documents : int, at least 1
        Leave out those that occur in fewer documents.

    Returns
    -------
    Figures
        ``n``, ``tokens``, the words of the text, ``ngrams``, the number of different sequences that are
        frequent enough, also of those that are not listed, and ``rows``, the most frequent first. ``groups``,
        with ``by``, has the size of each group. ``counted`` says which words were counted, as ``repeats``
        asks.

        ``ngram``
            Its words with blanks between them.
        ``count``, ``documents``
            Its occurrences, which may overlap, and the documents with it.
        ``per_million``
            Its occurrences in a million words.
        ``groups``
            With ``by``: ``group``, ``count`` and ``per_million`` of each group.

    Raises
    ------
    InputError
        If the run has not kept its tokens.
    OptionError
        If a slot is asked for in two words.
    NotFound
        If no document is in the slice or passes the filters, or the word does not occur in them.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [(row["ngram"], row["count"]) for row in selfvec.ngrams(run, n=3, word="hail", top=2).rows]
    [('hail the size', 32), ('hail pads at', 31)]
    """
    if slot and n < 3:
        raise OptionError("is inside a sequence of three words or more", field="slot", remedy="add n=3")
    by = counting.get("by")
    opened, text, groups = asked_text(run, counting, by)
    wanted = -1 if word is None else number_of(opened, text, word)
    batch = text.batch
    counted = _counted(batch, _Asked(n, slot, wanted, min_count, min_documents), top)
    columns: dict[str, Array | Sequence[Any]] = {
        "ngram": [counted.written(batch, i) for i in range(len(counted.counts))],
        "count": counted.counts,
        "documents": counted.documents,
        "per_million": per_million(counted.counts, len(batch)),
    }
    sizes = [
        {"group": name, "documents": part.batch.documents, "tokens": len(part.batch)}
        for name, part in groups.items()
    ]
    if by is not None:
        parts = {name: part.batch for name, part in groups.items()}
        columns["groups"] = by_group(parts, lambda part: counts_in(part, counted.words))
    figures = {
        "n": n,
        "tokens": len(batch),
        "ngrams": counted.different,
        "min_count": min_count,
        "repeats": text.repeats,
        "counted": text.notes,
        **({} if by is None else {"groups": sizes}),
        "rows": rows_of(columns),
    }
    return Ngrams(f"{n}-grams", figures, rows="rows")


@dataclass(frozen=True)
class _Asked:
    """Which sequences are counted."""

    n: int
    slot: bool
    word: int  # -1: any
    min_count: int
    min_documents: int


@dataclass(frozen=True, eq=False)
class _Counted:
    """Sequences with their counts, the most frequent first."""

    words: Ids  # (k, n), -1 for the slot
    counts: Ints  # (k,)
    documents: Ints  # (k,)
    different: int  # also of those that are not listed

    def written(self, batch: TokenBatch, place: int) -> str:
        """The words of one, with blanks between them."""
        return " ".join(SLOT if word < 0 else batch.types[word] for word in self.words[place].tolist())


def _counted(batch: TokenBatch, asked: _Asked, top: int) -> _Counted:
    """The ``top`` most frequent sequences of a text; of equally frequent ones, the first in the text."""
    ids, offsets = batch.read_only
    most = len(batch) * (asked.n - 2 if asked.slot else 1)
    shares = -(-most // _AT_ONCE) or 1
    tables: list[_Counted] = []
    firsts: list[Ints] = []
    for share in range(shares):
        table = _Table.with_room(min(most, 2 * _AT_ONCE))
        for first, last in batch.ranges():  # ends early if nobody waits for it any more
            part = (first, last, share, shares)
            _count(ids, offsets, part, (asked.n, asked.slot, asked.word), *table.arrays)
        number = int(table.size[0])
        enough = table.counts[:number] >= asked.min_count
        enough &= table.documents[:number] >= asked.min_documents
        chosen = np.flatnonzero(enough)
        order = chosen[np.lexsort((table.places[chosen], -table.counts[chosen]))][:top]
        places = table.places[order]
        words = ids[places[:, None] + np.arange(asked.n)]
        words = np.where(np.arange(asked.n) == table.gaps[order][:, None], np.int32(-1), words)
        firsts.append(places)
        counts, documents = (a[order].astype(np.int64) for a in (table.counts, table.documents))
        tables.append(_Counted(words, counts, documents, len(chosen)))
    counts = np.concatenate([table.counts for table in tables])
    order = np.lexsort((np.concatenate(firsts), -counts))[:top]
    return _Counted(
        np.concatenate([table.words for table in tables])[order],
        counts[order],
        np.concatenate([table.documents for table in tables])[order],
        sum(table.different for table in tables),
    )


def counts_in(batch: TokenBatch, words: Ids) -> Ints:
    """Occurrences of different sequences, (k, n), -1 for a slot, in a text over the same types, (k,).

    >>> batch = TokenBatch.from_documents([["a", "b", "a", "b"], ["a", "c"]])
    >>> counts_in(batch, np.array([[0, 1], [1, 0], [0, 2]], np.int32)).tolist()
    [2, 1, 1]
    """
    counts = np.zeros(len(words), np.int64)
    slots = np.full(_slots_for(len(words)), -1, np.int32)
    ids, offsets = batch.read_only
    gaps = np.unique(np.where((words < 0).any(axis=1), (words < 0).argmax(axis=1), -1))
    for gap in gaps.tolist():
        _enter(words, gap, slots)
    for first, last in batch.ranges():
        for gap in gaps.tolist():
            _find(ids, offsets[first : last + 1], words, gap, slots, counts)
    return counts


# ---- The table of sequences
# A sequence is found by the hash of its words, and compared word by word with the place where it was first:
# so no two sequences are confused. Long texts are counted in shares of the hashes, one after the other, so
# that memory stays bounded and every count is exact.


@dataclass(frozen=True, eq=False)
class _Table:
    """Room for k sequences."""

    slots: Ids  # (2^m,), at least twice the room, numbers of sequences by hash; -1 for none
    places: Ints  # (k,), where each occurs first
    gaps: Array  # (k,) int8, which word is open; -1 for none
    counts: Ids  # (k,)
    documents: Ids  # (k,)
    latest: Ids  # (k,), the last document with it
    size: Ints  # (1,), sequences so far

    @classmethod
    def with_room(cls, room: int) -> _Table:
        """An empty table."""
        counts, documents, latest = np.zeros((3, room), np.int32)
        slots = np.full(_slots_for(room), -1, np.int32)
        places, gaps = np.zeros(room, np.int64), np.zeros(room, np.int8)
        return cls(slots, places, gaps, counts, documents, latest, np.zeros(1, np.int64))

    @property
    def arrays(self) -> tuple[Array, ...]:
        """As `_count` takes them."""
        return tuple(vars(self).values())


def _slots_for(room: int) -> int:
    """A power of 2, twice the room or more: half of the slots stay free, so that searches are short."""
    return 1 << (max(room, 1) - 1).bit_length() + 1


@kernel
def _hash(ids: Ids, place: int, n: int, gap: int) -> np.uint64:
    """A hash of the words that begin at a place, but for the open one."""
    value = np.uint64(gap + 2)
    for i in range(n):
        if i != gap:
            value = (value ^ np.uint64(ids[place + i] + 1)) * np.uint64(0xBF58476D1CE4E5B9)
            value ^= value >> np.uint64(29)
    return value


@kernel
def _count(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    part: tuple[int, int, int, int],  # the first document, the one after the last; which share of how many
    asked: tuple[int, bool, int],  # words; whether one is open; a word that has to be there, or -1
    slots: Ids,
    places: Ints,
    gaps: Array,
    counts: Ids,
    documents: Ids,
    latest: Ids,
    size: Ints,
) -> None:
    """Add the sequences of some documents to a `_Table`; those of the share alone."""
    first, last, share, shares = part
    n, slot, word = asked
    mask = np.uint64(len(slots) - 1)
    for document in range(first, last):
        for place in range(offsets[document], offsets[document + 1] - n + 1):
            for gap in range(1, n - 1) if slot else range(-1, 0):
                if word >= 0:
                    has_word = False
                    for i in range(n):
                        has_word |= i != gap and ids[place + i] == word
                    if not has_word:
                        continue
                value = _hash(ids, place, n, gap)
                # The high bits choose the share, the low ones the slot: else a share would fill few slots.
                if shares > 1 and (value >> np.uint64(40)) % np.uint64(shares) != np.uint64(share):
                    continue
                at = value & mask
                while True:
                    number = slots[at]
                    if number < 0:
                        number = size[0]
                        size[0] += 1
                        slots[at] = number
                        places[number] = place
                        gaps[number] = gap
                        latest[number] = -1
                        break
                    if gaps[number] == gap:
                        same = True
                        for i in range(n):
                            same &= i == gap or ids[places[number] + i] == ids[place + i]
                        if same:
                            break
                    at = (at + np.uint64(1)) & mask
                counts[number] += 1
                if latest[number] != document:
                    latest[number] = document
                    documents[number] += 1


@kernel
def _enter(words: Ids, gap: int, slots: Ids) -> None:
    """Enter the sequences, (k, n), that are open at a place into slots."""
    n = words.shape[1]
    mask = np.uint64(len(slots) - 1)
    for number in range(len(words)):
        own = -1
        for i in range(n):
            if words[number, i] < 0:
                own = i
        if own == gap:
            at = _hash(words[number], 0, n, gap) & mask
            while slots[at] >= 0:
                at = (at + np.uint64(1)) & mask
            slots[at] = number


@kernel
def _find(ids: Ids, offsets: Ints, words: Ids, gap: int, slots: Ids, counts: Ints) -> None:
    """Count the sequences that were entered."""
    n = words.shape[1]
    mask = np.uint64(len(slots) - 1)
    for document in range(len(offsets) - 1):
        for place in range(offsets[document], offsets[document + 1] - n + 1):
            at = _hash(ids, place, n, gap) & mask
            while slots[at] >= 0:
                number = slots[at]
                same = gap < 0 or words[number, gap] < 0
                for i in range(n):
                    same &= i == gap or words[number, i] == ids[place + i]
                if same:
                    counts[number] += 1
                    break
                at = (at + np.uint64(1)) & mask
