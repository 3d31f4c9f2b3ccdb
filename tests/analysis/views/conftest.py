"""Spaces that figures and tables show."""

import pytest
from explore_spaces import HOSTILE, WORDS, Space, make_space


@pytest.fixture
def space() -> Space:
    """Forty words that moved a little, each its own way; the last had no vector before."""
    space = make_space([*WORDS, "new"])
    space.original.vectors[-1] = 0
    return space


@pytest.fixture
def collapsed() -> Space:
    """Forty words that all went to one spot."""
    return make_space(WORDS, collapse=1.0)


@pytest.fixture
def hostile() -> Space:
    """The words of `HOSTILE` among ordinary ones."""
    return make_space([*HOSTILE, *WORDS])
