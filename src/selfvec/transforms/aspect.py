"""A space for one aspect: a linear map keeps one relation near and pushes another apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Doubles, Ints, Rows
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import covariance, whitening_matrix

from .knowledge import Knowledge, row_pairs, unused_relations
from .lexicon_files import read_knowledge
from .method import Transform, mapped_composer, same_words

__all__ = ["Aspect"]


class Aspect(Transform):
    """Keep directions that one relation has and another has not.

    Directions in which pairs of one relation differ shrink; those in which pairs of another differ grow.
    Rows are multiplied by (S_pull + S)^(-1/2) (S_push + S)^(1/2), with the scatters of the differences of
    both kinds of pairs and the covariance S of all words, each of trace 1: relevant component analysis
    (Bar-Hillel et al., 2003), and its counterpart for pairs to be separated (Hoi et al., 2006). The map
    is linear, so it also maps words without relations.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.transforms.lexicon_files.read_knowledge`.
    pull : str
        The relation that pulls words together. Triples may have any kinds.
    push : str
        The relation that pushes words apart.
    """

    lexicon: Sequence[str | Path] | Knowledge
    pull: str = "synonym"
    push: str = "antonym"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pull == self.push:
            rule = f"must differ from the relation that is kept, both are {self.pull}"
            raise OptionError(rule, field="push")

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """Vectors (V, d) of the same words in another space."""
        knowledge = read_knowledge(self.lexicon)
        unit = vectors.unit
        near, far = (row_pairs(knowledge, vectors.key_to_index, (kind,)) for kind in (self.pull, self.push))
        every = covariance(unit)[1]
        kept, pushed = (_scatter(unit, pairs) + every / np.trace(every) for pairs in (near, far))
        mapping = whitening_matrix(kept, 0.5) @ whitening_matrix(pushed, -0.5)
        rows = unit_rows(unit @ mapping)
        before, after = (_gap(matrix, near, far) for matrix in (unit, rows))
        self.report_ = {"kept": len(near), "pushed": len(far), "gap_before": before, "gap_after": after}
        self.report_ |= unused_relations(knowledge, vectors.key_to_index, [self.pull, self.push])
        return same_words(vectors, rows, mapped_composer(vectors.composer, mapping))


def _scatter(unit: Rows, pairs: Ints) -> Doubles:
    """Mean outer product of the differences of pairs, (d, d), of trace 1."""
    apart = (unit[pairs[:, 0]] - unit[pairs[:, 1]]).astype(np.float64)
    scatter: Doubles = apart.T @ apart
    return scatter / max(float(np.trace(scatter)), 1e-12)


def _gap(rows: Rows, near: Ints, far: Ints) -> float:
    """Mean cosine of the kept pairs minus that of the pushed ones."""
    kept, pushed = (np.einsum("ij,ij->i", rows[a], rows[b]).mean() for a, b in (near.T, far.T))
    return float(kept - pushed)
