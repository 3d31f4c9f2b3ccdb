"""The formats of files whose rows or lines are documents: one table, `ROW_FORMATS`.

A new format is a reader and its row here. Files that hold one document each are in
`selfvec.corpus.document_files`, and compression is in `selfvec.files.compressed_files`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import polars as pl

from selfvec.base.display import NUL
from selfvec.base.errors import CorpusError
from selfvec.base.names import inner_names, value_at
from selfvec.files.compressed_files import bare_suffix
from selfvec.files.memory import share_of_memory
from selfvec.files.parquet_sizes import RowGroup, row_groups

from .columns import (
    FIRST_ROWS,
    HOLDS_NUL,
    ROWS,
    Fault,
    LineBlock,
    RowBatch,
    RowReader,
    batch_of_values,
    batches_of_frame,
    inner_types,
    outer_columns,
    string_columns,
    with_nested,
)
from .document_files import MAX_ROW
from .fields import Fields
from .furniture import (
    BOOK_ENDS,
    BOOK_STARTS,
    LICENCES,
    PAGE_LINES,
    TRANSCRIPTION,
    LineForm,
    NumberedLine,
    Transcript,
    between_heads,
)
from .separated_values import CsvReader
from .streams import TextSource, too_long
from .summary import CorpusPass

# JSON Lines: an object per line

_MOST_BRACKETS = 1 << 20  # objects and arrays in a row; each takes 30 times its size in memory
_MOST_NEW = 200  # of a block of rows, so that a file with new names in every row does not fill the memory
_DECODE = json.JSONDecoder().raw_decode  # a tenth faster than `json.loads` on short lines
_TYPES = {
    dict: "an object", list: "an array", str: "a string", int: "a number", float: "a number",
    bool: "true or false", type(None): "null",
}  # fmt: skip

Columns = dict[str, list[Any]]
"""Name -> the values of the rows so far."""


class JsonLinesReader(RowReader):
    def columns(self) -> Sequence[str] | None:
        """The field names in the first hundred lines, in order of appearance; None for an empty file."""
        names: dict[str, None] = {}
        self._inner: dict[str, None] = {}
        first: tuple[str, int] | None = None  # the fault of the first line that is not blank
        for number, line in enumerate(self.head().encode().split(b"\n")[:FIRST_ROWS], 1):
            if not (line := line.strip()):
                continue
            rule = "the object has no fields"
            try:
                row = _row(line)
                names |= dict.fromkeys(row)
                self._inner |= inner_names(row)
            except _BadRowError as error:
                rule = str(error)
            first = first or (rule, number)
        if first and not names:
            rule, number = first
            remedy = "a .jsonl file holds one object per line, with its fields"
            raise CorpusError(rule, path=self.source.path, line=number, remedy=remedy)
        self._inner = {path: None for path in self._inner if path not in names}
        return list(names) or None

    def inner(self) -> Collection[str]:
        return self._inner

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        for first, block in blocks:
            values: Columns = {name: [] for name in fields.columns}
            numbers: list[int] = []
            faults: list[Fault] = []
            for number, line in enumerate(block.removesuffix(b"\n").split(b"\n"), first):
                if line[:1] != b"{" and not (line := line.strip()):
                    continue
                try:
                    row = _row(line, fields.nested)
                except _BadRowError as error:
                    faults.append((number, None, str(error)))
                    continue
                for name in row if fields.every else ():  # its other fields become new columns
                    if name not in values and len(values) < _MOST_NEW:
                        values[name] = [None] * len(numbers)
                get = row.get
                for name, column in values.items():
                    column.append(get(name))
                numbers.append(number)
            yield batch_of_values(values, numbers, fields, faults, self.source.path, corpus_pass, _called)


def _called(value: object) -> str:
    return _TYPES[type(value)]


class _BadRowError(Exception):
    """The rule that a line breaks."""


def _row(line: bytes, nested: Sequence[str] = ()) -> dict[str, Any]:
    """The object in a line; the values under the paths ``nested`` become fields of it."""
    if len(line) > _MOST_BRACKETS and line.count(b"{") + line.count(b"[") > _MOST_BRACKETS:
        raise _BadRowError(
            f"is not JSON that can be read (it holds more than {_MOST_BRACKETS:,} opening brackets)"
        )
    try:
        source = line.decode()
        row, end = _DECODE(source)
        if source[end:].strip():
            raise json.JSONDecodeError("Extra data", source, end)
    except json.JSONDecodeError as error:
        raise _BadRowError(f"is not valid JSON ({error.msg}, column {error.pos + 1})") from None
    except UnicodeDecodeError as error:
        raise _BadRowError(f"is not JSON that can be read ({error})") from None
    except RecursionError:
        raise _BadRowError("is not JSON that can be read (it is nested too deeply)") from None
    except ValueError:  # what Python says of it is how programs raise the limit
        raise _BadRowError(
            "is not JSON that can be read (it holds a number of thousands of digits)"
        ) from None
    if type(row) is not dict:
        raise _BadRowError(f"a line is a JSON object, this one is {_called(row)}")
    for name in nested:
        if name not in row and (value := value_at(row, name)) is not None:
            row[name] = value
    return row


# Plain lines, and Parquet


AS_LINES = "; jq -R '{text: .}' writes an object for each line, to be read as .jsonl"
NumberedTexts = tuple[Sequence[int], pl.Series, pl.Series]
"""The numbers of some lines or of the first lines of paragraphs, their texts, and these as they came."""


class LineReader(RowReader):
    """Reads a document per line, or per paragraph if lines are wrapped, as a column without a name."""

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        form = self.source.form
        if form.wrapped:
            of = "its lines are wrapped, so a document is what stands between blank lines"
            corpus_pass.summary.note(f"{self.source.path}: {of}{AS_LINES}")
            rows = self._paragraphs(blocks, form, corpus_pass)
        else:
            rows = self._lines(blocks, form.transcript, corpus_pass)
        for numbers, texts, given in rows:
            batch = RowBatch(pl.DataFrame({fields.text[0]: texts}), numbers, given)
            bad = texts.str.contains(NUL, literal=True)
            for i in bad.arg_true():
                corpus_pass.bad(HOLDS_NUL, path=self.source.path, line=numbers[i])
            yield batch.part(~bad) if bad.any() else batch

    def _lines(
        self, blocks: Iterator[LineBlock], transcript: Transcript | None, corpus_pass: CorpusPass
    ) -> Iterator[NumberedTexts]:
        for first, block in blocks:
            lines = block.removesuffix(b"\n").split(b"\n")
            texts = given = pl.Series(lines, dtype=pl.Binary).cast(pl.String).str.strip_suffix("\r")
            if transcript is not None:
                spoken = [transcript.spoken(line) for line in texts]
                texts = pl.Series([text for text, _ in spoken], dtype=pl.String)
                for number, (_, places) in enumerate(spoken, first):
                    self._tell(TRANSCRIPTION, places, number, corpus_pass)
            yield range(first, first + len(lines)), texts, given

    def _paragraphs(
        self, blocks: Iterator[LineBlock], form: LineForm, corpus_pass: CorpusPass
    ) -> Iterator[NumberedTexts]:
        """The lines between blank ones, with the number of the first of them.

        Heads and feet of pages are left out, and what stands before and after a book.
        """
        heads: list[int] = []
        lines: list[str] = []  # of the paragraph that goes on
        found: list[tuple[int, str]] = []
        start = size = held = 0
        within = not form.book
        for number, line in chain(between_heads(_numbered(blocks), form.heads, heads), [(0, "")]):
            if line.strip():
                start = start if lines else number
                lines.append(line.removesuffix("\r"))
                size += len(line)
                if size > MAX_ROW:
                    raise too_long(self.source.path, start)
            elif lines:
                text = "\n".join(lines)
                bound = form.book and (BOOK_ENDS if within else BOOK_STARTS).search(text)
                if bound:
                    self._tell(LICENCES, 1, start, corpus_pass)
                elif within:
                    found.append((start, text))
                within ^= bool(bound)
                held += size
                lines, size = [], 0
            if found and (number == 0 or held >= corpus_pass.batch_bytes):
                texts = pl.Series([text for _, text in found])
                yield [number for number, _ in found], texts, texts
                found, held = [], 0
        for number in heads:
            self._tell(PAGE_LINES, 1, number, corpus_pass)

    def _tell(self, what: str, places: int, line: int, corpus_pass: CorpusPass) -> None:
        if places:
            corpus_pass.repaired({what: places}, path=self.source.path, line=line)


def _numbered(blocks: Iterator[LineBlock]) -> Iterator[NumberedLine]:
    for first, block in blocks:
        yield from enumerate(block.removesuffix(b"\n").decode().split("\n"), first)


class ParquetReader(RowReader):
    """Reads a Parquet file from disk, some rows at a time."""

    def columns(self) -> Sequence[str]:
        return list(self.types())

    def inner(self) -> Collection[str]:
        return inner_types(self.types())

    def types(self) -> dict[str, pl.DataType]:
        """The types of the columns; `CorpusError` if the file is damaged."""
        with _decoding(self.source.path):
            return dict(pl.read_parquet_schema(self.source.path))

    def first_rows(self, columns: Sequence[str]) -> Mapping[str, Iterable[object]]:
        first, rows = next(self._slices(columns), (0, 0))
        head = _rows(self.source.path, columns, first, min(rows, FIRST_ROWS))
        return string_columns(head)

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The requested columns; see `RowReader`.

        The bytes are not parsed. They are taken for the hash and the progress, a block for each batch.
        """
        path = self.source.path
        columns = outer_columns(fields, self.columns())
        for first, rows in self._slices(columns):
            part = with_nested(_rows(path, columns, first, rows), fields)
            yield from batches_of_frame(part, first + 1, path, corpus_pass)
            next(blocks, None)

    def _slices(self, columns: Sequence[str]) -> Iterator[tuple[int, int]]:
        """First rows and numbers of rows that fit the memory; Polars unpacks the whole groups they are in."""
        most = share_of_memory()
        first = last = held = 0
        for number, group in enumerate(_groups(self.source.path, columns), 1):
            if group.unpacked > most:
                raise _too_large(f"its row group {number}", group.unpacked, self.source.path)
            if held + group.unpacked > most:
                yield from _in_parts(first, last)
                first, held = last, 0
            last += group.rows
            whole = (last - first) // ROWS * ROWS
            yield from _in_parts(first, first + whole)
            first += whole
            held = group.unpacked if whole else held + group.unpacked
        yield from _in_parts(first, last)


