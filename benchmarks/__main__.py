"""``python -m benchmarks [NAME [PART...]]``: list the benchmarks, or run one, or those of a folder.

``python -m benchmarks same PAGE[#PART]...`` notes that a change of the code leaves the figures of pages, or
of some of their parts, as they are.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from benchmarks import measured
from benchmarks.catalogue import FOLDERS, Benchmark, all_benchmarks, find, run, tables


def main(arguments: Sequence[str]) -> int:
    """Print the table of benchmarks, or run what is named; the exit status."""
    if not arguments:
        benchmarks = all_benchmarks()
        width = max(len(benchmark.name) for benchmark in benchmarks)
        for benchmark in benchmarks:
            print(f"{benchmark.name:{width}}  {benchmark.question}")
        return 0
    name, *parts = arguments
    if name == "same":
        named = {one: now for one, now in tables().items() if {one, one.partition("#")[0]} & set(parts)}
        measured.keep(named)
        return 0
    if name in FOLDERS:
        return max([_timed(benchmark, parts) for benchmark in find(name)])
    for benchmark in all_benchmarks():
        if benchmark.name == name:
            return _timed(benchmark, parts)
    print(f"no benchmark is called {name!r}: python -m benchmarks lists them", file=sys.stderr)
    return 2


def _timed(benchmark: Benchmark, parts: Sequence[str]) -> int:
    start = time.perf_counter()
    status = run(benchmark, parts)
    print(f"== {benchmark.name} took {time.perf_counter() - start:.0f} s", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
