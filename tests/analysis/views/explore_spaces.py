"""A small space whose words move in known ways."""

from dataclasses import dataclass

import numpy as np

from selfvec.base.arrays import Floats
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><b>",
    "$x_1^2$",
    "%{x}",
    "&lt;",
    "\"quoted'",
    "_under",
    "שלום",
    "العربية",
    "🌪",
    "竜巻",
    "नमस्ते",
    "escape\x1b[31m",
    "turned\u202eround",
    "[bold]markup[/bold]",
    "w" * 80,
    "two\nlines\t",
    "\ud800half",
    "\ufffe",
)
"""Words that break programs which show words."""


@dataclass
class Space:
    """Original and refined vectors of the same words, and paths between them."""

    original: Vectors
    refined: Vectors

    def path(self, word: str, states: int = 40, noise: float = 0.02) -> Trajectory:
        """A walk from a word's original to its refined vector, the ends exact."""
        rng = np.random.default_rng(len(word))
        share = np.linspace(0, 1, states)[:, None] if states > 1 else np.zeros((1, 1))
        wobble = noise * np.minimum(share, 1 - share) * rng.standard_normal((states, 12))
        rows = unit_rows((1 - share) * self.original[word] + share * self.refined[word] + wobble)
        rows[0] = self.original[word]
        return Trajectory(word, 3 * np.arange(states), rows)


def make_space(words: list[str], collapse: float = 0.0) -> Space:
    """Random vectors; ``collapse`` 1 puts all refined ones on (nearly) one spot."""
    rng = np.random.default_rng(7)
    before = unit_rows(rng.standard_normal((len(words), 12)))
    spread: Floats = (1 - collapse) * before + 0.4 * (1 - collapse) * rng.standard_normal(before.shape)
    after = unit_rows(spread + collapse * before[0] + 1e-3 * rng.standard_normal(before.shape))
    return Space(Vectors(words, before), Vectors(words, after))


WORDS = [f"{kind}{i}" for kind in ("storm", "rain", "hail", "wind") for i in range(10)]
