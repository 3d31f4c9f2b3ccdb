"""`Run` as people hold it, with the public functions as its methods; how it is saved, and opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache, partial, wraps
from pathlib import Path
from threading import Lock
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, cast, overload

import selfvec
from selfvec import apps
from selfvec.base.checks import StrPath, check_path
from selfvec.base.declarations import checked
from selfvec.base.errors import InputError, OptionError, SelfvecError
from selfvec.data import run as record
from selfvec.data.provenance import Provenance
from selfvec.data.run_text import RunText
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.trajectory import History
from selfvec.data.vectors import Vectors
from selfvec.files.checksums import unchanged
from selfvec.storage import formats, run_folder
from selfvec.storage.folder_kinds import folder_kind

if TYPE_CHECKING:
    from selfvec.retrieval import Index
    from selfvec.retrieval.encoder import Encoder


_CHANGE = ("add", "delete", "save_run", "undo", "update", "upsert")  # make another state
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
R = TypeVar("R")


class RunMethod:
    """A public function as a method of a run, its first argument. It is imported when it is asked for."""

    def __init__(self, function: Callable[[], Callable[..., Any]]) -> None:
        self._function = function

    def __get__(self, run: Run | None, owner: type[Run]) -> Any:
        function = self._function()
        return function if run is None else MethodType(_of_whole_state(function), run)


def method(function: Callable[[], F]) -> F:
    """A `RunMethod`. Type checkers see the function itself, with its overloads, and bind it to the run."""
    return cast(F, RunMethod(function))


@cache
def _of_whole_state(function: Callable[..., R]) -> Callable[..., R]:
    """A function that is called again if it fails because the run gets another state meanwhile."""
    if function.__name__ in _CHANGE:
        return function

    @wraps(function)
    def call(run: Run, *given: Any, **named: Any) -> R:
        opened_from = run.present.opened_from
        whole = partial(function, run, *given, **named)
        return whole() if opened_from is None else unchanged(opened_from[0], whole)

    return call


@checked
def save_run(run: record.AnyRun, path: StrPath, *, overwrite: bool = False) -> None:
    """Write a run folder, or with ``overwrite`` a new state of an existing one.

    Parameters
    ----------
    run : Run
    path : path
        The run folder.
    overwrite : bool
        Replace a run at that place. Nothing else is replaced.

    Raises
    ------
    TargetError
        If ``path`` exists and is not to be replaced, or cannot be written.

    Examples
    --------
    >>> run = selfvec.refine(["hail broke the roof"], "none", "decorrelated")
    >>> selfvec.save_run(run, "run")
    >>> selfvec.open("run").vectors.index_to_key
    ['hail', 'broke', 'the', 'roof']
    """
    if not isinstance(run, record.AnyRun):
        raise OptionError(f"is a Run, not {type(run).__name__}", field="run")
    check_path("path", path, "the path of a run folder")
    from selfvec.storage.run_writer import RunWriter

    state = run.present
    if state.fitted_run is not state:
        from selfvec.encoders.encoded_texts import whole_run

        state = whole_run(state)
    with RunWriter(path, overwrite=overwrite) as writer:
        writer.finish(state)


class Run(record.AnyRun):
    """The result of a refinement, with the data needed to inspect it.

    A run that was opened from a folder is always what that folder holds now: an update gives it another
    state, also if another process made the update, so nothing of a withdrawn document is found. A run in
    memory stays as it is. Every function works on one state from its beginning to its end. To keep a state,
    write it elsewhere with `save`.

    Parameters
    ----------
    state : selfvec.data.run.Run
        The first of its states.
    """

    add = method(lambda: selfvec.add)
    collocates = method(lambda: selfvec.collocates)
    compare = method(lambda: selfvec.compare)
    concordance = method(lambda: selfvec.concordance)
    count = method(lambda: apps.count)
    delete = method(lambda: selfvec.delete)
    dispersion = method(lambda: selfvec.dispersion)
    drift = method(lambda: selfvec.drift)
    evaluate = method(lambda: selfvec.evaluate)
    export = method(lambda: selfvec.export)
    frequency = method(lambda: selfvec.frequency)
    get = method(lambda: apps.get)
    graph = method(lambda: selfvec.graph)
    health = method(lambda: selfvec.health)
    info = method(lambda: selfvec.info)
    keyness = method(lambda: selfvec.keyness)
    monitor = method(lambda: selfvec.monitor)
    ngrams = method(lambda: selfvec.ngrams)
    phrases = method(lambda: selfvec.phrases)
    report = method(lambda: selfvec.report)
    save = method(lambda: selfvec.save_run)
    search = method(lambda: selfvec.search)
    senses = method(lambda: selfvec.senses)
    similar = method(lambda: selfvec.similar)
    similar_documents = method(lambda: selfvec.similar_documents)
    topics = method(lambda: selfvec.topics)
    trajectory = method(lambda: selfvec.trajectory)
    undo = method(lambda: selfvec.undo)
    update = method(lambda: selfvec.update)
    upsert = method(lambda: selfvec.upsert)
    variants = method(lambda: selfvec.variants)
    verify = method(lambda: selfvec.verify)
    warm = method(lambda: apps.warm)
    why = method(lambda: selfvec.why)

    def __init__(self, state: record.Run) -> None:
        self._state = state

    def __getstate__(self) -> dict[str, Any]:
        """The state that `pickle` and `copy` keep; a copy changes on its own."""
        return {"_state": self._state}

    def __dir__(self) -> list[str]:
        """What a person calls and reads, for completion."""
        return [name for name in vars(Run) if not name.startswith("_") and name not in vars(record.AnyRun)]

    def __repr__(self) -> str:
        with suppress(SelfvecError):  # the folder is gone
            return repr(self.present)
        return repr(self._state)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Let go of what was computed; the run can be used further, and computes it again."""
        from selfvec.encoders.run_encoder import let_go

        let_go(self._state)

    def __len__(self) -> int:
        """How many documents it has."""
        return self.present.provenance.documents or 0

    def __contains__(self, id: object) -> bool:
        """Whether a document has this id."""
        return isinstance(id, str | int) and apps.has(self, id)

    @property
    def present(self) -> record.Run:
        """The state that the folder of the run holds now."""
        self._state = run_folder.present_state(self._state)
        return self._state

    @contextmanager
    def changing(self) -> Iterator[Callable[[record.Run], None]]:
        """Let no other thread give the run another state meanwhile; what is yielded gives it the next one."""
        locks = vars(self).setdefault("_locks", {})  # by process: the thread that holds one is not forked
        with locks.setdefault(os.getpid(), Lock()):
            yield partial(setattr, self, "_state")

    @property
    def vectors(self) -> Vectors:
        """The refined vectors; ``vectors.counts`` holds the word counts."""
        return self.present.vectors

    @property
    def original(self) -> Vectors:
        """The vectors of the same words before refining."""
        return self.present.original

    @property
    def history(self) -> History | None:
        """Recorded states of the vectors."""
        return self.present.history

    @property
    def text(self) -> RunText | None:
        """The documents as they are counted; its ``as_given()`` has them as they came."""
        return self.present.text

    @property
    def tokens(self) -> TokenBatch | None:
        """The corpus as ids of the run's words; None if the run does not hold it."""
        return self.present.tokens

    @property
    def provenance(self) -> Provenance:
        """How the run was made: the content of ``run.json``."""
        return self.present.provenance

    @property
    def settings(self) -> Settings:
        """The options that the run was made with."""
        return self.present.settings

    @property
    def folder(self) -> Path | None:
        """The run folder; None for a run in memory."""
        return self.present.folder

    @property
    def change(self) -> dict[str, Any] | None:
        """What the update that returned this run has changed: numbers of documents, tokens and types."""
        return self.present.change

    def as_dict(self) -> dict[str, Any]:
        """How the run was made, and its health.

        >>> run = selfvec.refine(["hail broke the roof", "wind broke a tree"], "none", "decorrelated")
        >>> run.as_dict()["tokens"]
        8
        """
        return self.present.as_dict()


