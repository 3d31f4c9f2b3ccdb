"""`monitor`: whether new text differs from the text of a run, and the rows that show it.

New documents are compared with held-out documents of the run (`monitoring_evidence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from math import comb
from typing import Unpack

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints, Mask
from selfvec.base.declarations import checked
from selfvec.base.display import printable, whole_words
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import Json, ResultTable, short_repr
from selfvec.base.view import NUMBER, PROBABILITY, PROSE, Column, Form, Part, Table, View, figure, share
from selfvec.corpus import as_corpus
from selfvec.corpus.conversion import Texts
from selfvec.corpus.fields import FieldOptions
from selfvec.data.run import Run
from selfvec.data.run_text import TEXT
from selfvec.data.vectors import Source
from selfvec.numerics.statistics import LEVEL, benjamini_hochberg, cross_counts, hypergeometric_p, tail_p
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import document_frequencies

from .comparison.finding import WRITTEN, Finding, told
from .comparison.samples import Sample
from .comparison.written import new_text
from .monitoring_evidence import (
    TESTS,
    ComparedDocuments,
    DocumentFigures,
    chosen_documents,
    division_statistics,
    document_figures,
    encoded,
    joint_p,
    own_text,
    read_sample,
)

KINDS = ("topic", "word", "document")  # of rows, in their order
SNIPPET = 240  # characters
MOST = 1000  # rows of documents
_NEAREST = 5  # words shown without an alarm
_SPLITS = 1000  # of the documents at random, or more where the level asks for a smaller p
_NAMED = 3  # topics, words and documents in a sentence
_TIMES = Form("times", lambda change: f"× {2**change:.2g}", is_figure=True)
_DIFFERENCE = Form("signed", lambda change: f"{change:+.2f}", is_figure=True, digits=2)
_TITLES = {
    "topic": "Topics that grew or shrank",
    "word": "Words of more or fewer documents",
    "document": "New documents furthest from the run",
}
_TEST_NAMES = {
    "unknown": "unknown words",
    "distance": "distance from the run's documents",
    "words": "words in more or fewer documents",
    "topics": "topics of more or fewer documents",
}


@dataclass(frozen=True, repr=False)
class Monitoring(ResultTable):
    """Result of `monitor`: new documents compared with a run.

    Attributes
    ----------
    alarm : bool
        Whether ``p`` is at most ``level``.
    p : float or None
        Share of random divisions of the documents in which new and old ones differ as much; None if not
        tested, for the reason in ``note``.
    unknown_share : float
        Share of the words of all new documents that the run does not know; the test of unknown words compares
        the mean share of documents, some of them held out of the run.
    unknown_expected : float or None
        The same for documents like those of the run.
    findings : list of Finding
        If there is an alarm: how the new text is written otherwise than the run's, as of `drift`, and what it
        has more and less of.
    tests : list of dict
        ``test``, the mean of ``old`` and of ``new`` documents, and ``p``, for each of four tests.
    rows : list of dict
        Topics, words and documents that show the change, each kind ordered by p: ``kind``, ``name``, ``old``
        and ``new``, ``change``, ``p``, ``q``, ``text``.
    """

    alarm: bool
    p: float | None
    level: float
    unknown_share: float
    unknown_expected: float | None
    documents: int  # all new documents
    compared: int = 0  # new documents that were compared
    held_out: int = 0  # held-out documents of the run
    left_out: dict[str, int] = field(default_factory=dict)
    note: str = ""
    findings: list[Finding] = field(default_factory=list)
    tests: list[Json] = field(default_factory=list)
    rows: list[Json] = field(default_factory=list)

    def __repr__(self) -> str:
        names = [f"{row['kind']} {row['name']}" for row in self.rows if row["kind"] != "document"]
        return short_repr(f"Monitoring: {self.verdict}", names, self.note)

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        if self.p is None:
            expected = self.unknown_expected
            like = "" if expected is None else f" ({expected:.1%} would be usual)"
            words = f"{self.unknown_share:.1%} of the words are unknown{like}"
            return f"nothing was compared, so there is no alarm and no p; {words}"
        means = next(row for row in self.tests if row["test"] == "unknown")  # as the table shows them
        words = f"{means['new']:.1%} unknown words, {means['old']:.1%} in the run's documents"
        return f"{'ALARM' if self.alarm else 'no alarm'}, p = {self.p:.2g} (level {self.level:g}); {words}"

    def view(self, top: int | None = None) -> View:
        """The verdict, how the new text is written, which documents were compared, the tests, the rows."""
        parts: list[Part] = [[(self.verdict, "bad" if self.alarm else "strong")]]
        parts += [
            sentence[:1].upper() + sentence[1:]
            for sentence in told(finding for finding in self.findings if finding.kind in WRITTEN)
        ]
        parts += self._compared()
        if self.tests:
            parts.append(_tests_table(self.tests))
        if self.alarm:
            kinds = {kind: [row for row in self.rows if row["kind"] == kind][:top] for kind in KINDS}
            parts += [Table(_columns(kind), rows, _TITLES[kind]) for kind, rows in kinds.items() if rows]
        elif near := [row for row in self.rows if row["kind"] == "word" and row["q"] < 1][:_NEAREST]:
            title = "No alarm. Words closest to an alarm; chance alone also gives some:"
            parts.append(Table(_columns("word"), near, title))
        return View("Monitoring", parts, records=self.rows)

    def _compared(self) -> list[str]:
        """Which documents were compared, or why none were."""
        lines = []
        if self.held_out:
            left = "".join(f"; {number:,} {reason}" for reason, number in self.left_out.items() if number)
            sizes = f"{self.compared:,} of {self.documents:,} new documents", f"{self.held_out:,} of the run"
            lines.append(f"{' compared with '.join(sizes)}{left}")
        return [*lines, self.note] if self.note else lines

    def as_dict(self) -> Json:
        """As ``selfvec monitor --json`` prints it."""
        return asdict(self) | {"findings": [finding.as_dict() for finding in self.findings]}


def _tests_table(tests: list[Json]) -> Table:
    """The means of the old and the new documents, and p. The mean of unknown words is a share."""
    rows = [
        {"test": _TEST_NAMES[row["test"]], "p": row["p"]}
        | {side: (share(1) if row["test"] == "unknown" else figure(3))(row[side]) for side in ("old", "new")}
        for row in tests
    ]
    means = (Column("old", form=NUMBER), Column("new", form=NUMBER))
    name = Column("test", "mean of documents", PROSE, width=34)
    return Table((name, *means, Column("p", form=PROBABILITY)), rows, "Tests")


def _columns(kind: str) -> tuple[Column, ...]:
    """What is shown of a topic or word, with its shares of the documents, or a document with its distance."""
    size, change = (figure(2), _DIFFERENCE) if kind == "document" else (share(1), _TIMES)
    text = {"topic": "terms", "document": "text"}.get(kind)
    return (
        Column("name", kind, PROSE, width=34),
        Column("old", form=size),
        Column("new", form=size),
        Column("change", form=change),
        Column("q", form=PROBABILITY),
        *([Column("text", text, PROSE, width=30)] if text else []),
    )


@checked
def monitor(
    run: GivenRun,
    documents: Texts,
    *,
    level: float = 0.01,
    top: int = 20,
    sample: int = 10_000,
    permutations: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    **fields: Unpack[FieldOptions],
) -> Monitoring:
    """Test whether new text differs from the text of a run.

    Parameters
    ----------
    run : Run or path
    documents : path, paths, texts, data frame or `Corpus`
        Files or folders of new text. Also the documents themselves.
    level : float, above 0, below 1
        Raise the alarm if p is at most this. It is also the share of false alarms.
    top : int, at least 1
        Topics, words and documents shown.
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
    Monitoring

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
    fields["keep_fields"] = False
    corpus = as_corpus(documents, "documents", like=run.provenance.corpus, **fields)
    frame, total = read_sample(corpus, settings, sample, seed, progress)
    new = encoded(frame["text"], run, settings)
    if not len(new):
        raise InputError("no words of the new documents remain", remedy="give documents with words")
    known = np.array([word in run.vectors for word in new.types], bool)
    found = Monitoring(False, None, level, float(1 - known[new.ids].mean()), None, total)
    own = own_text(run, settings)
    if own is None:
        return _untested(found, run, settings.min_count)
    compared = chosen_documents(own, new, settings.min_count, seed)
    return _tested(found, run, frame, compared, top, permutations, seed, progress)


