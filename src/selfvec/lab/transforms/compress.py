"""`compress`: find the smallest vectors that keep the quality of the original, and write them.

A candidate is a method for the rows, and the number of words with their own row. The first words, which are
the most frequent, keep rows; each of the others shares the row of the nearest word kept. So a file of fewer
rows or, in principal axes, of fewer dimensions is a prefix of a larger one, in two dimensions (after Kusupati
et al., 2022, *Matryoshka Representation Learning*, which trains this).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, NamedTuple, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Bytes
from selfvec.base.checks import Paths, StrPath, as_paths, is_path
from selfvec.base.declarations import Bounds, Count, Natural, checked
from selfvec.base.display import printable
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import GivenProgress, stage
from selfvec.base.view import COUNT, Column, Form, Table, figure
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors, on_principal_axes
from selfvec.files.atomic_files import atomic_file, check_target
from selfvec.lab.evaluation.compared_vectors import ComparedVectors, distinct_names
from selfvec.lab.evaluation.retrieval import Retrieval
from selfvec.lab.evaluation.task import Task
from selfvec.lab.evaluation.words import Similarity
from selfvec.numerics.nearest import nearest_rows
from selfvec.numerics.quantization import CODES, decode, encode
from selfvec.numerics.rows import filled_rows
from selfvec.numerics.statistics import Estimate, difference, mean
from selfvec.refinement.history import parse_size
from selfvec.storage.formats.safetensors import packed_words, write_codes
from selfvec.storage.opened import GivenVectors, as_vectors, opened, vectors_of
from selfvec.text.document_vectors import SelfRetrieval
from selfvec.text.phrases import units_of
from selfvec.text.preprocessing import Preprocessing

from .written import Writing, check_writing, written

SHARES = (1.0, 0.5, 0.25, 0.125)  # of the words that keep a row
_PERCENT = Form("share", lambda value: f"{value:.1f}%", is_figure=True, digits=1)
_CUTS = (1, 2, 4)  # parts of the dimensions that int8 keeps
_GROUPS = (4, 5, 8, 10, 15, 20, 30)  # columns of a code of product quantisation
_HEADER = 1024  # bytes, at most

# Options of a run that determine how texts are cut.
_CUT_BY = ("tokenizer", "lemmatize", "stem", "stop_words")

_COLUMNS = (
    Column("method"),
    Column("rows", form=COUNT),
    Column("dimensions", "dim.", COUNT),
    Column("groups", "codes", COUNT),
    Column("megabytes", "MB", figure(2), of=lambda row: row["bytes"] / 1e6),
    Column("fidelity", "cosine", figure(3)),
    Column("kept", form=_PERCENT),
)


@checked
def compress(
    vectors: GivenVectors,
    output: StrPath,
    *,
    below: Count | str | None = None,
    keep: Annotated[float, Bounds(above=0, at_most=100)] = 95.0,
    retrieval: Paths = (),
    similarity: Paths = (),
    seed: Natural = 0,
    overwrite: bool = False,
    progress: GivenProgress = None,
) -> Answer:
    """Find smaller vectors that keep what they are used for.

    With ``below``, candidates under that size are tried in the order of their similarity to the given rows,
    and the first that keeps enough is written. Otherwise the smallest candidate that keeps enough is written.
    If none does, the one that keeps most is written, and ``enough`` is False.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
        A vectors file, a run folder, or default. Of a run the refined vectors, without its topic vectors.
        Rows count at length 1.
    output : path
        The file to write.
    below : int, at least 1, or str, optional
        Largest size; by default the smallest that keeps enough. Bytes, or a size such as 5MB.
    keep : float, above 0, at most 100
        Least share of every figure that is kept: nDCG@10 of finding the second half of a run's texts by the
        first, or of the tasks named.
    retrieval : path or paths
        Measure nDCG@10 on these, not on the run's own text.
    similarity : path or paths
        Measure on rows of word, word, score.
    seed : int, at least 0
    overwrite : bool
    progress : Progress or bool, optional

    Returns
    -------
    Answer
        What was written, how much it keeps and on which task, and all candidates.

    Raises
    ------
    OptionError
        If no candidate fits ``below``, or a number is out of range.
    TargetError
        If the target exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> made = selfvec.compress(run, "small.safetensors", below="100kB", keep=75)
    >>> made["bytes"] < 0.05 * run.vectors.vectors.nbytes, made["enough"]
    (True, True)
    """
    limit = parse_size("below", below) if isinstance(below, str) else below
    check_target(output, overwrite=overwrite, folder=False)
    source = opened(vectors)
    whole = vectors_of(source)
    if not whole.unit.any():
        raise InputError("all vectors are zero", remedy="name other vectors")
    vocabulary = packed_words(whole)
    sizes = len(whole), whole.vector_size, vocabulary.nbytes
    fitting = candidates(*sizes, limit)
    if not fitting:
        least = candidates(*sizes, None)[0].bytes(len(whole), vocabulary.nbytes)
        takes = f"{least:,} bytes, {vocabulary.nbytes:,} of them for the words"
        rule = f"the smallest file of these words takes {takes}"
        raise OptionError(rule, field="below", remedy="allow more, or compress fewer words")
    tasks = measures(source, as_paths(retrieval), as_paths(similarity), seed)

    with stage("Compressing", len(fitting), "tables") as advance:

        def pack(candidate: Candidate) -> Packed:
            advance(1)
            return Packed(whole, candidate, vocabulary, seed)

        files: Iterable[Packed] = map(pack, fitting)
        if limit is not None:  # the nearest first; otherwise the smallest
            files = sorted(files, key=lambda file: -file.fidelity)
        file, chosen, tried = _first_that_keeps(keep, files, tasks, whole)
    with atomic_file(output, overwrite=overwrite) as fresh:
        write_codes(fresh, file.arrays, str(chosen["method"]), _provenance(source))
    done = {
        **({"source": os.fspath(vectors)} if is_path(vectors) else {}),
        "target": os.fspath(output),
        **chosen,
        "bytes": Path(output).stat().st_size,
        "bytes_before": whole.vectors.nbytes + len("\n".join(whole.index_to_key).encode()) + 1,
        "words": len(whole),
        "enough": chosen["kept"] >= keep,
        "keep": keep,
        "below": limit,
        "tried": tried,
        "left_out": _left_out(whole),
    }
    return Answer(
        "Compressed", done, rows="tried", columns=_COLUMNS, parts=[Table(_COLUMNS, tried), *_told(done)]
    )


def _told(done: Json) -> Iterator[str]:
    """The file that was written, and how much quality it keeps."""
    sizes = f"{done['bytes'] / 1e6:.2f} of {done['bytes_before'] / 1e6:.2f} MB"
    yield printable(f"wrote {done['target']}: {done['words']:,} words, {sizes}")
    for one in done["measured_on"]:
        yield f"{one['metric']} of {printable(one['task'])}:"
        kept = f"{one['kept']:.1f}% kept, 95 % interval {one['low']:.1f} to {one['high']:.1f}"
        yield f"  {one['compressed']:.3f} of {one['original']:.3f}, {kept}"
    if not done["enough"]:
        under = "" if done["below"] is None else f" under {done['below'] / 1e6:g} MB"
        yield f"no compressed vectors{under} keep {done['keep']:g}%: these keep most"


def _first_that_keeps(
    keep: float, files: Iterable[Packed], tasks: Sequence[Measure], whole: Vectors
) -> tuple[Packed, Json, list[Json]]:
    """The first file that keeps enough, or the one that keeps most; its row, and those of all files tried.

    A file keeps the least share of the tasks.
    """
    unit = Vectors(whole.index_to_key, whole.unit, normalized=True)
    before = [task.of(unit) for task in tasks]
    best: tuple[Packed, Json] | None = None
    tried: list[Json] = []
    for file in files:
        decoded = file.decoded()
        figures = [_figure(task, was, task.of(decoded)) for task, was in zip(tasks, before, strict=True)]
        least = min(figure["kept"] for figure in figures)
        row = file.described() | {"kept": least, "measured_on": figures}
        tried.append(row)
        if best is None or row["kept"] > best[1]["kept"]:
            best = file, row
        if row["kept"] >= keep:
            break
    assert best is not None  # at least one candidate fits
    return *best, tried


def _figure(task: Measure, before: Estimate, after: Estimate) -> Json:
    share, low, high = kept(before, after)
    figures = {"original": before.value, "compressed": after.value, "kept": share, "low": low, "high": high}
    return {"task": task.task, "metric": task.metric, **figures}


def _provenance(given: Vectors | Run) -> Json:
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


# ---- Candidates


@dataclass(frozen=True)
class Candidate:
    """A way to write vectors."""

    method: str  # of `selfvec.numerics.quantization`
    rows: int  # words with a row of their own
    dimensions: int
    groups: int = 1  # codes of a row; pq only

    def bytes(self, words: int, vocabulary: int) -> int:
        """The largest size of its file, for a number of words whose names take ``vocabulary`` bytes."""
        row = {"float16": 2 * self.dimensions, "int8": self.dimensions + 4, "pq": self.groups}
        row["binary"] = -(-self.dimensions // 8)
        shared = {"pq": 2 * CODES * self.dimensions, "binary": 4 * self.dimensions}.get(self.method, 0)
        return self.rows * row[self.method] + shared + 4 * (words - self.rows) + vocabulary + _HEADER


def candidates(words: int, width: int, vocabulary: int, below: int | None) -> list[Candidate]:
    """All candidates that fit, the smallest first.

    With a size limit, product quantisation has as many codes per row as fit. Other methods are tried only
    with the most rows that fit, because fewer rows are not better.
    """
    shares = [max(1, round(words * share)) for share in SHARES]
    plain = [
        ("float16", width),
        ("binary", width),
        *(("int8", width // cut) for cut in _CUTS if width >= cut),
    ]
    groups = {-(-width // size) for size in _GROUPS}
    kinds = [[Candidate(method, rows, size) for rows in shares] for method, size in plain]
    kinds += [[Candidate("pq", rows, width, number) for number in groups] for rows in shares]

    def size(candidate: Candidate) -> int:
        return candidate.bytes(words, vocabulary)

    if below is None:
        return sorted((candidate for kind in kinds for candidate in kind), key=size)
    fitting = ([candidate for candidate in kind if size(candidate) <= below] for kind in kinds)
    return sorted({max(kind, key=size) for kind in fitting if kind}, key=size)


class Packed:
    """A candidate's file before it is written."""

    def __init__(self, vectors: Vectors, candidate: Candidate, vocabulary: Bytes, seed: int) -> None:
        rows = vectors.unit
        self._words = vectors.index_to_key
        self._candidate = candidate
        if candidate.dimensions < rows.shape[1]:
            rows = on_principal_axes(vectors, candidate.dimensions).vectors
        # The encoded unit rows.
        self.arrays = encode(rows[: candidate.rows], candidate.method, candidate.groups, seed)
        self.arrays["vocabulary"] = vocabulary
        if candidate.rows < len(rows):
            none = np.full(len(rows) - candidate.rows, -1)
            near, _ = nearest_rows(vectors.unit[candidate.rows :], vectors.unit[: candidate.rows], none, 1)
            self.arrays["mapped"] = np.maximum(near[:, 0], 0).astype(np.uint32)
        known = filled_rows(rows)
        cosines = np.einsum("ij,ij->i", rows, self.decoded().unit)  # truncated rows are shorter than 1
        self.fidelity = float(cosines[known].mean())  # of the rows and the decoded rows

    @property
    def bytes(self) -> int:
        """The size of the arrays."""
        return sum(array.nbytes for array in self.arrays.values())

    def described(self) -> Json:
        """What the report says about it; groups of product quantisation only."""
        groups = {} if self._candidate.method == "pq" else {"groups": None}
        return asdict(self._candidate) | groups | {"bytes": self.bytes, "fidelity": self.fidelity}

    def decoded(self) -> Vectors:
        """The vectors as `selfvec.load` reads them."""
        others = ("mapped", "vocabulary")
        rows = decode({name: array for name, array in self.arrays.items() if name not in others})
        if "mapped" in self.arrays:
            rows = np.concatenate([rows, rows[self.arrays["mapped"]]])
        return Vectors(self._words, rows)


