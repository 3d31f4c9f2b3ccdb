"""Adding a little text to a large run, at the cost of processing the new text and writing the run.

The sums of the last pass are additive. The sums of the new text are added for its words, and these words are
whitened and anchored again. The rows of other words, the whitening and the contexts of known words stay
unchanged; an exact update would change them a little. Therefore quick updates add at most a twentieth of the
text before all of it is refined again. See docs/how-to/keep-current.md for the effect on the vectors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.arrays import Array, Bytes, Doubles, Ints, Mask, Rows
from selfvec.base.tensors import Blocks
from selfvec.base.threads import threads
from selfvec.cooccurrence.lanes import LANES, aligned
from selfvec.cooccurrence.scan import add_neighbours, count_neighbours
from selfvec.data.methods import METHODS
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, concatenated, frequency_order
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.quantization import quantised
from selfvec.numerics.rows import unit_in_place, unit_rows
from selfvec.numerics.whitening import whitened
from selfvec.refinement.base_vectors import Base
from selfvec.refinement.execution import Execution
from selfvec.refinement.kept_sums import KeptSums, kept_sums
from selfvec.refinement.methods.decorrelated import COMPOSED_DOUBT, GAMMA, Anchors
from selfvec.refinement.methods.refinement import found_sources
from selfvec.refinement.spelling import EVIDENCE, MOST, words_spelled_alike
from selfvec.storage.run_folder import ORIGINAL, REFINED

from .source_runs import SourceRun

if TYPE_CHECKING:
    from selfvec.storage.workspace import Workspace

__all__ = ["MOST_NEW", "UpdatedVectors", "add_to_sums", "sums_for"]

MOST_NEW = 0.05  # of the text, since the whole was last refined
_LEARNED_FROM = 12_000  # words that spelling is learned from, besides those of the new text
_BLOCK = 1 << 22  # bytes of rows that are put in order at a time


@dataclass(frozen=True)
class UpdatedVectors:
    """The vectors and sums of a run with the new text."""

    original: Vectors
    refined: Vectors
    sums: KeptSums
    tokens: TokenBatch  # of the whole text; without ids if the run has not kept its tokens


@dataclass(frozen=True)
class _NewText:
    """The new text, and the place of its words in the run."""

    batch: TokenBatch  # the counted tokens
    numbers: Ints  # (n,): the word's row in the run; words that the run does not have follow its rows
    unknown: Mask  # (n,): words that the run does not have
    original: Vectors  # the initial vectors of the words, unit rows
    counts: Ints  # (n,): occurrences in the whole text


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
    whole = old.run.provenance.tokens or 0
    return kept_sums(old.run) if added <= MOST_NEW * whole and len(fresh) else None


def add_to_sums(
    old: SourceRun, sums: KeptSums, fresh: TokenBatch, vectors: Vectors | None, execution: Execution
) -> UpdatedVectors:
    """The vectors of a run with new text; ``vectors`` are the run's initial vectors."""
    with execution.timings.stage("count"):
        text, order, whole = _joined(old, fresh, vectors, execution)
    with execution.timings.stage("refine"):
        degrees = _with_neighbours(sums.degrees, text, len(order), old)
        contexts, summed = _sums(old, sums, text, degrees)
        rows, sources = _finished(old, sums, text, summed, execution.jobs)
    with execution.timings.stage("join"):
        original, refined = _all_vectors(old.run, text, rows, sources, order, whole, execution.workspace)
        return UpdatedVectors(
            original, refined, _all_sums(sums, text, contexts, summed, degrees, order), whole
        )