def _untested(result: Monitoring, run: Run, least: int) -> Monitoring:
    """The result without a test, because the run's documents are not available."""
    expected = None
    counts = run.vectors.counts
    if counts is not None and least == 1:  # the Good-Turing estimate: words that occur once
        expected = float(np.sum(counts == 1) / max(int(counts.sum()), 1))
    note = (
        "the run has not kept all words of its documents, and their files are missing or changed, so new "
        "documents cannot be compared with them: only unknown words are counted, without an alarm"
    )
    return replace(result, unknown_expected=expected, note=note)


def _tested(
    result: Monitoring,
    run: Run,
    frame: pl.DataFrame,
    compared: ComparedDocuments,
    top: int,
    permutations: int,
    seed: int,
    progress: Progress,
) -> Monitoring:
    """The p of the documents, and the rows that show what changed."""
    new = int(compared.new.sum())
    held_out = int(np.sum(~compared.new))
    result = replace(
        result,
        unknown_expected=compared.expected,
        compared=new,
        held_out=held_out,
        left_out=compared.left_out,
    )
    if not new:
        return replace(result, note="the run already has all of these documents")
    if comb(new + held_out, new) < 1 / result.level:
        few = f"{new} new documents and {held_out} of the run are too few"
        rule = f"{few} for an alarm at level {result.level:g}"
        raise InputError(rule, remedy="give more documents, or raise --level")
    with progress.stage("Comparing", None, "documents"):
        figures = document_figures(run, compared, seed)
    with progress.stage("Testing", None, "divisions"):
        p, each = joint_p(division_statistics(figures, compared, permutations, seed))
    tests = [_test_row(name, value, figures, compared) for name, value in zip(TESTS, each, strict=True)]
    kinds = [
        _topic_rows(figures, compared),
        _word_rows(run, figures, compared),
        _document_rows(figures, compared, frame),
    ]
    rows = [row for kind in kinds for row in kind[:top] if row["p"] <= LEVEL]
    alarm = p <= result.level
    writing = _writing(run, frame, compared) if alarm else []
    found = [*writing, *_answers(rows, p, alarm=alarm)]
    return replace(result, alarm=alarm, p=p, findings=found, tests=tests, rows=rows)


