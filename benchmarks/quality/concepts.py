"""What do the concept tools find, and are topics as good as those of scikit-learn? Fills concepts.md.

Phrases and topics of NOAA narratives, topics beside the event types that NOAA itself distinguishes. Beside
the peers all are asked for as many topics as there are classes. These see the run's words, as counts (LDA)
or tf-idf (NMF): all that occur in five documents and are no stop words, or only the terms that our topics
are made of. Names of topics are held against the classes by an encoder.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.datasets import GOOGLENEWS, SHARED_DATA, open_corpus, sample, texts
from benchmarks.page import FIGURES, table
from benchmarks.refining import refined
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.concepts.term_graph import graph
from selfvec.analysis.concepts.terms import NAMED, terms, topical_terms
from selfvec.analysis.views.graphs import save_graph
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.encoders.given import as_sentence_encoder
from selfvec.numerics.rows import unit_rows
from selfvec.text.phrase_finding import phrases

SHOWN = ("hail", "flash flood", "snow", "hurricane")  # in the graph
LISTED, TOPICS = 12, 8
ABSTRACTS = 8_000
WORDS = 10  # of a topic
SEEDS = range(5)
NUMBERS = (8, 16, 32)  # of topics that are named
ENCODER = SHARED_DATA / "encoders" / "minilm"
CLASSES = {  # what people call the classes that have numbers
    "Ohsumed": """
    bacterial infections; virus diseases; parasitic diseases; neoplasms, cancer; musculoskeletal
    diseases; digestive system diseases; mouth and tooth diseases; respiratory tract diseases; ear,
    nose and throat diseases; nervous system diseases; eye diseases; urologic and male genital
    diseases; female genital diseases and pregnancy complications; cardiovascular diseases; blood
    and lymphatic diseases; neonatal diseases and abnormalities; skin and connective tissue
    diseases; nutritional and metabolic diseases; endocrine diseases; immunologic diseases;
    injuries, poisonings, occupational disorders; animal diseases; pathological conditions, signs
    and symptoms
    """,
    "TREC questions": """
    description or reason; thing, animal, word; abbreviation; person; place, location; number, date, amount
    """,
}
UNLABELLED = 16  # topics of a text without classes
Words = list[list[str]]
Groups = np.ndarray


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
    lengths = Counter(row.term.count("_") + 1 for row in found)
    by_length = ", ".join(f"{count:,} of {n} words" for n, count in sorted(lengths.items()))
    cells = [(row.term, row.count, f"{row.npmi:.2f}", f"{row.c_value:,.0f}") for row in found[:LISTED]]
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


# ---- Topics beside those of scikit-learn


def beside() -> str:
    """Coherence, diversity and agreement of each method, mean and range over the seeds."""
    rows = []
    for name, refined_run, labels in collections():
        run = refined_run.present
        number = len(set(labels)) if labels else UNLABELLED
        batch = run.require_tokens()
        counts = document_counts(batch)
        every = terms(run, len(batch.types)).rows
        ours = topical_terms(run)[0].rows
        found: dict[str, Callable[[int], tuple[Words, Groups]]] = {
            "`text topics`": partial(of_run, run, number),
            "NMF": partial(factors, batch, counts, every, number),
            "NMF, our terms": partial(factors, batch, counts, ours, number),
            "LDA": partial(allocated, batch, counts, every, number),
            "LDA, our terms": partial(allocated, batch, counts, ours, number),
        }
        for method, fit in found.items():
            figures = []
            for seed in SEEDS:
                words, of_documents = fit(seed)
                agreement = normalized_mutual_info_score(labels, of_documents) if labels else np.nan
                figures.append((mean_npmi(counts, batch, words), diversity(words), agreement))
            cells = [ranged(column) for column in np.array(figures).T]
            rows.append([name if method == "`text topics`" else "", number, method, *cells])
    return table(["text", "topics", "method", "NPMI", "diversity", "NMI with the classes"], rows)


def collections() -> Iterator[tuple[str, Run, list[str] | None]]:
    """Refined texts, and the class of each document if they have classes."""
    for name in ("ohsumed", "trec"):
        path = SHARED_DATA / "classification" / name / "train.tsv"
        frame = pl.read_csv(path, separator="\t", has_header=False, quote_char=None)
        labels, documents = (frame[column].cast(pl.String).to_list() for column in frame.columns[:2])
        yield {"ohsumed": "Ohsumed", "trec": "TREC questions"}[name], refined(documents), labels
    yield "NOAA", refined(open_corpus("NOAA")), event_types()
    yield "PubMed", refined(sample(texts("PubMed"), ABSTRACTS)), None


def names() -> str:
    """How often a name tells the class that most documents of its topic have, and which documents have it."""
    encoder, rows = as_sentence_encoder(ENCODER), []
    for name, run, labels in collections():
        if labels is None:
            continue
        classes = sorted(set(labels))
        called = [" ".join(each.split()) for each in CLASSES[name].split(";")] if name in CLASSES else classes
        of_classes = unit_rows(encoder.encode(called))
        lower = [text.lower() for text in run.text.texts()]
        found = [topics(run, number, top=WORDS) for number in NUMBERS]
        figures: dict[str, list[float]] = {"name": [], "terms": [], "own": [], "other": []}
        for whole in found:
            named = {
                "name": [row.name for row in whole.topics],
                "terms": [", ".join(term for term, _ in row.terms[:NAMED]) for row in whole.topics],
            }
            for way, texts_of_each in named.items():
                nearest = (unit_rows(encoder.encode(texts_of_each)) @ of_classes.T).argmax(axis=1)
                for topic, place in enumerate(nearest.tolist()):
                    counts = Counter(np.array(labels)[whole.of_documents == topic].tolist())
                    figures[way].append(counts[classes[place]] / max(counts.values()))
            for topic, row in enumerate(whole.topics):
                has = np.array([any(part in text for part in row.name.split(", ")) for text in lower])
                inside = whole.of_documents == topic
                figures["own"].append(has[inside].mean())
                figures["other"].append(has[~inside].mean())
        cells = [f"{np.mean(figures[way]):.2f}" for way in ("name", "terms")]
        rows.append(
            [name, len(classes), *cells, *(f"{np.mean(figures[way]):.0%}" for way in ("own", "other"))]
        )
    heads = [
        "text",
        "classes",
        "told by names",
        "by three terms",
        "documents with a part of the name",
        "others",
    ]
    return table(heads, rows)


def of_run(run: Run, number: int, seed: int) -> tuple[Words, Groups]:
    """The topics of `selfvec text topics`."""
    found = topics(run, number, top=WORDS, seed=seed)
    return [row["terms"] for row in found.rows], found.of_documents


def factors(
    batch: TokenBatch, counts: csr_array, words: np.ndarray, number: int, seed: int
) -> tuple[Words, Groups]:
    """Topics of non-negative matrix factors of tf-idf."""
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, words])
    model = NMF(number, init="nndsvdar", random_state=seed, max_iter=400)
    return described(model, batch, weights, words)


def allocated(
    batch: TokenBatch, counts: csr_array, words: np.ndarray, number: int, seed: int
) -> tuple[Words, Groups]:
    """Topics by latent Dirichlet allocation."""
    model = LatentDirichletAllocation(number, random_state=seed, max_iter=20)
    return described(model, batch, counts[:, words], words)


def described(model: Any, batch: TokenBatch, weights: csr_array, words: np.ndarray) -> tuple[Words, Groups]:
    """The first words of each topic, and the topic of each document, -1 if it has no words."""
    shares = model.fit_transform(weights)
    best = np.argsort(-model.components_, axis=1)[:, :WORDS]
    of_documents = np.where(shares.any(axis=1), shares.argmax(axis=1), -1)
    return [[batch.types[words[i]] for i in row] for row in best.tolist()], of_documents


def document_counts(batch: TokenBatch) -> csr_array:
    """Occurrences of V words in D documents, (D, V)."""
    documents = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    ones = np.ones(len(batch), np.float64)
    return csr_array((ones, (documents, batch.ids)), shape=(batch.documents, len(batch.types)))


def mean_npmi(counts: csr_array, batch: TokenBatch, groups: Words) -> float:
    """Mean over topics of the mean NPMI of two of their words in a document (Lau et al., 2014)."""
    index = {word: i for i, word in enumerate(batch.types)}
    out = []
    for words in groups:
        occurs = (counts[:, [index[word] for word in words]] > 0).astype(np.float64).toarray()
        share = occurs.T @ occurs / len(occurs)
        one, other = np.triu_indices(len(words), 1)
        both = share[one, other]
        alone = np.diag(share)
        with np.errstate(divide="ignore", invalid="ignore"):
            npmi = np.log(both / alone[one] / alone[other]) / -np.log(both)
        out.append(np.where(both > 0, npmi, -1).mean())
    return float(np.mean(out))


def diversity(groups: Words) -> float:
    """The share of different words among the first words of all topics (Dieng et al., 2020)."""
    words = [word for group in groups for word in group]
    return len(set(words)) / len(words)


def ranged(values: np.ndarray) -> str:
    """The mean, and the least and the largest value."""
    return "" if np.isnan(values).any() else f"{values.mean():.2f} ({values.min():.2f}–{values.max():.2f})"


NEEDS_DATA = True
PAGES = {"concepts.md": {"phrases": found_phrases, "topics": noaa_topics, "names": names, "beside": beside}}
