"""Folders of static sentence encoders (model2vec, sentence-transformers): token rows and their tokenizer.

Neither library is needed to write them. Both take the mean of a text's token rows. For word vectors the
tokenizer is word-level: it splits text at blanks and punctuation and looks the words up. Words that this
would split (``don't``, ``New York``, ``C++``) become added tokens, which are matched before splitting. So
each word has the same row in these libraries as here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfvec.base.arrays import AnyFloats
from selfvec.base.errors import OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import read_header, write_tensors
from selfvec.files.untrusted import decoding

from .input_file import Input, checked_matrix, encode_words
from .language_model import find_embeddings
from .subwords import load_tokenizer, read_token_rows, vectors_of_tokens

_LAYOUTS = (  # the folder of rows and tokenizer, and the name of the tensor
    ("", "embeddings"),
    ("", "embedding.weight"),
    ("0_StaticEmbedding", "embedding.weight"),
)


def sniff(source: Input) -> bool:
    """A folder with token rows and a tokenizer."""
    sharded = (source.path / "model.safetensors.index.json").is_file()
    return any(is_complete(source.path / folder) for folder, _ in _LAYOUTS) or (
        sharded and (source.path / "tokenizer.json").is_file()
    )


def is_complete(folder: Path) -> bool:
    return (folder / "model.safetensors").is_file() and (folder / "tokenizer.json").is_file()


def read(source: Input) -> Vectors:
    """Read a folder of model2vec, of a static sentence-transformers model, or of a language model."""
    for folder, tensor in _LAYOUTS:
        if is_complete(source.path / folder):
            file = source.open(source.path / folder / "model.safetensors")
            if tensor in read_header(file.path)[0]:
                return read_token_rows(file, tensor)
    model = find_embeddings(source.path)
    if model is None:
        raise source.error(
            "is not a folder of vectors: it needs tokenizer.json, and model.safetensors with a tensor "
            "'embeddings' or the input embeddings of a language model"
        )
    tokenizer = load_tokenizer(source.path / "tokenizer.json")
    return vectors_of_tokens(checked_matrix(model.rows(), source), tokenizer, source)


def write(vectors: Vectors, path: Path) -> None:
    tokenizer = _tokenizer(vectors)
    path.mkdir()
    write_encoder_folder(path, with_unknown(vectors.vectors), tokenizer, normalize=False)


def write_encoder_folder(
    folder: Path,
    rows: AnyFloats,  # a row per token
    tokenizer: str,  # the content of tokenizer.json
    *,
    normalize: bool,  # whether the library scales the vectors of texts to length 1
    library: Literal["model2vec", "sentence-transformers"] = "model2vec",
) -> None:
    """Write all files of a static encoder that ``library`` loads into an existing folder."""
    first = "." if library == "model2vec" else _LAYOUTS[-1][0]  # early versions refuse an empty path
    modules = [(first, "StaticEmbedding"), ("1_Normalize", "Normalize")][: 1 + normalize]
    contents: dict[str, Any] = {
        "modules.json": [
            {"idx": i, "name": f"{i}", "path": path, "type": f"sentence_transformers.models.{name}"}
            for i, (path, name) in enumerate(modules)
        ]
    }
    if library == "model2vec":
        tensor = "embeddings"
        contents["config.json"] = {
            "model_type": "model2vec",
            "architectures": ["StaticModel"],
            "normalize": normalize,
            "max_length": None,  # texts are not cut short
            "hidden_dim": rows.shape[1],
            "embedding_dtype": rows.dtype.name,
        }
    else:
        tensor = "embedding.weight"
        contents["config_sentence_transformers.json"] = {
            "model_type": "SentenceTransformer",
            "prompts": {},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        }
    for path, _ in modules:
        (folder / path).mkdir(exist_ok=True)
    write_tensors(folder / first / "model.safetensors", {tensor: rows})
    (folder / first / "tokenizer.json").write_text(tokenizer, encoding="utf-8")
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def with_unknown(rows: AnyFloats) -> AnyFloats:
    """Rows of V words and one of zeros, number V, for unknown words. (V + 1, d)"""
    return np.concatenate([rows, np.zeros((1, rows.shape[1]), rows.dtype)])


def word_level_tokenizer(
    words: Sequence[str],
    unknown: str,
    normalizer: Mapping[str, Any] | None,
    pre_tokenizer: Mapping[str, Any],
    added_tokens: Sequence[Mapping[str, Any]] = (),
) -> str:
    """The JSON of a tokenizer that gives each of V words its number, and V to ``unknown`` ones."""
    parts = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": list(added_tokens),
        "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer,
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate([*words, unknown])},
            "unk_token": unknown,
        },
    }
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _tokenizer(vectors: Vectors) -> str:
    """A tokenizer that turns every word of the vocabulary into its own row's number."""
    words = vectors.index_to_key
    encode_words(words)
    unknown = "[UNK]"
    while unknown in vectors:
        unknown = f"[{unknown}]"
    parts = (words, unknown, None if vectors.cased else {"type": "Lowercase"}, {"type": "Whitespace"})
    same = {"single_word": True, "lstrip": False, "rstrip": False, "normalized": True, "special": False}
    added = [
        {"id": row, "content": words[row], **same} for row in _split(word_level_tokenizer(*parts), words)
    ]
    tokenizer = word_level_tokenizer(*parts, added)
    for row in _split(tokenizer, words):
        rule = f"a model2vec tokenizer cannot keep the word {words[row][:40]!r} whole"
        remedy = "rename the word or choose another format (safetensors refuses line breaks only)"
        raise OptionError(rule, remedy=remedy)
    return tokenizer


def _split(tokenizer: str, words: list[str]) -> list[int]:
    """Rows of the words that the tokenizer does not turn into exactly their own number."""
    from tokenizers import Tokenizer

    with decoding(Path("tokenizer.json"), "tokenizer"):
        encoded = Tokenizer.from_str(tokenizer).encode_batch_fast(words, add_special_tokens=False)
    return [
        row
        for row, (word, found) in enumerate(zip(words, encoded, strict=True))
        if found.ids != [row] or word != word.strip(" ")
    ]
