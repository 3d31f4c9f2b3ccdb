"""An encoder as an embedding function of LanceDB, for tables that encode what is added and asked.

The module can be imported without LanceDB.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from selfvec.base.arrays import Floats
from selfvec.base.errors import MissingExtra

from .model import reopened

try:
    _embeddings: Any = import_module("lancedb.embeddings")
    _Function: Any = _embeddings.TextEmbeddingFunction
except ImportError:
    _embeddings = None
    _Function = object


class SelfvecFunction(_Function):  # type: ignore[misc]
    """LanceDB's ``TextEmbeddingFunction``, registered as ``selfvec`` when this module is imported.

    ``SelfvecFunction.create(encoder="run")`` makes one. A table keeps the absolute path and the digest, and
    opens the encoder again. All vectors have length 1; see `Encoder.encode_query` for a question without
    known words.

    Parameters
    ----------
    encoder : str or path
        The folder of an encoder or of a run.
    digest : str, optional
        `Encoder.digest` that the encoder must have; tables have it.
    """

    encoder: str
    digest: str = ""
    _opened: Any = None

    @classmethod
    def create(cls, **options: Any) -> Any:
        """A function whose encoder is open; `InputError` if there is another one, as after ``update``."""
        if _embeddings is None:
            raise MissingExtra("lancedb", "lancedb", "an embedding function for LanceDB")
        if "encoder" not in options:
            return super().create(**options)  # raises the error of a missing field
        opened, place = reopened(options["encoder"], options.get("digest", ""))
        made = super().create(**(options | {"encoder": str(place), "digest": opened.digest}))
        made._opened = opened
        return made

    def ndims(self) -> int:
        """The number of dimensions."""
        dimensions: int = self._opened.dimensions
        return dimensions

    def generate_embeddings(self, texts: Sequence[str]) -> list[Floats]:
        """One vector per text."""
        return list(self._opened.encode_document(list(texts)))

    def compute_query_embeddings(self, query: str, *args: Any, **options: Any) -> list[Floats]:
        """The vector of a question."""
        del args, options
        return [self._opened.encode_query(query)]


if _embeddings is not None:
    _embeddings.register("selfvec")(SelfvecFunction)
