"""`RunWriter`: a new state of a run, written next to the present one.

    run.json         the present state: what it is, and its files with their checksums
    previous.json    the state before it
    lock             locked while a process writes

A state's files have names of their own, ``text.parquet`` or ``text-2.parquet``, and are never changed. A new
state becomes the run when ``run.json`` is replaced, in one step, after all its files are on the disk. So a
killed process leaves the run as it was, and readers need no lock. What ``run.json`` was is copied before, and
the copy becomes ``previous.json`` after; if the process is killed between, the next writer does that. Files
that neither names are deleted by the next writer.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from selfvec.base.errors import FormatError, TargetError
from selfvec.base.installed import RUN_FORMAT
from selfvec.base.threads import at_once
from selfvec.data.run import BASE, AnyRun, Run, TopicName, split_state, state_name
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import check_target, refuse_special, writing
from selfvec.files.checksums import CHANGED, checksums, damaged_files, identity, is_sealed, seal
from selfvec.files.file_system import completing, discard, lock_file, remove_folder, sync_file, sync_names
from selfvec.files.tensors import map_tensors, write_tensors
from selfvec.files.text_files import read_json, write_vocabulary
from selfvec.files.untrusted import parse_json

from .folder_kinds import RUN
from .run_folder import (
    ADDED,
    ADDED_ENCODED,
    ADDED_TOKENS,
    CACHE,
    DELETED,
    HISTORY,
    LOCK,
    ORIGINAL,
    PARTS,
    PRESENT,
    PREVIOUS,
    REFINED,
    REPORT,
    TEXT,
    TOKENS,
    TOPICS,
    VOCABULARY,
    is_run,
    kept_topic_names,
    present_state,
    stamp_of,
    write_json,
    write_names,
    write_tokens,
    write_vectors,
)
from .text_file import save_text

JOURNAL = "encoded.journal"
"""What a sentence encoder gave; it outlasts a command that ends early, so that the next one goes on there."""
NEW = "new.parquet"
"""New documents, while an update reads them."""
_OF_SEGMENTS = (ADDED, ADDED_TOKENS, ADDED_ENCODED)
_OF_VECTORS = (ORIGINAL, REFINED, VOCABULARY, TOKENS, TEXT, HISTORY, REPORT, TOPICS, *PARTS)
_FILES = (*_OF_VECTORS, *_OF_SEGMENTS, DELETED)  # of a state
_UNFINISHED = re.compile(
    r"\.(.+)\.partial-[0-9a-f]{8}"  # see `selfvec.files.atomic_files`
    r"|((?:text|new)(?:-\d+)?\.parquet)\.(?:\d+|joined)"  # see `selfvec.storage.text_file`
)
_REPLACED = f".{PREVIOUS}.partial-00000000"
"""The description that is replaced, until it is `PREVIOUS`."""
_STAYS = "the state before cannot be brought back, and the run stays as it is"


class RunWriter:
    """Writes a run, or a new state of one; `TargetError` if another process writes it for long.

    That it waits for that process is said. With ``overwrite`` an existing run gets a new state.
    Other files and folders are never replaced. If the block ends before `finish`, nothing has changed.
    """

    def __init__(self, target: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        self.target = Path(target)
        self._mapped: Vectors | None = None  # original vectors that are in their file
        self.state = 0  # the number of the new state
        self._refuse_existing(overwrite)
        with writing(self.target):
            self._lock = lock_file(self.target / LOCK, self.target)
        try:
            self._refuse_existing(overwrite)  # another process may have made it meanwhile
            for name in (PRESENT, PREVIOUS):
                refuse_special(self.target / name, folder=False)
            with writing(self.target):
                self._sweep()
            # Above all numbers that are there: an open run may still map the files of the present state.
            states = [_split(name)[1] for name in self._names() if _is_ours(name)]
            self.state = 1 + max(states, default=0)
        except BaseException:
            self.close()
            raise

    def _refuse_existing(self, overwrite: bool) -> None:
        if not _is_unfinished(self.target):
            check_target(self.target, overwrite=overwrite, folder=True, kind=RUN)

    def path(self, name: str) -> Path:
        """A file or folder of the new state, which does not exist yet."""
        path = self.target / state_name(name, self.state)
        discard(path)
        return path

    @property
    def journal(self) -> Path:
        return self.target / JOURNAL

    def keep(self, vectors: Vectors, name: str = ORIGINAL) -> None:
        """Write vectors of the run now; ``name`` is `ORIGINAL` or `REFINED`."""
        if name == ORIGINAL and vectors is self._mapped:
            return
        with writing(self.target):
            write_vectors(self.path(name), vectors, counts=name == REFINED)

    def map_kept(self, vectors: Vectors) -> None:
        """Map the matrix of original vectors that was written, so that it needs no memory."""
        vectors.replace_matrix(map_tensors(self.target / state_name(ORIGINAL, self.state))["vectors"])
        self._mapped = vectors

    def finish(self, run: Run, *, undo: bool = True) -> None:
        """Write what is not written yet, and make it the run. It is in one piece, see `Run.whole`.

        Without ``undo`` the state before, and all that was derived from it, is deleted.
        """
        started = time.perf_counter()
        with writing(self.target):
            self._write(run)
            timings = {**run.provenance.timings, "save": time.perf_counter() - started}
            run.provenance = run.provenance.replace(timings=timings)
            self._become({**run.provenance, "state": self.state}, undo=undo)

    def change(self, run: Run) -> Run:
        """Make a run with other documents the run, and return it. Only what is new of it is written.

        New segments have the number of this state for a name, and their text is in memory.
        """
        with writing(self.target):
            for part in run.segments:
                if part.segment.name == str(self.state):
                    save_text(part.segment.text, self.path(ADDED))
                    write_tokens(self.path(ADDED_TOKENS), part.segment.tokens, part.segment.later)
                    encoded = part.segment.encoded
                    if encoded is not None and not isinstance(encoded, Path):
                        encoded.save(self.path(ADDED_ENCODED))
            gone = {part.segment.name: part.gone for part in run.segments if len(part.gone)}
            if gone:
                write_tensors(self.path(DELETED), gone)
            segments = [int(part.segment.name) for part in run.segments[1:]]
            of_documents = {
                BASE: run.fitted_run.stamp,
                "before": dict(run.fitted_run.provenance.live),
                "segments": segments,
                "deleted": self.state if gone else None,
            }
            run.provenance = run.provenance.replace(live={**run.provenance.live, **of_documents})
            there = {state_name(name, number) for number in segments for name in _OF_SEGMENTS}

            def stays(name: str) -> bool:
                return name in there or split_state(name)[0] in _OF_VECTORS

            content = self._become({**run.provenance, "state": run.fitted_run.state}, stays)
            run.stamp = json.loads(content)["sha256"]
            run.opened_from = (self.target / PRESENT).absolute(), identity(self.target / PRESENT)
        return run

    def name_topics(self, names: Sequence[TopicName]) -> None:
        """Give the topics of the run these names, and no others. What was derived from the run stays.

        Without names there is a file of none: its number tells that this state is newer than the one before.
        """
        with writing(self.target):
            write_names(self.path(TOPICS), names)
            described = self._described()
            named = {**described, "stamp": stamp_of(described)}
            del named["sha256"]
            self._become(named, lambda name: split_state(name)[0] != TOPICS)

    def _described(self) -> dict[str, Any]:
        return read_json(self.target / PRESENT, "make the run again")

    def _become(
        self,
        described: Mapping[str, Any],
        stays: Callable[[str], bool] | None = None,  # which files and folders of the present state
        undo: bool = True,
    ) -> bytes:
        """Make a state of what was written the run, sealed; the present one is that before, or forgotten."""
        before = {} if stays is None else self._described()["files"]
        files = {name: entry for name, entry in before.items() if stays and stays(name.partition("/")[0])}
        new = [state_name(name, self.state) for name in _FILES]
        files |= checksums(self.target, {*new}.intersection(self._names()))
        content = seal({"format": RUN_FORMAT, **described, "files": files}, indent=1)
        present = self.target / PRESENT
        if undo and _names_of(present) is not None:
            self._exchange(content)
        elif not present.is_file():
            _replace(present, content)
        else:  # before the replacement: whenever the process ends, no undo brings back what is gone
            (self.target / PREVIOUS).unlink(missing_ok=True)
            remove_folder(self.target / CACHE)
            _replace(present, content)
            with completing(f"{self.target / CACHE}: could not be removed"):
                remove_folder(self.target / CACHE)  # what readers of the state before have kept meanwhile
        return content

    def _exchange(self, content: bytes) -> None:
        """Replace the description of the run; the one that was there is that of the state before."""
        _write(self.target / _REPLACED, (self.target / PRESENT).read_bytes())
        _replace(self.target / PRESENT, content)
        with completing(f"{self.target}: the state before is not in its place yet"):
            self._settle()

    def _settle(self) -> None:
        """Let a description that was replaced, by this or a killed process, be that of the state before."""
        replaced, present = self.target / _REPLACED, self.target / PRESENT
        if replaced.is_file() and present.is_file():
            content = replaced.read_bytes()
            if is_sealed(content) and content != present.read_bytes():  # otherwise nothing was replaced
                replaced.replace(self.target / PREVIOUS)
                sync_names(self.target)

    def _write(self, run: Run) -> None:
        words, history = run.vectors.index_to_key, run.history
        jobs: list[Callable[[], Any]] = [
            partial(self.keep, run.vectors, REFINED),
            partial(self.keep, run.original, ORIGINAL),
            partial(write_vocabulary, self.path(VOCABULARY), words),
            partial(write_json, self.path(REPORT), run.report_json),
            *(partial(self._write_part, run, name) for name in PARTS),
        ]
        if names := self._names_to_keep(run):
            jobs.append(partial(write_names, self.path(TOPICS), names))
        if run.tokens is not None:
            jobs.append(partial(write_tokens, self.path(TOKENS), run.tokens))
        if run.text is not None and run.text.source != self.target / state_name(TEXT, self.state):
            jobs.append(partial(save_text, run.text, self.path(TEXT)))
        if history is not None and len(history):
            jobs.append(partial(write_tensors, self.path(HISTORY), vars(history)))
        at_once(*jobs)

    def _names_to_keep(self, run: Run) -> list[TopicName]:
        """A person's names of topics: those of the run, or of the state that it replaces.

        Only terms that are still words of the run: those of erased documents leave with them.
        """
        names, present = run.topic_names, self.target / PRESENT
        if not names and _names_of(present) is not None:
            names = kept_topic_names(self.target, read_json(present, ""))
        words = [(name, tuple(term for term in terms if term in run.vectors)) for name, terms in names]
        return [TopicName(name, terms) for name, terms in words if terms]

    def _write_part(self, run: Run, name: str) -> None:
        if name in run.parts:
            run.parts[name].save(self.path(name))
        elif (kept := run.part(name)) is not None:
            shutil.copytree(kept, self.path(name))

    def undo(self) -> bool:
        """Exchange the run and the state before; whether that redoes a change: its files have higher numbers.

        `TargetError` if there is none, `FormatError` if one of its files is missing or damaged.
        """
        present, previous = (self.target / name for name in (PRESENT, PREVIOUS))
        if not previous.is_file() or previous.read_bytes() == present.read_bytes():  # of a damaged one
            rule = "the run has no state before this one"
            raise TargetError(rule, path=self.target, remedy="an update in place keeps the state before")
        # All bytes are compared, unlike on opening: nobody has looked at this state since it was replaced.
        if not is_sealed(previous.read_bytes()):
            raise FormatError(CHANGED, path=previous, remedy=_STAYS)
        for path, rule in damaged_files(self.target, read_json(previous, _STAYS)):
            raise FormatError(rule, path=path, remedy=_STAYS)
        now, then = (
            max((split_state(name)[1] for name in _names_of(path) or ()), default=0)
            for path in (present, previous)
        )
        with writing(self.target):
            self._exchange(previous.read_bytes())
        return 0 < now < then  # it is 0 of one that cannot be read

    def _names(self) -> list[str]:
        return [path.name for path in self.target.iterdir()]

    def _sweep(self) -> None:
        """Delete the files of states that are not named; only of the new one, if no names can be read."""
        self._settle()
        named = self._named()
        for name in filter(_is_ours, self._names()):
            if _split(name)[1] == self.state if named is None else name not in named:
                discard(self.target / name)

    def _named(self) -> set[str] | None:
        """The files and folders of the present state and the one before; None if that cannot be read."""
        named: set[str] = set()
        for description in (self.target / PRESENT, self.target / PREVIOUS):
            if description.is_file():
                names = _names_of(description)
                if names is None:
                    return None
                named |= names
        return named

    def close(self) -> None:
        """Release the lock; delete what was written unless it became the run."""
        with suppress(OSError):
            self._sweep()
        if not is_run(self.target):
            discard(self.target / LOCK)
            with suppress(OSError):
                self.target.rmdir()  # if it is empty
        self._lock.close()

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is None or not self.journal.is_file() or not self.journal.stat().st_size:
            discard(self.journal)
        self.close()


@dataclass(frozen=True)
class Transition:
    """From the present state of a run to the next one."""

    state: Run
    writer: RunWriter | None  # if the run has a folder
    _become: Callable[[Run], None]

    @property
    def number(self) -> int:
        """The number of the next state, which its files have."""
        return 0 if self.writer is None else self.writer.state

    def to(self, made: Run) -> Run:
        """Make a state the next one, and return it. One that was refined again replaces all files."""
        if made is not self.state and self.writer is not None:
            if made.fitted_run is not made:
                self.writer.change(made)
            else:
                self.writer.finish(made, undo=False)
                made = present_state(self.state)
        self._become(made)
        return made


@contextmanager
def next_state(run: AnyRun) -> Iterator[Transition]:
    """Lead a run to its next state; if the block fails, it stays what it is.

    Meanwhile nobody else gives it another state. `TargetError` if the folder of the run cannot be written, or
    another process writes it.
    """
    with run.changing() as become:
        state = run.present
        if state.folder is None:
            yield Transition(state, None, become)
            return
        with RunWriter(state.folder.resolve(), overwrite=True) as writer:
            yield Transition(present_state(state), writer, become)


def save_topic_names(run: AnyRun, names: Sequence[TopicName]) -> None:
    """Let a run keep names of topics, and no others; in its folder, if it has one."""
    with next_state(run) as step:
        if step.writer is not None:
            step.writer.name_topics(names)
        step.state.topic_names = names


def _replace(path: Path, content: bytes) -> None:
    """Replace a description. Others cannot: the folder is locked, and what a killed writer left is swept."""
    fresh = path.with_name(f".{path.name}.partial-00000000")
    _write(fresh, content)
    sync_names(path.parent)  # of the files, before the description that names them
    fresh.replace(path)
    with completing(f"{path}: may not outlast a power cut"):
        sync_names(path.parent)


def _write(path: Path, content: bytes) -> None:
    discard(path)
    with path.open("xb") as file:  # not through a link
        file.write(content)
    sync_file(path)


def _names_of(description: Path) -> frozenset[str] | None:
    """The files and folders of a state; None if its description is damaged or of another format."""
    with suppress(OSError):
        return _named_in(description.read_bytes())
    return None


@lru_cache(maxsize=2)  # the present state and the one before, which a writer asks for four times
def _named_in(content: bytes) -> frozenset[str] | None:
    with suppress(ValueError):
        described = parse_json(content) if is_sealed(content) else {}
        if isinstance(described, dict) and described.get("format") == RUN_FORMAT:
            return frozenset(name.partition("/")[0] for name in described["files"])
    return None


def _is_ours(name: str) -> bool:
    """Whether a writer gives this name to a file or folder of a state, or of one that it is writing."""
    own = _split(name)[0]
    return own in (*_FILES, NEW) or (name.startswith(".") and own in (PRESENT, PREVIOUS, CACHE))


def _split(name: str) -> tuple[str, int]:
    """The name of a file or folder in the first state, and its state; also if it is not finished."""
    unfinished = _UNFINISHED.fullmatch(name)
    return split_state(name if unfinished is None else unfinished[1] or unfinished[2])


def _is_unfinished(folder: Path) -> bool:
    """Whether a folder is empty, or holds nothing but what a killed process wrote of its first state."""
    if is_run(folder) or folder.is_symlink() or not folder.is_dir():
        return False
    names = [path.name for path in folder.iterdir()]
    begun = not {LOCK, JOURNAL}.isdisjoint(names)
    return not names or (begun and all(name in (LOCK, JOURNAL) or _is_ours(name) for name in names))