# ---- The tasks that vectors are measured on, and the share of the original figure that they keep
#
# A run is measured on its own text, without labels: ten words in a row, cut out of a document, should
# find the rest of it among 2,000 documents, by nDCG@10. If collections or word pairs are named, they are
# measured instead. A vectors file alone is measured on the ten nearest words of 500 words, and so is a
# run whose documents are too few or too similar.

_DOCUMENTS = 2000  # drawn for self-retrieval
_LONGEST = 300  # tokens of a document
_QUERY = 10  # tokens of a question
_FEWEST = 20  # documents to measure on
_TOO_ALIKE = 0.05  # nDCG@10 below which documents are not distinguishable
_WORDS = 500  # whose nearest words are compared
_POOL = 20_000  # rows that are searched
_NEAREST = 10  # neighbours that are compared, as many as `similar` lists


class Measure(NamedTuple):
    """A task, its metric, and a function from vectors to the figure."""

    task: str
    metric: str
    of: Callable[[Vectors], Estimate]


def measures(
    given: Vectors | Run, retrieval: Sequence[Path] = (), similarity: Sequence[Path] = (), seed: int = 0
) -> list[Measure]:
    """The named tasks; without any, the run's own text, or the nearest words of vectors."""
    if retrieval or similarity:
        preprocessing = Preprocessing.of(given.provenance)
        names = distinct_names([*retrieval, *similarity], stem=True)
        tasks: list[Task] = [*map(Retrieval, retrieval), *map(Similarity, similarity)]
        return [_task(name, task, preprocessing, seed) for name, task in zip(names, tasks, strict=True)]
    if not isinstance(given, Run):
        return [_nearest_words(given, seed)]
    found = None if given.tokens is None else _self_retrieval(given.tokens, seed)
    if found is None or found.of(given.vectors).value < _TOO_ALIKE:
        return [_nearest_words(given.vectors, seed)]
    return [found]


