"""Did it help? Vectors measured on tasks, with intervals and paired differences.

Vectors of any origin can be measured. `selfvec.lab.evaluation.measure` has the table of tasks.
"""

from __future__ import annotations

from .bias import Bias
from .classification import Classification
from .measure import TASKS, AskedTasks, evaluate
from .report import Report
from .retrieval import Questions, Retrieval
from .task import Measurement, Task
from .words import Analogies, Dictionary, HiddenWords, Similarity

__all__ = [
    "TASKS",
    "Analogies",
    "AskedTasks",
    "Bias",
    "Classification",
    "Dictionary",
    "HiddenWords",
    "Measurement",
    "Questions",
    "Report",
    "Retrieval",
    "Similarity",
    "Task",
    "evaluate",
]
