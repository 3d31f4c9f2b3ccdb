"""Compression: size, time, nDCG@10 and similarity of every method, on PubMed refined from GoogleNews."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

import selfvec
from benchmarks.binary_search import BinarySearch
from benchmarks.datasets import GOOGLENEWS, JUDGED, PUBMED, SIMILARITY, judged, path
from benchmarks.page import write_parts
from benchmarks.vectors import Row, compared
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.lab.transforms.compress import Candidate, Packed, compress, kept, measures
from selfvec.storage.formats.compressed import packed_words, write
from selfvec.text.document_vectors import embed
from selfvec.text.preprocessing import Preprocessing

HEADS = ("method", "rows", "MB", "read, s", "cosine", "known", *JUDGED, "UMNSRS")


def methods(words: int, width: int) -> Iterator[tuple[str, Candidate]]:
    """The methods of the table on the page."""
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


def rows() -> Iterator[Row]:
    """The table of the page, and a row for the table under 5 MB."""
    run = selfvec.Refiner("decorrelated").fit(PUBMED, GOOGLENEWS).run_
    tasks = [*measures(run), *measures(run, [path(name) for name in JUDGED], [SIMILARITY["UMNSRS"]])]
    whole = [task.of(run.vectors) for task in tasks]
    lines = [f"| {' | '.join(HEADS)} |", "|---|" + "---:|" * (len(HEADS) - 1)]
    words, table = packed_words(run.vectors), run.vectors
    figures = " | ".join(f"{one.value:.3f}" for one in whole)
    lines.append(f"| float32 | {len(table):,} | {table.vectors.nbytes / 1e6:.1f} | | 1 | {figures} |")
    with tempfile.TemporaryDirectory() as folder:
        for name, one in methods(len(table), table.vector_size):
            packed = Packed(table, one, words, 0)
            file = Path(folder) / "small.safetensors"
            write(file, packed.arrays, one.method)
            started = time.perf_counter()
            read = selfvec.load(file)
            seconds = time.perf_counter() - started
            shares = [f"{kept(was, task.of(read))[0]:.0f} %" for task, was in zip(tasks, whole, strict=True)]
            size = file.stat().st_size / 1e6
            cells = [
                name,
                f"{one.rows:,}",
                f"{size:.2f}",
                f"{seconds:.2f}",
                f"{packed.fidelity:.3f}",
                *shares,
            ]
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
        made, size = _hashed(run.vectors)
        shares = [f"{kept(was, task.of(made))[0]:.0f} %" for task, was in zip(tasks, whole, strict=True)]
        fidelity = float(np.einsum("ij,ij->i", made.unit, table.unit).mean())
        cells = [
            "hashing, 2 of 8,192 shared rows",
            "8,192",
            f"{size / 1e6:.2f}",
            "",
            f"{fidelity:.3f}",
            *shares,
        ]
        lines += [f"| {' | '.join(cells)} |", "", _binary_search(run)]
        yield from _under_five_megabytes(run, Path(folder) / "small.safetensors", tasks, whole)
    write_parts("compression.md", {"compress": "\n".join(lines)})


def _hashed(table: Vectors, buckets: int = 8192) -> tuple[Vectors, int]:
    """Each word is the sum of two shared rows that its hash names, with signs; and the bytes of those rows.

    After Svenstrup, Hansen and Winther (2017), *Hash Embeddings for Efficient Word Representations*, fitted
    to the table by least squares, weight √n for n occurrences. No words need to be kept.
    """
    words, rng = len(table), np.random.default_rng(0)
    places = rng.integers(buckets, size=(words, 2))
    signs = rng.choice([-1.0, 1.0], size=(words, 2))
    pointer = np.arange(0, 2 * words + 1, 2)
    taken = csr_array((signs.ravel(), places.ravel(), pointer), shape=(words, buckets))
    weighted = taken.multiply(np.sqrt(table.counts)[:, None]).tocsr()
    moments, rows = weighted.T @ taken, weighted.T @ table.unit.astype(np.float64)
    found = np.zeros_like(rows)
    left = rows - moments @ found
    step, before = left.copy(), (left**2).sum(axis=0)
    for _ in range(60):  # conjugate gradients, all columns at once
        moved = moments @ step
        size = before / np.maximum((step * moved).sum(axis=0), 1e-12)
        found, left = found + size * step, left - size * moved
        after = (left**2).sum(axis=0)
        step, before = left + after / np.maximum(before, 1e-12) * step, after
    shared = found.astype(np.float16)
    return Vectors(table.index_to_key, (taken @ shared.astype(np.float32)).astype(np.float32)), shared.nbytes


def _under_five_megabytes(run: Run, file: Path, tasks: list, whole: list) -> Iterator[Row]:  # type: ignore[type-arg]
    found = compress(run, file, below=5_000_000)
    small = selfvec.load(file)
    note = f"{found['bytes_before'] / 1e6:.0f} → {found['bytes'] / 1e6:.2f} MB, {found['method']}"
    note += f", {found['rows']:,} rows of {found['words']:,} words; keeps {{:.1f}} % ({{:.1f}} to {{:.1f}})"
    for task, was in zip(tasks, whole, strict=True):
        now = task.of(small)
        yield compared(
            "Smaller",
            "Jégou et al. 2011",
            "selfvec vectors compress run -o small.safetensors --below 5MB",
            f"{task.task}, {task.metric}",
            "uncompressed",
            was,
            now,
            verdicts=("", "", ""),
            note=note.format(*kept(was, now)),
        )


def _binary_search(run: Run) -> str:
    """One sentence: search by signs, with and without ranking again, against all cosines."""
    lines = []
    for name, one in judged().items():
        texts, count = [*one.documents, *one.queries], len(one.documents)
        vectors, _ = embed(texts, [run.vectors], Preprocessing.of(run.provenance), count, questions=True)
        index = BinarySearch(vectors[:count])

        def ndcg(rankings: np.ndarray, one=one) -> float:  # type: ignore[no-untyped-def, type-arg]
            return float(one.scores([row.tolist() for row in rankings])["ndcg@10"].mean())

        exact = np.argsort(-(vectors[count:] @ vectors[:count].T), axis=1, kind="stable")[:, :20]
        signs, again = (index.nearest(vectors[count:], 20, rerank) for rerank in (0, 10))
        lines.append(f"{name} {ndcg(exact):.3f}, {ndcg(signs):.3f} by signs, {ndcg(again):.3f} ranked again")
    return f"Documents searched by `BinarySearch`, nDCG@10: {'; '.join(lines)}. {_speed(run.vectors)}"


def _speed(table: Vectors) -> str:
    unit, asked = table.unit, table.unit[:: len(table) // 50]
    index = BinarySearch(unit)
    times: dict[str, float] = {}
    for _ in range(3):
        for name in ("cosines", "signs"):
            started = time.perf_counter()
            for query in asked:
                if name == "cosines":
                    np.argpartition(-(unit @ query), 10)
                else:
                    index.nearest(query[None], 10)
            times[name] = min(times.get(name, np.inf), time.perf_counter() - started)
    ratio = times["cosines"] / times["signs"]
    return (
        f"The ten nearest of {len(table):,} rows take {1 / ratio:.2f} of the time of all cosines in float32."
    )
