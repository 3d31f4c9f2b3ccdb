"""Retrieval for answers: what each way of searching brings to whoever answers. Fills docs/search.md.

Every collection is refined on its own documents, without a look at its questions or judgements. The same
documents and questions then go to all: the vectors before and after refining, BM25 on stems, the hybrid, a
static encoder as its library uses it, and sentence encoders where they are installed: the small Universal
Sentence Encoder of npm (MODULES names a node_modules folder, see sentence_encoder.cjs) and a model of
sentence-transformers (ENCODER names it).

    MODULES=.../node_modules python -m benchmarks.answers
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np

from benchmarks.agreement import chosen, measured
from benchmarks.common import SHARED_DATA, machine
from benchmarks.paper_report.page import fill
from selfvec.base.files import atomic_file
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.evaluation.ranking_metrics import ndcg, ranked, recall
from selfvec.evaluation.retrieval import Collection, read_collection
from selfvec.numerics.bootstrap import Estimate, difference, mean
from selfvec.numerics.rows import unit_rows
from selfvec.refine.pipeline import refine
from selfvec.refine.topic_vectors import run_topics
from selfvec.search import Index
from selfvec.search.scoring import Blend
from selfvec.text.document_vectors import embed
from selfvec.text.lexicon import Lexicon
from selfvec.text.preprocessing import Preprocessing

PAGE = Path(__file__).resolve().parents[1] / "docs" / "search.md"
COLLECTIONS = {"MED": "med", "Cranfield": "cran", "CACM": "cacm"}
GOOGLE = str(SHARED_DATA / "vectors" / "googlenews-26k-300d.bin")
SEED = 0
METRICS: dict[str, Callable[[Sequence[int], Mapping[int, float]], float]] = {
    "nDCG@10": ndcg,
    "recall@5": lambda found, gains: recall(found, gains, 5),
    "recall@20": lambda found, gains: recall(found, gains, 20),
    "hit@5": lambda found, gains: float(any(document in gains for document in found[:5])),
}
GRID = [
    Blend(meaning, feedback, beta)
    for meaning, (feedback, beta) in itertools.product(
        (None, 0.3, 0.4, 0.5, 0.6), [(0, 0.0), (3, 0.5), (5, 0.5), (5, 1.0), (10, 1.0)]
    )
]


@dataclass(frozen=True)
class Asked:
    """The best documents of each question, and milliseconds of one question."""

    rankings: list[list[int]]
    milliseconds: float


def everybody(collection: Collection, run: Run, google: Run, paper: Run) -> dict[str, Asked]:
    """Every way of searching a collection, refined by our rule from two tables and by the paper's."""
    index, preprocessing = Index.memory(run, collection.documents), Preprocessing.of(run.provenance)
    topics = run_topics(run)
    assert topics is not None
    found = {
        "original vectors": vectors(
            collection, lambda texts, n: embed(texts, [run.original], preprocessing, n, questions=True)[0]
        ),
        "refined, the paper's rule": vectors(
            collection, lambda texts, n: embed(texts, [paper.vectors], preprocessing, n, questions=True)[0]
        ),
        "refined vectors": vectors(
            collection,
            lambda texts, n: embed(texts, [run.vectors, topics], preprocessing, n, questions=True)[0],
        ),
        "BM25, stems": searched(collection, index, "bm25"),
        "hybrid": searched(collection, index, "hybrid"),
        "hybrid, GoogleNews": searched(collection, Index.memory(google, collection.documents), "hybrid"),
        "wordllama as it is": vectors(collection, lambda texts, _: wordllama(texts)),
    }
    if os.environ.get("MODULES"):
        found["USE small (npm)"] = sentence_encoder(collection)
    if os.environ.get("ENCODER"):
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(os.environ["ENCODER"])
        found[os.environ["ENCODER"]] = vectors(collection, lambda texts, _: unit_rows(model.encode(texts)))
    return found


