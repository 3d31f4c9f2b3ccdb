"""What do compressed vectors keep: size, time, nDCG@10 and similarity of every method? Fills compression.md.

The vectors are those of PubMed refined from GoogleNews.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import selfvec
from benchmarks.datasets import GOOGLENEWS, JUDGED, PUBMED, SIMILARITY, path
from benchmarks.page import table
from selfvec.lab.transforms.compress import Candidate, Packed, kept, measures
from selfvec.storage.formats.safetensors import packed_words, write_codes

HEADS = ("method", "rows", "MB", "read, s", "cosine", "known", *JUDGED, "UMNSRS")


def methods(words: int, width: int) -> Iterator[tuple[str, Candidate]]:
    """The methods of the table."""
    yield "float16", Candidate("float16", words, width)
    yield "int8", Candidate("int8", words, width)
    yield "int8, ½ of the axes", Candidate("int8", words, width // 2)
    yield "int8, ¼ of the axes", Candidate("int8", words, width // 4)
    yield "binary", Candidate("binary", words, width)
    for groups in (75, 60, 38, 30, 20, 10):
        yield f"pq, {groups} codes", Candidate("pq", words, width, groups)
    yield "pq, 60 codes, ½ of the words", Candidate("pq", words // 2, width, 60)
    yield "pq, 75 codes, ¼ of the words", Candidate("pq", words // 4, width, 75)
    yield "int8, ½ of the axes, ¼ of the words", Candidate("int8", words // 4, width // 2)


def compressed() -> str:
    """The whole table, then each method: its size, and what it keeps of each figure."""
    run = selfvec.Refiner("decorrelated").fit(PUBMED, GOOGLENEWS).run_
    tasks = [*measures(run), *measures(run, [path(name) for name in JUDGED], [SIMILARITY["UMNSRS"]])]
    whole = [task.of(run.vectors) for task in tasks]
    words, vectors = packed_words(run.vectors), run.vectors
    megabytes = f"{vectors.vectors.nbytes / 1e6:.1f}"
    rows = [["float32", f"{len(vectors):,}", megabytes, "", "1", *(f"{one.value:.3f}" for one in whole)]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.safetensors"
        for name, one in methods(len(vectors), vectors.vector_size):
            packed = Packed(vectors, one, words, 0)
            write_codes(file, packed.arrays, one.method)
            started = time.perf_counter()
            read = selfvec.load(file)
            seconds = time.perf_counter() - started
            shares = [f"{kept(was, task.of(read))[0]:.0f} %" for task, was in zip(tasks, whole, strict=True)]
            size = f"{file.stat().st_size / 1e6:.2f}"
            rows.append([name, f"{one.rows:,}", size, f"{seconds:.2f}", f"{packed.fidelity:.3f}", *shares])
            print(*rows[-1], flush=True)
    return table(HEADS, rows)


NEEDS_DATA = True
PAGES = {"compression.md": {"compress": compressed}}
