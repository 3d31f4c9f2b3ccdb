"""An encoder as LlamaIndex' ``BaseEmbedding``, for its indexes and retrievers.

The module can be imported without LlamaIndex.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError, MissingExtra
from selfvec.data.run import AnyRun

from .model import Encoder, as_encoder

try:
    _BaseEmbedding: Any = import_module("llama_index.core.embeddings").BaseEmbedding
except ImportError:
    _BaseEmbedding = object


class SelfvecEmbedding(_BaseEmbedding):  # type: ignore[misc]
    """LlamaIndex' ``BaseEmbedding``.

    Its caches know an embedding by ``to_dict()``, which has the name, the path and the digest of the encoder.
    ``from_dict`` opens the path again. All vectors have length 1; see `Encoder.encode_query` for a question
    without known words.

    Parameters
    ----------
    encoder : Encoder, Run or path
        The folder of an encoder or of a run.
    digest : str, optional
        `Encoder.digest` that the encoder must have, as in ``to_dict()``.
    **options
        Of ``BaseEmbedding``, such as ``embed_batch_size``.

    Raises
    ------
    InputError
        If there is no encoder in that place, or another one than ``digest`` says.
    """

    encoder: str = ""  # path; empty for an encoder in memory
    digest: str = ""
    _encoder: Any = None

    def __init__(
        self, encoder: Encoder | AnyRun | str | os.PathLike[str], digest: str = "", **options: Any
    ) -> None:
        if _BaseEmbedding is object:
            raise MissingExtra("llama-index-core", "llamaindex", "an encoder for LlamaIndex")
        if encoder == "":
            remedy = "save it with Encoder.save and make the embedding from that folder"
            raise InputError("the encoder was in memory and was not stored", remedy=remedy)
        opened = as_encoder(encoder)
        of_run = encoder.present.folder if isinstance(encoder, AnyRun) else None
        folder = of_run if isinstance(encoder, AnyRun | Encoder) else Path(encoder)
        place = folder and folder.absolute()
        if digest not in ("", opened.digest):
            remedy = "embed the documents again with the encoder that is there now, or put the old one back"
            raise InputError("is not the encoder that was stored", path=place, remedy=remedy)
        options = {"model_name": f"selfvec/{place.name}" if place else "selfvec", **options}
        super().__init__(encoder="" if place is None else str(place), digest=opened.digest, **options)
        self._encoder = opened

    @classmethod
    def class_name(cls) -> str:
        """The name in LlamaIndex."""
        return "SelfvecEmbedding"

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._encoder.encode_document(texts).tolist()
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = self._encoder.encode_query(query).tolist()
        return vector

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._get_text_embeddings(texts)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)