def _joined(
    old: SourceRun, fresh: TokenBatch, vectors: Vectors | None, execution: Execution
) -> tuple[_NewText, Ints, TokenBatch]:
    """The new text; the order of all words by falling frequency, (V,); the tokens of the whole text."""
    run = old.run
    assert run.vectors.counts is not None
    size = len(run.vectors)
    index = run.vectors.key_to_index
    numbers = np.fromiter((index.get(word, -1) for word in fresh.types), np.int64, len(fresh.types))
    unknown = numbers < 0
    numbers[unknown] = size + np.arange(np.count_nonzero(unknown))
    names = [word for word, is_new in zip(fresh.types, unknown.tolist(), strict=True) if is_new]
    counts = _padded(run.vectors.counts, size + len(names))
    counts[numbers] += fresh.counts
    order, rank = frequency_order(counts)
    types = [*run.vectors.index_to_key, *names]
    ordered = [types[i] for i in order.tolist()]
    if run.tokens is None:
        whole = TokenBatch.of_counts(ordered, counts[order])
    else:
        room = execution.token_ids(len(run.tokens) + len(fresh))
        whole = concatenated([run.tokens, fresh], [rank[:size], rank[numbers]], ordered, room)
    original = _initial_vectors(old, fresh, numbers, unknown, vectors)
    return _NewText(fresh, numbers, unknown, original, counts[numbers]), order, whole


def _initial_vectors(
    old: SourceRun, fresh: TokenBatch, numbers: Ints, unknown: Mask, vectors: Vectors | None
) -> Vectors:
    """The initial vectors of the words of the new text: those of the run, or looked up."""
    original = old.run.original
    known = ~unknown
    rows = np.zeros((len(numbers), original.vector_size), np.float32)
    sources = np.full(len(numbers), Source.NONE, np.uint8)
    pieces = np.ones(len(numbers), np.uint8)
    rows[known] = original.vectors[numbers[known]]
    sources[known] = original.sources[numbers[known]]
    if original.pieces is not None:
        pieces[known] = original.pieces[numbers[known]]
    if vectors is not None and unknown.any():
        words = [word for word, is_new in zip(fresh.types, unknown.tolist(), strict=True) if is_new]
        found, sources[unknown], pieces[unknown] = vectors.lookup_pieces(
            words, old.settings.oov == "subwords"
        )
        rows[unknown] = unit_in_place(found)
    return Vectors(fresh.types, rows, sources=sources, normalized=True, pieces=pieces)


def _half(old: SourceRun) -> int:
    """Neighbours on either side of a word."""
    return (old.run.provenance.window or 1) // 2


def _with_neighbours(degrees: Doubles, text: _NewText, words: int, old: SourceRun) -> Doubles:
    """The number of neighbours of each word in the whole text, (V,), in the order of the run."""
    out = _padded(degrees, words)
    batch = text.batch
    out[text.numbers] += count_neighbours(batch.ids, batch.offsets, _half(old), len(batch.types))
    return out


