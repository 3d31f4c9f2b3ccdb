"""Run with `benchmarks/robustness/system_calls.c` preloaded: jobs are killed before each nth system call.

After a kill the old or the new result stands, and the next job of the same kind leaves nothing behind. With
`fail`, each removal of a file fails instead: then the job ends as usual, with a warning. Prints faults.
"""

import copy
import ctypes
import errno
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import numpy as np

import selfvec
from selfvec.base.errors import TargetError
from selfvec.corpus import as_corpus
from selfvec.data.run import Run
from selfvec.data.run_text import RunText
from selfvec.files.atomic_files import atomic_file, atomic_folder
from selfvec.refinement import live
from selfvec.refinement.inputs import Execution
from selfvec.storage.run_folder import is_run, open_run
from selfvec.storage.run_writer import RunWriter

LIBRARY = ctypes.CDLL(sys.argv[1] if __name__ == "__main__" else None)  # with `system_calls.c`
STEP = int(sys.argv[2]) if __name__ == "__main__" else 1
ALL, REMOVES, KILL = 15, 2, -1
TWICE = ("a run", "first update", "second update", "add", "upsert", "delete")
"""Jobs after which, done twice, the state before is another one."""
Job = tuple[Callable[[Path], None], Callable[[Path], object], Callable[[Path], object]]  # see `jobs`


def run_of(scale: float) -> Run:
    """A run of two words. Its text is not looked at: this process must not use Polars, because it forks."""
    words, rows = ["hail", "wind"], np.eye(2, 3, dtype=np.float32)
    counts, sources = np.ones(2, np.int64), np.zeros(2, np.uint8)
    table = selfvec.Vectors(words, rows, counts=counts, sources=sources)
    original = selfvec.Vectors(words, rows, sources=sources)
    return Run(table, original, None, {"scale": scale}, {}, text=RunText(b"text"))


def before_it(folder: Path, name: str) -> object:
    """What the state says that an undo brings back, where the next writer finds it; None if there is none."""
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings(action="ignore"):
        copied = shutil.copytree(folder, Path(place, "copy"))
        with RunWriter(copied, overwrite=True) as writer:
            with suppress(TargetError):
                writer.undo()
                return json.loads((copied / "run.json").read_bytes())[name]
        return None


def jobs() -> dict[str, Job]:
    """By name: what stands there before, the job, and how its result is read by the next command."""
    first, second, third = map(run_of, (1, 2, 3))
    table = {n: selfvec.Vectors(["a", "b"], np.full((2, 3), n, np.float32)) for n in (1, 2)}

    def finish(run: Run, *, undo: bool = True) -> Callable[[Path], None]:
        def job(folder: Path) -> None:
            with RunWriter(folder / "t", overwrite=True) as writer:
                writer.keep(run.original)
                writer.path("new.parquet").write_text("new")
                writer.finish(run, undo=undo)

        return job

    def undo(folder: Path) -> None:
        with RunWriter(folder / "t", overwrite=True) as writer:
            writer.undo()

    def before(*steps: Callable[[Path], None]) -> Callable[[Path], None]:
        def run_all(folder: Path) -> None:
            for step in steps:
                step(folder)

        return run_all

    def scales(folder: Path) -> object:
        """The scales of the run and of the one that an undo brings back."""
        if not is_run(folder / "t"):
            return None
        found = open_run(folder / "t")
        damaged = [damage for damage in selfvec.verify(folder / "t") if "text" not in damage.file]
        return found.provenance["scale"], before_it(folder / "t", "scale"), damaged

    def convert(n: int) -> Callable[[Path], None]:
        def job(folder: Path) -> None:
            selfvec.save(table[n], folder / "t.npy", overwrite=True)

        return job

    def values(folder: Path) -> object:
        return selfvec.load(folder / "t.npy").vectors.tolist() if (folder / "t.npy").exists() else None

    def file(text: str) -> Callable[[Path], None]:
        def job(folder: Path) -> None:
            with atomic_file(folder / "t", overwrite=True) as path:
                path.write_text(text)

        return job

    def many(text: str) -> Callable[[Path], None]:
        def job(folder: Path) -> None:
            with atomic_folder(folder / "t", overwrite=True) as path:
                for name in "ab":
                    (path / name).write_text(text)

        return job

    def texts(folder: Path) -> object:
        paths = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
        return [(str(path), (folder / path).read_text()) for path in paths if path.parts[0][0] != "."]

    return {
        "file": (file("old"), file("new"), texts),
        "folder": (many("old"), many("new"), texts),
        "matrix and words": (convert(1), convert(2), values),
        "a run": (before(), finish(first), scales),
        "first update": (before(finish(first)), finish(second), scales),
        "second update": (before(finish(first), finish(second)), finish(third), scales),
        "update without undo": (before(finish(first), finish(second)), finish(third, undo=False), scales),
        "undo": (before(finish(first), finish(second)), undo, scales),
    }


