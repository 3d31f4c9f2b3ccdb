"""Keyness: the words that one part of a text, or one text, uses more than another.

How sure it is that a word is key is told by a test over documents, how large the difference is by the log
ratio of the two relative frequencies (Hardie, 2014, *Log ratio: an informal introduction*). The
log-likelihood of the two counts (`log_likelihood_scores`) takes every occurrence for an observation of its
own, although words come in documents: by it a word that fills a single document is key. So what stands in the
order that is asked for, by default that of the log-likelihood, has its q beside it. Most words of a text are
too rare to differ beyond chance however they fall; they are not tested, and q is among those that could.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Unpack

import numpy as np

from selfvec.base.answer import Answer, Json, as_rows
from selfvec.base.arrays import Doubles, Ints, Mask
from selfvec.base.casing import lower
from selfvec.base.declarations import Bounds, Count, checked
from selfvec.base.display import count_of, enumerated, escape_for_display, printable
from selfvec.base.errors import InputError, OptionError
from selfvec.base.finding import Finding
from selfvec.base.view import COUNT, PROBABILITY, SIGNED, Column, Table, figure
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, over_one_vocabulary
from selfvec.files.text_files import text_lines
from selfvec.numerics.statistics import (
    LEVEL,
    benjamini_hochberg,
    chi_square_p,
    hypergeometric_p,
    log_likelihood_scores,
)
from selfvec.storage.opened import GivenRun, as_run

from .comparison.chosen_slices import asked_slices
from .comparison.compared import LikeForLike, compared
from .comparison.comparison import Comparison, in_order
from .comparison.recurring import own_words
from .comparison.variants import joined
from .counted_text import (
    Grouped,
    Unit,
    asked_text,
    counted_text,
    looked_up,
    per_million,
    renamed,
)
from .frequency import Spread, spread_of
from .ngrams import in_sequences

ABSENT = 0.5  # the count of a word that does not occur, in ratios, which would be infinite
LEAST = 5  # occurrences of a word on both sides together
_MOST_DOCUMENTS = 50  # with a word, among which the fewest are sought that can be beyond chance
_NAMED = 5  # words in the sentence about a side
_HOW_COUNTED = ("tokenizer", "lemmatize", "stem", "phrases", "language")
_TINY = 1e-60  # a variance of 0 is that of a word without evidence
_WHOLE = "!!WHOLE_CORPUS"  # a row of lists of the BNC
_REST = "\u2026"  # all words that a list leaves out, and no word
_SIZE = re.compile(r"(?i)\b(?:tokens|size)\W+(\d[\d,]*)")
_NAMES = (("word", "type", "item", "form", "lemma"), ("count", "freq", "frequency", "absolute frequency"))
_HEAD, _RANKED = 50, 1000  # lines in which the names of columns are sought, and ranks are told from counts
_STRAIGHT = 1e-4  # a skewness with which a distribution is normal


def _of_key_side(name: str) -> Any:
    """The value of the side that has more of a word."""
    return lambda row: row[f"{name}_{row['key_of'] or 'a'}"]


def keyness_columns(a: str = "a", b: str = "b") -> tuple[Column, ...]:
    """What is shown of a word that one side, of these names, has more of."""
    return (
        Column("word", width=20),
        Column("count_a", a, COUNT),
        Column("count_b", b, COUNT),
        Column("documents", form=COUNT, meaning="with the word, on its side", of=_of_key_side("documents")),
        Column("dp", "DP", figure(2), "0 is evenly spread over them, 1 uneven", of=_of_key_side("dp")),
        Column(
            "per_million", "pmw", figure(0), "per million words, on its side", of=_of_key_side("per_million")
        ),
        Column("log_ratio", form=SIGNED, meaning=f"1 is twice as frequent in {a}, -1 in {b}"),
        Column("ll", "LL", figure(1), "log-likelihood"),
        Column("q", form=PROBABILITY, meaning="false discovery rate, documents as evidence"),
    )


class _Sides(NamedTuple):
    """Two texts whose words are compared, and what is said of them before a word is counted."""

    names: Sequence[str]
    counted: Sequence[TokenBatch]  # a frequency list has no documents
    notes: Sequence[str]  # on what is counted
    note: str = ""  # why these are compared
    tested: Sequence[TokenBatch] = ()  # if others: without what documents quote of others
    units: Sequence[Ints] = ()  # (D,) each, equal for documents that are one observation
    findings: Sequence[Finding] = ()
    nested: bool = False  # a field lies whole on the two, so that no word is said to be key
    explained: Set[str] = frozenset()  # words that the findings explain


@checked
def keyness(
    run: GivenRun,
    between: Sequence[str | Slice] | None = None,
    *,
    slice_field: str | None = None,
    against: GivenRun | None = None,
    filter: GivenFilter = (),
    unit: Unit = "word",
    n: Annotated[int, Bounds(at_least=1, at_most=6)] = 1,
    top: Count | None = None,
    sort: Literal["ll", "log-ratio", "q"] = "ll",
    min_count: Count | None = None,
    min_documents: Count | None = None,
    repeats: Literal["keep", "once"] = "keep",
    **given: Unpack[LikeForLike],
) -> Answer:
    """List the words that one part of a text uses more than another.

    Parameters
    ----------
    run : Run or path
    between : sequence of slices, optional
        The two parts, as drift names them; by default those that drift compares.
    slice_field : str, optional
        Compare two values of this field of the documents. They are named by ``between``, or are the two with
        the most text.
    against : Run or path, optional
        Compare the whole text with that of another run, or a frequency list.
    filter : str or dict, or sequence of them
        Only documents of the run with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    top : int, at least 1, optional
        Words listed of each side; by default all.
    sort : {"ll", "log-ratio", "q"}
        The order of the words. By log-likelihood, by the size of their log ratio, or the surest first.
    **given
        Those of `LikeForLike`: which words are one, and with which mix of documents; by default raw.

    Other Parameters
    ----------------
    unit : {"word", "lemma", "pos"}
        What is counted: words as the run has them, their lemmas, or their parts of speech.
    n : int, at least 1, at most 6
        Words of a sequence, for n-grams.
    min_count : int, at least 1, optional
        Leave out words that are rarer in both parts together; by default than 5.
    min_documents : int, at least 1, optional
        Leave out words that fewer documents of both parts have; by default, without ``min_count``, so few
        that they could not be beyond chance if all were on one side.
    repeats : {"keep", "once"}
        Count every occurrence, or passages that many documents repeat only once.

    Returns
    -------
    Answer
        ``a`` and ``b`` are the names of the sides, ``tokens_a`` and ``tokens_b`` their sizes, ``words_a`` and
        ``words_b`` the numbers of words that are more frequent there, ``significant_a`` and
        ``significant_b`` those with q ≤ 0.05. ``left_out`` is the number of words that have fewer than
        ``min_count`` occurrences or ``min_documents`` documents: they are neither tested nor counted.
        ``note`` says why parts were compared that nobody named, or how the options of two runs differ;
        ``counted`` which words were counted, as ``repeats`` asks, and where a frequency list ends, whose
        first line may be "# tokens: N" for the size of its corpus; ``findings`` how two parts are written
        differently, then which words they use more. ``rows`` has a dict for each word, in the order that
        ``sort`` asks for.

        ``word``
            As the run has it.
        ``count_a``, ``count_b``, ``per_million_a``, ``per_million_b``
            Its occurrences on each side, and in a million words.
        ``documents_a``, ``documents_b``, ``dp_a``, ``dp_b``
            The documents with it, and how evenly it is spread over all of a side, see `dispersion`. None of
            a frequency list.
        ``key_of``
            The side that has relatively more of it: "a", "b", or empty if both are equal.
        ``log_ratio``
            The binary logarithm of the ratio of its relative frequencies: 1 if it is twice as frequent in a,
            -1 in b. A count of 0 is taken for one half.
        ``ll``
            The log-likelihood G², whichever side has more.
        ``bic``, ``diff``
            The approximate Bayes factor, ``ll`` - log(words of both sides) (Wilson, 2013), and 100 (f_a -
            f_b) / f_b with the relative frequencies f (Gabrielatos and Marchi, 2012).
        ``p``, ``q``
            Of the surer of two tests that take documents for observations. By occurrences: with c of them in
            a document of n words, and the frequency p of both sides together, c - p n is what the document
            has more than expected. Over all divisions of the documents, the sum of a has known moments, and p
            is twice the tail of a gamma distribution with these (Mielke and Berry, 2007, *Permutation
            Methods*). Its variance is at least that within each side, and larger where the documents of one
            are longer. p is at least twice the share of divisions with as many documents as matter all on one
            side, so a word of one document is not significant. By documents: twice the share of divisions
            with as many of those that have the word on its side (Fisher's exact test), where a side of longer
            documents is taken for as many as it has words. The smaller p is that of 1 + √(1 - r²) tests,
            where r is the correlation of the two over all divisions; of what one side alone has, of one.
            q is the false discovery rate among the words that are not left out.
        ``by_documents``
            Whether the second is the surer.

    Raises
    ------
    InputError
        If there is nothing to compare, the parts share documents, the run has not kept its tokens, or a
        frequency list cannot be read.
    NotFound
        If a part does not exist, or no document of it passes the filters.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> keywords = selfvec.keyness(run, ["2000..2002", "2017..2019"])
    >>> [(row["word"], row["count_a"], row["count_b"]) for row in keywords.rows[:2]]
    [('email', 0, 56), ('derecho', 0, 25)]
    """
    run = as_run(run)
    if against is None:
        sides = _parts_of_run(run, between, slice_field, given_filters(filter), repeats, given, unit)
    elif between is not None or slice_field is not None:
        name = "slice_field" if between is None else "between"
        raise OptionError("does not go with another run", field=name, remedy="choose documents with --filter")
    else:
        counting: Grouped = {"filter": filter, "repeats": repeats, "variants": given.get("variants")}
        sides = _run_and_other(run, against, counting, n, unit)
    for name, batch in zip(sides.names, sides.counted, strict=True):
        if not batch.counts.any():
            raise InputError(f"the documents of {name} have no words", remedy="compare others")
    noun, notes = f"{n}-gram" if n > 1 else unit.replace("pos", "part"), [*sides.notes]
    batches = over_one_vocabulary([*sides.counted, *sides.tested])
    least_count = min_count or (1 if min_documents else LEAST)
    if n > 1 and all(batch.documents for batch in batches):
        batches = in_sequences(batches, n, least_count)
    shown, tested = batches[:2], _in_units(batches[-2:], sides.units)
    least = least_count, min_documents or (1 if min_count else _least_documents(tested))
    rows, left_out = _rows(shown, tested, least, sort)
    documents = [batch.documents for batch in shown]
    said = [] if sides.nested else key_findings(rows, sides.names, documents, noun, sides.explained)
    names = [*map(escape_for_display, sides.names)]
    columns, parts, sizes, first = keyness_columns(*names), [], [], set[str]()
    figures: Json = {}
    for side, name, batch, told, other in zip("ab", sides.names, shown, names, names[::-1], strict=True):
        key = [row for row in rows if row["key_of"] == side]
        tokens, sure = int(batch.counts.sum()), sum(row["q"] <= LEVEL for row in key)
        sized = {f"tokens_{side}": tokens, f"words_{side}": len(key), f"significant_{side}": sure}
        figures |= {side: name, **sized}
        of = f"{count_of(len(key), noun)}, of which {sure:,} are beyond chance (q ≤ {LEVEL})"
        parts.append(Table(columns, key[:top], f"More frequent in {told} than in {other}", of=of))
        sizes.append(f"{told} has {count_of(tokens, noun if n > 1 else 'word')}.")
        first |= {row["word"] for row in key[:top]}
    if top is not None:  # words that are as frequent in both are of neither side
        rows = [row for row in rows if row["word"] in first]
    figures |= {
        "note": sides.note,
        "unit": unit,
        "n": n,
        "repeats": repeats,
        "min_count": least[0],
        "min_documents": least[1],
        "left_out": left_out,
        "counted": list(dict.fromkeys(notes)),
        "rows": rows,
    }
    few = {"occurrence": least[0], "document": least[1]}
    fewer = " or ".join(count_of(number, what) for what, number in few.items() if number > 1)
    rare = f"Left out: {count_of(left_out, noun)} with fewer than {fewer} on both sides together."
    return Answer(
        "Keyness of {} against {}".format(*sides.names),
        figures,
        columns=columns,
        findings=in_order([*sides.findings, *said]),
        parts=parts,
        notes=[" ".join(sizes), *[rare] * bool(left_out), *figures["counted"]],
        messages=[sides.note] * bool(sides.note),
    )


# ---- What is compared


def _parts_of_run(
    run: Run,
    between: Sequence[str | Slice] | None,
    field: str | None,
    passing: Sequence[str],
    repeats: str,
    given: LikeForLike,
    unit: Unit,
) -> _Sides:
    """Two parts of a run's text, as `drift` names and compares them."""
    run.require_tokens("in which words are counted")
    other = ", or another run with --against"
    slices, note, lost, *_ = asked_slices(run, between, field=field, filters=passing, otherwise=other)
    made = compared(run, slices, given, "raw", lost)
    run = joined(own_words(run), made.word_of)
    parts = made.slices
    text = counted_text(run, repeats, unit=unit)
    quotes = any(finding.kind == "quotations" for finding in made.findings) and repeats == "keep"
    # Who answers quotes the words of somebody else, which are no evidence of a habit: own words are tested.
    tested = counted_text(run, "lines", unit=unit).batch if quotes else text.batch
    return _Sides(
        made.names,
        [text.batch.part(part.documents) for part in parts],
        text.notes,
        note,
        [tested.part(part.documents) for part in parts] if quotes else (),
        [made.unit[part.documents] for part in parts],
        made.findings,
        made.nested,
        made.written_otherwise,
    )


def _run_and_other(run: Run, against: GivenRun, counting: Grouped, n: int, unit: Unit) -> _Sides:
    """The whole text of a run, and another run or a frequency list."""
    asked = asked_text(run, counting, unit=unit)
    name, batch, notes = _name(run), asked.text.batch, asked.text.notes
    if isinstance(against, str | os.PathLike) and Path(against).is_file():
        batch = batch if n == 1 else in_sequences([batch], n)[0]
        listed, of_list = _of_list(Path(against), batch, name, run.provenance.language)
        if unit != "word":
            listed = renamed(listed, looked_up(run.provenance, listed.types, unit))
        return _Sides([name, Path(against).name], [batch, listed], [*notes, *of_list])
    other = as_run(against, "against")
    text = asked_text(other, {**counting, "filter": ()}, unit=unit).text
    made = [run.provenance.options, other.provenance.options]
    names = [name for name in _HOW_COUNTED if len({str(each.get(name)) for each in made}) > 1]
    note = "the runs count differently, as they were made with other options: "
    note = f"{note}{', '.join(names)}" if names else ""
    return _Sides([name, _name(other)], [batch, text.batch], [*notes, *text.notes], note)


def _name(run: Run) -> str:
    return run.folder.name if run.folder else run.provenance.corpus_name


def _in_units(batches: Sequence[TokenBatch], units: Sequence[Ints]) -> Sequence[TokenBatch]:
    return (
        [
            batch if len(np.unique(of)) == len(of) else batch.in_units(of)
            for batch, of in zip(batches, units, strict=True)
        ]
        if units
        else batches
    )


def key_rows(made: Comparison, sort: str = "ll") -> list[Json]:
    """What `keyness` lists of the two sides of a comparison."""
    batches = made.parts
    tested = _in_units(batches, [made.unit[part.documents] for part in made.slices])
    return _rows(batches, tested, (LEAST, _least_documents(tested)), sort)[0]


def key_words(made: Comparison, rows: Sequence[Json] | None = None) -> list[Finding]:
    """What these tell of them; nothing where a field lies whole on the two."""
    rows = key_rows(made) if rows is None else rows
    documents = [int(part.documents.sum()) for part in made.slices]
    return [] if made.nested else key_findings(rows, made.names, documents, explained=made.written_otherwise)


def key_findings(
    rows: Sequence[Json],
    names: Sequence[str],
    documents: Sequence[int],  # of either side
    noun: str = "word",
    explained: Set[str] = frozenset(),
) -> list[Finding]:
    """What rows of `keyness` tell of the sides of these names: of each the first words beyond chance.

    Words that another finding has explained are not said again.

    >>> fax = {"word": "fax", "key_of": "b", "q": 0.04, "by_documents": False}
    >>> email = fax | {"word": "email", "by_documents": True, "documents_a": 5, "documents_b": 34}
    >>> key_findings([email, fax], ["2001", "2019"], [150, 150])[0].says
    '2019 uses more: email and fax (2 words beyond chance); email in 34 of 150 documents, against 5 of 150.'
    """
    findings = []
    left = [row for row in rows if row["word"] not in explained]
    noun = noun if len(left) == len(rows) else f"other {noun}"
    for side, other, name in zip("ab", "ba", names, strict=True):
        key = [row for row in left if row["key_of"] == side and row["q"] <= LEVEL]
        if key:
            words = tuple(row["word"] for row in key[:_NAMED])
            said = f"{name} uses more: {enumerated(words)} ({count_of(len(key), noun)} beyond chance)"
            if key[0]["by_documents"]:
                counts = {
                    of: f"{key[0][f'documents_{of}']:,} of {n:,}"
                    for of, n in zip("ab", documents, strict=True)
                }
                said = f"{said}; {words[0]} in {counts[side]} documents, against {counts[other]}"
            said = printable(f"{said}.")
            findings.append(Finding("word", said, q=min(row["q"] for row in key), words=words))
    none = f"No {noun} is more frequent in {names[0]} or {names[1]} beyond chance."
    return sorted(findings, key=lambda found: found.q or 0.0) or [Finding("none", printable(none))]


def _of_list(path: Path, other: TokenBatch, name: str, language: str) -> tuple[TokenBatch, list[str]]:
    """A frequency list as a side; words that the other side has in another case are counted as these."""
    counts: dict[str, int] = {}
    own = set(other.types)
    listed, size = read_frequencies(path)
    for word, count in listed.items():
        low = lower(word, language)
        counted = word if word in own or low not in own else low
        counts[counted] = counts.get(counted, 0) + count
    notes = [f"{path.name} has no documents: the words of {name} alone are tested against it."]
    if (least := min(listed.values())) > 1:
        notes.append(f"{path.name} ends at {least:,} occurrences: words of fewer count as absent from it.")
        if size is None:
            notes.append('Its size is the sum of these; a first line "# tokens: N" gives that of the corpus.')
    rest = (size or 0) - sum(counts.values())
    if size is not None and rest < 0:
        raise InputError(f"a corpus of {size:,} words has more of them", path=path, remedy="correct its size")
    counts |= {_REST: rest} if rest > 0 else {}
    batch = TokenBatch.of_counts(list(counts), np.array(list(counts.values()), np.int64))
    return batch, notes


def read_frequencies(path: Path) -> tuple[dict[str, int], int | None]:
    """The counts of words in a list, as `frequency`, AntConc or Sketch Engine writes it, and its size.

    Columns are parted by tabs, commas or blanks. They are those of the names that head them, after any lines;
    without names the first that are no numbers, and the first numbers that are no ranks. The size of the
    corpus is in the lines before, as ``# tokens: N``, or in the row !!WHOLE_CORPUS; None otherwise.
    `InputError`, with the line, for a row without a word and its count.
    """
    lines = list(text_lines(path))
    start, separator, columns = _layout(lines)
    sizes = [_count(found[1]) for _, text in lines[:start] if (found := _SIZE.search(text))]
    counts: dict[str, int] = {}
    for number, text in lines[start:]:
        cells = _cells(text, separator)
        pair = [cells[column] for column in columns if column < len(cells)]
        if len(pair) < 2 or not pair[0] or _count(pair[1]) < 0:
            rule = f"a line of a frequency list has a word and its count, this is {text!r:.60}"
            raise InputError(rule, path=path, line=number, remedy="write them with a tab between them")
        counts[pair[0]] = counts.get(pair[0], 0) + _count(pair[1])
    whole = counts.pop(_WHOLE, None)
    if not sum(counts.values()):
        raise InputError("the frequency list has no words", path=path, remedy="give one with counts")
    return counts, next(iter(sizes), whole)


def _layout(lines: Sequence[tuple[int, str]]) -> tuple[int, str | None, list[int]]:
    """How many lines precede the rows of a list, what parts cells, and the columns of words and counts."""
    for place, (_, text) in enumerate(lines[:_HEAD]):
        for separator in ("\t", ",", ";", None):
            heads = [cell.lower() for cell in _cells(text, separator)]
            named = [[heads.index(name) for name in names if name in heads][:1] for names in _NAMES]
            if all(named):
                return place + 1, separator, [column for (column,) in named]
    start = next((place for place, (_, text) in enumerate(lines) if text[0] != "#"), len(lines))
    first = "".join(text for _, text in lines[start : start + 1])
    plain = re.sub(r"(?<=\d),(?=\d{3}\b)", "", first)  # of numbers
    separator = next((sign for sign in "\t,;" if sign in plain), None)
    rows = [_cells(text, separator) for _, text in lines[start : start + _RANKED]]
    columns = zip(*(row for row in rows if len(row) == len(rows[0])), strict=True)
    values = [list(map(_count, cells)) for cells in columns]
    words = [place for place, column in enumerate(values) if min(column) < 0]
    numbers = [place for place in range(len(values)) if place not in words]
    counts = [place for place in numbers if values[place] != sorted(values[place])] or numbers
    return start, separator, [*words[:1], *counts[:1]]


def _cells(text: str, separator: str | None) -> list[str]:
    if separator in (",", ";"):
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator))]
    return [cell.strip().strip('"') or cell for cell in text.split(separator)]


