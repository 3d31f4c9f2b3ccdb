"""Vectors from the text alone: word2vec, fastText, GloVe, PPMI-SVD and sums of codes.

Each maps a corpus as ids to a table. `selfvec.refinement` starts from them if no vectors are given;
`selfvec.evaluation.baselines` compares with them.
"""

from __future__ import annotations

from .starts import NO_TABLE, check_installed, vectors_from_text

__all__ = ["NO_TABLE", "check_installed", "vectors_from_text"]
