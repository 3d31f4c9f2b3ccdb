"""An open run holds its index, also of documents in memory, and lets it go with its state."""

import gc
import os
import pickle
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from tests.processes import PATIENCE

import selfvec
from selfvec.retrieval import MODES, run_index
from selfvec.stores import passage_rows

ROWS = [
    {"id": f"d{number}", "text": f"storm {number}: hail broke the roof of barn {number}"}
    for number in range(20)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    selfvec.refine(ROWS, "none", "original", output=tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("saved", [True, False])
def test_an_index_is_opened_once_for_a_state(saved: bool, folder: Path) -> None:
    run: Any = selfvec.open(folder) if saved else selfvec.refine(ROWS, "none", "original")
    run.search("hail")
    index = run_index(run)
    assert run_index(run) is index
    assert run_index(run, cut=(50, 10)) is not index
    assert run_index(pickle.loads(pickle.dumps(run))) is not index
    assert run_index(run.present.replace()) is not index


def test_the_page_an_assistant_and_python_share_the_index(folder: Path) -> None:
    pytest.importorskip("fastapi", reason="needs selfvec[serve]")
    pytest.importorskip("pydantic", reason="needs selfvec[mcp]")
    from selfvec.apps.mcp.tools import Tools
    from selfvec.apps.web.page_data import PageData

    run: Any = selfvec.open(folder)
    data = PageData(run.present, 1)
    shown = data.index.begin().result(PATIENCE)
    data.tasks.close()
    Tools(run).search("hail")
    assert run_index(run) is shown


@pytest.mark.soak
def test_the_next_question_sees_what_another_process_withdrew(folder: Path) -> None:
    run: Any = selfvec.open(folder)
    assert "d7" in {hit.id for hit in run.search("barn 7", top=20).hits}
    before = weakref.ref(run_index(run))
    command = [sys.executable, "-m", "selfvec", "update", str(folder), "--withdraw", "d7", "--no-undo"]
    subprocess.run(command, check=True, capture_output=True)
    found = run.search("barn 7", top=20)
    assert (found.documents, "d7" in {hit.id for hit in found.hits}) == (19, False)
    gc.collect()
    assert before() is None


def test_threads_get_the_same_answers(folder: Path) -> None:
    asked = [(question, mode) for question in ("hail on barn 3", "storm 7") for mode in MODES] * 4
    for run in (selfvec.open(folder), selfvec.refine(ROWS, "none", "decorrelated")):
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda one: run.search(one[0], mode=one[1]).as_dict(), asked))
        assert found == [run.search(question, mode=mode).as_dict() for question, mode in asked]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_searches_in_the_index_that_its_parent_holds(folder: Path) -> None:
    job = """
import os, signal, sys, selfvec
run = selfvec.open(sys.argv[1])
before = run.search("hail on barn 3").as_dict()
child = os.fork()
if not child:
    signal.alarm(200)
    os._exit(0 if run.search("hail on barn 3").as_dict() == before else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", job, str(folder)], check=True, timeout=PATIENCE)


TEXTS = ["hail broke the windows of the farm", "the river closed the road", "snow lay on the fields"]
REPORTS = [{"id": f"r{i}", "text": text, "state": "IA"} for i, text in enumerate(TEXTS)]
GIVEN: dict[str, Any] = {
    "texts": TEXTS,
    "tuple": tuple(TEXTS),
    "corpus": selfvec.Corpus.from_texts(TEXTS),
    "pandas": pd.DataFrame(REPORTS),
    "polars": pl.DataFrame(REPORTS),
    "rows": REPORTS,
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_documents_in_memory_are_searched_and_stored(given: Any, tmp_path: Path) -> None:
    run = selfvec.refine(given, method="original")
    index = run_index(run)
    (hit,) = index.search("hail on a farm", top=1).hits
    rows = passage_rows(run.present)
    assert rows.table["text"].to_list() == TEXTS
    named = not isinstance(given, list | tuple | selfvec.Corpus) or given is REPORTS
    assert (hit.id, rows.table["document"].to_list()) == (
        ("r0", ["r0", "r1", "r2"]) if named else ("0", ["0", "1", "2"])
    )
    if named:
        assert rows.table["state"].to_list() == ["IA"] * 3
        assert len(index.search("hail", filter=["state=IA"]).hits) > 0
    assert selfvec.export(run, "parquet-documents", tmp_path / "store")["documents"] == len(TEXTS)
