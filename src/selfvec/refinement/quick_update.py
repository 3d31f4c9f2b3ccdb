"""Adding a little text to a large run, at the cost of processing the new text and writing the run.

The sums of the last pass are additive. The sums of the new text are added for its words, and these words are
whitened and anchored again. The rows of other words, the whitening and the contexts of known words stay
unchanged; an exact update would change them a little. Therefore quick updates add at most a twentieth of the
text before all of it is refined again. See docs/how-to/keep-current.md for the effect on the vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Array, Bytes, Doubles, Ints, Mask, Rows
from selfvec.base.provenance import environment
from selfvec.base.threads import threads
from selfvec.cooccurrence.lanes import LANES, aligned
from selfvec.cooccurrence.scan import add_neighbours, count_neighbours
from selfvec.data.coverage import coverage
from selfvec.data.run import Run, RunPart
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
from .source_runs import SourceRun
from .spelling import EVIDENCE, MOST, shared_grams

if TYPE_CHECKING:
    from selfvec.storage.workspace import Workspace

__all__ = ["MOST_NEW", "quick_update", "sums_for", "with_provenance"]

MOST_NEW = 0.05  # of the text, since the whole was last refined
_TAUGHT = 12_000  # words that spelling is learned from, besides those of the new text


def sums_for(old: SourceRun, fresh: TokenBatch) -> KeptSums | None:
    """The sums that new text can be added to; None if the whole text must be refined again."""
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
    """The words of the new text, in its order, and their places in the run."""

    numbers: Ints  # (n,): in the run's order; new words follow the run's
    new: Mask  # (n,)
    original: Vectors  # of these words, unit rows
    counts: Ints  # (n,): in the whole text


def quick_update(
    old: SourceRun, sums: KeptSums, fresh: TokenBatch, vectors: Vectors | None, execution: Execution
) -> Run:
    """The run with the new text, ``fresh``. `with_provenance` completes its provenance."""
    run = old.run
    with execution.timings.stage("count"):
        words, order, whole = _joined(old, fresh, vectors)
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
    steps: list[Any],
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
    run.provenance |= {"corpus": corpus, "text": text, "grown": steps, "timings": execution.timings}
    run.provenance["documents"] = text["documents"]
    return run


def _joined(old: SourceRun, fresh: TokenBatch, vectors: Vectors | None) -> tuple[_Words, Ints, TokenBatch]:
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
    return _Words(numbers, new, _originals(old, fresh, numbers, vectors), counts[numbers]), order, whole


def _originals(old: SourceRun, fresh: TokenBatch, numbers: Ints, vectors: Vectors | None) -> Vectors:
    """The initial vectors of the words of the new text."""
    original, new = old.run.original, numbers >= len(old.run.vectors)
    known = ~new
    rows = np.zeros((len(numbers), original.vector_size), np.float32)
    sources, pieces = np.full(len(numbers), Source.NONE, np.uint8), np.ones(len(numbers), np.uint8)
    rows[known], sources[known] = original.vectors[numbers[known]], original.sources[numbers[known]]
    if original.pieces is not None:
        pieces[known] = original.pieces[numbers[known]]
    if vectors is not None and new.any():
        words = [word for word, is_new in zip(fresh.types, new.tolist(), strict=True) if is_new]
        found, sources[new], pieces[new] = vectors.lookup_pieces(words, old.settings.oov == "subwords")
        rows[new] = unit_in_place(found)
    return Vectors(fresh.types, rows, sources=sources, normalized=True, pieces=pieces)


def _sums(
    old: SourceRun,
    sums: KeptSums,
    words: _Words,
    fresh: TokenBatch,
    degrees: tuple[Doubles, Doubles],  # before and after the update
    half: int,
) -> tuple[Rows, Rows]:
    """Contexts, and sums before whitening, of the words of the new text, both (n, d)."""
    known, new = words.numbers[~words.new], words.new
    before, now = (values[words.numbers] for values in degrees)
    with np.errstate(divide="ignore"):
        roots = np.where(now > 0, now**-0.5, 0).astype(np.float32)[:, None]
        # Relative to the text of the last full refinement, so that all sums are in the same units.
        relative = now * (sums.neighbours[0] / degrees[1].sum())
        weights = np.where(now > 0, relative**-GAMMA, 0).astype(np.float32)[:, None]

    def scanned(matrix: Rows, mean: Doubles) -> Rows:
        height, width = len(matrix) + 1, matrix.shape[1]
        columns = -(-width // LANES) * LANES
        weighted, summed = aligned(2 * height * columns)[: 2 * height * columns].reshape(2, height, columns)
        weighted[:] = summed[:] = 0
        rows = weighted[:-1, :width]
        np.multiply(matrix, weights, out=rows)
        rows -= mean.astype(np.float32)
        add_neighbours(fresh.ids, fresh.offsets, weighted, summed, half)
        return np.array(summed[:-1, :width])

    base = _base(words.original, sums)[:]
    start, composed = base.copy(), words.original.sources == Source.SUBWORDS
    near = (words.counts / (words.counts + EVIDENCE)).astype(np.float32)[:, None]
    refined = np.zeros_like(start)
    refined[~new] = old.run.vectors.vectors[known]
    start = np.where(composed[:, None], unit_rows(near * refined + (1 - near) * base), base)
    first = (scanned(start, sums.means[0]) * roots - sums.shifts[0]) @ sums.whiteners[0]
    contexts = unit_rows(first)
    contexts[~new] = sums.contexts[known] * sums.context_scales[known, None]
    contexts[now == 0] = 0
    summed = scanned(contexts, sums.means[1])
    summed[~new] += (
        sums.sums[known] * (sums.sum_scales[known] * np.sqrt(before[~new])).astype(np.float32)[:, None]
    )
    return contexts, summed * roots


def _base(original: Vectors, sums: KeptSums) -> Base:
    base = Base(original.unit, original.sources != Source.NONE)
    base.projection = (sums.base[0], sums.base[1:]) if len(sums.base) else None
    return base


class _Finishing(DecorrelatedRefinement):
    """The steps after the last pass, on whitened rows."""

    def __init__(self, words: TokenBatch, original: Vectors, whitened: Rows, **options: Any) -> None:
        self.whitened, self.degrees = whitened, np.ones(len(whitened))
        super().__init__(words, original, passes=1, history=HistoryPlan(every=0), operator=self, **options)

    def _start(self) -> Rows:
        """The whitened rows, in place of the vectors before the first pass."""
        return self.whitened

    def apply(self, table: Array, out: Rows | None = None) -> Rows:
        """Return the rows unchanged: no text is read."""
        return table if out is None else out

    def decorrelated(self, table: Rows, power: float, out: Rows | None = None) -> Rows:
        """Return the rows unchanged: the pass is already done."""
        del power, out
        return table


def _finished(
    old: SourceRun, sums: KeptSums, words: _Words, summed: Rows, jobs: int | None
) -> tuple[Rows, Bytes]:
    """The refined rows of the words of the new text, (n, d), and their sources, (n,)."""
    run, own, n = old.run, words.original, len(words.numbers)
    taught = _taught(run, words, threads(jobs))
    vectors = np.empty((n + len(taught), run.vectors.vector_size), np.float32)
    vectors[:n] = summed
    np.multiply(sums.sums[taught], sums.sum_scales[taught, None], out=vectors[n:])
    occurring = np.concatenate([np.any(summed, axis=1), sums.degrees[taught] > 0])
    whitened(vectors, occurring, sums.shifts[1], sums.whiteners[1], vectors)
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
    finishing = _Finishing(batch, original, vectors, anchor=anchor, jobs=jobs)
    finishing.base = _base(original, sums)
    finishing.advance()
    rows, induced = finishing.table[:n], finishing.sources[:n]
    found = (own.sources == Source.NONE) & rows.any(axis=1) & (induced == Source.NONE)
    return rows, np.where(found, Source.CONTEXT, induced).astype(np.uint8)


def _taught(run: Run, words: _Words, jobs: int) -> Ints:
    """Further words of the run that spelling is learned from: those spelled most like the new text's words.

    A word scores by the n-grams that it shares with words whose vectors come from spelling. An n-gram weighs
    more the more it contributes to those words, and less if many words have it.
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


