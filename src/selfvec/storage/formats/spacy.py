"""spaCy's vectors: the folder ``vocab`` of a pipeline, or one of ``Vocab.to_disk`` or ``Vectors.to_disk``.

    vectors        the matrix, as .npy
    key2row        MessagePack: a map from the hashes of words to rows
    strings.json   words

spaCy keeps hashes of words instead of words. The words are those of ``strings.json`` whose hash has a row.
About a hundred words are symbols of spaCy (*number*, *mark*, *root*). They have small numbers instead of
hashes and are not in ``strings.json``. Their names come from spaCy, if it is installed.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from selfvec.data.vectors import Vectors
from selfvec.files.text_files import read_json
from selfvec.files.untrusted import decoding

from .input_file import Input, checked_matrix, checked_vectors
from .npy import npy_array

_AGAIN = "write the folder again with spaCy"
_WIDTHS = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}  # bytes of an integer
_SYMBOLS = 1 << 12  # smaller keys are numbers of symbols
_FACTOR = 0xC6A4A7935BD1E995  # of MurmurHash64A
_ONES = (1 << 64) - 1  # 64 bits


def sniff(source: Input) -> bool:
    return _folder(source.path) is not None


def _folder(path: Path) -> Path | None:
    places = (path, path / "vocab")
    return next((p for p in places if (p / "key2row").is_file() and (p / "vectors").is_file()), None)


def read(source: Input) -> Vectors:
    """Read the words that have a row; several may share one."""
    folder = _folder(source.path)
    if folder is None:
        raise source.error("is not a folder of spaCy's vectors: it needs vectors and key2row", remedy=_AGAIN)
    _refuse_floret(folder, source)
    matrix = checked_matrix(npy_array(source.open(folder / "vectors")), source)
    rows = _rows_of_keys(folder, len(matrix), source)
    pairs, unnamed = _named(folder, rows, source)
    pairs = sorted(pairs, key=lambda pair: pair[0])[: source.rows(len(pairs))]
    notes = [] if source.limit is not None else _notes(rows, len(pairs), unnamed)
    places = np.array([row for row, _ in pairs], np.int64)
    in_order = np.array_equal(places, np.arange(len(places)))
    matrix = matrix[: len(places)] if in_order else matrix[places]  # the first rows are a view of the file
    return checked_vectors([word for _, word in pairs], matrix, source, notes=notes)


def _refuse_floret(folder: Path, source: Input) -> None:
    config = folder / "vectors.cfg"
    if config.is_file() and read_json(config, _AGAIN).get("mode") == "floret":
        rule = "holds vectors of floret, whose words have no rows of their own"
        raise source.error(rule, remedy="write word vectors with floret (save_vectors) and read that file")


def _rows_of_keys(folder: Path, size: int, source: Input) -> dict[int, int]:
    """The row of each key, from ``key2row``; -1 for a key without a row."""
    content = (folder / "key2row").read_bytes()
    with decoding(folder / "key2row", "MessagePack map"):
        numbers = list(_integers(content))
    rows = dict(zip(numbers[::2], numbers[1::2], strict=True))
    if any(not -1 <= row < size for row in rows.values()):
        raise source.error(f"key2row names rows beyond the {size:,} of vectors", remedy=_AGAIN)
    return rows


def _named(folder: Path, rows: dict[int, int], source: Input) -> tuple[list[tuple[int, str]], int]:
    """Rows with their words, and the number of symbols whose names are not known."""
    symbols = {key for key, row in rows.items() if 0 <= key < _SYMBOLS and row >= 0}
    names = _symbol_names() if symbols else {}
    pairs = [(rows[key], names[key]) for key in symbols if key in names]
    symbol_words = {word for _, word in pairs}
    for word in _strings(folder, source):
        row = rows.get(_hash(word.encode(errors="replace")), -1)
        if row >= 0 and word not in symbol_words:
            pairs.append((row, word))
    return pairs, len(symbols - names.keys())


def _notes(rows: dict[int, int], named: int, unnamed: int) -> list[str]:
    lost = sum(row >= 0 for row in rows.values()) - named - unnamed
    notes = [f"{lost:,} vectors are of words that strings.json does not have"] if lost else []
    if lost > named:
        rule = f"only {named:,} of {lost + named:,} vectors have a word: {notes[0]}"
        warnings.warn(f"{rule}; add them with nlp.vocab.strings.add and write the folder again", stacklevel=2)
    if unnamed:
        notes.append(
            f"{unnamed:,} vectors are of words that are symbols of spaCy, such as number or mark: left out; "
            "to read them run: pip install spacy"
        )
    return notes


def _symbol_names() -> dict[int, str]:
    try:
        from spacy.symbols import IDS
    except ImportError:
        return {}
    return {int(number): str(word) for word, number in IDS.items() if word}


def _strings(folder: Path, source: Input) -> list[str]:
    path = folder / "strings.json"
    if not path.is_file():
        raise source.error("has no strings.json with the words", remedy="write the folder with Vocab.to_disk")
    with decoding(path, "JSON"):
        words = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise source.error("strings.json is not a list of words", remedy=_AGAIN)
    return list(dict.fromkeys(words))


def _integers(data: bytes) -> Iterator[int]:
    head = data[0]
    start = {0xDE: 3, 0xDF: 5}.get(head, 1)
    if head >> 4 != 8 and start == 1:
        raise ValueError("it is not a map")
    count = int.from_bytes(data[1:start], "big") if start > 1 else head & 15
    place = start
    for _ in range(2 * count):
        kind = data[place]
        place += 1
        if kind in _WIDTHS:
            width = _WIDTHS[kind]
            if place + width > len(data):
                raise EOFError("the file ends inside the map")
            yield int.from_bytes(data[place : place + width], "big", signed=kind >= 0xD0)
            place += width
        elif kind < 0x80 or kind >= 0xE0:
            yield kind if kind < 0x80 else kind - 256
        else:
            raise ValueError(f"byte {place} begins no integer")


def _hash(data: bytes, seed: int = 1) -> int:
    """MurmurHash64A (Appleby 2008), which spaCy uses for words.

    >>> _hash(b"hail")
    8711995111369341318
    """
    state = seed ^ (len(data) * _FACTOR & _ONES)
    whole = len(data) & ~7
    for start in range(0, whole, 8):
        part = int.from_bytes(data[start : start + 8], "little") * _FACTOR & _ONES
        state = (state ^ ((part ^ part >> 47) * _FACTOR & _ONES)) * _FACTOR & _ONES
    if whole < len(data):
        state = (state ^ int.from_bytes(data[whole:], "little")) * _FACTOR & _ONES
    state = (state ^ state >> 47) * _FACTOR & _ONES
    return state ^ state >> 47
