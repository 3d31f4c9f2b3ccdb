"""A model with another tokenizer, or with more words: new token rows, everything else unchanged.

The model is a folder with ``tokenizer.json`` and ``model.safetensors``: a language model, a model2vec encoder
or a static one of sentence-transformers.

A token that the old tokenizer has as well keeps its row. A new one gets the mean of up to three estimates:

* the rows of its ten nearest old tokens in static vectors, weighted by softmax(cosine / 0.1), as in WECHSEL
  (Minixhofer, Paischer and Rekabsaz, 2022) and FOCUS (Dobler and de Melo, 2023);
* the linear map from static vectors to rows that fits the old tokens best (ridge regression);
* the mean row of the pieces that the old tokenizer cuts it into (Gee et al., 2022, *Fast vocabulary
  transfer*), unless the two tokenizers are of different languages.

All three are linear in the old rows, so the same estimate serves every tensor with a row per token.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.answer import Answer
from selfvec.base.arrays import Array, Floats, Ints, Rows
from selfvec.base.checks import StrPath
from selfvec.base.declarations import checked
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.files.atomic_files import atomic_folder, check_target
from selfvec.files.tensors import read_header, replace_tensors
from selfvec.files.text_files import read_json, read_text
from selfvec.numerics.nearest import nearest_values
from selfvec.numerics.ridge import ridge_map
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.storage.alignment_files import find_aligned
from selfvec.storage.formats import load
from selfvec.storage.formats.language_model import TokenEmbeddings, vocabulary_tensors
from selfvec.storage.formats.model2vec import is_complete
from selfvec.storage.formats.subwords import load_tokenizer

from .written import transformed

_STALE = (  # files of the old tokenizer
    *("vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"),
    *("added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"),
)
_CONFIGS = ("config.json", "generation_config.json")
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


@checked
def tokenizer(
    encoder: StrPath,
    vectors: Vectors | StrPath,
    tokenizer: StrPath | None = None,
    add_words: StrPath | int | None = None,
    *,
    output: StrPath,
    overwrite: bool = False,
) -> Answer:
    """Give a model's token vectors a new tokenizer.

    Parameters
    ----------
    encoder : path
        The folder of an encoder or language model.
    vectors : Vectors or path
        Static vectors that know the tokens; or two aligned files. A folder that ``align`` wrote has two
        sets of vectors: a for the old tokenizer, b for the new one, of another language.
    tokenizer : path, optional
        The new tokenizer: its ``tokenizer.json``, or its folder.
    add_words : path or int, optional
        Words to add to the old tokenizer, or how many of the vectors. A file has one word per line; of a
        number, the most frequent words that the old tokenizer cuts into several pieces.
    output : path
        The folder to write.
    overwrite : bool
        Replace what exists at that place.

    Returns
    -------
    Answer
        The number of tokens by the origin of their rows.

    Raises
    ------
    OptionError
        If not one of ``tokenizer`` and ``add_words`` is given.
    InputError
        If a file cannot be read or is damaged.
    TargetError
        If ``output`` exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> texts = ["hail broke the roof", "the river rose over the road", "an invoice was paid"] * 20
    >>> run = selfvec.refine(texts, method="decorrelated")
    >>> _ = selfvec.export(run, "model2vec", "model")
    >>> _ = Path("words.txt").write_text("tornadic\\nsupercell\\n")
    >>> selfvec.tokenizer("model", "default", add_words="words.txt", output="larger")["tokens"]
    31
    """
    if (tokenizer is None) == (add_words is None):
        rule = "needs a new tokenizer, or words for the old one"
        raise OptionError(rule, field="tokenizer", remedy="give one of --tokenizer and --add-words")
    check_target(output, overwrite=overwrite, folder=True)
    source = Path(encoder)
    place = _model_folder(source)
    old = Tokens(load_tokenizer(place / "tokenizer.json"))
    of_old, of_new = _static_vectors(vectors)
    words = [] if add_words is None else _chosen_words(str(add_words), old, of_new)
    given = None if tokenizer is None else load_tokenizer(_tokenizer_file(tokenizer))
    new = Tokens(_with_words(old.tokenizer, words) if given is None else given)
    copied, estimate, counts = new_rows(old, new, of_old, of_new)
    path = place / "model.safetensors"
    tables, shapes = vocabulary_tensors(path, old.size), read_header(path)[0]
    if not tables or "mapping" in shapes:
        rule = f"has no tensor with a row for each of the {old.size:,} tokens"
        remedy = "name a model whose token embeddings have a known name and are not quantised"
        raise FormatError(rule, path=path, remedy=remedy)
    # Of a tokenizer that grows, a table may have rows that no token has: a model is often padded.
    size = new.size if tokenizer is not None else max(new.size, tables[0].shape[0])

    def made(table: TokenEmbeddings) -> Array:
        """The new rows of a tensor in its stored type; copied rows are bit-identical."""
        stored, kept = table.stored(), copied >= 0
        out = np.zeros((size, table.shape[1]), stored.dtype)
        if size == len(stored) or new.size < size:
            out[: len(stored)] = stored[:size]  # rows after the last token
        rows = out[: new.size]
        rows[:] = table.as_stored(estimate(np.asarray(table.rows()[: old.size], np.float32)))
        rows[kept] = stored[copied[kept]]
        return out.reshape(size, *shapes[table.name]["shape"][1:])

    arrays = {table.name: made(table) for table in tables}
    with atomic_folder(output, overwrite=overwrite) as folder:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        inside = folder / place.relative_to(source)
        replace_tensors(path, inside / "model.safetensors", arrays)
        if tokenizer is None:
            from tokenizers import Tokenizer

            left_out, file = [], inside / "tokenizer.json"
            kept = _with_words(Tokenizer.from_file(str(file)), words)  # whose truncation and padding stay
            file.write_text(kept.to_str(), encoding="utf-8")
        else:
            left_out = _replace_tokenizer(inside, Path(tokenizer))
        left_out += _write_configs(folder, old, new, size)
    figures = {**counts, "dimensions": tables[0].shape[1], "tensors": list(arrays)}
    places = {"source": os.fspath(encoder), "target": os.fspath(output)}
    return transformed("tokenizer", figures, left_out, **places)


def _static_vectors(given: Vectors | StrPath) -> tuple[Vectors, Vectors]:
    """The static vectors of the old tokens and of the new ones: the same, unless two are aligned."""
    if isinstance(given, Vectors):
        return given, given
    if (aligned := find_aligned(given)) is not None:
        return load(aligned[0]), load(aligned[1])
    vectors = load(given)
    return vectors, vectors


def _chosen_words(asked: str, old: Tokens, vectors: Vectors) -> list[str]:
    """The words to add: those of a file or, of a number, the most frequent ones that are cut into pieces."""
    if not asked.isdecimal():
        words = [line.strip() for line in read_text(Path(asked)).split("\n")]
        words = [word for word in dict.fromkeys(words) if word and (word, True) not in old.keys]
        if not words:
            rule = "has no word that is not a token yet"
            raise InputError(rule, path=asked, remedy="give a word per line")
        return words
    order = (
        range(len(vectors)) if vectors.counts is None else np.argsort(-vectors.counts, kind="stable").tolist()
    )
    words = [word for i in order if (word := vectors.index_to_key[i]).isalpha()]
    pairs = zip(words, old.tokenizer.encode_batch(words, add_special_tokens=False), strict=True)
    return [word for word, encoding in pairs if len(encoding.ids) > 1][: int(asked)]


def _replace_tokenizer(folder: Path, given: Path) -> list[str]:
    """Replace tokenizer.json and files that describe the old one; notes on those that have no successor."""
    file = _tokenizer_file(given)
    gone = [name for name in _STALE if (folder / name).exists()]
    for name in gone:
        (folder / name).unlink()
        if file.parent != given.parent and (file.parent / name).is_file():
            shutil.copyfile(file.parent / name, folder / name)
    shutil.copyfile(file, folder / "tokenizer.json")
    return [f"{name} described the old tokenizer" for name in gone if not (folder / name).exists()]


def _model_folder(source: Path) -> Path:
    for place in (source, source / "0_StaticEmbedding"):
        if is_complete(place):
            return place
    raise InputError(
        "is not a model folder with tokenizer.json and one model.safetensors",
        path=source,
        remedy="name a model's folder; merge a sharded one first",
    )


def _tokenizer_file(given: StrPath) -> Path:
    path = Path(given)
    return path / "tokenizer.json" if path.is_dir() else path


def _with_words(tokenizer: Any, words: list[str]) -> Any:
    """A copy of a tokenizer with these words as tokens, with a blank before them."""
    from tokenizers import AddedToken, Tokenizer

    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.add_tokens([AddedToken(word, single_word=True, lstrip=True, normalized=True) for word in words])
    return copy


def _write_configs(folder: Path, old: Tokens, new: Tokens, size: int) -> list[str]:
    """Set the vocabulary size and the numbers of special tokens; return notes on those without an equal."""
    lost = []
    tokens = {number: token for token, number in old.ids.items()}

    def changed(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: changed(inner, name) for name, inner in value.items()}
        if key == "vocab_size" and isinstance(value, int):
            return size
        if isinstance(value, list):
            return [changed(inner, key) for inner in value]
        if key.endswith("_token_id") and isinstance(value, int) and value in tokens:
            number = new.keys.get(old.key(tokens[value]))
            if number is None:
                lost.append(f"{key} was {tokens[value]!r}, which the new tokenizer lacks: set it yourself")
            return value if number is None else number
        return value

    for name in _CONFIGS:
        for path in sorted(folder.rglob(name)):
            config = changed(read_json(path, "fetch the model again"), "")
            path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return lost


# ---- Rows for the tokens of another tokenizer


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

        texts = {}
        bytes_of = decoders.ByteLevel()
        for token in self.ids:
            if token in self._special or (token.startswith("<0x") and len(token) == 6):
                continue
            if token in self._added or not self._marker:
                texts[token] = token.strip(), True
            elif self._marker == "##":
                texts[token] = token.removeprefix("##"), not token.startswith("##")
            else:
                text = bytes_of.decode([token]) if self._marker == "Ġ" else token.replace("▁", " ")
                if "\ufffd" not in text:
                    texts[token] = text.strip(), text.startswith(" ")
        return {token: each for token, each in texts.items() if each[0]}

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
            left = np.flatnonzero(~filled_rows(out[numbers]))
            rows, sources = vectors.lookup([names[i] for i in left.tolist()], compose=compose)
            out[numbers[left]] = np.where((sources != Source.NONE)[:, None], unit_rows(rows), 0)
        return out


def new_rows(
    old: Tokens, new: Tokens, old_vectors: Vectors, new_vectors: Vectors
) -> tuple[Ints, Callable[[Rows], Rows], dict[str, int]]:
    """Match two tokenizers by static vectors in one space; both may use the same vectors.

    Gives the old row that each of n new tokens keeps, (n,), or -1; a function that estimates the rows of the
    others, (n, d), from all old rows, (V, d); and the number of tokens by the origin of their rows.
    """
    copied = np.full(new.size, -1, np.int64)
    for token, number in new.ids.items():
        copied[number] = old.keys.get(new.key(token), -1)
    missing = [t for t, number in new.ids.items() if copied[number] < 0 and t in new.texts]
    pieces: dict[int, list[int]] = {}
    for token, cut in zip(missing, _cut(old, [new.texts[t][0] for t in missing]), strict=True):
        if len(cut) == 1 and new.texts[token][1]:  # the old tokenizer has the word in another case
            copied[new.ids[token]] = cut[0]
        elif cut:
            pieces[new.ids[token]] = cut
    x_old, x_new = old.static(old_vectors), new.static(new_vectors)
    known = np.flatnonzero(filled_rows(x_old))
    if len(known) < _LEAST:
        rule = f"the static vectors have {len(known)} tokens of the old tokenizer, {_LEAST} are needed"
        raise InputError(rule, remedy="name vectors of the tokenizer's language with --vectors")
    by_vector = np.flatnonzero((copied < 0) & filled_rows(x_new))
    near, cosines = nearest_values(x_new[by_vector], x_old[known], min(NEIGHBOURS, len(known)))
    weights: Floats = np.exp((cosines - cosines[:, :1]) / TEMPERATURE)
    weights /= weights.sum(axis=1, keepdims=True)
    mean = x_old[known].mean(axis=0)
    static, asked = x_old[known] - mean, x_new[by_vector] - mean
    ridge = _RIDGE * float(np.square(static, dtype=np.float64).sum()) / static.shape[1] + 1e-9
    has_vector = set(by_vector.tolist())
    if old_vectors is not new_vectors:
        pieces = {number: cut for number, cut in pieces.items() if number not in has_vector}

    def estimate(rows: Rows) -> Rows:
        """A mean of rows is shorter than the rows. So it is scaled to the mean length of old rows."""
        total = np.zeros((new.size, rows.shape[1]), np.float32)
        parts = np.zeros(new.size, np.float32)
        centre = rows[known].mean(axis=0)
        linear = asked @ ridge_map(static, rows[known] - centre, ridge) + centre
        total[by_vector] = linear + np.einsum("mk,mkd->md", weights, rows[known[near]])
        parts[by_vector] = 2
        for number, cut in pieces.items():
            total[number] += rows[cut].mean(axis=0)
            parts[number] += 1
        out = np.where(parts[:, None] > 0, total / np.maximum(parts, 1)[:, None], rows.mean(axis=0))
        if rows.shape[1] > 1:
            length = np.linalg.norm(rows[known], axis=1).mean()
            out[parts > 0] = unit_rows(out[parts > 0]) * length
        return out

    kept, from_pieces = int((copied >= 0).sum()), len(pieces.keys() - has_vector)
    counts = {"tokens": new.size, "kept": kept, "from_vectors": len(by_vector), "from_pieces": from_pieces}
    return copied, estimate, counts | {"mean_row": new.size - kept - len(by_vector) - from_pieces}


def _cut(old: Tokens, texts: list[str]) -> list[list[int]]:
    """The old tokens of each text, without those for unknown text."""
    unknown = {old.ids[t] for t in ("[UNK]", "<unk>") if t in old.ids}
    encodings = old.tokenizer.encode_batch(texts, add_special_tokens=False)
    return [[number for number in encoding.ids if number not in unknown] for encoding in encodings]
