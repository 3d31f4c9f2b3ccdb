"""A task: items from a file or a run, on which vectors are measured."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from selfvec.base.errors import InputError
from selfvec.files.text_files import text_lines
from selfvec.files.untrusted import parse_json
from selfvec.numerics.statistics import Estimate

from .compared_vectors import ComparedVectors


@dataclass(frozen=True)
class Measurement:
    """A figure of vectors on a task."""

    vectors: str  # name of the vectors, or of a baseline without vectors ("bm25")
    metric: str
    estimate: Estimate  # the value and its bootstrap replicates
    n: int  # items
    covered: float  # share of the words looked up that have a vector, 0 to 1
    mode: str | None = None  # retrieval only: dense, bm25 or hybrid
    dimensions: int | None = None  # of the vectors
    truncated: bool = False  # whether cut to so many principal axes
    common: Estimate | None = None  # over the items that all compared vectors have; None if too few
    n_common: int | None = None  # number of these items; None if the task does not measure them
    extra: Mapping[str, Any] = field(default_factory=dict)  # more keys of the row

    @classmethod
    def of(
        cls,
        entry: ComparedVectors,
        metric: str,
        estimate: Estimate,
        n: int,
        covered: float,
        mode: str | None = None,
        **extra: Any,
    ) -> Measurement:
        """A figure of these vectors; further keywords become keys of the row."""
        size = entry.vectors.vector_size
        return cls(entry.name, metric, estimate, n, covered, mode, size, entry.truncated, extra=extra)


@dataclass(frozen=True)
class Task(ABC):
    """Base of all tasks. All vectors are measured on the same items, so that they can be compared.

    Parameters
    ----------
    path : path
        The file or folder that holds the items. Its name becomes the task's name.
    """

    path: Path
    kind: ClassVar[str]  # as in the report: similarity, analogy, retrieval, ...

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    @abstractmethod
    def measure(self, entries: Sequence[ComparedVectors], seed: int) -> Iterator[Measurement]:
        """Figures of all vectors, then of methods that need none, such as BM25.

        `InputError` names the file and line that cannot be read.
        """


# ---- Task files: every error names the file and line


def rows(path: Path, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows of a file of tab-separated columns, with their line numbers."""
    for line, text in text_lines(path):
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) != len(names):
            rule = (
                f"a row is {'<TAB>'.join(names)}, this one has {len(fields)} field{'s' * (len(fields) != 1)}"
            )
            raise InputError(rule, path=path, line=line, remedy="separate the fields by one tab each")
        if "" in fields:
            field = names[fields.index("")]
            remedy = "fill it or remove the row"
            raise InputError("is empty", path=path, line=line, field=field, remedy=remedy)
        yield line, fields


def number(text: str, path: Path, line: int, field: str) -> float:
    """A finite number; an `InputError` otherwise."""
    try:
        value = math.nan if "_" in text else float(text)  # Python reads 1_0 as 10
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"is a number, not {text[:40]!r}", path=path, line=line, field=field)
    return value


def json_objects(path: Path, required: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSON Lines file, with their line numbers."""
    for line, text in text_lines(path):
        try:
            value = parse_json(text)
        except ValueError as error:
            rule = f"is not JSON: {error}"
            raise InputError(rule, path=path, line=line, remedy="correct the line") from None
        if not isinstance(value, dict):
            raise InputError("the line is not a JSON object", path=path, line=line)
        for name in required:
            if name not in value:
                raise InputError("the row has no such field", path=path, line=line, field=name)
        yield line, value
