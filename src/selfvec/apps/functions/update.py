"""A run gets new text or loses some, and several become one: `update`, `watch` and `merge`."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event, current_thread, main_thread
from typing import Annotated, Any, Literal, Unpack, overload

from selfvec.apps.run import Run
from selfvec.base.answer import Answer
from selfvec.base.checks import StrPath, is_path
from selfvec.base.declarations import Bounds, Count, checked, options
from selfvec.base.errors import CorpusError, Interrupted, OptionError, TargetError
from selfvec.base.progress import GivenProgress, say, shown
from selfvec.base.threads import limited
from selfvec.corpus.conversion import Texts, paths_of
from selfvec.corpus.fields import FieldOptions
from selfvec.data import run as record
from selfvec.refinement import live
from selfvec.refinement import update as updating
from selfvec.refinement.inputs import Execution
from selfvec.refinement.update import MovedVectors, Taken
from selfvec.storage.opened import GivenRun, as_run
from selfvec.storage.run_folder import open_run

from .cached_run import Files, files_of
from .refine import finished, open_text, run_writer

KEEP = "keep"
"""In place of vectors: those of the run stay."""
_OF_REFINING = ("half_life", "encoder", "embeddings", "withdraw_file", "no_undo")

IdsAndFiles = str | Path | Sequence[str | Path]


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

    withdraw: IdsAndFiles
    withdraw_file: str | Path | Sequence[str | Path]
    allow_duplicates: bool


@options(NewDocuments)
class UpdateOptions(NewDocuments, total=False):
    """The documents of an update, where what the run was made from is now, and what is kept.

    Other Parameters
    ----------------
    half_life : float, above 0, optional
        Days after which a document counts half, from the newest one on; kept for later updates.
    encoder : name or path, optional
        Where the run's sentence encoder is now, if it has moved. Also the object or function that it was
        made with.
    embeddings : matrix, mapping or data frame, optional
        Vectors of the new documents, if the run was made with such: a row for each, or rows by ids.
    no_undo : bool
        Keep no previous state: withdrawn text is gone at once.
    jobs : int, at least 1, optional
    overwrite : bool
    progress : Progress or bool, optional
    """

    half_life: Annotated[float, Bounds(above=0)] | None
    encoder: Any
    embeddings: Any
    no_undo: bool
    jobs: Count | None
    overwrite: bool
    progress: GivenProgress


@overload
def update(
    run: GivenRun,
    corpus: Texts = None,
    vectors: MovedVectors = None,
    *,
    output: StrPath | None = None,
    dry_run: Literal[False] = False,
    **how: Unpack[UpdateOptions],
) -> Run: ...
@overload
def update(
    run: GivenRun,
    corpus: Texts = None,
    vectors: MovedVectors = None,
    *,
    output: StrPath | None = None,
    dry_run: Literal[True],
    **how: Unpack[UpdateOptions],
) -> Answer: ...
@checked
def update(
    run: GivenRun,
    corpus: Texts = None,
    vectors: MovedVectors = None,
    *,
    output: StrPath | None = None,
    dry_run: bool = False,
    **how: Unpack[UpdateOptions],
) -> Run | Answer:
    """Add new documents to a run, replace changed ones, withdraw others.

    The result is that of one run on all of the documents. Files are read with the fields of the run's
    corpus, unless others are named. An update in place keeps the previous state, with withdrawn text, until
    the next update; an undo brings that state back.

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
        Where the initial vectors are now, if they have moved; keep to leave the words' vectors as they are,
        which takes no refining.
    **how
        Those of `FieldOptions` and `UpdateOptions`: how documents are read, and what is withdrawn.

    Returns
    -------
    Run
        The run itself if nothing is new, also since its vectors were made; `Run.change` says what is. With
        ``dry_run`` a dict of what would be.

    Examples
    --------
    >>> texts = ["hail broke the roof", "wind broke a tree", "hail fell on a tree"]
    >>> grown = selfvec.update(selfvec.refine(texts[:2], "none", "decorrelated"), texts[1:])
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
    keep = isinstance(vectors, str) and vectors == KEEP
    for name in _OF_REFINING if keep else ():
        if how.get(name):
            raise OptionError("is for refining again", field=name, remedy="leave it out, or --vectors keep")
    fields: Any = {name: value for name, value in how.items() if name in FieldOptions.__annotations__}
    ids, files = (_several(how.get(name, ())) for name in ("withdraw", "withdraw_file"))
    taken = Taken(
        None if corpus is None else open_text(corpus, fields, keep=True, like=old.provenance.corpus),
        [*ids, *map(Path, files)],
        bool(how.get("allow_duplicates")),
        bool(how.get("no_undo")),
    )
    exchange = partial(live.exchanged, taken=taken)
    half_life = how.get("half_life")
    if taken.is_nothing and (keep or (half_life is None and not old.provenance.live)):
        raise OptionError("there is nothing to do", remedy="name new text, or documents to --withdraw")
    if dry_run:
        change = exchange(old, execution=Execution())[1] if keep else updating.preview(old, taken)
        return Answer("Preview", {"run": str(old.folder or ""), "dry_run": True, **change.as_dict()})
    own = _own_folder(old, output)
    target = output if own is None else own.resolve()  # a link to a run stays a link
    with run_writer(target, own is not None or bool(how.get("overwrite"))) as writer:
        if own is not None:
            old = open_run(Path(old.folder or ""))  # another update may have finished before we got the lock
        execution = Execution(writer)
        if keep:
            number = writer.state if writer is not None and own is not None else 0
            new, change = exchange(old, number=number, execution=execution)
        else:
            moved = {"encoder": how.get("encoder"), "embeddings": how.get("embeddings")}
            new = updating.update(old, taken, vectors, half_life=half_life, **moved, execution=execution)
        if new is old and (own is not None or writer is None):
            return Run(old)
        new.topic_names = old.topic_names
        if keep and writer is None:
            new.folder = None  # it is in memory: what is added to it is not written into the old one
        made = finished(new, writer, undo=not taken.for_good)
        if new is not old:
            made.change = change.as_dict() if keep else dict(new.provenance.grown[-1])
            made.folder = own or made.folder
        return Run(made)