def searched(collection: Collection, index: Index, mode: str) -> Asked:
    """By an index that has seen no question yet."""
    index = replace(index, lexicon=Lexicon(index.lexicon.preprocessing, index.lexicon.types))
    index.scores(collection.queries[0], mode)
    start, rankings = time.process_time(), []
    for question in collection.queries:
        found = index.scores(question, mode)
        rankings.append(ranked(found.scores, found.found))
    return Asked(rankings, (time.process_time() - start) / len(collection.queries) * 1e3)


def vectors(collection: Collection, encode: Callable[[list[str], int], np.ndarray]) -> Asked:
    """By cosine; ``encode`` gets documents and questions, and how many of the former."""
    number, count = len(collection.documents), len(collection.queries)
    rows = encode(collection.documents + collection.queries, number)
    start = time.process_time()
    encode(collection.queries, 0)
    spent = time.process_time() - start
    return cosines(rows[:number], rows[number:], spent / count * 1e3)


def cosines(documents: np.ndarray, questions: np.ndarray, milliseconds: float) -> Asked:
    start = time.process_time()
    there = np.any(documents != 0, axis=1)
    rankings = [ranked(documents @ question, there) for question in questions]
    return Asked(rankings, milliseconds + (time.process_time() - start) / len(questions) * 1e3)


def wordllama(texts: list[str]) -> np.ndarray:
    """The library's own encoder, by its own inference, from the files inside the package."""
    import logging

    from safetensors.numpy import load_file
    from tokenizers import Tokenizer
    from wordllama.inference import WordLlamaInference

    logging.disable(logging.INFO)
    package = resources.files("wordllama")
    with resources.as_file(package / "weights" / "l2_supercat_256.safetensors") as path:
        (table,) = load_file(path).values()
    with resources.as_file(package / "tokenizers" / "l2_supercat_tokenizer_config.json") as path:
        tokenizer = Tokenizer.from_file(str(path))
    rows: np.ndarray = WordLlamaInference(table, tokenizer).embed(texts)
    return unit_rows(rows)


def sentence_encoder(collection: Collection) -> Asked:
    """The Universal Sentence Encoder, in a process of node."""
    documents, _ = encoded(collection.documents)
    questions, seconds = encoded(collection.queries)
    return cosines(documents, questions, seconds / len(questions) * 1e3)


def encoded(texts: list[str]) -> tuple[np.ndarray, float]:
    """Unit vectors and seconds of processor time; kept beside MODULES, as it takes minutes."""
    name = hashlib.sha256(json.dumps(texts).encode()).hexdigest()[:16]
    kept = Path(os.environ["MODULES"]).resolve().with_name(f"encoded-{name}.json")
    if not kept.exists():
        script = Path(__file__).with_name("sentence_encoder.cjs")
        done = subprocess.run(
            ["node", str(script)], input=json.dumps(texts).encode(), capture_output=True, check=True
        )
        with atomic_file(kept) as file:
            file.write_bytes(done.stdout)
    told = json.loads(kept.read_text(encoding="utf-8"))
    return unit_rows(np.array(told["vectors"], np.float32)), told["seconds"]


def quality(found: dict[str, dict[str, Asked]], collections: dict[str, Collection]) -> tuple[str, str, str]:
    """The table by collection, that of all metrics in the mean, and the hybrid against each of the others."""
    estimates = {
        way: {
            name: {
                metric: mean(
                    np.array(
                        [f(*pair) for pair in zip(one.rankings, collections[name].relevant, strict=True)]
                    ),
                    SEED,
                )
                for metric, f in METRICS.items()
            }
            for name, one in by_name.items()
        }
        for way, by_name in found.items()
    }
    first = [f"| way | {' | '.join(COLLECTIONS)} | mean |", "|---|" + "---:|" * 4]
    second = [f"| way | {' | '.join(METRICS)} | ms a question |", "|---|" + "---:|" * 5]
    third = [f"| hybrid minus | {' | '.join(COLLECTIONS)} | mean |", "|---|" + "---:|" * 4]
    for way, by_name in estimates.items():
        cells = [shown(by_name[name]["nDCG@10"]) for name in COLLECTIONS]
        first.append(f"| {way} | {' | '.join(cells)} | {shown(over(by_name, 'nDCG@10'))} |")
        cells = [shown(over(by_name, metric)) for metric in METRICS]
        spent = np.mean([found[way][name].milliseconds for name in COLLECTIONS])
        second.append(f"| {way} | {' | '.join(cells)} | {spent:.2f} |")
        if way != "hybrid":
            hybrid = estimates["hybrid"]
            pairs = [(hybrid[name]["nDCG@10"], by_name[name]["nDCG@10"]) for name in COLLECTIONS]
            pairs.append((over(hybrid, "nDCG@10"), over(by_name, "nDCG@10")))
            third.append(f"| {way} | {' | '.join(apart(*pair) for pair in pairs)} |")
    return "\n".join(first), "\n".join(second), "\n".join(third)


