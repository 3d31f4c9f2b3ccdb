"""Topics: planted subjects found again, shares by hand, k-means' laws, the same for the same seed."""

import numpy as np
import polars as pl
import polars.testing
import pytest
from numpy.random import default_rng
from tests.analysis.concepts.subjects import subject_table
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.concepts.document_topics import document_table
from selfvec.analysis.concepts.terms import AROUND, coherence, terms
from selfvec.analysis.kernels import sum_of_rests
from selfvec.base.errors import InputError, OptionError, SelfvecError
from selfvec.data.run import Run
from selfvec.text.document_vectors import inverse_document_frequency


def test_planted_subjects_are_the_topics(subject_run: Run, subject_of: dict[str, str]) -> None:
    found = topics(subject_run, 4)
    assert len(found) == 4
    for row in found.topics:
        assert len({subject_of[term] for term, _ in row.terms}) == 1
        named = [name.replace(" ", "_") for name in row.name.split(", ")]
        assert {subject_of[name] for name in named} == {subject_of[row.terms[0][0]]}
        assert len(named) == 3
    assert sum(row.share for row in found.topics) == pytest.approx(1.0)
    assert [row.documents for row in found.topics] == [120, 60, 60, 60]
    assert {subject_of[found.topics[0].terms[0][0]]} == {"storm"}
    assert found.of_documents[[0, 2, 5]].tolist() == [0, 0, 0]
    assert len({*found.of_documents[[1, 3, 4]].tolist(), 0}) == 4
    assert sum(row.size for row in found.topics) == len(subject_of)
    # Every word of the run belongs to the topic of its subject, phrases too.
    words = subject_run.vectors.key_to_index
    for word, subject in subject_of.items():
        label = int(found.labels[words[word]])
        assert subject_of[found.topics[label].terms[0][0]] == subject


def test_the_number_is_the_least_that_is_nearly_best(subject_texts: list[str]) -> None:
    run = selfvec.Refiner(method="decorrelated", window=9).fit(subject_texts[:150], subject_table()).run_
    found = topics(run)
    best = max(found.tried.values())
    assert len(found) == next(k for k, value in found.tried.items() if value >= 0.95 * best) == 4
    assert found.silhouette == found.tried[len(found)]
    assert topics(run).as_dict() == found.as_dict()


def test_documents_without_words_belong_to_no_topic(subject_texts: list[str]) -> None:
    model = selfvec.Refiner(method="decorrelated", window=9, stop_words="en")
    run = model.fit([*subject_texts[:100], "and the", *subject_texts[100:]], subject_table()).run_
    found = topics(run, 4)
    assert found.of_documents[100] == -1
    assert found.documents == 301
    assert sum(row.documents for row in found.topics) == 300


@pytest.mark.parametrize("method", ["original", "online"])
def test_any_method_has_topics(subject_texts: list[str], subject_of: dict[str, str], method: str) -> None:
    run = selfvec.Refiner(method=method, window=9).fit(subject_texts, subject_table()).run_
    for row in topics(run, 4).topics:
        assert len({subject_of[term] for term, _ in row.terms[:5] if term in subject_of}) == 1


def test_coherence_by_hand() -> None:
    # "a" begins a formula of seven words; "x" follows in half of the documents, "y" in the others.
    formula = ["a", "b", "c", "d", "e", "f", "g"]
    batch = selfvec.TokenBatch.from_documents([[*formula, *[own] * 3] for own in "xy" * 40])
    rows = np.eye(len(batch.types), dtype=np.float32)
    idf = inverse_document_frequency(batch)
    places = np.array([batch.types.index(word) for word in "ax"])
    found = coherence(batch, rows, idf, places, np.full(2, AROUND))
    weights = dict(zip(batch.types, idf.tolist(), strict=True))
    whole = np.array([*(weights[word] for word in formula), 3 * weights["x"]])
    mean = 3 * weights["x"] / np.linalg.norm(whole) / 2  # of all documents, along "x" and along "y"
    beside = np.array([weights[word] for word in formula]) / np.linalg.norm(whole)
    of_a = [np.array([1 - mean, -mean, *-beside]), np.array([-mean, 1 - mean, *-beside])]
    pairs = [(of_a[i % 2], of_a[j % 2]) for i in range(80) for j in range(80) if i != j]
    assert found[0] == pytest.approx(np.mean([a @ b for a, b in pairs]) / (of_a[0] @ of_a[0]), abs=1e-5)
    assert np.isnan(found[1])  # nothing is left of its documents but one word


def test_words_of_signatures_are_left_out_of_documents() -> None:
    """Two subjects of forty words, and three formulas that any document may end with."""
    rng = default_rng(0)
    words = [f"{kind}{i}" for kind in ("ship", "bread") for i in range(40)]
    ends = ["Kind regards Otto Berg", "Sent from my telephone", "Yours sincerely Junia Hama"]
    kinds = rng.integers(0, 2, 600)
    texts = [
        f"{' '.join(rng.choice(words[40 * k : 40 * k + 40], 9))}. {ends[rng.integers(3)]}" for k in kinds
    ]
    found = topics(selfvec.refine(texts, vectors="none", method="decorrelated"))
    assert found.subjects is not None
    for topic in range(len(found)):
        of = kinds[found.of_documents == topic]
        assert of.mean() in (0, 1)
    names = " ".join(row.name for row in [*found.topics, *found.subjects.topics])
    assert not {"regards", "otto", "telephone", "sincerely", "junia"} & {*names.lower().split()}


