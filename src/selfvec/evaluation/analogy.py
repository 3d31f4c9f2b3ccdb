"""Analogies: a is to b as c is to what?

3CosAdd (Mikolov et al., 2013) and 3CosMul (Levy and Goldberg, 2014). A file has thousands of questions over
hundreds of words: the cosines of those words with all candidates are computed once, and every question is
three rows of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.data.vectors import Vectors
from selfvec.numerics.bootstrap import mean
from selfvec.numerics.rows import unit_rows

from .compared_vectors import Table, as_path
from .task import Measurement
from .task_files import text_lines
from .word_lookup import find_rows

__all__ = ["METHODS", "Analogies"]

METHODS = ("3cosadd", "3cosmul")
_EPSILON = 0.001  # of 3CosMul, as published
_BLOCK = 16_384  # candidates in one go


@dataclass(frozen=True)
class Questions:
    """Q questions over W distinct words.

    Parameters
    ----------
    words : list of W str
    numbers : (Q, 4) int64
        a, b, c and the answer, by their place in ``words``.
    sections : dict of str to list of int
        Questions by section, in the file's order.
    """

    words: list[str]
    numbers: NDArray[np.int64]
    sections: dict[str, list[int]]


@dataclass(frozen=True)
class Analogies:
    """Share of questions answered exactly.

    Every question counts; one with a word that has no row is wrong, and ``covered`` is the share of the
    others. The three words of a question are never its answer. Extra keys: ``method`` (3cosadd or 3cosmul)
    and ``sections``, the accuracy and size of each section.

    Parameters
    ----------
    path : path
        As Google's questions-words.txt or MSR's: four words a line, sections after ``:``.
    most : int
        Candidates are the first so many rows, the most frequent words in the usual order.
    """

    path: Path
    most: int = 300_000
    kind: ClassVar[str] = "analogy"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """A row of metric ``accuracy`` a table and method.

        Raises
        ------
        InputError
            If the file is not as it should be; names the line.
        """
        questions = read_questions(self.path)
        for table in tables:
            answered, right = answer(table.vectors, questions, self.most)
            for method in METHODS:
                correct = right[method]
                sections = {
                    name: {"value": float(correct[members].mean()), "n": len(members)}
                    for name, members in questions.sections.items()
                }
                yield Measurement(
                    table.name,
                    "accuracy",
                    mean(correct, seed),
                    n=len(correct),
                    covered=float(answered.mean()),
                    extra={"method": method, "sections": sections},
                    **table.size,
                )


def read_questions(path: Path) -> Questions:
    """Read a file of questions.

    Raises
    ------
    InputError
        If a line has not four words, or there is no question.
    """
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
            rule = f"a question is four words, this one has {len(words)}"
            raise InputError(rule, path=path, line=line, remedy="mend the line; a section begins with ':'")
        sections.setdefault(section, []).append(len(numbers))
        numbers.append([index.setdefault(word, len(index)) for word in words])
    if not numbers:
        raise InputError("holds no question", path=path, remedy="give lines of four words")
    return Questions(list(index), np.array(numbers, np.int64), sections)


def answer(
    vectors: Vectors, questions: Questions, most: int
) -> tuple[NDArray[np.bool_], dict[str, NDArray[np.bool_]]]:
    """Which of Q questions have all four words in the table, and which each method gets right, (Q,) bool."""
    candidates = _filled(vectors, most)
    place = np.full(len(vectors) + 1, -1, np.int64)  # of a row among the candidates; the last is for row -1
    place[candidates] = np.arange(len(candidates))
    words = place[find_rows(vectors, questions.words)]
    asked = words[questions.numbers]
    answered = np.all(asked >= 0, axis=1)
    right = {method: np.zeros(len(asked), bool) for method in METHODS}
    if not answered.any():
        return answered, right
    used = np.unique(questions.numbers[answered])
    local = np.full(len(words), -1, np.int64)
    local[used] = np.arange(len(used))
    short = local[questions.numbers[answered, :3]]
    found = _search(vectors, candidates, candidates[words[used]], short, asked[answered, :3])
    for method in METHODS:
        right[method][answered] = found[method] == asked[answered, 3]
    return answered, right


def _filled(vectors: Vectors, most: int) -> NDArray[np.int64]:
    """Those of the first ``most`` rows that are not zero, (C,) int64."""
    head = vectors.vectors[:most]
    starts = range(0, len(head), _BLOCK)
    parts = [start + np.flatnonzero(np.any(head[start : start + _BLOCK] != 0, axis=1)) for start in starts]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _search(
    vectors: Vectors,
    candidates: NDArray[np.int64],
    words: NDArray[np.int64],
    questions: NDArray[np.int64],
    asked: NDArray[np.int64],
) -> dict[str, NDArray[np.int64]]:
    """Each method's answers, (Q,) places among C candidates.

    Parameters
    ----------
    candidates, words : (C,) and (W,) int64
        Rows of the candidates, and of the words of the questions.
    questions, asked : (Q, 3) int64
        a, b, c as places among the words, and among the candidates.
    """
    from selfvec.text.document_kernels import best_answers

    queries = unit_rows(vectors.vectors[words])
    scores = {m: np.full(len(questions), -np.inf, np.float32) for m in METHODS}
    answers = {m: np.full(len(questions), -1, np.int64) for m in METHODS}
    for first in range(0, len(candidates), _BLOCK):
        rows = unit_rows(vectors.vectors[candidates[first : first + _BLOCK]])
        cosines = queries @ rows.T
        for method in METHODS:
            plus, minus = _sides(method, cosines)
            best_answers(plus, minus, questions, asked, first, scores[method], answers[method])
    return answers


def _sides(method: str, cosines: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What a word adds to a candidate's score when it counts for it, and takes when it counts against it.

    3CosMul maximises a product of cosines shifted to 0..1: its logarithm is a sum, as 3CosAdd is.
    """
    if method == "3cosadd":
        return cosines, cosines
    shifted = np.clip((cosines + 1) / 2, 1e-9, None)
    return np.log(shifted), np.log(shifted + np.float32(_EPSILON))
