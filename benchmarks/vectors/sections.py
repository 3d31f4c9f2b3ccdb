"""Rows of methods for vectors: measured, kept in results.json, shown on docs/results/vectors.md."""

from __future__ import annotations

import ast
import importlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.datasets import JUDGED, SIMILARITY
from benchmarks.page import write_parts
from benchmarks.vectors import Row

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
COLLECTIONS = {file.stem: name for name, file in SIMILARITY.items()} | {"simverb3500": "SimVerb-3500"}
COLLECTIONS |= {folder: name for name, folder in JUDGED.items()}


def section(name: str, rows: list[Row]) -> str:
    """The rows of a module: its heading, how many figures changed; folded, all of them, and the commands."""
    module = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    title, _, about = (ast.get_docstring(module) or name).partition("\n")[0].partition(": ")
    heads = ["method", "measure", "baseline", "its figure", "result", "difference, 95 %", "note"]
    lines = [
        f"## {title}",
        "",
        *([f"{about[:1].upper()}{about[1:]}", ""] if about else []),
        *_tally(rows),
        "",
        '<details markdown="1">',
        f"<summary>All {len(rows)} figures, and the commands</summary>",
        "",
        f"| {' | '.join(heads)} |",
        "|---|---|---|---:|---:|---|---|",
    ]
    before = ""
    for row in rows:
        what = "" if row.item == before else row.item
        before = row.item
        values = f"{row.baseline_value:.3f} | {row.value:.3f} | {_difference(row)}"
        lines.append(f"| {what} | {_measure(row.metric)} | {row.baseline} | {values} | {row.note} |")
    sources: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        items = sources.setdefault((row.command, row.source), [])
        items += [] if row.item in items else [row.item]
    lines += [
        "",
        *(f"* {'; '.join(items)} ({source}): `{command}`" for (command, source), items in sources.items()),
        "",
        "</details>",
    ]
    return "\n".join(lines) + "\n\n"


def _tally(rows: list[Row]) -> list[str]:
    """A table with a line for each method and baseline: the measures that rise, fall, and do neither."""
    lines = ["| method | against | higher | lower | no clear difference |", "|---|---|---|---|---|"]
    before = ""
    for item, baseline in dict.fromkeys((row.item, row.baseline) for row in rows):
        found: dict[str, list[str]] = {"higher": [], "lower": [], "": []}
        for row in rows:
            if (row.item, row.baseline) == (item, baseline):
                found[_direction(row)].append(_measure(row.metric).split(", ")[0].split("; ")[0])
        cells = (", ".join(_counted(names)) for names in found.values())
        lines.append(f"| {'' if item == before else item} | {baseline} | {' | '.join(cells)} |")
        before = item
    return lines


def _direction(row: Row) -> str:
    """Whether a figure is higher or lower than its baseline; empty if the interval holds 0.

    >>> from types import SimpleNamespace as Of
    >>> _direction(Of(low=0.1, high=0.2)), _direction(Of(low=-0.1, high=0.2))
    ('higher', '')
    >>> _direction(Of(low=None, high=None, value=0.1, baseline_value=0.4))
    'lower'
    """
    low, high = row.low, row.high
    if low is None or high is None:
        low = high = row.value - row.baseline_value
    return "higher" if low > 0 else "lower" if high < 0 else ""


def _counted(names: list[str]) -> list[str]:
    """Each name once, with how often it occurs.

    >>> _counted(["MEN", "RW", "MEN"])
    ['MEN (2)', 'RW']
    """
    counts = {name: names.count(name) for name in names}
    return [f"{name} ({count})" if count > 1 else name for name, count in counts.items()]


def _measure(metric: str) -> str:
    """A metric with the name of its collection instead of that of a file.

    >>> _measure("rw2034, Spearman"), _measure("med, ndcg@10")
    ('RW, Spearman', 'MED, nDCG@10')
    """
    collection, comma, rest = metric.partition(", ")
    rest = rest.replace("ndcg", "nDCG").replace("spearman", "Spearman")
    return f"{COLLECTIONS.get(collection, collection)}{comma}{rest}"


def _difference(row: Row) -> str:
    """The difference with its interval, in bold if the interval leaves out 0."""
    shown = f"{row.value - row.baseline_value:+.3f}"
    if row.low is None or row.high is None:
        return shown
    shown = f"{shown} ({row.low:+.3f} to {row.high:+.3f})"
    return f"**{shown}**" if row.low > 0 or row.high < 0 else shown


def body(kept: dict[str, list[dict[str, Any]]]) -> str:
    """The sections of all modules that have rows."""
    return "".join(section(name, [Row(**row) for row in kept[name]]) for name in sorted(kept))


def measure(name: str) -> bool:
    """Run a module and keep its rows, if its data are there; the rows of others stay."""
    module = importlib.import_module(f"benchmarks.vectors.{name}")
    needed = getattr(module, "NEEDS", None)
    if needed is not None and needed not in os.environ:
        print(f"{name}: the variable {needed} is not set, the rows stay")
        return False
    rows = list(module.rows())
    print(section(name, rows), flush=True)
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) | {name: [asdict(row) for row in rows]}
    RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return True


def write_page() -> None:
    """Fill docs/results/vectors.md with the rows that are kept."""
    write_parts("vectors.md", {"field": body(json.loads(RESULTS.read_text(encoding="utf-8")))})
