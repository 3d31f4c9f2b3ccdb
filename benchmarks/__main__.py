"""``python -m benchmarks [NAME...]``: run all, or those named; fill results.json, docs/results/speed.md."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import figures
from benchmarks.common import Result, measure, write_results
from benchmarks.page import table, write_parts

HERE = Path(__file__).parent


HEADLINES = (
    "decorrelated, ",
    "encode, PubMed, abstracts",
    "load word2vec",
    "paper rule, d 300, window 13, 3,500",
    "PubMed",
    "raw text to ids",
    "search: hybrid, scores",
    "search: make an index",
)
"""Beginnings of the names of the figures that docs/results/speed.md shows; results.json has all."""


def headlines(results: list[Result]) -> str:
    """The table of figures on docs/results/speed.md."""
    rows = []
    for r in results:
        if not r.name.startswith(HEADLINES):
            continue
        # A bound of our own ("100 ms", "the target of 6 s") tells a reader nothing: only other programs do.
        other = "" if r.other[:1].isdigit() or r.other.startswith("the target") else r.other
        ratio = f"{r.ratio:.2f}" if other and r.ratio is not None else ""
        rows.append((r.name, f"{r.value:.3g} {r.unit}", other, ratio))
    return table(("what", "figure", "against", "ratio"), rows)


def main(names: list[str]) -> None:
    """Run, print a line per figure, and write them beside those of benchmarks that were not run."""
    modules = names or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    for name in modules:
        print(f"== {name}", flush=True)
        # A process each: what one benchmark leaves in memory is no burden to the next.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            measured = pool.submit(measure, name).result()
        for result in measured:
            ratio = f"{result.ratio:8.2f} × {result.other}" if result.ratio is not None else ""
            print(f"{result.name:60} {result.value:10.3f} {result.unit:12} {ratio} {result.note}", flush=True)
        # Written at once: a benchmark that fails later loses nothing.
        results = write_results({name: measured}, HERE / "results.json")
        write_parts("speed.md", {"bench": headlines(results)})
    figures.main()


if __name__ == "__main__":
    main(sys.argv[1:])
