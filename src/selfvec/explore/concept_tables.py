"""What the concept tools found, as text: in 80 columns, in a pipe, and without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .text import spell

if TYPE_CHECKING:
    from rich.console import RenderableType

    from ..concepts import Phrases

__all__ = ["phrases_table"]


def phrases_table(found: Phrases, most: int) -> RenderableType:
    """Phrases with their figures, by falling C-value."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("phrase", overflow="ellipsis", no_wrap=True, max_width=40)
    for name in ("count", "PMI", "NPMI", "C-value"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found.rows[:most]:
        figures = [
            "" if value is None else form.format(value)
            for value, form in ((row.pmi, "{:.1f}"), (row.npmi, "{:.2f}"), (row.c_value, "{:,.1f}"))
        ]
        table.add_row(*map(Text, (spell(row.term), f"{row.count:,}", *figures)))
    told = f"{min(most, len(found)):,} of {len(found):,} phrases in {found.tokens:,} words"
    return Group(table, "", Text(told, "dim"))
