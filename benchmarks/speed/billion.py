"""How long do texts of ten million to a billion words take, and how much memory, as their vocabulary grows?

The text is made by a rule with a seed. A word of rank r has a share of about r^-1.47, without an end, so n
words have about 2.8 · n^0.68 distinct ones (Heaps' law): 0.16 million of ten million words, 3.7 million of a
billion. Frequent words are those of the built-in vectors, the others consist of syllables. Three in four of
the less frequent words of a document belong to its topic, or there would be nothing to learn.

``python -m benchmarks speed.billion 10 30`` measures these sizes, in million words, and fills a part of
docs/results/speed.md; ``make billion`` measures all. SELFVEC_BENCH_FOLDER names a folder that
keeps the texts, 4 GB for a billion words; the runs take 11 GB more.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from benchmarks.harness import Peak, command, watched
from benchmarks.measured import note, today
from benchmarks.page import table, write_parts
from selfvec.base.threads import in_order

MILLION = 1_000_000
_FILE = 50 * MILLION  # words of a file, about 300 MB
_BLOCK = 100_000  # words made at a time
_LONGEST = 32  # bytes of a word and what follows it
_HEAD, _TAIL = 5.0, 0.47  # of the words, a share of (1 + r / head)^-tail has a rank above r
_MOST = 1 << 40  # ranks
_SYLLABLES = [c + v for c in "bdfghklmnprstvz" for v in "aeiou"]
_TOPICS, _COMMON = 16, 32  # words of a rank below the second belong to no topic
_SENTENCE, _DOCUMENT = 20, 200  # mean numbers of words


def frequent_words() -> list[bytes]:
    """The words of the built-in vectors in their order, which is about that of frequency."""
    from selfvec.storage.formats.built_in import token_vectors

    return [word.encode() for word in token_vectors().index_to_key if len(word) > 1 and word.isascii()]


@njit(nogil=True)
def _next(state: Any) -> Any:
    """The next number of SplitMix64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(nogil=True)
def _make(words: int, state: Any, letters: Any, ends: Any, syllables: Any, out: Any) -> int:
    """Write lines of documents with this many words into ``out``; return the number of bytes."""
    size = 0
    left = 0  # words of the document
    topic = 0
    for i in range(words):
        if left == 0:
            left = min(words - i, _DOCUMENT // 2 + np.int64(_next(state) % np.uint64(_DOCUMENT)))
            topic = np.int64(_next(state) % np.uint64(_TOPICS))
        chance = (float(_next(state) >> np.uint64(11)) + 1.0) / 2.0**53
        rank = int(min(_HEAD * (chance ** (-1 / _TAIL) - 1), float(_MOST)))
        drawn = _next(state)
        if rank >= _COMMON and drawn & np.uint64(3):
            rank += topic - rank % _TOPICS
        if rank < len(ends):
            for k in range(ends[rank - 1] if rank else 0, ends[rank]):
                out[size] = letters[k]
                size += 1
        else:
            rest = rank - len(ends)
            digits = 3
            while rest >= len(syllables) ** digits:
                digits += 1
            size += 2 * digits
            for k in range(1, digits + 1):
                syllable = syllables[rest % len(syllables)]
                out[size - 2 * k] = syllable[0]
                out[size - 2 * k + 1] = syllable[1]
                rest //= len(syllables)
        left -= 1
        if left == 0 or (drawn >> np.uint64(2)) % np.uint64(_SENTENCE) == 0:
            out[size] = ord(".")
            size += 1
        out[size] = ord(" ") if left else ord("\n")
        size += 1
    return size


def write_text(path: Path, words: int, seed: int) -> None:
    """A document per line. The same words for the same seed."""
    frequent = frequent_words()
    letters = np.frombuffer(b"".join(frequent), np.uint8)
    ends = np.cumsum([len(word) for word in frequent])
    syllables = np.array([list(syllable.encode()) for syllable in _SYLLABLES], np.uint8)

    def block(number: int) -> bytes:
        state = np.array([seed << 32 | number], np.uint64)
        _next(state)
        out = np.empty(_BLOCK * _LONGEST, np.uint8)
        return out[: _make(_BLOCK, state, letters, ends, syllables, out)].tobytes()

    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        for made in in_order(range(words // _BLOCK), block, os.cpu_count() or 1):
            file.write(made)
    unfinished.rename(path)


def texts(folder: Path, words: int) -> list[Path]:
    """Files of the first ``words`` words; those that are missing are written."""
    found = []
    for number, first in enumerate(range(0, words, _FILE)):
        size = min(_FILE, words - first)
        path = folder / f"words-{number:02}-{size // MILLION}.txt"
        if not path.exists():
            write_text(path, size, number)
        found.append(path)
    return found


@dataclass(frozen=True)
class Measured:
    """What `refine` took."""

    words: int
    found: int  # different words of the text
    kept: int  # different words of the run
    refined: Peak

    @property
    def row(self) -> tuple[object, ...]:
        """A row of the table."""
        each = self.refined.seconds / self.words * 1e9, self.refined.cpu / self.words * 1e9
        speed = f"{self.refined.seconds:.0f}", *(f"{time:.0f}" for time in each)
        memory = f"{self.refined.resident / 2**20:,.0f}"
        return (f"{self.words // MILLION:,} M", self.found, self.kept, *speed, memory)


def measured(folder: Path, words: int) -> Measured:
    """Refine a text with the defaults in a child process."""
    run, log = folder / "run", folder / "log"
    files = texts(folder, words)
    refined = watched(command("refine", *files, "-o", run, "--overwrite"), log)
    made = json.loads((run / "run.json").read_text())
    assert made["method"] == "decorrelated", made["method"]
    assert made["text"]["raw_tokens"] == words == made["tokens"] + sum(made["text"]["dropped"].values())
    shutil.rmtree(run)
    return Measured(words, made["text"]["raw_types"], made["types"], refined)


def main(arguments: Sequence[str]) -> int:
    """Measure the sizes, in million words; the exit status."""
    if not arguments:
        print("name sizes in million words: python -m benchmarks speed.billion 10 30")
        return 0
    heads = ("words", "different ones", "kept", "s", "ns a word", "processor ns a word", "peak, MB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("SELFVEC_BENCH_FOLDER", name))
        watched(
            command("refine", *texts(folder, MILLION), "-o", folder / "run", "--overwrite"), folder / "log"
        )
        rows = []  # the kernels are compiled now
        for size in sorted(map(int, arguments)):
            rows.append(measured(folder, size * MILLION))
            print(*rows[-1].row, flush=True)
    write_parts("speed.md", {"billion": table(heads, [row.row for row in rows])})
    note(today("speed.billion", ["main"]))
    return 0
