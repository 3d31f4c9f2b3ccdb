"""The commands that write something, each with its inputs in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.robustness.inputs import (
    digest,
    ended,
    leftovers,
    rows_digest,
    run_command,
    start,
    write_texts,
    write_vectors,
)
from selfvec.base.atomic_files import complete_replacement
from selfvec.exporters import TARGETS

_REFINE = ("refine", "texts.txt", "-o", "made", "--vectors", "table.npz", "--method", "paper", "--epochs")
_EPOCHS, _FEW = "30", "2"  # many take long enough to be killed at a random moment
_UPDATE = ("update", "one", "more.txt")
_SEARCH = ("search", "one", "bababa")
_LOOK = ("similar", "made", "bababa")
_ASK = ("ask", "texts", "bababa", "--cache", "cache", "--vectors", "table.npz")
_MORE = ("copy", "more.txt", "texts/more.txt")
_NO_INDEX, _ANOTHER_INDEX = ("remove", "one/search"), ("copy", "two/search", "one/search")


@dataclass(frozen=True)
class Case:
    """A command, what it writes, and what stands there before and after."""

    name: str
    arguments: tuple[str, ...]
    target: str
    folder: Path  # with the inputs, copied for each trial
    old: str | None = None  # digest before, if something stands there
    new: str | None = None  # digest after
    seconds: float = 0.0  # of the command
    look: tuple[str, ...] = ()  # the next command once the result stands, if this one is not repeated then
    previous: str = ""  # digest of the run from before that an update leaves

    def trial(self, place: Path) -> Path:
        """A fresh copy of the inputs."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder, place)
        return place

    def found(self, folder: Path, *, settled: bool = False) -> str:
        """What stands there: old, new, absent or broken; ``settled`` looks at the run from before, too."""
        try:
            complete_replacement(folder / self.target)  # as whatever reads it does
            now = state(folder, self.target)
        except Exception as error:  # of any library that reads it
            print(f"{self.name}: {error!r}", file=sys.stderr)
            return "broken"
        if now == self.new:
            before = (
                digest(folder / f"{self.target}.previous") if settled and self.previous else self.previous
            )
            return "new" if before == self.previous else "new, after another one"
        if now == self.old:
            return "old" if now else "absent"
        return "broken"

    def again(self, folder: Path) -> tuple[str, ...]:
        """The command that is repeated after a kill; a refinement continues from its last state."""
        arguments = [argument for argument in self.arguments if argument != "--resume"]
        resumed = any((folder / name / "state.safetensors").exists() for name in leftovers(folder))
        return (*arguments, *(["--resume"] if resumed else []))

    def resumable(self, folder: Path, name: str) -> bool:
        """Whether a leftover is what ``--resume`` or the same command continues from.

        A migration has changed every row before it has forgotten how far it was.
        """
        if name.endswith(".migrate"):
            return True
        return (folder / name / "state.safetensors").exists() and self.found(folder) != "new"


