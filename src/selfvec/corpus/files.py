"""Files, pipes and folders as parts of a corpus: find them, recognise their kind, choose their fields.

The suffix gives the kind, or the first bytes if the suffix is unknown. All checks that need no full read are
made here, so that a mistyped name fails before any work is done.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import sys
import weakref
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

import polars as pl

from selfvec.base.display import count_of, decoded, readable
from selfvec.base.errors import CorpusError
from selfvec.base.threads import prefetched
from selfvec.data.run_text import DATE, ID, TAGS, TEXT
from selfvec.files.charsets import Tally, not_utf8
from selfvec.files.compressed_files import bare_suffix
from selfvec.files.untrusted import foreign, parse_json

from .columns import FIRST_ROWS, HOLDS_NUL, RowBatch, RowReader, batch_of_rows, fields_of_types
from .document_files import (
    DOCUMENT_KINDS,
    MAX_ROW,
    DocumentKind,
    Remarks,
    document_kind,
    document_text,
    require_reader,
)
from .documents import Part, absolute
from .fields import FieldNames, Fields, NoTextField
from .furniture import LineForm
from .repairs import mended_document, without_front_matter
from .row_formats import AS_LINES, ROW_FORMATS, row_format, row_format_of
from .separated_values import delimiter_of
from .streams import (
    HEAD,
    UTF8_BOM,
    Stream,
    TextSource,
    few_lines,
    line_blocks,
    mended,
    other_encoding,
    reading,
    too_long,
)
from .summary import (
    LINK,
    NO_TEXT,
    SPECIAL,
    UNREADABLE,
    CorpusPass,
    FileRead,
    kinds_of,
)

STDIN = "-"

DOCUMENT_SUFFIXES = ("", ".txt", ".text", ".md", ".markdown", ".rst", ".adoc", ".org", ".tex", ".log")
"""Suffixes of text documents in a folder; text collections often have none."""
MARKDOWN = (".md", ".markdown")
WHOLE_SUFFIXES = (*MARKDOWN, ".rst", ".adoc", ".org", ".tex")
"""Those of them that are one document also if they are named alone."""

CHUNK = 8 << 20
"""Bytes of a file that are parsed at a time."""


_Opened = TypeVar("_Opened")


@dataclass
class LeftOut:
    """What is left out in folders.

    These are files without a known format, links, special files, files of rows without a text field, and, if
    bad rows are skipped, those that cannot be read. A name ends in why, as `kinds_of` reads it.
    """

    skip_bad_rows: bool = False
    names: list[str] = field(default_factory=list)
    errors: list[CorpusError] = field(default_factory=list)  # of files of rows

    def opened(self, open_one: Callable[..., _Opened], source: TextSource, *more: object) -> _Opened | None:
        """What ``open_one`` makes of a source; None for a file in a folder that is left out."""
        try:
            return open_one(source, *more)
        except CorpusError as error:
            if not source.in_folder:
                raise
            self.take(source.path, error)
            return None

    def take(self, path: str, error: CorpusError) -> None:
        """Leave out a file of rows; raises the error if it is not to be left out."""
        no_text = isinstance(error, NoTextField)
        if not (no_text or self.skip_bad_rows):
            error.remedy = f"{error.remedy}, or leave such files out with --skip-bad-rows"
            raise error
        self.names.append(f"{path}{NO_TEXT if no_text else UNREADABLE}")
        self.errors.append(error)

    @property
    def notes(self) -> list[str]:
        """A sentence that names the first file of rows, and why it is left out."""
        if not self.errors:
            return []
        first = self.errors[0]
        are = "is" if len(self.errors) == 1 else "are"
        place = f"{first.path}:{first.line}" if first.line else first.path
        fault = f"{first.field!r}: {first.rule}" if first.field else first.rule
        files = count_of(len(self.errors), "file")
        which = f"{place} ({fault})" if len(self.errors) == 1 else f"first {place} ({fault})"
        return [f"{files} of rows {are} left out: {which}; {first.remedy}"]


def find_sources(name: str, left_out: LeftOut) -> Iterator[TextSource]:
    """The sources for the name of a file or folder, or ``-``; ``left_out`` receives what is not read."""
    with reading(name):
        for source in _find(name, left_out):
            if source.path != readable(source.path):
                rule = "the name of this file or folder is not Unicode text"
                raise CorpusError(rule, path=readable(source.path), remedy="rename it")
            yield source


def _find(name: str, left_out: LeftOut) -> Iterator[TextSource]:
    path = Path(name)
    if name == STDIN:
        yield _pipe("standard input", _standard_input())
    elif path.is_dir():
        yield from _folder(path, left_out)
    elif not path.exists():
        raise CorpusError("there is no such file or folder", path=path, remedy="check the path")
    elif stat.S_ISREG(path.stat().st_mode):
        yield _file(path)
    else:
        yield _pipe(name, path.open("rb", buffering=0))


def _standard_input() -> BinaryIO:
    # Unbuffered, so that a thread waiting for input does not hold a lock when the program ends.
    try:
        return io.FileIO(sys.stdin.fileno(), closefd=False)
    except (OSError, ValueError):  # a stand-in without a file
        return sys.stdin.buffer


def _pipe(name: str, handle: BinaryIO) -> TextSource:
    source = TextSource(name, pipe=handle)
    weakref.finalize(source, handle.close)
    source.kind = _sniffed(source)
    if row_format(source.kind).magic:
        rule = f"{source.kind.capitalize()} is not read from a pipe"
        raise CorpusError(rule, path=name, remedy="give the file by its name")
    return source


def _file(path: Path) -> TextSource:
    suffix = bare_suffix(path)
    kind = document_kind(suffix)
    if kind or suffix in WHOLE_SUFFIXES:
        if kind:
            require_reader(kind)
        return TextSource(str(path), kind="document", size=path.stat().st_size, members=[path])
    named = row_format_of(path)
    source = TextSource(str(path), kind=named.name if named else "", size=path.stat().st_size)
    if named is None or named.magic is None:  # the reader of a format with magic bytes checks them itself
        sniffed = _sniffed(source)
        source.kind = source.kind or sniffed
    elif path.suffix.lower() not in named.suffixes:
        rule = f"{named.name.capitalize()} is not read out of a compressed file, as it is compressed itself"
        raise CorpusError(rule, path=path, remedy="unpack it")
    return source


def _sniffed(source: TextSource) -> str:
    head = source.peek()
    for form in ROW_FORMATS:
        if form.magic and head.startswith(form.magic):
            return form.name
    if other := other_format(head, bare_suffix(Path(source.path)), source.kind):
        name, remedy = other
        raise CorpusError(f"is {name}, text is needed", path=source.path, remedy=remedy)
    if fault := not_utf8(head[: head.rfind(b"\n")] if len(head) > HEAD else head):
        raise other_encoding(fault, source.path)
    if head.lstrip()[:1] == b"{":
        return "jsonl"
    source.form = LineForm.of(decoded(head[:HEAD])[0])
    return "lines"


def _folder(folder: Path, left_out: LeftOut) -> Iterator[TextSource]:
    """The files of rows in a folder, then its other readable files, one document each."""
    others: list[str] = []
    files = sorted(_visible(folder, others))
    rows, documents = _readable(folder, files)
    if not rows and not documents:
        raise _nothing_to_read(folder, files, others)
    unread = [*map(str, sorted({*files} - {*rows, *documents})), *others]
    left_out.names.extend(sorted(map(readable, unread)))
    for path in rows:
        try:
            source = _file(path)
        except CorpusError as error:
            left_out.take(str(path), error)
        else:
            source.in_folder = True
            yield source
    if documents:
        size = sum(path.stat().st_size for path in documents)
        yield TextSource(str(folder), kind="folder", size=size, members=documents)


def _readable(folder: Path, files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Which files of a folder hold rows, and which of the others are documents."""
    rows = [path for path in files if (form := row_format_of(path)) and form.has_fields]
    corpus = [path for path in rows if path.parent == folder and path.name.startswith("corpus.jsonl")]
    if corpus and any(path.name.startswith("queries.jsonl") for path in rows):
        return corpus[:1], []  # BEIR's layout, in which questions and judgements are no documents
    suffixes = {*DOCUMENT_SUFFIXES, *(s for kind in DOCUMENT_KINDS if kind.there for s in kind.suffixes)}
    return rows, [path for path in files if path not in rows and bare_suffix(path) in suffixes]


