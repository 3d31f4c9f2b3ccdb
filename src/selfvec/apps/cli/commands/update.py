"""``update``: new, changed and withdrawn documents, a preview, an undo, and files that are watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from selfvec.apps.cli.arguments import AsJson, Reading, RunFolder, Work, arg, as_paths, listed, open_run, opt
from selfvec.apps.cli.output import print_json, print_text, say
from selfvec.base.checksums import file_state
from selfvec.base.display import count_of
from selfvec.base.errors import CorpusError, Interrupted, OptionError
from selfvec.data.settings import KEEP, TEXT
from selfvec.views.terminal_progress import TerminalProgress

from .runs import Moved, report

if TYPE_CHECKING:
    from selfvec.base.interruption import Interruption
    from selfvec.data.run import Run

__all__ = ["update"]

NOTHING_NEW = "nothing is new: the run has all of these documents, so it stays as it is"


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
    allow_duplicates: Annotated[
        bool, opt("Take documents that the run has, too.", None, "--allow-duplicates", panel=TEXT)
    ] = False,
    no_undo: Annotated[
        bool, opt("Keep no state before: withdrawn text is gone at once.", None, "--no-undo", panel=KEEP)
    ] = False,
    half_life: Annotated[
        float | None,
        opt(
            "Days after which a document counts half, from the newest one on; kept for later updates.",
            "DAYS",
            panel=TEXT,
        ),
    ] = None,
    withdraw: Annotated[str | None, opt("Take the documents with these ids out.", "ID[,ID...]")] = None,
    withdraw_file: Annotated[list[Path] | None, opt("Take the documents of a file out.", "FILE")] = None,
    dry_run: Annotated[bool, opt("Print what would change, and change nothing.", None, "--dry-run")] = False,
    undo: Annotated[bool, opt("Bring back the run from before the last update.", None, "--undo")] = False,
    watch: Annotated[bool, opt("Update whenever NEWCORPUS changes, until Ctrl-C.", None, "--watch")] = False,
    every: Annotated[int, opt("Seconds between two looks of --watch.", "N", panel=KEEP)] = 10,
    work: Work,
    as_json: AsJson = False,
) -> None:
    """Add new documents to a run, replace changed ones, withdraw others.

    Fields are read as they were for RUN, unless they are named. In place, the state before is kept, with the
    text that was withdrawn, until the next update; --undo brings it back.

    Examples:
        selfvec update run reports-2024.csv
        selfvec update run --withdraw A17,B4
        selfvec update run --undo
    """
    from selfvec.storage.run_folder import is_run

    modes = [flag for flag, given in (("dry-run", dry_run), ("undo", undo), ("watch", watch)) if given]
    if len(modes) > 1:
        rule = f"--{modes[0]} and --{modes[1]} do not go together"
        raise OptionError(rule, remedy="give one of them")
    if (undo or watch) and output is not None:
        raise OptionError(f"--{modes[0]} changes RUN itself", field="output", remedy="leave it out")
    if watch and (not corpus or "-" in corpus):
        raise OptionError("--watch looks at files and folders", remedy="name some")
    documents = [*(listed(withdraw) or ()), *(withdraw_file or ())]
    if not (corpus or documents or undo or half_life is not None):
        raise OptionError("there is nothing to do", remedy="name new text, or documents to --withdraw")
    if not is_run(run):
        open_run(run)  # an error before anything is made

    def updated() -> tuple[Run, bool]:
        """The run that was written, and whether anything was new."""
        from selfvec.apps.functions.runs import update

        before = _updates(run)
        new = update(
            run,
            as_paths(corpus) if corpus else None,
            vectors,
            output=output or run,
            overwrite=work.overwrite,
            withdraw=documents,
            allow_duplicates=allow_duplicates,
            undoable=not no_undo,
            half_life=half_life,
            jobs=work.jobs,
            progress=TerminalProgress(),
            **asdict(reading),
        )
        return new, len(new.provenance.steps) > before

    if undo:
        _undo(run, as_json)
    elif dry_run:
        _preview(run, as_paths(corpus) if corpus else None, reading, documents, allow_duplicates, as_json)
    elif watch:
        _watch(lambda: _report_round(run, *updated(), as_json), corpus or [], every)
    else:
        new, is_new = updated()
        if not as_json:
            say(_sentence(new) if is_new else NOTHING_NEW)
        if is_new or as_json:
            report(new, output or run, as_json)
        else:
            print_text(run)


def _report_round(run: Path, new: Run, is_new: bool, as_json: bool) -> None:
    """Report an update while files are watched."""
    if as_json and is_new:
        print_json({"run": str(run), **new.provenance.steps[-1]}, indent=None)
    elif is_new:
        say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {_sentence(new)}")


def _preview(
    run: Path,
    corpus: Sequence[str | Path] | None,
    reading: Reading,
    withdraw: Sequence[str | Path],
    allow_duplicates: bool,
    as_json: bool,
) -> None:
    """Report what an update would change."""
    from selfvec.apps.functions.runs import text_like
    from selfvec.refinement.update import preview

    old = open_run(run)
    change = preview(
        old,
        None if corpus is None else text_like(old, corpus, **asdict(reading)),
        withdraw=withdraw,
        allow_duplicates=allow_duplicates,
        progress=TerminalProgress(),
    )
    if as_json:
        print_json({"run": str(run), "dry_run": True, **change.as_dict()})
        return
    for file in change.files:
        print_text(f"{file['path']}: {file['added']:,} to add, {file['skipped']:,} known")
    print_text(f"nothing was changed; without --dry-run: {_numbers(change.as_dict())}")


def _undo(run: Path, as_json: bool) -> None:
    """Exchange the state of the run and the one before."""
    from selfvec.storage.run_writer import RunWriter

    updates = _updates(run)
    with RunWriter(run.resolve(), overwrite=True) as writer:  # a link to a run stays a link
        writer.undo()
    redone = _updates(run) > updates
    if as_json:
        print_json({"run": str(run), "undone": not redone, "redone": redone})
        return
    if redone:
        say("redid the update that --undo had undone")
    else:
        say("brought back the state before the last update; a second --undo redoes the update")
    print_text(run)


def _updates(run: Path) -> int:
    """How often a run was updated."""
    return len(open_run(run).provenance.steps)


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


def _sentence(new: Run) -> str:
    """What an update has changed."""
    return _numbers(dict(new.provenance.steps[-1]))


def _watch(update: Callable[[], None], paths: Sequence[str], every: int) -> None:
    """Update when files have changed and are at rest since the last look; errors are printed, not raised."""
    from selfvec.base.interruption import interruptible

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


def _state(paths: Sequence[str]) -> list[list[Any]]:
    """Path, size and time of change of all files."""
    found = []
    for path in paths:
        for file in sorted(Path(path).rglob("*")) or [Path(path)]:
            try:
                found.append(file_state(file))
            except OSError:  # gone since
                continue
    return found
