"""`Report`: what was measured, for programs, terminals and readers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError

__all__ = ["Figure", "Report", "check_suffix", "label", "told"]

Row = dict[str, Any]

LESS = frozenset({"median_rank"})  # metrics whose smaller figure is the better one
_NEITHER = frozenset({"bias", "stability"})  # kinds whose larger figure is not the better one


@dataclass(frozen=True)
class Figure:
    """The rows that one chart shows: one task and metric, measured in one way, of several tables."""

    kind: str
    task: str
    metric: str
    method: str | None
    rows: list[Row]

    @property
    def title(self) -> str:
        """As "ws353, spearman" or "questions-words, accuracy (3cosadd)"."""
        less = ", lower is better" if self.metric in LESS else ""
        return f"{self.task}, {self.metric}" + (f" ({self.method})" if self.method else "") + less


COSTS = {"seconds": "seconds", "megabytes": "MB"}
"""Keys of what a table took to make, and what they are called in a figure."""


def costs(rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """What each row's table took to make, a text for each of `COSTS`; empty where no row tells.

    >>> costs([{"seconds": 12.34, "megabytes": 1234.5}, {"seconds": 0.031}, {}])
    [['12.3', '1,234'], ['0.031', ''], ['', '']]
    """
    if not any(row.get(key) is not None for row in rows for key in COSTS):
        return [[] for _ in rows]
    return [["" if row.get(key) is None else _figure(row[key]) for key in COSTS] for row in rows]


def _figure(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value < 1 else f"{value:.1f}"


def label(row: Mapping[str, Any]) -> str:
    """What a row's table is called in a figure.

    >>> label({"vectors": "refined", "truncated": True, "dimensions": 50})
    'refined, 50 dimensions'
    """
    name = str(row["vectors"])
    return f"{name}, {row['dimensions']} dimensions" if row.get("truncated") else name


def told(row: Mapping[str, Any]) -> str:
    """What a comparison says of its first table, or that its interval holds 0.

    >>> [told({"kind": kind, "low": 0.1, "high": 0.2}) for kind in ("retrieval", "bias")]
    ['better', 'higher']
    >>> told({"kind": "oov", "metric": "median_rank", "low": -9, "high": -2})
    'better'
    """
    if row["low"] <= 0 <= row["high"]:
        return "not told apart"
    words = ("higher", "lower") if row.get("kind") in _NEITHER else ("better", "worse")
    return words[(row["high"] < 0) != (row.get("metric") in LESS)]


@dataclass(frozen=True)
class Report:
    """Figures of tables on tasks.

    Attributes
    ----------
    rows : list of dict
        ``vectors``, ``task``, ``kind``, ``mode``, ``metric``, ``value``, ``low``, ``high`` (95 % bootstrap
        interval), ``n`` (items), ``covered`` (share with vectors), ``dimensions``, ``truncated``, what a kind
        adds and, where known, ``seconds`` and ``megabytes`` that the table took to make.
    comparisons : list of dict
        ``vectors_a`` minus ``vectors_b`` on the same items: ``difference``, ``low``, ``high``, ``p``.
    tables : list of dict
        ``name``, ``words``, ``dimensions`` and cost of what was measured.
    settings : dict
        ``seed``, ``resamples``.
    """

    rows: list[Row]
    comparisons: list[Row] = field(default_factory=list)
    tables: list[Row] = field(default_factory=list)
    settings: Row = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable; what ``selfvec evaluate --json`` prints."""
        return {
            "rows": self.rows,
            "comparisons": self.comparisons,
            "tables": self.tables,
            "settings": self.settings,
        }

    def figures(self) -> list[Figure]:
        """Rows by task, metric and method, in order."""
        groups: dict[tuple[str, str, str, str | None], list[Row]] = {}
        for row in self.rows:
            key = (row["kind"], row["task"], row["metric"], row.get("method"))
            groups.setdefault(key, []).append(row)
        return [Figure(*key, rows) for key, rows in groups.items()]

    def summary(self) -> list[str]:
        """A sentence for each pair of tables: in how many figures one is better by more than chance."""
        tally: dict[tuple[str, str], list[int]] = {}
        verdicts = ("better", "worse", "not told apart")
        for row in self.comparisons:
            whole = row["dimensions"] is None and row["vectors_a"] != row["vectors_b"]
            if whole and row.get("kind") not in _NEITHER:
                n = tally.setdefault((row["vectors_a"], row["vectors_b"]), [0, 0, 0])
                n[verdicts.index(told(row))] += 1
        return [
            f"{a} against {b}: better in {n[0]}, worse in {n[1]}, not told apart in {n[2]} "
            f"of {sum(n)} figure{'s' * (sum(n) != 1)}"
            for (a, b), n in tally.items()
        ]

    def to_markdown(self) -> str:
        """The report as Markdown, intervals drawn in characters."""
        from .render import markdown

        return markdown(self)

    def to_html(self) -> str:
        """The report as one self-contained page, intervals drawn as SVG."""
        from .render import html

        return html(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write as Markdown (.md) or HTML (.html), whole or not at all.

        Raises
        ------
        OptionError
            If the suffix is another.
        TargetError
            If the path cannot be written.
        """
        from selfvec.base.files import atomic_file

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
    """A report is .md or .html; told before anything is measured.

    Raises
    ------
    OptionError
        If it is to be something else.
    """
    if Path(path).suffix not in (".md", ".html"):
        rule = f"a report is .md or .html, not {Path(path).suffix or 'without a suffix'}"
        raise OptionError(rule, path=path, remedy="choose one of the two")
