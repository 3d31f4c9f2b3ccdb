"""Refining on a cluster: what one worker does in a second; docs/results/cluster.md has more."""

from __future__ import annotations

from benchmarks.cluster import WIDTH, WORDS, measured
from benchmarks.common import Result


def run() -> list[Result]:
    """Of one core, at 500,000 words of 256 dimensions."""
    found, at = measured(), f"one core, {WORDS:,} words × {WIDTH}"
    tables = found.memory / (WORDS * WIDTH * 4)
    return [
        Result("cluster: read text to ids", found.read / 1e6, "M tokens/s", note="one core"),
        Result("cluster: sum neighbours", found.sum / 1e6, "M tokens/s", note=at),
        Result("cluster: merge a partial", found.merge, "s", note=at),
        Result("cluster: memory of a worker that sums", tables, "tables", note=at),
    ]