def prepare(place: Path, *, small: bool = False) -> Path:
    """A folder with texts, a table, and two runs of which the first has an index."""
    folder = place / "prepared"
    folder.mkdir()
    for number, (name, documents) in enumerate({"texts": 1500, "more": 300, "other": 200}.items(), 1):
        write_texts(folder / f"{name}.txt", documents // 8 if small else documents, number)
    write_vectors(folder / "table.npz")
    (folder / "texts").mkdir()
    shutil.copyfile(folder / "texts.txt", folder / "texts/texts.txt")
    for name, texts in (("one", "texts.txt"), ("two", "more.txt")):
        _must(["refine", texts, "-o", name, *_REFINE[4:], _FEW if small else _EPOCHS], folder)
        _must(["search", name, "bababa"], folder)
    _must(["export", "one", "--to", "encoder", "-o", "encoder"], folder)
    _must(["update", "one", "more.txt", "-o", "grown"], folder)
    return folder


@dataclass(frozen=True)
class Planned:
    """A case before its inputs are made."""

    name: str
    arguments: tuple[str, ...]
    target: str
    before: tuple[tuple[str, ...], ...] = ()  # commands that make what stands there before
    look: tuple[str, ...] = ()
    interrupted: bool = False  # the command was stopped at work before

    def made(self, place: Path, prepared: Path) -> Case:
        """Make what stands there before, and once the result of the command that is not disturbed."""
        folder = place / f"case-{self.name.replace(' ', '-').replace(',', '')}"
        shutil.copytree(prepared, folder)
        for command in self.before:
            _must(list(command), folder)
        if self.interrupted:
            _interrupt(list(self.arguments[:-1]), folder)
        case = Case(
            self.name, self.arguments, self.target, folder, state(folder, self.target), look=self.look
        )
        trial = case.trial(place / "undisturbed")
        began = time.perf_counter()
        _must(list(self.arguments), trial)
        seconds = time.perf_counter() - began
        new = state(trial, self.target)
        previous = digest(trial / f"{self.target}.previous") or ""
        if self.interrupted:
            trial = case.trial(place / "undisturbed")
            _must([*self.arguments[:-1], "--overwrite"], trial)
            assert new == state(trial, self.target), "a resumed run has other bytes"
        assert new is not None
        assert new != case.old, self.name
        return replace(case, new=new, seconds=seconds, previous=previous)


def cases(place: Path, prepared: Path) -> list[Case]:
    """Refine, resume, update, merge, the index of a search, conversion, and every export."""
    return [planned.made(place, prepared) for planned in _creating(_EPOCHS)]


def small_cases(place: Path, prepared: Path, wanted: str) -> Iterator[Case]:
    """Those whose name holds ``wanted``, over little text, and what changes a store or keeps results."""
    for planned in [*_creating(_FEW), *_changing()]:
        if wanted in planned.name:
            yield planned.made(place, prepared)


def _creating(epochs: str) -> Iterator[Planned]:
    refine = (*_REFINE, epochs)
    copy = (("copy", "two", "made"),)
    yield Planned("refine", refine, "made", look=_LOOK)
    yield Planned("refine --overwrite", (*refine, "--overwrite"), "made", copy)
    yield Planned("resume", (*_REFINE, _EPOCHS, "--resume"), "made", interrupted=True, look=_LOOK)
    yield Planned("update", _UPDATE, "one")
    yield Planned("merge", ("merge", "one", "two", "-o", "made"), "made", look=_LOOK)
    yield Planned("search, its index", _SEARCH, "one/search", (_NO_INDEX,))
    yield Planned("search, a new index", _SEARCH, "one/search", (_NO_INDEX, _ANOTHER_INDEX))
    yield _converting("made.npy")
    for name, target in TARGETS.items():
        if name != "language-model":  # needs a run over the pieces of one
            made = f"made{target.suffix}"
            arguments = ("export", "one", "--to", name, "-o", made, "--overwrite")
            yield Planned(
                f"export --to {name}", arguments, made, (("export", "two", "--to", name, "-o", made),)
            )


def _changing() -> Iterator[Planned]:
    again, undo = ("update", "one", "other.txt"), ("update", "one", "--undo")
    yield Planned("update again", again, "one", (_UPDATE,))
    yield Planned("undo", undo, "one", (_UPDATE,), look=("info", "one"))
    yield Planned("drift", ("drift", "one"), "one/cache")
    yield Planned("ask", _ASK, "cache/run")
    yield Planned("ask, more text", _ASK, "cache/run", (_ASK, _MORE))
    for kind in ("npz", "bin", "txt", "safetensors", "parquet"):
        yield _converting(f"made.{kind}")
    for store in ("qdrant", "lancedb"):
        export = ("export", "one", "--to", store, "-o", "store")
        update = ("export", "grown", "--to", store, "-o", "store", "--update")
        migrate = ("migrate", "store", "--from", "one", "--to", "two")
        yield Planned(f"export --update {store}", update, "store", (export,))
        yield Planned(f"migrate {store}", migrate, "store", (export,))


def _converting(target: str) -> Planned:
    arguments = ("convert", "one", target, "--overwrite")
    return Planned(f"convert {target}", arguments, target, (("convert", "two", target),))


def state(folder: Path, target: str) -> str | None:
    """The digest of a result, of a matrix with its words beside it."""
    if target == "store":  # bytes of these vary
        return rows_digest(folder / target)
    if target == "cache/run":  # the run; its index is kept after it
        return digest(folder / target, but="cache")
    found = digest(folder / target)
    words = (folder / target).with_suffix(".vocabulary.txt")
    return f"{found} {digest(words)}" if found and words.exists() else found


def _interrupt(arguments: list[str], folder: Path) -> None:
    """Stop a command at work, so that it can be resumed."""
    for _ in range(20):
        child = start(arguments, folder)
        deadline = time.monotonic() + 60
        while not (folder / ".made.partial/state.safetensors").exists() and time.monotonic() < deadline:
            if os.waitpid(child, os.WNOHANG)[0]:
                break
            time.sleep(0.001)
        else:
            os.kill(child, signal.SIGTERM)
            ended(child)
            if (folder / ".made.partial/state.safetensors").exists():
                return
        shutil.rmtree(folder / "made", ignore_errors=True)
    raise RuntimeError("no refinement could be interrupted")


def _must(arguments: list[str], folder: Path) -> None:
    if arguments[0] == "remove":
        shutil.rmtree(folder / arguments[1])
        return
    if arguments[0] == "copy":
        source, target = folder / arguments[1], folder / arguments[2]
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
        return
    status = run_command(arguments, folder)
    if status:
        raise RuntimeError(f"{' '.join(arguments)}: status {status}: {(folder / 'log').read_text()[-500:]}")
