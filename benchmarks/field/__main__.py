"""``python -m benchmarks.field [NAME...]``: measure, keep the rows, and write docs/field.md."""

from __future__ import annotations

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.field import Row

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
PAGE = HERE.parents[1] / "docs" / "field.md"
MARK, END = "<!-- generated:field -->\n", "<!-- /generated -->"


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | source | command | metric | baseline | | result | difference | |", "|" + "---|" * 9]
    for r in rows:
        interval = "" if r.low is None or r.high is None else f" ({r.low:+.3f} to {r.high:+.3f})"
        lines.append(
            f"| {r.item} | {r.source} | `{r.command}` | {r.metric} | {r.baseline} | {r.baseline_value:.3f} "
            f"| {r.value:.3f} | {r.value - r.baseline_value:+.3f}{interval} | {r.note} |"
        )
    return "\n".join(lines) + "\n"


def main(names: list[str]) -> None:
    """Measure the modules named, or all; the rows of others stay."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    modules = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("__"))
    for name in names or modules:
        kept[name] = [asdict(row) for row in importlib.import_module(f"benchmarks.field.{name}").rows()]
        print(table([Row(**row) for row in kept[name]]), flush=True)
        RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARK)
    body = table([Row(**row) for name in modules for row in kept.get(name, [])])
    PAGE.write_text(before + MARK + body + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