def _count(cell: str) -> int:
    """The number that a cell has; -1 if it has none."""
    digits = cell.replace(",", "")
    return int(digits) if digits.isdecimal() else -1


def _least_documents(batches: Sequence[TokenBatch]) -> int:
    """The fewest documents of a word that can be beyond chance; 1 if that takes many, or a side has none.

    What is most surely on one side is in documents of the smaller side alone.
    """
    documents = [batch.documents for batch in batches]
    occurs = np.arange(1, min(*documents, _MOST_DOCUMENTS) + 1)
    enough = hypergeometric_p(occurs, occurs, min(documents), sum(documents)) <= LEVEL
    return next(iter(occurs[enough].tolist()), 1)


def _rows(
    batches: Sequence[TokenBatch],
    tested: Sequence[TokenBatch],
    least: tuple[int, int],
    sort: str,
) -> tuple[list[Json], int]:
    """The rows of the words that have the least counts, in order; and how many words have not.

    What is shown is counted in ``batches``, p in the ``tested`` ones.
    """
    counts = [batch.counts for batch in batches]
    both = counts[0] + counts[1]
    spreads = _spreads(batches)
    documents = sum(spread.documents for spread in spreads if spread is not None)
    # A word of a frequency list alone has no documents; it is listed unless documents are asked for.
    words = np.array([word != _REST for word in batches[0].types])
    enough = words & (both >= least[0]) & ((documents >= least[1]) | (least[1] == 1))
    listed = np.flatnonzero(enough)
    scores = log_likelihood_scores(*counts)
    sizes = [int(count.sum()) for count in counts]
    shares = [np.maximum(count, ABSENT) / size for count, size in zip(counts, sizes, strict=True)]
    of_tested = spreads if tested[0] is batches[0] and tested[1] is batches[1] else _spreads(tested)
    p, by_documents = (of[listed] for of in _p_of_words(tested, of_tested))
    figures = {
        "key_of": np.array(["b", "", "a"])[1 + np.sign(scores[listed]).astype(int)],
        "log_ratio": np.log2(shares[0] / shares[1])[listed],
        "ll": scores[listed] ** 2,
        "bic": scores[listed] ** 2 - math.log(sum(sizes)),
        "diff": 100 * (counts[0] / sizes[0] / shares[1] - 1)[listed],
        "p": p,
        "q": benjamini_hochberg(p),
        "by_documents": by_documents,
    }
    # What is equal by what is asked for, and words as sure, by their log-likelihood; by the last key first.
    keys = {"ll": (), "log-ratio": (-np.abs(figures["log_ratio"]),), "q": (p, figures["q"])}
    order = np.lexsort((-figures["ll"], *keys[sort]))
    chosen = listed[order]
    columns: Json = {"word": [batches[0].types[i] for i in chosen.tolist()]}
    for side, count, size, spread in zip("ab", counts, sizes, spreads, strict=True):
        unknown = [None] * len(chosen)
        columns |= {
            f"count_{side}": count[chosen],
            f"per_million_{side}": per_million(count[chosen], size),
            f"documents_{side}": unknown if spread is None else spread.documents[chosen],
            f"dp_{side}": unknown if spread is None else spread.dp[chosen],
        }
    columns |= {name: values[order] for name, values in figures.items()}
    return as_rows(columns), int(np.count_nonzero(words & (both > 0) & ~enough))


