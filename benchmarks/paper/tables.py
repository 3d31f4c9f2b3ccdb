"""Results as Markdown tables, one per generated part of the page.

A table says what the rows say: numbers are only formatted here. Whether a claim holds is decided in
`claims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.page import table
from benchmarks.paper.claims import claims
from benchmarks.paper.wording import band, cosine, percent, state, word

Row = dict[str, Any]
LISTED = 5  # of the ten nearest words

_SPACE = ("cosine to the original", "two random words", "effective rank")


def parts(results: dict[str, Any]) -> dict[str, str]:
    """Every generated part of the page, by name."""
    return {
        "claims": table(("the paper says", "we measured", "holds?"), claims(results)),
        "top10": _nearest(results["neighbours"], results["plan"]["words"][1:2]),
        "epochs": _epochs(results),
        "rates": _rates(results),
        "direction": _direction(results),
    }


def _nearest(rows: Sequence[Row], words: Sequence[str]) -> str:
    """One table per word, its states side by side."""
    blocks = []
    for asked in words:
        states = [row for row in rows if row["word"] == asked]
        if not states:
            continue
        lists = [[f"{word(near)} {cosine(c, 4)}" for near, c in row["neighbours"]] for row in states]
        lists = [found or ["no vector"] for found in lists]
        body = [
            (rank + 1, *(found[rank] if rank < len(found) else "" for found in lists))
            for rank in range(min(LISTED, max(map(len, lists))))
        ]
        found = [row["neighbours"] for row in states]
        beside = [f"{row['beside']} of {len(near)}" for row, near in zip(states, found, strict=True)]
        body.append(("co-occur", *(text if near else "" for text, near in zip(beside, found, strict=True))))
        body.append(("median word", *(cosine(row["median_often"], 4) for row in states)))
        title = f"**{word(asked)}** ({states[0]['occurrences']:,} occurrences in {states[0]['corpus']})"
        blocks.append(f"{title}\n\n{table(('', *(state(row['epochs']) for row in states)), body)}")
    return "\n\n".join(blocks) or "None of the words occurs in this corpus."


def _space(row: Row) -> tuple[str, ...]:
    cosines = (cosine(row["mean_cosine_to_original"]), cosine(row["anisotropy"]))
    return (*cosines, f"{row['effective_rank']:.1f}")


def _epochs(results: dict[str, Any]) -> str:
    """The space and, by how often words occur, the mean cosine to the original."""
    rows = []
    for row in _first(results, "epochs"):
        if row["epochs"] in results["plan"]["epochs"]:
            bands = [cosine(group["cosine"]) for group in row["by_frequency"]]
            rows.append((row["epochs"], *_space(row), *bands))
            names = [f"words seen {band(group['low'], group['high'])}" for group in row["by_frequency"]]
    return table(("passes", *_SPACE, *names), rows)


def _first(results: dict[str, Any], name: str) -> list[Row]:
    """The rows of the corpus that has the paper's size."""
    return [row for row in results[name] if row["corpus"] == results["corpora"][0]["corpus"]]


def _direction(results: dict[str, Any]) -> str:
    heads = (
        "α",
        "passes",
        "original vectors to the shared direction",
        "refined vectors to it",
        "the shared direction to the mean original vector",
    )
    shown = (1, *results["plan"]["listed_epochs"], max(results["plan"]["epochs"]))
    rows = [
        (f"{row['rate']:g}", row["epochs"], *(cosine(row[key]) for key in ("before", "after", "foretold")))
        for row in _first(results, "direction")
        if row["epochs"] in shown
    ]
    return table(heads, rows)


def _rates(results: dict[str, Any]) -> str:
    heads = ("α", *_SPACE, "variance", "relative to the distance of two words", "turning")
    heads += ("`selfvec run health`",)
    rows = [
        (
            f"{row['rate']:g}",
            *_space(row),
            f"{row['variance']:.4f}",
            percent(row["variance_relative"], 1),
            cosine(row["turning"]),
            ", ".join(row["verdicts"]),
        )
        for row in _first(results, "rates")
    ]
    return table(heads, rows)
