"""How fast are 100,000 words × 300 numbers loaded, next to gensim and to a memory map?

A memory map alone gives a matrix without words, so the others of the mapped forms also split the
vocabulary and index it, as briefly as NumPy and Python can. The look at every number, which finds NaN, is
ours alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Result, compared
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import load, save

ROWS, DIMENSIONS = 100_000, 300


def _table() -> Vectors:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((ROWS, DIMENSIONS), np.float32) * np.float32(0.1)
    return Vectors([f"word{i}" for i in range(ROWS)], matrix)


def _check(table: Vectors, words: list[str], matrix: NDArray[np.float32]) -> None:
    assert words == table.index_to_key
    assert np.array_equal(matrix, table.vectors)


def _by_gensim(path: Path, *, binary: bool) -> tuple[list[str], NDArray[np.float32]]:

    from gensim.models import KeyedVectors

    found = KeyedVectors.load_word2vec_format(path, binary=binary)
    return found.index_to_key, found.vectors


def _mapped(matrix: Path, vocabulary: Path) -> tuple[list[str], NDArray[np.float32]]:
    """What a few lines of NumPy do: map, split, index."""
    words = vocabulary.read_text(encoding="utf-8").splitlines()
    index = {word: i for i, word in enumerate(words)}
    assert len(index) == len(words)
    return words, np.load(matrix, mmap_mode="r")


def run() -> Iterator[Result]:
    """All figures; the files lie in a temporary folder and in the cache of the system."""
    table = _table()
    with tempfile.TemporaryDirectory() as name:
        files = {suffix: Path(name, f"table.{suffix}") for suffix in ("vec", "bin", "npy", "safetensors")}
        for path in files.values():
            save(table, path)
        mapped = partial(_mapped, files["npy"], Path(name, "table.vocabulary.txt"))
        for label, suffix, other, against, repeat in (
            ("word2vec text", "vec", partial(_by_gensim, files["vec"], binary=False), "gensim", 1),
            ("word2vec binary", "bin", partial(_by_gensim, files["bin"], binary=True), "gensim", 1),
            ("npy", "npy", mapped, "memory map with words", 9),
            ("safetensors", "safetensors", mapped, "memory map with words", 9),
        ):
            ours = load(files[suffix])
            _check(table, ours.index_to_key, ours.vectors)
            _check(table, *other())
            read = partial(load, files[suffix])
            yield compared(f"load {label}, 100K × 300", read, other, against, repeat=repeat)
