"""General words are encoded once for all runs: those of another encoder, or damaged ones, are not taken."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.base.arrays import Rows
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.encoders.sentence_encoder import SentenceEncoder
from selfvec.refinement.teacher import keep_words, kept_words

WORDS = ["the", "roof", "barn", "hail", "tree"]
TEXTS = ["hail broke the roof", "wind broke a tree"]


class Counting(SentenceEncoder):
    """The lengths and vowels of texts; counts what it has read."""

    def __init__(self, digest: str = "a" * 64) -> None:
        self.name, self.digest, self.dimensions = "counting", digest, 2
        self.read: list[str] = []

    def _blocks(self, texts: Sequence[str], question: bool, jobs: int | None) -> Iterator[Rows]:
        del question, jobs
        self.read += texts
        yield np.array([[len(text), 1 + sum(map(text.count, "aeiou"))] for text in texts], np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELFVEC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "encoded-words"


def refined(encoder: Counting) -> selfvec.Run:
    table = selfvec.Vectors(WORDS, np.eye(len(WORDS), 6, dtype=np.float32))
    return selfvec.refine(TEXTS, table, "decorrelated", encoder=encoder, jobs=1)


def test_the_next_run_does_not_encode_them_again(cache: Path) -> None:
    first, second, third = Counting(), Counting(), Counting("b" * 64)
    runs = [refined(encoder) for encoder in (first, second, third)]
    assert set(first.read) == {*TEXTS, *WORDS, "broke", "wind", "a"}
    assert set(second.read) == {*TEXTS, "broke", "wind", "a"}
    assert set(third.read) == set(first.read)  # of another encoder
    one, two, _ = map(encoded_texts_of, runs)
    np.testing.assert_array_equal(one.hashes, two.hashes)
    np.testing.assert_array_equal(one.rows, two.rows)
    assert len(list(cache.iterdir())) == 2


def test_what_is_damaged_is_made_again(cache: Path) -> None:
    refined(Counting())
    (file,) = cache.rglob("*.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    again, after = Counting(), Counting()
    refined(again)
    assert set(WORDS) <= set(again.read)
    refined(after)
    assert "barn" not in after.read


def test_few_encoders_are_kept_and_a_full_disk_does_not_matter(cache: Path) -> None:
    for number in range(10):
        encoder = Counting(f"{number:064x}")
        keep_words(encoder, WORDS, encoded_texts_of(refined(encoder)))
    assert len(list(cache.iterdir())) == 8
    newest = Counting(f"{9:064x}")
    assert len(kept_words(newest, WORDS)) == len(WORDS)
    assert not len(kept_words(newest, WORDS[1:]))
    assert not len(kept_words(Counting(""), WORDS))
    cache.rename(cache.with_name("gone"))
    cache.write_text("a file in its place")
    assert encoded_texts_of(refined(newest)).has(encoded_texts_of(refined(newest)).hashes).all()
