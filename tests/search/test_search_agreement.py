"""How much meaning may say, by how often it agrees with words."""

from __future__ import annotations

import numpy as np
import pytest

from selfvec.data.run import Run
from selfvec.search import Index
from selfvec.search.fusion_weight import agreement, share_of_meaning


def test_the_share_grows_with_agreement_within_bounds() -> None:
    shares = [share_of_meaning(agreed) for agreed in np.linspace(0, 1, 101)]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(0.1)
    assert shares[-1] == pytest.approx(0.7)
    assert share_of_meaning(0.45) == pytest.approx(0.45)
    assert share_of_meaning(None) == 0.5


def test_meaning_that_knows_nothing_agrees_with_nothing(storm_run: Run) -> None:
    """Words that the run has no vectors for: words find their documents, meaning none."""
    texts = [f"xq{i % 25} zv{i % 7}" for i in range(200)]
    index = Index.memory(storm_run, texts)
    assert agreement(index.lexicon, index.scorer, texts) == 0
    assert index.space.share == share_of_meaning(0)


def test_copies_are_found_by_both(storm_run: Run, reports: list[str]) -> None:
    """Ten copies of each of ten reports: the nine others come first, by words and by meaning."""
    texts = [text for text in reports[1:20:2] for _ in range(11)]
    index = Index.memory(storm_run, texts)
    agreed = agreement(index.lexicon, index.scorer, texts)
    assert agreed is not None
    assert agreed > 0.85
    assert index.space.share == pytest.approx(0.7)


def test_too_little_tells_nothing(storm_run: Run, reports: list[str]) -> None:
    for texts in (reports[:1], reports[:9], ["hail"] * 100):  # no sentence of two words or more
        index = Index.memory(storm_run, texts)
        assert agreement(index.lexicon, index.scorer, texts) is None
        assert index.space.share == 0.5


def test_the_share_is_kept_and_used(index: Index) -> None:
    assert index.folder is not None
    again = Index.open(index.folder)
    assert again.space.share == pytest.approx(index.space.share)
    (found,) = again.scores("hail near a farm")
    parts = found.parts[:, : len(found.scores)]
    shares = found.scales * parts.std(axis=1)
    m = again.space.share
    np.testing.assert_allclose(shares, [(1 - m) / 2, (1 - m) / 2, m], rtol=1e-3)


def test_it_does_not_depend_on_what_was_asked_before(storm_run: Run, reports: list[str]) -> None:
    index = Index.memory(storm_run, reports)
    index.search("hail")
    assert agreement(index.lexicon, index.scorer, reports) == agreement(
        Index.memory(storm_run, reports).lexicon, index.scorer, reports
    )