def live_jobs(place: Path) -> dict[str, Job]:
    """The same for documents that come and go while vectors stay.

    This process reads texts with Polars, so all that a forked one writes is in memory before.
    """
    first = selfvec.refine([{"id": name, "text": f"hail {name}"} for name in "abc"], "none", "original")
    selfvec.save_run(first, place / "first")
    added = live.added(
        open_run(place / "first"), as_corpus([{"id": "d", "text": "hail d"}]), Execution(), number=2
    )[0]

    def before(run: Run | None) -> Callable[[Path], None]:
        def prepare(folder: Path) -> None:
            shutil.copytree(place / "first", folder / "t")
            if run is not None:
                change(run)(folder)

        return prepare

    def change(run: Run) -> Callable[[Path], None]:
        def job(folder: Path) -> None:
            with RunWriter(folder / "t", overwrite=True) as writer:
                writer.change(copy.copy(run))

        return job

    def ids(folder: Path) -> object:
        """The documents of the run, and how many an undo brings back."""
        return (
            open_run(folder / "t").text.ids(),
            before_it(folder / "t", "documents"),
            selfvec.verify(folder / "t").damaged,
        )

    replacing = [{"id": "a", "text": "wind a"}, {"id": "e", "text": "wind e"}]
    upserted = live.added(open_run(place / "first"), as_corpus(replacing), Execution(), number=2)[0]
    deleted = live.deleted(added, ["b", "d"], number=3)[0]
    return {
        "add": (before(None), change(added), ids),
        "upsert": (before(None), change(upserted), ids),
        "delete": (before(added), change(deleted), ids),
    }


def child(job: Callable[[Path], None], folder: Path, first: int, action: int, kinds: int, log: Path) -> int:
    """Run a job in a process of its own; its status, and its warnings in a log."""
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    status = 1
    try:
        with warnings.catch_warnings(record=True) as found, suppress(BaseException):
            warnings.simplefilter("always")
            LIBRARY.faults_arm(os.fsencode(folder), ctypes.c_long(first), action, kinds, -1)
            job(folder)
            LIBRARY.faults_arm(b"", ctypes.c_long(0), 0, 0, -1)
            log.write_text("".join(f"{one.category.__name__}\n" for one in found))
            status = 0
    finally:
        os._exit(status)


def left_over(folder: Path) -> list[str]:
    """Temporary files, and files of a run that belong to no state."""
    unnamed = selfvec.verify(folder / "t").unchecked if is_run(folder / "t") else []
    return sorted([path.name for path in folder.rglob(".*")] + [Path(name).name for name in unnamed])


def results(job: Job, place: Path) -> tuple[object, object]:
    """What is read before a job and after it, when nothing fails; it begins with the folder ``source``."""
    prepare, act, read = job
    (place / "source").mkdir()
    prepare(place / "source")
    shutil.copytree(place / "source", place / "done")
    act(place / "done")
    return read(place / "source"), read(place / "done")


def trial(place: Path) -> Path:
    """A new copy of what stands there before a job."""
    shutil.rmtree(place / "trial", ignore_errors=True)
    return shutil.copytree(place / "source", place / "trial")


def tried(name: str, job: Job, place: Path) -> tuple[int, list[str]]:
    """Kill a job before each nth call: how many calls there were, and what went wrong."""
    _, act, read = job
    (old, new), faults = results(job, place), []
    if left_over(place / "done"):
        faults.append(f"{name}: {left_over(place / 'done')} stays of a job in one go")
    # Without undo there is none from the first step on; a matrix is removed before its words are replaced.
    between = {"update without undo": (2, None, []), "matrix and words": None}.get(name, old)
    for first in range(1, 500, STEP):
        folder = trial(place)
        status = child(act, folder, first, KILL, ALL, place / "log")
        found = read(folder)
        if status == 0:
            return first - 1, faults
        if found not in (old, new, between):
            faults.append(f"{name}, call {first}: {found} is neither old nor new")
        if name == "undo" and found == new:
            continue
        act(folder)
        settled = read(folder)
        again = settled == new or (found == new and name in TWICE)
        if left_over(folder) or not again:
            faults.append(f"{name}, call {first}, again: {settled}, {left_over(folder)}")
    return 500, [*faults, f"{name}: no end"]


def unremovable(name: str, job: Job, place: Path) -> list[str]:
    """Let removals fail from each of the first ones on: the result stands, and there is a warning at most.

    What must be removed is an error, and nothing has changed.
    """
    _, act, read = job
    (old, new), log, faults = results(job, place), place / "log", []
    for first, number in zip(range(1, 9), cycle((errno.EROFS, errno.EDQUOT, errno.EIO)), strict=False):
        folder = trial(place)
        status = child(act, folder, first, number, REMOVES, log)
        said = set(log.read_text().split()) if status == 0 else set()
        refused = status and name == "update without undo" and read(folder) == old
        if not refused and (status or not said <= {"CleanupWarning"} or read(folder) != new):
            faults.append(f"{name}, {errno.errorcode[number]} at {first}: status {status}, {said}")
    return faults


def all_jobs(place: Path) -> Iterator[tuple[str, Job]]:
    """Those that do without Polars first."""
    yield from jobs().items()
    yield from live_jobs(place).items()


def main() -> None:
    """Print the number of kills and all faults."""
    count, faults = 0, []
    kept = tempfile.TemporaryDirectory()
    for name, job in all_jobs(Path(kept.name)):
        with tempfile.TemporaryDirectory() as place:
            calls, found = tried(name, job, Path(place).resolve())
            count, faults = count + calls, faults + found
        with tempfile.TemporaryDirectory() as place:
            faults += unremovable(name, job, Path(place).resolve())
    print(count)
    for fault in faults:
        print(fault)


if __name__ == "__main__":
    main()
