"""Two classic benchmarks of word vectors, by gensim's rules: which lines are skipped and what is returned.

`selfvec.evaluation` measures the same with confidence intervals and reports unknown words. Both answer
analogies by `selfvec.numerics.analogies`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints, Rows
from selfvec.base.errors import InputError, MissingExtra

__all__ = ["Path", "Sections", "word_analogies", "word_pairs"]

Path = str | os.PathLike[str]
Sections = list[dict[str, Any]]


def _row_by_name(words: Sequence[str], fold: bool) -> dict[str, int]:
    """The row of each word; with ``fold`` of its upper-case form, where the first of several words counts."""
    rows: dict[str, int] = {}
    for row, word in enumerate(words):
        rows.setdefault(word.upper() if fold else word, row)
    return rows


def word_pairs(
    words: Sequence[str], unit: Rows, path: Path, delimiter: str, fold: bool, unknown_as_zero: bool
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Correlation of cosines with human judgements of similarity.

    Parameters
    ----------
    words : sequence of R str
    unit : (V, d) float32
        Unit rows; the first R belong to ``words``.
    path : path
        Two words and a number per line. Other lines and those that begin with ``#`` are skipped.
    fold : bool
        Whether to compare words in upper case.
    unknown_as_zero : bool
        Whether pairs with an unknown word count as cosine 0; otherwise they are left out.

    Returns
    -------
    pearson, spearman : (coefficient, two-sided p)
    oov_ratio : float
        Percentage of pairs with an unknown word.
    """
    try:
        from scipy.stats import pearsonr, spearmanr  # type: ignore[import-untyped]
    except ImportError:
        raise MissingExtra("scipy", "evaluate", "evaluate_word_pairs") from None
    rows = _row_by_name(words, fold)
    gold: list[float] = []
    cosines: list[float] = []
    unknown = 0
    for line in FilePath(path).read_text(encoding="utf-8").splitlines():
        fields = (line.upper() if fold else line).split(delimiter)
        if line.startswith("#") or len(fields) != 3 or not _is_number(fields[2]):
            continue
        a, b = (rows.get(word) for word in fields[:2])
        known = a is not None and b is not None
        unknown += not known
        if known or unknown_as_zero:
            gold.append(float(fields[2]))
            cosines.append(float(unit[a] @ unit[b]) if known else 0.0)
    if not gold:
        rule = "holds no pair of known words with a similarity"
        raise InputError(rule, path=path, remedy=f"give lines of two words and a number, with {delimiter!r}")
    correlations = (function(gold, cosines) for function in (pearsonr, spearmanr))
    pearson, spearman = ((float(found.statistic), float(found.pvalue)) for found in correlations)
    return pearson, spearman, 100 * unknown / (len(gold) if unknown_as_zero else len(gold) + unknown)


def word_analogies(
    words: Sequence[str], unit: Rows, path: Path, fold: bool, unknown_as_wrong: bool
) -> tuple[float, Sections]:
    """Share of analogies answered right by 3CosAdd; the words of a question are never its answer.

    Parameters
    ----------
    words, unit, fold
        As in `word_pairs`.
    path : path
        Four words per line, in sections that begin with ``: NAME``. Other lines are skipped.
    unknown_as_wrong : bool
        Whether questions with an unknown word count as wrong; otherwise they are left out.

    Returns
    -------
    score : float
    sections : list of dict
        ``section``, its name, and the questions in ``correct`` and ``incorrect``; the last holds all.
    """
    rows = _row_by_name(words, fold)
    sections: Sections = []
    asked: list[tuple[dict[str, Any], tuple[str, ...]]] = []
    for number, line in enumerate(FilePath(path).read_text(encoding="utf-8").splitlines(), 1):
        question = tuple((line.upper() if fold else line).split())
        if line.startswith(": "):
            sections.append({"section": line[2:].strip(), "correct": [], "incorrect": []})
        elif not sections:
            raise InputError("questions come after a line ': SECTION'", path=path, line=number)
        elif len(question) == 4:
            if all(word in rows for word in question):
                asked.append((sections[-1], question))
            elif unknown_as_wrong:
                sections[-1]["incorrect"].append(question)
    places = np.array([[rows[word] for word in question] for _, question in asked], np.int64).reshape(-1, 4)
    for (section, question), right in zip(
        asked, _answered_right(words, unit, places, rows, fold), strict=True
    ):
        section["correct" if right else "incorrect"].append(question)
    total = {key: [q for part in sections for q in part[key]] for key in ("correct", "incorrect")}
    count = len(total["correct"]) + len(total["incorrect"])
    sections.append({"section": "Total accuracy", **total})
    return len(total["correct"]) / max(count, 1), sections


def _answered_right(
    words: Sequence[str], unit: Rows, questions: Ints, rows: dict[str, int], fold: bool
) -> list[bool]:
    """Whether 3CosAdd gives the fourth word of each question, (Q, 4) rows; any spelling of it counts."""
    from selfvec.numerics.analogies import solve_analogies

    spelled = np.array([rows[word.upper() if fold else word] for word in words], np.int64)
    asked, numbers = np.unique(questions[:, :3], return_inverse=True)
    everything = np.arange(len(words))
    found = solve_analogies(
        unit, everything, asked, numbers.reshape(-1, 3), questions[:, :3], spelled, ["3cosadd"]
    )
    right: list[bool] = (found["3cosadd"] == questions[:, 3]).tolist()
    return right


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
