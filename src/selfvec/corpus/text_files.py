"""Documents of text files: a document per line, or per file of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from selfvec.base.compressed_files import bare_suffix

from .document_files import MAX_ROW, document_kind, document_text
from .fields import Fields
from .readable import readable
from .row_batch import NUL, LineBlock, RowBatch, RowReader, batch_of_rows
from .streams import UTF8_BOM, Source, Stream, mended, too_long
from .summary import CorpusPass

TEXT = "text"
ID = "id"
"""The columns of documents without named fields."""


class LineReader(RowReader):
    """Reads a document per line, whose one column has no name in the file."""

    def row_batches(
        self, blocks: Iterator[LineBlock], fields: Fields, corpus_pass: CorpusPass
    ) -> Iterator[RowBatch]:
        """The lines as texts; see `RowReader`."""
        for first, block in blocks:
            lines = block.removesuffix(b"\n").split(b"\n")
            numbers: Sequence[int] = range(first, first + len(lines))
            if b"\0" in block:
                for number, line in zip(numbers, lines, strict=True):
                    if b"\0" in line:
                        corpus_pass.bad(NUL, path=self.source.path, line=number)
                numbers = [number for number, line in zip(numbers, lines, strict=True) if b"\0" not in line]
                lines = [line for line in lines if b"\0" not in line]
            texts = pl.Series(lines, dtype=pl.Binary).cast(pl.String)
            if b"\r" in block:
                texts = texts.str.strip_suffix("\r")
            yield RowBatch({fields.text[0]: texts}, numbers)


def read_members(source: Source, corpus_pass: CorpusPass, digests: list[str]) -> Iterator[RowBatch]:
    """A document per file of a folder; its id is its path inside the folder.

    ``digests`` receives the lines that ``sha256sum`` would print for the files. The source may also be a
    single file that is one document, such as a page of HTML.
    """
    rows: list[tuple[str, str]] = []
    held = 0  # bytes
    for member in source.members:
        with Stream(Source(str(member))) as stream:
            data = stream.read(MAX_ROW + 1)
            if len(data) > MAX_ROW:
                raise too_long(str(member), 1)
        name = member.relative_to(source.path).as_posix() if str(member) != source.path else member.name
        name = readable(name)
        digests.append(f"{stream.sha256()}  {name}\n")
        corpus_pass.advance(stream.position)
        held += len(data)
        text = _member_text(member, data, corpus_pass)
        if text is not None:
            rows.append((text, name))
        if held >= corpus_pass.batch_bytes:
            yield batch_of_rows(rows, [1] * len(rows), (TEXT, ID))
            rows = []
            held = 0
    yield batch_of_rows(rows, [1] * len(rows), (TEXT, ID))


def _member_text(member: Path, data: bytes, corpus_pass: CorpusPass) -> str | None:
    """The text of a document; None if it is left out as bad."""
    kind = document_kind(bare_suffix(member))
    if kind is None:
        page = mended(data.removeprefix(UTF8_BOM), 1, str(member), corpus_pass)
        if b"\0" in page:
            line = 1 + page.partition(b"\0")[0].count(b"\n")
            corpus_pass.bad(NUL, path=str(member), line=line, remedy="mend the file")
            return None
        return page.decode()
    try:
        text = document_text(kind, data)
    except ValueError as error:
        corpus_pass.bad(str(error), path=str(member), line=None, remedy="mend the file")
        return None
    if wrong := kind.undecodable(data):
        corpus_pass.replaced(wrong, "is not in its encoding", path=str(member), line=1)
    return text