@checked
def open_run(path: StrPath) -> Run:
    """Open a run folder; its vectors are memory-mapped.

    Parameters
    ----------
    path : path
        A run folder.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If the path is not a run folder.
    FormatError
        If the folder has another format, or a file in it is damaged.

    Examples
    --------
    >>> selfvec.refine(["hail broke the roof"], "none", "decorrelated", output="run").save("copy")
    >>> selfvec.open_run("copy")
    Run: decorrelated, 4 words × 256 dimensions, 4 tokens
      copy
    """
    return Run(run_folder.open_run(path))


@overload
def open(path: Literal["default", "wordllama", "glosses"], holds: None = None) -> Vectors: ...  # type: ignore[overload-overlap]


@overload
def open(path: StrPath, holds: None = None) -> Run: ...


@overload
def open(path: StrPath, holds: type[T]) -> T: ...


@checked
def open(path: StrPath, holds: type | None = None) -> Any:
    """Open a run folder, an encoder, a search index, or vectors.

    Parameters
    ----------
    path : path or name
        A folder that Selfvec wrote, a vectors file in any format, or the name of public vectors. `info` says
        what it is.
    holds : type, optional
        What it has to hold: `Run`, `Encoder`, `Index` or `Vectors`. Without it, type checkers take a path for
        that of a run.

    Returns
    -------
    Run, Encoder, Index or Vectors

    Raises
    ------
    InputError
        If it is none of these, or not what it has to hold; the error says what it is. `FormatError` if it is
        damaged.

    Examples
    --------
    >>> open("default").vector_size
    256
    """
    opened = _opened(path)
    if holds is not None and not isinstance(opened, holds):
        is_what = f"holds {type(opened).__name__}, not {getattr(holds, '__name__', holds)}"
        raise InputError(is_what, path=path, remedy="leave holds out, or name what is there")
    return opened


def _opened(path: StrPath) -> Run | Encoder | Index | Vectors:
    check_path("path", path)
    folder = Path(path)
    found = folder_kind(folder) if folder.is_dir() else None
    kind = None if found is None else found.name
    if kind == "run":
        return open_run(folder)
    if kind == "encoder":
        from selfvec.retrieval.encoder import Encoder

        return Encoder.open(folder)
    if kind == "index":
        from selfvec.retrieval import Index

        return Index.open(folder)
    return formats.load(path)
