"""`compress`: find the smallest vectors that keep the quality of the original, and write them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from selfvec.base.atomic_files import atomic_file
from selfvec.base.checks import check_number, check_whole
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import Figures
from selfvec.base.targets import check_target
from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.statistics import Estimate
from selfvec.storage.formats.compressed import packed_words, write
from selfvec.storage.opened import GivenVectors, opened
from selfvec.text.phrases import units_of

from .candidates import Candidate, Packed, candidates
from .measures import Measure, kept, measures

__all__ = ["compress"]

_CUT_BY = (
    "tokenizer",
    "lemmatize",
    "stem",
    "stop_words",
)  # options of a run that determine how texts are cut

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "ki": 2**10, "mi": 2**20, "gi": 2**30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]i?)?b?", re.IGNORECASE)

Row = dict[str, Any]
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def compress(
    vectors: GivenVectors,
    output: str | os.PathLike[str],
    *,
    below: int | str | None = None,
    keep: float = 95.0,
    retrieval: Paths = (),
    similarity: Paths = (),
    seed: int = 0,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Figures:
    """Write smaller vectors that keep ``keep`` percent of the quality of the given ones.

    With ``below``, candidates under that size are tried in the order of their similarity to the given rows,
    and the first that keeps enough is written. Otherwise the smallest candidate that keeps enough is written.
    If none does, the one that keeps most is written, and ``enough`` is False.

    Parameters
    ----------
    vectors : Vectors, Run, or the path of either
        Of a run the refined vectors, without its topic vectors. Rows count at length 1.
    output : path
        The file, which `selfvec.load` reads.
    below : int or str, optional
        Bytes, or a size such as "5MB".
    keep : float
        Percent of each figure: nDCG@10 of finding the second half of a run's texts by the first, or of the
        tasks named.
    retrieval, similarity : path or sequence of paths
        Folders in BEIR's layout and files of word pairs to measure instead.
    seed : int
    overwrite : bool
        Whether to replace an existing file.
    progress : Progress, optional

    Returns
    -------
    Figures
        A dict: what was written, how much it keeps and on which task, and all candidates.

    Raises
    ------
    OptionError
        If no candidate fits ``below``, or a number is out of range.
    TargetError
        If the target exists and ``overwrite`` is false, or cannot be written.
    """
    check_number("keep", keep, 1e-9, 100, "is a percentage above 0 and at most 100")
    limit = _bytes(below) if isinstance(below, str) else below
    check_whole("below", 1 if limit is None else limit)
    target = output
    check_target(target, overwrite=overwrite, folder=False)
    progress = as_progress(progress)
    source = opened(vectors)
    vectors = source.vectors if isinstance(source, Run) else source
    if not vectors.unit.any():
        raise InputError("all vectors are zero", remedy="name other vectors")
    vocabulary = packed_words(vectors)
    tried = _fitting(vectors, vocabulary.nbytes, limit)
    tasks = measures(source, _paths(retrieval), _paths(similarity), seed)
    whole = [task.of(Vectors(vectors.index_to_key, vectors.unit, normalized=True)) for task in tasks]

    rows: list[Row] = []
    best: tuple[float, Packed, Row] | None = None
    with progress.stage("Compressing", len(tried), "tables") as advance:

        def packed(one: Candidate) -> tuple[Candidate, Packed]:
            advance(1)
            return one, Packed(vectors, one, vocabulary, seed)

        made = map(packed, tried)
        nearest_first = made if limit is None else sorted(made, key=lambda pair: -pair[1].fidelity)
        for one, file in nearest_first:
            table = file.decoded()
            figures = [
                _figure(task, before, task.of(table)) for task, before in zip(tasks, whole, strict=True)
            ]
            least = min(figure["kept"] for figure in figures)
            rows.append(_described(one, file) | {"kept": least, "measured_on": figures})
            if best is None or least > best[0]:
                best = (least, file, rows[-1])
            if least >= keep:
                best = (least, file, rows[-1])
                break
    assert best is not None  # `_fitting` returns at least one
    least, file, chosen = best
    with atomic_file(target, overwrite=overwrite) as fresh:
        write(fresh, file.arrays, str(chosen["method"]), _provenance(source))
    done = {
        "target": os.fspath(target),
        **chosen,
        "bytes": Path(target).stat().st_size,
        "bytes_before": vectors.vectors.nbytes + len("\n".join(vectors.index_to_key).encode()) + 1,
        "words": len(vectors),
        "enough": least >= keep,
        "keep": keep,
        "below": limit,
        "tried": rows,
        "left_out": _left_out(vectors),
    }
    return Figures("Compressed", done, rows="tried")


def _bytes(text: str) -> int:
    """A size as people write it: 5MB, 800 kB, 2MiB, 5000000.

    >>> _bytes("5MB"), _bytes("2 MiB")
    (5000000, 2097152)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise OptionError(f"is a size, not {text!r}", field="below", remedy="try 5MB")
    return int(float(found[1]) * _UNITS[(found[2] or "").lower()])


def _paths(given: Paths) -> list[Path]:
    return [Path(given)] if isinstance(given, str | os.PathLike) else [Path(one) for one in given]


def _fitting(vectors: Vectors, vocabulary: int, below: int | None) -> list[Candidate]:
    found = candidates(len(vectors), vectors.vector_size, vocabulary, below)
    if not found:
        least = candidates(len(vectors), vectors.vector_size, vocabulary, None)[0]
        size = least.bytes(len(vectors), vocabulary)
        raise OptionError(
            f"the smallest file of these words takes {size:,} bytes, {vocabulary:,} of them for the words",
            field="below",
            remedy="allow more, or compress fewer words",
        )
    return found


def _figure(task: Measure, before: Estimate, after: Estimate) -> Row:
    share, low, high = kept(before, after)
    figures = {"original": before.value, "compressed": after.value, "kept": share, "low": low, "high": high}
    return {"task": task.task, "metric": task.metric, **figures}


def _described(one: Candidate, made: Packed) -> Row:
    return {
        "method": one.method,
        "rows": one.rows,
        "dimensions": one.dimensions,
        "groups": one.groups if one.method == "pq" else None,
        "bytes": made.bytes,
        "fidelity": made.fidelity,
    }


def _provenance(given: Vectors | Run) -> Row:
    """The options that determine how texts are cut into words."""
    options = given.provenance.get("options")
    if not isinstance(options, dict):
        return {}
    phrases = [{"term": term} for term in units_of(given.provenance)]
    return {"options": {name: options.get(name) for name in _CUT_BY}, "phrases": {"rows": phrases}}


def _left_out(vectors: Vectors) -> list[str]:
    notes = ["rows have length 1: only cosines are kept"]
    if vectors.composer is not None:
        notes.append("vectors built from subwords are left out")
    if vectors.counts is not None:
        notes.append("word counts are left out")
    return notes
