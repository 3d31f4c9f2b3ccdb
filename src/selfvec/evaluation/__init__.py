"""Did it help? Vectors measured on tasks, each figure with its uncertainty and each difference with its own.

Any vectors are measured alike, whoever made them.

A new kind of task is a class that keeps to `Task`, and a row of `KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable

from .analogy import Analogies
from .bias import Bias
from .classification import Classification
from .contextual import Contextual
from .evaluate import evaluate
from .nonces import Chimeras, Nonces
from .oov import Unknown
from .report import Report
from .retrieval import Retrieval
from .sense_induction import SenseInduction
from .similarity import Similarity
from .stability import Stability
from .task import Measurement, Task

__all__ = [
    "KINDS",
    "Analogies",
    "Bias",
    "Chimeras",
    "Classification",
    "Contextual",
    "Measurement",
    "Nonces",
    "Report",
    "Retrieval",
    "SenseInduction",
    "Similarity",
    "Stability",
    "Task",
    "Unknown",
    "evaluate",
]

KINDS: dict[str, Callable[..., Task]] = {
    "similarity": Similarity,
    "analogies": Analogies,
    "retrieval": Retrieval,
    "classification": Classification,
    "bias-sets": Bias,
    "nonces": Nonces,
    "chimeras": Chimeras,
    "senses": SenseInduction,
}
"""Kinds of tasks that are made of a file or folder, by the flag that names it."""
