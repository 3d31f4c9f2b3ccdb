"""Adding a little text to a large run: its cost is that of the new text, and of writing the run.

The sums of the last pass are additive: those of the new text are added for its words, and these words are
whitened and anchored anew. The rows of other words stay as they are, and so do the whitening and the contexts
of known words, which an exact update would change a little. So quick updates add a twentieth of the text at
most; then all of it is refined anew. See docs/update.md for what this changes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.provenance import environment
from selfvec.cooccurrence.lanes import LANES, aligned
from selfvec.cooccurrence.scan import add_neighbours, count_neighbours
from selfvec.data.coverage import coverage
from selfvec.data.run import Part as RunPart
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place, unit_rows

from .decorrelated import ANCHOR, GAMMA, Base, DecorrelatedRefinement
from .health import check_health
from .joining import appended
from .kept_sums import KeptSums, kept_sums, quantised
from .refinement import HistoryPlan
from .resume import Execution
from .run_parts import Part
from .spelling import EVIDENCE

__all__ = ["MOST_NEW", "quick_update", "sums_for", "with_provenance"]

MOST_NEW = 0.05  # of the text, since the whole was last refined
_TAUGHT = 20_000  # words that spelling is learned from, besides those of the new text

Table = NDArray[np.float32]


def sums_for(old: Part, fresh: TokenBatch) -> KeptSums | None:
    """The sums to which new text can be added; None if the whole has to be refined."""
    settings = old.settings
    if settings.stem or settings.min_count > 1 or np.any(old.run.original.sources == Source.RANDOM):
        return None
    added = len(fresh)
    for step in reversed(old.steps):
        if not step.get("quick"):
            break
        added += step["tokens"]
    whole = int(old.run.provenance.get("tokens", 0))
    return kept_sums(old.run) if added <= MOST_NEW * whole and len(fresh) else None


@dataclass
class _Words:
    """The words of the new text, in its order, and where they are in the run."""

    numbers: NDArray[np.int64]  # (n,): in the run's order; new words follow the run's
    new: NDArray[np.bool_]  # (n,)
    original: Vectors  # of these words, unit rows
    counts: NDArray[np.int64]  # (n,): in the whole text


def quick_update(
    old: Part, sums: KeptSums, fresh: TokenBatch, table: Vectors | None, execution: Execution
) -> Run:
    """The run with the new text, ``fresh``; its provenance is completed by `with_provenance`."""
    run = old.run
    with execution.timings.stage("count"):
        words, order, whole = _joined(old, fresh, table)
    with execution.timings.stage("refine"):
        half = int(run.provenance["window"]) // 2
        near = count_neighbours(fresh.ids, fresh.offsets, half, len(fresh.types))
        before = _padded(sums.degrees, len(order))
        degrees = before.copy()
        degrees[words.numbers] += near
        contexts, summed = _sums(old, sums, words, fresh, (before, degrees), half)
        rows, sources = _finished(old, sums, words, summed, execution.jobs)
    with execution.timings.stage("join"):
        vectors = _replaced(run.vectors.vectors, words.numbers, rows, order)
        original = _replaced(
            run.original.vectors, words.numbers[words.new], words.original.vectors[words.new], order
        )
        parts = {"sums": _kept(sums, words, contexts, summed, degrees, order)}
    origin = _replaced(run.original.sources, words.numbers, words.original.sources, order)
    pieces = np.ones(len(run.vectors), np.uint8) if run.original.pieces is None else run.original.pieces
    own = np.ones(len(words.numbers), np.uint8) if words.original.pieces is None else words.original.pieces
    pieces = _replaced(pieces, words.numbers, own, order)
    assert run.vectors.sources is not None
    state = _replaced(run.vectors.sources, words.numbers, sources, order)
    start = Vectors(
        whole.types, original, sources=origin, normalized=True, pieces=pieces if np.any(pieces != 1) else None
    )
    refined = Vectors(whole.types, vectors, sources=state, counts=whole.counts, normalized=True)
    with execution.timings.stage("health"):
        report = {"health": check_health(start, refined).as_dict()}
    tokens = whole if old.settings.keep_tokens else None
    return Run(refined, start, None, _provenance(run, start, whole, state), report, tokens, parts)


def with_provenance(
    run: Run,
    corpus: dict[str, Any],
    texts: list[dict[str, Any]],  # the descriptions of the encoded texts
    documents: RunPart,
    grown: list[Any],
    execution: Execution,
) -> Run:
    """The run with the description of all of its text."""
    run.parts["documents"] = documents
    text = dict(texts[0])
    for name in ("documents", "sentences", "empty", "raw_tokens", "tokens"):
        text[name] = sum(int(part[name]) for part in texts)
    text |= {"types": len(run.vectors), "raw_types": None}
    dropped = [part["dropped"] for part in texts]
    text["dropped"] = {rule: sum(d.get(rule, 0) for d in dropped) for rule in dict.fromkeys(chain(*dropped))}
    run.provenance |= {"corpus": corpus, "text": text, "grown": grown, "timings": execution.timings}
    run.provenance["documents"] = text["documents"]
    return run


def _joined(
    old: Part, fresh: TokenBatch, table: Vectors | None
) -> tuple[_Words, NDArray[np.int64], TokenBatch]:
    """The words of the new text; the order of all words by falling frequency; the tokens of the whole."""
    run, index = old.run, old.run.vectors.key_to_index
    assert run.vectors.counts is not None
    size = len(run.vectors)
    numbers = np.fromiter((index.get(word, -1) for word in fresh.types), np.int64, len(fresh.types))
    new = numbers < 0
    numbers[new] = size + np.arange(np.count_nonzero(new))
    names = [word for word, is_new in zip(fresh.types, new.tolist(), strict=True) if is_new]
    counts = _padded(run.vectors.counts, size + len(names))
    counts[numbers] += fresh.counts
    order = np.argsort(-counts, kind="stable")
    types = [*run.vectors.index_to_key, *names]
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    ordered = [types[i] for i in order.tolist()]
    if run.tokens is None:
        whole = TokenBatch.of_counts(ordered, counts[order])
    else:
        whole = appended(run.tokens, fresh, rank[:size], rank[numbers], ordered)
    return _Words(numbers, new, _originals(old, fresh, numbers, new, table), counts[numbers]), order, whole


def _originals(
    old: Part, fresh: TokenBatch, numbers: NDArray[np.int64], new: NDArray[np.bool_], table: Vectors | None
) -> Vectors:
    """The starting vectors of the words of the new text."""
    original, known = old.run.original, ~new
    rows = np.zeros((len(numbers), original.vector_size), np.float32)
    sources, pieces = np.full(len(numbers), Source.NONE, np.uint8), np.ones(len(numbers), np.uint8)
    rows[known], sources[known] = original.vectors[numbers[known]], original.sources[numbers[known]]
    if original.pieces is not None:
        pieces[known] = original.pieces[numbers[known]]
    if table is not None and new.any():
        words = [word for word, is_new in zip(fresh.types, new.tolist(), strict=True) if is_new]
        found, sources[new], pieces[new] = table.lookup_pieces(words, old.settings.oov == "subwords")
        rows[new] = unit_in_place(found)
    return Vectors(fresh.types, rows, sources=sources, normalized=True, pieces=pieces)


def _sums(
    old: Part,
    sums: KeptSums,
    words: _Words,
    fresh: TokenBatch,
    degrees: tuple[NDArray[np.float64], NDArray[np.float64]],  # before and now
    half: int,
) -> tuple[Table, Table]:
    """Contexts, and sums before whitening, of the words of the new text, both (n, d)."""
    had, new = words.numbers[~words.new], words.new
    before, now = (values[words.numbers] for values in degrees)
    with np.errstate(divide="ignore"):
        roots = np.where(now > 0, now**-0.5, 0).astype(np.float32)[:, None]
        # Relative to the last whole text, so that all sums are in the same units.
        relative = now * (sums.neighbours[0] / degrees[1].sum())
        weights = np.where(now > 0, relative**-GAMMA, 0).astype(np.float32)[:, None]

    def scanned(table: Table, mean: NDArray[np.float64]) -> Table:
        height, width = len(table) + 1, table.shape[1]
        columns = -(-width // LANES) * LANES
        weighted, summed = aligned(2 * height * columns)[: 2 * height * columns].reshape(2, height, columns)
        weighted[:] = summed[:] = 0
        weighted[:-1, :width] = table * weights - mean.astype(np.float32)
        add_neighbours(fresh.ids, fresh.offsets, weighted, summed, half)
        return np.array(summed[:-1, :width])

    base = _base(words.original, sums)[:]
    start, composed = base.copy(), words.original.sources == Source.SUBWORDS
    near = (words.counts / (words.counts + EVIDENCE)).astype(np.float32)[:, None]
    refined = np.zeros_like(start)
    refined[~new] = old.run.vectors.vectors[had]
    start = np.where(composed[:, None], unit_rows(near * refined + (1 - near) * base), base)
    first = (scanned(start, sums.means[0]) * roots - sums.shifts[0]) @ sums.turns[0]
    contexts = unit_rows(first)
    contexts[~new] = sums.contexts[had] * sums.context_scales[had, None]
    contexts[now == 0] = 0
    summed = scanned(contexts, sums.means[1])
    summed[~new] += (
        sums.sums[had] * (sums.sum_scales[had] * np.sqrt(before[~new])).astype(np.float32)[:, None]
    )
    return contexts, summed * roots


def _base(original: Vectors, sums: KeptSums) -> Base:
    base = Base(original.unit, original.sources != Source.NONE)
    base.turn = (sums.base[0], sums.base[1:]) if len(sums.base) else None
    return base


class _FromSums:
    """In place of the passes over a text: what their sums are whitened to."""

    def __init__(self, whitened: Table) -> None:
        self.whitened, self.degrees = whitened, np.ones(len(whitened))

    def apply(self, table: NDArray[Any], out: Table | None = None) -> Table:
        """Nothing is read for the start of the passes."""
        return table if out is None else out

    def decorrelated(self, table: Table, power: float, out: Table | None = None) -> Table:
        """The rows after the last pass."""
        del power
        out = table if out is None else out
        out[:] = self.whitened
        return out


def _finished(
    old: Part, sums: KeptSums, words: _Words, summed: Table, jobs: int | None
) -> tuple[Table, NDArray[np.uint8]]:
    """The refined rows of the words of the new text, (n, d), and their sources, (n,)."""
    run, size = old.run, len(old.run.vectors)
    assert run.vectors.counts is not None
    trust = np.where(run.original.sources == Source.KNOWN, np.inf, run.vectors.counts)
    trust[words.numbers[~words.new]] = -1
    taught = np.argsort(-trust, kind="stable")[: min(_TAUGHT, int(np.count_nonzero(trust > 0)))]
    taught = taught[trust[taught] > 0] if _needs_spelling(words.original) else taught[:0]
    own, n = words.original, len(words.numbers)
    table = np.concatenate([summed, sums.sums[taught] * sums.sum_scales[taught, None]])
    whitened = unit_rows((table - sums.shifts[1]) @ sums.turns[1])
    degrees = np.concatenate([np.any(summed, axis=1), sums.degrees[taught] > 0])
    whitened[~degrees] = 0
    pieces = np.ones(size, np.uint8) if run.original.pieces is None else run.original.pieces
    assert own.pieces is not None
    types = [*own.index_to_key, *(run.vectors.index_to_key[i] for i in taught.tolist())]
    original = Vectors(
        types,
        np.concatenate([own.vectors, run.original.vectors[taught]]),
        sources=np.concatenate([own.sources, run.original.sources[taught]]),
        normalized=True,
        pieces=np.concatenate([own.pieces, pieces[taught]]),
    )
    counts = np.concatenate([words.counts, run.vectors.counts[taught]])
    anchor = ANCHOR if old.settings.anchor is None else old.settings.anchor
    refinement = DecorrelatedRefinement(
        TokenBatch.of_counts(types, counts),
        original,
        passes=1,
        anchor=anchor,
        history=HistoryPlan(every=0),
        jobs=jobs,
        operator=_FromSums(whitened),
    )
    refinement.base = _base(original, sums)
    refinement.advance()
    rows = refinement.table[:n]
    found = (own.sources == Source.NONE) & rows.any(axis=1) & (refinement.sources[:n] == Source.NONE)
    return rows, np.where(found, Source.CONTEXT, refinement.sources[:n]).astype(np.uint8)


def _needs_spelling(original: Vectors) -> bool:
    return bool(np.any((original.sources == Source.SUBWORDS) | (original.sources == Source.NONE)))


def _padded(values: NDArray[Any], size: int) -> NDArray[Any]:
    """With zeros at the end."""
    return np.concatenate([values, np.zeros(size - len(values), values.dtype)])


def _replaced(
    old: NDArray[Any], numbers: NDArray[np.int64], rows: NDArray[Any], order: NDArray[np.int64]
) -> NDArray[Any]:
    """Old rows with some replaced or added, in a new order."""
    out = np.empty((len(order), *old.shape[1:]), old.dtype)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    out[rank[: len(old)]] = old
    out[rank[numbers]] = rows
    return out


def _kept(
    sums: KeptSums,
    words: _Words,
    contexts: Table,
    summed: Table,
    degrees: NDArray[np.float64],
    order: NDArray[np.int64],
) -> KeptSums:
    """The sums with those of the new text; contexts of known words stay."""
    (near, near_scales), (own, own_scales) = quantised(contexts), quantised(summed)
    new = words.numbers[words.new]
    return replace(
        sums,
        contexts=_replaced(sums.contexts, new, near[words.new], order),
        context_scales=_replaced(sums.context_scales, new, near_scales[words.new], order),
        sums=_replaced(sums.sums, words.numbers, own, order),
        sum_scales=_replaced(sums.sum_scales, words.numbers, own_scales, order),
        degrees=degrees[order],
    )


def _provenance(run: Run, original: Vectors, whole: TokenBatch, sources: NDArray[np.uint8]) -> dict[str, Any]:
    """The old provenance with the numbers of the new run."""
    return {
        **run.provenance,
        "tokens": int(whole.counts.sum()),
        "types": len(whole.types),
        "coverage": coverage(original, whole.counts),
        "sources": {source.name.lower(): int(np.sum(sources == source)) for source in Source},
        "history": {**run.provenance.get("history", {}), "records": 0, "bytes": 0},
        "environment": environment(),
    }
