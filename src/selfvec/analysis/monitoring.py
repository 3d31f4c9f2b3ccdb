"""`monitor`: whether new text differs from the text of a run, and how.

A run knows every word of its own text, so new text always has more unknown words. Therefore some of the run's
documents are held out: for the test, the run knows only the words of the rest of its text. Documents are the
units. A document that differs from another only in its numbers is left out. If the new documents contain
those of the run, these are left out as well.

Four tests look for four kinds of change:

    unknown    documents with more unknown words
    distance   documents far from those of the run (one minus the mean cosine of the ten nearest)
    words      words that occur in more, or fewer, documents: the sum of z⁴ over words
    topics     topics with more, or fewer, documents: the sum of z²

In the first two tests a document weighs log(u)², where u is the share of all documents that are as far or
farther, so that a few strange documents are found among many ordinary ones. The documents are repeatedly
divided at random into as many new and old ones. Each test's p is the share of divisions with at least its
value. The smallest p of the four is compared with the smallest p in every division (Westfall and Young,
1993), so the joint p keeps its level. Divisions with an equal smallest p are ordered by their largest
deviation.

Vectors, document frequencies and topics are computed only from the rest of the run, not from the documents
that are compared. Otherwise they would fit the old documents better than the new ones.

How the documents differ is what `keyness` finds between the two sides, whether or not there is an alarm.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Annotated, Unpack

import numpy as np
import polars as pl

from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Doubles, Hashes, Ints, Mask, Rows
from selfvec.base.declarations import Bounds, Count, Natural, checked
from selfvec.base.errors import CorpusError, InputError, OptionError
from selfvec.base.finding import Finding
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import in_order, one_core, threads
from selfvec.base.view import PROBABILITY, Column, Part, Table
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
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import LEVEL
from selfvec.refinement.derived_vectors import topic_vectors
from selfvec.refinement.live import tokens_of
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.text_file import text_of
from selfvec.text.document_vectors import (
    document_frequencies,
    document_vectors,
    inverse_document_frequency,
    word_documents,
)

from .concepts.corpus_topics import topics
from .concepts.topic_clusters import nearest
from .kernels import word_statistic
from .keyness import keyness, keyness_columns
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
    progress: Progress | None = None,
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
    progress : Progress, optional
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
    progress = as_progress(progress)
    run = as_run(run)
    settings = run.settings
    corpus = as_corpus(documents, "documents", like=run.provenance.corpus, **fields)
    rows, total = _read_sample(corpus, settings, sample, seed, progress)
    new = tokens_of([Documents(rows[TEXT])], run)
    if not len(new):
        raise InputError("no words of the new documents remain", remedy="give documents with words")
    known = np.array([word in run.vectors for word in new.types], bool)
    figures: Json = {
        "alarm": False,
        "p": None,
        "level": level,
        "unknown_share": float(1 - known[new.ids].mean()),
    }
    figures |= {"unknown_expected": None, "documents": total, "compared": 0, "held_out": 0, "left_out": {}}
    figures |= {"note": "", "tests": [], "rows": []}
    own = run.tokens if settings.min_count == 1 else None  # all words, rare ones included
    if run.text is not None:
        own = tokens_of(map(Documents, run.text.batches((TEXT,))), run)
    if own is None:
        counts = run.vectors.counts
        if counts is not None and settings.min_count == 1:  # the Good-Turing estimate: words that occur once
            figures["unknown_expected"] = float(np.sum(counts == 1) / max(int(counts.sum()), 1))
        return _shown(figures | {"note": _UNTESTED})
    compared = _chosen_documents(own, new, settings.min_count, seed)
    tested, findings = _tested(level, run, rows, compared, top, permutations, seed, progress)
    return _shown(figures | tested, findings)


def _shown(figures: Json, findings: Sequence[Finding] = ()) -> Answer:
    """The verdict, the findings, which documents were compared, the tests, the words."""
    expected = figures["unknown_expected"]
    like = "" if expected is None else f" ({expected:.1%} would be usual)"
    words = f"{figures['unknown_share']:.1%} of the words are unknown{like}"
    if figures["p"] is None:
        verdict = f"nothing was compared, so there is no alarm and no p; {words}"
    else:
        alarm = "ALARM" if figures["alarm"] else "no alarm"
        verdict = f"{alarm}, p = {figures['p']:.2g} (level {figures['level']:g}); {words}"
    parts: list[Part] = []
    if figures["held_out"]:
        left = "".join(f"; {number:,} {reason}" for reason, number in figures["left_out"].items() if number)
        new = f"{figures['compared']:,} of {figures['documents']:,} new documents"
        parts.append(f"{new} compared with {figures['held_out']:,} of the run{left}")
    parts += [figures["note"]] * bool(figures["note"])
    for columns, key, title in (
        ((Column("test"), Column("p", form=PROBABILITY)), "tests", "Tests"),
        (keyness_columns(*SIDES), "rows", "Words beyond chance"),
    ):
        parts += [Table(columns, figures[key], title, least=len(TESTS))] * bool(figures[key])
    return Answer(
        f"Monitoring: {verdict}",
        {**figures, "verdict": verdict},
        columns=keyness_columns(*SIDES),
        lead=[[(verdict, "bad" if figures["alarm"] else "strong")]],
        findings=findings,
        parts=parts,
    )


def _tested(
    level: float,
    run: Run,
    rows: pl.DataFrame,  # the new documents
    compared: ComparedDocuments,
    top: int,
    permutations: int,
    seed: int,
    progress: Progress,
) -> tuple[Json, list[Finding]]:
    """The p of the documents, and how they differ."""
    new = int(compared.new.sum())
    held_out = int(np.sum(~compared.new))
    figures: Json = {"unknown_expected": compared.expected, "compared": new, "held_out": held_out}
    figures |= {"left_out": compared.left_out}
    if not new:
        return {**figures, "note": "the run already has all of these documents"}, []
    if comb(new + held_out, new) < 1 / level:
        few = f"{new} new documents and {held_out} of the run are too few"
        rule = f"{few} for an alarm at level {level:g}"
        raise InputError(rule, remedy="give more documents, or raise --level")
    with progress.stage("Comparing", None, "documents"):
        of_documents = _document_figures(run, compared, seed)
    with progress.stage("Testing", None, "divisions"):
        p, each = joint_p(_division_statistics(of_documents, compared, permutations, seed))
    tests = [{"test": name, "p": value} for name, value in zip(TESTS, each, strict=True)]
    with progress.stage("Words", None, "documents"):
        old = np.arange(compared.both.documents) < len(compared.own_places)
        sides = [Slice(*side) for side in zip(SIDES, (old, ~old), strict=True)]
        found = keyness(_joint_run(run, rows, compared), sides, sort="q", mix="equal")
    words = [row for row in found.rows if row["q"] <= LEVEL][:top]
    return {**figures, "alarm": p <= level, "p": p, "tests": tests, "rows": words}, [
        _as_sentence(finding) for finding in found.findings
    ]


def _as_sentence(finding: Finding) -> Finding:
    """A finding that begins with a capital, without a remedy, which would be an option of other commands."""
    says = finding.says
    says = says[:1].upper() + says[1:] if says.startswith(SIDES) else says
    return replace(finding, says=says, remedy=None)


def _joint_run(run: Run, rows: pl.DataFrame, compared: ComparedDocuments) -> Run:
    """Documents of a run and new ones as a run, with the fields that both have."""
    tokens, text = compared.both, None
    if run.text is not None:
        own = run.text.named(run.text.columns, compared.own_places.tolist())
        names = [name for name in own.columns if name in rows]
        text = text_of(pl.concat([own[names], rows[compared.places][names]]), {})
        tokens = replace(tokens, dates=text.days)
    matrix, sources = run.original.lookup(tokens.types, compose=False)
    vectors = Vectors(tokens.types, matrix, sources=sources, counts=tokens.counts)
    return Run(vectors, vectors, provenance=run.provenance, tokens=tokens, text=text)


# ---- The documents that are compared


# Whatever is known of a held-out document is taken from the rest, so at most half of all are held out.
HELD_OUT = 5000  # documents of the run that new ones are compared with, at most
REST = 10_000  # documents of the run that both are measured by, at most
REDELIVERED = 0.1  # new documents that repeat the run more often than its own by this share contain the run


@dataclass(frozen=True)
class ComparedDocuments:
    """What is compared of a run and of new documents, over the V words of both."""

    pool: TokenBatch  # N documents that are tested: held out of the run, then new ones
    new: Mask  # (N,)
    both: TokenBatch  # documents of the run, then new ones, between which differences are looked for
    own_places: Ints  # of the former among those of the run
    places: Ints  # of the latter among those that were read
    rest: TokenBatch  # a sample of the run's other documents
    known: Mask  # (V,), words that the run would know without the held-out documents
    expected: float  # share of unknown words in a document held out of the run
    left_out: dict[str, int]  # new documents by reason


def _read_sample(
    corpus: Corpus, settings: Settings, most: int, seed: int, progress: Progress
) -> tuple[pl.DataFrame, int]:
    """At most ``most`` documents of a corpus, drawn at random in one reading, and the number of all."""
    if corpus.tokenized and settings.tokenizer != "whitespace":
        rule = f"its documents are tokens already: the tokeniser {settings.tokenizer} would split them again"
        raise CorpusError(rule, path=corpus.name, remedy="give texts")
    rng = np.random.default_rng(seed)
    keys, rows, total = np.zeros(0), pl.DataFrame(), 0
    with progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        for batch in corpus.batches(advance):
            ids = column_or_nulls(batch.rows, ID)
            named = batch.rows.with_columns(ids.fill_null(numbered(ids, total, ())))
            keys = np.append(keys, rng.random(len(named)))
            chosen = np.sort(np.argsort(keys)[:most])
            keys, rows = keys[chosen], pl.concat([rows, named], how="diagonal")[chosen]
            total += len(named)
    return rows, total


def _chosen_documents(
    own: TokenBatch,  # the run's documents
    new: TokenBatch,
    least: int,  # occurrences of a word that the run knows
    seed: int,
) -> ComparedDocuments:
    """Hold out documents of the run, and choose the documents that are compared."""
    rng = np.random.default_rng(seed)
    _, new = over_one_vocabulary([own, new])
    full = np.flatnonzero(own.lengths)
    order = rng.permutation(full)
    held_out = min(HELD_OUT, len(full) // 2)
    if held_out < 1:
        raise InputError("the run has fewer than two documents, too few to compare new ones with")
    held = np.sort(order[:held_out])
    held_text = own.part(held)
    rest = own.part(np.sort(order[held_out : held_out + REST]))
    counts = np.zeros(len(new.types), np.int64)  # without the held-out documents
    counts[: len(own.types)] = own.counts - held_text.counts
    pool = concatenated([replace(held_text, types=new.types), new])
    is_new = np.arange(pool.documents) >= held_out
    keys, new_keys = document_keys(own), document_keys(new)
    pool_keys = np.concatenate([keys[held], new_keys])
    tried = np.flatnonzero(pool.lengths)
    repeats = _repeats(pool_keys, is_new, tried, keys[order[held_out:]], keys)
    fresh = rng.permutation(tried[~repeats[tried]])  # one of several equal documents is drawn
    once = fresh[np.unique(pool_keys[fresh], return_index=True)[1]]
    chosen = np.isin(np.arange(pool.documents), once)
    own_places, places = np.sort(order[: HELD_OUT + REST]), tried[is_new[tried]] - held_out
    if repeats.any():  # what recurs is in the run, but no longer among the new documents
        own_places, places = held[chosen[:held_out]], np.flatnonzero(chosen[held_out:])
    # Tokens of held-out documents whose word the run would not know without their document.
    _, times, bounds = word_documents(held_text.ids, held_text.offsets, len(own.counts))
    unknown = np.repeat(own.counts, np.diff(bounds)) - times < least
    left_out = {
        "without words": int(np.sum(new.lengths == 0)),
        "in the run already": int(is_new[tried].sum() - is_new[fresh].sum()),
        "repeated": int(is_new[fresh].sum() - np.sum(chosen & is_new)),
    }
    return ComparedDocuments(
        pool=pool.part(chosen),
        new=is_new[chosen],
        both=concatenated([replace(own.part(own_places), types=new.types), new.part(places)]),
        own_places=own_places,
        places=places,
        rest=TokenBatch(rest.ids, rest.offsets, new.types),
        known=counts >= least,
        expected=float(times[unknown].sum() / max(len(held_text), 1)),
        left_out=left_out,
    )


def _repeats(pool: Hashes, is_new: Mask, tried: Ints, others: Hashes, own: Hashes) -> Mask:
    """Which documents of a pool are left out, since they repeat the run; none if all repeat it as often.

    A run repeats itself: some of its held-out documents have the words of ``others``, which are left in it.
    If new ones do so much more often, the run was delivered again with them. Then those with the words of
    any of the run's ``own`` documents are left out, too.
    """
    repeats: Mask = np.isin(pool, others)
    of_new, of_held_out = repeats[tried][is_new[tried]], repeats[tried][~is_new[tried]]
    if of_new.mean() <= of_held_out.mean() + REDELIVERED:
        return np.zeros(len(pool), bool)
    return repeats | (is_new & np.isin(pool, own))


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


# ---- The measures of the documents, and p


TESTS = ("unknown", "distance", "words", "topics")
NEAREST = 10  # documents of the run
_FEWEST = 2  # documents with a word that is tested
_BLOCK = 64  # divisions at a time


@dataclass(frozen=True)
class DocumentFigures:
    """Figures of the N documents that are compared."""

    unknown: Doubles  # (N,), share of words that the run does not know
    distance: Doubles  # (N,), from the run's other documents
    of_topic: Ints  # (N,), the topic of the run's other documents; -1 for none
    tested: Mask  # (V,), words with a letter that some documents have
    documents: Ints  # (V,), number of documents with each word


def _document_figures(run: Run, compared: ComparedDocuments, seed: int) -> DocumentFigures:
    """Measure the documents by the rest of the run."""
    pool, rest = compared.pool, compared.rest
    named = np.array([word in run.vectors for word in rest.types], bool)
    learned = named & compared.known & (np.bincount(rest.ids, minlength=len(named)) > 0)
    text = rest.with_types(learned)
    # The run on this part of its text, with its original vectors.
    words = [run.vectors.key_to_index[word] for word in text.types]
    own, sources = run.original, run.original.sources[words]
    vectors = Vectors(text.types, own.unit[words], sources=sources, counts=text.counts, normalized=True)
    reference = Run(vectors, vectors, provenance=run.provenance, tokens=text)
    topical = topic_vectors(reference)
    assert topical is not None
    rows = np.ascontiguousarray(np.hstack([topical.unit, reference.original.unit]))
    weights = inverse_document_frequency(text)
    old = document_vectors(text, rows, weights)
    documents = document_vectors(pool.with_types(learned), rows, weights)
    occurs = document_frequencies(pool)
    unknown = bounds_of(~compared.known[pool.ids])
    return DocumentFigures(
        unknown=np.diff(unknown[pool.offsets]) / pool.lengths,
        distance=_distances(old, documents).round(9),
        of_topic=_topics(reference, old, documents, seed),
        tested=with_letters(pool.types) & (occurs >= _FEWEST) & (occurs < pool.documents),
        documents=occurs,
    )


def _distances(old: Rows, documents: Rows) -> Doubles:
    """One minus the mean cosine of each document to the nearest of the run, (N,)."""
    with_words = old[old.any(axis=1)]
    nowhere = np.full(len(documents), -1)  # no document is among those of the run
    _, cosines = nearest_rows(documents, with_words, nowhere, min(NEAREST, len(with_words)))
    distances: Doubles = 1 - cosines.mean(axis=1, dtype=np.float64)
    return distances


def _topics(reference: Run, old: Rows, documents: Rows, seed: int) -> Ints:
    """The topic of the run's other documents that is nearest to each document, (N,), -1 for none."""
    try:
        of_rest = topics(reference, seed=seed)
    except InputError:  # too few terms
        return np.full(len(documents), -1)
    centres = np.stack([old[of_rest.of_documents == k].sum(axis=0) for k in range(len(of_rest))])
    return nearest(documents, unit_rows(centres), np.zeros(old.shape[1], np.float32))


