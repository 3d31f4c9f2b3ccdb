"""`merge`: runs become one, the run that all of their text would have made.

    merge([refine(A), refine(B)]) == refine(A + B)

The token ids of the parts are joined, stemmed and counted together, and refined again. Tokens, vocabulary,
counts, original and refined vectors are equal bit for bit. Refined vectors cannot be combined directly,
because whitening, anchors and neighbour weights depend on all of the text. Reading, tokenising and looking up
words are not repeated.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.threads import one_core
from selfvec.base.timings import Timings
from selfvec.corpus.known_documents import KnownDocuments, known_documents
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.refinement.execution import Execution
from selfvec.refinement.inputs import Inputs, inputs_from
from selfvec.refinement.pipeline import refine_inputs
from selfvec.storage.workspace import Workspace

from .joined_corpora import (
    joined,
    joined_corpora,
    joined_encodings,
    kept_documents,
    refuse_same_files,
    repeated,
    without_repeats,
)
from .source_runs import (
    MovedVectors,
    SourceRun,
    gathered,
    leaves_out_rare,
    refuse_different,
    source_run,
    source_vectors,
)

__all__ = ["files_read", "joined_inputs", "merge"]


@one_core()
def merge(
    runs: Sequence[Run | str | os.PathLike[str]],
    vectors: MovedVectors = None,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Merge runs. The result is the same as that of one run on all their corpora, one after the other.

    Parameters
    ----------
    runs : sequence of Run or path
        At least two, made with the same options from the same vectors. Not changed.
    vectors : `Vectors` or path, optional
        The initial vectors, if their file has moved or they were given in memory. They are only read with
        stemming or ``min_count``, because the whole may then have words that no part has.
    workspace : Workspace, optional
        Holds the state of interrupted work.
    progress : Progress, optional
        Receives the progress of each stage.
    jobs : int, optional
        Threads; all cores if None. The result is the same.

    Returns
    -------
    Run

    Raises
    ------
    InputError, FormatError, Interrupted
        As for `update`.
    OptionError
        If there are fewer than two runs, or their options or vectors differ.
    CorpusError
        If two runs contain the same file.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> shards = [selfvec.Refiner("decorrelated").fit(part, "none").run_ for part in (texts[:2], texts[2:])]
    >>> merge(shards).vectors.counts.tolist()
    [2, 2, 2, 2, 1, 1, 1, 1, 1]
    """
    execution = Execution(workspace, as_progress(progress), jobs, Timings(read=0.0, tokenize=0.0))
    if len(runs) < 2:
        raise OptionError("merging needs at least two runs", remedy="name another run")
    with execution.timings.stage("load"):
        parts = [source_run(run, number) for number, run in enumerate(runs)]
        refuse_different(parts)
    settings = parts[0].settings
    with execution.timings.stage("count"):
        batches = [part.unstemmed for part in parts]
        kept = without_repeats(batches)
        refuse_same_files([part.run.provenance.corpus for part in parts])
        left_out = sum(a.documents - b.documents for a, b in zip(batches, kept, strict=True))
        corpus = joined_corpora([part.run.provenance.corpus for part in parts], _repeats(batches), left_out)
        # With stemming, or without rare words, the whole may have words that no part has.
        more = settings.stem or settings.min_count > 1 or any(leaves_out_rare(part.run) for part in parts)
        initial = source_vectors(parts[0], vectors) if more else None
        texts = [part.run.provenance.text for part in parts]
        inputs = joined_inputs(parts, kept, corpus, texts, initial, execution)
    step = {"by": "merge", "runs": [_described(part) for part in parts]}
    inputs = replace(inputs, documents=_documents(parts), provenance=inputs.provenance.replace(steps=[step]))
    return refine_inputs(inputs, settings, execution)


def joined_inputs(
    parts: Sequence[SourceRun],
    batches: Sequence[TokenBatch],  # before stemming and `min_count`
    corpus: Mapping[str, Any],  # the summary of the whole
    texts: Sequence[Mapping[str, Any]],  # the descriptions of the encoded texts
    initial: Vectors | None,  # for words that the parts do not have
    execution: Execution,
) -> Inputs:
    """The whole text, stemmed and counted, with the initial vectors of its words."""
    first = parts[0]
    whole = joined(batches)
    recorded = first.run.provenance
    provenance = Provenance(corpus=corpus, vectors=recorded.vectors, option_files=recorded.option_files)
    known = {word: 0 for part in parts for word in part.known} if initial is None else initial.key_to_index
    return inputs_from(
        whole,
        known,
        first.settings,
        joined_encodings(texts, whole),
        provenance,
        lambda batch: gathered(batch, parts, initial),
        execution.jobs,
        execution.token_ids,
    )


def _documents(parts: Sequence[SourceRun]) -> KnownDocuments:
    """The documents of merged runs."""
    masks = kept_documents([part.unstemmed for part in parts])
    known = [known_documents(part.run) for part in parts]
    return KnownDocuments.joined([k.part(m) for k, m in zip(known, masks, strict=True) if k is not None])


def _repeats(batches: Sequence[TokenBatch]) -> int:
    """Number of distinct texts that an earlier part contains, over all parts."""
    found = zip(batches, repeated(batches), strict=True)
    return sum(
        len(np.unique(batch.fingerprints[again])) for batch, again in found if batch.fingerprints is not None
    )


def files_read(corpus: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Paths and hashes of the files that were read."""
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


def _described(part: SourceRun) -> dict[str, Any]:
    return {
        "run": part.name,
        **part.counted,
        "files": files_read(part.run.provenance.corpus),
        "grown": part.steps,
    }
