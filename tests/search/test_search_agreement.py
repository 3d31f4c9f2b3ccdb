"""The share of the dense part in the hybrid, by how often dense and BM25 agree."""

from __future__ import annotations

import numpy as np
import pytest

from selfvec.data.run import Run
from selfvec.search import Index
from selfvec.search.dense_share import agreement, dense_share


def test_the_share_grows_with_agreement_within_bounds() -> None:
    shares = [dense_share(agreed) for agreed in np.linspace(0, 1, 101)]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.1)
    assert shares[-1] == pytest.approx(0.7)
    assert dense_share(0.45) == pytest.approx(0.45)
    assert dense_share(None) == 0.5


def test_without_vectors_nothing_agrees(storm_run: Run) -> None:
    """Words that the run has no vectors for are found by BM25 and not by dense."""
    texts = [f"xq{i % 25} zv{i % 7}" for i in range(200)]
    index = Index.memory(storm_run, texts)
    assert agreement(index.lexicon, index.scorer, texts) == 0
    assert index.space.share == dense_share(0)


def test_copies_are_found_by_both(storm_run: Run, reports: list[str]) -> None:
    """Ten copies of each of ten reports: BM25 and dense both rank the nine others first."""
    texts = [text for text in reports[1:20:2] for _ in range(11)]
    index = Index.memory(storm_run, texts)
    agreed = agreement(index.lexicon, index.scorer, texts)
    assert agreed is not None
    assert agreed > 0.85
    assert index.space.share == pytest.approx(0.7)


def test_too_few_documents_or_sentences(storm_run: Run, reports: list[str]) -> None:
    for texts in (reports[:1], reports[:9], ["hail"] * 100):  # no sentence of two words or more
        index = Index.memory(storm_run, texts)
        assert agreement(index.lexicon, index.scorer, texts) is None
        assert index.space.share == 0.5


def test_the_share_is_kept_and_used(index: Index) -> None:
    found = index.scores("hail near a farm")
    parts = found.parts[:, : len(found.scores)]
    shares = found.scales * parts.std(axis=1)
    m = index.space.share
    np.testing.assert_allclose(shares, [(1 - m) / 2, (1 - m) / 2, m], rtol=1e-3)