def _division_statistics(
    figures: DocumentFigures, compared: ComparedDocuments, permutations: int, seed: int
) -> Doubles:
    """The statistics of `TESTS` in the true division, then in random ones, (1 + permutations, 4)."""
    pool = compared.pool
    columns = np.stack([_tail(figures.unknown), _tail(figures.distance)], axis=1)
    kinds = figures.of_topic.max(initial=-1) + 1
    shares = (figures.of_topic[:, None] == np.arange(kinds)).astype(np.float64)
    text = pool.with_types(figures.tested)
    occurs = figures.documents[figures.tested].astype(np.float64)
    owner = np.repeat(np.arange(pool.documents), text.lengths)
    owner, words = np.divmod(np.unique(owner * len(occurs) + text.ids), len(occurs))
    offsets = np.searchsorted(owner, np.arange(pool.documents + 1))

    def statistics(sides: Mask) -> Doubles:
        with_words = word_statistic(words, offsets, occurs, sides)
        chosen = sides.astype(np.float64)
        z2 = _squared_z(chosen @ shares, shares.sum(axis=0), sides)
        return np.column_stack([chosen @ columns, with_words, z2.sum(axis=1)])

    with one_core():
        divisions = _divisions(compared.new, permutations, seed)
        values: Doubles = np.concatenate(list(in_order(divisions, statistics, threads(None)))).round(6)
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
    """The true division of the documents, then random divisions of the same sizes, in blocks (b, N)."""
    rng = np.random.default_rng(seed)
    yield new[None]
    for start in range(0, permutations, _BLOCK):
        yield rng.permuted(np.tile(new, (min(_BLOCK, permutations - start), 1)), axis=1)


def _tail(values: Doubles) -> Doubles:
    """log(u)² of every value, where u is the share of values that are as large or larger."""
    below = np.searchsorted(np.sort(values), values)
    return np.log(1 - below / len(values)) ** 2


def _squared_z(taken: Doubles, occurs: Doubles, sides: Mask) -> Doubles:
    """Squared deviations of (b, K) numbers of new documents from chance, in hypergeometric variances."""
    total = sides.shape[1]
    share = sides[0].sum() / total
    variance = occurs * (1 - occurs / total) * share * (1 - share) * total / max(total - 1, 1)
    return np.where(variance > 0, (taken - occurs * share) ** 2 / np.maximum(variance, 1e-12), 0)
