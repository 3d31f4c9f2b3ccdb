"""`ask` makes a run of a folder only if it has changed; `demo` replaces its own report and no other."""

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.heard import Heard
from tests.refusals import refused

import selfvec
from selfvec.apps.starting import _is_page_of_demo, demo
from selfvec.base.errors import CorpusError, InputError, OptionError, TargetError
from selfvec.base.view import View
from selfvec.corpus.python_docs import NAME
from selfvec.data.run import state_name
from selfvec.data.vectors import Vectors
from selfvec.files.report_page import page_html


@pytest.fixture
def texts(tmp_path: Path, storms: list[str]) -> Path:
    """A folder of twenty reports, and vectors for their words."""
    folder = tmp_path / "reports"
    folder.mkdir()
    for number, text in enumerate(storms[:20]):
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    words = sorted({word.strip(".,").lower() for text in storms for word in text.split()})
    rows = np.random.default_rng(0).standard_normal((len(words), 16)).astype(np.float32)
    selfvec.save(Vectors(words, rows), tmp_path / "vectors.safetensors")
    return folder


def asked(texts: Path, question: str, **options: object) -> tuple[list[str], list[str]]:
    """The ids that were found, and what was said."""
    heard = Heard()
    there = {"vectors": str(texts.parent / "vectors.safetensors"), "cache": texts.parent / "cache"}
    found = selfvec.ask(texts, question, progress=heard, **(there | options))
    return [hit.id for hit in found.hits], heard.said


def test_files_of_other_kinds_are_named(texts: Path) -> None:
    cache = texts.parent / "cache"
    vectors = str(texts.parent / "vectors.safetensors")
    command = ["ask", str(texts), "hail", "--cache", str(cache), "--vectors", vectors]
    unread = [str(texts / f"{number}.xyz") for number in range(7)]
    Path(unread[0]).write_bytes(b"\x00\x01")
    for _ in range(2):  # also from the cache
        assert "1 file of other kinds (.xyz 1)" in ran(command).err
    for name in unread[1:]:
        Path(name).write_bytes(b"\x00\x01")
    assert ran([*command, "--json"]).json["skipped_files"] == unread
    assert "7 files of other kinds (.xyz 7)" in ran(command).err


def test_what_is_left_out_is_said_also_from_the_cache(texts: Path) -> None:
    (texts / "bad.csv").write_text('text\nhail fell on a roof\n"a"b\n', encoding="utf-8")
    (texts / "cafe.txt").write_bytes(b"hail on a caf\xe9, na\xc3\xafve, d\xc3\xa9j\xc3\xa0 vu")
    (texts / "other.xyz").write_bytes(b"\x00\x01")
    there = {"vectors": str(texts.parent / "vectors.safetensors"), "skip_bad_rows": True}
    for source, cache in ((texts, "cache"), (texts, "cache"), ([texts], None)):
        options = there | ({"cache": texts.parent / cache} if cache else {})
        found = selfvec.ask(source, "hail", **options)
        assert "1 row repaired: is not UTF-8 (1 place), first" in found.left_out
        assert "left out: 1 bad row, first" in found.left_out
        assert "1 file of other kinds (.xyz 1)" in found.left_out
        assert found.skipped_files == [str(texts / "other.xyz")]
        assert "1 row repaired" in repr(found)
        assert json.loads(json.dumps(found.as_dict()))["left_out"] == found.left_out
    (texts / "new.txt").write_text("A zeppelin landed.", encoding="utf-8")
    grown = selfvec.ask(texts, "zeppelin", cache=texts.parent / "cache", **there)
    assert grown.left_out == selfvec.ask(texts, "hail", cache=texts.parent / "cache", **there).left_out
    assert "known" not in grown.left_out
    assert "1 bad row" in grown.left_out


def test_a_folder_is_prepared_once_and_again_when_files_come_change_or_go(texts: Path) -> None:
    first, said = asked(texts, "hail", mode="bm25")
    assert first
    assert len(said) == 1
    assert asked(texts, "hail", mode="bm25") == (first, [])

    (texts / "new.txt").write_text("A zeppelin landed on the meadow after the hail.", encoding="utf-8")
    found, said = asked(texts, "zeppelin", mode="bm25")
    assert found == ["new.txt"]
    assert "1; updating" in said[0]

    (texts / "new.txt").write_text("A submarine surfaced near the meadow.", encoding="utf-8")
    assert asked(texts, "zeppelin", mode="bm25")[0] == []
    assert asked(texts, "submarine", mode="bm25")[0] == ["new.txt"]

    (texts / "new.txt").unlink()
    assert asked(texts, "submarine", mode="bm25")[0] == []


def test_the_cache_is_private_and_a_damaged_one_is_made_again(texts: Path) -> None:
    first, _ = asked(texts, "hail on a roof")
    cache = texts.parent / "cache"
    if os.name == "posix":
        assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    (cache / "run" / "vocabulary.txt").write_text("nonsense\n")
    assert asked(texts, "hail on a roof")[0] == first


def test_a_damaged_run_in_the_cache_is_made_again_also_when_files_have_come(texts: Path) -> None:
    asked(texts, "hail on a roof")
    for number, name in enumerate(("text.parquet", "vocabulary.txt", "run.json")):
        kept = texts.parent / "cache" / "run"
        state = json.loads((kept / "run.json").read_bytes())["state"]
        damaged = kept / (name if name == "run.json" else state_name(name, state))
        damaged.write_bytes(damaged.read_bytes()[:-9])
        (texts / f"zeppelin{number}.txt").write_text(f"A zeppelin number {number} landed.")
        assert asked(texts, f"zeppelin {number}", mode="bm25")[0][0] == f"zeppelin{number}.txt"


def test_a_run_is_searched_as_it_is(texts: Path) -> None:
    asked(texts, "hail")
    found = selfvec.ask(texts.parent / "cache" / "run", "hail", mode="bm25")
    assert found.documents == 20


def test_mistakes_are_named(texts: Path, tmp_path: Path) -> None:
    refused(lambda: asked(texts, "  "), OptionError, "empty")
    refused(lambda: asked(texts, "hail", cache=texts / "cache"), OptionError, "cache")
    (tmp_path / "empty").mkdir()
    refused(lambda: selfvec.ask(tmp_path / "empty", "hail", cache=tmp_path / "other"), InputError, "no file")
    with pytest.raises(CorpusError, match="no such file"):
        selfvec.ask(tmp_path / "nowhere", "hail", cache=tmp_path / "other")


def test_the_default_cache_is_where_the_environment_says(texts: Path, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SELFVEC_CACHE", str(tmp_path / "mine"))
    asked(texts, "hail", cache=None)
    assert len(list((tmp_path / "mine" / "ask").iterdir())) == 1


def test_a_page_that_the_demo_did_not_make_stays_and_nothing_is_begun(tmp_path: Path) -> None:
    page = tmp_path / "demo-run.html"
    page.write_text("<title>My holidays</title>")
    refused(lambda: demo(tmp_path / "demo-run"), TargetError, r"demo-run\.html")
    assert page.read_text() == "<title>My holidays</title>"
    assert [one.name for one in tmp_path.iterdir()] == ["demo-run.html"]


def test_its_own_page_is_known_by_the_title(tmp_path: Path) -> None:
    page = tmp_path / "demo-run.html"
    page.write_text(page_html(View(f"{NAME} 3.13", [])))
    assert _is_page_of_demo(page)
    page.write_text(page_html(View(f"Notes on {NAME}", [])))
    assert not _is_page_of_demo(page)
