"""Makes the vectors that Selfvec calls `glosses`: `selfvec.storage.formats.glosses.GLOSSES`.

    python -m benchmarks.glosses FILE --encoder FOLDER

They are made from:

* all-MiniLM-L6-v2 (Apache-2.0), the folder of the encoder;
* WordNet (its licence permits all uses if its notice is kept; Debian's package ``wordnet-base``). Each of its
  synsets is a passage: its words, its definition and its examples.

The pieces are those of the encoder, and the words that occur in these passages `LEAST` times. Their rows are
learned as a run's words learn from its encoder (`selfvec.encoders.student`): sums of rows come near the
encoder's vectors of the passages. They begin at the encoder's vectors of the pieces alone, less their mean,
since the encoder's vectors share a direction, which says nothing about a word. Last, their space is
whitened a little. Numbers are rounded to steps of STEP, of which few are different, so that Zstandard halves
the file.

The encoder's numbers depend on the processor and on the version of onnxruntime, which is recorded, so another
machine's file differs in some of its roundings.

`write_axes` makes the file that turns both built-in tables into `default`, once they are in their places.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from selfvec.base.arrays import AnyFloats, Mask, Rows
from selfvec.data.token_batch import TokenBatch
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.given import as_sentence_encoder
from selfvec.encoders.student import Student, learn
from selfvec.files.atomic_files import atomic_file
from selfvec.files.compressed_files import zstd
from selfvec.files.tensors import write_tensors
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import whitening
from selfvec.storage.formats.built_in import (
    AXES,
    AXIS_STEPS,
    UNKNOWN,
    TwoTables,
    token_vectors,
    word_pieces,
)

LEAST = 2
EXPONENT = 0.15  # of the whitening; with .3 similarity of rare words falls below .43
STEP = 0.02  # of the numbers of rows of length 1
LEVEL = 12  # of Zstandard: higher ones take minutes and save a hundredth
WORDNET = Path("/usr/share/wordnet")
_WORD = re.compile(r"[a-z]+")
_MARKER = re.compile(r"\((?:a|p|ip)\)$")  # of where an adjective stands


# ---- The passages


def passages(wordnet: Path) -> Iterator[str]:
    """A passage for each synset: its words, its definition, its examples."""
    for part in ("noun", "verb", "adj", "adv"):
        for line in (wordnet / f"data.{part}").read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):  # of the licence, at the beginning
                continue
            head, _, gloss = line.partition(" | ")
            fields = head.split()
            last = 4 + 2 * int(fields[3], 16)  # words and numbers of their senses alternate
            words = [_MARKER.sub("", word).replace("_", " ") for word in fields[4:last:2]]
            yield f"{', '.join(words)}: {' '.join(gloss.split())}"


# ---- The pieces


def pieces_of(encoder: Path) -> list[str]:
    """The pieces of the encoder, in its order, which is about that of frequency, without its signs."""
    vocabulary = json.loads((encoder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    return [piece for piece in sorted(vocabulary, key=vocabulary.__getitem__) if not piece.startswith("[")]


def frequent_words(texts: Iterable[str], pieces: Sequence[str]) -> Iterator[str]:
    """The words that occur `LEAST` times, the most frequent first."""
    cut = word_pieces(pieces)
    counts: Counter[str] = Counter()
    for text in texts:
        words = cut.pre_tokenizer.pre_tokenize_str(cut.normalizer.normalize_str(text))
        counts.update(word for word, _ in words)
    yield from (word for word, n in counts.most_common() if n >= LEAST and _WORD.fullmatch(word))


def all_pieces(encoder: Path, texts: Iterable[str]) -> list[str]:
    """The pieces of the table, each once: those of the encoder first, then further words."""
    own = [UNKNOWN, *pieces_of(encoder)]
    return list(dict.fromkeys([*own, *frequent_words(texts, own)]))


# ---- Their rows


def signs(pieces: Sequence[str]) -> Mask:
    """Which pieces hold no letter and no digit, and so have no row, (V,)."""
    return np.array([piece == UNKNOWN or not any(map(str.isalnum, piece)) for piece in pieces])


def cut_into(pieces: Sequence[str], texts: Sequence[str]) -> TokenBatch:
    """The texts as pieces, without signs."""
    left_out = signs(pieces)
    encoded = word_pieces(pieces).encode_batch_fast(list(texts), add_special_tokens=False)
    ids = [np.array(text.ids, np.int32) for text in encoded]
    ids = [own[~left_out[own]] for own in ids]
    return TokenBatch(np.concatenate(ids), np.cumsum([0, *map(len, ids)]), list(pieces))


def alone(pieces: Sequence[str], encoder: SentenceEncoder) -> Rows:
    """The encoder's vectors of the pieces, (V, h), less their mean, of length 1; zeros for signs."""
    rows = encoder.encode([piece.removeprefix("##") for piece in pieces])
    left_out = signs(pieces)
    rows = unit_rows(rows - rows[~left_out].mean(axis=0, dtype=np.float64))
    rows[left_out] = 0
    return rows