def kept(whole: Estimate, part: Estimate) -> tuple[float, float, float]:
    """The share of a figure in percent, and its paired 95 % interval; 100 of a figure up to 0."""
    if whole.value <= 0:
        return 100.0, 100.0, 100.0
    apart = difference(part, whole)
    value, low, high = (100 + 100 * figure / whole.value for figure in (apart.value, apart.low, apart.high))
    return value, low, high


def _self_retrieval(tokens: TokenBatch, seed: int) -> Measure | None:
    """Ten tokens of a document, or a third of a short one, find the rest; None for too few documents."""
    probe = SelfRetrieval(tokens, _DOCUMENTS, _LONGEST, _QUERY, np.random.default_rng(seed))
    if probe.documents < _FEWEST:
        return None

    def of(vectors: Vectors) -> Estimate:
        ranks = probe.ranks(vectors)
        return mean(np.where(ranks <= 10, 1 / np.log2(1 + ranks), 0.0), seed)

    return Measure(f"self-retrieval, {probe.documents:,} of the run's documents", "ndcg@10", of)


def _task(name: str, task: Task, preprocessing: Preprocessing, seed: int) -> Measure:
    metric = "ndcg@10" if task.kind == "retrieval" else "spearman"

    def of(vectors: Vectors) -> Estimate:
        rows = task.measure([ComparedVectors(name, vectors, preprocessing)], seed)
        return next(row.estimate for row in rows if row.metric == metric)

    return Measure(name, metric, of)


