"""`Drift`: the words between two states, which of them are listed and in which order, and what is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from selfvec.analysis.comparison.chosen_slices import LEAST
from selfvec.analysis.comparison.comparison import Comparison, in_order, told
from selfvec.analysis.usage.examples import Example
from selfvec.analysis.word_kinds import WordTable
from selfvec.base.answer import Answer, Json, short_repr, why_unknown
from selfvec.base.display import count_of, enumerated, escape_for_display, printable
from selfvec.base.errors import InputError
from selfvec.base.finding import Finding
from selfvec.base.view import (
    COUNT,
    PROBABILITY,
    Column,
    Entry,
    Form,
    Part,
    Pieces,
    Row,
    Table,
    View,
    ends,
    escaped,
    figure,
    share,
    spoken,
)
from selfvec.corpus.slices import Slice
from selfvec.data.run import AnyRun
from selfvec.numerics.statistics import LEVEL, benjamini_hochberg
from selfvec.text.document_vectors import documents_of_words

from .differing import NAMED, SURE
from .measures import WORD, Measures
from .sentences import kept_examples

_NEIGHBOURS = 5  # shown of those gained, and of those lost
_FIRST = 3  # words named in a sentence
_BESIDE_SAID = 2  # words beside a word that came, and that went, in a sentence
_CAME = 12  # words that came, and that went
_SECTIONS = 20  # words of a page with a section each, if none has examples
_SHARES = Form("shares", lambda ends: f"{100 * ends[0]:.0f}-{ends[1]:.0%}", True)  # of an interval
_MUCH = (  # how far words differ in general, from what median of distance - chance on
    (0.25, "differ much, as the text did as a whole"),
    (0.1, "differ"),
    (0.01, "differ a little"),
    (0.0, "differ no more than by chance"),
)


@dataclass(frozen=True, eq=False, repr=False)
class Drift(Answer):
    """Words between two states, by their change, those that surely changed first.

    Attributes
    ----------
    a, b : str
        Names of the states: two slices, or "original" and "refined".
    rows : list of dict
        One dict per word, as in ``selfvec drift --json``.
    new, gone : list of dict
        Words too rare in the first slice, or the second, to be compared, that are frequent in the other.
    findings : list of Finding
        What differs between the sides, what was done about it, and what changed, in the order in which a
        reader needs them.
    tested, significant : int
        Number of words that were tested and would be listed, and of those with q ≤ 0.05.
    changed : int
        Number of words whose uses surely differ between two slices: q ≤ 0.05, and the whole interval of
        ``differing`` lies above a fifth, with ``p_contexts`` ≤ 0.01; or above 0, with ``q_contexts`` ≤ 0.01
        and p ≤ 0.05.
    beside : dict
        Words of these that occur in many documents with a word before them in order, of which more uses
        differ, and that word: they may differ only because it does.
    named : list of str
        The others of these, which are said to have changed. None where a field of a few values lies whole on
        the two sides.
    general : float
        How far apart words usually are beyond chance: the median of distance - chance. A change is what goes
        beyond that.
    only_a, only_b : int
        Words that occur often enough, but in one slice only; they have no row.
    left_out : dict
        Number of words that are not listed, by reason. Other spellings of a listed word are tested all the
        same.
    unknown : list of dict
        Named words without a row: word, reason, and their counts.
    why : str
        Why these states are compared, if nobody named them.
    filters : list of str
        What documents had to pass.
    confounded : list of dict
        Fields of the documents that go with the slices, the most uneven first.
    too_small : str
        If one side has too few words to tell which changed: a sentence with their number.
    order : str
        What the rows are sorted by.
    """

    a: str
    b: str
    rows: list[Json]
    new: list[Json]
    gone: list[Json]
    findings: list[Finding]
    _figures: Json  # all others of the JSON
    telling: Collection[str]  # words to tell more of: those that were asked for, or that surely changed
    slices: Sequence[Slice]  # that occurrences come from; none if the run has not kept its corpus
    seed: int
    state: str  # the stamp of the run that was measured; empty for one in memory
    nested: bool  # whether a field of a few values lies whole on the two, so that no word is named
    quotes: dict[str, list[Example]] = field(default_factory=dict)  # by word, see `illustrate`

    def __getitem__(self, place: int | slice | str) -> Any:
        """The row of a word, or at a place."""
        return self.select(word=place).rows[0] if isinstance(place, str) else self.rows[place]

    def __repr__(self) -> str:
        significant = sum(map(is_significant, self.rows))
        title = f"Drift from {self.a} to {self.b}: {len(self):,} words, {significant:,} with q ≤ {LEVEL}"
        return short_repr(title, [row["word"] for row in self.rows], "see .rows or .to_polars()")

    def select(self, top: int | None = None, fdr: float | None = None, word: str | None = None) -> Drift:
        """The first ``top`` rows, and new and gone words, up to a q of ``fdr``; or the row of one word.

        Raises
        ------
        KeyError
            If the word has no row.
        """
        rows, new, gone = (
            [row for row in rows if fdr is None or (row["q"] is not None and row["q"] <= fdr)][:top]
            for rows in (self.rows, self.new, self.gone)
        )
        if word is not None:
            rows = [row for row in rows if row["word"] == word]
            if not rows:
                raise KeyError(f"no row for {word!r}")
        return replace(self, rows=rows, new=new, gone=gone)

    def illustrate(self, run: AnyRun, top: int | None = None, number: int = 1) -> Drift:
        """Add ``examples_a`` and ``examples_b`` to the first rows: occurrences that show the change.

        They are sentences if the run keeps its text, otherwise the words around the occurrence. `InputError`
        if the run has another state than the one that was measured.
        """
        if not self.slices:
            return self
        run = run.present
        if self.state not in ("", run.stamp):
            rule = "the run has changed since drift was measured, so its documents are others"
            raise InputError(rule, path=run.folder, remedy="measure drift again")
        words = [row["word"] for row in self.rows[:top]]
        quotes: dict[str, list[Example]] = {}
        for quote in kept_examples(run, self.slices, words, number, self.seed):
            quotes.setdefault(quote.word, []).append(quote)
        added = [
            {
                f"examples_{name}": [quote.text for quote in quotes.get(word, ()) if quote.side == side]
                for side, name in enumerate("ab")
            }
            for word in words
        ]
        return replace(self.extended(added), quotes=quotes)

    def extended(self, added: Sequence[Json]) -> Drift:
        """The same with more keys in its first rows."""
        first = [row | more for row, more in zip(self.rows, added, strict=False)]
        return replace(self, rows=[*first, *self.rows[len(added) :]])

    # ---- What is shown

    @property
    def is_sliced(self) -> bool:
        """Whether two slices were compared, not the original with the refined vectors."""
        return len(self.slices) > 1

    @property
    def columns(self) -> Sequence[Column]:
        """The word and its figures."""
        names = escape_for_display(self.a), escape_for_display(self.b)
        columns = drift_columns(*names, self.general) if self.is_sliced else REFINED_COLUMNS
        return [column for column in columns if column.name != "texts" or _by_texts(self.rows)]

    @property
    def messages(self) -> Sequence[str]:
        """Why named words have no row."""
        return [why_unknown(row) for row in self.unknown]

    @property
    def introduction(self) -> list[str]:
        """What the findings say, how far words differ in general, what was compared and why."""
        only = f"Only documents with {escaped(self.filters)}." if self.filters else ""
        return list(filter(None, [*told(self.findings), self._in_general(), only, self.why]))

    def _in_general(self) -> str:
        if not (self.is_sliced and self.significant) or self.nested:
            return ""
        much = next(text for least, text in _MUCH if self.general >= least)
        median = "" if self.general < _MUCH[-2][0] else f" (median {self.general:.2f} beyond chance)"
        return f"Most words {much}{median}."

    @property
    def standing_out(self) -> list[Json]:
        """The rows of words to tell more of: those that were asked for, or that surely changed."""
        return [row for row in self.rows if row["word"] in self.telling]

    @property
    def evidence(self) -> list[Part]:
        """What a report has: the words that surely changed, with examples, and those that came and went."""
        rows = self.standing_out
        none = [finding for finding in self.findings if finding.kind in ("word", "none")]
        table = [Table(self.columns, rows)] if rows else map(spoken, told(none))
        return [*table, *map(self._entry, rows), *self._unmatched()]

    def view(self, top: int | None = None) -> View:
        """Sentences, a line of figures for each word, its neighbours with examples, and notes.

        A word has a section if it surely changed, or was named. Without ``top`` the list may be long: then
        those with examples have one, and the others are listed below.
        """
        shown = self.select(top)
        rows = shown.standing_out
        if top is None:
            quoted = [row for row in rows if row["word"] in shown.quotes]
            rows = quoted or rows[:_SECTIONS]
            first = rows or shown.rows[:_SECTIONS]
        else:
            first = shown.rows
        listed = {row["word"] for row in first}
        others = [row for row in shown.rows if row["word"] not in listed]
        tables = [Table(shown.columns, first, notes=[*shown._notes()])] * bool(first)
        parts: list[Part] = [*shown.introduction, *tables, *map(shown._entry, rows), *shown._unmatched()]
        parts += [Table(shown.columns, others, f"{len(others):,} other words")] * bool(others)
        return View(f"Drift from {self.a} to {self.b}", parts, records=shown.rows)

    def _entry(self, row: Row) -> Entry:
        """A word with its neighbours, and its examples of both sides."""
        mark = _kind_and_spellings(row)
        head = [(escape_for_display(row["word"]), "strong"), *([(f" ({mark})", "")] * bool(mark))]
        near = came_and_went(row)
        if beside := beside_of(row):
            near.append([(beside.removeprefix(": "), "")])
        named = [(column.head, column.cell(row)) for column in self.columns[1:]]
        facts = " · ".join(f"{name} {value}" for name, value in named if value)
        sides: dict[str, list[tuple[Pieces, str]]] = {}
        for quote in self.quotes.get(row["word"], ()):
            place = printable(quote.name or str(quote.document))
            name = escape_for_display((self.a, self.b)[quote.side])
            sides.setdefault(name, []).append((quote.shown, place))
        return Entry(head, near, facts=facts, quotes=list(sides.items()))

    def _unmatched(self) -> Iterator[str]:
        """Words too rare on one side to be compared, with their counts on both."""
        for head, rows in ((f"New in {self.b}", self.new), (f"Gone since {self.a}", self.gone)):
            if rows:
                shown = [
                    f"{escape_for_display(row['word'])} {row['count_a']:,} → {row['count_b']:,}"
                    for row in rows
                ]
                yield f"{head}: {', '.join(shown[:_CAME])}{' …' * (len(shown) > _CAME)}"

    def _notes(self) -> Iterator[str]:
        """Which words are not named, how rows are sorted, and why some figures are blank."""
        if self.beside:
            yield f"Not named, as words that changed more stand beside them: {escaped(self.beside)}."
        by = "change" if self.is_sliced else "distance"
        if _by_texts(self.rows):
            yield "Listed by words and texts: q and 95 % are those of the words, by which a change is sure."
            by = "the ranks of change and texts, added"
        sure = " those whose uses surely differ first," if self.is_sliced else ""
        order = f"words with q ≤ {LEVEL} come first, of these{sure} names, numbers and variants last"
        yield f"Sorted by {by}; {order}."
        if self.is_sliced and any(row["differing"] is None for row in self.rows):
            yield f"No share that differs: the word occurs in fewer than {LEAST} documents of a slice."
        if any(row["p"] is None for row in self.rows):
            yield "No p and q: not tested, because the run has not kept its tokens (--keep)."
        if reasons := [f"{number:,} {reason}" for reason, number in self.left_out.items() if number]:
            yield f"Not listed: {', '.join(reasons)} (--all-words lists them)."

    def as_dict(self) -> Json:
        """The result as ``selfvec drift --json`` prints it."""
        said = {
            "findings": [finding.as_dict() for finding in self.findings],
            "confounded": self.confounded,
            "a": self.a,
            "b": self.b,
        }
        return said | self._figures | {"rows": self.rows, "new": self.new, "gone": self.gone}


def drift_columns(a: str = "a", b: str = "b", general: float | None = None) -> tuple[Column, ...]:
    """What is shown of a word between two slices of these names, whose words differ by this in general."""
    two = figure(2)
    beyond = " - `general`" if general is None else f" - {general:.2f}" * bool(general)
    beyond += ", by which words differ in general" * bool(beyond)
    return (
        Column("word", width=18),
        Column("differing", "differ", share(), "share of its uses that differ, beyond what is usual"),
        Column("interval", "95 %", _SHARES, "interval of that share", of=partial(ends, of="differing_")),
        Column("change", form=two, meaning=f"distance beyond chance{beyond}"),
        Column("distance", form=two, meaning="1 - cosine of the mean occurrences", less=True),
        Column("q", form=PROBABILITY, meaning="false discovery rate"),
        Column(
            "texts", form=two, meaning="how far an encoder finds its documents apart, beyond what is usual"
        ),
        Column("count_a", a, COUNT, less=True),
        Column("count_b", b, COUNT, less=True),
    )


def came_and_went(row: Row) -> list[Pieces]:
    """A line of the first neighbours that a word gained and lost; none if it kept all."""
    gained, lost = (escaped(row[key][:_NEIGHBOURS]) for key in ("gained", "lost"))
    if not gained and not lost:
        return []
    return [[("+ ", "came"), (f"{gained}  ", ""), ("- ", "went"), (lost, "went")]]


_ABOUT = (  # how a share is said, from which on
    (0.875, "nearly all"),
    (0.71, "about three quarters"),
    (0.585, "about two thirds"),
    (0.415, "about half"),
    (0.29, "about a third"),
    (0.0, "about a quarter"),
)


def differing_of(row: Row) -> str:
    """How many of a word's uses differ: ``of rain, about half of the uses differ (31 to 70 %)``."""
    about = next(text for least, text in _ABOUT if row["differing"] >= least)
    low, high = (round(100 * row[f"differing_{end}"]) for end in ("low", "high"))
    return f"of {escaped([row['word']])}, {about} of the uses differ ({low} to {high} %)"