def _sums(old: SourceRun, sums: KeptSums, text: _NewText, degrees: Doubles) -> tuple[Rows, Rows]:
    """Contexts, and sums before whitening, of the words of the new text, both (n, d).

    ``degrees`` counts the neighbours of each word of the whole text, (V,).
    """
    batch = text.batch
    unknown = text.unknown
    half = _half(old)
    known = text.numbers[~unknown]
    before = _padded(sums.degrees, len(degrees))[text.numbers]
    now = degrees[text.numbers]
    with np.errstate(divide="ignore"):
        roots = np.where(now > 0, now**-0.5, 0).astype(np.float32)[:, None]
        # Relative to the text of the last full refinement, so that all sums are in the same units.
        relative = now * (sums.neighbours[0] / degrees.sum())
        weights = np.where(now > 0, relative**-GAMMA, 0).astype(np.float32)[:, None]

    def scanned(rows: Rows, mean: Doubles) -> Rows:
        """The weighted, centred neighbours of each word, summed over the new text, (n, d)."""
        height = len(rows) + 1  # the kernel adds what is outside the window to a last row of zeros
        width = rows.shape[1]
        columns = -(-width // LANES) * LANES
        weighted, summed = aligned(2 * height * columns)[: 2 * height * columns].reshape(2, height, columns)
        weighted[:] = 0
        summed[:] = 0
        inside = weighted[:-1, :width]
        np.multiply(rows, weights, out=inside)
        inside -= mean.astype(np.float32)
        add_neighbours(batch.ids, batch.offsets, weighted, summed, half)
        return np.array(summed[:-1, :width])

    base = _base(text.original, sums)[:]
    composed = text.original.sources == Source.SUBWORDS
    near = (text.counts / (text.counts + EVIDENCE)).astype(np.float32)[:, None]
    refined = np.zeros_like(base)
    refined[~unknown] = old.run.vectors.vectors[known]
    # The first pass started from the base; for words built from subwords, from a mix with their neighbours.
    start = np.where(composed[:, None], unit_rows(near * refined + (1 - near) * base), base)
    first = (scanned(start, sums.means[0]) * roots - sums.shifts[0]) @ sums.whiteners[0]
    contexts = unit_rows(first)
    contexts[~unknown] = sums.contexts[known] * sums.context_scales[known, None]
    contexts[now == 0] = 0
    summed = scanned(contexts, sums.means[1])
    # The kept sums were divided by the roots of the old degrees.
    scales = (sums.sum_scales[known] * np.sqrt(before[~unknown])).astype(np.float32)
    summed[~unknown] += sums.sums[known] * scales[:, None]
    return contexts, summed * roots


def _base(original: Vectors, sums: KeptSums) -> Base:
    """The base of the words, without the direction that the words of the whole run share."""
    projection = (sums.base[0], sums.base[1:]) if len(sums.base) else None
    return Base(original.unit, original.sources != Source.NONE, projection)


def _finished(
    old: SourceRun, sums: KeptSums, text: _NewText, summed: Rows, jobs: int | None
) -> tuple[Rows, Bytes]:
    """The refined rows of the words of the new text, (n, d), and their sources, (n,)."""
    run = old.run
    own = text.original
    n = len(text.numbers)
    others = _learned_from(run, text, threads(jobs))
    rows = np.empty((n + len(others), run.vectors.vector_size), np.float32)
    rows[:n] = summed
    np.multiply(sums.sums[others], sums.sum_scales[others, None], out=rows[n:])
    occurring = np.concatenate([np.any(summed, axis=1), sums.degrees[others] > 0])
    whitened(rows, occurring, sums.shifts[1], sums.whiteners[1], rows)
    pieces = np.ones(len(run.vectors), np.uint8) if run.original.pieces is None else run.original.pieces
    assert own.pieces is not None
    assert run.vectors.counts is not None
    original = Vectors(
        [*own.index_to_key, *(run.vectors.index_to_key[i] for i in others.tolist())],
        np.concatenate([own.vectors, run.original.vectors[others]]),
        sources=np.concatenate([own.sources, run.original.sources[others]]),
        normalized=True,
        pieces=np.concatenate([own.pieces, pieces[others]]),
    )
    counts = np.concatenate([text.counts, run.vectors.counts[others]])
    words = TokenBatch.of_counts(original.index_to_key, counts)
    default, asked = METHODS["decorrelated"].anchor, old.settings.anchor
    anchors = Anchors(original, _base(original, sums))
    sources = anchors.finish(rows, words, default if asked is None else asked, jobs)
    return rows[:n], found_sources(own, sources[:n], rows[:n])


def _learned_from(run: Run, text: _NewText, jobs: int) -> Ints:
    """Further words of the run that spelling is learned from: those spelled like the new text's words."""
    sources = run.original.sources
    counts = run.vectors.counts
    assert counts is not None
    trust = np.where(sources == Source.KNOWN, np.inf, counts)
    trust[text.numbers[~text.unknown]] = 0  # words of the new text are learned from in any case
    trusted = np.argsort(-trust, kind="stable")[: min(MOST, int(np.count_nonzero(trust > EVIDENCE / 4)))]
    spelled = np.flatnonzero(np.isin(text.original.sources, (Source.SUBWORDS, Source.NONE)))
    if not len(spelled):
        return trusted[:0]
    alike = words_spelled_alike(
        [text.original.index_to_key[i] for i in spelled.tolist()],
        COMPOSED_DOUBT / (text.counts[spelled] + COMPOSED_DOUBT),
        [run.vectors.index_to_key[i] for i in trusted.tolist()],
        _LEARNED_FROM,
        jobs,
    )
    return np.sort(trusted[alike])


def _padded(values: Array, size: int) -> Array:
    """The values with zeros appended, (size,)."""
    return np.concatenate([values, np.zeros(size - len(values), values.dtype)])


@dataclass(frozen=True)
class _Order:
    """Where the rows of a run with new text come from: the run, or the words of the new text."""

    source: Ints  # (V,): a row of the run, or -1 - i for row i of the new ones

    @classmethod
    def of(cls, numbers: Ints, order: Ints) -> _Order:
        """``numbers``, (n,), are the places of the new rows; ``order``, (V,), is that of all rows."""
        source = np.arange(len(order))
        source[numbers] = -1 - np.arange(len(numbers))
        return cls(source[order])

    def rows(self, old: Array, new: Array, part: slice = slice(None)) -> Array:
        """The rows of the whole, those in ``part``."""
        source = self.source[part]
        out = np.take(old, source, 0, mode="clip")
        out[source < 0] = new[-1 - source[source < 0]]
        return out

    def blocks(self, old: Array, new: Array) -> Iterator[Array]:
        """The rows of the whole, a few megabytes at a time."""
        step = max(1, _BLOCK // max(1, old.itemsize * math.prod(old.shape[1:])))
        for start in range(0, len(self.source), step):
            yield self.rows(old, new, slice(start, start + step))


def _all_vectors(
    run: Run,
    text: _NewText,
    rows: Rows,  # (n, d): refined
    sources: Bytes,  # (n,): of the refined rows
    order: Ints,  # (V,)
    whole: TokenBatch,
    workspace: Workspace | None,
) -> tuple[Vectors, Vectors]:
    """The original and the refined vectors of all words, in memory or mapped from files of the workspace."""
    placed = _Order.of(text.numbers, order)
    assert run.vectors.sources is not None
    assert text.original.pieces is not None
    before = np.ones(len(run.vectors), np.uint8) if run.original.pieces is None else run.original.pieces
    pieces = placed.rows(before, text.original.pieces)
    composed_of = pieces if np.any(pieces != 1) else None
    first = placed.rows(run.original.sources, text.original.sources)
    last = placed.rows(run.vectors.sources, sources)
    columns = {"sources": first} | ({} if composed_of is None else {"pieces": composed_of})
    matrix = _matrix(ORIGINAL, placed, run.original.vectors, text.original.vectors, columns, workspace)
    original = Vectors(whole.types, matrix, sources=first, normalized=True, pieces=composed_of)
    columns = {"counts": whole.counts, "sources": last}
    matrix = _matrix(REFINED, placed, run.vectors.vectors, rows, columns, workspace)
    refined = Vectors(original, matrix, sources=last, counts=whole.counts, normalized=True)
    if workspace is not None:
        workspace.map_kept(original, ORIGINAL)
        workspace.map_kept(refined, REFINED)
    return original, refined


def _matrix(
    name: str, placed: _Order, old: Rows, new: Rows, columns: dict[str, Array], workspace: Workspace | None
) -> Rows:
    """All rows, (V, d); with a workspace they are written to its file ``name`` together with the columns."""
    if workspace is None:
        rows: Rows = placed.rows(old, new)
        return rows
    shape = (len(placed.source), old.shape[1])
    blocks = Blocks(old.dtype, shape, placed.blocks(old, new))
    return workspace.keep_tensors(name, {"vectors": blocks, **columns})


def _all_sums(
    sums: KeptSums, text: _NewText, contexts: Rows, summed: Rows, degrees: Doubles, order: Ints
) -> KeptSums:
    """The sums with those of the new text added. The contexts of known words stay unchanged."""
    added = _Order.of(text.numbers[text.unknown], order)
    every = _Order.of(text.numbers, order)
    near, near_scales = quantised(contexts[text.unknown])
    own, own_scales = quantised(summed)
    return replace(
        sums,
        contexts=added.rows(sums.contexts, near),
        context_scales=added.rows(sums.context_scales, near_scales),
        sums=every.rows(sums.sums, own),
        sum_scales=every.rows(sums.sum_scales, own_scales),
        degrees=degrees[order],
    )
