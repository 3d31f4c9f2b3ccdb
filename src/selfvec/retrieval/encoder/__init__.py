"""Texts as vectors, with what a run has learned: one static table from words to rows, and nothing else.

>>> from selfvec.retrieval.encoder import Encoder
"""

from .adapter import Adapter
from .model import Encoder, as_encoder

__all__ = ["Adapter", "Encoder", "as_encoder"]