def beside_of(row: Row) -> str:
    """What came and went beside a word, in shares of its documents; empty if nothing did for sure."""
    said = []
    for verb in ("came", "went"):
        shares = [
            f"{escape_for_display(of['word'])} ({of['share_a']:.0%} → {of['share_b']:.0%})"
            for of in row[f"{verb}_beside"][:_BESIDE_SAID]
        ]
        if listed := " and ".join(shares):
            said.append(f"{verb} {listed}")
    return f": beside it {', and '.join(said)}, in shares of its documents" if said else ""


REFINED_COLUMNS = (
    Column("word", width=18),
    Column("distance", form=figure(2), meaning="1 - cosine of the two vectors"),
    Column("q", form=PROBABILITY, meaning="do a word's documents agree on its move?"),
    Column("count_a", "count", COUNT, less=True),
)


def _kind_and_spellings(row: Row) -> str:
    """What a row is if not a word, and other spellings: ``name``, ``also color; 9 and 7 in all``."""
    kind = str(row.get("kind", "word"))
    spellings = escaped(row.get("variants", ())[:_NEIGHBOURS])
    if spellings and row.get("spellings_a") is not None:
        spellings += f"; {row['spellings_a']:,} and {row['spellings_b']:,} in all"
    if kind == "variant":
        return f"variant of {spellings}"
    return ", ".join([kind] * (kind != "word") + [f"also {spellings}"] * bool(spellings))


