"""Did it help? Vectors measured on tasks, with intervals and paired differences.

Vectors of any origin can be measured. `TASKS` is the table of tasks. To add one, write a subclass of `Task`,
import it here, and add its row and the keyword in `AskedTasks`: both `selfvec.evaluate` and
``selfvec evaluate`` then take it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from .analogy import Analogies
    from .bias import Bias
    from .classification import Classification
    from .dictionary import Dictionary
    from .measure import evaluate
    from .oov import HiddenWords
    from .questions import Questions
    from .report import Report
    from .retrieval import Retrieval
    from .similarity import Similarity
    from .stability import Stability
    from .task import Measurement, Task

__all__ = [
    "TASKS",
    "Analogies",
    "AskedTasks",
    "Bias",
    "Classification",
    "Dictionary",
    "HiddenWords",
    "Measurement",
    "Paths",
    "Questions",
    "Report",
    "Retrieval",
    "Similarity",
    "Stability",
    "Task",
    "TaskRow",
    "evaluate",
]


@dataclass(frozen=True)
class TaskRow:
    """A task by the keyword and the option that ask for it."""

    keyword: str
    home: str  # module of this package, and class
    help: str
    metavar: str | None = None  # of its files; a task without one is switched on
    old_flag: str | None = None  # an older flag, which still works
    paths: tuple[str, ...] = ()  # what a task without files is measured on, if not its default
    options: tuple[str, ...] = ()  # of `selfvec.evaluate`: shots, rm3

    @property
    def flag(self) -> str:
        """The option of the command line."""
        return f"--{self.keyword.replace('_', '-')}"

    @property
    def task(self) -> type[Task[Any]]:
        """The class."""
        module, _, name = self.home.partition(":")
        found: type[Task[Any]] = getattr(import_module(f"{__name__}.{module}"), name)
        return found


TASKS = (
    TaskRow("similarity", "similarity:Similarity", "Similarity: rows of word, word, score.", "TSV..."),
    TaskRow(
        "analogies", "analogy:Analogies", "Analogies: four words a line, as Google's or MSR's.", "FILE..."
    ),
    TaskRow(
        "retrieval",
        "retrieval:Retrieval",
        "Search: corpus.jsonl, queries.jsonl, qrels/.",
        "BEIR_DIR...",
        options=("rm3",),
    ),
    TaskRow(
        "questions",
        "questions:Questions",
        "Search in a run: columns question and id.",
        "CSV...",
        options=("rm3",),
    ),
    TaskRow(
        "dictionary",
        "dictionary:Dictionary",
        "Translations: rows of word of A, word of B.",
        "TSV...",
        old_flag="--lexicon",
    ),
    TaskRow(
        "classification",
        "classification:Classification",
        "train.tsv and test.tsv: rows of label, text.",
        "DIR...",
        options=("shots",),
    ),
    TaskRow("bias", "bias:Bias", "Bias: WEAT on small built-in word sets."),
    TaskRow("bias_sets", "bias:Bias", "Bias: WEAT on your word sets, TOML or JSON.", "FILE..."),
    TaskRow("oov", "oov:HiddenWords", "OOV: hide known words, and build their vectors."),
    TaskRow(
        "stability",
        "stability:Stability",
        "Refine again with other seeds and on half the text.",
        paths=("seeds", "halves"),
    ),
)
"""All tasks, in the order of a report."""

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""A path, or several."""


class AskedTasks(TypedDict, total=False):
    """The keywords of `TASKS` and what they take."""

    similarity: Paths
    analogies: Paths
    retrieval: Paths
    questions: Paths
    dictionary: Paths
    classification: Paths
    bias: bool
    bias_sets: Paths
    oov: bool
    stability: bool


# Where the other names are defined. They are imported on first use, so that the command line, which reads
# TASKS for its options, loads no NumPy.
_HOMES: Mapping[str, str] = {
    "Measurement": "task",
    "Report": "report",
    "Task": "task",
    "evaluate": "measure",
    **{name: module for module, _, name in (row.home.partition(":") for row in TASKS)},
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
