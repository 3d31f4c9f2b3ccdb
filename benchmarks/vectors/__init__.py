"""Methods for vectors: what each gains or costs against a baseline, as rows of docs/results/vectors.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.page import table
from selfvec.numerics.statistics import Estimate, difference


@dataclass(frozen=True)
class Row:
    """A method against its baseline, by one measure."""

    method: str  # "Retrofitting (Faruqui et al. 2015)"
    measure: str  # "SimLex-999, Spearman"
    baseline: str  # "the same vectors"
    baseline_value: float
    value: float
    low: float | None = None  # 95 % interval of the difference value - baseline_value
    high: float | None = None
    note: str = ""


def compared(
    method: str, measure: str, baseline: str, was: Estimate, now: Estimate, *, note: str = ""
) -> Row:
    """The row of two estimates on the same items, with their paired difference."""
    apart = difference(now, was)
    return Row(method, measure, baseline, was.value, now.value, apart.low, apart.high, note)


def table_of(rows: Iterable[Row]) -> str:
    """A Markdown table of rows; a method is named once, and what is surely a difference is bold."""
    lines, before = [], ""
    for row in rows:
        named = "" if row.method == before else row.method
        before = row.method
        values = (f"{row.baseline_value:.3f}", f"{row.value:.3f}", apart(row))
        lines.append((named, row.measure, row.baseline, *values, row.note))
        print(*lines[-1], sep=" | ", flush=True)
    heads = ["method", "measure", "against", "its figure", "result", "difference, 95 %"]
    if not any(note for *_, note in lines):
        return table(heads, [line[:-1] for line in lines])
    return table([*heads, ""], lines)


def apart(row: Row) -> str:
    """The difference with its interval, bold if the interval leaves out 0.

    >>> apart(Row("a", "b", "c", 0.5, 0.75, 0.125, 0.375)), apart(Row("a", "b", "c", 0.5, 0.25))
    ('**+0.250 (+0.125 to +0.375)**', '-0.250')
    """
    shown = f"{row.value - row.baseline_value:+.3f}"
    if row.low is None or row.high is None:
        return shown
    shown = f"{shown} ({row.low:+.3f} to {row.high:+.3f})"
    return f"**{shown}**" if row.low > 0 or row.high < 0 else shown
