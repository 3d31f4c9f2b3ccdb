"""The whole way: from a text file to a saved run folder, and how long a user waits before anything starts.

The text is random with a language's word frequencies: 141,000 tokens over 3,500 words, as in the paper (whose
code took about 4 s on its machine), with 300-d vectors for most of them in word2vec's binary format.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.common import Result, median_seconds
from benchmarks.datasets import random_ids

TOKENS, TYPES, DIMENSIONS = 141_000, 3_500, 300


def write_corpus(path: Path, tokens: int, types: int) -> None:
    """One document of 13 to 60 words per line."""
    rng = np.random.default_rng(0)
    words = np.array([f"w{i}x" for i in range(types)])
    ids = np.concatenate((np.arange(types), random_ids(tokens - types, types)))
    cuts = np.cumsum(rng.integers(13, 60, tokens // 13))
    lines = np.split(words[rng.permutation(ids)], cuts[cuts < tokens])
    path.write_text("".join(f"{' '.join(line)}.\n" for line in lines), encoding="utf-8")


def write_vectors(path: Path, types: int) -> None:
    """word2vec binary, a row for five words in six."""
    rows = np.random.default_rng(1).standard_normal((types, DIMENSIONS), dtype=np.float32)
    kept = [i for i in range(types) if i % 6]
    with path.open("wb") as file:
        file.write(f"{len(kept)} {DIMENSIONS}\n".encode())
        for i in kept:
            file.write(f"w{i}x ".encode() + rows[i].tobytes() + b"\n")


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "selfvec", *map(str, arguments)]


def run() -> list[Result]:
    """Start-up and the paper's job warm."""

    def spawn(arguments: list[str]) -> None:
        subprocess.run(arguments, check=True, capture_output=True)

    bare = median_seconds(lambda: spawn([sys.executable, "-c", "pass"]))
    imported = median_seconds(lambda: spawn([sys.executable, "-c", "import selfvec"]))
    helped = median_seconds(lambda: spawn(command("--help")))
    results = [
        Result(
            "import selfvec, whole process",
            imported,
            "s",
            "python -c pass",
            bare / imported,
            "target < 0.3 s",
        ),
        Result("selfvec --help", helped, "s", "python -c pass", bare / helped, "target < 0.4 s"),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(folder / "text.txt", TOKENS, TYPES)
        write_vectors(folder / "vectors.bin", TYPES)
        job = command(
            "refine", folder / "text.txt", "--vectors", folder / "vectors.bin", "-o", folder / "run"
        )
        seconds = median_seconds(lambda: spawn([*job, "--overwrite"]))
        made = json.loads((folder / "run/run.json").read_text())
        assert (made["tokens"], made["types"]) == (TOKENS, TYPES), made
        note = f"window {made['window']}, start to saved run folder, warm; target < 3 s"
        results.append(
            Result("the paper's job, 141,000 tokens", seconds, "s", "the paper's 4 s", 4 / seconds, note)
        )
    return results
