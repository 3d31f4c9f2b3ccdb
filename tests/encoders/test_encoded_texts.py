"""Vectors of texts: each text is encoded once, in a killed process too; damaged files are one error."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.damage import damaged_bytes
from tests.encoders.toy import Toy
from tests.refusals import refused

from selfvec.base.errors import FormatError, InputError, TargetError
from selfvec.encoders import encoded_texts as module
from selfvec.encoders.encoded_texts import EncodedTexts


def encoded(texts: Sequence[str], toy: Toy | None = None, **options: object) -> EncodedTexts:
    toy = toy or Toy()
    return EncodedTexts.none_of(toy).adding(toy, texts, **options)


def assert_same(found: EncodedTexts, expected: EncodedTexts) -> None:
    assert (found.encoder, found.digest) == (expected.encoder, expected.digest)
    np.testing.assert_array_equal(found.hashes, expected.hashes)
    np.testing.assert_array_equal(found.rows, expected.rows)


TEXTS = st.lists(st.text("ab \0\ud800é", max_size=3), max_size=12)


@given(TEXTS, TEXTS, TEXTS)
def test_added_merged_and_kept_is_the_same_as_anew(
    first: list[str], second: list[str], others: list[str]
) -> None:
    toy = Toy()
    one = encoded(first, toy)
    both = one.adding(toy, second)
    assert toy.encoded == [text for text in dict.fromkeys(first + second) if text.strip()]
    whole = encoded(first + second)
    assert_same(both, whole)
    assert_same(one.merged(encoded(second)), whole)
    assert_same(whole.kept(others), encoded([text for text in others if text in first + second]))
    rows, found = whole.lookup(others)
    for text, row, known in zip(others, rows, found, strict=True):
        expected = Toy().encode([text])[0].astype(np.float16) if text in first + second else np.zeros(3)
        assert row.tolist() == expected.tolist()
        assert known == (text in first + second or not text.strip())


def test_the_texts_that_are_done_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BLOCK", 2)
    done: list[int] = []
    given = ["a", "b", "a", " ", "c", "d", "e"]
    start = encoded(["b"])
    for journal in (None, tmp_path / "journal", tmp_path / "journal"):
        done.clear()
        start.adding(Toy(), given, advance=done.append, journal=journal)
        assert sum(done) == len(start.missing(given)) == 4


@given(stop=st.integers(0, 9), cut=st.integers(0, 200))
def test_what_was_encoded_before_a_kill_is_not_encoded_again(tmp_path_factory, stop: int, cut: int) -> None:
    path = tmp_path_factory.mktemp("kill") / "journal"
    texts = list("abcdefghi")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_BLOCK", 2)
        killed = Toy(stop=stop)
        try:
            encoded(texts, killed, journal=path)
        except KeyboardInterrupt:
            assert stop < 9
        content = path.read_bytes()
        path.write_bytes(content[: max(0, len(content) - cut)])  # the last records may not be whole
        again = Toy()
        found = encoded(texts, again, journal=path)
        assert_same(found, encoded(texts))
        if not cut:
            assert len(again.encoded) <= 9 - stop // 2 * 2
        last = Toy()
        assert_same(encoded(texts, last, journal=path), found)
        assert last.encoded == []


def test_words_and_passages_share_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    encoded(["a", "b"], journal=path)
    encoded(["c"], journal=path)
    toy = Toy()
    texts = encoded(["a", "b"], toy, journal=path).adding(toy, ["c"], journal=path)
    assert toy.encoded == []
    assert len(texts) == 3


@pytest.mark.parametrize("other", [Toy(digest="b" * 64), Toy(dimensions=4), Toy(digest="")])
def test_a_journal_of_another_encoder_is_discarded(tmp_path: Path, other: Toy) -> None:
    path = tmp_path / "journal"
    encoded(["a", "b"], other, journal=path)
    toy = Toy()
    assert_same(encoded(["a"], toy, journal=path), encoded(["a"]))
    assert toy.encoded == ["a"]
    assert path.stat().st_size == 40 + 32 + 16 + 2 * 3


def test_a_function_finds_its_journal_before_its_dimensions_are_known(tmp_path: Path) -> None:
    class Function(Toy):
        def _blocks(self, texts: Sequence[str], question: bool) -> Iterator[np.ndarray]:
            self.dimensions = 3
            yield from super()._blocks(texts, question)

    path = tmp_path / "journal"
    for expected in (["a"], []):
        function = Function(dimensions=0, digest="")
        texts = encoded(["a"], function, journal=path)
        assert texts.rows.shape == (1, 3)
        assert function.encoded == expected


@given(st.integers(0, 400))
def test_a_damaged_journal_gives_the_same_vectors(tmp_path_factory, seed: int) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal"
    expected = encoded("abcdefgh", journal=path)
    path.write_bytes(damaged_bytes(path.read_bytes(), random.Random(seed)))
    assert_same(encoded("abcdefgh", journal=path), expected)


def test_a_journal_is_never_a_link_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for name, said in (("link", "is a link"), (".", "is a folder"), ("no/journal", "does not exist")):
        refused(lambda: encoded(["a"], journal=tmp_path / name), TargetError, said)
    assert (tmp_path / "file").read_text() == "mine"


def test_another_encoder_is_refused() -> None:
    texts = encoded(["a"])
    for other, said in (
        (Toy(digest="b" * 64), "it was 'toy', and has another digest"),
        (Toy(dimensions=4, digest=""), "it gave vectors of 3 numbers, now of 4"),
    ):
        refused(
            lambda: texts.adding(other, ["b"]),
            InputError,
            rf"the encoder has changed since the run: {said}; give the enc",
        )
        refused(
            lambda: texts.merged(encoded(["b"], other)),
            InputError,
            r"of the same encoder, these are not \(toy\); make the runs",
        )
        assert other.encoded in ([], ["b"])
    assert len(texts.adding(Toy(digest=""), ["b"])) == 2  # it cannot be told


def test_saved_and_opened(tmp_path: Path) -> None:
    for name, texts in (("some", ["a", "\ud800", "b"]), ("none", [])):
        encoded(texts).save(tmp_path / name)
        found = EncodedTexts.open(tmp_path / name)
        assert_same(found, encoded(texts))
        assert not len(found) or not found.rows.flags.writeable
        assert_same(found.adding(Toy(), ["c"]), encoded([*texts, "c"]))


def test_a_part_that_is_missing_is_named(tmp_path: Path) -> None:
    refused(lambda: EncodedTexts.open(tmp_path), FormatError, "missing; make the run again")
