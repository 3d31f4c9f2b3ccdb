"""Encoders as folders of model2vec and sentence-transformers, with a ``tokenizer.json``.

Both libraries take the mean of a text's token rows at length 1, which is the direction of the encoder's sum.
The ``tokenizers`` library first normalises a whole text and then cuts it by a regular expression. This module
writes both steps, so that the words are exactly those of Selfvec. Characters are listed by code point from
our own table, because the meaning of ``\\p{L}`` depends on the Unicode version of a library.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np

from selfvec.base.casing import DOTTED, letters_of
from selfvec.base.characters import APOSTROPHES, REMOVED
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.run import Run
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.word_lookup import FINAL_SIGMA, signs
from selfvec.retrieval.inverse_cloze import learn
from selfvec.storage.formats.model2vec import with_unknown, word_level_tokenizer, write_encoder_folder
from selfvec.storage.formats.subwords import load_tokenizer
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.text.kernels import APOSTROPHE, DIGIT, POINT, SPACE, STRONG, WORD, table
from selfvec.text.languages import elision, language
from selfvec.text.preprocessing import Preprocessing

Library = Literal["model2vec", "sentence-transformers"]
UNKNOWN = "[UNK]"  # never a word: brackets separate words, and words have no capitals


def write_encoder(encoder: Encoder, folder: Path, library: Library) -> None:
    """Write a new folder that the library loads."""
    if language(encoder.language).segmenter:
        name = language(encoder.language).name
        rule = f"{library} has no tokenizer that cuts {name} text into words"
        raise OptionError(rule, field="to", remedy="export --to encoder, or refine with a tokenizer.json")
    folder.mkdir()
    rows = with_unknown(encoder.rows[encoder.places])
    write_encoder_folder(folder, rows, tokenizer_json(encoder), normalize=True, library=library)


def write_piece_encoder(run: Run, folder: Path, library: Library, progress: Progress | None = None) -> int:
    """Write an encoder of a run of pieces, with the run's tokenizer; return its number of tokens.

    A piece's row is its refined vector, learned further from the run's texts
    (`selfvec.retrieval.inverse_cloze`), times its inverse document frequency; unseen pieces have weight 0.
    """
    path = Path(Preprocessing.of(run.provenance).tokenizer)
    tokenizer = load_tokenizer(path / "tokenizer.json" if path.is_dir() else path)
    batch = run.require_tokens("which an encoder of pieces needs")
    weights = inverse_document_frequency(batch)
    learned, _ = learn(batch, np.asarray(run.vectors.unit), weights, progress=progress)
    rows = np.zeros((tokenizer.get_vocab_size(), run.vectors.vector_size), np.float32)
    places = [tokenizer.token_to_id(token) for token in batch.types]
    kept = np.array([place is not None for place in places], bool)
    rows[[place for place in places if place is not None]] = (learned * weights[:, None])[kept]
    folder.mkdir()
    write_encoder_folder(folder, rows, tokenizer.to_str(), normalize=True, library=library)
    return len(rows)


def tokenizer_json(encoder: Encoder) -> str:
    """The JSON of a tokeniser that maps every word of an encoder to its number, and all others to V.

    It finds the same words as an `Encoder` in every text whose characters are known to this Python's Unicode.
    """
    dotted = {"İ": "i", "I": "ı"} if encoder.language in DOTTED else {}
    normalizers = [_replace({"Regex": f"[{APOSTROPHES}]"}, "'")]
    normalizers += [_replace({"Regex": one.pattern}, " ") for one in signs()]
    normalizers += [{"type": "NFKC"}]
    letters = dotted | letters_of(encoder.language)
    normalizers += [_replace({"String": old}, new) for old, new in letters.items()]
    normalizers += [{"type": "Lowercase"}, _replace({"String": FINAL_SIGMA[0]}, FINAL_SIGMA[1])]
    normalizers += [_replace({"Regex": REMOVED.pattern}, ""), {"type": "NFC"}]
    elided = elision(encoder.language, f"[{_listed('words', WORD)}]")
    normalizers += [_replace({"Regex": elided}, "")] if elided else []
    if encoder.split == "words":
        normalizers += [_replace({"Regex": possessive()}, "")]
    return word_level_tokenizer(
        encoder.words,
        UNKNOWN,
        {"type": "Sequence", "normalizers": normalizers},
        {
            "type": "Split",
            "pattern": {"Regex": token(encoder.split)},
            "behavior": "Removed",
            "invert": True,
        },
    )


def token(split: str) -> str:
    """A regular expression that finds the tokens of `selfvec.text.kernels.spans`.

    It also finds runs without a letter or number, which no vocabulary contains.
    """
    if split == "whitespace":
        return f"[^{_listed(split, SPACE)}]+"
    word = f"[{_listed(split, WORD)}]"
    first = f"[{_listed(split, STRONG)}_]"
    digit = f"[{_listed(split, DIGIT)}]"
    apostrophe = f"[{_listed(split, APOSTROPHE)}]"
    point = f"[{_listed(split, POINT)}]"
    return f"{first}{word}*(?:(?:{apostrophe}|(?<={digit}){point}(?={digit})){word}+)*"


def possessive() -> str:
    """A regular expression that finds *'s* at the end of a word."""
    word = f"[{_listed('words', WORD)}]"
    return f"(?<={word})'s(?!{word}|[{_listed('words', APOSTROPHE)}]{word})"


def _replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _listed(split: str, flag: int) -> str:
    """The characters that have a flag, as the inside of a bracket expression."""
    listed = np.concatenate(([False], table(split) & flag != 0, [False]))
    edges = np.flatnonzero(listed[1:] != listed[:-1]).reshape(-1, 2).tolist()
    return "".join(
        rf"\x{{{first:X}}}" + (rf"-\x{{{last - 1:X}}}" if last - first > 1 else "") for first, last in edges
    )
