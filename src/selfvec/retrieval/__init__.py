"""Search: documents found by words, related words and vectors, with reasons.

>>> from selfvec.retrieval import Index
"""

from .dense_space import TABLES
from .index import Index, run_index
from .scoring import MODES, PARTS, check_mode
from .snippets import Found, Hit, Mark, Reason

__all__ = [
    "MODES",
    "PARTS",
    "TABLES",
    "Found",
    "Hit",
    "Index",
    "Mark",
    "Reason",
    "check_mode",
    "run_index",
]
