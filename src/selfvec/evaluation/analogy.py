"""Analogies: a is to b as c is to what?

3CosAdd (Mikolov et al., 2013) and 3CosMul (Levy and Goldberg, 2014). A file has thousands of questions over
hundreds of words, so the cosines of those words with all candidates are computed once, and every question is
answered from three rows of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from selfvec.base.arrays import Floats, Ints, Mask, Rows
from selfvec.base.compiled import kernel
from selfvec.base.errors import InputError
from selfvec.base.text_files import text_lines
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import mean

from .compared_vectors import Table, find_rows
from .task import Measurement, Task

__all__ = ["METHODS", "Analogies", "Questions"]

METHODS = ("3cosadd", "3cosmul")
_EPSILON = 0.001  # of 3CosMul, as published
_BLOCK = 16_384  # candidates at a time


@dataclass(frozen=True)
class Questions:
    """Q questions over W distinct words."""

    words: list[str]
    numbers: Ints  # (Q, 4) a, b, c and the answer, as places in ``words``
    sections: dict[str, list[int]]  # questions by section, in the file's order


@dataclass(frozen=True)
class Analogies(Task[Questions]):
    """Share of questions answered exactly, by 3CosAdd and by 3CosMul.

    Every question counts. A question with a word without a vector is wrong; ``covered`` is the share of the
    others. The three words of a question are never its answer. Extra keys: ``method`` (3cosadd or 3cosmul)
    and ``sections``, the accuracy and size of each section.

    Parameters
    ----------
    path : path
        As Google's questions-words.txt or MSR's: four words a line, sections after ``:``.
    most : int
        Candidates are the first ``most`` rows, usually the most frequent words.
    """

    most: int = 300_000
    kind: ClassVar[str] = "analogy"

    def load(self, seed: int) -> Questions:
        """Read the questions."""
        return read_questions(self.path)

    def score(self, table: Table, items: Questions, seed: int) -> Iterator[Measurement]:
        """One row of metric ``accuracy`` for each method."""
        answered, right = answer(table.vectors, items, self.most)
        for method, correct in right.items():
            sections = {
                name: {"value": float(correct[members].mean()), "n": len(members)}
                for name, members in items.sections.items()
            }
            figure = mean(correct, seed), len(correct), float(answered.mean())
            yield Measurement.of(table, "accuracy", *figure, method=method, sections=sections)


def read_questions(path: Path) -> Questions:
    """Read a file of questions."""
    index: dict[str, int] = {}
    numbers: list[list[int]] = []
    sections: dict[str, list[int]] = {}
    section = "all"
    for line, text in text_lines(path):
        if text.startswith(":"):
            section = text[1:].strip() or "all"
            continue
        words = text.split()
        if len(words) != 4:
            rule = f"a question has four words, this one has {len(words)}"
            raise InputError(rule, path=path, line=line, remedy="correct the line; a section begins with ':'")
        sections.setdefault(section, []).append(len(numbers))
        numbers.append([index.setdefault(word, len(index)) for word in words])
    if not numbers:
        raise InputError("holds no question", path=path, remedy="give lines of four words")
    return Questions(list(index), np.array(numbers, np.int64), sections)


def answer(vectors: Vectors, questions: Questions, most: int) -> tuple[Mask, dict[str, Mask]]:
    """Which of Q questions have four words with vectors, and which each method answers right; (Q,) bool."""
    candidates = _nonzero_rows(vectors, most)
    place = np.full(len(vectors) + 1, -1, np.int64)  # of a row among the candidates; the last is for row -1
    place[candidates] = np.arange(len(candidates))
    words = place[find_rows(vectors, questions.words)]
    asked = words[questions.numbers]
    answered = np.all(asked >= 0, axis=1)
    right = {method: np.zeros(len(asked), bool) for method in METHODS}
    if not answered.any():
        return answered, right
    used, local = np.unique(questions.numbers[answered, :3], return_inverse=True)
    queries = unit_rows(vectors.vectors[candidates[words[used]]])
    found = _best(vectors, candidates, queries, local.reshape(-1, 3), asked[answered, :3])
    for method in METHODS:
        right[method][answered] = found[method] == asked[answered, 3]
    return answered, right


def _nonzero_rows(vectors: Vectors, most: int) -> Ints:
    """Those of the first ``most`` rows that are not zero, (C,) int64."""
    head = vectors.vectors[:most]
    starts = range(0, len(head), _BLOCK)
    parts = [start + np.flatnonzero(np.any(head[start : start + _BLOCK] != 0, axis=1)) for start in starts]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _best(
    vectors: Vectors,
    candidates: Ints,  # (C,) rows
    queries: Rows,  # (W, d) unit vectors of the words of the questions
    questions: Ints,  # (Q, 3) a, b, c as rows of queries
    excluded: Ints,  # (Q, 3) the same words as places among the candidates
) -> dict[str, Ints]:
    """Each method's answers, (Q,) places among the candidates."""
    scores = {m: np.full(len(questions), -np.inf, np.float32) for m in METHODS}
    answers = {m: np.full(len(questions), -1, np.int64) for m in METHODS}
    for first in range(0, len(candidates), _BLOCK):
        rows = unit_rows(vectors.vectors[candidates[first : first + _BLOCK]])
        cosines = queries @ rows.T
        # 3CosMul maximises a product of cosines shifted to 0..1; its logarithm is a sum, as 3CosAdd is.
        shifted = np.clip((cosines + 1) / 2, 1e-9, None)
        terms = {
            "3cosadd": (cosines, cosines),
            "3cosmul": (np.log(shifted), np.log(shifted + np.float32(_EPSILON))),
        }
        for method, (plus, minus) in terms.items():
            _best_answers(plus, minus, questions, excluded, first, scores[method], answers[method])
    return answers


@kernel
def _best_answers(
    plus: Rows,  # (W, B) float32, score from each of W words if it is added
    minus: Rows,  # (W, B) float32, score if it is subtracted
    questions: Ints,  # (Q, 3) int64, a, b, c among the W words
    asked: Ints,  # (Q, 3) int64, the same words as candidates; excluded as answers
    first: int,
    scores: Floats,  # (Q,) float32, best so far
    answers: Ints,  # (Q,) int64
) -> None:
    """Update each question's best answer from a block of B candidates that begins at candidate ``first``.

    A question a, b, c asks: a is to b as c is to what? Ties go to the earlier candidate.
    """
    for q in range(len(questions)):
        a, b, c = questions[q, 0], questions[q, 1], questions[q, 2]
        best = scores[q]
        for candidate in range(plus.shape[1]):
            score = plus[b, candidate] + plus[c, candidate] - minus[a, candidate]
            if score > best:
                number = first + candidate
                if number != asked[q, 0] and number != asked[q, 1] and number != asked[q, 2]:
                    best = score
                    answers[q] = number
        scores[q] = best
