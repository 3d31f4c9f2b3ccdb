"""Search: documents found by words, related words and vectors, with reasons.

>>> from selfvec.retrieval import Index
"""

from .dense_space import TABLES
from .index import Index
from .run_search import run_index, search
from .scoring import MODES, PARTS, check_mode
from .similar_documents import nearest_documents, similar_documents
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
    "nearest_documents",
    "run_index",
    "search",
    "similar_documents",
]
