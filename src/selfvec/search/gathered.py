"""The documents to be searched: texts, ids, dates and fields of a corpus in memory, and their passages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import CorpusError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.text.lexicon import is_text

from .passages import passages

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["GatheredDocuments", "gather", "gather_own", "kept_tokens"]

LONGEST = 120  # characters of a field's values, on average; longer fields are text and no filters


@dataclass(frozen=True)
class GatheredDocuments:
    """D documents in memory.

    Parameters
    ----------
    texts, ids : list of D str
    days : (D,) datetime64[D]
        NaT for documents without a date.
    fields : mapping of str to sequence of D (str or None)
        What documents can be filtered by.
    left_out : list of str
        Fields that are too long to filter by.
    """

    texts: list[str]
    ids: list[str]
    days: NDArray[np.datetime64]
    fields: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, texts: Sequence[str], days: NDArray[np.datetime64] | None = None) -> GatheredDocuments:
        """Texts without fields. Their ids are their numbers from 0.

        Raises
        ------
        CorpusError
            If a text is not valid Unicode.
        """
        odd = next((number for number, text in enumerate(texts) if not is_text(text)), None)
        if odd is not None:
            rule = f"document '{odd}' holds half of a surrogate pair, which is not Unicode text"
            raise CorpusError(rule, remedy="correct it or leave it out")
        days = np.full(len(texts), "NaT", "datetime64[D]") if days is None else days
        return cls(list(texts), [str(number) for number in range(len(texts))], days)

    def passages(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """The document of each passage, (P,), and where it begins and ends in characters, (P, 2)."""
        spans = [passages(text) for text in self.texts]
        owners = np.repeat(np.arange(len(spans), dtype=np.int32), [len(one) for one in spans])
        return owners, np.array([span for one in spans for span in one], np.int32).reshape(-1, 2)


def gather(corpus: Corpus, progress: Progress) -> GatheredDocuments:
    """Read a corpus into memory. Documents without an id are called by their number from 0."""
    import polars as pl

    from selfvec.corpus.documents import concatenated

    with progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        whole = concatenated(list(corpus.batches(advance)))
    texts: list[str] = whole.texts.to_list()
    given = whole.ids.to_list() if whole.ids is not None else [None] * len(texts)
    ids = [str(number) if name is None else name for number, name in enumerate(given)]
    days = np.full(len(texts), "NaT", "datetime64[D]")
    if whole.dates is not None:
        days = whole.dates.to_numpy().astype("datetime64[D]")
    others = {name: values for name, values in whole.fields.items() if name != "date" or whole.dates is None}
    short = {
        name: values.cast(pl.String).to_list()
        for name, values in others.items()
        if values.null_count() < len(values) and float(values.str.len_chars().mean() or 0) <= LONGEST  # type: ignore[arg-type]
    }
    return GatheredDocuments(texts, ids, days, short, [name for name in others if name not in short])


def gather_own(run: Run, progress: Progress) -> tuple[GatheredDocuments, Corpus]:
    """Read the documents that a run was made from.

    Raises
    ------
    InputError
        If they cannot be read, or have changed since.
    """
    from selfvec.corpus.reopen import own_corpus, verified

    corpus = own_corpus(run)
    found = gather(corpus, progress)
    verified(run, corpus)
    return found, corpus


def kept_tokens(run: Run) -> GatheredDocuments:
    """The documents of a run as the tokens it kept, for when the documents themselves are gone.

    Raises
    ------
    InputError
        If the run kept no tokens.
    """
    batch = run.require_tokens()
    words, bounds = [batch.types[i] for i in batch.ids.tolist()], batch.offsets.tolist()
    texts = [" ".join(words[a:b]) for a, b in pairwise(bounds)]
    days = None if batch.dates is None else batch.dates.astype("datetime64[D]")
    return GatheredDocuments.of(texts, days)
