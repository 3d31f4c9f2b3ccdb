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

from selfvec.base.checks import is_path
from selfvec.base.declarations import checked
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.versions import __version__
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.fields import FieldOptions, given_options
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.files.atomic_files import atomic_file, writing
from selfvec.files.checksums import file_state
from selfvec.files.file_system import user_folder
from selfvec.files.text_files import read_json
from selfvec.refinement.input_reading import Start
from selfvec.refinement.inputs import Execution
from selfvec.refinement.pipeline import refine
from selfvec.refinement.update import Taken, update
from selfvec.retrieval import run_index
from selfvec.retrieval.scoring import Mode
from selfvec.retrieval.snippets import Found
from selfvec.storage.run_folder import is_run, open_run
from selfvec.storage.run_writer import RunWriter

from .functions.refine import initial_vectors, open_text

_STATE = "asked.json"
Files = list[list[Any]]  # path, size and time of change of each file
Omissions = dict[str, Any]  # fields of `Found`: what was left out


@checked
def ask(
    source: str | os.PathLike[str] | Run | Any,
    question: str,
    *,
    top: int = 10,
    mode: Mode = "hybrid",
    filter: GivenFilter = (),
    vectors: str | Sequence[str] = "default",
    cache: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
    **fields: Unpack[FieldOptions],
) -> Found:
    """Search a folder of text: refine, index and search in one.

    Parameters
    ----------
    source : path, or documents
        A folder or file of text, or a run folder. Documents in memory are refined each time.
    question : str, not empty
        A question or some words.
    mode : {"hybrid", "bm25", "dense"}
        Use words and vectors, words only, or vectors only.
    top : int, at least 1
        Documents shown.
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    progress : Progress, optional
    **fields
        Those of `FieldOptions`: how documents are read.

    Other Parameters
    ----------------
    vectors : str or sequence of str
        Initial vectors; by default the built-in vectors.
    cache : path, optional
        Where run and index are kept; by default the user's cache folder.

    Returns
    -------
    Found
        ``left_out`` says what of the text was mended or left out: files of other kinds, which are also
        listed as ``skipped_files``, malformed rows, bytes that are not UTF-8.

    Raises
    ------
    OptionError
        If the question is empty, or an option is not valid.
    CorpusError
        If the text cannot be read.
    TargetError
        If another process is preparing the same folder, or the cache cannot be written.

    Examples
    --------
    >>> found = selfvec.ask(selfvec.example("weather.jsonl"), "damage to roofs", top=1)
    >>> found.rows[0]["id"]
    'r0221'
    """
    named = given_filters(filter)
    omitted: Omissions = {}
    progress = as_progress(progress)
    if not is_path(source):
        run, omitted = _in_memory(source, vectors, progress, fields)
    elif is_run(source):
        run = open_run(source)
    else:
        reading = given_options(fields)
        path = Path(source).resolve()
        chosen = initial_vectors(vectors)
        key = _key([str(path), chosen, reading])
        place = Path(cache) if cache is not None else user_folder("cache", "ask") / key
        if path in place.resolve().parents:
            rule = "is inside the folder of text, where it would be read as text"
            raise OptionError(rule, field="cache", remedy="name a folder elsewhere")
        run, omitted = _prepared(path, chosen, place, progress, reading)
    hits = run_index(run, progress=progress).search(question, top, mode=mode, filter=named)
    return replace(hits, corpus=run.provenance.corpus_name, **omitted)


def _in_memory(source: Any, vectors: Any, progress: Progress, fields: FieldOptions) -> tuple[Run, Omissions]:
    """A run, or that of texts that are refined now, and what these left out."""
    if isinstance(source, Run):
        return source.present, {}
    text = open_text(source, fields, "source", keep=True)
    return refine(text, initial_vectors(vectors), Settings(), progress=progress), _omissions(text)


def _omissions(corpus: Corpus) -> Omissions:
    """What the latest pass over a corpus left out, as fields of `Found`."""
    summary = replace(corpus.summary, known=0)  # those are in the run
    return {"skipped_files": corpus.skipped_files, "left_out": summary.left_out()}


def _prepared(
    source: Path, vectors: list[Start], place: Path, progress: Progress, reading: dict[str, Any]
) -> tuple[Run, Omissions]:
    """The run of a folder as it is now, in ``place/run``, and what it leaves out.

    The run is made or updated if it is not there yet.
    """
    now = _files(source)
    target = place / "run"
    before, omitted = _kept(place) if is_run(target) else (None, {})
    if before is not None:
        try:
            run = open_run(target)
        except (FormatError, InputError):  # damaged, so it is made again
            before = None
        else:
            if before == now:
                return run, omitted
    corpus = as_corpus(source, **reading)
    with writing(place):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds the words of the text
    with RunWriter(target, overwrite=True, progress=progress) as writer:
        if before is not None and all(file in now for file in before):
            progress.say(f"there are more files than before: {len(now) - len(before):,}; updating")
            run = update(open_run(target), Taken(corpus), execution=Execution(writer, progress))
        else:
            progress.say(f"refining on {source}; kept in {place}")
            run = refine(corpus, vectors, Settings(), writer=writer, progress=progress)
        if run.folder is None:  # something was new
            with writing(place):
                (place / _STATE).unlink(missing_ok=True)
            writer.finish(run, undo=False)
        with atomic_file(place / _STATE, overwrite=True) as file:
            omitted = _omissions(corpus)
            state = {"version": __version__, "source": str(source), "files": now, "omitted": omitted}
            file.write_text(json.dumps(state))
    return open_run(target), omitted


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


def _kept(place: Path) -> tuple[Files | None, Omissions]:
    """The files that the kept run was made of, and what it leaves out.

    None and nothing if that is not known or Selfvec was another version.
    """
    try:
        state = read_json(place / _STATE, "ask again")
    except (OSError, FormatError):
        return None, {}
    return (state["files"], state["omitted"]) if state.get("version") == __version__ else (None, {})


def _key(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
