"""What a run needs to grow: fingerprints, forms, parts joined; and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from same_runs import table, texts
from tests.damage import sealed_again

import selfvec
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.tensors import map_tensors, write_tensors
from selfvec.corpus import Corpus
from selfvec.corpus.fingerprints import fingerprints
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Vectors
from selfvec.refinement.incremental.joined_corpora import joined, repeated, without_repeats
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.stems import apply_stem_and_min_count, merged_types


def test_fingerprints_stay_what_they_are() -> None:
    """They are kept in run folders: other numbers would not know old texts again."""
    texts = ["", "hail", "Large hail fell.", "Large hail fell on roofs, ×3.", None]
    expected = [0x0, 0x10AE4C09BEC6AA9E, 0xA7920B2A6F4B631E, 0xF8203F1A229DB5F0, 0x0]
    assert fingerprints(pl.Series(texts)).tolist() == expected
    many = fingerprints(pl.Series([f"report {i}" for i in range(100_000)]))
    assert len(np.unique(many)) == 100_000
    assert abs(np.mean((many >> np.uint64(63)) & np.uint64(1)) - 0.5) < 0.01


def batch(*documents: str, marks: list[int] | None = None, **more: Any) -> TokenBatch:
    made = TokenBatch.from_documents([text.split() for text in documents])
    given = None if marks is None else np.array(marks, np.uint64)
    return TokenBatch(made.ids, made.offsets, made.types, fingerprints=given, **more)


def test_parts_joined_by_hand() -> None:
    day = np.array(["2020-01-02"], "datetime64[D]")
    one = batch("b a b", "", sentences=2, slices=np.array([0, -1], np.int32), slice_names=["x"])
    two = batch("c a", dates=day, sentences=1, slices=np.array([1], np.int32), slice_names=["x", "y"])
    whole = joined([one, two])
    assert list(whole.types) == ["b", "a", "c"]
    assert whole.ids.tolist() == [0, 1, 0, 2, 1]
    assert whole.offsets.tolist() == [0, 3, 3, 5]
    assert whole.dates is not None
    assert whole.dates.astype(str).tolist() == ["NaT", "NaT", "2020-01-02"]
    assert whole.slices is not None
    assert (whole.slices.tolist(), list(whole.slice_names)) == ([0, -1, 1], ["x", "y"])
    assert (whole.sentences, whole.fingerprints) == (3, None)


def test_only_documents_of_such_layouts_are_left_out() -> None:
    one, two = batch("a b", "c", marks=[3, 4]), batch("a b", "d", "c", marks=[3, 7, 4], sentences=4)
    sentence_counts = np.array([2, 8, 1], np.int32)
    assert [found.tolist() for found in repeated([one, two])] == [[False, False], [True, False, True]]
    first, second = without_repeats([one, two])  # 3 is odd: a text that stands once; 4 is even
    assert first is one
    assert second.fingerprints is not None
    assert second.fingerprints.tolist() == [7, 4]
    assert [second.types[i] for i in second.ids.tolist()] == ["d", "c"]
    assert second.sentences == 2  # in proportion, where it is not known
    assert without_repeats([one, replace(two, sentence_counts=sentence_counts)])[1].sentences == 9
    whole = joined([first, second])
    assert list(whole.types) == ["a", "b", "c", "d"]


def test_a_stem_is_called_by_the_whole_text() -> None:
    forms, counts = ["storms", "storm", "stormy", "hail"], np.array([3, 3, 9, 1])
    numbers, words, _ = merged_types(forms, counts, {"storm": 0, "storms": 1}, "en")
    assert (numbers.tolist(), words) == ([0, 0, 1, 2], ["storms", "stormy", "hail"])
    more = np.array([3, 4, 9, 1])
    numbers, words, _ = merged_types(forms, more, {"storm": 0, "storms": 1}, "en", 2)
    assert (numbers.tolist(), words) == ([0, 0, 1, -1], ["storm", "stormy"])


@pytest.mark.parametrize("stem", [None, "en"])
@pytest.mark.parametrize("least", [1, 3])
def test_settling_afterwards_is_settling_at_once(stem: str | None, least: int) -> None:
    """Both ways to the same ids: per raw word while encoding, and of the forms later."""
    known, documents = table(), texts(40)
    rules = Rules(stem=stem, min_count=least, stop_words="en")

    def encoded(unstemmed: bool) -> TokenBatch:
        batches = Corpus.from_texts(documents).batches()
        return encode(batches, tokenizer("words"), rules, known, unstemmed=unstemmed)[0]

    at_once, later = (
        encoded(False),
        apply_stem_and_min_count(encoded(True), known.key_to_index, stem, least)[0],
    )
    assert list(at_once.types) == list(later.types)
    np.testing.assert_array_equal(at_once.ids, later.ids)
    np.testing.assert_array_equal(at_once.offsets, later.offsets)
    assert list(by_frequency(at_once).types) == list(by_frequency(later).types)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with forms."""
    options = {"method": "decorrelated", "min_count": 2, "stem": "en"}
    selfvec.Refiner(**options).fit(texts(30), table()).save(tmp_path / "run")
    return tmp_path / "run"