def _padded(values: Array, size: int) -> Array:
    """The values with zeros appended, (size,)."""
    return np.concatenate([values, np.zeros(size - len(values), values.dtype)])


class _Rearranged:
    """Old rows, some replaced or added, in a new order. Rows are computed when a slice is read."""

    def __init__(
        self,
        old: Array,
        numbers: NDArray[
            np.int64
        ],  # (n,): places of the new rows among all rows; those of the run come first
        rows: Array,  # (n, ...): the new rows
        order: Ints,  # (V,): of all rows
    ) -> None:
        source = np.arange(len(order))
        source[numbers] = -1 - np.arange(len(numbers))
        self.old, self.rows, self.source = old, rows, source[order]
        self.dtype, self.ndim, self.shape = old.dtype, old.ndim, (len(order), *old.shape[1:])
        self.nbytes = old.itemsize * math.prod(self.shape)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, part: slice) -> Array:
        source = self.source[part]
        out = np.take(self.old, source, 0, mode="clip")
        out[source < 0] = self.rows[-1 - source[source < 0]]
        return out


def _tables(
    run: Run,
    words: _Words,
    rows: Rows,  # (n, d): refined
    sources: Bytes,  # (n,)
    order: Ints,
    whole: TokenBatch,
) -> tuple[Vectors, Vectors]:
    """The original and the refined vectors of all words. Rows are computed when they are read."""

    def all_words(old: Array, new: Array) -> Any:
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
    vectors = all_words(run.vectors.vectors, rows)
    return start, Vectors(start, vectors, sources=state, counts=whole.counts, normalized=True)


def _hold(named: dict[str, Vectors], workspace: Workspace | None) -> None:
    """Compute all rows: in memory-mapped files of the workspace, or in memory without a workspace."""
    for name, vectors in named.items():
        if workspace is None:
            vectors.replace_matrix(vectors.vectors[:])
        else:
            workspace.keep(vectors, name)
            workspace.map_kept(vectors, name)


def _kept(
    sums: KeptSums,
    words: _Words,
    contexts: Rows,
    summed: Rows,
    degrees: Doubles,
    order: Ints,
) -> KeptSums:
    """The sums with those of the new text added. The contexts of known words stay unchanged."""
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
    """The provenance of the old run with the figures of the new one."""
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
