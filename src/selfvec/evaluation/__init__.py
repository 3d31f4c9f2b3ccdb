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
    """A task by the keyword of `AskedTasks` that asks for it."""

    keyword: str
    home: str  # module of this package, and class
    takes_files: bool = True  # if not, it is switched on
    paths: tuple[str, ...] = ()  # what a task without files is measured on, if not its default
    options: tuple[str, ...] = ()  # from those of `selfvec.evaluate`: shots, rm3, settings

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
    TaskRow("similarity", "similarity:Similarity"),
    TaskRow("analogies", "analogy:Analogies"),
    TaskRow("retrieval", "retrieval:Retrieval", options=("rm3", "settings")),
    TaskRow("questions", "questions:Questions", options=("rm3", "settings")),
    TaskRow("dictionary", "dictionary:Dictionary"),
    TaskRow("classification", "classification:Classification", options=("shots",)),
    TaskRow("bias", "bias:Bias", takes_files=False),
    TaskRow("bias_sets", "bias:Bias"),
    TaskRow("oov", "oov:HiddenWords", takes_files=False),
    TaskRow("stability", "stability:Stability", takes_files=False, paths=("seeds", "halves")),
)
"""All tasks, in the order of a report."""

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""A path, or several."""


class AskedTasks(TypedDict, total=False):
    """The keywords of `TASKS` and what they take.

    Parameters
    ----------
    similarity : path or paths
        Similarity: rows of word, word, score.
    analogies : path or paths
        Analogies: four words a line, as Google's or MSR's.
    retrieval : path or paths
        Search: corpus.jsonl, queries.jsonl, qrels/.
    questions : path or paths
        Search in a run: columns question and id.
    dictionary : path or paths
        Translations: rows of word of A, word of B.
    classification : path or paths
        train.tsv and test.tsv: rows of label, text.
    bias : bool
        Bias: WEAT on small built-in word sets.
    bias_sets : path or paths
        Bias: WEAT on your word sets, TOML or JSON.
    oov : bool
        OOV: hide known words, and build their vectors.
    stability : bool
        Refine again with other seeds and on half the text.
    """

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
