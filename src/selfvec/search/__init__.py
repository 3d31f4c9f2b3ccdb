"""Search: a run's documents by words, by related words and by meaning, with reasons.

>>> from selfvec.search import Index
"""

from .answers import Found, Hit, Mark, Reason
from .index import Index
from .scoring import MODES, PARTS, check_mode
from .sources import run_index

__all__ = ["MODES", "PARTS", "Found", "Hit", "Index", "Mark", "Reason", "check_mode", "run_index"]
