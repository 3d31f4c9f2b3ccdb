"""The input embeddings of a language model: read as vectors, and written back into an unchanged model.

A model is a folder of Hugging Face with ``tokenizer.json`` and ``model.safetensors``, or several such files
and their index. The tensor of the input embeddings is recognised by its name.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Floats, Rows
from selfvec.base.errors import FormatError
from selfvec.files.tensors import from_bf16, read_header
from selfvec.files.text_files import read_json

from .subwords import load_tokenizer

_INDEX = "model.safetensors.index.json"
_NAMES = (
    "word_embeddings.weight", "embed_tokens.weight", "wte.weight", "tok_embeddings.weight",
    "embed_in.weight", "shared.weight",
)  # fmt: skip
_WHOLE_NAMES = ("embeddings", "embedding.weight", "weights", "decoder.weight", "decoder.bias")
_OUTPUTS = (
    "lm_head.weight", "lm_head.bias", "lm_head.decoder.weight", "lm_head.decoder.bias",
    "embed_out.weight", "predictions.bias", "predictions.decoder.weight", "predictions.decoder.bias",
    "vocab_projector.weight", "vocab_projector.bias",
)  # fmt: skip
_DTYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2")}


@dataclass(frozen=True)
class TokenEmbeddings:
    """The place of the input embeddings of a model, or of another tensor with a row per token."""

    path: Path  # a safetensors file
    name: str  # of the tensor
    dtype: str  # F32, F16 or BF16
    shape: tuple[int, int]  # tokens, dimensions
    start: int  # its first byte in the file

    def stored(self) -> Array:
        """The rows as they are in the file, (tokens, d), a view; BF16 as uint16."""
        return np.memmap(self.path, _DTYPES[self.dtype], "r", self.start, self.shape)

    def rows(self) -> AnyFloats:
        """The rows, (tokens, d) float32 or float16, a view of the file; BF16 is converted to float32."""
        stored = self.stored()
        return from_bf16(stored) if self.dtype == "BF16" else stored

    def as_stored(self, rows: Floats) -> Array:
        """Rows in the type of the file; BF16 is rounded to the nearest, ties to even."""
        if self.dtype != "BF16":
            return rows.astype(_DTYPES[self.dtype])
        bits = np.ascontiguousarray(rows, np.float32).view(np.uint32)
        return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def find_embeddings(folder: Path) -> TokenEmbeddings | None:
    """The input embeddings of a model's folder, or None if no tensor has a known name.

    Raises `FormatError` if the tensor does not fit its file.
    """
    for path in _files(folder):
        header, start = read_header(path)
        for ending in _NAMES:
            for name, entry in header.items():
                if name.endswith(ending):
                    return _embeddings(path, name, entry, start)
    return None


def vocabulary_tensors(path: Path, tokens: int) -> list[TokenEmbeddings]:
    """The tensors of a file that have a row, or a number, for each of at least so many tokens.

    These are the input embeddings (first), the output embeddings and biases, and the rows of a static
    encoder. A vector of n numbers has shape (n, 1).
    """
    header, start = read_header(path)
    tensors: list[TokenEmbeddings] = []
    for ending in (*_NAMES, *_WHOLE_NAMES, *_OUTPUTS):
        for name, entry in header.items():
            named = name == ending if ending in _WHOLE_NAMES else name.endswith(ending)
            if not named:
                continue
            if len(entry["shape"]) == 1 and tensors:
                entry = {**entry, "shape": [*entry["shape"], 1]}
            tensor = _embeddings(path, name, entry, start)
            if tensor.shape[0] >= tokens and tensor.shape[0] == (tensors or [tensor])[0].shape[0]:
                tensors.append(tensor)
    return tensors


def _files(folder: Path) -> list[Path]:
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if not (folder / _INDEX).is_file():
        return []
    places = read_json(folder / _INDEX, "fetch the model again").get("weight_map")
    entries = places.items() if isinstance(places, dict) else ()
    names = {str(file) for name, file in entries if str(name).endswith(_NAMES)}
    return [folder / name for name in sorted(names) if Path(name).name == name and (folder / name).is_file()]


def _embeddings(path: Path, name: str, entry: dict[str, Any], start: int) -> TokenEmbeddings:
    """The tensor of a header's entry; `FormatError` unless it is a matrix of a known type."""
    dtype = entry["dtype"]
    shape = entry["shape"]
    if len(shape) != 2 or dtype not in _DTYPES:
        rule = f"input embeddings are a matrix of {', '.join(_DTYPES)}, but this is {dtype} of shape {shape}"
        raise FormatError(rule, path=path, field=name, remedy="convert it first")
    return TokenEmbeddings(path, name, dtype, (shape[0], shape[1]), start + entry["data_offsets"][0])


def write_back(
    folder: Path,
    target: Path,  # a new folder
    tokens: Sequence[str],  # n; as in the tokenizer's vocabulary
    rows: Rows,  # (n, d) unit or zero rows
) -> int:
    """Copy a model with new rows for some tokens; return how many rows changed.

    A row keeps the length that it has in the model. Rows for which zeros are given, and all other bytes,
    stay.
    """
    embeddings = find_embeddings(folder)
    tokenizer = load_tokenizer(folder / "tokenizer.json")
    if embeddings is None:
        raise FormatError("has no input embeddings of a known name", path=folder, remedy="name another model")
    if rows.shape[1] != embeddings.shape[1]:
        rule = f"the model has {embeddings.shape[1]} dimensions, but these vectors have {rows.shape[1]}"
        remedy = "refine the model's own vectors"
        raise FormatError(rule, path=embeddings.path, field=embeddings.name, remedy=remedy)
    shutil.copytree(folder, target)
    places = [tokenizer.token_to_id(token) for token in tokens]
    kept = np.array([place is not None and place < embeddings.shape[0] for place in places], bool)
    kept &= rows.any(axis=1)
    numbers = np.array([place for place, used in zip(places, kept, strict=True) if used], np.int64)
    old = embeddings.rows()[numbers].astype(np.float32)
    new = rows[kept] * np.linalg.norm(old, axis=1, keepdims=True)
    copy = target / embeddings.path.name
    written: np.memmap[Any, Any] = np.memmap(
        copy, _DTYPES[embeddings.dtype], "r+", embeddings.start, embeddings.shape
    )
    written[numbers] = embeddings.as_stored(new)
    written.flush()
    return len(numbers)
