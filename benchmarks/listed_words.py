"""Makes the directions of listed words, which can be laid over the built-in vectors.

    python -m benchmarks.listed_words FILE --encoder FOLDER [--scowl FOLDER]

`laid_over` gives the built-in vectors with the words of FILE. It is made from:

* the token rows of the PyPI package ``wordllama`` (MIT). u is the sum of the rows of a word's tokens;
* all-MiniLM-L6-v2 (Apache-2.0), the folder of the encoder. m is its vector of the word alone, less the mean
  over the words: the encoder's vectors share a direction, which says nothing about a word;
* words: those in the vocabulary of the encoder, and those of SCOWL up to size 35, on which most
  dictionaries agree (Debian's package ``scowl``; its licence permits all uses if its notice is kept).

u and m have length 1. The direction of a word is u + WEIGHT · unit(m R), where R is the ridge regression of
u on m. So listed words stay in the space of all others, and in 256 columns. u and m side by side have 640
and were no nearer to people's judgements; their first 256 principal axes lost in search. Numbers are
rounded to steps of STEP, of which few are different, so that Zstandard halves the file:

    words    UTF-8 bytes, a newline after every word, compressed with Zstandard
    columns  int8, (d, V), compressed with Zstandard: the first number of all words, then the second, ...

The same machine makes the same bytes each time. The encoder's numbers depend on the processor and on the
version of onnxruntime, which is recorded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, cast

import numpy as np

from selfvec.base.arrays import Bytes, Floats, Int8s, Rows
from selfvec.data.vectors import Vectors
from selfvec.encoders import as_sentence_encoder
from selfvec.encoders.sentence_encoder import SentenceEncoder
from selfvec.files.atomic_files import atomic_file
from selfvec.files.compressed_files import zstd
from selfvec.files.tensors import map_tensors, read_metadata, write_tensors
from selfvec.numerics.ridge import ridge_map
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.built_in import load_default
from selfvec.storage.formats.subwords import SubwordRows

WEIGHT = 0.8
RIDGE = 10.0  # of R; with 1000 similarity falls
STEP = 0.02  # a third of the numbers' spread: cosines with the exact rows are .99
LARGEST = 35  # size of SCOWL; 28,000 more words of size 50 help with rare words only
LEVEL = 19  # of Zstandard: the file is written once
SCOWL = Path("/usr/share/dict/scowl")
_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*")
_VARIANT = re.compile(r"variant|special")  # rare spellings, and names of hackers' words and Roman numerals


# ---- The words


def whole_words(encoder: Path) -> Iterator[str]:
    """The words in the vocabulary of the encoder, in its order, which is about that of frequency."""
    vocabulary = json.loads((encoder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    return (token for token in sorted(vocabulary, key=vocabulary.__getitem__) if _WORD.fullmatch(token))


def dictionary_words(scowl: Path, largest: int = LARGEST) -> Iterator[str]:
    """The words of SCOWL's files, NAME.SIZE, in lower case, by size and alphabet; no possessives."""
    of_size: dict[int, set[str]] = {}
    for file in scowl.iterdir():
        size = int(file.suffix.removeprefix("."))
        if size <= largest and not _VARIANT.search(file.stem):
            of_size.setdefault(size, set()).update(file.read_text(encoding="latin-1").lower().split())
    for _, words in sorted(of_size.items()):
        yield from sorted(word for word in words if _WORD.fullmatch(word) and not word.endswith("'s"))


def words_of(encoder: Path, scowl: Path) -> list[str]:
    """All words of the list, each once."""
    return list(dict.fromkeys([*whole_words(encoder), *dictionary_words(scowl)]))


# ---- Their directions


def encoded(words: Sequence[str], encoder: SentenceEncoder) -> Rows:
    """m: the encoder's vectors of the words, (V, h), less their mean, of length 1."""
    rows = encoder.encode(words)
    return unit_rows(rows - rows.mean(axis=0, dtype=np.float64))


def summed(words: Sequence[str]) -> Rows:
    """u: the sums of the words' token rows, (V, d), of length 1."""
    composer = load_default().composer
    assert composer is not None
    return unit_rows(composer(words))


def directions(sums: Rows, meanings: Rows, weight: float = WEIGHT) -> Rows:
    """The direction of each word, (V, d), from the sum of its token rows and the encoder's vector, (V, h)."""
    turned = meanings @ ridge_map(meanings, sums, RIDGE)
    return unit_rows(sums + weight * unit_rows(turned))


def rounded(rows: Rows) -> Int8s:
    """Rows as numbers of steps."""
    return np.clip(np.rint(rows / STEP), -127, 127).astype(np.int8)


# ---- The file, and the vectors with its words