def read_row_groups(path: str, columns: Sequence[str], start: int, stop: int) -> pl.DataFrame:
    """Some row groups of a Parquet file. A text that many rows share is in memory once."""
    groups = _groups(path, columns)
    unpacked = sum(group.unpacked for group in groups[start:stop])
    if unpacked > share_of_memory():
        raise _too_large(f"its row groups {start + 1} to {stop}", unpacked, path)
    first, last = (sum(group.rows for group in groups[:end]) for end in (start, stop))
    return _rows(path, columns, first, last - first)


def _groups(path: str, columns: Sequence[str]) -> list[RowGroup]:
    with _decoding(path):
        return row_groups(Path(path), columns)


def _rows(path: str, columns: Sequence[str], first: int, number: int) -> pl.DataFrame:
    with _decoding(path):
        return pl.scan_parquet(path, glob=False).select(columns).slice(first, number).collect()


def _too_large(what: str, unpacked: int, path: str) -> CorpusError:
    rule = f"the rows of {what} take {unpacked / 1e9:,.1f} GB, more than half of the available memory"
    remedy = "write it with smaller row groups, or use a machine with more memory"
    return CorpusError(rule, path=path, remedy=remedy)


def _in_parts(first: int, last: int) -> Iterator[tuple[int, int]]:
    return ((start, min(ROWS, last - start)) for start in range(first, last, ROWS))


