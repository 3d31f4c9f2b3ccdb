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
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypedDict

import numpy as np
import polars as pl

from selfvec.base.answer import Json, as_rows
from selfvec.base.arrays import Array, Doubles, Ids, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.characters import folded, plain
from selfvec.base.declarations import options
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import NotFound
from selfvec.base.view import Column, Drawn, Form, Row
from selfvec.corpus.filters import filtered_documents
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import document_groups, named_slice
from selfvec.data.documents import Documents
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.run_text import TAGS, TEXT, column_or_nulls
from selfvec.data.token_batch import TokenBatch, bounds_of
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.numerics.statistics import FEWEST, NORMAL
from selfvec.storage.cache import AGAIN, RESULT, cached, read_result
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text import tokenizer
from selfvec.text.encoding import spell
from selfvec.text.languages import lemmas_of_forms, lemmatizer
from selfvec.text.passages import sentence_spans
from selfvec.text.phrases import Running, placed, units_of
from selfvec.text.repeats import find_repeats, without
from selfvec.text.rules import Rulebook, Rules
from selfvec.text.tagger import COLUMNS, UNKNOWN, mostly, tagger
from selfvec.text.tokenizers import LONG, SPLITS

from .comparison.recurring import own_texts
from .comparison.variants import given_pairs, joined_sentences, joined_tokens, split_pairs

MILLION = 1e6  # words, in which rates are told
_NONE = 1e-9  # in place of no occurrence, by which is divided
_IDS = "ids.safetensors"
_FORMS: Forms = {  # what `TokenBatch` checks is not said again
    "ids": Tensor("i4", ("N",)),
    "offsets": Tensor("i8", ("D + 1",)),
    "written": Tensor("i4", ("W",)),
    "widths": Tensor("i4", ("N",), 1, optional=True),
    "sentences": Tensor("i8", ("S + 1",), ends="N", optional=True),
}
# What is not left out of the text by choice: a phrase of the run is one word by choice, and what is longer
# than a thousand letters is no word.
_NOT_MISSED = {"in phrases", LONG}
_READ = "in which words are counted"


@options()
class DocumentSelection(TypedDict, total=False):
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
    variants: Literal["auto"] | str | os.PathLike[str] | None


@options(DocumentSelection)
class Grouped(DocumentSelection, total=False):
    """Which documents are counted, how, and in which groups.

    Parameters
    ----------
    by : str, optional
        Also count in each period or value of a field. Periods are week, month, quarter, year, decade,
        century.

    Other Parameters
    ----------------
    repeats : {"keep", "once"}, optional
        Count every occurrence, or passages that many documents repeat only once; by default keep.
    """

    by: str | None
    repeats: Literal["keep", "once"] | None


@dataclass(frozen=True, eq=False)
class CountedText:
    """The words of some documents of a run, as they are counted and, if asked for, as they are written."""

    batch: TokenBatch
    repeats: str  # keep: every occurrence is counted; once: what repeats passages and quotes lines is not
    note: str = ""  # a sentence about words that are or are not counted; empty if there is nothing to say
    joined: Mapping[str, str] = field(default_factory=dict)  # the word that each variant is counted as
    lacking: Mapping[str, str] = field(default_factory=dict)  # the same of pairs that it has not both of
    written: TokenBatch | None = None  # the same documents, with the words as these have them
    widths: Ids | None = None  # (N,) written words of each counted one; None if the run has no phrases
    numbers: Ints | None = None  # (D,), of its documents in the run; None for all
    remarks: list[str] = field(default_factory=list)  # about what is counted of it
    sentences: Ints | None = None  # (S + 1,), where each begins, and the end; None if they are not known
    tags: Sequence[str] = ()  # of the types of the written words, which differ by them; none without

    @property
    def as_written(self) -> TokenBatch:
        """The written words of a text that was read with them."""
        assert self.written is not None
        return self.written

    @property
    def written_sentences(self) -> Ints | None:
        """Where each sentence begins among the written words, and the end; None if they are not known."""
        if self.sentences is None or self.widths is None:
            return self.sentences
        return bounds_of(self.widths)[self.sentences]

    def told(self, column: str) -> list[str]:
        """The lemma, pos or tag of each type of the written words, if they are tagged."""
        place = COLUMNS.index(column)
        return [tag.split("\t")[place] for tag in self.tags]

    def part(self, documents: Mask) -> CountedText:
        """Only these documents, (D,) bool."""
        if documents.all():
            return self
        sentences = self.sentences
        if sentences is not None:
            owners = self.batch.document_of(sentences[:-1])
            sentences = bounds_of(np.diff(sentences)[documents[owners]])
        within = None if self.widths is None else np.repeat(documents, self.batch.lengths)
        return replace(
            self,
            batch=self.batch.part(documents),
            numbers=np.flatnonzero(documents) if self.numbers is None else self.numbers[documents],
            written=self.written and self.written.part(documents),
            widths=None if self.widths is None else self.widths[within],
            sentences=sentences,
        )

    @property
    def notes(self) -> list[str]:
        """What is said below a table: how repeated passages are counted, and what else there is to know."""
        once = "Passages of 12 words that occur in 10 documents or more, and quoted lines, are counted once."
        said = [once] * (self.repeats == "once") + [self.note] * bool(self.note)
        return [*said, *joined_sentences(self.joined, self.lacking), *dict.fromkeys(self.remarks)]


