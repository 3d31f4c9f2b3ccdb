"""`Teacher`: a sentence encoder as an input of a refinement, and what is encoded with it.

    passages     each document, a long one in passages (`passages_of`); with --encode N those N whose hashes
                 are the smallest, whatever the order of the documents
    words        each word of the run, alone
    general      the first 10,000 words of the initial vectors, so that words of questions have vectors, too

Each text is encoded once, and its vector depends on nothing else. So an update encodes only what is new, and
has the vectors that a run of all documents would have.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.display import count_of
from selfvec.base.errors import InputError, Interrupted, OptionError, TargetError
from selfvec.base.progress import say
from selfvec.data.run import Run
from selfvec.data.run_text import TEXT, RunText
from selfvec.data.settings import Settings
from selfvec.encoders import SentenceEncoder
from selfvec.encoders.encoded_texts import HASH, EncodedTexts, adding_told, encoded_texts_of, text_hashes
from selfvec.encoders.given import EMBEDDINGS, GivenSentenceEncoder, as_sentence_encoder, encoded_documents
from selfvec.encoders.run_encoder import encoder_of, hold_encoder, passages_of, word_text
from selfvec.files.atomic_files import atomic_folder
from selfvec.files.checksums import read_description, write_sealed
from selfvec.files.file_system import is_ours, remove_folder, user_folder

from .inputs import Execution

_FIELD = "encoder"


@dataclass
class Teacher:
    """What encodes texts, and the vectors that are there already."""

    name: str
    place: str | None  # its folder
    encoded: EncodedTexts  # the vectors that are there already
    find: Callable[[], SentenceEncoder | None]  # None: it is not here, or there is none
    given: bool = False  # by the caller, not found again
    needed: bool = True  # for new texts; otherwise they have no vectors if the encoder is not here

    @classmethod
    def of(cls, encoder: GivenSentenceEncoder | None, embeddings: Any, settings: Settings) -> Teacher | None:
        """The teacher of a new run; None if neither an encoder nor vectors are given.

        `OptionError` if both are, or ``encode`` without one of them.
        """
        if encoder is None and embeddings is None:
            if settings.encode is not None:
                raise OptionError("limits what an encoder reads", field="encode", remedy="add an encoder")
            return None
        if embeddings is None:
            given = as_sentence_encoder(encoder)
            return cls(given.name, given.place, EncodedTexts.none_of(given), lambda: given, True)
        if encoder is not None:
            raise OptionError("are given in place of an encoder", field="embeddings", remedy="give one")
        if not settings.keeps_text:
            rule = f"are of documents, which a run with keep {settings.keep!r} does not keep"
            raise OptionError(rule, field="embeddings", remedy="leave out keep")
        none = EncodedTexts(EMBEDDINGS, "", np.zeros(0, HASH), np.zeros((0, 0), np.float16))
        return cls(EMBEDDINGS, None, none, lambda: None)

    @classmethod
    def of_runs(
        cls,
        runs: Sequence[Run],
        encoder: GivenSentenceEncoder | None = None,
        embeddings: Any = None,
        *,
        needed: bool = True,
    ) -> Teacher | None:
        """The teacher of runs, which have the same; None if they have none.

        Their encoder is looked for when it is needed. `InputError` if another one is given.
        """
        described = runs[0].provenance.encoder
        if described is None:
            if encoder is not None or embeddings is not None:
                field = _FIELD if embeddings is None else "embeddings"
                raise OptionError("is for runs that were made with one", field=field, remedy="leave it out")
            return None
        parts = [part for part in map(encoded_texts_of, runs) if part is not None]
        encoded = parts[0].merged(*parts[1:])
        if embeddings is not None and described["name"] != EMBEDDINGS:
            rule = f"are for a run that was made with them, this one has the encoder {described['name']!r}"
            raise OptionError(rule, field="embeddings", remedy="give the encoder")
        if encoder is None:
            encoders = (encoder_of(run) for run in runs)
            place = described.get("path")
            return cls(
                described["name"], place, encoded, lambda: next(filter(None, encoders), None), needed=needed
            )
        own = as_sentence_encoder(encoder)
        encoded.check(own)
        return cls(own.name, own.place, encoded, lambda: own, True)

    @cached_property
    def encoder(self) -> SentenceEncoder | None:
        """The encoder; None if it is not here."""
        return self.find()

    @property
    def of_documents(self) -> bool:
        """Whether there are only vectors of whole documents, and nothing that encodes."""
        return self.name == EMBEDDINGS and not self.encoded.digest

    def with_documents(self, embeddings: Any, text: RunText) -> Teacher:
        """The same, which also knows the vectors of new documents, if they are given."""
        if embeddings is None:
            return self
        new = encoded_documents(embeddings, text)
        if self.encoded.dimensions not in (0, new.dimensions):
            rule = f"have {new.dimensions} numbers each, those of the run have {self.encoded.dimensions}"
            raise OptionError(rule, field="embeddings", remedy="give those of the same encoder")
        return replace(self, encoded=self.encoded.merged(new))

    def hand_to(self, run: Run) -> None:
        """Let a run that was made have the encoder, unless its ``run.json`` suffices to find it again."""
        if (self.given or not self.encoded.digest) and self.encoder is not None:
            hold_encoder(run, self.encoder)

    def encode(
        self,
        text: RunText | None,
        words: Iterable[str],  # of the run
        general: Iterable[str],
        most: int | None,  # passages
        execution: Execution,
    ) -> tuple[EncodedTexts, dict[str, Any]]:
        """The vectors of a run's texts, and what ``run.json`` says of them.

        `InputError` if texts are new and the encoder is not here but needed, has changed, or fails;
        `Interrupted` on Ctrl-C. What was encoded is in the journal of the run folder.
        """
        passages = Passages.of(text, most, self.encoded, whole=self.of_documents)
        general = [] if self.of_documents else list(dict.fromkeys(map(word_text, general)))
        named = [] if self.of_documents else list(dict.fromkeys([*map(word_text, words), *general]))
        new = bool(self.encoded.missing(general))
        if new and self.encoder is not None:
            kept = kept_words(self.encoder, general)
            new = not len(kept)
            self.encoded = self.encoded.merged(kept)
        made = self._with(passages.lacking, self.encoded.missing(named), named, execution)
        if new and self.encoder is not None:
            keep_words(self.encoder, general, made)
        kept = made.only(np.concatenate([passages.hashes, text_hashes(named)]))
        texts = replace(kept, encoder=self.name, digest=kept.digest or made.digest)
        described = {
            "name": self.name,
            "path": self.place,
            "digest": texts.digest,
            "dimensions": texts.dimensions,
            "passages": int(texts.has(passages.hashes).sum()),
            "of": passages.total,
            "words": int(texts.has(text_hashes(named)).sum()),
        }
        return texts, described

    def encode_added(
        self, text: RunText, most: int | None, execution: Execution
    ) -> tuple[EncodedTexts, dict[str, int]]:
        """The vectors of documents that come after the run was made, and numbers of their passages.

        If the encoder is not here, those that have no vector are counted.
        """
        passages = Passages.of(text, most, self.encoded, whole=self.of_documents)
        made = self._with(passages.lacking, (), (), execution).only(passages.hashes)
        chosen = len(passages.hashes)
        return made, {"passages": chosen, "of": passages.total, "lacking": chosen - len(made)}

    def _with(
        self, passages: Sequence[str], words: Sequence[str], named: Sequence[str], execution: Execution
    ) -> EncodedTexts:
        """What is known, and the vectors of passages and words that are not."""
        if not passages and not words:
            return self.encoded
        encoder = self.encoder
        if encoder is None:
            error = self._lacking(passages, words)
            if self.needed:
                raise error
            say(error.rule)
            return self.encoded
        self.encoded.check(encoder)
        if not encoder.digest and not self.encoded.agrees(encoder, named):
            self.encoded.check(encoder)  # whose h may not have been known before
            rule = f"{encoder.name} gives other vectors than when the run was made"
            raise InputError(rule, field=_FIELD, remedy="give the same encoder, or make the run again")
        journal = None if execution.writer is None else execution.writer.journal
        encoded = self.encoded
        if journal is not None:
            encoded = encoded.merged(_recovered(encoder, journal, (*passages, *words)))
        try:
            texts = {"passages": passages, "words": words}
            with execution.timings.stage("encode"):
                return adding_told(encoded, encoder, texts, journal)
        except KeyboardInterrupt:
            if journal is None:
                raise
            remedy = "repeat the command: what was encoded is not encoded again"
            raise Interrupted("interrupted while texts were encoded", remedy=remedy) from None

    def _lacking(self, passages: Sequence[str], words: Sequence[str]) -> InputError:
        """What is wrong if there is nothing that encodes these."""
        if self.of_documents:
            rule = f"there is no vector of {count_of(len(passages), 'document')}, first {passages[0][:40]!r}"
            return InputError(rule, field="embeddings", remedy="give their vectors: embeddings=...")
        counts = ("passage", passages), ("word", words)
        new = " and ".join(count_of(len(texts), kind) for kind, texts in counts if texts)
        rule = f"there is no vector of {new}, and the encoder {self.name!r} of the run is not here"
        return InputError(rule, field=_FIELD, remedy="give it: --encoder NAME|FOLDER, in Python encoder=...")


@dataclass(frozen=True)
class Passages:
    """The passages of documents that are encoded."""

    hashes: NDArray[np.bytes_]  # (n,) rising
    lacking: list[str]  # those of them that have no vector yet, in the order of the documents
    total: int  # distinct passages of all documents

    @classmethod
    def of(cls, text: RunText | None, most: int | None, encoded: EncodedTexts, *, whole: bool) -> Passages:
        """Those of a text, or ``most`` of them; with ``whole`` each document is one."""
        hashes = [np.zeros(0, HASH)]
        lacking: dict[bytes, str] = {}
        for frame in () if text is None else text.batches((TEXT,)):
            documents = frame[TEXT].to_list()
            parts = [part for part in (documents if whole else passages_of(documents)) if part.strip()]
            own = text_hashes(parts)
            hashes.append(np.unique(own))
            new = zip(own.tolist(), parts, encoded.has(own).tolist(), strict=True)
            lacking |= {key: part for key, part, has in new if not has}
            if most is not None and len(lacking) > 2 * most:  # texts that will not be needed
                last = sorted(lacking)[most]
                lacking = {key: part for key, part in lacking.items() if key < last}
        every = np.unique(np.concatenate(hashes))
        chosen = every[:most]
        wanted = set(chosen.tolist())
        return cls(chosen, [part for key, part in lacking.items() if key in wanted], len(every))


def _recovered(encoder: SentenceEncoder, journal: Path, texts: Sequence[str]) -> EncodedTexts:
    """What an interrupted command has encoded, unless a function now gives other vectors."""
    encoded = EncodedTexts.of_journal(encoder, journal)
    if encoder.digest or encoded.agrees(encoder, texts):
        return encoded
    journal.unlink()
    return EncodedTexts.none_of(encoder)


# ---- Vectors of general words by an encoder, kept in the user's folder for the next run
#
#     encoded-words/DIGEST/    by the digest of the encoder and of the words, see `EncodedTexts.save`
#
# They may be deleted at any time. What is damaged, or belongs to another user, is made again.


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