def _nearest_words(whole: Vectors, seed: int) -> Measure:
    """The share of a word's ten nearest words that stay among its ten nearest."""
    pool = whole.unit[:_POOL]
    known = np.flatnonzero(filled_rows(pool))
    asked = np.sort(np.random.default_rng(seed).permutation(known)[:_WORDS])

    def nearest(vectors: Vectors) -> list[set[int]]:
        rows = vectors.unit[:_POOL]
        near, _ = nearest_rows(rows[asked], rows, asked, _NEAREST)
        return [set(row[row >= 0].tolist()) for row in near]

    before = nearest(whole)

    def of(vectors: Vectors) -> Estimate:
        pairs = zip(before, nearest(vectors), strict=True)
        return mean(np.array([len(a & b) / max(len(a), 1) for a, b in pairs]), seed)

    return Measure(f"ten nearest words of {len(asked):,} words", "kept@10", of)


# ---- Principal axes: the same vectors in fewer dimensions. Every prefix is the best of its length.


@checked
def principal_axes(
    vectors: GivenVectors, dimensions: Count | None = None, **writing: Unpack[Writing]
) -> Vectors:
    """Rotate onto principal axes, keep some.

    Unit rows are rotated onto the first principal axes of the uncentred rows. Among all vectors with as
    many dimensions, their inner products are nearest to the cosines (Eckart and Young, 1936). With all
    axes the cosines are exact.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
        A vectors file, a run folder, or default.
    dimensions : int, at least 1, optional
        Number of axes kept; by default all.
    **writing
        See `Writing`.

    Returns
    -------
    Vectors
        Rows of zeros stay zero.

    Raises
    ------
    OptionError
        If there are not so many dimensions.
    InputError
        If a file cannot be read or is damaged.
    TargetError
        If ``output`` exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> selfvec.principal_axes("default", 100)
    <Vectors: 10,981 words × 100 dimensions, float32>
    """
    check_writing(writing)
    given = as_vectors(vectors)
    width = given.vector_size if dimensions is None else dimensions
    if width > given.vector_size:
        raise OptionError(
            f"the vectors have {given.vector_size} dimensions, they cannot be cut to {width}",
            field="dimensions",
            remedy=f"choose a number from 1 to {given.vector_size}",
        )
    made = on_principal_axes(given, width)
    filled = int(filled_rows(given.vectors).sum())
    kept = float(np.square(made.vectors, dtype=np.float64).sum()) / max(filled, 1)
    return written(made, "principal-axes", {"variance_kept": kept}, writing)
