"""`ChangingRun`: a run, and the plain list of the documents that it must have, changed in step."""

import csv
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import strategies as st
from tests.commands import ran
from tests.rows import normal_vectors

import selfvec
from selfvec.data.run import Run

ALL = "storm"  # a word of every document, so that a search for it finds all
_SAID = st.lists(st.sampled_from(["hail", "roof", "wind"]), min_size=1, max_size=2)
TEXTS = _SAID.map(lambda said: " ".join([ALL, *said]))
"""Few texts, so that documents with equal ones are common."""

Row = tuple[bool, str]  # whether the document has an id, and its text
Rows = Sequence[Row]
Step = Callable[["ChangingRun"], None]
Shown = Counter[tuple[str | None, str]]
"""How often documents are shown, by id and text."""


@dataclass(frozen=True)
class Document:
    """A row of a file."""

    file: str
    name: str | None
    text: str


def table() -> selfvec.Vectors:
    """Vectors of some words; others are unknown."""
    return normal_vectors([ALL, "hail", "roof"], 4, 2)


@dataclass
class ChangingRun:
    """A run of the files in a folder, in memory or, if ``saved``, in run folders: after a merge a new one."""

    folder: Path
    method: str = "original"
    saved: bool = False
    in_place: bool = False  # a merge is a new state of the same run folder
    forget: bool = False  # the next changes cannot be undone
    files: dict[str, list[Document]] = field(default_factory=dict)  # as they are on the disk
    documents: list[Document] = field(default_factory=list)  # those that the run must have, in their order
    before: list[Document] | None = None  # those of the run that --undo brings back
    repeated: set[str] = field(default_factory=set)  # texts that two rows have had
    run: Run = field(init=False)
    _made: int = 0

    @classmethod
    def begin(cls, folder: Path, rows: Rows, **options: bool | str) -> "ChangingRun":
        """A run of one file."""
        made = cls(folder, **options)  # type: ignore[arg-type]
        file = made.new_file("jsonl", rows)
        made.run = made.refined(made.path(file))
        made.documents = list(made.files[file])
        return made

    def path(self, file: str) -> Path:
        return self.folder / file

    def refined(self, *paths: Path) -> Run:
        """A run of other files with the same options."""
        return selfvec.refine(list(paths), table(), self.method, output=self._target(), jobs=1)

    def _target(self) -> Path | None:
        """A new run folder, if runs are saved."""
        self._made += 1
        return self.folder / f"run{self._made}" if self.saved else None

    # ---- Files, as a person writes them

    def new_file(self, kind: str, rows: Rows) -> str:
        """Write a file; lines of text have no ids."""
        file = f"f{len(self.files)}.{kind}"
        documents = [
            Document(file, f"{file}-{n}" if named and kind != "txt" else None, text)
            for n, (named, text) in enumerate(rows)
        ]
        self.write(file, documents)
        return file

    def fresh_text(self) -> str:
        """A text that no document has had."""
        self._made += 1
        return f"{ALL} number {self._made}"

    def write(self, file: str, documents: list[Document]) -> None:
        self.files[file] = documents
        times = Counter(one.text for own in self.files.values() for one in own)
        self.repeated |= {text for text, number in times.items() if number > 1}
        with self.path(file).open("w", encoding="utf-8", newline="") as out:
            if file.endswith(".txt"):
                out.writelines(f"{one.text}\n" for one in documents)
            elif file.endswith(".csv"):
                csv.writer(out).writerows([("id", "text"), *((one.name, one.text) for one in documents)])
            else:
                rows = ({"id": one.name, "text": one.text} for one in documents)
                out.writelines(f"{json.dumps(row)}\n" for row in rows)

    # ---- Changes

    def update(self, file: str | None = None, withdraw: Sequence[str] = ()) -> None:
        """Bring the run up to date with a file, and withdraw documents.

        As in docs/how-to/keep-current.md: a text that the run has is skipped. A new text with the file and
        the id of a document takes its place. Every other text is new.
        """
        read = [] if file is None else self.files[file]
        has = {one.text for one in self.documents}
        new = [one for one in read if one.text not in has]
        versions = {(one.file, one.name) for one in new if one.name}
        kept = [
            one
            for one in self.documents
            if one.name not in withdraw and ((one.file, one.name) not in versions or one in read)
        ]
        if not kept + new:
            with pytest.raises(selfvec.SelfvecError, match=r"no (words|documents)"):
                self._update(file, withdraw)
            return
        self._update(file, withdraw)
        if kept + new != self.documents:
            self._become(kept + new)

    def _become(self, documents: list[Document]) -> None:
        self.before, self.documents = None if self.forget else self.documents, documents

    def _update(self, file: str | None, withdraw: Sequence[str]) -> None:
        path = None if file is None else self.path(file)
        output = self.run.folder if self.saved else None
        forgotten = {"no_undo": True} if self.forget else {}
        self.run = selfvec.update(
            self.run, path, table(), withdraw=withdraw, output=output, jobs=1, **forgotten
        )

    def merge(self, file: str) -> None:
        """Merge the run with the run of another file; equal texts stay."""
        runs = [self.run, self.refined(self.path(file))]
        target = self.run.folder if self.in_place else self._target()
        self.run = selfvec.merge(runs, table(), output=target, overwrite=self.in_place, jobs=1)
        merged = [*self.documents, *self.files[file]]
        self.before, self.documents = self.documents if self.in_place else None, merged

    def undo(self) -> None:
        """Exchange the run and the one from before the last update."""
        if self.before is not None:
            ran(["update", self.run.folder, "--undo"])
            self.run = selfvec.open(self.run.folder)
            self.before, self.documents = self.documents, self.before

    # ---- What is compared

    def expected(self) -> Shown:
        return self.shown((one.name, one.text) for one in self.documents)

    def shown(self, documents: Iterable[tuple[str | None, str]]) -> Shown:
        """Documents by id and text; documents without an id, which are shown by a number, by their text."""
        return Counter((None if name is None or name.isdigit() else name, text) for name, text in documents)

    def change(self, steps: Sequence[Step]) -> None:
        """Take the steps; after each the run has as many documents as it must have."""
        for step in steps:
            step(self)
            assert self.run.provenance.documents == len(self.documents)

    def check(self) -> None:
        """A search finds exactly the documents that the run must have."""
        found = self.run.search(ALL, top=1000)
        names = ((name, hit.text) for hit in found.hits for name in (hit.id, *hit.alike))
        assert self.shown(names) == self.expected()


