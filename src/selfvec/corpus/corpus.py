"""`Corpus`: documents from files or memory, read in batches of bounded size."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from selfvec.base.casing import different_names
from selfvec.base.checks import StrPath
from selfvec.base.errors import CorpusError
from selfvec.base.forks import check_polars
from selfvec.data.run_text import DATE, SLICE

from .fields import FieldNames, FieldOptions
from .summary import BATCH_BYTES, BATCH_ROWS, CorpusPass, Summary

if TYPE_CHECKING:
    import polars as pl

    from selfvec.data.documents import Documents

    from .documents import Part
    from .fingerprints import Seen

Select = Callable[["Documents", str], "Documents"]
"""Documents and the path of their part -> those that are kept."""


class Corpus:
    """Documents in reading order, from files (`open`) or memory (`from_texts`).

    Attributes
    ----------
    name : str
        The name shown to users and written to the provenance.
    total_bytes : int or None
        The sum of the bytes that `batches` reports to ``advance``; None if it is not known in advance.
    summary : Summary
        The documents that the latest pass read and left out.
    skipped_files : list of str
        What is left out in folders: files of unknown formats, links that lead out of them, special files.
    tokenized : bool
        Whether the texts are tokens separated by blanks, which only the tokeniser ``whitespace`` may split.
    days : Series or None
        The dates of the documents of the latest pass, if its whole columns tell others than its batches have.

    Examples
    --------
    >>> corpus = Corpus.from_texts(["A tornado formed.", "", "Hail fell."])
    >>> [text for batch in corpus.batches() for text in batch.texts]
    ['A tornado formed.', 'Hail fell.']
    >>> corpus.summary.describe()
    '2 documents; left out: 1 empty'
    """

    def __init__(
        self,
        parts: Sequence[Part],
        name: str,
        *,
        skip_bad_rows: bool = False,
        skipped_files: Sequence[str] = (),
        slice_by_name: bool = False,
        is_shard: bool = False,  # which may be empty, and whose dates other shards decide
        like: Mapping[str, Any] | None = None,
        notes: Sequence[str] = (),
    ) -> None:
        from .dates import Dates  # not above: `import selfvec.corpus` loads no Polars

        self.name = name
        self._notes = tuple(notes)
        self._is_shard = is_shard
        cut = {part.fields.tokenized for part in parts if part.fields.text}
        if len(cut) > 1:
            rule = "some of its files say what their words are, and others do not"
            raise CorpusError(rule, path=name, remedy="give them apart")
        self.tokenized = True in cut
        self.slice_by_name = slice_by_name
        self.skip_bad_rows = skip_bad_rows
        self._like = like or {}
        self.days: pl.Series | None = None
        self.dates = Dates()  # of the latest pass
        self._parts = list(parts)
        self.skipped_files = list(skipped_files)
        sizes = [part.size for part in self._parts]
        self.total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        self.summary = self._new_summary()

    def __repr__(self) -> str:
        return f"<Corpus: {self.name}>"

    @classmethod
    def open(
        cls,
        sources: StrPath | Sequence[StrPath],
        *,
        like: Mapping[str, Any] | None = None,
        **options: Unpack[FieldOptions],
    ) -> Corpus:
        """Read files, folders and ``-`` (standard input), one after the other.

        A document is a line (.txt), a row (.csv, .tsv, .jsonl, .parquet) or a file (.html, .pdf, .docx, and
        text in folders). All but Parquet may be compressed (.gz, .zst). See the page on corpora.

        Parameters
        ----------
        sources : path or sequence of paths
        like : mapping, optional
            The summary of another corpus (``provenance["corpus"]``): its fields are read where none
            are named, from files that have any.
        **options
            ``text_field``, ``date_field``, ``slice_field``, ``id_field``, ``keep_fields`` and
            ``skip_bad_rows``, as `selfvec.refine` takes them, and ``slice_by_name``: whether each source is a
            slice, named after the file. Files without columns, such as notes among tables, are read whole.

        Raises
        ------
        CorpusError
            If a source does not exist, cannot be read, is not text, or lacks the fields needed.
        """
        from .files import LeftOut, find_sources, open_part, require_fields

        slice_by_name = options.pop("slice_by_name", False)
        skip_bad_rows = options.pop("skip_bad_rows", False)
        asked: Any = {"keep_fields": True, **options}
        given = FieldNames.of(**asked)
        fields = given if like is None else given.like(like)
        names = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
        if not names:
            raise CorpusError("no file was given", remedy="name files or folders, or - for standard input")
        left_out = LeftOut(skip_bad_rows)
        paths = [os.fspath(name) for name in names]
        if "" in paths:
            raise CorpusError("the name of a file is empty", remedy="give a path, or a list of texts")
        remote = next((path for path in paths if "://" in path), None)
        if remote is not None:
            remedy = "read it with --cluster local, or copy it here first"
            raise CorpusError("is on a remote file system", path=remote, remedy=remedy)
        parts = [
            part
            for path, name in zip(paths, _short(paths), strict=True)
            for source in find_sources(path, left_out)
            if (part := left_out.opened(open_part, source, fields, name))
        ]
        require_fields([part.kind for part in parts], ", ".join(paths), given.asked, left_out)
        return cls(
            parts,
            ", ".join(paths),
            skip_bad_rows=skip_bad_rows,
            skipped_files=left_out.names,
            notes=left_out.notes,
            slice_by_name=slice_by_name or bool(like and like.get("slice_by_name")),
            like=like,
        )

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str | None],
        dates: Iterable[object] | None = None,
        ids: Iterable[str] | None = None,
        name: str = "memory",
        *,
        slices: Iterable[str | None] | None = None,
    ) -> Corpus:
        """Texts from memory or from an iterator.

        Parameters
        ----------
        texts : iterable of str
            An iterator is read lazily, and only once.
        dates : iterable of date, datetime, datetime64, str or int, optional
            One per text, in any form that is allowed in the date fields of files; None if unknown.
        ids, slices : iterable of str, optional
            One per text.

        Raises
        ------
        CorpusError
            If ``texts`` is one string.
        """
        from .memory import texts_part

        if isinstance(texts, str | bytes):
            remedy = "put it into a list, or use Corpus.open"
            raise CorpusError("texts is a list of strings, this is one string", remedy=remedy)
        return cls([texts_part(name, texts, dates, ids, slices)], name)

    def batches(
        self,
        advance: Callable[[int], None] = lambda _: None,
        *,
        batch_bytes: int = BATCH_BYTES,
        seen: Seen | None = None,
        select: Select | None = None,
    ) -> Generator[Documents]:
        """Read from the beginning, a batch of documents at a time.

        ``advance`` is called with the bytes of the sources read since its last call. The documents do not
        depend on ``batch_bytes``, the approximate size of a batch. Those that repeat texts in ``seen`` are
        counted as duplicates, and those that ``select`` does not return as known. How dates such as
        03/04/2020 are meant is known when all is read; see `dated`.
        """
        from selfvec.data.documents import concatenated

        from .dates import Dates, decided, earlier_orders
        from .fingerprints import Seen

        check_polars()
        self.summary = self._new_summary()
        corpus_pass = CorpusPass(self.summary, self.skip_bad_rows, batch_bytes, advance)
        seen = seen or Seen()
        waiting: list[Documents] = []
        size = 0
        self.dates = Dates()
        for part in self._parts:
            date_field = self.dates.begin(part.fields.date, part.path, part.fields.date_given)
            for batch in part.documents(corpus_pass, seen, date_field):
                if select is not None and len(batch):
                    read = len(batch)
                    batch = select(batch, part.path)
                    self.summary.known += read - len(batch)
                    self.summary.documents -= read - len(batch)
                if not len(batch):
                    continue
                self.dates.take(batch.days(), batch.dates)
                if self.slice_by_name:
                    batch = batch.labelled(SLICE, part.name)
                waiting.append(batch)
                size += int(batch.texts.str.len_bytes().sum())
                # Half a batch is enough: parts that are a little shorter than a batch need no joining.
                if 2 * size >= batch_bytes or sum(map(len, waiting)) >= BATCH_ROWS:
                    yield concatenated(waiting)
                    waiting, size = [], 0
        # Before `finish`, so that what is said of dates comes before what is said of ids.
        if not self._is_shard:
            decisions = decided(self.dates.columns, earlier_orders(self._like))
            self.days = self.dates.settled(decisions, corpus_pass)
        corpus_pass.finish()
        if waiting:
            yield concatenated(waiting)
        if not self.summary.documents and not self.summary.known and not self._is_shard:
            raise self._nothing()

    def dated(self, rows: pl.DataFrame) -> pl.DataFrame:
        """All documents of the latest pass with the dates that its whole columns tell."""
        return rows if self.days is None else rows.with_columns(self.days.alias(DATE))

    def _new_summary(self) -> Summary:
        """A summary that holds only the fields that will be read."""
        others = ("lines", "folder", "document", "memory", "run")
        rows = [part.fields for part in self._parts if part.kind not in others]
        # Notes in a folder may give dates, which are in no column.
        dated = [part for part in self._parts if part.fields in rows or part.kind in ("folder", "document")]
        notes = (*self._notes, *(note for part in self._parts for note in part.fields.notes))
        kept = [part.fields.named for part in self._parts if part.fields.named is not None]
        return Summary(
            skipped_files=list(self.skipped_files),
            text_fields=different_names(name for fields in rows for name in fields.text),
            text_given=any(fields.text_given for fields in rows),
            date_field=", ".join(different_names(filter(None, (part.fields.date for part in dated)))) or None,
            date_given=any(fields.date_given for fields in rows),
            slice_field=next((fields.slice for fields in rows if fields.slice), None),
            id_field=next((fields.id for fields in rows if fields.id_given), None),
            slice_by_name=self.slice_by_name,
            unread_fields=tuple(dict.fromkeys(name for part in self._parts for name in part.fields.unread)),
            kept_fields=tuple(dict.fromkeys(chain(*kept))) if kept else None,
            notes=list(dict.fromkeys(notes)),
        )

    def _nothing(self) -> CorpusError:
        names = " + ".join(self.summary.text_fields)
        inside = f" in {names}" if names else ""
        why = "; ".join(filter(None, [self.summary.left_out(), *self.summary.notes]))
        rule = f"it contains no documents{inside}{why and f' ({why})'}"
        other = ", or choose other fields with --text-field NAME" if names else ""
        return CorpusError(rule, path=self.name, remedy=f"give a corpus with text{other}")


def _short(paths: Sequence[str]) -> list[str]:
    """Short names of sources, without folders and suffixes unless these are needed to tell them apart.

    >>> _short(["texts/1993.jsonl.gz", "texts/2020.jsonl.gz"]), _short(["a/x.txt", "b/x.txt"])
    (['1993', '2020'], ['a/x.txt', 'b/x.txt'])
    """
    names = [Path(path).name or path for path in paths]
    for form in ([name.split(".")[0] or name for name in names], names):
        if len(set(form)) == len(paths):
            return form
    return list(paths)
