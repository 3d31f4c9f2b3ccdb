"""How the share of meaning in a hybrid score was chosen: every collection left out in turn.

A share that is the same everywhere is held against one that follows how often words and meaning agree
(`selfvec.search.dense_share`), on judged collections and those of `benchmarks.known_items`. Either is
chosen on all sources of documents but one, and measured on that one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.common import SHARED_DATA
from benchmarks.known_items import known_items
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.evaluation.ranking_metrics import ndcg, ranked
from selfvec.evaluation.retrieval import Collection, read_collection
from selfvec.refine.pipeline import refine
from selfvec.search import Index
from selfvec.search.dense_share import LEAST, MOST, agreement
from selfvec.search.scoring import Blend

__all__ = ["chosen", "measured"]

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
RULES = list(itertools.product((1.0, 1.5, 2.0, 3.0, 4.0), (0.2, 0.25, 0.3, 0.35)))  # slope, agreed
JUDGED = {"MED": "med", "Cranfield": "cran", "CACM": "cacm"}


@dataclass(frozen=True)
class Row:
    """nDCG@10 of a collection: by words, by meaning, by the hybrid as it is and at every one of `SHARES`."""

    name: str
    source: str
    documents: int
    agreed: float
    share: float
    bm25: float
    dense: float
    hybrid: float
    fixed: tuple[float, ...]

    def at(self, share: float) -> float:
        """At any share, between those measured."""
        return float(np.interp(share, SHARES, self.fixed))


def measured() -> Iterator[Row]:
    """Judged collections, then the others."""
    judged = ((name, name, read_collection(Path(SHARED_DATA, "retrieval", JUDGED[name]))) for name in JUDGED)
    for name, source, collection in itertools.chain(judged, known_items()):
        run = refine(Corpus.from_texts(collection.documents), "default", Settings(method="decorrelated"))
        index = Index.memory(run, collection.documents)
        agreed = agreement(index.lexicon, index.scorer, collection.documents)
        bm25, dense, hybrid = (_mean(collection, index, mode) for mode in ("bm25", "dense", "hybrid"))
        fixed = tuple(_mean(collection, index, "hybrid", Blend(share)) for share in SHARES)
        number = len(collection.documents)
        row = Row(name, source, number, agreed or 0.0, index.space.share, bm25, dense, hybrid, fixed)
        print(row, flush=True)
        yield row


def _mean(collection: Collection, index: Index, mode: str, blend: Blend | None = None) -> float:
    scorer = replace(index.scorer, blend=blend or Blend())
    values = []
    for question, gains in zip(collection.queries, collection.relevant, strict=True):
        found = scorer.score(index.lexicon.parse(question), mode)
        values.append(ndcg(ranked(found.scores, found.found), gains))
    return float(np.mean(values))


def chosen(rows: Iterator[Row]) -> tuple[str, str]:
    """The table of collections, and that of choices measured where they were not made."""
    kept = list(rows)
    first = [
        "| collection | documents | agreement | share of meaning | BM25 | dense | share ½ | hybrid |",
        "|---|" + "---:|" * 7,
    ]
    for row in kept:
        cells = (row.agreed, row.share, row.bm25, row.dense, row.at(0.5), row.hybrid)
        numbers = " | ".join(f"{cell:.3f}" for cell in cells)
        first.append(f"| {row.name} | {row.documents:,} | {numbers} |")
    single = [row for row in kept if row.source != "all"]  # that one is made of others
    sources = list(dict.fromkeys(row.source for row in single))
    by_share = _by_source(single, sources, [[share] * len(single) for share in np.arange(0.1, 0.71, 0.05)])
    by_rule = _by_source(
        single,
        sources,
        [np.clip([slope * (row.agreed - low) for row in single], LEAST, MOST) for slope, low in RULES],
    )
    held = {"one share for all": _left_out(by_share), "a share by agreement": _left_out(by_rule)}
    second = [
        f"| chosen on the others | {' | '.join(sources)} | mean |",
        "|---|" + "---:|" * (len(sources) + 1),
    ]
    for label, values in held.items():
        second.append(f"| {label} | {' | '.join(f'{v:.3f}' for v in values)} | {np.mean(values):.4f} |")
    return "\n".join(first), "\n".join(second)


def _by_source(
    rows: Sequence[Row], sources: Sequence[str], shares: Sequence[Sequence[float] | np.ndarray]
) -> np.ndarray:
    """nDCG@10 of every choice of shares, one a row, in the mean over each source's collections, (n, S)."""
    return np.array(
        [
            [
                np.mean([row.at(share) for row, share in zip(rows, one, strict=True) if row.source == source])
                for source in sources
            ]
            for one in shares
        ]
    )


def _left_out(values: np.ndarray) -> list[float]:
    """Of each source, what the choice that is best on the others gives."""
    out = []
    for own in range(values.shape[1]):
        others = np.delete(values, own, axis=1).mean(axis=1)
        out.append(float(values[int(np.argmax(others)), own]))
    return out
