"""Functions that make runs, in memory or as a run folder: `refine`, `update`, `watch` and `merge`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any, Literal, Unpack, overload

from selfvec.apps.run import Run, open_run
from selfvec.base.checks import is_path
from selfvec.base.declarations import checked, options
from selfvec.base.errors import CorpusError, Interrupted, OptionError
from selfvec.base.progress import Progress, as_progress, interruptible
from selfvec.base.result_table import Figures
from selfvec.base.threads import threads
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.conversion import paths_of
from selfvec.corpus.fields import FieldOptions
from selfvec.data import run as record
from selfvec.data.settings import Settings, SettingsOptions
from selfvec.data.vectors import Vectors
from selfvec.encoders.run_encoder import keep_encoder
from selfvec.files.checksums import file_state
from selfvec.files.text_files import read_json
from selfvec.refinement import update as updating
from selfvec.refinement.input_reading import Start, starts
from selfvec.refinement.pipeline import refine as refine_corpus
from selfvec.storage.given_tables import is_table
from selfvec.storage.opened import GivenRun, as_run, as_vectors
from selfvec.storage.run_folder import PRESENT, is_run
from selfvec.storage.run_writer import RunWriter

Target = str | os.PathLike[str] | None
"""A run folder to make; None for a run in memory."""


@options(FieldOptions)
class NewDocuments(FieldOptions, total=False):
    """Documents that a run gets or loses.

    Parameters
    ----------
    withdraw : id or sequence of ids
        Take the documents with these ids out.
    withdraw_file : path or paths
        Take the documents of a file out.

    Other Parameters
    ----------------
    allow_duplicates : bool
        Take documents that the run has, too.
    """

    withdraw: str | Path | Sequence[str | Path]
    withdraw_file: str | Path | Sequence[str | Path]
    allow_duplicates: bool


@options(FieldOptions, SettingsOptions)
class RefineOptions(FieldOptions, SettingsOptions, total=False):
    """How documents are read, and how they are refined.

    Parameters
    ----------
    oov_vectors : {"subwords", "zero"}
        The same as ``oov``.
    """

    oov_vectors: str


def open_text(
    text: Any,
    fields: FieldOptions,
    name: str = "corpus",
    *,
    keep: bool = False,
    like: Mapping[str, Any] | None = None,
) -> Corpus:
    """A corpus from anything that `selfvec.as_corpus` takes; ``name`` and ``like`` as there.

    With ``keep`` its documents keep the fields that are named, or all.
    """
    kept = fields.get("keep_fields")
    options: Any = {**fields, "keep_fields": keep and (kept is None or kept)}
    return as_corpus(text, name, like=like, **options)


@checked
def refine(
    corpus: Any,
    vectors: Start | Sequence[Start] = "default",
    method: str = "auto",
    *,
    output: Target = None,
    slice: str | None = None,
    encoder: Any = None,
    embeddings: Any = None,
    cluster: str | None = None,
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **options: Unpack[RefineOptions],
) -> Run:
    """Adapt vectors to a text, as a run.

    Parameters
    ----------
    corpus : path, paths, texts, data frame or `Corpus`
        Files or folders of text. Also the documents themselves, see `selfvec.as_corpus`.
    vectors : Vectors, path or name, or several
        Initial vectors; by default the built-in vectors. A file, the name of fetched vectors, gensim's
        vectors, or made from the text alone: none, svd, cipher, glove, word2vec or fasttext. Of several the
        one that suits the text is taken. Also a dict from words to arrays, a pair of words and their
        matrix, or a data frame of numbers.
    method : {"auto", "paper", "online", "decorrelated", "original"}
        The update rule. auto tries paper, online and decorrelated on held-out text and takes the one that
        scored best, or keeps the vectors as they are if none is better; original keeps them in any case.
    output : path, optional
        The run folder to make. With a cluster it may be a URL. Also None: the run is in memory, and
        `Run.save` writes it.
    slice : {"month", "quarter", "year", "decade", "century", "corpus"}, optional
        Periods that drift compares. corpus: each path of the corpus is one.
    encoder : name or path, optional
        Sentence encoder that teaches the run. The name of a fetched one, or a folder. Also an object with
        `encode` or `embed`, or a function of a list of texts.

    Other Parameters
    ----------------
    embeddings : matrix, mapping or data frame, optional
        Vectors of the documents, in place of an encoder: a row for each document, or rows by ids.
    cluster : str, optional
        Work on a Dask cluster. "local", processes of this machine, or the address of a scheduler.
    jobs : int, at least 1, optional
    overwrite : bool
    progress : Progress, optional
    **options
        Those of `FieldOptions`, which say how documents are read, and the other parameters of
        `selfvec.Refiner`.

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
    given: dict[str, Any] = dict(options)
    fields: Any = {name: given.pop(name) for name in FieldOptions.__annotations__ if name in given}
    if slice and fields.get("slice_field"):
        rule = "slices are defined by --slice or by --slice-field, not by both"
        raise OptionError(rule, remedy="leave one of them out")
    fields["slice_by_name"] = by_name = slice == "corpus"
    if "oov_vectors" in given:
        given["oov"] = given.pop("oov_vectors")
    settings = Settings.given(method=method, slice=None if by_name else slice, **given)
    several = initial_vectors(vectors)
    teaching: dict[str, Any] = {"encoder": encoder, "embeddings": embeddings}
    if cluster is not None:
        from selfvec.cluster.refine import refine_on

        work: dict[str, Any] = {"overwrite": overwrite, "jobs": jobs, "progress": progress} | teaching
        return Run.of(refine_on(cluster, corpus, several, settings, fields, output, **work))
    with _writer(output, overwrite) as writer:
        text = open_text(corpus, fields, keep=settings.keeps_text)
        work = {"writer": writer, "jobs": _limited(jobs), "progress": progress} | teaching
        return _finished(refine_corpus(text, several, settings, **work), writer)


