"""Results as Markdown tables, one per generated part of the page.

A table says what the rows say: numbers are only formatted here. Whether a claim holds is decided in `claims`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.page import table

from .claims import claims
from .wording import band, cosine, percent, rounded, state, word

Row = dict[str, Any]

_SPACE = (
    "mean cosine to the original",
    "mean cosine of two random words (anisotropy)",
    "dimensions in use (effective rank)",
)


def parts(results: dict[str, Any]) -> dict[str, str]:
    """Every generated part of the page, by name."""
    return {
        "claims": table(("the paper says", "we measured", "holds?"), claims(results)),
        "corpus": _corpus(results),
        "top10": _nearest(results["neighbours"], results["plan"]["words"]),
        "epochs": _epochs(results),
        "frequency": _frequency(results),
        "direction": _direction(results),
        "rates": _rates(results),
        "windows": _windows(results),
        "turns": _turns(results),
        "oov": _oov(results),
        "oov-neighbours": _nearest(results["oov_neighbours"], results["plan"]["unknown_words"]),
        "held-out": _held_out(results),
        "speed": _speed(results),
    }


def _corpus(results: dict[str, Any]) -> str:
    heads = (
        "corpus",
        "documents",
        "tokens",
        "types",
        "with vectors",
        "share",
        "mean sentence (`--window auto`)",
        "text to ids, s",
        "one epoch, s",
    )
    paper = ("the paper", None, "141K", 3466, 2872, "83 %", 13, None, None)
    rows = [
        (
            row["corpus"],
            *(row[key] for key in ("documents", "tokens", "types", "types_with_vectors")),
            percent(row["types_with_vectors"] / row["types"]),
            row["auto_window"],
            f"{row['prepare_seconds']:.2f}",
            f"{row['epoch_seconds']:.3f}",
        )
        for row in results["variants"]
    ]
    return table(heads, [paper, *rows])


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
            for rank in range(max(map(len, lists)))
        ]
        found = [row["neighbours"] for row in states]
        beside = [f"{row['beside']} of {len(near)}" for row, near in zip(states, found, strict=True)]
        body.append(
            ("stand beside it", *(text if near else "" for text, near in zip(beside, found, strict=True)))
        )
        body.append(("median word", *(cosine(row["median_often"], 4) for row in states)))
        title = f"**{word(asked)}** ({states[0]['occurrences']:,} occurrences in {states[0]['corpus']})"
        blocks.append(f"{title}\n\n{table(('', *(state(row['epochs']) for row in states)), body)}")
    return "\n\n".join(blocks) or "None of the words occurs in this corpus."


def _space(row: Row) -> tuple[str, ...]:
    cosines = (cosine(row["mean_cosine_to_original"]), cosine(row["anisotropy"]))
    return (*cosines, f"{row['effective_rank']:.1f}")


def _epochs(results: dict[str, Any]) -> str:
    shown = (0, *results["plan"]["epochs"])
    rows = [
        (row["corpus"], row["epochs"], *_space(row), percent(row["saturated"]))
        for row in results["epochs"]
        if row["epochs"] in shown
    ]
    return table(("corpus", "epochs", *_SPACE, "frequent words' neighbours at ≥ .99"), rows)


def _frequency(results: dict[str, Any]) -> str:
    corpus, shown = results["corpora"][0]["corpus"], results["plan"]["epochs"]
    states = [row for row in results["epochs"] if row["corpus"] == corpus and row["epochs"] in shown]
    body = [
        (
            band(group["low"], group["high"]),
            group["types"],
            *(cosine(row["by_frequency"][i]["cosine"]) for row in states),
        )
        for i, group in enumerate(states[0]["by_frequency"])
    ]
    types = sum(group["types"] for group in states[0]["by_frequency"])
    means = [cosine(row["mean_cosine_to_original"]) for row in states]
    body.append(("all, each word counting once", types, *means))
    return table(("words that occur", "known types", *(state(row["epochs"]) for row in states)), body)


def _direction(results: dict[str, Any]) -> str:
    heads = (
        "corpus",
        "α",
        "epochs",
        "original vectors to the shared direction",
        "refined vectors to it",
        "the shared direction to the mean original vector",
    )
    shown = (1, *results["plan"]["listed_epochs"], max(results["plan"]["epochs"]))
    rows = [
        (
            row["corpus"],
            f"{row['rate']:g}",
            row["epochs"],
            *(cosine(row[key]) for key in ("before", "after", "foretold")),
        )
        for row in results["direction"]
        if row["epochs"] in shown
    ]
    return table(heads, rows)


_SENSITIVITY = (
    *_SPACE,
    "variance of the final position",
    "as a share of the distance between two words",
    "the same, words seen ≥ 10 times",
    "cosine of successive steps",
    "scatter of the last states, as a share of that distance",
    "`selfvec health`",
)


def _sensitivity(row: Row) -> tuple[str, ...]:
    return (
        *_space(row),
        f"{row['variance']:.4f}",
        percent(row["variance_relative"], 1),
        percent(row["variance_often_relative"], 1),
        cosine(row["turning"]),
        percent(row["wander"], 2),
        ", ".join(row["verdicts"]),
    )


def _rates(results: dict[str, Any]) -> str:
    heads = ("α", "kept per update", *_SENSITIVITY)
    blocks = []
    for corpus in results["corpora"]:
        rows = [
            (f"{row['rate']:g}", percent(row["kept"]), *_sensitivity(row))
            for row in results["rates"]
            if row["corpus"] == corpus["corpus"]
        ]
        blocks.append(f"One epoch over {corpus['corpus']}:\n\n{table(heads, rows)}")
    return "\n\n".join(blocks)


def _windows(results: dict[str, Any]) -> str:
    rows = [(row["window"], *_sensitivity(row)) for row in results["windows"]]
    return table(("window", *_SENSITIVITY), rows)


def _turns(results: dict[str, Any]) -> str:
    figures = results["figures"]
    words = [turn["word"] for turn in figures[0]["turns"]]
    heads = [f"{word(name)}, {when}" for when in ("first updates", "last updates") for name in words]
    rows = [
        (
            f"{figure['rate']:g}",
            *(f"{turn[when]:.1f}°" for when in ("first", "last") for turn in figure["turns"]),
        )
        for figure in figures
    ]
    return table(("α", *heads), rows)


def _oov(results: dict[str, Any]) -> str:
    heads = (
        "corpus",
        "types",
        "without a vector",
        "their share of the text",
        "of these, seen once",
        "got a vector",
        "at their first update",
        "latest, after … updates",
        "still empty",
    )
    columns = ("oov_once", "got_vector", "at_first_update", "latest_first_vector", "still_empty")
    rows = [
        (
            row["corpus"],
            row["types"],
            row["oov"],
            percent(row["oov_tokens"]),
            *(row[column] for column in columns),
        )
        for row in results["oov"]
    ]
    return table(heads, rows)


def _held_out(results: dict[str, Any]) -> str:
    heads = ("corpus", "epochs", "guess", "mean cosine to the true vector", "its median rank")
    rows = [
        (
            row["corpus"],
            row["epochs"],
            row["guess"],
            cosine(row["cosine"], 3),
            f"{row['rank']:,.0f} of {row['of']:,}",
        )
        for row in results["held_out"]
    ]
    return table(heads, rows)


def _speed(results: dict[str, Any]) -> str:
    heads = ("job", "tokens", "seconds", "tokens a second")
    rows = [
        (row["job"], row["tokens"], f"{row['seconds']:.3f}", rounded(row["tokens_per_second"]))
        for row in results["speed"]
    ]
    machine = results["machine"]
    where = f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"
    return f"{table(heads, rows)}\n\nMedian of {results['plan']['repeats']} runs after a warm-up; {where}."
