"""Words without a vector: what inducing one gives. Regenerates the figures of docs/oov.md.

Hidden words found again on five collections, and how far meaning travels
through words that are themselves unknown. Constants were chosen on PubMed and samples of it.

    python -m benchmarks.oov
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.common import SHARED_DATA
from benchmarks.paper_report.page import fill
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.corpus import Corpus
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.evaluation import HiddenWords
from selfvec.numerics.rows import unit_rows
from selfvec.refine.decorrelated import DecorrelatedRefinement, base_vectors, start_from_neighbours
from selfvec.refine.inputs import by_frequency
from selfvec.refine.pipeline import refine
from selfvec.refine.sequential import PaperRefinement

PAGE = Path(__file__).resolve().parents[1] / "docs" / "oov.md"
TABLES = {"GoogleNews, 26,423 words": "vectors/googlenews-26k-300d.bin", "the embedded table": "default"}
CORPORA = {
    "PubMed (chosen on)": ("pubmed/abstracts.jsonl.gz", 3),
    "NOAA": ("noaa/events.jsonl.gz", 1),
    "MED": ("retrieval/med", 1),
    "Cranfield": ("retrieval/cran", 1),
    "CACM": ("retrieval/cacm", 1),
}
WAYS = ("zero start", "context sum", "ridge", "spelling", "combination", "refined")
TOPICS, WORDS, HOPS, DOCUMENTS, LENGTH, NOISE = 20, 5, 6, 40, 12, 0.3
SEEDS = (0, 1, 2)


def start(file: str) -> str:
    return file if file == "default" else str(SHARED_DATA / file)


def found_again(metric: str = "median_rank") -> tuple[str, str]:
    """Median ranks of hidden words by way, over all of them and over those without kin."""
    head = f"| start | corpus | words | {' | '.join(WAYS)} |\n|---|---|---:|{'---:|' * len(WAYS)}"
    every, alone = [head], [head]
    for label, file in TABLES.items():
        for name, (path, least) in CORPORA.items():
            settings = Settings(method="decorrelated", min_count=least, history="none")
            run = refine(Corpus.open([SHARED_DATA / path]), start(file), settings)
            report = selfvec.evaluate(run, [HiddenWords()])
            rows = {row["vectors"]: row for row in report.rows if row["metric"] == metric}
            one = rows["combination"]
            cells = [f"{rows[w]['value']:,.0f} ({rows[w]['low']:,.0f}–{rows[w]['high']:,.0f})" for w in WAYS]
            every.append(f"| {label} | {name} | {one['candidates']:,} | {' | '.join(cells)} |")
            cells = [f"{rows[w]['median_rank_alone']:,.0f}" for w in WAYS]
            alone.append(f"| {label} | {name} | {one['alone']:,} | {' | '.join(cells)} |")
    return "\n".join(every), "\n".join(alone)


def chain(table: Vectors, seed: int) -> tuple[TokenBatch, Vectors, list[list[list[str]]]]:
    """A text in which unknown words stand ever farther from known ones.

    Each topic is a word and its nearest neighbours. Its known words stand in texts with unknown words of hop
    1; those in other texts with words of hop 2, and so on: no text holds words of hops that are not
    neighbours. Three tokens in ten are known words of no topic. Unknown words are random letters, so that
    spelling says nothing.
    """
    rng = np.random.default_rng(seed)
    plain = [
        word for word in table.index_to_key[:4000] if word.isalpha() and word.islower() and len(word) > 3
    ]
    topics: list[list[list[str]]] = []
    taken: set[str] = set()
    for word in (plain[i] for i in rng.permutation(len(plain)).tolist()):
        near = [word, *(w for w, _ in table.most_similar(word, topn=WORDS - 1))]
        if len(topics) < TOPICS and not taken & set(near):
            taken |= set(near)
            unknown = ["".join(rng.choice(list("bcdfghjklmnpqrstvwxz"), 9)) for _ in range(HOPS * WORDS)]
            topics.append([near, *(unknown[i : i + WORDS] for i in range(0, HOPS * WORDS, WORDS))])
    noise = [word for word in plain if word not in taken][:300]
    documents = []
    for topic in topics:
        for hop in range(HOPS):
            pool = topic[hop] + topic[hop + 1]
            for _ in range(DOCUMENTS):
                kept = rng.random(LENGTH) >= NOISE
                own, other = rng.choice(pool, LENGTH), rng.choice(noise, LENGTH)
                documents.append(np.where(kept, own, other).tolist())
    order = rng.permutation(len(documents))
    batch = by_frequency(TokenBatch.from_documents([documents[i] for i in order.tolist()]))
    rows, sources = table.lookup(batch.types, compose=False)
    return batch, Vectors(batch.types, unit_rows(rows), sources=sources, normalized=True), topics


def tables_of(batch: TokenBatch, original: Vectors) -> dict[str, np.ndarray]:
    """What each rule makes of a text, (V, d) by name."""
    made: dict[str, np.ndarray] = {}
    for epochs in (1, 5, 20):
        paper = PaperRefinement(batch, original, window=13, learning_rate=0.01, epochs=epochs)
        while not paper.done:
            paper.advance()
        made[f"paper, {epochs} epoch{'s' * (epochs > 1)}"] = paper.table
    known = original.sources != Source.NONE
    base = base_vectors(original.unit, known)
    made["context sum"] = start_from_neighbours(base, known, ScanOperator(batch, 41, 0.4))
    for passes in (2, 4, 8):
        run = DecorrelatedRefinement(batch, original, passes=passes)
        while not run.done:
            run.advance()
        made[f"decorrelated, {passes} passes"] = run.table
    return made


def travelled() -> str:
    """How often a word at each hop is nearest to the known words of its own topic."""
    table = selfvec.load(SHARED_DATA / "vectors" / "googlenews-26k-300d.bin")
    hits: dict[str, list[list[float]]] = {}
    for seed in SEEDS:
        batch, original, topics = chain(table, seed)
        for name, rows in tables_of(batch, original).items():
            unit, index = unit_rows(rows), original.key_to_index
            centre = unit.mean(axis=0)
            middles = np.stack([unit[[index[w] for w in topic[0]]].mean(axis=0) - centre for topic in topics])
            middles = unit_rows(middles)
            shares = []
            for hop in range(1, HOPS + 1):
                rows_of = [(number, index[w]) for number, topic in enumerate(topics) for w in topic[hop]]
                right = [
                    bool(unit[row].any()) and int((middles @ (unit[row] - centre)).argmax()) == number
                    for number, row in rows_of
                ]
                shares.append(float(np.mean(right)))
            hits.setdefault(name, []).append(shares)
    heads = " | ".join(f"{hop} hop{'s' * (hop > 1)}" for hop in range(1, HOPS + 1))
    lines = [f"| rule | {heads} |", f"|---|{'---:|' * HOPS}"]
    for name, runs in hits.items():
        lines.append(f"| {name} | {' | '.join(f'{share:.0%}' for share in np.mean(runs, axis=0))} |")
    return "\n".join(lines)


def main() -> int:
    """Measure and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    parts = {"hops": travelled()}
    print(*parts.values(), sep="\n\n", flush=True)
    parts["hidden"], parts["alone"] = found_again()
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print(parts["hidden"], parts["alone"], sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
