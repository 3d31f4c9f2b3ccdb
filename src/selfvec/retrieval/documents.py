"""The documents to be searched: texts, ids, dates and fields of a corpus in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Ids
from selfvec.base.errors import CorpusError, InputError
from selfvec.base.memory import return_freed_memory
from selfvec.base.packed_strings import PackedStrings, Packer
from selfvec.base.progress import Progress
from selfvec.corpus.sources import Texts, paths_of
from selfvec.data.run import Run
from selfvec.text.vocabulary import is_text

from .passages import CUT, Cut, passages

if TYPE_CHECKING:
    import polars as pl

    from selfvec.corpus import Corpus

__all__ = ["GatheredDocuments", "gather", "kept_tokens"]

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
    gone: Sequence[str] = ()  # files and folders of the run that are missing
    unread: Sequence[str] = ()  # columns of bytes or vectors, or of a name that occurs twice

    @classmethod
    def of(cls, texts: Sequence[str], days: NDArray[np.datetime64] | None = None) -> GatheredDocuments:
        """Texts without fields. Their ids are their numbers from 0."""
        try:
            packed = PackedStrings.of(texts)
        except UnicodeEncodeError:
            odd = next(number for number, text in enumerate(texts) if not is_text(text))
            rule = f"document '{odd}' holds half of a surrogate pair, which is not Unicode text"
            raise CorpusError(rule, remedy="correct it or leave it out") from None
        days = np.full(len(texts), "NaT", "datetime64[D]") if days is None else days
        return cls(packed, PackedStrings.of(map(str, range(len(texts)))), days)

    def spans(self) -> list[list[tuple[int, int]]]:
        """Where the passages of each text begin and end, in characters; none for a short text."""
        return [passages(text, *self.cut) for text in self.texts]

    def passages(self) -> tuple[Ids, Ids]:
        """The document of each passage, (P,), and where it begins and ends in characters, (P, 2)."""
        spans = self.spans()
        owners = np.repeat(np.arange(len(spans), dtype=np.int32), [len(one) for one in spans])
        return owners, np.array([span for one in spans for span in one], np.int32).reshape(-1, 2)


def gather(run: Run, corpus: Texts, progress: Progress, *, partly: bool = False) -> GatheredDocuments:
    """Read a run's own documents into memory, compared with their hashes, or other documents.

    Documents without an id are named by their number from 0. With ``partly``, missing files are left out if
    others exist.
    """
    from selfvec.corpus import Corpus, as_corpus
    from selfvec.corpus.reopen import own_corpus, verified

    if corpus is not None:
        paths = paths_of(corpus)
        given = as_corpus(corpus, keep_fields=True) if paths is None else Corpus.open(paths, keep_fields=True)
        return _read(given, progress)
    gone: list[str] = []
    own = own_corpus(run, gone=gone if partly else None)
    if gone:
        progress.say(f"missing, and not searched: {', '.join(gone)}")
    found = _read(own, progress)
    verified(run, own, gone)
    if not gone:
        _check_number(run, found)
    return replace(found, gone=gone)


def _check_number(run: Run, found: GatheredDocuments) -> None:
    """Raise `InputError` if the files no longer hold all of a run's documents, and no others."""
    number = run.provenance.documents
    if number is not None and len(found.texts) != number:
        rule = f"the run has {number:,} documents, its files hold {len(found.texts):,} of them"
        raise InputError(rule, path=run.folder, remedy="refine again, or name the documents with --corpus")


def _read(corpus: Corpus, progress: Progress) -> GatheredDocuments:
    import polars as pl

    from selfvec.corpus.documents import concatenated
    from selfvec.corpus.fingerprints import joined_utf8

    batches = []
    packer = Packer()
    with progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        for batch in corpus.batches(advance):
            packer.add(*joined_utf8(batch.texts))
            batches.append(replace(batch, texts=pl.repeat(None, len(batch), dtype=pl.Null, eager=True)))
    texts = packer.packed()
    whole = concatenated(batches)
    given = whole.ids if whole.ids is not None else [None] * len(texts)
    ids = PackedStrings.of(name or str(number) for number, name in enumerate(given))
    days = np.full(len(texts), "NaT", "datetime64[D]")
    if whole.dates is not None:
        days = whole.dates.to_numpy().astype("datetime64[D]")
    others = {name: values for name, values in whole.fields.items() if name != "date" or whole.dates is None}
    short = {name: values.cast(pl.String).to_list() for name, values in others.items() if _is_short(values)}
    left_out = [name for name in others if name not in short and others[name].null_count() < len(whole)]
    del whole, others
    return_freed_memory()
    return GatheredDocuments(texts, ids, days, short, left_out, unread=corpus.unread_fields)


def _is_short(values: pl.Series) -> bool:
    """Whether a field has values, and they are short."""
    values = values.drop_nulls()
    nested = values.str.contains(r"^[\[{]").all()  # lists and objects
    return 0 < len(values) * (LONGEST_JSON if nested else LONGEST) >= values.str.len_chars().sum()


def kept_tokens(run: Run) -> GatheredDocuments:
    """The documents of a run as its stored tokens, for use when the documents are missing."""
    batch = run.require_tokens()
    words = [batch.types[i] for i in batch.ids.tolist()]
    bounds = batch.offsets.tolist()
    texts = [" ".join(words[a:b]) for a, b in pairwise(bounds)]
    days = None if batch.dates is None else batch.dates.astype("datetime64[D]")
    return GatheredDocuments.of(texts, days)
