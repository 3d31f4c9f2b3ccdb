"""An encoder as MTEB measures it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from selfvec.base.arrays import Floats
from selfvec.base.errors import require
from selfvec.data.run import Run

from .model import Encoder, as_encoder, place_of


class MTEBEncoder:
    """MTEB's ``EncoderProtocol``.

    MTEB keeps results by name and revision. The revision ends in the digest of the encoder, so
    results of different encoders are not mixed up.

    Parameters
    ----------
    model_name : Encoder, Run or path
        The folder of an encoder or of a run.
    revision : str, optional
        Comes before the digest.
    name : str, optional
        ``organisation/name``; by default ``selfvec/`` and the name of the folder.
    **options
        Other options of MTEB, such as ``device``; ignored.
    """

    def __init__(
        self,
        model_name: Encoder | Run | str | os.PathLike[str],
        revision: str | None = None,
        *,
        name: str | None = None,
        **options: Any,
    ) -> None:
        del options
        self.encoder = as_encoder(model_name)
        place = place_of(model_name)
        self.name = name or f"selfvec/{place.name if place else 'encoder'}"
        self.revision = "-".join(filter(None, (revision, self.encoder.digest)))

    def encode(self, inputs: Iterable[str | Mapping[str, Any]], **options: Any) -> Floats:
        """Texts as unit vectors, (n, d) float32; questions where MTEB says so."""
        kinds = (
            getattr(options.get(name), "value", options.get(name)) for name in ("prompt_type", "prompt_name")
        )
        encode = self.encoder.encode_query if "query" in kinds else self.encoder.encode_document
        texts: list[str] = []
        for given in inputs:
            texts.extend([given] if isinstance(given, str) else given["text"])
        return encode(texts)

    def similarity(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Cosines of all pairs, (n, m), as MTEB computes them."""
        return _mteb("similarity_functions").cos_sim(embeddings1, embeddings2)

    def similarity_pairwise(self, embeddings1: Any, embeddings2: Any) -> Any:
        """Cosines row by row, (n,), as MTEB computes them."""
        return _mteb("similarity_functions").pairwise_cos_sim(embeddings1, embeddings2)

    @property
    def mteb_model_meta(self) -> Any:
        """What MTEB records with the results."""
        described = {
            "name": self.name,
            "revision": self.revision,
            "embed_dim": self.encoder.dimensions,
            "n_parameters": self.encoder.rows.size,
            "framework": ["NumPy"],
            "similarity_fn_name": "cosine",
        }
        return _mteb("models.model_meta").ModelMeta.create_empty(overwrites=described)


def _mteb(module: str) -> Any:
    require("mteb", "mteb", "measuring an encoder with MTEB")
    return import_module(f"mteb.{module}")
