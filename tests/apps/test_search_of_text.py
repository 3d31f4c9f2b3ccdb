"""`search` of a file or folder of text makes its run only if it has changed."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.commands import ran
from tests.heard import Heard
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError, InputError, OptionError, TargetError
from selfvec.data.run import state_name


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the runs of texts are kept."""
    monkeypatch.setenv("SELFVEC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "text"


@pytest.fixture
def texts(tmp_path: Path, storms: list[str]) -> Path:
    """A folder of twenty reports."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for number, text in enumerate(storms[:20]):
        (folder / f"{number}.txt").write_text(text, "utf-8")
    return folder


def searched(texts: Path, question: str) -> tuple[list[str], list[str]]:
    """The ids that were found by their words, and what was said."""
    heard = Heard()
    found = selfvec.search(texts, question, mode="bm25", progress=heard)
    return [hit.id for hit in found.hits], heard.said


def kept(cache: Path) -> Path:
    """The one run that is kept."""
    (place,) = cache.iterdir()
    return place / "run"


def test_files_of_other_kinds_are_named(texts: Path) -> None:
    command = ["search", str(texts), "hail"]
    unread = [str(texts / f"{number}.xyz") for number in range(7)]
    Path(unread[0]).write_bytes(b"\x00\x01")
    for _ in range(2):  # also from the cache
        assert "1 file of other kinds (.xyz 1)" in ran(command).err
    for name in unread[1:]:
        Path(name).write_bytes(b"\x00\x01")
    assert ran([*command, "--json"]).json["skipped_files"] == unread
    assert "7 files of other kinds (.xyz 7)" in ran(command).err


def test_what_is_left_out_is_said_also_from_the_cache(texts: Path) -> None:
    (texts / "cafe.txt").write_bytes(b"hail on a caf\xe9, na\xc3\xafve, d\xc3\xa9j\xc3\xa0 vu")
    (texts / "other.xyz").write_bytes(b"\x00\x01")
    for _ in range(2):
        found = selfvec.search(texts, "hail")
        assert "1 row repaired: is not UTF-8 (1 place), first" in found.left_out
        assert found.skipped_files == [str(texts / "other.xyz")]
        assert "1 row repaired" in repr(found)
        assert json.loads(json.dumps(found.as_dict()))["left_out"] == found.left_out
    (texts / "new.txt").write_text("A zeppelin landed.", "utf-8")
    grown = selfvec.search(texts, "zeppelin")
    assert grown.left_out == selfvec.search(texts, "hail").left_out
    assert "known" not in grown.left_out
    assert "1 file of other kinds" in grown.left_out


def test_a_folder_is_refined_once_and_again_when_files_come_change_or_go_or_the_code_is_another(
    texts: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, said = searched(texts, "hail")
    assert first
    refined = f"refining on {texts}; kept in {kept(cache).parent}"
    assert said == [refined]
    assert searched(texts, "hail") == (first, [])

    (texts / "new.txt").write_text("A zeppelin landed on the meadow after the hail.", "utf-8")
    found, said = searched(texts, "zeppelin")
    assert found == ["new.txt"]
    assert "1; updating" in said[0]

    (texts / "new.txt").write_text("A submarine surfaced near the meadow.", "utf-8")
    assert searched(texts, "zeppelin")[0] == []
    assert searched(texts, "submarine")[0] == ["new.txt"]

    (texts / "new.txt").unlink()
    assert searched(texts, "submarine")[0] == []

    monkeypatch.setattr("selfvec.apps.functions.cached_run.code_digest", lambda *_: "of other code")
    assert searched(texts, "hail") == (first, [refined])


def test_the_usual_fields_of_a_table_are_read_and_filter(tmp_path: Path) -> None:
    table = tmp_path / "reports.csv"
    table.write_text("id,state,text\n" + "a,IOWA,hail fell\nb,OHIO,hail fell again\n" * 9, "utf-8")
    assert ran(["search", table, "hail", "--filter", "state=OHIO", "--json"]).json["rows"][0]["id"] == "b"
    relative = os.path.relpath(table)
    assert selfvec.search(relative, "hail", filter="state=IOWA").rows[0]["id"] == "a"


def test_a_text_that_begins_with_numbers_is_no_file_of_vectors(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("June 12 1998\nHail fell on the roof.\n")
    assert selfvec.search(tmp_path / "diary.txt", "hail").documents == 2


def test_the_cache_is_private_and_a_damaged_one_is_made_again(texts: Path, cache: Path) -> None:
    first, _ = searched(texts, "hail on a roof")
    if os.name == "posix":
        assert stat.S_IMODE(kept(cache).parent.stat().st_mode) == 0o700
    (kept(cache) / "vocabulary.txt").write_text("nonsense\n")
    assert searched(texts, "hail on a roof")[0] == first


def test_a_damaged_run_in_the_cache_is_made_again_also_when_files_have_come(texts: Path, cache: Path) -> None:
    searched(texts, "hail on a roof")
    for number, name in enumerate(("text.parquet", "vocabulary.txt", "run.json")):
        state = json.loads((kept(cache) / "run.json").read_bytes())["state"]
        damaged = kept(cache) / (name if name == "run.json" else state_name(name, state))
        damaged.write_bytes(damaged.read_bytes()[:-9])
        (texts / f"zeppelin{number}.txt").write_text(f"A zeppelin number {number} landed.")
        assert searched(texts, f"zeppelin {number}")[0][0] == f"zeppelin{number}.txt"


def test_a_run_is_searched_as_it_is(texts: Path, cache: Path) -> None:
    searched(texts, "hail")
    made = kept(cache)
    assert selfvec.search(made, "hail", mode="bm25").documents == 20
    assert kept(cache) == made


def test_what_is_neither_a_run_nor_text_is_one_error(texts: Path, cache: Path, tmp_path: Path) -> None:
    refused(lambda: searched(texts, "  "), OptionError, "empty")
    refused(lambda: selfvec.search(tmp_path / "report", "hail"), InputError, "neither.*did you mean.*reports")
    (tmp_path / "empty").mkdir()
    refused(lambda: selfvec.search(tmp_path / "empty", "hail"), InputError, "neither.*an empty folder")
    vectors = tmp_path / "table.txt"
    vectors.write_text("hail 0.1 0.2 0.3\nroof 0.4 0.5 0.6\n")
    refused(lambda: selfvec.search(vectors, "hail"), InputError, "neither.*a file of vectors")
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "a.xyz").write_bytes(b"\x00\x01")
    refused(lambda: selfvec.search(tmp_path / "odd", "hail"), CorpusError, "no file to read.*only .xyz")
    run = tmp_path / "run"
    selfvec.refine(texts, "none", "decorrelated", output=run)
    (run / "run.json").unlink()
    refused(lambda: selfvec.search(run, "hail"), InputError, "neither.*what an interrupted command left")
    refused(lambda: selfvec.search("", "hail"), InputError, "not a run")
    refused(lambda: selfvec.search(["hail fell"], "hail"), OptionError, "not list")  # type: ignore[arg-type]
    assert not cache.exists()


def test_an_error_about_fields_names_the_command_that_takes_them(tmp_path: Path) -> None:
    table = tmp_path / "reports.csv"
    table.write_text("a,b\n" + "1,2\n" * 9)
    message = ran(["search", table, "hail"], 2).err
    assert "--text-field" in message
    assert message.strip().endswith(f"such options are those of: selfvec refine {table} -o run")


def test_a_text_that_holds_the_cache_is_refused(texts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFVEC_CACHE", str(texts / "mine"))
    refused(lambda: searched(texts, "hail"), TargetError, "holds the cache.*SELFVEC_CACHE")


def test_what_reads_and_refines_texts_is_imported_only_for_a_text(texts: Path, cache: Path) -> None:
    searched(texts, "hail")
    code = "import selfvec, sys; selfvec.search(sys.argv[1], 'hail'); print(*sys.modules)"
    loaded = {
        path: subprocess.run(
            [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
        ).stdout.split()
        for path in (kept(cache), texts)
    }
    assert "selfvec.refinement.update" in loaded[texts]
    assert "selfvec.refinement.update" not in loaded[kept(cache)]