def counted_text(
    run: Run, repeats: str = "keep", *, written: bool = False, unit: Unit = "word"
) -> CountedText:
    """All documents of a run, in their order, with every word of the text; see the module.

    ``repeats`` is "keep" or "once"; "lines" counts only quoted lines once. With ``written``, it has the words
    as they are written and, of a run that has kept its text, the sentences. Other units than words are those
    of `annotated`, or looked up. `InputError` if the run has not kept its tokens.
    """
    kept = run.require_tokens(_READ)
    dropped = run.provenance.text.get("dropped", {})
    missed = {rule: int(number) for rule, number in dropped.items() if rule not in _NOT_MISSED}
    note = ", ".join(f"{rule} {number:,}" for rule, number in missed.items())
    if missed and run.text is None:
        words = count_of(sum(missed.values()), "word")
        note = f"The run has not kept its text, so {words} that refining left out are not counted ({note})."
    elif missed:
        note = f"Counted in the text as written, with the words that refining left out ({note})."
    text = CountedText(kept, repeats)
    written |= unit != "word"
    if missed or repeats != "keep" or written:
        text = run.held("counted text", lambda: _read(run, repeats), of=repeats, most=2)
    if not written:
        text = replace(text, written=None, widths=None)
    word_of = run.provenance.variants
    met, lacking = split_pairs(word_of, set(text.batch.types) if word_of else ())
    batch = joined_tokens(text.batch, met)
    cut = run.provenance.notes_on_pieces
    text = replace(text, batch=batch, note=note, joined=met, lacking=lacking, remarks=cut)
    return text if unit == "word" else _in_unit(text, run.provenance, unit)


# ---- Annotation: lemmas and parts of speech as a tagger or the corpus gives them, or else by dictionaries


Unit = Literal["word", "lemma", "pos"]


def _in_unit(text: CountedText, made: Provenance, unit: Unit) -> CountedText:
    """A text whose words are counted as their lemmas or parts of speech, also those of phrases if tagged."""
    batch = text.batch
    if text.tags:
        batch = renamed(text.as_written, text.told(unit))
        return replace(text, batch=batch, widths=None, sentences=text.written_sentences)
    if unit == "lemma":
        if made.options.get("lemmatize"):
            return text  # the words of such a run are lemmas
        lemmas = lemmas_of_forms(codes_of(made))
        several = [len(lemmas(lower(word, made.language))) > 1 for word in batch.types]
        words = f"{batch.counts[several].sum():,} of {count_of(len(batch), 'word')}"
        text.remarks.append(f"{words} of the run are forms of several lemmas, counted under one.")
    return replace(text, batch=renamed(batch, looked_up(made, batch.types, unit)))


def renamed(batch: TokenBatch, names: Sequence[str]) -> TokenBatch:
    """A text whose types have these names, of which some may be the same."""
    index = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return batch.renumbered(np.fromiter(map(index.__getitem__, names), np.int32, len(names)), list(index))


