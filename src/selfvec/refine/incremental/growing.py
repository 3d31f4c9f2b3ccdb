"""`update` and `merge`: parts joined in forms, settled as a whole, refined anew.

No method makes of its parts' tables that of the whole: whitening, anchors and the frequencies that weigh
neighbours belong to all of the text. So what is saved is reading, cutting and looking words up; what comes
out is the run that all of the text would have made.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.base.provenance import Timings
from selfvec.corpus.fingerprints import ONCE
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.refine.pipeline import refine_prepared
from selfvec.refine.preparation import Prepared, Told, prepared_from, read_forms

from .join import joined, repeated, without_repeats
from .parts import GROWN, Part, part_of, refuse_changed_files, refuse_different, refuse_same_files
from .provenance import encoding_of, summed
from .rows import Given, gathered, table_of

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
    """The run that its corpus and this one, read after it, would have made together.

    Parameters
    ----------
    run : Run or path
        It stays as it is; save the result over it to replace it.
    corpus : `Corpus`, path, data frame or iterable
        New documents, see `selfvec.corpus.as_corpus`; of a path the fields are those the run was told to
        read.
    vectors : `Vectors` or path, optional
        What the run started from, where it does not lie where it lay, or came from memory.
    workspace : Workspace, optional
        Where interrupted work is kept, and looked for.
    progress : Progress, optional
    jobs : int, optional
        Threads; all cores where not given. The result is the same.

    Raises
    ------
    InputError
        If the run forgot its tokens, or its vectors are not there (`FormatError`: are others).
    OptionError
        If one of its options has to see the whole text at once.
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

    progress, timings = progress or Progress(), Timings()
    with timings.stage("load"):
        old = part_of(run)
        refuse_changed_files(old)
        opened = corpus_for(old, corpus)
        known, described = table_of(old, vectors)
    marks = old.forms.fingerprints
    assert marks is not None
    settings = old.settings
    fresh, encoding = read_forms(opened, known, settings, timings, progress, jobs, seen=Seen(marks & ~ONCE))
    new = opened.summary.as_dict()
    refuse_same_files([old.told("corpus"), new])
    batches = [old.forms, fresh]
    again = int(repeated(batches)[1].sum())
    if again:
        progress.say(
            f"{again:,} of the {fresh.documents:,} new documents have a text that the run has already: they "
            f"count again"
        )
    with timings.stage("count"):
        whole = joined(batches)
        told = Told(
            summed([old.told("corpus"), new], 0, 0),
            encoding_of([old.told("text"), encoding.as_dict()], whole),
            described,
            old.told("option_files"),
        )
        prepared = prepared_from(
            whole,
            known.key_to_index if known is not None else {},
            settings,
            told,
            lambda batch: gathered(batch, [old], known, settings),
        )
    more = {n: prepared.provenance[n] - old.counted[n] for n in ("documents", "tokens", "types")}
    step = {"by": "update", **more, "files": _files(new)}
    return _refined([old], prepared, step, timings, workspace, progress, jobs)


def merge(
    runs: Sequence[Run | str | os.PathLike[str]],
    vectors: Given = None,
    *,
    workspace: Workspace | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """The run that the corpora of several, one after the other, would have made together.

    Parameters
    ----------
    runs : sequence of Run or path
        At least two, made with the same options from the same vectors; they stay as they are.
    vectors : `Vectors` or path, optional
        What the runs started from, read again only with stems or a minimal count: the whole may settle these
        otherwise than its parts did, and have words that none of them has.
    workspace, progress, jobs
        As for `update`.

    Raises
    ------
    InputError, OptionError, Interrupted
        As for `update`; also if options, vectors or files of the runs forbid it.

    Examples
    --------
    >>> import selfvec
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> shards = [selfvec.Refiner("decorrelated").fit(part, "none").run_ for part in (texts[:2], texts[2:])]
    >>> merge(shards).vectors.counts.tolist()
    [2, 2, 2, 2, 1, 1, 1, 1, 1]
    """
    progress, timings = progress or Progress(), Timings(read=0.0, tokenize=0.0)
    if len(runs) < 2:
        raise OptionError("merging takes at least two runs", remedy="name more of them")
    with timings.stage("load"):
        parts = [part_of(run, number) for number, run in enumerate(runs)]
        refuse_different(parts)
        refuse_same_files([part.told("corpus") for part in parts])
    settings = parts[0].settings
    with timings.stage("count"):
        batches = [part.forms for part in parts]
        kept = without_repeats(batches)
        left_out = sum(a.documents - b.documents for a, b in zip(batches, kept, strict=True))
        whole = joined(kept)
        told = Told(
            summed([part.told("corpus") for part in parts], _repeats(batches), left_out),
            encoding_of([part.told("text") for part in parts], whole),
            parts[0].told("vectors"),
            parts[0].told("option_files"),
        )
        table, known = None, {word: 0 for part in parts for word in part.known}
        if settings.stem or settings.min_count > 1:  # settled anew: there may be words that no part has
            table, _ = table_of(parts[0], vectors)
            known = {} if table is None else table.key_to_index
        prepared = prepared_from(
            whole, known, settings, told, lambda batch: gathered(batch, parts, table, settings)
        )
    step = {"by": "merge", "runs": [_described(part) for part in parts]}
    return _refined(parts, prepared, step, timings, workspace, progress, jobs)


def corpus_for(part: Part, corpus: Corpus | str | os.PathLike[str] | Iterable[str]) -> Corpus:
    """A corpus to be read as that of the run was."""
    from selfvec.corpus import Corpus, as_corpus

    if not isinstance(corpus, str | os.PathLike):
        return as_corpus(corpus)
    return Corpus.open([corpus], **fields_of(part.run))


def fields_of(run: Run) -> dict[str, Any]:
    """How a run's corpus was read: what `Corpus.open` was told."""
    told = run.provenance.get("corpus")
    told = told if isinstance(told, dict) else {}
    texts = told.get("text_fields")
    return {
        "text_fields": list(texts) if told.get("text_given") and isinstance(texts, list | tuple) else None,
        "date_field": told.get("date_field") if told.get("date_given") else None,
        "slice_field": told.get("slice_field"),
        "slice_by_name": bool(told.get("slice_by_name")),
    }


def _repeats(batches: Sequence[TokenBatch]) -> int:
    """Distinct texts of a part that stand in an earlier one, in all."""
    found = zip(batches, repeated(batches), strict=True)
    return sum(
        len(np.unique(batch.fingerprints[again])) for batch, again in found if batch.fingerprints is not None
    )


def _files(corpus: dict[str, Any]) -> list[dict[str, Any]]:
    """Names and hashes of what was read."""
    return [{name: file[name] for name in ("path", "sha256")} for file in corpus.get("files", [])]


def _described(part: Part) -> dict[str, Any]:
    return {"run": part.name, **part.counted, "files": _files(part.told("corpus")), GROWN: part.steps}


def _refined(
    parts: Sequence[Part],
    prepared: Prepared,
    step: dict[str, Any],
    timings: Timings,
    workspace: Workspace | None,
    progress: Progress,
    jobs: int | None,
) -> Run:
    """Refine what grew; the provenance tells how it did."""
    before = parts[0].steps if step["by"] == "update" else []
    prepared.provenance[GROWN] = [*before, step]
    return refine_prepared(
        prepared, parts[0].settings, timings, workspace=workspace, progress=progress, jobs=jobs
    )