def _nothing_to_read(folder: Path, files: Sequence[Path], others: Sequence[str]) -> CorpusError:
    """The error for a folder without a file to read; `MissingExtra` if a package would read one of them."""
    for kind in filter(None, (document_kind(bare_suffix(path)) for path in files)):
        require_reader(kind)
    there = ", ".join(kinds_of([*map(str, files), *others])[:10])
    rule = f"there is no file to read in this folder, only {there}" if there else "the folder is empty"
    remedy = "text, csv, tsv, jsonl and parquet files are read, and html, pdf and docx"
    remedy += "; a link is followed wherever it leads if you name it"
    return CorpusError(rule, path=folder, remedy=remedy)


def _visible(folder: Path, left_out: list[str]) -> Iterator[Path]:
    """Files of a folder and its sub-folders, without hidden ones.

    ``left_out`` receives special files, such as pipes, and the links that are not read: those that lead out
    of the folder, so that a text from elsewhere adds nothing that its reader did not name, and broken ones.
    A link to a folder is not followed, since the files are read where they are.
    """
    root = os.path.realpath(folder)
    for parent, folders, names in os.walk(folder, onerror=_unlisted):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(parent, name) for name in (*folders, *names) if not name.startswith(".")):
            if path.is_symlink() and not _is_read(path, root):
                left_out.append(f"{path}{LINK}{path.readlink()}")
            elif path.is_file():
                yield path
            elif not path.is_dir():
                left_out.append(f"{path}{SPECIAL}")


