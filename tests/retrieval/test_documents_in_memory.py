"""A run that was fitted from documents in memory is searched and exported with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from tests.retrieval.encoder import reports

from selfvec.base.errors import InputError
from selfvec.corpus import Corpus
from selfvec.data.run import Run
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


@pytest.fixture
def run() -> Run:
    return reports.report_run()


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_documents_in_memory_are_searched_and_stored(given: Any, run: Run) -> None:
    index = run_index(run, given)
    (hit,) = index.search("hail on a farm", top=1).hits
    rows = passage_rows(run, given)
    assert rows.table["text"].to_list() == TEXTS
    named = not isinstance(given, list | tuple | Corpus) or given is ROWS
    assert (hit.id, rows.table["document"].to_list()) == (
        ("r0", ["r0", "r1", "r2"]) if named else ("0", ["0", "1", "2"])
    )
    if named:
        assert rows.table["state"].to_list() == ["IA"] * 3
        assert len(index.search("hail", filters=["state=IA"]).hits) > 0


def test_a_path_alone_is_a_corpus(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "reports.jsonl"
    file.write_text("\n".join(map(json.dumps, ROWS)))
    for given in (file, str(file), [file], [str(file)], [tmp_path], [str(tmp_path)]):
        assert run_index(run, given).text("r1") == TEXTS[1]


def test_documents_that_are_not_kept_are_asked_for_in_words_of_python(run: Run, tmp_path: Path) -> None:
    for use in (run_index, passage_rows):
        with pytest.raises(InputError, match=r"documents in memory.*with corpus=DOCUMENTS$") as caught:
            use(run)
        assert caught.value.message(flags=True).endswith("name the documents with --corpus")
    done = export(run, "faiss", tmp_path / "store", corpus=TEXTS)
    assert done["documents"] == len(TEXTS)
