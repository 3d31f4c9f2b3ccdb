"""Initial vectors of a refinement without pretrained vectors, by name."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import numpy as np

from selfvec.base.arrays import Floats
from selfvec.base.errors import MissingExtra
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.rows import unit_rows

__all__ = ["NO_TABLE", "check_installed", "vectors_from_text"]

DIMENSIONS = 256

NO_TABLE: dict[str, tuple[str, dict[str, object], str | None]] = {
    "none": ("initial_vectors:random_directions", {}, None),
    "svd": ("count_models:ppmi_svd", {}, "sklearn"),
    "cipher": ("cipher:cipher", {}, None),
    "glove": ("count_models:glove", {}, None),
    "word2vec": ("gensim_models:trained", {"kind": "word2vec-sg", "continued": False}, "gensim"),
    "fasttext": ("gensim_models:trained", {"kind": "fasttext", "continued": False}, "gensim"),
}
"""Module and function, its options, and the package that it needs.

A function maps a batch, vectors of the same width, a seed and a number of threads to (V, d) rows.
"""


def check_installed(name: str) -> None:
    """Raise `MissingExtra` if the package that one of `NO_TABLE` needs is not installed."""
    package = NO_TABLE[name][2]
    if package is not None and find_spec(package) is None:
        raise MissingExtra(package, "baselines", f"--vectors {name}")


def vectors_from_text(batch: TokenBatch, name: str = "none", seed: int = 0) -> Vectors:
    """Vectors of the words of a corpus by one of `NO_TABLE`: unit rows, (V, 256), or zeros.

    One thread trains. Several would write to the same rows, and a seed would not reproduce the vectors.
    """
    check_installed(name)
    place, options, _ = NO_TABLE[name]
    module, _, function = place.partition(":")
    width = Vectors(batch.types, np.zeros((len(batch.types), DIMENSIONS), np.float32))
    made = getattr(import_module(f"selfvec.training.{module}"), function)(batch, width, seed, 1, **options)
    rows = unit_rows(made)
    sources = np.where(rows.any(axis=1), Source.RANDOM, Source.NONE).astype(np.uint8)
    return Vectors(batch.types, rows, sources=sources, normalized=True)


def random_directions(batch: TokenBatch, original: Vectors, seed: int, jobs: int) -> Floats:
    """A normal random row for each word, in as many dimensions as the original."""
    del jobs
    shape = len(batch.types), original.vector_size
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
