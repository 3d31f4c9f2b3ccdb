"""Words of a question that the text lacks, and that `glosses` have."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import selfvec
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.retrieval import MODES, Found, Index, run_index
from selfvec.retrieval.dense_space import general_map, general_rows, with_general_row
from selfvec.retrieval.documents import gather
from selfvec.storage.formats.glosses import gloss_rows


@pytest.fixture(scope="module")
def without(index: Index) -> Index:
    """The index without general rows."""
    return replace(index, space=replace(index.space, general=None))


def test_the_map_is_the_ridge_of_two_words() -> None:
    snow, rain, blizzard = unit_rows(gloss_rows(["snow", "rain", "blizzard"])).astype(np.float64)
    change = general_map(
        selfvec.Vectors(["Snow", "rain", "qzx"], np.eye(3, dtype=np.float32)),
        np.array([1, 0, 2]),
        np.array([[-1.0], [1.0], [0.5]], np.float32),
    )
    assert change is not None
    assert change.shape == (len(snow) + 1, 1)
    # Both are half their difference from their mean: W = 2u / (2|u|² + 1).
    half, mean = (snow - rain) / 2, (snow + rain) / 2
    expected = (blizzard - mean) @ half * 2 / (2 * half @ half + 1)
    assert general_rows(["Blizzard"], change)[0, 0] == pytest.approx(expected, abs=2e-3)
    assert abs(expected) > 0.05


def test_a_text_in_another_language_has_no_map() -> None:
    words = ["gestern", "hand", "zerschlug", "hagel", "wind", "fenster", "nahe", "greifswald", "und", "gift"]
    words += ["die", "brannte"]
    assert set(with_general_row(words)) >= {"hand", "wind", "gift", "die"}  # of which two mean others
    rows = np.eye(len(words), dtype=np.float32)
    assert general_map(selfvec.Vectors(words, rows), np.arange(len(words)), rows) is None


@pytest.mark.parametrize(
    ("question", "word"), [("blizzard", "snow"), ("Mist", "fog"), ("thunder", "lightning")]
)
def test_a_document_is_found_in_other_words(index: Index, without: Index, question: str, word: str) -> None:
    assert without.search(question).hits == []
    for mode in ("hybrid", "dense"):
        found = index.search(question, 5, mode=mode)
        assert (found.asked, found.unknown) == ([question], [question])
        assert len(found.hits) == 5
        for hit in found.hits if mode == "hybrid" else found.hits[:1]:
            reason = hit.words[0]
            assert (reason.query, reason.document, reason.kind) == (question, word, "related")
            assert 0.2 < reason.cosine < 1
            assert {mark.kind for mark in hit.marks} == {"related"}
            assert sum(hit.parts.values()) == pytest.approx(hit.score, abs=1e-4)
    assert index.search(question, mode="bm25").hits == []


def test_it_counts_beside_words_that_the_text_has(index: Index, without: Index) -> None:
    question = "blizzard at the school"
    before, after = (each.search(question, 20) for each in (without, index))
    assert after.asked == ["school", "blizzard"]

    def snow(found: Found) -> int:
        return sum("snow" in hit.text.lower() for hit in found.hits[:10])

    assert snow(after) > snow(before)
    assert {reason.query for hit in before.hits for reason in hit.words} == {"school"}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("question", ["hail at the school", "hail zyzzyva", "a quokkaish hail", "zyzzyva"])
def test_other_questions_are_answered_as_without_to_the_bit(
    index: Index, without: Index, question: str, mode: str
) -> None:
    one, other = (each.scores(question, mode) for each in (index, without))
    assert_array_equal(one.scores, other.scores)
    assert_array_equal(one.found, other.found)
    assert index.search(question, mode=mode) == without.search(question, mode=mode)


def test_it_is_written_with_the_index_and_has_a_row_alone_as_with_others(
    index: Index, storm_run: Run
) -> None:
    change = index.space.general
    made = run_index(storm_run).space.general
    assert change is not None
    assert made is not None
    assert change.tobytes() == made.tobytes()
    words = ["blizzard", "mist", "breeze"]
    assert with_general_row([*words, "zyzzyva", "Mist"]) == [*words, "Mist"]
    together = general_rows(words, change)
    for word, row in zip(words, together, strict=True):
        assert_array_equal(general_rows([word], change)[0], row)


def test_an_encoder_keeps_its_own_way(encoded_run: Run) -> None:
    index = Index.memory(encoded_run, gather(encoded_run))  # others use the run
    assert index.space.general is None
    assert index.search("blizzard", question="rows").asked == []


def test_a_word_that_comes_later_is_a_word_of_the_text(copied_run: Run) -> None:
    assert copied_run.folder is not None
    run = selfvec.open(copied_run.folder)
    assert "snow" in run.search("blizzard", top=1).hits[0].text.lower()
    run.add([{"id": "new", "text": "A blizzard closed the school."}])
    found = run.search("blizzard", top=3)
    assert (found.hits[0].id, found.unknown) == ("new", [])
    other = run.search("mist", top=3)
    assert (other.asked, other.unknown) == (["mist"], ["mist"])
    assert all("fog" in hit.text.lower() for hit in other.hits)
    run.delete("new")
    assert run.search("blizzard", top=3).unknown == ["blizzard"]