def _unlisted(error: OSError) -> None:
    with reading(error.filename):
        raise error


def _is_read(link: Path, root: str) -> bool:
    """Whether what a link leads to is read: a file in the folder, or a sub-folder that is not hidden."""
    try:
        inner = Path(os.path.realpath(link, strict=True)).relative_to(root)
    except (OSError, ValueError):  # broken, a loop, or elsewhere
        return False
    return link.is_file() or not any(part.startswith(".") for part in inner.parts)


class FilePart(Part):
    def __init__(self, source: TextSource, fields: Fields, name: str = "") -> None:
        file = None if source.size is None else absolute(source.path)
        super().__init__(source.path, source.kind, source.size, fields, name, file)
        self.source = source

    @cached_property
    def reader(self) -> RowReader:
        return row_format(self.kind).reader(self.source)

    def row_batches(self, corpus_pass: CorpusPass) -> Iterator[RowBatch]:
        """The rows, with at most a few chunks of the file in memory."""
        if self.source.members:
            digests = yield from _members(self.source, self.fields, corpus_pass)
            digest = hashlib.sha256("".join(digests).encode()).hexdigest()
            digest = digests[0].split()[0] if self.kind == "document" else digest
            size = self.size or 0
        else:
            stream = self.source.stream()
            with closing(_chunks(stream, self.source, corpus_pass)) as chunks:
                if self.fields.columns:
                    binary = row_format(self.kind).magic
                    whole = ((1, chunk) for chunk in chunks)
                    read = whole if binary else line_blocks(chunks, self.path, corpus_pass)
                    rows = iter(self.reader.lines(read, corpus_pass))
                    yield from self.reader.row_batches(rows, self.fields, corpus_pass)
                for _ in chunks:
                    pass  # to the end, for the hash
            size = stream.position
            digest = stream.sha256()
        fields = self.fields.text, self.fields.date
        corpus_pass.summary.files.append(FileRead(self.path, self.kind, size, digest, *fields))


def _chunks(stream: Stream, source: TextSource, corpus_pass: CorpusPass) -> Generator[bytes]:
    """The bytes of a file, without a byte order mark, a bounded number of lines at a time."""
    done = 0
    # At least 16 bytes, so that the mark is in the first chunk.
    size = max(16, min(CHUNK, corpus_pass.batch_bytes))
    with closing(prefetched(stream.chunks(size))) as pieces:
        for chunk, position in pieces:
            yield from few_lines(source.line_ends(chunk if done else chunk.removeprefix(UTF8_BOM)))
            corpus_pass.advance(position - done)
            done = position


