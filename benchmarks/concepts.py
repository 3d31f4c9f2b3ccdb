"""What the concept tools find in two collections. Fills docs/concepts.md.

Phrases of NOAA narratives and PubMed abstracts; whether they are the terms of their field, by the event types
that NOAA itself distinguishes; whether topics are these types; what phrases as units do to retrieval on the
development collections. The constants were set on these two, so expect no more elsewhere.

    python -m benchmarks.concepts [PART...]      (or: make concepts)
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.datasets import GOOGLENEWS, JUDGED, judged, open_corpus, texts
from benchmarks.page import FIGURES, table, update_page
from benchmarks.refining import refined
from benchmarks.search_measures import SEED
from selfvec.analysis.concepts import Phrases, Topics, expand, graph, phrases, topics, why
from selfvec.data.run import Run
from selfvec.data.vectors import Source
from selfvec.evaluation.compared_vectors import Table
from selfvec.evaluation.retrieval import dense_rankings, hybrid_rankings, ranked
from selfvec.numerics.statistics import mean
from selfvec.search import Index
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.stems import stems
from selfvec.views.graphs import save_graph

STARTS = {"NOAA": GOOGLENEWS, "PubMed": "default"}
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


@cache
def found_in(name: str) -> tuple[Phrases, float]:
    """The phrases of a collection, and the processor time that took."""
    phrases(["compiled before the clock starts " * 9])
    start = time.process_time()
    return phrases(open_corpus(name)), time.process_time() - start


@cache
def run_of(name: str) -> Run:
    """A collection refined, with its phrases as units."""
    return refined(name, STARTS[name], phrases="auto", history="none", min_count=2)


@cache
def event_types() -> list[str]:
    """The NOAA event type of each narrative, in the run's order."""
    batches = open_corpus("NOAA", keep_fields=True).batches()
    return [kind or "" for batch in batches for kind in batch.fields["event_type"].to_list()]


def found_phrases() -> str:
    """The first phrases of each collection, and what finding them cost."""
    out = []
    for name in STARTS:
        found, seconds = found_in(name)
        lengths = Counter(len(row.words) for row in found)
        by_length = ", ".join(f"{count:,} of {n} words" for n, count in sorted(lengths.items()))
        speed = found.tokens / seconds / 1e6
        out.append(
            f"**{name}**: {len(found):,} phrases in {found.tokens:,} words ({by_length}), found in "
            f"{seconds:.1f} s of processor time, reading and tokenizing included: {speed:.1f} million "
            "words a second."
        )
        cells = [
            (row.term, row.count, f"{row.npmi:.2f}", f"{row.c_value:,.0f}") for row in found.rows[:LISTED]
        ]
        half = LISTED // 2
        both = [a + b for a, b in zip(cells[:half], cells[half:], strict=True)]
        out.append(table(("phrase", "count", "NPMI", "C-value") * 2, both))
    return "\n\n".join(out)


def recalled() -> str:
    """How many event types that the narratives name at all are among the phrases, by stems."""
    have = {tuple(stems(row.words, "en")) for row in found_in("NOAA")[0]}
    words = " ".join(texts("NOAA")).lower()
    rows = []
    for name in sorted({kind.lower() for kind in event_types() if len(kind.split()) > 1}):
        wanted = tuple(stems(name.replace("/", " ").replace("-", " ").split(), "en"))
        times = words.count(name) + (words.count(name.replace("-", " ")) if "-" in name else 0)
        if times >= 5:
            rows.append((name, times, "yes" if wanted in have else "no"))
    hits = sum(row[2] == "yes" for row in rows)
    of = f"{len(rows)} event types of several words that the narratives name five times or more"
    heads = ("event type", "times in the text", "among the phrases")
    return f"{hits} of the {of}.\n\n{table(heads, rows)}"


def grouped(found: Topics, kinds: list[str] | None = None) -> str:
    """Topics with their shares, and for NOAA the event type that most of their documents have."""
    rows = []
    for number, row in enumerate(found):
        cells = [row.name, row.size, f"{row.share:.1%}", row.documents]
        if kinds:
            counted = Counter(kinds[i] for i in np.flatnonzero(found.of_documents == number).tolist())
            kind, times = counted.most_common(1)[0] if counted else ("", 0)
            cells.append(f"{kind}, {times / counted.total():.0%}" if counted else "")
        rows.append(cells)
    heads = ["topic", "terms", "share", "documents", *(["most common event type"] if kinds else [])]
    if not kinds:
        return table(heads, rows)
    inside = found.of_documents >= 0
    labels, topic = np.array(kinds)[inside], found.of_documents[inside]
    value = normalized_mutual_info_score(labels, topic)
    chance = normalized_mutual_info_score(labels, np.random.default_rng(0).permutation(topic))
    return (
        f"{table(heads, rows)}\n\nNormalised mutual information of a document's topic and its event type: "
        f"{value:.2f} (topics assigned at random: {chance:.3f})."
    )


