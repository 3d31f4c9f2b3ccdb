"""How a comparison counts what is quoted of earlier documents.

A test would take quoted lines for further observations, and so `without_quotations` leaves them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Array, Ints
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.storage.cache import AGAIN, RESULT, cached, read_result
from selfvec.text import quotations
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.repeats import find_repeats, without
from selfvec.text.rules import first_of_stems, stems

_LEAST = 0.001  # of the words
_IDS = "ids.safetensors"
_FORMS: Forms = {  # what `TokenBatch` checks is not said again
    "ids": Tensor("i4", ("N",)),
    "offsets": Tensor("i8", ("D + 1",)),
    "words": Tensor("i8", ("D",), 0),
    "sentence_counts": Tensor("i4", ("D",), 0, optional=True),
}


@dataclass(frozen=True, eq=False)
class Quoted:
    """The tokens of a run without the lines that an earlier document has."""

    batch: TokenBatch
    words: Ints  # (D,) left out of each document
    share: float  # of all words, those


def without_quotations(run: Run) -> Quoted | None:
    """The tokens of a run without what is quoted of earlier documents; None if that is hardly a word.

    A document of which nothing would be left is a copy and stays, unless it begins by saying whom it quotes.
    """
    if run.text is None or run.tokens is None:
        return None
    read = partial(_read, run.tokens)
    made = run.held("quotations", lambda: cached(run, "quotations", None, lambda: _made(run), _write, read))
    return made if made.share >= _LEAST else None


def own_words(run: Run) -> Run:
    """The run with the tokens of `without_quotations`; the run itself if it quotes nothing."""
    quoted = without_quotations(run)
    return run if quoted is None else run.replace(tokens=quoted.batch)


def own_texts(run: Run) -> dict[int, str]:
    """What is left of each document that quotes an earlier one, by number."""
    text = run.text
    return {} if text is None else run.held("own texts", lambda: quotations.own_texts(text))


def _made(run: Run) -> Quoted:
    text, batch, made = run.require_text(), run.require_tokens(), run.provenance
    words = np.zeros(batch.documents, np.int64)
    own = own_texts(run)
    if not own:
        return Quoted(batch, words, 0.0)
    numbers = list(own)
    written = _as_words(made, batch.types, _encoded(made, run.vectors, text.texts(numbers)))
    # All are encoded anew: a passage that is counted once may have been counted where it was quoted.
    texts = [own.get(number, each) for number, each in enumerate(text.texts())]
    read = _encoded(made, run.vectors, texts)
    left = _as_words(made, batch.types, read)
    words[numbers] = written.lengths - left.lengths[numbers]
    share = float(words.sum() / max(len(left) + words.sum(), 1))
    if made.repeats and made.repeats["counted"] == "once":
        left = _as_words(made, batch.types, without(read, find_repeats(read)[1]))
    of = {name: getattr(left, name) for name in ("ids", "offsets", "sentences", "sentence_counts")}
    return Quoted(replace(batch, **of), words, share)


def _encoded(made: Provenance, known: Vectors, texts: Sequence[str | None]) -> TokenBatch:
    """Texts as refining has read them, before it stemmed words and looked for passages that are repeated."""
    rules, stop_words = Preprocessing.of(made), made.options.get("stop_words")
    rules = replace(rules, stop_words=stop_words, variants="", stemmed=rules.stemmed and bool(rules.phrases))
    return encode_texts([text or "" for text in texts], rules, known)


def _as_words(made: Provenance, types: Sequence[str], read: TokenBatch) -> TokenBatch:
    """The same texts as words of a run, without those that it does not have."""
    stem = made.options.get("stem")
    index = first_of_stems(types, stem)
    names = stems(read.types, stem) if stem else read.types
    return read.renumbered(np.array([index.get(name, -1) for name in names], np.int32), types)


def _write(made: Quoted, folder: Path) -> None:
    batch = made.batch
    arrays: dict[str, Array] = {}
    if made.share:
        arrays = {"ids": batch.ids, "offsets": batch.offsets, "words": made.words}
    if made.share and batch.sentence_counts is not None:
        arrays["sentence_counts"] = batch.sentence_counts
    write_tensors(folder / _IDS, arrays)
    write_sealed(folder / RESULT, {"share": made.share, "sentences": batch.sentences})


def _read(batch: TokenBatch, folder: Path) -> Quoted:
    """What `_write` has written, of a run with this batch."""
    described = read_result(folder)
    if not described["share"]:
        return Quoted(batch, np.zeros(batch.documents, np.int64), 0.0)
    arrays = read_tensors(folder / _IDS, _FORMS, AGAIN, D=batch.documents)
    left = replace(
        batch,
        ids=arrays["ids"],
        offsets=np.array(arrays["offsets"]),
        sentences=described["sentences"],
        sentence_counts=arrays.get("sentence_counts"),
    )
    return Quoted(left, arrays["words"], described["share"])
