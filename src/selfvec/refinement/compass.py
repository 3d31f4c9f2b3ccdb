"""Compass: frozen context vectors from both corpora, by which the words of each corpus are placed.

TWEC and CADE (Di Carlo, Bianchi and Palmonari, 2019; Bianchi et al., 2020) train one side of word2vec on
all the text, freeze it, and train the other side on each slice, so that all slices share one space without
a rotation. This module does the same with the operator of the decorrelated update. With A the centred,
root-weighted sum of neighbours over *both* corpora and T the whitening of its second application,

    context   K    =  unit(zca(A·E₀)),                        frozen, from both corpora together
    slice     E_s  =  unit(T( r / r_s · (A_s·K) )),           A_s sums over the texts of s alone

where the context weights r_c^(-γ) and T are those of both corpora. The factor r / r_s (a word's neighbours in
both corpora, divided by those in s) makes the sum a mean, so that a word does not move because it is rarer in
s. The centre, the mean context of any word, is that of s. Otherwise every word would move with the topics of
its corpus, and words with little meaning the most. Equal corpora give equal rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Bytes, Mask, Rows
from selfvec.base.errors import InputError
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.settings import METHODS, Settings
from selfvec.data.token_batch import TokenBatch, concatenated, over_one_vocabulary
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_in_place, unit_rows
from selfvec.numerics.whitening import whitening
from selfvec.storage.opened import vectors_of

from .decorrelation import GAMMA, POWER, base_vectors, decorrelate, start_from_neighbours
from .inputs import initial_vectors
from .methods.decorrelated import pull_to_base

WINDOW = METHODS["decorrelated"].window  # tokens, the word itself included
_COMPOSED = 0.2  # share of λ for words built from subwords
_SAME = 1e-3  # largest difference of equal unit rows that were read from two files


def compass_vectors(
    a: Run | Vectors, b: Run | Vectors, *, window: int = WINDOW, anchor: float = 0.0
) -> tuple[Vectors, Vectors]:
    """The words of two runs that `joined_runs` can join, placed by the contexts of both, with word counts.

    ``window`` counts tokens, the centre included. ``anchor``, λ, pulls words to their original vectors; see
    `anchored`.
    """
    run, slices = joined_runs(a, b)
    batch = run.require_tokens()
    sources = run.original.sources
    base = base_vectors(run.original.vectors, sources != Source.NONE)
    strengths = np.zeros(len(base), np.float32)
    strengths[sources == Source.KNOWN] = anchor
    strengths[sources == Source.SUBWORDS] = anchor * _COMPOSED
    made = []
    for rows, part, given in zip(compass_rows(run, slices, base, window), slices, (a, b), strict=True):
        counts = batch.part(part.documents).counts
        pull_to_base(unit_in_place(rows), base, counts, strengths)
        words = vectors_of(given).index_to_key
        own = [run.vectors.key_to_index[word] for word in words]
        made.append(Vectors(words, rows[own], sources=sources[own], counts=counts[own], normalized=True))
    return made[0], made[1]


def compass_rows(
    run: Run,  # both corpora as one
    slices: Sequence[Slice],  # the two corpora
    base: Rows,  # (V, d), original vectors of the words
    window: int,
) -> tuple[Rows, Rows]:
    """Rows of all words by the documents of either slice, (V, d) each.

    The rows are not normalised, so their difference is the difference of the average contexts. A word without
    neighbours in a slice has zeros there.
    """
    batch = run.require_tokens()
    operator = ScanOperator(batch, window, GAMMA)
    degrees = operator.degrees
    known = run.original.sources != Source.NONE
    frozen = decorrelate(start_from_neighbours(base, known, operator), operator)
    shift, whitener = whitening(operator.apply(frozen), POWER, degrees > 0)
    context = frozen @ whitener  # K · T, so that sums of neighbours are whitened
    weights = np.power(degrees, -GAMMA, out=np.zeros_like(degrees), where=degrees > 0)

    def placed(part: Slice) -> Rows:
        scanned = ScanOperator(batch.part(part.documents), window, GAMMA)
        own = scanned.degrees
        scanned.degrees = degrees  # context weights are those of both corpora
        out = scanned.apply(context)
        out *= np.divide(degrees, own, out=np.zeros_like(own), where=own > 0).astype(np.float32)[:, None]
        shares = own / max(own.sum(), 1.0) - degrees / max(degrees.sum(), 1.0)
        moved = ((shares * weights) @ context).astype(np.float32)  # from one centre to the other
        out -= np.sqrt(degrees).astype(np.float32)[:, None] * moved + shift @ whitener
        out[own == 0] = 0
        return out

    return placed(slices[0]), placed(slices[1])


def join_corpora(a: TokenBatch, b: TokenBatch) -> tuple[TokenBatch, Mask]:
    """Both corpora as one, over the words of both, and which documents belong to the second.

    >>> one = TokenBatch.from_documents([["a", "b"]])
    >>> both, second = join_corpora(one, TokenBatch.from_documents([["c", "a"], []]))
    >>> both.ids.tolist(), list(both.types), second.tolist()
    ([0, 1, 2, 0], ['a', 'b', 'c'], [False, True, True])
    """
    both = concatenated(over_one_vocabulary([a, b]))
    return both, np.arange(both.documents) >= a.documents


def joined_runs(a: Run | Vectors, b: Run | Vectors) -> tuple[Run, list[Slice]]:
    """Two runs of the same original vectors as one, whose corpus has the two as slices.

    Its refined vectors are the original ones: those of the two runs are in different spaces.

    Raises
    ------
    InputError
        Unless both are runs that kept their corpora, refined from the same vectors or from random ones.
    """
    if not (isinstance(a, Run) and isinstance(b, Run)):
        rule = "a compass needs the corpora of two runs, and a file of vectors has no corpus"
        raise InputError(rule, remedy="give run folders, or choose the method procrustes or relative")
    why = "which a compass reads again: choose the method procrustes"
    batch, second = join_corpora(a.require_tokens(why), b.require_tokens(why))
    rows, sources = _original_vectors(a, b, batch)
    vectors = Vectors(batch.types, rows, sources=sources, counts=batch.counts)
    run = Run(vectors, vectors, provenance=a.provenance, tokens=batch)
    return run, [Slice("the first text", ~second), Slice("the second text", second)]


def _original_vectors(a: Run, b: Run, batch: TokenBatch) -> tuple[Rows, Bytes]:
    """Original vectors of the words of both corpora, and their sources."""
    one, other = a.original, b.original
    random = [bool(np.any(vectors.sources == Source.RANDOM)) for vectors in (one, other)]
    names = [str(run.provenance.vectors.get("name", "none")) for run in (a, b)]
    if all(random) and names[0] == names[1]:  # draw again: both runs may have the same vector for two words
        drawn = initial_vectors(batch, None, Settings(seed=a.provenance.seed), name=names[0])
        return drawn.unit, drawn.sources
    both = [word for word in one if word in other]
    if (
        any(random)
        or one.vector_size != other.vector_size
        or np.any(np.abs(unit_rows(one[both]) - unit_rows(other[both])) > _SAME)
    ):
        rule = "a compass needs two runs refined from the same vectors, these have different initial vectors"
        remedy = "refine both from the same vectors, or choose the method procrustes or relative"
        raise InputError(rule, path=b.folder, remedy=remedy)
    (rows, sources), (more, of_more) = (of.lookup(batch.types, compose=False) for of in (one, other))
    lacking = [word not in one for word in batch.types]
    rows[lacking], sources[lacking] = more[lacking], of_more[lacking]
    return rows, sources
