"""Whatever is added, replaced, withdrawn, merged or undone: every view has exactly the run's documents.

Its vectors are, to the bit, those of one refinement of them. It does not need the files that they came from.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import polars as pl
import pytest
from changing_run import (
    ALL,
    FIRST,
    ChangingRun,
    Row,
    Step,
    begun,
    replaces,
    steps,
    table,
    withdraws,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from servers import Assistant, Page
from tests.examples import TIMES

import selfvec
from selfvec.data.run import Run

Shown = Iterable[tuple[str, str]]
"""Ids and texts."""


@settings(max_examples=12 * TIMES)
@given(FIRST, steps(undo=False, most=3))
def test_runs_in_memory(rows: list[Row], changes: list[Step]) -> None:
    with begun(rows) as run:
        run.change(changes)
        run.check()


def test_a_text_that_is_withdrawn_hides_no_other(tmp_path: Path) -> None:
    run = ChangingRun.begin(tmp_path, [(True, f"{ALL} number {n}") for n in range(400)])
    run.update(withdraw=[f"f0.jsonl-{n}" for n in range(0, 400, 20)])
    run.check()


def test_what_is_refused_changes_nothing(tmp_path: Path) -> None:
    run = ChangingRun.begin(tmp_path, [(True, f"{ALL} hail"), (True, f"{ALL} wind")], saved=True)
    (tmp_path / "empty.jsonl").touch()
    for refused in ({"corpus": tmp_path / "empty.jsonl"}, {"withdraw": "f0.jsonl-7"}, {}):
        with pytest.raises(selfvec.SelfvecError):
            selfvec.update(run.run, output=run.run.folder, **refused)
    run.run = selfvec.open(run.run.folder)
    run.check()


# ---- The other views


def on_the_page(run: Run, folder: Path) -> Shown:
    return Page(run).documents()


def by_the_assistant(run: Run, folder: Path) -> Shown:
    return Assistant(run).documents()


def in_parquet(run: Run, folder: Path) -> Shown:
    path = folder / "documents.parquet"
    selfvec.export(run, "parquet-documents", path, overwrite=True)
    return pl.read_parquet(path).select("document", "text").rows()


def in_lancedb(run: Run, folder: Path) -> Shown:
    lancedb = pytest.importorskip("lancedb", reason="needs selfvec[lancedb]")
    selfvec.export(run, "lancedb", folder / "store", update=True)
    table = lancedb.connect(folder / "store").open_table("passages")
    return [(row["document"], row["text"]) for row in table.to_arrow().to_pylist()]


@pytest.mark.parametrize("view", [on_the_page, by_the_assistant, in_parquet, in_lancedb])
@settings(max_examples=4 * TIMES)
@given(rows=FIRST, changes=steps(undo=False, most=2))
def test_other_views(view: Callable[[Run, Path], Shown], rows: list[Row], changes: list[Step]) -> None:
    with begun(rows) as run:
        view(run.run, run.folder)  # a store is updated afterwards
        run.change(changes)
        assert run.shown(view(run.run, run.folder)) == run.expected()


@settings(max_examples=15 * TIMES)
@given(st.sampled_from(["decorrelated", "paper", "online"]), FIRST, steps(undo=False, most=3))
def test_a_changed_run_is_one_refinement(method: str, rows: list[Row], changes: list[Step]) -> None:
    with begun(rows, method=method) as run:
        run.change(changes)
        whole = selfvec.refine([one.text for one in run.documents], table(), method, jobs=1)
        assert run.run.vectors.index_to_key == whole.vectors.index_to_key
        assert_array_equal(run.run.vectors.counts, whole.vectors.counts)
        assert_array_equal(run.run.vectors.vectors, whole.vectors.vectors)
        assert_array_equal(run.run.original.vectors, whole.original.vectors)


TWO: list[Row] = [(True, f"{ALL} hail"), (True, f"{ALL} wind")]


@settings(max_examples=12 * TIMES)
@given(FIRST, steps())
@example(TWO, [replaces(0), ChangingRun.undo, ChangingRun.undo])
@example([TWO[0], TWO[0]], [withdraws([0])])
@example([TWO[0], TWO[0]], [replaces(0)])
def test_runs_in_folders_with_undo_whose_files_are_gone(rows: list[Row], changes: list[Step]) -> None:
    with begun(rows, saved=True) as run:
        run.change(changes)
        for file in run.files:
            run.path(file).unlink()
        run.check()
