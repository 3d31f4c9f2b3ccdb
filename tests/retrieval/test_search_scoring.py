"""Scores worked out by hand, kernels against what they mean in NumPy, and the share of the dense part."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng
from numpy.testing import assert_allclose, assert_array_equal
from tests.examples import TIMES
from tests.rows import unit

from selfvec.base.compiled import read_only
from selfvec.corpus.fingerprints import _hash
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.quantization import quantised
from selfvec.numerics.rows import add_rows
from selfvec.retrieval import Index, build, documents, kernels, scoring
from selfvec.retrieval.build import Agreement, agreement, dense_share
from selfvec.retrieval.dense_space import DenseSpace, projected
from selfvec.retrieval.documents import GatheredDocuments, IndexedDocuments, Passages, UnitVectors
from selfvec.retrieval.scoring import Scored, Scorer
from selfvec.retrieval.segments import SearchedDocuments
from selfvec.retrieval.snippets import Match, _best_start
from selfvec.text.document_vectors import document_vectors, inverse_document_frequency
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.vocabulary import Vocabulary

PLAIN = Preprocessing(stop_words=None, stem=None)
TEXTS = ["hail hail roof", "ice roof", "invoice paid", "paid paid paid invoice"]
# hail and ice are alike by half; the others are related to themselves only
ROWS = {"hail": [1, 0], "ice": [0.8, 0.6], "roof": [0, 1], "invoice": [0, -1], "paid": [-1, 0]}


def made(owners: list[int] | None = None, texts: list[str] = TEXTS):
    """An index of texts with a known space; idf is 1 in the dense part, so that vectors are plain sums."""
    batch = encode_texts(texts, PLAIN)
    vocabulary = Vocabulary(PLAIN, batch.types)
    rows = np.array([ROWS[name] for name in vocabulary.types], np.float32)
    hail, ice = vocabulary.index["hail"], vocabulary.index["ice"]
    related = {word: [(word, 1.0)] for word in range(len(rows))}
    related[hail].append((ice, 0.5))
    related[ice].append((hail, 0.5))
    passages = np.array(owners or [], np.int32)
    documents = batch.documents - len(passages)
    weights = inverse_document_frequency(batch, documents)
    vectors = document_vectors(batch, rows, np.ones(len(rows), np.float32))
    spans = np.tile(np.array([[0, 1]], np.int32), (len(passages), 1))
    found = GatheredDocuments.of(["x"] * documents)
    of_units = UnitVectors(*quantised(vectors), documents)
    indexed = IndexedDocuments.build(found, batch, Passages(passages, spans), of_units)
    space = DenseSpace(
        rows / weights[:, None], weights, np.zeros(0, np.int32), np.eye(2, dtype=np.float32), related=related
    )
    return vocabulary, Scorer(SearchedDocuments.whole(indexed), space)


def bm25(tf: float, length: int, df: int, mean: float = 11 / 4, documents: int = 4) -> float:
    idf = math.log(1 + (documents - df + 0.5) / (df + 0.5))
    return idf * tf / (tf + 1.2 * (0.25 + 0.75 * length / mean))


@pytest.mark.parametrize(
    ("question", "mode", "hail"),
    [
        ("Hail, roof; hail", "bm25", 2),
        ("hail, hail and hail on the roof", "hybrid", 9 / 5),  # n times count 3 · n / (2 + n)
    ],
)
def test_the_part_of_words_is_bm25_by_hand(question: str, mode: str, hail: float) -> None:
    vocabulary, scorer = made()
    found = scorer.score(vocabulary.parse(question), mode)
    expected = [hail * bm25(2, 3, 1) + bm25(1, 3, 2), bm25(1, 2, 2), 0, 0]
    assert_allclose(found.scores if mode == "bm25" else found.parts[0], expected, rtol=1e-5)
    assert mode != "bm25" or found.found.tolist() == [True, True, False, False]


def test_a_word_and_a_related_one_are_saturated_together() -> None:
    vocabulary, scorer = made(texts=["hail ice ice", "ice roof", "invoice paid", "paid paid paid invoice"])
    found = scorer.score(vocabulary.parse("hail"))
    # Ice counts half, with the idf of hail.
    assert_allclose(found.parts[0], [bm25(1, 3, 1), 0, 0, 0], rtol=1e-5)
    assert_allclose(found.parts[1], [bm25(1 + 0.5 * 2, 3, 1), bm25(0.5, 2, 1), 0, 0], rtol=1e-5)


def test_axes_are_whitened_in_part_and_several_tables_turned_to_common_ones_and_freed() -> None:
    batch = encode_texts(["hail roof ice", "roof roof paid", "invoice hail paid", "ice"], PLAIN)
    rows = default_rng(0).normal(size=(len(batch.types), 4)).astype(np.float32)
    weights = inverse_document_frequency(batch)
    learned, _ = projected([lambda: rows], batch, weights)
    texts = document_vectors(batch, rows, weights).astype(np.float64)
    values, axes = np.linalg.eigh(texts.T @ texts)
    expected = rows @ axes * (values / values.mean() + 0.3) ** -0.15
    assert_allclose(np.abs(learned), np.abs(expected[:, ::-1]), atol=1e-5)
    tables = [lambda: rows[:, :1], lambda: rows[:, 1:]]
    # each table's sums count alike once the whole text has length 1
    assert_allclose(projected(tables, batch, weights)[0], learned, atol=1e-6)
    assert tables == []


def test_dense_is_the_cosine() -> None:
    vocabulary, scorer = made()
    found = scorer.score(vocabulary.parse("hail"), "dense")
    texts = np.array([[2, 1], [0.8, 1.6], [-1, -1], [-3, -1]])
    cosines = texts[:, 0] / np.linalg.norm(texts, axis=1)
    assert_allclose(found.scores, cosines, atol=0.01)  # whole numbers of 127 steps


def test_the_hybrid_is_a_sum_of_standard_deviations_and_one_step_of_feedback() -> None:
    vocabulary, scorer = made()
    asked = vocabulary.parse("hail roof")
    found = scorer.score(asked)
    rows = scorer.documents.dense.at(np.arange(4))

    def z(part):
        return (part - part.mean()) / part.std()

    words, related = found.parts[0], found.parts[1]
    query = np.array([1, 1]) / math.sqrt(2)
    first = 0.25 * z(words) + 0.25 * z(related) + 0.5 * z(rows @ query)
    assert scoring.FEEDBACK >= 4  # all four documents are looked at
    met = [i for i in np.argsort(-first) if words[i] or related[i] or rows[i] @ query != 0]
    toward = rows[met].sum(axis=0)
    moved = query + unit(toward)
    moved = unit(moved)
    expected = 0.25 * z(words) + 0.25 * z(related) + 0.5 * z(rows @ moved)
    assert_allclose(found.scores, expected, atol=2e-3)


def test_a_long_document_is_half_itself_and_half_its_best_passage() -> None:
    texts = [
        "hail roof roof roof",
        "ice roof",
        "hail",
        "roof roof roof",
    ]  # two documents, two passages of one
    vocabulary, scorer = made(owners=[0, 0], texts=texts)
    found = scorer.score(vocabulary.parse("hail"), "bm25")
    one = [bm25(1, length, 1, mean=3, documents=2) for length in (4, 1)]
    assert_allclose(found.scores, [sum(one) / 2, 0], rtol=1e-5)
    assert found.best.tolist() == [0, -1]


@given(st.lists(st.lists(st.integers(0, 6), max_size=12), min_size=1, max_size=8))
def test_postings_are_the_texts_turned_round(texts) -> None:
    ids = np.array([word for text in texts for word in text], np.int32)
    offsets = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    starts, units, numbers = kernels.invert(ids, offsets, 7)
    table = np.array([[text.count(word) for word in range(7)] for text in texts], np.float32)
    for word in range(7):
        part = slice(starts[word], starts[word + 1])
        assert_array_equal(units[part], np.flatnonzero(table[:, word]))
        assert_array_equal(numbers[part], table[units[part], word])


def test_words_that_a_text_says_first_count_more() -> None:
    texts = [["hail"] * 5 + ["ice"] * 15 + ["paid", "roof", "roof", "hail"], ["paid", "hail"]]
    batch = TokenBatch.from_documents(texts)
    starts, _, counts = kernels.invert(*batch.read_only, 4, build.TIMES)
    found = {name: counts[starts[i] : starts[i + 1]].tolist() for i, name in enumerate(batch.types)}
    # Three times if the first of its occurrences is among the first five words, twice among the next fifteen
    assert found == {"hail": [6 * 3, 3], "ice": [15 * 2], "paid": [1, 3], "roof": [2]}


def test_counts_stay_in_sixteen_bits() -> None:
    ids = np.zeros(30_000, np.int32)
    assert kernels.invert(ids, np.array([0, len(ids)]), 1, build.TIMES)[2].tolist() == [65_535]


@given(st.integers(0, 2**32 - 1), st.integers(1, 70_000))
@settings(max_examples=6 * TIMES)
def test_scores_of_many_texts_are_the_formula_to_the_bit(seed, texts) -> None:
    """Texts are scored in blocks; numbers are still added in the order of the words."""
    rng = default_rng(seed)
    ids = np.minimum(rng.geometric(0.3, 2 * texts) - 1, 9).astype(np.int32)
    offsets = np.sort(rng.integers(0, len(ids) + 1, texts + 1))
    offsets[[0, -1]] = 0, len(ids)
    starts, units, counts = kernels.invert(ids, offsets, 10)
    asked = rng.integers(0, 10, (3, 2))  # three words, each with a related one
    like, weights = np.ones((3, 2), np.float32), rng.random(3, np.float32)
    like[:, 1] = rng.random(3, np.float32)
    k = rng.random(texts, np.float32) + np.float32(0.3)
    table = np.zeros((10, texts), np.float32)
    for word in range(10):
        part = slice(starts[word], starts[word + 1])
        table[word, units[part]] = counts[part]
    expected = np.zeros((2, texts), np.float32)
    for (own, other), (_, share), weight in zip(asked, like, weights, strict=True):
        together = table[own] + share * table[other]
        expected += [weight * table[own] / (table[own] + k), weight * together / (together + k)]
    lists = np.stack([starts[asked.ravel()], starts[asked.ravel() + 1]], axis=1)
    asked_for = units, counts, lists, like.ravel(), np.arange(4) * 2, weights, k
    for score in (kernels.score_postings.compiled, kernels.score_postings.instead):
        for parts in (2, 1):  # with related words, and without
            out = rng.random((parts, texts), np.float32)  # what was there does not count
            score(*asked_for, out)
            assert_array_equal(out, expected[:parts])


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=300), st.integers(1, 12))
def test_the_best_documents_are_a_stable_sort(rows, most) -> None:
    scores = np.array([score for score, _ in rows], np.float32)
    allowed = np.array([there for _, there in rows])
    expected = [i for i in sorted(range(len(rows)), key=lambda i: -scores[i]) if allowed[i]][:most]
    rest = np.zeros((0, len(rows)), np.float32)
    assert Scored(scores, allowed, allowed, rest, rest, rest).best_documents(most) == expected


def test_the_stretch_that_says_most() -> None:
    places = np.array([0, 50, 52, 53, 99])
    matches = [Match(word, 1.0, 1.0) for word in (0, 0, 1, 1, 1)]
    assert _best_start(places, matches, 2) == 1  # 50 to 53: both words, one of them twice


def test_products_are_exact_whatever_lies_beside() -> None:
    rng = default_rng(0)
    rows = rng.integers(-127, 128, (50, 128)).astype(np.int8)
    query = rng.integers(-32767, 32768, 128).astype(np.int16)
    scales, units = rng.random(50, np.float32), rng.permutation(50)[:30]
    exact = rows[units].astype(np.int64) @ query.astype(np.int64)
    extreme = np.full((1, 256), -127, np.int8), scales[:1], np.full(256, -32767, np.int16), 1.0
    for products in (kernels.dot_products.compiled, kernels.dot_products.instead):
        found = products(rows[units], scales[units], query, 0.5)
        assert_array_equal(found, exact.astype(np.float32) * (scales[units] * np.float32(0.5)))
        assert products(*extreme)[0] == pytest.approx(127 * 32767 * 256 * scales[0], rel=1e-6)


def test_the_share_grows_with_agreement_within_bounds() -> None:
    shares = [dense_share(Agreement(words)) for words in np.linspace(0, 1, 101)]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.1)
    assert shares[-1] == pytest.approx(0.5)
    assert dense_share(Agreement(0.45)) == pytest.approx(0.3)
    assert dense_share(None) == 0.5


def test_without_vectors_nothing_agrees(storm_run: Run) -> None:
    """Words that the run has no vectors for are found by BM25 and not by dense."""
    texts = [f"xq{i % 25} zv{i % 7}" for i in range(200)]
    index = Index.memory(storm_run, texts)
    assert agreement(index.vocabulary, index.scorer, texts) == Agreement(0)
    assert index.space.share == dense_share(Agreement(0))


def test_copies_are_found_by_both(storm_run: Run, reports: list[str]) -> None:
    """Ten copies of each of ten reports: BM25 and dense both rank the nine others first."""
    texts = [text for text in reports[1:20:2] for _ in range(11)]
    index = Index.memory(storm_run, texts)
    agreed = agreement(index.vocabulary, index.scorer, texts)
    assert agreed.words > 0.85
    assert index.space.share == pytest.approx(0.5)


def test_too_few_documents_or_words(storm_run: Run, reports: list[str]) -> None:
    for texts in (reports[:1], reports[:9], ["hail"] * 100):  # no text of two words or more
        index = Index.memory(storm_run, texts)
        assert agreement(index.vocabulary, index.scorer, texts) is None
        assert index.space.share == 0.5


def test_the_share_does_not_depend_on_case_and_punctuation(storm_run: Run, reports: list[str]) -> None:
    plain = [text.lower().replace(".", "") for text in reports]
    one, other = Index.memory(storm_run, reports), Index.memory(storm_run, plain)
    assert one.space.share == pytest.approx(other.space.share, abs=0.02)


def test_the_share_is_kept_and_used(index: Index) -> None:
    found = index.scores("hail near a farm")
    parts = found.parts[:, : len(found.scores)]
    shares = found.scales * parts.std(axis=1)
    m = index.space.share
    assert_allclose(shares, [(1 - m) / 2, (1 - m) / 2, m], rtol=1e-3)


def test_large_collections_are_scored_again_at_the_top(index: Index, monkeypatch) -> None:
    """The best documents stay the best: only those far below keep the score of the first round."""
    question = "hail broke windows near the school"
    whole = index.scores(question)
    monkeypatch.setattr(scoring, "LARGE", 50)
    monkeypatch.setattr(scoring, "RESCORED", 60)
    monkeypatch.setattr(documents, "SAMPLED", 100)
    part = index.scores(question)
    first, second = (np.argsort(-found.scores, kind="stable") for found in (whole, part))
    assert len(set(first[:10]) & set(second[:10])) >= 9
    again = part.parts[2] == whole.parts[2]
    assert 40 <= again.sum() < len(again)
    assert again[first[:10]].all()
    assert_array_equal(part.parts[:2], whole.parts[:2])


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(0, 60))
@settings(max_examples=30 * TIMES)
def test_numpy_gives_the_same_to_the_bit_as_the_kernels_it_stands_in_for(seed, documents, passages) -> None:
    rng = default_rng(seed)
    units = documents + passages

    def same(kernel, *arguments) -> None:
        results = []
        for function in (kernel.compiled, kernel.instead):
            own = [
                one.copy() if isinstance(one, np.ndarray) and one.flags.writeable else one
                for one in arguments
            ]
            results.append([function(*own), *own])
        for one, other in zip(*results, strict=True):
            assert_array_equal(one, other)

    owners = np.sort(rng.integers(0, documents, passages)).astype(np.int32)
    scores = rng.integers(0, 5, passages).astype(np.float32)  # some are equal
    of_documents = rng.random(documents, np.float32)
    same(kernels.add_best_passages, scores, owners, 0.5, of_documents, np.full(documents, -1, np.int32))

    ids = rng.integers(0, 30, units).astype(np.int32)
    ends = np.sort(rng.integers(0, units + 1, documents))
    rows, weights = rng.standard_normal((30, 16), np.float32), rng.random(30, np.float32)
    same(add_rows, ids, ends, rows, weights, np.zeros((documents - 1, 16), np.float32))

    data = rng.integers(0, 256, 10 * units, dtype=np.uint8)
    bounds = np.sort(rng.integers(0, len(data) + 1, documents + 1))
    same(_hash, read_only(data), bounds[:-1], bounds[1:], np.zeros(documents, np.uint64))


def test_of_much_text_few_documents_are_read_for_stop_words(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["the end", "to be or not to be", "it is to be", "To  be, or not To Be or not to be"] * 3
    index = Index.words_only(texts, Preprocessing(stop_words="en"))
    monkeypatch.setattr("selfvec.retrieval.question._FOR_STOP_WORDS", 40)
    found = index.search("or not to be", mode="bm25")
    assert {hit.text for hit in found.hits} <= {texts[1], texts[3]}
    assert "of so much text 2 documents that have them in a row were read for them" in found.notes
    found = index.search("for of", mode="bm25")
    assert found.hits == []
    assert "of so much text 3 documents from the first on were read for them" in found.notes
    monkeypatch.setattr("selfvec.retrieval.question._FOR_STOP_WORDS", 1)  # the first text is longer
    found = index.search("for of", mode="bm25")
    assert "of so much text 1 documents from the first on were read for them" in found.notes