def learned(pieces: Sequence[str], texts: Sequence[str], encoder: SentenceEncoder) -> Student:
    """The rows of the pieces, learned from the encoder's vectors of the texts."""
    return learn(cut_into(pieces, texts), encoder.encode(texts), {"alone": alone(pieces, encoder)})


def whitened(rows: Rows) -> Rows:
    """The rows in a space that few directions dominate less, each at its length."""
    factor = whitening(unit_rows(rows), EXPONENT, rows.any(axis=1))[1]
    return unit_rows(rows @ factor) * np.linalg.norm(rows, axis=1, keepdims=True)


# ---- The file


def write_table(pieces: Sequence[str], rows: AnyFloats, record: Mapping[str, object], path: Path) -> None:
    """Write pieces and rows, (V, d); the same version of Zstandard writes the same bytes."""
    codes = np.clip(np.rint(unit_rows(rows) / STEP), -127, 127).astype(np.int8)
    parts = {
        "pieces": "".join(f"{piece}\n" for piece in pieces).encode(),
        # By columns, since each has a spread of its own, by which Zstandard shortens its numbers.
        "columns": codes.T.tobytes(),
    }
    packed = {name: np.frombuffer(zstd.compress(part, LEVEL), np.uint8) for name, part in parts.items()}
    lengths = np.linalg.norm(rows, axis=1).astype(np.float16)
    digest = hashlib.sha256(parts["pieces"] + parts["columns"]).hexdigest()
    described = {**record, "step": STEP, "pieces": len(pieces), "digest": digest}
    about = {"provenance": json.dumps(described, sort_keys=True)}
    write_tensors(path, {**packed, "lengths": lengths}, about)


def sources_of(encoder: SentenceEncoder, texts: Sequence[str]) -> dict[str, object]:
    """What the file is made from: names, licences, checksums."""
    return {
        "WordNet 3.0": {
            "sha256": hashlib.sha256("\n".join(texts).encode()).hexdigest(),
            "licence": "WordNet 3.0 license, see glosses.NOTICE",
        },
        "all-MiniLM-L6-v2": {"sha256": encoder.digest, "licence": "Apache-2.0"},
        "onnxruntime": {"version": metadata.version("onnxruntime")},
    }


def write_axes() -> None:
    """Write the first common directions, not centred, of the rows of the words that `wordllama` has whole."""
    rows, _ = TwoTables().side_by_side(token_vectors().index_to_key)
    np.save(AXES, np.rint(np.linalg.eigh(rows.T @ rows)[1][:, :-257:-1] * AXIS_STEPS).astype(np.int16))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--encoder", type=Path, required=True)
    given = parser.parse_args()
    encoder, texts = as_sentence_encoder(given.encoder), list(passages(WORDNET))
    pieces = all_pieces(given.encoder, texts)
    student = learned(pieces, texts, encoder)
    rows = whitened(student.rows)
    record = {
        "sources": sources_of(encoder, texts),
        "own": len(pieces_of(given.encoder)),  # pieces that are the encoder's: those after UNKNOWN
        "ridge": student.ridge,
        "exponent": EXPONENT,
        "explained": student.explained,
    }
    with atomic_file(given.file, overwrite=True) as path:
        write_table(pieces, rows, record, path)


if __name__ == "__main__":
    main()
