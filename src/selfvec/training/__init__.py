"""Vectors from the text alone: word2vec, fastText, GloVe, PPMI-SVD and sums of codes.

Each maps a corpus of token ids to a matrix. If no vectors are given, `selfvec.refinement` takes them as
initial vectors. `selfvec.evaluation.baselines` compares with them.
"""

from __future__ import annotations

from .initial_vectors import FROM_TEXT, check_installed, vectors_from_text

__all__ = ["FROM_TEXT", "check_installed", "vectors_from_text"]
