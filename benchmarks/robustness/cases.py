"""The commands that write something, each with its inputs in a folder of its own."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.robustness.inputs import (
    CACHES,
    cache_digest,
    digest,
    rows_digest,
    run_command,
    state_digest,
    write_texts,
    write_vectors,
)
from selfvec.lab.exporters import TARGETS
from selfvec.storage.run_folder import PREVIOUS

_REFINE = ("refine", "texts.txt", "-o", "made", "--vectors", "table.bin", "--method", "paper", "--epochs")
_EPOCHS, _FEW = "30", "2"  # many take long enough to be killed at a random moment
_UPDATE = ("update", "one", "more.txt")
_SEARCH = ("search", "one", "bababa")
_LOOK = ("similar", "made", "bababa")
_WITHDRAW = ("update", "one", "--withdraw", "4-0,4-7", "--no-undo")
_NO_INDEX = ("forget", "one")
_PAIRS = ("made.npy",)  # with its words beside it: the old one is removed before the new one is there


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
    previous: str = ""  # digest of the state before that an update leaves
    derived: bool = False  # the command writes what is derived from the run, and not the run

    def trial(self, place: Path) -> Path:
        """A fresh copy of the inputs."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder, place)
        return place

    def found(self, folder: Path, *, settled: bool = False) -> str:
        """What stands there: old, new, absent or broken; ``settled`` looks at the state before, too."""
        try:
            now = self.state(folder)
        except Exception as error:  # of any library that reads it
            print(f"{self.name}: {error!r}", file=sys.stderr)
            return "broken"
        if now == self.new:
            before = self._previous(folder) if settled else self.previous
            return "new" if before == self.previous else "new, after another one"
        if now == self.old or (now is None and self.target in _PAIRS):
            return "old" if now else "absent"
        return "broken"

    def state(self, folder: Path) -> str | None:
        """The digest of what the command writes."""
        return cache_digest(folder / self.target) if self.derived else state(folder, self.target)

    def _previous(self, folder: Path) -> str:
        return state_digest(folder / self.target, PREVIOUS) or ""


def prepare(place: Path, *, small: bool = False) -> Path:
    """A folder with texts, a table, and two runs of which the first has an index."""
    folder = place / "prepared"
    folder.mkdir()
    for number, (name, documents) in enumerate({"texts": 1500, "more": 300, "other": 200}.items(), 1):
        write_texts(folder / f"{name}.txt", documents // 8 if small else documents, number)
    write_texts(folder / "rows.csv", 25 if small else 200, 4)
    write_vectors(folder / "table.bin")
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
    derived: bool = False

    def made(self, place: Path, prepared: Path) -> Case:
        """Make what stands there before, and once the result of the command that is not disturbed."""
        folder = place / f"case-{self.name.replace(' ', '-').replace(',', '')}"
        shutil.copytree(prepared, folder)
        for command in self.before:
            _must(list(command), folder)
        case = Case(self.name, self.arguments, self.target, folder, look=self.look, derived=self.derived)
        case = replace(case, old=case.state(folder))
        trial = case.trial(place / "undisturbed")
        began = time.perf_counter()
        _must(list(self.arguments), trial)
        seconds = time.perf_counter() - began
        new = case.state(trial)
        assert new is not None
        assert new != case.old, self.name
        return replace(case, new=new, seconds=seconds, previous=case._previous(trial))


def cases(place: Path, prepared: Path) -> list[Case]:
    """Refine, update, merge, the index of a search, conversion, and every export."""
    return [planned.made(place, prepared) for planned in _creating(_EPOCHS)]


def small_cases(place: Path, prepared: Path, wanted: str) -> Iterator[Case]:
    """Those in whose name the pattern is found, over little text; also what changes a store."""
    for planned in [*_creating(_FEW), *_changing()]:
        if re.search(wanted, planned.name):
            yield planned.made(place, prepared)


def _creating(epochs: str) -> Iterator[Planned]:
    refine = (*_REFINE, epochs)
    copy = (("copy", "two", "made"),)
    yield Planned("refine", refine, "made", look=_LOOK)
    same = ("update", "made", "texts.txt", "--vectors", "table.bin")  # a writer that finds nothing new
    yield Planned("refine --overwrite", (*refine, "--overwrite"), "made", copy, look=same)
    yield Planned("update", _UPDATE, "one")
    rows, known = ("update", "one", "rows.csv"), ("update", "one", "texts.txt")
    yield Planned("update --withdraw", _WITHDRAW, "one", (rows,), look=known)
    yield Planned("undo", ("update", "one", "--undo"), "one", (_UPDATE,), look=known)
    yield Planned("merge", ("run", "merge", "one", "two", "-o", "made"), "made", look=_LOOK)
    yield Planned("search, its index", _SEARCH, "one", (_NO_INDEX,), derived=True)
    yield _converting("made.npy")
    for name, target in TARGETS.items():
        if name != "language-model":  # needs a run over the pieces of one
            made = f"made{target.suffix}"
            arguments = ("export", "one", "--to", name, "-o", made, "--overwrite")
            yield Planned(
                f"export --to {name}", arguments, made, (("export", "two", "--to", name, "-o", made),)
            )


def _changing() -> Iterator[Planned]:
    yield Planned("update again", ("update", "one", "other.txt"), "one", (_UPDATE,))
    yield Planned("drift", ("drift", "one"), "one", (_NO_INDEX,), derived=True)
    for kind in ("bin", "txt", "safetensors", "parquet"):
        yield _converting(f"made.{kind}")
    export = ("export", "one", "--to", "lancedb", "-o", "store")
    update = ("export", "grown", "--to", "lancedb", "-o", "store", "--update")
    migrate = ("run", "migrate", "store", "--old", "one", "--new", "two")
    yield Planned("export --update lancedb", update, "store", (export,))
    yield Planned("migrate lancedb", migrate, "store", (export,))


def _converting(target: str) -> Planned:
    arguments = ("vectors", "convert", "one", target, "--overwrite")
    return Planned(f"convert {target}", arguments, target, (("vectors", "convert", "two", target),))


def state(folder: Path, target: str) -> str | None:
    """The digest of a result, of a matrix with its words beside it."""
    if target == "store":  # bytes of these vary
        return rows_digest(folder / target)
    found = digest(folder / target)
    words = (folder / target).with_suffix(".vocabulary.txt")
    return f"{found} {digest(words)}" if found and words.exists() else found


def _must(arguments: list[str], folder: Path) -> None:
    if arguments[0] == "forget":
        for name in CACHES:
            shutil.rmtree(folder / arguments[1] / name, ignore_errors=True)
        return
    if arguments[0] == "copy":
        shutil.copytree(folder / arguments[1], folder / arguments[2])
        return
    status = run_command(arguments, folder)
    if status:
        raise RuntimeError(f"{' '.join(arguments)}: status {status}: {(folder / 'log').read_text()[-500:]}")
