"""A model with another tokenizer, or with more words: new token rows, everything else unchanged.

The model is a folder with ``tokenizer.json`` and ``model.safetensors``: a language model, a model2vec encoder
or a static one of sentence-transformers. `selfvec.transforms.token_rows` computes the rows.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.atomic_files import atomic_folder
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.base.targets import check_target
from selfvec.base.tensors import read_header, replace_tensors
from selfvec.base.text_files import read_json, read_text
from selfvec.data.vectors import Vectors
from selfvec.storage.aligned_vectors import find_aligned
from selfvec.storage.formats import load
from selfvec.storage.formats.language_model import TokenEmbeddings, vocabulary_tensors
from selfvec.storage.formats.subwords import SubwordRows, load_tokenizer

from .method import Transform
from .token_rows import NewRows, Tokens

__all__ = ["TokenizerTransfer"]

_STALE = (  # files of the old tokenizer
    *("vocab.txt", "vocab.json", "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model"),
    *("added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"),
)
_CONFIGS = ("config.json", "generation_config.json")


class TokenizerTransfer(Transform):
    """Give a model's token vectors a new tokenizer.

    Parameters
    ----------
    vectors : Vectors or path
        Static vectors that know the tokens; or two aligned files. A folder that ``align`` wrote has two
        sets of vectors: a for the old tokenizer, b for the new one, of another language.
    tokenizer : path, optional
        The new tokenizer: its ``tokenizer.json``, or its folder.
    add_words : path or int, optional
        Words to add to the old tokenizer, or how many of the vectors. A file has one word per line; of a
        number, the most frequent words that the old tokenizer cuts into several pieces.
    """

    vectors: Vectors | str | os.PathLike[str]
    tokenizer: str | os.PathLike[str] | None = None
    add_words: str | os.PathLike[str] | int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.tokenizer is None) == (self.add_words is None):
            rule = "needs a new tokenizer, or words for the old one"
            raise OptionError(rule, field="tokenizer", remedy="give one of --tokenizer and --add-words")

    def fit_transform(self, vectors: Vectors) -> Vectors:
        """The words of the new tokenizer, from vectors that were read from a model with its tokenizer."""
        pieces = vectors.composer
        if not isinstance(pieces, SubwordRows):
            raise InputError("has no vectors of a model's tokens", remedy="load the folder of a model")
        new, made = self._fitted(pieces.tokenizer)
        rows = made.estimate(np.asarray(pieces.rows[: made.old], np.float32))
        composer = SubwordRows(new, rows, pool=pieces.pool, lower=pieces.lower)
        words, tokens = composer.whole_words()
        return Vectors(words, rows[tokens], composer=composer)

    def transform_file(
        self, source: str, target: Path, format: str | None = None, *, overwrite: bool = False
    ) -> list[str]:
        """Copy a model's folder with new token rows; return what was left out of the copy."""
        if format is not None:
            raise OptionError("a model keeps its format", field="to", remedy="leave it out")
        check_target(target, overwrite=overwrite, folder=True)
        place = _model_folder(Path(source))
        path = place / "model.safetensors"
        new, made = self._fitted(load_tokenizer(place / "tokenizer.json"))
        tables = vocabulary_tensors(path, made.old)
        if not tables or "mapping" in read_header(path)[0]:
            raise FormatError(
                f"has no tensor with a row for each of the {made.old:,} tokens",
                path=path,
                remedy="name a model whose token embeddings have a known name and are not quantised",
            )
        size = len(made.copied) if self.tokenizer is not None else max(len(made.copied), tables[0].shape[0])
        shapes = read_header(path)[0]
        arrays = {
            t.name: _new_table(t, made, size).reshape(size, *shapes[t.name]["shape"][1:]) for t in tables
        }
        with atomic_folder(target, overwrite=overwrite) as folder:
            shutil.copytree(source, folder, dirs_exist_ok=True)
            inside = folder / place.relative_to(source)
            replace_tensors(path, inside / "model.safetensors", arrays)
            left_out = self._write_tokenizer(place, inside)
            left_out += _write_configs(folder, load_tokenizer(place / "tokenizer.json"), new, size)
        dimensions = tables[0].shape[1]
        self.report_ = {**made.counts(), "dimensions": dimensions, "tensors": list(arrays)}
        return left_out

    def _fitted(self, old: Any) -> tuple[Any, NewRows]:
        """The new tokenizer, and how the rows of its tokens are made."""
        aligned = None if isinstance(self.vectors, Vectors) else find_aligned(self.vectors)
        if aligned is not None:
            of_old = load(aligned[0])
            of_new = load(aligned[1])
        else:
            of_old = of_new = self.vectors if isinstance(self.vectors, Vectors) else load(self.vectors)
        new = load_tokenizer(_tokenizer_file(self.tokenizer)) if self.tokenizer is not None else None
        if new is None:
            self._words = self._chosen_words(old, of_new)
            new = _with_words(old, self._words)
        return new, NewRows.of(Tokens(old), Tokens(new), of_old, of_new)

    def _chosen_words(self, old: Any, vectors: Vectors) -> list[str]:
        """The words to add: those of the file, or the most frequent ones that are cut into pieces."""
        number = str(self.add_words)
        known = Tokens(old).keys
        if not number.isdecimal():
            words = [line.strip() for line in read_text(Path(number)).split("\n")]
            words = [word for word in dict.fromkeys(words) if word and (word, True) not in known]
            if not words:
                raise InputError(
                    "has no word that is not a token yet", path=number, remedy="give a word per line"
                )
            return words
        order = (
            range(len(vectors))
            if vectors.counts is None
            else np.argsort(-vectors.counts, kind="stable").tolist()
        )
        words = [word for i in order if (word := vectors.index_to_key[i]).isalpha()]
        cut = old.encode_batch(words, add_special_tokens=False)
        return [word for word, one in zip(words, cut, strict=True) if len(one.ids) > 1][: int(number)]

    def _write_tokenizer(self, place: Path, folder: Path) -> list[str]:
        """Write tokenizer.json, and remove files that describe the old one."""
        from tokenizers import Tokenizer

        if self.tokenizer is None:
            whole = Tokenizer.from_file(str(place / "tokenizer.json"))
            (folder / "tokenizer.json").write_text(_with_words(whole, self._words).to_str(), encoding="utf-8")
            return []
        file = _tokenizer_file(self.tokenizer)
        gone = [name for name in _STALE if (folder / name).exists()]
        for name in gone:
            (folder / name).unlink()
            if file.parent != Path(self.tokenizer).parent and (file.parent / name).is_file():
                shutil.copyfile(file.parent / name, folder / name)
        shutil.copyfile(file, folder / "tokenizer.json")
        return [f"{name} described the old tokenizer" for name in gone if not (folder / name).exists()]


