"""Vectors from the text alone: word2vec, fastText, GloVe, PPMI-SVD and sums of codes.

Each maps a corpus of token ids to a matrix. If no vectors are given, `selfvec.refinement` takes them as
initial vectors. `selfvec.lab.evaluation.baselines` compares with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from selfvec.base.errors import require
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

DIMENSIONS = 256  # of vectors from the text alone, as of the built-in ones


class Trainer(NamedTuple):
    """A way to make vectors from text alone."""

    function: str  # module:function; it maps a batch, vectors of the same width, seed and threads to (V, d)
    options: Mapping[str, object] = MappingProxyType({})
    package: str | None = None  # that it needs


FROM_TEXT = {
    "none": Trainer("count_models:random_directions"),
    "svd": Trainer("count_models:ppmi_svd", package="sklearn"),
    "cipher": Trainer("count_models:cipher"),
    "glove": Trainer("glove:glove"),
    "word2vec": Trainer("gensim_models:trained", {"kind": "word2vec-sg", "continued": False}, "gensim"),
    "fasttext": Trainer("gensim_models:trained", {"kind": "fasttext", "continued": False}, "gensim"),
}
"""By name, as in ``--vectors``. Modules are imported when they are used, since some compile kernels."""


def check_installed(name: str) -> None:
    """Raise `MissingExtra` if the package that one of `FROM_TEXT` needs is not installed."""
    package = FROM_TEXT[name].package
    if package is not None:
        require(package, "baselines", f"--vectors {name}")


def vectors_from_text(batch: TokenBatch, name: str = "none", seed: int = 0) -> Vectors:
    """Vectors of the words of a corpus by one of `FROM_TEXT`: unit rows, (V, 256), or zeros.

    One thread trains. Several would write to the same rows, and a seed would not reproduce the vectors.
    """
    check_installed(name)
    trainer = FROM_TEXT[name]
    width = Vectors(batch.types, np.zeros((len(batch.types), DIMENSIONS), np.float32))
    train = resolve_name(f"selfvec.lab.training.{trainer.function}")
    rows = unit_rows(train(batch, width, seed, 1, **trainer.options))
    sources = np.where(rows.any(axis=1), Source.RANDOM, Source.NONE).astype(np.uint8)
    return Vectors(batch.types, rows, sources=sources, normalized=True)
