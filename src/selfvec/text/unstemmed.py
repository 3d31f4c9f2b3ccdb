"""What only the whole corpus can decide: which word stands for a stem, and which words are too rare.

Every other rule is a function of the word alone, the same for any part of a text (`selfvec.text.rules`).
These two go by how often words occur, so they are asked last, and where they are asked the words as they were
before, the *forms*, are kept: more text may name a stem otherwise, or make a rare word frequent.
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

from .stems import same_stem

__all__ = ["Forms", "run_forms", "settled", "words_of"]

DROPPED = -1
_FILE, _VOCABULARY = "unstemmed.safetensors", "vocabulary.txt"


def words_of(
    forms: Sequence[str],
    counts: NDArray[np.int64],
    known: Mapping[str, int],
    stem: str | None = None,
    min_count: int = 1,
) -> tuple[NDArray[np.int32], list[str]]:
    """Which word each form becomes.

    Parameters
    ----------
    forms : sequence of F str
        In order of first appearance.
    counts : (F,) int64
    known : mapping
        Words with a vector.
    stem : str, optional
        Language of the stems; forms stay apart without one.
    min_count : int
        Words that occur less often are left out.

    Returns
    -------
    numbers : (F,) int32
        Index in ``words``; -1 where left out.
    words : list of str
        In order of first appearance.

    Examples
    --------
    >>> numbers, words = words_of(["storms", "hail", "storm"], np.array([1, 1, 2]), {}, "en", 2)
    >>> numbers.tolist(), words
    ([0, -1, 0], ['storm'])
    """
    names = same_stem(forms, counts, known, stem) if stem else forms
    index = {name: i for i, name in enumerate(dict.fromkeys(names))}
    places = np.fromiter(map(index.__getitem__, names), np.int32, len(names))
    totals = np.zeros(len(index), np.int64)
    np.add.at(totals, places, counts)
    frequent = totals >= min_count
    numbers = np.where(frequent, np.cumsum(frequent) - 1, DROPPED).astype(np.int32)
    return numbers[places], [name for name, kept in zip(index, frequent.tolist(), strict=True) if kept]


def settled(
    forms: TokenBatch, known: Mapping[str, int], stem: str | None = None, min_count: int = 1
) -> TokenBatch:
    """The corpus in words: forms of one stem are one, rare ones are gone; the same where nothing changes.

    Parameters
    ----------
    forms : TokenBatch
        Its types in order of first appearance, as those of the result are.
    known, stem, min_count
        As in `words_of`.

    Examples
    --------
    >>> batch = TokenBatch.from_documents([["hail", "storms"], ["storm", "storm"]])
    >>> made = settled(batch, {}, "en", 2)
    >>> list(made.types), made.ids.tolist(), made.offsets.tolist()
    (['storm'], [0, 0, 0], [0, 1, 3])
    """
    if not stem and min_count <= 1:
        return forms
    numbers, words = words_of(forms.types, forms.counts, known, stem, min_count)
    ids = numbers[forms.ids]
    gone = np.flatnonzero(ids == DROPPED)
    offsets = forms.offsets - np.searchsorted(gone, forms.offsets)
    return replace(forms, ids=np.delete(ids, gone) if len(gone) else ids, offsets=offsets, types=words)


@dataclass(frozen=True, eq=False)
class Forms:
    """A corpus before stems and rare words were settled, over the same documents.

    Parameters
    ----------
    words : sequence of F str
    ids : (M,) int32
    offsets : (D + 1,) int64
    """

    words: Sequence[str]
    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def batch(self, tokens: TokenBatch) -> TokenBatch:
        """As a corpus, with the dates, slices and texts of ``tokens``, which is the same corpus in words."""
        return replace(tokens, ids=self.ids, offsets=self.offsets, types=self.words)

    def save(self, folder: Path) -> None:
        """Write into a new folder."""
        folder.mkdir()
        write_vocabulary(folder / _VOCABULARY, self.words)
        tensors: dict[str, NDArray[Any]] = {"ids": self.ids, "offsets": self.offsets}
        write_tensors(folder / _FILE, tensors)

    @classmethod
    def load(cls, folder: Path, documents: int) -> Forms:
        """Memory-map what `save` wrote.

        Raises
        ------
        FormatError
            If a file is missing or damaged, or not of a corpus of so many documents.
        """
        for name in (_FILE, _VOCABULARY):
            if not (folder / name).is_file():
                raise _damaged(folder / name, "a folder of forms holds this file, it is missing")
        words, tensors = read_vocabulary(folder / _VOCABULARY), map_tensors(folder / _FILE)
        for name, dtype in (("ids", np.int32), ("offsets", np.int64)):
            if name not in tensors or tensors[name].ndim != 1 or tensors[name].dtype != dtype:
                rule = f"forms have a one-dimensional tensor {name!r} of {np.dtype(dtype).name}"
                raise _damaged(folder / _FILE, rule)
        forms = cls(words, tensors["ids"], tensors["offsets"])
        if len(forms.offsets) != documents + 1:
            raise _damaged(folder / _FILE, f"forms are of the run's {documents:,} documents, these of others")
        try:
            TokenBatch(forms.ids, forms.offsets, words)
        except ValueError as error:
            raise _damaged(folder / _FILE, str(error)) from None
        return forms


def run_forms(run: Run) -> Forms | None:
    """The corpus of a run before stemming and ``min_count``; None if these changed nothing or were not kept.

    Raises
    ------
    FormatError
        If the files in the run folder are damaged.
    """
    kept = run.parts.get("unstemmed")
    if kept is None and run.folder is not None and (run.folder / "unstemmed").is_dir():
        kept = Forms.load(run.folder / "unstemmed", 0 if run.tokens is None else run.tokens.documents)
        run.parts["unstemmed"] = kept
    assert kept is None or isinstance(kept, Forms)
    return kept


def _damaged(path: Path, rule: str) -> FormatError:
    return FormatError(rule, path=path, remedy="make the run again")
