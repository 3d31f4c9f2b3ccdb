"""A run counts what a text says, and gives the text back as it came, by whatever way it came."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import selfvec

HOW: Any = {"vectors": "none", "method": "decorrelated"}
GIVEN = [
    "The boiler &amp; tank  leaks <b>badly</b>. Call us.",
    "A clean boiler, \u201csaid\u201d the  man.",
    "[b]The boiler[/b] of \x1b[31mred\x1b[0m caf\u00c3\u00a9\n\n\x00 is cold",
]
ROWS = [{"id": f"r{number}", "text": text} for number, text in enumerate(GIVEN)]


def written(kind: str, path: Path) -> Any:
    """The texts in some form, as it is given to a run."""
    frame = pl.DataFrame(ROWS[:2])
    if kind == "txt":
        path.write_text("\n".join(GIVEN[:2]), "utf-8")
    elif hasattr(frame, write := f"write_{kind}"):
        getattr(frame, write)(path)
    return {"rows": ROWS, "texts": GIVEN, "frame": frame.to_pandas()}.get(kind, path)


def given_back(run: selfvec.Run) -> list[str]:
    """All documents as the run gives them, which is the same by each way."""
    found = {hit.id: hit.text for hit in run.search("boiler")}
    assert found == {name: selfvec.run_index(run).text(name) for name in found}
    assert found == dict(zip(run.text.names(), run.text.as_given(), strict=True))
    return [found[name] for name in sorted(found)]


@pytest.mark.parametrize("kind", ["rows", "texts", "frame", "csv", "ndjson", "parquet", "txt"])
def test_texts_are_given_back_as_they_came(kind: str, tmp_path: Path) -> None:
    run = selfvec.refine(written(kind, tmp_path / f"a.{kind}"), **HOW)
    texts = given_back(run)
    assert texts == GIVEN[: len(texts)]
    assert run.text.texts()[0].startswith("The boiler & tank  leaks badly.")
    run.save(tmp_path / "run")
    assert given_back(selfvec.open(tmp_path / "run")) == texts


@pytest.mark.parametrize("change", ["add", "upsert", "update"])
def test_a_change_gives_its_texts_back_also_if_they_count_as_before(change: str, tmp_path: Path) -> None:
    run = selfvec.refine(ROWS[:2], output=tmp_path / "run", **HOW)
    marked = GIVEN[1].replace("clean", "<i>clean</i>")
    output = {"output": run.folder} if change == "update" else {}
    getattr(run, change)([ROWS[1] | {"text": marked}, ROWS[2]], **output)
    assert given_back(selfvec.open(tmp_path / "run")) == given_back(run) == [GIVEN[0], marked, GIVEN[2]]
    run.undo()
    assert given_back(run) == GIVEN[:2]


def test_update_merge_and_refining_anew_write_the_same_texts() -> None:
    parts = [selfvec.refine(rows, **HOW) for rows in (ROWS[:1], ROWS[1:])]
    made = [selfvec.update(parts[0], ROWS[1:]), selfvec.merge(parts), selfvec.refine(ROWS, **HOW)]
    assert [given_back(run) for run in made] == [GIVEN] * 3
    assert len({run.text.source for run in made}) == 1


def test_what_is_erased_is_in_no_file(tmp_path: Path) -> None:
    run = selfvec.refine(ROWS, output=tmp_path / "run", **HOW)
    given_back(run)
    run.delete("r0", erase=True)
    for path in filter(Path.is_file, (tmp_path / "run").rglob("*")):
        held = pl.read_parquet(path).to_dicts() if path.suffix == ".parquet" else path.read_bytes()
        assert "&amp;" not in str(held)


def test_passages_of_a_long_text_are_pieces_of_it_as_it_came() -> None:
    said = [f"The <b>pump {i}</b> &amp; the valve no {i * i} broke." for i in range(200)]
    for text in ("\n".join(said), " ".join(said).replace("&amp;", "caf\u00c3\u00a9" * 9)):
        rows = [{"title": "On pumps", "id": "a", "text": text}, {"id": "b", "text": "A short text."}]
        run = selfvec.refine(rows, **HOW)
        (hit,) = run.search('"pump 150"', top=1)
        whole = selfvec.run_index(run).text("a")
        assert whole == f"On pumps\n\n{text}"
        assert whole[slice(*hit.passage)] == hit.text
        assert "<b>pump 150</b>" in hit.text
        assert len(hit.text) < 4000
