"""What the corpus tests share: writing a file in any compression, reading a corpus to its end."""

import gzip
from pathlib import Path
from typing import Any

import polars as pl

from selfvec.corpus import Corpus
from selfvec.data.documents import Documents
from selfvec.data.run_text import column_of, fields_among
from selfvec.files.compressed_files import zstd

COMPRESSIONS = {"": bytes, ".gz": gzip.compress, ".zst": zstd.compress}


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

    def write_frame(self, name: str, frame: pl.DataFrame) -> Path:
        path = self.folder / name
        kinds = {".csv": frame.write_csv, ".jsonl": frame.write_ndjson, ".parquet": frame.write_parquet}
        kinds[path.suffix](path)
        return path

    def read(self, *names: Path | str, batch_bytes: int = 1 << 20, **options: Any) -> dict[str, list[Any]]:
        """Texts, ids and dates of all documents."""
        self.corpus = Corpus.open([self.folder / name for name in names], **options)
        return collect(self.corpus, batch_bytes)

    def texts(self, *names: Path | str, **options: Any) -> list[str]:
        return self.read(*names, **options)["texts"]


def collect(corpus: Corpus, batch_bytes: int = 1 << 20) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"texts": [], "ids": [], "dates": [], "given": []}
    for batch in corpus.batches(batch_bytes=batch_bytes):
        assert len(batch.texts) > 0
        rows["texts"] += batch.texts.to_list()
        for key, name in (("ids", "id"), ("dates", "date")):
            found = batch.get(name)
            rows[key] += [None] * len(batch) if found is None else found.to_list()
        given = batch.get("_given")
        rows["given"] += (batch.texts if given is None else given.fill_null(batch.texts)).to_list()
    return rows


def fields_of(batch: Documents) -> dict[str, pl.Series]:
    """The kept fields of documents."""
    return {name: batch.rows[column_of(name)] for name in fields_among(batch.rows.columns)}
