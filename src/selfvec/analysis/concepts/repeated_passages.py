"""Passages that many documents have word for word: templates, trailers, signatures, quoted mails.

They are no subjects: a run counts them once, and topics are made without them. So they are said as what they
are: how many documents hold which, and since when.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.comparison.passages import (
    is_new,
    months_of,
    passages_of,
    quoted,
    shares_between,
)
from selfvec.analysis.counted_text import counted_text
from selfvec.base.arrays import Ints, Mask
from selfvec.base.display import count_of
from selfvec.base.finding import Finding
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.cache import cached_result
from selfvec.text.kernels import NGRAM

_SAID = 3  # passages in sentences
_NAMING = 5  # words that tell a passage
_OFTEN = 0.01  # of the documents hold each of these


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
    kept = cached_result(run, "passages", None, lambda: {"passages": _found(run)})["passages"]
    return [RepeatedPassage(text, np.array(documents, np.int64)) for text, documents in kept]


def _found(run: Run) -> list[tuple[str, list[int]]]:
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


# ---- As findings


def passage_findings(run: Run, made: Comparison | None = None) -> list[Finding]:
    """What many documents hold, and since when; without what a comparison says of its sides."""
    batch = run.require_tokens()
    among = np.ones(batch.documents, bool) if made is None else made.side >= 0
    passages = repeated_passages(run)
    held = [replace(each, documents=each.documents[among[each.documents]]) for each in passages]
    often = [each for each in held if len(each.documents) >= max(_OFTEN * batch.documents, 1)]
    if made is not None:
        shares = [shares_between(each.documents, made.side, made.unit) for each in often]
        often = [each for each, row in zip(often, shares, strict=True) if not is_new(row, len(passages))]
    return [Finding("passage", _told(each, batch, among), words=each.begins) for each in often[:_SAID]]


def _told(passage: RepeatedPassage, batch: TokenBatch, among: Mask) -> str:
    held = count_of(len(passage.documents), "document holds", "documents hold")
    since = "" if batch.dates is None else months_of(batch.dates[among], batch.dates[passage.documents])
    return f"{held} “{passage.text} …”{since and ', '}{since}."
