"""Functions that make runs: `refine`, `update` and `merge`; in memory, or as a run folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from selfvec.base.checks import check_path, is_path
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.base.threads import threads
from selfvec.corpus import Corpus
from selfvec.corpus.sources import paths_of
from selfvec.data.run import Run
from selfvec.data.settings import SLICES, Settings
from selfvec.data.vectors import Vectors
from selfvec.refinement import update as updating
from selfvec.refinement.input_reading import Start, starts
from selfvec.refinement.pipeline import refine as refine_corpus
from selfvec.storage.opened import GivenRun, as_run, opened
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import RunWriter

from .texts import Fields, open_text

__all__ = ["initial_vectors", "merge", "refine", "refined", "text_like", "update"]

Target = str | os.PathLike[str] | None
"""A run folder to make; None for a run in memory."""


def refine(
    corpus: Any,
    vectors: Start | Sequence[Start] = "default",
    method: str = "auto",
    *,
    output: Target = None,
    overwrite: bool = False,
    slice: str | None = None,
    text_field: str | Sequence[str] | None = None,
    date_field: str | None = None,
    slice_field: str | None = None,
    skip_bad_rows: bool = False,
    keep_fields: str | Sequence[str] | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Run:
    """Refine vectors on a text.

    Parameters
    ----------
    corpus : path, paths, texts, data frame or `Corpus`
        A file or folder, several of them, or the documents themselves, see `selfvec.as_corpus`.
    vectors : `Vectors`, gensim's ``KeyedVectors``, path or name, or several
        The initial vectors. "none" starts from random directions, "svd", "cipher", "glove", "word2vec" or
        "fasttext" from vectors trained on the text itself. Of several, those that suit the text best.
    method : {"auto", "paper", "online", "decorrelated", "original"}
    output : path, optional
        The run folder to make. Without it the run is in memory, and `Run.save` writes it.
    overwrite : bool
        Whether to replace an existing run of that name.
    slice : str, optional
        Parts that `drift` compares: "month", "quarter", "year", "decade" or "century"; or "corpus" for each
        path of ``corpus``.
    text_field, date_field, slice_field : str, optional
        Columns of files that hold the text (several with commas), the date and the slice; the usual names are
        recognised.
    skip_bad_rows : bool
        Whether to leave out and count malformed rows of files.
    keep_fields : str or sequence of str, optional
        Fields of the documents that the run keeps besides text, id, date and slice; all by default.
    jobs : int, optional
        Threads; all cores by default.
    progress : Progress, optional
    **options
        The other parameters of `selfvec.Refiner`, such as ``window``, ``passes`` or ``min_count``.

    Returns
    -------
    Run

    Raises
    ------
    OptionError
        If an option is misspelt or wrong.
    CorpusError, InputError
        If the text or the vectors cannot be used.
    TargetError
        If ``output`` exists, or cannot be written.

    Examples
    --------
    >>> run = refine(["hail broke the roof", "wind broke a tree"] * 9, method="decorrelated", window=5)
    >>> run.vectors.index_to_key[0]
    'broke'
    """
    if slice not in (None, "corpus", *SLICES):
        raise OptionError.one_of(slice, [*SLICES, "corpus"], field="slice")
    if slice and slice_field:
        rule = "slices are defined by --slice or by --slice-field, not by both"
        raise OptionError(rule, remedy="leave one of them out")
    by_name = slice == "corpus"
    if "oov_vectors" in options:
        options["oov"] = options.pop("oov_vectors")
    settings = Settings.given(method=method, slice=None if by_name else slice, **options)
    fields = Fields(
        text_field=text_field,
        date_field=date_field,
        slice_field=slice_field,
        slice_by_name=by_name,
        skip_bad_rows=skip_bad_rows,
        keep_fields=keep_fields,
    )
    several = initial_vectors(vectors)
    with _writer(output, overwrite) as writer:
        text = open_text(corpus, fields, keep=settings.keeps_text)
        run = refined(text, several, settings, writer=writer, progress=progress, jobs=_limited(jobs))
        return _finished(run, writer)


def refined(corpus: Corpus, vectors: Sequence[Start], settings: Settings, **work: Any) -> Run:
    """`selfvec.refinement.pipeline.refine`; lists of tokens are taken as they are."""
    if corpus.tokenized and settings.tokenizer == "words":
        settings = replace(settings, tokenizer="whitespace")
    return refine_corpus(corpus, vectors, settings, **work)


def initial_vectors(given: Any) -> list[Start]:
    """One or several initial vectors as a list; those of gensim as ours. `OptionError` for anything else."""
    several = starts(given)
    if not several:
        raise OptionError("are missing", field="vectors", remedy='give a path, a name, or "none"')
    return [_initial(one) for one in several]


def _initial(given: Any) -> Start:
    if given is None or is_path(given) or isinstance(given, Vectors):
        return given
    try:
        found = opened(given)
    except OptionError as error:
        rule = error.rule.replace("is a Vectors, a Run,", "are a Vectors, a Run,")
        remedy = error.remedy or "give them as vectors=..., and labels, if any, one for each document"
        raise OptionError(rule, field="vectors", remedy=remedy) from None
    return found.vectors if isinstance(found, Run) else found


def update(
    run: GivenRun,
    corpus: Any = None,
    vectors: Vectors | str | os.PathLike[str] | None = None,
    *,
    output: Target = None,
    overwrite: bool = False,
    withdraw: str | Path | Sequence[str | Path] = (),
    allow_duplicates: bool = False,
    undoable: bool = True,
    half_life: float | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
    **fields: Unpack[Fields],
) -> Run:
    """Bring a run up to date: add documents that are new, replace changed ones, withdraw others.

    The result is that of one run on all of the documents; see `selfvec.refinement.update`.

    Parameters
    ----------
    run : Run or path
        Not changed, unless ``output`` is its own folder.
    corpus : path, paths, texts, data frame or `Corpus`, optional
        New documents. Files are read with the fields of the run's corpus, unless ``fields`` name others.
    output : path, optional
        The run folder to make. If it is that of ``run``, it gets a new state and keeps the one before.
        Without it the run is in memory.
    overwrite : bool
        As in `refine`.
    vectors : `Vectors` or path, optional
        The original vectors, if the file has moved or they came from memory.
    withdraw : str, Path, or sequence of these
        Documents to take out of the run: ids (str), or files that they came from (`pathlib.Path`).
    allow_duplicates : bool
        Take all documents, those the run has, too.
    undoable : bool
        Whether the state before is kept. Without it, withdrawn text is gone at once.
    half_life : float, optional
        Days after which a document counts half, kept for later updates.
    jobs : int, optional
        Threads; all cores by default.
    progress : Progress, optional
    **fields
        ``text_field``, ``date_field``, ``slice_field`` and ``skip_bad_rows``, as in `refine`.

    Returns
    -------
    Run
        The run itself if nothing is new. ``provenance["grown"]`` says what changed.

    Examples
    --------
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> grown = update(refine(texts[:2], "none", "decorrelated"), texts[1:])
    >>> grown.provenance["grown"][0]["added"]
    1
    """
    old = as_run(run)
    out = [withdraw] if isinstance(withdraw, str | Path) else withdraw
    if not isinstance(out, Sequence) or not all(isinstance(one, str | Path) for one in out):
        raise OptionError("are ids (str) and files (Path)", field="withdraw")
    if corpus is None and not out and half_life is None:
        raise OptionError("there is nothing to do", remedy="name new text, or documents to --withdraw")
    in_place = (
        output is not None and old.folder is not None and Path(output).resolve() == old.folder.resolve()
    )
    # A link to a run stays a link.
    target = Path(output).resolve() if in_place and output is not None else output
    with _writer(target, overwrite or in_place) as writer:
        if in_place:
            old = open_run(Path(old.folder or ""))  # another update may have finished before we got the lock
        new = updating.update(
            old,
            None if corpus is None else text_like(old, corpus, **fields),
            vectors,
            withdraw=out,
            allow_duplicates=allow_duplicates,
            half_life=half_life,
            writer=writer,
            progress=progress,
            jobs=_limited(jobs),
        )
        if new is old:
            return old if in_place or writer is None else _finished(new, writer)
        return _finished(new, writer, undoable)


def text_like(run: Run, corpus: Any, **fields: Unpack[Fields]) -> Corpus:
    """New documents, those of files with the fields of the run's corpus."""
    if paths_of(corpus) is None:
        return open_text(corpus, fields, keep=True)
    known = updating.fields_of(run)
    kept = {"text_field" if name == "text_fields" else name: value for name, value in known.items()}
    given = {**kept, **{k: v for k, v in fields.items() if v}}
    return open_text(corpus, given, keep=True)  # type: ignore[arg-type]


