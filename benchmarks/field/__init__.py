"""Methods for vectors: a row for each item, measured on the development data.

A module of this package measures one item; its ``rows()`` yields `Row`. ``python -m benchmarks.field
NAME...`` runs modules, all by default, keeps their rows in ``results.json``, and fills
docs/results/vectors.md.
"""

from __future__ import annotations

from dataclasses import dataclass


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
