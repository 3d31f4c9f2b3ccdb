"""When two runs are one, and small texts in which everything that the law has to survive happens."""

import numpy as np
from numpy.testing import assert_array_equal

from selfvec.data.run import Run
from selfvec.data.run_text import DATE, FINGERPRINT, SLICE, TEXT
from selfvec.data.vectors import Vectors

WORDS = ["storm", "storms", "Storms", "stormy", "hail", "Hail", "the", "of", "roof", "roofs", "tree", "wind"]
WORDS += ["winds", "Ohio", "ohio", "damage", "damaged", "damages", "x-ray", "1.75"]


def table(dimensions: int = 12) -> Vectors:
    """Rows for some of the words; others are known in another case, by their stem only, or not at all."""
    known = ["stormy", "hail", "Ohio", "roofs", "tree", "wind", "the", "damaging"]
    rows = np.random.default_rng(1).standard_normal((len(known), dimensions))
    return Vectors(known, rows.astype(np.float32))


def texts(number: int, seed: int = 0) -> list[str]:
    """Documents of 1 to 12 words, some with several sentences."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, len(WORDS) + 1)
    made = []
    for _ in range(number):
        words = rng.choice(WORDS, rng.integers(1, 13), p=weights / weights.sum())
        made.append(". ".join(" ".join(part) for part in np.array_split(words, 2) if len(part)) + ".")
    return made


def distinct(number: int) -> list[str]:
    """So many documents, each once."""
    return list(dict.fromkeys(texts(2 * number)))[:number]


def assert_same(made: Run, whole: Run) -> None:
    """Texts, tokens, words and both tables of two runs are equal to the bit."""
    assert made.vectors.index_to_key == whole.vectors.index_to_key
    for name in ("vectors", "original"):
        ours, theirs = getattr(made, name), getattr(whole, name)
        assert_array_equal(ours.vectors, theirs.vectors)
        assert_array_equal(ours.sources, theirs.sources)
    assert_array_equal(made.vectors.counts, whole.vectors.counts)
    ours, theirs = made.tokens, whole.tokens
    for name in ("ids", "offsets", "dates", "slices", "fingerprints", "sentence_counts"):
        assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert list(ours.slice_names) == list(theirs.slice_names)
    assert ours.sentences == theirs.sentences
    columns = (TEXT, DATE, SLICE, FINGERPRINT)
    assert made.text.read(columns).equals(whole.text.read(columns))
    for name in ("method", "window", "tokens", "types", "documents", "sources", "options"):
        assert made.provenance[name] == whole.provenance[name], name
