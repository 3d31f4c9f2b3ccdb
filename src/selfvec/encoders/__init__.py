"""Sentence encoders: whatever turns a text into a vector, under one contract, `SentenceEncoder`."""

from .given import GivenEncoder, as_sentence_encoder
from .sentence_encoder import SentenceEncoder

__all__ = ["GivenEncoder", "SentenceEncoder", "as_sentence_encoder"]
