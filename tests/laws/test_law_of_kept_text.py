"""A run that keeps its text does not need the files that it was made from."""

from pathlib import Path

from changing_run import ALL, FIRST, ChangingRun, Document, Row, Step, begun, steps, table
from hypothesis import given, settings

import selfvec

TWO: list[Row] = [(True, f"{ALL} hail"), (True, f"{ALL} wind")]


@settings(max_examples=24)
@given(FIRST, steps())
def test_runs_in_folders_with_undo_whose_files_are_gone(rows: list[Row], changes: list[Step]) -> None:
    with begun(rows, saved=True) as run:
        run.change(changes)
        for file in run.files:
            run.path(file).unlink()
        run.check()


def test_a_replaced_text_is_back_after_undo(tmp_path: Path) -> None:
    run = ChangingRun.begin(tmp_path, TWO, saved=True)
    first, second = run.files["f0.jsonl"]
    run.write("f0.jsonl", [Document("f0.jsonl", first.name, f"{ALL} roof"), second])
    run.update("f0.jsonl")
    run.undo()
    run.check()
    run.undo()
    run.check()


def test_a_file_may_grow_by_texts_that_the_run_has(tmp_path: Path) -> None:
    run = ChangingRun.begin(tmp_path, TWO)
    run.write("f0.jsonl", [*run.files["f0.jsonl"], Document("f0.jsonl", "again", TWO[0][1])])
    run.update("f0.jsonl")
    assert len(run.documents) == 2
    run.check()


def test_of_two_equal_texts_the_one_that_was_withdrawn_is_gone(tmp_path: Path) -> None:
    run = ChangingRun.begin(tmp_path, [TWO[0], TWO[0]])
    run.update(withdraw=["f0.jsonl-0"])
    assert [row["id"] for row in run.run.search(ALL).rows] == ["f0.jsonl-1"]


def test_texts_from_memory() -> None:
    rows = [{"id": f"r{n}", "text": f"{ALL} number {n}"} for n in range(4)]
    run = selfvec.refine(rows[:3], table(), "original")
    run = selfvec.update(run, rows[3:], table(), withdraw="r0")
    found = run.search(ALL).rows
    assert {(row["id"], row["text"]) for row in found} == {(row["id"], row["text"]) for row in rows[1:]}
