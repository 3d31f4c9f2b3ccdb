"""`Study`: rows, and what makes a table and a figure of them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from selfvec.base.display import escape_for_display
from selfvec.base.errors import MissingExtra, TargetError
from selfvec.views.charts import Chart, chart_figure
from selfvec.views.figure import save_figure

__all__ = ["Column", "Study", "check_folder", "markdown_table", "need_figures"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A key of the rows, what it is called in a table, and how its numbers are written."""

    key: str
    head: str
    form: str = ""

    def text(self, value: Any) -> str:
        """A cell.

        >>> Column("share", "share", ".1%").text(0.377), Column("v", "v").text(["a", "b"])
        ('37.7%', 'a, b')
        """
        if value is None:
            return "–"
        if isinstance(value, list | tuple):
            return ", ".join(map(str, value))
        text = format(value, self.form) if self.form else escape_for_display(str(value))
        if not self.form or not text.startswith("-"):
            return text
        return f"−{text[1:]}" if text.strip("-0.%") else text[1:]  # no such thing as -0.000


@dataclass(frozen=True)
class Study:
    """What a study found.

    Attributes
    ----------
    name : str
        As on the command line; the files are called so.
    title : str
    columns : tuple of Column
        Of the table; rows may hold more.
    rows : list of dict
        JSON-serialisable.
    charts : tuple of Chart
    reading : str
        How to read it: definitions, in Markdown.
    settings : dict
        What was not varied.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: list[Row]
    charts: tuple[Chart, ...] = ()
    reading: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable."""
        return {"study": self.name, "rows": self.rows, "settings": dict(self.settings)}

    def to_markdown(self) -> str:
        """Title, figure, table and how to read them."""
        cells = [[column.text(row.get(column.key)) for column in self.columns] for row in self.rows]
        table = markdown_table([column.head for column in self.columns], cells)
        return f"# {self.title}\n\n![{self.title}]({self.name}.svg)\n\n{table}\n\n{self.reading}\n"

    def save(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write NAME.csv, NAME.json, NAME.md, NAME.svg and NAME.png into a new folder, whole or not at all.

        Raises
        ------
        MissingExtra
            If vl-convert is not installed.
        TargetError
            If the folder cannot be written, or exists (see `check_folder`).
        """
        from selfvec.base.files import atomic_folder

        need_figures()
        check_folder(folder, self.name, overwrite=overwrite)
        with atomic_folder(folder, overwrite=overwrite) as made:
            self._write_csv(made / f"{self.name}.csv")
            _write(made / f"{self.name}.md", self.to_markdown())
            text = json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
            _write(made / f"{self.name}.json", text + "\n")
            for suffix in ("svg", "png"):
                save_figure(chart_figure(self.charts), made / f"{self.name}.{suffix}", self.title)

    def _write_csv(self, path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([column.key for column in self.columns])
            for row in self.rows:
                values = [row.get(column.key) for column in self.columns]
                writer.writerow([" ".join(map(str, v)) if isinstance(v, list) else v for v in values])


def need_figures() -> None:
    """Say before the work that it could not be drawn.

    Raises
    ------
    MissingExtra
        If vl-convert is not installed.
    """
    if find_spec("vl_convert") is None:
        raise MissingExtra("vl-convert-python", "plot", "a study's figure")


def check_folder(folder: str | os.PathLike[str], name: str, *, overwrite: bool) -> None:
    """Say before the work that its result could not be written.

    Raises
    ------
    TargetError
        If the folder exists, unless it holds such a study and ``overwrite`` is set.
    """
    path = Path(folder)
    if not os.path.lexists(path):
        return
    if not overwrite:
        remedy = "choose another -o, or replace a study with --overwrite"
        raise TargetError("exists already", path=path, remedy=remedy)
    if not (path / f"{name}.json").is_file():
        rule = f"exists and is not a {name} study, so it is not replaced"
        raise TargetError(rule, path=path, remedy="choose another -o")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; columns of numbers are aligned right.

    >>> print(markdown_table(("word", "n"), [("hail", "3")]))
    | word | n |
    |---|---:|
    | hail | 3 |
    """
    columns = list(zip(*rows, strict=True)) or [()] * len(heads)
    rules = ["---:" if column and all(map(_numeric, column)) else "---" for column in columns]
    lines = [f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in [heads, *rows]]
    return "\n".join([lines[0], f"|{'|'.join(rules)}|", *lines[1:]])


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")


def _numeric(cell: str) -> bool:
    return cell[:1] in "0123456789–−"
