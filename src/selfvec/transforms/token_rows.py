"""Rows for the tokens of another tokenizer, estimated from those of the old one and static vectors.

A token that the old tokenizer has as well keeps its row. A new one gets the mean of up to three estimates:

* the rows of its ten nearest old tokens in static vectors, weighted by softmax(cosine / 0.1), as in WECHSEL
  (Minixhofer, Paischer and Rekabsaz, 2022) and FOCUS (Dobler and de Melo, 2023);
* the linear map from static vectors to rows that fits the old tokens best (ridge regression);
* the mean row of the pieces that the old tokenizer cuts it into (Gee et al., 2022, *Fast vocabulary
  transfer*), unless the two tokenizers are of different languages.

All three are linear in the old rows, so the same estimate serves every tensor with a row per token.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from selfvec.base.arrays import Floats, Ints, Rows
from selfvec.base.errors import InputError
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.csls import nearest_values
from selfvec.numerics.rows import unit_rows

__all__ = ["NewRows", "Tokens"]

NEIGHBOURS = 10  # as published
TEMPERATURE = 0.1  # as published
_RIDGE = 0.05  # of the mean eigenvalue of the static vectors' second moment
_LEAST = 10  # old tokens with a static vector
_ROLES = (  # special tokens that do the same in different tokenizers
    ("[CLS]", "<s>", "<|startoftext|>", "<bos>"),
    ("[SEP]", "</s>", "<|endoftext|>", "<eos>"),
    ("[PAD]", "<pad>"),
    ("[UNK]", "<unk>"),
    ("[MASK]", "<mask>"),
)


class Tokens:
    """The tokens of a tokenizer: what each is as text, and whether it begins a word."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.ids: dict[str, int] = tokenizer.get_vocab(with_added_tokens=True)
        self.size = 1 + max(self.ids.values(), default=-1)
        heads = Counter(token[:2] if token.startswith("##") else token[:1] for token in self.ids)
        self._marker = max(("##", "▁", "Ġ"), key=lambda marker: heads[marker])
        if not heads[self._marker]:
            self._marker = ""
        added = tokenizer.get_added_tokens_decoder()
        self._special = {token.content for token in added.values() if token.special}
        self._added = {token.content for token in added.values()} - self._special

    @cached_property
    def texts(self) -> dict[str, tuple[str, bool]]:
        """Each token's text without markers, and whether it begins a word; special tokens have none."""
        from tokenizers import decoders

        found = {}
        bytes_of = decoders.ByteLevel()
        for token in self.ids:
            if token in self._special or (token.startswith("<0x") and len(token) == 6):
                continue
            if token in self._added or not self._marker:
                found[token] = token.strip(), True
            elif self._marker == "##":
                found[token] = token.removeprefix("##"), not token.startswith("##")
            else:
                text = bytes_of.decode([token]) if self._marker == "Ġ" else token.replace("▁", " ")
                if "\ufffd" not in text:
                    found[token] = text.strip(), text.startswith(" ")
        return {token: each for token, each in found.items() if each[0]}

    @cached_property
    def keys(self) -> dict[object, int]:
        """The number of each token by its `key`, which is independent of the markers of its tokenizer."""
        keys: dict[object, int] = {}
        for token, number in self.ids.items():
            keys.setdefault(self.key(token), number)
        return keys

    def key(self, token: str) -> object:
        """The meaning of a token: its text and place, its special role, or itself."""
        if token in self.texts:
            return self.texts[token]
        return next((role for role in _ROLES if token in role), token)

    def static(self, vectors: Vectors) -> Rows:
        """Static unit vectors of the tokens, (size, s); zeros for tokens without one.

        A token is looked up by its spelling in the tokenizer. A token that begins a word is also looked up
        by its text, unchanged and in lower case.
        """
        out = np.zeros((self.size, vectors.vector_size), np.float32)
        words = {t: self.texts[t][0] for t in self.ids if t in self.texts and self.texts[t][1]}
        tries = [(list(self.ids), list(self.ids), False)]
        tries += [(list(words), [form(w) for w in words.values()], True) for form in (str, str.lower)]
        for tokens, names, compose in tries:
            numbers = np.array([self.ids[token] for token in tokens], np.int64)
            left = np.flatnonzero(~np.any(out[numbers] != 0, axis=1))
            rows, sources = vectors.lookup([names[i] for i in left.tolist()], compose=compose)
            out[numbers[left]] = np.where((sources != Source.NONE)[:, None], unit_rows(rows), 0)
        return out


