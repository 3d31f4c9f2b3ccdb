"""Frequency: how often each word, lemma or part of speech occurs, and how varied the words of a text are."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Annotated, Literal, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json, as_rows
from selfvec.base.arrays import Doubles
from selfvec.base.declarations import Bounds, Count, checked
from selfvec.base.display import count_of
from selfvec.base.threads import stop_if_cancelled
from selfvec.base.view import COUNT, PROSE, Column, Form, Table, ends, figure
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.opened import GivenRun
from selfvec.text.document_vectors import document_frequencies

from .corpus_query import Hits, asked_query, looked_up, of_several_lemmas
from .counted_text import (
    SHOWN_GROUPS,
    Grouped,
    asked_text,
    by_group,
    group_columns,
    per_million,
)
from .dispersion import began_at, spread_of


def frequencies(title: str, figures: Json, first: Column, of: str, size: str) -> Answer:
    """How often words or sequences occur: what was counted, some ``of`` all, the groups, the size."""
    groups, rows = figures.get("groups", ()), figures["rows"]
    columns, sizes = (first, *_COUNTS), [*_SIZES]
    parts = [Table(columns, rows, of=of)]
    if groups and len(rows) == 1:  # its figures stand beside the sizes
        groups = [{**size, **row} for size, row in zip(groups, rows[0]["groups"], strict=True)]
        sizes = [*_SIZES[:3], _COUNTS[0], _COUNTS[2], _INTERVAL]
    elif groups:
        for head, value, form, most in _IN_GROUPS:
            if len(groups) <= most:
                shown = [replace(first, width=24), *group_columns(groups, value, form)]
                parts.append(Table(shown, rows, f"{head} in each group"))
    if groups:
        more = f"{len(groups):,} groups" * (len(groups) > SHOWN_GROUPS)
        parts.append(Table(sizes, groups, "Groups", of=more, least=SHOWN_GROUPS))
    return Answer(title, figures, columns=columns, parts=parts, notes=[size, *figures["counted"]])


def _between(span: tuple[float, float]) -> str:
    return "-".join(f"{end:,.{1 if span[1] < 100 else 0}f}" for end in span)


_COUNTS = (
    Column("count", form=COUNT),
    Column("documents", form=COUNT),
    Column("per_million", "pmw", figure(1), "per million words"),
)
_INTERVAL = Column("interval", "95 %", Form("interval", _between, True), "interval by documents", of=ends)
_IN_GROUPS = (  # with as many groups as fit a line
    ("Occurrences", itemgetter("count"), COUNT, SHOWN_GROUPS),
    ("Per million words", itemgetter("per_million"), figure(1), sys.maxsize),
    ("95 % interval by documents, per million words,", ends, _INTERVAL.form, 3),
)
_SIZES = (
    Column("group", "", PROSE),
    Column("documents", form=COUNT),
    Column("tokens", "words", COUNT),
    Column("types", "different", COUNT),
    Column("sttr", "TTR", figure(3), "mean type–token ratio of its pieces"),
)


@checked
def frequency(
    run: GivenRun,
    query: str | None = None,
    *,
    unit: Literal["word", "lemma", "pos"] = "word",
    top: Count | None = None,
    min_count: Count = 1,
    min_documents: Count = 1,
    piece: Annotated[int, Bounds(at_least=2)] = 1000,
    **counting: Unpack[Grouped],
) -> Answer:
    """List the words of a text by how often they occur.

    Parameters
    ----------
    run : Run or path
    query : str, optional
        Only this word, phrase or query; see `concordance`.
    unit : {"word", "lemma", "pos"}
        What is counted: words as the run has them, their lemmas, or their parts of speech.
    top : int, at least 1, optional
        Words listed; by default all.
    **counting
        Those of `Grouped`: which documents are counted, how, and in which groups.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out words that are rarer.
    min_documents : int, at least 1
        Leave out words that occur in fewer documents.
    piece : int, at least 2
        Words of a piece of the text, for the type–token ratio.

    Returns
    -------
    Answer
        ``tokens`` and ``types``, the words of the text and how many are different, ``documents``, ``listed``,
        the number of words that are frequent enough, ``sttr``, and ``rows``, the most frequent first.
        ``groups``, with ``by``, has the size of each group under the same names. ``counted`` says which words
        were counted, as ``repeats`` asks.

        ``word``
            As the run has it; a lemma or a part of speech, if these are counted.
        ``count``, ``documents``
            Its occurrences, and the documents with it.
        ``per_million``
            Its occurrences in a million words.
        ``groups``
            With ``by``: ``group``, ``count``, ``per_million`` of each group; ``low`` and ``high``, the 95 %
            interval of that rate by documents, None in a group of fewer than six.

        ``sttr`` is the standardised type–token ratio (Scott, *WordSmith Tools*): the mean share of different
        words in consecutive pieces of the text, which run on from one document to the next. Without pieces,
        the ratio would fall with the length of the text. None for a text shorter than a piece.

    Raises
    ------
    InputError
        If the run has not kept its tokens, or a package for parts of speech is missing.
    OptionError
        If there are no lemmas or parts of speech for the language.
    NotFound
        If no document is in the slice or passes the filters.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [(row["word"], row["count"]) for row in selfvec.frequency(run, top=3).rows]
    [('the', 19194), ('a', 7871), ('in', 5149)]
    """
    asked = asked_text(run, counting, written=query is not None)
    texts = (part.batch for part in (asked.text, *asked.groups.values()))
    batch, *of_groups = counted_as(asked.run, [*texts], unit, asked.text.remarks)
    parts = dict(zip(asked.groups, of_groups, strict=True))
    size, groups = size_of(batch, piece), sizes_of(parts, piece)
    tokens, said = len(batch), f"{count_of(len(batch), 'word')}, {size['types']:,} different."
    words, places, forms = parts, dict[str, Hits](), dict[str, int]()
    if query is not None:
        made, hits = asked_query(asked, query)
        said += f" {query} occurs {count_of(len(hits.starts), 'time')}."
        batch = _of_hits(batch, hits, forms)
        places = {name: made.hits(part) for name, part in asked.groups.items()}
        parts = {name: _of_hits(part, places[name], forms) for name, part in words.items()}

    def squares(name: str) -> Doubles:
        if query is None:
            return spread_of(words[name]).own
        return spread_of(began_at(words[name], places[name].starts, parts[name].ids, len(forms))).own[:-1]

    documents = document_frequencies(batch)
    listed = np.flatnonzero((batch.counts >= min_count) & (documents >= min_documents) & (batch.counts > 0))
    chosen = listed[np.argsort(-batch.counts[listed], kind="stable")][:top]
    columns: Json = {
        "word": [batch.types[i] for i in chosen.tolist()],
        "count": batch.counts[chosen],
        "documents": documents[chosen],
        "per_million": per_million(batch.counts[chosen], tokens),
        **by_group(
            {name: (parts[name].counts[chosen], squares(name)[chosen], words[name]) for name in parts}
        ),
    }
    figures = {"unit": unit, **size, "listed": len(listed), "piece": piece, **asked.said}
    figures |= groups | {"rows": as_rows(columns)}
    first = Column("word", unit.replace("pos", "part of speech"), width=24)
    if size["sttr"] is not None:
        said += f" Type–token ratio in pieces of {piece:,} words: {size['sttr']:.3f}."
    of = count_of(len(listed), unit.replace("pos", "part"))
    return frequencies(f"Frequencies of {_PLURAL[unit]}", figures, first, of, said)


_AT_ONCE = 1 << 22  # words whose pieces are sorted at a time
_PLURAL = {"word": "words", "lemma": "lemmas", "pos": "parts of speech"}


def counted_as(run: Run, batches: Sequence[TokenBatch], unit: str, notes: list[str]) -> Sequence[TokenBatch]:
    """Texts of a run over the same types, with the lemmas or parts of speech of their words for these.

    ``notes`` gets how many words of the first text are forms of several lemmas.
    """
    if unit == "word" or (unit == "lemma" and run.provenance.options.get("lemmatize")):
        return batches  # the words of such a run are lemmas
    if unit == "lemma":
        notes.append(of_several_lemmas(run, batches[0]))
    named = looked_up(run, list(batches[0].types), unit)
    index = {name: number for number, name in enumerate(dict.fromkeys(named))}
    numbers = np.fromiter(map(index.__getitem__, named), np.int32, len(named))
    return [batch.renumbered(numbers, list(index)) for batch in batches]


def _of_hits(batch: TokenBatch, hits: Hits, forms: dict[str, int]) -> TokenBatch:
    """The occurrences in each document, as what they are; new forms get the next numbers.

    >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["a"]])
    >>> found = _of_hits(batch, Hits(np.array([0, 3]), np.array([2, 4])), {})
    >>> found.types, found.ids.tolist(), found.offsets.tolist()
    (['a', 'a b'], [1, 0], [0, 1, 2])
    """
    widths = hits.ends - hits.starts
    ids = np.empty(len(widths), np.int32)
    for width in np.unique(widths).tolist():
        some = widths == width
        words = batch.ids[hits.starts[some][:, None] + np.arange(width)]
        distinct, places = np.unique(words, axis=0, return_inverse=True)
        names = (" ".join(batch.types[i] for i in row) for row in distinct.tolist())
        ids[some] = np.array([forms.setdefault(name, len(forms)) for name in names], np.int32)[places.ravel()]
    return TokenBatch(ids, np.searchsorted(hits.starts, batch.offsets), list(forms))


def size_of(batch: TokenBatch, piece: int = 1000) -> Json:
    """The size of a text, and how varied its words are."""
    return {
        "documents": int(np.count_nonzero(batch.lengths)),
        "tokens": len(batch),
        "types": int(np.count_nonzero(batch.counts)),
        "sttr": type_token_ratio(batch, piece),
    }


def sizes_of(parts: Mapping[str, TokenBatch], piece: int = 1000) -> Json:
    """The sizes of the groups of a text under their key; nothing without groups."""
    sizes = [{"group": name, **size_of(part, piece)} for name, part in parts.items()]
    return {"groups": sizes} if sizes else {}


def type_token_ratio(batch: TokenBatch, piece: int = 1000) -> float | None:
    """The mean share of different words in consecutive pieces of so many words; None without a whole one.

    >>> batch = TokenBatch.from_documents([["a", "b", "a"], ["a", "a", "a", "b"]])
    >>> type_token_ratio(batch, 3), type_token_ratio(batch, 8)
    (0.5, None)
    """
    pieces = len(batch) // piece
    if not pieces:
        return None
    ids, _ = batch.read_only
    step = max(1, _AT_ONCE // piece)
    different = pieces
    for first in range(0, pieces, step):
        stop_if_cancelled()
        part = ids[first * piece : min(first + step, pieces) * piece].reshape(-1, piece)
        different += int(np.count_nonzero(np.diff(np.sort(part, axis=1), axis=1)))
    return different / (pieces * piece)
