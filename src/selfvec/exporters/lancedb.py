"""`LanceDB`: a table of passages in an embedded database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError
from selfvec.text.languages import language

from .store import TABLE, Database, DatabaseContent, reading
from .store_rows import StoreRows

# Languages whose stems and stop words the full-text index supports.
_INDEXED = {"ar", "da", "de", "el", "en", "es", "fi", "fr", "hu"}
_INDEXED |= {"it", "nl", "no", "pt", "ro", "ru", "sv", "ta", "tr"}


class LanceDB(Database):
    """An embedded database, searched by vectors, by full text, by both, and filtered by SQL.

    It has no index of vectors: up to some hundred thousand rows an exact scan is as fast. Rows of zeros have
    no cosine; LanceDB finds them only by their words.
    """

    name = "lancedb"
    title = "LanceDB"
    opened_by = 'lancedb.connect({}).open_table("passages")'
    module = extra = "lancedb"

    def write(self, rows: StoreRows, path: Path) -> None:
        """Write a table called ``rows.name``, with a full-text index if the rows have a text."""
        import lancedb

        data = self._arrow(rows).replace_schema_metadata(dict(rows.about) or None)
        table = lancedb.connect(path).create_table(rows.name, data)
        self.index_text(table, rows.language)

    def index_text(self, table: Any, stems: str | None) -> None:
        """Build the full-text index if there is a text without one."""
        from lancedb.index import FTS

        if "text" in table.schema.names and ["text"] not in [index.columns for index in table.list_indices()]:
            known = stems in _INDEXED
            name = language(stems if known else "en").name
            table.create_index("text", config=FTS(language=name, stem=known, remove_stop_words=known))

    def recognises(self, path: Path) -> bool:
        """Whether the folder has the table."""
        return (path / f"{TABLE}.lance").is_dir()

    def about(self, path: Path) -> dict[str, str]:
        """The metadata of the table's schema."""
        table = self._table(path)
        with reading(path):
            found = table.schema.metadata or {}
            return {k.decode(): v.decode() for k, v in found.items() if k.startswith(b"selfvec.")}

    def rows_by_id(self, rows: StoreRows, path: Path) -> dict[str, dict[str, Any]] | None:
        """The rows of the table, if its columns are those of ``rows``."""
        import polars as pl

        table = self._table(path)
        if not table.schema.equals(self._arrow(rows).schema):
            return None
        with reading(path):
            frame = pl.DataFrame(table.to_arrow().drop_columns(["vector"]))
        found = {str(row["id"]): row for row in frame.iter_rows(named=True)}
        return found if len(found) == len(frame) else None

    def change(self, rows: StoreRows, path: Path, numbers: Sequence[int], gone: Sequence[str]) -> None:
        """Write one version of the table with all changes; readers see the old one or the new one."""
        table = self._table(path)
        rule = f"id IN ({', '.join(_quoted(name) for name in gone)})" if gone else ""
        if numbers:
            merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            if gone:
                merge = merge.when_not_matched_by_source_delete(rule)
            merge.execute(self._arrow(rows).take(list(numbers)))
        elif gone:
            table.delete(rule)
        if numbers or gone:
            table.optimize()  # adds the new rows to the full-text index

    @staticmethod
    def _arrow(rows: StoreRows) -> Any:
        import polars as pl

        return rows.frame().to_arrow(compat_level=pl.CompatLevel.oldest())

    def read(self, path: Path) -> DatabaseContent:
        """All columns. Indices other than that of the text are lost."""
        table = self._table(path)
        with reading(path):
            others = [index for index in table.list_indices() if index.columns != ["text"]]
            lost = [f"{one.name}, the index of {', '.join(one.columns)}" for one in others]
            data = table.to_arrow()
            texts = [text or "" for text in data["text"].to_pylist()]
            return DatabaseContent(texts, data, str(table.version), lost)

    def switch(self, new: DatabaseContent, path: Path, folder: Path) -> bool:  # noqa: ARG002
        """Write a new version of the table in one step. Readers of the old version keep it."""
        import lancedb
        import pyarrow as pa

        table = self._table(path)
        if str(table.version) != new.stamp:
            return False
        column = pa.FixedSizeListArray.from_arrays(pa.array(new.vectors.ravel()), new.vectors.shape[1])
        data = new.content.set_column(new.content.column_names.index("vector"), "vector", column)
        data = data.replace_schema_metadata({**(data.schema.metadata or {}), **_bytes(new.about)})
        fresh = lancedb.connect(path).create_table(TABLE, data, mode="overwrite")
        if fresh.version != table.version + 1:  # somebody wrote in between: restore that version
            fresh.restore(fresh.version - 1)
            return False
        self.index_text(fresh, new.language)
        return True

    def complete(self, path: Path, language: str | None) -> None:
        """Build the full-text index."""
        self.index_text(self._table(path), language)

    def _table(self, path: Path) -> Any:
        import lancedb

        if not self.recognises(path):
            raise self.not_found(path)
        with reading(path):
            table = lancedb.connect(path).open_table(TABLE)
            names = set(table.schema.names)
        if not {"text", "vector"} <= names:
            raise InputError("has the columns text and vector", path=path, field=TABLE, remedy="export again")
        return table


def _quoted(name: str) -> str:
    """A string of SQL."""
    return "'" + name.replace("'", "''") + "'"


def _bytes(about: Mapping[str, str]) -> dict[bytes, bytes]:
    """Metadata as Arrow keeps them."""
    return {name.encode(): value.encode() for name, value in about.items()}