def over(by_name: dict[str, dict[str, Estimate]], metric: str) -> Estimate:
    """The mean over collections, whose questions are drawn apart."""
    of = [by_name[name][metric] for name in COLLECTIONS]
    return Estimate(
        float(np.mean([one.value for one in of])), np.mean([one.replicates for one in of], axis=0)
    )


def shown(estimate: Estimate) -> str:
    low, high = estimate.interval
    return f"{estimate.value:.3f} ({low:.2f}–{high:.2f})"


def apart(a: Estimate, b: Estimate) -> str:
    found = difference(a, b)
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def left_out(collections: dict[str, Collection], indexes: dict[str, Index]) -> str:
    """Constants chosen on two collections, measured on the third; and how far the whole grid reaches."""
    values = {
        name: np.array([blended(collections[name], indexes[name], blend) for blend in GRID])
        for name in COLLECTIONS
    }
    default = GRID.index(Blend())
    lines = [
        "| collection | default | chosen on the other two | worst of the grid | best | BM25 |",
        "|---|" + "---:|" * 5,
    ]
    columns: list[list[float]] = []
    for name, own in values.items():
        others = np.mean([values[other] for other in COLLECTIONS if other != name], axis=0)
        asked = searched(collections[name], indexes[name], "bm25")
        bm25 = float(
            np.mean([ndcg(*p) for p in zip(asked.rankings, collections[name].relevant, strict=True)])
        )
        columns.append([own[default], own[int(np.argmax(others))], own.min(), own.max(), bm25])
        lines.append(f"| {name} | {' | '.join(f'{value:.3f}' for value in columns[-1])} |")
    lines.append(f"| mean | {' | '.join(f'{value:.3f}' for value in np.mean(columns, axis=0))} |")
    return "\n".join(lines)


def blended(collection: Collection, index: Index, blend: Blend) -> float:
    scorer = replace(index.scorer, blend=blend)
    values = []
    for question, gains in zip(collection.queries, collection.relevant, strict=True):
        found = scorer.score(index.lexicon.parse(question))
        values.append(ndcg(ranked(found.scores, found.found), gains))
    return float(np.mean(values))


def main() -> int:
    """Measure and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    collections: dict[str, Collection] = {}
    indexes: dict[str, Index] = {}
    found: dict[str, dict[str, Asked]] = {}
    settings = Settings(method="decorrelated")
    for name, folder in COLLECTIONS.items():
        path = SHARED_DATA / "retrieval" / folder
        collections[name] = read_collection(path)
        run = refine(Corpus.open([path]), "default", settings)
        google = refine(Corpus.open([path]), GOOGLE, settings)
        paper = refine(Corpus.open([path]), "default", Settings(method="paper"))
        indexes[name] = Index.memory(run, collections[name].documents)
        for way, asked in everybody(collections[name], run, google, paper).items():
            found.setdefault(way, {})[name] = asked
        print(f"searched {name}", flush=True)
    parts = dict(zip(("ndcg", "answers", "differences"), quality(found, collections), strict=True))
    parts["choice"] = left_out(collections, indexes)
    parts["shares"], parts["held-out"] = chosen(measured())
    parts["machine"] = f"{machine()['cpu']}, one core."
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print(*parts.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
