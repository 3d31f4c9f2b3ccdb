"""A run that was made from documents in memory keeps them: it is searched and exported with them."""

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import selfvec
from selfvec.corpus import Corpus
from selfvec.exporters import export, passage_rows
from selfvec.retrieval import run_index

TEXTS = ["hail broke the windows of the farm", "the river closed the road", "snow lay on the fields"]
ROWS = [{"id": f"r{i}", "text": text, "state": "IA"} for i, text in enumerate(TEXTS)]
GIVEN: dict[str, Any] = {
    "texts": TEXTS,
    "tuple": tuple(TEXTS),
    "corpus": Corpus.from_texts(TEXTS),
    "pandas": pd.DataFrame(ROWS),
    "polars": pl.DataFrame(ROWS),
    "rows": ROWS,
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_documents_in_memory_are_searched_and_stored(given: Any, tmp_path: Path) -> None:
    run = selfvec.refine(given, method="original")
    index = run_index(run)
    (hit,) = index.search("hail on a farm", top=1).hits
    rows = passage_rows(run)
    assert rows.table["text"].to_list() == TEXTS
    named = not isinstance(given, list | tuple | Corpus) or given is ROWS
    assert (hit.id, rows.table["document"].to_list()) == (
        ("r0", ["r0", "r1", "r2"]) if named else ("0", ["0", "1", "2"])
    )
    if named:
        assert rows.table["state"].to_list() == ["IA"] * 3
        assert len(index.search("hail", filters=["state=IA"]).hits) > 0
    assert export(run, "parquet-documents", tmp_path / "store")["documents"] == len(TEXTS)
