"""Results as Markdown tables, one for each generated part of the page.

A table says what the rows say. The paper's claims stand beside what was measured; whether they hold is
decided by the numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from benchmarks.page import table

Row = dict[str, Any]
LISTED = 5  # of the ten nearest words

_SPACE = ("cosine to the original", "two random words", "effective rank")


def claimed(results: dict[str, Any]) -> str:
    """The paper's claims."""
    return table(("the paper says", "we measured", "holds?"), claims(results))


def nearest(results: dict[str, Any]) -> str:
    """The nearest words of the second of the plan's words, its states side by side."""
    plan = results["plan"]
    states = [row for row in results["neighbours"] if row["word"] == plan["words"][1]]
    columns = [row["neighbours"][:LISTED] for row in states]
    body: list[Sequence[object]] = [
        (rank, *(f"{word(near)} {cosine(c, 4)}" for near, c in ranked))
        for rank, ranked in enumerate(zip(*columns, strict=True), 1)
    ]
    body.append(("co-occur", *(f"{row['beside']} of {len(row['neighbours'])}" for row in states)))
    body.append(("median word", *(cosine(row["median_often"], 4) for row in states)))
    seen = f"{states[0]['occurrences']:,} occurrences in the first {plan['tokens']:,} tokens"
    heads = ("", *(state(row["epochs"]) for row in states))
    return f"**{word(plan['words'][1])}** ({seen})\n\n{table(heads, body)}"


def _space(row: Row) -> tuple[str, ...]:
    cosines = (cosine(row["mean_cosine_to_original"]), cosine(row["anisotropy"]))
    return (*cosines, f"{row['effective_rank']:.1f}")


def epochs(results: dict[str, Any]) -> str:
    """The space and, by how often words occur, the mean cosine to the original."""
    rows = []
    for row in results["epochs"]:
        if row["epochs"] in results["plan"]["epochs"]:
            bands = [cosine(group["cosine"]) for group in row["by_frequency"]]
            rows.append((row["epochs"], *_space(row), *bands))
            names = [f"words seen {band(group['low'], group['high'])}" for group in row["by_frequency"]]
    return table(("passes", *_SPACE, *names), rows)


def direction(results: dict[str, Any]) -> str:
    """Cosines to the direction that all words share afterwards."""
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
        for row in results["direction"]
        if row["epochs"] in shown
    ]
    return table(heads, rows)


def rates(results: dict[str, Any]) -> str:
    """The space and the steps by learning rate."""
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
        for row in results["rates"]
    ]
    return table(heads, rows)


# ---- The paper's claims

Claim = tuple[str, str, str]

PAPER_COSINE = 0.56
PAPER_SECONDS = 4.0


def claims(results: dict[str, Any]) -> list[Claim]:
    """What the paper says, what we measured, whether it holds."""
    states = {row["epochs"]: row for row in results["epochs"]}
    by_rate = {row["rate"]: row for row in results["rates"]}
    paper = results["plan"]["rate"]
    found = [
        _size(results["corpus"], results["plan"]["window"]),
        _cosine(states),
        _meaning(states),
        _neighbours(states[1], results["neighbours"]),
        _induced(results["oov"]),
        _meaningful(results["held_out"]) if results["held_out"] else None,
        _steady(by_rate[paper]) if paper in by_rate else None,
        _unsteady(by_rate),
        _speed(results["speed"]),
    ]
    return [claim for claim in found if claim is not None]


def _nearest_epoch(states: dict[int, Row]) -> int:
    """After which epoch the mean cosine is nearest to the paper's."""

    def distance(epoch: int) -> float:
        return abs(float(states[epoch]["mean_cosine_to_original"]) - PAPER_COSINE)

    return min((epoch for epoch in states if epoch), key=distance)


def _size(corpus: Row, window: int) -> Claim:
    known = corpus["types_with_vectors"]
    measured = (
        f"{corpus['tokens']:,} tokens, {corpus['types']:,} types, {known:,} "
        f"({percent(known / corpus['types'])}) with vectors; the mean sentence keeps about "
        f"{corpus['auto_window']} words, and {window} is used as in the paper"
    )
    alike = abs(corpus["tokens"] - 141_000) < 1_000
    says = "141K tokens, 3,466 types, 2,872 (83 %) with vectors; window 13, the mean sentence"
    return says, measured, "the same size; other reports, more names, fewer vectors" if alike else "no"


def _cosine(states: dict[int, Row]) -> Claim:
    epoch = _nearest_epoch(states)
    first, there = (states[e]["mean_cosine_to_original"] for e in (1, epoch))
    measured = f"{cosine(first)} after one pass, {cosine(there)} after {epoch}"
    near = abs(there - PAPER_COSINE) < 0.03
    return "mean cosine to the original 0.56", measured, f"yes, after {epoch} passes" if near else "no"


