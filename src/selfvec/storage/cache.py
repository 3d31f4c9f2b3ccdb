"""`cached`: what is derived from a run and takes long to make, kept in the run folder.

An entry is a folder ``RUN/cache/NAME-STATE-CODE-KEY``. STATE is a digest of the run, CODE one of the modules
that make, write and read the entry and of all that they import, KEY one of the options. So an entry of
another run, of other code or of other options is never found. The entries of one earlier state are kept,
because an update may be undone. Entries may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Any, TypeVar

from selfvec.base.errors import InputError, TargetError
from selfvec.base.installed import __version__
from selfvec.base.progress import LOG, say
from selfvec.data.run import BASE, Run
from selfvec.files.atomic_files import atomic_folder, remove_leftovers, writing
from selfvec.files.checksums import check_seal, read_description, seal
from selfvec.files.file_system import is_ours, locked, remove_folder
from selfvec.files.text_files import read_json
from selfvec.files.untrusted import decoding

from .folder_kinds import folder_kind
from .run_folder import CACHE, PRESENT, stamp_of

RESULT = "result.json"  # describes an entry that is neither an index nor an encoder
_COMPARED = 1 << 26  # bytes: eight times those of a run's files, as an entry is opened once and then held
AGAIN = "remove it; it is made again"

_TOLD: set[str] = set()  # why a cache of this process keeps nothing: every result has the same reason

T = TypeVar("T")


def cached(
    run: Run,
    name: str,  # what it is, in letters only, such as ``drift``
    key: Any,  # all options that the result depends on, JSON-serialisable
    make: Callable[[], T],  # returns the result, never None
    write: Callable[[T, Path], None],  # into an empty folder; a `TargetError` says why it is not kept
    read: Callable[[Path], T],  # from the folder; any error means that it is damaged
    most: int | None = None,  # entries of this name that are kept, by default one for each key
) -> T:
    """What `make` returns, read from the run folder if it was made before.

    Of several processes that need the same entry, one makes it and the others wait. An entry that cannot be
    read is made again. What cannot be kept is made for this call only, and that is reported; for a run in
    memory it is not.
    """
    if run.folder is None or not run.stamp:
        return make()
    entry = _entry(run, name, key, code_digest(make.__module__, write.__module__, read.__module__))
    kept = _read(entry, read)
    LOG.info("%s: %s", name, "made, as the cache has none" if kept is None else "read from the cache")
    if kept is not None:
        return kept
    fault = _fault(entry)
    if fault is not None:
        if fault not in _TOLD:
            _TOLD.add(fault)
            say(f"{name}: {fault}, so the result is not kept")
        return make()
    with _alone(entry, f"{name}: waiting for another process that makes it"):
        kept = _read(entry, read)  # another process may have made it meanwhile
        if kept is not None:
            return kept
        if os.path.isdir(entry):  # noqa: PTH112 - false if the cache cannot be looked into
            say(f"{name}: {entry} is damaged or of another version, so it is made again")
            with suppress(OSError):  # then it stays, and the new one is not kept
                remove_folder(entry)
        made = make()
        try:
            _make_folder(entry.parent)
            with atomic_folder(entry) as folder:
                write(made, folder)
            with suppress(OSError):  # others may delete, too
                _delete_older(entry, most)
        except TargetError as error:
            say(f"{name}: the result is not kept: {error}")
            return made
        if is_outdated(entry, of_vectors=True):  # an update has deleted the cache meanwhile
            remove_folder(entry)
            return made
    kept = _read(entry, read)  # what later calls get: mapped arrays, and numbers as JSON holds them
    return made if kept is None else kept


def cached_result(run: Run, name: str, key: Any, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A result as JSON holds it, as `cached`."""

    def write(result: Mapping[str, Any], folder: Path) -> None:
        (folder / RESULT).write_bytes(seal(result))

    return cached(run, name, key, make, write, read_result)


