"""Tiny language models: tensors of any kind of float in a file, and a tokenizer of pieces beside it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
DTYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}


def stored(rows: np.ndarray, dtype: str) -> np.ndarray:
    """The numbers as they stand in a file."""
    rows = np.ascontiguousarray(rows, np.float32)
    return (rows.view(np.uint32) >> 16).astype("<u2") if dtype == "BF16" else rows.astype(DTYPES[dtype])


def word_piece(tokens: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens([token for token in SPECIAL if token in tokens])
    return tokenizer


def write_model(path: Path, tensors: dict[str, tuple[np.ndarray, str]], tokens: list[str]) -> None:
    """A file of tensors, each with its kind, and the tokenizer of these pieces; the folder is made."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, (array, code) in tensors.items():
        header[name] = {"dtype": code, "shape": list(array.shape), "data_offsets": [end, end + array.nbytes]}
        end += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir()
    data = b"".join(array.tobytes() for array, _ in tensors.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    word_piece(tokens).save(str(path.with_name("tokenizer.json")))