@dataclass(frozen=True)
class Listed:
    """Words, in lower case, and their directions in the space of the token rows."""

    words: Sequence[str]  # V
    codes: Int8s  # (V, d)
    provenance: Mapping[str, Any] = field(default_factory=dict)  # what they were made from

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The row of each word."""
        return {word: number for number, word in enumerate(self.words)}


@lru_cache(maxsize=1)
def read_listed(path: Path) -> Listed:
    """Read what `write_listed` wrote; once in a process."""
    tensors = map_tensors(path)
    words = zstd.decompress(tensors["words"].tobytes()).decode().splitlines()
    columns = np.frombuffer(zstd.decompress(tensors["columns"].tobytes()), np.int8).reshape(-1, len(words))
    return Listed(words, np.ascontiguousarray(columns.T), json.loads(read_metadata(path)["provenance"]))


def write_listed(listed: Listed, path: Path) -> None:
    """Write words and directions; the same version of Zstandard writes the same bytes."""
    parts = {
        "words": "".join(f"{word}\n" for word in listed.words).encode(),
        # By columns, since each has a spread of its own, by which Zstandard shortens its numbers.
        "columns": listed.codes.T.tobytes(),
    }
    tensors = {name: np.frombuffer(zstd.compress(part, LEVEL), np.uint8) for name, part in parts.items()}
    write_tensors(path, tensors, {"provenance": json.dumps(listed.provenance, sort_keys=True)})


@dataclass(frozen=True, kw_only=True)
class ListedRows(SubwordRows):
    """Builds the vectors of words: the sum of their tokens' rows, turned to the direction of a listed word.

    A listed word of several tokens counts as built from them all the same. Search is no better if refining
    holds it to its direction (docs/results/listed.md).
    """

    listed: Listed

    def with_pieces(self, words: Sequence[str]) -> tuple[Floats, Bytes]:
        """As without the list; of listed words the direction changes, not the length."""
        rows, pieces = super().with_pieces(words)
        self.turn(words, rows)
        return rows, pieces

    def turn(self, words: Sequence[str], rows: Rows) -> None:
        """Give the sums of listed words, (n, d), their directions, in place."""
        numbers = np.array([self.listed.numbers.get(word.lower(), -1) for word in words], np.int64)
        there = np.flatnonzero(numbers >= 0)
        lengths = np.linalg.norm(rows[there], axis=1, keepdims=True)
        rows[there] = unit_rows(self.listed.codes[numbers[there]].astype(np.float32)) * lengths


def laid_over(listed: Listed) -> Vectors:
    """The built-in vectors with the directions of the listed words."""
    plain = load_default()
    tokens = cast(SubwordRows, plain.composer)
    composer = ListedRows(tokens.tokenizer, tokens.rows, tokens.pool, tokens.lower, listed=listed)
    rows = plain.vectors.copy()
    composer.turn(plain.index_to_key, rows)
    provenance = {**plain.provenance, "listed": listed.provenance["sha256"]}
    return Vectors(plain, rows, sources=plain.sources, composer=composer, provenance=provenance)


def made(words: Sequence[str], encoder: SentenceEncoder, sources: dict[str, object]) -> Listed:
    """The list with its directions, and with a record of its sources and of how it was made."""
    codes = rounded(directions(summed(words), encoded(words, encoder)))
    record = {
        "sources": sources,
        "weight": WEIGHT,
        "ridge": RIDGE,
        "step": STEP,
        "words": len(words),
        "sha256": digest(words, codes),
    }
    return Listed(words, codes, record)


def digest(words: Sequence[str], codes: Int8s) -> str:
    """SHA-256 of the words and their directions, which runs record."""
    return hashlib.sha256("\n".join(words).encode() + codes.tobytes()).hexdigest()


def sources_of(encoder: SentenceEncoder, words: Sequence[str]) -> dict[str, object]:
    """What the file is made from: names, licences, checksums."""
    return {
        "wordllama": {"version": metadata.version("wordllama"), "licence": "MIT"},
        "all-MiniLM-L6-v2": {"sha256": encoder.digest, "licence": "Apache-2.0"},
        "SCOWL": {
            "largest": LARGEST,
            "sha256": hashlib.sha256("\n".join(words).encode()).hexdigest(),  # of the words taken
            "licence": "SCOWL: Copyright 2000-2011 by Kevin Atkinson, see listed_words.NOTICE",
        },
        "onnxruntime": {"version": metadata.version("onnxruntime")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the directions of listed words.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--scowl", type=Path, default=SCOWL)
    given = parser.parse_args()
    words = words_of(given.encoder, given.scowl)
    encoder = as_sentence_encoder(given.encoder)
    listed = made(words, encoder, sources_of(encoder, words))
    with atomic_file(given.file, overwrite=True) as path:
        write_listed(listed, path)
    print(f"{len(words):,} words, {given.file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
