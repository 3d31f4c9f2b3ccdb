"""Search: a run's documents by words, by related words and by meaning, with reasons.

>>> from selfvec.search import Index
"""

from .hits import Found, Hit, Mark, Reason
from .index import Index
from .run_index import run_index
from .scoring import MODES, PARTS, check_mode

__all__ = ["MODES", "PARTS", "Found", "Hit", "Index", "Mark", "Reason", "check_mode", "run_index"]