# ---- Which words are listed, and in which order


@dataclass(frozen=True)
class WordChoice:
    """Which words are tested."""

    named: Collection[str] = ()  # tested in any case and, if there are some, listed alone
    pos: Collection[str] = ()  # parts of speech; all if there are none
    parts: Callable[[list[str]], Sequence[str | None]] = list  # of words
    every: bool = False  # stop words, numbers, words of repeated text and other spellings, too


def listed_rows(
    table: WordTable, measured: Measures, choice: WordChoice | None = None
) -> tuple[list[Json], dict[str, int]]:
    """The rows of a choice of words, with their q, in order; and how many words each rule leaves out.

    q is the false discovery rate among all words that are tested.
    """
    return _listed(table, measured.rows, measured.reasons, choice or WordChoice(), in_order_of_change)


def new_and_gone(table: WordTable, measured: Measures, choice: WordChoice) -> list[list[Json]]:
    """Words that came, and words that went, with q ≤ .05, the most certain first; names and numbers last."""

    def certain_first(rows: Iterable[Json]) -> list[Json]:
        return sorted(
            filter(is_significant, rows),
            key=lambda row: (row["kind"] != WORD, row["p"], -max(row["documents_a"], row["documents_b"])),
        )

    rows, _ = _listed(table, measured.unmatched, measured.reasons, choice, certain_first)
    return [[row for row in rows if (row["count_b"] > row["count_a"]) == came] for came in (True, False)]


