"""X2Static (Gupta and Jaggi, 2021): CBOW with an encoder's vector of the text in place of contexts."""

from __future__ import annotations

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.data.token_batch import TokenBatch

NEGATIVES = 10
PASSES = 20
BATCH = 256  # texts of a step


def x2static_rows(batch: TokenBatch, teacher: Rows) -> Rows:
    """X2Static's rows of words, (V, h), by Adam.

    The loss of a use of word w in a text with vector e is -log σ(v_w · e) - Σ_n log σ(-v_n · e), with 10
    negatives n drawn by the root of counts. Their expectation takes the place of drawing them.
    """
    rng = np.random.default_rng(0)
    teacher = teacher - teacher.mean(axis=0)
    size, width = len(batch.types), teacher.shape[1]
    rows = rng.uniform(-1 / width, 1 / width, (size, width)).astype(np.float32)
    noise = (NEGATIVES * np.sqrt(batch.counts) / np.sqrt(batch.counts).sum()).astype(np.float32)
    mean, square = np.zeros_like(rows), np.zeros_like(rows)
    steps = 0
    for _ in range(PASSES):
        order = rng.permutation(batch.documents)
        for start in range(0, len(order), BATCH):
            steps += 1
            texts = order[start : start + BATCH]
            uses = np.zeros((len(texts), size), np.float32)
            for row, text in zip(uses, texts.tolist(), strict=True):
                np.add.at(row, batch.ids[batch.offsets[text] : batch.offsets[text + 1]], 1)
            chance = 1 / (1 + np.exp(-np.clip(teacher[texts] @ rows.T, -20, 20)))
            slope = uses.sum(axis=1, keepdims=True) * noise * chance - uses * (1 - chance)
            gradient = slope.T @ teacher[texts] / max(float(uses.sum()), 1)
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            rows -= 0.01 * (mean / (1 - 0.9**steps)) / (np.sqrt(square / (1 - 0.999**steps)) + 1e-8)
    return rows