def _meaning(states: dict[int, Row]) -> Claim:
    row, before = states[_nearest_epoch(states)], states[0]
    bands = ", ".join(
        f"{cosine(group['cosine'])} for words seen {band(group['low'], group['high'])}"
        for group in row["by_frequency"]
    )
    measured = (
        f"there, two random words have a cosine of {cosine(row['anisotropy'])} (before: "
        f"{cosine(before['anisotropy'])}), and {row['effective_rank']:.1f} dimensions are in use (before: "
        f"{before['effective_rank']:.0f}); the mean is one of {bands}"
    )
    collapsed = row["anisotropy"] >= 0.5
    verdict = "no: it shows how far the words are on their way to one shared direction"
    says = "this is a substantial shift toward domain-specific meanings"
    return says, measured, verdict if collapsed else "the space kept its shape"


def _neighbours(first: Row, rows: Sequence[Row]) -> Claim:
    lists = {(row["word"], row["epochs"]): {near for near, _ in row["neighbours"]} for row in rows}
    asked = {word for word, _ in lists}
    before = sum(len(lists[word, 0]) for word in asked)
    kept = sum(len(lists[word, 0] & lists[word, 1]) for word in asked)
    measured = (
        f"{kept} of {before} neighbours of {', '.join(sorted(asked))} stay after one pass; then, "
        f"{percent(first['saturated'])} of frequent words' ten nearest are at a cosine of .99 or more"
    )
    flat = first["saturated"] >= 0.5
    verdict = "in part: other words, but hardly any difference between near and far" if flat else "yes"
    return "nearest words shift from general to domain-specific", measured, verdict


def _induced(row: Row) -> Claim:
    measured = (
        f"{row['got_vector']:,} of {row['oov']:,} words got one, "
        f"{row['at_first_update']:,} of them at their first update"
    )
    verdict = "yes" if row["still_empty"] == 0 else f"but for {row['still_empty']:,} words"
    return "words without a vector get one from their neighbours", measured, verdict


def _meaningful(rows: Sequence[Row]) -> Claim:
    ours, constant = rows
    measured = (
        f"for {ours['words']:,} known words that were hidden, the true vector ranks {ours['rank']:,.0f} of "
        f"{ours['of']:,} (median); guessing the shared direction for every word, {constant['rank']:,.0f}"
    )
    share = ours["rank"] / constant["rank"]
    verdict = "no" if share >= 0.95 else "hardly" if share >= 0.5 else "in part"
    return "these vectors are meaningful", measured, verdict


def _steady(row: Row) -> Claim:
    measured = (
        f"the last states of frequent words scatter by {percent(row['wander'], 2)} of the distance between "
        f"two words; in "
        f"another order of the reports a word ends {percent(row['variance_relative'], 1)} of it away"
    )
    verdict = "yes: steady, and on the way to the shared direction" if row["wander"] < 0.005 else "no"
    return f"α = {row['rate']:g} gives stable trajectories", measured, verdict


def _unsteady(by_rate: dict[float, Row]) -> Claim | None:
    shown = [by_rate[rate] for rate in (0.01, 0.05, 0.075, 0.15, 0.2) if rate in by_rate]
    rates = [row for rate, row in sorted(by_rate.items()) if rate >= 0.05]
    if len(shown) < 2 or len(rates) < 2 or any(row["turning"] is None for row in rates):
        return None
    at = ", ".join(f"{row['rate']:g}" for row in shown)
    away = ", ".join(percent(row["variance_relative"], 1) for row in shown)
    turning = ", ".join(cosine(row["turning"]) for row in shown)
    measured = (
        f"at α = {at}: in another order a word ends {away} of the distance between two words away; "
        f"successive steps have a cosine of {turning}"
    )
    rising = all(
        a["variance_relative"] < b["variance_relative"] and a["turning"] > b["turning"]
        for a, b in pairwise(rates)
    )
    verdict = "as a trend: the end depends more and more on chance, without a threshold at either value"
    return "α ≥ .075 oscillates, α ≥ .15 is too large", measured, verdict if rising else "no"


def _speed(rows: Sequence[Row]) -> Claim:
    measured = "; ".join(f"{row['job']}: {row['seconds']:.3f} s" for row in rows)
    faster = max(row["seconds"] for row in rows) < PAPER_SECONDS
    return "141K tokens take about 4 s", measured, "yes, on another machine" if faster else "no"


# ---- How numbers are written


def percent(value: float | None, digits: int = 0) -> str:
    """A share in percent.

    >>> percent(0.377), percent(0.0377, 1), percent(None)
    ('38 %', '3.8 %', '–')
    """
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def cosine(value: float | None, digits: int = 2) -> str:
    """A cosine, with a real minus.

    >>> cosine(-0.031), cosine(None)
    ('−0.03', '–')
    """
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def state(epochs: int) -> str:
    """A point in time.

    >>> state(0), state(1), state(5)
    ('before', 'after 1 pass', 'after 5 passes')
    """
    return "before" if epochs == 0 else f"after {epochs} pass{'es' * (epochs > 1)}"


def band(low: int, high: int | None) -> str:
    """Words by how often they occur.

    >>> band(1, 1), band(2, 9), band(100, None)
    ('once', '2 to 9 times', '100 times or more')
    """
    if high is None:
        return f"{low} times or more"
    return "once" if high == 1 else f"{low} to {high} times"


def word(text: str) -> str:
    r"""A word as Markdown shows it, whatever stands in it.

    >>> print(word("wind_gust"))
    wind\_gust
    """
    return "".join(f"\\{character}" if character in "\\`*_|<>[]" else character for character in text)
