"""Words from an encoder: alone, and by the states of their uses; by hand for a tiny one."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.encoders.tiny_encoder import write_encoder
from tests.in_threads import in_threads
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.encoders.onnx_encoder import OnnxEncoder
from selfvec.lab.transforms.distill import TextWords, alone, in_texts, use_states
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.common_space import centred

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def encoder(own: Path) -> OnnxEncoder:
    return OnnxEncoder(write_encoder(own))


def test_words_alone_are_texts_less_their_mean(encoder: OnnxEncoder) -> None:
    # [CLS] hail [SEP]: the rows add up to (3, 0, 0)
    rows = unit_rows(np.array([(3, 0, 0), (2, 0, 1), (2, 1, 0)], float))
    expected = unit_rows(rows - rows.mean(axis=0))
    assert_allclose(alone(encoder, TextWords.of(["hail hail hail rain rain roof"])), expected, atol=1e-5)


def test_a_word_in_texts_is_the_mean_of_its_uses(encoder: OnnxEncoder) -> None:
    words = TextWords.of(["hail roof", "Hail, rain rain"])
    assert words.batch.types == ["hail", "rain", "roof"]
    # To each row half of the mean of its text is added. "Hail" and the comma are [UNK], a row of zeros.
    first = np.array([3, 1, 0]) / 4 / 2  # [CLS] hail roof [SEP]
    second = np.array([2, 0, 2]) / 6 / 2  # [CLS] [UNK] [UNK] rain rain [SEP]
    hail = (np.array([1, 0, 0]) + first + second) / 2
    rows = np.array([hail, np.array([0, 0, 1]) + second, np.array([0, 1, 0]) + first])
    expected = unit_rows(rows - rows.mean(axis=0))
    assert_allclose(in_texts(encoder, words), expected, atol=1e-5)


def test_a_text_longer_than_the_encoder_reads_loses_no_word(tmp_path: Path) -> None:
    short = {"sentence_bert_config.json": {"max_seq_length": 4}}
    encoder = OnnxEncoder(write_encoder(tmp_path, settings=short))
    words = TextWords.of(["hail roof hail roof hail rain"])
    assert in_threads(1, in_texts, encoder, words).any(axis=1).all()


def test_the_number_of_threads_changes_no_bit(encoder: OnnxEncoder) -> None:
    words = TextWords.of([f"hail {word} rain" * n for n in range(1, 40) for word in ("roof", "query")])
    rows = [in_threads(jobs, in_texts, encoder, words).tobytes() for jobs in (1, 2, 3)]
    assert len(set(rows)) == 1


def test_a_piece_belongs_to_the_word_in_which_it_ends() -> None:
    text = "é: gö-x"  # the pieces: é | : | ␣g | ö | - | x; characters 0-1, 3-5, 6-7 are words
    words = TextWords.of([text])
    assert words.spans.tolist() == [[0, 1], [3, 5], [6, 7]]
    states = np.eye(6, dtype=np.float32)
    places, means = use_states(np.array([1, 2, 4, 5, 6, 7]), states, words.spans)
    assert places.tolist() == [0, 1, 2]
    assert_array_equal(means, [states[0], (states[2] + states[3]) / 2, states[5]])


def test_rare_words_are_left_out() -> None:
    texts = ["The hail broke a roof.", "Storms in été, storms-a windy road", "a storm."]
    words = TextWords.of(texts, min_count=2)
    assert words.batch.types == ["a", "storms"]
    assert words.batch.counts.tolist() == [3, 2]
    assert [texts[1][a:b].lower() for a, b in words.spans[1:4].tolist()] == ["storms", "storms", "a"]
    refused(lambda: TextWords.of(texts, min_count=4), CorpusError, "no word occurs 4 times")


def test_rows_of_zeros_are_no_part_of_the_mean() -> None:
    rows = np.array([(3, 0), (0, 0), (1, 0)], np.float32)
    assert_array_equal(centred(rows), [(1, 0), (0, 0), (-1, 0)])
    assert not centred(np.zeros((2, 3), np.float32)).any()