def _answers(rows: Sequence[Json], p: float, *, alarm: bool) -> list[Finding]:
    """What changed, or that nothing did."""
    if not alarm:
        return [Finding("none", "The new documents differ from those of the run no more than chance.", p=p)]
    said = []
    for kind, noun in (("topic", "Topics"), ("word", "Words")):
        for more, what in ((True, "more"), (False, "fewer")):
            sure = [row for row in rows if row["kind"] == kind and row["q"] <= LEVEL]
            mine = [row for row in sure if (row["change"] > 0) == more]
            if mine:
                named = "; ".join(
                    f"{row['name']} {row['old']:.1%} → {row['new']:.1%}" for row in mine[:_NAMED]
                )
                told = printable(f"{noun} of {what} documents: {named}.")
                words = tuple(row["name"] for row in mine)
                finding = Finding("subject" if kind == "topic" else "word", told, q=mine[0]["q"], words=words)
                said.append(finding)
    far = tuple(row["name"] for row in rows if row["kind"] == "document" and row["q"] <= LEVEL)
    if far:
        told = printable(f"Unlike the documents of the run: {', '.join(far[:_NAMED])}.")
        said.append(Finding("document", told, documents=far))
    return said or [Finding("size", "No topic or word alone explains the alarm.", p=p)]


