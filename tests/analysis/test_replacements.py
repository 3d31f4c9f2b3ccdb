"""Words that can replace a word: by hand, by planted abbreviations, and as results that are kept."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.in_threads import in_threads
from tests.rows import normal_rows

import selfvec
from selfvec import Vectors
from selfvec.analysis.word_neighbours import NARROW, abbreviates, replacement_cosines, replacement_row
from selfvec.data.run import Run
from selfvec.refinement.derived_vectors import narrow_rows, narrow_vectors

VERBS = ["flooded", "hit", "closed", "damaged"]
NOUNS = ["road", "barn", "bridge", "school"]


def texts(number: int = 400) -> list[str]:
    """ "the NOUN was VERB by the thunderstorm near TOWN": nouns replace each other, so do verbs."""
    rng = np.random.default_rng(0)
    towns = [f"town{i}" for i in range(20)]
    made = []
    for i in range(number):
        noun, verb, town = (str(rng.choice(words)) for words in (NOUNS, VERBS, towns))
        storm = "tstm" if i % 3 == 0 else "thunderstorm"
        made.append(f"the {noun} was {verb} by the {storm} near {town} and hail of {i % 7} inches fell")
    return made


@pytest.fixture(scope="module")
def folder(own: Path) -> Path:
    path = own / "run"
    selfvec.Refiner(method="decorrelated").fit(texts(), "none").save(path)
    return path


def six_words() -> Run:
    """ "a x b", "a y b" and a third text; a and b have the axes as vectors, so sums can be read."""
    documents = [["a", "x", "b"], ["a", "y", "b"], ["c", "z"]]
    batch = selfvec.TokenBatch.from_documents(documents)
    rows = np.eye(6, dtype=np.float32)
    vectors = Vectors(batch.types, rows, counts=batch.counts, normalized=True)
    return Run(vectors, Vectors(vectors, rows), provenance={"method": "decorrelated"}, tokens=batch)


def test_words_in_the_same_place_have_the_same_row() -> None:
    run = six_words()
    a, x, b, y, c, z = narrow_rows(run.tokens, run.vectors.unit).astype(np.float64)
    assert_allclose(x, y, atol=1e-5)
    assert_allclose(np.linalg.norm([a, x, b, y, c, z], axis=1), 1, atol=1e-5)
    assert x @ y > 0.999 > max(x @ other for other in (a, b, c, z))
    # cos R is 0 for two axes; cos N is 1.
    cosines = replacement_cosines(run, run.vectors.key_to_index["x"])
    assert_allclose(cosines[run.vectors.key_to_index["y"]], NARROW / (1 + NARROW), atol=1e-5)
    assert_allclose(cosines[run.vectors.key_to_index["x"]], 1, atol=1e-5)


def test_nouns_replace_nouns(folder: Path) -> None:
    run = selfvec.open_run(folder)
    found = run.similar("road", as_="replacement", top=3)["rows"]
    assert {term for term, _ in found[0]["neighbours"]} == {"barn", "bridge", "school"}
    assert (found[0]["state"], found[0]["as"]) == ("refined", "replacement")
    verbs = {term for term, _ in run.similar("hit", as_="replacement", top=3)["rows"][0]["neighbours"]}
    assert verbs == set(VERBS) - {"hit"}


def test_an_abbreviation_and_its_word_find_each_other(folder: Path) -> None:
    run = selfvec.open_run(folder)
    for word, other in (("tstm", "thunderstorm"), ("thunderstorm", "tstm")):
        row = run.similar(word, as_="replacement", top=5)["rows"][0]
        assert row["neighbours"][0][0] == other
        assert row["abbreviations"] == [other]


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        ("tstm", "thunderstorm", True),
        ("ACFT", "Aircraft", True),
        ("apch", "approach", True),
        ("temp", "temperature", True),
        ("apch", "apching", True),
        ("apch", "apchs", False),
        ("storm", "snowstorm", False),  # contains it
        ("cat", "attic", False),  # another first letter
        ("stmt", "thunderstorm", False),
        ("kt", "kts", False),
        ("thunde", "thunderstorm", False),  # too long
        ("f0", "football", False),
        ("t", "tornado", False),
    ],
)
def test_letters_of_abbreviations(short: str, long: str, expected: bool) -> None:
    assert abbreviates(short, long) is expected


def test_a_word_of_its_own_does_not_abbreviate_those_that_begin_with_it() -> None:
    words = ["rain", "rainfall", "rn", *"bcdefghijklm"]
    rows = normal_rows(len(words), 8)
    rows[1:3] = rows[0] + 0.1 * rows[1:3]
    batch = selfvec.TokenBatch.from_documents([words])
    vectors = Vectors(words, rows, counts=batch.counts)
    run = Run(vectors, Vectors(vectors, rows), provenance={"method": "decorrelated"}, tokens=batch)
    assert replacement_row(run, 0, 5)["abbreviations"] == ["rn"]


def ranked(*words: str) -> Run:
    """A run of words that are near the first one, each less than the one before."""
    rows = np.eye(len(words), dtype=np.float32) * 0.1
    rows[:, 0] = 1 - 0.05 * np.arange(len(words))
    batch = selfvec.TokenBatch.from_documents([list(words)] * 5)
    vectors = Vectors(list(words), rows, counts=batch.counts)
    return Run(vectors, Vectors(vectors, rows), provenance={"method": "decorrelated"}, tokens=batch)


def replacements(*words: str) -> list[str]:
    return [term for term, _ in replacement_row(ranked(*words), 0, 9)["neighbours"]]


def test_stop_words_replace_only_stop_words() -> None:
    assert "it" not in replacements("tornado", "it", "the", "funnel")
    assert "the" in replacements("it", "tornado", "the", "funnel")


def test_other_parts_of_speech_do_not_replace_a_word() -> None:
    pytest.importorskip("textblob")
    found = replacements("tornado", "briefly", "traveled", "several", "report", "landspout")
    assert set(found) == {"report", "landspout"}  # a noun, and a word that the lexicon lacks
    assert replacements("traveled", "tornado", "moved", "briefly") == ["moved"]
    assert replacements("quickly", "tornado", "briefly", "quick") == ["briefly"]
    assert "briefly" in replacements("gustnado", "briefly")  # nothing is known about it


def test_without_the_lexicon_stop_words_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.text.tagger.english_lexicon", dict)
    assert replacements("tornado", "briefly", "it") == ["briefly"]


def test_rows_do_not_depend_on_threads_or_on_the_folder(folder: Path) -> None:
    run = selfvec.open_run(folder)
    rows = [in_threads(jobs, narrow_rows, run.tokens, run.vectors.unit) for jobs in (1, 2, 3)]
    assert_array_equal(rows[0], rows[1])
    assert_array_equal(rows[0], rows[2])
    half = rows[0].astype(np.float16)  # as they are kept
    assert_array_equal(narrow_vectors(run.present).vectors, half)
    memory = run.present.replace(folder=None)
    assert_array_equal(narrow_vectors(memory.present).vectors, half)
