"""What happened in a text, and when: periods in which the share of something differs beyond chance.

A unit is what documents can have: a value of a field, a passage, a word. `Timescan` finds the run of periods
in which the share of the documents with it differs most. Units are looked at in this order. A later one whose
share no longer differs among the documents without an earlier one is part of the same event: the words of a
greeting that came in January are no events beside it.

Subjects are no units. The name of one is a claim about the documents that hold its words, and where these
moved, the words say so themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from selfvec.analysis.comparison.chosen_slices import dated_among, drawn_periods
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.comparison.mix import coded_fields
from selfvec.analysis.comparison.recurring import is_new, passages_of, quoted, shares_between
from selfvec.analysis.comparison.units import units_of
from selfvec.analysis.counted_text import counted_text
from selfvec.base.answer import Json
from selfvec.base.arrays import Ints, Mask
from selfvec.base.display import count_of, printable
from selfvec.base.finding import Finding
from selfvec.base.view import spoken
from selfvec.corpus.slices import Slice, month_name, parse_span, slice_of_each
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.statistics import benjamini_hochberg, cross_counts
from selfvec.storage.cache import cached_result, kept_result
from selfvec.text.document_vectors import documents_of_words
from selfvec.text.kernels import NGRAM
from selfvec.text.phrases import LINK

from .shares import percent
from .terms import content_words
from .timescan import Timescan

FIELD, PASSAGE, WORD = KINDS = ("field", "passage", "word")
SURE = 0.01  # q of an event
_LEAST = 8  # documents of a unit
_LEAST_PERIODS, _PERIODS = 4, 62  # of a text that is scanned: five years by month, two months by day
_OF_PERIOD = 8  # documents of a period, on average
_ROUNDS = 3  # events of one unit
_MOST, _TRIED = 12, 400  # units with events, and those that are tried for them
_ALIKE = 0.5  # of the documents that have one of two words have both
_MOSTLY = 0.8  # of the documents of an event's time have it: too few are left to compare
_LISTED = 3  # words that name an event, and documents that show it
_BRIEF = 6  # words, that a document has that is more than a subject line

_SAID = 3  # passages in sentences
_NAMING = 5  # words that tell a passage
_OFTEN = 0.01  # of the documents hold each of these


@dataclass(frozen=True)
class Event(Finding):
    """A unit whose share differs in some periods, or grows or declines over all of them.

    Attributes
    ----------
    unit : str
        What has it: field, passage or word.
    form : str
        peak, gap, from, until, slow growth or slow decline.
    begins, ends : str
        The first and the last of its periods.
    share, elsewhere : float
        Of the documents of these and of the other periods; of a slow one of the last and the first quarter.
    ratio : float
        The logarithm of how much likelier its counts are than with the same share in all periods.
    counts, sizes : tuple of int
        Documents with it in each period, and all of these.
    within : str
        The value of a field, as a filter, that it is, or whose documents alone are meant; empty for all.
    places : tuple of int
        Numbers of ``documents`` to read.
    """

    unit: str = ""
    form: str = ""
    begins: str = ""
    ends: str = ""
    share: float = 0.0
    elsewhere: float = 0.0
    ratio: float = 0.0
    counts: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    within: str = ""
    places: tuple[int, ...] = ()

    @property
    def when(self) -> str:
        """Its time, as people say it.

        >>> peak = Event("event", "", form="peak", begins="2025-01", ends="2025-03")
        >>> peak.when, replace(peak, form="from").when
        ('January 2025 to March 2025', 'from January 2025 on')
        """
        first, last = called(self.begins), called(self.ends)
        if self.form in ("from", "until"):
            return f"from {first} on" if self.form == "from" else f"until {last}"
        return first if first == last else f"{first} to {last}"

    def as_dict(self) -> dict[str, Any]:
        """As commands print it with ``--json``."""
        row = super().as_dict()
        del row["places"]
        row |= {"counts": [*self.counts], "sizes": [*self.sizes]}
        return row | {"from": row.pop("begins"), "to": row.pop("ends")}


class Unit(NamedTuple):
    """What documents have."""

    kind: str
    name: str
    words: tuple[str, ...]
    documents: Ints  # numbers of those that have it


def called(period: str) -> str:
    """A period as people say it.

    >>> [called(each) for each in ("2025-08", "2025-08-02", "2025-W32", "2025", "2025Q3", "1990..1999")]
    ['August 2025', '2 August 2025', 'the week of 4 August 2025', '2025', '2025Q3', '1990–1999']
    """
    span = parse_span(period)
    if span is None or "-" not in period:
        return spoken(period)
    day = f"{int(str(span[0])[-2:])} {month_name(span[0])}"
    return f"the week of {day}" if "W" in period else day if period.count("-") > 1 else month_name(span[0])


def scanned_periods(batch: TokenBatch) -> tuple[str, list[Slice]]:
    """The periods that are scanned, and their unit."""
    return drawn_periods(batch, _OF_PERIOD, _PERIODS)


def _found(run: Run, units: Iterable[Unit], among: Mask | None) -> list[Finding]:
    batch = run.tokens
    if batch is None or batch.dates is None or batch.slices is not None:
        return []
    if among is not None:
        batch = dated_among(batch, among)
    unit, periods = scanned_periods(batch)
    if len(periods) < _LEAST_PERIODS:
        return []
    period = slice_of_each(periods).astype(np.int64)
    undated = int(np.sum(period < 0 if among is None else among & (period < 0)))
    half = np.where(period < 0, -1, 2 * period >= len(periods)).astype(np.int32)
    ends = [periods[0].name, periods[-1].name]
    fields = coded_fields(run.text, batch.dates, half, ends, run.provenance.corpus)
    tied = units_of([field for field in fields if not (field.few or field.in_time)], half, ends, None)
    values = [
        Unit(FIELD, f"{field.name}={value}", (value,), np.flatnonzero(field.codes == code))
        for field in fields
        if field.few
        for code, value in enumerate(field.values)
    ]
    scan = _Scan(unit, [part.name for part in periods], period, tied.unit, counted_text(run).batch)
    words = scan.words(content_words(scan.batch.types, run.provenance))
    happened, explained = scan.events([*values, *units, *words], SURE)
    # What moves from one value of a field to another is the same in all of them together.
    for value in values:
        documents = np.setdiff1d(value.documents, explained)
        if len(documents) >= _OF_PERIOD * _LEAST_PERIODS:
            happened += scan.within(value.name, documents).events(words, SURE / len(values))[0]
    events = [
        event if run.text is None else replace(event, documents=tuple(run.text.names(list(event.places))))
        for event in _moves(happened)
    ]
    found: list[Finding] = [*events, *tied.findings]
    if undated:
        have = count_of(undated, "document has", "documents have")
        found.append(Finding("missing", f"{have} no date, and no part in what happened when."))
    if not events:
        told = f"Nothing differs beyond chance in its share of the documents of {len(periods)} {unit}s."
        found.append(Finding("none", told))
    return found


def events_of(run: Run, among: Mask | None = None) -> list[Finding]:
    """What happened when in a run, in some of its documents, (D,) bool, or in all; the surest first.

    Empty if no document is dated, or all are of a few periods.
    """

    def find() -> Json:
        passages = [Unit(PASSAGE, row.text, row.begins, row.documents) for row in repeated_passages(run)]
        return {"rows": [asdict(row) for row in _found(run, passages, among)]}

    key = "" if among is None else sha256(among.tobytes()).hexdigest()
    rows = kept_result(run, "events", (key,), find)["rows"]
    return [(Event if row["kind"] == "event" else Finding).of(row) for row in rows]


# ---- Passages that many documents have word for word: templates, trailers, signatures, quoted mails
# A run counts them once, and topics are made without them: they are said as how many hold which.


@dataclass(frozen=True, eq=False)
class RepeatedPassage:
    """A passage that occurs word for word in ten documents or more."""

    text: str  # its first words, as they stand in the text
    documents: Ints  # the numbers of those that hold it

    @property
    def begins(self) -> tuple[str, ...]:
        """The words by which other findings call it, too."""
        return tuple(self.text.casefold().split()[:_NAMING])


def repeated_passages(run: Run) -> list[RepeatedPassage]:
    """The passages that the most documents of a run hold; none of a run without its text."""
    if run.text is None or not (run.provenance.repeats or {}).get("passages"):
        return []
    kept = cached_result(run, "passages", None, lambda: {"passages": _found_passages(run)})["passages"]
    return [RepeatedPassage(text, np.array(documents, np.int64)) for text, documents in kept]


def _found_passages(run: Run) -> list[tuple[str, list[int]]]:
    """The first words and the documents of each."""
    text = counted_text(run, "lines", written=True)  # quoted lines are said as such
    batch = text.batch
    passages = passages_of(batch)
    firsts = [passage.stretches[0].start for passage in passages]
    texts = run.require_text().texts(batch.document_of(np.array(firsts, np.int64)).tolist())
    words = text.written if text.widths is None and text.written is not None else batch
    return [
        (quoted(text, [words.types[i] for i in words.ids[at : at + NGRAM]]), passage.documents.tolist())
        for at, passage, text in zip(firsts, passages, texts, strict=True)
    ]


def passage_findings(run: Run, made: Comparison | None = None, among: Mask | None = None) -> list[Finding]:
    """What many documents hold, of some, (D,), or of all; without what a comparison says of its sides."""
    if made is not None:
        among = made.side >= 0
    elif among is None:
        among = np.ones(run.require_tokens().documents, bool)
    passages = repeated_passages(run)
    held = [replace(each, documents=each.documents[among[each.documents]]) for each in passages]
    often = [each for each in held if len(each.documents) >= max(_OFTEN * among.sum(), 1)]
    if made is not None:
        shares = [shares_between(each.documents, made.side, made.unit) for each in often]
        often = [each for each, row in zip(often, shares, strict=True) if not is_new(row, len(passages))]
    told = [count_of(len(each.documents), "document holds", "documents hold") for each in often]
    return [
        Finding("passage", f"{held} “{each.text} …”.", words=each.begins)
        for held, each in zip(told, often[:_SAID], strict=False)
    ]


# ---- The scan


class _Scan:
    """The scan of all units of a text, or of its documents ``within`` a value of a field.

    What belongs together is one observation, in the period of its first document.
    """

    def __init__(
        self,
        unit: str,
        names: Sequence[str],  # of T periods
        period: Ints,  # of each document, (D,), -1 for none
        observation: Ints,  # (D,)
        batch: TokenBatch,
        within: str = "",
        whole: Timescan | None = None,
    ) -> None:
        self._unit, self._names, self._within, self._whole = unit, names, within, whole
        self._period, self._observation = period, observation  # (D,)
        self._sizes = np.bincount(period[period >= 0], minlength=len(names))  # documents, (T,)
        numbers, first = np.unique(np.where(period < 0, -1, observation), return_index=True)
        self._when = np.full(len(period), -1)  # the period of each observation, (D,)
        self._when[numbers[numbers >= 0]] = period[first[numbers >= 0]]
        self._there = self._when >= 0
        self._scan = self._of(self._there)
        self._whole = whole or self._scan  # whose chances are taken for its parts
        spans = [parse_span(name) for name in self._names]
        self._months = np.array([span[0] for span in spans if span], "datetime64[M]").astype(np.int64) % 12
        self.batch = batch

    def within(self, value: str, documents: Ints) -> _Scan:
        """The scan of these documents, whose field has this value."""
        period = np.full_like(self._period, -1)
        period[documents] = self._period[documents]
        return _Scan(self._unit, self._names, period, self._observation, self.batch, value, self._whole)

    def words(self, chosen: Mask) -> list[Unit]:
        """The words that are units, of which the types, (V,), are chosen."""
        numbers = np.flatnonzero(chosen)
        pairs = documents_of_words(self.batch, numbers)
        words = [self.batch.types[row].replace(LINK, " ") for row in numbers.tolist()]
        return [Unit(WORD, word, (word,), pairs.of(i)) for i, word in enumerate(words)]

    def _of(self, observations: Mask) -> Timescan:
        return Timescan(np.bincount(self._when[observations], minlength=len(self._names)), self._whole)

    def events(self, units: Iterable[Unit], sure: float) -> tuple[list[Event], Ints]:
        """The events of units with a q up to ``sure``, the surest first, and the documents that have them."""
        every = [
            each._replace(documents=dated)
            for each in units
            if len(dated := each.documents[self._period[each.documents] >= 0]) >= _LEAST
        ]
        explained = np.zeros(0, np.int64)
        if not every:
            return [], explained
        best = self._scan.best(self._counts(every, self._there))
        q = benjamini_hochberg(best.p)
        surest = [i for i in np.argsort(-best.ratio, kind="stable").tolist() if q[i] <= sure][:_TRIED]
        left = [(every[i], float(q[i])) for i in sorted(surest, key=lambda i: KINDS.index(every[i].kind))]
        found: list[tuple[Unit, list[Event]]] = []
        while left and len(found) < _MOST:
            (unit, q_of_unit), *left = left
            level = sure * (len(found) + 1) / len(every)
            if events := list(self._events(unit, level)):
                stay = self._unexplained(unit, events, [other for other, _ in left], level)
                alike = [other for (other, _), stays in zip(left, stay, strict=True) if not stays]
                left = [row for row, stays in zip(left, stay, strict=True) if stays]
                more = [word for other in alike if _share(unit, other) >= _ALIKE for word in other.words]
                named = tuple(dict.fromkeys([*unit.words, *more[: _LISTED - 1]]))
                found.append((unit, [replace(event, words=named, q=q_of_unit) for event in events]))
        # A word that named an event may be a weak part of another one.
        found.sort(key=lambda row: -row[1][0].ratio)
        out: list[Event] = []
        while found:
            (unit, events), *found = found
            stay = self._unexplained(unit, events, [other for other, _ in found], sure / len(every))
            found = [
                row
                for row, stays in zip(found, stay, strict=True)
                if stays or row[0].kind in (FIELD, PASSAGE)
            ]
            out += events
            if unit.kind != FIELD:
                explained = np.union1d(explained, unit.documents)
        return out, explained

    def _counts(self, units: Sequence[Unit], among: Mask) -> Ints:
        """Observations of units by period, (n, T)."""
        row = np.repeat(np.arange(len(units)), [len(unit.documents) for unit in units])
        codes = np.concatenate([self._observation[unit.documents] for unit in units])
        row, code = np.divmod(np.unique(row * len(among) + codes), len(among))
        return cross_counts(row, np.where(among, self._when, -1)[code], (len(units), len(self._names)))

    def _unexplained(
        self, unit: Unit, events: Sequence[Event], others: Sequence[Unit], level: float
    ) -> list[bool]:
        """Which other units are events among the observations without this one, too.

        Where hardly any documents are without it, those in which other ones are.
        """
        if max(event.share for event in events) > _MOSTLY:
            return [_share(unit, other) < _ALIKE for other in others]
        without = self._there.copy()
        without[self._observation[unit.documents]] = False
        if not others or not without.any():
            return [False] * len(others)
        p: list[float] = self._of(without).best(self._counts(others, without)).p.tolist()
        return [each <= level for each in p]

    def _events(self, unit: Unit, level: float) -> Iterator[Event]:
        """The event of a unit and, after its periods are taken out, those that are left."""
        (every,) = self._counts([unit], self._there)
        counts, scan = every, self._scan
        for number in range(_ROUNDS):
            ratio, p, begin, end, trend = (column[0].item() for column in scan.best(counts[None]))
            if p > level or (trend and number):
                return
            inside = np.zeros(len(counts), bool)
            inside[begin:end] = True
            if trend or not self._is_season(every, inside):
                yield self._event(unit, inside, (scan.sizes > 0) & ~inside, trend, ratio, p)
            if trend:
                return
            counts, scan = np.where(inside, 0, counts), Timescan(np.where(inside, 0, scan.sizes), scan)

    def _is_season(self, counts: Ints, inside: Mask) -> bool:
        """Whether the counts are likelier with the same share in these months of all years."""
        if len(self._months) < len(counts):
            return False
        alike = np.isin(self._months, self._months[inside])

        def likelihood(*parts: Mask) -> float:
            """Of the counts if each part has a share of its own."""
            pairs = [(int(counts[part].sum()), int(self._scan.sizes[part].sum())) for part in parts]
            return sum(k * float(np.log(k / of)) for n, of in pairs for k in (n, of - n) if k)

        return likelihood(inside, ~inside) < likelihood(alike, ~alike)

    def _event(self, unit: Unit, inside: Mask, others: Mask, trend: int, ratio: float, p: float) -> Event:
        """The event of some periods beside others."""
        of_documents = self._period[unit.documents]
        counts, place = np.bincount(of_documents, minlength=len(inside)), np.arange(len(inside))
        if trend:
            quarter = -(-len(inside) // 4)
            others, inside = place < quarter, place >= len(inside) - quarter
        parts = [inside, others]
        here, there = (counts[part].sum() / max(self._sizes[part].sum(), 1) for part in parts)
        form = "slow growth" if trend > 0 else "slow decline" if trend else "peak" if here > there else "gap"
        if not trend and (inside[0] or inside[-1]):
            if form == "gap":  # what is rare until a day is frequent from then on
                parts, here, there = parts[::-1], there, here
            form = "from" if parts[0][-1] else "until"
        (number, of), (usual, of_others) = (
            [int(each[part].sum()) for each in (counts, self._sizes)] for part in parts
        )
        then = parts[0][of_documents]
        places = unit.documents[then] if form != "gap" and then.any() else unit.documents
        lengths = self.batch.lengths[places]
        readable = np.lexsort((np.abs(lengths - np.median(lengths)), lengths < _BRIEF))
        ends, other_ends = ([self._names[place[part][at]] for at in (0, -1)] for part in parts)
        event = Event(
            "event",
            "",
            p,
            effect=float(here - there),
            words=unit.words,
            unit=unit.kind,
            form=form,
            begins=ends[0],
            ends=ends[1],
            share=float(here),
            elsewhere=float(there),
            ratio=ratio,
            counts=tuple(counts.tolist()),
            sizes=tuple(self._sizes.tolist()),
            within=unit.name if unit.kind == FIELD else self._within,
            places=tuple(places[readable[:_LISTED]].tolist()),
        )
        name, count = _shown(unit), f"{number:,} of the {of:,} documents"
        share, elsewhere = percent(event.share), percent(event.elsewhere)
        head, periods = f"{form.capitalize()} of {name}", int(parts[1].sum())
        if trend:
            early = " to ".join(map(called, other_ends))
            rest = f"{elsewhere} of the documents of {early}, {share} of those of {event.when}"
        elif form in ("from", "until"):
            head = f"{name[0].upper()}{name[1:]} {event.when}"
            rest = f"{count} ({share}), {'before' if form == 'from' else 'since then'} {elsewhere}"
        else:
            rest = f"{count} of {event.when} ({share}), in other {self._unit}s {elsewhere}"
            if inside.sum() == 1:
                rest += f" (usually {round(usual / periods):,} of {round(of_others / periods):,})"
        head = f"With {_value(self._within)}, {head[0].lower()}{head[1:]}" if self._within else head
        return replace(event, says=printable(f"{head}: {rest}."))


def _moves(events: Sequence[Event]) -> list[Event]:
    """The events, where one value of a field gains what another loses as one of both."""
    lost: list[Event] = []
    out = []
    for event in events:
        of = event.within.partition("=")[0], event.words[0], "until"
        ends = (each for each in events if (each.within.partition("=")[0], each.words[0], each.form) == of)
        other = next((each for each in ends if each.within != event.within), None)
        if other is not None and event.form == "from":
            moved = f"“{event.words[0]}” moves from {_value(other.within)} to {_value(event.within)}"
            event = replace(event, says=printable(f"{moved}: {event.says} {other.says}"))
            lost.append(other)
        out.append(event)
    return [event for event in out if event not in lost]


def _share(one: Unit, other: Unit) -> float:
    """Of the documents that have one of two units, how many have both."""
    both = len(np.intersect1d(one.documents, other.documents, assume_unique=True))
    return both / (len(one.documents) + len(other.documents) - both)


def _value(filter: str) -> str:
    """A value of a field as people say it: ``product card``."""
    return filter.replace("=", " ", 1)


def _shown(unit: Unit) -> str:
    if unit.kind == FIELD:
        return _value(unit.name)
    return f"the passage “{unit.name} …”" if unit.kind == PASSAGE else f"“{unit.name}”"
