"""Four subjects and their words, written by us."""

import numpy as np

import selfvec

SUBJECTS = {
    "storm": ["hail", "wind", "thunder", "gust", "tornado", "roof", "cloud", "rain", "lightning", "squall"],
    "kitchen": ["bread", "oven", "flour", "butter", "yeast", "sugar", "pan", "dough", "baker", "crust"],
    "money": ["bank", "loan", "interest", "credit", "debt", "rate", "account", "payment", "lender", "bond"],
    "garden": ["rose", "soil", "seed", "hedge", "spade", "lawn", "bulb", "tulip", "shrub", "bee"],
}
PHRASES = {
    "storm": "flash flood",
    "kitchen": "sour cream",
    "money": "mortgage broker",
    "garden": "fruit tree",
}
ORDER = ("storm", "kitchen", "storm", "money", "garden")


def subject_table() -> selfvec.Vectors:
    """Vectors in which the words of a subject lean the same way."""
    rng = np.random.default_rng(3)
    words, rows = [], []
    for name, members in SUBJECTS.items():
        centre = rng.standard_normal(24)
        for word in [*members, *PHRASES[name].split()]:
            words.append(word)
            rows.append(centre + rng.standard_normal(24))
    return selfvec.Vectors(words, np.array(rows, np.float32))
