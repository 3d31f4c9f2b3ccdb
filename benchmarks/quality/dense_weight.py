"""How much should vectors weigh in the hybrid, and what does each of its steps give?

Fills parts of docs/results/search.md. A weight that is the same everywhere is compared with one that
follows how often words and vectors agree (`selfvec.retrieval.build`), on judged collections and on those of
`benchmarks.self_retrieval`. Either is chosen on all sources of documents but one, and measured on that one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from unittest.mock import patch

import numpy as np

from benchmarks.datasets import JUDGED, judged
from benchmarks.page import table
from benchmarks.rankings import by_index, differs, estimate, mean_ndcg, over
from benchmarks.refining import refined
from benchmarks.self_retrieval import medical_items, self_retrieval
from selfvec.evaluation.collection import Collection
from selfvec.numerics.statistics import Estimate
from selfvec.retrieval import Index, dense_space, scoring
from selfvec.retrieval.build import LEAST, MOST, agreement

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
SLOPES, FROM = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0), (0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
RULES = list(itertools.product(SLOPES, FROM))
WITHOUT = {  # constants of `scoring` and `dense_space` that leave a step out
    "words of a query not saturated": (1e9, dense_space.EXPONENT),
    "axes not whitened": (scoring.K3, 0.0),
    "neither": (1e9, 0.0),
}
KINDS = {
    **dict.fromkeys(JUDGED, ", ".join(JUDGED) + "*"),
    "all": "MED, Cranfield, CACM, NOAA and Python in one*",
}


@dataclass(frozen=True)
class Row:
    """nDCG@10 of a collection: BM25, dense, hybrid, the hybrid with each of `SHARES` and `WITHOUT` a step."""

    name: str
    source: str
    documents: int
    agreed: float
    share: float
    bm25: float
    dense: float
    hybrid: float
    fixed: tuple[float, ...]
    without: dict[str, float]

    def at(self, share: float) -> float:
        """With any share, between those measured."""
        return float(np.interp(share, SHARES, self.fixed))


def everything() -> Iterator[tuple[str, str, Collection]]:
    """Every collection with its name and the source of its documents."""
    yield from ((name, name, collection) for name, collection in judged().items())
    yield from self_retrieval()
    yield from medical_items()


def marked(name: str, source: str) -> str:
    """The name, with an asterisk if constants were chosen on the collection, or on a part of it."""
    return f"{name}*" if source in (*JUDGED, "all") else name


@cache
def measured() -> list[Row]:
    """Judged collections, then the others."""
    out = []
    for name, source, collection in everything():
        run = refined(collection.documents)
        index = Index.memory(run, collection.documents)
        agreed = agreement(index.vocabulary, index.scorer, collection.documents) or 0.0
        by_words, by_meaning, both = (
            mean_ndcg(collection, by_index(collection, index, mode)) for mode in ("bm25", "dense", "hybrid")
        )
        blends = [replace(index, space=replace(index.space, share=share)) for share in SHARES]
        fixed = tuple(mean_ndcg(collection, by_index(collection, one, "hybrid")) for one in blends)
        without = {}
        for label, (k3, exponent) in WITHOUT.items():
            with patch.object(scoring, "K3", k3), patch.object(dense_space, "EXPONENT", exponent):
                other = Index.memory(run, collection.documents)
                without[label] = mean_ndcg(collection, by_index(collection, other, "hybrid"))
        share = index.space.share
        found = by_words, by_meaning, both
        out.append(Row(name, source, len(collection.documents), agreed, share, *found, fixed, without))
    return out


def steps() -> str:
    """The hybrid as it is and without a step, by source."""
    single = [row for row in measured() if row.source != "all"]
    sources = list(dict.fromkeys(row.source for row in single))
    rows = []
    for label in ("as it is", *WITHOUT):
        by = [
            float(np.mean([row.without.get(label, row.hybrid) for row in single if row.source == source]))
            for source in sources
        ]
        rows.append([label, *(f"{value:.3f}" for value in by), f"{np.mean(by):.4f}"])
    return table(["hybrid", *sources, "mean"], rows)


def collections() -> str:
    """All collections, by what finds their documents."""
    heads = ["collection", "documents", "dense weight", "BM25", "dense", "hybrid"]
    rows = []
    for row in measured():
        cells = (row.share, row.bm25, row.dense, row.hybrid)
        rows.append([marked(row.name, row.source), row.documents, *(f"{cell:.3f}" for cell in cells)])
    return table(heads, rows)


def outside() -> str:
    """What the hybrid adds to BM25 where constants were chosen, and where they were not."""
    found: dict[str, dict[str, list[Estimate]]] = {}
    for name, source, collection in everything():
        index = Index.memory(refined(collection.documents), collection.documents)
        both = [estimate(collection, by_index(collection, index, mode)) for mode in ("bm25", "hybrid")]
        kind = KINDS.get(source, "the others")
        found.setdefault(kind, {})[name] = both
    rows = []
    for kind, several in found.items():
        words, hybrid = (over({name: both[side] for name, both in several.items()}) for side in (0, 1))
        rows.append([kind, len(several), f"{words.value:.3f}", f"{hybrid.value:.3f}", differs(hybrid, words)])
    return table(["collections", "number", "BM25", "hybrid", "hybrid minus BM25"], rows)


def by_source() -> str:
    """Choices measured where they were not made."""
    single = [row for row in measured() if row.source != "all"]  # that one is made of others
    sources = list(dict.fromkeys(row.source for row in single))
    choices: dict[str, list[Sequence[float]]] = {
        "one weight for all": [[share] * len(single) for share in np.arange(0.1, 0.71, 0.05)],
        "a weight by agreement": [
            [float(np.clip(slope * (row.agreed - low), LEAST, MOST)) for row in single]
            for slope, low in RULES
        ],
    }
    rows = []
    for label, shares in choices.items():
        values = np.array([_means(single, sources, one) for one in shares])  # (choices, sources)
        others = [np.delete(values, own, axis=1).mean(axis=1) for own in range(len(sources))]
        found = [values[int(np.argmax(other)), own] for own, other in enumerate(others)]
        rows.append([label, *(f"{value:.3f}" for value in found), f"{np.mean(found):.4f}"])
    return table(["chosen on the others", *sources, "mean"], rows)


def _means(rows: Sequence[Row], sources: Sequence[str], shares: Sequence[float]) -> list[float]:
    """nDCG@10 with these shares, the mean over each source's collections."""
    found = [row.at(share) for row, share in zip(rows, shares, strict=True)]
    return [
        float(np.mean([value for row, value in zip(rows, found, strict=True) if row.source == source]))
        for source in sources
    ]


NEEDS_DATA = True
PAGES = {"search.md": {"shares": collections, "outside": outside, "held-out": by_source, "steps": steps}}
