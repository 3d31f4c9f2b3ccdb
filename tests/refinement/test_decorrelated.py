"""The decorrelated update: the scan against its formula; laws of base, whitening, anchor and passes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.cooccurrence.plain import count_reference, linear_reference
from tests.in_threads import in_threads
from tests.refinement.problems import finished, random_problem

import selfvec
from selfvec.cooccurrence.scan import REBUILD, ScanOperator
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import anisotropy, unit_rows
from selfvec.numerics.whitening import whitening
from selfvec.refinement.decorrelation import Base, base_vectors
from selfvec.refinement.health import effective_rank
from selfvec.refinement.methods.decorrelated import (
    AGREES,
    FULL,
    LITTLE,
    PER_PIECE,
    Anchors,
    DecorrelatedRefinement,
    Trust,
    pull_to_base,
)

RNG = np.random.default_rng(0)


def test_scan_over_a_long_corpus_and_any_number_of_threads() -> None:
    batch, original = random_problem(1, 5 * REBUILD + 17, 300, 256, 12, 0.1)
    table = original.unit
    scan = ScanOperator(batch, 11, 0.4)
    one = in_threads(1, scan.apply, table)
    assert_allclose(one, linear_reference(count_reference(batch, 11), table, 0.4), atol=2e-5)
    for jobs in (2, 3, 8):
        assert_array_equal(in_threads(jobs, scan.apply, table), one)


def test_a_shared_direction_leaves_the_base_and_a_good_table_stays() -> None:
    spread = unit_rows(RNG.standard_normal((500, 20)))
    known = np.ones(500, bool)
    assert_allclose(base_vectors(spread, known), spread, atol=1e-6)
    shared = unit_rows(spread + 1.5 * spread[0])
    assert anisotropy(shared) > 0.3
    base = base_vectors(shared, known)
    assert abs(anisotropy(base)) < 0.02
    assert_allclose(np.linalg.norm(base, axis=1), 1, atol=1e-5)


def test_any_rows_of_the_base_equal_those_of_the_whole() -> None:
    rows = unit_rows(RNG.standard_normal((9000, 32)) + 1)
    known = RNG.random(9000) < 0.7
    base, whole = Base.of(rows, known), base_vectors(rows, known)
    assert not whole[~known].any()
    some = RNG.choice(9000, 100)
    assert_allclose(base[10:8192], whole[10:8192], atol=1e-6)
    assert_allclose(base[some], whole[some], atol=1e-6)
    out = np.zeros_like(rows)
    base.copy_to(out, known)
    assert_array_equal(out, whole)


def test_full_whitening_makes_the_covariance_one_and_keeps_the_orientation() -> None:
    mixed = (RNG.standard_normal((2000, 6)) @ RNG.standard_normal((6, 6)) + 3).astype(np.float32)
    shift, whitener = whitening(mixed, 0.5)
    white = (mixed - shift) @ whitener
    assert_allclose(np.cov(white.T, bias=True), np.eye(6), atol=1e-3)
    assert_allclose(white.mean(axis=0), 0, atol=1e-4)
    cross = (mixed - mixed.mean(axis=0)).T @ white / len(white)
    assert_allclose(cross, cross.T, atol=1e-2)  # symmetric: no rotation
    assert np.linalg.eigvalsh((cross + cross.T) / 2).min() > 0


def test_the_anchor_holds_rare_words_and_lets_frequent_ones_go() -> None:
    table, base = unit_rows(RNG.standard_normal((3, 8))), unit_rows(RNG.standard_normal((3, 8)))
    strengths = np.array([2.0, 2.0, 0.0], np.float32)
    out = table.copy()
    pull_to_base(out, base, np.array([0, 10**9, 5]), strengths)
    assert_allclose(out[0], base[0], atol=1e-6)
    assert_allclose(out[1], unit_rows((table[1] + 2 * base[1])[None])[0], atol=1e-6)
    assert_array_equal(out[2], table[2])


def problem(seed: int = 3, oov: float = 0.2) -> tuple[selfvec.TokenBatch, Vectors]:
    return random_problem(seed, 6000, 200, 32, 60, oov)


@pytest.mark.parametrize("jobs", [1, 3])
def test_composed_words_follow_their_parts_less_the_more_they_have(jobs: int) -> None:
    batch, original = random_problem(3, 4000, 40, 16, 80, 0.0)
    sources = np.full(40, Source.KNOWN, np.uint8)
    sources[::4] = Source.SUBWORDS
    kept = []
    for parts in (2, 3, 6):
        pieces = np.where(sources == Source.SUBWORDS, parts, 1).astype(np.uint8)
        start = Vectors(batch.types, original.vectors, sources=sources, normalized=True, pieces=pieces)
        refined = in_threads(jobs, finished, DecorrelatedRefinement(batch, start, window=5))
        assert_array_equal(refined.sources, sources)
        kept.append(np.mean(np.einsum("ij,ij->i", refined.table, refined.anchors.base[:])[::4]))
    assert kept == sorted(kept, reverse=True)
    assert kept[0] - kept[2] > 0.05
    free = in_threads(jobs, finished, DecorrelatedRefinement(batch, start, window=5, anchor=0.0))
    assert np.mean(np.einsum("ij,ij->i", free.table, free.anchors.base[:])[::4]) < kept[2]
    assert_allclose(np.linalg.norm(refined.table, axis=1), 1, atol=1e-5)


def test_compositions_that_the_text_contradicts_lose_their_pull() -> None:
    batch, original = random_problem(3, 4000, 40, 16, 80, 0.0)
    sources, pieces = np.full(40, Source.KNOWN, np.uint8), np.ones(40, np.uint8)
    sources[0], pieces[0] = Source.SUBWORDS, 2
    start = Vectors(batch.types, original.vectors, sources=sources, normalized=True, pieces=pieces)
    free = finished(DecorrelatedRefinement(batch, start, window=5, anchor=0.0)).table[0]
    for sign, expected in ((1, 0.9), (-1, 0.0)):  # what the text says, or its opposite
        rows = np.array(original.unit)
        rows[0] = sign * free
        start = Vectors(batch.types, rows, sources=sources, normalized=True, pieces=pieces)
        refined = finished(DecorrelatedRefinement(batch, start, window=5))
        agreement = float(refined.table[0] @ refined.anchors.base[:][0])
        assert agreement > expected if sign > 0 else agreement < expected


def test_the_last_step_of_composed_words_equals_its_formula() -> None:
    words = ["abc", "def", "ghi", "jkl"]  # no shared n-grams: spelling changes nothing
    counts = np.array([400, 60, 20, 1])
    sources = np.array([Source.KNOWN, *[Source.SUBWORDS] * 3], np.uint8)
    start = Vectors(
        words,
        unit_rows(RNG.standard_normal((4, 8))),
        sources=sources,
        normalized=True,
        pieces=np.array([1, 2, 3, 2], np.uint8),
    )
    anchors = Anchors(start)
    base = anchors.base[:]
    rows = unit_rows(base + unit_rows(RNG.standard_normal((4, 8))))
    rows[1] = -base[1]  # the text contradicts the composition
    moved = rows.copy()
    anchors.finish(moved, selfvec.TokenBatch.of_counts(words, counts), anchor=3.0)
    evidence = counts / (counts + 20)
    agrees = np.clip(np.sum(rows * base, axis=1) / AGREES, 0, 1) ** 2
    pull = 3.0 * FULL.composed * PER_PIECE ** np.array([0, 0, 1, 0]) * (1 - evidence * (1 - agrees))
    expected = unit_rows(rows + pull[:, None] * base)
    assert_allclose(moved[1:], expected[1:], atol=1e-5)
    assert pull[1] == pytest.approx(2 * 20 / 80)


def test_spelling_moves_rare_composed_words_more() -> None:
    words = ["storm", "storms", "stormy", "stormed", "kilo"]
    rows = np.eye(5, 8, dtype=np.float32)
    sources = np.array([Source.KNOWN, *[Source.SUBWORDS] * 3, Source.KNOWN], np.uint8)
    start = Vectors(words, rows, sources=sources, normalized=True)
    shares = []
    for count in (1, FULL.doubt, 1000):
        moved = rows.copy()
        counts = np.array([4000, count, count, count, 4000])
        Anchors(start).finish(moved, selfvec.TokenBatch.of_counts(words, counts), anchor=0.0)
        shares.append(float(np.mean(moved[1:4, 0])))  # of *storm*
    assert shares == sorted(shares, reverse=True)
    assert shares[1] > 0.1 > shares[2]


@pytest.mark.parametrize(("composed_tokens", "trust"), [(49, FULL), (50, FULL), (51, LITTLE)])
def test_spelling_is_trusted_little_where_the_vectors_know_less_than_half_of_the_text(
    composed_tokens: int, trust: Trust
) -> None:
    sources = np.array([Source.KNOWN, Source.SUBWORDS, Source.SUBWORDS], np.uint8)
    pieces = np.array([1, 2, 0], np.uint8)  # the last one is a phrase of words, which the vectors know
    start = Vectors(["a", "b", "c d"], np.eye(3), sources=sources, normalized=True, pieces=pieces)
    assert Anchors(start).trust(np.array([30, composed_tokens, 70 - composed_tokens])) is trust


def test_passes_do_not_collapse() -> None:
    batch, original = problem()
    table = finished(DecorrelatedRefinement(batch, original, window=9, passes=8, anchor=0)).table
    assert abs(anisotropy(table)) < 0.05
    assert effective_rank(table) > 20


@pytest.mark.parametrize("method", ["paper", "online", "decorrelated", "auto", "original"])
def test_every_method_keeps_the_contract(method: str, storms: list[str], storm_vectors, tmp_path) -> None:
    model, again = (
        selfvec.Refiner(method, window=9, history="pass").fit(storms, storm_vectors) for _ in range(2)
    )
    assert_array_equal(model.vectors_.vectors, again.vectors_.vectors)
    lengths = np.linalg.norm(model.vectors_.vectors, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))
    assert np.isfinite(model.vectors_.vectors).all()
    assert model.vectors_.index_to_key == model.original_.index_to_key
    path = model.trajectory("hail")
    assert_allclose(path.vectors[0], model.original_["hail"], atol=1e-6)
    assert_allclose(path.vectors[-1], model.vectors_["hail"], atol=1e-3)
    model.save(tmp_path / "run")
    run = selfvec.open_run(tmp_path / "run")
    assert_array_equal(run.vectors.vectors, model.vectors_.vectors)
    assert run.provenance["options"]["method"] == method
