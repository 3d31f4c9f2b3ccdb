"""Baselines in one table: quality, seconds and memory on the same tokens. Fills docs/baselines.md.

Retrieval collections are refined on their own documents; word similarity follows PubMed abstracts, a sample
and all of them. Nothing is chosen here: every baseline runs as `selfvec.evaluation.baselines` describes it.

    python -m benchmarks.baselines [PART...]      (or: make baselines)
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.common import SHARED_DATA, machine
from benchmarks.paper_report.page import fill, generated
from benchmarks.quality import SIMILARITY
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.evaluation import Retrieval, Similarity
from selfvec.evaluation.baselines import NAMES, train
from selfvec.refine.pipeline import refine

PAGE = Path(__file__).resolve().parents[1] / "docs" / "baselines.md"
COLLECTIONS = {"MED": "med", "Cranfield": "cran", "CACM": "cacm"}
SAMPLE, SEED = 3_000, 0


def retrieval(start: str) -> str:
    """nDCG@10 of dense retrieval, BM25 below; processor seconds and MB are those of the largest, CACM."""
    columns: dict[str, dict[str, float]] = {}
    cost: dict[str, dict[str, float]] = {}
    for name, folder in COLLECTIONS.items():
        path = SHARED_DATA / "retrieval" / folder
        settings = Settings(method="original", stop_words="en")
        run = refine(Corpus.open([path]), start, settings)
        trained = train(run, list(NAMES))
        report = selfvec.evaluate({"original": run.original, **trained}, [Retrieval(path)])
        for row in report.rows:
            if row["metric"] == "ndcg@10":
                columns.setdefault(row["vectors"], {})[name] = row["value"]
        cost = {name: v.provenance["cost"] for name, v in trained.items()}
    lines = [f"| vectors | {' | '.join(COLLECTIONS)} | mean | seconds | MB |", "|---|" + "---:|" * 6]
    for name, values in columns.items():
        figures = [f"{values[key]:.3f}" for key in COLLECTIONS] + [f"{np.mean(list(values.values())):.3f}"]
        lines.append(f"| {' | '.join([name, *figures, *_spent(cost.get(name))])} |")
    return "\n".join(lines)


def similarity(start: str, texts: list[str], min_count: int) -> str:
    """Spearman over the pairs whose words occur."""
    run = refine(Corpus.from_texts(texts), start, Settings(method="original", min_count=min_count))
    trained = train(run, list(NAMES))
    values: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in occurring(run, Path(folder)):
            for row in selfvec.evaluate({"original": run.original, **trained}, [Similarity(path)]).rows:
                values.setdefault(row["vectors"], {})[name] = row["value"]
    sets = list(next(iter(values.values())))
    assert run.tokens is not None
    lines = [f"{len(run.tokens):,} tokens, {len(run.tokens.types):,} words.", ""]
    lines += [f"| vectors | {' | '.join(sets)} | seconds | MB |", "|---|" + "---:|" * (len(sets) + 2)]
    for name, found in values.items():
        cost = trained[name].provenance["cost"] if name in trained else None
        cells = [name, *(f"{found[key]:.3f}" for key in sets), *_spent(cost)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def occurring(run: Run, folder: Path) -> Iterator[tuple[str, Path]]:
    """Each similarity set, cut to the pairs whose words the run has; sets with fewer than 30 are left out."""
    for name, file in SIMILARITY.items():
        lines = (SHARED_DATA / file).read_text(encoding="utf-8").lower().splitlines()
        rows = [line for line in lines if all(word in run.vectors for word in line.split("\t")[:2])]
        if len(rows) >= 30:
            path = folder / f"{name}.tsv"
            path.write_text("\n".join(rows) + "\n", encoding="utf-8")
            yield name, path


def _spent(cost: dict[str, float] | None) -> list[str]:
    """Processor seconds, which other work on the machine hardly changes, and MB."""
    if cost is None:
        return ["", ""]
    megabytes = cost["megabytes"]
    return [f"{cost['processor_seconds']:,.1f}", "" if megabytes is None else f"{megabytes:,.0f}"]


def abstracts() -> list[str]:
    """All PubMed abstracts with their titles."""
    corpus = Corpus.open([SHARED_DATA / "pubmed" / "abstracts.jsonl.gz"])
    return [text for batch in corpus.batches() for text in batch.texts.to_list()]


def sample() -> list[str]:
    """Some of them, in order."""
    texts = abstracts()
    chosen = np.sort(np.random.default_rng(SEED).permutation(len(texts))[:SAMPLE])
    return [texts[i] for i in chosen.tolist()]


PARTS: dict[str, Callable[[], str]] = {
    "machine": lambda: f"{machine()['cpu']}, {os.cpu_count()} threads.",
    "retrieval": lambda: retrieval("default"),
    "sample": lambda: similarity("default", sample(), 1),
    "pubmed": lambda: similarity("default", abstracts(), 3),
}


def main(names: list[str]) -> int:
    """Measure and rewrite the page, all parts or those named; says where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    for name in names or list(PARTS):
        made = PARTS[name]()
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(fill(page, generated(page) | {name: made}), encoding="utf-8")
        print(f"== {name}\n{made}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
