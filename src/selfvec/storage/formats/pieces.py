"""Token rows with a tokenizer, read as word vectors, such as the built-in vectors.

Texts that the tokenizer turns into exactly one token are words with a row. Other words are built from
subwords. The tokenizer itself decides this, not its markers (``▁``, ``##``, ``Ġ``), so it works for all
tokenizers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata, util
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfvec.base.arrays import AnyFloats, Array, Bytes, Floats, Ints, Mask
from selfvec.base.errors import OptionError
from selfvec.base.tensors import map_tensors
from selfvec.base.untrusted import decoding, panics_held_back
from selfvec.data.vectors import Vectors

from .source import Input, as_table, finish, open_input

__all__ = ["SubwordRows", "load_default", "load_tokenizer", "read_pieces"]

_TABLE = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
_BATCH = 4096  # words built at a time, which limits the memory
_MARK = "▁"  # of sentencepiece, for the space before a word
_TOGETHER = 64  # words given to the tokenizer as one text; one by one takes twice the time


@dataclass(frozen=True)
class SubwordRows:
    """Builds the vectors of words from the rows of their subwords."""

    tokenizer: Any  # tokenizers.Tokenizer
    table: AnyFloats  # (tokens, d)
    pool: Literal["sum", "mean"] = "mean"
    lower: bool = False  # whether words are lower-cased first

    def __call__(self, words: Sequence[str]) -> Floats:
        """Sum or mean of the rows of each word's subwords, (n, d); zeros for a word without known ones."""
        return self.with_pieces(words)[0]

    def with_pieces(self, words: Sequence[str]) -> tuple[Floats, Bytes]:
        """The same, and the number of subwords of each word, (n,) uint8, 255 at most."""
        out = np.zeros((len(words), self.table.shape[1]), np.float32)
        counts = np.zeros(len(words), np.uint8)
        for start in range(0, len(words), _BATCH):
            flat, lengths = self.encoded(words[start : start + _BATCH])
            counts[start : start + _BATCH] = np.minimum(lengths, 255)
            first, batch = np.cumsum(lengths) - lengths, out[start : start + _BATCH]
            for nth in range(lengths.max(initial=0)):  # all first subwords, then all second ones, ...
                longer = np.flatnonzero(lengths > nth)
                batch[longer] += self.table[flat[first[longer] + nth]]
            if self.pool == "mean":
                batch /= np.maximum(lengths, 1)[:, None]
        return out, counts

    def token_vectors(self) -> Vectors:
        """A row per token, by its text in the tokenizer's vocabulary (``▁hail``, ``##ing``)."""
        vocabulary = self.tokenizer.get_vocab(with_added_tokens=True)
        names = sorted(vocabulary, key=vocabulary.__getitem__)
        rows = self.table[[vocabulary[name] for name in names]]
        return Vectors(names, rows)

    def encoded(self, words: Sequence[str]) -> tuple[Ints, Ints]:
        """The tokens of all words without unknown ones, (m,), and the number of tokens of each word, (n,)."""
        texts = [word.lower() for word in words] if self.lower else list(words)
        groups = [texts[start : start + _TOGETHER] for start in range(0, len(texts), _TOGETHER)]
        tokens, owners = self._as_text(groups) or self._one_by_one(groups)
        if self._unknown is not None:
            owners, tokens = owners[tokens != self._unknown], tokens[tokens != self._unknown]
        return tokens, np.bincount(owners, minlength=len(texts))

    def _one_by_one(self, groups: list[list[str]]) -> tuple[Ints, Ints]:
        """The tokens of all words, (m,), and the word of each token, (m,)."""
        found = self.tokenizer.encode_batch(groups, is_pretokenized=True, add_special_tokens=False)
        tokens = np.fromiter(chain.from_iterable(one.ids for one in found), np.int64)
        within = np.fromiter(chain.from_iterable(one.word_ids for one in found), np.int64)
        return tokens, within + _TOGETHER * np.repeat(np.arange(len(found)), [len(one) for one in found])

    def _as_text(self, groups: list[list[str]]) -> tuple[Ints, Ints] | None:
        """The same for words joined by spaces, in half the time. None if they cannot be told apart."""
        texts = list(map(" ".join, groups))
        if self._begins is None or not all(map(_one_space_between, texts, groups)):
            return None
        found = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        tokens = np.fromiter(chain.from_iterable(one.ids for one in found), np.int64)
        begins = self._begins[tokens]
        ends = np.cumsum([len(one) for one in found], dtype=np.int64)
        words = np.cumsum([len(group) for group in groups], dtype=np.int64)
        owners = np.cumsum(begins) - 1
        apart = np.all(np.diff(ends, prepend=0) > 0) and begins[ends[:-1]].all()
        return (tokens, owners) if apart and np.array_equal(owners[ends - 1] + 1, words) else None

    @cached_property
    def _begins(self) -> Mask | None:
        """Which tokens begin a word, (tokens,): those with a mark; None if marks may be elsewhere."""
        normalizer = self.tokenizer.normalizer
        if self.tokenizer.pre_tokenizer is not None or normalizer is None:
            return None
        vocabulary = self.tokenizer.get_vocab(with_added_tokens=True)
        inside = any(_MARK in name.lstrip(_MARK) for name in vocabulary)
        if inside or normalizer.normalize_str("a b") != f"{_MARK}a{_MARK}b":
            return None
        begins = np.zeros(1 + max(vocabulary.values(), default=-1), bool)
        begins[[token for name, token in vocabulary.items() if name.startswith(_MARK)]] = True
        return begins

    @cached_property
    def _unknown(self) -> int | None:
        """The token for unknown text."""
        model = self.tokenizer.model
        if not hasattr(model, "unk_token"):  # Unigram has it only in its JSON
            number: int | None = json.loads(self.tokenizer.to_str())["model"].get("unk_id")
            return number
        return None if model.unk_token is None else self.tokenizer.token_to_id(model.unk_token)

    def whole_words(self, accept: Callable[[str], bool] = bool) -> tuple[list[str], Ints]:
        """Words that are one token, in the order of the tokens, and those tokens (V,)."""
        tokens = sorted(self.tokenizer.get_vocab(with_added_tokens=True).values())
        decoded = self.tokenizer.decode_batch([[token] for token in tokens])
        left = [(token, text.strip(" ")) for token, text in zip(tokens, decoded, strict=True)]
        words: dict[int, str] = {}
        for markers in ("▁Ġ ", ""):  # without a decoder, markers of a word's start remain
            bare = ((token, text.lstrip(markers)) for token, text in left)
            tried = {token: text for token, text in bare if text and accept(text)}
            found, lengths = self.encoded(list(tried.values()))
            only = np.where(lengths == 1, np.append(found, -1)[np.cumsum(lengths) - 1], -1)  # their one token
            same = [token for token, own in zip(tried, only.tolist(), strict=True) if own == token]
            words |= {token: tried[token] for token in same}
            left = [(token, text) for token, text in left if text[:1] in ("▁", "Ġ") and token not in words]
        kept = sorted(words)
        return [words[token] for token in kept], np.array(kept, np.int64)


