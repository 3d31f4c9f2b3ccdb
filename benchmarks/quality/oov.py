"""How good are vectors of words that the original lacks? Fills docs/results/oov.md.

Hidden words found again on five collections. Constants were chosen on PubMed and samples of it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import selfvec
from benchmarks.datasets import STARTS
from benchmarks.page import table
from benchmarks.refining import refined
from selfvec.evaluation import HiddenWords

COLLECTIONS = {"PubMed": 3, "NOAA": 1, "MED": 1, "Cranfield": 1, "CACM": 1}  # and least occurrences
WAYS = {  # the head of the column, and the row of the report
    "zeros": "zero start",
    "context sum": "context sum",
    "ridge": "ridge",
    "spelling": "spelling",
    "combination": "combination",
    "refined": "refined",
}


@cache
def found_again() -> list[tuple[str, str, dict[str, dict[str, Any]]]]:
    """For each start and collection, the row of median ranks of each way."""
    out = []
    for label, start in STARTS.items():
        for name, least in COLLECTIONS.items():
            report = selfvec.evaluate(refined(name, start, min_count=least, history="none"), [HiddenWords()])
            rows = {row["vectors"]: row for row in report.rows if row["metric"] == "median_rank"}
            out.append((label, f"{name} (chosen on)" if name == "PubMed" else name, rows))
    return out


def alone() -> str:
    """Median ranks of those that share their first letters with no known word."""
    rows = []
    for label, name, found in found_again():
        cells = [f"{found[way]['median_rank_alone']:,.0f}" for way in WAYS.values()]
        rows.append([label, name, found["combination"]["alone"], *cells])
    return table(["initial vectors", "corpus", "words", *WAYS], rows)


NEEDS_DATA = True
PAGES = {"oov.md": {"alone": alone}}