def _model_folder(source: Path) -> Path:
    """The folder of a model with its token embeddings and tokenizer."""
    for place in (source, source / "0_StaticEmbedding"):
        if (place / "model.safetensors").is_file() and (place / "tokenizer.json").is_file():
            return place
    raise InputError(
        "is not a model folder with tokenizer.json and one model.safetensors",
        path=source,
        remedy="name a model's folder; merge a sharded one first",
    )


def _tokenizer_file(given: str | os.PathLike[str]) -> Path:
    path = Path(given)
    return path / "tokenizer.json" if path.is_dir() else path


def _with_words(tokenizer: Any, words: list[str]) -> Any:
    """A copy of a tokenizer with these words as tokens, with a blank before them."""
    from tokenizers import AddedToken, Tokenizer

    copy = Tokenizer.from_str(tokenizer.to_str())
    copy.add_tokens([AddedToken(word, single_word=True, lstrip=True, normalized=True) for word in words])
    return copy


def _new_table(table: TokenEmbeddings, made: NewRows, size: int) -> Any:
    """The new rows of a tensor in its stored type, (size, d); copied rows are bit-identical."""
    old = table.stored()
    out = np.zeros((size, table.shape[1]), old.dtype)
    if size == table.shape[0] or len(made.copied) < size:
        out[: len(old)] = old[:size]  # rows after the last token
    out[: len(made.copied)] = table.as_stored(made.estimate(np.asarray(table.rows()[: made.old], np.float32)))
    kept = made.copied >= 0
    out[: len(made.copied)][kept] = old[made.copied[kept]]
    return out


def _write_configs(folder: Path, old: Any, new: Any, size: int) -> list[str]:
    """Set the vocabulary size and the numbers of special tokens; return notes on those without an equal."""
    numbers = Tokens(new).keys
    names = Tokens(old)
    lost = []
    tokens = {number: token for token, number in names.ids.items()}

    def changed(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: changed(one, name) for name, one in value.items()}
        if key == "vocab_size" and isinstance(value, int):
            return size
        if isinstance(value, list):
            return [changed(one, key) for one in value]
        if key.endswith("_token_id") and isinstance(value, int) and value in tokens:
            number = numbers.get(names.key(tokens[value]))
            if number is None:
                lost.append(f"{key} was {tokens[value]!r}, which the new tokenizer lacks: set it yourself")
            return value if number is None else number
        return value

    for name in _CONFIGS:
        for path in sorted(folder.rglob(name)):
            config = changed(read_json(path, "fetch the model again"), "")
            path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return lost
