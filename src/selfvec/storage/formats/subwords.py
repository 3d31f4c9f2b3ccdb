"""Word vectors from the rows of a tokenizer's tokens. Other words are built from subwords.

A text that the tokenizer turns into exactly one token is a word with a row. The vector of any other word is
built from the rows of its subwords. The tokenizer itself decides this, not its markers (``▁``, ``##``,
``Ġ``), so it works for all tokenizers. The character n-grams of fastText models are in `fasttext`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfvec.base.arrays import AnyFloats, Bytes, Floats, Ints, Mask, Rows
from selfvec.base.compiled import read_only
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import map_tensors
from selfvec.files.untrusted import DAMAGED, decoding
from selfvec.numerics.rows import add_rows

from .input_file import Input, checked_matrix, checked_vectors

_BATCH = 1024  # words built at a time: few enough to do without Numba
_MARK = "▁"  # of sentencepiece, for the space before a word
_MARKERS = "▁Ġ"  # that tokenizers put before a word
_TOGETHER = 64  # words given to the tokenizer as one text; one by one takes twice the time


@dataclass(frozen=True)
class SubwordRows:
    tokenizer: Any  # tokenizers.Tokenizer
    rows: Any  # (tokens, d): an array, or what gives rows as one does
    pool: Literal["sum", "mean"] = "mean"
    lower: bool = False  # whether words are lower-cased first

    def __call__(self, words: Sequence[str]) -> Floats:
        """Sum or mean of the rows of each word's subwords, (n, d); zeros for a word without known ones."""
        return self.with_pieces(words)[0]

    def with_pieces(self, words: Sequence[str]) -> tuple[Floats, Bytes]:
        """The same, and the number of subwords of each word, (n,) uint8, 255 at most."""
        out = np.zeros((len(words), self.rows.shape[1]), np.float32)
        counts = np.zeros(len(words), np.uint8)
        for start in range(0, len(words), _BATCH):
            flat, lengths = self.encoded(words[start : start + _BATCH])
            counts[start : start + _BATCH] = np.minimum(lengths, 255)
            batch = out[start : start + _BATCH]
            rows: Rows = self.rows
            if rows.dtype != np.float32:
                rows, flat = rows[flat].astype(np.float32), np.arange(len(flat))
            ends = np.concatenate(([0], np.cumsum(lengths)))
            ids = read_only(flat.astype(np.int32))
            add_rows(ids, read_only(ends), read_only(rows), np.ones(len(rows), np.float32), batch)
            if self.pool == "mean":
                batch /= np.maximum(lengths, 1)[:, None]
        return out, counts

    def token_vectors(self) -> Vectors:
        """A row per token, by its text in the tokenizer's vocabulary (``▁hail``, ``##ing``)."""
        vocabulary = self._vocabulary
        names = sorted(vocabulary, key=vocabulary.__getitem__)
        return Vectors(names, self.rows[[vocabulary[name] for name in names]])

    def encoded(self, words: Sequence[str]) -> tuple[Ints, Ints]:
        """The tokens of all words without unknown ones, (m,), and the number of tokens of each word, (n,)."""
        texts = [word.lower() for word in words] if self.lower else list(words)
        groups = [texts[start : start + _TOGETHER] for start in range(0, len(texts), _TOGETHER)]
        tokens, owners = self._as_text(groups) or self._one_by_one(groups)
        if self._unknown is not None:
            in_vocabulary = tokens != self._unknown
            tokens = tokens[in_vocabulary]
            owners = owners[in_vocabulary]
        return tokens, np.bincount(owners, minlength=len(texts))

    def _one_by_one(self, groups: list[list[str]]) -> tuple[Ints, Ints]:
        """The tokens of all words, (m,), and the word of each token, (m,)."""
        encodings = self.tokenizer.encode_batch(groups, is_pretokenized=True, add_special_tokens=False)
        tokens = np.fromiter(chain.from_iterable(encoding.ids for encoding in encodings), np.int64)
        within = np.fromiter(chain.from_iterable(encoding.word_ids for encoding in encodings), np.int64)
        sizes = [len(encoding) for encoding in encodings]
        return tokens, within + _TOGETHER * np.repeat(np.arange(len(encodings)), sizes)

    def _as_text(self, groups: list[list[str]]) -> tuple[Ints, Ints] | None:
        """The same for words joined by spaces, in half the time. None if they cannot be told apart."""
        texts = list(map(" ".join, groups))
        if self._begins is None or not all(map(self._tells_apart, texts, groups)):
            return None
        encodings = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        tokens = np.fromiter(chain.from_iterable(encoding.ids for encoding in encodings), np.int64)
        begins = self._begins[tokens]
        owners = np.cumsum(begins) - 1
        ends = np.cumsum([len(each) for each in encodings], dtype=np.int64)  # of the tokens of each text
        words = np.cumsum([len(group) for group in groups], dtype=np.int64)
        # Every text must have tokens, begin with a new word, and hold as many words as were joined.
        if np.any(np.diff(ends, prepend=0) == 0) or not begins[ends[:-1]].all():
            return None
        return (tokens, owners) if np.array_equal(owners[ends - 1] + 1, words) else None

    def _tells_apart(self, text: str, words: Sequence[str]) -> bool:
        """Whether words joined by spaces can be told apart; a space before an added token becomes a token."""
        if text.count(" ") != len(words) - 1 or "  " in f" {text} " or _MARK in text:
            return False
        return not any(token in text for token in self._added)

    @cached_property
    def _added(self) -> list[str]:
        return [token.content for token in self.tokenizer.get_added_tokens_decoder().values()]

    @cached_property
    def _vocabulary(self) -> dict[str, int]:
        vocabulary: dict[str, int] = self.tokenizer.get_vocab(with_added_tokens=True)
        return vocabulary

    @cached_property
    def _begins(self) -> Mask | None:
        """Which tokens begin a word, (tokens,): those with a mark; None if marks may be elsewhere."""
        normalizer = self.tokenizer.normalizer
        if self.tokenizer.pre_tokenizer is not None or normalizer is None:
            return None
        vocabulary = self._vocabulary
        inside = any(_MARK in name.lstrip(_MARK) for name in vocabulary)
        if inside or normalizer.normalize_str("a b") != f"{_MARK}a{_MARK}b":
            return None
        begins = np.zeros(1 + max(vocabulary.values(), default=-1), bool)
        begins[[token for name, token in vocabulary.items() if name.startswith(_MARK)]] = True
        return begins

    @cached_property
    def _unknown(self) -> int | None:
        model = self.tokenizer.model
        if not hasattr(model, "unk_token"):  # Unigram has it only in its JSON
            number: int | None = json.loads(self.tokenizer.to_str())["model"].get("unk_id")
            return number
        return None if model.unk_token is None else self.tokenizer.token_to_id(model.unk_token)

    def whole_words(self, accept: Callable[[str], bool] = bool) -> tuple[list[str], Ints]:
        """Words that are one token, in the order of the tokens, and those tokens (V,)."""
        tokens = sorted(self._vocabulary.values())
        if self._begins is not None:  # a token that does not begin a word is none, unless it was added
            added = self.tokenizer.get_added_tokens_decoder()
            tokens = [token for token in tokens if self._begins[token] or token in added]
        decoded = self.tokenizer.decode_batch([[token] for token in tokens])
        left = {token: text.strip(" ") for token, text in zip(tokens, decoded, strict=True)}
        words: dict[int, str] = {}
        for markers in (_MARKERS + " ", ""):  # without a decoder, markers of a word's start remain
            bare = {token: text.lstrip(markers) for token, text in left.items()}
            tried = {token: text for token, text in bare.items() if text and accept(text)}
            alone = self._only_tokens(list(tried.values())).tolist()
            words |= {token: tried[token] for token, own in zip(tried, alone, strict=True) if own == token}
            left = {
                token: text
                for token, text in left.items()
                if text.startswith(tuple(_MARKERS)) and token not in words
            }
        kept = sorted(words)
        return [words[token] for token in kept], np.array(kept, np.int64)

    def _only_tokens(self, texts: Sequence[str]) -> Ints:
        """The token of each text that is one token, (n,); -1 for other texts."""
        tokens, lengths = self.encoded(texts)
        last = np.append(tokens, -1)[np.cumsum(lengths) - 1]
        return np.where(lengths == 1, last, -1)


