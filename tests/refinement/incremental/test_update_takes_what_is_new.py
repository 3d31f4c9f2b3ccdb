"""An update takes what is new, replaces what changed, takes out what is withdrawn, and can be undone."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from same_runs import assert_same, distinct, table
from tests.commands import ran
from tests.json_lines import write_lines
from tests.places import files_in
from tests.processes import PATIENCE

import selfvec
from selfvec.base.errors import OptionError
from selfvec.storage.run_folder import open_run

TEXTS = distinct(60)


@pytest.fixture
def place(here: Path) -> Path:
    """A folder with vectors and a folder ``in`` of two files with 20 documents each."""
    selfvec.save(table(), "vectors.vec", format="word2vec-text")
    Path("in").mkdir()
    write("in/1.jsonl", range(20))
    write("in/2.jsonl", range(20, 40))
    return here


def write(path: str, numbers: Any, **changed: str) -> None:
    rows = [{"id": f"d{i}", "text": changed.get(f"d{i}", TEXTS[i])} for i in numbers]
    write_lines(Path(path), rows)


def refine(run: str, *corpus: str, **more: Any) -> None:
    selfvec.refine(corpus, "vectors.vec", "decorrelated", window=5, output=run, **more)


def step(run: str) -> dict[str, Any]:
    return dict(open_run(run).provenance["grown"][-1])


def test_what_is_given_again_changes_nothing(place: Path) -> None:
    refine("run", "in")
    before = files_in("run")
    said = ran(["update", "run", "in"])
    assert said.out == "run\n"
    assert said.err == "nothing is new: the run has all of these documents, so it stays as it is\n"
    assert files_in("run") == before


def test_a_new_version_replaces_the_old_one(place: Path) -> None:
    """By file and id; the same id in another file is another document, and rows that are gone stay."""
    refine("run", "in")
    write("in/1.jsonl", range(10), d3="hail fell on seven roofs")
    write("other.jsonl", [], d5="x")
    Path("other.jsonl").write_text(json.dumps({"id": "d5", "text": "wind took a tree of ohio"}) + "\n")
    ran(["update", "run", "in", "other.jsonl"])
    counts = {"added": 2, "changed": 1, "skipped": 29}
    assert {name: step("run")[name] for name in counts} == counts
    expected = [text for i, text in enumerate(TEXTS[:40]) if i != 3]
    expected += ["hail fell on seven roofs", "wind took a tree of ohio"]
    Path("whole.txt").write_text("".join(text + "\n" for text in expected))
    refine("whole", "whole.txt")
    assert_same(open_run("run"), open_run("whole"))
    assert [open_run("run").provenance["corpus"][n] for n in ("documents", "known")] == [41, 29]


def test_text_files_of_a_folder_are_documents(place: Path) -> None:
    Path("notes").mkdir()
    for i in range(6):
        Path(f"notes/{i}.txt").write_text(TEXTS[i])
    refine("run", "notes")
    Path("notes/2.txt").write_text("hail fell on seven roofs")
    Path("notes/9.txt").write_text("wind took a tree of ohio")
    ran(["update", "run", "notes"])
    assert (step("run")["added"], step("run")["changed"], step("run")["skipped"]) == (2, 1, 5)
    ran(["update", "run", "--withdraw-file", "notes/9.txt"])
    kept = [TEXTS[i] for i in (0, 1, 3, 4, 5)] + ["hail fell on seven roofs"]
    whole = selfvec.refine(kept, table(), "decorrelated", window=5)
    assert_same(open_run("run"), whole)


def test_without_what_is_withdrawn(place: Path) -> None:
    more = {"stem": "en", "min_count": 3}
    refine("run", "in", **more)
    ran(["update", "run", "--withdraw", "d1, d7", "--withdraw-file", "in/2.jsonl"])
    assert (step("run")["added"], step("run")["withdrawn"], step("run")["documents"]) == (0, 22, -22)
    write("left.jsonl", [i for i in range(20) if i not in (1, 7)])
    refine("whole", "left.jsonl", **more)
    assert_same(open_run("run"), open_run("whole"))
    ran(["search", "run", "hail", "--json"])


def test_what_is_not_there_is_not_withdrawn(place: Path) -> None:
    refine("run", "in")
    before = files_in("run")
    missing = "--withdraw: no document of the run has the id 'd99'"
    no_file = "--withdraw-file: no document of the run came from 'in/9.jsonl'"
    for options, said in (
        (["--withdraw", "d1,d99"], missing),
        (["--withdraw", "d1,d99", "--vectors", "keep"], missing),
        (["--withdraw-file", "in/9.jsonl"], no_file),
    ):
        assert said in ran(["update", "run", *options], 2).err
    with pytest.raises(OptionError, match="no document of the run has the id 'x'"):
        selfvec.update("run", withdraw=["x"])
    assert files_in("run") == before


def test_a_dry_run_changes_nothing(place: Path) -> None:
    refine("run", "in")
    before = files_in("run")
    write("in/2.jsonl", range(20, 45), d20="hail fell on seven roofs")
    command = ["update", "run", "in", "--withdraw", "d1", "--dry-run"]
    said = ran(command).out
    assert "in/1.jsonl: 0 to add, 20 known\nin/2.jsonl: 6 to add, 19 known" in said
    told = ran([*command, "--json"]).json
    counts = {"added": 6, "changed": 1, "withdrawn": 1, "skipped": 39}
    assert told.items() >= {"run": "run", "dry_run": True, **counts}.items()
    assert files_in("run") == before
    assert not list(place.glob("run.*"))
    ran(command[:-1])
    assert {name: step("run")[name] for name in counts} == counts


def test_undo_and_redo_as_a_user_types_them(place: Path) -> None:
    refine("run", "in/1.jsonl")
    assert "run: the run has no state before this one" in ran(["update", "run", "--undo"], 2).err
    ran(["update", "run", "in"])
    files = files_in("run")
    for documents, said in ((20, "a second undo redoes the update"), (40, "redid the update")) * 2:
        assert said in ran(["update", "run", "--undo"]).err
        assert open_run("run").provenance.documents == documents
    assert files_in("run") == files
    for undone in (True, False):
        told = ran(["update", "run", "--undo", "--json"]).json
        assert (told["undone"], told["redone"]) == (undone, not undone)


def test_options_that_do_not_go_together(place: Path) -> None:
    refine("run", "in/1.jsonl")
    for options, said in (
        ([], "there is nothing to do"),
        (["in", "--undo"], "NEWCORPUS does not go with --undo; leave it out"),
        (["--undo", "--dry-run"], "--dry-run does not go with --undo"),
        (["--undo", "-o", "x"], "--output does not go with --undo"),
        (["in", "--every", "9", "--half-life", "3"], "--half-life does not go with --every"),
        (["--every", "9"], "NEWCORPUS is needed with --every"),
        (["in", "--every", "0"], "--every: is a whole number of at least 1, not 0"),
        (["-", "--watch"], "are files or folders to watch"),
    ):
        assert said in ran(["update", "run", *options], 2).err


def test_watching_takes_what_comes_until_ctrl_c(place: Path) -> None:
    refine("run", "in")
    command = [sys.executable, "-m", "selfvec", "update", "run", "in", "--every", "1", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "watching in; stop with Ctrl-C\n"
        write("in/3.jsonl", range(40, 50))
        first = json.loads(process.stdout.readline())
        with Path("in/3.jsonl").open("a") as file:
            file.write(json.dumps({"id": "d50", "text": TEXTS[50]}) + "\n")
        second = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert "stopped; the run is whole" in process.stderr.read()
    assert [(one["added"], one["skipped"]) for one in (first, second)] == [(10, 40), (1, 50)]
    write("new.jsonl", range(40, 51))
    refine("whole", "in/1.jsonl", "in/2.jsonl", "new.jsonl")
    assert_same(open_run("run"), open_run("whole"))


def said_of_ids(run: Any) -> list[str]:
    return [note for note in run.provenance.corpus["notes"] if "the id of an earlier one" in note]


def test_documents_that_share_an_id_are_said_once_for_the_whole_run(tmp_path: Path) -> None:
    def rows(*named: tuple[str, str]) -> list[dict[str, str]]:
        return [{"id": name, "text": text} for name, text in named]

    def said(number: str, first: str) -> list[str]:
        return [
            f"{number} the id of an earlier one, first {first!r}: "
            "--withdraw takes all with an id, similar --document the first"
        ]

    first = rows(("a", "hail fell"), ("b", "rain fell"), ("c", "snow fell"))
    second = rows(("d", "fog came"), ("b", "sleet fell"), ("a", "wind rose"), ("c", "snow fell"))
    run = selfvec.refine(first, "none", "original")
    assert said_of_ids(run) == []
    parts = [selfvec.refine(part, "none", "original") for part in (first, second)]
    assert said_of_ids(selfvec.update(run, second)) == []  # the same id replaces
    run = selfvec.merge(parts)  # the last document of the second is known, and so skipped
    run = selfvec.update(run, withdraw=["b"])
    assert said_of_ids(run) == said("2 documents have", "a")
    assert said_of_ids(selfvec.update(run, withdraw=["a", "c"])) == []
    assert said_of_ids(selfvec.merge(parts)) == said("3 documents have", "b")


def test_an_update_says_whether_the_vectors_are_new(place: Path) -> None:
    refine("run", "in/1.jsonl")
    kept = ran(["update", "run", "in/2.jsonl", "--vectors", "keep"]).err
    assert "the vectors stay as they are: 20 documents came, 0 went" in kept
    assert "adapted with the method" not in kept
    made = ran(["update", "run"]).err
    assert "refined again on the same documents" in made
    assert "added 0" not in made
