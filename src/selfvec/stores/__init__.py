"""Documents in vector stores: their rows, the stores, and how the vectors of a store are replaced.

>>> from selfvec.stores import STORES, passage_rows
"""

from .databases import STORES, StoreRows, passage_rows, write_rows
from .migrate import migrate, question_encoder

__all__ = ["STORES", "StoreRows", "migrate", "passage_rows", "question_encoder", "write_rows"]
