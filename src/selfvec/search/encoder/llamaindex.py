"""An encoder as LlamaIndex's ``BaseEmbedding``: what its indices and retrievers take."""

from __future__ import annotations

import os
from typing import Any

from selfvec.base.errors import MissingExtra
from selfvec.data.run import Run

from .model import Encoder, as_encoder
from .optional import base, is_there

__all__ = ["SelfvecEmbedding"]

_BaseEmbedding: Any = base("llama_index.core.embeddings", "BaseEmbedding")


class SelfvecEmbedding(_BaseEmbedding):  # type: ignore[misc]
    """Texts as lists of numbers.

    Parameters
    ----------
    encoder : Encoder, Run or path
        The folder of an encoder or of a run.
    **options
        Of ``BaseEmbedding``, as ``embed_batch_size``.

    Raises
    ------
    MissingExtra
        If LlamaIndex' core is not installed.
    """

    _encoder: Any = None

    def __init__(self, encoder: Encoder | Run | str | os.PathLike[str], **options: Any) -> None:
        if not is_there(SelfvecEmbedding):
            raise MissingExtra("llama-index-core", "llamaindex", "an encoder for LlamaIndex")
        super().__init__(**{"model_name": "selfvec", **options})
        self._encoder = as_encoder(encoder)

    @classmethod
    def class_name(cls) -> str:
        """What LlamaIndex calls it."""
        return "SelfvecEmbedding"

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._encoder.encode(texts).tolist()
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._get_text_embeddings(texts)

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embedding(text)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)
