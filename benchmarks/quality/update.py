"""How near is a run that an update made to refining all of the text anew? Fills docs/results/update.md.

The text is PubMed's or NOAA's; a hundredth or more of it is added, once or four times, the latest or at
random.
"""

from __future__ import annotations

from itertools import chain

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, STARTS, texts
from benchmarks.page import table
from benchmarks.refining import refined
from selfvec.data.run import Run
from selfvec.refinement.incremental.update import update

NEARNESS = (  # collection, table, updates, the share of the text that each adds, whether it is the latest
    ("PubMed", "default", 1, 0.01, True),
    ("PubMed", "default", 1, 0.04, True),
    ("PubMed", "default", 4, 0.01, True),
    ("PubMed", GOOGLENEWS, 1, 0.01, False),
    ("PubMed", GOOGLENEWS, 4, 0.01, False),
    ("NOAA", "default", 1, 0.01, False),
    ("NOAA", GOOGLENEWS, 4, 0.01, False),
)
KINDS = ("all words", "words of the new text", "new words", "by tokens")


def cosines(old: Run, grown: Run, whole: Run) -> list[float]:
    """How near the rows of a quick update are to those of refining anew: mean cosines of `KINDS`."""
    index, before = whole.vectors.key_to_index, old.vectors.key_to_index
    words, counts = grown.vectors.index_to_key, grown.vectors.counts
    near = np.einsum("ij,ij->i", grown.vectors.unit, whole.vectors.unit[[index[word] for word in words]])
    had = np.array([old.vectors.counts[before[word]] if word in before else 0 for word in words])
    means = [near[part].mean() for part in (slice(None), (had > 0) & (had < counts), had == 0)]
    return [*means, np.average(near, weights=counts)]


def nearness() -> str:
    """What quick updates differ by from refining anew, for the documentation."""
    rows = []
    for name, path, steps, share, latest in NEARNESS:
        found = texts(name)
        order = np.arange(len(found)) if latest else np.random.default_rng(0).permutation(len(found))
        size = round(share * len(found))
        first, more = np.split(order, [len(order) - size * steps])
        parts = [[found[i] for i in np.sort(part)] for part in (first, *np.split(more, steps))]
        vectors = selfvec.load(path)
        old, whole = (refined(part, vectors, keep_tokens=False) for part in (parts[0], list(chain(*parts))))
        grown = old
        for part in parts[1:]:
            grown = update(grown, part, vectors)
        assert all(step["quick"] for step in grown.provenance["grown"])
        means = [f"{mean:.4f}".lstrip("0") for mean in cosines(old, grown, whole)]
        added = f"{steps} × {share:.0%}" if steps > 1 else f"{share:.0%}"
        table_name = next(title for title, place in STARTS.items() if place == path)
        rows.append([name, f"{added}, {'the latest' if latest else 'random'}", table_name, *means])
    return table(["collection", "text added", "initial vectors", *KINDS], rows)


NEEDS_DATA = True
PAGES = {"update.md": {"nearness": nearness}}
