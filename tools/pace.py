"""Whether a commit is slower than another: the same work by both, alternating, as ratios; below 1 is faster.

    make pace BASE=COMMIT       # five minutes on two cores

A ratio is the median of the rounds here against that of the base. With elapsed time stand the ratios of the
single rounds, from the lowest to the highest. What is more than 10 % slower or larger is marked.
"""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.harness import watched

ROOT = Path(__file__).resolve().parent.parent
ABSTRACTS = ROOT.parent / "shared" / "data" / "pubmed" / "abstracts.jsonl.gz"
ROUNDS, PART, MARKED = 3, 4, 1.1
RUNS = {f"{size}-{fields}": (size, fields) for size in (10_000, 40_000) for fields in (1, 7)}
"""Runs to which documents are added: how many they have, and how many fields."""

WORK = {  # in the order of a visit; before it the cache of the run is removed
    "refine": "refine {texts}/all.jsonl -o {here}/out --overwrite",
    "search, the first": "search {here}/run heart",
    "search": "search {here}/run hail",
    "drift, the first": "drift {here}/run",
    "drift, cached": "drift {here}/run",
    "topics": "text topics {here}/run",
    "concordance": "text concordance {here}/run h*",
}
LIVE = """
import json, resource, sys, time
import selfvec
def timed(name, work):
    for row in rows[:10]:
        work(row)
    processor, elapsed = time.process_time(), time.perf_counter()
    for row in rows[10:]:
        work(row)
    spent = (time.process_time() - processor) / 10, (time.perf_counter() - elapsed) / 10
    print(json.dumps([f"{name}, {sys.argv[3]}", *spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
run, rows = selfvec.open(sys.argv[1]), [json.loads(row) for row in open(sys.argv[2])]
timed("question", lambda row: run.search(" ".join(row["text"].split()[:4])))
timed("one added", lambda row: run.add([row]))
"""

Spent = Sequence[float]  # seconds of processor, seconds elapsed, KB at the peak


def documents(number: int, fields: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Sixty words by Zipf's law, with some fields."""
    draw = random.Random(first)
    words = [f"w{chr(97 + i % 26)}{i}" for i in range(20_000)]
    weights = list(accumulate(1 / (i + 1) for i in range(20_000)))
    for n in range(first, first + number):
        day = f"2024-{1 + n % 12:02}-{1 + n % 28:02}"
        values = (2000 + n % 20, n / 4, day, f"{day}T10:00:00Z", n % 2 == 0, f"product {n % 9}", f"{n:07}")
        yield {
            "id": f"r{n}",
            "text": " ".join(draw.choices(words, cum_weights=weights, k=60)),
            **dict(zip("abcdefg"[:fields], values, strict=False)),
        }


def write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def write_texts(folder: Path) -> None:
    for name, (size, fields) in RUNS.items():
        write(folder / f"{name}.jsonl", documents(size, fields))
    path = ABSTRACTS
    if not path.exists():
        path = folder / "example.jsonl"
        subprocess.run([sys.executable, "-m", "selfvec", "example", path], check=True)
    content = path.read_bytes()
    rows = (gzip.decompress(content) if path == ABSTRACTS else content).splitlines(keepends=True)
    (folder / "all.jsonl").write_bytes(b"".join(rows))
    (folder / "part.jsonl").write_bytes(b"".join(rows[::PART]))


@dataclass(frozen=True)
class Side:
    """A checkout, and the runs that its code makes."""

    source: Path
    folder: Path

    def watched(self, *arguments: object) -> tuple[str, Spent]:
        """What a process of Python prints, and what it took."""
        log = self.folder / "log"
        places = [f"PYTHONPATH={self.source / 'src'}", "PYTHONDONTWRITEBYTECODE="]
        peak = watched(["env", *places, sys.executable, *map(str, arguments)], log)
        return log.read_text("utf-8"), (peak.cpu, peak.seconds, peak.resident / 1024)

    def command(self, line: str) -> Spent:
        words = line.format(texts=self.folder.with_name("texts"), here=self.folder).split()
        return self.watched("-m", "selfvec", *words)[1]

    def prepare(self) -> None:
        """Make the runs, and let every kernel be compiled."""
        for name in RUNS:
            self.command(f"refine {{texts}}/{name}.jsonl -o {{here}}/{name} --vectors none --method original")
        self.command("refine {texts}/part.jsonl -o {here}/run")
        for line in WORK.values():
            self.command(line.replace("all", "part"))

    def round(self, number: int) -> Iterator[tuple[str, Spent]]:
        yield "import selfvec", self.watched("-c", "import selfvec")[1]
        shutil.rmtree(self.folder / "run" / "cache")
        yield from ((name, self.command(line)) for name, line in WORK.items())
        for name, (_, fields) in RUNS.items():
            added = self.folder / "added.jsonl"
            write(added, documents(20, fields, (number + 1) * 1_000_000))
            told, _ = self.watched("-c", LIVE, self.folder / name, added, name)
            yield from ((name, spent) for name, *spent in map(json.loads, told.splitlines()))


def main(base: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("base", "texts", "before", "here"):
            (folder / part).mkdir()
        unpacked = f"git archive {base} | tar -x -C {folder}/base"
        subprocess.run(unpacked, shell=True, cwd=ROOT, check=True)
        write_texts(folder / "texts")
        sides = Side(folder / "base", folder / "before"), Side(ROOT, folder / "here")
        for side in sides:
            side.prepare()
        spent: dict[str, tuple[list[Spent], ...]] = defaultdict(lambda: ([], []))
        for number in range(ROUNDS):
            for place in (0, 1) if number % 2 else (1, 0):
                for what, took in sides[place].round(number):
                    spent[what][place].append(took)
    print(f"{'':34} processor  elapsed               memory   processor here")
    for what, taken in spent.items():
        before, here = ([median(column) for column in zip(*rows, strict=True)] for rows in taken)
        ratios = [mine / own for own, mine in zip(before, here, strict=True)]
        single = sorted(mine[1] / own[1] for own, mine in zip(*taken, strict=True))
        mark = "  slower" * (max(ratios) > MARKED)
        print(
            f"{what:34} {ratios[0]:9.2f}  {ratios[1]:7.2f} ({single[0]:.2f} to {single[-1]:.2f})"
            f"{ratios[2]:10.2f}   {here[0]:10.4f} s{mark}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
