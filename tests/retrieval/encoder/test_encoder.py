"""Encoders: sums of rows worked out by hand, laws of reading, what a run gives, folders and damage."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.refusals import refused
from tests.retrieval.encoder import reports
from tests.rows import normal_rows

from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.data.run import Run
from selfvec.retrieval.encoder import Encoder, as_encoder
from selfvec.retrieval.encoder.word_lookup import apart, normal


def by_hand() -> Encoder:
    """Two stems in the plane: storm(s) to the east, weighing 2, hail to the north, weighing 1."""
    rows = np.array([[2, 0], [0, 1]], np.float32)
    return Encoder(["storm", "storms", "hail"], np.array([0, 0, 1], np.int32), rows)


@pytest.mark.parametrize(
    ("text", "vector"),
    [
        ("storm", [1, 0]),
        ("Hail, HAIL; hail!", [0, 1]),
        ("A storm's hail hail", [2 / 8**0.5, 2 / 8**0.5]),
        ("storms and hail", [2 / 5**0.5, 1 / 5**0.5]),
        ("stor\u00adms’s", [1, 0]),
        ("storm's's", [0, 0]),
        ("hailstorm", [0, 0]),
        ("", [0, 0]),
        ("\ud800hail\udfff", [0, 1]),
    ],
)
def test_a_text_is_the_unit_sum_of_its_words(text: str, vector: list[float]) -> None:
    assert_allclose(by_hand().encode(text), vector, atol=1e-6)


def test_shapes() -> None:
    encoder = by_hand()
    assert (len(encoder), encoder.dimensions) == (3, 2)
    assert encoder.encode([]).shape == (0, 2)
    assert encoder.encode(["", "hail"]).dtype == np.float32


def test_an_encoder_of_no_words_knows_none(tmp_path: Path) -> None:
    nothing = Encoder([], np.zeros(0, np.int32), np.zeros((0, 3), np.float32))
    assert not nothing.encode(["hail", ""]).any()
    nothing.save(tmp_path / "e")
    assert Encoder.open(tmp_path / "e").encode("hail").shape == (3,)


def test_long_words_are_told_apart() -> None:
    words = ["a" * 16, "a" * 17, "a" * 17 + "b", "é" * 20, "é" * 19 + "e"]
    encoder = Encoder(words, np.arange(5, dtype=np.int32), np.eye(5, dtype=np.float32))
    assert_array_equal(encoder.encode(words), np.eye(5))
    assert not encoder.encode(["a" * 18, "é" * 19, "a" * 15]).any()


def test_long_texts_keep_their_digits() -> None:
    rows = np.array([[1, 1e-3], [0.3, 0.7]], np.float32)
    encoder = Encoder(["a", "b"], np.arange(2, dtype=np.int32), rows)
    exact = rows.astype(np.float64).T @ [200_000, 100_001]
    got = encoder.encode("a b a " * 100_000 + "b")
    assert_allclose(got, exact / np.linalg.norm(exact), atol=2e-7)


@given(st.lists(st.text(max_size=40), max_size=6), st.integers(1, 3))
def test_texts_do_not_know_of_each_other_or_of_threads(texts: list[str], jobs: int) -> None:
    encoder = by_hand()
    texts = [f"{text} hail storm {text}" for text in texts]
    together = encoder.encode(texts, jobs=jobs)
    alone = [encoder.encode(text) for text in texts]
    assert_array_equal(together, np.reshape(alone, (-1, 2)))


def test_any_number_of_threads_gives_the_same_bits(encoder: Encoder) -> None:
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice(encoder.words, 400).tolist()) for _ in range(600)]
    one = encoder.encode(texts, jobs=1)
    assert_array_equal(encoder.encode(texts, jobs=3), one)
    assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-6)


@given(st.text())
def test_the_normal_spelling_is_normal(text: str) -> None:
    once = normal(text)
    assert normal(once) == once


@pytest.mark.parametrize(
    ("wrong", "kind"), [(None, "NoneType"), (b"hail", "bytes"), (["hail"], "list"), (7, "int")]
)
def test_what_is_no_text_is_told(wrong: object, kind: str) -> None:
    refused(lambda: by_hand().encode(["hail", wrong]), InputError, f"number 1 is {kind}")


def test_a_run_gives_its_words_and_their_inflections(encoder: Encoder, report_run: Run) -> None:
    assert {"hail", "roofs", "roof", "roofing", "tornadoes", "county", "ohio", "1.75", "café"} <= set(
        encoder.words
    )
    for stop_word in ("the", "on", "from"):
        assert stop_word not in encoder.words
        assert stop_word in report_run.vectors
    vectors = encoder.encode(["roof", "Roofs", "roofing", "the roof's", "the", "zebra"])
    assert_array_equal(vectors[:4], vectors[[0] * 4])
    assert not vectors[4:].any()


def test_tables_and_dimensions_are_chosen(report_run: Run, encoder: Encoder) -> None:
    both = ["original", "refined"]
    wide, narrow, turned = (Encoder.of(report_run, tables=both, dimensions=d) for d in (None, 8, 47))
    assert (wide.dimensions, narrow.dimensions, turned.dimensions) == (48, 8, 47)
    assert narrow.words == wide.words == encoder.words
    texts = ["hail broke windows", "the river closed the road", "snow near the school"]
    cosines = wide.encode(texts) @ wide.encode(texts).T
    assert_allclose(turned.encode(texts) @ turned.encode(texts).T, cosines, atol=0.02)
    assert not np.allclose(narrow.encode(texts) @ narrow.encode(texts).T, cosines, atol=0.02)
    for tables in ([], ["refined", "newest"]):
        refused(lambda: Encoder.of(report_run, tables=tables), OptionError, "original, refined, topics")
    refused(lambda: Encoder.of(report_run, dimensions=0), OptionError, "dimensions")


def test_rows_are_mean_directions_times_idf(report_run: Run) -> None:
    """Of *road*, which no other word shares its stem with, by the formulas of the docstrings."""
    encoder = Encoder.of(report_run, tables=["refined"], dimensions=None)
    documents = sum("road" in text for text in reports.texts())
    weight = np.log1p((240 - documents + 0.5) / (documents + 0.5))
    row = encoder.rows[encoder.places[list(encoder.words).index("road")]]
    assert_allclose(row, weight * report_run.vectors.get_vector("road", norm=True), atol=1e-6)


def test_a_run_that_forgot_its_tokens_still_gives_an_encoder(report_run: Run) -> None:
    forgetful = report_run.present.replace(tokens=None)
    encoder = Encoder.of(forgetful)
    assert encoder.about["tables"] == ["refined"]
    exact = Encoder.of(report_run, tables=["refined"], dimensions=None)
    assert encoder.words == exact.words
    a, b = (np.linalg.norm(e.rows[e.places], axis=1) for e in (encoder, exact))
    assert np.corrcoef(a, b)[0, 1] > 0.9
    texts = ["hail broke windows", "the river closed the road"]
    assert np.all(np.sum(encoder.encode(texts) * exact.encode(texts), axis=1) > 0.95)


@pytest.mark.parametrize("options", [{"lemmatize": "en", "stop_words": "en"}, {"stem": "en"}])
def test_inflected_words_are_read_where_the_run_has_their_lemma_or_stem(options: dict[str, str]) -> None:
    run = reports.refined(["storms closed roads", "a road closes"] * 9, **options)
    assert not {"storms", "storm"} <= set(run.vectors.index_to_key)
    vectors = Encoder.of(run).encode(["storm", "storms", "roads closed", "road closing"])
    assert_allclose(vectors[0], vectors[1], atol=1e-6)
    assert_allclose(vectors[2], vectors[3], atol=1e-6)
    assert np.all(np.linalg.norm(vectors, axis=1) > 0.99)


def test_words_cut_at_white_space_only() -> None:
    encoder = Encoder.of(reports.refined(["ERR_42: a/b.c! Down", "a/b.c! up"] * 9, tokenizer="whitespace"))
    assert {"err_42:", "a/b.c!"} <= set(encoder.words)
    vectors = encoder.encode(["err_42:", "ERR_42:", "err_42", "A/B.C!"])
    assert_array_equal(vectors[0], vectors[1])
    assert not vectors[2].any()
    assert vectors[3].any()


def test_a_phrase_stands_for_its_words(tmp_path: Path) -> None:
    (tmp_path / "phrases.txt").write_text("flash flood\n", encoding="utf-8")
    texts = ["a flash flood closed the road", "the road was dry", "a flood of mail, not a flash"] * 12
    run = reports.refined(texts, phrases=str(tmp_path / "phrases.txt"))
    table = run.vectors
    encoder = Encoder.of(run, tables=["refined"], dimensions=None)
    assert {"flash", "flood"} <= set(encoder.words)
    weighted = [
        (table.counts[table.key_to_index[key]] + 1) * table.get_vector(key, norm=True)
        for key in ("flash", "flash_flood")
    ]
    mean = np.sum(weighted, axis=0)
    assert_allclose(encoder.encode("flash"), mean / np.linalg.norm(mean), atol=1e-6)


def test_pieces_are_refused(report_run: Run) -> None:
    options = report_run.provenance["options"] | {"tokenizer": "pieces/tokenizer.json"}
    refused(
        lambda: Encoder.of(
            report_run.present.replace(provenance=report_run.provenance.replace(options=options))
        ),
        OptionError,
        "pieces",
    )


def test_a_folder_gives_the_same_bits(tmp_path: Path, encoder: Encoder) -> None:
    encoder.save(tmp_path / "e")
    opened = Encoder.open(tmp_path / "e")
    texts = ["Hail broke the café's windows.", "", "nothing known: xyzzy"]
    assert_array_equal(opened.encode(texts), encoder.encode(texts))
    assert (opened.words, opened.about, len(opened)) == (encoder.words, encoder.about, len(encoder))
    assert as_encoder(tmp_path / "e").dimensions == encoder.dimensions


def _shorten(folder: Path) -> None:
    path = folder / "encoder.safetensors"
    path.write_bytes(path.read_bytes()[:-8])


def _another_word(folder: Path) -> None:
    with (folder / "vocabulary.txt").open("a", encoding="utf-8") as file:
        file.write("one more\n")


def _twice(folder: Path) -> None:
    words = (folder / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    (folder / "vocabulary.txt").write_text("\n".join([words[1], *words[1:]]) + "\n", encoding="utf-8")


def _tell(folder: Path, **changed: object) -> None:
    told = json.loads((folder / "encoder.json").read_text(encoding="utf-8"))
    (folder / "encoder.json").write_text(json.dumps(told | changed), encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        _shorten,
        _another_word,
        _twice,
        lambda folder: _tell(folder, tokenizer="rules"),
        lambda folder: _tell(folder, format=2),
        lambda folder: _tell(folder, about=[1]),
        lambda folder: (folder / "encoder.json").write_text("[" * 100_000),
        lambda folder: (folder / "encoder.json").write_text("[]"),
        lambda folder: (folder / "vocabulary.txt").unlink(),
        lambda folder: (folder / "vocabulary.txt").write_bytes(b"\xff\n"),
    ],
)
def test_damage_is_told(tmp_path: Path, encoder: Encoder, damage) -> None:
    encoder.save(tmp_path / "e")
    damage(tmp_path / "e")
    refused(lambda: Encoder.open(tmp_path / "e"), FormatError)


def test_other_folders_are_told(tmp_path: Path) -> None:
    refused(lambda: as_encoder(tmp_path), InputError, "not the folder of an encoder")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\ufb01re", "fire"),  # a ligature
        ("\uff21\uff22\uff23", "abc"),  # full width
        ("H\u2082O", "h2o"),
        ("cafe\u0301", "café"),
        ("co\u00adoperate", "cooperate"),
        ("don\u02bct", "don't"),
        ("\u2764\ufe0flove", "love"),
        ("fire\u2122", "fire"),  # ™ is a sign between words, and no tm
        ("№\u00a0fire", "fire"),
    ],
)
def test_texts_are_folded_as_those_of_the_run(written: str, read: str) -> None:
    words = ["fire", "abc", "h2o", "café", "cooperate", "don't", "love", "tm", "no"]
    encoder = Encoder(words, np.arange(len(words), dtype=np.int32), np.eye(len(words), dtype=np.float32))
    assert_array_equal(encoder.encode(written), encoder.encode(read))
    assert encoder.encode(read)[words.index(read)] == 1


@pytest.fixture
def fresh() -> Encoder:
    """An encoder that has not warned."""
    return Encoder.of(reports.report_run())


def test_known_words_are_encoded_as_ever(fresh: Encoder) -> None:
    texts = reports.texts()[:20]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_array_equal(fresh.encode_query(texts), fresh.encode(texts))
        assert_array_equal(fresh.encode_document(texts), fresh.encode(texts))


def test_the_nearest_spelling_is_asked(fresh: Encoder) -> None:
    with pytest.warns(UserWarning, match="question 'tornadoo' is known: 'tornado' is asked instead"):
        found = fresh.encode_query("tornadoo")
    assert_array_equal(found, fresh.encode("tornado"))
    assert_array_equal(fresh.encode_query(["villlage xyzzy"])[0], fresh.encode("village"))


@pytest.mark.parametrize("question", ["xyzzy", "", "the of", "99 99", "\U0001f32a", "hai"])
def test_other_questions_are_unlike_every_text(question: str, fresh: Encoder) -> None:
    with pytest.warns(UserWarning, match="nothing is like it"):
        asked = fresh.encode_query(question)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one warning is enough
        assert_array_equal(fresh.encode_query("qqq"), asked)
    assert asked @ asked == pytest.approx(1)
    texts = fresh.encode_document([*reports.texts(), "", "zzz"])
    cosines = texts @ asked
    assert np.abs(cosines[:-2]).max() < 0.5
    assert_allclose(cosines[-2:], -1, atol=1e-5)


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
    rows = normal_rows(500, 12) * np.float32([3] * 6 + [1] * 6)
    rows[:, 11] = 0.3
    direction = apart(rows)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert direction @ direction == pytest.approx(1, abs=1e-5)
    assert (unit @ direction).min() > 0
    assert (unit @ direction).std() < 0.05
    for other in (np.zeros((3, 4), np.float32), np.zeros((0, 4), np.float32), np.float32([[1, 0], [-1, 0]])):
        assert np.linalg.norm(apart(other)) == pytest.approx(1)
