"""`Corpus`: documents from wherever they lie, a bounded batch at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from selfvec.base.errors import CorpusError

from .summary import BATCH_BYTES, Reading, Summary

if TYPE_CHECKING:
    from .documents import Documents, Seen
    from .fields import Fields
    from .row_tables import Table

__all__ = ["Corpus"]


class Part(Protocol):
    """Rows of known fields; read to the end it has told the summary what it was."""

    name: str

    @property
    def path(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def size(self) -> int | None: ...

    @property
    def fields(self) -> Fields: ...

    def tables(self, reading: Reading) -> Iterator[Table]:
        """The rows from the start."""


class Corpus:
    """Documents in reading order, from files (`open`) or memory (`from_texts`).

    Attributes
    ----------
    name : str
        For people and provenance.
    total_bytes : int or None
        What `batches` will report to ``advance`` in all; None where it cannot be known.
    summary : Summary
        What the latest pass read and what it left out.
    tokenized : bool
        Whether texts are tokens with blanks between them, for the tokeniser ``whitespace`` alone.

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
        tokenized: bool = False,
    ) -> None:
        self.name = name
        self.tokenized = tokenized
        self.slice_by_name = slice_by_name
        self.skip_bad_rows = skip_bad_rows
        self._parts = list(parts)
        self._skipped_files = list(skipped_files)
        sizes = [part.size for part in self._parts]
        self.total_bytes = None if None in sizes else sum(size or 0 for size in sizes)
        self.summary = self._new_summary()

    def __repr__(self) -> str:
        return f"<Corpus: {self.name}>"

    @classmethod
    def open(
        cls,
        sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        text_fields: Sequence[str] | None = None,
        date_field: str | None = None,
        slice_field: str | None = None,
        slice_by_name: bool = False,
        skip_bad_rows: bool = False,
        keep_fields: bool = False,
    ) -> Corpus:
        """Files, folders and ``-`` (standard input), one after the other.

        A document is a line (.txt), a row (.csv, .tsv, .jsonl, .parquet) or a file (folders of text
        files); any of them may be compressed (.gz, .zst). See the page on corpora.

        Parameters
        ----------
        sources : path or sequence of paths
        text_fields : sequence of str, optional
            Columns joined by a blank line; without it the usual names are recognised.
        date_field : str, optional
            The column with the date; without it the usual names are recognised.
        slice_field : str, optional
            The column with the part of the corpus a document belongs to: a region, a source, an author.
        slice_by_name : bool
            Whether each of ``sources`` is such a part, called by its name.
        skip_bad_rows : bool
            Leave malformed rows out, and count them, instead of stopping at the first.
        keep_fields : bool
            Whether documents come with the other fields of their rows.

        Raises
        ------
        CorpusError
            If a source does not exist, cannot be read, is no text, or lacks the fields needed.
        """
        from .file_parts import open_part
        from .sources import find_sources

        names = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
        if not names:
            raise CorpusError("no file was given", remedy="name files or folders, or - for standard input")
        skipped: list[str] = []
        paths = [os.fspath(name) for name in names]
        parts = [
            open_part(source, text_fields, date_field, slice_field, name, keep=keep_fields)
            for path, name in zip(paths, _short(paths), strict=True)
            for source in find_sources([path], skipped)
        ]
        return cls(
            parts,
            ", ".join(paths),
            skip_bad_rows=skip_bad_rows,
            skipped_files=skipped,
            slice_by_name=slice_by_name,
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
        tokenized: bool = False,
    ) -> Corpus:
        """Texts that are in memory, or come from an iterator.

        Parameters
        ----------
        texts : iterable of str
            An iterator is read as it goes, and can be read once.
        dates : iterable of date, datetime, datetime64, str or int, optional
            One per text, in any form the date fields of files have; None where unknown.
        ids, slices : iterable of str, optional
            One per text.
        tokenized : bool
            Whether the texts are tokens with blanks between them, which are not to be cut again.

        Raises
        ------
        CorpusError
            If ``texts`` is one string.
        """
        from .memory_parts import MemoryPart

        if isinstance(texts, str | bytes):
            raise CorpusError(
                "texts are several strings, this is one", remedy="put it into a list, or use Corpus.open"
            )
        return cls([MemoryPart(name, texts, dates, ids, slices)], name, tokenized=tokenized)

    def batches(
        self,
        advance: Callable[[int], None] = lambda _: None,
        *,
        batch_bytes: int = BATCH_BYTES,
        seen: Seen | None = None,
    ) -> Iterator[Documents]:
        """Read from the start, some documents at a time.

        Parameters
        ----------
        advance : callable
            Is told how many bytes of the sources were read since the last call, `total_bytes` in all.
        batch_bytes : int
            Bytes of text in a batch, about. The documents are the same whatever it is.
        seen : Seen, optional
            Texts that came before this corpus.

        Raises
        ------
        CorpusError
            For a row that is malformed (unless they are skipped), a damaged file, or if there was no
            document at all.
        """
        from .documents import Seen, concatenated, documents, named

        self.summary = self._new_summary()
        reading = Reading(self.summary, self.skip_bad_rows, batch_bytes, advance)
        seen = seen or Seen()
        waiting: list[Documents] = []
        size = 0
        for part in self._parts:
            for table in part.tables(reading):
                batch = documents(table, part.fields, part.path, reading, seen)
                if not len(batch):
                    continue
                if self.slice_by_name:
                    batch = named(batch, part.name)
                waiting.append(batch)
                size += int(batch.texts.str.len_bytes().sum())
                if size >= batch_bytes:
                    yield concatenated(waiting)
                    waiting, size = [], 0
        if waiting:
            yield concatenated(waiting)
        if not self.summary.documents:
            raise self._nothing()

    def _new_summary(self) -> Summary:
        """What is known before reading: which fields will be read."""
        rows = [part.fields for part in self._parts if part.kind not in ("lines", "folder", "memory")]

        def union(names: Iterable[str]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(names))

        return Summary(
            skipped_files=list(self._skipped_files),
            text_fields=union(name for fields in rows for name in fields.text),
            text_given=any(fields.text_given for fields in rows),
            date_field=", ".join(union(" + ".join(fields.date) for fields in rows if fields.date)) or None,
            date_given=any(fields.date_given for fields in rows),
            layout=", ".join(union(fields.layout for fields in rows if fields.layout)) or None,
            slice_field=next((fields.slice for fields in rows if fields.slice), None),
            slice_by_name=self.slice_by_name,
        )

    def _nothing(self) -> CorpusError:
        summary = self.summary
        if summary.empty and summary.text_fields:
            names = ", ".join(summary.text_fields)
            rule = f"there is no text in any of its {summary.empty:,} rows (fields read: {names})"
            return CorpusError(rule, path=self.name, remedy="choose other fields with --text-field NAME")
        if summary.duplicates:
            rule = f"all of its {summary.duplicates:,} documents had come before"
            return CorpusError(rule, path=self.name, remedy="give a corpus with new text")
        rule = "there is no document in it"
        if summary.bad_rows:
            rule += f": all {summary.bad_rows:,} rows are bad, the first is {summary.bad_places[0]}"
        return CorpusError(rule, path=self.name, remedy="give a corpus with text")


def _short(paths: Sequence[str]) -> list[str]:
    """Names of sources without folders and suffixes, as far as these differ.

    >>> _short(["texts/1993.jsonl.gz", "texts/2020.jsonl.gz"]), _short(["a/x.txt", "b/x.txt"])
    (['1993', '2020'], ['a/x.txt', 'b/x.txt'])
    """
    names = [Path(path).name or path for path in paths]
    for form in ([name.split(".")[0] or name for name in names], names):
        if len(set(form)) == len(paths):
            return form
    return list(paths)
