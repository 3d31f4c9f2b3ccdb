"""Corpora whose words have known meanings, some of which change."""

import numpy as np
from numpy.random import default_rng

from selfvec import Refiner, Run, Vectors
from selfvec.numerics.rows import unit_rows

WIDTH = 6
WORDS = [f"w{i}" for i in range(120)]


def meanings() -> np.ndarray:
    """A direction for each word."""
    return unit_rows(default_rng(99).standard_normal((len(WORDS), WIDTH)))


def vectors() -> Vectors:
    """The same as a table to start from, blurred."""
    noise = default_rng(98).standard_normal((len(WORDS), WIDTH))
    return Vectors(WORDS, unit_rows(meanings() + 0.3 * noise))


def texts(seed: int, documents: int = 300, changed: int = 0) -> list[str]:
    """Documents about a direction each, of words that mean about that; some words mean the opposite.

    Parameters
    ----------
    seed : int
    documents : int
    changed : int
        How many words, from the first on, have another meaning.
    """
    rng = default_rng(seed)
    meant = meanings()
    meant[:changed] = -meant[:changed]
    made = []
    for topic in unit_rows(rng.standard_normal((documents, WIDTH))):
        chance = np.exp(4 * meant.astype(np.float64) @ topic)
        drawn = rng.choice(len(WORDS), 12, p=chance / chance.sum())
        made.append(" ".join(WORDS[i] for i in drawn.tolist()))
    return made


def run_on(documents: list[str], table: Vectors | str | None = None) -> Run:
    """A run of documents, by default from `vectors`."""
    return Refiner("original").fit(documents, vectors() if table is None else table).run_
