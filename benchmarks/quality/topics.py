"""Topics beside those of scikit-learn: are they coherent, distinct, and near what people sort texts by?

Fills a table of docs/results/concepts.md. All are asked for as many topics as there are classes. The peers
see the run's words, as counts (LDA) or tf-idf (NMF): all that occur in five documents and are no stop
words, or only the terms that our topics are made of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from scipy.sparse import csr_array
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics import normalized_mutual_info_score

from benchmarks.datasets import SHARED_DATA, open_corpus, sample, texts
from benchmarks.page import table
from benchmarks.quality.concepts import ABSTRACTS, event_types
from benchmarks.refining import refined
from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.analysis.concepts.terms import terms, topical_terms
from selfvec.analysis.concepts.topic_clusters import TERMS
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch

WORDS = 10  # of a topic
SEEDS = range(5)
UNLABELLED = 16  # topics of a text without classes
Words = list[list[str]]
Groups = np.ndarray


def beside() -> str:
    """Coherence, diversity and agreement of each method, mean and range over the seeds."""
    rows = []
    for name, run, labels in collections():
        number = len(set(labels)) if labels else UNLABELLED
        batch = run.require_tokens()
        counts = document_counts(batch)
        every = terms(run, len(batch.types)).rows
        ours = topical_terms(run, TERMS)[0].rows
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
PAGES = {"concepts.md": {"beside": beside}}
