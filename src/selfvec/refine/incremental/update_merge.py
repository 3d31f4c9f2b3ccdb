"""`update` and `merge`: token ids of the parts are joined, stemmed and counted as a whole, and refined anew.

No method can combine refined tables: whitening, anchors and neighbour weights depend on all of the text. What
is saved is reading, tokenising and looking words up; the result is the run that all of the text would have
made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.base.provenance import Timings
from selfvec.corpus.fingerprints import ONCE
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.refine.inputs import inputs_from, read_unstemmed
from selfvec.refine.pipeline import refine_inputs
from selfvec.refine.provenance import InputProvenance, joined_corpora, joined_encodings
from selfvec.refine.resume import Execution

from .join import joined, repeated, without_repeats
from .parts import Part, part_of, refuse_changed_files, refuse_different, refuse_same_files
from .starting_rows import Given, gathered, table_of

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
    """The run that its corpus and new text, read after it, would have made together.

    Parameters
    ----------
    run : Run or path
        It stays as it is; save the result over it to replace it.
    corpus : `Corpus`, path, data frame or iterable
        New documents, see `selfvec.corpus.as_corpus`. The fields of a path are those that the run read.
    vectors : `Vectors` or path, optional
        What the run started from, if the file has moved or the vectors came from memory.
    workspace : Workspace, optional
        Where the state of interrupted work is saved and looked for.
    progress : Progress, optional
    jobs : int, optional
        Threads; all cores if None. The result is the same.

    Raises
    ------
    InputError
        If the run did not keep its tokens, or its vectors are not found (`FormatError`: are others).
    OptionError
        If the rule of one of its options looks at all of the text at once.
    CorpusError
        If the text cannot be read, or a file of it is in the run already.
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
        table, described = table_of(old, vectors)
    marks = old.unstemmed.fingerprints
    assert marks is not None
    seen = Seen(marks & ~ONCE)
    fresh, encoding = read_unstemmed(opened, table, old.settings, execution, seen=seen)
    corpora = [old.recorded("corpus"), opened.summary.as_dict()]
    refuse_same_files(corpora)
    batches = [old.unstemmed, fresh]
    again = int(repeated(batches)[1].sum())
    if again:
        execution.progress.say(
            f"{again:,} of the {fresh.documents:,} new documents repeat text already in the run; they are "
            f"counted again"
        )
    with execution.timings.stage("count"):
        whole = joined(batches)
        about = InputProvenance(
            joined_corpora(corpora, 0, 0),
            joined_encodings([old.recorded("text"), encoding.as_dict()], whole),
            described,
            old.recorded("option_files"),
        )
        words = table.key_to_index if table is not None else {}
        inputs = inputs_from(
            whole, words, old.settings, about, lambda batch: gathered(batch, [old], table, old.settings)
        )
    more = {name: number - old.counted[name] for name, number in _counted(inputs.batch).items()}
    step = {"by": "update", **more, "files": _files(corpora[1])}
    inputs = replace(inputs, described=replace(inputs.described, grown=[*old.steps, step]))
    return refine_inputs(inputs, old.settings, execution)


def merge(
    runs: Sequence[Run | str | os.PathLike[str]],
    vectors: Given = None,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """The run that the corpora of several runs, one after the other, would have made together.

    Parameters
    ----------
    runs : sequence of Run or path
        At least two, made with the same options from the same vectors; they stay as they are.
    vectors : `Vectors` or path, optional
        What the runs started from. Read again only with stems or a minimal count, because the whole may have
        words then that no part has.
    workspace, progress, jobs
        As for `update`.

    Raises
    ------
    InputError, OptionError, Interrupted
        As for `update`; also if options, vectors or files of the runs differ.

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
        corpora = [part.recorded("corpus") for part in parts]
        refuse_same_files(corpora)
    settings = parts[0].settings
    with execution.timings.stage("count"):
        batches = [part.unstemmed for part in parts]
        kept = without_repeats(batches)
        left_out = sum(a.documents - b.documents for a, b in zip(batches, kept, strict=True))
        whole = joined(kept)
        about = InputProvenance(
            joined_corpora(corpora, _repeats(batches), left_out),
            joined_encodings([part.recorded("text") for part in parts], whole),
            parts[0].recorded("vectors"),
            parts[0].recorded("option_files"),
            grown=[{"by": "merge", "runs": [_described(part) for part in parts]}],
        )
        table, known = None, {word: 0 for part in parts for word in part.known}
        if settings.stem or settings.min_count > 1:  # the whole may have words that no part has
            table, _ = table_of(parts[0], vectors)
            known = {} if table is None else table.key_to_index
        inputs = inputs_from(
            whole, known, settings, about, lambda batch: gathered(batch, parts, table, settings)
        )
    return refine_inputs(inputs, settings, execution)


def fields_of(run: Run) -> dict[str, Any]:
    """How a run's corpus was read, as `Corpus.open` takes it."""
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
    """New documents, read as the run's corpus was."""
    from selfvec.corpus import Corpus, as_corpus

    if not isinstance(corpus, str | os.PathLike):
        return as_corpus(corpus)
    return Corpus.open([corpus], **fields_of(run))


def _counted(batch: TokenBatch) -> dict[str, int]:
    return {"documents": batch.documents, "tokens": len(batch), "types": len(batch.types)}


def _repeats(batches: Sequence[TokenBatch]) -> int:
    """Distinct texts of a part that are in an earlier one, over all parts."""
    found = zip(batches, repeated(batches), strict=True)
    return sum(
        len(np.unique(batch.fingerprints[again])) for batch, again in found if batch.fingerprints is not None
    )


def _files(corpus: dict[str, Any]) -> list[dict[str, Any]]:
    """Names and hashes of what was read."""
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


def _described(part: Part) -> dict[str, Any]:
    return {"run": part.name, **part.counted, "files": _files(part.recorded("corpus")), "grown": part.steps}
