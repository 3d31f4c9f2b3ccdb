"""`monitor`: whether new text differs from the text of a run, and how.

It is a comparison of the run with the new text, so documents that belong together are one unit, and what
differs is what `keyness` finds, whether or not there is an alarm. A run knows every word of its own text, so
new text always has more unknown words. Therefore half of the run's units are held out: for the test, the run
knows only the words of the rest of its text. A document that differs from another only in its numbers is left
out, and so are new documents that the run has.

Four tests look for four kinds of change:

    unknown    units with more unknown words
    distance   units far from the documents of the run (one minus the mean cosine of the ten nearest)
    words      words that occur in more, or fewer, units: the sum of z⁴ over words
    topics     topics with more, or fewer, units: the sum of z²

In the first two tests a unit weighs log(u)², where u is the share of all units that are as far or farther, so
that a few strange ones are found among many ordinary ones. The units are repeatedly divided at random into as
many new and old ones. Each test's p is the share of divisions with at least its value. The smallest p of the
four is compared with the smallest p in every division (Westfall and Young, 1993), so the joint p keeps its
level. Divisions with an equal smallest p are ordered by their largest deviation.

Vectors, document frequencies and topics are computed only from the rest of the run, not from the units that
are compared. Otherwise they would fit the old ones better than the new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import comb
from typing import Annotated, NamedTuple, Unpack

import numpy as np
import polars as pl

from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Doubles, Hashes, Ints, Mask, Rows
from selfvec.base.declarations import Bounds, Count, Natural, checked
from selfvec.base.errors import InputError, OptionError
from selfvec.base.finding import Finding
from selfvec.base.progress import GivenProgress, stage
from selfvec.base.threads import in_order, one_core
from selfvec.base.view import PROBABILITY, Column, Table
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.conversion import Texts
from selfvec.corpus.fields import FieldOptions
from selfvec.corpus.fingerprints import hashes_of_words
from selfvec.corpus.slices import Slice
from selfvec.data.documents import Documents
from selfvec.data.run import Run
from selfvec.data.run_text import ID, TEXT, column_or_nulls, numbered
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, bounds_of, concatenated, over_one_vocabulary
from selfvec.data.vectors import Vectors
from selfvec.numerics.nearest import nearest_rows
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.numerics.statistics import LEVEL
from selfvec.refinement.inputs import refuse_tokens
from selfvec.refinement.live import tokens_of
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.text_file import text_of
from selfvec.text.document_vectors import (
    document_frequencies,
    document_vectors,
    inverse_document_frequency,
    word_documents,
)

from .comparison.compared import compared
from .comparison.comparison import in_order as by_kind
from .concepts.terms import topic_rows
from .concepts.topic_clusters import Clustering, cluster_documents, nearest
from .kernels import word_statistic
from .keyness import key_rows, key_words, keyness_columns
from .word_kinds import with_letters

SIDES = ("the run", "the new text")
_UNTESTED = (
    "the run has not kept all words of its documents, and their files are missing or changed, so new "
    "documents cannot be compared with them: only unknown words are counted, without an alarm"
)
_SPLITS = 1000  # of the documents at random, or more where the level asks for a smaller p


@checked
def monitor(
    run: GivenRun,
    documents: Texts,
    *,
    level: Annotated[float, Bounds(above=0, below=1)] = 0.01,
    top: Count = 20,
    sample: Count = 10_000,
    permutations: Count | None = None,
    seed: Natural = 0,
    progress: GivenProgress = None,
    **fields: Unpack[FieldOptions],
) -> Answer:
    """Test whether new text differs from the text of a run.

    Parameters
    ----------
    run : Run or path
    documents : path, paths, texts, data frame or `Corpus`
        Files or folders of new text. Also the documents themselves.
    level : float, above 0, below 1
        Raise the alarm if p is at most this. It is also the share of false alarms.
    top : int, at least 1
        Words listed.
    progress : Progress or bool, optional
    **fields
        Those of `FieldOptions`: how documents are read; by default like those of the run.

    Other Parameters
    ----------------
    sample : int, at least 1
        New documents compared; of more, a sample.
    permutations : int, at least 1, optional
        Random splits of the documents; by default 1,000, or more if the level needs more.
    seed : int, at least 0

    Returns
    -------
    Answer
        ``alarm``, whether ``p`` is at most ``level``. ``p`` is the share of random divisions of the documents
        in which new and old ones differ as much; None if not tested, for the reason in ``note``.
        ``unknown_share`` is the share of the words of all new documents that the run does not know,
        ``unknown_expected`` the same for documents like those of the run. ``tests`` has the p of each of four
        tests. ``findings`` say how the new text differs from the run's, as those of `keyness`. ``rows`` are
        words that one of the two uses more beyond chance, the surest first, as those of `keyness`: ``a`` is
        the run, ``b`` the new text.

    Raises
    ------
    OptionError
        If an option has an invalid value.
    CorpusError
        If the documents cannot be read.
    InputError
        If there are too few documents for an alarm, or they have no words.

    Examples
    --------
    >>> import selfvec
    >>> things = ("trees", "roofs", "poles", "cars", "signs", "barns", "fences", "windows")
    >>> old = [f"the storm broke {a} and {b} near {c}" for a in things for b in things for c in things]
    >>> run = selfvec.Refiner("original").fit(old, "none").run_
    >>> found = monitor(run, [f"the virus infected {n} patients" for n in range(20, 40)])
    >>> found.alarm, found.unknown_share > found.unknown_expected
    (True, True)
    """
    needed = int(np.ceil(1 / level - 1))
    permutations = max(_SPLITS, needed) if permutations is None else permutations
    if permutations < needed:
        rule = f"is at least {needed} for an alarm at level {level:g}, not {permutations}"
        raise OptionError(rule, field="permutations")
    run = as_run(run)
    settings = run.settings
    corpus = as_corpus(documents, "documents", like=run.provenance.corpus, **fields)
    rows, total = _read_sample(corpus, settings, sample, seed)
    new = tokens_of([Documents(rows[TEXT])], run)
    if not len(new):
        raise InputError("no words of the new documents remain", remedy="give documents with words")
    known = np.array([word in run.vectors for word in new.types], bool)
    figures: Json = {"alarm": False, "p": None, "level": level, "documents": total, "compared": 0}
    figures |= {"unknown_share": float(1 - known[new.ids].mean()), "unknown_expected": None}
    figures |= {"held_out": 0, "left_out": {}, "note": "", "tests": [], "rows": []}
    own = run.tokens if settings.min_count == 1 else None  # all words, rare ones included
    if run.text is not None:
        own = tokens_of(map(Documents, run.text.batches((TEXT,))), run)
    if own is None:
        counts = run.vectors.counts
        if counts is not None and settings.min_count == 1:  # the Good-Turing estimate: words that occur once
            figures["unknown_expected"] = float(np.sum(counts == 1) / max(int(counts.sum()), 1))
        return _answer(figures | {"note": _UNTESTED})
    own, new = over_one_vocabulary([own, new])
    rng = np.random.default_rng(seed)
    places, chosen, figures["left_out"] = _different(own, new, rng)
    if not len(chosen):
        return _answer(figures | {"note": "the run already has all of these documents"})
    both = concatenated([own.part(places), new.part(chosen)])
    old = np.arange(both.documents) < len(places)
    with stage("Words", None, "documents"):
        sides = [Slice(*side) for side in zip(SIDES, (old, ~old), strict=True)]
        joint = _joint_run(run, rows[chosen], both, places)
        made = compared(joint, sides, {})
        words = key_rows(made, "q")
    figures["rows"] = [row for row in words if row["q"] <= LEVEL][:top]
    divided = _divided(both, old, made.unit, own, settings.min_count, rng)
    figures |= {"compared": len(chosen), "held_out": divided.held_out, "unknown_expected": divided.expected}
    figures |= _tested(joint, divided, level, permutations, seed)
    return _answer(figures, map(_as_sentence, by_kind([*made.findings, *key_words(made, words)])))


def _tested(joint: Run, divided: Divided, level: float, permutations: int, seed: int) -> Json:
    """The p of the new units, and whether it is an alarm."""
    new = int(divided.new.sum())
    old = len(divided.new) - new
    if comb(new + old, new) < 1 / level:
        rule = f"{new} new documents and {old} of the run are too few for an alarm at level {level:g}"
        raise InputError(rule, remedy="give more documents, or raise --level")
    with stage("Comparing", None, "documents"):
        of_units = _unit_figures(joint, divided, seed)
    with stage("Testing", None, "divisions"):
        p, each = joint_p(_division_statistics(of_units, divided, permutations, seed))
    tests = [{"test": name, "p": value} for name, value in zip(TESTS, each, strict=True)]
    return {"alarm": p <= level, "p": p, "tests": tests}


def _answer(figures: Json, findings: Iterable[Finding] = ()) -> Answer:
    """The verdict, the findings, which documents were compared, the tests, the words."""
    expected, left_out = figures["unknown_expected"], figures["left_out"].items()
    like = "" if expected is None else f" ({expected:.1%} would be usual)"
    alarm = "ALARM" if figures["alarm"] else "no alarm"
    tested = "nothing was compared, so there is no alarm and no p"
    if figures["p"] is not None:
        tested = f"{alarm}, p = {figures['p']:.2g} (level {figures['level']:g})"
    verdict = f"{tested}; {figures['unknown_share']:.1%} of the words are unknown{like}"
    left = "".join(f"; {number:,} {reason}" for reason, number in left_out if number)
    new = f"{figures['compared']:,} of {figures['documents']:,} new documents"
    columns = keyness_columns(*SIDES)
    of_tests = Table(
        (Column("test"), Column("p", form=PROBABILITY)), figures["tests"], "Tests", least=len(TESTS)
    )
    tables = [of_tests, Table(columns, figures["rows"], "Words beyond chance")]
    told = figures["note"] or f"{new} compared with {figures['held_out']:,} of the run{left}"
    return Answer(
        f"Monitoring: {verdict}",
        {**figures, "verdict": verdict},
        columns=columns,
        lead=[[(verdict, "bad" if figures["alarm"] else "strong")]],
        findings=list(findings),
        parts=[told, *(table for table in tables if table.rows)],
    )


def _as_sentence(finding: Finding) -> Finding:
    """A finding that begins with a capital, without a remedy, which would be an option of other commands."""
    says = finding.says
    says = says[:1].upper() + says[1:] if says.startswith(SIDES) else says
    return replace(finding, says=says, remedy=None)


def _joint_run(run: Run, rows: pl.DataFrame, tokens: TokenBatch, places: Ints) -> Run:
    """Documents of a run, at these places, and new ones as a run, with the fields that both have."""
    text = None
    if run.text is not None:
        own = run.text.named(run.text.columns, places.tolist())
        names = [name for name in own.columns if name in rows]
        text = text_of(pl.concat([own[names], rows[names]]), {})
        tokens = replace(tokens, dates=text.days)
    matrix, sources = run.original.lookup(tokens.types, compose=False)
    vectors = Vectors(tokens.types, matrix, sources=sources, counts=tokens.counts)
    return Run(vectors, vectors, provenance=run.provenance, tokens=tokens, text=text)


# ---- The documents that are compared


HELD_OUT = 5000  # documents of the run that new ones are compared with, at most
_MOST = 3 * HELD_OUT  # documents of the run, the others of which both are measured by
REDELIVERED = 0.1  # new documents that repeat the run more often than its own by this share contain the run


@dataclass(frozen=True)
class Divided:
    """The N units that are tested, over V words, and what of the run they are measured by."""

    units: TokenBatch
    new: Mask  # (N,)
    rest: TokenBatch  # the run's other documents
    known: Mask  # (V,), words that the run would know without the held-out units
    expected: float  # share of unknown words in a unit held out of the run
    held_out: int  # documents of the run


def _read_sample(corpus: Corpus, settings: Settings, most: int, seed: int) -> tuple[pl.DataFrame, int]:
    """At most ``most`` documents of a corpus, drawn at random in one reading, and the number of all."""
    refuse_tokens(corpus, settings)
    rng = np.random.default_rng(seed)
    keys, rows, total = np.zeros(0), pl.DataFrame(), 0
    with stage("Reading", corpus.total_bytes, "bytes") as advance:
        for batch in corpus.batches(advance):
            ids = column_or_nulls(batch.rows, ID)
            named = batch.rows.with_columns(ids.fill_null(numbered(ids, total, ())))
            keys = np.append(keys, rng.random(len(named)))
            chosen = np.sort(np.argsort(keys)[:most])
            keys, rows = keys[chosen], pl.concat([rows, named], how="diagonal")[chosen]
            total += len(named)
    return rows, total


def _different(
    own: TokenBatch, new: TokenBatch, rng: np.random.Generator
) -> tuple[Ints, Ints, dict[str, int]]:
    """The documents of a run and the new ones that are compared, and how many of these are left out and why.

    Of equal documents one is drawn. A run repeats itself, too; but if new documents are in the run much more
    often than its own are there twice, it was delivered again with them: then none of these are compared.
    """
    keys = np.concatenate([document_keys(own), document_keys(new)])
    full = np.concatenate([own.lengths, new.lengths]) > 0
    old = np.arange(len(keys)) < own.documents
    in_run, times = np.unique(keys[old & full], return_counts=True)
    repeats = np.isin(keys, in_run) & ~(old & np.isin(keys, in_run[times == 1]))
    if repeats[full & ~old].mean() <= repeats[full & old].mean() + REDELIVERED:
        repeats[:] = False
    drawn = rng.permutation(np.flatnonzero(full & ~repeats))
    drawn = drawn[np.unique(keys[drawn], return_index=True)[1]]
    again = np.isin(np.arange(len(keys)), drawn, invert=True)
    reasons = {
        "without words": ~full,
        "in the run already": full & repeats,
        "repeated": full & again & ~repeats,
    }
    left_out = {reason: int(np.sum(documents & ~old)) for reason, documents in reasons.items()}
    places = rng.permutation(np.flatnonzero(old & ~again))[:_MOST]
    return np.sort(places), np.flatnonzero(~old & ~again) - own.documents, left_out


def _divided(
    both: TokenBatch,  # documents of the run and new ones
    old: Mask,
    unit: Ints,
    own: TokenBatch,  # all of the run
    least: int,  # occurrences of a word that the run knows
    rng: np.random.Generator,
) -> Divided:
    """Hold out half of the run's units."""
    units = rng.permutation(np.unique(unit[old]))
    most = len(units) * HELD_OUT // max(int(old.sum()), 1)
    held = old & np.isin(unit, units[: min(most, len(units) // 2)])
    tested, rest = held | ~old, both.part(old & ~held)
    code = 2 * unit[tested] + ~old[tested]
    alone = both.part(held).in_units(unit[held])
    # Tokens of held-out units whose word the run would not know without their unit.
    _, times, bounds = word_documents(alone.ids, alone.offsets, len(alone.types))
    unknown = np.repeat(own.counts, np.diff(bounds)) - times < least
    return Divided(
        units=both.part(tested).in_units(code),
        new=np.unique(code) % 2 == 1,
        rest=rest,
        known=rest.counts >= least,
        expected=float(times[unknown].sum() / max(times.sum(), 1)),
        held_out=int(held.sum()),
    )


def document_keys(batch: TokenBatch) -> Hashes:
    """A hash of the words of each document in their order, without words that have no letter, (D,).

    >>> batch = TokenBatch.from_documents([["hail", "1.5", "inch"], ["hail", "2", "inch"], ["inch", "hail"]])
    >>> keys = document_keys(batch)
    >>> bool(keys[0] == keys[1]), bool(keys[0] == keys[2])
    (True, False)
    """
    kept = with_letters(batch.types)[batch.ids]
    bounds = bounds_of(kept)[batch.offsets]
    return hashes_of_words(batch.ids[kept], bounds[:-1], bounds[1:])


# ---- The measures of the units, and p


TESTS = ("unknown", "distance", "words", "topics")
NEAREST = 10  # documents of the run
_FEWEST = 2  # units with a word that is tested
_BLOCK = 64  # divisions at a time


class UnitFigures(NamedTuple):
    """Figures of the N units that are compared."""

    unknown: Doubles  # (N,), share of words that the run does not know
    distance: Doubles  # (N,), from the run's other documents
    of_topic: Ints  # (N,), the topic of the run's other documents; -1 for none


def _unit_figures(joint: Run, divided: Divided, seed: int) -> UnitFigures:
    """Measure the units by the rest of the run."""
    units, rest = divided.units, divided.rest
    reference = joint.replace(tokens=rest, text=None)
    rows = np.ascontiguousarray(np.hstack([topic_rows(reference), reference.original.unit]))
    rows[~divided.known] = 0
    weights = inverse_document_frequency(rest)
    old, vectors_of_units = (document_vectors(batch, rows, weights) for batch in (rest, units))
    unknown = bounds_of(~divided.known[units.ids])
    return UnitFigures(
        np.diff(unknown[units.offsets]) / units.lengths,
        _distances(old, vectors_of_units).round(9),
        _topics(reference, old, vectors_of_units, seed),
    )


def _distances(old: Rows, documents: Rows) -> Doubles:
    """One minus the mean cosine of each document to the nearest of the run, (N,)."""
    with_words = old[filled_rows(old)]
    nowhere = np.full(len(documents), -1)  # no document is among those of the run
    _, cosines = nearest_rows(documents, with_words, nowhere, min(NEAREST, len(with_words)))
    distances: Doubles = 1 - cosines.mean(axis=1, dtype=np.float64)
    return distances


def _topics(reference: Run, old: Rows, documents: Rows, seed: int) -> Ints:
    """The topic of the run's other documents that is nearest to each document, (N,), -1 for none."""
    try:
        of_rest = cluster_documents(reference, Clustering(seed=seed)).of_documents
    except InputError:  # too few terms
        return np.full(len(documents), -1)
    centres = np.stack([old[of_rest == number].sum(axis=0) for number in range(of_rest.max() + 1)])
    return nearest(documents, unit_rows(centres), np.zeros(old.shape[1], np.float32))


def _division_statistics(figures: UnitFigures, divided: Divided, permutations: int, seed: int) -> Doubles:
    """The statistics of `TESTS` in the true division, then in random ones, (1 + permutations, 4)."""
    units, number = divided.units, divided.units.documents
    unknown, distance, of_topic = figures
    columns = np.stack([_tail(unknown), _tail(distance)], axis=1)
    shares = (of_topic[:, None] == np.arange(of_topic.max(initial=-1) + 1)).astype(np.float64)
    frequency = document_frequencies(units)
    tested = with_letters(units.types) & (frequency >= _FEWEST) & (frequency < number)
    text, occurs = units.with_types(tested), frequency[tested].astype(np.float64)
    owner = np.repeat(np.arange(number), text.lengths)
    owner, words = np.divmod(np.unique(owner * len(occurs) + text.ids), len(occurs))
    offsets = np.searchsorted(owner, np.arange(number + 1))

    def statistics(sides: Mask) -> Doubles:
        with_words = word_statistic(words, offsets, occurs, sides)
        chosen = sides.astype(np.float64)
        z2 = _squared_z(chosen @ shares, shares.sum(axis=0), sides)
        return np.column_stack([chosen @ columns, with_words, z2.sum(axis=1)])

    with one_core():
        divisions = _divisions(divided.new, permutations, seed)
        values: Doubles = np.concatenate(list(in_order(divisions, statistics))).round(6)
    return values


def joint_p(values: Doubles) -> tuple[float, list[float]]:
    """p of some tests together, and p of each, from their `_division_statistics`, (1 + permutations, tests).

    >>> joint_p(np.array([[9.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0]]))
    (0.25, [0.25, 1.0])
    """
    ranks = [(len(of) - np.searchsorted(np.sort(of), of)) / len(of) for of in values.T]
    least = np.min(ranks, axis=0)
    spread = np.maximum(values.std(axis=0), 1e-12)
    furthest = ((values - values.mean(axis=0)) / spread).max(axis=1)  # orders divisions of equal least p
    as_far = (least < least[0]) | ((least == least[0]) & (furthest >= furthest[0]))
    return float(np.mean(as_far)), [float(rank[0]) for rank in ranks]


def _divisions(new: Mask, permutations: int, seed: int) -> Iterator[Mask]:
    """The true division of the units, then random divisions of the same sizes, in blocks (b, N)."""
    rng = np.random.default_rng(seed)
    yield new[None]
    for start in range(0, permutations, _BLOCK):
        yield rng.permuted(np.tile(new, (min(_BLOCK, permutations - start), 1)), axis=1)


def _tail(values: Doubles) -> Doubles:
    """log(u)² of every value, where u is the share of values that are as large or larger."""
    below = np.searchsorted(np.sort(values), values)
    return np.log(1 - below / len(values)) ** 2


def _squared_z(taken: Doubles, occurs: Doubles, sides: Mask) -> Doubles:
    """Squared deviations of (b, K) numbers of new units from chance, in hypergeometric variances."""
    total = sides.shape[1]
    share = sides[0].sum() / total
    variance = occurs * (1 - occurs / total) * share * (1 - share) * total / max(total - 1, 1)
    return np.where(variance > 0, (taken - occurs * share) ** 2 / np.maximum(variance, 1e-12), 0)
