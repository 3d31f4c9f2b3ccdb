"""An encoder as an embedding function of LanceDB, for tables that encode what is added and asked.

The module can be imported without LanceDB.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import MissingExtra

from .model import as_encoder

__all__ = ["SelfvecFunction"]

try:
    _embeddings: Any = import_module("lancedb.embeddings")
    _Function: Any = _embeddings.TextEmbeddingFunction
except ImportError:
    _embeddings, _Function = None, object


class SelfvecFunction(_Function):  # type: ignore[misc]
    """LanceDB's ``TextEmbeddingFunction``, registered as ``selfvec`` when this module is imported.

    ``SelfvecFunction.create(encoder="run")`` makes one; a table keeps the path.

    Parameters
    ----------
    encoder : str
        The folder of an encoder or of a run.
    """

    encoder: str
    _opened: Any = None

    @classmethod
    def create(cls, **options: Any) -> Any:
        """A function whose encoder is open; `InputError` if there is none in that place."""
        if _embeddings is None:
            raise MissingExtra("lancedb", "lancedb", "an embedding function for LanceDB")
        made = super().create(**options)
        made._opened = as_encoder(made.encoder)
        return made

    def ndims(self) -> int:
        """The number of dimensions."""
        dimensions: int = self._opened.dimensions
        return dimensions

    def generate_embeddings(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """One vector per text."""
        return list(self._opened.encode(list(texts)))


if _embeddings is not None:
    _embeddings.register("selfvec")(SelfvecFunction)