@contextmanager
def _decoding(path: str) -> Iterator[None]:
    """Shorten an error message of Polars to one line."""
    try:
        yield
    except MemoryError:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
        rule = f"is a damaged Parquet file ({reason})"
        raise CorpusError(rule, path=path, remedy="write it again") from error


def _annotated(source: TextSource) -> Any:
    """A reader that stands on this module."""
    return resolve_name("selfvec.corpus.annotated:AnnotatedReader")(source)


@dataclass(frozen=True)
class RowFormat:
    name: str  # `TextSource.kind`, and the kind in run.json
    suffixes: tuple[str, ...]
    reader: Callable[[TextSource], RowReader]
    has_fields: bool = True  # whether columns have names, so that fields can be chosen
    magic: bytes | None = None  # first bytes of every file; such files are not read from a pipe


ROW_FORMATS = (
    RowFormat("csv", (".csv",), CsvReader),
    RowFormat("tsv", (".tsv", ".tab"), CsvReader),
    RowFormat("jsonl", (".jsonl", ".ndjson"), JsonLinesReader),
    RowFormat("parquet", (".parquet", ".pq"), ParquetReader, magic=b"PAR1"),
    RowFormat("conllu", (".conllu",), _annotated),
    RowFormat("vertical", (".vrt", ".vert"), _annotated),
    RowFormat("lines", (".txt", ".text"), LineReader, has_fields=False),
)


def row_format(name: str) -> RowFormat:
    return next(form for form in ROW_FORMATS if form.name == name)


def row_format_of(path: Path) -> RowFormat | None:
    """The format by the suffix, without that of the compression."""
    return next((form for form in ROW_FORMATS if bare_suffix(path) in form.suffixes), None)
