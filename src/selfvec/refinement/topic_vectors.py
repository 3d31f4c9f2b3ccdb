"""Topic vectors: words represented by the documents they occur in.

They are strong on subjects and weak on synonyms. Document vectors combine them with the refined vectors
(`selfvec.text.document_vectors`).
"""

from __future__ import annotations

from selfvec.base.arrays import Floats
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.methods import METHODS
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.cache import cached_rows

from .base_vectors import base_vectors
from .methods.decorrelated import GAMMA, POWER, decorrelate, start_from_neighbours

NAME = "topics"  # in the cache
WINDOW = 201  # tokens; chosen on MED, Cranfield and CACM, where 101 scores .003 less


def topical(batch: TokenBatch, original: Vectors, jobs: int | None = None) -> Floats:
    """Two decorrelated passes with a window as wide as a document, without an anchor.

    Returns (V, d) float32, unit or zero rows. ``original`` has the batch's types in their order.
    """
    operator = ScanOperator(batch, WINDOW, GAMMA, jobs)
    known = original.sources != Source.NONE
    table = start_from_neighbours(base_vectors(original.unit, known), known, operator)
    table = decorrelate(table, operator, POWER)
    return decorrelate(table, operator, POWER, table)


def topic_vectors(run: Run) -> Vectors | None:
    """Topic vectors of a run's words; None if the run did not keep its tokens.

    They are read from the run's cache, or computed, which takes nearly as long as refining.
    """
    tokens = run.tokens
    if tokens is None:
        return None
    if "topic_vectors" not in run.derived:
        rows = cached_rows(run, NAME, lambda: topical(tokens, run.original))
        words = run.vectors.index_to_key
        counts = run.vectors.counts
        run.derived["topic_vectors"] = Vectors(words, rows, counts=counts, normalized=True)
    found: Vectors = run.derived["topic_vectors"]
    return found


def run_topics(run: Run) -> Vectors | None:
    """`topic_vectors` of a run whose method whitens, so that both can be compared; None for another run."""
    method = METHODS.get(run.provenance.method or "")
    return topic_vectors(run) if method is not None and method.whitens else None