def initial_vectors(given: Any) -> list[Start]:
    """One or several initial vectors as a list; those of gensim as ours. `OptionError` for anything else."""
    several = [given] if is_table(given) else starts(given)
    if not several:
        raise OptionError("are missing", field="vectors", remedy='give a path, a name, or "none"')
    return [_initial(one) for one in several]


def _initial(given: Any) -> Start:
    if given is None or is_path(given):
        return given
    try:
        return as_vectors(given)
    except OptionError as error:
        if is_table(given) or isinstance(given, Vectors):
            raise
        remedy = "give them as vectors=..., and labels, if any, one for each document"
        raise OptionError(error.rule, field="vectors", remedy=remedy) from None


@overload
def update(
    run: GivenRun,
    corpus: Any = None,
    vectors: Vectors | str | os.PathLike[str] | None = None,
    *,
    output: Target = None,
    half_life: float | None = None,
    encoder: Any = None,
    embeddings: Any = None,
    dry_run: Literal[False] = False,
    no_undo: bool = False,
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **documents: Unpack[NewDocuments],
) -> Run: ...
@overload
def update(
    run: GivenRun,
    corpus: Any = None,
    vectors: Vectors | str | os.PathLike[str] | None = None,
    *,
    dry_run: Literal[True],
    output: Target = None,
    half_life: float | None = None,
    encoder: Any = None,
    embeddings: Any = None,
    no_undo: bool = False,
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **documents: Unpack[NewDocuments],
) -> Figures: ...
@checked
def update(
    run: GivenRun,
    corpus: Any = None,
    vectors: Vectors | str | os.PathLike[str] | None = None,
    *,
    output: Target = None,
    half_life: float | None = None,
    encoder: Any = None,
    embeddings: Any = None,
    dry_run: bool = False,
    no_undo: bool = False,
    jobs: int | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    **documents: Unpack[NewDocuments],
) -> Run | Figures:
    """Add new documents to a run, replace changed ones, withdraw others.

    The result is that of one run on all of the documents. Files are read with the fields of the run's
    corpus, unless others are named. In place, the state before is kept, with the text that was withdrawn,
    until the next update; an undo brings it back.

    Parameters
    ----------
    run : Run or path
    corpus : path, paths, texts, data frame or `Corpus`, optional
        Files or folders of new text. Also the documents themselves, see `selfvec.as_corpus`.
    output : path, optional
        A new run folder. If it is that of ``run``, the run gets a new state. Also None: the new run is in
        memory.
    dry_run : bool
        Say what would change, and change nothing.

    Other Parameters
    ----------------
    vectors : Vectors or path, optional
        Where the initial vectors are now, if they have moved.
    half_life : float, above 0, optional
        Days after which a document counts half, from the newest one on; kept for later updates.
    encoder : name or path, optional
        Where the run's sentence encoder is now, if it has moved. Also the object or function that it was
        made with.
    embeddings : matrix, mapping or data frame, optional
        Vectors of the new documents, if the run was made with such: a row for each, or rows by ids.
    no_undo : bool
        Keep no state before: withdrawn text is gone at once.
    jobs : int, at least 1, optional
    overwrite : bool
    progress : Progress, optional
    **documents
        Those of `FieldOptions` and `NewDocuments`: how they are read, and what is withdrawn.

    Returns
    -------
    Run
        The run itself if nothing is new; `Run.change` says what is. With ``dry_run`` a dict of what would be.

    Examples
    --------
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> grown = update(refine(texts[:2], "none", "decorrelated"), texts[1:])
    >>> grown.change["added"]
    1

    Raises
    ------
    OptionError
        If there is nothing to do, or an option is wrong.
    CorpusError
        If the new text cannot be read.
    InputError
        If the run has not kept its text, or the initial vectors are gone.
    TargetError
        If ``output`` exists, or another process updates the run.
    """
    old = as_run(run)
    fields, taken = _fields_and_taken(documents)
    if corpus is None and not taken["withdraw"] and half_life is None:
        raise OptionError("there is nothing to do", remedy="name new text, or documents to --withdraw")
    text = None if corpus is None else open_text(corpus, fields, keep=True, like=old.provenance.corpus)
    if dry_run:
        change = updating.preview(old, text, progress=progress, **taken)
        return Figures("Preview", {"run": str(old.folder or ""), "dry_run": True, **change.as_dict()})
    own = _own_folder(old, output)
    # A link to a run stays a link.
    with _writer(output if own is None else own.resolve(), overwrite or own is not None) as writer:
        if own is not None:
            old = open_run(Path(old.folder or ""))  # another update may have finished before we got the lock
        work: dict[str, Any] = {"writer": writer, "progress": progress, "jobs": _limited(jobs)}
        work |= {"encoder": encoder, "embeddings": embeddings}
        new = updating.update(old, text, vectors, half_life=half_life, **taken, **work)
        if new is old:
            return Run.of(old) if own is not None or writer is None else _finished(new, writer)
        made = _finished(new, writer, undo=not no_undo)
        made.change = dict(new.provenance.steps[-1])
        made.folder = own or made.folder
        return made


