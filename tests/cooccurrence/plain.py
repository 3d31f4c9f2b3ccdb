"""Counting and the operators in plain NumPy; tests compare the kernels with them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from selfvec.base.arrays import AnyFloats, Doubles, Ints
from selfvec.cooccurrence.counts import WEIGHTINGS
from selfvec.data.token_batch import TokenBatch


def random_batch(
    seed: int | np.random.Generator, tokens: int, types: int, documents: int = 20, exponent: float = 1.2
) -> TokenBatch:
    """Words by Zipf's law; enough of them that a row's marks span several machine words."""
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(exponent, tokens) - 1, types - 1).astype(np.int32)
    bounds = np.sort(rng.integers(0, tokens + 1, max(documents - 1, 0)))
    offsets = np.concatenate(([0], bounds, [tokens])).astype(np.int64)
    return TokenBatch(ids, offsets, [f"w{i}" for i in range(types)])


def count_reference(batch: TokenBatch, window: int, weighting: str = "flat") -> Ints:
    """Symmetric co-occurrence counts, pair by pair, (V, V) int64; see `Counts`."""
    C = np.zeros((len(batch.types), len(batch.types)), np.int64)
    half = window // 2
    for lo, hi in pairwise(batch.offsets.tolist()):
        document = batch.ids[lo:hi].tolist()
        for i, word in enumerate(document):
            for distance, other in enumerate(document[i + 1 : i + 1 + half], start=1):
                weight = WEIGHTINGS[weighting](distance)
                C[word, other] += weight
                C[other, word] += weight
    return C


def ppmi_reference(C: Ints) -> Doubles:
    """PPMI_ij = max(0, log(C_ij · Σ_k r_k^.75 / (r_i · r_j^.75))), (V, V) float64; zero where C is zero."""
    r = C.sum(axis=1).astype(np.float64)
    contexts = np.where(r > 0, r, 1) ** 0.75 * (r > 0)
    ppmi = np.zeros(C.shape)
    i, j = np.nonzero(C)
    ppmi[i, j] = np.maximum(0, np.log(C[i, j] * contexts.sum() / (r[i] * contexts[j])))
    return ppmi


def linear_reference(C: Ints, E: AnyFloats, gamma: float) -> Doubles:
    """r_w^(-1/2) · [Σ_c C_wc r_c^(-γ) E_c - (r_w / N) · Σ_c r_c^(1-γ) E_c], (V, d); zeros where r_w is 0."""
    r = C.sum(axis=1).astype(np.float64)
    alive = r > 0
    A = np.zeros(C.shape)
    rows = r[alive, None]
    columns = r[None, alive]
    A[np.ix_(alive, alive)] = rows**-0.5 * (
        C[np.ix_(alive, alive)] * columns**-gamma - rows / r.sum() * columns ** (1 - gamma)
    )
    return np.asarray(A @ E.astype(np.float64))


def sides_reference(batch: TokenBatch, E: AnyFloats, window: int, gamma: float) -> Doubles:
    """The sums of `ScanOperator.apply_sides`, position by position, (V, 2 · d).

    r_w^(-1/2) · Σ (r_c^(-γ) · E_c - m), over the neighbours before and after; m as in `ScanOperator`.
    """
    r = count_reference(batch, window).sum(axis=1).astype(np.float64)
    alive = (r > 0)[:, None]
    scale = np.where(r > 0, r, 1)[:, None]
    weighted = np.where(alive, scale**-gamma * E, 0)
    weighted -= r @ weighted / max(r.sum(), 1)
    half = window // 2
    sums = np.zeros((2, *E.shape))
    for lo, hi in pairwise(batch.offsets.tolist()):
        document = batch.ids[lo:hi]
        for i, word in enumerate(document.tolist()):
            sums[0, word] += weighted[document[max(0, i - half) : i]].sum(axis=0)
            sums[1, word] += weighted[document[i + 1 : i + 1 + half]].sum(axis=0)
    return np.asarray(np.hstack(list(np.where(alive, scale**-0.5, 0) * sums)))
