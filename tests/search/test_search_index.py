"""What every mode keeps to, what an index folder keeps to, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from selfvec.base.errors import FormatError, InputError, OptionError, SelfvecError, TargetError
from selfvec.data.run import Run
from selfvec.search import MODES, PARTS, Index
from selfvec.search.building import Gathered
from selfvec.search.run_index import run_index
from selfvec.storage.run_folder import open_run

QUESTIONS = ("hail broke windows", "tornado near the bridge", "storm", "gust of WIND at a school")


def told(index: Index, mode: str = "hybrid", **options) -> list[list[tuple[str, float]]]:
    return [
        [(hit.id, hit.score) for hit in index.search(question, 200, mode=mode, **options).hits]
        for question in QUESTIONS
    ]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(index: Index, mode: str) -> None:
    for question in QUESTIONS:
        found = index.search(question, topn=7, mode=mode)
        assert found.mode == mode
        assert found.documents == 200
        scores = [hit.score for hit in found.hits]
        assert scores == sorted(scores, reverse=True)
        assert len({hit.id for hit in found.hits}) == len(found.hits) <= 7
        for hit in found.hits:
            assert sum(hit.parts.values()) == pytest.approx(hit.score, abs=1e-4)
            assert set(hit.parts) <= set(PARTS)
            start, end = hit.passage
            text = index.text(hit.id)
            assert hit.snippet.strip("… ") in text[start:end]
            for mark in hit.marks:
                assert mark.kind in ("match", "related")
                assert hit.snippet[mark.start : mark.end].strip()
            assert hit.date is not None
            assert set(hit.fields) == {"state", "size"}
        again = index.search(question, topn=3, mode=mode)
        assert [hit.as_dict() for hit in again.hits] == [hit.as_dict() for hit in found.hits[:3]]
        json.dumps(found.as_dict(), allow_nan=False)


def test_reasons_name_words_as_they_are_written(index: Index) -> None:
    hit = index.search("windy tornadoes", topn=1).hits[0]
    met = {(reason.query, reason.document, reason.kind) for reason in hit.words}
    assert ("tornadoes", "tornado", "match") in met
    tornado = [mark for mark in hit.marks if hit.snippet[mark.start : mark.end].lower() == "tornado"]
    assert tornado
    assert {(mark.kind, mark.query) for mark in tornado} == {("match", "tornadoes")}
    related = [reason for reason in hit.words if reason.kind == "related"]
    assert all(0.2 <= reason.cosine < 1 for reason in related)


def test_bm25_finds_words_and_meaning_finds_others(index: Index) -> None:
    assert all("fog" in index.text(hit.id).lower() for hit in index.search("fog", 100, mode="bm25").hits)
    beyond = [hit.id for hit in index.search("fog", 100, mode="hybrid").hits]
    assert any("fog" not in index.text(name).lower() for name in beyond)
    assert index.search("zyzzyva").hits == []
    assert index.search("zyzzyva").unknown == ["zyzzyva"]


def test_a_long_document_shows_its_passage(index: Index) -> None:
    (segment,) = index.segments
    assert len(segment.arrays["owners"]) >= 20
    found = index.search("day 59", topn=1, mode="bm25").hits[0]
    assert found.passage[0] > 0
    assert "day 59" in found.snippet


@pytest.mark.parametrize("mode", MODES)
def test_a_filter_gives_the_part_that_passes(index: Index, mode: str) -> None:
    whole = told(index, mode)
    for filters in (
        ["state=iowa"],
        ["state=IOWA", "state=UTAH", "date=1992..1995"],
        ["size=10..20.5"],
        ["size=..3"],
    ):
        for all_hits, some in zip(whole, told(index, mode, filters=filters), strict=True):
            passing = {hit for hit, _ in some}
            assert some == [pair for pair in all_hits if pair[0] in passing]
            for name in (hit for hit, _ in all_hits):
                i = int(name[1:])
                state, year = ("IOWA", "OHIO", "UTAH")[i % 3], 1990 + i % 10
                right = {
                    1: state == "IOWA"
                    if "state=iowa" in filters
                    else (10 <= i <= 20 if "size=10..20.5" in filters else i <= 3),
                    3: state != "OHIO" and 1992 <= year <= 1995,
                }[len(filters)]
                assert (name in passing) == right


def test_opened_is_as_made(index: Index, storm_run: Run, reports: list[str]) -> None:
    assert index.folder is not None
    again = Index.open(index.folder)
    memory = Index.memory(storm_run, Gathered.of(reports, [f"r{i}" for i in range(200)]))
    for mode in MODES:
        assert told(again, mode) == told(index, mode) == told(memory, mode)
    assert len(again) == 200
    assert again.fields == ["state", "size"]
    assert again.text("r7") == reports[7]


def test_added_and_deleted_is_as_before(index: Index) -> None:
    before = {mode: told(index, mode) for mode in MODES}
    new = ["A derecho flattened corn near the silo.", "Hail again. Then hail."]
    assert index.add(Gathered.of(new, ["n1", "n2"])) == 2
    assert len(index) == 202
    assert index.search("derecho", mode="bm25").hits[0].id == "n1"
    assert index.search("hail", topn=1, mode="bm25").hits[0].id == "n2"
    assert told(index) != before["hybrid"]
    assert index.delete(["n2", "n1"]) == 2
    assert index.folder is not None
    for one in (index, Index.open(index.folder)):
        assert {mode: told(one, mode) for mode in MODES} == before
        assert len(one.segments) == 1
    assert sorted(path.name for path in index.folder.glob("segment-*")) == ["segment-000"]


def test_words_count_as_if_the_deleted_had_never_been(
    index: Index, storm_run: Run, reports: list[str]
) -> None:
    gone = [i for i in range(200) if i % 3 == 0]
    index.delete(f"r{i}" for i in gone)
    left = [i for i in range(200) if i % 3]
    fresh = Index.memory(storm_run, Gathered.of([reports[i] for i in left], [f"r{i}" for i in left]))
    assert index.folder is not None
    for one in (index, Index.open(index.folder)):
        assert told(one, "bm25") == told(fresh, "bm25")
    assert len(index) == len(left)
    with pytest.raises(InputError, match="no document 'r0'"):
        index.text("r0")
    rebuilt = index.rebuilt(storm_run)
    assert told(rebuilt) == told(fresh)
    assert rebuilt.search("hail", filters=["date=1991", "state=ohio"]).hits


def test_many_segments_are_one_index(tmp_path: Path, storm_run: Run, reports: list[str]) -> None:
    whole = Index.memory(storm_run, reports)
    grown = Index.memory(storm_run, reports[:120])
    grown.add(reports[120:150])
    grown.add(reports[150:])
    assert [segment.documents for segment in grown.segments] == [120, 30, 50]
    for mine, theirs in zip(told(grown, "bm25"), told(whole, "bm25"), strict=True):
        assert dict(mine) == pytest.approx(dict(theirs), rel=1e-5)
    assert grown.text("199") == reports[199]
    everything = [str(i) for i in range(120)]
    grown.delete(everything)
    assert told(grown, "bm25")
    grown.delete([str(i) for i in range(120, 200)])
    assert len(grown) == 0
    assert grown.search("hail").hits == []


def test_an_index_that_another_has_changed_is_left_alone(index: Index) -> None:
    assert index.folder is not None
    other = Index.open(index.folder)
    index.add(Gathered.of(["one more"], ["n1"]))
    with pytest.raises(TargetError, match="another process changed this index"):
        other.add(Gathered.of(["and one"], ["n2"]))
    assert len(Index.open(index.folder)) == 201


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"mode": "sparse"}, "one of hybrid, bm25, dense"),
        ({"topn": 0}, "at least 1"),
        ({"filters": ["state"]}, "a filter is field=value"),
        ({"filters": ["colour=red"]}, "no field 'colour'; the fields are: date, state, size"),
        ({"filters": ["date=soon"]}, "'soon' is no span of dates"),
    ],
)
def test_what_cannot_be_asked_is_said(index: Index, options, rule: str) -> None:
    with pytest.raises(OptionError) as error:
        index.search("hail", **options)
    assert rule in str(error.value)


def test_what_cannot_be_changed_is_said(index: Index, tmp_path: Path, storm_run: Run) -> None:
    with pytest.raises(InputError, match="there is a document 'r3' already"):
        index.add(Gathered.of(["x"], ["r3"]))
    with pytest.raises(InputError, match="no document 'r999'"):
        index.delete(["r1", "r999"])
    assert len(index) == 200
    with pytest.raises(InputError, match="no document to search"):
        Index.memory(storm_run, [])
    with pytest.raises(InputError, match="is no index"):
        Index.open(tmp_path)
    (tmp_path / "full").mkdir()
    with pytest.raises(TargetError, match="exists and is no index"):
        Index.create(tmp_path / "full", storm_run)
    undated = Index.memory(storm_run, ["hail fell"])
    with pytest.raises(OptionError, match="no dates"):
        undated.search("hail", filters=["date=1990"])


FILES = [
    "index.json",
    "space.safetensors",
    "vocabulary-000.txt",
    "segment-000/arrays.safetensors",
    "segment-000/texts.zst",
]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_index_is_refused(index: Index, tmp_path: Path, name: str) -> None:
    assert index.folder is not None
    whole = (index.folder / name).read_bytes()
    for damage in (None, b"", whole[: len(whole) // 2], whole[:30] + bytes(30) + whole[60:]):
        shutil.rmtree(tmp_path / "bad", ignore_errors=True)
        shutil.copytree(index.folder, tmp_path / "bad")
        if damage is None:
            (tmp_path / "bad" / name).unlink()
        else:
            (tmp_path / "bad" / name).write_bytes(damage)
        with pytest.raises(SelfvecError):
            Index.open(tmp_path / "bad").search("hail")


def test_numbers_that_would_lead_astray_are_refused(index: Index, tmp_path: Path) -> None:
    """Every integer array of a segment, with one value beyond its bounds."""
    from selfvec.base.tensors import map_tensors, read_metadata, write_tensors

    assert index.folder is not None
    path = index.folder / "segment-000" / "arrays.safetensors"
    whole, about = {k: np.array(v) for k, v in map_tensors(path).items()}, read_metadata(path)
    for name, value in {
        "types": 10**6,
        "starts": -1,
        "units": 10**6,
        "owners": -3,
        "field 0": 10**6,
        "ids ends": 10**7,
        "spans": -5,
    }.items():
        bad = {k: v.copy() for k, v in whole.items()}
        bad[name].ravel()[-1] = value
        write_tensors(path, bad, about)
        with pytest.raises(FormatError):
            Index.open(index.folder)
    head = json.loads((index.folder / "index.json").read_text())
    write_tensors(path, whole, about)
    for change in (
        {"segments": ["../x"]},
        {"version": 9},
        {"preprocessing": {"tokenizer": 3}},
        {"preprocessing": {"odd": "x"}},
        {"generation": "x"},
    ):
        (index.folder / "index.json").write_text(json.dumps(head | change))
        with pytest.raises(FormatError):
            Index.open(index.folder)


def test_the_index_of_a_run_is_made_once(storm_run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "place" / "run"
    assert storm_run.folder is not None
    shutil.copytree(storm_run.folder, folder)
    run = open_run(folder)
    first = run_index(run)
    assert first.folder == folder / "search" / "own"
    made = (first.folder / "index.json").stat().st_mtime_ns
    assert told(run_index(run)) == told(first)
    assert (first.folder / "index.json").stat().st_mtime_ns == made

    other = tmp_path / "other.txt"
    other.write_text("hail fell\nfog rose\n")
    assert len(run_index(run, [other])) == 2
    other.write_text("hail fell\nfog rose\nwind blew hard\n")
    assert len(run_index(run, [other])) == 3
    assert len(run_index(run)) == 200


def test_documents_that_are_others_now_are_refused(storm_run: Run, tmp_path: Path) -> None:
    assert storm_run.folder is not None
    shutil.copytree(storm_run.folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    file = dict(run.provenance["corpus"]["files"][0])
    run.provenance["corpus"]["files"] = [file | {"sha256": "0" * 64}]
    with pytest.raises(InputError, match="not the file that the run was made of any more"):
        run_index(run)
    assert not (tmp_path / "run" / "search" / "own").exists()
    run.provenance["corpus"]["files"] = [file | {"path": str(tmp_path / "gone.jsonl")}]
    with pytest.raises(InputError, match=r"gone.jsonl: .*; name the documents with --corpus"):
        run_index(run)
    run.provenance["corpus"]["files"] = []
    with pytest.raises(InputError, match="does not say where its documents are"):
        run_index(run)


def test_hybrid_is_above_bm25_on_real_collections(shared_data: Path) -> None:
    """And .57 in the mean: collections that its constants were chosen on."""
    import selfvec
    from selfvec.corpus import Corpus
    from selfvec.data.settings import Settings
    from selfvec.evaluation import Retrieval
    from selfvec.refine.pipeline import refine

    values = []
    for name in ("med", "cran", "cacm"):
        path = shared_data / "retrieval" / name
        run = refine(Corpus.open([path]), "default", Settings(method="decorrelated"))
        rows = selfvec.evaluate(run, [Retrieval(path)]).rows
        found = {
            row["mode"]: row["value"]
            for row in rows
            if row["metric"] == "ndcg@10" and row["vectors"] != "original"
        }
        assert found["hybrid"] > max(found["bm25"], found["dense"]), name
        values.append(found["hybrid"])
    assert np.mean(values) > 0.57