def _fields_and_taken(documents: NewDocuments) -> tuple[FieldOptions, dict[str, Any]]:
    """How documents are read; and which of them are taken, and which of the run's are withdrawn."""
    fields: Any = dict(documents)
    ids = _several(fields.pop("withdraw", ()))
    files = map(Path, _several(fields.pop("withdraw_file", ())))
    return fields, {
        "withdraw": [*ids, *files],
        "allow_duplicates": bool(fields.pop("allow_duplicates", False)),
    }


def _several(given: Any) -> list[Any]:
    """Ids and files as a list; `OptionError` for anything else."""
    several = [given] if is_path(given) else given
    if not isinstance(several, Sequence) or not all(is_path(one) for one in several):
        raise OptionError("are ids (str) and files (Path)", field="withdraw")
    return list(several)


def _own_folder(run: record.Run, output: Target) -> Path | None:
    """The folder to write, as it is named, if it is that of the run; None if the run stays as it is."""
    if output is None or run.folder is None or Path(output).resolve() != run.folder.resolve():
        return None
    return Path(output)


@checked
def watch(
    run: GivenRun,
    corpus: Any,
    *,
    every: int = 10,
    jobs: int | None = None,
    progress: Progress | None = None,
    **documents: Unpack[NewDocuments],
) -> Iterator[Run]:
    """Update a run whenever its files change, until it is interrupted.

    Files are taken when they are at rest since the last look. Mistakes in one are printed.

    Parameters
    ----------
    run : Run or path
    corpus : path, paths, texts
        Files or folders of new text.
    every : int, at least 1
        Seconds between two looks.
    jobs : int, at least 1, optional
    progress : Progress, optional
    **documents
        As in `update`.

    Returns
    -------
    iterator of Run
        After each update; `Run.change` says what was new.

    Raises
    ------
    OptionError
        If the run is in memory, or no files are named.

    Examples
    --------
    >>> run = refine(["hail broke the roof"], "none", "decorrelated", output="run")
    >>> _ = Path("new.txt").write_text("wind broke a tree")
    >>> for newer in watch(run, "new.txt"):
    ...     print(newer.change["added"])
    ...     break
    1
    """
    paths = paths_of(corpus)
    if not paths or any(str(path) == "-" for path in paths):
        raise OptionError("are files or folders to watch", field="corpus", remedy="name some")
    folder = as_run(run).folder
    if folder is None:
        raise OptionError("is in memory, and a folder is watched for", field="run", remedy="save it first")
    progress = as_progress(progress)
    progress.say(f"watching {', '.join(map(str, paths))}; stop with Ctrl-C")
    done: object = None
    before: object = _state(paths)
    with suppress(KeyboardInterrupt, Interrupted), interruptible() as asked:
        while not asked.is_set():
            now = _state(paths)
            if now == before and now != done:
                try:
                    new = update(run, paths, output=folder, jobs=jobs, progress=progress, **documents)
                    if new.change:
                        yield new
                except CorpusError as error:  # a row that is still being written, or a mistake to mend
                    progress.say(f"not taken: {error.message(flags=True)}")
                done = now
            before = now
            _wait(every, asked)
    progress.say("stopped; the run is whole")


