"""What do refinements reach that start from vectors of the text alone, by its size? Fills starts.md."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, SIMILARITY, documents, path, sample
from benchmarks.page import table
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.lab.transforms.compress import Measure, measures
from selfvec.numerics.statistics import Estimate, mean
from selfvec.refinement.inputs import FROM_TEXT
from selfvec.text.document_vectors import embed
from selfvec.text.preprocessing import Preprocessing

SIZES = (100_000, 1_000_000, None)  # words; all of PubMed are 6.6 million: not 10, and none is repeated
HELD_OUT, QUERY = 2000, 10  # documents, and words of each that should find the rest of it
SHOWN = ("self-retrieval", "MED", "UMNSRS")


def starts() -> str:
    """A row for each start and size, with pretrained vectors as the last of each."""
    texts = documents()[0].to_list()
    held_out = sample(texts, HELD_OUT)
    apart = set(held_out)
    texts = [text for text in texts if text not in apart]
    words = sum(len(text.split()) for text in texts)
    rows = []
    for size in SIZES:
        part = texts if size is None else sample(texts, round(len(texts) * size / words))
        for name in [*FROM_TEXT, "GoogleNews"]:
            started = time.perf_counter()
            given = GOOGLENEWS if name == "GoogleNews" else name
            run = selfvec.Refiner("decorrelated").fit(part, given).run_
            seconds = time.perf_counter() - started
            tasks = [_known(held_out, run), *measures(run, [path("MED")], [SIMILARITY["UMNSRS"]])]
            moved = [
                f"{task.of(run.original).value:.3f} → {task.of(run.vectors).value:.3f}" for task in tasks
            ]
            rows.append([f"{run.provenance['tokens']:,}", name, *moved, f"{seconds:.0f} s"])
            print(*rows[-1], flush=True)
    return table(["words", "initial vectors", *SHOWN, "time"], rows)


def _known(held_out: Sequence[str], run: Run) -> Measure:
    """Words in a row, cut out of a document that no start has read, should find the rest of it."""
    rng, rests, queries = np.random.default_rng(0), [], []
    for text in held_out:
        words = text.split()
        first = int(rng.integers(max(1, len(words) - QUERY)))
        queries.append(" ".join(words[first : first + QUERY]))
        rests.append(" ".join(words[:first] + words[first + QUERY :]))

    def of(table: Vectors) -> Estimate:
        cut, count = Preprocessing.of(run.provenance), len(rests)
        vectors, _ = embed([*rests, *queries], [table], cut, count, questions=True, strength=0)
        cosines = vectors[count:] @ vectors[:count].T
        own = np.diag(cosines)[:, None]
        rank = 0.5 + (cosines > own).sum(axis=1) + 0.5 * (cosines == own).sum(axis=1)
        return mean(np.where(rank <= 10, 1 / np.log2(1 + rank), 0.0), 0)

    return Measure(f"self-retrieval, {len(rests):,} documents not read", "ndcg@10", of)


NEEDS_DATA = True
PAGES = {"starts.md": {"starts": starts}}