def noaa_topics() -> str:
    """Topics of NOAA beside its event types; draws the graph of terms as well."""
    found = topics(run_of("NOAA"), TOPICS)
    save_graph(graph(run_of("NOAA"), SHOWN, size=90, topic_groups=found), FIGURES / "terms-noaa.svg")
    return grouped(found, event_types())


def nearby() -> str:
    """Nearest terms of some phrases, refined."""
    names = {Source.KNOWN: "the table", Source.SUBWORDS: "its words"}
    rows = []
    for name, words in WORDS.items():
        run = run_of(name)
        for word in words:
            near = run.similar(word, NEAREST, min_count=10)[0]["neighbours"]
            source = Source(int(run.original.sources[run.index(word)]))
            start = names.get(source, source.name.lower())
            rows.append((word, start, ", ".join(term for term, _ in near)))
    return table(("phrase", "from", "nearest terms"), rows)


def units() -> str:
    """How many units a run has, how much of the text they are, and where they start."""
    rows = []
    for name in STARTS:
        run = run_of(name)
        places = [run.vectors.key_to_index[row.term] for row in phrases(run)]
        counts = run.require_tokens().counts
        sources = Counter(run.original.sources[places].tolist())
        known, made = sources[Source.KNOWN], sources[Source.SUBWORDS]
        share = f"{counts[places].sum() / counts.sum():.0%}"
        rows.append((name, len(places), share, known, made, len(places) - known - made))
    heads = (
        "run",
        "phrases",
        "share of its tokens",
        "start in the table",
        "from their words",
        "from the text",
    )
    return table(heads, rows)


def retrieval() -> str:
    """nDCG@10 with and without phrases as units, and whether that differs over all queries."""
    values: dict[str, list[np.ndarray]] = {}
    for name, collection in judged().items():
        for asked in (None, "auto"):
            run = refined(name, stop_words="en", phrases=asked)
            preprocessing = Preprocessing.of(run.provenance)
            named = "words" if asked is None else "words and phrases"
            ways = {f"dense, {named}": preprocessing}
            if asked:
                ways["dense, phrases in the run only"] = preprocessing.by_words
            found = {
                label: dense_rankings(collection, Table("", run.vectors, way, run=run, refined=True))[0]
                for label, way in ways.items()
            }
            found[f"hybrid, {named}"] = hybrid_rankings(collection, run)
            for label, rankings in found.items():
                scores = collection.scores(rankings)
                values.setdefault(label, []).append(scores["ndcg@10"])
    rows = []
    for label in sorted(values):
        means = [float(one.mean()) for one in values[label]]
        rows.append([label, *(f"{value:.3f}" for value in (*means, float(np.mean(means))))])
    lines = [table(["search, run of", *JUDGED, "mean"], rows)]
    for way in ("dense", "hybrid"):
        gains = np.concatenate(values[f"{way}, words and phrases"]) - np.concatenate(values[f"{way}, words"])
        estimate = mean(gains, SEED)
        low, high = estimate.interval
        said = f"{estimate.value:+.3f} ({low:+.3f} to {high:+.3f})"
        lines.append(f"{way.title()}, over all {len(gains)} queries: {said}.")
    return "\n\n".join(lines)


def expanded() -> str:
    """BM25 with a query as it is, and with the ten terms that `expand` adds, by their weights."""
    rows: dict[str, list[str]] = {"the query": [], "and ten terms of `expand`": []}
    for name, collection in judged().items():
        run = refined(name, stop_words="en")
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
                types = np.array(list(weights), np.int64)
                counts = np.array(list(weights.values()), np.float32)
                scored = index.scorer.score(replace(asked, types=types, counts=counts), "bm25")
                rankings.append(ranked(scored.scores, scored.found))
            scores = collection.scores(rankings)
            rows[label] += [f"{np.mean(scores[metric]):.3f}" for metric in ("ndcg@10", "recall@100")]
    heads = [head for name in JUDGED for head in (f"{name}, nDCG@10", "recall@100")]
    return table(["BM25 of", *heads], [[label, *cells] for label, cells in rows.items()])


def reasons() -> str:
    """Why some pairs are similar: words and figures, no sentences."""

    def rows() -> Iterable[list[str]]:
        for name, pairs in PAIRS.items():
            for a, b in pairs:
                found = why(run_of(name), a, b, 6, examples=0)
                cells = ["–" if value is None else f"{value:.2f}" for value in (found.before, found.after)]
                contexts = ", ".join(f"{row.context} {row.contribution:.3f}" for row in found.contexts)
                yield [f"{a}, {b}", *cells, f"{found.company:.2f}", contexts]

    heads = ("words", "cosine before", "after", "of contexts", "the contexts that add most")
    return table(heads, rows())


PARTS = {
    "phrases": found_phrases,
    "events": recalled,
    "units": units,
    "nearby": nearby,
    "retrieval": retrieval,
    "expansion": expanded,
    "topics-noaa": noaa_topics,
    "topics-pubmed": lambda: grouped(topics(run_of("PubMed"), TOPICS)),
    "why": reasons,
}

if __name__ == "__main__":
    sys.exit(update_page("concepts.md", PARTS, sys.argv[1:]))
