"""The commands that write something, each with its inputs in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from selfvec.export import TARGETS

from .inputs import digest, ended, run, start, write_texts, write_vectors

METHOD = ("--vectors", "table.npz", "--method", "paper", "--epochs", "30")
_REFINE = ("refine", "texts.csv", "-o", "made", *METHOD)


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

    def trial(self, place: Path) -> Path:
        """A fresh copy of the inputs."""
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder, place)
        return place


def prepare(place: Path) -> Path:
    """A folder with texts, a table, and two runs of which the first has an index."""
    folder = place / "prepared"
    folder.mkdir()
    write_texts(folder / "texts.csv", 1500, 1)
    write_texts(folder / "more.csv", 300, 2)
    write_vectors(folder / "table.npz")
    for name, texts in (("one", "texts.csv"), ("two", "more.csv")):
        _must(["refine", texts, "-o", name, *METHOD], folder)
        _must(["search", name, "bababa"], folder)
    _must(["export", "one", "--to", "encoder", "-o", "encoder"], folder)
    return folder


def cases(place: Path, prepared: Path) -> list[Case]:
    """Refine, resume, update, merge, the index of a search, conversion, and every export."""
    found = [
        _case(place, "refine", _REFINE, "made", prepared),
        _case(place, "refine --overwrite", (*_REFINE, "--overwrite"), "made", prepared, old="two"),
        _case(place, "resume", (*_REFINE, "--resume"), "made", prepared, interrupted=True),
        _case(place, "update", ("update", "one", "more.csv"), "one", prepared, old="one"),
        _case(place, "merge", ("merge", "one", "two", "-o", "made"), "made", prepared),
        _case(place, "search, its index", ("search", "one", "bababa"), "one/search", prepared, bare=True),
        _case(place, "search, a new index", ("search", "one", "bababa"), "one/search", prepared, stale=True),
        _case(
            place,
            "convert --overwrite",
            ("convert", "one", "made.npy", "--overwrite"),
            "made.npy",
            prepared,
            old="npy",
        ),
    ]
    for name, target in TARGETS.items():
        if name != "language-model":  # needs a run over the pieces of one
            made = f"made{target.suffix}"
            arguments = ("export", "one", "--to", name, "-o", made, "--overwrite")
            found.append(_case(place, f"export --to {name}", arguments, made, prepared, old=f"export {name}"))
    return found


def _case(
    place: Path,
    name: str,
    arguments: tuple[str, ...],
    target: str,
    prepared: Path,
    *,
    old: str | None = None,
    interrupted: bool = False,
    bare: bool = False,
    stale: bool = False,
) -> Case:
    """Make what stands there before, and once the result of the command that is not disturbed."""
    folder = place / f"case-{name.replace(' ', '-').replace(',', '')}"
    shutil.copytree(prepared, folder)
    if bare:
        shutil.rmtree(folder / "one/search")
    if stale:  # the index of another run
        shutil.rmtree(folder / "one/search")
        shutil.copytree(folder / "two/search", folder / "one/search")
    if old == "two":
        shutil.copytree(folder / "two", folder / target)
    elif old == "npy":
        _must(["convert", "two", target], folder)
    elif old is not None and old.startswith("export "):
        _must(["export", "two", "--to", old.removeprefix("export "), "-o", target], folder)
    if interrupted:
        _interrupt(list(arguments[:-1]), folder)
    case = Case(name, arguments, target, folder, state(folder, target))
    trial = case.trial(place / "undisturbed")
    began = time.perf_counter()
    _must(list(arguments), trial)
    seconds = time.perf_counter() - began
    new = state(trial, target)
    if interrupted:
        trial = case.trial(place / "undisturbed")
        _must([*arguments[:-1], "--overwrite"], trial)
        assert new == state(trial, target), "a resumed run has other bytes"
    assert new is not None
    assert new != case.old, name
    return replace(case, new=new, seconds=seconds)


def state(folder: Path, target: str) -> str | None:
    """The digest of a result, of a matrix with its words beside it."""
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
    status = run(arguments, folder)
    if status:
        raise RuntimeError(f"{' '.join(arguments)}: status {status}: {(folder / 'log').read_text()[-500:]}")