def kept_result(
    run: Run, name: str, key: tuple[Hashable, ...], make: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """As `cached_result`; the latest four of a name are held by the run, too."""
    return run.held(name, lambda: cached_result(run, name, key, make), key, 4)


def read_result(folder: Path) -> dict[str, Any]:
    result = read_json(folder / RESULT, AGAIN)
    del result["sha256"]
    return result


def is_outdated(entry: Path, *, of_vectors: bool = False) -> bool:
    """Whether a folder is an entry of a run that has another state now, or is gone.

    With ``of_vectors`` a run is the same as long as its vectors are, whatever documents came or went since.
    """
    if entry.parent.name != CACHE:
        return False
    with suppress(InputError, OSError):
        described = read_json(entry.parent.parent / PRESENT, AGAIN)
        stamps = {stamp_of(described), *([described.get("live", {}).get(BASE)] if of_vectors else [])}
        return _parts(entry)[1] not in [_digest(stamp) for stamp in stamps if stamp]
    return True


def _entry(run: Run, name: str, key: Any, code: str) -> Path:
    assert run.folder is not None
    variants = run.provenance.variants
    digest = _digest([key, dict(variants)] if variants else key)
    return run.folder / CACHE / f"{name}-{_digest(run.stamp)}-{code}-{digest}"


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


# ---- The code that made an entry

_ROOT = Path(__file__).parents[2]
_IMPORT = re.compile(r"\n *from ((?:\.|selfvec)[.\w]*) import (\([^)]*\)|.*)")  # inside functions, too


@cache
def code_digest(*modules: str) -> str:
    """A digest of modules and of all that they import, in turn: with another one, results may be others."""
    reached: set[str] = set()
    new = set(modules)
    while new:
        reached |= new
        new = {name for module in new for name in _source(module)[1]} - reached
    return _digest([__version__, {module: _source(module)[0] for module in reached}])


@cache
def _source(module: str) -> tuple[str, frozenset[str]]:
    """A digest of a module of the package, and what it imports; nothing for any other name."""
    if (file := _file(module)) is None:
        return "", frozenset()
    content, package = file.read_bytes(), module if file.stem == "__init__" else module.rpartition(".")[0]
    imported = set()
    for relative, names in _IMPORT.findall(content.decode()):
        home = resolve_name(relative, package)
        imported.add(home)
        if (inside := _file(home)) is not None and inside.stem == "__init__":  # a name may be a module's
            imported |= {f"{home}.{name}" for name in re.findall(r"\w+", names)}
    return hashlib.sha256(content).hexdigest(), frozenset(imported)


@cache
def _file(module: str) -> Path | None:
    path = _ROOT.joinpath(*module.split(".")) if module.startswith("selfvec") else _ROOT / "none"
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def _read(entry: Path, read: Callable[[Path], T]) -> T | None:
    """An entry; None if it is missing, damaged or not to be trusted."""
    if _foreign(entry) is None:
        with suppress(InputError), decoding(entry, "entry of the cache", AGAIN):
            kind = folder_kind(entry)
            if kind is None:
                return None
            if len(list(entry.iterdir())) > 1:
                read_description(entry / kind.file, AGAIN, _COMPARED)
            else:  # a long result alone in its folder is parsed once, by its reader
                check_seal(entry / kind.file, AGAIN)
            return read(entry)
    return None


def _foreign(entry: Path) -> Path | None:
    """The cache or the entry, if it is there but no folder of this user or of the owner of the run."""
    for path in (entry.parent, entry):
        with suppress(OSError):  # it is not there
            status = path.lstat()
            trusted = is_ours(path) or status.st_uid == entry.parent.parent.stat().st_uid
            if not stat.S_ISDIR(status.st_mode) or not trusted:
                return path
    return None


def _fault(entry: Path) -> str | None:
    """Why an entry cannot be kept. Makes the folder of the cache if it is missing."""
    if is_outdated(entry, of_vectors=True):
        return "the run folder has changed since it was opened"  # an update may have withdrawn documents
    foreign = _foreign(entry)
    if foreign is not None:
        return f"{foreign} is a file, a link or belongs to another user"
    try:
        _make_folder(entry.parent)
    except TargetError as error:
        return f"{entry.parent} {error.rule}"
    return None


def _make_folder(folder: Path) -> None:
    with writing(folder):
        folder.mkdir(exist_ok=True)


@contextmanager
def _alone(entry: Path, waiting: str) -> Iterator[None]:
    """Hold the lock of an entry: an empty folder next to it. Other entries can be made meanwhile.

    It is removed in the end. A process that begins just then may make the entry, too; that only costs time.
    """
    lock = entry.with_name(f".{entry.name}.partial-00000000")  # a leftover if this process is killed
    with suppress(OSError):
        lock.mkdir(exist_ok=True)
    try:
        with locked(lock, waiting):
            yield
    finally:
        for folder in (lock, entry.parent):  # the cache is removed only if it is empty
            with suppress(OSError):
                folder.rmdir()


def _delete_older(entry: Path, most: int | None) -> None:
    """Delete the entries of a name but those, or the latest, of this state and of the latest other one.

    Those of other code are of no use: none of it comes back as a state does by an undo.
    """
    made_of = name, _, code = _parts(entry)
    every = sorted(entry.parent.glob(f"{name}-*"), key=lambda path: path.stat().st_mtime)
    own = [path for path in every if _parts(path) == made_of]
    others = [path for path in every if _parts(path) != made_of]
    before = next((_parts(path) for path in reversed(others) if _parts(path)[2] == code), None)
    for path in (*own[: -most if most else 0], *(path for path in others if _parts(path) != before)):
        remove_folder(path)
    remove_leftovers(entry.parent)


def _parts(entry: Path) -> tuple[str, ...]:
    """The name of an entry, and the digests of its state and of its code."""
    return tuple(f"{entry.name}---".split("-", 3)[:3])
