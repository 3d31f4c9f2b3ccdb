"""A word's way through slices, for the terminal: a line a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfvec.base.display import escape_for_display

if TYPE_CHECKING:
    from rich.console import RenderableType

    from selfvec.analysis.drift.slice_paths import SlicePath

__all__ = ["slice_table"]


def slice_table(path: SlicePath) -> RenderableType:
    """How far a word is from its first slice, and within what resampled documents put it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(escape_for_display(path.word), "bold"), title_justify="left", box=None, pad_edge=False
    )
    table.add_column("slice", overflow="fold")
    for name in ("uses", "documents", "distance", "95 %"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in path.as_dict()["slices"]:
        known = row["distance"] is not None
        figures = (f"{row['distance']:.3f}", f"{row['low']:.2f}-{row['high']:.2f}") if known else ("", "")
        cells = (escape_for_display(row["slice"]), f"{row['uses']:,}", f"{row['documents']:,}", *figures)
        table.add_row(*map(Text, cells))
    return table