def looked_up(made: Provenance, words: Sequence[str], unit: str) -> list[str]:
    """The lemma or the part of speech of each word, by the dictionaries of a run."""
    codes = codes_of(made)
    if unit == "lemma":
        return list(map(lemmatizer(codes), words))
    return tagger(made.options.get("tagger"), codes).parts(words)


def codes_of(made: Provenance) -> tuple[str, ...]:
    """The languages of a run's dictionaries."""
    return tuple(str(made.options.get("lemmatize") or made.language).split(","))


def written_text(run: Run) -> tuple[CountedText, str]:
    """The kept text as a reader cuts it into words, and the name of what cuts it; `InputError` without it."""
    run.require_text("in which words are looked for")
    name = run.provenance.tokenizer
    if name not in SPLITS:
        name = "words"  # of which the pieces of a tokenizer.json are parts
        made = run.provenance
        run = run.replace(provenance=made.replace(options={**made.options, "tokenizer": name}))
    return run.held("counted text", lambda: _read(run, "keep"), of="keep", most=2), name


class AskedText(NamedTuple):
    """The documents that are counted, all and by group, and the run that they are of."""

    run: Run  # counts variants as their words
    text: CountedText
    groups: dict[str, CountedText]

    @property
    def said(self) -> Json:
        """Which words were counted, for a result."""
        return {"repeats": self.text.repeats, "counted": self.text.notes}


def asked_text(
    given: GivenRun, counting: Grouped, *, written: bool = False, unit: Unit = "word"
) -> AskedText:
    """The documents that are asked for, also by the groups of `document_groups`.

    `NotFound` if there is none, or none has a word.
    """
    run = run_as_asked(given, counting)
    whole = counted_text(run, counting.get("repeats") or "keep", written=written, unit=unit)
    documents = chosen_documents(run, counting)
    text = whole.part(documents)
    if not len(text.batch):
        raise NotFound("these documents have no words", remedy="choose others, or all")
    by = counting.get("by")
    groups = [] if by is None else document_groups(run, by)
    parts = {group.name: whole.part(group.documents & documents) for group in groups}
    return AskedText(run, text, {name: part for name, part in parts.items() if len(part.batch)})


def run_as_asked(given: GivenRun, chosen: DocumentSelection) -> Run:
    """A run of which the variants that are asked for are counted as their words."""
    run = as_run(given)
    pairs = given_pairs(run, chosen.get("variants"))
    return run.replace(provenance=run.provenance.replace(variants=pairs)) if pairs else run


def chosen_documents(run: Run, chosen: DocumentSelection) -> Mask:
    """Documents that are in the slice and pass the filters, (D,) bool; `NotFound` without any."""
    documents = filtered_documents(run, given_filters(chosen.get("filter", ())))
    period = chosen.get("slice")
    return documents if period is None else documents & named_slice(run.require_tokens(), period).documents


def _read(run: Run, repeats: str) -> CountedText:
    """The words of the kept text, from the cache if they were read before."""

    def make() -> CountedText:
        text = _with_tags(_encoded(run, {} if repeats == "keep" else own_texts(run)), run)
        if repeats != "once":
            return replace(text, repeats=repeats)
        _, further = find_repeats(text.batch)
        written, widths, bounds = text.written, text.widths, text.sentences
        if written is not None:
            written = without(written, further if widths is None else np.repeat(further, widths))
        if bounds is not None:
            left = np.add.reduceat(~further, bounds[:-1], dtype=np.int64)
            bounds = np.unique(bounds_of(left))
        widths = None if widths is None else widths[~further]
        batch = without(text.batch, further)
        return replace(text, batch=batch, repeats=repeats, written=written, widths=widths, sentences=bounds)

    documents = run.require_tokens(_READ).documents if run.text is None else len(run.text)
    read = partial(_open, documents, repeats)
    key = [repeats, "spelled", run.provenance.tokenizer]
    return cached(run, "words", key, make, _write, read)


