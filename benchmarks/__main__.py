"""``python -m benchmarks [NAME...]``: run all, or those named, and renew their figures in results.json."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks import figures
from benchmarks.common import Result, measure, write_results

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
"""Beginnings of the names of the figures that the README shows; results.json has all."""


def update_readme(results: list[Result], readme: Path) -> None:
    """Put the figures between the README's markers."""
    rows = ["| what | figure | against | ratio |", "|---|---:|---|---:|"]
    for r in results:
        if not r.name.startswith(HEADLINES):
            continue
        figure = f"{r.value:.3g} {r.unit}" if r.unit not in ("ratio", "tables") else f"{r.value:.2f} {r.unit}"
        # A bound of our own ("100 ms", "the target of 6 s") tells a reader nothing: only other programs do.
        other = "" if r.other[:1].isdigit() or r.other.startswith("the target") else r.other
        ratio = f"{r.ratio:.2f}" if other and r.ratio is not None else ""
        rows.append(f"| {r.name} | {figure} | {other} | {ratio} |")
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split("<!-- generated:bench -->\n", 1)
    after = rest.split("<!-- /generated -->", 1)[1]
    body = "\n".join(rows)
    fresh = f"{before}<!-- generated:bench -->\n{body}\n<!-- /generated -->{after}"
    readme.write_text(fresh, encoding="utf-8")


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
        update_readme(write_results({name: measured}, HERE / "results.json"), HERE.parent / "README.md")
    figures.main()


if __name__ == "__main__":
    main(sys.argv[1:])