def _listed(
    table: WordTable,
    measured: Sequence[Json],
    reasons: Mapping[str, str],
    choice: WordChoice,
    in_their_order: Callable[[Iterable[Json]], list[Json]],
) -> tuple[list[Json], dict[str, int]]:
    order = table.refined.key_to_index
    rows = sorted(measured, key=lambda row: order[row["word"]])  # frequent words first
    left_out: Counter[str] = Counter()
    if not choice.every:
        left_out.update(dict.fromkeys(("stop words", "numbers", "repeated text"), 0))
        left_out.update(reasons[row["word"]] for row in rows if row["word"] in reasons)
    kept = [row["word"] for row in rows if choice.every or row["word"] not in reasons]
    if choice.pos:
        parts = zip(kept, choice.parts(kept), strict=True)
        tagged = [word for word, part in parts if part in choice.pos]
        left_out["other parts of speech"] = len(kept) - len(tagged)
        kept = tagged
    tested = {*kept, *choice.named}
    rows = _with_q([row for row in rows if row["word"] in tested])
    # Words are picked after this: q is that of all that are tested, however few are named.
    if choice.named:
        rows = [row for row in rows if row["word"] in choice.named]
    rows = in_their_order(rows)
    if not (choice.every or choice.named):
        once = _each_once(rows)
        left_out["other spellings"] = len(rows) - len(once)
        rows = once
    return rows, dict(left_out)


