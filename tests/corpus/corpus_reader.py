"""What the corpus tests share: rows in any container, files in any compression, a corpus read to its end."""

import csv
import gzip
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
from tests.json_lines import write_lines

from selfvec.corpus import Corpus
from selfvec.data.documents import Documents
from selfvec.data.run_text import column_of, fields_among
from selfvec.files.compressed_files import zstd

COMPRESSIONS = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}


Columns = Mapping[str, list[Any]]


def csv_of(columns: Columns, folder: Path) -> Path:
    with (folder / "x.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *zip(*columns.values(), strict=True)])
    return folder / "x.csv"


def jsonl_of(columns: Columns, folder: Path) -> Path:
    """Rows without the keys of null."""
    sparse = [{name: value for name, value in row.items() if value is not None} for row in rows_of(columns)]
    return write_lines(folder / "x.jsonl", json.loads(json.dumps(sparse, default=str)))


def parquet_of(columns: Columns, folder: Path) -> Path:
    pl.DataFrame(columns, strict=False).write_parquet(folder / "x.parquet")
    return folder / "x.parquet"


def rows_of(columns: Columns) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


CONTAINERS: dict[str, Callable[[Columns, Path], Any]] = {
    "csv": csv_of,
    "jsonl": jsonl_of,
    "parquet": parquet_of,
    "polars": lambda columns, _: pl.DataFrame(columns, strict=False),
    "pandas": lambda columns, _: pd.DataFrame(columns),
    "arrow": lambda columns, _: pa.table(dict(columns)),
    "rows": lambda columns, _: rows_of(columns),
    "iterator": lambda columns, _: iter(rows_of(columns)),
}
"""The same columns as files, as frames, and as rows in memory."""


class Reader:
    """Reads corpora out of a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.corpus: Corpus | None = None

    def write(self, name: str, data: str | bytes) -> Path:
        data = data.encode() if isinstance(data, str) else data
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(COMPRESSIONS[path.suffix if path.suffix in COMPRESSIONS else ""](data))
        return path

    def read(self, *names: Path | str, batch_bytes: int = 1 << 20, **options: Any) -> dict[str, list[Any]]:
        """Texts, ids and dates of all documents."""
        self.corpus = Corpus.open([self.folder / name for name in names], **options)
        return collect(self.corpus, batch_bytes)

    @property
    def summary(self) -> Any:
        """What was noted of the corpus that was read last."""
        return self.corpus.summary

    def texts(self, *names: Path | str, **options: Any) -> list[str]:
        return self.read(*names, **options)["texts"]


def collect(corpus: Corpus, batch_bytes: int = 1 << 20) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"texts": [], "ids": [], "dates": [], "given": []}
    for batch in corpus.batches(batch_bytes=batch_bytes):
        assert len(batch.texts) > 0
        rows["texts"] += batch.texts.to_list()
        for key, name in (("ids", "id"), ("dates", "date")):
            found = batch.get(name)
            rows[key] += [None] * len(batch) if found is None else found.cast(pl.String).to_list()
        given = batch.get("_given")
        rows["given"] += (batch.texts if given is None else given.fill_null(batch.texts)).to_list()
    return rows


def fields_of(batch: Documents) -> dict[str, pl.Series]:
    """The kept fields of documents."""
    return {name: batch.rows[column_of(name)] for name in fields_among(batch.rows.columns)}
