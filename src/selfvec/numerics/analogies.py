"""Analogies: a is to b as c is to what? By 3CosAdd and 3CosMul.

3CosAdd (Mikolov et al., 2013) and 3CosMul (Levy and Goldberg, 2014). A file has thousands of questions over
hundreds of words, so the cosines of those words with all candidates are computed once, and every question is
answered from three rows of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import AnyFloats, Ints, Rows

from .kernels import best_answers
from .rows import unit_rows

ANALOGY_METHODS = ("3cosadd", "3cosmul")
_EPSILON = 0.001  # of 3CosMul, as published
_BLOCK = 16_384  # candidates at a time


def solve_analogies(
    rows: AnyFloats,  # (V, d) vectors of any length
    candidates: Ints,  # (C,) rows that can be answers
    words: Ints,  # (W,) rows of the words of the questions
    questions: Ints,  # (Q, 3) a, b, c among the words
    excluded: Ints,  # (Q, 3) what is not an answer, as numbers of `names`
    names: Ints | None = None,  # (C,) the number of the word that a candidate spells; its place by default
    methods: Sequence[str] = ANALOGY_METHODS,
) -> dict[str, Ints]:
    """Each method's answers, (Q,) numbers of `names`; -1 without a candidate. Ties go to the earlier one."""
    names = np.arange(len(candidates)) if names is None else names
    queries = unit_rows(rows[words])
    scores = {method: np.full(len(questions), -np.inf, np.float32) for method in methods}
    answers = {method: np.full(len(questions), -1, np.int64) for method in methods}
    for first in range(0, len(candidates), _BLOCK):
        block = slice(first, first + _BLOCK)
        cosines = queries @ unit_rows(rows[candidates[block]]).T
        for method in methods:
            plus, minus = _terms(cosines, method)
            best_answers(plus, minus, questions, excluded, names[block], scores[method], answers[method])
    return answers


def _terms(cosines: Rows, method: str) -> tuple[Rows, Rows]:
    """What a word adds to the score of each candidate, and what it subtracts, (W, B) each."""
    if method == "3cosadd":
        return cosines, cosines
    # 3CosMul maximises a product of cosines shifted to 0..1; its logarithm is a sum, as 3CosAdd is.
    shifted = np.clip((cosines + 1) / 2, 1e-9, None)
    return np.log(shifted), np.log(shifted + np.float32(_EPSILON))
