"""Did it help? Vectors measured on tasks, with intervals and paired differences.

Vectors of any origin can be measured. A new kind of task is a subclass of `Task`.
"""

from __future__ import annotations

from .analogy import Analogies
from .bias import Bias
from .classification import Classification
from .evaluate import evaluate
from .lexicon import Lexicon
from .oov import HiddenWords
from .questions import Questions
from .report import Report
from .retrieval import Retrieval
from .similarity import Similarity
from .stability import Stability
from .task import Measurement, Task

__all__ = [
    "Analogies",
    "Bias",
    "Classification",
    "HiddenWords",
    "Lexicon",
    "Measurement",
    "Questions",
    "Report",
    "Retrieval",
    "Similarity",
    "Stability",
    "Task",
    "evaluate",
]
