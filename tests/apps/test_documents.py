"""Documents by their ids and filters, fields with types, parts of a list of hits, and writers that wait."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.errors import Busy, CorpusError, InputError, NotFound, OptionError
from selfvec.files.report_page import save_rows
from selfvec.storage.run_writer import RunWriter

FIELDS = {
    "size": 4,
    "share": 2.5,
    "sure": True,
    "day": date(2020, 6, 18),
    "at": datetime(2020, 6, 18, 13, 17, tzinfo=UTC),
    "tags": ["z", "ä"],
    "place": "OHIO",
}
WRITTEN = {**FIELDS, "day": "2020-06-18", "at": "2020-06-18T13:17:00Z"}


@pytest.fixture
def run(tmp_path: Path) -> selfvec.Run:
    rows = [{"id": f"r{n}", "text": f"hail {n} broke roof {n % 7}", **WRITTEN, "size": n} for n in range(20)]
    rows[4]["title"] = "Hail"
    return selfvec.refine(rows, "none", "decorrelated", output=tmp_path / "run", jobs=1)


def test_fields_have_their_types(run: selfvec.Run) -> None:
    found = run.search('"hail 4"', top=1)
    title = {"title": "Hail"}
    assert found.hits[0].fields == {**FIELDS, **title}
    assert found.as_dict()["rows"][0]["fields"] == run.get("r4").as_dict()["fields"] == {**WRITTEN, **title}
    types = found.to_polars().schema
    assert [types[f"fields.{name}"] for name in ("size", "day", "tags")] == [
        pl.Int64,
        pl.Date,
        pl.List(pl.String),
    ]
    assert "sure: true · day: 2020-06-18" in (facts := found.hits[0].entry(1).facts)
    assert "tags: z, ä" in facts


def test_a_moment_that_dates_do_not_reach_stays_a_text() -> None:
    rows = [
        {"text": "hail fell", "at": "9999-12-31T23:59:59-02:00"},
        {"text": "rain", "at": "2020-01-01T10:00"},
    ]
    run = selfvec.refine(rows, "none", "decorrelated", jobs=1)
    assert run.get(0).fields == {"at": "+10000-01-01T01:59:59Z"}


def test_documents_are_got_and_counted(run: selfvec.Run) -> None:
    one = run.get("r4")
    assert (one.text, one.title, one.fields) == (
        "Hail\n\nhail 4 broke roof 4",
        "Hail",
        {**FIELDS, "title": "Hail"},
    )
    assert [each.id for each in run.get(["r7", "r1", "r7"])] == ["r7", "r1", "r7"]
    assert (len(run), "r3" in run, "x" in run, run.count()) == (20, True, False, 20)
    assert (run.count(filter="size=3..5"), run.count(filter={"size": {"$gt": 99}})) == (3, 0)
    refused(lambda: run.get("R4"), NotFound, "did you mean r4")
    refused(lambda: run.get(None), OptionError, "are ids")


def test_a_run_that_is_warm_answers_from_what_it_holds_until_with_ends(run: selfvec.Run) -> None:
    with selfvec.open(run.folder) as opened:
        opened.warm()
        held = {*opened.present.derived}
        assert [hit.id for hit in opened.search("hail", filter="size=4").hits] == ["r4"]
        assert opened.count(filter={"place": "OHIO"}) == 20
        assert {*opened.present.derived} == held
    assert not opened.present.derived
    assert opened.get("r4").title == "Hail"


def test_an_empty_question_is_refused_among_others_too(run: selfvec.Run) -> None:
    for question in ("", ["hail", " "]):
        refused(lambda question=question: run.search(question), OptionError, "query: is empty")


def test_names_of_columns_are_no_formulas_either(tmp_path: Path) -> None:
    save_rows(pl.DataFrame({"=1+1": ["=2"], "day": ["-"]}), tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text("utf-8") == '"\'=1+1","day"\n"\'=2","\'-"\n'


def test_parts_of_the_hits_are_those_of_one_list(run: selfvec.Run) -> None:
    every = [hit.id for hit in run.search("roof hail", top=20).hits]
    parts = [run.search("roof hail", top=6, offset=first).hits for first in range(0, 24, 6)]
    assert [hit.id for part in parts for hit in part] == every
    assert [found.query for found in run.search(["hail", "roof"], top=1)] == ["hail", "roof"]


def test_documents_that_pass_a_filter_are_deleted(run: selfvec.Run) -> None:
    run.add({"id": "r1", "text": "wind", "size": 99}, duplicates="keep")
    assert run.delete(filter="size=99")["withdrawn"] == 1  # not the other one with its id
    assert run.get("r1").fields["size"] == 1
    assert run.delete(filter={"size": {"$gt": 99}})["withdrawn"] == 0
    assert run.delete(filter="size=3..5", erase=True)["documents"] == len(run) == 17
    for named in ({}, {"ids": "r1", "filter": "size=1"}):
        refused(lambda: run.delete(**named), OptionError, "ids and a filter|ids nor a filter")


def test_fields_alone_keep_the_text_the_words_and_the_vectors(run: selfvec.Run) -> None:
    before = run.get("r3")
    words, vectors = run.vectors.index_to_key, run.vectors.vectors.copy()
    told = run.upsert([{"id": "r3", "size": 99, "checked": True}, {"id": "r8", "place": None}])
    assert (told["added"], told["replaced"], told["documents"]) == (0, 2, 20)
    assert run.get("r3").text == before.text
    assert run.get("r3").fields == before.fields | {"size": 99, "checked": True}
    assert run.get("r8").fields["place"] == "OHIO"  # what has no value stays
    assert run.search("hail", filter="checked=true").hits[0].id == "r3"
    assert run.vectors.index_to_key == words
    assert np.array_equal(run.vectors.vectors, vectors)
    told = run.upsert([{"id": "r3", "text": "a derecho"}, {"id": "n", "text": "a drone"}])
    assert (told["added"], told["replaced"]) == (1, 1)
    for rows, rule in (
        ({"id": "x", "size": 1}, "no document of the run has the id 'x'"),
        ({"size": 1}, "without a text an id is needed"),
        ({"id": "r1"}, "neither texts nor fields"),
        ([{"id": "r1", "size": 1}, {"id": "r2", "text": "y"}], "send these apart"),
    ):
        refused(lambda: run.upsert(rows), InputError, rule)


ADDS = """
import selfvec, sys
run = selfvec.open(sys.argv[1])
for n in range(4):
    run.add({"id": sys.argv[2] + str(n), "text": f"wind {n} broke a tree"})
