"""Distances of the sentences and documents with a word in two periods, by a sentence encoder."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.encoders.tiny_encoder import write_encoder

import selfvec
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.word_drift.drift import drift
from selfvec.analysis.word_drift.drift_result import in_order_of_change
from selfvec.analysis.word_drift.sentences import OF_SLICE, SENTENCES, document_distances, sentence_distances
from selfvec.base.view import Table
from selfvec.data.run import Run
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.encoders.given import as_sentence_encoder
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import rank_correlation

BETWEEN = ["1990..1999", "2000..2009"]
USES = 7


def texts(uses: int) -> list[dict[str, str]]:
    """*Moved* goes from hail to rain, *stayed* is with roofs; each period has a word of its own."""
    rows = [
        {"date": f"{year}-01-01", "text": f"{word} {other} {spelling}"}
        for year, spelling, other in (("1995", "olde", "hail"), ("2005", "young", "rain"))
        for word, other in (("moved", other), ("stayed", "roof"), ("wind", "fell"))
        for _ in range(uses)
    ]
    return [{"id": f"d{number}", **row} for number, row in enumerate(rows)]


class Counting:
    """An encoder of counts of words, which counts the texts that it has been given."""

    words = ("moved", "stayed", "hail", "roof", "rain", "wind", "olde", "young")

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: list[str]) -> np.ndarray:
        self.texts += texts
        return np.array([[text.split().count(word) + 0.01 for word in self.words] for text in texts])


def refined(folder: Path, encoder: object, uses: int = USES, **given: object) -> Run:
    options = {"date_field": "date", "method": "original", "min_count": 1}
    return selfvec.refine(texts(uses), "none", output=folder / "run", encoder=encoder, **options, **given)


def by_hand(encoder: Counting, word: str, others: tuple[str, str]) -> float:
    """The formula, where all sentences of a word are alike, and each token of a slice is drawn once."""
    every = [
        [f"moved {other} {spelling}", f"stayed roof {spelling}", f"wind fell {spelling}"]
        for other, spelling in (("hail", "olde"), ("rain", "young"))
    ]
    means = [unit_rows(encoder.encode(side)).mean(axis=0) for side in every]
    sides = unit_rows(encoder.encode([f"{word} {others[0]} olde", f"{word} {others[1]} young"]))
    a, b = sides - np.array(means)
    return float(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_it_is_one_less_the_cosine_of_means_less_those_of_the_slices(tmp_path: Path) -> None:
    encoder = Counting()
    assert 3 * 3 * USES <= OF_SLICE
    assert USES <= SENTENCES
    run = refined(tmp_path, encoder)
    rows = {row["word"]: row for row in drift(run, BETWEEN, min_count=2, words=["moved", "stayed"])}
    moved = by_hand(encoder, "moved", ("hail", "rain"))
    stayed = by_hand(encoder, "stayed", ("roof", "roof"))
    assert moved > 0.2 > stayed
    assert rows["moved"]["sentences"] == pytest.approx(moved, abs=1e-5)
    assert rows["stayed"]["sentences"] == pytest.approx(stayed, abs=1e-5)
    # Each document is a sentence, so theirs is the same but for the vectors' rounding.
    assert rows["moved"]["texts"] == pytest.approx(moved, abs=1e-3)
    assert rows["stayed"]["texts"] == pytest.approx(stayed, abs=1e-3)


def test_a_distance_does_not_depend_on_the_words_beside_it(tmp_path: Path) -> None:
    run = refined(tmp_path, Counting(), 2 * SENTENCES).present
    slices = drift(run, BETWEEN).slices
    encoder = as_sentence_encoder(Counting())
    together = sentence_distances(run, slices, ["moved", "stayed", "roof"], encoder)
    assert sentence_distances(run, slices, ["roof"], encoder) == together[2:]
    assert sentence_distances(run, slices, ["stayed", "moved"], encoder) == [together[1], together[0]]
    assert sentence_distances(run, slices, ["hail"], encoder) == [None]  # in one of the slices only


def test_only_listed_words_are_encoded_once(tmp_path: Path) -> None:
    encoder = Counting()
    run = refined(tmp_path, encoder)
    encoder.texts.clear()
    first = drift(run, BETWEEN, words=["stayed"])
    assert encoder.texts
    encoder.texts.clear()
    again = drift(run, BETWEEN, words=["stayed"])
    assert again.rows == first.rows
    assert not encoder.texts
    (kept,) = (tmp_path / "run" / "cache").glob("sentence_distances-*")
    folder = tmp_path / "run"
    selfvec.update(folder, withdraw=["d0"], encoder=encoder, output=folder, no_undo=True)
    assert not kept.exists()


def test_the_other_figures_are_those_without_an_encoder(tmp_path: Path) -> None:
    with_one, without = tmp_path / "with", tmp_path / "without"
    for folder in (with_one, without):
        folder.mkdir()
    found, plain = drift(refined(with_one, Counting()), BETWEEN), drift(refined(without, None), BETWEEN)
    assert found.rows == in_order_of_change(found.rows)
    for row in found.rows:
        assert row.pop("sentences") is not None
        assert row.pop("texts") is not None
    assert sorted(found.rows, key=lambda row: row["word"]) == sorted(plain.rows, key=lambda row: row["word"])
    assert [column.name for column in plain.columns if column.name == "texts"] == []
    assert plain.order.endswith("then by change, the largest first")


def test_a_list_by_words_and_texts_says_so(tmp_path: Path) -> None:
    found = drift(refined(tmp_path, Counting()), BETWEEN)
    assert found.order.endswith("then by the ranks of change and texts, added")
    assert "texts" in [column.name for column in found.columns]
    (table,) = (part for part in found.view(3).parts if isinstance(part, Table))
    assert "q and 95 % are those of the words" in " ".join(table.notes)


def test_vectors_that_were_given_are_compared_without_an_encoder(tmp_path: Path) -> None:
    given = Counting().encode([row["text"] for row in texts(USES)])
    run = refined(tmp_path, None, embeddings=given)
    rows = {row["word"]: row for row in drift(run, BETWEEN, min_count=2)}
    assert rows["moved"]["texts"] == pytest.approx(by_hand(Counting(), "moved", ("hail", "rain")), abs=1e-3)
    assert "sentences" not in rows["moved"]


def test_what_is_usual_for_rare_words_is_no_change(tmp_path: Path) -> None:
    """Of words in documents drawn without regard to their date, the rare ones are listed no earlier."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{chr(97 + i)}{chr(97 + j)}" for i in range(8) for j in range(10)])
    weights = 1 / np.arange(1, len(words) + 1)
    documents = [
        {
            "date": f"{1995 + 10 * (i % 2)}-01-01",
            "text": " ".join(rng.choice(words, 5, p=weights / weights.sum())),
        }
        for i in range(400)
    ]
    directions = dict(zip(words.tolist(), rng.standard_normal((len(words), 16)), strict=True))
    given = np.array([sum(directions[word] for word in row["text"].split()) for row in documents])
    options = {"date_field": "date", "method": "original", "min_count": 1}
    run = selfvec.refine(documents, "none", output=tmp_path / "run", embeddings=given, **options)
    rows = drift(run, BETWEEN, min_count=2, all_words=True).rows
    encoded = encoded_texts_of(run.present)
    names = [row["word"] for row in rows]
    sides = Comparison.of(run.tokens, drift(run, BETWEEN).slices, run.text)
    raw = document_distances(sides, names, encoded)
    rare = [-min(row["documents_a"], row["documents_b"]) for row in rows]
    assert abs(rank_correlation(np.array([row["texts"] for row in rows]), np.array(rare))) < 0.15
    assert rank_correlation(np.array(raw, float), np.array(rare)) > 0.5