def _with_q(rows: Sequence[Json]) -> list[Json]:
    """The rows with their false discovery rate."""
    with_q = [dict(row) for row in rows]
    for p, q in (("p", "q"), ("p_contexts", "q_contexts")):
        every = benjamini_hochberg(np.array([row.get(p) for row in rows], np.float64)).tolist()
        for row, of in zip(with_q, every, strict=True):
            row[q] = None if of != of else of
    return with_q


def is_significant(row: Row) -> bool:
    """Whether a row has q ≤ .05."""
    return row["q"] is not None and row["q"] <= LEVEL


def is_changed(row: Row) -> bool:
    """Whether a word's uses surely differ more than is usual.

    The lower end of the share that differs is above a fifth, also without what other findings explain; or the
    share may be, its interval begins above 0, and single words beside it tell.
    """
    p, q = row.get("p_contexts"), row.get("q_contexts")
    by_share = is_significant(row) and (row["differing_low"] or 0) > NAMED and (p is None or p <= SURE)
    by_words = (
        q is not None and q <= SURE and row["differing_high"] > NAMED and round(row["differing_low"], 2) > 0
    )
    # Of random divisions one in fifteen has a word by the words beside it alone: their tail is an estimate.
    return by_share or (by_words and row["p"] <= LEVEL)


