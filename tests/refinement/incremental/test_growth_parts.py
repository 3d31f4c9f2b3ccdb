"""What a run needs to grow: fingerprints, the words of the whole text; and what is refused."""

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from same_runs import table, texts
from tests.damage import sealed_again

import selfvec
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.corpus import Corpus
from selfvec.corpus.fingerprints import fingerprints
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Vectors
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.rules import merged_types


def test_fingerprints_stay_what_they_are() -> None:
    """They are kept in run folders: other numbers would not know old texts again."""
    texts = ["", "hail", "Large hail fell.", "Large hail fell on roofs, ×3.", None]
    expected = [0x0, 0x10AE4C09BEC6AA9E, 0xA7920B2A6F4B631E, 0xF8203F1A229DB5F0, 0x0]
    assert fingerprints(pl.Series(texts)).tolist() == expected
    many = fingerprints(pl.Series([f"report {i}" for i in range(100_000)]))
    assert len(np.unique(many)) == 100_000
    assert abs(np.mean((many >> np.uint64(63)) & np.uint64(1)) - 0.5) < 0.01


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

    at_once, later = encoded(False), encoded(True)
    later = later.renumbered(*merged_types(later.types, later.counts, known.key_to_index, stem, least)[:2])
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
    for order, number in (([one, two], 2), ([two, one], 1)):
        with pytest.raises(
            FormatError, match=f"these are not the vectors that run {number} was refined from"
        ):
            selfvec.merge(order, table())


def test_stop_words_that_were_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "stop.txt"
    path.write_text("of\n")
    made = selfvec.Refiner("original", stop_words=str(path)).fit(texts(9), table()).run_
    assert selfvec.update(made, ["hail of"], table()).provenance["documents"] == 10
    path.write_text("of\nthe\n")
    with pytest.raises(OptionError, match=r"stop_words: names the file '.*stop\.txt', which was removed or"):
        selfvec.update(made, ["hail of"], table())


@pytest.mark.parametrize("column", ["texts", None])
def test_tokens_of_other_documents_than_the_text_are_refused(run: Path, column: str | None) -> None:
    if column is None:
        (run / "text.parquet").write_bytes(b"PAR1 nothing PAR1")
    else:
        other = selfvec.Refiner("original").fit(texts(9), table()).run_
        selfvec.save_run(other, run.parent / "other")
        shutil.copyfile(run.parent / "other" / "text.parquet", run / "text.parquet")
    said = "the text has 9 documents, the tokens 30" if column else r"text\.parquet: "
    with pytest.raises(FormatError, match=said):
        selfvec.update(sealed_again(run), ["hail"], table())


def test_repeated_texts_are_counted_on_request() -> None:
    made = selfvec.Refiner("original").fit(texts(9), table()).run_
    new = [*texts(3), "the roof of wind"]
    grown = selfvec.update(made, new, table())
    assert (grown.provenance["documents"], grown.provenance["corpus"]["known"]) == (9 + 1, 3)
    grown = selfvec.update(made, new, table(), allow_duplicates=True)
    assert grown.provenance["documents"] == 9 + 4
    assert grown.provenance["corpus"]["duplicates"] == 3 + made.provenance["corpus"]["duplicates"]