def _members(
    source: TextSource, fields: Fields, corpus_pass: CorpusPass
) -> Generator[RowBatch, None, list[str]]:
    """A document per file of a folder; its id is its path inside the folder.

    In the end it returns the lines that ``sha256sum`` would print for the files. The source may also be a
    single file that is one document, such as a page of HTML.
    """
    digests: list[str] = []
    names = (TEXT, ID, *([fields.date] if fields.date else []))
    rows: list[tuple[str | None, ...]] = []
    given: list[str | None] = []
    held = 0  # bytes

    def batch() -> RowBatch:
        read = batch_of_rows(rows, [1] * len(rows), names)
        return replace(read, given=pl.Series(given, dtype=pl.String))

    for member in source.members:
        with Stream(str(member)) as stream:
            data = stream.read(MAX_ROW + 1)
            if len(data) > MAX_ROW:
                raise too_long(str(member), 1)
        name = member.relative_to(source.path).as_posix() if str(member) != source.path else member.name
        name = readable(name)
        digests.append(f"{stream.sha256()}  {name}\n")
        corpus_pass.advance(stream.position)
        held += len(data)
        if (read := _document(member, data, corpus_pass)) is not None:
            text, whole, date = read
            rows.append((text, name, date)[: len(names)])
            given.append(whole)
        if held >= corpus_pass.batch_bytes:
            yield batch()
            rows, given = [], []
            held = 0
    yield batch()
    return digests


def _document(member: Path, data: bytes, corpus_pass: CorpusPass) -> tuple[str, str, str | None] | None:
    """The text of a file, all that was read of it, and the date that it gives itself; None for a bad one."""
    suffix = bare_suffix(member)
    kind = document_kind(suffix)
    if kind is None:
        if suffix not in WHOLE_SUFFIXES and (other := _container(data[:HEAD].lstrip(), "lines")):
            corpus_pass.unread(str(member), other[0], f"it is {other[0]}, which is not read; {other[1]}")
            return None
        text = _text(data.removeprefix(UTF8_BOM), str(member), corpus_pass)
        return None if text is None else _plain_text(text, member, corpus_pass)
    whole = _formatted_text(kind, member, data, corpus_pass)
    if whole is None:
        return None
    if not kind.paged:
        return whole, whole, None
    text = mended_document(whole, str(member), corpus_pass, pages=True)
    return text.replace("\f", "\n"), whole.replace("\f", "\n"), None


def _plain_text(whole: str, member: Path, corpus_pass: CorpusPass) -> tuple[str, str, str | None]:
    """A text without what programs wrote into it, with that, and the date that it gives itself."""
    text, date = whole, None
    if bare_suffix(member) in MARKDOWN:
        text, date = without_front_matter(whole)
        if text != whole:
            corpus_pass.repaired({"Markdown's front matter left out": 1}, path=str(member), line=1)
    elif (rows := _rows_in(text[:HEAD]))[0] != "lines":
        said = f"{rows[1]}, and a text in a folder is one document: give the file by its name"
        corpus_pass.unread(str(member), "rows", said)
    return mended_document(text, str(member), corpus_pass), whole, date


def _gives_dates(source: TextSource) -> bool:
    """Whether one of the first notes of a source gives its date."""
    notes = (member for member in source.members if bare_suffix(member) in MARKDOWN)
    for note in islice(notes, FIRST_ROWS):
        with Stream(str(note)) as stream:
            if without_front_matter(decoded(stream.read(HEAD).removeprefix(UTF8_BOM))[0])[1]:
                return True
    return False


def _formatted_text(kind: DocumentKind, member: Path, data: bytes, corpus_pass: CorpusPass) -> str | None:
    """The text of a page of HTML, a PDF or a Word file; what of it is not read is said."""
    remarks = Remarks()
    try:
        text = document_text(kind, data, remarks)
    except ValueError as error:
        corpus_pass.bad(str(error), path=str(member), line=None, remedy="correct the file")
        return None
    if not text.strip() and not remarks.unread:
        what = f"{kind.unread} of {kind.name} files are not read"
        corpus_pass.unread(f"no text in {member}", what, what)
    for loss, sentence in remarks.unread:
        corpus_pass.unread(str(member), loss, sentence)
    for repair in remarks.repairs:
        corpus_pass.mended(repair, path=str(member), line=1)
    return text


def _text(data: bytes, path: str, corpus_pass: CorpusPass) -> str | None:
    if b"\0" in data:
        line = 1 + data.partition(b"\0")[0].count(b"\n")
        corpus_pass.bad(HOLDS_NUL, path=path, line=line, remedy="correct the file")
        return None
    if fault := not_utf8(data):
        corpus_pass.bad(fault.rule, path=path, line=fault.line, remedy=fault.remedy)
        return None
    text, wrong = decoded(data)
    return mended(data, 1, path, corpus_pass, Tally()).decode() if wrong else text


