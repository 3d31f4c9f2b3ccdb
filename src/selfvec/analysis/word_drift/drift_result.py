"""`Drift`: the words between two states, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from selfvec.analysis.comparison.chosen_slices import LEAST
from selfvec.analysis.comparison.comparison import in_order, told
from selfvec.analysis.usage.examples import Example
from selfvec.base.answer import Answer, short_repr, why_unknown
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.errors import InputError, OptionError
from selfvec.base.finding import Finding
from selfvec.base.progress import Progress
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
    escaped,
    figure,
    share,
)
from selfvec.corpus.slices import Slice
from selfvec.data.run import AnyRun
from selfvec.numerics.statistics import LEVEL

from .sentences import kept_distances, kept_examples
from .word_choice import NAMED, SURE, is_significant

_NEIGHBOURS = 5  # shown of those gained, and of those lost
_FIRST = 3  # words named in a sentence
_BESIDE = 2  # words beside a word that came, and that went, in a sentence
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
    tested, significant : int
        Number of words that were tested and would be listed, and of those with q ≤ 0.05.
    changed : int
        Number of words whose uses surely differ between two slices: q ≤ 0.05, and the whole interval of
        ``differing`` lies above a fifth, with ``p_contexts`` ≤ 0.01; or ``q_contexts`` ≤ 0.01 and p ≤ 0.05.
    beside : dict
        Words of these that occur in many documents with a word before them in order, of which more uses
        differ, and that word: they may differ only because it does.
    named : list of str
        The others of these, which are said to have changed.
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
    new, gone : list of dict
        Words too rare in the first slice, or the second, to be compared, that are frequent in the other.
    used_more : list of Finding
        The words that either side uses more, as `keyness` finds them.
    sides : list of Finding
        What else differs between the two, and what was done about it.
    confounded : list of dict
        Fields of the documents that go with the slices, the most uneven first.
    nested : bool
        Whether a field of a few values lies whole on the two, so that no word is named.
    too_small : str
        If one side has too few words to tell which changed: a sentence with their number.
    """

    a: str
    b: str
    rows: list[dict[str, Any]]
    tested: int = 0
    significant: int = 0
    changed: int = 0
    beside: dict[str, str] = field(default_factory=dict)
    general: float = 0.0
    only_a: int = 0
    only_b: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    slices: tuple[Slice, ...] = ()  # that occurrences come from; none if the run has not kept its corpus
    seed: int = 0
    state: str = ""  # the stamp of the run that was measured; empty for one in memory
    why: str = ""
    filters: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    chosen: bool = False  # whether only words that somebody asked for are listed
    new: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)
    used_more: list[Finding] = field(default_factory=list)
    sides: list[Finding] = field(default_factory=list)
    nested: bool = False
    confounded: list[dict[str, Any]] = field(default_factory=list)
    too_small: str = ""
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
        if fdr is not None and not 0 < fdr <= 1:
            raise OptionError(f"is a share above 0, at most 1, not {fdr!r}", field="fdr")
        kept, new, gone = self.rows, self.new, self.gone
        if fdr is not None:
            kept = [row for row in kept if row["q"] is not None and row["q"] <= fdr]
            new, gone = ([row for row in rows if row["q"] <= fdr] for rows in (new, gone))
        if word is not None:
            kept = [row for row in kept if row["word"] == word]
            if not kept:
                raise KeyError(f"no row for {word!r}")
        return replace(self, rows=kept[:top], new=new[:top], gone=gone[:top])

    def illustrate(
        self, run: AnyRun, top: int | None = None, number: int = 1, progress: Progress | None = None
    ) -> Drift:
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
        words = self._first(top)
        quotes: dict[str, list[Example]] = {}
        for quote in kept_examples(run, self.slices, words, number, self.seed, progress or Progress()):
            quotes.setdefault(quote.word, []).append(quote)
        added = [
            {
                f"examples_{name}": [quote.text for quote in quotes.get(word, ()) if quote.side == side]
                for side, name in enumerate("ab")
            }
            for word in words
        ]
        return replace(self._extended(added), quotes=quotes)

    def compare_sentences(
        self, run: AnyRun, top: int | None = None, progress: Progress | None = None
    ) -> Drift:
        """Add ``sentences`` to the first rows: how far the sentence encoder finds those of both slices apart.

        The drift itself without an encoder, without the text, or if no slices are compared.
        """
        distances = kept_distances(
            run.present, self.slices, self._first(top), self.seed, progress or Progress()
        )
        return self._extended([{"sentences": distance} for distance in distances])

    def _first(self, top: int | None) -> list[str]:
        """The first words."""
        return [row["word"] for row in self.rows[:top]]

    def _extended(self, added: Sequence[dict[str, Any]]) -> Drift:
        """The same with more keys in its first rows."""
        first = [row | more for row, more in zip(self.rows, added, strict=False)]
        return replace(self, rows=[*first, *self.rows[len(added) :]])

    @property
    def by_texts(self) -> bool:
        """Whether words are listed by what an encoder says of their documents, too."""
        return any(row.get("texts") is not None for row in self.rows)

    @property
    def order(self) -> str:
        """What the rows are sorted by."""
        by = "the ranks of change and texts, added" if self.by_texts else "change, the largest first"
        return (
            f"words with q ≤ {LEVEL} first; of these, names, numbers and other spellings of a word last, and "
            f"in both groups words with a differing_low above {NAMED} and a p_contexts up to {SURE}, or a "
            f"q_contexts up to {SURE} and a p up to {LEVEL}, first; then by {by}"
        )

    # ---- What is shown

    @property
    def is_sliced(self) -> bool:
        """Whether two slices were compared, not the original with the refined vectors."""
        return self.a != "original" or any(row["low"] is not None for row in self.rows)

    @property
    def columns(self) -> Sequence[Column]:
        """The word and its figures."""
        names = escape_for_display(self.a), escape_for_display(self.b)
        columns = drift_columns(*names, self.general) if self.is_sliced else REFINED_COLUMNS
        return [column for column in columns if column.name != "texts" or self.by_texts]

    @property
    def messages(self) -> Sequence[str]:
        """Why named words have no row."""
        return [why_unknown(row) for row in self.unknown]

    @property
    def findings(self) -> list[Finding]:
        """What differs between the sides and what changed, in the order in which a reader needs them.

        Whoever draws the result takes its sentences, and the first of them, from here.
        """
        return in_order([*self.sides, *self._answers()])

    def _answers(self) -> Iterator[Finding]:
        """The words that changed and are used more, or that there are none; or why words are not tested."""
        if not self.tested:
            small = f"{self.too_small} " if self.too_small else ""
            yield Finding("none", f"{small}No word of {self.a} and {self.b} can be tested.")
        elif any(row["q"] is None for row in self.rows):
            return
        elif not self.is_sliced:
            yield self._by_refining()
        else:
            yield self._changed()
            yield from self.used_more

    def _changed(self) -> Finding:
        """How many words changed, and which most.

        A word counts if it is sure to differ by much (`is_changed`): of a thousand words some have a small q.
        """
        sides = f"{self.a} to {self.b}"
        small = f"{self.too_small} " if self.too_small else ""
        if not self.significant and not self.named:
            return Finding("none", f"{small}No word of {self.tested:,} changed from {sides} beyond chance.")
        if self.nested:
            what = f"{self.significant:,} of {self.tested:,} words differ beyond chance"
            return Finding("none", f"{small}From {sides}, {what}; whether they changed cannot be told.")
        if not self.named:
            rest = f"{count_of(self.significant, 'word differs', 'words differ')} beyond chance"
            surely = f"the uses of no word of {self.tested:,} surely differ more than is usual"
            return Finding("none", f"{small}From {sides}, {surely} ({rest}).")
        number, words = len(self.named), self.named[:_FIRST]
        by = "by words and texts " * self.by_texts
        most = f": {_named(words)}" if number == len(words) else f", most of all {by}{_named(words)}"
        uses = f"the uses of {number:,} of {count_of(self.tested, 'word')}"
        said = f"From {sides}, {uses} differ more than is usual{most}"
        row = next((row for row in self.rows if row["word"] == words[0]), None)
        if row is None:
            return Finding("word", f"{said}.", words=tuple(self.named))
        figures = (row["p"], row["q"], row["differing"], row["differing_low"], row["differing_high"])
        how = f"{said}; {differing_of(row)}{beside_of(row)}."
        return Finding("word", how, *figures, words=tuple(self.named))

    def _by_refining(self) -> Finding:
        """How many words refining moved in a direction that their documents agree on."""
        words = [row["word"] for row in self.rows[:_FIRST] if is_significant(row)]
        if not self.significant or not words:
            return Finding("none", f"No word of {self.tested:,} changed by refining beyond chance.")
        number = f"{self.significant:,} of {count_of(self.tested, 'word')}"
        said = f"{number} changed by refining, most of all {_named(words)}."
        return Finding("word", said, words=tuple(words))

    @property
    def introduction(self) -> list[str]:
        """What the findings say, how far words differ in general, what was compared and why."""
        only = [f"Only documents with {escaped(self.filters)}."] if self.filters else []
        return list(filter(None, [*told(self.findings), self._in_general(), *only, self.why]))

    def _in_general(self) -> str:
        if not (self.is_sliced and self.significant) or self.nested:
            return ""
        much = next(text for least, text in _MUCH if self.general >= least)
        median = "" if self.general < _MUCH[-2][0] else f" (median {self.general:.2f} beyond chance)"
        return f"Most words {much}{median}."

    @property
    def evidence(self) -> list[Part]:
        """What a report has: the words that surely changed, with examples, and those that came and went."""
        rows = self.standing_out
        table = [Table(self.columns, rows)] if rows else [] if self.nested else told(self._answers())
        return [*table, *map(self._entry, rows), *self._unmatched()]

    def view(self, top: int | None = None) -> View:
        """Sentences, a line of figures for each word, its neighbours with examples, and notes.

        A word has a section if it surely changed, or was named. Without ``top`` the list may be long: then
        those with examples have one, and the others are listed below.
        """
        shown = self.select(top)
        title = f"Drift from {self.a} to {self.b}"
        if not shown.rows:
            return View(title, [*shown.introduction, *shown._unmatched()])
        first_told = shown.rows if shown.chosen else shown.standing_out
        if top is None:
            quoted = [row for row in first_told if row["word"] in shown.quotes]
            first_told = quoted or first_told[:_SECTIONS]
        first = shown.rows if top is not None else first_told or shown.rows[:_SECTIONS]
        listed = {row["word"] for row in first}
        others = [row for row in shown.rows if row["word"] not in listed]
        table = Table(shown.columns, first, notes=[*shown._notes()])
        parts: list[Part] = [*shown.introduction, table, *map(shown._entry, first_told), *shown._unmatched()]
        parts += [Table(shown.columns, others, f"{len(others):,} other words")] * bool(others)
        return View(title, parts, records=shown.rows)

    @property
    def standing_out(self) -> list[dict[str, Any]]:
        """The rows of words that are named, or that refining moved: those to tell more of."""
        if not self.is_sliced:
            return list(filter(is_significant, self.rows))
        named = {*self.named}
        return [row for row in self.rows if row["word"] in named]

    def _entry(self, row: Row) -> Entry:
        """A word with its neighbours, and its examples of both sides."""
        mark = kind_and_spellings(row)
        head = [(escape_for_display(row["word"]), "strong"), *([(f" ({mark})", "")] * bool(mark))]
        near = came_and_went(row, _NEIGHBOURS)
        if told_beside := beside_of(row):
            near.append([(told_beside.removeprefix(": "), "")])
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
                counts = (f"{row['count_a']:,} → {row['count_b']:,}" for row in rows)
                words = (escape_for_display(row["word"]) for row in rows)
                shown = [*map(" ".join, zip(words, counts, strict=True))]
                yield f"{head}: {', '.join(shown[:_CAME])}{' …' * (len(shown) > _CAME)}"

    def _notes(self) -> Iterator[str]:
        """Which words are not named, how rows are sorted, and why some figures are blank."""
        if self.beside and not self.nested:
            yield f"Not named, as words that changed more stand beside them: {escaped(self.beside)}."
        by = "change" if self.is_sliced else "distance"
        if self.by_texts:
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

    def as_dict(self) -> dict[str, Any]:
        """The result as ``selfvec drift --json`` prints it."""
        named = (
            "a",
            "b",
            "too_small",
            "why",
            "filters",
            "general",
            "tested",
            "significant",
            "changed",
            "named",
            "beside",
            "only_a",
            "only_b",
            "left_out",
            "unknown",
            "order",
        )
        tables = ("rows", "new", "gone")
        said = {
            "findings": [finding.as_dict() for finding in self.findings],
            "confounded": self.confounded,
        }
        return said | {name: getattr(self, name) for name in (*named, *tables)}