def test_a_word_without_an_encoded_document_has_no_distance(tmp_path: Path) -> None:
    run = refined(tmp_path, Counting())
    slices, encoded = drift(run, BETWEEN).slices, encoded_texts_of(run.present)
    some = encoded.kept(["moved hail olde", "moved rain young", "stayed roof olde", "wind fell young"])
    sides = Comparison.of(run.tokens, slices, run.text)
    moved, stayed = document_distances(sides, ["moved", "stayed"], some)
    assert moved is not None
    assert stayed is None  # of 2005 there is no text with it


def test_between_original_and_refined_there_are_no_sentences(tmp_path: Path) -> None:
    found = drift(refined(tmp_path, Counting()), ["original", "refined"])
    assert found.rows
    assert all("sentences" not in row for row in found.rows)


def test_an_encoder_that_is_gone_or_has_changed_is_said(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    folder = write_encoder(tmp_path / "tiny")
    refined(tmp_path, folder)
    line = ["drift", str(tmp_path / "run"), "--between", *BETWEEN, "--json"]

    def printed() -> tuple[list[dict], str]:
        told = ran(line)
        return told.json["rows"], told.err

    rows, said = printed()
    assert all(isinstance(row["sentences"], float) for row in rows if row["word"] in ("moved", "roof"))
    assert "not compared" not in said
    write_encoder(folder, output="sentence_embedding")
    rows, said = printed()
    assert all("sentences" not in row for row in rows)
    assert "sentences are not compared: " in said
    assert "has changed" in said
    shutil.rmtree(folder)
    assert "is not here" in printed()[1]