"""


def test_three_processes_add_documents(run: selfvec.Run) -> None:
    jobs = [subprocess.Popen([sys.executable, "-c", ADDS, str(run.folder), name]) for name in "abc"]
    assert [job.wait(300) for job in jobs] == [0, 0, 0]
    assert len(run) == 32
    assert all(f"{name}{n}" in run for name in "abc" for n in range(4))


def test_who_waits_in_vain_is_told_for_how_long(run: selfvec.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunWriter(run.folder, overwrite=True):
        monkeypatch.setenv("SELFVEC_WAIT", "1")
        with pytest.raises(Busy, match="also after 1 s") as error:
            run.delete("r1")
        assert 1 <= error.value.waited < 9
        monkeypatch.setenv("SELFVEC_WAIT", "soon")
        refused(lambda: run.delete("r1"), OptionError, "SELFVEC_WAIT is a whole number of seconds")
    assert "r1" in run


def test_only_a_text_is_a_text_whatever_other_fields_are_called() -> None:
    rows = [{"id": str(i), "text": f"hail broke roof {i}", "place": "lakes"} for i in range(5)]
    run = selfvec.refine(rows, "none", "original")
    assert run.upsert({"id": "1", "comment": "seen", "title": "New", "size": 0})["replaced"] == 1
    assert (run.get("1").text, run.get("1").fields["comment"]) == ("hail broke roof 1", "seen")
    run.add(["wind broke a tree", "snow fell"])  # without any field
    assert run.count(filter="place=lakes") == run.frequency(filter="place=lakes").rows[0]["documents"] == 5
    titled = selfvec.refine(
        [row | {"title": "Hail", "date": "2020-01-01"} for row in rows], "none", "original"
    )
    refused(
        lambda: titled.upsert({"id": "1", "title": "New"}), OptionError, "title is a part of the text, and"
    )
    refused(lambda: titled.upsert({"id": "1", "date": "2021-01-01"}), OptionError, "date changes only with")
    refused(lambda: titled.add({"id": "n", "text": "x", "date": "soon"}), CorpusError, "'soon' is no date")
    named = selfvec.refine([row | {"title": "Hail"} for row in rows], "none", "original", text_field="text")
    named.add({"id": "n", "body": "wind"})
    named.add({"id": "m", "text": "snow", "title": "Snow"})
    assert named.get("m").text == "snow"
    given = titled.get("1")
    titled.upsert({"id": "1", "text": given.text, **given.fields})
    assert titled.get("1").text == given.text == "Hail\n\nhail broke roof 1"