def load_tokenizer(path: Path, remedy: str = DAMAGED) -> Any:
    """A tokenizer.json as a `tokenizers.Tokenizer` without padding and truncation."""
    with decoding(path, "tokenizer.json", remedy):
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(path.read_bytes().decode())
        tokenizer.no_padding()
        tokenizer.no_truncation()
    return tokenizer


def read_token_rows(source: Input, tensor: str) -> Vectors:
    """Vectors from token rows in safetensors and the tokenizer beside them.

    model2vec's ``mapping`` (token to row) and ``weights`` (a factor for each token) are applied.
    """
    tensors = map_tensors(source.path)
    if tensor not in tensors:
        raise source.error(f"holds no tensor {tensor!r}")
    rows = checked_matrix(tensors[tensor], source)
    mapping = tensors.get("mapping")
    weights = tensors.get("weights")
    if mapping is not None:
        is_list = mapping.ndim == 1 and mapping.dtype.kind in "iu" and len(mapping) > 0
        if not (is_list and 0 <= mapping.min() <= mapping.max() < len(rows)):
            raise source.error("the mapping does not give every token a row")
        rows = rows[mapping]
    if weights is not None:
        if weights.shape != (len(rows),) or weights.dtype.kind != "f":
            raise source.error("the weights are not one number per token")
        rows = checked_matrix(rows * weights[:, None], source)
    return vectors_of_tokens(rows, load_tokenizer(source.path.with_name("tokenizer.json")), source)


def vectors_of_tokens(rows: AnyFloats, tokenizer: Any, source: Input) -> Vectors:
    """The vectors of whole words; others are built from subwords. ``rows`` has a row per token."""
    size = 1 + max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1)
    if size > len(rows):
        rule = f"the tokenizer has {size} tokens, but there are {len(rows)} rows"
        raise source.error(rule, remedy="put the right tokenizer.json next to the file")
    subwords = SubwordRows(tokenizer, rows)
    with decoding(source.path, "tokenizer.json"):
        words, tokens = subwords.whole_words()
    first = len(tokens) and np.array_equal(tokens, np.arange(len(tokens)))
    matrix = rows[: len(tokens)] if first else rows[tokens]
    word_level = type(tokenizer.model).__name__ == "WordLevel"
    return checked_vectors(words, matrix, source, composer=None if word_level else subwords)
