"""Makes the list of words that turns the built-in vectors: `selfvec.storage.formats.built_in.LISTED`.

    python -m benchmarks.listed_words FILE --encoder FOLDER [--scowl FOLDER]

It is made from:

* the token rows of the PyPI package ``wordllama`` (MIT). u is the sum of the rows of a word's tokens;
* all-MiniLM-L6-v2 (Apache-2.0), the folder of the encoder. m is its vector of the word alone, less the mean
  over the words: the encoder's vectors share a direction, which says nothing about a word;
* words: those in the vocabulary of the encoder, and those of SCOWL up to size 35, on which most
  dictionaries agree (Debian's package ``scowl``; its licence permits all uses if its notice is kept).

u and m have length 1. The direction of a word is u + w · unit(m R), where R is the ridge regression of u on
m. So listed words stay in the space of all others, and in 256 columns. u and m side by side have 640 and were
no nearer to people's judgements; their first 256 principal axes lost in search. The weight w is smaller for
a word that is one token: the language model knows it well, and search by vectors loses what it knew.
Numbers are rounded to steps of STEP, of which few are different, so that Zstandard halves the file.

The same machine makes the same bytes each time. The encoder's numbers depend on the processor and on the
version of onnxruntime, which is recorded.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import cast

import numpy as np

from selfvec.base.arrays import Bytes, Int8s, Rows
from selfvec.encoders import as_sentence_encoder
from selfvec.encoders.sentence_encoder import SentenceEncoder
from selfvec.files.atomic_files import atomic_file
from selfvec.files.compressed_files import zstd
from selfvec.files.tensors import write_tensors
from selfvec.numerics.ridge import ridge_map
from selfvec.numerics.rows import unit_rows
from selfvec.storage.formats.built_in import Listed, built_in
from selfvec.storage.formats.subwords import SubwordRows

# w. With .4 and .8, or .7 and 1.4, the means over five collections are the same to .001.
ONE_TOKEN = 0.5
SEVERAL_TOKENS = 1.0
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


def summed(words: Sequence[str]) -> tuple[Rows, Bytes]:
    """The sums of the words' token rows, (V, d), and the number of their tokens, (V,)."""
    return cast(SubwordRows, built_in().composer).with_pieces(words)


def directions(sums: Rows, tokens: Bytes, meanings: Rows) -> Rows:
    """The direction of each word, (V, d), from the sum of its token rows and the encoder's vector, (V, h)."""
    turned = unit_rows(meanings @ ridge_map(meanings, sums, RIDGE))
    weights = np.where(tokens == 1, ONE_TOKEN, SEVERAL_TOKENS).astype(np.float32)
    return unit_rows(sums + weights[:, None] * turned)


def rounded(rows: Rows) -> Int8s:
    """Rows as numbers of steps."""
    return np.clip(np.rint(rows / STEP), -127, 127).astype(np.int8)


# ---- The file


def write_listed(listed: Listed, path: Path) -> None:
    """Write words and directions; the same version of Zstandard writes the same bytes."""
    parts = {
        "words": "".join(f"{word}\n" for word in listed.words).encode(),
        # By columns, since each has a spread of its own, by which Zstandard shortens its numbers.
        "columns": listed.codes.T.tobytes(),
    }
    packed = {name: np.frombuffer(zstd.compress(part, LEVEL), np.uint8) for name, part in parts.items()}
    write_tensors(
        path,
        {**packed, "lengths": listed.lengths},
        {"provenance": json.dumps(listed.provenance, sort_keys=True)},
    )


def laid_over(words: Sequence[str], meanings: Rows) -> Listed:
    """The list of words from the encoder's vectors, (V, h). Its record is only its digest."""
    sums, tokens = summed(words)
    lengths = np.linalg.norm(sums, axis=1).astype(np.float16)
    codes = rounded(directions(unit_rows(sums), tokens, meanings))
    return Listed(words, codes, lengths, {"sha256": digest(words, codes)})


def made(words: Sequence[str], encoder: SentenceEncoder, sources: dict[str, object]) -> Listed:
    """The list with its directions, and with a record of its sources and of how it was made."""
    listed = laid_over(words, encoded(words, encoder))
    record = {
        "sources": sources,
        "weights": [ONE_TOKEN, SEVERAL_TOKENS],
        "ridge": RIDGE,
        "step": STEP,
        "words": len(words),
    }
    return replace(listed, provenance={**record, **listed.provenance})


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
