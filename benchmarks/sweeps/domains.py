"""One topic or several: is a corpus of many topics as good to refine on as each of them by itself?

Every domain is refined alone, and all of them together, the documents in random order. Of each domain's words
it is asked how far they moved and how unevenly, how much of where they ended depends on the order of the
documents, and whether the words that mark the domain come to lie near one another and away from the others'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress
from selfvec.data.settings import Settings
from selfvec.refine.health import anisotropy
from selfvec.refine.inputs import Inputs
from selfvec.refine.plan import window_of
from selfvec.views.charts import Chart, Series

from .material import refined, shuffled
from .measures import OFTEN, Scatter, scatter
from .study import Column, Study

__all__ = ["MARKS", "across_domains", "marking_words"]

Row = dict[str, Any]

MARKS = 50
"""Words that mark a domain, at most."""

_STATES = ("original", "alone", "mixed")
_LEAST_WORDS = 5
_PRIOR = 0.01  # of the log-odds: pseudo-occurrences for each occurrence of a word in all domains

_READING = (
    "*Alone*: refined on the domain's own documents. *Mixed*: on those of all domains, in random order. "
    "*Drift*: cosine distance of a word to its original vector, mean and variance over the domain's words "
    "that occur at least {often} times in it and had a vector. *Chance*: mean cosine distance between two "
    "ends of these words over {shuffles} orders of the documents, as a share of the distance between two "
    "words. *Within* and *across*: mean cosine of two of the (at most {marks}) words that mark the domain, "
    "and of one of them and one that marks another; *coherence* is the first minus the second, and what a "
    "domain is known by. The words that mark a domain are chosen by their counts alone."
)


@dataclass(frozen=True, eq=False)
class _Domain:
    """A domain's name, documents, and the words that are looked at."""

    name: str
    documents: NDArray[np.bool_]
    words: NDArray[np.int64]  # frequent ones with a vector: for drift
    marks: NDArray[np.int64]  # the words that mark it: for coherence


def across_domains(
    prepared: Inputs, settings: Settings, *, shuffles: int = 3, progress: Progress | None = None
) -> Study:
    """Homogeneous against mixed corpora.

    Parameters
    ----------
    prepared : Inputs
        A corpus in slices, each a domain (`Corpus.open` with ``slice_by_name`` or ``slice_field``).
    settings : Settings
        Of the rule.
    shuffles : int
        Random orders of the documents, at least 2.
    progress : Progress, optional

    Raises
    ------
    OptionError
        If there are fewer than two orders.
    InputError
        If there are fewer than two domains, or one has too few words that occur often enough.
    """
    if shuffles < 2:
        raise OptionError(f"is at least 2, not {shuffles}", field="shuffles")
    domains = _domains(prepared)
    settings = replace(settings, window=window_of(prepared.batch, settings))
    rows: list[Row] = []
    with (progress or Progress()).stage("Refining", len(domains) + 1, "corpora") as advance:
        mixed = shuffled(prepared, settings.seed)
        together = refined(mixed, replace(settings, history="none")).vectors.unit
        chance = scatter(mixed, settings, shuffles)
        advance(1)
        apart, spread = {}, {}
        for domain in domains:
            own = replace(prepared, batch=prepared.batch.part(domain.documents))
            apart[domain.name] = refined(own, replace(settings, history="none")).vectors.unit
            spread[domain.name] = scatter(own, settings, shuffles)
            advance(1)
    original = prepared.original.unit
    tables = {
        "original": dict.fromkeys(apart, original),
        "alone": apart,
        "mixed": dict.fromkeys(apart, together),
    }
    scattered: dict[str, dict[str, Scatter]] = {"alone": spread, "mixed": dict.fromkeys(apart, chance)}
    for domain in domains:
        for name in _STATES:
            table = tables[name]
            row = {
                "domain": domain.name,
                "documents": int(domain.documents.sum()),
                "state": name,
                "words": len(domain.words),
                **_drift(original, table[domain.name], domain),
                "chance": _chance(scattered[name][domain.name], domain) if name in scattered else None,
                **_coherence(table, domain, domains),
            }
            rows.append(row)
    reading = _READING.format(often=OFTEN, shuffles=shuffles, marks=MARKS)
    marks = {domain.name: [prepared.batch.types[i] for i in domain.marks.tolist()] for domain in domains}
    title = "Domains by themselves and mixed"
    options = settings.as_dict() | {"marking_words": marks}
    return Study("domains", title, _COLUMNS, rows, _charts(rows), reading, options)


_COLUMNS = (
    Column("domain", "domain"),
    Column("state", "refined"),
    Column("documents", "documents", ",d"),
    Column("words", "words", ",d"),
    Column("drift", "drift", ".3f"),
    Column("drift_variance", "variance of drift", ".4f"),
    Column("chance", "chance", ".2%"),
    Column("within", "within", ".3f"),
    Column("across", "across", ".3f"),
    Column("coherence", "coherence", ".3f"),
)


