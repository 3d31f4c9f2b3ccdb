"""Texts without a known word, for libraries that need vectors of length 1."""

import warnings

import numpy as np
import pytest
from tests.retrieval.encoder import reports

from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.word_lookup import apart


@pytest.fixture
def fresh() -> Encoder:
    """An encoder that has not warned."""
    return Encoder.of(reports.report_run())


def test_known_words_are_encoded_as_ever(fresh: Encoder) -> None:
    texts = reports.texts()[:20]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(fresh.encode_query(texts), fresh.encode(texts))
        np.testing.assert_array_equal(fresh.encode_document(texts), fresh.encode(texts))


def test_the_nearest_spelling_is_asked(fresh: Encoder) -> None:
    with pytest.warns(UserWarning, match="question 'tornadoo' is known: 'tornado' is asked instead"):
        found = fresh.encode_query("tornadoo")
    np.testing.assert_array_equal(found, fresh.encode("tornado"))
    np.testing.assert_array_equal(fresh.encode_query(["villlage xyzzy"])[0], fresh.encode("village"))


@pytest.mark.parametrize("question", ["xyzzy", "", "the of", "99 99", "\U0001f32a", "hai"])
def test_other_questions_are_unlike_every_text(question: str, fresh: Encoder) -> None:
    with pytest.warns(UserWarning, match="nothing is like it"):
        asked = fresh.encode_query(question)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one warning is enough
        np.testing.assert_array_equal(fresh.encode_query("qqq"), asked)
    assert asked @ asked == pytest.approx(1)
    texts = fresh.encode_document([*reports.texts(), "", "zzz"])
    cosines = texts @ asked
    assert np.abs(cosines[:-2]).max() < 0.5
    np.testing.assert_allclose(cosines[-2:], -1, atol=1e-5)


def test_a_document_without_words_is_found_last(fresh: Encoder) -> None:
    texts = [*reports.texts(), "", "zzz"]
    documents = fresh.encode_document(texts)
    assert np.allclose(np.linalg.norm(documents, axis=1), 1, atol=1e-5)
    for question in ("hail broke windows", "the river", "snow on the airport"):
        cosines = documents @ fresh.encode_query(question)
        relevant = np.sort(cosines[:-2])[len(texts) // 2 :]
        assert cosines[-2:].max() < relevant.min()
        distances = np.linalg.norm(documents - fresh.encode_query(question), axis=1)
        assert distances[-2:].min() > np.sort(distances[:-2])[: len(texts) // 2].max()


def test_the_direction_is_apart_from_all_rows() -> None:
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((500, 12)).astype(np.float32) * np.float32([3] * 6 + [1] * 6)
    rows[:, 11] = 0.3
    direction = apart(rows)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert direction @ direction == pytest.approx(1, abs=1e-5)
    assert (unit @ direction).min() > 0
    assert (unit @ direction).std() < 0.05
    for other in (np.zeros((3, 4), np.float32), np.zeros((0, 4), np.float32), np.float32([[1, 0], [-1, 0]])):
        assert np.linalg.norm(apart(other)) == pytest.approx(1)
