"""``selfvec update`` and ``selfvec run merge`` as a user types them."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from same_runs import assert_same, distinct, table
from tests.commands import ran
from tests.places import files_in

import selfvec
from selfvec.data.run import state_name
from selfvec.storage.run_folder import open_run

OPTIONS = ("--method", "decorrelated", "--window", "5")


@pytest.fixture(scope="module")
def made(own: Path) -> Path:
    """Two texts with dates and places, vectors, and the runs of the first, the second and both."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(own)
        selfvec.save(table(), "vectors.vec", format="word2vec-text")
        places = ("IOWA", "OHIO", "UTAH")
        rows = [
            {"id": i, "body": text, "day": f"19{90 + i % 10}-05-01", "place": places[i // 20]}
            for i, text in enumerate(distinct(60))
        ]
        for name, part in (("old", rows[:40]), ("new", rows[40:])):
            lines = "".join(json.dumps(row) + "\n" for row in part)
            Path(f"{name}.jsonl").write_text(lines, "utf-8")
        fields = ["--text-field", "body", "--date-field", "day", "--slice-field", "place"]
        for run, *corpus in (("a", "old.jsonl"), ("b", "new.jsonl"), ("whole", "old.jsonl", "new.jsonl")):
            ran(["refine", *corpus, "-o", run, "--vectors", "vectors.vec", *fields, *OPTIONS])
    return own


@pytest.fixture
def workshop(made: Path, here: Path) -> Path:
    """A copy of them to work in."""
    return shutil.copytree(made, here, dirs_exist_ok=True)


def test_a_run_grows_in_its_place(workshop: Path) -> None:
    whole = files_in("whole")
    said = ran(["update", "a", "new.jsonl"])
    assert said.out == "a\n"
    assert "added 20 documents" in said.err
    assert_same(open_run("a"), open_run("whole"))
    grown = files_in("a")
    made = set(whole) - {"run.json", "lock"}
    assert grown.keys() == whole.keys() | {"previous.json", *(state_name(name, 2) for name in made)}
    for name in made - {"text.parquet"}:  # which may be divided into pages in another way
        assert grown[state_name(name, 2)] == whole[name], name
    assert not list(workshop.rglob(".*"))  # nothing half-made stays


def test_a_new_run_leaves_the_old_one(workshop: Path) -> None:
    before = files_in("a")
    told = ran(["update", "a", "new.jsonl", "-o", "grown", "--json"]).json
    assert files_in("a") == before
    assert_same(open_run("grown"), open_run("whole"))
    assert told["run"] == "grown"
    assert told["documents"] == 60
    assert [file["path"] for file in told["corpus"]["files"]] == ["old.jsonl", "new.jsonl"]
    (step,) = told["grown"]
    whole, part = open_run("whole").provenance, open_run("a").provenance
    assert (step["by"], step["documents"]) == ("update", 20)
    assert {n: step[n] + part[n] for n in ("tokens", "types")} == {n: whole[n] for n in ("tokens", "types")}
    assert step["files"] == [{name: told["corpus"]["files"][1][name] for name in ("path", "sha256")}]


def test_several_runs_become_one(workshop: Path) -> None:
    told = ran(["run", "merge", "a", "b", "-o", "merged", "--json"]).json
    assert_same(open_run("merged"), open_run("whole"))
    (step,) = told["grown"]
    assert step["by"] == "merge"
    assert [(run["run"], run["documents"]) for run in step["runs"]] == [("a", 40), ("b", 20)]
    whole = open_run("whole").provenance
    assert told["corpus"] == whole["corpus"]
    assert told["vectors"] == whole["vectors"]
    assert told["timings"].keys() >= {"read", "tokenize", "count", "refine", "save"}


def test_what_grew_grows_on(workshop: Path) -> None:
    row = {"body": "Hail and storms. Wind!", "day": "1999-01-01", "place": "OHIO"}
    Path("more.jsonl").write_text(json.dumps(row) + "\n")
    for command in (
        ["update", "a", "new.jsonl", "-o", "grown"],
        ["update", "grown", "more.jsonl"],
        ["update", "b", "more.jsonl"],
        ["run", "merge", "a", "b", "-o", "merged"],
    ):
        ran(command)
    assert_same(open_run("grown"), open_run("merged"))
    assert [step["by"] for step in open_run("grown").provenance["grown"]] == ["update", "update"]
    nested = open_run("merged").provenance["grown"][0]["runs"]
    assert [[step["by"] for step in run["grown"]] for run in nested] == [[], ["update"]]


def test_slices_by_corpus_go_on(workshop: Path) -> None:
    for run, corpus in (("c", ["old.jsonl"]), ("d", ["old.jsonl", "new.jsonl"])):
        options = ["--vectors", "vectors.vec", "--text-field", "body", "--slice", "corpus", *OPTIONS]
        ran(["refine", *corpus, "-o", run, *options])
    ran(["update", "c", "new.jsonl"])
    assert_same(open_run("c"), open_run("d"))
    tokens = open_run("c").tokens
    assert list(tokens.slice_names) == ["old", "new"]


def test_a_pipe_and_a_folder(workshop: Path) -> None:
    Path("notes").mkdir()
    Path("notes/one.txt").write_text("Storms broke the roof.\nHail fell.\n")
    ran(["refine", "notes", "-o", "c", "--vectors", "vectors.vec", *OPTIONS])
    command = [sys.executable, "-m", "selfvec", "update", "c", "-"]
    text = "Wind took the tree.\nHail and wind.\n"
    done = subprocess.run(command, input=text, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "added 2 documents; +7 tokens, +4 types" in done.stderr
    kinds = [file["kind"] for file in open_run("c").provenance["corpus"]["files"]]
    assert kinds == ["folder", "lines"]


REFUSED = {
    "the same run": (["run", "merge", "a", "a", "-o", "x"], r"old\.jsonl: was read before"),
    "one run": (["run", "merge", "a", "-o", "x"], r"at least two runs; name another run"),
    "no run": (["update", "vectors.vec", "new.jsonl"], r"vectors\.vec: is not a run folder"),
    "no text": (["update", "a", "none.jsonl"], r"none\.jsonl: there is no such file or folder"),
    "no such field": (
        ["update", "a", "new.jsonl", "--text-field", "text"],
        r"field 'text': there is no such field",
    ),
    "other vectors": (["update", "a", "new.jsonl", "--vectors", "other.vec"], r"other\.vec: is not the file"),
}


@pytest.mark.parametrize(("command", "said"), REFUSED.values(), ids=REFUSED)
def test_one_line_for_what_cannot_be(command: list[str], said: str, workshop: Path) -> None:
    selfvec.save(table(8), "other.vec", format="word2vec-text")
    before = files_in("a")
    output = ran(command, 2)
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert line.startswith("selfvec: ")
    assert re.search(said, line), line
    assert files_in("a") == before
    assert not (workshop / "x").exists()
    assert not list(workshop.glob(".*"))


def test_vectors_that_moved(workshop: Path) -> None:
    Path("elsewhere").mkdir()
    Path("vectors.vec").rename("elsewhere/v.vec")
    error = ran(["update", "a", "new.jsonl"], 2).err
    assert error.startswith(
        "selfvec: vectors.vec: the vectors that a was refined from are not found; give their path"
    )
    assert "--vectors PATH" in error
    ran(["update", "a", "new.jsonl", "--vectors", "elsewhere/v.vec"])
    assert_same(open_run("a"), open_run("whole"))


def test_vectors_beside_the_run_are_found_from_any_folder(workshop: Path, monkeypatch) -> None:
    Path("elsewhere").mkdir()
    monkeypatch.chdir("elsewhere")
    ran(["update", "../a", "../new.jsonl"])
    assert_same(open_run("../a"), open_run("../whole"))


def test_options_that_differ_are_named(workshop: Path) -> None:
    fields = ["--text-field", "body", "--vectors", "vectors.vec"]
    ran(["refine", "new.jsonl", "-o", "c", *fields, *OPTIONS, "--min-count", "2"])
    ran(["refine", "new.jsonl", "-o", "d", *fields[:2], "--vectors", "none", *OPTIONS])
    ran(["refine", "new.jsonl", "-o", "e", *fields, *OPTIONS, "--keep", "nothing"])
    for other, said in (
        ("c", "--min-count: merged runs must have the same options, but a has 1 and c has 2; refine one"),
        ("d", "--vectors: merged runs must have the same initial vectors, but a has 'vectors.vec' and d has"),
        ("e", "e: the run has not kept its text, so it cannot be updated or merged"),
    ):
        assert said in ran(["run", "merge", "a", other, "-o", "x"], 2).err
    assert "e: the run has not kept its text" in ran(["update", "e", "old.jsonl"], 2).err
