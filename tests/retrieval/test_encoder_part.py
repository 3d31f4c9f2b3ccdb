"""The encoder's part of a search: its vectors, weight and score by hand, and how questions are compared."""

import shutil
from dataclasses import replace
from functools import partial
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.encoders.toy import WordSums
from tests.refusals import refused
from tests.retrieval.word_sums import encoded, passages_of

from selfvec import refine, search, similar_documents
from selfvec.apps.mcp.tools import Tools
from selfvec.apps.web.documents import search as page_search
from selfvec.apps.web.page_data import PageData
from selfvec.base.errors import InputError, OptionError
from selfvec.data.run import Run
from selfvec.encoders.run_encoder import hold_encoder
from selfvec.encoders.student import text_rows
from selfvec.numerics.rows import unit_rows
from selfvec.retrieval import Index, run_index
from selfvec.retrieval.documents import gather
from selfvec.retrieval.encoder_part import BY_ROWS, DOUBTED, WEIGHT, student_of, weight_of
from selfvec.storage.run_folder import open_run
from selfvec.text.preprocessing import encode_texts, merge_stems

QUESTION = "wind damaged the village school"


@pytest.fixture(scope="module")
def index(encoded_run: Run) -> Index:
    """The index of the run, whose encoder can be had."""
    return Index.memory(encoded_run, gather(encoded_run))


def reading(index: Index) -> Index:
    return replace(index, find_encoder=WordSums)


def centred(index: Index, texts: list[str]) -> np.ndarray:
    rows = WordSums().encode(texts).astype(np.float16).astype(np.float32)
    return unit_rows(rows - index.encoder_part.mean)


def test_units_have_the_encoders_vectors_less_their_mean(index: Index, encoded_run: Run) -> None:
    found = gather(encoded_run)
    passages = passages_of(encoded_run)
    rows = WordSums().encode(passages).astype(np.float16).astype(np.float64)
    assert_allclose(index.encoder_part.mean, rows.mean(axis=0), atol=1e-6)
    vectors = index.documents.encoded.at(np.arange(index.documents.units))
    for number, (text, spans) in enumerate(zip(found.texts, found.spans(), strict=True)):
        parts = centred(index, [text[a:b] for a, b in spans] or [text])
        expected = unit_rows(parts.sum(axis=0)[None])[0]  # a long text: the mean of its passages
        assert_allclose(vectors[number], expected, atol=0.01)  # a step of int8


def test_the_score_is_the_hybrid_and_the_encoder_in_its_deviations(index: Index) -> None:
    """By hand: hybrid + w · sd(hybrid) · z(cosines with the question), for the short documents."""
    both = reading(index).scores(QUESTION)
    hybrid = replace(index, encoder_part=None).scores(QUESTION)
    (asked,) = centred(index, [QUESTION])
    number = len(index)
    cosines = index.documents.encoded.at(np.arange(number)) @ asked
    spread = hybrid.scores.std() * (cosines - cosines.mean()) / cosines.std()
    short = hybrid.best < 0
    assert_allclose(
        both.scores[short],
        (hybrid.scores + index.encoder_part.weight * spread)[short],
        rtol=1e-3,
        atol=1e-3,
    )
    assert np.any(~short)


def test_parts_add_up_to_the_score_and_the_encoder_is_one_of_them(index: Index) -> None:
    for mode, names in (
        ("hybrid", ["words", "related", "dense", "encoder"]),
        ("dense", ["dense", "encoder"]),
    ):
        found = reading(index).search(QUESTION, 5, mode=mode)
        assert found.question == "encoder"
        for hit in found.hits:
            assert list(hit.parts) == names
            assert sum(hit.parts.values()) == pytest.approx(hit.score, abs=1e-4)


def test_mode_dense_is_the_mean_of_both_cosines_by_weight(index: Index) -> None:
    both = reading(index).scores(QUESTION, "dense").scores
    alone = replace(index, encoder_part=None).scores(QUESTION, "dense")
    own, short = alone.scores, alone.best < 0  # of long ones, another passage may be the best
    (asked,) = centred(index, [QUESTION])
    cosines = index.scorer.near_encoded(asked).scores
    weight = index.encoder_part.weight
    expected = (own + weight * cosines) / (1 + weight)
    assert_allclose(both[short], expected[short], atol=2e-3)
    assert_allclose(both, expected, atol=5e-3)


