"""Texts of made-up words, and commands in processes that are forked with all modules loaded."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import selfvec.apps.cli.tree
from selfvec.apps.cli import main
from selfvec.apps.functions.inspection import verify
from selfvec.data.run import split_state
from selfvec.data.run_text import FILE
from selfvec.storage.run_folder import LOCK, is_run

VARIABLE = ("timings", "sha256", "files", "stamp", "state")
"""Keys of descriptions that differ from run to run, and checksums, since the files are compared."""
CACHES = ("cache", "search", "drift")
"""Folders of a run folder with what was derived from the run."""

_HIDDEN = re.compile(r"\..*\.(partial(-[0-9a-f]{8})?|ready|old|migrate)")
_HASH = re.compile(r"[0-9a-f]{8,}")  # in the name of what is derived from a run
_RANDOM = re.compile(r"_(versions|transactions|indices)/|[^/]*\.lance$")  # names and bytes vary in LanceDB
_SYLLABLES = ("ba", "do", "ki", "lu", "mo", "ne", "ra", "su", "ti", "ve")


def write_texts(path: Path, documents: int, seed: int) -> None:
    """A document a line over 1,000 words, with frequencies as in natural text; a CSV has ids and dates."""
    chance = random.Random(seed)
    words = [f"{a}{b}{c}" for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    rows = path.suffix == ".csv"
    lines = ["id,date,text"] if rows else []
    for number in range(documents):
        text = " ".join(chance.choices(words, weights, k=30))
        lines.append(f'{seed}-{number},{1990 + number % 30}-05-06,"{text}."' if rows else f"{text}.")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_vectors(path: Path) -> None:
    """A table with random vectors for nine in ten of these words."""
    words = [f"{a}{b}{c}" for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES[:9]]
    rows = np.random.default_rng(7).standard_normal((len(words), 64)).astype(np.float32)
    selfvec.save(selfvec.Vectors(words, rows), path)


def start(
    arguments: list[str], folder: Path, before: Callable[[], None] = lambda: None, log: Path = Path("log")
) -> int:
    """Start a command in a process of its own in ``folder``; its messages go to ``log`` there."""
    child = os.fork()
    if child:
        return child
    status = 70
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(folder)
        messages = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(messages, 1)
        os.dup2(messages, 2)
        before()
        status = main([*arguments, *(["--jobs", "1"] if arguments[0] == "refine" else [])])
    finally:
        os._exit(status)


def ended(child: int, seconds: float = 120) -> int:
    """The exit status of a process, minus the signal that ended it; it is killed if it takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -99


def run_command(arguments: list[str], folder: Path, before: Callable[[], None] = lambda: None) -> int:
    """Run a command to its end."""
    return ended(start(arguments, folder, before))


def digest(target: Path) -> str | None:
    """A checksum of a result, apart from times and random names; None if there is none."""
    if is_run(target):
        return state_digest(target)
    if (target / LOCK).is_file():
        return None  # of a first state that is not complete
    files = [target] if target.is_file() else sorted(path for path in target.rglob("*") if path.is_file())
    return _digest(target.parent, files)


def state_digest(run: Path, description: str = "run.json") -> str | None:
    """A checksum of the present state of a run, or of the one before; None if there is none."""
    if not (run / description).is_file():
        return None
    described = json.loads((run / description).read_text())
    found = [json.dumps(_constant(described), sort_keys=True)]
    for name in sorted(described["files"]):
        first, *rest = name.split("/")
        content = (run / name).read_bytes()
        if name.endswith(".parquet"):
            content = in_child(lambda path=run / name: _rows_of(path)).encode()
        found.append(f"{'/'.join([split_state(first)[0], *rest])} {hashlib.sha256(content).hexdigest()}")
    return hashlib.sha256("\n".join(found).encode()).hexdigest()


def _rows_of(path: Path) -> str:
    """The documents of a run, without the absolute paths of their files."""
    import polars as pl

    return str(pl.read_parquet(path).drop(FILE).to_dicts())


def cache_digest(run: Path) -> str | None:
    """A checksum of what was derived from a run; None if nothing was.

    Topic vectors do not count: an index is made from them, and they are whole before it begins.
    """
    files = [path for name in CACHES for path in sorted((run / name).rglob("*")) if path.is_file()]
    return _digest(run, [path for path in files if not path.parent.name.startswith("topics-")])


def _digest(place: Path, files: list[Path]) -> str | None:
    found = []
    for path in files:
        name = path.relative_to(place).as_posix()
        if any(_HIDDEN.fullmatch(part) for part in path.relative_to(place).parts):
            continue  # of a killed process
        content = path.read_bytes()
        if random_name := _RANDOM.search(name):
            name, content = random_name[1] or "data", str(len(content).bit_length()).encode()
        elif path.suffix == ".json":
            content = json.dumps(_constant(json.loads(content)), sort_keys=True).encode()
        found.append(f"{_HASH.sub('', name)} {hashlib.sha256(content).hexdigest()}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest() if found else None


def in_child(work: Callable[[], str]) -> str:
    """The result of work that needs the threads of Polars, done in a process of its own.

    This process must not have any: commands are forked from it.
    """
    here, there = os.pipe()
    child = os.fork()
    if not child:
        try:
            with os.fdopen(there, "w") as file:
                file.write(work())
            os._exit(0)
        finally:
            os._exit(1)
    os.close(there)
    with os.fdopen(here) as file:
        found = file.read()
    if os.waitpid(child, 0)[1]:
        raise ValueError("the documents of the run cannot be read")
    return found


def rows_digest(store: Path) -> str | None:
    """A checksum of what a vector store holds, read by its library in a process of its own."""
    if not store.exists():
        return None
    done = subprocess.run([sys.executable, "-c", _ROWS, store], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise ValueError(done.stderr[-300:])
    return done.stdout.strip()


_ROWS = """
import hashlib, json, sys
from pathlib import Path
store = Path(sys.argv[1])
import lancedb
table = lancedb.connect(store).open_table("passages")
rows = [*table.to_arrow().to_pylist(), {k.decode(): v.decode() for k, v in table.schema.metadata.items()}]
found = sorted(json.dumps(row, sort_keys=True, default=str) for row in rows)
print(hashlib.sha256("\\n".join(found).encode()).hexdigest())
"""


def _constant(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: _constant(item) for key, item in value.items() if key not in VARIABLE}


def leftovers(folder: Path) -> list[str]:
    """Names of temporary files and folders, and of files in runs that belong to no state.

    Those in a cache stay until something is written there.
    """
    hidden = (path for path in folder.rglob(".*") if path.parent.name != "cache")
    found = [path.name for path in hidden if _HIDDEN.fullmatch(path.name)]
    for run in (path.parent for path in folder.rglob("run.json")):
        found += [Path(name).name for name in verify(run).unchecked]
    return found


def without_privileges() -> None:
    """Make the superuser's process obey permissions."""
    if os.geteuid() == 0:
        header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        if ctypes.CDLL(None, use_errno=True).capset(header, sets):
            raise OSError(ctypes.get_errno(), "capset")
