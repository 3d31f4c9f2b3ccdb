"""What the concept tools find in two collections: writes the figures of docs/concepts.md.

Phrases of NOAA narratives and PubMed abstracts; whether they are the terms of their field, by the event types
that NOAA itself distinguishes; whether topics are these types; what phrases as units do to retrieval on the
development collections. The constants were set by looking at these two, so expect no more elsewhere.

    python -m benchmarks.concepts [PART...]      (or: make concepts)
"""

from __future__ import annotations

import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.datasets import SHARED_DATA
from benchmarks.page import fill, generated
from selfvec.analysis.concepts import Phrases, Topics, expand, graph, phrases, topics, why
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source
from selfvec.evaluation.compared_vectors import Table
from selfvec.evaluation.ranking_metrics import ranked, score_rankings
from selfvec.evaluation.retrieval import dense_rankings, hybrid_rankings, read_collection
from selfvec.refine.pipeline import refine
from selfvec.search import Index
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.stems import stems
from selfvec.views.graphs import save_graph

PAGE = Path(__file__).resolve().parents[1] / "docs" / "concepts.md"
FIGURE = PAGE.parent / "figures" / "terms-noaa.svg"
SETS = {"NOAA": "noaa/events.jsonl.gz", "PubMed": "pubmed/abstracts.jsonl.gz"}
STARTS = {"NOAA": "vectors/googlenews-26k-300d.bin", "PubMed": "default"}
COLLECTIONS = {"MED": "med", "Cranfield": "cran", "CACM": "cacm"}
WORDS = {
    "NOAA": ("flash_flood", "storm_surge", "golf_ball_size_hail", "power_lines"),
    "PubMed": ("covid_19", "amino_acid", "quality_of_life", "blood_pressure"),
}
SHOWN = ("hail", "flash flood", "snow", "hurricane")
PAIRS = {
    "NOAA": (("tornado", "landspout"), ("hail", "windshields"), ("flash_flood", "flooding")),
    "PubMed": (("covid_19", "influenza"), ("blood_pressure", "hypertension"), ("quality_of_life", "pain")),
}
LISTED, TOPICS, NEAREST = 24, 16, 6


def found_phrases(found: dict[str, tuple[Phrases, float]]) -> str:
    """The first phrases of each collection, and what finding them cost."""
    out = []
    for name, (told, seconds) in found.items():
        speed = told.tokens / seconds / 1e6
        lengths = Counter(len(row.words) for row in told)
        by_length = ", ".join(f"{count:,} of {n} words" for n, count in sorted(lengths.items()))
        out.append(
            f"**{name}**: {len(told):,} phrases in {told.tokens:,} words ({by_length}), found in "
            f"{seconds:.1f} s of processor time, reading and cutting included: {speed:.1f} million words a "
            "second.\n\n"
            "| phrase | count | NPMI | C-value | phrase | count | NPMI | C-value |\n"
            "|---|---:|---:|---:|---|---:|---:|---:|"
        )
        cells = [
            f"{row.term} | {row.count:,} | {row.npmi:.2f} | {row.c_value:,.0f}" for row in told.rows[:LISTED]
        ]
        half = LISTED // 2
        out.append(
            "\n".join(f"| {a} | {b} |" for a, b in zip(cells[:half], cells[half:], strict=True)) + "\n"
        )
    return "\n".join(out)


def event_types() -> tuple[list[str], list[str]]:
    """NOAA's event types of several words, and the type of each narrative, in the run's order."""
    corpus = Corpus.open([SHARED_DATA / SETS["NOAA"]], keep_fields=True)
    types = [kind or "" for batch in corpus.batches() for kind in batch.fields["event_type"].to_list()]
    return sorted({kind.lower() for kind in types if len(kind.split()) > 1}), types


def recalled(told: Phrases, names: list[str]) -> str:
    """How many event types that the narratives name at all are among the phrases, by stems."""
    have = {tuple(stems(row.words, "en")) for row in told}
    text = Corpus.open([SHARED_DATA / SETS["NOAA"]])
    words = " ".join(t.lower() for batch in text.batches() for t in batch.texts.to_list())
    lines = ["| event type | times in the text | among the phrases |", "|---|---:|---|"]
    named = hits = 0
    for name in names:
        wanted = tuple(stems(name.replace("/", " ").replace("-", " ").split(), "en"))
        times = words.count(name) + (words.count(name.replace("-", " ")) if "-" in name else 0)
        if times >= 5:
            named += 1
            hits += wanted in have
            lines.append(f"| {name} | {times:,} | {'yes' if wanted in have else 'no'} |")
    told_all = (
        f"{hits} of the {named} event types of several words that the narratives name five times or more."
    )
    return "\n".join([told_all, "", *lines])