def load_tokenizer(path: Path) -> Any:
    """A tokenizer.json as a `tokenizers.Tokenizer` without padding and truncation."""
    with decoding(path, "tokenizer.json"), panics_held_back():
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(path.read_bytes().decode())
        tokenizer.no_padding()
        tokenizer.no_truncation()
    return tokenizer


def read_pieces(source: Input, tokenizer_path: Path, tensor: str) -> Vectors:
    """Vectors from token rows in safetensors and their tokenizer.

    model2vec's ``mapping`` (token to row) and ``weights`` (a factor for each token) are applied.
    """
    tensors = map_tensors(source.path)
    if tensor not in tensors:
        raise source.error(f"holds no tensor {tensor!r}")
    table = as_table(tensors[tensor], source)
    tokenizer = load_tokenizer(tokenizer_path)
    size = 1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    mapping, weights = tensors.get("mapping"), tensors.get("weights")
    if mapping is not None:
        if mapping.ndim != 1 or mapping.dtype.kind not in "iu" or not _within(mapping, len(table)):
            raise source.error("the mapping does not give every token a row")
        table = table[mapping]
    if weights is not None:
        if weights.shape != (len(table),) or weights.dtype.kind != "f":
            raise source.error("the weights are not one number per token")
        table = as_table(table * weights[:, None], source)
    if size > len(table):
        raise source.error(
            f"the tokenizer has {size} tokens, but there are {len(table)} rows",
            remedy="put the right tokenizer.json next to the file",
        )
    return vectors_of(table, tokenizer, source)


def vectors_of(table: AnyFloats, tokenizer: Any, source: Input) -> Vectors:
    """The rows of whole words, and a composer for others; ``table`` has a row per token."""
    pieces = SubwordRows(tokenizer, table)
    with decoding(source.path, "tokenizer.json"), panics_held_back():
        words, tokens = pieces.whole_words()
    first = len(tokens) and np.array_equal(tokens, np.arange(len(tokens)))
    matrix = table[: len(tokens)] if first else table[tokens]
    word_level = type(tokenizer.model).__name__ == "WordLevel"
    return finish(words, matrix, source, composer=None if word_level else pieces)


def _one_space_between(text: str, words: Sequence[str]) -> bool:
    """Whether words that were joined by spaces can be told apart."""
    return text.count(" ") == len(words) - 1 and "  " not in f" {text} " and _MARK not in text


def _within(rows: Array, length: int) -> bool:
    return len(rows) > 0 and rows.min() >= 0 and rows.max() < length


def load_default(limit: int | None = None) -> Vectors:
    """The built-in vectors: the 256-dimensional token rows in the PyPI package ``wordllama``.

    Its two files are read directly, because the package's own loader may use the network. A word's vector is
    the sum of its subwords' vectors (Llama 2's byte-pair encoding, lower-cased, with the space marker in
    front).
    """
    spec = util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise OptionError(
            "the built-in vectors are in the package 'wordllama', which is not installed",
            remedy="run: pip install wordllama (or name a vectors file)",
        )
    folder = Path(spec.origin).parent
    source = replace(open_input(folder / _TABLE), limit=limit)
    tensors = list(map_tensors(source.path).values())
    if len(tensors) != 1:
        raise source.error("does not hold exactly one tensor", remedy="reinstall wordllama")
    tokenizer = load_tokenizer(folder / _TOKENIZER)
    table = as_table(tensors[0], source).astype(np.float32)  # 32 MB; adding halves is many times slower
    pieces = SubwordRows(tokenizer, table, pool="sum", lower=True)
    if len(table) < tokenizer.get_vocab_size():
        raise source.error("lacks a row for every token of its tokenizer", remedy="reinstall wordllama")
    words, tokens = pieces.whole_words(_is_lower_word)
    vectors = finish(words, table[tokens], source, composer=pieces)
    vectors.provenance |= {"package": f"wordllama {metadata.version('wordllama')}"}
    return vectors


def _is_lower_word(text: str) -> bool:
    return text.isalnum() and text == text.lower()