def test_other_vectors_are_refused(run: Path) -> None:
    wrong = table()
    wrong.vectors[1] *= -1
    for other in (wrong, table(8)):
        with pytest.raises(FormatError, match=r"these are not the vectors that .*run was refined from"):
            selfvec.update(run, ["hail"], other)
    with pytest.raises(InputError, match=r"were given in memory; give them again \(vectors=\.\.\.\)"):
        selfvec.update(run, ["hail"])


def test_runs_of_other_rows_are_not_merged(tmp_path: Path) -> None:
    other = Vectors(table().index_to_key, table().vectors[::-1].copy())
    one, two = (selfvec.Refiner("original").fit(texts(9, n), t).run_ for n, t in enumerate((table(), other)))
    with pytest.raises(FormatError, match="run 2: merged runs must have the same initial vectors"):
        selfvec.merge([one, two])


@pytest.mark.parametrize(("option", "value"), [("tagger", "en_core_web_sm"), ("phrases", "auto")])
def test_rules_that_see_the_whole_text_are_refused(run: Path, option: str, value: str) -> None:
    told = json.loads((run / "run.json").read_text())
    told["options"][option] = value
    (run / "run.json").write_text(json.dumps(told))
    for grow in (lambda: selfvec.update(run, ["hail"], table()), lambda: selfvec.merge([run, run], table())):
        with pytest.raises(OptionError, match=rf"{option}: .*cannot be updated or merged; "):
            grow()


def test_stop_words_that_were_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "stop.txt"
    path.write_text("of\n")
    made = selfvec.Refiner("original", stop_words=str(path)).fit(texts(9), table()).run_
    assert selfvec.update(made, ["hail of"], table()).provenance["documents"] == 10
    path.write_text("of\nthe\n")
    with pytest.raises(OptionError, match=r"stop_words: names the file '.*stop\.txt', which was removed or"):
        selfvec.update(made, ["hail of"], table())


@pytest.mark.parametrize("name", ["options", "corpus", "text", "vectors", "option_files", "grown"])
def test_whatever_stands_in_run_json_it_is_one_line_or_a_run(run: Path, name: str) -> None:
    told = json.loads((run / "run.json").read_text())
    strange = [3, [None]]
    whole = told.get(name, {})
    changes = [{name: value} for value in strange]
    changes += [{name: whole | {key: value}} for key in whole for value in strange]
    for change in changes:
        (run / "run.json").write_text(json.dumps(told | change))
        try:
            grown = selfvec.update(run, ["hail on a roof"], table())
        except selfvec.SelfvecError as error:
            assert "\n" not in str(error)
        else:
            assert grown.provenance["documents"] == 31


def test_a_grown_run_says_what_it_was_made_of() -> None:
    documents = texts(30)
    whole, part = (
        selfvec.Refiner("original", stop_words="en", min_count=3).fit(own, table()).run_
        for own in (documents, documents[:20])
    )
    told, expected = (
        dict(run.provenance["text"]) for run in (selfvec.update(part, documents[20:], table()), whole)
    )
    assert expected.pop("raw_types") > 0
    assert told.pop("raw_types") is None
    assert told == expected


UNSTEMMED = "unstemmed/unstemmed.safetensors"


@pytest.mark.parametrize(
    ("file", "tensors", "said"),
    [
        (UNSTEMMED, {"ids": None}, "tensor 'ids' of int32"),
        (UNSTEMMED, {"ids": np.zeros(3, np.int64)}, "tensor 'ids' of int32"),
        (UNSTEMMED, {"ids": np.full(3, 10_000, np.int32)}, "document offsets|token ids are not"),
        (UNSTEMMED, {"offsets": np.zeros(4, np.int64)}, "the run has 30 documents, this file has 3"),
        (UNSTEMMED, {"offsets": np.full(31, 7, np.int64)}, "document offsets do not run from 0"),
        (UNSTEMMED, None, "it is missing"),
        ("unstemmed/vocabulary.txt", None, "it is missing"),
        ("unstemmed", None, "the folder of unstemmed tokens is missing"),
        ("tokens.safetensors", {"texts": np.zeros(2, np.uint64)}, "this one is int32 of shape"),
        ("tokens.safetensors", {"texts": None}, "the fingerprints of the documents are missing"),
    ],
)
def test_a_damaged_run_is_refused(run: Path, file: str, tensors: dict[str, Any] | None, said: str) -> None:
    if tensors is None:
        (run / file).rename(run.parent / "gone")
    else:
        kept = {name: np.array(tensor) for name, tensor in map_tensors(run / file).items()} | tensors
        write_tensors(run / file, {name: value for name, value in kept.items() if value is not None})
    with pytest.raises(FormatError, match=rf"({said}).*make the run again"):
        selfvec.update(sealed_again(run), ["hail"], table())


def test_repeated_texts_are_counted_on_request() -> None:
    made = selfvec.Refiner("original").fit(texts(9), table()).run_
    new = [*texts(3), "the roof of wind"]
    grown = selfvec.update(made, new, table())
    assert (grown.provenance["documents"], grown.provenance["corpus"]["known"]) == (9 + 1, 3)
    grown = selfvec.update(made, new, table(), allow_duplicates=True)
    assert grown.provenance["documents"] == 9 + 4
    assert grown.provenance["corpus"]["duplicates"] == 3 + made.provenance["corpus"]["duplicates"]
