"""`Index`: documents of a run, found by words and by meaning.

In memory, or as a folder that is opened without being read: what is large in it is memory-mapped.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing

from . import kernels
from .building import Gathered, first_segment, gather, more
from .dense_space import Space
from .filters import allowed
from .hits import Found, describe
from .scoring import Scored, Scorer, check_mode
from .segment import Record, Segment

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["Index"]


@dataclass
class Index:
    """Searches documents; made by `create`, `memory` or `open`.

    Attributes
    ----------
    lexicon : Lexicon
    space : Space
    segments : list of Segment
    deleted : list of (D,) bool
        Which documents of each segment are gone.
    folder : Path or None
        Where it lies.
    about : dict
        Where its documents came from, JSON-serialisable.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> index = Index.memory(selfvec.Refiner(method="decorrelated").fit(texts).run_, texts[:3])
    >>> [hit.id for hit in index.search("hail on roofs", topn=1).hits]
    ['0']
    """

    lexicon: Lexicon
    space: Space
    segments: list[Segment]
    deleted: list[NDArray[np.bool_]]
    folder: Path | None = None
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def memory(
        cls, run: Run, documents: Sequence[str] | Gathered, *, progress: Progress | None = None, seed: int = 0
    ) -> Index:
        """An index of texts, in memory.

        Parameters
        ----------
        run : Run
            Whose words and vectors it uses.
        documents : sequence of str, or Gathered
            Texts, called by their numbers from 0 where they have no ids.
        progress : Progress, optional
        seed : int
            Draws 20,000 documents to learn from, where there are more.

        Raises
        ------
        InputError
            If there is no document.
        """
        gathered = documents if isinstance(documents, Gathered) else Gathered.of(documents)
        if not gathered.texts:
            raise InputError("there is no document to search", remedy="give at least one")
        lexicon = Lexicon(Preprocessing.of(run.provenance).by_words)
        space, segment = first_segment(run, lexicon, gathered, progress or Progress(), seed)
        about = {"left_out": gathered.left_out} if gathered.left_out else {}
        return cls(lexicon, space, [segment], [np.zeros(segment.documents, bool)], about=about)

    @classmethod
    def create(
        cls,
        folder: str | os.PathLike[str] | None,
        run: Run,
        corpus: Corpus | None = None,
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
        stamp: str | None = None,
        seed: int = 0,
    ) -> Index:
        """Make an index folder, whole or not at all.

        Parameters
        ----------
        folder : path or None
            None keeps it in memory.
        run : Run
        corpus : Corpus, optional
            The documents; the run's own where not given, read again from where they lay and checked by their
            hashes.
        overwrite : bool
            Whether an index standing there is replaced.
        stamp : str, optional
            Kept, to tell later whether the documents have changed.

        Raises
        ------
        InputError
            If the documents cannot be read, or are not those of the run any more.
        TargetError
            If the folder cannot be written.
        """
        from selfvec.corpus.reopen import own_corpus, verified

        progress = progress or Progress()
        mine = corpus is None
        corpus = own_corpus(run) if corpus is None else corpus
        gathered = gather(corpus, progress)
        if mine:
            verified(run, corpus)
        index = cls.memory(run, gathered, progress=progress, seed=seed)
        index.about |= {"corpus": corpus.summary.as_dict(), "own": mine, "stamp": stamp}
        return index if folder is None else index.saved(folder, overwrite=overwrite)

    def saved(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Index:
        """Write an index that was made in memory, whole or not at all, and open what was written.

        Raises
        ------
        TargetError
            If the folder exists and is not to be replaced, or cannot be written.
        OptionError
            If documents were added or deleted since it was made.
        """
        from .index_folder import write_index

        if len(self.segments) != 1 or self.deleted[0].any():
            raise OptionError(
                "documents came or went since this index was made", remedy="use rebuilt() first"
            )
        write_index(self, Path(folder), overwrite=overwrite)
        return Index.open(folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Index:
        """Open an index folder.

        Raises
        ------
        InputError
            If it is none. `FormatError` if a file in it is damaged.
        """
        from .index_folder import read_index

        return read_index(cls, Path(folder))

    def __len__(self) -> int:
        """Documents that can be found."""
        return sum(int(np.count_nonzero(~gone)) for gone in self.deleted)

    @property
    def fields(self) -> list[str]:
        """What can be filtered by, beside ``date``."""
        return list(dict.fromkeys(name for segment in self.segments for name in segment.names))

    @cached_property
    def scorer(self) -> Scorer:
        """What scores the documents that are there."""
        pairs = list(zip(self.segments, self.deleted, strict=True))
        return Scorer(
            self.segments,
            [~gone for _, gone in pairs],
            [segment.removed(gone) for segment, gone in pairs],
            self.space,
        )

    def scores(self, question: str, mode: str = "hybrid") -> list[Scored]:
        """What a question gives every document, by segment."""
        return self.scorer.score(self.lexicon.read(question), mode)

    def search(
        self, question: str, topn: int = 10, *, mode: str = "hybrid", filters: Sequence[str] = ()
    ) -> Found:
        """The best documents for a question, each with the passage that speaks to it and why it was found.

        Parameters
        ----------
        question : str
        topn : int
        mode : "hybrid", "bm25" or "dense"
        filters : sequence of str
            As ``state=IOWA`` or ``date=1996..1998``; see `selfvec.search.filters`. Scores are those without.

        Raises
        ------
        OptionError
            If ``mode``, ``topn`` or a filter is none.
        """
        check_mode(mode)
        if topn < 1:
            raise OptionError(f"is a whole number of at least 1, not {topn!r}", field="topn")
        asked = self.lexicon.read(question)
        passing = allowed(self.segments, filters)
        scored = self.scorer.score(asked, mode)
        best: list[tuple[float, int, int]] = []
        for number, (one, mask) in enumerate(zip(scored, passing, strict=True)):
            found = _first(one.scores, one.found & mask, topn)
            best += [(-float(one.scores[d]), number, int(d)) for d in found]
        places = [(number, d) for _, number, d in sorted(best)[:topn]]
        return describe(self.lexicon, self.scorer, asked, scored, places, question, mode)

    def text(self, name: str) -> str:
        """A document as it was written.

        Raises
        ------
        InputError
            If there is none of that id.
        """
        number, document = self._find([name])[0]
        return self.segments[number].texts[document]

    def add(self, documents: Corpus | Sequence[str] | Gathered) -> int:
        """Take in more documents, without a look at those that are there; how many they were.

        They count in the statistics of words at once. What the index knows of meaning stays as it was: words
        that it has not seen are found as words only, until `rebuilt`.

        Raises
        ------
        InputError
            If an id is there already.
        """
        gathered = self._gathered(documents)
        if not gathered.texts:
            return 0
        there = {name for segment, gone in self._pairs() for name in _left(segment, gone)}
        twice = next((name for name in gathered.record.ids if name in there), None)
        if twice is not None:
            raise InputError(f"there is a document {twice!r} already", remedy="delete it first")
        before = len(self.lexicon)
        segment = more(self.space, self.lexicon, gathered)
        if self.folder is not None:
            from .index_folder import write_segment

            write_segment(self, segment, self.lexicon.types[before:])
        self.segments.append(segment)
        self.deleted.append(np.zeros(segment.documents, bool))
        self._changed()
        return segment.documents

    def delete(self, ids: Iterable[str]) -> int:
        """Leave documents out from now on; how many they were.

        Raises
        ------
        InputError
            If there is no document of such an id.
        """
        deleted = [gone.copy() for gone in self.deleted]
        places = self._find(list(ids))
        for number, document in places:
            deleted[number][document] = True
        kept = [number for number, gone in enumerate(deleted) if not gone.all()]
        if self.folder is not None:
            from .index_folder import write_deleted

            write_deleted(self, deleted, kept)
        self.segments = [self.segments[number] for number in kept]
        self.deleted = [deleted[number] for number in kept]
        self._changed()
        return len(places)

    def rebuilt(self, run: Run, progress: Progress | None = None) -> Index:
        """A new index of the same documents, in memory, in which all are known alike."""
        ids: list[str] = []
        texts: list[str] = []
        days: list[NDArray[np.datetime64]] = []
        fields: dict[str, list[str | None]] = {name: [] for name in self.fields}
        for segment, gone in self._pairs():
            left = np.flatnonzero(~gone)
            ids += _left(segment, gone)
            texts += [segment.texts[int(d)] for d in left]
            days.append(segment.arrays["days"][left].view("datetime64[D]"))
            for name, values in fields.items():
                codes, names = segment.field(name)
                values += [names[code] if code >= 0 else None for code in codes[left].tolist()]
        gathered = Gathered(texts, Record(ids, np.concatenate(days), fields))
        return Index.memory(run, gathered, progress=progress)

    def _pairs(self) -> list[tuple[Segment, NDArray[np.bool_]]]:
        return list(zip(self.segments, self.deleted, strict=True))

    def _gathered(self, documents: Corpus | Sequence[str] | Gathered) -> Gathered:
        if isinstance(documents, Gathered):
            return documents
        numbers = (int(name) for segment in self.segments for name in segment.ids if name.isdecimal())
        first = max(numbers, default=-1) + 1
        if isinstance(documents, Sequence):
            return Gathered.of(documents, [str(first + i) for i in range(len(documents))])
        return gather(documents, Progress(), first)

    def _find(self, ids: Sequence[str]) -> list[tuple[int, int]]:
        """Segment and number of the documents called so."""
        wanted = dict.fromkeys(ids)
        places = [
            (number, document)
            for number, (segment, gone) in enumerate(self._pairs())
            for document, name in enumerate(segment.ids)
            if name in wanted and not gone[document]
        ]
        found = {self.segments[number].ids[document] for number, document in places}
        missing = next((name for name in wanted if name not in found), None)
        if missing is not None:
            raise InputError(f"there is no document {missing!r}", remedy="check the id")
        return places

    def _changed(self) -> None:
        self.__dict__.pop("scorer", None)


def _left(segment: Segment, gone: NDArray[np.bool_]) -> list[str]:
    return [name for name, out in zip(segment.ids, gone.tolist(), strict=True) if not out]


def _first(scores: NDArray[np.float32], passing: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """The best documents; many are sorted, few are picked."""
    if most <= 1000:
        return kernels.best_documents(scores, passing, most)
    numbers = np.flatnonzero(passing)
    return numbers[np.argsort(-scores[numbers], kind="stable")][:most]
