"""An encoder as LangChain's ``Embeddings``: what its vector stores and retrievers take."""

from __future__ import annotations

import os
from typing import Any

from selfvec.base.errors import MissingExtra
from selfvec.data.run import Run

from .model import Encoder, as_encoder
from .optional import base, is_there

__all__ = ["SelfvecEmbeddings"]

_Embeddings: Any = base("langchain_core.embeddings", "Embeddings")


class SelfvecEmbeddings(_Embeddings):  # type: ignore[misc]
    """Texts as lists of numbers.

    Parameters
    ----------
    encoder : Encoder, Run or path
        The folder of an encoder or of a run.

    Raises
    ------
    MissingExtra
        If LangChain's core is not installed.
    """

    def __init__(self, encoder: Encoder | Run | str | os.PathLike[str]) -> None:
        if not is_there(SelfvecEmbeddings):
            raise MissingExtra("langchain-core", "langchain", "an encoder for LangChain")
        self.encoder = as_encoder(encoder)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """A vector a text."""
        vectors: list[list[float]] = self.encoder.encode(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text: questions and documents are read alike."""
        return self.embed_documents([text])[0]
