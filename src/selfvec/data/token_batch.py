"""`TokenBatch`: a corpus as token ids, the form in which the kernels read text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Hashes, Ids, Ints, Mask
from selfvec.base.errors import CorpusError

__all__ = ["ONCE", "TokenBatch", "occurrences_of_each"]

ONCE = np.uint64(1)
"""The lowest bit of a stored fingerprint, set in layouts that keep a repeated text only once."""
_COUNTED = 1 << 22  # tokens counted at a time


def occurrences_of_each(ids: Ids, types: int) -> Ints:
    """Occurrences of each type, (V,), among (N,) ids."""
    counts = np.zeros(types, np.int64)
    for start in range(0, len(ids), _COUNTED):  # NumPy copies its input to int64
        counts += np.bincount(ids[start : start + _COUNTED], minlength=types)
    return counts


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
        Number of sentences in the text (0 if unknown); ``--window auto`` is their mean length.
    slices : (D,) int32, optional
        The part of the corpus each document belongs to, as a number in ``slice_names``; -1 if unknown.
    slice_names : sequence of str
        The names of the parts.
    fingerprints : (D,) uint64, optional
        A hash of each document's text (see `selfvec.corpus.documents`), odd if the text occurs only once.
    sentence_counts : (D,) int32, optional
        Sentences of each document, ``sentences`` in all.
    """

    ids: Ids
    offsets: Ints
    types: Sequence[str]
    dates: NDArray[np.datetime64] | None = None
    sentences: int = 0
    slices: Ids | None = None
    slice_names: Sequence[str] = ()
    fingerprints: Hashes | None = None
    sentence_counts: Ids | None = None

    def __post_init__(self) -> None:
        if self.ids.dtype != np.int32 or self.ids.ndim != 1:
            raise CorpusError("token ids are not a one-dimensional int32 array")
        if len(self.offsets) == 0 or self.offsets[0] != 0 or self.offsets[-1] != len(self.ids):
            raise CorpusError("document offsets do not run from 0 to the number of tokens")
        if np.any(np.diff(self.offsets) < 0):
            raise CorpusError("document offsets decrease")
        if len(self.ids) and not 0 <= self.ids.min() <= self.ids.max() < len(self.types):
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
        slices, names = self.slices, len(self.slice_names)
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
        offsets = np.cumsum([0, *map(len, documents)], dtype=np.int64)
        return cls(np.array(ids, dtype=np.int32), offsets, list(index))

    @classmethod
    def of_counts(cls, types: Sequence[str], counts: Ints) -> TokenBatch:
        """A vocabulary with its counts, (V,), without the text."""
        made = cls(np.zeros(0, np.int32), np.zeros(1, np.int64), types)
        object.__setattr__(made, "counts", counts)
        return made

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

    def document_of(self, places: Ints) -> Ints:
        """The document of each token, (n,) int64."""
        return np.searchsorted(self.offsets, places, side="right") - 1

    def part(self, documents: Mask) -> TokenBatch:
        """The selected documents, (D,) bool, in their order, with the same vocabulary.

        If the sentences per document are unknown, their number is estimated in proportion to the tokens.

        >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["b"], ["a"]])
        >>> part = batch.part(np.array([False, True, True]))
        >>> part.ids.tolist(), part.offsets.tolist(), part.counts.tolist()
        ([1, 0], [0, 1, 2], [1, 1])
        """
        lengths = np.diff(self.offsets)
        offsets = np.concatenate(([0], np.cumsum(lengths[documents]))).astype(np.int64)
        per_document = None if self.sentence_counts is None else self.sentence_counts[documents]
        share = int(offsets[-1]) / max(len(self), 1)
        return TokenBatch(
            self.ids[np.repeat(documents, lengths)],
            offsets,
            self.types,
            dates=None if self.dates is None else self.dates[documents],
            sentences=round(self.sentences * share) if per_document is None else int(per_document.sum()),
            slices=None if self.slices is None else self.slices[documents],
            slice_names=self.slice_names,
            fingerprints=None if self.fingerprints is None else self.fingerprints[documents],
            sentence_counts=per_document,
        )