def drift_columns(a: str = "a", b: str = "b", general: float | None = None) -> tuple[Column, ...]:
    """What is shown of a word between two slices of these names, whose words differ by this in general."""
    two = figure(2)
    beyond = " - `general`" if general is None else f" - {general:.2f}" * bool(general)
    beyond += ", by which words differ in general" * bool(beyond)
    return (
        Column("word", width=18),
        Column("differing", "differ", share(), "share of its uses that differ, beyond what is usual"),
        Column("interval", "95 %", _SHARES, "interval of that share", of=differing_interval),
        Column("change", form=two, meaning=f"distance beyond chance{beyond}"),
        Column("distance", form=two, meaning="1 - cosine of the mean occurrences", less=True),
        Column("q", form=PROBABILITY, meaning="false discovery rate"),
        Column(
            "texts", form=two, meaning="how far an encoder finds its documents apart, beyond what is usual"
        ),
        Column("count_a", a, COUNT, less=True),
        Column("count_b", b, COUNT, less=True),
    )


def came_and_went(row: Row, most: int) -> list[Pieces]:
    """A line of the first neighbours that a word gained and lost; none if it kept all."""
    gained, lost = (escaped(row[key][:most]) for key in ("gained", "lost"))
    if not gained and not lost:
        return []
    return [[("+ ", "came"), (f"{gained}  ", ""), ("- ", "went"), (lost, "went")]]


