"""``text.parquet`` of a run folder, written while the text is read; see `selfvec.data.run_text.RunText`.

The rows of a batch go to a thread that compresses them, so that reading does not wait. A file has one set of
columns. Where a later document has a field that no earlier one has, a further file is begun, and all are
joined in the end.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from queue import Full, Queue
from typing import TYPE_CHECKING, Any

from selfvec.base.targets import writing, writing_by_polars
from selfvec.data.run_text import GROUP, RunText, fields_among, schema_of

if TYPE_CHECKING:
    import polars as pl

_AHEAD = 2  # batches
_LEVEL = 1  # of zstd: higher ones take several times as long and save a tenth


class TextWriter:
    """Writes the documents of a run into a file, or into memory.

    It is a context: what was written is given up unless `finish` was called.
    """

    def __init__(self, target: Path | None = None) -> None:
        self.target = target
        self._parts: list[_Part] = []
        self._fields: list[str] = []

    def add(self, documents: pl.DataFrame) -> None:
        """Append documents; their columns are some of `schema_of`."""
        new = [name for name in fields_among(documents.columns) if name not in self._fields]
        if new or not self._parts:
            self._fields += new
            self._begin()
        self._parts[-1].put(documents)

    def finish(self) -> RunText:
        """All documents, when they are written."""
        if not self._parts:
            self._begin()
        self._parts[-1].close()
        if len(self._parts) > 1:
            self._join()
        return RunText(self._parts[0].content)

    def _begin(self) -> None:
        if self._parts:
            self._parts[-1].close()
        target = self.target
        if target is not None and self._parts:
            target = target.with_name(f"{target.name}.{len(self._parts)}")
        self._parts.append(_Part(target, schema_of(self._fields)))

    def _join(self) -> None:
        import polars as pl

        parts = [_scanned(part.content) for part in self._parts]
        place = None if self.target is None else self.target.with_name(f"{self.target.name}.joined")
        schema = schema_of(self._fields)
        whole = _Part(place, schema, pl.concat(parts, how="diagonal").select(list(schema)))
        whole.close()
        for part in self._parts:
            part.remove()
        if place is not None and self.target is not None:
            whole.content = place.replace(self.target)
        self._parts = [whole]

    def __enter__(self) -> TextWriter:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None:
            for part in self._parts:
                part.abandon()


class _Part:
    """A file that is written in a thread."""

    def __init__(self, target: Path | None, schema: dict[str, Any], rows: pl.LazyFrame | None = None) -> None:
        from polars.io.plugins import register_io_source

        self.target = target
        self.schema = schema
        self.content: Path | bytes = b""
        self._memory = BytesIO()
        self._queue: Queue[pl.DataFrame | None] = Queue(_AHEAD)
        self._error: BaseException | None = None
        self._given_up = False
        self._rows = rows
        if rows is None:
            self._rows = register_io_source(lambda *_: self._given(), schema=schema)
        self._thread = threading.Thread(target=self._write, name="selfvec-text", daemon=True)
        self._thread.start()

    def put(self, documents: pl.DataFrame | None) -> None:
        """Pass on some rows; None is the end."""
        import polars as pl

        if documents is not None:
            missing = [pl.lit(None, kind).alias(n) for n, kind in self.schema.items() if n not in documents]
            documents = documents.with_columns(missing).select(list(self.schema))
        while self._thread.is_alive():
            with suppress(Full):
                self._queue.put(documents, timeout=0.1)
                return
        self._raise()

    def close(self) -> None:
        """Wait until all is written."""
        if self._thread.is_alive():
            self.put(None)
        self._thread.join()
        self._raise()
        self.content = self.target or self._memory.getvalue()
        self._memory.close()

    def abandon(self) -> None:
        """Stop and delete what was written."""
        self._given_up = True
        while self._thread.is_alive():
            with suppress(Full):
                self._queue.put(None, timeout=0.1)
            self._thread.join(0.1)
        self.remove()

    def remove(self) -> None:
        """Delete the file."""
        if self.target is not None:
            self.target.unlink(missing_ok=True)

    def _given(self) -> Iterator[pl.DataFrame]:
        while (documents := self._queue.get()) is not None and not self._given_up:
            yield documents

    def _write(self) -> None:
        assert self._rows is not None
        try:
            self._rows.sink_parquet(
                self.target or self._memory,
                compression="zstd",
                compression_level=_LEVEL,
                row_group_size=GROUP,
                statistics=False,
            )
        except BaseException as error:  # raised in the thread that puts rows
            self._error = error

    def _raise(self) -> None:
        if self._error is None:
            return
        with writing(self.target or Path("text")), writing_by_polars():
            raise self._error


def _scanned(content: Path | bytes) -> pl.LazyFrame:
    import polars as pl

    if isinstance(content, bytes):
        return pl.scan_parquet(BytesIO(content))
    return pl.scan_parquet(content, glob=False)


def save_text(text: RunText, path: Path) -> None:
    """Write the file of a run's documents again."""
    if isinstance(text.source, bytes):
        path.write_bytes(text.source)
    elif text.source != path:
        shutil.copyfile(text.source, path)
