"""Rankings on judged collections: by cosine, by an index; their nDCG@10 with resamples, and tables of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import AnyFloats, Doubles
from selfvec.lab.evaluation.retrieval import Collection, ndcg, ranked
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate, difference, mean
from selfvec.retrieval import Index

Rankings = list[list[int]]
Metric = Callable[[Sequence[int], Mapping[int, float]], float]
SEED = 0
_RANKS = 60  # added to each rank


def by_cosine(collection: Collection, rows: NDArray[np.float32]) -> Rankings:
    """Rankings from unit vectors of the documents and, after them, the queries."""
    documents, queries = np.split(rows, [len(collection.documents)])
    known = np.any(documents != 0, axis=1)
    return [ranked(documents @ query, known & query.any()) for query in queries]


def by_index(
    collection: Collection, index: Index, mode: str = "hybrid", question: str | None = None
) -> Rankings:
    """Rankings by an index; of a run with an encoder, ``question`` says how it reads the queries."""
    return [index.ranking(query, mode=mode, question=question) for query in collection.queries]


def fused_by_rank(*several: Rankings) -> Rankings:
    """Reciprocal rank fusion (Cormack, Clarke and Buettcher, 2009), with the constant of its paper."""
    out = []
    for rankings in zip(*several, strict=True):
        scores: dict[int, float] = {}
        for ranking in rankings:
            for rank, document in enumerate(ranking, 1):
                scores[document] = scores.get(document, 0.0) + 1 / (_RANKS + rank)
        out.append(sorted(scores, key=lambda document: (-scores[document], document)))
    return out


def standard(values: AnyFloats) -> Doubles:
    """Values in standard deviations above their mean."""
    spread = values.std(dtype=np.float64)
    found: Doubles = (values - values.mean(dtype=np.float64)) / (spread or 1)
    return found


def estimate(collection: Collection, rankings: Rankings, metric: Metric = ndcg) -> Estimate:
    """The mean of a metric over queries, with its resamples."""
    pairs = zip(rankings, collection.relevant, strict=True)
    return mean(np.array([metric(found, gains) for found, gains in pairs]), SEED)


def mean_ndcg(collection: Collection, rankings: Rankings) -> float:
    """Mean nDCG@10."""
    return float(np.mean([ndcg(*pair) for pair in zip(rankings, collection.relevant, strict=True)]))


def over(estimates: Mapping[str, Estimate]) -> Estimate:
    """The mean over collections, whose queries are resampled independently."""
    values = [one.value for one in estimates.values()]
    return Estimate(float(np.mean(values)), np.mean([one.replicates for one in estimates.values()], axis=0))


def differs(a: Estimate, b: Estimate) -> str:
    """The difference of two estimates on the same queries, with its 95 % interval."""
    found = difference(a, b)
    return f"{found.value:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def wordllama(texts: list[str]) -> NDArray[np.float32]:
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
    return unit_rows(np.asarray(WordLlamaInference(table, tokenizer).embed(texts)))
