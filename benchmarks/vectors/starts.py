"""No pretrained vectors: refinements that start from vectors of the text alone, by size of the text."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, SIMILARITY, documents, path, sample
from benchmarks.page import write_parts
from benchmarks.vectors import Row, compared
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.lab.transforms.compress import Measure, measures
from selfvec.numerics.statistics import Estimate, mean
from selfvec.refinement.training import FROM_TEXT
from selfvec.text.document_vectors import embed
from selfvec.text.preprocessing import Preprocessing

SIZES = (100_000, 1_000_000, None)  # words; all of PubMed are 6.6 million: not 10, and none is repeated
HELD_OUT, QUERY = 2000, 10  # documents, and words of each that should find the rest of it
SHOWN = ("self-retrieval", "MED", "UMNSRS")
SOURCES = {
    "svd": "Levy et al. 2015",
    "cipher": "Zhao and Williams 2023",
    "glove": "Pennington et al. 2014",
    "word2vec": "Mikolov et al. 2013",
    "fasttext": "Bojanowski et al. 2017",
}


def rows() -> Iterator[Row]:
    """The table of the page, and a row for each start and size against random directions."""
    texts = documents()[0].to_list()
    held_out = sample(texts, HELD_OUT)
    apart = set(held_out)
    texts = [text for text in texts if text not in apart]
    words = sum(len(text.split()) for text in texts)
    lines = [
        f"| words | initial vectors | {' | '.join(SHOWN)} | time |",
        "|---:|---|" + "---:|" * (len(SHOWN) + 1),
    ]
    for size in SIZES:
        part = texts if size is None else sample(texts, round(len(texts) * size / words))
        bare = None
        for name in [*FROM_TEXT, "GoogleNews"]:
            started = time.perf_counter()
            given = GOOGLENEWS if name == "GoogleNews" else name
            run = selfvec.Refiner("decorrelated").fit(part, given).run_
            seconds = time.perf_counter() - started
            tasks = [_known(held_out, run), *measures(run, [path("MED")], [SIMILARITY["UMNSRS"]])]
            start, refined = ([task.of(table) for task in tasks] for table in (run.original, run.vectors))
            moved = [f"{a.value:.3f} → {b.value:.3f}" for a, b in zip(start, refined, strict=True)]
            cells = [f"{run.provenance['tokens']:,}", name, *moved, f"{seconds:.0f} s"]
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
            if bare is None:
                bare = refined
            elif name in FROM_TEXT:
                found = _against(name, run, tasks, bare, refined)
                yield from found if size is None else islice(found, 1)  # smaller sizes: self-retrieval only
    write_parts("starts.md", {"starts": "\n".join(lines)})


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


def _against(
    name: str, run: Run, tasks: Sequence[Measure], bare: Sequence[Estimate], refined: Sequence[Estimate]
) -> Iterator[Row]:
    for task, was, now in zip(tasks, bare, refined, strict=True):
        yield compared(
            f"Initial vectors by {name}",
            SOURCES[name],
            f"selfvec refine text -o run --vectors {name}",
            f"{task.task}, {task.metric}",
            "refined from --vectors none",
            was,
            now,
            verdicts=("", "does not help surely", "harms"),
            note=f"{run.provenance['tokens'] / 1e6:.1f} M words",
        )
