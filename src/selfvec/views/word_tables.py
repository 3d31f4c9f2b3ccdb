"""What the command line shows, as text: readable in 80 columns, in a pipe, and without colour.

Words are shown through `escape_for_display` and as `rich.text.Text`, so that neither terminal escapes nor
rich's own markup in somebody's corpus take effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.display import escape_for_display
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Float, Vectors
from selfvec.numerics.rows import unit_rows

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

__all__ = ["evaluation_table", "health_panel", "neighbours_table", "trajectory_table"]

STATES = ("original", "refined")
CAME, WENT = "bold green", "dim"
LEVELS = {"fail": "bold red", "warn": "bold yellow", "ok": "bold green"}


def neighbours_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Nearest words, per word; the original and the refined side by side where both are given.

    Parameters
    ----------
    rows : sequence of mapping
        As in ``similar --json``: ``word``, ``state`` ("original" or "refined") and ``neighbours``, a list of
        (term, cosine), nearest first.
    """
    from rich.console import Group
    from rich.text import Text

    words = dict.fromkeys(row["word"] for row in rows)
    found = {(row["word"], row["state"]): [(str(t), float(c)) for t, c in row["neighbours"]] for row in rows}
    states = [state for state in STATES if any(row["state"] == state for row in rows)]
    parts: list[RenderableType] = []
    for word in words:
        parts += [_word_table(word, states, found), ""]
    if len(states) == 2:
        parts.append(Text.assemble(("+", CAME), " came in   ", ("-", WENT), " went"))
    return Group(*parts)


def _word_table(
    word: str, states: Sequence[str], found: Mapping[tuple[str, str], Sequence[tuple[str, float]]]
) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(escape_for_display(word), "bold"), title_justify="left", box=None, pad_edge=False
    )
    lists = [found.get((word, state), ()) for state in states]
    compared = len(states) == 2
    for state in states:
        if compared:
            table.add_column("", width=1)
        table.add_column(state, overflow="ellipsis", no_wrap=True, min_width=16, max_width=24)
        table.add_column("cosine", justify="right", width=6)
    known = [{term for term, _ in entries} for entries in lists]
    for place in range(max([1, *map(len, lists)])):
        cells: list[Text] = []
        for column, entries in enumerate(lists):
            term, cosine = entries[place] if place < len(entries) else (None, None)
            changed = compared and term is not None and term not in known[1 - column]
            style = (CAME if column else WENT) if changed else ""
            if compared:
                cells.append(Text(("+" if column else "-") if changed else "", style))
            none = "(no vector)" if place == 0 and not entries else ""
            cells.append(Text(none, "dim") if term is None else Text(escape_for_display(term), style))
            cells.append(Text("" if cosine is None else f"{cosine:.3f}"))
        table.add_row(*cells)
    return table


