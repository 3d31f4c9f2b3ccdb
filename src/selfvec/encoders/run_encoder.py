"""The sentence encoder of a run: what ``run.json`` says of it, and the encoder itself, where it can be had.

run.json: "encoder"    name, path, digest (empty if unknown), dimensions; the passages that were encoded,
                       of how many; words; whether the initial vectors hold them, and why
encoded/               the vectors, see `selfvec.encoders.encoded_texts`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.errors import FormatError, InputError, MissingExtra
from selfvec.data.run import Run
from selfvec.numerics.rows import unit_rows
from selfvec.storage.public_vectors import locate
from selfvec.text.passages import CUT, passages
from selfvec.text.phrases import parts

from . import PACKAGED, SentenceEncoder
from .encoded_texts import EncodedTexts, adding_told, encoded_texts_of

_HELD = "sentence encoder"  # in `Run.derived`


def passages_of(texts: Iterable[str]) -> Iterator[str]:
    """What is encoded of documents: a short one as a whole, a long one in passages."""
    for text in texts:
        spans = passages(text, *CUT)
        yield from (text[start:end] for start, end in spans) if spans else (text,)


def word_text(word: str) -> str:
    """What is encoded of a word of a run: the word, or the words of a phrase.

    >>> word_text("hail"), word_text("flash_flood")
    ('hail', 'flash flood')
    """
    return " ".join(parts(word)) or word


def hold_encoder(run: Run, encoder: SentenceEncoder) -> None:
    """Give a run, or the state of one that was opened, the encoder that `encoder_of` returns."""
    run.present.derived[_HELD] = {None: encoder}


def let_go(run: Run) -> None:
    """Hold nothing of what was computed from a run: only its encoder, which may be a function."""
    run.derived = {name: held for name, held in run.derived.items() if name == _HELD}


def keep_encoder(run: Run, opened: Run) -> None:
    """Let the same run, as it was opened again, hold the encoder that it held."""
    if (encoder := run.derived.get(_HELD, {}).get(None)) is not None:
        hold_encoder(opened, encoder)


def encoder_of(run: Run) -> SentenceEncoder | None:
    """The encoder of a run: the one that made it, or the one that its ``run.json`` names.

    None if the run has no encoder, or it cannot be had here: its folder is gone, onnxruntime is not
    installed, or it was a function or an object of another process. `InputError` if it has changed since,
    `FormatError` if its folder is damaged.
    """
    described = run.provenance.encoder
    return None if described is None else run.held(_HELD, lambda: _opened(described))


def _opened(described: Mapping[str, Any]) -> SentenceEncoder | None:
    """The encoder that a run's ``run.json`` describes: in the folder it was in, or fetched by its name."""
    name, place = described["name"], Path(described.get("path") or described["name"])
    if not place.is_dir():
        with suppress(FormatError):
            place = locate(name, "encoder")
    if not described["digest"] or not (name == PACKAGED or place.is_dir()):
        return None
    from .given import packaged_encoder
    from .onnx_encoder import OnnxEncoder

    with suppress(MissingExtra):
        encoder = packaged_encoder() if name == PACKAGED else OnnxEncoder(place, name)
        if encoder.digest != described["digest"]:
            rule = "the encoder has changed since the run was made: it has another digest"
            remedy = "give the encoder that the run was made with, or make the run again"
            raise InputError(rule, path=name, remedy=remedy)
        return encoder
    return None


def read_documents(run: Run, texts: Sequence[str]) -> Rows | None:
    """Texts as a run's encoder reads them, (n, h) unit rows; a long text is the mean of its passages.

    What was encoded with the run is not encoded again. None if the run has no encoder, or it cannot be had
    here.
    """
    encoder, encoded = encoder_of(run), encoded_texts_of(run)
    if encoder is None or encoded is None:
        return None
    listed = list(passages_of(texts))
    told = adding_told(encoded.kept(listed), encoder, {"passages": listed})
    return document_rows(told, texts)


def document_rows(encoded: EncodedTexts, texts: Sequence[str]) -> Rows:
    """Vectors of documents, (n, h) unit rows; zeros for those of which nothing is encoded.

    A long one is the mean of its passages, unless it was encoded as a whole.
    """
    rows, has_row = encoded.lookup(texts)
    for number in np.flatnonzero(~has_row).tolist():
        rows[number] = encoded.lookup(list(passages_of([texts[number]])))[0].sum(axis=0)
    return unit_rows(rows)