def differing_interval(row: Row) -> tuple[float, float] | None:
    """The ends of the interval of a row's share of uses that differ."""
    return None if row["differing"] is None else (row["differing_low"], row["differing_high"])


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
    if not low:
        return f"of {escaped([row['word']])}, up to {high} % of the uses differ"
    return f"of {escaped([row['word']])}, {about} of the uses differ ({low} to {high} %)"


def beside_of(row: Row) -> str:
    """What came and went beside a word, in shares of its documents; empty if nothing did for sure."""
    said = []
    for verb in ("came", "went"):
        shares = [
            f"{escape_for_display(of['word'])} ({of['share_a']:.0%} → {of['share_b']:.0%})"
            for of in row[f"{verb}_beside"][:_BESIDE]
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


def _named(words: Sequence[str]) -> str:
    """Words as a list in a sentence."""
    return " and ".join(filter(None, [escaped(words[:-1]), escaped(words[-1:])]))


def kind_and_spellings(row: Row) -> str:
    """What a row is if not a word, and other spellings: ``name``, ``also color; 9 and 7 in all``."""
    kind = str(row.get("kind", "word"))
    spellings = escaped(row.get("variants", ())[:_NEIGHBOURS])
    if spellings and row.get("spellings_a") is not None:
        spellings += f"; {row['spellings_a']:,} and {row['spellings_b']:,} in all"
    if kind == "variant":
        return f"variant of {spellings}"
    return ", ".join([kind] * (kind != "word") + [f"also {spellings}"] * bool(spellings))
