"""What the concept tools found, as text: in 80 columns, in a pipe, and without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfvec.base.display import escape_for_display

if TYPE_CHECKING:
    from rich.console import RenderableType

    from selfvec.analysis.concepts import Expansion, Phrases, Topics, Why

__all__ = ["expansion_table", "phrases_table", "topics_table", "why_text"]


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
        table.add_row(*map(Text, (escape_for_display(row.term), f"{row.count:,}", *figures)))
    told = f"{min(most, len(found)):,} of {len(found):,} phrases in {found.tokens:,} words"
    return Group(table, "", Text(told, "dim"))


def expansion_table(found: Expansion) -> RenderableType:
    """Terms that belong to a query, and the query with them."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("term", overflow="ellipsis", no_wrap=True, max_width=32)
    for name in ("weight", "meaning", "topic", "count"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("near", overflow="ellipsis", no_wrap=True, max_width=20)
    for row in found.rows:
        figures = [f"{value:.2f}" for value in (row.weight, row.meaning, row.topic)]
        table.add_row(
            *map(
                Text, (escape_for_display(row.term), *figures, f"{row.count:,}", escape_for_display(row.near))
            )
        )
    words = " ".join(escape_for_display(word) for word in found.expanded.split(" "))
    return Group(table, "", Text(words, "dim"))


def topics_table(found: Topics) -> RenderableType:
    """A line a topic: what it is called, its share, its terms."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    for name in ("share", "documents"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("terms: the first three name the topic", overflow="fold", ratio=1)
    for number, row in enumerate(found.rows):
        named = row.name.split(", ")
        others = [term for term, _ in row.terms if term not in named]
        terms = Text(", ".join(map(escape_for_display, named)), "bold")
        terms.append("".join(f", {escape_for_display(term)}" for term in others), "not bold")
        table.add_row(Text(str(number)), Text(f"{row.share:.1%}"), Text(f"{row.documents:,}"), terms)
    told = f"{len(found)} topics of {found.documents:,} documents, silhouette {found.silhouette:.2f}"
    tried = ", ".join(f"{number}: {value:.2f}" for number, value in found.tried.items())
    return Group(table, "", Text(f"{told} (of {tried})" if tried else told, "dim"))


def why_text(found: Why) -> RenderableType:
    """The cosines of two words, the contexts they share, and uses that show them."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    a, b = escape_for_display(found.a), escape_for_display(found.b)
    table = Table(box=None, pad_edge=False)
    table.add_column("shared context", overflow="ellipsis", no_wrap=True, max_width=28)
    for name in ("adds", "PPMI", "", "beside", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for row in found.contexts:
        figures = (f"{row.contribution:.4f}", f"{row.ppmi_a:.1f}", f"{row.ppmi_b:.1f}")
        counts = (f"{row.count_a:,}", f"{row.count_b:,}")
        table.add_row(*map(Text, (escape_for_display(row.context), *figures, *counts)))
    table.add_row(*map(Text, ("others", f"{found.rest:.4f}")), style="dim")
    table.add_row(*map(Text, ("sum: cosine of contexts", f"{found.company:.4f}")), style="bold")
    lines: list[RenderableType] = [
        Text.assemble((a, "bold"), f" ({found.count_a:,}) and ", (b, "bold"), f" ({found.count_b:,})"),
        Text(f"cosine before refining {_cosine(found.before)}, after {_cosine(found.after)}"),
        Text(_beside(found)),
        "",
        table,
    ]
    for use in found.uses:
        shown = Text("".join(c if c.isprintable() else " " for c in use.text))
        for word in [use.word, *use.contexts]:
            shown.highlight_words(
                [word.replace("_", " ")], "bold" if word == use.word else "underline", case_sensitive=False
            )
        lines += ["", Text.assemble((f"{escape_for_display(use.word)}: ", "dim"), shown)]
    return Group(*lines)


def _cosine(value: float | None) -> str:
    return "unknown (no vector)" if value is None else f"{value:.3f}"


def _beside(found: Why) -> str:
    if not found.together:
        return "never beside one another"
    return f"beside one another {found.together:,} times, PPMI {found.together_ppmi:.2f}"