@contextmanager
def begun(rows: Rows, **options: bool | str) -> Iterator[ChangingRun]:
    """A run of these rows, in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield ChangingRun.begin(Path(folder), rows, **options)


# ---- Steps, drawn by hypothesis


def _picked(run: ChangingRun, numbers: Sequence[int]) -> list[str]:
    """Ids of some of the run's documents."""
    names = sorted({one.name for one in run.documents if one.name})
    return [names[number % len(names)] for number in numbers] if names else []


def _add(kind: str, rows: Rows, numbers: Sequence[int]) -> Step:
    def step(run: ChangingRun) -> None:
        run.update(run.new_file(kind, rows), _picked(run, numbers))

    return step


def _give_again(number: int) -> Step:
    def step(run: ChangingRun) -> None:
        run.update([*run.files][number % len(run.files)])

    return step


def withdraws(numbers: Sequence[int]) -> Step:
    def step(run: ChangingRun) -> None:
        if names := _picked(run, numbers):
            run.update(withdraw=names)

    return step


def _merge(rows: Rows) -> Step:
    def step(run: ChangingRun) -> None:
        run.merge(run.new_file("jsonl", [*rows, (True, run.fresh_text())]))  # equal files are refused

    return step


def replaces(number: int) -> Step:
    """Write another text for a document, and give its file again."""

    def step(run: ChangingRun) -> None:
        fit = [one for one in run.documents if one.name and one.text not in run.repeated]
        fit = [one for one in fit if one in run.files[one.file]]
        if not fit:
            return
        old = fit[number % len(fit)]
        new = Document(old.file, old.name, run.fresh_text())
        run.write(old.file, [new if one == old else one for one in run.files[old.file]])
        run.update(old.file)

    return step


def any_step(chance: random.Random) -> Step:
    """A change with new words, which may forget the state before it."""
    numbers, forget = [chance.randrange(9)], chance.random() < 0.4
    kind = chance.choice(["add", "add", "withdraw", "withdraw", "replace", "merge", "undo"])

    def step(run: ChangingRun) -> None:
        run.forget = forget
        rows = [(True, run.fresh_text()), (chance.random() < 0.5, f"{ALL} hail")]
        made = {
            "add": _add(chance.choice(["jsonl", "csv", "txt"]), rows, numbers[: chance.randrange(2)]),
            "withdraw": withdraws(numbers),
            "replace": replaces(*numbers),
            "merge": _merge(rows),
            "undo": ChangingRun.undo,
        }
        made[kind](run)

    return step


ROWS = st.lists(st.tuples(st.booleans(), TEXTS), min_size=1, max_size=4)
FIRST = st.lists(st.tuples(st.booleans(), TEXTS), min_size=2, max_size=6)
_NUMBERS = st.integers(0, 9)
_ADD = st.builds(_add, st.sampled_from(["jsonl", "csv", "txt"]), ROWS, st.lists(_NUMBERS, max_size=1))
_WITHDRAW = st.builds(withdraws, st.lists(_NUMBERS, min_size=1, max_size=2))
_UNCHANGED_FILES = [_ADD, _WITHDRAW, st.builds(_give_again, _NUMBERS), st.builds(_merge, ROWS)]


def steps(*, replace: bool = True, undo: bool = True, most: int = 4) -> st.SearchStrategy[list[Step]]:
    """Changes of a run, one after the other."""
    kinds = list(_UNCHANGED_FILES)
    kinds += [st.builds(replaces, _NUMBERS)] if replace else []
    kinds += [st.just(ChangingRun.undo)] if undo else []
    return st.lists(st.one_of(kinds), min_size=1, max_size=most)
