"""`Inputs`: what a refinement starts from, token ids and initial vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.errors import CorpusError
from selfvec.data.provenance import Provenance
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

if TYPE_CHECKING:
    from selfvec.cooccurrence.scan import ScanOperator
    from selfvec.text import Encoding
    from selfvec.text.repeats import Repeats


@dataclass(frozen=True)
class Inputs:
    """The inputs of a refinement."""

    batch: TokenBatch  # types by falling frequency
    original: Vectors  # the batch's types in their order, with the initial vector of each
    provenance: Provenance = field(default_factory=Provenance)  # what is known before refining
    repeats: Repeats | None = None
    text: RunText | None = None  # the documents, if the run keeps them
    # Makes the operator for a window, if the tokens are elsewhere and the batch has only their counts.
    scan: Callable[[int], ScanOperator] | None = None


def inputs_from(
    unstemmed: TokenBatch,  # types in order of first appearance
    known: Mapping[str, int],  # words with a vector
    settings: Settings,
    text: Encoding,  # of the unstemmed tokens
    provenance: Provenance,  # of the corpus, the vectors and the options
    vectors_of: Callable[[TokenBatch], Vectors],  # unit vectors for the types of a batch
    jobs: int | None = None,
) -> Inputs:
    """Apply the rules that need the whole corpus and look up the vectors of its words.

    The ids of ``unstemmed`` may be overwritten, because a second array of ids would double the memory.
    """
    from .counted_text import counted

    found = counted(unstemmed, known, settings, jobs)
    batch, repeats = found.batch, found.repeats
    check_tokens(batch)
    _check_slices(batch, settings)
    once = repeats.tokens if repeats.once(settings) else 0
    provenance = provenance.replace(
        text=text.of_counted(batch, batch.empty, once, found.kept_from).as_dict(),
        repeats=repeats.as_dict(settings),
    )
    return Inputs(batch, vectors_of(batch), provenance, repeats)


def check_tokens(batch: TokenBatch) -> None:
    """Raise `CorpusError` for a text of fewer than two words, also if only their counts are there."""
    if not batch.counts.any():
        raise CorpusError(
            "no words of the corpus remain after filtering",
            remedy="loosen --min-count, --max-types, --pos or --stop-words, or add more text",
        )
    if len(batch.types) < 2:
        raise CorpusError(
            f"the corpus has only one word, {batch.types[0]!r}: there are no neighbours to learn from",
            remedy="add more text, or check --text-field and --tokenizer",
        )


def _check_slices(batch: TokenBatch, settings: Settings) -> None:
    if settings.slice and (batch.dates is None or np.all(np.isnat(batch.dates))):
        raise CorpusError(
            f"there are no dates to divide the corpus into slices by {settings.slice}",
            remedy="give --date-field FIELD, or leave out --slice",
        )
