"""`Index`: documents that are searched by words and by vectors; `run_index`: the index of a run.

An index is immutable. It is built in memory. It can be written as a folder, and opened without reading it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from selfvec.base.checks import check_text, check_whole
from selfvec.base.errors import InputError, TargetError
from selfvec.base.file_locks import locked
from selfvec.base.progress import Progress, as_progress
from selfvec.base.targets import writing
from selfvec.data.run import Run
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing

from .build import build_index, build_words_only
from .dense_space import TABLES, DenseSpace
from .documents import CUT, Cut, GatheredDocuments, Texts, check_cut, gather, kept_tokens, paths_of
from .index_folder import is_index, read_index, read_stamp, write_index
from .indexed_documents import IndexedDocuments, allowed
from .scoring import Scored, Scorer
from .snippets import Found, describe

__all__ = ["Index", "run_index"]

FOLDER = "search"  # of a run folder, where its indexes are kept


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

    lexicon: Lexicon  # the vocabulary, and how queries are cut
    space: DenseSpace  # vectors of words
    documents: IndexedDocuments
    stamp: str = ""  # of the run and the documents that `run_index` made it for

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
        write_index(folder, (self.lexicon, self.space, self.documents), self.stamp, overwrite=overwrite)
        return Index.open(folder)

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Index:
        """Open an index folder.

        Raises
        ------
        InputError
            If it is not an index. `FormatError` if a file in it is damaged.
        """
        parts, stamp = read_index(folder)
        return cls(*parts, stamp)

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
        return self.scorer.score(self.lexicon.parse(question), mode)

    def search(
        self, question: str, top: int = 10, *, mode: str = "hybrid", filters: Sequence[str] = ()
    ) -> Found:
        """The best documents for a question, each with its best passage and the reasons it was found.

        Parameters
        ----------
        question : str
        top : int
            Documents, at most.
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
        query, passing = self.lexicon.parse(question), allowed(self.documents, filters)
        scored = self.scorer.score(query, mode)
        best = scored.best_documents(passing, top)
        hits = describe(self.lexicon, self.scorer, query, scored, best, mode)
        return Found(question, mode, len(self), query.words, query.unknown, hits)

    def text(self, name: str) -> str:
        """A document by its id, as it was written; raises `InputError` for an unknown id."""
        if name not in self.numbers:
            raise InputError(f"there is no document {name!r}", remedy="check the id")
        return self.documents.text(self.numbers[name])

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each document by its id, in the order of the corpus."""
        return {name: number for number, name in enumerate(self.documents.ids)}


def run_index(
    run: GivenRun,
    corpus: Texts = None,
    progress: Progress | None = None,
    *,
    tables: Sequence[str] = TABLES,
    or_tokens: bool = False,
    cut: Cut = CUT,
) -> Index:
    """The index of a run's documents, or of others.

    It is kept in the run folder, and built again if the run, the documents or the version have changed. If
    several processes need it, one builds it and the others wait. The index of a run made with
    ``--forget-tokens`` is not kept.

    Parameters
    ----------
    run : Run or path
    corpus : paths, texts or whatever else `selfvec.as_corpus` takes, optional
        The run's own documents by default. A run that was fitted from texts in memory does not keep them:
        give them here.
    progress : Progress, optional
    tables : sequence of str
        Vectors of the run to use.
    or_tokens : bool
        Whether to search the tokens that the run kept if its documents cannot be read.
    cut : tuple of int
        Words of a passage, and how many of them are repeated from the passage before.

    Raises
    ------
    InputError
        If the documents cannot be read. `FormatError` if there is an index and it is damaged.
    """
    run, progress = as_run(run), as_progress(progress)
    place = _place(run, corpus, tables, check_cut(cut))
    if place is None:
        if run.folder is not None and not keeps_text(run):
            progress.say("the run keeps no text (--forget-tokens): its index is made for this command only")
        found, _ = _documents(run, corpus, cut, progress, or_tokens)
        return Index.memory(run, found, tables=tables, progress=progress)
    kept = _kept(place, _stamp(run, corpus))
    if kept is not None:
        return kept
    assert run.folder is not None
    with locked(run.folder, lambda: progress.say("waiting for another process that makes the index")):
        stamp = _stamp(run, corpus)
        kept = _kept(place, stamp)  # another process may have made it meanwhile
        if kept is not None:
            return kept
        if is_index(place):
            progress.say("the index is of another run, other documents or another version: it is made again")
        found, as_written = _documents(run, corpus, cut, progress, or_tokens)
        index = replace(Index.memory(run, found, tables=tables, progress=progress), stamp=stamp)
        if not as_written:
            return index
        try:
            with writing(place):
                place.parent.mkdir(exist_ok=True)
            return index.saved(place, overwrite=True)
        except TargetError as error:
            progress.say(f"the index is not kept: {error}")
            return index


def keeps_text(run: Run) -> bool:
    """Whether texts may be written into the run folder; not after ``--forget-tokens``."""
    options = run.provenance.get("options")
    return not isinstance(options, dict) or options.get("keep_tokens") is not False


def _documents(
    run: Run, corpus: Texts, cut: Cut, progress: Progress, or_tokens: bool
) -> tuple[GatheredDocuments, bool]:
    """The documents, and whether they are as they were written; see `run_index`."""
    try:
        found = gather(run, corpus, progress, partly=True)
        return replace(found, cut=cut), not found.gone
    except InputError:
        if not or_tokens or run.tokens is None:
            raise
    return replace(kept_tokens(run), cut=cut), False


def _kept(place: Path, stamp: str) -> Index | None:
    """The index at a place, if it is of this run, these documents and this version."""
    return Index.open(place) if is_index(place) and read_stamp(place) == stamp else None


def _place(run: Run, corpus: Texts, tables: Sequence[str], cut: Cut) -> Path | None:
    """Where an index is kept; None for a run or documents in memory, a run without text, and a pipe."""
    if run.folder is None or not keeps_text(run):
        return None
    suffix = "" if tuple(tables) == TABLES else f"-{'-'.join(tables)}"
    suffix += "" if tuple(cut) == CUT else f"-{cut[0]}-{cut[1]}"
    if corpus is None:
        return run.folder / FOLDER / f"own{suffix}"
    paths = [Path(path) for path in paths_of(corpus) or ()]
    if not paths or not all(path.is_file() or path.is_dir() for path in paths):
        return None
    return run.folder / FOLDER / f"of-{_digest([str(path.resolve()) for path in paths])[:16]}{suffix}"


def _stamp(run: Run, corpus: Texts) -> str:
    """The run and the documents of an index: its provenance, and sizes and times of other files."""
    given = [Path(path) for path in paths_of(corpus) or ()]
    files = [file for path in given for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
    states = [
        (str(file.resolve()), file.stat().st_size, file.stat().st_mtime_ns)
        for file in files
        if file.is_file()
    ]
    return _digest([run.provenance, states])


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