def _encoded(run: Run, own: Mapping[int, str]) -> CountedText:
    """The kept text as words, cut and merged as those of the run; its tokens if it has not kept its text.

    ``own`` are the texts of documents without what they quote, by number.
    """
    text, made = run.text, run.provenance
    if text is None:
        kept = run.require_tokens(_READ)
        return CountedText(kept, "keep", written=kept)
    code = made.options.get("language")
    cut = tokenizer(made.tokenizer)
    ends = [0]  # of the documents, in sentences

    def sentences() -> Iterator[Documents]:
        done = 0
        for rows in text.batches([name for name in (TEXT, TAGS) if name in text.columns]):
            texts = [own.get(number, whole or "") for number, whole in enumerate(rows[TEXT], done)]
            done += len(rows)
            given = column_or_nulls(rows, TAGS).str.starts_with("\n").fill_null(False)
            pieces = [
                _sentences(each, "lines" if told else cut.name)
                for each, told in zip(texts, given, strict=True)
            ]
            ends.extend(ends[-1] + np.cumsum(list(map(len, pieces))))
            yield Documents(pl.Series([piece for each in pieces for piece in each], dtype=pl.String))

    units = units_of(made)
    # Written words have their possessives, and are counted without.
    spelling, normal = (str, str) if cut.casing != "lower" else (folded, plain)
    as_written = lambda texts: replace(cut(texts), normal=lambda word: spelling(word) or word)  # noqa: E731
    spelled = spell(sentences(), as_written, keep_apart=bool(units))
    written = TokenBatch(spelled.ids, spelled.offsets[ends], spelled.types)
    known = None if cut.name == "pieces" else np.unique(spelled.offsets)
    # The run's own words are preferred, so that a word is spelt as in all other results of the run.
    rules = Rules(lemmatize=made.options.get("lemmatize"), stem=made.options.get("stem"), language=code)
    rulebook, index = Rulebook(rules, cut.casing), run.vectors.key_to_index
    keys = rulebook.keys([normal(word) or word for word in spelled.types], written.counts, index)
    if not units:
        batch = written.renumbered(keys.places, keys.types)
        return CountedText(batch, "keep", written=written, sentences=known)
    whole = np.ones(len(keys.types), bool)
    text_of_keys = Running(keys.places[spelled.ids], spelled.offsets, keys.types, whole, spelled.apart)
    ids, stays, types = placed(text_of_keys, units, lambda phrase: rulebook.key(phrase, index))
    bounds = bounds_of(stays)[spelled.offsets]
    widths = np.diff(np.flatnonzero(stays), append=len(stays)).astype(np.int32)
    batch = TokenBatch(ids[stays], bounds[ends], types)
    return CountedText(batch, "keep", written=written, widths=widths, sentences=np.unique(bounds))


def _with_tags(text: CountedText, run: Run) -> CountedText:
    """The same with the tags that the run keeps; where a document is read in part, those usual of a word."""
    written = text.written
    if run.text is None or TAGS not in run.text.columns or written is None or text.sentences is None:
        return text  # without sentences the words are pieces of words
    told = run.text.read((TAGS,))[TAGS].str.strip_chars("\n").str.replace_all("\n\n", "\n").str.split("\n")
    lengths = written.lengths
    fits = told.list.len().fill_null(0).to_numpy() == lengths
    told = told.filter(fits & (lengths > 0)).explode()
    names = ["", *told.unique(maintain_order=True)]
    of_words = np.zeros(len(written), np.int64)
    of_words[np.repeat(fits, lengths)] = told.cast(pl.Enum(names)).to_physical()
    pairs, ids = np.unique(written.ids * np.int64(len(names)) + of_words, return_inverse=True)
    words, tag = (numbers.tolist() for numbers in np.divmod(pairs, len(names)))
    written = TokenBatch(ids.astype(np.int32), written.offsets, [written.types[i] for i in words])
    usual = {} if fits.all() else mostly(run.text, run.provenance.options)
    tags = [names[i] or usual.get(lower(written.types[n]), UNKNOWN) for n, i in enumerate(tag)]
    return replace(text, written=written, tags=tags)


def _sentences(text: str, tokenizer: str) -> list[str]:
    """The sentences of a text, none of which ends within a token: `word_spans` of the text has the same."""
    if tokenizer in ("pieces", "lines"):  # pieces may depend on what precedes them
        return [text] if tokenizer == "pieces" else text.split("\n")
    starts = [start for start, _ in sentence_spans(text)]
    if tokenizer == "whitespace":
        starts = [start for start in starts if not start or text[start - 1].isspace()]
    return [text[a:b] for a, b in pairwise([*starts, len(text)])]