def merge(
    runs: Sequence[GivenRun],
    vectors: Vectors | str | os.PathLike[str] | None = None,
    *,
    output: Target = None,
    overwrite: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Merge runs into one: the run that all of their text would have made.

    Parameters
    ----------
    runs : sequence of Run or path
        At least two, in the order of text, made with the same options from the same vectors.
    output, overwrite, jobs, progress
        As in `refine`.
    vectors : `Vectors` or path, optional
        The original vectors, if the file has moved or they came from memory.

    Returns
    -------
    Run

    Raises
    ------
    OptionError
        If there are fewer than two runs, or their options or vectors differ.
    InputError, CorpusError
        If a run has not kept its text, or two contain the same file.
    """
    if isinstance(runs, Run | str | os.PathLike) or not isinstance(runs, Iterable):
        raise OptionError("are several runs", field="runs", remedy="give a list of them")
    opened_runs = [as_run(run, "runs") for run in runs]
    with _writer(output, overwrite) as writer:
        merged = updating.merge(opened_runs, vectors, writer=writer, progress=progress, jobs=_limited(jobs))
        return _finished(merged, writer)


@contextmanager
def _writer(output: Target, overwrite: bool) -> Iterator[RunWriter | None]:
    """Writes the run folder that is made; None for a run in memory."""
    if output is None:
        if overwrite:
            raise OptionError("a run in memory is not written", field="overwrite", remedy="name an output")
        yield None
        return
    check_path("output", output, "a path")
    with RunWriter(output, overwrite=overwrite) as writer:
        yield writer


def _finished(run: Run, writer: RunWriter | None, undoable: bool = True) -> Run:
    """The run, or what was written of it."""
    if writer is None:
        return run
    writer.finish(run, undo=undoable)
    return open_run(writer.target)


def _limited(jobs: int | None) -> int | None:
    return None if jobs is None else threads(jobs)
