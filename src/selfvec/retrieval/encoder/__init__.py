"""Encoders: texts as vectors, by the word vectors of a run.

>>> from selfvec.retrieval.encoder import Encoder
"""

from .adapter import Adapter
from .model import Encoder, as_encoder

__all__ = ["Adapter", "Encoder", "as_encoder"]
