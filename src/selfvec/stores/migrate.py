"""`migrate`: replace the vectors of a database by those of another run, while it is searched.

A map from new questions to the stored vectors (`selfvec.retrieval.encoder.adapter`) is written first and
measured. Then all passages are encoded in a working folder next to the database, ``.STORE.migrate``, and
replace the old vectors in one step. An interrupted call continues where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Rows
from selfvec.base.checks import StrPath
from selfvec.base.declarations import Bounds, checked
from selfvec.base.errors import InputError, Interrupted, OptionError, TargetError
from selfvec.base.progress import GivenProgress, say, stage
from selfvec.base.view import PROSE, Column, Part, Table, figure
from selfvec.data.run import Run
from selfvec.files.atomic_files import writing
from selfvec.files.file_system import discard, lock_file, own_folder
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.adapter import Adapter, fit_and_measure
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.text.preprocessing import Preprocessing

from .databases import RUN, LanceDB, Stored, described, encoded_blocks, find_database, library_errors

_WAYS = {  # to ask and to be found, by the keys of the report
    "new_new": "new questions, new vectors",
    "new_old": "new questions through the map, old vectors",
    "old_old": "old questions, old vectors",
    "unmapped": "new questions without the map, old vectors",
}
_TRIES = 5  # attempts while others write to the database


@checked
def migrate(
    store: StrPath,
    old: GivenRun,
    new: GivenRun,
    *,
    dry_run: bool = False,
    map_only: bool = False,
    keep: Annotated[float, Bounds(at_least=0, at_most=100)] = 95.0,
    progress: GivenProgress = None,
) -> Answer:
    """Give a vector store the vectors of a newer run.

    A map of questions keeps the old vectors searchable meanwhile.

    Parameters
    ----------
    store : path
        A LanceDB folder that export wrote.
    old : Run or path
        The run whose vectors it has.
    new : Run or path
        The run whose vectors it gets.
    dry_run : bool
        Measure the map of questions, write nothing.
    map_only : bool
        Write the map, keep the old vectors.
    keep : float, at least 0, at most 100
        Least share of the recall that a map keeps.
    progress : Progress or bool, optional

    Returns
    -------
    Answer
        ``passages``, ``recall`` (see `selfvec.retrieval.encoder.adapter.Loss`), ``safe``, ``map``
        (its path, if written), ``done`` (whether the database has the new vectors) and ``notes``.

    Raises
    ------
    InputError
        If the path is not such a database, or its vectors are not those of the old run.
    TargetError
        If it cannot be written, or is open in another program.
    Interrupted
        If it is interrupted. The same call continues.

    Examples
    --------
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> run = selfvec.refine(texts, method="decorrelated")
    >>> _ = selfvec.export(run, "lancedb", "store")
    >>> newer = selfvec.update(run, ["A derecho tore the roof off."])
    >>> selfvec.migrate("store", run, newer)["done"]
    True
    """
    old, new = as_run(old, "old"), as_run(new, "new")
    if old.fingerprint == new.fingerprint:
        raise OptionError("both runs have the same vectors", field="new", remedy="name the newer run")
    path = Path(store)
    database = find_database(path)
    fingerprint = database.source(path)
    if fingerprint == new.fingerprint:
        if not dry_run and not map_only:
            with _working_folder(path):
                database.complete(path, _language(new))
        return _report("Migrated", safe=True)
    if fingerprint != old.fingerprint:
        of_another = "the vectors of the database are of another run"
        rule = of_another if fingerprint else "the database does not name its run"
        remedy = "name the run that was exported, or export the new one with --overwrite"
        raise OptionError(rule, path=path, field="old", remedy=remedy)
    stored = database.read(path)
    with stage("Fitting a map", None, "passages"):
        encoder = Encoder.of(new)
        adapter, loss = fit_and_measure(encoder, Encoder.of(old), stored.texts)
    safe = loss.kept is not None and 100 * loss.kept >= keep
    report: dict[str, Any] = {"passages": len(stored.texts), "recall": loss.as_dict(), "safe": safe}
    if not dry_run:
        about = adapter.about | {"from": old.fingerprint, "to": new.fingerprint, "recall": loss.as_dict()}
        place = map_path(path)
        replace(adapter, about=about).save(place, overwrite=_is_map(place))
        report["map"] = str(place)
    if dry_run or map_only:
        return _report("Not migrated", **report, done=False, re_embed=not safe)
    target = replace(stored, about=described(new, encoder), language=_language(new))
    with _working_folder(path) as folder, writing(path), library_errors(path):
        lost = _replace_vectors(database, target, encoder, path, folder)
    return _report("Migrated", **report, notes=[f"not carried over, make it again: {one}" for one in lost])


_COLUMNS = (Column("way", "", PROSE), Column("recall", "recall@10", figure(3)))


def _report(title: str, **told: Any) -> Answer:
    """What a map of questions keeps, and what was written."""
    nothing = {"passages": None, "recall": None, "safe": None, "map": None}
    figures = {**nothing, "done": True, "re_embed": False, "notes": [], **told}
    wrote = [f"wrote {figures['map']}" if figures["map"] else "wrote nothing"]
    if figures["map"] and figures["done"]:
        wrote.append(f"{figures['passages']:,} passages have the vectors of the new run")
    parts = _kept(figures["recall"], "safe" if figures["safe"] else "re-embed")
    return Answer(title, figures, parts=parts, messages=[*figures["notes"], *wrote])


def _kept(recall: Json | None, verdict: str) -> list[Part]:
    """How much of what was found before is found through the map."""
    if not recall:
        return ["the store has the vectors of the new run already"]
    if recall["kept"] is None:
        return ["too few passages to measure the map: embed the documents again"]
    asked = f"{recall['questions']:,} questions, {recall['texts']:,} passages"
    rows = [{"way": what, "recall": recall[way]} for way, what in _WAYS.items() if recall[way] is not None]
    interval = f"{100 * recall['low']:.1f} to {100 * recall['high']:.1f}"
    kept = f"recall kept {100 * recall['kept']:.1f} % ({interval}): {verdict}"
    return [Table(_COLUMNS, rows, f"recall@10 ({asked} that the map was not fitted on)"), kept]


def map_path(store: StrPath) -> Path:
    """The path of the map of `migrate`, next to the database."""
    path = Path(store)
    return path.with_name(f"{path.name}-map.safetensors")


def _is_map(path: Path) -> bool:
    """Whether the path is a map, which may be replaced; other files are not."""
    try:
        Adapter.load(path)
    except InputError:
        return False
    return True


def question_encoder(store: StrPath, run: GivenRun) -> Encoder:
    """An encoder of a run whose questions fit the current vectors of a database, old or new."""
    path = Path(store)
    run = as_run(run)
    encoder = Encoder.of(run)
    stored = find_database(path).source(path)
    if stored == run.fingerprint:
        return encoder
    adapter = Adapter.load(map_path(path))
    if (adapter.about.get("from"), adapter.about.get("to")) != (stored, run.fingerprint):
        rule = "is not a map from this run to the database"
        remedy = "run: selfvec run migrate --map-only"
        raise InputError(rule, path=map_path(path), remedy=remedy)
    return adapter.fold(encoder)


def _language(run: Run) -> str | None:
    return Preprocessing.of(run.provenance).stem


@contextmanager
def _working_folder(path: Path) -> Iterator[Path]:
    """The locked folder of a migration. It is deleted at the end and kept after an error or Ctrl-C."""
    folder = path.with_name(f".{path.name}.migrate")
    with writing(path):
        own_folder(folder)
        file = lock_file(folder / "lock", path)
    with file:
        try:
            yield folder
        except KeyboardInterrupt:
            raise Interrupted("interrupted", remedy="repeat the command to continue") from None
        discard(folder)


def _replace_vectors(
    database: LanceDB,
    target: Stored,
    encoder: Encoder,
    path: Path,
    folder: Path,
) -> Sequence[str]:
    """Encode all texts and switch; again if others write in between. Return what is not carried over.

    The vectors are kept in a file named by the run and the state of the database.
    """
    for _ in range(_TRIES):
        key = hashlib.sha256(f"{target.about[RUN]}\n{target.version}".encode()).hexdigest()
        fresh = replace(target, vectors=_encoded(target.texts, encoder, folder / key))
        with stage("Storing", None, "passages"):
            if database.switch(fresh, path):
                return target.lost
        say("the database has changed; starting again with its current content")
        target = replace(database.read(path), about=target.about, language=target.language)
    rule = f"has changed {_TRIES} times while its vectors were made"
    raise TargetError(rule, path=path, remedy="repeat the command when nobody writes to it")


def _encoded(texts: Sequence[str], encoder: Encoder, file: Path) -> Rows:
    """Vectors of all texts, smoothed as `passage_rows` does, (n, d). Blocks are kept in a file."""
    width = 4 * encoder.dimensions
    with file.open("ab") as out:
        done = out.tell() // width
        out.truncate(done * width)
        for block in encoded_blocks(texts, encoder.encode, done):
            out.write(block.tobytes())
            out.flush()
    rows = np.fromfile(file, np.float32).reshape(-1, encoder.dimensions)
    return smooth_by_neighbours(rows, len(rows))