def _writing(run: Run, frame: pl.DataFrame, compared: ComparedDocuments) -> list[Finding]:
    """How new documents are written otherwise than those of the run."""
    own = None if run.text is None else run.text.read((TEXT,), compared.own_places.tolist())
    texts = own, frame[compared.places].select(TEXT)
    parts = (compared.pool.part(of) for of in _sides(compared))
    old, new = (
        Sample(part, text, np.arange(part.documents)) for part, text in zip(parts, texts, strict=True)
    )
    rows = np.array([run.original.get_index(word, -1) for word in new.tokens.types], np.int64)
    return new_text(old, new, (rows >= 0) & (run.original.sources[rows] == Source.KNOWN))


def _test_row(name: str, p: float, figures: DocumentFigures, compared: ComparedDocuments) -> Json:
    """A test with the means of old and new documents, which only tests of documents have."""
    means: dict[str, float | None] = {"old": None, "new": None}
    values = {"unknown": figures.unknown, "distance": figures.distance}.get(name)
    if values is not None:
        means = {"old": float(values[~compared.new].mean()), "new": float(values[compared.new].mean())}
    return {"test": name, **means, "p": p}


def _topic_rows(figures: DocumentFigures, compared: ComparedDocuments) -> list[Json]:
    """Topics of the run, ordered by the p of a change of their share."""
    if figures.topics is None:
        return []
    old, new = cross_counts(figures.of_topic, compared.new, (len(figures.topics), 2)).T
    rows = _share_rows("topic", [topic.name for topic in figures.topics.topics], old, new, compared)
    terms = {topic.name: ", ".join(term for term, _ in topic.terms) for topic in figures.topics.topics}
    return [row | {"text": terms[row["name"]]} for row in rows]


def _word_rows(run: Run, figures: DocumentFigures, compared: ComparedDocuments) -> list[Json]:
    """Words, ordered by the p of a change of their number of documents."""
    pool = compared.pool
    words = np.flatnonzero(figures.tested)
    new = document_frequencies(pool.part(compared.new))[words]
    names = [pool.types[i] for i in words.tolist()]
    rows = _share_rows("word", names, figures.documents[words] - new, new, compared)
    return [row | {"text": "" if row["name"] in run.vectors else "unknown to the run"} for row in rows]


def _share_rows(kind: str, names: list[str], old: Ints, new: Ints, compared: ComparedDocuments) -> list[Json]:
    """Rows of the shares of old and new documents, ordered by p."""
    before, after = (int(of.sum()) for of in _sides(compared))
    p = np.maximum(hypergeometric_p(new, old + new, after, before + after), 1e-300)
    change = np.log2((new + 0.5) / (after + 1) * (before + 1) / (old + 0.5))
    figures = {"old": old / before, "new": new / after, "change": change, "p": p, "q": benjamini_hochberg(p)}
    return [
        {"kind": kind, "name": names[i]} | {name: float(values[i]) for name, values in figures.items()}
        for i in np.lexsort((-np.abs(change), p)).tolist()
    ]


def _document_rows(figures: DocumentFigures, compared: ComparedDocuments, frame: pl.DataFrame) -> list[Json]:
    """The new documents farthest from the run; p is the share of old documents as far."""
    old, new = (figures.distance[of] for of in _sides(compared))
    p = tail_p(new, old)
    q = benjamini_hochberg(p)
    usual = float(np.median(old))
    rows = []
    for i in np.argsort(-new, kind="stable")[:MOST].tolist():
        document = frame.row(int(compared.places[i]), named=True)
        shown = whole_words(" ".join(document["text"][: 4 * SNIPPET].split()), SNIPPET)
        rows.append(
            {"kind": "document", "name": document["name"], "old": usual, "new": float(new[i])}
            | {"change": float(new[i]) - usual, "p": float(p[i]), "q": float(q[i]), "text": shown}
        )
    return rows


def _sides(compared: ComparedDocuments) -> tuple[Mask, Mask]:
    return ~compared.new, compared.new
