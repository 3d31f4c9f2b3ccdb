"""What do the concept tools find? Fills docs/results/concepts.md.

Phrases and topics of NOAA narratives, topics beside the event types that NOAA itself distinguishes.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import cache

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.datasets import GOOGLENEWS, open_corpus
from benchmarks.page import FIGURES, table
from benchmarks.refining import refined
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.concepts.term_graph import graph
from selfvec.analysis.views.graphs import save_graph
from selfvec.data.run import Run
from selfvec.text.phrase_finding import phrases

SHOWN = ("hail", "flash flood", "snow", "hurricane")  # in the graph
LISTED, TOPICS = 12, 8
ABSTRACTS = 8_000


@cache
def storm_reports() -> Run:
    """NOAA refined, with its phrases as units."""
    return refined("NOAA", GOOGLENEWS, phrases="auto", history="none", min_count=2)


@cache
def event_types() -> list[str]:
    """The NOAA event type of each narrative, in the run's order."""
    batches = open_corpus("NOAA", keep_fields=True).batches()
    return [kind or "" for batch in batches for kind in batch.rows["event_type"].to_list()]


def found_phrases() -> str:
    """The first phrases, and what finding them cost."""
    phrases(["compiled before the clock starts " * 9])
    start = time.process_time()
    found = phrases(open_corpus("NOAA"))
    seconds = time.process_time() - start
    lengths = Counter(len(row.words) for row in found.phrases)
    by_length = ", ".join(f"{count:,} of {n} words" for n, count in sorted(lengths.items()))
    cells = [
        (row.term, row.count, f"{row.npmi:.2f}", f"{row.c_value:,.0f}") for row in found.phrases[:LISTED]
    ]
    said = (
        f"{len(found):,} phrases in {found.tokens:,} words ({by_length}), found in {seconds:.1f} s of "
        f"processor time, reading and tokenizing included: {found.tokens / seconds / 1e6:.1f} million words "
        "a second."
    )
    return f"{said}\n\n{table(('phrase', 'count', 'NPMI', 'C-value'), cells)}"


def noaa_topics() -> str:
    """Topics beside the event type that most of their documents have; draws the graph of terms as well."""
    found, kinds = topics(storm_reports(), TOPICS), event_types()
    save_graph(
        graph(storm_reports(), SHOWN, top=90, topic_groups=found), FIGURES / "terms-noaa.svg", overwrite=True
    )
    rows = []
    for number, row in enumerate(found.topics):
        counted = Counter(kinds[i] for i in np.flatnonzero(found.of_documents == number).tolist())
        kind, times = counted.most_common(1)[0] if counted else ("", 0)
        most = f"{kind}, {times / counted.total():.0%}" if counted else ""
        rows.append([row.name, f"{row.share:.1%}", row.documents, most])
    inside = found.of_documents >= 0
    labels, topic = np.array(kinds)[inside], found.of_documents[inside]
    value = normalized_mutual_info_score(labels, topic)
    chance = normalized_mutual_info_score(labels, np.random.default_rng(0).permutation(topic))
    return (
        f"{table(['topic', 'share', 'documents', 'most common event type'], rows)}\n\n"
        "Normalised mutual information of a document's topic and its event type: "
        f"{value:.2f} (topics assigned at random: {chance:.3f})."
    )


NEEDS_DATA = True
PAGES = {"concepts.md": {"phrases": found_phrases, "topics": noaa_topics}}
