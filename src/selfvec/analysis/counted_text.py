"""The text of a run as linguists count it: every occurrence of every word, whatever refining left out.

A run's tokens are what vectors learn from. Repeated passages are in them once, and stop words, rare words and
some parts of speech may be missing. So a word's count there can be smaller than what a reader of the text
counts, or what other programs say. `counted_text` cuts the kept text into words again, as the run does, and
leaves nothing out. Frequencies, n-grams, dispersion, keyness and collocates all count in it, so they agree.

Which documents are counted, with or without repeats, rows and rates per million stand here once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

import numpy as np

from selfvec.analysis.concepts.corpus_topics import document_groups
from selfvec.analysis.concepts.terms import row_of
from selfvec.analysis.sides import joined_sentence, joined_tokens
from selfvec.analysis.variants import given_pairs
from selfvec.base.arrays import Array, Doubles, Ints, Mask
from selfvec.base.casing import asked_forms
from selfvec.base.compiled import kernel
from selfvec.base.declarations import options
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import NotFound
from selfvec.base.view import Column, Row, figure
from selfvec.corpus.filters import GivenFilter, filtered_documents, given_filters
from selfvec.corpus.slices import named_slice
from selfvec.data.run import Run
from selfvec.data.run_text import TEXT
from selfvec.data.token_batch import TokenBatch
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import map_tensors, write_tensors
from selfvec.storage.cache import RESULT, cached, read_result
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text import encode, tokenizer
from selfvec.text.phrases import LINK, units_of
from selfvec.text.repeats import find_repeats, without
from selfvec.text.rules import Rules
from selfvec.text.tokenizers import LONG

if TYPE_CHECKING:
    from selfvec.corpus.documents import Documents

MILLION = 1e6
_IDS = "ids.safetensors"
# What is not left out of the text by choice: a phrase of the run is one word by choice, and what is longer
# than a thousand letters is no word.
_NOT_MISSED = {"in phrases", LONG}
_READ = "in which words are counted"


@options()
class Counting(TypedDict, total=False):
    """Which documents are counted, and how.

    Parameters
    ----------
    slice : str, optional
        Only this period or label, such as 1976..1979, 2020Q2 or 2000...
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.

    Other Parameters
    ----------------
    repeats : {"keep", "once"}
        Count every occurrence, or passages that many documents repeat only once; by default keep.
    variants : "auto" or path, optional
        Count words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    """

    slice: str | None
    filter: GivenFilter
    repeats: str | None
    variants: str | os.PathLike[str] | None


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
    repeats: str  # keep: every occurrence is counted; once: repeated passages are, as far as they repeat, not
    note: str = ""  # a sentence about words that are or are not counted; empty if there is nothing to say
    joined: Mapping[str, str] = field(default_factory=dict)  # the word that each variant is counted as

    def part(self, documents: Mask) -> CountedText:
        """Only these documents, (D,) bool."""
        return self if documents.all() else replace(self, batch=self.batch.part(documents))

    @property
    def notes(self) -> list[str]:
        """What is said below a table: how repeated passages are counted, and what else there is to know."""
        once = "Passages of 12 words that occur in 10 documents or more are counted once."
        said = [once] * (self.repeats == "once") + [self.note] * bool(self.note)
        return [*said, *joined_sentence(self.joined)]


def counted_text(run: Run, repeats: str = "keep") -> CountedText:
    """All documents of a run, in their order, with every word of the text; see the module.

    ``repeats`` is "keep" or "once". `InputError` if the run has not kept its tokens.
    """
    kept = run.require_tokens(_READ)
    dropped = {rule: int(n) for rule, n in run.provenance.text.get("dropped", {}).items()}
    missed = {rule: n for rule, n in dropped.items() if rule not in _NOT_MISSED}
    listed = ", ".join(f"{rule} {number:,}" for rule, number in missed.items())
    note = ""
    word_of = dict(run.provenance.variants)
    if not missed and repeats == "keep":
        return CountedText(joined_tokens(kept, word_of), repeats, joined=word_of)
    if missed and run.text is None:
        words = count_of(sum(missed.values()), "word")
        note = f"The run has not kept its text, so {words} that refining left out are not counted ({listed})."
    elif missed:
        note = f"Counted in the text as written, with the words that refining left out ({listed})."
    batch = run.held("counted text", lambda: _read(run, repeats), of=repeats, most=2)
    # Dates and labels may have been narrowed in this run, as filters do; those of the cache are not kept.
    named = replace(batch, dates=kept.dates, slices=kept.slices, slice_names=kept.slice_names)
    return CountedText(joined_tokens(named.with_counts(batch.counts), word_of), repeats, note, word_of)


def counting_variants(run: Run, given: str | os.PathLike[str] | None) -> Run:
    """The run whose words are counted as `given_pairs` says, also those that it has no vectors for."""
    pairs = given_pairs(run, given)
    return run.replace(provenance=run.provenance.replace(variants=pairs)) if pairs else run


class AskedText(NamedTuple):
    """The documents that are counted, all and by group, and the run that they are of."""

    run: Run  # counts variants as their words
    text: CountedText
    groups: dict[str, CountedText]


def asked_text(given: GivenRun, counting: Counting, by: str | None = None) -> AskedText:
    """The documents that `Counting` asks for, also by the groups of `document_groups`.

    `NotFound` if there is none, or none has a word.
    """
    run = counting_variants(as_run(given), counting.get("variants"))
    whole = counted_text(run, counting.get("repeats") or "keep")
    documents = filtered_documents(run, given_filters(counting.get("filter", ())))
    if (period := counting.get("slice")) is not None:
        documents = documents & named_slice(whole.batch, period).documents
    text = whole.part(documents)
    if not len(text.batch):
        raise NotFound("these documents have no words", remedy="choose others, or all")
    groups = [] if by is None else document_groups(run, by)
    parts = {group.name: whole.part(group.documents & documents) for group in groups}
    return AskedText(run, text, {name: part for name, part in parts.items() if len(part.batch)})


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


def _read(run: Run, repeats: str) -> TokenBatch:
    """The words of the kept text, read from the cache if they were counted before."""
    return cached(run, "words", repeats, lambda: _counted(run, repeats), _write, _open)


def _counted(run: Run, repeats: str) -> TokenBatch:
    batch = _encoded(run)
    if repeats == "keep":
        return batch
    _, further = find_repeats(batch)
    return without(batch, further)


def _encoded(run: Run) -> TokenBatch:
    """The kept text as words, cut and merged as those of the run; its tokens if it has not kept its text."""
    if run.text is None:
        return run.require_tokens(_READ)
    text = run.require_text(_READ)
    made = run.provenance
    code = made.options.get("language")
    cut = tokenizer(str(made.options.get("tokenizer") or "words"), code)

    def documents() -> Iterator[Documents]:
        from selfvec.corpus.documents import Documents

        for rows in text.batches((TEXT,)):
            yield Documents(rows[TEXT].fill_null(""))

    rules = Rules(lemmatize=made.options.get("lemmatize"), stem=made.options.get("stem"), language=code)
    # The run's own words are preferred, so that a word is spelt as in all other results of the run.
    return encode(documents(), cut, rules, run.vectors, phrases=units_of(made))[0]


def _write(batch: TokenBatch, folder: Path) -> None:
    write_tensors(folder / _IDS, {"ids": batch.ids, "offsets": batch.offsets})
    write_sealed(folder / RESULT, {"types": list(batch.types), "counts": batch.counts.tolist()})


def _open(folder: Path) -> TokenBatch:
    arrays, described = map_tensors(folder / _IDS), read_result(folder)
    batch = TokenBatch(arrays["ids"], np.array(arrays["offsets"]), described["types"])
    return batch.with_counts(np.array(described["counts"], np.int64))


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
    rates: Doubles = counts.astype(np.float64) * (MILLION / max(tokens, 1))
    return rates


SHOWN_GROUPS = 5
"""Groups that fit beside words in the terminal."""


def by_group(
    parts: Mapping[str, TokenBatch], counts: Callable[[TokenBatch], Ints]
) -> list[list[dict[str, Any]]]:
    """What k rows have in each group: ``group``, ``count`` and ``per_million``; `counts` gives (k,)."""
    columns = []
    for name, part in parts.items():
        own = counts(part)
        rates = per_million(own, len(part))
        columns.append(rows_of({"group": [name] * len(own), "count": own, "per_million": rates}))
    return [list(row) for row in zip(*columns, strict=True)]


def group_columns(groups: Sequence[Row]) -> list[Column]:
    """The rate of a row in each of the first groups, per million words."""

    def rate_in(place: int) -> Callable[[Row], Any]:
        return lambda row: row["groups"][place]["per_million"]

    names = (escape_for_display(str(group["group"])) for group in groups[:SHOWN_GROUPS])
    return [Column(f"group_{i}", name, figure(1), of=rate_in(i)) for i, name in enumerate(names)]


# ---- How words are spread over documents

# Columns of what `_add_spread` adds up, and of what it needs to know of a word. One reading of the text gives
# all of them, and eight numbers of a word are one line of the processor's cache, because words of a large
# vocabulary are not in the cache: fetching them takes the time.
_DOCUMENTS, _DEVIATION, _RATE, _SQUARE, _RESIDUAL_2, _RESIDUAL_4, _COUNT, _EXPECTED = range(8)


@dataclass(frozen=True, eq=False)
class Spread:
    """How the V words of a text are spread over its documents that have words, its parts.

    Attributes
    ----------
    documents : (V,) int64
        Documents with the word: its range.
    dp : (V,) float64
        Gries' deviation of proportions (2008, *Dispersions and adjusted frequencies in corpora*): half the
        sum of |share of the word's occurrences in a part - share of the text in it|. 0 is evenly spread, near
        1 is in one small part. 0 for a word that does not occur.
    dp_norm : (V,) float64
        DP divided by 1 - the smallest share of a part, so that 1 can be reached (Lijffijt and Gries, 2012,
        *Correction to Dispersions and adjusted frequencies in corpora*).
    juilland_d : (V,) float64
        Juilland's D: 1 - V / √(n - 1), where V is the coefficient of variation of the relative frequencies in
        n parts (with √(Σ(x - mean)² / n)), so that parts of any size count alike (Gries, 2020, *Analyzing
        dispersion*). NaN of a single part.
    residuals, fourth : (V,) float64
        Sums over documents of (c - p n)² and (c - p n)⁴: c is the count in a document of n words, p the
        expected rate that `spread_of` was given.
    """

    documents: Ints
    dp: Doubles
    dp_norm: Doubles
    juilland_d: Doubles
    residuals: Doubles
    fourth: Doubles


def spread_of(batch: TokenBatch, rates: Doubles | None = None) -> Spread:
    """How the words of a text are spread over its documents; ``rates``, (V,), are expected ones.

    >>> spread = spread_of(TokenBatch.from_documents([["a", "a", "b"], ["a"]]))
    >>> spread.documents.tolist(), spread.dp.round(3).tolist(), spread.juilland_d.round(3).tolist()
    ([2, 1], [0.083, 0.25], [0.8, 0.0])
    """
    types, counts = len(batch.types), batch.counts
    shares = counts / max(len(batch), 1) if rates is None else rates
    sizes = np.diff(batch.offsets).astype(np.float64)
    sums = np.zeros((types, 8))
    sums[:, _COUNT], sums[:, _EXPECTED] = counts, shares
    seen, order = np.zeros(types, np.int32), np.zeros(types, np.int32)
    for ids, offsets in batch.in_ranges():  # ends early if nobody waits for it any more
        _add_spread(ids, offsets, float(len(batch)), seen, order, sums)
    occurs = counts > 0
    parts = max(int(np.count_nonzero(sizes)), 1)
    dp = np.where(occurs, np.clip((sums[:, _DEVIATION] + 1) / 2, 0, 1), 0)
    smallest = sizes[sizes > 0].min(initial=np.inf) / max(len(batch), 1)
    mean = np.where(occurs, sums[:, _RATE] / parts, 1)
    variance = np.maximum(sums[:, _SQUARE] / parts - mean**2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        juilland = np.where(occurs & (parts > 1), 1 - np.sqrt(variance) / mean / np.sqrt(parts - 1), np.nan)
    return Spread(
        sums[:, _DOCUMENTS].astype(np.int64),
        dp,
        dp / (1 - smallest) if parts > 1 else dp,
        juilland,
        # Documents without the word have the residual p n; they were subtracted above from all documents'.
        np.maximum(sums[:, _RESIDUAL_2] + shares**2 * (sizes**2).sum(), 0),
        np.maximum(sums[:, _RESIDUAL_4] + shares**4 * (sizes**4).sum(), 0),
    )


@kernel(steps=lambda ids, *_: 20 * len(ids))
def _add_spread(
    ids: Array,  # (n,)
    offsets: Ints,  # (d + 1,)
    tokens: float,  # of the whole text
    seen: Array,  # (V,) zeros
    order: Array,  # (V,) room
    sums: Array,  # (V, 8), the columns named above
) -> None:
    for document in range(len(offsets) - 1):
        first, last = offsets[document], offsets[document + 1]
        size = float(last - first)
        different = 0
        for place in range(first, last):
            word = ids[place]
            if seen[word] == 0:
                order[different] = word
                different += 1
            seen[word] += 1
        for number in range(different):
            word = order[number]
            count = float(seen[word])
            seen[word] = 0
            row = sums[word]
            share, rate, expected = size / tokens, count / size, row[7] * size
            row[0] += 1.0
            row[1] += abs(count / row[6] - share) - share
            row[2] += rate
            row[3] += rate * rate
            square, usual = (count - expected) ** 2, expected * expected
            row[4] += square - usual
            row[5] += square * square - usual * usual