def _wait(seconds: float, asked: Event) -> None:
    end = time.monotonic() + seconds
    while not asked.is_set() and time.monotonic() < end:
        time.sleep(0.1)


def _state(paths: Sequence[Any]) -> list[list[Any]]:
    """Path, size and time of change of all files."""
    found = []
    for path in paths:
        for file in sorted(Path(path).rglob("*")) or [Path(path)]:
            with suppress(OSError):  # gone since
                found.append(file_state(file))
    return found


@checked
def undo(run: GivenRun) -> Figures:
    """Bring back the run from before the last update.

    A second undo redoes the update.

    Parameters
    ----------
    run : Run or path

    Returns
    -------
    Figures
        A dict: whether the update was ``undone``, or an undone one ``redone``.

    Raises
    ------
    OptionError
        If the run is in memory.
    InputError
        If there is no state before.

    Examples
    --------
    >>> run = refine(["hail broke the roof"], "none", "decorrelated", output="run")
    >>> run = update(run, ["wind broke a tree"], output="run")
    >>> undo("run")["undone"], len(selfvec.open("run").text)
    (True, 1)
    """
    # A state that is damaged can be undone, so it is not opened.
    folder = Path(run) if is_path(run) and is_run(run) else as_run(run).folder
    if folder is None:
        raise OptionError("is in memory, and an undo exchanges the states of a folder", field="run")
    with RunWriter(folder.resolve(), overwrite=True) as writer:  # a link to a run stays a link
        updates = _updates(folder)
        writer.undo()
    redone = _updates(folder) > updates
    return Figures("Undone", {"run": os.fspath(folder), "undone": not redone, "redone": redone})


def _updates(folder: Path) -> int:
    """How many updates have led to the present state of a run."""
    steps = read_json(folder / PRESENT, "undo the update").get("grown", ())
    return len(steps) if isinstance(steps, list) else 0


@checked
def merge(
    runs: Sequence[GivenRun],
    vectors: Vectors | str | os.PathLike[str] | None = None,
    *,
    output: Target = None,
    encoder: Any = None,
    overwrite: bool = False,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Run:
    """Merge runs into the run that all of their text would have made.

    Parameters
    ----------
    runs : sequence of Run, or paths
        Run folders, in the order of their text. They were made with the same options from the same vectors.
    output : path, optional
        The run folder to make. Without it the run is in memory.

    Other Parameters
    ----------------
    vectors : Vectors or path, optional
        Where the initial vectors are now, if they have moved.
    encoder : name or path, optional
        Where the runs' sentence encoder is now, if it has moved.
    jobs : int, at least 1, optional
    overwrite : bool
    progress : Progress, optional

    Returns
    -------
    Run

    Raises
    ------
    OptionError
        If there are fewer than two runs, or their options or vectors differ.
    InputError, CorpusError
        If a run has not kept its text, or two contain the same file.

    Examples
    --------
    >>> first = refine(["hail broke the roof"], "none", "decorrelated")
    >>> second = refine(["hail fell on a tree"], "none", "decorrelated")
    >>> merge([first, second])
    Run: decorrelated, 8 words × 256 dimensions, 9 tokens
    """
    if isinstance(runs, record.Run | str | os.PathLike) or not isinstance(runs, Iterable):
        raise OptionError("are several runs", field="runs", remedy="give a list of them")
    opened_runs = [as_run(run, "runs") for run in runs]
    with _writer(output, overwrite) as writer:
        work: dict[str, Any] = {"writer": writer, "progress": progress, "jobs": _limited(jobs)}
        merged = updating.merge(opened_runs, vectors, encoder=encoder, **work)
        return _finished(merged, writer)


@contextmanager
def _writer(output: Target, overwrite: bool) -> Iterator[RunWriter | None]:
    """Writes the run folder that is made; None for a run in memory."""
    if output is None:
        if overwrite:
            raise OptionError("a run in memory is not written", field="overwrite", remedy="name an output")
        yield None
        return
    if "://" in os.fspath(output):
        rule = f"{output} is a URL, which only a cluster writes"
        raise OptionError(rule, field="output", remedy="name a folder, or refine with --cluster local")
    with RunWriter(output, overwrite=overwrite) as writer:
        yield writer


def _finished(run: record.Run, writer: RunWriter | None, undo: bool = True) -> Run:
    """The run, or what was written of it."""
    if writer is None:
        return Run.of(run)
    writer.finish(run, undo=undo)
    made = open_run(writer.target)
    keep_encoder(run, made)
    return made


def _limited(jobs: int | None) -> int | None:
    return None if jobs is None else threads(jobs)
