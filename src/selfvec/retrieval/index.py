"""`Index`: documents that are searched by words and by vectors.

An index is immutable. It is built in memory. It can be written as a folder, and opened without reading it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from selfvec.base.atomic_files import atomic_folder
from selfvec.base.checks import check_text, check_whole
from selfvec.base.errors import NotFound, did_you_mean
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.storage.folder_kinds import INDEX
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.vocabulary import Vocabulary

from .build import build_index, build_words_only
from .dense_space import TABLES, DenseSpace
from .documents import GatheredDocuments
from .filters import allowed
from .index_folder import read_index, write_index
from .indexed_documents import IndexedDocuments
from .same_texts import different_texts
from .scoring import Scored, Scorer
from .snippets import Found, describe

_COMPARED = 10_000  # ids that are compared with an unknown one


@dataclass(frozen=True, eq=False, repr=False)
class Index:
    """Documents that can be searched. Made by `memory`, `words_only` or `open`.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> index = Index.memory(selfvec.Refiner(method="decorrelated").fit(texts).run_, texts[:3])
    >>> [hit.id for hit in index.search("hail on roofs", top=1).hits]
    ['0']
    """

    vocabulary: Vocabulary  # the words, and how queries are cut
    space: DenseSpace  # vectors of words
    documents: IndexedDocuments

    @classmethod
    def memory(
        cls,
        run: Run,
        documents: Sequence[str] | GatheredDocuments,
        *,
        tables: Sequence[str] = TABLES,
        progress: Progress | None = None,
        seed: int = 0,
    ) -> Index:
        """An index in memory.

        Parameters
        ----------
        run : Run
            Its words and vectors are used.
        documents : sequence of str, or GatheredDocuments
            The ids of plain texts are their numbers from 0.
        tables : sequence of str
            Vectors of the run to use: some of ``original``, ``refined``, ``topics``.
        progress : Progress, optional
        seed : int
            For the sample of 20,000 documents, if there are more.

        Raises
        ------
        InputError
            If there is no document.
        """
        found = documents if isinstance(documents, GatheredDocuments) else GatheredDocuments.of(documents)
        return cls(*build_index(run, found, tables=tables, progress=progress, seed=seed))

    @classmethod
    def words_only(cls, texts: Sequence[str], preprocessing: Preprocessing) -> Index:
        """An index of whole texts, without vectors, for mode ``bm25``."""
        return cls(*build_words_only(texts, preprocessing))

    def saved(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Index:
        """Write the index as a folder, whole or not at all, and open what was written.

        Raises
        ------
        TargetError
            If the folder exists and ``overwrite`` is false, or if it cannot be written.
        """
        with atomic_folder(folder, overwrite=overwrite, kind=INDEX) as fresh:
            self.write(fresh)
        return Index.open(folder)

    def write(self, folder: Path) -> None:
        """Write the index into an empty folder."""
        write_index(folder, (self.vocabulary, self.space, self.documents))

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Index:
        """Open an index folder.

        Raises
        ------
        InputError
            If it is not an index. `FormatError` if a file in it is damaged.
        """
        return cls(*read_index(folder))

    def __repr__(self) -> str:
        return f"<Index: {len(self):,} documents>"

    def __len__(self) -> int:
        """Documents."""
        return len(self.documents)

    @property
    def filter_names(self) -> list[str]:
        """The fields that documents can be filtered by."""
        return self.documents.filter_names

    @cached_property
    def scorer(self) -> Scorer:
        """The scorer of the documents."""
        return Scorer(self.documents, self.space)

    def scores(self, question: str, mode: str = "hybrid") -> Scored:
        """The scores of all documents for a question."""
        return self.scorer.score(self.vocabulary.parse(question), mode)

    def search(
        self, question: str, top: int = 10, *, mode: str = "hybrid", filters: Sequence[str] = ()
    ) -> Found:
        """The best documents for a question, each with its best passage and the reasons it was found.

        Parameters
        ----------
        question : str
        top : int
            Documents of different texts, at most.
        mode : "hybrid", "bm25" or "dense"
        filters : sequence of str
            Such as ``state=IOWA``, ``size=2..5`` or ``date=1996..1998``. They do not change scores.

        Raises
        ------
        OptionError
            If ``mode``, ``top`` or a filter is not valid.
        """
        check_text("question", question, empty=True)
        check_whole("top", top)
        query = self.vocabulary.parse(question)
        passing = allowed(self.documents, filters)
        scored = self.scorer.score(query, mode)
        best = different_texts(self.documents, scored, passing, top)
        hits = describe(self.vocabulary, self.scorer, query, scored, best, mode)
        return Found(question, mode, len(self), query.words, query.unknown, hits, filters=list(filters))

    def text(self, name: str) -> str:
        """A document by its id, as it was written; raises `NotFound` for an unknown id."""
        return self.documents.text(self.number(name))

    def number(self, name: str) -> int:
        """The number of a document by its id; `NotFound`, with ids of similar spelling, if there is none."""
        if name not in self.numbers:
            remedy = (
                did_you_mean(name, islice(_sharing_half(name, self.numbers), _COMPARED)) or "check the id"
            )
            raise NotFound(f"the document {name!r} does not occur in this run", remedy=remedy)
        return self.numbers[name]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each document by its id, in the order of the corpus."""
        return {name: number for number, name in enumerate(self.documents.ids)}


def _sharing_half(name: str, known: Iterable[str]) -> Iterator[str]:
    """The ids that begin or end as a name does: a single mistake is in one of its halves.

    >>> list(_sharing_half("repotr-1", ["Report-1", "note-7", "report-2"]))
    ['Report-1', 'report-2']
    """
    middle = len(name) // 2
    first, last = name[:middle].lower(), name[middle:].lower()
    return (one for one in known if (low := one.lower()).startswith(first) or low.endswith(last))
