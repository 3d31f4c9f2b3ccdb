"""Adding a little text to a large run: its cost is that of the new text, and of writing the run.

The sums of the last pass are additive: those of the new text are added for its words, and these words are
whitened and anchored anew. The rows of other words stay as they are, and so do the whitening and the contexts
of known words, which an exact update would change a little. So quick updates add a twentieth of the text at
most; then all of it is refined anew. See docs/how-to/keep-current.md for what this changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.provenance import environment
from selfvec.base.threads import threads
from selfvec.cooccurrence.lanes import LANES, aligned
from selfvec.cooccurrence.scan import add_neighbours, count_neighbours
from selfvec.data.coverage import coverage
from selfvec.data.run import Part as RunPart
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place, unit_rows
from selfvec.numerics.whitening import whitened
from selfvec.storage.run_folder import ORIGINAL, REFINED

from .decorrelated import ANCHOR, COMPOSED_DOUBT, GAMMA, Base, DecorrelatedRefinement
from .health import check_health
from .joining import appended
from .kept_sums import KeptSums, kept_sums, quantised
from .refinement import HistoryPlan
from .resume import Execution
from .run_parts import Part
from .spelling import EVIDENCE, MOST, shared_grams

if TYPE_CHECKING:
    from selfvec.storage.workspace import Workspace

__all__ = ["MOST_NEW", "quick_update", "sums_for", "with_provenance"]

MOST_NEW = 0.05  # of the text, since the whole was last refined
_TAUGHT = 12_000  # words that spelling is learned from, besides those of the new text

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
        start, refined = _tables(run, words, rows, sources, order, whole)
        _hold({ORIGINAL: start, REFINED: refined}, execution.workspace)
        parts = {"sums": _kept(sums, words, contexts, summed, degrees, order)}
    with execution.timings.stage("health"):
        report = {"health": check_health(start, refined).as_dict()}
    tokens = whole if old.settings.keep_tokens else None
    return Run(refined, start, None, _provenance(run, start, refined), report, tokens, parts)


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
        rows = weighted[:-1, :width]
        np.multiply(table, weights, out=rows)
        rows -= mean.astype(np.float32)
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


class _Finishing(DecorrelatedRefinement):
    """The steps after the last pass, on rows that are whitened already."""

    def __init__(self, words: TokenBatch, original: Vectors, whitened: Table, **options: Any) -> None:
        self.whitened, self.degrees = whitened, np.ones(len(whitened))
        super().__init__(words, original, passes=1, history=HistoryPlan(every=0), operator=self, **options)

    def _start(self) -> Table:
        """In place of the start of the passes."""
        return self.whitened

    def apply(self, table: NDArray[Any], out: Table | None = None) -> Table:
        """Nothing is read for the start of the passes."""
        return table if out is None else out

    def decorrelated(self, table: Table, power: float, out: Table | None = None) -> Table:
        """The pass is made."""
        del power, out
        return table


def _finished(
    old: Part, sums: KeptSums, words: _Words, summed: Table, jobs: int | None
) -> tuple[Table, NDArray[np.uint8]]:
    """The refined rows of the words of the new text, (n, d), and their sources, (n,)."""
    run, own, n = old.run, words.original, len(words.numbers)
    taught = _taught(run, words, threads(jobs))
    table = np.empty((n + len(taught), run.vectors.vector_size), np.float32)
    table[:n] = summed
    np.multiply(sums.sums[taught], sums.sum_scales[taught, None], out=table[n:])
    stands = np.concatenate([np.any(summed, axis=1), sums.degrees[taught] > 0])
    whitened(table, stands, sums.shifts[1], sums.turns[1], table)
    pieces = np.ones(len(run.vectors), np.uint8) if run.original.pieces is None else run.original.pieces
    assert own.pieces is not None
    assert run.vectors.counts is not None
    original = Vectors(
        [*own.index_to_key, *(run.vectors.index_to_key[i] for i in taught.tolist())],
        np.concatenate([own.vectors, run.original.vectors[taught]]),
        sources=np.concatenate([own.sources, run.original.sources[taught]]),
        normalized=True,
        pieces=np.concatenate([own.pieces, pieces[taught]]),
    )
    counts = np.concatenate([words.counts, run.vectors.counts[taught]])
    anchor = ANCHOR if old.settings.anchor is None else old.settings.anchor
    batch = TokenBatch.of_counts(original.index_to_key, counts)
    finishing = _Finishing(batch, original, table, anchor=anchor, jobs=jobs)
    finishing.base = _base(original, sums)
    finishing.advance()
    rows, induced = finishing.table[:n], finishing.sources[:n]
    found = (own.sources == Source.NONE) & rows.any(axis=1) & (induced == Source.NONE)
    return rows, np.where(found, Source.CONTEXT, induced).astype(np.uint8)


def _taught(run: Run, words: _Words, jobs: int) -> NDArray[np.int64]:
    """Words of the run, besides those of the new text, that spelling is learned from: the most alike.

    A word counts by the n-grams that it shares with words whose vectors come from spelling: each by how much
    it matters to those, and less if many words have it.
    """
    sources, counts = run.original.sources, run.vectors.counts
    assert counts is not None
    trust = np.where(sources == Source.KNOWN, np.inf, counts)
    trust[words.numbers[~words.new]] = 0
    able = np.argsort(-trust, kind="stable")[: min(MOST, int(np.count_nonzero(trust > EVIDENCE / 4)))]
    spelled = np.flatnonzero(np.isin(words.original.sources, (Source.SUBWORDS, Source.NONE)))
    if not len(spelled):
        return able[:0]
    keys, more = words.original.index_to_key, run.vectors.index_to_key
    types = [*(keys[i] for i in spelled.tolist()), *(more[i] for i in able.tolist())]
    (indptr, indices, values), columns = shared_grams(types, np.arange(len(spelled)), jobs)
    word = np.repeat(np.arange(len(types)), np.diff(indptr))
    first = indptr[len(spelled)]  # of the n-grams of words that can be learned from
    doubt = COMPOSED_DOUBT / (words.counts[spelled] + COMPOSED_DOUBT)
    matters = np.bincount(indices[:first], doubt[word[:first]] * values[:first], columns)
    rarity = 1 / (1 + np.bincount(indices[first:], minlength=columns))
    weights = values[first:] * (matters * rarity)[indices[first:]]
    alike = np.bincount(word[first:] - len(spelled), weights, len(able))
    return np.sort(able[np.argsort(-alike, kind="stable")[:_TAUGHT]])


def _padded(values: NDArray[Any], size: int) -> NDArray[Any]:
    """With zeros at the end."""
    return np.concatenate([values, np.zeros(size - len(values), values.dtype)])


class _Rearranged:
    """Old rows with some replaced or added, in a new order; made when they are read, a slice at a time."""

    def __init__(
        self,
        old: NDArray[Any],
        numbers: NDArray[np.int64],  # (n,): where the new rows are among all, those of the run first
        rows: NDArray[Any],  # (n, ...): the new rows
        order: NDArray[np.int64],  # (V,): of all rows
    ) -> None:
        source = np.arange(len(order))
        source[numbers] = -1 - np.arange(len(numbers))
        self.old, self.rows, self.source = old, rows, source[order]
        self.dtype, self.ndim, self.shape = old.dtype, old.ndim, (len(order), *old.shape[1:])
        self.nbytes = old.itemsize * math.prod(self.shape)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, part: slice) -> NDArray[Any]:
        source = self.source[part]
        out = np.take(self.old, source, 0, mode="clip")
        out[source < 0] = self.rows[-1 - source[source < 0]]
        return out


def _tables(
    run: Run,
    words: _Words,
    rows: Table,  # (n, d): refined
    sources: NDArray[np.uint8],  # (n,)
    order: NDArray[np.int64],
    whole: TokenBatch,
) -> tuple[Vectors, Vectors]:
    """The original and the refined table of all words; their rows are made when they are read."""

    def all_words(old: NDArray[Any], new: NDArray[Any]) -> Any:
        return _Rearranged(old, words.numbers, new, order)

    assert run.vectors.sources is not None
    assert words.original.pieces is not None
    pieces = np.ones(len(run.vectors), np.uint8) if run.original.pieces is None else run.original.pieces
    pieces = all_words(pieces, words.original.pieces)[:]
    start = Vectors(
        whole.types,
        all_words(run.original.vectors, words.original.vectors),
        sources=all_words(run.original.sources, words.original.sources)[:],
        normalized=True,
        pieces=pieces if np.any(pieces != 1) else None,
    )
    state = all_words(run.vectors.sources, sources)[:]
    table = all_words(run.vectors.vectors, rows)
    return start, Vectors(start, table, sources=state, counts=whole.counts, normalized=True)


def _hold(tables: dict[str, Vectors], workspace: Workspace | None) -> None:
    """Make all rows of tables: in their files in the workspace, which are mapped, or in memory."""
    for name, table in tables.items():
        if workspace is None:
            table.replace_matrix(table.vectors[:])
        else:
            workspace.keep(table, name)
            workspace.map_kept(table, name)


def _kept(
    sums: KeptSums,
    words: _Words,
    contexts: Table,
    summed: Table,
    degrees: NDArray[np.float64],
    order: NDArray[np.int64],
) -> KeptSums:
    """The sums with those of the new text; contexts of known words stay."""
    (near, near_scales), (own, own_scales) = quantised(contexts[words.new]), quantised(summed)
    new = words.numbers[words.new]
    return replace(
        sums,
        contexts=_Rearranged(sums.contexts, new, near, order)[:],
        context_scales=_Rearranged(sums.context_scales, new, near_scales, order)[:],
        sums=_Rearranged(sums.sums, words.numbers, own, order)[:],
        sum_scales=_Rearranged(sums.sum_scales, words.numbers, own_scales, order)[:],
        degrees=degrees[order],
    )


def _provenance(run: Run, original: Vectors, refined: Vectors) -> dict[str, Any]:
    """The old provenance with the numbers of the new run."""
    counts, sources = refined.counts, refined.sources
    assert counts is not None
    return {
        **run.provenance,
        "tokens": int(counts.sum()),
        "types": len(refined),
        "coverage": coverage(original, counts),
        "sources": {source.name.lower(): int(np.sum(sources == source)) for source in Source},
        "history": {**run.provenance.get("history", {}), "records": 0, "bytes": 0},
        "environment": environment(),
    }
