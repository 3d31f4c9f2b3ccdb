"""Documents that are on no side of a comparison, since they have no date or no value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.base.display import count_of, printable
from selfvec.corpus.slices import Slice, parse_span
from selfvec.data.run import Run

from .finding import Finding


def undated(run: Run, slices: Sequence[Slice], field: str | None, among: Mask | None = None) -> list[Finding]:
    """How many documents are on no side since they have no date or, of a field, no value."""
    batch = run.tokens
    if batch is None or not slices:
        return []
    asked = np.ones(batch.documents, bool) if among is None else among
    if field is not None:
        values = run.require_text().field(field)
        lacking = np.array([not (value or "").strip() for value in values], bool)
        what = field
    elif batch.dates is not None and all(parse_span(part.name) for part in slices):
        lacking, what = np.isnat(batch.dates), "date"
    else:
        return []
    number, total = int((lacking & asked).sum()), int(asked.sum())
    if not number:
        return []
    has = "has" if number == 1 else "have"
    said = f"{number:,} of {count_of(total, 'document')} {has} no {what}, so they are on neither side."
    return [Finding("missing", printable(said), effect=number / total)]
