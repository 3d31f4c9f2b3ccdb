"""One contract over every baseline, what each must keep of its paper, and the table they stand in."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.in_threads import in_threads
from tests.rows import normal_rows

from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.lab.evaluation.baselines import BASELINES, check_names, find_baseline, train
from selfvec.lab.training import Entries, Model, descend, distinct_keys, write_lines
from selfvec.numerics.rows import unit_rows

# Two topics that share no word but the glue.
TOPICS = (["hail", "wind", "gust", "storm", "roof", "tree"], ["cash", "loan", "bank", "rent", "fund", "bill"])
GLUE = ["the", "of", "and"]


@pytest.fixture(scope="module")
def planted() -> TokenBatch:
    """400 documents of a dozen words, each on one topic, with some glue."""
    rng = np.random.default_rng(0)
    documents = []
    for i in range(400):
        words = rng.choice(TOPICS[i % 2], 9).tolist() + rng.choice(GLUE, 3).tolist()
        documents.append([words[k] for k in rng.permutation(12)])
    return TokenBatch.from_documents(documents)


@pytest.fixture(scope="module")
def start(planted: TokenBatch) -> Vectors:
    """Random directions that say nothing about the topics; none for one word of each."""
    rows = normal_rows(len(planted.types), 24, 1)
    unknown = [planted.types.index(topic[-1]) for topic in TOPICS]
    rows[unknown] = 0
    sources = np.full(len(rows), Source.KNOWN, np.uint8)
    sources[unknown] = Source.NONE
    return Vectors(planted.types, unit_rows(rows), sources=sources, normalized=True)


def apart(vectors: Vectors) -> tuple[float, float]:
    """Mean cosine of words of one topic, and of words of two."""
    rows = [[vectors.key_to_index[word] for word in topic] for topic in TOPICS]
    cosines = vectors.unit @ vectors.unit.T
    pairs = [cosines[i, j] for own in rows for i in own for j in own if i != j]
    return float(np.mean(pairs)), float(np.mean(cosines[np.ix_(*rows)]))


@pytest.mark.parametrize("name", BASELINES)
def test_words_of_one_topic_end_nearer_than_words_of_two(name: str, planted, start) -> None:
    made = BASELINES[name](planted, start)
    assert made.index_to_key == list(planted.types)
    assert made.vectors.shape == start.vectors.shape
    assert made.vectors.dtype == np.float32
    lengths = np.linalg.norm(made.vectors, axis=1)
    assert_allclose(lengths[lengths > 0], 1, atol=1e-5)
    assert set(made.sources[lengths > 0]) == {Source.CONTEXT}
    within, between = apart(made)
    if name == "paper":  # what all words share draws them to one point: docs/results/collapse.md
        assert within > between > 0.99
    else:
        assert within > between + 0.02


@pytest.mark.parametrize("name", BASELINES)
def test_a_seed_gives_the_same_vectors_with_one_thread_and_inputs_stay(name: str, planted, start) -> None:
    ids, rows = planted.ids.copy(), start.vectors.copy()
    one, same = (in_threads(1, BASELINES[name], planted, start, seed=3) for _ in range(2))
    assert_array_equal(one.vectors, same.vectors)
    assert_array_equal(planted.ids, ids)  # the inputs stay as they are
    assert_array_equal(start.vectors, rows)


@pytest.mark.parametrize("name", ["glove", "word2vec-cbow"])
def test_another_seed_gives_others(name: str, planted, start) -> None:
    one, other = (BASELINES[name](planted, start, seed=seed) for seed in (0, 1))
    assert not np.array_equal(one.vectors, other.vectors)


@pytest.mark.parametrize("name", ["word2vec-sg", "word2vec-cbow", "fasttext"])
def test_continuing_keeps_more_of_the_original_than_starting_anew(name: str, planted, start) -> None:
    known = start.sources == Source.KNOWN

    def kept(baseline: str) -> float:
        cosines = np.einsum("ij,ij->i", BASELINES[baseline](planted, start).vectors, start.vectors)
        return float(cosines[known].mean())

    assert kept(f"{name}-continued") > kept(name) + 0.1


def test_one_step_of_glove_by_hand() -> None:
    w, c = np.array([[0.5, 0.1]], np.float32), np.array([[-0.25, 0.2]], np.float32)
    squares = np.ones((2, 1, 2), np.float32)
    entry = np.zeros(1, np.int32)
    target, weight = np.array([1], np.float32), np.array([0.5], np.float32)
    entries = Entries(entry, entry, target, weight)
    model = Model(w, c, *squares)
    descend(np.array([0]), entries, model, np.float32(0.05))
    error = 0.5 * (0.5 * -0.25 + 0.1 + 0.2 - 1)
    step_w = error * -0.25
    # the context is its own word here, whose row has just moved when the context's gradient is taken
    assert_allclose(w[0], [0.5 - 0.05 * step_w, 0.1 - 0.05 * error], rtol=1e-5)
    assert_allclose(squares[0, 0], [1 + step_w**2, 1 + error**2], rtol=1e-5)
    assert c[0, 1] == pytest.approx(0.2 - 0.05 * error)


def test_ppmi_svd_gives_back_the_matrix_it_factorises(planted, start) -> None:
    """With as many dimensions as words U·Σ^½ has the singular values of the matrix, to the half."""
    from selfvec.cooccurrence.counts import count, ppmi_matrix

    rows = BASELINES["ppmi-svd"].train(planted, start, 0)
    dense = ppmi_matrix(count(planted, 11)).times(np.eye(len(planted.types), dtype=np.float32))
    values = np.linalg.svd(dense.astype(np.float64), compute_uv=False)
    found = np.sort((rows**2).sum(axis=0))[::-1][: len(values)]
    assert_allclose(found, values, atol=1e-3)


def test_long_documents_are_lines_that_gensim_reads_whole(tmp_path) -> None:
    batch = TokenBatch(np.zeros(25_000, np.int32), np.array([0, 0, 4, 25_000]), ["hail storm"])
    keys = distinct_keys(batch.types)
    lines = write_lines(batch, keys, tmp_path / "text.txt")
    read = (tmp_path / "text.txt").read_text("utf-8").splitlines()
    assert lines == len(read)
    assert [len(line.split()) for line in read] == [4, 10_000, 10_000, 4_996]


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    with pytest.raises(OptionError, match="magic") as caught:
        check_names(["glove", "magic"])
    for name in (*BASELINES, "encoder:MODEL", "all"):
        assert name in str(caught.value)
    with pytest.raises(OptionError):
        find_baseline("encoder:")


def test_all_are_all_and_what_is_in_the_table_anyway_is_not_trained() -> None:
    assert check_names(["all"]) == list(BASELINES)
    assert check_names(["original", "glove", "bm25", "glove", "paper"]) == ["glove", "paper"]


@pytest.fixture
def run(planted, start) -> Run:
    kept = Vectors(planted.types, start.vectors, counts=planted.counts, normalized=True)
    return Run(kept, start, provenance={"options": {"tokenizer": "whitespace"}}, tokens=planted)


def test_trained_on_a_run_is_trained_on_its_tokens_and_says_what_it_took(run, planted, start) -> None:
    made = in_threads(1, train, run, ["glove", "original", "paper"], seed=2)
    assert list(made) == ["glove", "paper"]
    for name, vectors in made.items():
        here = in_threads(1, BASELINES[name], planted, start, seed=2)
        assert_allclose(vectors.vectors, here.vectors, atol=1e-6)
        assert_array_equal(vectors.sources, here.sources)
        assert vectors.index_to_key == list(planted.types)
        assert vectors.provenance["options"] == {"tokenizer": "whitespace"}
        assert vectors.provenance["seconds"] > 0
