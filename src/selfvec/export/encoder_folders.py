"""Encoders as folders of other libraries: model2vec's and sentence-transformers'.

Both are a table of token rows and a tokeniser; both take the mean of a text's rows and bring it to length 1,
which is the direction of our sum. Neither library is needed to write them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.tensors import write_tensors
from selfvec.search.encoder import Encoder

from .tokenizer import tokenizer_json

__all__ = ["write_model2vec", "write_sentence_transformers"]

_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
    {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
]


def write_model2vec(encoder: Encoder, folder: Path) -> None:
    """A new folder that ``model2vec.StaticModel.from_pretrained`` loads.

    Texts are not cut short: ``max_length`` is null, which versions before 0.10 want to be told at ``encode``.
    """
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": True,
        "max_length": None,
        "hidden_dim": encoder.dimensions,
        "embedding_dtype": "float32",
    }
    _write(encoder, folder, "embeddings", {"config.json": config})


def write_sentence_transformers(encoder: Encoder, folder: Path) -> None:
    """A new folder that ``sentence_transformers.SentenceTransformer`` loads."""
    config: dict[str, Any] = {
        "model_type": "SentenceTransformer",
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    _write(encoder, folder, "embedding.weight", {"config_sentence_transformers.json": config})


def _write(encoder: Encoder, folder: Path, tensor: str, configs: dict[str, Any]) -> None:
    folder.mkdir()
    (folder / "1_Normalize").mkdir()
    write_tensors(folder / "model.safetensors", {tensor: _token_rows(encoder)})
    (folder / "tokenizer.json").write_text(tokenizer_json(encoder), encoding="utf-8")
    for name, content in {"modules.json": _MODULES, **configs}.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _token_rows(encoder: Encoder) -> NDArray[np.float32]:
    """A row a word, and one of zeros for unknown words, (V + 1, d) float32."""
    rows = np.zeros((len(encoder) + 1, encoder.dimensions), np.float32)
    rows[:-1] = encoder.rows[encoder.places]
    return rows
