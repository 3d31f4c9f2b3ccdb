"""What does search lose while documents come and vectors stay? Fills a part of docs/results/search.md.

Of each judged collection some documents come later. They are added to a run of the others, and the same
questions are asked of that run and of one refined anew from all. Documents of *another kind* are added to a
run of the other collections, and only their own questions are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

import selfvec
from benchmarks.datasets import JUDGED, SHARED_DATA, judged
from benchmarks.page import table
from selfvec.lab.evaluation.retrieval import Collection, read_collection
from selfvec.retrieval import run_index

SHARES = (0.01, 0.05, 0.2, 0.5)  # of the documents, that come later
MODES = ("dense", "hybrid")
OTHERS = ("cisi", "covidfaq")  # documents only


class Lost(NamedTuple):
    """nDCG@10 of a run refined anew, less that of the run to which documents were added; by mode."""

    kind: str
    share: float
    lost: list[float]
    lacking: float  # share of the words that came which the vectors lack


def scores(run: selfvec.Run, questions: Collection) -> list[float]:
    """Mean nDCG@10 by mode; documents are named by their numbers in the collection."""
    index = run_index(run)
    number = {name: place for place, name in enumerate(index.documents.ids)}
    names = {place: int(name) for name, place in number.items()}
    means = []
    for mode in MODES:
        rankings = [
            [names[document] for document in index.ranking(query, mode=mode)] for query in questions.queries
        ]
        means.append(float(questions.scores(rankings)["ndcg@10"].mean()))
    return means


def lost(kind: str, share: float, documents: Sequence[str], later: set[int], asked: Collection) -> Lost:
    """What is lost by adding some documents to a run of the others."""
    rows = [{"id": str(number), "text": text} for number, text in enumerate(documents)]
    first = [row for number, row in enumerate(rows) if number not in later]
    live = selfvec.refine(first, "default", method="decorrelated", jobs=1)
    live.add([rows[number] for number in sorted(later)])
    anew = selfvec.refine(rows, "default", method="decorrelated", jobs=1)
    since = live.present.provenance.live or {}
    pairs = zip(scores(anew, asked), scores(live, asked), strict=True)
    return Lost(kind, share, [a - b for a, b in pairs], since["without_vector"] / since["tokens"])


def measured() -> Iterator[Lost]:
    """Every collection, share and kind."""
    rng = np.random.default_rng(0)
    collections = judged()
    others = [read_collection(SHARED_DATA / "retrieval" / name).documents for name in OTHERS]
    for name in JUDGED:
        own = collections[name]
        size = len(own.documents)
        strange = [c.documents for key, c in collections.items() if key != name] + others
        before = [text for documents in strange for text in documents]
        order = rng.permutation(size)
        for share in SHARES:
            later = {int(n) for n in order[: round(share * size)]}
            yield lost("same", share, own.documents, later, own)
            new = min(size, round(share / (1 - share) * len(before)))
            later = {int(n) for n in order[:new]}
            kept = [place for place, gains in enumerate(own.relevant) if later & gains.keys()]
            asked = Collection(
                own.documents,
                [own.queries[place] for place in kept],
                [{n: g for n, g in own.relevant[place].items() if n in later} for place in kept],
                [own.own[place] for place in kept] if own.own else [],
            )
            # Documents that stay away have no text: then they are no evidence, and no answer.
            texts = [text if n in later else "" for n, text in enumerate(own.documents)]
            rest = before[: round(new * (1 - share) / share)]
            yield lost("another", share, [*texts, *rest], later, asked)


def worth() -> str:
    """Means over the collections."""
    figures = list(measured())
    rows = []
    for share in SHARES:
        cells: list[str] = []
        for kind in ("same", "another"):
            some = [one for one in figures if (one.kind, one.share) == (kind, share)]
            cells += [f"{np.mean([one.lost[mode] for one in some]):.3f}" for mode in range(len(MODES))]
            cells.append(f"{np.mean([one.lacking for one in some]):.1%}")
        rows.append([f"{share:.0%}", *cells])
    heads = [f"{kind} kind: {what}" for kind in ("same", "another") for what in (*MODES, "new words")]
    return table(["came later", *heads], rows)


NEEDS_DATA = True
PAGES = {"search.md": {"live": worth}}