def mutual_information(a: list[str], b: list[int]) -> float:
    """Normalised mutual information of two labellings, 0 to 1 (arithmetic mean of the entropies)."""
    n = len(a)

    def entropy(counts: Counter) -> float:
        return -sum(c / n * math.log(c / n) for c in counts.values())

    one, other, both = (Counter(labels) for labels in (a, b, zip(a, b, strict=True)))
    information = entropy(one) + entropy(other) - entropy(both)
    return 2 * information / (entropy(one) + entropy(other))


def grouped(found: Topics, kinds: list[str] | None = None) -> str:
    """Topics with their shares, and of NOAA the event type that most of their documents have."""
    typical = " most common event type |" if kinds else ""
    lines = [
        f"| topic | terms | share | documents |{typical}",
        f"|---|---:|---:|---:|{'---|' if kinds else ''}",
    ]
    for number, row in enumerate(found):
        cells = f"| {row.name} | {row.size} | {row.share:.1%} | {row.documents:,} |"
        if kinds:
            counted = Counter(kinds[i] for i in np.flatnonzero(found.of_documents == number).tolist())
            if counted:
                (kind, times), total = counted.most_common(1)[0], sum(counted.values())
                cells += f" {kind}, {times / total:.0%} |"
            else:
                cells += " |"
        lines.append(cells)
    if kinds:
        pairs = [
            (kind, topic)
            for kind, topic in zip(kinds, found.of_documents.tolist(), strict=True)
            if topic >= 0
        ]
        value = mutual_information([kind for kind, _ in pairs], [topic for _, topic in pairs])
        shuffled = np.random.default_rng(0).permutation([topic for _, topic in pairs]).tolist()
        chance = mutual_information([kind for kind, _ in pairs], shuffled)
        lines += [
            "",
            f"Normalised mutual information of a document's topic and its event type: {value:.2f} "
            f"(topics dealt out at random: {chance:.3f}).",
        ]
    return "\n".join(lines)


def nearby(runs: dict[str, Run]) -> str:
    """Nearest terms of some phrases, refined."""
    lines = ["| phrase | from | nearest terms |", "|---|---|---|"]
    for name, words in WORDS.items():
        for word in words:
            run = runs[name]
            row = run.similar(word, NEAREST, min_count=10)[0]
            source = Source(int(run.original.sources[run.index(word)]))
            start = {Source.KNOWN: "the table", Source.SUBWORDS: "its words"}.get(source, source.name.lower())
            lines.append(f"| {word} | {start} | {', '.join(term for term, _ in row['neighbours'])} |")
    return "\n".join(lines)


