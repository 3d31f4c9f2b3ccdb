"""What the documents that a question finds have in their fields, and when they were written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import numpy as np

from selfvec.base.arrays import Mask
from selfvec.corpus.filters import allowed
from selfvec.corpus.slices import Slice
from selfvec.retrieval import Index

from .periods import described_period

_FIELDS = 6  # those that most of the documents have
_VALUES = 8  # of a field, those that most documents have
_DISTINCT = 200  # values of a field that sorts documents; one with more names them

Json = dict[str, Any]


def facets(index: Index, query: str, filters: Sequence[str], periods: Iterable[Slice]) -> Json:
    """How many documents have a word of the question and pass the filters, by value of a field and by period.

    The counts of a field or of dates leave out its own filters, so that another value can be chosen.
    """
    matching = index.matching(query)

    @cache
    def passing(wanted: tuple[str, ...]) -> Mask:
        return matching & allowed(index.documents, wanted)

    def found(but: str) -> Mask:
        """The documents that pass all filters but those of a field; nearly all fields share them."""
        return passing(tuple(one for one in filters if one.partition("=")[0] != but))

    fields: list[tuple[int, Json]] = []
    for name in index.documents.fields:
        codes, values = index.documents.field(name)
        if not 2 <= len(values) <= min(_DISTINCT, len(index) // 2):
            continue
        counts = np.bincount(codes[found(name) & (codes >= 0)], minlength=len(values))
        order = np.argsort(-counts, kind="stable")[:_VALUES].tolist()
        shown = [{"value": values[i], "count": int(counts[i])} for i in order if counts[i]]
        row = {"name": name, "values": shown, "more": int(np.count_nonzero(counts)) - len(shown)}
        fields.append((-int(counts.sum()), row))
    dated = found("date")
    return {
        "found": int(np.count_nonzero(found(""))),
        "documents": len(index),
        "fields": [row for _, row in sorted(fields, key=itemgetter(0))[:_FIELDS]],
        "time": [
            {**described_period(part), "found": int(np.count_nonzero(dated & part.documents))}
            for part in periods
        ],
    }
