"""An encoder as LangChain's ``Embeddings``, for its vector stores and retrievers.

The module can be imported without LangChain.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from selfvec.base.errors import MissingExtra
from selfvec.data.run import AnyRun

from .model import Encoder, as_encoder

try:
    _Embeddings: Any = import_module("langchain_core.embeddings").Embeddings
except ImportError:
    _Embeddings = object


class SelfvecEmbeddings(_Embeddings):  # type: ignore[misc]
    """LangChain's ``Embeddings``.

    Parameters
    ----------
    encoder : Encoder, Run or path
        The folder of an encoder or of a run.
    """

    def __init__(self, encoder: Encoder | AnyRun | str | os.PathLike[str]) -> None:
        if _Embeddings is object:
            raise MissingExtra("langchain-core", "langchain", "an encoder for LangChain")
        self.encoder = as_encoder(encoder)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector per text; see `Encoder.encode_document`."""
        vectors: list[list[float]] = self.encoder.encode_document(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question; see `Encoder.encode_query` for one without known words."""
        vector: list[float] = self.encoder.encode_query(text).tolist()
        return vector