def test_a_question_by_rows_is_the_sum_of_its_words(index: Index, encoded_run: Run) -> None:
    student = student_of(encoded_run)
    total = np.zeros(student.student.rows.shape[1])
    for stem, count in (("wind", 2), ("villag", 1)):
        place = student.words.index(stem)
        total += np.sqrt(count) * student.student.weights[place] * student.student.rows[place]
    unseen, known = student.unseen.lookup(["avalanche", "Seoul"])
    assert known.all()
    total += np.log(1 + (student.passages + 0.5) / 0.5) * unseen.astype(float).sum(axis=0)
    # A stop word counts half. The documents that hold it are estimated as if it stood anywhere.
    count = encoded_run.vectors.counts[encoded_run.vectors.key_to_index["the"]]
    holds = 200 * (1 - np.exp(-count / 200))
    (row,), _ = student.unseen.lookup(["the"])
    total += 0.5 * np.log(1 + (200 - holds + 0.5) / (holds + 0.5)) * row
    query = index.vocabulary.parse("Wind wind of the village, AVALANCHE seoul unheard")
    asked = index.encoder_part.asked_by_rows(query, None)  # type: ignore[union-attr]
    assert_allclose(asked.vector, total / np.linalg.norm(total), atol=3e-3)


def test_the_result_says_by_what_the_question_was_compared(index: Index) -> None:
    assert reading(index).search(QUESTION).question == "encoder"
    assert reading(index).search(QUESTION, question="rows").question == "rows"
    found = replace(index, find_encoder=lambda: None).search(QUESTION)
    assert found.question == "rows"
    assert any("'word sums' is not here" in note for note in found.notes)
    assert reading(index).search(QUESTION, mode="bm25").question is None
    assert found.as_dict()["question"] == "rows"
    rows = replace(index, find_encoder=lambda: None).search(QUESTION, question="rows")
    assert [hit.score for hit in rows.hits] == [hit.score for hit in found.hits]
    assert not any("is not here" in note for note in rows.notes)


class Chance(WordSums):
    """An encoder that knows nothing: a text's vector is that of all its letters at once."""

    name = "chance"

    def vector(self, text: str, question: bool) -> np.ndarray:
        del question
        return self.word(text)


class ManySums(WordSums):
    """The sums of words in so many columns that texts with the same words are near."""

    name, dimensions = "many sums", 512

    def word(self, word: str) -> np.ndarray:
        return super().word(word) / max(1, 9 - 2 * len(word))  # short words say little


@pytest.mark.soak
def test_an_encoder_counts_as_far_as_it_agrees_with_the_text(storm_run: Run) -> None:
    texts = list(gather(storm_run).texts)
    own = Index.memory(storm_run, texts)
    for encoder, knows in ((Chance(), False), (ManySums(), True)):
        index = Index.memory(refine(texts, method="original", encoder=encoder), texts)
        weight = index.encoder_part.weight
        assert DOUBTED < weight <= WEIGHT.most if knows else weight == WEIGHT.least
        found = index.search(QUESTION)
        doubts = [note for note in found.notes if "counts little, 0.15 where 1 to 1.75 is usual" in note]
        assert len(doubts) == (not knows)
        first = {hit.id for hit in own.search(QUESTION).hits} & {hit.id for hit in found.hits}
        assert knows or len(first) > 7  # chance moves few documents


def test_the_weight_grows_with_the_quotient_and_in_short_texts_less_is_expected() -> None:
    """By hand: 10 · (quotient + 1.5 / words - 0.7), within 0.15 and 1.75."""
    assert weight_of(0.85, 100) == pytest.approx(1.65)
    assert weight_of(0.6, 10) == pytest.approx(0.5)
    assert weight_of(0.6, 6) == pytest.approx(1.5)
    assert weight_of(0.85, 5) == WEIGHT.most
    assert weight_of(0.6, 100) == weight_of(-1, 0) == WEIGHT.least
    assert weight_of(2, 100) == WEIGHT.most


def test_questions_by_rows_weigh_at_most_one(index: Index) -> None:
    query = index.vocabulary.parse(QUESTION)
    for weight, by_rows in ((WEIGHT.most, BY_ROWS), (0.5, 0.5)):
        part = replace(index.encoder_part, weight=weight)
        assert part.asked(WordSums(), QUESTION).weight == weight
        assert part.asked_by_rows(query, None).weight == by_rows


