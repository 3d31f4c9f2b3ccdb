"""A compass against its formula written out, and what it promises."""

import numpy as np
import pytest
from planted import WORDS, texts, vectors

from selfvec import Refiner, Run
from selfvec.analysis.alignment import align
from selfvec.analysis.alignment.compass import compass_rows, compass_vectors, join_corpora, joined_runs
from selfvec.base.errors import InputError
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import whitening
from selfvec.refinement.base_vectors import base_vectors
from selfvec.refinement.methods.decorrelated import GAMMA, POWER, decorrelate, start_from_neighbours


def run_on(documents: list[str], table: Vectors | str, **options: object) -> Run:
    return Refiner("original", **options).fit(documents, table).run_


@pytest.fixture(scope="module")
def start() -> Vectors:
    return vectors()


@pytest.fixture(scope="module")
def pair(start: Vectors) -> tuple[Run, Run]:
    return run_on(texts(1), start), run_on([*texts(2, changed=1), "w3 stranger w4"], start)


def rows_of(one: Run, other: Run, first: int = 0) -> list[np.ndarray]:
    """The rows of all words by either corpus; ``first`` is the one that is named first."""
    run, slices = joined_runs(one, other)
    base = base_vectors(run.original.vectors, run.original.sources != Source.NONE)
    order = [first, 1 - first]
    found = compass_rows(run, [slices[i] for i in order], base, 7)
    return [found[i] for i in order]


def test_rows_are_those_of_the_formula(pair: tuple[Run, Run]) -> None:
    """Dense counts and float64, as the module's docstring says it."""
    batch, second = join_corpora(pair[0].tokens, pair[1].tokens)
    first, sources = pair[0].original.lookup(list(batch.types), compose=False)
    known = sources != Source.NONE
    operator = ScanOperator(batch, 7, GAMMA)
    frozen = decorrelate(start_from_neighbours(base_vectors(first, known), known, operator), operator)
    shift, turn = whitening(operator.apply(frozen), POWER)
    r = operator.degrees
    for side, found in zip((~second, second), rows_of(*pair), strict=True):
        part = batch.part(side)
        counts = np.zeros((len(r), len(r)))
        for lo, hi in zip(part.offsets[:-1], part.offsets[1:], strict=True):
            for i in range(lo, hi):
                for j in range(max(lo, i - 3), min(hi, i + 4)):
                    counts[part.ids[i], part.ids[j]] += i != j
        own = counts.sum(axis=1)
        weighted = r[:, None] ** -GAMMA * frozen
        centre = own @ weighted / own.sum()
        summed = r[:, None] ** -0.5 * (counts @ weighted - own[:, None] * centre)
        rows = r[:, None] / np.maximum(own, 1)[:, None] * summed
        expected = (rows - shift) @ turn
        expected[own == 0] = 0
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-4 * np.abs(expected).max())


def test_equal_corpora_give_equal_rows(start: Vectors) -> None:
    run = run_on(texts(3), start)
    one, other = compass_vectors(run, run)
    np.testing.assert_allclose(one.vectors, other.vectors, atol=1e-4)
    np.testing.assert_array_equal(one.counts, other.counts)


def test_the_two_sides_change_places(pair: tuple[Run, Run]) -> None:
    for rows, same in zip(rows_of(*pair), rows_of(*pair, first=1), strict=True):
        np.testing.assert_allclose(rows, same, atol=1e-3)


def test_a_word_that_changed_company_is_the_one_that_moved(pair: tuple[Run, Run]) -> None:
    one, other = rows_of(*pair)
    cosines = np.einsum("ij,ij->i", unit_rows(one), unit_rows(other))
    words = joined_runs(*pair)[0].vectors.index_to_key
    seen = [i for i, word in enumerate(words) if word != "stranger"]
    assert words[min(seen, key=cosines.__getitem__)] == "w0"


def test_order_of_documents_and_words_is_irrelevant(start: Vectors) -> None:
    a, b = texts(1), texts(2, changed=1)
    one = align(run_on(a, start), run_on(b, start), "compass").b
    again = align(run_on(a[::-1], start), run_on(b[::-1], start), "compass").b
    np.testing.assert_allclose(one.vectors, again[one.index_to_key], atol=1e-3)


def test_words_of_either_corpus_keep_their_counts(pair: tuple[Run, Run]) -> None:
    found = align(*pair, "compass", anchor=1.0)
    for table, run in zip((found.a, found.b), pair, strict=True):
        assert table.index_to_key == run.vectors.index_to_key
        np.testing.assert_array_equal(table.counts, run.vectors.counts)
    assert found.both
    plain = align(*pair, "compass")
    assert np.abs(plain.a.vectors - found.a.vectors).max() > 0.01


def test_random_beginnings_are_drawn_anew_and_no_two_words_share_one() -> None:
    one, other = run_on(texts(1), "none"), run_on(["z1 z2 z3 w1", *texts(2)], "none")
    base = joined_runs(one, other)[0].original.unit
    cosines = base @ base.T - np.eye(len(base))
    assert cosines.max() < 0.5


def test_runs_that_cannot_have_a_compass_are_refused(pair: tuple[Run, Run], start: Vectors) -> None:
    other = Vectors(WORDS, start.vectors[::-1].copy())
    wide = Vectors(WORDS, np.ones((120, 5), np.float32))
    for table in (other, wide, "none"):
        with pytest.raises(InputError, match=r"different initial vectors"):
            compass_vectors(pair[0], run_on(texts(1), table))
    with pytest.raises(InputError, match=r"has not kept its tokens, .*; refine again"):
        compass_vectors(pair[0], pair[1].replace(tokens=None))
    with pytest.raises(InputError, match=r"window: .* at least 2"):
        align(*pair, "compass", window=1)
