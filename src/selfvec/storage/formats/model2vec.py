"""model2vec folders (static sentence encoders): a token table with its tokenizer.

Written for word vectors, the tokenizer is word-level: it splits text at blanks and punctuation and looks the
words up. Words that this would split (``don't``, ``New York``, ``C++``) are entered as added tokens, which
are found before the splitting. The real library then gives every word the row it has here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.errors import OptionError
from selfvec.base.files import atomic_folder
from selfvec.base.tensors import write_tensors
from selfvec.data.vectors import Vectors

from .check import encode_words
from .pieces import read_pieces
from .source import Input, decoding

__all__ = ["read", "sniff", "write"]

_LAYOUTS = (  # folder of table and tokenizer, the table's tensor
    ("", "embeddings"),
    ("", "embedding.weight"),
    ("0_StaticEmbedding", "embedding.weight"),
)


def sniff(source: Input) -> bool:
    """A folder with a table and a tokenizer."""
    return any(_complete(source.path / folder) for folder, _ in _LAYOUTS)


def _complete(folder: Path) -> bool:
    return (folder / "model.safetensors").is_file() and (folder / "tokenizer.json").is_file()


def read(source: Input) -> Vectors:
    """Read a model2vec folder (or a sentence-transformers one with a static table)."""
    for folder, tensor in _LAYOUTS:
        if _complete(source.path / folder):
            table = source.open(source.path / folder / "model.safetensors")
            if tensor.encode() in table.data[: 1 << 16]:
                return read_pieces(table, source.path / folder / "tokenizer.json", tensor)
    raise source.error(
        "is no model2vec folder: it needs model.safetensors with a tensor 'embeddings', and tokenizer.json",
        remedy="get the model again",
    )


def write(vectors: Vectors, path: Path) -> None:
    """Write a model2vec folder; the table gets one row more, of zeros, for unknown words."""
    tokenizer = _tokenizer(vectors)
    unknown = np.zeros((1, vectors.vector_size), vectors.vectors.dtype)
    config = {
        "model_type": "model2vec",
        "architectures": ["StaticModel"],
        "normalize": False,
        "hidden_dim": vectors.vector_size,
        "embedding_dtype": vectors.vectors.dtype.name,
    }
    modules = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]
    with atomic_folder(path) as folder:
        table = np.concatenate([vectors.vectors, unknown])
        write_tensors(folder / "model.safetensors", {"embeddings": table})
        (folder / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
        for name, content in (("config.json", config), ("modules.json", modules)):
            (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _tokenizer(vectors: Vectors) -> str:
    """The JSON of a tokenizer that turns every word of the vocabulary into its own row's number.

    Raises
    ------
    OptionError
        Naming the word that no tokenizer of this kind can keep whole.
    """
    words = vectors.index_to_key
    encode_words(words)
    unknown = "[UNK]"
    while unknown in vectors:
        unknown = f"[{unknown}]"
    vocabulary = dict(vectors.key_to_index) | {unknown: len(words)}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown}
    parts: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None if vectors.cased else {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": model,
    }
    parts["added_tokens"] = [
        {
            "id": row,
            "content": words[row],
            "single_word": True,
            "lstrip": False,
            "rstrip": False,
            "normalized": True,
            "special": False,
        }
        for row in _split(parts, words)
    ]
    for row in _split(parts, words):
        raise OptionError(
            f"a model2vec tokenizer cannot keep the word {words[row][:40]!r} whole",
            remedy="rename the word or choose another format (safetensors refuses line breaks only)",
        )
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _split(parts: dict[str, Any], words: list[str]) -> list[int]:
    """Rows of the words that the tokenizer does not turn into exactly their own number."""
    from tokenizers import Tokenizer

    with decoding(Path("tokenizer.json"), "tokenizer"):
        encoded = Tokenizer.from_str(json.dumps(parts)).encode_batch_fast(words, add_special_tokens=False)
    return [
        row
        for row, (word, found) in enumerate(zip(words, encoded, strict=True))
        if found.ids != [row] or word != word.strip(" ")
    ]
