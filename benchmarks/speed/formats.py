"""How fast are 100,000 words × 300 numbers loaded, next to gensim and to a memory map?

A memory map alone gives a matrix without words, so the others of the mapped forms also split the
vocabulary and index it, as briefly as NumPy and Python can. The look at every number, which finds NaN, is
ours alone.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from gensim.models import KeyedVectors
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


def _against_gensim(path: Path, table: Vectors, *, binary: bool) -> Result:
    """Median of five against one run: gensim takes its time."""
    times = []
    for _ in range(6):
        start = time.perf_counter()
        ours = load(path)
        times.append(time.perf_counter() - start)
    _check(table, ours.index_to_key, ours.vectors)
    start = time.perf_counter()
    theirs = KeyedVectors.load_word2vec_format(path, binary=binary)
    seconds = time.perf_counter() - start
    _check(table, theirs.index_to_key, theirs.vectors)
    value = float(np.median(times[1:]))
    name = f"load word2vec {'binary' if binary else 'text'}, 100K × 300"
    return Result(name, value, "s", "gensim", seconds / value)


def _against_map(
    path: Path, table: Vectors, other: Callable[[], tuple[list[str], NDArray[np.float32]]]
) -> Result:
    ours = load(path)
    _check(table, ours.index_to_key, ours.vectors)
    _check(table, *other())
    name = f"load {path.suffix[1:]}, 100K × 300"
    return compared(name, lambda: load(path), other, "memory map with words", repeat=9)


def _mapped(matrix: Path, vocabulary: Path) -> tuple[list[str], NDArray[np.float32]]:
    """What a few lines of NumPy do: map, split, index."""
    words = vocabulary.read_text(encoding="utf-8").splitlines()
    index = {word: i for i, word in enumerate(words)}
    assert len(index) == len(words)
    return words, np.load(matrix, mmap_mode="r")


def _copied(path: Path) -> NDArray[np.uint8]:
    """A word2vec binary file's bytes, mapped and copied: no reader that copies can be faster."""
    return np.array(np.memmap(path, np.uint8, mode="r"))


def run() -> Iterator[Result]:
    """All figures; the files lie in a temporary folder and in the cache of the system."""
    table = _table()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for suffix in ("vec", "bin", "npy", "safetensors"):
            save(table, folder / f"table.{suffix}")
        matrix, vocabulary = folder / "table.npy", folder / "table.vocabulary.txt"
        yield _against_gensim(folder / "table.vec", table, binary=False)
        yield _against_gensim(folder / "table.bin", table, binary=True)
        yield _against_map(matrix, table, lambda: _mapped(matrix, vocabulary))
        yield _against_map(folder / "table.safetensors", table, lambda: _mapped(matrix, vocabulary))
        binary = folder / "table.bin"
        note = "the copy has no words, no index and unaligned rows"
        yield compared(
            "load bin, 100K × 300",
            lambda: load(binary),
            lambda: _copied(binary),
            "copy of the map",
            repeat=9,
            note=note,
        )
