"""Analogies: a is to b as c is to what? Answered by `selfvec.numerics.nearest`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from selfvec.base.arrays import Ints, Mask
from selfvec.base.errors import InputError
from selfvec.base.text_files import text_lines
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import ANALOGY_METHODS, solve_analogies
from selfvec.numerics.statistics import mean

from .compared_vectors import ComparedVectors, find_rows
from .task import Measurement, Task

_BLOCK = 16_384  # rows at a time


@dataclass(frozen=True)
class AnalogyQuestions:
    """Q questions over W distinct words."""

    words: list[str]
    numbers: Ints  # (Q, 4) a, b, c and the answer, as places in ``words``
    sections: dict[str, list[int]]  # questions by section, in the file's order


@dataclass(frozen=True)
class Analogies(Task[AnalogyQuestions]):
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

    def load(self, entries: Sequence[ComparedVectors], seed: int) -> AnalogyQuestions:
        """Read the questions."""
        return read_questions(self.path)

    def score(self, entry: ComparedVectors, items: AnalogyQuestions, seed: int) -> Iterator[Measurement]:
        """One row of metric ``accuracy`` for each method."""
        answered, right = answer(entry.vectors, items, self.most)
        for method, correct in right.items():
            sections = {
                name: {"value": float(correct[members].mean()), "n": len(members)}
                for name, members in items.sections.items()
            }
            figure = mean(correct, seed), len(correct), float(answered.mean())
            yield Measurement.of(entry, "accuracy", *figure, method=method, sections=sections)


def read_questions(path: Path) -> AnalogyQuestions:
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
    return AnalogyQuestions(list(index), np.array(numbers, np.int64), sections)


def answer(vectors: Vectors, questions: AnalogyQuestions, most: int) -> tuple[Mask, dict[str, Mask]]:
    """Which of Q questions have four words with vectors, and which each method answers right; (Q,) bool."""
    candidates = _nonzero_rows(vectors, most)
    place = np.full(len(vectors) + 1, -1, np.int64)  # of a row among the candidates; the last is for row -1
    place[candidates] = np.arange(len(candidates))
    words = place[find_rows(vectors, questions.words)]
    asked = words[questions.numbers]
    answered = np.all(asked >= 0, axis=1)
    right = {method: np.zeros(len(asked), bool) for method in ANALOGY_METHODS}
    if not answered.any():
        return answered, right
    used, numbers = np.unique(questions.numbers[answered, :3], return_inverse=True)
    found = solve_analogies(
        vectors.vectors,
        candidates,
        words=candidates[words[used]],
        questions=numbers.reshape(-1, 3),
        excluded=asked[answered, :3],
    )
    for method, answers in found.items():
        right[method][answered] = answers == asked[answered, 3]
    return answered, right


def _nonzero_rows(vectors: Vectors, most: int) -> Ints:
    """Those of the first ``most`` rows that are not zero, (C,) int64."""
    head = vectors.vectors[:most]
    starts = range(0, len(head), _BLOCK)
    parts = [start + np.flatnonzero(np.any(head[start : start + _BLOCK] != 0, axis=1)) for start in starts]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