def test_each_door_takes_each_option_of_a_search() -> None:
    taken = [set(signature(door).parameters) for door in (Index.search, search, Tools.search, page_search)]
    assert taken[0] - {"self"} <= set.intersection(*taken[1:])


def test_the_assistant_and_the_page_ask_alike(encoded_run: Run, tmp_path: Path) -> None:
    run = open_run(shutil.copytree(encoded_run.folder, tmp_path / "run"))
    for ask in (Tools(run).search, partial(page_search, PageData(run, 1))):
        for question, text in (
            (None, QUESTION),
            ("rows", QUESTION),
            (None, 'wind at a "village school" -fog'),
        ):
            told = search(run, text, top=3, question=question)
            found = ask(text, top=3, question=question)
            assert [row["id"] for row in found["rows"]] == [hit.id for hit in told.hits]
            assert found["question"] == told.question == "rows"
            assert found["notes"] == told.notes


def test_what_cannot_be_asked_is_one_error(index: Index, storm_run: Run) -> None:
    without = Index.memory(storm_run, gather(storm_run))
    refused(
        lambda: without.search(QUESTION, question="rows"),
        OptionError,
        "question: is an option of a run with an encoder",
    )
    refused(
        lambda: index.search(QUESTION, mode="bm25", question="rows"),
        OptionError,
        "question: is an option of the modes hybrid and dense",
    )
    refused(lambda: index.search(QUESTION, question="both"), OptionError, "question: is one of encoder, rows")
    lacking = replace(index, find_encoder=lambda: None)
    refused(
        lambda: lacking.search(QUESTION, question="encoder"),
        InputError,
        r"the encoder 'word sums' is not here.*question rows",
    )


def test_a_question_of_words_that_the_text_lacks_is_answered_by_the_encoder(index: Index) -> None:
    heavy = reading(index)
    found = heavy.search("xylophone quartet", 3)
    scored = heavy.scorer.near_encoded(centred(index, ["xylophone quartet"])[0])
    assert found.question == "encoder"
    best = scored.best_documents(1)[0]
    assert found.hits[0].id == index.documents.ids[best]


def test_what_was_not_encoded_has_the_students_vector(encoded_run: Run) -> None:
    passages = passages_of(encoded_run)
    some = encoded([*passages[::2], *encoded_run.vectors.index_to_key])
    run = encoded_run.present.replace(parts={"encoded": some}, folder=None)
    made = Index.memory(run, passages)
    batch = merge_stems(encode_texts(passages, made.vocabulary.preprocessing), made.vocabulary.preprocessing)
    expected = text_rows(student_of(run).among(batch.types), batch)
    unencoded = np.array([number for number, text in enumerate(passages) if text not in set(passages[::2])])
    assert len(unencoded)
    assert_allclose(made.documents.encoded.at(unencoded), expected[unencoded], atol=0.01)


def test_it_is_written_and_read_with_the_index(index: Index, tmp_path) -> None:
    opened = index.saved(tmp_path / "index")
    one, other = index.encoder_part, opened.encoder_part
    assert (one.name, one.weight) == (other.name, other.weight)
    for name, array in one.arrays.items():
        assert_array_equal(array, other.arrays[name])
    for question in ("rows", "encoder"):
        a, b = (reading(each).scores(QUESTION, question=question) for each in (index, opened))
        assert_array_equal(a.scores, b.scores)


def test_a_run_asks_its_encoder(encoded_run: Run) -> None:
    run = open_run(encoded_run.folder)
    assert search(run, QUESTION).question in ("rows", None)  # a function of another process
    described = {"name": "word sums", "digest": "", "dimensions": 6}
    known = run.present.replace(provenance={**run.provenance, "encoder": described}, folder=None)
    hold_encoder(known, WordSums())
    index = run_index(known)
    assert index.search(QUESTION).question == "encoder"


def test_near_documents_are_near_by_the_encoder_too(encoded_run: Run) -> None:
    run = open_run(encoded_run.folder)
    found = run_index(run).near_document("r1", 3)
    assert list(found.hits[0].parts) == ["dense", "encoder"]
    own = similar_documents(run, "r1", top=3)
    assert own.hits[0].score <= 1 + 1e-3
