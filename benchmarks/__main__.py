"""``python -m benchmarks [NAME [PART...]]``: list the benchmarks, or run one, or those of a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks.catalogue import FOLDERS, all_benchmarks, find, run


def main(arguments: Sequence[str]) -> int:
    """Print the table of benchmarks, or run what is named; the exit status."""
    if not arguments:
        benchmarks = all_benchmarks()
        width = max(len(benchmark.name) for benchmark in benchmarks)
        for benchmark in benchmarks:
            print(f"{benchmark.name:{width}}  {benchmark.question}")
        return 0
    name, *parts = arguments
    if name in FOLDERS:
        return max([run(benchmark, parts) for benchmark in find(name)])
    for benchmark in all_benchmarks():
        if benchmark.name == name:
            return run(benchmark, parts)
    print(f"no benchmark is called {name!r}: python -m benchmarks lists them", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