def _several(given: Any) -> list[Any]:
    """Ids and files as a list; `OptionError` for anything else."""
    several = [given] if is_path(given) else given
    if not isinstance(several, Sequence) or not all(is_path(one) for one in several):
        raise OptionError("are ids (str) and files (Path)", field="withdraw")
    return list(several)


def _own_folder(run: record.Run, output: StrPath | None) -> Path | None:
    """The folder to write, as it is named, if it is that of the run; None if the run stays as it is."""
    if output is None or run.folder is None or Path(output).resolve() != run.folder.resolve():
        return None
    return Path(output)


@checked
def watch(
    run: GivenRun,
    corpus: Any,
    *,
    every: Count = 10,
    jobs: Count | None = None,
    progress: GivenProgress = None,
    **documents: Unpack[NewDocuments],
) -> Iterator[Run]:
    """Update a run whenever its files change, until it is interrupted.

    A file is read once it has not changed between two looks. Mistakes in a file are printed. If the run
    cannot be written, such as while another process writes it, a message says so, and the files are read
    later. The vectors stay, so that new documents are found at once; once so many came that search gains by
    it, the run is refined again.

    Parameters
    ----------
    run : Run or path
    corpus : path, paths, texts
        Files or folders of new text.
    every : int, at least 1
        Seconds between two looks.
    jobs : int, at least 1, optional
    progress : Progress or bool, optional
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
    >>> run = selfvec.refine(["hail broke the roof"], "none", "decorrelated", output="run")
    >>> _ = Path("new.txt").write_text("wind broke a tree")
    >>> for newer in selfvec.watch(run, "new.txt"):
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
    with shown(progress):
        say(f"watching {', '.join(map(str, paths))}; stop with Ctrl-C")

    def look() -> list[Files]:
        return [files_of(Path(path)) for path in paths]

    done: object = None
    before: object = look()
    with suppress(KeyboardInterrupt, Interrupted), interruptible() as asked:
        while not asked.is_set():
            now = look()
            if now == before and now != done:
                done, made = now, None
                with shown(progress), limited(jobs):  # not while the caller has a run
                    try:
                        made = _taken(folder, paths, documents)
                    except CorpusError as error:  # a row that is still being written, or a mistake to mend
                        say(f"not taken: {error.message(flags=True)}")
                    except TargetError as error:
                        say(f"not taken yet: {error.message(flags=True)}")
                        done = None
                if made is not None:
                    yield made
            before = now
            _wait(every, asked)
    with shown(progress):
        say("stopped; the run is whole")


def _taken(folder: Path, paths: Sequence[Any], documents: NewDocuments) -> Run | None:
    """A run with the documents of some files; None if they are not new."""
    made = update(folder, paths, KEEP, output=folder, **documents)
    change = made.change
    if change and made.provenance.worth_refining:
        try:
            made = update(folder, output=folder)
            made.present.change = change
        except TargetError as error:  # the next documents are a reason to refine, too
            say(f"not refined again yet: {error.message(flags=True)}")
    return made if change else None


@contextmanager
def interruptible() -> Iterator[Event]:
    """Turn the first Ctrl-C (or SIGTERM) into a request, which sets the event: work stops between two steps.

    A second one interrupts at once. Outside the main thread signals keep their handlers.
    """
    asked = Event()
    if current_thread() is not main_thread():
        yield asked
        return

    def ask(number: int, frame: object) -> None:
        del number, frame
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    kept = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _wait(seconds: float, asked: Event) -> None:
    end = time.monotonic() + seconds
    while not asked.is_set() and time.monotonic() < end:
        time.sleep(0.1)


@checked
def merge(
    runs: Sequence[GivenRun],
    vectors: MovedVectors = None,
    *,
    output: StrPath | None = None,
    encoder: Any = None,
    overwrite: bool = False,
    jobs: Count | None = None,
    progress: GivenProgress = None,
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
    progress : Progress or bool, optional

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
    >>> first = selfvec.refine(["hail broke the roof"], "none", "decorrelated")
    >>> second = selfvec.refine(["hail fell on a tree"], "none", "decorrelated")
    >>> selfvec.merge([first, second])
    Run: decorrelated, 8 words × 256 dimensions, 9 tokens
    """
    if isinstance(runs, record.AnyRun | str | os.PathLike) or not isinstance(runs, Iterable):
        raise OptionError("are several runs", field="runs", remedy="give a list of them")
    opened_runs = [as_run(run, "runs") for run in runs]
    with run_writer(output, overwrite) as writer:
        execution = Execution(writer)
        merged = updating.merge(opened_runs, vectors, encoder=encoder, execution=execution)
        return Run(finished(merged, writer))
