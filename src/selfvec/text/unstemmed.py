"""Stemming and `min_count`: the two rules that need the counts of the whole corpus.

They are applied last (all others are in `selfvec.text.rules`), and a run keeps the tokens from before. When
its corpus grows, another word may represent a stem, and a rare word may become frequent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import FormatError
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.base.vocabulary import read_vocabulary, write_vocabulary
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch

from .stems import DROPPED, merged_types

__all__ = ["UnstemmedTokens", "apply_stem_and_min_count", "unstemmed_tokens"]

_FILE, _VOCABULARY = "unstemmed.safetensors", "vocabulary.txt"


def apply_stem_and_min_count(
    batch: TokenBatch, known: Mapping[str, int], stem: str | None = None, min_count: int = 1
) -> TokenBatch:
    """Apply stemming and ``min_count``; return the input unchanged if neither is set.

    Types are in order of first appearance before and after. See `selfvec.text.stems.merged_types`.
    """
    if not stem and min_count <= 1:
        return batch
    numbers, types = merged_types(batch.types, batch.counts, known, stem, min_count)
    ids = numbers[batch.ids]
    dropped = np.flatnonzero(ids == DROPPED)
    offsets = batch.offsets - np.searchsorted(dropped, batch.offsets)
    return replace(batch, ids=np.delete(ids, dropped) if len(dropped) else ids, offsets=offsets, types=types)


@dataclass(frozen=True, eq=False)
class UnstemmedTokens:
    """The tokens of a run's documents before stemming and `min_count`."""

    types: Sequence[str]  # U types
    ids: NDArray[np.int32]  # (M,) int32
    offsets: NDArray[np.int64]  # (D + 1,) int64

    def batch(self, tokens: TokenBatch) -> TokenBatch:
        """As a `TokenBatch`, with the dates, slices and fingerprints of ``tokens``, the same documents."""
        return replace(tokens, ids=self.ids, offsets=self.offsets, types=self.types)

    def save(self, folder: Path) -> None:
        """Write into a new folder."""
        folder.mkdir()
        write_vocabulary(folder / _VOCABULARY, self.types)
        tensors: dict[str, NDArray[Any]] = {"ids": self.ids, "offsets": self.offsets}
        write_tensors(folder / _FILE, tensors)

    @classmethod
    def load(cls, folder: Path, documents: int) -> UnstemmedTokens:
        """Memory-map the files that `save` wrote; `FormatError` if damaged or of other documents."""
        for name in (_FILE, _VOCABULARY):
            if not (folder / name).is_file():
                raise _damaged(folder / name, "a folder of unstemmed tokens holds this file, it is missing")
        types, tensors = read_vocabulary(folder / _VOCABULARY), map_tensors(folder / _FILE)
        for name, dtype in (("ids", np.int32), ("offsets", np.int64)):
            if name not in tensors or tensors[name].ndim != 1 or tensors[name].dtype != dtype:
                rule = f"unstemmed tokens have a one-dimensional tensor {name!r} of {np.dtype(dtype).name}"
                raise _damaged(folder / _FILE, rule)
        tokens = cls(types, tensors["ids"], tensors["offsets"])
        if len(tokens.offsets) != documents + 1:
            rule = f"the run has {documents:,} documents, this file has {len(tokens.offsets) - 1:,}"
            raise _damaged(folder / _FILE, rule)
        try:
            TokenBatch(tokens.ids, tokens.offsets, types)
        except ValueError as error:
            raise _damaged(folder / _FILE, str(error)) from None
        return tokens


def unstemmed_tokens(run: Run) -> UnstemmedTokens | None:
    """The tokens of a run before stemming and `min_count`; None if neither was set, or they were not kept."""
    kept = run.parts.get("unstemmed")
    if kept is None and run.folder is not None and (run.folder / "unstemmed").is_dir():
        documents = 0 if run.tokens is None else run.tokens.documents
        kept = UnstemmedTokens.load(run.folder / "unstemmed", documents)
        run.parts["unstemmed"] = kept
    assert kept is None or isinstance(kept, UnstemmedTokens)
    return kept


def _damaged(path: Path, rule: str) -> FormatError:
    return FormatError(rule, path=path, remedy="make the run again")
