"""Sentence encoders: whatever turns a text into a vector, under one contract, `SentenceEncoder`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfvec.base.lazy import lazily

if TYPE_CHECKING:
    from .given import GivenEncoder, as_sentence_encoder
    from .sentence_encoder import SentenceEncoder

__all__ = ["GivenEncoder", "SentenceEncoder", "as_sentence_encoder"]

if not TYPE_CHECKING:
    __getattr__ = lazily(
        __name__,
        {"GivenEncoder": "given", "as_sentence_encoder": "given", "SentenceEncoder": "sentence_encoder"},
    )