_UTF_8 = "give text in UTF-8, or in UTF-16 with a byte order mark"
_TABLES = {",": ("csv", "commas"), ";": ("csv", "semicolons"), "\t": ("tsv", "tabs"), "|": ("csv", "bars")}


def _rows_in(text: str) -> tuple[str, str]:
    """The kind of a text of lines by its beginning, and what is said of that."""
    lines = [line for line in text[: text.rfind("\n") + 1].split("\n") if line.strip()][:FIRST_ROWS]
    with suppress(ValueError):
        if lines and all(line.lstrip()[:1] == "{" and parse_json(line) for line in lines):
            return "jsonl", "its lines are JSON objects"
    if delimiter := delimiter_of(text):
        kind, called = _TABLES[delimiter]
        return kind, f"its lines are rows of a table, with {called} between fields"
    tabs = {line.strip().count("\t") for line in lines}
    alike = len(lines) > 2 and len(tabs) == 1 and tabs != {0}
    return "lines", "its lines have tabs but no names above: each is read as a whole" if alike else ""


def open_part(source: TextSource, names: FieldNames, name: str = "") -> FilePart:
    """Choose the fields of a source from its beginning; ``name`` is its short name."""
    path, said = source.path, ""
    if source.kind == "lines":
        source.kind, said = _rows_in(decoded(source.peek())[0])
    notes = (f"{path}: {said}{AS_LINES * (source.kind != 'lines')}",) if said else ()
    if source.members or not row_format(source.kind).has_fields:
        date = DATE if _gives_dates(source) else None
        own = Fields((TEXT,), date, ID if source.members else None, notes=notes)
        return FilePart(source, own, name)
    part = FilePart(source, Fields(()), name)
    tokenized = part.reader.tokenized
    names = replace(names, text=(TEXT,)) if tokenized else names
    columns = part.reader.columns()
    if columns is None:
        return part  # an empty file holds no documents
    try:
        part.fields = fields_of_types(
            columns,
            part.reader.types(),
            path,
            names,
            part.reader.inner(),
            first_rows=lambda: part.reader.first_rows(columns),
        )
    except CorpusError as error:
        if said:
            error.rule, error.remedy = f"{said}, and {error.rule}", f"{error.remedy}{AS_LINES}"
        raise
    kept = (*part.fields.kept, *[TAGS] * (tokenized and TAGS not in part.fields.kept))
    part.fields = replace(part.fields, kept=kept, tokenized=tokenized, notes=(*notes, *part.fields.notes))
    return part


def require_fields(kinds: Collection[str], path: str, asked: Sequence[str], left_out: LeftOut) -> None:
    """Raise `CorpusError` if fields are asked for and none of the sources, of these kinds, has any.

    If that is because of the files that are left out, or nothing else is there, it is the error of the first.
    """
    lacking = asked and not any(form.has_fields and form.name in kinds for form in ROW_FORMATS)
    if left_out.errors and (lacking or not kinds):
        raise left_out.errors[0]
    if lacking:
        rule = "no file has fields: plain text and documents are read whole"
        remedy = "leave such options out, or give csv, jsonl or parquet files"
        raise CorpusError(rule, path=path, field=asked[0], remedy=remedy)


# ---- Files that are not read, recognised by their first bytes: an error names what they are and what helps.
# Nearly every such file is UTF-8. Read as lines, its tags, times and fields would be words.


