"""How fast are files read, next to the loop that people write themselves?

The text is PubMed titles and abstracts or, where they are absent, as much made-up text. The others check
nothing; ours reads in bounded memory, hashes the file, counts duplicates, reads dates and names bad rows.
"""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.datasets import PUBMED, documents
from benchmarks.harness import Result, compared
from selfvec.corpus import Corpus


def abstracts() -> pl.DataFrame:
    """Columns id, title, text, year."""
    if PUBMED.exists():
        with gzip.open(PUBMED) as file:
            read = pl.read_ndjson(file.read()).select("id", "title", "text", "year")
        return read.filter(~pl.col("text").str.contains("â€").fill_null(False))  # ours would mend it
    frame = pl.DataFrame({"text": documents()[0]}).with_row_index("id")
    return frame.with_columns(title=pl.col("text").str.head(60), year=pl.lit("1990"))


def ours(path: Path) -> list[pl.Series]:
    return [batch.texts for batch in Corpus.open(path).batches()]


def by_json(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return ["\n\n".join(filter(None, (row["title"], row["text"]))) for row in map(json.loads, file)]


def by_csv(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return ["\n\n".join(filter(None, (row["title"], row["text"]))) for row in csv.DictReader(file)]


def run() -> Iterator[Result]:
    """All figures of this benchmark."""
    frame = abstracts()
    with tempfile.TemporaryDirectory() as folder:
        packed, table = Path(folder, "a.jsonl.gz"), Path(folder, "a.csv")
        packed.write_bytes(gzip.compress(frame.write_ndjson().encode(), 6))
        table.write_text(frame.write_csv(), encoding="utf-8")
        for kind, path, read, other in (
            ("jsonl.gz", packed, by_json, "gzip + json.loads"),
            ("csv", table, by_csv, "csv.DictReader"),
        ):
            expected = [text for text in read(path) if text.strip()]
            assert pl.concat(ours(path)).to_list() == expected
            size = sum(len(text.encode()) for text in expected) / 1e6
            yield compared(
                f"{kind} to documents",
                partial(ours, path),
                partial(read, path),
                other,
                amount=size,
                unit="MB/s",
            )
