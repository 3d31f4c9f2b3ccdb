"""What an encoder of a run finds, and what it gives up for being one table: regenerates docs/encoders.md.

Every collection is refined on its own documents, without a look at its questions or judgements. nDCG@10 by
cosine, of encoders of each choice of the run's tables, of the package wordllama as it is, and of what needs
the collection at hand: documents smoothed by those most like them, and BM25.

    python -m benchmarks.encoders
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.answers import wordllama
from benchmarks.common import SHARED_DATA
from benchmarks.paper_report.page import fill
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.evaluation.ranking_metrics import ndcg, ranked
from selfvec.evaluation.retrieval import Collection, bm25_rankings, read_collection
from selfvec.numerics.bootstrap import Estimate, difference, mean
from selfvec.refine.pipeline import refine
from selfvec.refine.topic_vectors import run_topics
from selfvec.search.encoder import Encoder
from selfvec.text.document_vectors import embed, smooth_by_neighbours
from selfvec.text.preprocessing import Preprocessing

PAGE = Path(__file__).resolve().parents[1] / "docs" / "encoders.md"
COLLECTIONS = {"MED": "med", "Cranfield": "cran", "CACM": "cacm"}
STARTS = {"the embedded table": "default", "GoogleNews": "vectors/googlenews-26k-300d.bin"}
CHOICES: dict[str, tuple[tuple[str, ...], int | None]] = {
    "original": (("original",), None),
    "refined": (("refined",), None),
    "topics": (("topics",), None),
    "refined, topics: all axes": (("refined", "topics"), None),
    "**refined, topics: 256 axes**": (("refined", "topics"), 256),
    "refined, topics: 128 axes": (("refined", "topics"), 128),
    "original, topics: 256 axes": (("original", "topics"), 256),
    "all three: 256 axes": (("original", "refined", "topics"), 256),
}
DEFAULT = "**refined, topics: 256 axes**"
SEED = 0
Rows = NDArray[np.float32]


def by_cosine(collection: Collection, rows: Rows) -> Estimate:
    """nDCG@10 of documents and, after them, questions as unit vectors."""
    documents, questions = np.split(rows, [len(collection.documents)])
    there = np.any(documents != 0, axis=1)
    rankings = [ranked(documents @ question, there & question.any()) for question in questions]
    return measured(collection, rankings)


def measured(collection: Collection, rankings: Sequence[Sequence[int]]) -> Estimate:
    pairs = zip(rankings, collection.relevant, strict=True)
    return mean(np.array([ndcg(found, gains) for found, gains in pairs]), SEED)


def ways(collection: Collection, run: Run) -> Iterator[tuple[str, Estimate]]:
    """Every way of comparing the texts of a collection, by name."""
    count, texts = len(collection.documents), collection.documents + collection.queries
    for name, (tables, dimensions) in CHOICES.items():
        rows = Encoder.of(run, tables=tables, dimensions=dimensions).encode(texts)
        yield name, by_cosine(collection, rows)
        if name == DEFAULT:
            smoothed = np.vstack([smooth_by_neighbours(rows, count)[:count], rows[count:]])
    yield "the default, documents smoothed", by_cosine(collection, smoothed)
    preprocessing = Preprocessing.of(run.provenance)
    assert run_topics(run) is not None
    dense, _ = embed(texts, [run.vectors, run_topics(run)], preprocessing, count, questions=True)
    yield "`evaluate`, mode dense (smoothed)", by_cosine(collection, dense)
    yield "wordllama as it is", by_cosine(collection, wordllama(texts))
    yield "BM25, stems", measured(collection, bm25_rankings(collection, preprocessing))


def table(found: dict[str, dict[str, Estimate]]) -> str:
    """A row a way, a column a collection, and the mean."""
    lines = [f"| | {' | '.join(COLLECTIONS)} | mean |", "|---|" + "---:|" * 4]
    for way, by_name in found.items():
        values = [by_name[name].value for name in COLLECTIONS]
        lines.append(f"| {way} | {' | '.join(f'{value:.3f}' for value in (*values, np.mean(values)))} |")
    return "\n".join(lines)


def differences(found: dict[str, dict[str, Estimate]]) -> str:
    """The default against others on the same questions, with 95 % intervals."""
    lines = [f"| the default minus | {' | '.join(COLLECTIONS)} |", "|---|" + "---:|" * 3]
    for way in (
        "wordllama as it is",
        "original",
        "refined",
        "`evaluate`, mode dense (smoothed)",
        "BM25, stems",
    ):
        apart = [difference(found[DEFAULT][name], found[way][name]) for name in COLLECTIONS]
        cells = " | ".join(f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})" for one in apart)
        lines.append(f"| {way} | {cells} |")
    return "\n".join(lines)


def left_out(found: dict[str, dict[str, Estimate]]) -> str:
    """What would have been chosen on two collections, and what it finds in the third."""
    lines = ["| collection | chosen on the other two | finds | the default |", "|---|---|---:|---:|"]
    for name in COLLECTIONS:
        others = [other for other in COLLECTIONS if other != name]
        best = max(CHOICES, key=lambda way: sum(found[way][other].value for other in others))
        own, default = found[best][name].value, found[DEFAULT][name].value
        lines.append(f"| {name} | {best.strip('*')} | {own:.3f} | {default:.3f} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    parts = {}
    for start, file in STARTS.items():
        found: dict[str, dict[str, Estimate]] = {}
        for name, folder in COLLECTIONS.items():
            path = SHARED_DATA / "retrieval" / folder
            vectors = file if file == "default" else str(SHARED_DATA / file)
            run = refine(Corpus.open([path]), vectors, Settings(method="decorrelated"))
            for way, estimate in ways(read_collection(path), run):
                found.setdefault(way, {})[name] = estimate
            print(f"measured {name}, {start}", flush=True)
        key = "embedded" if file == "default" else "google"
        parts[f"quality-{key}"] = table(found)
        if key == "embedded":
            parts |= {"differences": differences(found), "choice": left_out(found)}
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print(*parts.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
