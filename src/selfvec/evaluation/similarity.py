"""Word similarity: how well cosines order pairs of words as people do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError
from selfvec.numerics.bootstrap import rank_correlation, spearman

from .compared_vectors import Table, as_path
from .task import Measurement
from .task_files import number, rows
from .word_lookup import listed, word_vectors

__all__ = ["Similarity"]


@dataclass(frozen=True)
class Similarity:
    """Spearman correlation of cosines with judgements.

    All pairs count. A pair with a word that has no vector has cosine 0, which is what a product would show;
    ``covered`` is the share of pairs with both vectors. More keys tell the correlation over a part of them:
    ``spearman_covered`` over the pairs with both vectors, ``spearman_occurring`` over the ``occurring`` pairs
    whose words stand in the vocabulary, with a vector or without. The tables of a run have one vocabulary,
    the words of its corpus, so that the latter compares them on what the corpus can teach.

    Parameters
    ----------
    path : path
        Rows of word<TAB>word<TAB>score.
    """

    path: Path
    kind: ClassVar[str] = "similarity"

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", as_path(self.path))

    def measure(self, tables: Sequence[Table], seed: int) -> Iterator[Measurement]:
        """A row of metric ``spearman`` a table.

        Raises
        ------
        InputError
            If the file is not as it should be; names the line.
        """
        words, pairs, scores = read_pairs(self.path)
        for table in tables:
            rows, known = word_vectors(table.vectors, words)
            cosines = np.einsum("ij,ij->i", rows[pairs[:, 0]], rows[pairs[:, 1]], dtype=np.float64)
            both = known[pairs].all(axis=1)
            occurring = (known | listed(table.vectors, words))[pairs].all(axis=1)
            yield Measurement(
                table.name,
                "spearman",
                spearman(cosines, scores, seed),
                n=len(pairs),
                covered=float(both.mean()),
                extra={
                    "spearman_covered": rank_correlation(cosines[both], scores[both]),
                    "spearman_occurring": rank_correlation(cosines[occurring], scores[occurring]),
                    "occurring": int(occurring.sum()),
                },
                **table.size,
            )


def read_pairs(path: Path) -> tuple[list[str], NDArray[np.int64], NDArray[np.float64]]:
    """Distinct words, each pair as their numbers, (n, 2) int64, and its score, (n,).

    Raises
    ------
    InputError
        If the file is not as it should be, or its scores order nothing.
    """
    index: dict[str, int] = {}
    pairs, scores = [], []
    for line, (one, other, score) in rows(path, ("word", "word", "score")):
        pairs.append([index.setdefault(word, len(index)) for word in (one, other)])
        scores.append(number(score, path, line, "score"))
    if len(set(scores)) < 2:
        rule = f"a correlation needs pairs of different scores, here are {len(set(scores))}"
        raise InputError(rule, path=path, remedy="give rows of word<TAB>word<TAB>score")
    return list(index), np.array(pairs, np.int64), np.array(scores)