def marking_words(counts: NDArray[np.int64], most: int = MARKS) -> list[NDArray[np.int64]]:
    """For each domain the words that mark it against all others.

    By the z of the log-odds ratio with the counts of all domains as the prior (Monroe, Colaresi and Quinn,
    2008, *Fightin' words*). A word marks the domain in which its z is largest, if it is above 1.96 and it
    occurs there at least ten times.

    Parameters
    ----------
    counts : (S, V) int64
        Of each word in each domain.
    most : int

    Returns
    -------
    list of S (k,) int64
        Largest z first.

    Examples
    --------
    >>> [words.tolist() for words in marking_words(np.array([[500, 90, 0, 9], [500, 0, 90, 9]]))]
    [[1], [2]]
    """
    whole = counts.sum(axis=0)
    prior = _PRIOR * whole + 1e-9
    z = np.empty(counts.shape)
    for row, own in enumerate(counts):
        rest = whole - own
        odds = [np.log(n + prior) - np.log(n.sum() + prior.sum() - n - prior) for n in (own, rest)]
        z[row] = (odds[0] - odds[1]) / np.sqrt(1 / (own + prior) + 1 / (rest + prior))
    chosen = []
    best = z.argmax(axis=0)
    for row, own in enumerate(counts):
        marking = np.flatnonzero((best == row) & (z[row] > 1.96) & (own >= OFTEN))
        chosen.append(marking[np.argsort(-z[row][marking], kind="stable")][:most])
    return chosen


def _domains(prepared: Inputs) -> list[_Domain]:
    batch = prepared.batch
    names = [] if batch.slices is None else list(batch.slice_names)
    if batch.slices is None or len(names) < 2:
        raise InputError(
            f"domains are compared, here is {len(names) or 1}",
            remedy="give a corpus for each domain, or the field that names them with --domain-field",
        )
    known = np.any(prepared.original.unit != 0, axis=1)
    masks = [batch.slices == number for number in range(len(names))]
    counts = np.stack([batch.part(mask).counts for mask in masks])
    marks = marking_words(counts * known)
    found = []
    for name, mask, own, marking in zip(names, masks, counts, marks, strict=True):
        words = np.flatnonzero(known & (own >= OFTEN))
        if min(len(words), len(marking)) < _LEAST_WORDS:
            raise InputError(
                f"the domain {name!r} has {len(words)} words with a vector that occur {OFTEN} times, "
                f"{len(marking)} of which mark it; {_LEAST_WORDS} are needed of either",
                remedy="bring more text of it, or leave it out",
            )
        found.append(_Domain(name, mask, words, marking))
    return found


def _drift(original: NDArray[np.float32], table: NDArray[np.float32], domain: _Domain) -> Row:
    moved = 1 - np.einsum("ij,ij->i", original[domain.words], table[domain.words], dtype=np.float64)
    moved = np.maximum(moved, 0)
    return {"drift": float(moved.mean()), "drift_variance": float(moved.var())}


def _chance(found: Scatter, domain: _Domain) -> float:
    return float(found.trace[domain.words].mean() / found.spread)


def _coherence(tables: dict[str, NDArray[np.float32]], domain: _Domain, domains: Sequence[_Domain]) -> Row:
    """Mean cosines of marking words; each domain's in the table that it has."""
    own = tables[domain.name][domain.marks]
    others = np.concatenate([tables[d.name][d.marks] for d in domains if d is not domain])
    within = anisotropy(own)
    across = float(own.mean(axis=0, dtype=np.float64) @ others.mean(axis=0, dtype=np.float64))
    return {"within": within, "across": across, "coherence": within - across}


def _charts(rows: Sequence[Row]) -> tuple[Chart, ...]:
    """A curve for every domain over the states it was seen in."""
    shown = (
        ("Drift", "drift", (0.0, None)),
        ("Variance of drift over words", "drift_variance", (0.0, None)),
        ("Chance, by the distance of two words", "chance", (0.0, None)),
        ("Coherence: cosine within minus across", "coherence", (0.0, None)),
    )
    names = list(dict.fromkeys(row["domain"] for row in rows))
    charts = []
    for title, key, limits in shown:
        states = [s for s in _STATES if all(r[key] is not None for r in rows if r["state"] == s)]
        if key.startswith("drift"):
            states = [s for s in states if s != "original"]
        series = []
        for name in names:
            of = {row["state"]: row[key] for row in rows if row["domain"] == name}
            series.append(Series(name, range(len(states)), [of[s] for s in states]))
        charts.append(Chart(title, "refined", tuple(series), y=limits, names=tuple(states)))
    return tuple(charts)
