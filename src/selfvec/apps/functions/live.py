"""Documents come and go in milliseconds, and the vectors stay: `add`, `upsert` and `delete`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Unpack

from selfvec.apps.documents import Ids, as_ids, count, get
from selfvec.base.answer import Answer
from selfvec.base.checks import is_path
from selfvec.base.compiled import load_compiler
from selfvec.base.declarations import checked
from selfvec.base.errors import OptionError
from selfvec.base.progress import GivenProgress
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.field_names import TITLES, name_key
from selfvec.corpus.fields import FieldOptions, NoTextField
from selfvec.corpus.filters import allowed
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.data import run as record
from selfvec.refinement import live
from selfvec.refinement import update as updating
from selfvec.refinement.inputs import Execution
from selfvec.refinement.update import Change, Taken
from selfvec.storage.opened import GivenRun, as_run, owner
from selfvec.storage.run_folder import is_run
from selfvec.storage.run_writer import RunWriter, Transition, next_state

from .search import search


@checked
def add(
    run: GivenRun,
    documents: Any,
    *,
    duplicates: Literal["replace", "keep", "error"] = "replace",
    progress: GivenProgress = None,
    **fields: Unpack[FieldOptions],
) -> Answer:
    """Add documents to a run, whose vectors stay: the next search finds them.

    A document with the id of an earlier one replaces it. The same document again changes nothing, nor does
    one without an id whose text the run has. A word that the run lacks is found as it is written. Until
    the run is updated its vector is the mean of the documents it came with, together with what refining would
    make of its built-in vector, if the run started from such. All is on the disk when the function returns.

    Parameters
    ----------
    run : Run or path
    documents : path, paths, texts, data frame or `Corpus`
        Files or folders of new text. Also the documents themselves, see `selfvec.as_corpus`, or one, as a
        dict.
    duplicates : {"replace", "keep", "error"}
        What becomes of a document whose id the run has: it replaces that one, stays beside, or is an error.
    progress : Progress or bool, optional
    **fields
        Those of `FieldOptions`: how documents are read. If they lack the text field of the run, one of usual
        name is read.

    Returns
    -------
    Answer
        How many documents were ``added``, ``replaced`` an earlier one, and were ``skipped``; how many
        ``documents`` there are now.

    Raises
    ------
    OptionError
        If an option is wrong, or an id is there already and ``duplicates`` is "error".
    CorpusError
        If the documents cannot be read.
    InputError
        If the run has not kept its text.
    TargetError
        If another process writes the run.

    Examples
    --------
    >>> run = selfvec.refine([{"id": "a", "text": "hail broke the roof"}], "none", "decorrelated")
    >>> run.add([{"id": "b", "text": "wind broke a tree"}])["documents"]
    2
    >>> [hit.id for hit in run.search("wind", top=1).hits]
    ['b']
    """
    with _transition(run) as step:
        return _changed(step, *_added(step, _several(documents), fields, duplicates))


def _added(
    step: Transition,
    documents: Any,
    fields: FieldOptions,
    duplicates: Literal["replace", "keep", "error"] = "replace",
) -> tuple[record.Run, Change]:
    if isinstance(documents, list | tuple) and not documents:
        return step.state, Change()
    corpus = _corpus(step.state, documents, fields)
    return live.added(step.state, corpus, Execution(), duplicates, step.number)


def _several(documents: Any) -> Any:
    """Documents, of which there may be one."""
    return [documents] if isinstance(documents, Mapping) else documents


def _corpus(state: record.Run, documents: Any, fields: FieldOptions) -> Corpus:
    """Documents as those of a run."""
    kept = fields.get("keep_fields")
    options: Any = {**fields, "keep_fields": kept is None or kept}
    like = state.provenance.corpus
    try:
        return as_corpus(documents, "documents", like=like, **options)
    except NoTextField:  # that of the run is not there: one of a usual name, such as text
        if options.get("text_field"):
            raise
        return as_corpus(documents, "documents", like={**like, "text_given": False}, **options)


@checked
def upsert(
    run: GivenRun, documents: Any, *, progress: GivenProgress = None, **fields: Unpack[FieldOptions]
) -> Answer:
    """Add documents to a run, or replace those that have their ids; as `add`, which has more options.

    Dicts that have an id and fields and no text give these fields to the documents that are there, whose
    texts and other fields stay: then no word or vector changes. A null is no value, and changes nothing.

    Parameters
    ----------
    run : Run or path
    documents : path, paths, texts, data frame or `Corpus`
        Files or folders of new text. Also the documents themselves, see `selfvec.as_corpus`.
    progress : Progress or bool, optional
    **fields
        Those of `FieldOptions`: how documents are read.

    Returns
    -------
    Answer
        That of `add`.

    Raises
    ------
    CorpusError
        If the documents cannot be read. `NotFound` if one without a text is not there. Other errors are those
        of `add`.

    Examples
    --------
    >>> run = selfvec.refine([{"id": "a", "text": "hail broke the roof"}], "none", "decorrelated")
    >>> run.upsert({"id": "a", "text": "wind broke a tree"})["replaced"]
    1
    >>> run.upsert({"id": "a", "place": "OHIO"})["replaced"]
    1
    >>> run.get("a").text, run.get("a").fields
    ('wind broke a tree', {'place': 'OHIO'})
    """
    several = _several(documents)
    rows = several if isinstance(several, list | tuple) and not fields else ()
    alone = rows if all(isinstance(row, Mapping) for row in rows) else ()
    with _transition(run) as step:
        bare = _without_text(step.state, alone) if alone else None
        if bare is None:
            return _changed(step, *_added(step, several, fields))
        return _changed(step, *live.with_fields(step.state, bare, step.number))


_TEXT = "the text that stays"


def _without_text(state: record.Run, rows: Sequence[Mapping[str, Any]]) -> Corpus | None:
    """Documents that have fields alone; None if they have a text. `OptionError` if only some have.

    A text is in a field from which the run has its text, other than a title, or in one that is called text.
    """
    texts = [*(state.provenance.corpus.get("text_fields") or ())]
    texts += [name for name in ("text",) if name not in state.require_text().fields]
    bodies = [name for name in texts if name_key(name) not in TITLES] or texts
    full = [any(row.get(name) for name in bodies) for row in rows]
    if all(full):
        return None
    if any(full):
        rule = "some have a text, and others fields alone"
        raise OptionError(rule, field="documents", remedy="send these apart")
    if part := next((name for row in rows for name in texts if row.get(name)), ""):
        rule = f"{part} is a part of the text, and the text is not there"
        raise OptionError(rule, field="documents", remedy="send the text, too, or leave it out")
    bare = [{name: value for name, value in row.items() if name not in texts} for row in rows]
    return _corpus(state, [{**row, _TEXT: "."} for row in bare], {"text_field": _TEXT})


@checked
def delete(
    run: GivenRun,
    ids: Ids = (),
    *,
    filter: GivenFilter = (),
    erase: bool = False,
    progress: GivenProgress = None,
) -> Answer:
    """Delete documents from a run, whose vectors stay: no answer has anything of them.

    Their text stays in the files of the run until it is refined again. That is what ``erase`` does at once,
    as an update that withdraws them: their words are in the vocabulary and the vectors, too.

    Parameters
    ----------
    run : Run or path
    ids : str or int, or sequence of these
        As they are shown, also the numbers of documents without one. All of them exist.
    filter : str or dict, or sequence of them
        In place of ids: all documents that pass, as in `search`.
    erase : bool
        Refine the run again without them, so that no file has anything of them. Nothing can be undone then.
    progress : Progress or bool, optional

    Returns
    -------
    Answer
        How many documents were ``withdrawn``, and how many ``documents`` there are now.

    Raises
    ------
    NotFound
        If there is no document with an id: then none is deleted.
    OptionError
        If no document would be left, or there are neither ids nor a filter, or both.
    InputError
        If the run has not kept its text or, to erase, the initial vectors are gone.
    TargetError
        If another process writes the run.

    Examples
    --------
    >>> rows = [{"id": "a", "text": "hail broke the roof"}, {"id": "b", "text": "wind broke a tree"}]
    >>> run = selfvec.refine(rows, "none", "decorrelated")
    >>> run.delete("a")["documents"]
    1
    """
    return deleted(run, as_ids(ids), given_filters(filter), "ids", erase)


def deleted(
    run: GivenRun,
    ids: Sequence[str],
    filters: Sequence[str],
    field: str = "",
    erase: bool = False,
) -> Answer:
    """`delete`; without ``field``, ids that are missing are passed over."""
    with _transition(run) as step:
        if bool(ids) == bool(filters):
            what = "both ids and a filter" if ids else "neither ids nor a filter"
            raise OptionError(f"there are {what}", field=field or "id", remedy="name either")
        which = allowed(step.state, filters) if filters else ids
        made, change = live.deleted(step.state, which, step.number, field)
        if erase and change.withdrawn:
            made = updating.update(made, Taken(for_good=True), execution=Execution())
        return _changed(step, made, change)


@contextmanager
def _transition(run: GivenRun) -> Iterator[Transition]:
    """See `next_state`; `OptionError` for a state that is in memory, of which there is no next one."""
    changing = owner(run)
    if isinstance(changing, record.Run) and changing.folder is None:
        raise OptionError("is a state of a run, which does not change", field="run")
    with next_state(changing) as step:
        yield step


def _changed(step: Transition, made: record.Run, change: Change) -> Answer:
    """Give a run its next state, and say what that changes."""
    now = step.to(made).provenance
    since = {name: number for name, number in now.live.items() if isinstance(number, int)}
    told = {
        "added": change.added - change.changed,
        "replaced": change.changed,
        "withdrawn": change.withdrawn,
        "skipped": change.skipped,
    }
    return Answer("Changed", {**told, "documents": now.documents, "since": since})


@checked
def undo(run: GivenRun, *, progress: GivenProgress = None) -> Answer:
    """Bring back the run from before the last update.

    A second undo redoes the update.

    Parameters
    ----------
    run : Run or path
    progress : Progress or bool, optional

    Returns
    -------
    Answer
        Whether the update was ``undone``, or an undone one ``redone``.

    Raises
    ------
    OptionError
        If the run is in memory.
    InputError
        If there is no state before.

    Examples
    --------
    >>> run = selfvec.refine(["hail broke the roof"], "none", "decorrelated", output="run")
    >>> run = selfvec.update(run, ["wind broke a tree"], output="run")
    >>> selfvec.undo("run")["undone"], len(selfvec.open("run").text)
    (True, 1)
    """
    # A state that is damaged can be undone, so it is not opened.
    folder = Path(run) if is_path(run) and is_run(run) else as_run(run).folder
    if folder is None:
        raise OptionError("is in memory, and an undo exchanges the states of a folder", field="run")
    with RunWriter(folder.resolve(), overwrite=True) as writer:  # a link stays a link
        redone = writer.undo()
    undone = "brought back the state before the last update; a second undo redoes the update"
    told = "redid the update that was undone" if redone else undone
    figures = {"run": os.fspath(folder), "undone": not redone, "redone": redone}
    return Answer("Undone", figures, messages=[told])


@checked
def warm(run: GivenRun) -> None:
    """Make ready what a first question, filter or change would wait for; later ones are as fast without.

    Parameters
    ----------
    run : Run or path

    Raises
    ------
    InputError
        If the run has not kept its text.

    Examples
    --------
    >>> with selfvec.refine(["hail broke the roof", "wind broke a tree"], "none") as run:
    ...     run.warm()
    ...     found = run.search("hail")
    """
    state = as_run(run)
    text = state.require_text()
    load_compiler()
    filters = [{"$or": [{name: None} for name in text.fields]}] * bool(text.fields)
    search(state, state.vectors.index_to_key[0], top=1, filter=filters)
    count(state, filter=filters)
    get(state, text.names([0]))
