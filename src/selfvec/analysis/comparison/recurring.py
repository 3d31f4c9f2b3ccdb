"""What recurs in a text, as comparisons take it: lines that are quoted, and passages of many documents.

A test would take quoted lines for further observations, and so `without_quotations` leaves them out. Passages
that many documents have word for word are said: one measure for all that speak of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from selfvec.base.answer import Json
from selfvec.base.arrays import Array, Ids, Ints, Mask
from selfvec.base.display import printable
from selfvec.base.finding import Finding
from selfvec.data.run import Run
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch, concatenated
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.storage.cache import AGAIN, RESULT, cached, read_result
from selfvec.text import copies
from selfvec.text.kernels import NGRAM
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.repeats import find_repeats, repeated_ngrams, without
from selfvec.text.rules import first_of_stems, stems

from .comparison import DIFFERENT

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
    share: float  # of the words of the run, those; 0 if they are hardly any, and stay


def without_quotations(run: Run) -> Quoted | None:
    """The tokens of a run without what is quoted of earlier documents; None if that is hardly a word."""
    text, batch = run.text, run.tokens
    if text is None or batch is None:
        return None

    def make() -> Quoted:
        return _made(run, text, batch)

    made = run.held(
        "quotations", lambda: cached(run, "quotations", None, make, _write, partial(_read, batch))
    )
    return made if made.share else None


def own_words(run: Run) -> Run:
    """The run with the tokens of `without_quotations`; the run itself if it quotes nothing."""
    quoted = without_quotations(run)
    return run if quoted is None else run.replace(tokens=quoted.batch)


def own_texts(run: Run) -> dict[int, str]:
    """What is left of each document that quotes an earlier one, by number."""
    text = run.text
    return {} if text is None else run.held("own texts", lambda: copies.own_texts(text))


def _made(run: Run, text: RunText, batch: TokenBatch) -> Quoted:
    made = run.provenance
    rules, stem = Preprocessing.of(made), made.options.get("stem")
    # As refining has read them, before it stemmed words and looked for passages that are repeated.
    stop_words, stemmed = made.options.get("stop_words"), rules.stemmed and bool(rules.phrases)
    rules = replace(rules, stop_words=stop_words, variants="", stemmed=stemmed)
    index = first_of_stems(batch.types, stem)

    def encoded(texts: Sequence[str | None]) -> TokenBatch:
        return encode_texts([each or "" for each in texts], rules, run.vectors)

    def of_run(read: TokenBatch) -> TokenBatch:
        places = [index.get(name, -1) for name in stems(read.types, stem)]
        return read.renumbered(np.array(places, np.int32), batch.types)

    own = own_texts(run)
    numbers, texts = list(own), list(own.values())
    left, words = of_run(encoded(texts)), np.zeros(batch.documents, np.int64)
    words[numbers] = of_run(encoded(text.texts(numbers))).lengths - left.lengths
    share = float(words.sum()) / max(len(batch), 1)
    if share < _LEAST:
        return Quoted(batch, words, 0.0)
    if made.repeats and made.repeats["counted"] == "once" and made.repeats["passages"]:
        # A passage that is counted once may have been counted where it was quoted: all are read anew.
        read = encoded([own.get(number, each) for number, each in enumerate(text.texts())])
        left = of_run(without(read, find_repeats(read)[1]))
    else:
        places = np.arange(batch.documents)
        places[numbers] = batch.documents + np.arange(len(numbers))
        left = concatenated([batch, left]).part(places)
    of = {name: getattr(left, name) for name in ("ids", "offsets", "sentences", "sentence_counts")}
    return Quoted(replace(batch, **of), words, share)


def _write(made: Quoted, folder: Path) -> None:
    batch = made.batch
    arrays: dict[str, Array | None] = {"words": made.words, "sentence_counts": batch.sentence_counts}
    arrays |= {"ids": batch.ids, "offsets": batch.offsets}
    kept = {name: array for name, array in arrays.items() if made.share and array is not None}
    write_tensors(folder / _IDS, kept)
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


# ---- Passages of many documents

MOST = 40  # passages
_ALIKE = 0.8  # share of the documents of an n-gram that have the next one, too, within a passage
_SAME = 0.9  # share of the documents of either of two passages that hold both
_TIMES = 3  # as large as on the other side, the share of a side that a passage is said of
_CLEARLY = 0.15  # of the documents, by which it is larger: a fifth nearly always has as much in a sample


@dataclass(frozen=True, eq=False)
class RecurringPassage:
    """A passage of twelve words or more, or several that go together, in ten documents or more."""

    documents: Ints  # the numbers of those that hold it
    stretches: list[slice]  # of tokens, where one holds it; of the first, the first words name it


def passages_of(batch: TokenBatch) -> list[RecurringPassage]:
    """The passages of a text, the most documents first.

    An n-gram and the next are of one passage if nearly as many documents have either. A passage is known by
    its most frequent n-gram, and begins where it mostly does.
    """
    found = [occurrences for _, occurrences in repeated_ngrams(batch)]
    if not found:
        return []
    place, number, passage = pl.col("place"), pl.col("documents"), pl.col("passage")
    alike = pl.min_horizontal(number, number.shift(1)) >= _ALIKE * pl.max_horizontal(number, number.shift(1))
    begins = ((place.diff() != 1) | ~alike).fill_null(True)
    ngrams = pl.concat(found).sort("place").with_columns(stretch=begins.cum_sum())
    # The n-gram that tells a passage: of the most frequent ones that with the smallest hash.
    told = passage.sort_by(number, passage, descending=[True, False]).first()
    stretches = ngrams.group_by("stretch", maintain_order=True).agg(
        begin=place.first(), end=place.last() + 1, highest=number.max(), opening=passage.first(), told=told
    )
    stretches = stretches.with_columns(document=batch.document_of(stretches["begin"].to_numpy()))
    begin, end, highest, opening = (pl.col(name) for name in ("begin", "end", "highest", "opening"))
    # A few n-grams beside more frequent ones are of the end of one passage and the beginning of another.
    after = (begin == end.shift(1)) & (highest < highest.shift(1))
    before = (end == begin.shift(-1)) & (highest < highest.shift(-1))
    seam = (end - begin < NGRAM) & (after | before).fill_null(False)
    usual = pl.col("begin", "end").filter(opening == opening.mode().min()).first()
    groups = stretches.filter(~seam).group_by("told")
    rows = groups.agg(highest.first(), usual, pl.col("document").unique().sort())
    passages: list[RecurringPassage] = []
    for row in rows.sort("highest", "told", descending=[True, False]).iter_rows(named=True):
        documents, stretch = np.array(row["document"]), slice(row["begin"], row["end"] - 1 + NGRAM)
        same = next((of for of in passages if is_same(of.documents, documents)), None)
        if same is not None:
            same.stretches.append(stretch)
        elif len(passages) == MOST:
            break
        else:
            passages.append(RecurringPassage(documents, [stretch]))
    return passages


def shares_between(documents: Ints, side: Ids | Mask, unit: Ints) -> Json:
    """The shares ``a`` and ``b`` of the units of two sides of which most documents are some, and p."""
    has = np.isin(np.arange(len(side)), documents)
    counts = []
    for number in (0, 1):
        _, own = np.unique(unit[side == number], return_inverse=True)
        held = np.bincount(own, has[side == number]) / np.maximum(np.bincount(own), 1)
        counts += [int(np.count_nonzero(held >= 0.5)), len(held)]
    return shares_of(*counts)


def shares_of(a: int, of_a: int, b: int, of_b: int) -> Json:
    """The shares ``a`` and ``b``, and p of so unequal ones by chance."""
    (p,) = hypergeometric_p(np.array([b]), np.array([a + b]), of_b, of_a + of_b)
    return {"a": a / max(of_a, 1), "b": b / max(of_b, 1), "p": float(p)}


def on_documents(says: str, shares: Json, names: Sequence[str], words: tuple[str, ...] = ()) -> Finding:
    """That more documents of one side than of the other are so, or do so."""
    (low, less), (high, more) = sorted(zip((shares["a"], shares["b"]), names, strict=True))
    told = printable(f"{high:.0%} of the documents of {more} and {low:.0%} of {less} {says}")
    return Finding("writing", told, p=shares["p"], effect=high - low, words=words)


def is_new(shares: Json, tried: int) -> bool:
    """Whether one side has a passage that the other hardly has, as one of several that are tried.

    Where a subject doubles, so do its phrases.
    """
    low, high = sorted((shares["a"], shares["b"]))
    return bool(high >= _TIMES * low and high - low >= _CLEARLY and tried * shares["p"] <= DIFFERENT)


class NewPassage(NamedTuple):
    """A passage that one of two sides has and the other hardly has."""

    documents: Ints
    shares: Json
    first: int  # the document that it is quoted from
    words: list[str]
    edits: list[tuple[str, str]]  # patterns of its parts, and nothing in their place

    def finding(self, texts: Sequence[str], names: Sequence[str]) -> Finding:
        says = f"hold “{quoted(texts[self.first], self.words)} …”."
        return on_documents(says, self.shares, names, words=tuple(dict.fromkeys(self.words)))


def new_passages(batch: TokenBatch, sides: Mask, unit: Ints) -> list[NewPassage]:
    """The passages that one side of a text has, those of the most documents first."""
    passages = passages_of(batch)
    ids, size = batch.ids.astype(np.int64), len(batch.types)
    threes = (ids[:-2] * size + ids[1:-1]) * size + ids[2:]
    new = []
    for documents, stretches in ((of.documents, of.stretches) for of in passages):
        shares = shares_between(documents, sides, unit)
        if not is_new(shares, len(passages)):
            continue
        # Where words of it are written otherwise, most of it is on the other side as well.
        begin = stretches[0].start
        parts = [np.flatnonzero(threes == of) for of in threes[begin : begin + NGRAM - 2]]
        each = [shares_between(batch.document_of(places), sides, unit) for places in parts]
        if np.median([abs(of["b"] - of["a"]) for of in each]) >= abs(shares["b"] - shares["a"]) / 2:
            words = [[batch.types[i] for i in batch.ids[part].tolist()] for part in stretches]
            edits = [(rf"(?i)\b{in_a_row(part)}\b\W*", "") for part in words]
            first = int(np.searchsorted(batch.offsets, begin, "right")) - 1
            new.append(NewPassage(documents, shares, first, words[0][:NGRAM], edits))
    return new


def is_same(a: Ints, b: Ints) -> bool:
    """Whether two passages are nearly always in the same documents: they are two parts of one."""
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both >= _SAME * max(len(a), len(b))


def in_a_row(words: Sequence[str]) -> str:
    """A pattern of words with signs and blanks between them."""
    return r"\W+".join(re.escape(word).replace("'", "['’]") for word in words)


def quoted(text: str, words: Sequence[str]) -> str:
    """The words as they stand in a text, or one after another if they do not.

    >>> quoted("Dear Ann,\\n\\nThank you - for  writing!", ["thank", "you", "for"])
    'Thank you - for'
    """
    found = re.search(rf"\b{in_a_row(words)}", text or "", re.IGNORECASE)
    return " ".join((found[0] if found else " ".join(words)).split())
