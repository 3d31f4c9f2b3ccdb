"""How much should vectors weigh in the hybrid?

Fills parts of docs/results/search.md. A weight that is the same everywhere is compared with one that
follows how often words and vectors agree (`selfvec.retrieval.build`), and bounds of that one with each other,
on judged collections, on those of `benchmarks.self_retrieval` and on documentation that Debian packages,
which `apt-get` fetches. Either is chosen on all sources of documents but one, and measured on that one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from benchmarks.datasets import JUDGED, SHARED_DATA, judged
from benchmarks.packaged_texts import documentation
from benchmarks.page import table
from benchmarks.rankings import by_index, differs, estimate, over
from benchmarks.refining import refined
from benchmarks.self_retrieval import medical_items, self_retrieval
from selfvec.lab.evaluation.retrieval import Collection, bm25_rankings, read_collection
from selfvec.numerics.statistics import Estimate, difference
from selfvec.retrieval import Index
from selfvec.retrieval.build import SHARE, agreement

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
SLOPES, FROM = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0), (0.2, 0.25, 0.3, 0.35, 0.4, 0.45)
RULES = [{"slope": slope, "zero_at": zero} for slope, zero in itertools.product(SLOPES, FROM)]
KINDS = {
    **dict.fromkeys(JUDGED, ", ".join(JUDGED) + "*"),
    "all": "MED, Cranfield, CACM, NOAA and Python in one*",
    "documentation": "documentation",
}


@dataclass(frozen=True)
class Row:
    """nDCG@10 of a collection: BM25, dense, hybrid, and the hybrid with each of `SHARES`."""

    name: str
    source: str
    documents: int
    agreed: float
    share: float
    bm25: Estimate
    dense: Estimate
    hybrid: Estimate
    fixed: tuple[Estimate, ...]

    def at(self, share: float) -> Estimate:
        """With any share, between those measured."""
        values = np.array([(one.value, *one.replicates) for one in self.fixed])
        place = float(np.interp(share, SHARES, np.arange(len(SHARES))))
        low = min(int(place), len(SHARES) - 2)
        value, *replicates = values[low] + (place - low) * (values[low + 1] - values[low])
        return Estimate(float(value), np.array(replicates))

    def bounded(self, **rule: float) -> Estimate:
        """With a share by agreement, by another rule than that of search."""
        return self.at(SHARE._replace(**rule).at(self.agreed))


def everything() -> Iterator[tuple[str, str, Collection]]:
    """Every collection with its name and the source of its documents."""
    yield from ((name, name, collection) for name, collection in judged().items())
    yield "CovidFAQ", "CovidFAQ", read_collection(SHARED_DATA / "retrieval" / "covidfaq")
    yield from self_retrieval()
    yield from medical_items()
    yield from documentation()


def marked(name: str, source: str) -> str:
    """The name, with an asterisk if constants were chosen on the collection, or on a part of it."""
    return f"{name}*" if source in (*JUDGED, "all") else name


@cache
def measured() -> list[Row]:
    """Judged collections, then the others."""
    out = []
    for name, source, collection in everything():
        index = Index.memory(refined(collection.documents), collection.documents)
        agreed = agreement(index.vocabulary, index.scorer, collection.documents)
        bm25 = estimate(collection, bm25_rankings(collection, index.vocabulary.preprocessing))
        dense, hybrid = (
            estimate(collection, by_index(collection, index, mode)) for mode in ("dense", "hybrid")
        )
        blends = [replace(index, space=replace(index.space, share=share)) for share in SHARES]
        fixed = tuple(estimate(collection, by_index(collection, one, "hybrid")) for one in blends)
        size, words = len(collection.documents), 0.0 if agreed is None else agreed.words
        row = Row(name, source, size, words, index.space.share, bm25, dense, hybrid, fixed)
        out.append(row)
    return out


def collections() -> str:
    """All collections, by what finds their documents."""
    heads = ["collection", "documents", "dense weight", "BM25", "dense", "hybrid"]
    rows = []
    for row in measured():
        cells = (row.share, row.bm25.value, row.dense.value, row.hybrid.value)
        rows.append([marked(row.name, row.source), row.documents, *(f"{cell:.3f}" for cell in cells)])
    return table(heads, rows)


def outside() -> str:
    """What the hybrid adds to BM25 where constants were chosen, and where they were not."""
    rows = []
    for kind, several in _kinds().items():
        words, hybrid = (over({row.name: getattr(row, way) for row in several}) for way in ("bm25", "hybrid"))
        rows.append([kind, len(several), f"{words.value:.3f}", f"{hybrid.value:.3f}", differs(hybrid, words)])
    return table(["collections", "number", "BM25", "hybrid", "hybrid minus BM25"], rows)


def bounds() -> str:
    """What the hybrid adds to BM25 by the largest dense weight, and where it is worse than BM25."""
    bounds = SHARES[2:]
    rows = []
    for kind, several in _kinds().items():
        cells = []
        for most in bounds:
            words = {row.name: row.bm25 for row in several}
            hybrid = {row.name: row.bounded(most=most) for row in several}
            worse = sum(difference(hybrid[name], words[name]).high < 0 for name in words)
            cells.append(f"{over(hybrid).value - over(words).value:+.3f}, {worse}")
        rows.append([kind, len(several), *cells])
    return table(["collections", "number", *(f"at most {most}" for most in bounds)], rows)


def _kinds() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in measured():
        kind = row.name if row.source == "CovidFAQ" else KINDS.get(row.source, "the others")
        found.setdefault(kind, []).append(row)
    return found


def by_source() -> str:
    """Choices measured where they were not made."""
    single = [row for row in measured() if row.source != "all"]  # that one is made of others
    sources = list(dict.fromkeys(row.source for row in single))
    choices: dict[str, list[list[float]]] = {
        "one weight for all": [
            [row.at(share).value for row in single] for share in np.arange(0.1, 0.71, 0.05)
        ]
    }
    for most in (SHARE.most, 0.7):
        choices[f"a weight by agreement, at most {most}"] = [
            [row.bounded(most=most, **rule).value for row in single] for rule in RULES
        ]
    rows = []
    for label, figures in choices.items():
        values = np.array([_means(single, sources, one) for one in figures])  # (choices, sources)
        others = [np.delete(values, own, axis=1).mean(axis=1) for own in range(len(sources))]
        found = [values[int(np.argmax(other)), own] for own, other in enumerate(others)]
        rows.append([label, *(f"{value:.3f}" for value in found), f"{np.mean(found):.4f}"])
    return table(["chosen on the others", *sources, "mean"], rows)


def _means(rows: Sequence[Row], sources: Sequence[str], values: Sequence[float]) -> list[float]:
    """The mean of each source's collections."""
    return [
        float(np.mean([value for row, value in zip(rows, values, strict=True) if row.source == source]))
        for source in sources
    ]


NEEDS_DATA = True
PAGES = {
    "search.md": {
        "shares": collections,
        "outside": outside,
        "bounds": bounds,
        "held-out": by_source,
    }
}