@dataclass(frozen=True, eq=False)
class NewRows:
    """How the rows of n new tokens are computed from V old rows.

    Attributes
    ----------
    copied : (n,) int64
        The old row that a token keeps, or -1.
    near, weights : (m, 10)
        Old rows, and their weights, of the tokens ``by_vector``.
    """

    old: int  # V
    copied: Ints
    by_vector: Ints  # (m,) tokens with a static vector that are not copied
    near: Ints
    weights: Rows
    asked: Rows  # (m, s) their static vectors, centred
    known: Ints  # (k,) old rows with a static vector
    solved: Rows  # (s, k) ridge regression: from old rows to the coefficients of the linear map
    pieces: list[list[int]]  # (n,) old rows of each new token's pieces; empty if they are not used

    @classmethod
    def of(cls, old: Tokens, new: Tokens, old_vectors: Vectors, new_vectors: Vectors) -> NewRows:
        """Match two tokenizers by static vectors in one space; both may use the same vectors."""
        copied = np.full(new.size, -1, np.int64)
        for token, number in new.ids.items():
            copied[number] = old.keys.get(new.key(token), -1)
        pieces: list[list[int]] = [[] for _ in range(new.size)]
        missing = [t for t, number in new.ids.items() if copied[number] < 0 and t in new.texts]
        for token, cut in zip(missing, _cut(old, [new.texts[t][0] for t in missing]), strict=True):
            pieces[new.ids[token]] = cut
            if len(cut) == 1 and new.texts[token][1]:  # the old tokenizer has the word in another case
                copied[new.ids[token]] = cut[0]
        x_old = old.static(old_vectors)
        x_new = new.static(new_vectors)
        known = np.flatnonzero(np.any(x_old != 0, axis=1))
        if len(known) < _LEAST:
            rule = f"the static vectors have {len(known)} tokens of the old tokenizer, {_LEAST} are needed"
            raise InputError(rule, remedy="name vectors of the tokenizer's language with --vectors")
        by_vector = np.flatnonzero((copied < 0) & np.any(x_new != 0, axis=1))
        near, cosines = nearest_values(x_new[by_vector], x_old[known], min(NEIGHBOURS, len(known)))
        weights: Floats = np.exp((cosines - cosines[:, :1]) / TEMPERATURE)
        weights /= weights.sum(axis=1, keepdims=True)
        mean = x_old[known].mean(axis=0)
        x = (x_old[known] - mean).astype(np.float64)
        ridge = _RIDGE * np.square(x).sum() / x.shape[1] + 1e-9
        solved = np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T).astype(np.float32)
        if old_vectors is not new_vectors:
            static = set(by_vector.tolist())
            pieces = [[] if number in static else cut for number, cut in enumerate(pieces)]
        return cls(
            old.size, copied, by_vector, known[near], weights,
            x_new[by_vector] - mean, known, solved, pieces,
        )  # fmt: skip

    def estimate(self, rows: Rows) -> Rows:
        """Rows of the new tokens, (n, d), from all old rows, (V, d); copied tokens keep their rows.

        A mean of rows is shorter than the rows. So an estimate is scaled to the mean length of old rows.
        """
        total = np.zeros((len(self.copied), rows.shape[1]), np.float32)
        parts = np.zeros(len(self.copied), np.float32)
        centre = rows[self.known].mean(axis=0)
        linear = self.asked @ (self.solved @ (rows[self.known] - centre)) + centre
        total[self.by_vector] = linear + np.einsum("mk,mkd->md", self.weights, rows[self.near])
        parts[self.by_vector] = 2
        for number, cut in enumerate(self.pieces):
            if cut and self.copied[number] < 0:
                total[number] += rows[cut].mean(axis=0)
                parts[number] += 1
        out = np.where(parts[:, None] > 0, total / np.maximum(parts, 1)[:, None], rows.mean(axis=0))
        if rows.shape[1] > 1:
            length = np.linalg.norm(rows[self.known], axis=1).mean()
            out[parts > 0] = unit_rows(out[parts > 0]) * length
        kept = self.copied >= 0
        out[kept] = rows[self.copied[kept]]
        return out

    def counts(self) -> dict[str, int]:
        """The number of tokens by the origin of their rows."""
        new = self.copied < 0
        cut = np.array([bool(each) for each in self.pieces])
        static = np.zeros(len(new), bool)
        static[self.by_vector] = True
        return {
            "tokens": len(new),
            "kept": int((~new).sum()),
            "from_vectors": int(static.sum()),
            "from_pieces": int((new & cut & ~static).sum()),
            "mean_row": int((new & ~cut & ~static).sum()),
        }


def _cut(old: Tokens, texts: list[str]) -> list[list[int]]:
    """The old tokens of each text, without those for unknown text."""
    unknown = {old.ids[t] for t in ("[UNK]", "<unk>") if t in old.ids}
    found = old.tokenizer.encode_batch(texts, add_special_tokens=False)
    return [[number for number in one.ids if number not in unknown] for one in found]