_TABLE = "write a .csv or .jsonl file with a column of text"
_LINES = "write their text as .txt, a line each, without the times"
_ENTRY = b"article|book|inbook|incollection|inproceedings|misc|online|phdthesis|proceedings|techreport"
_TEXTS = (  # in files that would be read as lines, after white space
    (rb"(?i:<!doctype html|<html)", "HTML", "give it as a file named .html"),
    (rb"From \S+@\S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) |(?:Return-Path|Received|Message-ID|From): "
     rb"[^\n]+\n(?:[ \t][^\n]*\n)*[A-Z][\w-]*: ", "e-mail", _TABLE),
    (rb"<\?xml|<opml\b|<[A-Za-z][\w:.-]*\s[^<>]*xmlns", "XML", _TABLE),
    (rb"WEBVTT\b", "a file of captions (WebVTT)", _LINES),
    (rb"\d+\r?\n\d\d:\d\d:\d\d[,.]\d{3} --> ", "a file of captions (SubRip)", _LINES),
    (rb"TY {1,2}- ?[A-Z]", "RIS", _TABLE),
    (rb"FN [^\n]*\nVR \d|PMID- ?\d", "tagged records (Web of Science, PubMed)", _TABLE),
    (rb"%0 [A-Z][a-z]", "EndNote", _TABLE),
    (rb"BEGIN:V(?:CALENDAR|CARD)\b", "a calendar or cards of addresses", _TABLE),
    (rb"WARC/\d", "a web archive (WARC)", _TABLE),
    (rb"-----BEGIN PRIVACY-ENHANCED MESSAGE|<SEC-(?:DOCUMENT|HEADER)>", "a filing of EDGAR", _TABLE),
    (rb"(?:--[^\n]*\n\s*|/\*[^*]*\*/;?\s*)*(?:INSERT INTO|CREATE TABLE|DROP TABLE|BEGIN TRANSACTION|PRAGMA)",
     "SQL", "export the table as .csv"),
    (rb"(?:%[^\n]*\n\s*)*@(?i:" + _ENTRY + rb")\s*\{", "BibTeX", _TABLE),
    (rb"(?:window|var|let|const|module|export)\b[\w.$ \[\]\"']*=\s*[\[{]", "JavaScript with data in it",
     "cut off what stands before the first bracket; then jq -c '.[]' makes an object per line"),
)  # fmt: skip
_LIST = re.compile(rb'"([A-Za-z_]\w*)"\s*:\s*\[\s*\{')


def other_format(head: bytes, suffix: str, kind: str) -> tuple[str, str] | None:
    """What a file is that begins with ``head`` and is not read, and a remedy; None for one that is.

    ``kind`` is what its suffix says, empty for an unknown one.
    """
    if found := foreign(head):
        return found
    if b"\0" in head[:HEAD]:
        return "a binary file (it holds NUL bytes)", _UTF_8
    start = head.lstrip()
    if start[:1] in (b"{", b"["):
        return _other_json(start, suffix, kind)
    if kind in ("", "lines") and (found := _container(start, kind)):
        return found
    if suffix in (".yaml", ".yml"):
        return "YAML", _TABLE
    if suffix == ".xml" and start[:1] == b"<":  # without a declaration and namespaces
        return "XML", _TABLE
    return None


def _container(start: bytes, kind: str) -> tuple[str, str] | None:
    known = _TEXTS[2 * (kind == "lines") :]  # a page or a mail in a .txt file is read as it is written
    return next(((name, remedy) for sign, name, remedy in known if re.match(sign, start)), None)


def _other_json(start: bytes, suffix: str, kind: str) -> tuple[str, str] | None:
    array = start[:1] == b"["
    if array and (suffix == ".json" or re.match(rb'\[\s*\{\s*"', start)):
        return "one JSON array", "convert it to an object per line: jq -c '.[]'"
    if array or kind not in ("", "jsonl", "lines"):
        return None
    if b"\n" not in start.rstrip():
        return _one_line(start) if kind != "jsonl" else None
    with suppress(ValueError):
        parse_json(start.partition(b"\n")[0])
        return None
    if not re.match(rb'\{\s*\n\s*["}]', start):
        return None  # a bad row, which is told with its line
    listed = _LIST.search(start)
    of = f".{listed[1].decode()}[]" if listed else "."
    return "one JSON document over several lines", f"convert it to an object per line: jq -c '{of}'"


def _one_line(start: bytes) -> tuple[str, str] | None:
    """What a file of one line is whose object holds a list of records, as exports do."""
    with suppress(ValueError):  # of JSON, and of a document without such a list
        _, path = max(_lists_of_records(parse_json(start), ""))
        remedy = f"convert it to an object per line: jq -c '{path}[]'"
        return "one JSON document on one line, with a list of records", remedy
    return None


def _lists_of_records(value: object, path: str) -> Iterator[tuple[int, str]]:
    """The lists of objects in objects: their lengths, and their paths as jq writes them."""
    for name, inner in value.items() if isinstance(value, dict) else ():
        own = f"{path}.{name if name.isidentifier() else json.dumps(name)}"
        if isinstance(inner, list) and len(inner) > 1 and all(isinstance(item, dict) for item in inner):
            yield len(inner), own
        yield from _lists_of_records(inner, own)
