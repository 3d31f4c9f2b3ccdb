"""Vectors of general words by an encoder, kept in the user's folder: the next run need not encode them again.

    encoded-words/DIGEST/    by the digest of the encoder and of the words, see `EncodedTexts.save`

They may be deleted at any time. What is damaged, or belongs to another user, is made again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from selfvec.base.errors import InputError, TargetError
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import read_description, write_sealed
from selfvec.files.file_system import is_ours, remove_folder, user_folder

from .encoded_texts import EncodedTexts
from .sentence_encoder import SentenceEncoder

_DESCRIPTION = "words.json"
_MOST = 8  # entries: of 10,000 words and 384 dimensions, 64 MB
_COMPARED = 1 << 26  # bytes that are compared with their checksum: a vector of 3,000 numbers for each word
_AGAIN = "delete it"


def kept_words(encoder: SentenceEncoder, words: Sequence[str]) -> EncodedTexts:
    """The vectors of words that are kept; none if they are not, or the encoder has no digest."""
    entry = _entry(encoder, words)
    with suppress(InputError, OSError):
        if encoder.digest and is_ours(entry):
            read_description(entry / _DESCRIPTION, _AGAIN, _COMPARED)
            kept = EncodedTexts.open(entry / "vectors")
            kept.check(encoder)
            os.utime(entry)  # those that nobody asks for go first
            return kept
    return EncodedTexts.none_of(encoder)


def keep_words(encoder: SentenceEncoder, words: Sequence[str], encoded: EncodedTexts) -> None:
    """Keep the vectors of words, if there is a place to keep them."""
    entry = _entry(encoder, words)
    if not encoder.digest or not words:
        return
    with suppress(TargetError, OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        remove_folder(entry)
        with atomic_folder(entry) as folder:
            encoded.kept(words).save(folder / "vectors")
            write_sealed(folder / _DESCRIPTION, {"encoder": encoder.name, "words": len(words)})
        entries = sorted(entry.parent.glob("[!.]*"), key=lambda path: path.stat().st_mtime)
        for old in entries[:-_MOST]:
            remove_folder(old)


def _entry(encoder: SentenceEncoder, words: Sequence[str]) -> Path:
    digest = sha256("\n".join([encoder.digest, *words]).encode("utf-8", "surrogatepass")).hexdigest()
    return user_folder("cache", "encoded-words") / digest[:32]
