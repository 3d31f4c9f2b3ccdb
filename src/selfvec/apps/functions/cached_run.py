"""The run of a text that is searched before anybody has refined it. It is kept in the user's cache folder.

If files were added since, the run is updated. If files changed or have gone, or the code is another, it is
made again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from selfvec.base.errors import CorpusError, FormatError, InputError, TargetError
from selfvec.base.progress import say
from selfvec.corpus import as_corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.files.atomic_files import atomic_file, writing
from selfvec.files.checksums import file_state
from selfvec.files.file_system import user_folder
from selfvec.files.text_files import read_json
from selfvec.refinement import methods
from selfvec.refinement.inputs import Execution
from selfvec.refinement.pipeline import refine
from selfvec.refinement.update import Taken, update
from selfvec.storage.cache import code_digest
from selfvec.storage.folder_kinds import not_text
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import RunWriter

_STATE = "files.json"
Files = list[list[Any]]  # path, size and time of change of each file
Omissions = dict[str, Any]  # fields of `Found`: what was left out


def cached_run(text: str | os.PathLike[str]) -> tuple[Run, Omissions]:
    """The run of a file or folder of text as it is now, and what it leaves out.

    `InputError` if there is neither a run nor text, `CorpusError` if the text cannot be read, `TargetError`
    if the cache cannot be written.
    """
    if error := not_text(Path(text)):
        raise error
    source = Path(text).resolve()
    place = user_folder("cache", "text") / hashlib.sha256(os.fsencode(source)).hexdigest()[:16]
    if source in place.resolve().parents:
        rule = "holds the cache folder, which would be read as text"
        raise TargetError(rule, path=source, remedy="name another folder in SELFVEC_CACHE")
    try:
        return _present(source, place)
    except CorpusError as error:
        if error.remedy and "--" in error.remedy:
            error.remedy += f"; such options are those of: selfvec refine {shlex.quote(str(source))} -o run"
        raise


def _present(source: Path, place: Path) -> tuple[Run, Omissions]:
    """The run in ``place/run``, which is made or updated if files have changed."""
    now = files_of(source)
    target = place / "run"
    before, omitted = _kept(place)
    if before:
        try:
            run = open_run(target)
        except (FormatError, InputError):  # damaged or gone, so it is made again
            before = []
        else:
            if before == now:
                return run, omitted
    corpus = as_corpus(source)
    with writing(place):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds the words of the text
    with RunWriter(target, overwrite=True) as writer:
        if before and all(file in now for file in before):
            say(f"there are more files than before: {len(now) - len(before):,}; updating")
            run = update(open_run(target), Taken(corpus), execution=Execution(writer))
        else:
            say(f"refining on {source}; kept in {place}")
            run = refine(corpus, ["default"], Settings(), writer=writer)
        if run.folder is None:  # something was new
            with writing(place):
                (place / _STATE).unlink(missing_ok=True)
            writer.finish(run, undo=False)
        with atomic_file(place / _STATE, overwrite=True) as file:
            summary = replace(corpus.summary, known=0)  # those are in the run
            omitted = {"skipped_files": corpus.skipped_files, "left_out": summary.left_out()}
            file.write_text(json.dumps({"code": _code(), "files": now, "omitted": omitted}))
    return open_run(target), omitted


def _code() -> str:
    return code_digest(__name__, *methods.MODULES)


def files_of(source: Path) -> Files:
    """The files of a folder that are not hidden, or the one file; of a pipe none, as it is read each time."""
    files: Files = []
    for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(source).parts):
            with suppress(OSError):  # gone since
                files.append(file_state(path))
    return files


def _kept(place: Path) -> tuple[Files, Omissions]:
    """The files that the kept run was made of, and what it leaves out.

    There are none if that is not known or other code made it.
    """
    try:
        state = read_json(place / _STATE, "search again")
    except (OSError, FormatError):
        return [], {}
    return (state["files"], state["omitted"]) if state.get("code") == _code() else ([], {})