def _is_explained(row: Row, words: Set[str]) -> bool:
    """Whether a word is one of those that a finding explains, or all that came and went beside it is."""
    beside = {of["word"] for verb in ("came", "went") for of in row.get(f"{verb}_beside", ())}
    return row["word"] in words or set() < beside <= words


# A word that changed takes its neighbours along: *panel* differs as well if most of it was *strobe panel*.
_BESIDE = 1 / 3  # of the documents of a word on one side, and twice what is usual, have the other
_LESS = 0.5  # times as many uses differ as of the other, at most, and up to once, if all documents have it


def changed_beside(compared: Comparison, table: WordTable, rows: Sequence[Json]) -> dict[str, str]:
    """Words that surely changed, but are mostly where a word before them in order is: that word of each.

    Or it is what came, or went, the most clearly beside them.
    """
    those = [row for row in rows if is_changed(row)]
    changed = [row["word"] for row in those]
    if len(changed) < 2:
        return {}
    numbers = table.numbers(changed)
    sides = [(part.documents, documents_of_words(part, numbers)) for part in compared.parts]
    share = np.array([row["differing"] for row in those], np.float64)
    beside: dict[str, str] = {}
    for place, word in enumerate(changed):
        clearest = [
            near[0]["word"] for near in (those[place]["came_beside"], those[place]["went_beside"]) if near
        ]
        if led_by := [other for other in clearest if other in changed[:place] and other not in beside]:
            beside.setdefault(word, led_by[0])
        if word in beside:
            continue
        for total, pairs in sides:
            shares = pairs.shared(place) / np.diff(pairs.bounds)
            often = shares >= max(_BESIDE, 2 * len(pairs.of(place)) / total)
            less = share <= (_LESS + (1 - _LESS) * shares) * share[place]
            led = np.flatnonzero(often & less).tolist()
            beside |= {changed[i]: word for i in led if i > place and changed[i] not in beside}
    return beside


def order_key(row: Row) -> tuple[bool, bool, bool, float]:
    """The sort key of a row, see `Drift.order`. With few documents a large change is often chance.

    Within these groups the change decides, not its lower end, with which people's judgements agree less.
    """
    changed = is_changed(row)
    significant = changed or is_significant(row)
    unsure = significant and not changed
    return not significant, significant and row["kind"] != WORD, unsure, -row["change"]


def in_order_of_change(rows: Iterable[Json]) -> list[Json]:
    """Rows in the order of `Drift.order`, see there."""
    ordered = []
    for _, rows_of_group in groupby(sorted(rows, key=order_key), lambda row: order_key(row)[:3]):
        group = list(rows_of_group)
        # Ranks, since distances of words and of an encoder's texts have no common unit; people's judgements
        # agree as well with other weights (docs/results/teacher.md).
        texts = np.array([row.get("texts") for row in group], np.float64)
        added = np.arange(len(group)) + np.argsort(np.argsort(-texts, kind="stable"))
        ordered += [group[place] for place in np.argsort(added, kind="stable").tolist()]
    return ordered


def _each_once(rows: Sequence[Json]) -> list[Json]:
    """The sorted rows without other spellings of a word above."""
    listed: set[str] = set()
    kept = []
    for row in rows:
        if listed.isdisjoint(row["variants"]):
            listed.add(row["word"])
            kept.append(row)
    return kept


# ---- What is said of all that was measured


