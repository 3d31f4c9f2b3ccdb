"""``update``: new, changed and withdrawn documents, a preview, an undo, and files that are watched."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from selfvec.base.display import count_of
from selfvec.base.errors import CorpusError, Interrupted, OptionError
from selfvec.data.settings import KEEP, TEXT, option
from selfvec.views.terminal_progress import TerminalProgress

from .arguments import AsJson, Reading, RunFolder, Work, arg, open_run, opt
from .output import print_json, say
from .runs import Moved, report

if TYPE_CHECKING:
    from selfvec.data.run import Run
    from selfvec.storage.workspace import Interruption

__all__ = ["update"]


@dataclass(frozen=True)
class Taking:
    """Which documents an update takes and takes out."""

    allow_duplicates: bool = option(
        False, "Take documents that the run has, too.", TEXT, flags=("--allow-duplicates",)
    )
    exact: bool = option(
        False, "Refine all of the text again, also where new text could be added.", TEXT, flags=("--exact",)
    )
    half_life: float | None = option(
        None,
        "Days after which a document counts half, from the newest one on; kept for later updates.",
        TEXT,
        metavar="DAYS",
    )
    withdraw: Sequence[str] = option(
        (), "Take the documents with these ids out.", many="comma", metavar="ID[,ID...]"
    )
    withdraw_file: Sequence[str] = option(
        (), "Take the documents of a file out.", many="repeat", metavar="FILE"
    )


@dataclass(frozen=True)
class Mode:
    """What is done in place of one update."""

    dry_run: bool = option(False, "Print what would change, and change nothing.", flags=("--dry-run",))
    undo: bool = option(False, "Bring back the run from before the last update.", flags=("--undo",))
    watch: bool = option(False, "Update whenever NEWCORPUS changes, until Ctrl-C.", flags=("--watch",))
    every: int = option(10, "Seconds between two looks of --watch.", KEEP, least=1)


def update(
    *,
    run: RunFolder,
    corpus: Annotated[
        list[str] | None, arg("[NEWCORPUS...]", "Files or folders of new text; - reads standard input.")
    ] = None,
    output: Annotated[
        Path | None, opt("A new run folder.", "OUT", "--output", "-o", default="RUN itself")
    ] = None,
    vectors: Moved = None,
    reading: Reading,
    taking: Taking,
    mode: Mode,
    work: Work,
    as_json: AsJson = False,
) -> None:
    """Add new documents to a run, replace changed ones, withdraw others.

    Fields are read as they were for RUN, unless they are named. In place, the run from before is kept in
    RUN.previous.

    Examples:
        selfvec update run reports-2024.csv
        selfvec update run --withdraw A17,B4
        selfvec update run --undo
    """
    from selfvec.storage.run_folder import is_run

    _check(corpus, taking, mode, output)
    target = run.resolve() if output is None else output  # a link to a run stays a link
    if not is_run(run):
        open_run(run)  # an error before anything is made
    task = _Task(run, target, corpus or [], vectors, reading, taking, as_json)
    if mode.undo:
        task.undo()
    elif mode.dry_run:
        task.preview()
    elif mode.watch:
        _watch(lambda: task.round(work), task.corpus, mode.every)
    else:
        task.once(work)


def _check(corpus: list[str] | None, taking: Taking, mode: Mode, output: Path | None) -> None:
    """Raise `OptionError` for options that do not go together."""
    modes = [name for name in ("dry_run", "undo", "watch") if getattr(mode, name)]
    if len(modes) > 1:
        rule = f"--{modes[0].replace('_', '-')} and --{modes[1].replace('_', '-')} do not go together"
        raise OptionError(rule, remedy="give one of them")
    if (mode.undo or mode.watch) and output is not None:
        rule = f"--{modes[0]} changes RUN itself"
        raise OptionError(rule, field="output", remedy="leave it out")
    if mode.watch and (not corpus or "-" in corpus):
        raise OptionError("--watch looks at files and folders", remedy="name some")
    if not (corpus or taking.withdraw or taking.withdraw_file or mode.undo or taking.half_life is not None):
        raise OptionError("there is nothing to do", remedy="name new text, or documents to --withdraw")


@dataclass
class _Task:
    """One update command."""

    run: Path
    target: Path
    corpus: Sequence[str]
    vectors: str | None
    reading: Reading
    taking: Taking
    as_json: bool

    def _opened(self, old: Run) -> Any:
        from selfvec.corpus import Corpus
        from selfvec.refinement.update_merge import fields_of

        if not self.corpus:
            return None
        named = fields_of(old) | self.reading.fields
        return Corpus.open(self.corpus, **named, skip_bad_rows=self.reading.skip_bad_rows)

    @property
    def _taking(self) -> dict[str, Any]:
        return {
            "withdraw": [*self.taking.withdraw, *map(Path, self.taking.withdraw_file)],
            "allow_duplicates": self.taking.allow_duplicates,
        }

    def updated(self, work: Work) -> Run | None:
        """The updated run, written; None if there was nothing new."""
        from selfvec.refinement.update_merge import update, with_half_life
        from selfvec.storage.workspace import Workspace

        in_place = self.target == self.run.resolve()
        with Workspace(self.target, overwrite=work.overwrite or in_place, resume=work.resume) as workspace:
            old = open_run(self.run)  # again: another update may have finished before we got the lock
            old = old if self.taking.half_life is None else with_half_life(old, self.taking.half_life)
            how: dict[str, Any] = self._taking | {"exact": self.taking.exact, "jobs": work.jobs}
            new = update(
                old, self._opened(old), self.vectors, workspace=workspace, progress=TerminalProgress(), **how
            )
            if new is old and in_place:
                return None
            workspace.finish(new, previous=in_place)
        return None if new is old else new

    def once(self, work: Work) -> None:
        """Update and report."""
        new = self.updated(work)
        if not self.as_json:
            say(_sentence(new, self.target))
        if new is not None or self.as_json:
            made = self.run if self.target == self.run.resolve() else self.target
            report(new or open_run(self.run), made, self.as_json)
        else:
            print(self.run)

    def round(self, work: Work) -> None:
        """Update once more while files are watched."""
        new = self.updated(replace(work, resume=False))
        if self.as_json and new is not None:
            print(json.dumps({"run": str(self.run), **new.provenance["grown"][-1]}), flush=True)
        elif new is not None:
            say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {_sentence(new, self.target)}")

    def preview(self) -> None:
        """Report what `once` would change."""
        from selfvec.refinement.update_merge import preview

        old = open_run(self.run)
        change = preview(old, self._opened(old), progress=TerminalProgress(), **self._taking)
        if self.as_json:
            print_json({"run": str(self.run), "dry_run": True, **change.as_dict()})
            return
        for file in change.files:
            print(f"{file['path']}: {file['added']:,} to add, {file['skipped']:,} known")
        print(f"nothing was changed; without --dry-run: {_numbers(change.as_dict())}")

    def undo(self) -> None:
        """Exchange the run and the one from before."""
        from selfvec.storage.workspace import Workspace

        with Workspace(self.target, overwrite=True) as workspace:
            kept = workspace.undo()
        redone = _updates(self.target) > _updates(kept)
        if self.as_json:
            found = {"run": str(self.run), "undone": not redone, "redone": redone, "previous": str(kept)}
            print_json(found)
            return
        if redone:
            say(f"redid the update that --undo had undone; the run from before it is now in {kept} again")
        else:
            say(f"brought back the run from before the last update; the updated one is now in {kept}")
            say("a second --undo redoes the update")
        print(self.run)


def _updates(run: Path) -> int:
    """How often a run was updated."""
    return len(open_run(run).provenance.get("grown") or ())


def _numbers(change: dict[str, Any]) -> str:
    """What changed, in words.

    >>> _numbers({"added": 2, "tokens": 9, "types": 1, "changed": 1, "withdrawn": 0, "skipped": 7})
    'added 2 documents, 9 tokens, 1 type; replaced 1 older version; skipped 7 that the run has'
    """
    parts = [", ".join([f"added {count_of(change['added'], 'document')}", *_size(change)])]
    parts += [f"replaced {count_of(change['changed'], 'older version')}"] if change["changed"] else []
    parts += [f"withdrew {count_of(change['withdrawn'], 'document')}"] if change["withdrawn"] else []
    parts += [f"skipped {change['skipped']:,} that the run has"] if change["skipped"] else []
    return "; ".join(parts)


def _size(change: dict[str, Any]) -> list[str]:
    """Growth in tokens and types, which a preview does not know."""
    return [count_of(change[f"{noun}s"], noun) for noun in ("token", "type") if f"{noun}s" in change]


def _sentence(new: Run | None, target: Path) -> str:
    if new is None:
        return "nothing is new: the run has all of these documents, so it stays as it is"
    from selfvec.storage.workspace import previous_of

    kept, text = previous_of(target), _numbers(new.provenance["grown"][-1])
    if kept.is_dir():
        size = sum(file.stat().st_size for file in kept.rglob("*") if file.is_file()) / 1e6
        text += f"; the run from before is in {kept} ({size:.1f} MB), --undo brings it back"
    return text


def _watch(update: Callable[[], None], paths: Sequence[str], every: int) -> None:
    """Update when files have changed and are at rest since the last look; errors are printed, not raised."""
    from selfvec.storage.workspace import interruptible

    say(f"watching {', '.join(paths)}; stop with Ctrl-C")
    done: object = None
    before: object = _state(paths)
    with suppress(KeyboardInterrupt, Interrupted), interruptible() as asked:
        while not asked.requested:
            now = _state(paths)
            if now == before and now != done:
                try:
                    update()
                except CorpusError as error:  # a row that is still being written, or a mistake to mend
                    say(f"not taken: {error.message(flags=True)}")
                done = now
            before = now
            _wait(every, asked)
    say("stopped; the run is whole")


def _wait(seconds: float, asked: Interruption) -> None:
    end = time.monotonic() + seconds
    while not asked.requested and time.monotonic() < end:
        time.sleep(0.1)


def _state(paths: Sequence[str]) -> list[tuple[str, int, int]]:
    """Path, size and time of change of all files."""
    found = []
    for path in paths:
        for file in sorted(Path(path).rglob("*")) or [Path(path)]:
            try:
                about = file.stat()
            except OSError:  # gone since
                continue
            found.append((str(file), about.st_size, about.st_mtime_ns))
    return found
