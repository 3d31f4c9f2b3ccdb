"""Methods for vectors: a row for each item, measured on the development data."""

from __future__ import annotations

from dataclasses import dataclass

from selfvec.numerics.statistics import Estimate, difference


@dataclass(frozen=True)
class Row:
    """One item against its baseline. ``value`` and ``baseline_value`` are figures of the same metric."""

    item: str  # "Retrofitting"
    source: str  # "Faruqui et al. 2015"
    command: str  # "selfvec vectors retrofit default -o out.vec --lexicon wordnet.tsv"
    metric: str  # "SimLex-999, Spearman"
    baseline: str  # "the same vectors"
    baseline_value: float
    value: float
    low: float | None = None  # 95 % interval of the difference value - baseline_value
    high: float | None = None
    note: str = ""  # say here if it does not help


Verdicts = tuple[str, str, str]
"""What a note says if the difference is surely above 0, not sure, and surely below 0."""


def verdict(low: float, high: float, words: Verdicts) -> str:
    """The word for a difference with this 95 % interval.

    >>> verdict(-0.1, 0.2, ("better", "no clear difference", "worse"))
    'no clear difference'
    """
    if low > 0:
        return words[0]
    return words[2] if high < 0 else words[1]


def compared(
    item: str,
    source: str,
    command: str,
    metric: str,
    baseline: str,
    was: Estimate,
    now: Estimate,
    *,
    verdicts: Verdicts = ("", "no clear difference", "worse"),
    note: str = "",
) -> Row:
    """The row of two estimates on the same items: their paired difference, and a note with its verdict."""
    apart = difference(now, was)
    said = "; ".join(filter(None, (note, verdict(apart.low, apart.high, verdicts))))
    return Row(item, source, command, metric, baseline, was.value, now.value, apart.low, apart.high, said)
