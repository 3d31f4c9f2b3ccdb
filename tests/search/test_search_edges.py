"""What nobody plans for: one document, no word, other scripts, very long questions, a stop halfway."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selfvec.apps.cli import main
from selfvec.base.errors import CorpusError, OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.search import MODES, Index, run_index
from selfvec.search.building import Gathered, more
from selfvec.search.dense_space import Space
from selfvec.storage.run_folder import open_run
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing


@pytest.mark.parametrize("mode", MODES)
def test_a_single_document_is_found(storm_run: Run, mode: str) -> None:
    index = Index.memory(storm_run, ["Hail broke the windows of a farm."])
    assert [hit.id for hit in index.search("hail", mode=mode).hits] == ["0"]
    assert index.search("the", mode=mode).hits == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", ["", " \n\t", "the of and", "?! … --", "\u200b"])
def test_a_question_without_words_finds_nothing(index: Index, question: str, mode: str) -> None:
    found = index.search(question, mode=mode)
    assert (found.hits, found.asked, found.unknown) == ([], [], [])


def test_the_command_says_that_there_is_nothing_to_search_for(storm_run: Run, tmp_path: Path, capsys) -> None:
    assert storm_run.folder is not None
    shutil.copytree(storm_run.folder, tmp_path / "run")
    assert main(["search", str(tmp_path / "run"), "the of and"]) == 0
    assert "stop words are left out" in capsys.readouterr().err


def test_documents_that_are_alike_are_all_found(storm_run: Run) -> None:
    index = Index.memory(storm_run, ["hail fell"] * 3)
    for mode in MODES:
        found = index.search("hail", mode=mode)
        assert [hit.id for hit in found.hits] == ["0", "1", "2"]
        assert len({hit.score for hit in found.hits}) == 1


def test_bm25_finds_shared_words_only_and_says_no_more(index: Index) -> None:
    for question in ("hail", "fog near a river", "drought"):
        for hit in index.search(question, 200, mode="bm25").hits:
            assert hit.score > 0
            assert {reason.kind for reason in hit.words} == {"match"}
            assert {mark.kind for mark in hit.marks} <= {"match"}


def test_other_scripts_are_found_as_words(storm_run: Run) -> None:
    texts = [
        "\u0433\u0440\u0430\u0434 \u0440\u0430\u0437\u0431\u0438\u043b \u043e\u043a\u043d\u0430",
        "\u03c7\u03b1\u03bb\u03ac\u03b6\u03b9 \u03ad\u03c3\u03c0\u03b1\u03c3\u03b5",
        "\u05d1\u05e8\u05d3 \u05db\u05d1\u05d3",
        "Hail and fog.",
    ]
    index = Index.memory(storm_run, texts)
    for number, text in enumerate(texts[:3]):
        for mode in ("hybrid", "bm25"):
            found = index.search(text.split()[0].upper(), mode=mode)
            assert found.hits[0].id == str(number)
            mark = found.hits[0].marks[0]
            assert found.hits[0].snippet[mark.start : mark.end] == text.split()[0]
    assert index.search("\u0432\u0435\u0442\u0435\u0440").unknown == ["\u0432\u0435\u0442\u0435\u0440"]


def test_ten_thousand_words_are_a_question(index: Index, reports: list[str]) -> None:
    words = (" ".join(reports[:100]) + " never seen elsewhere ").split()
    question = " ".join((words * (10_000 // len(words) + 1))[:10_000])
    for mode in MODES:
        found = index.search(question, mode=mode)
        assert len(found.hits) == 10
        assert all(np.isfinite(hit.score) for hit in found.hits)
    assert len(found.unknown) < 10


def test_documents_without_a_known_word(storm_run: Run) -> None:
    index = Index.memory(storm_run, ["xqzw vvkk", "", "zzrr xqzw xqzw", "  "])
    assert [hit.id for hit in index.search("xqzw").hits] == ["2", "0"]
    assert index.search("xqzw", mode="dense").hits == []
    assert index.search("hail").hits == []
    assert index.text("1") == ""


def test_halves_of_surrogate_pairs_are_refused(index: Index, storm_run: Run) -> None:
    with pytest.raises(OptionError, match="surrogate pair"):
        index.search("hail \udce4")
    with pytest.raises(CorpusError, match="document '1' holds half of a surrogate pair"):
        Index.memory(storm_run, ["hail", "fog \ud800"])
    with pytest.raises(CorpusError, match="surrogate pair"):
        index.add(["\udfff"])
    assert len(index) == 200


class Stopped(Progress):
    """Ctrl-C, when a stage begins or when it has come to its end."""

    def __init__(self, label: str, late: bool) -> None:
        self.label, self.late = label, late

    @contextmanager
    def stage(self, label: str, total: int | None, unit: str):
        del total, unit
        if label == self.label and not self.late:
            raise KeyboardInterrupt
        yield lambda _: None
        if label == self.label:
            raise KeyboardInterrupt


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("label", ["Reading", "Counting words", "Relating documents"])
def test_a_stop_while_the_index_is_made_leaves_nothing(
    storm_run: Run, tmp_path: Path, label: str, late: bool
) -> None:
    assert storm_run.folder is not None
    shutil.copytree(storm_run.folder, tmp_path / "run")
    run = open_run(tmp_path / "run")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    with pytest.raises(KeyboardInterrupt):
        run_index(run, progress=Stopped(label, late))
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before
    assert run_index(run).search("hail").hits


WORDS = ("hail", "fog", "roof", "river", "farm", "zyx")
TEXT = st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join)


def by_words(texts: list[str], ids: list[str] | None = None) -> Index:
    """An index that knows words only."""
    lexicon, space = Lexicon(Preprocessing()), Space.empty()
    segment = more(space, lexicon, Gathered.of(texts, ids))
    return Index(lexicon, space, [segment], [np.zeros(len(texts), bool)])


@settings(max_examples=30)
@given(st.lists(TEXT, min_size=1, max_size=12), st.lists(TEXT, max_size=6), st.data())
def test_words_know_only_what_is_there(first: list[str], later: list[str], data) -> None:
    """Added to and deleted from in any way, an index finds by words what a fresh one of the rest does."""
    index = by_words(first)
    index.add(later)
    texts = first + later
    gone = data.draw(st.sets(st.integers(0, len(texts) - 1), max_size=len(texts) - 1))
    index.delete(str(i) for i in gone)
    left = [i for i in range(len(texts)) if i not in gone]
    fresh = by_words([texts[i] for i in left], [str(i) for i in left])
    for question in ("hail", "fog roof zyx", "river hail hail"):
        for mode in ("bm25", "hybrid"):
            mine, theirs = (
                [(hit.id, hit.score) for hit in one.search(question, 20, mode=mode).hits]
                for one in (index, fresh)
            )
            if mode == "bm25":
                assert mine == theirs
            else:
                assert [name for name, _ in mine] == [name for name, _ in theirs]
                np.testing.assert_allclose([s for _, s in mine], [s for _, s in theirs], atol=1e-4)
