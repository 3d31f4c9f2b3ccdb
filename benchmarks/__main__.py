"""``python -m benchmarks [NAME...]``: run them all, or those named, and write results.json."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from benchmarks.common import Result, write_results

HERE = Path(__file__).parent


def main(names: list[str]) -> None:
    """Run, print a line per figure, and write all of them when all were run."""
    modules = names or sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    results: list[Result] = []
    for name in modules:
        print(f"== {name}", flush=True)
        for result in importlib.import_module(f"benchmarks.bench_{name}").run():
            ratio = f"{result.ratio:8.2f} × {result.peer}" if result.ratio is not None else ""
            print(f"{result.name:60} {result.value:10.3f} {result.unit:12} {ratio} {result.note}", flush=True)
            results.append(result)
    if not names:
        write_results(results, HERE / "results.json")


main(sys.argv[1:])
