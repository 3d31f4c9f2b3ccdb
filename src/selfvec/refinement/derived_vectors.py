"""Two further vectors of a run's words, made from its tokens with other windows and kept in its cache.

Topic vectors represent words by the documents they occur in. They are strong on subjects and weak on
synonyms. Document vectors combine them with the refined vectors (`selfvec.text.document_vectors`).

Narrow vectors represent words by the one or two words directly before and after them. Words have near rows
if one could stand in the other's place: inflections, spelling variants, abbreviations, but also opposites.
`selfvec.analysis.word_neighbours` combines them with the refined vectors.

    N = whitened(left(R) | right(R)),   on its d largest principal axes

R are the refined vectors, left and right the weighted, centred sums of the neighbours on either side (see
`selfvec.cooccurrence.scan`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Halves
from selfvec.base.progress import stage
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.data.run import Run
from selfvec.data.settings import METHODS
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import Tensor, read_tensors, write_tensors
from selfvec.numerics.whitening import spectrum, whitened
from selfvec.storage.cache import AGAIN, RESULT, cached

from .decorrelation import GAMMA, POWER, base_vectors, decorrelate, start_from_neighbours

_ROWS = "vectors.safetensors"


def _derived(run: Run, name: str, make: Callable[[], Floats]) -> Vectors:
    """Further vectors of a run's words, in half precision: held by the run, read from its cache, or made."""

    def halved() -> Halves:
        return make().astype(np.float16)

    def write(rows: Halves, folder: Path) -> None:
        write_tensors(folder / _ROWS, {"vectors": rows})
        write_sealed(folder / RESULT, {})

    def read(folder: Path) -> Halves:
        forms = {"vectors": Tensor("f2", (len(run.vectors), "d"))}
        return read_tensors(folder / _ROWS, forms, AGAIN)["vectors"]

    def vectors() -> Vectors:
        rows = cached(run, name, None, halved, write, read)
        return Vectors(run.vectors, rows, counts=run.vectors.counts)

    return run.held(name, vectors)


# ---- Topic vectors


TOPICS = "topics"  # in the cache
TOPIC_WINDOW = 201  # tokens; chosen on MED, Cranfield and CACM, where 101 scores .003 less


def topical(batch: TokenBatch, original: Vectors) -> Floats:
    """Two decorrelated passes with a window as wide as a document, without an anchor.

    Returns (V, d) float32, unit or zero rows. ``original`` has the batch's types in their order.
    """
    operator = ScanOperator(batch, TOPIC_WINDOW, GAMMA)
    filled = original.sources != Source.NONE
    table = start_from_neighbours(base_vectors(original.unit, filled), filled, operator)
    table = decorrelate(table, operator)
    return decorrelate(table, operator, table)


def topic_vectors(run: Run) -> Vectors | None:
    """Topic vectors of a run's words; None if the run did not keep its tokens.

    They are read from the run's cache, or computed, which takes nearly as long as refining.
    """
    tokens = run.tokens
    return None if tokens is None else _derived(run, TOPICS, lambda: topical(tokens, run.original))


def run_topics(run: Run) -> Vectors | None:
    """`topic_vectors` of a run whose method whitens, so that both can be compared; None for another run."""
    return topic_vectors(run) if _whitens(run) else None


def _whitens(run: Run) -> bool:
    method = METHODS.get(run.provenance.method or "")
    return method is not None and method.whitens


# ---- Narrow vectors


# Chosen on PubMed, Ohsumed, storm reports and MED, Cranfield and CACM; see docs/results/replacements.md.
NARROW_WINDOW = 5  # tokens: two on each side
NARROW_GAMMA = 0.1  # frequent neighbours, such as "the" and "of", show how a word is used

NARROW = "narrow"  # in the cache


def narrow_rows(batch: TokenBatch, rows: AnyFloats) -> Floats:
    """The narrow vectors of a batch's types, (V, d) float32, unit rows; zeros without neighbours.

    ``rows``, (V, d), represent the neighbours.
    """
    width = rows.shape[1]
    operator = ScanOperator(batch, NARROW_WINDOW, NARROW_GAMMA)
    summed = operator.apply_sides(rows)
    occurring = operator.degrees > 0
    axes = spectrum(summed, occurring, width)
    mean, factor = axes.mean.astype(np.float32), axes.scaled(POWER).astype(np.float32)
    out = np.empty((len(summed), width), np.float32)
    return whitened(summed, occurring, mean, factor, out)


def narrow_vectors(run: Run) -> Vectors:
    """The narrow vectors of a run's words, see the module; `InputError` if it did not keep its tokens."""
    tokens = run.require_tokens("from which words that replace each other are found")

    def make() -> Floats:
        with stage("Reading the nearest words on both sides", None, "words"):
            if _whitens(run):
                return narrow_rows(tokens, run.vectors.unit)
            # The refined vectors may be nearly equal.
            known = run.original.sources != Source.NONE
            return narrow_rows(tokens, base_vectors(run.original.unit, known))

    return _derived(run, NARROW, make)
