"""The student against its plain form in NumPy, a small one by hand, and laws of the solution."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.data.token_batch import TokenBatch
from selfvec.encoders.student import (
    Student,
    learn,
    learn_reference,
    texts_reference,
)


def corpus(seed: int, documents: int, types: int, width: int) -> tuple[TokenBatch, np.ndarray, np.ndarray]:
    """Random documents, a teacher that is a noisy linear map of them, and a prior near its rows.

    Some documents are empty, and the last word occurs nowhere.
    """
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 12, documents) * (rng.random(documents) > 0.1)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    ids = (types * rng.random(offsets[-1]) ** 2).astype(np.int32)
    batch = TokenBatch(ids, offsets, [f"w{i}" for i in range(types + 1)])
    rows = rng.standard_normal((types + 1, width))
    X = texts_reference(batch, np.ones(types + 1))
    teacher = X @ rows + 0.3 * rng.standard_normal((documents, width))
    prior = rows + rng.standard_normal(rows.shape)
    return batch, teacher.astype(np.float32), prior.astype(np.float32)


def assert_equal(found: Student, expected: Student, tolerance: float = 1e-5) -> None:
    assert (found.prior, found.ridge) == (expected.prior, expected.ridge)
    assert found.scale == pytest.approx(expected.scale, rel=1e-5, abs=1e-6)
    for name, share in expected.explained.items():
        assert found.explained[name] == pytest.approx(share, abs=1e-5)
    errors = np.linalg.norm(found.rows - expected.rows, axis=1)
    assert np.all(errors <= tolerance * np.linalg.norm(expected.rows, axis=1) + 1e-9)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-5, atol=1e-6)


@given(
    seed=st.integers(0, 1000),
    documents=st.integers(1, 60),
    types=st.integers(1, 40),
    width=st.sampled_from([1, 2, 17, 40]),
    priors=st.integers(0, 2),
)
def test_as_the_plain_form(seed: int, documents: int, types: int, width: int, priors: int) -> None:
    batch, teacher, prior = corpus(seed, documents, types, width)
    given = dict(zip(["words", "states"], [prior, prior[::-1].copy()], strict=True))
    given = dict(list(given.items())[:priors])
    assert_equal(learn(batch, teacher, given), learn_reference(batch, teacher, given))
