"""What ``compare`` found, as text: a line for a word, and under it what came and what went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from selfvec.base.display import escape_for_display

from .word_tables import CAME, WENT

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["comparison_table"]

_SHOWN = 5  # neighbours that came, and that went


def comparison_table(found: Mapping[str, Any]) -> RenderableType:
    """Words that differ, in 80 columns.

    Parameters
    ----------
    found : mapping
        As in ``compare --json``.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("word", overflow="ellipsis", no_wrap=True, max_width=20)
    for head in ("distance", "p", "q", "count"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("neighbours: + came, - went", overflow="fold", ratio=1)
    for row in found["rows"]:
        passed = row["q"] <= found["fdr"]
        counts = "" if row["count_a"] is None else f"{row['count_a']:,} {row['count_b']:,}"
        changes = Text.assemble((_signed("+", row["gained"]), CAME), "\n", (_signed("-", row["lost"]), WENT))
        figures = (f"{row['distance']:.3f}", _probability(row["p"]), _probability(row["q"]), counts)
        word = Text(escape_for_display(row["word"]), "bold" if passed else "")
        table.add_row(word, *map(Text, figures), changes)
    share = f"{found['significant']:,} of {found['words']:,} words differ at q ≤ {found['fdr']:g}"
    return Group(table, "", Text(f"{share} (method {found['method']})."), Text(f"{found['tested']}.", "dim"))


def _signed(sign: str, words: Sequence[str]) -> str:
    return f"{sign} {', '.join(map(escape_for_display, words[:_SHOWN]))}" if words else ""


def _probability(value: float) -> str:
    """Two digits.

    >>> _probability(0.00004), _probability(0.034), _probability(0.5)
    ('4e-05', '.034', '.50')
    """
    if value < 0.001:
        return f"{value:.0e}"
    return f"{value:.3f}".lstrip("0") if value < 0.1 else f"{value:.2f}".removeprefix("0")
