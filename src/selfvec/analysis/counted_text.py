"""The text of a run as linguists count it: every occurrence of every word, whatever refining left out.

A run's tokens are what vectors learn from. Repeated passages are in them once, and stop words, rare words and
some parts of speech may be missing. So a word's count there can be smaller than what a reader of the text
counts, or what other programs say. `counted_text` cuts the kept text into words again, as the run does, and
leaves nothing out. Frequencies, n-grams, dispersion, keyness and collocates all count in it, so they agree.

Which documents are counted, with or without repeats, rows, groups and rates per million stand here once.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import numpy as np
import polars as pl

from selfvec.analysis.comparison.joined import joined_sentences, joined_tokens, split_pairs
from selfvec.analysis.comparison.quotations import own_texts
from selfvec.analysis.variants import given_pairs
from selfvec.base.arrays import Array, Doubles, Ints, Mask
from selfvec.base.casing import asked_forms
from selfvec.base.declarations import options
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import NotFound
from selfvec.base.view import Column, Drawn, Form, Row
from selfvec.corpus.documents import Documents
from selfvec.corpus.filters import filtered_documents
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import document_groups, named_slice
from selfvec.data.run import Run
from selfvec.data.run_text import TEXT
from selfvec.data.token_batch import TokenBatch
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.storage.cache import AGAIN, RESULT, cached, read_result
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text import encode, tokenizer
from selfvec.text.phrases import LINK, row_of, units_of
from selfvec.text.repeats import find_repeats, without
from selfvec.text.rules import Rules
from selfvec.text.sentences import sentence_spans
from selfvec.text.tokenizers import LONG

MILLION = 1e6
_IDS = "ids.safetensors"
_FORMS: Forms = {  # what `TokenBatch` checks is not said again
    "ids": Tensor("i4", ("N",)),
    "offsets": Tensor("i8", ("D + 1",)),
    "sentences": Tensor("i8", ("S + 1",), ends="N", optional=True),
}
# What is not left out of the text by choice: a phrase of the run is one word by choice, and what is longer
# than a thousand letters is no word.
_NOT_MISSED = {"in phrases", LONG}
_READ = "in which words are counted"


@options()
class Chosen(TypedDict, total=False):
    """Which documents are looked at, and which of their words are one.

    Parameters
    ----------
    slice : str, optional
        Only this period or label, such as 1976..1979, 2020Q2 or 2000...
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.

    Other Parameters
    ----------------
    variants : "auto" or path, optional
        Take words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    """

    slice: str | None
    filter: GivenFilter
    variants: str | os.PathLike[str] | None


@options(Chosen)
class Counting(Chosen, total=False):
    """Which documents are counted, and how.

    Other Parameters
    ----------------
    repeats : {"keep", "once"}
        Count every occurrence, or passages that many documents repeat only once; by default keep.
    """

    repeats: str | None


@options(Counting)
class Grouped(Counting, total=False):
    """Which documents are counted, how, and in which groups.

    Parameters
    ----------
    by : str, optional
        Also count in each period or value of a field. Periods are month, quarter, year, decade and century.
    """

    by: str | None


@dataclass(frozen=True, eq=False)
class CountedText:
    """The words of some documents of a run, as they are counted."""

    batch: TokenBatch
    repeats: str  # keep: every occurrence is counted; once: what repeats passages and quotes lines is not
    note: str = ""  # a sentence about words that are or are not counted; empty if there is nothing to say
    joined: Mapping[str, str] = field(default_factory=dict)  # the word that each variant is counted as
    lacking: Mapping[str, str] = field(default_factory=dict)  # the same of pairs that it has not both of
    sentences: Ints | None = None  # (S + 1,), where each begins, and the end; None if they are not known

    def part(self, documents: Mask) -> CountedText:
        """Only these documents, (D,) bool."""
        if documents.all():
            return self
        sentences = self.sentences
        if sentences is not None:
            owners = self.batch.document_of(sentences[:-1])
            sentences = np.cumsum([0, *np.diff(sentences)[documents[owners]]])
        return replace(self, batch=self.batch.part(documents), sentences=sentences)

    @property
    def notes(self) -> list[str]:
        """What is said below a table: how repeated passages are counted, and what else there is to know."""
        once = "Passages of 12 words that occur in 10 documents or more, and quoted lines, are counted once."
        said = [once] * (self.repeats == "once") + [self.note] * bool(self.note)
        return [*said, *joined_sentences(self.joined, self.lacking)]


def counted_text(run: Run, repeats: str = "keep", *, sentences: bool = False) -> CountedText:
    """All documents of a run, in their order, with every word of the text; see the module.

    ``repeats`` is "keep" or "once"; "lines" counts only quoted lines once. `InputError` if the run has not
    kept its tokens or, with ``sentences``, its text.
    """
    kept = run.require_tokens(_READ)
    dropped = {rule: int(n) for rule, n in run.provenance.text.get("dropped", {}).items()}
    missed = {rule: n for rule, n in dropped.items() if rule not in _NOT_MISSED}
    listed = ", ".join(f"{rule} {number:,}" for rule, number in missed.items())
    note = ""
    word_of = dict(run.provenance.variants)
    if missed and run.text is None:
        words = count_of(sum(missed.values()), "word")
        note = f"The run has not kept its text, so {words} that refining left out are not counted ({listed})."
    elif missed:
        note = f"Counted in the text as written, with the words that refining left out ({listed})."
    batch, bounds = kept, None
    if missed or repeats != "keep" or sentences:
        of = (repeats, "sentences") if sentences else repeats
        batch, bounds = run.held("counted text", lambda: _read(run, repeats, sentences), of=of, most=2)
    met, lacking = split_pairs(word_of, set(batch.types) if word_of else ())
    return CountedText(joined_tokens(batch, met), repeats, note, met, lacking, bounds)


class AskedText(NamedTuple):
    """The documents that are counted, all and by group, and the run that they are of."""

    run: Run  # counts variants as their words
    text: CountedText
    groups: dict[str, CountedText]

    @property
    def said(self) -> dict[str, Any]:
        """Which words were counted, for a result."""
        return {"repeats": self.text.repeats, "counted": self.text.notes}


def asked_text(
    given: GivenRun, counting: Counting, by: str | None = None, *, sentences: bool = False
) -> AskedText:
    """The documents that are asked for, also by the groups of `document_groups`.

    `NotFound` if there is none, or none has a word.
    """
    run = as_run(given)
    if pairs := given_pairs(run, counting.get("variants")):
        run = run.replace(provenance=run.provenance.replace(variants=pairs))
    whole = counted_text(run, counting.get("repeats") or "keep", sentences=sentences)
    documents = chosen_documents(run, counting)
    text = whole.part(documents)
    if not len(text.batch):
        raise NotFound("these documents have no words", remedy="choose others, or all")
    groups = [] if by is None else document_groups(run, by)
    parts = {group.name: whole.part(group.documents & documents) for group in groups}
    return AskedText(run, text, {name: part for name, part in parts.items() if len(part.batch)})


def chosen_documents(run: Run, chosen: Chosen) -> Mask:
    """Documents that are in the slice and pass the filters, (D,) bool; `NotFound` without any."""
    documents = filtered_documents(run, given_filters(chosen.get("filter", ())))
    period = chosen.get("slice")
    return documents if period is None else documents & named_slice(run.require_tokens(), period).documents


def number_of(run: Run, text: CountedText, term: str) -> int:
    """The number of a word or phrase among the types of a text.

    The words of a phrase may be separated by blanks, hyphens or underscores. `NotFound`, with words spelt
    like it, if the run lacks it, or if it does not occur in these documents.
    """
    joined = LINK.join(term.replace("-", " ").split())
    numbers = {word: number for number, word in enumerate(text.batch.types)}
    forms = [form for written in (joined, term) for form in asked_forms(written, run.provenance.language)]
    forms = [run.provenance.variants.get(form, form) for form in forms]
    number = next((numbers[form] for form in forms if form in numbers), None)
    if number is None:
        number = numbers.get(run.vectors.index_to_key[row_of(run, term)])  # an error with words spelt like it
    if number is None or not text.batch.counts[number]:
        name = term if number is None else text.batch.types[number]
        raise NotFound(f"{name!r} does not occur in these documents", remedy="choose others, or all")
    return number


def _read(run: Run, repeats: str, sentences: bool) -> tuple[TokenBatch, Ints | None]:
    """The words of the kept text and where sentences begin, from the cache if they were counted before."""

    def make() -> tuple[TokenBatch, Ints | None]:
        own = {} if repeats == "keep" else own_texts(run)
        batch, bounds = _encoded(run, sentences, own)
        if repeats != "once":
            return batch, bounds
        _, further = find_repeats(batch)
        if bounds is not None:
            left = np.add.reduceat(~further, bounds[:-1], dtype=np.int64)
            bounds = np.unique(np.cumsum([0, *left]))
        return without(batch, further), bounds

    of = f"{repeats}, with sentences" if sentences else repeats
    read = partial(_open, run.require_tokens(_READ).documents)
    return cached(run, "words", of, make, _write, read)


def _encoded(run: Run, sentences: bool, own: Mapping[int, str]) -> tuple[TokenBatch, Ints | None]:
    """The kept text as words, cut and merged as those of the run; its tokens if it has not kept its text.

    ``own`` are the texts of documents without what they quote, by number.
    """
    if run.text is None and not sentences:
        return run.require_tokens(_READ), None
    text = run.require_text(_READ)
    made = run.provenance
    code = made.options.get("language")
    cut = tokenizer(str(made.options.get("tokenizer") or "words"), code)
    ends = [0]  # of the documents, in sentences

    def documents() -> Iterator[Documents]:
        done = 0
        for rows in text.batches((TEXT,)):
            texts = rows[TEXT].fill_null("")
            if own:
                each = (own.get(number, whole) for number, whole in enumerate(texts, done))
                texts = pl.Series(list(each), dtype=pl.String)
            done += len(rows)
            if sentences:
                pieces = [[each[a:b] for a, b in sentence_spans(each)] for each in texts]
                ends.extend(ends[-1] + np.cumsum(list(map(len, pieces))))
                texts = pl.Series([piece for each in pieces for piece in each], dtype=pl.String)
            yield Documents(texts)

    rules = Rules(lemmatize=made.options.get("lemmatize"), stem=made.options.get("stem"), language=code)
    # The run's own words are preferred, so that a word is spelt as in all other results of the run.
    batch = encode(documents(), cut, rules, run.vectors, phrases=units_of(made))[0]
    if not sentences:
        return batch, None
    bounds, counts = batch.offsets, batch.counts
    batch = TokenBatch(batch.ids, bounds[ends], batch.types).with_counts(counts)
    return batch, np.unique(bounds)  # without sentences that have no words


def _write(counted: tuple[TokenBatch, Ints | None], folder: Path) -> None:
    batch, bounds = counted
    arrays = {} if bounds is None else {"sentences": bounds}
    write_tensors(folder / _IDS, {"ids": batch.ids, "offsets": batch.offsets, **arrays})
    write_sealed(folder / RESULT, {"types": list(batch.types)})


def _open(documents: int, folder: Path) -> tuple[TokenBatch, Ints | None]:
    arrays = read_tensors(folder / _IDS, _FORMS, AGAIN, D=documents)
    batch = TokenBatch(arrays["ids"], np.array(arrays["offsets"]), read_result(folder)["types"])
    return batch, arrays.get("sentences")


# ---- Counts as rows


def rows_of(columns: Mapping[str, Array | Sequence[Any]]) -> list[dict[str, Any]]:
    """A dict for each row of columns of equal length.

    >>> rows_of({"word": ["hail"], "count": np.array([3])})
    [{'word': 'hail', 'count': 3}]
    """
    values = [column.tolist() if isinstance(column, np.ndarray) else column for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def per_million(counts: Ints, tokens: int) -> Doubles:
    """Occurrences in a million words of a text of so many."""
    return counts.astype(np.float64) * (MILLION / max(tokens, 1))


def by_group(
    parts: Mapping[str, TokenBatch], counts: Callable[[TokenBatch], Ints]
) -> dict[str, list[list[dict[str, Any]]]]:
    """What k rows have in each group: ``group``, ``count`` and ``per_million``; `counts` gives (k,).

    A column of rows, ``groups``; none without groups.
    """
    columns: list[list[dict[str, Any]]] = []
    for name, part in parts.items():
        own = counts(part)
        rates = per_million(own, len(part))
        columns.append(rows_of({"group": [name] * len(own), "count": own, "per_million": rates}))
    return in_rows(columns)


def in_rows(groups: Sequence[Sequence[dict[str, Any]]]) -> dict[str, list[list[dict[str, Any]]]]:
    """The column ``groups`` of rows, from the values of each group."""
    return {"groups": [list(row) for row in zip(*groups, strict=True)]} if groups else {}


SHOWN_GROUPS = 5
"""Groups that fit beside words in the terminal; more are drawn as bars."""


def group_columns(groups: Sequence[Row], name: str, form: Form) -> list[Column]:
    """A value that a row has in each group: a column for each, or bars if there are many."""

    def value_in(place: int) -> Callable[[Row], Any]:
        return lambda row: row["groups"][place][name]

    names = [escape_for_display(str(group["group"])) for group in groups]
    if len(names) <= SHOWN_GROUPS:
        return [Column(f"group_{i}", each, form, of=value_in(i)) for i, each in enumerate(names)]

    def values(row: Row) -> list[float]:
        return [value_in(place)(row) for place in range(len(names))]

    meaning = "a bar for each group, as high as its share of the highest of the row"
    return [Column("by_group", f"{names[0]} to {names[-1]}", BARS, meaning, of=values)]


_BARS = " ▁▂▃▄▅▆▇█"  # from none to most
_WIDTH, _HEIGHT = 6, 24  # of a bar, in pixels


def _bars(values: Sequence[float]) -> Drawn:
    """Values as bars whose heights are shares of the largest."""
    most = max(values, default=0) or 1
    heights = [math.ceil(value * (len(_BARS) - 1) / most) for value in values]
    bars = "".join(
        f'<rect x="{_WIDTH * i}" y="{_HEIGHT * (most - value) / most:g}" width="{_WIDTH - 1}" '
        f'height="{_HEIGHT * value / most:g}"/>'
        for i, value in enumerate(values)
        if value
    )
    size = f'width="{_WIDTH * len(values)}" height="{_HEIGHT}"'
    drawn = f'<svg {size} fill="currentColor" role="img" aria-label="bars">{bars}</svg>'
    return Drawn("".join(_BARS[height] for height in heights), drawn)


BARS = Form("barcode", _bars)