def _write(text: CountedText, folder: Path) -> None:
    arrays: dict[str, Array] = {
        "ids": text.batch.ids,
        "offsets": text.batch.offsets,
        "written": text.as_written.ids,
    }
    optional = {"widths": text.widths, "sentences": text.sentences}
    arrays |= {name: array for name, array in optional.items() if array is not None}
    write_tensors(folder / _IDS, arrays)
    names = {"types": list(text.batch.types), "written": list(text.as_written.types)}
    write_sealed(folder / RESULT, names | ({"tags": list(text.tags)} if text.tags else {}))


def _open(documents: int, repeats: str, folder: Path) -> CountedText:
    arrays = read_tensors(folder / _IDS, _FORMS, AGAIN, D=documents)
    names = read_result(folder)
    offsets, widths = np.array(arrays["offsets"]), arrays.get("widths")
    batch = TokenBatch(arrays["ids"], offsets, names["types"])
    own = offsets if widths is None else bounds_of(widths)[offsets]
    written = TokenBatch(arrays["written"], own, names["written"])
    sentences, tags = arrays.get("sentences"), names.get("tags", ())
    return CountedText(batch, repeats, written=written, widths=widths, sentences=sentences, tags=tags)


# ---- Counts as rows


def per_million(counts: Ints | Doubles, tokens: int) -> Doubles:
    """Occurrences in a million words of a text of so many."""
    return counts.astype(np.float64) * (MILLION / max(tokens, 1))


def by_group(
    counted: Mapping[str, tuple[Ints, Doubles, TokenBatch]],
) -> dict[str, list[list[Json]]]:
    """What k rows have in each group: ``group``, ``count``, ``per_million``, ``low`` and ``high``.

    ``counted`` has their counts, (k,), `Spread.own`, (k,), and the words of each group. A column of rows,
    ``groups``; none without groups.
    """
    columns: dict[str, Json] = {}
    for name, (counts, squares, batch) in counted.items():
        documents = np.count_nonzero(batch.lengths)
        ends = np.full((2, len(counts)), np.nan)
        if documents >= FEWEST:
            ends = per_million(_interval(counts, squares * (documents / (documents - 1))), len(batch))
        rates = {"count": counts, "per_million": per_million(counts, len(batch))}
        columns[name] = {**rates, "low": ends[0], "high": ends[1]}
    return in_groups(columns)


def _interval(counts: Ints, variances: Doubles) -> Doubles:
    """The 95 % intervals of counts with these variances, (2, k).

    Byar's approximation for so many independent occurrences as are as sure (Korn and Graubard, 1998,
    *Confidence intervals for proportions with small expected number of positive counts*).

    >>> _interval(np.array([0, 10, 10]), np.array([0, 10, 40])).round(2).tolist()
    [[0.0, 4.79, 1.6], [3.67, 18.39, 32.02]]
    """
    each = np.maximum(variances / np.maximum(counts, 1), 1)  # occurrences that are one independent one
    ends = np.maximum([counts / each, counts / each + 1], _NONE)
    roots = np.maximum(1 - 1 / (9 * ends) + np.array([[-1], [1]]) * NORMAL / (3 * np.sqrt(ends)), 0)
    limits: Doubles = each * ends * roots**3
    return limits


def in_groups(columns: Mapping[str, Json]) -> dict[str, list[list[Json]]]:
    """What rows have in each group, as their column ``groups``; none without groups."""
    groups = ([{"group": name, **row} for row in as_rows(of)] for name, of in columns.items())
    return {"groups": [list(row) for row in zip(*groups, strict=True)]} if columns else {}


SHOWN_GROUPS = 5
"""Groups that fit beside words in the terminal; more are drawn as bars."""


def group_columns(groups: Sequence[Row], value: Callable[[Row], Any], form: Form) -> list[Column]:
    """A value that a row has in each group: a column for each, or bars if there are many."""

    def value_in(place: int) -> Callable[[Row], Any]:
        return lambda row: value(row["groups"][place])

    names = [escape_for_display(str(group["group"])) for group in groups]
    if len(names) <= SHOWN_GROUPS:
        return [Column(f"group_{i}", each, form, of=value_in(i)) for i, each in enumerate(names)]

    def values(row: Row) -> list[float]:
        return [value_in(place)(row) or 0 for place in range(len(names))]

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