def units(runs: dict[str, Run]) -> str:
    """How many units a run has, how much of the text they are, and where they start."""
    lines = [
        "| run | phrases | share of its tokens | start in the table | from their words | from the text |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, run in runs.items():
        rows = [run.vectors.key_to_index[row.term] for row in phrases(run)]
        assert run.vectors.counts is not None
        share = run.vectors.counts[rows].sum() / run.vectors.counts.sum()
        sources = Counter(run.original.sources[rows].tolist())
        known, made = sources[Source.KNOWN], sources[Source.SUBWORDS]
        rest = len(rows) - known - made
        lines.append(f"| {name} | {len(rows):,} | {share:.0%} | {known:,} | {made:,} | {rest:,} |")
    return "\n".join(lines)


def retrieval() -> str:
    """nDCG@10 with and without phrases as units, and whether that differs over all queries."""
    rows: dict[str, list[np.ndarray]] = {}
    for folder in COLLECTIONS.values():
        path = SHARED_DATA / "retrieval" / folder
        collection = read_collection(path)
        for asked in (None, "auto"):
            settings = Settings(method="decorrelated", stop_words="en", phrases=asked)
            run = refine(Corpus.open([path]), "default", settings)
            preprocessing = Preprocessing.of(run.provenance)
            named = "words" if asked is None else "words and phrases"
            ways = {f"dense, {named}": preprocessing}
            if asked:
                ways["dense, phrases in the run only"] = preprocessing.by_words
            for label, way in ways.items():
                table = Table("refined", run.vectors, way, run=run, refined=True)
                scores = score_rankings(dense_rankings(collection, table)[0], collection.relevant)
                rows.setdefault(label, []).append(np.asarray(scores["ndcg@10"]))
            scores = score_rankings(hybrid_rankings(collection, run), collection.relevant)
            rows.setdefault(f"hybrid, {named}", []).append(np.asarray(scores["ndcg@10"]))
    lines = [f"| search, run of | {' | '.join(COLLECTIONS)} | mean |", "|---|---:|---:|---:|---:|"]
    for label in sorted(rows):
        means = [float(values.mean()) for values in rows[label]]
        cells = " | ".join(f"{value:.3f}" for value in (*means, float(np.mean(means))))
        lines.append(f"| {label} | {cells} |")
    for way in ("dense", "hybrid"):
        gains = np.concatenate(rows[f"{way}, words and phrases"]) - np.concatenate(rows[f"{way}, words"])
        drawn = np.random.default_rng(0).choice(gains, (5000, len(gains))).mean(axis=1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        lines += [
            "",
            f"{way.title()}, over all {len(gains)} queries: {gains.mean():+.3f} ({low:+.3f} to {high:+.3f}).",
        ]
    return "\n".join(lines)


def expanded() -> str:
    """BM25 with a query as it is, and with the ten terms that `expand` adds, by their weights."""
    rows: dict[str, list[str]] = {"the query": [], "and ten terms of `expand`": []}
    for folder in COLLECTIONS.values():
        path = SHARED_DATA / "retrieval" / folder
        collection = read_collection(path)
        run = refine(Corpus.open([path]), "default", Settings(method="decorrelated", stop_words="en"))
        index = Index.words_only(collection.documents, Preprocessing.of(run.provenance).by_words)
        for label, more in zip(rows, (0, 10), strict=True):
            rankings = []
            for query in collection.queries:
                asked = index.lexicon.parse(query)
                weights = dict(zip(asked.types.tolist(), asked.counts.tolist(), strict=True))
                for term in expand(run, query, more) if more else ():
                    for number in index.lexicon.types_of([term.term])[0]:
                        if number >= 0:
                            weights[number] = weights.get(number, 0.0) + term.weight
                types, counts = (
                    np.array(list(weights), np.int64),
                    np.array(list(weights.values()), np.float32),
                )
                scored = index.scorer.score(replace(asked, types=types, counts=counts), "bm25")
                rankings.append(ranked(scored.scores, scored.found))
            scores = score_rankings(rankings, collection.relevant)
            rows[label] += [f"{np.mean(scores[metric]):.3f}" for metric in ("ndcg@10", "recall@100")]
    names = " | ".join(f"{name}, nDCG@10 | recall@100" for name in COLLECTIONS)
    lines = [f"| BM25 of | {names} |", "|---|" + "---:|" * (2 * len(COLLECTIONS))]
    return "\n".join([*lines, *(f"| {label} | {' | '.join(cells)} |" for label, cells in rows.items())])


def reasons(runs: dict[str, Run]) -> str:
    """Why some pairs are similar: words and figures, no sentences."""
    lines = [
        "| words | cosine before | after | of contexts | the contexts that add most |",
        "|---|---:|---:|---:|---|",
    ]
    for name, pairs in PAIRS.items():
        for a, b in pairs:
            found = why(runs[name], a, b, 6, examples=0)
            cells = ["–" if value is None else f"{value:.2f}" for value in (found.before, found.after)]
            contexts = ", ".join(f"{row.context} {row.contribution:.3f}" for row in found.contexts)
            lines.append(f"| {a}, {b} | {' | '.join(cells)} | {found.company:.2f} | {contexts} |")
    return "\n".join(lines)


@cache
def found_in(name: str) -> tuple[Phrases, float]:
    """The phrases of a collection, and the processor time that took."""
    phrases(["compiled before the clock starts " * 9])
    start = time.process_time()
    return phrases(Corpus.open([SHARED_DATA / SETS[name]])), time.process_time() - start


@cache
def run_of(name: str) -> Run:
    """A collection refined, with its phrases as units."""
    vectors = STARTS[name] if STARTS[name] == "default" else str(SHARED_DATA / STARTS[name])
    settings = Settings(method="decorrelated", phrases="auto", history="none", min_count=2)
    return refine(Corpus.open([SHARED_DATA / SETS[name]]), vectors, settings)


def runs() -> dict[str, Run]:
    """Both."""
    return {name: run_of(name) for name in SETS}


def noaa_topics() -> str:
    """Topics of NOAA beside its event types; draws the graph of terms as well."""
    found = topics(run_of("NOAA"), TOPICS)
    save_graph(graph(run_of("NOAA"), SHOWN, size=90, topic_groups=found), FIGURE)
    return grouped(found, event_types()[1])


PARTS: dict[str, Callable[[], str]] = {
    "phrases": lambda: found_phrases({name: found_in(name) for name in SETS}),
    "events": lambda: recalled(found_in("NOAA")[0], event_types()[0]),
    "units": lambda: units(runs()),
    "nearby": lambda: nearby(runs()),
    "retrieval": retrieval,
    "expansion": expanded,
    "topics-noaa": noaa_topics,
    "topics-pubmed": lambda: grouped(topics(run_of("PubMed"), TOPICS)),
    "why": lambda: reasons(runs()),
}


def main(names: list[str]) -> int:
    """Measure all parts, or those named, and rewrite the page; says so where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    made = {name: PARTS[name]() for name in names or PARTS}
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(fill(page, generated(page) | made), encoding="utf-8")
    print(*made.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
