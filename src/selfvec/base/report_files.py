"""Result files, in the format of their suffix: HTML, Markdown, CSV or Parquet."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .atomic_files import atomic_file
from .errors import OptionError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["PAGES", "ROWS", "check_report", "joined", "save_report", "save_rows"]

PAGES = (".html", ".md")  # suffixes of pages
ROWS = (".csv", ".parquet")  # suffixes of tables
_FORMULA = r"^[=+\-@\t\r\n]"  # the start of what a spreadsheet reads as a formula (OWASP, CSV Injection)


def check_report(path: str | os.PathLike[str], suffixes: Sequence[str] = PAGES + ROWS) -> str:
    """The suffix of a report; `OptionError` if it is not known. Commands call this before their work."""
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        rule = f"a report is {', '.join(suffixes)}, not {suffix or 'without a suffix'}"
        raise OptionError(rule, path=path, remedy="choose one of them")
    return suffix


def save_report(
    path: str | os.PathLike[str],
    to_html: Callable[[], str],
    to_markdown: Callable[[], str],
    rows: Sequence[Mapping[str, Any]],
    *,
    overwrite: bool = False,
) -> None:
    """Write a report in the format of its suffix, atomically.

    Raises
    ------
    OptionError
        If the suffix is not known. `TargetError` if the path cannot be written, or exists and ``overwrite``
        is false.
    """
    suffix = check_report(path)
    if suffix in ROWS:
        import polars as pl

        records = [dict(row) for row in rows]
        frame = pl.from_dicts(records, infer_schema_length=None) if records else pl.DataFrame()
        save_rows(frame, path, overwrite=overwrite)
        return
    with atomic_file(path, overwrite=overwrite) as temporary:
        text = to_html() if suffix == ".html" else to_markdown()
        temporary.write_text(text, encoding="utf-8", newline="\n")


def save_rows(frame: pl.DataFrame, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a frame as CSV or Parquet.

    In CSV a list becomes text, of nested lists only the first values. Texts are quoted, and an apostrophe is
    put before one that a spreadsheet would take for a formula. Numbers stay numbers.
    """
    import polars as pl

    suffix = check_report(path, ROWS)
    with atomic_file(path, overwrite=overwrite) as temporary:
        if suffix == ".parquet":
            frame.write_parquet(temporary)
            return
        nested = [name for name, kind in frame.schema.items() if kind.is_nested()]
        texts = [
            pl.Series(name, [_text(value) for value in frame[name].to_list()], pl.String) for name in nested
        ]
        frame = frame.with_columns(texts)
        frame = frame.with_columns(pl.col(pl.String).str.replace(_FORMULA, "'$0"))
        frame.write_csv(temporary, quote_style="non_numeric")


def joined(values: Sequence[Any], text: Callable[[Any], str] = str) -> str:
    """A list as text. Of pairs, such as (word, cosine), only the first values are written."""
    return ", ".join(text(one[0] if isinstance(one, list | tuple) and one else one) for one in values)


def _text(value: Any) -> str:
    """A nested value as text.

    >>> _text([["hail", 0.9], ["storm", 0.8]]), _text(None), _text({"bm25": 1.5})
    ('hail, storm', '', 'bm25 1.5')
    """
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return joined(value, _text)
    return "" if value is None else str(value)
