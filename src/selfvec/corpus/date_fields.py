"""How the dates of a corpus are written, which only whole columns tell.

03/04/2020 is in April if 25/03/2020 is in the same column of the same file. A file in which no value decides
is read as the other files of the corpus whose field has the same name, if these agree; else as that field was
read before in the run that is updated; else month first (day first before full stops), which is said. Rows
wait for others only if one of their values asks for it; in clean columns none does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

_IN_MEMORY = 128 << 20  # bytes of rows that wait for later ones that decide
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
            f"25/03, and {own.month_first:,} month first; those that could be either are read "
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
            f"dates of {name!r} are read month first, 03/04/2020 as March 4: the column does not settle it; "
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
        return self.fields.date or ""

    @cached_property
    def evidence(self) -> Evidence:
        """What all rows say; nothing for those that can be read only once."""
        batches = self.reread() if self.reread else ()
        return sum((self._column(batch).evidence() for batch in batches), Evidence())

    @property
    def form(self) -> DateForm:
        """How the dates are read."""
        return self.decision.form if self.decision else DateForm()

    def _column(self, batch: RowBatch) -> DateColumn:
        """The dates of some rows as they are written."""
        return DateColumn(batch.columns[self.name])

    def decide(self) -> None:
        """Decide by what all rows say."""
        others = (one.evidence for one in self.others if one is not self)
        self.decision = decided(self.name, self.path, self.evidence, others, self.earlier)

    def dated(self, batches: Iterator[RowBatch]) -> Iterator[RowBatch]:
        """The same rows with their dates; from the first that depend on others on, they wait for these."""
        dated = (replace(batch, dates=self._column(batch)) for batch in batches)
        if self.decision is not None:
            yield from dated
            return
        evidence = Evidence()
        for batch in dated:
            evidence += _evidence(batch)
            if evidence.depends:
                wait = self._in_memory if self.reread else self._on_disk
                yield from wait(batch, dated, evidence)
                return
            yield batch
        self.evidence = evidence

    def _in_memory(
        self, first: RowBatch, batches: Iterator[RowBatch], evidence: Evidence
    ) -> Iterator[RowBatch]:
        """The same rows when it is decided. If they are too many to wait, all are looked through apart."""
        waiting, size = deque([first]), 0
        for batch in batches:
            evidence += _evidence(batch)
            waiting.append(batch)
            size += sum(int(column.estimated_size()) for column in batch.columns.values())
            if size > _IN_MEMORY:
                break
        else:
            self.evidence = evidence
        self.decide()
        while waiting:
            yield waiting.popleft()
        yield from batches

    def _on_disk(
        self, first: RowBatch, batches: Iterator[RowBatch], evidence: Evidence
    ) -> Iterator[RowBatch]:
        """The same rows, which can be read only once, when all of them were read."""
        lines: list[Ints] = []
        with TemporaryDirectory(prefix="selfvec-") as folder:
            for number, batch in enumerate(chain([first], batches)):
                evidence += _evidence(batch) if number else Evidence()
                pl.DataFrame(batch.columns).write_ipc(Path(folder, str(number)))
                lines.append(np.asarray(batch.lines, np.int64))
            self.evidence = evidence
            self.decide()
            for number, of in enumerate(lines):
                frame = pl.read_ipc(Path(folder, str(number)))
                batch = RowBatch({column.name: column for column in frame}, of)
                yield replace(batch, dates=self._column(batch))


def _evidence(batch: RowBatch) -> Evidence:
    return batch.dates.evidence() if batch.dates else Evidence()


def joined_by_name(found: Sequence[DateField | None], earlier: Mapping[str, str]) -> None:
    """Tell the date fields of a corpus, None where a part has none, of those of the same name."""
    names: dict[str, list[DateField]] = {}
    for one in filter(None, found):
        names.setdefault(one.name.lower(), []).append(one)
        one.others, one.earlier = names[one.name.lower()], earlier