def _p_of_words(batches: Sequence[TokenBatch], spreads: Sequence[Spread | None]) -> tuple[Doubles, Mask]:
    """p of each of U words, (U,), as `keyness` describes it, and whether documents are surer, (U,).

    On side a the frequency of both sides together leaves as much too many as it leaves too few on b. What a
    has too many is a sum over its documents, and so it is over those of any other division.
    """
    counts = [batch.counts for batch in batches]
    first, last = (int(count.sum()) for count in counts)
    share = first / (first + last)
    both, shares = counts[0] + counts[1], np.array([[share], [1 - share]])
    expected = both * shares
    excess = counts[0] - expected[0]
    a, b = spreads
    if a is None or b is None:  # which is taken for certain
        (tested,) = filter(None, spreads)
        # Occurrences are whole, so that one sum and the next are one apart.
        beyond = np.maximum(np.abs(excess) - 0.5, 0)
        return chi_square_p(beyond / np.sqrt(np.maximum(tested.residuals[0], _TINY))), both < 0
    second, third, fourth = a.residuals + b.residuals
    size, total = batches[0].documents, sum(batch.documents for batch in batches)
    drawn, longer = size / total, share * (1 - share) - size / total * (1 - size / total)
    if longer > 0:  # where the documents of the smaller side are longer, words divide as the text does
        drawn = share
    variance = second * drawn * (1 - drawn) * total / max(total - 1, 1)
    third = third * drawn * (1 - drawn) * (1 - 2 * drawn) * total**2 / max((total - 1) * (total - 2), 1)
    variance = np.maximum(variance, both * longer)
    # The documents of a side may differ more than those of the other: by so much at the frequency of both.
    own = shares[::-1] ** 2 * [a.own, b.own] * np.minimum(1, expected / np.maximum(counts, 1))
    variance = np.maximum(variance, own.sum(axis=0))
    deviation = np.sqrt(np.maximum(variance, _TINY))
    p = _skewed_p(np.abs(excess) / deviation, np.sign(excess) * third / deviation**3)
    # As many documents of equal weight would give this variance of squares (Kish).
    occurs = a.documents + b.documents
    matter = np.rint(np.minimum(second**2 / np.maximum(fourth, _TINY), occurs)).astype(np.int64)
    by_documents = np.ones(len(p))
    for more, of, having, words in ((excess > 0, a, size, share), (excess < 0, b, total - size, 1 - share)):
        # Of longer documents by chance more have a word, at most as many as they have of all words.
        having = max(having, round(words * total))
        alone = np.minimum(matter[more], having)
        p[more] = np.maximum(p[more], hypergeometric_p(alone, alone, having, total))
        taken = np.maximum(of.documents, occurs * having // total)[more]
        by_documents[more] = hypergeometric_p(taken, occurs[more], having, total)
    # Tests that agree are one; their squared correlation is this if documents are equally long. Of what one
    # side alone has the end of both is the same, and of a word in all documents there is no second test.
    alike = both**2 * (1 - occurs / total) / np.maximum(occurs * second, _TINY)
    two = a.documents * b.documents * (total - occurs) > 0
    tests = 1 + two * np.sqrt(np.maximum(1 - alike, 0))
    return np.minimum(tests * np.minimum(p, by_documents), 1), by_documents < p


def _skewed_p(z: Doubles, skewness: Doubles) -> Doubles:
    """The two-sided p of standardised sums of this skewness: that of gamma distributions.

    Their cube roots are nearly normal (Wilson and Hilferty, 1931, *The distribution of chi-square*).

    >>> _skewed_p(np.array([1.96, 3.0, 1.5]), np.array([0.0, 1.0, -1.0])).round(3).tolist()
    [0.05, 0.021, 0.04]
    """
    skewed = np.where(np.abs(skewness) < _STRAIGHT, _STRAIGHT, skewness)
    root = np.cbrt(np.maximum(1 + z * skewed / 2, 0))
    return chi_square_p(np.maximum((root - 1 + skewed**2 / 36) * 6 / skewed, 0))


def _spreads(batches: Sequence[TokenBatch]) -> list[Spread | None]:
    """How the words of either side are spread, against the rates of both; None without documents."""
    both = batches[0].counts + batches[1].counts
    return [spread_of(batch, both / both.sum()) if batch.documents else None for batch in batches]
