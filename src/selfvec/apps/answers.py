"""`ask`: documents about a question, from a folder of text. The run and the index are made when needed.

They are kept in the user's cache folder. If files were added since, the run is updated; if files changed or
have gone, or Selfvec is another version, it is made again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from selfvec.base.atomic_files import atomic_file
from selfvec.base.checks import check_text, check_texts, check_whole, is_path
from selfvec.base.checksums import file_state
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.targets import writing
from selfvec.base.text_files import read_json
from selfvec.base.user_folders import user_folder
from selfvec.base.versions import __version__
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.refinement.input_reading import Start
from selfvec.refinement.pipeline import refine
from selfvec.refinement.update import update
from selfvec.retrieval import Index, check_mode, run_index
from selfvec.retrieval.snippets import Found
from selfvec.storage.run_folder import is_run, open_run
from selfvec.storage.run_writer import RunWriter

from .functions.runs import initial_vectors
from .functions.texts import Fields, corpus_options, open_text

__all__ = ["ask", "cache_folder"]

_STATE = "asked.json"
Files = list[list[Any]]  # path, size and time of change of each file


def ask(
    source: str | os.PathLike[str] | Run | Any,
    question: str,
    *,
    top: int = 10,
    mode: str = "hybrid",
    filters: str | Sequence[str] = (),
    vectors: str | Sequence[str] = "default",
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **fields: Unpack[Fields],
) -> Found:
    """Find the documents of a folder that answer a question.

    Parameters
    ----------
    source : path
        A folder or file of text, read as by `Corpus.open`; or a run folder, which is searched as it is. Texts
        in memory are refined each time.
    question : str
    top, mode, filters
        As for `Index.search`.
    vectors : str or sequence of str
        The initial vectors, as for `Refiner.fit`.
    cache : path, optional
        Where run and index are kept; by default a folder in the user's cache folder, see `cache_folder`.
    progress : Progress, optional
    **fields
        ``text_field``, ``date_field``, ``slice_field`` and ``skip_bad_rows``, as in `selfvec.refine`.

    Returns
    -------
    Found
        Its ``skipped_files`` are those of the folder whose kind is not known.

    Raises
    ------
    OptionError
        If the question is empty, or an option is not valid.
    CorpusError
        If the text cannot be read.
    TargetError
        If another process is preparing the same folder, or the cache cannot be written.
    """
    check_mode(mode)
    check_text("question", question)
    check_whole("top", top)
    named = check_texts("filters", filters) if filters else []
    if not is_path(source):
        return _in_memory(source, vectors, progress, fields).search(question, top, mode=mode, filters=named)
    skipped: list[str] = []
    progress = as_progress(progress)
    if is_run(source):
        run = open_run(source)
    else:
        reading = corpus_options(fields)
        path = Path(source).resolve()
        chosen = initial_vectors(vectors)
        place = Path(cache) if cache is not None else cache_folder() / _key([str(path), chosen, reading])
        if path in place.resolve().parents:
            rule = "is inside the folder of text, where it would be read as text"
            raise OptionError(rule, field="cache", remedy="name a folder elsewhere")
        run, skipped = _prepared(path, chosen, place, progress, reading)
    found = run_index(run, progress=progress).search(question, top, mode=mode, filters=named)
    return replace(found, skipped_files=skipped)


def _in_memory(source: Any, vectors: Any, progress: Progress | None, fields: Fields) -> Index:
    """The index of a run, or of texts that are refined now."""
    if isinstance(source, Run):
        return run_index(source, progress=progress)
    if isinstance(source, int | float | bytes | None):
        rule = f"is a folder or file of text, a run, or texts, not {type(source).__name__}"
        raise OptionError(rule, field="source")
    text = open_text(source, fields, keep=True)
    return run_index(refine(text, initial_vectors(vectors), Settings(), progress=progress), progress)


def cache_folder() -> Path:
    """Where `ask` keeps what it makes: ``SELFVEC_CACHE``, or the user's folder for caches of programs."""
    return user_folder("cache", "ask")


def _prepared(
    source: Path, vectors: list[Start], place: Path, progress: Progress, reading: dict[str, Any]
) -> tuple[Run, list[str]]:
    """The run of a folder as it is now, in ``place/run``, and the files that it leaves out.

    The run is made or updated if it is not there yet.
    """
    now = _files(source)
    target = place / "run"
    before, skipped = _kept(place) if is_run(target) else (None, [])
    if before == now:
        try:
            return open_run(target), skipped
        except (FormatError, InputError):
            before = None
    corpus = Corpus.open(source, **reading)
    with writing(place):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds the words of the text
    with RunWriter(target, overwrite=True) as writer:
        if before is not None and all(file in now for file in before):
            progress.say(f"there are more files than before: {len(now) - len(before):,}; updating")
            run = update(target, corpus, writer=writer, progress=progress)
        else:
            progress.say(f"refining on {source}; kept in {place}")
            run = refine(corpus, vectors, Settings(), writer=writer, progress=progress)
        if run.folder is None:  # something was new
            with writing(place):
                (place / _STATE).unlink(missing_ok=True)
            writer.finish(run, undo=False)
        with atomic_file(place / _STATE, overwrite=True) as file:
            skipped = corpus.skipped_files
            state = {"version": __version__, "source": str(source), "files": now, "skipped": skipped}
            file.write_text(json.dumps(state))
    return open_run(target), skipped


def _files(source: Path) -> Files:
    """The files of a folder, or the one file."""
    paths = sorted(source.rglob("*")) if source.is_dir() else [source]
    if source.is_dir() and not any(path.is_file() for path in paths):
        raise InputError("there is no file in this folder", path=source, remedy="name a folder of text")
    return [
        file_state(path)
        for path in paths
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(source).parts)
    ]


def _kept(place: Path) -> tuple[Files | None, list[str]]:
    """The files that the kept run was made of, and those that it leaves out.

    None and nothing if that is not known or Selfvec was another version.
    """
    try:
        state = read_json(place / _STATE, "ask again")
    except (OSError, FormatError):
        return None, []
    files = state.get("files")
    skipped = state.get("skipped")
    if state.get("version") != __version__ or not isinstance(files, list) or not isinstance(skipped, list):
        return None, []
    return files, skipped


def _key(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