def drift_of(
    comparison: Comparison,
    table: WordTable,
    measured: Measures,
    choice: WordChoice,
    key_words: Sequence[Finding],  # what either side uses more
    unknown: Sequence[Json],  # named words that have no row
    too_small: str,  # a sentence, if one side is
    why: Json,  # why these sides, and which documents
    seed: int,
    state: str,
) -> Drift:
    """The words that are listed, in order, and what is said of all that were measured."""
    rows, left_out = listed_rows(table, measured, choice)
    explained = comparison.written_otherwise.difference(choice.named)
    new, gone = (
        [row for row in unmatched if row["word"] not in explained]
        for unmatched in new_and_gone(table, measured, choice)
    )
    changed = [row["word"] for row in rows if is_changed(row) and not _is_explained(row, explained)]
    # Where a field lies whole on the two parts, its documents may be why all of them changed.
    beside = {} if comparison.nested else changed_beside(comparison, table, rows)
    named = [word for word in changed if word not in beside and not comparison.nested]
    significant = [row["word"] for row in rows if is_significant(row)]
    answers = [*_on_words(comparison, measured, rows, named, too_small), *key_words]
    by = "the ranks of change and texts, added" if _by_texts(rows) else "change, the largest first"
    figures = {
        "too_small": too_small,
        **why,
        "general": measured.general,
        "tested": len(rows),
        "significant": len(significant),
        "changed": len(changed),
        "named": named,
        "beside": beside,
        "only_a": measured.only_a,
        "only_b": measured.only_b,
        "left_out": left_out,
        "unknown": unknown,
        "confounded": list(comparison.mix),
        "order": (
            f"words with q ≤ {LEVEL} first; of these, names, numbers and other spellings of a word last, and "
            f"in both groups words with a differing_low above {NAMED} and a p_contexts up to {SURE}, or a "
            f"q_contexts up to {SURE}, a p up to {LEVEL} and a differing_low above 0, first; then by {by}"
        ),
    }
    return Drift(
        measured.a,
        measured.b,
        rows,
        new,
        gone,
        in_order([*comparison.findings, *answers]),
        figures,
        {*choice.named} or {*(named if comparison.names else significant)},
        comparison.measured_sides.slices,
        seed,
        state,
        comparison.nested,
    )


def _on_words(
    comparison: Comparison, measured: Measures, rows: Sequence[Row], named: Sequence[str], too_small: str
) -> Iterator[Finding]:
    """How many words changed, and which most; or that there are none. Nothing if words are not tested.

    A word counts if it is sure to differ by much (`is_changed`): of a thousand words some have a small q.
    """
    if any(row["q"] is None for row in rows):
        return
    sides = f"{measured.a} to {measured.b}"
    of, significant = f"of {len(rows):,}", [row["word"] for row in rows if is_significant(row)]
    first = (named if comparison.names else significant)[:_FIRST]
    words = enumerated([*map(escape_for_display, first)])
    if not rows:
        none = f"No word of {measured.a} and {measured.b} can be tested."
    elif not significant and not named:
        how = f"from {sides}" if comparison.names else "by refining"
        none = f"No word {of} changed {how} beyond chance."
    elif not comparison.names:
        changed = f"{len(significant):,} of {count_of(len(rows), 'word')} changed by refining"
        yield Finding("word", f"{changed}, most of all {words}.", words=tuple(first))
        return
    elif comparison.nested:
        what = f"{len(significant):,} {of} words differ beyond chance; whether they changed cannot be told"
        none = f"From {sides}, {what}."
    elif not named:
        rest = f"{count_of(len(significant), 'word differs', 'words differ')} beyond chance"
        none = f"From {sides}, the uses of no word {of} surely differ more than is usual ({rest})."
    else:
        most = ", most of all " + "by words and texts " * _by_texts(rows) if len(named) > _FIRST else ": "
        uses = f"From {sides}, the uses of {len(named):,} of {count_of(len(rows), 'word')}"
        row = next(row for row in rows if row["word"] == named[0])
        told_of = f"{words}; {differing_of(row)}{beside_of(row)}"
        figures = (row["p"], row["q"], row["differing"], row["differing_low"], row["differing_high"])
        said = f"{uses} differ more than is usual{most}{told_of}."
        yield Finding("word", said, *figures, words=tuple(named))
        return
    yield Finding("none", f"{too_small} {none}".lstrip())


def _by_texts(rows: Sequence[Row]) -> bool:
    """Whether words are listed by what an encoder says of their documents, too."""
    return any(row.get("texts") is not None for row in rows)
