"""`TokenBatch`: a corpus as token ids, the form in which the kernels read text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

import numpy as np
from numpy.typing import ArrayLike

from selfvec.base.arrays import AnyInts, Array, Dates, Hashes, Ids, Ints, Mask
from selfvec.base.compiled import read_only
from selfvec.base.errors import CorpusError
from selfvec.base.threads import cut, in_order, stop_if_cancelled
from selfvec.files.memory import release, scratch_array

_BLOCK = 1 << 22  # tokens worked on at a time


def _blocks_of(ids: Ids) -> Iterator[tuple[slice, Ids]]:
    """The ids in blocks, each with its place. A block of a mapped file is released after it has been used."""
    for start in range(0, len(ids), _BLOCK):
        part = slice(start, min(start + _BLOCK, len(ids)))
        yield part, ids[part]
        release(ids[part])


def occurrences_of_each(ids: Ids, types: int, among: Mask | None = None) -> Ints:
    """Occurrences of each type, (V,), in (N,) ids; with ``among``, (N,), only of those that it marks."""
    counts = np.zeros(types, np.int64)
    for part, block in _blocks_of(ids):
        counts += np.bincount(block if among is None else block[among[part]], minlength=types)
    return counts


def bounds_of(sizes: ArrayLike) -> Ints:
    """Where each of n parts of these sizes begins, and the end, (n + 1,)."""
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def places_in(rising: Array, values: Array) -> Ints:
    """Where values are in a rising array, -1 for those that are not.

    >>> places_in(np.array([2, 5]), np.array([5, 3])).tolist()
    [1, -1]
    """
    if not len(rising):
        return np.full(len(values), -1)
    places = np.minimum(np.searchsorted(rising, values), len(rising) - 1)
    return np.where(rising[places] == values, places, -1)


def by_part(parts: Sequence[Ints], numbers: AnyInts) -> Iterator[tuple[int, Ints, Ints]]:
    """Items by their numbers when all parts stand in a row: the part, which of the numbers, its items.

    >>> parts = np.array([5, 7]), np.array([2])
    >>> [(part, which.tolist(), items.tolist()) for part, which, items in by_part(parts, np.array([2, 1]))]
    [(0, [1], [7]), (1, [0], [2])]
    """
    bounds = bounds_of([*map(len, parts)])
    owners = np.searchsorted(bounds, numbers, side="right") - 1
    for part in np.unique(owners).tolist():
        which = np.flatnonzero(owners == part)
        yield part, which, parts[part][numbers[which] - bounds[part]]


@dataclass(frozen=True, repr=False)
class TokenBatch:
    """Token ids of a corpus in reading order, with its document bounds and vocabulary.

    Parameters
    ----------
    ids : (N,) int32
        ``types[ids[i]]`` is the i-th token.
    offsets : (D + 1,) int64
        Document ``k`` holds the tokens ``ids[offsets[k]:offsets[k + 1]]``.
    types : sequence of V str
        The vocabulary, by default in order of first appearance.
    dates : (D,) datetime64[D], optional
        One date per document (NaT if unknown).
    sentences : int
        Number of sentences in the text (0 if unknown); ``window="auto"`` is their mean length.
    slices : (D,) int32, optional
        The part of the corpus each document belongs to, as a number in ``slice_names``; -1 if unknown.
    slice_names : sequence of str
        The names of the parts.
    fingerprints : (D,) uint64, optional
        A hash of each document's text (see `selfvec.corpus.fingerprints`).
    sentence_counts : (D,) int32, optional
        Sentences of each document, ``sentences`` in all.
    """

    ids: Ids
    offsets: Ints
    types: Sequence[str]
    dates: Dates | None = None
    sentences: int = 0
    slices: Ids | None = None
    slice_names: Sequence[str] = ()
    fingerprints: Hashes | None = None
    sentence_counts: Ids | None = None

    @property
    def lengths(self) -> Ints:
        """The tokens of each document, (D,)."""
        return np.diff(self.offsets)

    @property
    def period(self) -> list[str] | None:
        """The days of the first and the last dated document; None if none has a date."""
        if self.dates is None or np.isnat(self.dates).all():
            return None
        return [str(day.astype("datetime64[D]")) for day in (np.nanmin(self.dates), np.nanmax(self.dates))]

    def __post_init__(self) -> None:
        if self.ids.dtype != np.int32 or self.ids.ndim != 1:
            raise CorpusError("token ids are not a one-dimensional int32 array")
        if len(self.offsets) == 0 or self.offsets[0] != 0 or self.offsets[-1] != len(self.ids):
            raise CorpusError("document offsets do not run from 0 to the number of tokens")
        if np.any(self.lengths < 0):
            raise CorpusError("document offsets decrease")
        # As unsigned numbers, negative ones are large.
        if any(block.view(np.uint32).max() >= len(self.types) for _, block in _blocks_of(self.ids)):
            raise CorpusError(f"token ids are not all between 0 and {len(self.types) - 1}")
        one_each = {
            "date": self.dates,
            "fingerprint": self.fingerprints,
            "number of sentences": self.sentence_counts,
            "slice": self.slices,
        }
        for name, values in one_each.items():
            if values is not None and values.shape != (self.documents,):
                raise CorpusError(f"there is not one {name} per document")
        slices = self.slices
        names = len(self.slice_names)
        if slices is not None and len(slices) and not -1 <= slices.min() <= slices.max() < names:
            raise CorpusError(f"slices are not all between -1 and {names - 1}")

    @cached_property
    def counts(self) -> Ints:
        """Occurrences of each type, (V,)."""
        return occurrences_of_each(self.ids, len(self.types))

    @classmethod
    def from_documents(cls, documents: Sequence[Sequence[str]]) -> TokenBatch:
        """Build from lists of tokens.

        >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["b"]])
        >>> batch.ids.tolist(), batch.offsets.tolist(), list(batch.types), batch.counts.tolist()
        ([0, 1, 0, 1], [0, 3, 4], ['a', 'b'], [2, 2])
        """
        index: dict[str, int] = {}
        ids = [index.setdefault(token, len(index)) for document in documents for token in document]
        return cls(np.array(ids, dtype=np.int32), bounds_of([*map(len, documents)]), list(index))

    @classmethod
    def of_counts(cls, types: Sequence[str], counts: Ints) -> TokenBatch:
        """A vocabulary with its counts, (V,), without the text."""
        return cls(np.zeros(0, np.int32), np.zeros(1, np.int64), types).with_counts(counts)

    def __repr__(self) -> str:
        return (
            f"<TokenBatch: {len(self):,} tokens of {len(self.types):,} types, {self.documents:,} documents>"
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def documents(self) -> int:
        """Number of documents, empty ones included."""
        return len(self.offsets) - 1

    @property
    def empty(self) -> int:
        """Number of documents without a token."""
        return int(np.count_nonzero(self.lengths == 0))

    def document_of(self, places: Ints) -> Ints:
        """The document of each token, (n,) int64."""
        return np.searchsorted(self.offsets, places, side="right") - 1

    def renumbered(self, numbers: Ids, types: Sequence[str]) -> TokenBatch:
        """The same documents over other types; ``numbers``, (V,) int32, are the new ids, -1 to drop a type.

        >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["b", "c"]])
        >>> other = batch.renumbered(np.array([-1, 1, 0], np.int32), ["c", "b"])
        >>> other.ids.tolist(), other.offsets.tolist()
        ([1, 1, 0], [0, 1, 3])
        """
        kept = numbers >= 0
        size = len(self) if kept.all() else min(len(self), int(self.counts[kept].sum()))
        ids, offsets = changed(self.ids, self.offsets, size, lambda _, ids: numbers[ids])
        made = replace(self, ids=ids, offsets=offsets, types=types)
        if "counts" in self.__dict__:
            made.with_counts(occurrences_of_merged(self.counts, numbers, len(types)))
        return made

    def with_types(self, kept: Mask) -> TokenBatch:
        """The same documents with only some of the types, (V,), which are renumbered."""
        return self.renumbered(kept_numbers(kept), [self.types[i] for i in np.flatnonzero(kept).tolist()])

    def with_counts(self, counts: Ints) -> TokenBatch:
        """The same batch, whose counts, (V,), are known without counting."""
        object.__setattr__(self, "counts", counts)
        return self

    def ranges(
        self, first: int = 0, last: int | None = None, tokens: int | None = None
    ) -> Iterator[tuple[int, int]]:
        """The documents ``first`` to ``last`` in ranges of about so many ``tokens``, by default four million.

        The ids of a range in a mapped file are released after they have been used.
        """
        bounds = self.offsets[first : None if last is None else last + 1]
        for start, stop in cut(np.diff(bounds), tokens or _BLOCK):
            stop_if_cancelled()
            yield first + start, first + stop
            release(self.ids[bounds[start] : bounds[stop]])

    @property
    def read_only(self) -> tuple[Ids, Ints]:
        """The ids and offsets as those of an opened run are, so that a kernel is compiled once for both."""
        return read_only(self.ids), read_only(self.offsets)

    def in_ranges(self) -> Iterator[tuple[Ids, Ints]]:
        """The ids, read-only, and offsets of each of the `ranges`."""
        ids, offsets = self.read_only
        for first, last in self.ranges():
            bounds = offsets[first : last + 1]
            yield ids[bounds[0] : bounds[-1]], bounds - bounds[0]

    def part(self, documents: Mask | Ints | Ids) -> TokenBatch:
        """Documents with the same vocabulary: those selected, (D,) bool, or numbered, (n,), in any order.

        If the sentences per document are unknown, their number is estimated in proportion to the tokens.

        >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["b"], ["a"]])
        >>> part = batch.part(np.array([False, True, True]))
        >>> part.ids.tolist(), part.offsets.tolist(), part.counts.tolist()
        ([1, 0], [0, 1, 2], [1, 1])
        >>> batch.part(np.array([1, 0, 1])).ids.tolist()
        [1, 0, 1, 0, 1]
        """
        lengths = self.lengths
        offsets = bounds_of(lengths[documents])
        numbers = np.asarray(
            np.flatnonzero(documents) if documents.dtype == np.bool_ else documents, np.int64
        )
        per_document = None if self.sentence_counts is None else self.sentence_counts[documents]
        share = int(offsets[-1]) / max(len(self), 1)
        return TokenBatch(
            self._ids_of(numbers, offsets),
            offsets,
            self.types,
            dates=None if self.dates is None else self.dates[documents],
            sentences=round(self.sentences * share) if per_document is None else int(per_document.sum()),
            slices=None if self.slices is None else self.slices[documents],
            slice_names=self.slice_names,
            fingerprints=None if self.fingerprints is None else self.fingerprints[documents],
            sentence_counts=per_document,
        )

    def in_units(self, units: Ints) -> TokenBatch:
        """The documents with the same number, (D,), as one document; only the words are kept of them.

        >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["b"], ["a"]])
        >>> batch.in_units(np.array([7, 2, 7])).offsets.tolist()
        [0, 1, 5]
        """
        order = np.argsort(units, kind="stable")
        first = np.flatnonzero(np.diff(units[order], prepend=units.min(initial=0) - 1))
        part = self.part(order)
        offsets = np.append(part.offsets[:-1][first], len(part))
        return TokenBatch(part.ids, offsets, self.types)

    def _ids_of(self, documents: Ints, offsets: Ints) -> Ids:
        """The ids of some documents, by number; ``offsets`` are those of the result, (n + 1,)."""
        ids = scratch_array(int(offsets[-1]), np.int32)
        for first, last in cut(np.diff(offsets), _BLOCK):
            starts = self.offsets[documents[first:last]] - offsets[first:last]
            places = np.repeat(starts, np.diff(offsets[first : last + 1]))
            places += np.arange(offsets[first], offsets[last])
            part = slice(int(offsets[first]), int(offsets[last]))
            ids[part] = self.ids[places]
            release(ids[part])
            release(self.ids[self.offsets[documents[first]] : self.offsets[documents[last - 1] + 1]])
        return ids


def changed(
    ids: Ids,  # (N,)
    offsets: Ints,  # (D + 1,)
    size: int,
    new: Callable[[slice, Ids], Ids],
    out: Ids | None = None,
) -> tuple[Ids, Ints]:
    """The ids and document bounds after ``new`` has replaced blocks of ids by as many; negative ones go.

    ``size`` ids remain. ``new`` gets the place of each block and its ids. ``out``, (size,) or more, receives
    the new ids; it may be ``ids``.
    """
    out = scratch_array(size, np.int32) if out is None else out
    bounds = np.zeros_like(offsets)
    written = 0

    def renew(start: int) -> tuple[Ids, slice, Ints]:
        """What remains of a block, the documents that end in it, and after how many ids."""
        part = slice(start, min(start + _BLOCK, len(ids)))
        block = ids[part]
        renewed = new(part, block)
        release(block)
        ended = slice(*np.searchsorted(offsets, (part.start, part.stop), side="right"))
        ends = offsets[ended] - part.start
        if renewed.min(initial=0) >= 0:
            return renewed, ended, ends
        kept = np.flatnonzero(renewed >= 0)
        return renewed[kept], ended, np.searchsorted(kept, ends)

    for renewed, ended, ends in in_order(range(0, len(ids), _BLOCK), renew):
        bounds[ended] = written + ends
        place = slice(written, written + len(renewed))
        out[place] = renewed  # also of blocks that were read already, if it is ``ids``
        release(out[place])
        written = place.stop
    return out[:size], bounds


def occurrences_of_merged(counts: Ints, numbers: Ids, types: int) -> Ints:
    """Occurrences of each new type, (types,), when types with ``counts`` get new numbers, -1 if dropped."""
    kept = numbers >= 0
    merged = np.zeros(types, np.int64)
    np.add.at(merged, numbers[kept], counts[kept])
    return merged


def frequency_order(counts: Ints) -> tuple[Ints, Ids]:
    """Types by falling counts, (V,), ties in their order; and the place of each type in that order, (V,)."""
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return order, rank


def by_frequency(batch: TokenBatch) -> TokenBatch:
    """The same corpus with its types by falling frequency, ties in order of first appearance."""
    order, rank = frequency_order(batch.counts)
    return batch.renumbered(rank, [batch.types[i] for i in order.tolist()])


def over_one_vocabulary(parts: Sequence[TokenBatch]) -> list[TokenBatch]:
    """The same batches over the types of all of them: those of the first part, then new ones of the next.

    >>> one, other = (TokenBatch.from_documents([text.split()]) for text in ("a b", "c a"))
    >>> [(part.ids.tolist(), list(part.types)) for part in over_one_vocabulary([one, other])]
    [([0, 1], ['a', 'b', 'c']), ([2, 0], ['a', 'b', 'c'])]
    """
    if all(part.types is parts[0].types for part in parts):  # as of parts of one text
        return list(parts)
    types = list(dict.fromkeys(chain.from_iterable(part.types for part in parts)))
    index = {word: i for i, word in enumerate(types)}
    first, *others = parts
    numbers = [np.fromiter(map(index.__getitem__, part.types), np.int32) for part in others]
    renumbered = [part.renumbered(new, types) for part, new in zip(others, numbers, strict=True)]
    return [replace(first, types=types), *renumbered]


def kept_numbers(kept: Mask) -> Ids:
    """The new numbers of types that are kept, (V,) int32; -1 for the others."""
    return np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)


def concatenated(parts: Sequence[TokenBatch], types: Sequence[str] | None = None) -> TokenBatch:
    """The documents of batches over one vocabulary, in their order; ``types`` may name its words anew.

    Fingerprints and numbers of sentences are kept if every part with documents has them; a part without dates
    has unknown ones if another part has dates. Slices without a document are dropped.
    """
    starts = bounds_of([*map(len, parts)])
    filled = [part for part in parts if part.documents] or parts
    names = {name: i for i, name in enumerate(dict.fromkeys(chain.from_iterable(map(_used_slices, parts))))}
    fingerprints = [part.fingerprints for part in filled if part.fingerprints is not None]
    sentence_counts = [part.sentence_counts for part in filled if part.sentence_counts is not None]
    ids = scratch_array(int(starts[-1]), np.int32)
    for part, start in zip(parts, starts[:-1].tolist(), strict=True):
        for place, block in _blocks_of(part.ids):
            copy = ids[start + place.start : start + place.stop]
            copy[:] = block
            release(copy)
    return TokenBatch(
        ids,
        np.concatenate([[0], *(s + p.offsets[1:] for s, p in zip(starts, parts, strict=False))]),
        parts[0].types if types is None else types,
        dates=_joined_dates(parts),
        sentences=sum(part.sentences for part in parts),
        slices=np.concatenate([_numbered_slices(part, names) for part in parts]) if names else None,
        slice_names=list(names),
        fingerprints=np.concatenate(fingerprints) if len(fingerprints) == len(filled) else None,
        sentence_counts=np.concatenate(sentence_counts) if len(sentence_counts) == len(filled) else None,
    )


def _joined_dates(parts: Sequence[TokenBatch]) -> Dates | None:
    if all(part.dates is None for part in parts):
        return None
    unknown = np.datetime64("NaT", "D")
    return np.concatenate(
        [np.full(part.documents, unknown) if part.dates is None else part.dates for part in parts]
    )


def _used_slices(part: TokenBatch) -> list[str]:
    """The names of the slices that have a document; those of withdrawn documents may have none."""
    used = np.unique(part.slices) if part.slices is not None else np.zeros(0, np.int32)
    return [part.slice_names[i] for i in used.tolist() if i >= 0]


def _numbered_slices(part: TokenBatch, names: Mapping[str, int]) -> Ids:
    """The slice of each document by its number in ``names``, (D,); -1 if unknown."""
    if part.slices is None:
        return np.full(part.documents, -1, np.int32)
    numbers = np.array([*(names.get(name, -1) for name in part.slice_names), -1], np.int32)
    return numbers[part.slices]  # -1 selects the last number, which is -1
