"""The documents to be searched: texts, ids, dates and fields in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Ids
from selfvec.base.errors import CorpusError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.data.run_text import DATE, TEXT, column_of
from selfvec.files.memory import PackedStrings, Packer, return_freed_memory
from selfvec.text.passages import CUT, Cut, passages
from selfvec.text.vocabulary import is_text

if TYPE_CHECKING:
    import polars as pl

LONGEST = 120  # characters of a field's values, on average; longer fields are text, not filters
LONGEST_JSON = 1000  # of lists and objects


@dataclass(frozen=True)
class GatheredDocuments:
    """D documents. Their texts may be in a temporary file."""

    texts: PackedStrings
    ids: PackedStrings
    days: NDArray[np.datetime64]  # (D,) datetime64[D], NaT for documents without a date
    fields: Mapping[str, Sequence[str | None]] = field(default_factory=dict)  # to filter by
    left_out: list[str] = field(default_factory=list)  # fields that are too long to filter by
    cut: Cut = CUT
    unread: Sequence[str] = ()  # columns of bytes or vectors, or of a name that occurs twice

    @classmethod
    def of(cls, texts: Sequence[str]) -> GatheredDocuments:
        """Texts without fields. Their ids are their numbers from 0."""
        try:
            packed = PackedStrings.of(texts)
        except UnicodeEncodeError:
            odd = next(number for number, text in enumerate(texts) if not is_text(text))
            rule = f"document '{odd}' holds half of a surrogate pair, which is not Unicode text"
            raise CorpusError(rule, remedy="correct it or leave it out") from None
        ids = PackedStrings.of(map(str, range(len(texts))))
        return cls(packed, ids, np.full(len(texts), "NaT", "datetime64[D]"))

    def spans(self) -> list[list[tuple[int, int]]]:
        """Where the passages of each text begin and end, in characters; none for a short text."""
        return [passages(text, *self.cut) for text in self.texts]

    def passages(self) -> tuple[Ids, Ids]:
        """The document of each passage, (P,), and where it begins and ends in characters, (P, 2)."""
        spans = self.spans()
        owners = np.repeat(np.arange(len(spans), dtype=np.int32), [len(one) for one in spans])
        return owners, np.array([span for one in spans for span in one], np.int32).reshape(-1, 2)


def gather(run: Run, progress: Progress) -> GatheredDocuments:
    """The documents of a run, in memory, named by `RunText.names`.

    `InputError` if the run has not kept its text.
    """

    from selfvec.corpus.fingerprints import joined_utf8

    text = run.require_text("which is searched")
    packer = Packer()
    with progress.stage("Reading", len(text), "documents") as advance:
        for rows in text.batches((TEXT,)):
            packer.add(*joined_utf8(rows[TEXT]))
            advance(len(rows))
    texts = packer.packed()
    ids = PackedStrings.of(text.names())
    days = text.read((DATE,))[DATE].to_numpy().astype("datetime64[D]")
    others = {name: text.read((column_of(name),)).to_series() for name in text.fields}
    short = {name: values.to_list() for name, values in others.items() if _is_short(values)}
    left_out = [name for name in others if name not in short and others[name].null_count() < len(text)]
    unread = run.provenance.corpus.get("unread_fields", ())
    del others
    return_freed_memory()
    return GatheredDocuments(texts, ids, days, short, left_out, unread=unread)


def _is_short(values: pl.Series) -> bool:
    """Whether a field has values, and they are short."""
    values = values.drop_nulls()
    nested = values.str.contains(r"^[\[{]").all()  # lists and objects
    return 0 < len(values) * (LONGEST_JSON if nested else LONGEST) >= values.str.len_chars().sum()
