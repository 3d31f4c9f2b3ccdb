"""The whole text of a run: its tokens before repeated passages, rare words and stems are dropped or merged.

When the corpus of a run grows, a rare word may become frequent, and another word may represent a stem. So
the rules of `selfvec.refinement.counted_text` are then applied to the whole text again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array, Bytes, Ids, Ints, Mask
from selfvec.base.compiled import kernel
from selfvec.base.errors import FormatError
from selfvec.base.memory import release
from selfvec.base.scratch import Spool, scratch_array
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.base.text_files import read_vocabulary, write_vocabulary
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, blocks_of, check_offsets

from .stems import DROPPED

__all__ = ["UnstemmedTokens", "unstemmed_tokens"]

_FILE = "unstemmed.safetensors"
_VOCABULARY = "vocabulary.txt"
_DTYPES = {"ids": np.int32, "offsets": np.int64, "left_out": np.uint8, "sentences": np.int32}
_REQUIRED = ("ids", "offsets")


@dataclass(frozen=True, eq=False)
class UnstemmedTokens:
    """What the whole text has besides the counted tokens of a run.

    These are the left-out tokens and a bit for each token of the text. If stems merged words, they are all
    tokens, and ``left_out`` is None.
    """

    types: Sequence[str]  # U types
    ids: Ids  # (M,) int32: of the left-out tokens, or of all
    offsets: Ints  # (D + 1,) int64: bounds of the documents in the whole text, of N tokens
    left_out: Bytes | None = None  # (⌈N / 8⌉,): which tokens were left out, as of `numpy.packbits`
    sentence_counts: Ids | None = None  # (D,) int32

    @classmethod
    def of(cls, whole: TokenBatch, counted: TokenBatch) -> UnstemmedTokens:
        """What a text has besides those of its tokens that are counted.

        >>> whole = TokenBatch.from_documents([["a", "b", "a"], ["c", "b"]])
        >>> found = UnstemmedTokens.of(whole, TokenBatch.from_documents([["b"], ["b"]]))
        >>> found.ids.tolist(), np.unpackbits(found.left_out, count=5).tolist()
        ([0, 0, 2], [1, 0, 1, 1, 0])
        """
        numbers = _numbers(whole.types, counted.types)
        bits = np.zeros(-(-len(whole) // 8), np.uint8)
        spool = Spool()
        place = 0
        for part, block in blocks_of(whole.ids):
            gone = np.empty(len(block), bool)
            before, place = place, _mark(block, numbers, counted.ids, place, gone)
            release(counted.ids[before:place])
            bits[part.start // 8 : -(-part.stop // 8)] = np.packbits(gone)
            spool.append(block[gone])
        if place < len(counted):  # stems merged words
            spool.close()
            return cls(whole.types, whole.ids, whole.offsets, sentence_counts=whole.sentence_counts)
        return cls(whole.types, spool.joined(), whole.offsets, bits, whole.sentence_counts)

    def batch(self, counted: TokenBatch) -> TokenBatch:
        """The whole text, with the dates, slices and fingerprints of ``counted``, the same documents."""
        ids = self.ids if self.left_out is None else self._whole(self.left_out, counted)
        own = replace(counted, ids=ids, offsets=self.offsets, types=self.types)
        if self.sentence_counts is None:
            return own
        return replace(own, sentences=int(self.sentence_counts.sum()), sentence_counts=self.sentence_counts)

    def _whole(self, left_out: Bytes, counted: TokenBatch) -> Ids:
        """The ids of the whole text, (N,)."""
        numbers = _numbers(counted.types, self.types)
        if np.any(numbers == DROPPED):
            rule = "the whole text of the run lacks some of its words"
            raise FormatError(rule, field="unstemmed", remedy="make the run again")
        ids = scratch_array(int(self.offsets[-1]), np.int32)
        places = (0, 0)
        for part, block in blocks_of(ids):
            bits = left_out[part.start // 8 : -(-part.stop // 8)]
            gone = np.unpackbits(bits, count=len(block)).view(bool)
            before, places = places, _interleave(gone, self.ids, counted.ids, numbers, places, block)
            release(counted.ids[before[1] : places[1]])
        return ids

    def joined(self, more: UnstemmedTokens) -> UnstemmedTokens:
        """The same for a text and more text, if both have only left-out tokens."""
        assert self.left_out is not None
        assert more.left_out is not None
        types = list(dict.fromkeys((*self.types, *more.types)))
        size = int(self.offsets[-1])
        kept, odd = divmod(size, 8)  # whole bytes, and the bits that the new ones follow
        first = np.unpackbits(self.left_out[kept:], count=odd)
        bits = np.concatenate((first, np.unpackbits(more.left_out, count=int(more.offsets[-1]))))
        both = self.sentence_counts, more.sentence_counts
        counts = [found for found in both if found is not None]
        return UnstemmedTokens(
            types,
            np.concatenate((self.ids, _numbers(more.types, types)[more.ids])),
            np.concatenate((self.offsets, size + more.offsets[1:])),
            np.concatenate((self.left_out[:kept], np.packbits(bits))),
            np.concatenate(counts) if len(counts) == 2 else None,
        )

    def save(self, folder: Path) -> None:
        """Write into a new folder."""
        folder.mkdir()
        write_vocabulary(folder / _VOCABULARY, self.types)
        tensors: dict[str, Array | None] = {
            "ids": self.ids,
            "offsets": self.offsets,
            "left_out": self.left_out,
            "sentences": self.sentence_counts,
        }
        write_tensors(
            folder / _FILE, {name: tensor for name, tensor in tensors.items() if tensor is not None}
        )

    @classmethod
    def load(cls, folder: Path, counted: TokenBatch) -> UnstemmedTokens:
        """Memory-map the files that `save` wrote; `FormatError` if damaged or of other documents."""
        for name in (_FILE, _VOCABULARY):
            if not (folder / name).is_file():
                raise _damaged(folder / name, "a folder of unstemmed tokens holds this file, it is missing")
        types = read_vocabulary(folder / _VOCABULARY)
        tensors = map_tensors(folder / _FILE)
        for name, dtype in _DTYPES.items():
            if name not in tensors and name not in _REQUIRED:
                continue
            if name not in tensors or tensors[name].ndim != 1 or tensors[name].dtype != dtype:
                rule = f"unstemmed tokens have a one-dimensional tensor {name!r} of {np.dtype(dtype).name}"
                raise _damaged(folder / _FILE, rule)
        ids, offsets, left_out, sentences = (tensors.get(name) for name in _DTYPES)
        assert ids is not None
        assert offsets is not None
        if len(offsets) != counted.documents + 1:
            rule = f"the run has {counted.documents:,} documents, this file has {len(offsets) - 1:,}"
            raise _damaged(folder / _FILE, rule)
        try:
            if left_out is None:
                check_offsets(offsets, len(ids))
            else:
                check_offsets(offsets, len(ids) + len(counted))
                if len(left_out) != -(-int(offsets[-1]) // 8) or np.bitwise_count(left_out).sum() != len(ids):
                    raise ValueError("there is not one bit for each token of the text")
            TokenBatch(ids, np.array([0, len(ids)]), types)
            if sentences is not None and len(sentences) != counted.documents:
                raise ValueError("there is not one number of sentences per document")
        except ValueError as error:
            raise _damaged(folder / _FILE, str(error)) from None
        return cls(types, ids, offsets, left_out, sentences)


def unstemmed_tokens(run: Run) -> UnstemmedTokens | None:
    """What the whole text of a run has besides its tokens; None if it is the same or was not kept."""
    kept = run.parts.get("unstemmed")
    folder = None if run.folder is None else run.folder / "unstemmed"
    if kept is None and folder is not None and folder.is_dir() and run.tokens is not None:
        kept = UnstemmedTokens.load(folder, run.tokens)
        run.parts["unstemmed"] = kept
    assert kept is None or isinstance(kept, UnstemmedTokens)
    return kept


def _numbers(types: Sequence[str], others: Sequence[str]) -> Ids:
    """The number of each type among others, (U,) int32; `DROPPED` if it is not among them."""
    index = {word: i for i, word in enumerate(others)}
    return np.fromiter((index.get(word, DROPPED) for word in types), np.int32, len(types))


@kernel
def _mark(ids: Ids, numbers: Ids, counted: Ids, place: int, gone: Mask) -> int:
    """Mark the ids that are not the next counted ones, from ``place`` on; return the place after them."""
    for i in range(len(ids)):
        gone[i] = place == len(counted) or numbers[ids[i]] != counted[place]
        place += not gone[i]
    return place


@kernel
def _interleave(
    gone: Mask,
    left_out: Ids,
    counted: Ids,
    numbers: Ids,  # of the types of the counted ids
    places: tuple[int, int],  # of the next id of the two
    out: Ids,  # written
) -> tuple[int, int]:
    """Undo `_mark`; return the places after the ids that were used."""
    own, place = places
    for i in range(len(out)):
        if gone[i]:
            out[i] = left_out[own]
            own += 1
        else:
            out[i] = numbers[counted[place]]
            place += 1
    return own, place


def _damaged(path: Path, rule: str) -> FormatError:
    return FormatError(rule, path=path, remedy="make the run again")
