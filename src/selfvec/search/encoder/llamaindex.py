"""An encoder as LlamaIndex' ``BaseEmbedding``, for its indexes and retrievers.

The module can be imported without LlamaIndex.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from selfvec.base.errors import MissingExtra
from selfvec.data.run import Run

from .model import Encoder, as_encoder

__all__ = ["SelfvecEmbedding"]

try:
    _BaseEmbedding: Any = import_module("llama_index.core.embeddings").BaseEmbedding
except ImportError:
    _BaseEmbedding = object


class SelfvecEmbedding(_BaseEmbedding):  # type: ignore[misc]
    """LlamaIndex' ``BaseEmbedding``.

    Parameters
    ----------
    encoder : Encoder, Run or path
        The folder of an encoder or of a run.
    **options
        Of ``BaseEmbedding``, such as ``embed_batch_size``.
    """

    _encoder: Any = None

    def __init__(self, encoder: Encoder | Run | str | os.PathLike[str], **options: Any) -> None:
        if _BaseEmbedding is object:
            raise MissingExtra("llama-index-core", "llamaindex", "an encoder for LlamaIndex")
        super().__init__(**{"model_name": "selfvec", **options})
        self._encoder = as_encoder(encoder)

    @classmethod
    def class_name(cls) -> str:
        """The name in LlamaIndex."""
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

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)