def health_panel(report: Mapping[str, Any]) -> RenderableType:
    """What ``health`` found, in words: the verdicts with what to do, then the figures behind them.

    Parameters
    ----------
    report : mapping
        As in ``health --json``; figures that are missing or null are left out.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    findings = Table.grid(padding=(0, 2, 0, 0))
    for finding in report["findings"]:
        level = str(finding["level"])
        findings.add_row(Text(level.upper(), LEVELS.get(level, "bold")), _finding(finding))
    return Group(findings, "", _figures(report))


def _finding(finding: Mapping[str, Any]) -> Text:
    from rich.text import Text

    text = Text.assemble((str(finding["name"]), "bold"), f": {finding['message']}")
    if finding.get("remedy"):
        text.append(f"\nWhat to do: {finding['remedy']}.")
    return text


def _figures(report: Mapping[str, Any]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for label, value, meaning in (
        ("tokens", _number(report, "tokens", ",d"), ""),
        ("types", _number(report, "types", ",d"), "different words"),
        (
            "cosine to the original",
            _number(report, "mean_cosine_to_original", ".2f"),
            "1 unmoved, 0 unrelated",
        ),
        ("cosine of random words", _change(report, "anisotropy", ".2f"), "near 1: all words look alike"),
        ("effective rank", _change(report, "effective_rank", ".0f"), "dimensions in use"),
        ("saturated neighbours", _number(report, "saturated", ".0%"), "nearest words at a cosine of about 1"),
        ("words without a vector", _number(report, "oov", ",d"), "the pretrained table lacks them"),
        ("... still without one", _number(report, "oov_empty", ",d"), "nothing was learned about them"),
    ):
        if value:
            table.add_row(Text(label), Text(value), Text(meaning))
    return table


def _number(report: Mapping[str, Any], key: str, form: str) -> str:
    value = report.get(key)
    return "" if value is None else format(value, form)


def _change(report: Mapping[str, Any], key: str, form: str) -> str:
    before, after = _number(report, f"{key}_original", form), _number(report, key, form)
    return f"{before} -> {after}" if before and after else after


def trajectory_table(
    trajectory: Trajectory,
    refined: Vectors,
    original: Vectors | None = None,
    *,
    states: int = 12,
    neighbours: int = 3,
) -> RenderableType:
    """One line per state of a word's path, thinned to ``states``, with what was near it.

    Parameters
    ----------
    trajectory : Trajectory
    refined, original : Vectors
        Where neighbours of every state are looked up: with both, one sees the word leave its old
        neighbours and join its new ones.
    """
    from rich.table import Table
    from rich.text import Text

    tables = {"original": original, "refined": refined}
    table = Table(
        title=Text(escape_for_display(trajectory.word), "bold"),
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("updates", justify="right", no_wrap=True)
    table.add_column("cosine", justify="right", no_wrap=True)
    for name, vectors in tables.items():
        if vectors is not None:
            table.add_column(f"nearest in {name}", overflow="ellipsis", no_wrap=True, ratio=1)
    rows = unit_rows(trajectory.vectors)
    for state in _milestones(trajectory.updates, states):
        zero = not rows[state].any()
        cells = [f"{trajectory.updates[state]:,}", "none yet" if zero else f"{_cosine(rows, state):.3f}"]
        near = [
            _near(vectors, trajectory.word, rows[state], neighbours)
            for vectors in tables.values()
            if vectors is not None
        ]
        table.add_row(*map(Text, cells + near))
    return table


def _milestones(updates: NDArray[np.int64], most: int) -> list[int]:
    """Indices of about ``most`` states, first and last among them, denser early, where words move most."""
    clock = np.log1p(updates)
    index = np.searchsorted(clock, np.linspace(clock[0], clock[-1], most) - 1e-9)
    return sorted({0, *index.clip(max=len(updates) - 1).tolist(), len(updates) - 1})


def _cosine(rows: Float, state: int) -> float:
    """To the original or, where that is zero, to the first state that is not."""
    first = int(np.argmax(np.any(rows != 0, axis=1)))
    return float(rows[first] @ rows[state])


def _near(vectors: Vectors, word: str, row: Float, topn: int) -> str:
    if not np.any(row):
        return ""
    found = [term for term, _ in vectors.most_similar(row, topn=topn + 1) if term != word]
    return ", ".join(map(escape_for_display, found[:topn]))


def evaluation_table(rows: Sequence[Mapping[str, Any]], summary: Sequence[str] = ()) -> RenderableType:
    """Figures of tables on tasks, a line each, what belongs to one task and metric together.

    Parameters
    ----------
    rows : sequence of mapping
        As in ``evaluate --json``; what tables took to make is shown where rows tell.
    summary : sequence of str
        Sentences that follow.
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from selfvec.evaluation.figures import COSTS, costs

    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        method = f" ({row['method']})" if row.get("method") else ""
        key = f"{escape_for_display(str(row['task']))}, {row['metric']}{method}", f"  over {row['n']:,}"
        groups.setdefault(key, []).append(row)
    table = Table(box=None, pad_edge=False)
    table.add_column("", overflow="ellipsis", no_wrap=True, min_width=24, max_width=44)
    for name, width in (("value", 6), ("95 % interval", 16), ("covered", 7)):
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    if any(map(any, costs(rows))):
        for name in COSTS.values():
            table.add_column(name, justify="right", no_wrap=True, min_width=7)
    for (title, size), members in groups.items():
        table.add_row(Text.assemble((title, "bold"), (size, "dim")))
        for row, cost in zip(members, costs(members), strict=True):
            cut = f", {row['dimensions']} dimensions" if row.get("truncated") else ""
            interval = f"{row['low']:.3f} to {row['high']:.3f}"
            figures = (f"{row['value']:.3f}", interval, f"{row['covered']:.0%}", *cost)
            table.add_row(*map(Text, (f"  {escape_for_display(str(row['vectors']))}{cut}", *figures)))
    return Group(table, "", *(Text(sentence) for sentence in summary)) if summary else table
