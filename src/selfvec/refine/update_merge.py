"""Adding text to a run (`update`) and merging runs (`merge`).

    update(refine(A), B) == refine(A + B)            merge([refine(A), refine(B)]) == refine(A + B)

Both join the token ids of the parts, stem and count the whole, and refine it anew: tokens, vocabulary, counts
and both tables are equal bit for bit. Refined tables cannot be combined, because whitening, anchors and
neighbour weights depend on all of the text. Reading, tokenising and looking up words are not repeated.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.base.provenance import Timings
from selfvec.corpus.documents import ONCE
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors

from .inputs import InputProvenance, Inputs, inputs_from, read_unstemmed
from .joining import joined, joined_corpora, joined_encodings, repeated, without_repeats
from .pipeline import refine_inputs
from .resume import Execution
from .run_parts import Given, Part, gathered, part_of, refuse_changed_files, refuse_different, table_of

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.storage.workspace import Workspace

__all__ = ["fields_of", "merge", "update"]


def update(
    run: Run | str | os.PathLike[str],
    corpus: Corpus | str | os.PathLike[str] | Iterable[str],
    vectors: Given = None,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Add text to a run. The result is the same as that of one run on all of the text.

    Parameters
    ----------
    run : Run or path
        Not changed; save the result over it to replace it.
    corpus : `Corpus`, path, data frame or iterable
        New documents, see `selfvec.corpus.as_corpus`. A path is read with the same fields as the run's
        corpus.
    vectors : `Vectors` or path, optional
        The original vectors, if the file has moved or they came from memory.
    workspace : Workspace, optional
        Where the state of interrupted work is saved and looked for.
    progress : Progress, optional
        Receives the progress of each stage.
    jobs : int, optional
        Threads; all cores if None. The result is the same.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If the run did not keep its tokens, or its vectors are not found.
    FormatError
        If the vectors are not those the run started from, or files of the run are damaged.
    OptionError
        If an option of the run depends on the whole text at once.
    CorpusError
        If the text cannot be read, or the run contains one of its files already.
    Interrupted
        On Ctrl-C; the state is in the workspace.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> grown = update(selfvec.Refiner("decorrelated").fit(texts[:2], "none").run_, texts[2:])
    >>> whole = selfvec.Refiner("decorrelated").fit(texts, "none").run_
    >>> bool((grown.vectors.vectors == whole.vectors.vectors).all())
    True
    """
    from selfvec.corpus.documents import Seen

    execution = Execution(workspace, progress or Progress(), jobs)
    with execution.timings.stage("load"):
        old = part_of(run)
        refuse_changed_files(old)
        opened = _opened(old.run, corpus)
        table = table_of(old, vectors)
    marks = old.unstemmed.fingerprints
    assert marks is not None
    fresh, encoding = read_unstemmed(opened, table, old.settings, execution, seen=Seen(marks & ~ONCE))
    corpora = [old.recorded("corpus"), opened.summary.as_dict()]
    texts = [old.recorded("text"), encoding.as_dict()]
    batches = [old.unstemmed, fresh]
    with execution.timings.stage("count"):
        inputs = _inputs([old], batches, joined_corpora(corpora), texts, table)
    again = int(repeated(batches)[1].sum())
    if again:
        execution.progress.say(
            f"{again:,} of the {fresh.documents:,} new documents repeat text already in the run; they are "
            f"counted again"
        )
    more = {name: number - old.counted[name] for name, number in _counted(inputs.batch).items()}
    step = {"by": "update", **more, "files": _files(corpora[1])}
    return refine_inputs(inputs.grown([*old.steps, step]), old.settings, execution)


def merge(
    runs: Sequence[Run | str | os.PathLike[str]],
    vectors: Given = None,
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
        The original vectors, if the file has moved or they came from memory. Only read with stemming or
        ``min_count``, because the whole may then have words that no part has.
    workspace : Workspace, optional
        Where the state of interrupted work is saved and looked for.
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
    execution = Execution(workspace, progress or Progress(), jobs, Timings(read=0.0, tokenize=0.0))
    if len(runs) < 2:
        raise OptionError("merging takes at least two runs", remedy="name more of them")
    with execution.timings.stage("load"):
        parts = [part_of(run, number) for number, run in enumerate(runs)]
        refuse_different(parts)
    settings = parts[0].settings
    with execution.timings.stage("count"):
        batches = [part.unstemmed for part in parts]
        kept = without_repeats(batches)
        left_out = sum(a.documents - b.documents for a, b in zip(batches, kept, strict=True))
        corpus = joined_corpora([part.recorded("corpus") for part in parts], _repeats(batches), left_out)
        # With stemming or min_count the whole may have words that no part has.
        table = table_of(parts[0], vectors) if settings.stem or settings.min_count > 1 else None
        inputs = _inputs(parts, kept, corpus, [part.recorded("text") for part in parts], table)
    step = {"by": "merge", "runs": [_described(part) for part in parts]}
    return refine_inputs(inputs.grown([step]), settings, execution)


def _inputs(
    parts: Sequence[Part],
    batches: Sequence[TokenBatch],  # before stemming and `min_count`
    corpus: dict[str, Any],  # the summary of the whole
    texts: Sequence[dict[str, Any]],  # the descriptions of the encoded texts
    table: Vectors | None,  # for words that the parts do not have
) -> Inputs:
    """The whole, stemmed and counted, with the rows that its words start from."""
    first, whole = parts[0], joined(batches)
    vectors, files = first.recorded("vectors"), first.recorded("option_files")
    about = InputProvenance(corpus, joined_encodings(texts, whole), vectors, files)
    known = {word: 0 for part in parts for word in part.known} if table is None else table.key_to_index
    return inputs_from(whole, known, first.settings, about, lambda batch: gathered(batch, parts, table))


def fields_of(run: Run) -> dict[str, Any]:
    """Arguments of `Corpus.open` that read a corpus like the run's."""
    recorded = run.provenance.get("corpus")
    recorded = recorded if isinstance(recorded, dict) else {}
    texts = recorded.get("text_fields")
    return {
        "text_fields": list(texts)
        if recorded.get("text_given") and isinstance(texts, list | tuple)
        else None,
        "date_field": recorded.get("date_field") if recorded.get("date_given") else None,
        "slice_field": recorded.get("slice_field"),
        "slice_by_name": bool(recorded.get("slice_by_name")),
    }


def _opened(run: Run, corpus: Corpus | str | os.PathLike[str] | Iterable[str]) -> Corpus:
    """Open new documents with the same fields as the run's corpus."""
    from selfvec.corpus import Corpus, as_corpus

    if not isinstance(corpus, str | os.PathLike):
        return as_corpus(corpus)
    return Corpus.open([corpus], **fields_of(run))


def _counted(batch: TokenBatch) -> dict[str, int]:
    return {"documents": batch.documents, "tokens": len(batch), "types": len(batch.types)}


def _repeats(batches: Sequence[TokenBatch]) -> int:
    """Number of distinct texts that an earlier part contains, over all parts."""
    found = zip(batches, repeated(batches), strict=True)
    return sum(
        len(np.unique(batch.fingerprints[again])) for batch, again in found if batch.fingerprints is not None
    )


def _files(corpus: dict[str, Any]) -> list[dict[str, Any]]:
    """Paths and hashes of the files that were read."""
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


def _described(part: Part) -> dict[str, Any]:
    return {"run": part.name, **part.counted, "files": _files(part.recorded("corpus")), "grown": part.steps}
