"""How the dates of a corpus are written, which only whole columns tell.

03/04/2020 is in April if 25/03/2020 is in the same column of the same file. A file in which no value decides
is read as the other files of the corpus whose field has the same name, if these agree; else as that field was
read before in the run that is updated; else month first (day first before full stops), which is said. A file
is looked through only if one of its values asks for it, and clean columns never do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from selfvec.base.arrays import Ints

from .dates import DateColumn, DateForm, Evidence
from .fields import Fields
from .row_batch import RowBatch
from .summary import Summary

_ORDERS = {True: "day first", False: "month first"}


@dataclass(frozen=True)
class DecidedDates:
    """What was decided for the date field of a file."""

    form: DateForm = DateForm()  # noqa: RUF009 (it is frozen)
    order: str | None = None  # of its days and months, for the summary of the corpus
    notes: tuple[str, ...] = ()  # for the reader

    def tell(self, summary: Summary) -> None:
        """Say it in the summary of a corpus."""
        for note in self.notes:
            summary.note(note)
        if self.order and self.order not in summary.date_orders:
            summary.date_orders = (*summary.date_orders, self.order)


def decided(
    name: str,
    path: str,
    own: Evidence,
    others: Iterable[Evidence] = (),  # of the fields of this name in other files; asked only if they matter
    earlier: Mapping[str, str] | None = None,  # from `earlier_orders`
) -> DecidedDates:
    """Decide how the dates of a field are written."""
    form, notes = own.form, []
    before = (earlier or {}).get(name.lower())
    if own.day_first and own.month_first:
        notes.append(
            f"dates of {name!r} in {path} are not all in one order: {own.day_first:,} are day first, as "
            f"25/03, and {own.month_first:,} month first; those that may be either are read "
            f"{_ORDERS[bool(own.order)]}"
        )
    if form.day_first is None:
        known = {one.order for one in others} - {None}
        day_first = known.pop() if len(known) == 1 else None
        if day_first is None and before:
            day_first = before == _ORDERS[True]
        form = DateForm(day_first, form.serial, form.early_years)
    unknown = form.day_first is None and own.either > 0
    if unknown and not own.day_first:
        notes.append(
            f"dates of {name!r} are read month first, 03/04/2020 as March 4: nothing in the column decides; "
            "write them as 2020-03-04 if that is wrong"
        )
    order = _ORDERS[bool(form.day_first)] if unknown or form.day_first is not None else None
    if order and before and order != before:
        notes.append(f"dates of {name!r} are {order} in {path}, and {before} in what the run had read before")
    if form.serial:
        notes.append(f"dates of {name!r} are numbers, read as the days of a spreadsheet: 43910 as 2020-03-20")
    return DecidedDates(form, order and f"{name}: {order}", tuple(notes))


def earlier_orders(corpus: Mapping[str, Any]) -> dict[str, str]:
    """The order of the dates of each field that a run has read, by the summary of its corpus."""
    pairs = (str(one).rpartition(": ") for one in corpus.get("date_orders", ()))
    return {name.lower(): order for name, _, order in pairs}


@dataclass
class DateField:
    """The date field of one file, pipe or table in a pass over a corpus."""

    fields: Fields
    path: str
    reread: Callable[[], Iterator[RowBatch]] | None  # the rows again; None if they can be read only once
    decision: DecidedDates | None = None
    others: Sequence[DateField] = ()  # those of the same name in the corpus
    earlier: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the field, as shown to users."""
        return self.fields.date_name or ""

    @cached_property
    def evidence(self) -> Evidence:
        """What all rows say; nothing for those that can be read only once."""
        batches = self.reread() if self.reread else ()
        return sum(map(self.evidence_of, batches), Evidence())

    def evidence_of(self, batch: RowBatch) -> Evidence:
        """What some rows say."""
        return self.column(batch).evidence()

    def column(self, batch: RowBatch) -> DateColumn:
        """The dates of some rows as they are written."""
        raw = batch.columns[self.fields.date[0]]
        if len(self.fields.date) == 2:  # year and month, and day
            raw = raw.str.strip_chars() + batch.columns[self.fields.date[1]].str.strip_chars().str.zfill(2)
        return DateColumn(raw)

    def form(self, column: DateColumn) -> DateForm:
        """How the values are read; the whole column is looked through if they depend on it."""
        if self.decision is None and column.evidence().depends:
            self.decide()
        return self.decision.form if self.decision else DateForm()

    def decide(self) -> None:
        """Decide by what all rows say."""
        others = (one.evidence for one in self.others if one is not self)
        self.decision = decided(self.name, self.path, self.evidence, others, self.earlier)

    def held(self, batches: Iterator[RowBatch]) -> Iterator[RowBatch]:
        """The same rows, which can be read only once; they wait on disk for later ones that decide."""
        self.evidence = Evidence()
        for batch in batches:
            self.evidence += self.evidence_of(batch)
            if self.evidence.depends:
                yield from self._decided(chain([batch], batches))
                return
            yield batch

    def _decided(self, batches: Iterator[RowBatch]) -> Iterator[RowBatch]:
        """The same rows after all of them were read; what the first says is known."""
        lines: list[Ints] = []
        with TemporaryDirectory(prefix="selfvec-") as folder:
            for number, batch in enumerate(batches):
                self.evidence += self.evidence_of(batch) if number else Evidence()
                pl.DataFrame(batch.columns).write_ipc(Path(folder, str(number)))
                lines.append(np.asarray(batch.lines, np.int64))
            self.decide()
            for number, of in enumerate(lines):
                frame = pl.read_ipc(Path(folder, str(number)))
                yield RowBatch({column.name: column for column in frame}, of)


def joined_by_name(found: Sequence[DateField | None], earlier: Mapping[str, str]) -> None:
    """Tell the date fields of a corpus, None where a part has none, of those of the same name."""
    names: dict[str, list[DateField]] = {}
    for one in filter(None, found):
        names.setdefault(one.name.lower(), []).append(one)
        one.others, one.earlier = names[one.name.lower()], earlier
