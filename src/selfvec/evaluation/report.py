"""`Report`: the figures of an evaluation, for programs, terminals and readers."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError
from selfvec.base.files import atomic_file

from .figures import UNRANKED, Figure, html_page, label, markdown_page, verdict

__all__ = ["Report", "check_suffix"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Report:
    """Figures of tables on tasks.

    Attributes
    ----------
    rows : list of dict
        ``vectors``, ``task``, ``kind``, ``mode``, ``metric``, ``value``, ``low``, ``high`` (95 % bootstrap
        interval), ``n`` (items), ``covered`` (share with vectors), ``dimensions``, ``truncated``, further
        keys of the kind and, where known, ``seconds`` and ``megabytes`` that the table took to make.
    comparisons : list of dict
        ``vectors_a`` minus ``vectors_b`` on the same items: ``difference``, ``low``, ``high``, ``p``.
    tables : list of dict
        ``name``, ``words``, ``dimensions`` and cost of each table.
    settings : dict
        ``seed``, ``resamples``.
    """

    rows: list[Row]
    comparisons: list[Row] = field(default_factory=list)
    tables: list[Row] = field(default_factory=list)
    settings: Row = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable; what ``selfvec evaluate --json`` prints."""
        return asdict(self)

    def figures(self) -> list[Figure]:
        """Rows and comparisons by task, metric and method, in order."""

        def group(row: Row) -> tuple[str, str, str, str | None]:
            return row["kind"], row["task"], row["metric"], row.get("method")

        groups: dict[tuple[str, str, str, str | None], list[Row]] = {}
        for row in self.rows:
            groups.setdefault(group(row), []).append(row)
        return [
            Figure(*key, rows, [row for row in self.comparisons if group(row) == key])
            for key, rows in groups.items()
        ]

    def summary(self) -> list[str]:
        """For each pair of tables, a sentence: how many figures are better, worse or not distinguishable."""
        tally: dict[tuple[str, str], Counter[str]] = {}
        for row in self.comparisons:
            whole = row["dimensions"] is None and row["vectors_a"] != row["vectors_b"]
            if whole and row.get("kind") not in UNRANKED:
                tally.setdefault((row["vectors_a"], row["vectors_b"]), Counter())[verdict(row)] += 1
        return [
            f"{a} against {b}: better in {n['better']}, worse in {n['worse']}, not distinguishable in "
            f"{n['not distinguishable']} of {n.total()} figure{'s' * (n.total() != 1)}"
            for (a, b), n in tally.items()
        ]

    def _source(self) -> str:
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        tables = "; ".join(f"{t['name']}: {t['words']:,} words × {t['dimensions']}" for t in self.tables)
        return f"Measured with selfvec evaluate ({settings}). {tables}."

    def to_markdown(self) -> str:
        """The report as Markdown, intervals drawn in characters."""
        return markdown_page(self.figures(), self.summary(), self._source())

    def to_html(self) -> str:
        """The report as one self-contained page, intervals drawn as SVG."""
        return html_page(self.figures(), self.summary(), self._source())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write as Markdown (.md) or HTML (.html), whole or not at all.

        Raises
        ------
        OptionError
            If the suffix is another.
        TargetError
            If the path cannot be written.
        """
        check_suffix(path)
        text = self.to_markdown() if Path(path).suffix == ".md" else self.to_html()
        with atomic_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")

    def __repr__(self) -> str:
        lines = [f"<Report: {len(self.rows)} figures>"]
        for figure in self.figures():
            lines.append(figure.title)
            width = max(len(label(row)) for row in figure.rows)
            for row in figure.rows:
                interval = f"{row['low']:.3f} to {row['high']:.3f}"
                lines.append(f"  {label(row):<{width}}  {row['value']:.3f}  ({interval})")
        return "\n".join([*lines, *self.summary()])

    def _repr_html_(self) -> str:
        return self.to_html()


def check_suffix(path: str | os.PathLike[str]) -> None:
    """Raise `OptionError` unless the path ends in .md or .html; checked before anything is measured."""
    if Path(path).suffix not in (".md", ".html"):
        rule = f"a report is .md or .html, not {Path(path).suffix or 'without a suffix'}"
        raise OptionError(rule, path=path, remedy="choose one of the two")
