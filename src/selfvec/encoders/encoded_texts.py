"""`EncodedTexts`: an encoder's vectors of texts, found by the text, so that no text is encoded twice.

They are part of a run. Vectors are rounded once, when they are encoded, so that a run that is opened again
computes with the same numbers.

    encoded/encoded.safetensors    "hashes" (n, 16) uint8, rising; "rows" (n, h) float16; the encoder's name
                                   and digest
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from hashlib import blake2b, sha256
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Array, Bytes, Halves, Ints, Mask, Rows
from selfvec.base.display import count_of
from selfvec.base.errors import FormatError, InputError
from selfvec.base.progress import Advance, say, stage
from selfvec.data.run import Run, Segment
from selfvec.data.token_batch import places_in
from selfvec.files.atomic_files import refuse_special, writing
from selfvec.files.file_system import NO_LINK
from selfvec.files.tensors import Forms, Tensor, read_metadata, read_tensors, write_tensors

from . import SentenceEncoder, unwatched

# `Journal`: vectors that have been encoded, in a file that only grows, so that a kill loses few of them.
#
#     a block of texts     32 bytes that name the encoder; n and h as uint32; the SHA-256 of these and of what
#                          follows; n hashes, 16 bytes each; n vectors, h × float16 each
#
# A block that was not written whole, or is of another encoder, ends what is read, and is overwritten.

HASH = "S16"
"""The dtype of hashes. Their order is that of their bytes."""

_HEAD = struct.Struct("<32sII")


class Journal:
    """The file, open until it is closed; `TargetError` if it cannot be written."""

    def __init__(self, path: Path, encoder: SentenceEncoder) -> None:
        self.path = path
        self._encoder = encoder
        about = encoder.digest or f"without digest: {encoder.name}"
        self._identity = blake2b(about.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        with writing(path):
            refuse_special(path, folder=False)
            flags = os.O_RDWR | os.O_CREAT | NO_LINK
            self._file = os.fdopen(os.open(path, flags, 0o600), "r+b")

    def close(self) -> None:
        self._file.close()

    def read(self) -> list[EncodedTexts]:
        """The blocks that are whole; what follows them is removed."""
        blocks: list[EncodedTexts] = []
        dimensions, end = self._encoder.dimensions, 0
        most = os.fstat(self._file.fileno()).st_size
        while len(head := self._file.read(_HEAD.size)) == _HEAD.size:
            identity, number, width = _HEAD.unpack(head)
            check, content = self._file.read(32), self._file.read(min(number * (16 + 2 * width), most))
            is_whole = check == sha256(head + content).digest()
            if not is_whole or identity != self._identity or dimensions not in (0, width):
                break
            dimensions, end = width, self._file.tell()
            hashes = np.frombuffer(content, HASH, number)
            rows = np.frombuffer(content, np.float16, offset=16 * number).reshape(number, width)
            blocks.append(EncodedTexts(self._encoder.name, self._encoder.digest, hashes, rows))
        with writing(self.path):
            self._file.truncate(end)
        return blocks

    def append(self, block: EncodedTexts) -> None:
        head = _HEAD.pack(self._identity, len(block), block.dimensions)
        content = block.hashes.tobytes() + block.rows.tobytes()
        with writing(self.path):
            self._file.seek(0, os.SEEK_END)
            self._file.write(head + sha256(head + content).digest() + content)
            self._file.flush()


_FILE = "encoded.safetensors"
_FORMS: Forms = {"hashes": Tensor("u1", ("n", 16)), "rows": Tensor("f2", ("n", "h"))}
_AGAIN = "make the run again"
_SAME = "give the encoder that the run was made with, or make the run again"
_SAME_VECTOR = 0.98  # cosine of a text's vector now and before; a batch may change it a little
_BLOCK = 256  # texts encoded at a time, which are encoded again if the process is killed meanwhile


@dataclass(frozen=True, eq=False)
class EncodedTexts:
    """Unit vectors of distinct texts. A text of white space only has zeros and is not among them."""

    encoder: str  # its name
    digest: str  # SHA-256 of what decides its vectors; empty if that is unknown
    hashes: NDArray[np.bytes_]  # (n,) of 16 bytes, rising
    rows: Halves  # (n, h); (0, 0) if h is not known yet

    @classmethod
    def none_of(cls, encoder: SentenceEncoder) -> EncodedTexts:
        """No text of an encoder yet."""
        rows = np.zeros((0, encoder.dimensions), np.float16)
        return cls(encoder.name, encoder.digest, np.zeros(0, HASH), rows)

    @classmethod
    def written(cls, hashes: Array, rows: Array, encoder: str = "", digest: str = "") -> EncodedTexts:
        """From hashes as they are written, see `written_hashes`, and rows."""
        return cls(encoder, digest, hashes.reshape(-1).view(HASH), rows)

    @property
    def written_hashes(self) -> Bytes:
        """The hashes as they are written, (n, 16)."""
        return self.hashes.view(np.uint8).reshape(len(self), 16)

    def __len__(self) -> int:
        return len(self.hashes)

    @property
    def dimensions(self) -> int:
        """h."""
        return int(self.rows.shape[1])

    @classmethod
    def of_journal(cls, encoder: SentenceEncoder, journal: Path) -> EncodedTexts:
        """What a killed process has encoded, see `adding`."""
        with closing(Journal(journal, encoder)) as kept:
            return cls.none_of(encoder).merged(*kept.read())

    def check(self, encoder: SentenceEncoder) -> None:
        """Raise `InputError` if these are vectors of another encoder. Without digests only h is compared."""
        rule = "the encoder has changed since the run"
        if self.digest and encoder.digest and self.digest != encoder.digest:
            raise InputError(f"{rule}: it was {self.encoder!r}, and has another digest", remedy=_SAME)
        if self.dimensions and encoder.dimensions not in (0, self.dimensions):
            sizes = f"vectors of {self.dimensions} numbers, now of {encoder.dimensions}"
            raise InputError(f"{rule}: it gave {sizes}", remedy=_SAME)

    def agrees(self, encoder: SentenceEncoder, texts: Sequence[str]) -> bool:
        """Whether an encoder still gives the vector of the first of these texts that has one.

        A function has no digest, and may have changed since or be another one.
        """
        there = self.find(texts) >= 0
        if not there.any():
            return True
        encoded = [texts[int(there.argmax())]]
        now = encoder.encode(encoded)
        before, _ = self.lookup(encoded)
        return now.shape == before.shape and float(np.vdot(now, before)) > _SAME_VECTOR

    def lookup(self, texts: Sequence[str]) -> tuple[Rows, Mask]:
        """The vectors of texts, (m, h) float32, zeros for others; and which texts have one, (m,) bool."""
        places = self.find(texts)
        there = places >= 0
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        rows[there] = self.rows[places[there]]
        return rows, there | np.fromiter((not text.strip() for text in texts), bool, len(texts))

    def find(self, texts: Sequence[str]) -> Ints:
        """The number of each passage or word among the rows, (m,); -1 for those without a vector."""
        return places_in(self.hashes, text_hashes(texts))

    def missing(self, texts: Sequence[str]) -> list[str]:
        """The distinct texts that have no vector yet, in the order given."""
        texts = [text for text in dict.fromkeys(texts) if text.strip()]
        return [texts[number] for number in np.flatnonzero(self.find(texts) < 0).tolist()]

    def adding(
        self,
        encoder: SentenceEncoder,
        texts: Sequence[str],
        *,
        advance: Advance = unwatched,
        journal: Path | None = None,
    ) -> EncodedTexts:
        """These and the vectors of texts that are `missing`, which are encoded, each distinct text once.

        ``journal`` is a file that keeps what has been encoded if the process is killed. It is read first; who
        calls this deletes it after the result has been saved. `InputError` if the encoder has changed, or
        fails.
        """
        self.check(encoder)
        lacking = self.missing(texts)
        with nullcontext() if journal is None else closing(Journal(journal, encoder)) as kept:
            encoded = self if kept is None else self.merged(*kept.read())
            left = encoded.missing(lacking)
            advance(len(lacking) - len(left))
            made = []
            for start in range(0, len(left), _BLOCK):
                block = left[start : start + _BLOCK]
                rows = encoder.encode(block, advance=advance)
                self.check(encoder)  # whose dimensions may not have been known before
                hashes, places = np.unique(text_hashes(block), return_index=True)
                halves = rows[places].astype(np.float16)
                made.append(EncodedTexts(encoder.name, encoder.digest, hashes, halves))
                if kept is not None:
                    kept.append(made[-1])
            return encoded.merged(*made)

    def kept(self, texts: Sequence[str]) -> EncodedTexts:
        """Only the vectors of these texts."""
        return self.only(text_hashes(texts))

    def only(self, hashes: NDArray[np.bytes_]) -> EncodedTexts:
        """Only the vectors of texts with these hashes."""
        places = places_in(self.hashes, np.unique(hashes))
        places = places[places >= 0]
        return EncodedTexts(self.encoder, self.digest, self.hashes[places], self.rows[places])

    def has(self, hashes: NDArray[np.bytes_]) -> Mask:
        """Which hashes, (m,), are those of texts that have a vector, (m,) bool."""
        return places_in(self.hashes, hashes) >= 0

    def merged(self, *others: EncodedTexts) -> EncodedTexts:
        """These and others; the first vector of each text. `InputError` if they are of several encoders."""
        filled = [part for part in (self, *others) if len(part)]
        digests = {part.digest for part in filled if part.digest}
        if len(digests) > 1 or len({part.dimensions for part in filled}) > 1:
            names = " and ".join(dict.fromkeys(part.encoder for part in filled))
            rule = f"vectors are merged if they are of the same encoder, these are not ({names})"
            raise InputError(rule, remedy="make the runs again with one encoder")
        if len(filled) < 2:
            return filled[0] if filled else self
        hashes, places = np.unique(np.concatenate([part.hashes for part in filled]), return_index=True)
        rows = np.concatenate([part.rows for part in filled])
        return EncodedTexts(self.encoder, self.digest, hashes, rows[places])

    def save(self, folder: Path) -> None:
        """Write into ``folder``, which does not exist yet."""
        folder.mkdir()
        tensors: dict[str, Array] = {"hashes": self.written_hashes, "rows": self.rows}
        write_tensors(folder / _FILE, tensors, {"encoder": self.encoder, "digest": self.digest})

    @classmethod
    def open(cls, folder: Path) -> EncodedTexts:
        """Map a folder written by `save`, for which the seal of its run vouches."""
        path = folder / _FILE
        if not path.is_file():
            raise FormatError("this file of the run folder is missing", path=path, remedy=_AGAIN)
        tensors, about = read_tensors(path, _FORMS, _AGAIN), read_metadata(path)
        return cls.written(tensors["hashes"], tensors["rows"], about["encoder"], about["digest"])


def adding_told(
    encoded: EncodedTexts,
    encoder: SentenceEncoder,
    texts: Mapping[str, Sequence[str]],  # by kind: passages, words
    journal: Path | None = None,
) -> EncodedTexts:
    """As `EncodedTexts.adding`; how many are encoded is said, and what is done is shown."""
    left = {kind: encoded.missing(few) for kind, few in texts.items()}
    every = [*chain.from_iterable(left.values())]
    if not every:
        return encoded
    again = sum(map(len, texts.values())) - len(every)
    before = f"; {count_of(again, 'text')} of the interrupted command are there" if again and journal else ""
    counted = " and ".join(count_of(len(few), kind.removesuffix("s"), kind) for kind, few in left.items())
    say(f"encoding {counted} with {encoder.name}{before}")
    for kind, few in left.items():
        if few := encoded.missing(few):
            with stage(f"Encoding {kind}", len(few), kind) as advance:
                encoded = encoded.adding(encoder, few, advance=advance, journal=journal)
    return encoded


def text_hashes(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """Hashes of texts, (n,) of 16 bytes."""
    # The dot says that they were encoded as passages: some encoders put other words before a question.
    texts_in_bytes = (text.encode("utf-8", "surrogatepass") for text in texts)
    digests = [blake2b(text + b".", digest_size=16).digest() for text in texts_in_bytes]
    return np.frombuffer(b"".join(digests), HASH)


def encoded_texts_of(run: Run) -> EncodedTexts | None:
    """The encoder's vectors of a run's texts, memory-mapped; None if it was made without an encoder."""
    if "encoded" not in run.parts and run.fitted_run is not run:
        of_segments = [encoded_texts_of_segment(part.segment) for part in run.segments[1:]]
        if (own := encoded_texts_of(run.fitted_run)) is not None:
            run.parts["encoded"] = own.merged(*(texts for texts in of_segments if texts is not None))
    elif "encoded" not in run.parts and (folder := run.part("encoded")) is not None:
        run.parts["encoded"] = EncodedTexts.open(folder)
    kept = run.parts.get("encoded")
    assert kept is None or isinstance(kept, EncodedTexts)
    return kept


def whole_run(run: Run) -> Run:
    """A run in one piece, as it is written; with its encoder's vectors of documents that came later, too."""
    encoded_texts_of(run)
    return run.whole()


def encoded_texts_of_segment(segment: Segment) -> EncodedTexts | None:
    """The encoder's vectors of texts that came after the run was made; None if the run has no encoder."""
    kept = segment.encoded
    if isinstance(kept, Path):
        folder = kept
        return segment.held("encoded", lambda: EncodedTexts.open(folder))
    assert kept is None or isinstance(kept, EncodedTexts)
    return kept
