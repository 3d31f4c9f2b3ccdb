"""Finds the benchmarks and runs them.

A benchmark is a module of a folder with one of these:

* ``run()`` gives `harness.Result`: rows of results.json, all of them shown on docs/results/speed.md;
* ``PAGES`` names pages of docs/results/, their parts, and the function that measures each part;
* ``main(arguments)`` does everything itself.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

from benchmarks import figures, measured
from benchmarks.harness import Result, machines, read_results, write_results
from benchmarks.page import table, update_page, write_parts
from benchmarks.used_code import Code

HERE = Path(__file__).parent
FOLDERS = ("speed", "quality", "vectors", "paper", "robustness")
_ENTRIES = {"run", "PAGES", "main"}


@dataclass(frozen=True)
class Benchmark:
    """A module that measures something: ``name`` is folder.module."""

    name: str
    question: str  # the beginning of its docstring, up to the question mark or the end of the line
    entries: frozenset[str]  # which of run, PAGES and main it has

    @property
    def key(self) -> str:
        """What its rows are kept under."""
        return self.name.partition(".")[2]


def find(folder: str) -> Iterator[Benchmark]:
    """The benchmarks of a folder by name; none is imported."""
    for path in sorted((HERE / folder).glob("*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        defined = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
        for node in module.body:
            if isinstance(node, ast.Assign):
                defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        if entries := _ENTRIES & defined:
            first_line = (ast.get_docstring(module) or "").partition("\n")[0]
            question, mark, _ = first_line.partition("?")
            yield Benchmark(f"{folder}.{path.stem}", question + mark, frozenset(entries))


@cache
def all_benchmarks() -> tuple[Benchmark, ...]:
    """Every benchmark, folder by folder."""
    return tuple(benchmark for folder in FOLDERS for benchmark in find(folder))


def run(benchmark: Benchmark, arguments: Sequence[str] = ()) -> int:
    """Measure, keep the rows and write the pages; ``arguments`` are parts of its pages. The exit status."""
    print(f"== {benchmark.name}: {benchmark.question}", flush=True)
    if "main" in benchmark.entries:
        return int(importlib.import_module(f"benchmarks.{benchmark.name}").main(list(arguments)))
    digests = measured.today(benchmark.name, benchmark.entries)
    # A process each: what one benchmark leaves in memory is no burden to the next.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        if "run" in benchmark.entries and not arguments:
            rows = pool.submit(_rows_of, benchmark.name).result()
            print("\n".join(map(str, rows)), flush=True)
            if rows:  # none without its data: the rows stay
                # Written at once: a benchmark that fails later loses nothing.
                write_results(benchmark.key, rows)
                write_parts("speed.md", {"bench": rates(read_results(), machines())})
                measured.note({benchmark.name: digests[benchmark.name]})
        if "PAGES" in benchmark.entries:
            filled = pool.submit(_fill_pages, benchmark.name, tuple(arguments)).result()
            measured.note({name: digests[name] for name in filled})
    return figures.main()


def tables() -> dict[str, measured.Digests]:
    """What every table that is kept rests on today."""
    code = Code()
    return {
        name: digests
        for benchmark in all_benchmarks()
        for name, digests in measured.today(benchmark.name, benchmark.entries, code).items()
    }


def _rows_of(name: str) -> list[Result]:
    return list(importlib.import_module(f"benchmarks.{name}").run())


def _fill_pages(name: str, wanted: Sequence[str]) -> list[str]:
    """Measure parts of pages, by default all; those that were measured."""
    module = importlib.import_module(f"benchmarks.{name}")
    needed = getattr(module, "NEEDS", None)
    if needed and find_spec(needed) is None:
        print(f"{needed} is not installed: pip install {needed}; nothing was done")
        return []
    filled: list[str] = []
    for page, parts in module.PAGES.items():
        chosen = [part for part in wanted or parts if part in parts]
        needs_data = getattr(module, "NEEDS_DATA", False)
        if chosen and update_page(page, parts, chosen, needs_data=needs_data):
            filled += [f"{page}#{part}" for part in chosen]
    return filled


def rates(results: dict[str, list[Result]], machine_of: dict[str, str]) -> str:
    """All rows of results.json, as docs/results/speed.md shows them: a table for each question."""
    parts = []
    for benchmark in find("speed"):
        rows = []
        for result in results.get(benchmark.key, ()):
            # Only another program goes into the column of programs, not a bound of our own ("100 ms").
            own_bound = result.target.startswith(result.other.removeprefix("the target of "))
            other = "" if own_bound else result.other
            ratio = f"{result.ratio:.2f}" if other and result.ratio is not None else ""
            value = f"{result.value:,.0f}" if result.value >= 1000 else f"{result.value:.3g}"
            rows.append((result.name, f"{value} {result.unit}", other, ratio, result.target))
        if rows:
            heads = ("what", "figure", "against", "ratio", "target")
            question = f"**{benchmark.question}** {machine_of[benchmark.key]}."
            parts.append(f"{question}\n\n{table(heads, rows)}")
    return "\n\n".join(parts)