def test_words_of_formulas_are_in_no_name(subject_texts: list[str]) -> None:
    """Senders, months and words of a formula occur twice in a document, as subjects do, but in any one."""
    rng = default_rng(0)
    formula = ["erin", "dave", "resulted", "july", "settembre", "three"]
    texts = [
        f"{word} {text} {word}" for word, text in zip(rng.choice(formula, 300), subject_texts, strict=True)
    ]
    run = selfvec.Refiner(method="decorrelated", window=9).fit(texts, subject_table()).run_
    for row in topics(run, 4).topics:
        assert not {*row.name.split(", ")} & {*formula}


def test_stop_words_numbers_and_rare_words_are_no_terms() -> None:
    texts = (
        ["the 1995 hail hail of the of hail"] * 3 + ["roof roof roof wind"] * 6 + ["other things here"] * 30
    )
    run = selfvec.Refiner(method="original").fit(texts, "none").run_
    assert set(terms(run.present, 10, min_count=5).names) == {"roof", "wind"}
    assert "hail" in terms(run.present, 10, min_count=3).names
    assert not set(terms(run.present, 10, min_count=1).names) & {"the", "of", "1995", "other", "here"}


def test_what_cannot_be_grouped(subject_run: Run) -> None:
    refused(lambda: topics(subject_run, 999), OptionError, r"number: is at most \d+, .* not 999")
    few = selfvec.Refiner(method="original").fit(["hail fell here", "rain fell there"] * 3, "none").run_
    refused(lambda: topics(few), InputError, "are terms")
    others = ["wind rose", "rain came", "snow lay", "fog hung", "sleet ran"]
    hail = selfvec.refine([f"the hail is here {i}" for i in range(5)] + others, "none", "original")
    refused(lambda: topics(hail), InputError, "only 1 word is a term that occurs in 5 documents")


def test_seed_words_stay_together_and_steer_the_others(subject_run: Run, subject_of: dict[str, str]) -> None:
    """Words of one subject are kept apart, each with a topic of its own; the other subjects are as before."""
    found = topics(subject_run, 5, seed_words="bread,oven; yeast")
    rows = {tuple(row["seed_words"]): row for row in found.rows}
    assert set(rows) == {("bread", "oven"), ("yeast",), ()}
    words = subject_run.vectors.key_to_index
    of = {word: int(found.labels[words[word]]) for word in ("bread", "oven", "yeast")}
    assert (
        of["bread"] == of["oven"] == rows["bread", "oven"]["topic"] != of["yeast"] == rows["yeast",]["topic"]
    )
    left = [row for row in found.rows if not row["seed_words"]]
    assert {frozenset(subject_of[term] for term in row["terms"]) for row in left} == {
        frozenset({name}) for name in ("storm", "money", "garden")
    }
    assert topics(subject_run, 5, seed_words=[["bread", "oven"], ["yeast"]]).as_dict() == found.as_dict()
    assert len(topics(subject_run, seed_words="bread;hail;loan;rose;yeast")) >= 5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("hail;hail", "two groups"),
        ("hail;;loan", "without words"),
        (";", "without words"),
        (["hail"], "a list of groups"),
        ("hail;loan;rose", "at least 3"),
        ("hial", "did you mean hail"),
    ],
)
def test_seed_words_that_cannot_be_used(subject_run: Run, given: str | list[str], message: str) -> None:
    refused(lambda: topics(subject_run, 2, seed_words=given), SelfvecError, message)


def test_new_texts_get_the_topics_of_the_run(subject_run: Run, subject_texts: list[str]) -> None:
    """The run's own documents, given as new ones, have the rows that they have in the run."""
    new = [{"id": f"n{i}", "text": text} for i, text in enumerate(subject_texts)]
    new.append({"id": "unknown", "text": "xylophone"})
    found = topics(subject_run, 4, assign=pl.DataFrame(new))
    own = document_table(subject_run, found)
    assert found.assigned["id"].to_list() == [row["id"] for row in new]
    columns = ["document", "topic", "name", "share"]
    polars.testing.assert_frame_equal(found.assigned[:-1].select(columns), own.select(columns))
    assert found.assigned["topic"][-1] is None
    cosines = found.transform([row["text"] for row in new])
    assert cosines.shape == (301, 4)
    assert cosines[:-1].argmax(axis=1).tolist() == own["topic"].to_list()
    assert not cosines[-1].any()


@pytest.mark.parametrize("seed", range(5))
def test_rests_are_sums_without_the_words_around_an_occurrence(seed: int) -> None:
    rng = default_rng(seed)
    lengths = rng.integers(0, 14, 12)
    offsets = np.append(0, np.cumsum(lengths))
    ids = rng.integers(0, 6, offsets[-1]).astype(np.int32)
    owner = np.repeat(np.arange(12), lengths)
    rows, weights = rng.standard_normal((6, 4)).astype(np.float32), rng.random(6).astype(np.float32)
    weighted = (weights[:, None] * rows)[ids]
    sums = np.stack([weighted[owner == document].sum(axis=0) for document in range(12)]).astype(np.float32)
    places = np.flatnonzero(ids == 0)
    having = np.unique(owner[places])
    chosen = np.array([np.searchsorted(places, offsets[document]) for document in having])
    expected, enough = np.zeros(4), 0
    for document in having:
        inside = np.flatnonzero(owner == document)
        near = np.abs(inside[:, None] - places[owner[places] == document]).min(axis=1) <= 2
        if np.count_nonzero(~near) >= 3:
            rest = weighted[inside[~near]].astype(np.float64).sum(axis=0)
            expected += rest / np.linalg.norm(rest)
            enough += 1
    total = np.zeros(4)
    args = (places, chosen, 2, 3, ids, offsets, owner, rows, weights, sums, np.zeros(4, np.float32), total)
    assert sum_of_rests(*args) == (enough, enough)
    np.testing.assert_allclose(total, expected, atol=1e-5)
