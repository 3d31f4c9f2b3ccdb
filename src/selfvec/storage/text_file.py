"""``text.parquet`` of a run folder, written while the text is read; see `selfvec.data.run_text.RunText`.

The rows of a batch go to a thread that compresses them, so that reading does not wait. A file has one set of
columns. Where a later document has a field that no earlier one has, a further file is begun, and all are
joined in the end. All is written again, too, if the dates of the documents, or that the values of a field are
no texts, are known only then.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from itertools import chain
from pathlib import Path
from queue import Full, Queue
from typing import TYPE_CHECKING, Any

from selfvec.data.field_types import NOTHING, TEXT, all_written, kind_of, typed
from selfvec.data.run_text import DATE, GROUP, RunText, column_of, fields_among, schema_of
from selfvec.files.atomic_files import writing, writing_by_polars

if TYPE_CHECKING:
    import polars as pl

_AHEAD = 2  # batches
_LEVEL = 1  # of zstd: higher ones take several times as long and save a tenth


class TextWriter:
    """Writes the documents of a run into a file, or into memory.

    It is a context: what was written is given up unless `finish` was called. Fields are of the ``kinds`` that
    are given, or of those that all their values are. Without ``kinds`` they stay texts, as of documents that
    are written again with others.
    """

    def __init__(self, target: Path | None = None, kinds: Mapping[str, str] | None = None) -> None:
        self.target = target
        self._kinds = kinds
        self._parts: list[_Part] = []
        self._fields: list[str] = []

    def add(self, documents: pl.DataFrame) -> None:
        """Append documents; their columns are some of `schema_of`."""
        new = [name for name in fields_among(documents.columns) if name not in self._fields]
        if new or not self._parts:
            self._fields += new
            self._begin(documents.columns)
        names = map(column_of, fields_among(documents.columns))
        self._parts[-1].put(all_written(documents, [*names]))

    def finish(self, days: pl.Series | None = None) -> RunText:
        """All documents, when they are written; with other dates, (D,), if these are given."""
        if not self._parts:
            self._begin()
        self._parts[-1].close()
        texts = [RunText(part.content) for part in self._parts]
        forms = {} if self._kinds is None else _forms(texts, self._kinds)
        again = len(self._parts) > 1 or days is not None or any(kind != TEXT for kind, _ in forms.values())
        return RunText(self._joined(texts, days, forms) if again else self._parts[0].content)

    def _begin(self, columns: Collection[str] = ()) -> None:
        place = self.target
        if self._parts:
            self._parts[-1].close()
            place = place and place.with_name(f"{place.name}.{len(self._parts)}")
        self._parts.append(_Part(place, schema_of(self._fields, also=columns)))

    def _joined(self, texts: Sequence[RunText], days: pl.Series | None, forms: _Forms) -> Path | bytes:
        place = self.target and self.target.with_name(f"{self.target.name}.joined")
        joined = _joined(texts, self._fields, days, place, forms)
        for part in self._parts:
            part.remove()
        return joined.replace(self.target) if isinstance(joined, Path) and self.target else joined

    def __enter__(self) -> TextWriter:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None:
            for part in self._parts:
                part.abandon()


class _Part:
    """A file, or bytes in memory, that a thread writes."""

    def __init__(self, target: Path | None, schema: dict[str, Any]) -> None:
        from polars.io.plugins import register_io_source

        self._schema = schema
        self._place = target or BytesIO()
        self._queue: Queue[pl.DataFrame | None] = Queue(_AHEAD)
        rows = register_io_source(lambda *_: self._given(), schema=schema)
        self._pool = ThreadPoolExecutor(1, "selfvec-text")
        self._written = self._pool.submit(_write, rows, self._place)

    @property
    def content(self) -> Path | bytes:
        return self._place.getvalue() if isinstance(self._place, BytesIO) else self._place

    def put(self, documents: pl.DataFrame) -> None:
        self._pass_on(_with_all(documents, self._schema))

    def _pass_on(self, rows: pl.DataFrame | None) -> None:
        """Pass on rows, or None at the end, unless the thread has failed: then that error is raised."""
        while not self._written.done():
            with suppress(Full):
                self._queue.put(rows, timeout=0.1)
                return
        self._written.result()

    def close(self) -> None:
        self._pass_on(None)
        self._written.result()
        self._pool.shutdown()

    def abandon(self) -> None:
        with suppress(Exception):
            self.close()
        self.remove()

    def remove(self) -> None:
        if isinstance(self._place, Path):
            self._place.unlink(missing_ok=True)

    def _given(self) -> Iterator[pl.DataFrame]:
        while (documents := self._queue.get()) is not None:
            yield documents


_Forms = Mapping[str, tuple[str, str]]
"""The kind of each field, and the decimal mark of its numbers."""


def _forms(texts: Sequence[RunText], kinds: Mapping[str, str]) -> _Forms:
    """The kinds that are given of fields, or those that all values are.

    These are looked at once, when all is written: beside other work each look would wait for its turn.
    """
    forms = {}
    for name in dict.fromkeys(name for text in texts for name in text.fields):
        forms[name] = kinds.get(name, NOTHING), "."
        if forms[name][0] == NOTHING:
            from .field_guess import Guess

            guess = Guess(name)
            for text in texts:
                if name in text.fields:
                    for rows in text.batches((column_of(name),)):
                        guess.add(rows.to_series())
                        if guess.is_text:
                            break
            forms[name] = guess.kind, guess.decimal
    return forms


def _of_kinds(documents: pl.DataFrame, forms: _Forms) -> pl.DataFrame:
    """Documents with the values of fields as what they are."""
    columns = {column_of(name): form for name, form in forms.items() if form[0] != TEXT}
    texts = {name: columns[name] for name in documents.columns if name in columns}
    texts = {name: form for name, form in texts.items() if kind_of(documents[name].dtype) == TEXT}
    return documents.with_columns(typed(documents, texts)) if texts else documents


def _with_all(documents: pl.DataFrame, schema: dict[str, Any]) -> pl.DataFrame:
    """Documents with all columns of a schema, null where they lack them."""
    import polars as pl

    missing = [pl.lit(None, kind).alias(name) for name, kind in schema.items() if name not in documents]
    return documents.with_columns(missing)[list(schema)]


def _write(rows: pl.LazyFrame, place: Path | BytesIO) -> None:
    with writing(place if isinstance(place, Path) else Path("text")), writing_by_polars():
        rows.sink_parquet(
            place,
            compression="zstd",
            compression_level=_LEVEL,
            row_group_size=GROUP,
            statistics=False,
        )


def _joined(
    texts: Sequence[RunText],
    fields: Sequence[str],
    days: pl.Series | None,
    place: Path | None,
    forms: _Forms,
) -> Path | bytes:
    """The documents of several texts as one, some at a time: all may be larger than the memory."""
    kinds = {name: kind for name, (kind, _) in forms.items()}
    whole = _Part(place, schema_of(fields, kinds, texts[0].columns))
    number = 0
    for rows in chain.from_iterable(text.batches() for text in texts):
        own = {} if days is None else {DATE: days[number : number + len(rows)]}
        whole.put(_of_kinds(rows.with_columns(**own), forms))
        number += len(rows)
    whole.close()
    return whole.content


def _rewritten(text: RunText, place: Path | None = None, days: pl.Series | None = None) -> Path | bytes:
    forms = {name: (kind, ".") for name, kind in text.kinds.items()}
    return _joined([text], text.fields, days, place, forms)


def dated_text(text: RunText, days: pl.Series) -> RunText:
    """The same documents with other dates, (D,), in memory."""
    return RunText(_rewritten(text, days=days))


def text_of(documents: pl.DataFrame, like: Mapping[str, str]) -> RunText:
    """Documents as a text in memory; values of fields of these kinds may be those, or texts."""
    memory = BytesIO()
    forms = _forms([RunText.of(b"", documents)], like)
    kinds = {name: kind for name, (kind, _) in forms.items()}
    schema = schema_of(list(forms), kinds, documents.columns)
    whole = _with_all(_of_kinds(documents, forms), schema)
    _write(whole.lazy(), memory)
    return RunText.of(memory.getvalue(), whole)


def text_in_memory(text: RunText) -> RunText:
    """The same documents in one piece, in memory."""
    if len(text) <= GROUP:  # without a thread that writes while others are read
        return text_of(text.read(text.columns), text.kinds)
    return RunText(_rewritten(text))


def save_text(text: RunText, path: Path) -> None:
    if not text.source:  # in several parts
        _rewritten(text, path)
    elif isinstance(text.source, bytes):
        path.write_bytes(text.source)
    else:
        shutil.copyfile(text.source, path)
