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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Unpack

import numpy as np

from selfvec.analysis.comparison.chosen_slices import two_parts
from selfvec.analysis.comparison.compared import LikeForLike, compared
from selfvec.analysis.comparison.comparison import in_order
from selfvec.analysis.comparison.joined import joined
from selfvec.analysis.comparison.quotations import own_words
from selfvec.analysis.counted_text import (
    AskedText,
    CountedText,
    Counting,
    asked_text,
    counted_text,
    per_million,
    rows_of,
)
from selfvec.analysis.dispersion import Spread, spread_of
from selfvec.base.answer import Answer, Json
from selfvec.base.arrays import Array, Doubles, Ints
from selfvec.base.casing import lower
from selfvec.base.declarations import Count, checked
from selfvec.base.display import count_of, escape_for_display, printable
from selfvec.base.errors import InputError, OptionError
from selfvec.base.finding import Finding
from selfvec.base.view import COUNT, PROBABILITY, SIGNED, Column, Table, figure
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice, slice_of_each
from selfvec.data.provenance import Provenance
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, over_one_vocabulary
from selfvec.files.text_files import text_lines
from selfvec.numerics.statistics import (
    LEVEL,
    benjamini_hochberg,
    hypergeometric_p,
    log_likelihood_scores,
    student_p,
)
from selfvec.storage.opened import GivenRun, as_run

ABSENT = 0.5  # the count of a word that does not occur, in ratios, which would be infinite
LEAST = 5  # occurrences of a word on both sides together
_MOST_DOCUMENTS = 50  # with a word, among which the fewest are sought that can be beyond chance
_NAMED = 5  # words in the sentence about a side
_HOW_COUNTED = ("tokenizer", "lemmatize", "stem", "phrases", "language")
_TINY = 1e-300  # a variance of 0 is that of a word without evidence


def _of_key_side(name: str) -> Any:
    """The value of the side that has more of a word."""
    return lambda row: row[f"{name}_{row['key_of'] or 'a'}"]


_EXTRA = {
    "bic": Column("bic", "BIC", figure(1), "approximate Bayes factor; above 10 is very strong evidence"),
    "diff": Column("diff", "%DIFF", figure(0), "difference of the frequencies in percent of the second"),
}
"""Columns on request, by their measures."""


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


@dataclass(frozen=True)
class _Side:
    """What is compared: some documents of a run, or a frequency list, which has no documents."""

    name: str
    batch: TokenBatch
    tested: TokenBatch  # the same words in units of chance, as documents
    notes: Sequence[str] = ()


@checked
def keyness(
    run: GivenRun,
    between: Sequence[str | Slice] | None = None,
    *,
    slice_field: str | None = None,
    against: GivenRun | None = None,
    filter: GivenFilter = (),
    top: Count | None = None,
    sort: Literal["ll", "log-ratio", "q"] = "ll",
    min_count: Count | None = None,
    min_documents: Count | None = None,
    measures: Literal["bic", "diff"] | Sequence[Literal["bic", "diff"]] = (),
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
    min_documents : int, at least 1, optional
        Leave out words that occur in fewer documents of both parts together; by default those of so few that
        they could not be beyond chance if all were on one side. None is left out if ``min_count`` is given.
    min_count : int, at least 1, optional
        Leave out words that are rarer in both parts together; by default than 5, or 1 if ``min_documents`` is
        given.
    measures : {"bic", "diff"}, or sequence
        Further columns: bic, the approximate Bayes factor; diff, the difference of frequencies in percent.
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
        ``counted`` which words were counted, as ``repeats`` asks; ``findings`` how two parts are written
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
            If asked for: ``ll`` - log(words of both sides) (Wilson, 2013), and 100 (f_a - f_b) / f_b with the
            relative frequencies f (Gabrielatos and Marchi, 2012).
        ``p``, ``q``
            Of a test that takes documents for observations: with c occurrences in a document of n words, and
            the frequency p of both sides together, c - p n is what the document has more than expected. The
            sum over the documents of a, divided by its standard error, is Student's t; the degrees of
            freedom are the number of documents that matter, less one (Boos, 1992, *On generalized score
            tests*; Bell and McCaffrey, 2002). So a word of one document is not significant. For a word that
            a side lacks, p is at least that of its documents being on the other side by chance (Fisher). q is
            the false discovery rate among the words that are not left out.

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
    asked = [measures] if isinstance(measures, str) else list(measures)
    if against is None:
        made = _parts_of_run(run, between, slice_field, given_filters(filter), repeats, given)
    elif between is not None or slice_field is not None:
        name = "slice_field" if between is None else "between"
        raise OptionError("does not go with another run", field=name, remedy="choose documents with --filter")
    else:
        made = _run_and_other(run, against, filter, {"repeats": repeats, "variants": given.get("variants")})
    sides = made.sides
    batches = over_one_vocabulary([*(side.batch for side in sides), *(side.tested for side in sides)])
    least = _least_counts(batches[2:], min_count, min_documents)
    rows, left_out = _rows(batches[:2], batches[2:], least, sort, asked)
    findings = made.findings
    if not made.nested:
        findings = in_order([*findings, *key_findings(rows, [side.name for side in sides])])
    figures = {
        **_sizes(rows, sides),
        "note": made.note,
        "repeats": repeats,
        "min_count": least[0],
        "min_documents": least[1],
        "left_out": left_out,
        "counted": list(dict.fromkeys(said for side in sides for said in side.notes)),
        "measures": asked,
        "rows": rows if top is None else _first_of_each_side(rows, top),
    }
    a, b = names = [escape_for_display(side.name) for side in sides]
    columns = [*keyness_columns(a, b)]
    columns[-1:-1] = [_EXTRA[name] for name in asked]
    sizes = [
        f"{name} has {count_of(figures[f'tokens_{x}'], 'word')}." for name, x in zip(names, "ab", strict=True)
    ]
    return Answer(
        f"Keyness of {sides[0].name} against {sides[1].name}",
        figures,
        columns=columns,
        findings=findings,
        parts=[_key_table(columns, figures, *side) for side in (("a", a, b), ("b", b, a))],
        notes=[" ".join(sizes), *_left_out(left_out, *least), *figures["counted"]],
        messages=[made.note] * bool(made.note),
    )


def _key_table(columns: Sequence[Column], figures: Json, side: str, name: str, other: str) -> Table:
    """The words of a side."""
    rows = [row for row in figures["rows"] if row["key_of"] == side]
    beyond = f"of which {figures[f'significant_{side}']:,} are beyond chance (q ≤ {LEVEL})"
    of = f"{count_of(figures[f'words_{side}'], 'word')}, {beyond}"
    return Table(columns, rows, f"More frequent in {name} than in {other}", of=of)


def _left_out(words: int, min_count: int, min_documents: int) -> list[str]:
    """How many words are neither tested nor listed."""
    least = {"occurrence": min_count, "document": min_documents}
    few = " or ".join(count_of(number, noun) for noun, number in least.items() if number > 1)
    return [f"Left out: {count_of(words, 'word')} with fewer than {few} on both sides together."] * bool(
        words
    )


# ---- What is compared


@dataclass(frozen=True)
class _Compared:
    """Two sides, and what is said of them before a word is counted."""

    sides: Sequence[_Side]
    note: str
    findings: Sequence[Finding] = ()
    nested: bool = False  # a field lies whole on the two, so that no word is said to be key


def _parts_of_run(
    run: Run,
    between: Sequence[str | Slice] | None,
    field: str | None,
    passing: Sequence[str],
    repeats: str,
    given: LikeForLike,
) -> _Compared:
    """Two parts of a run's text, as `drift` names and compares them."""
    run.require_tokens("in which words are counted")
    slices, note, lost = two_parts(run, between, field, passing, ", or another run with --against")
    slice_of_each(slices)  # an error if they overlap
    comparison = compared(run, slices, given, "raw", lost)
    run = joined(own_words(run), comparison.word_of)
    text = counted_text(run, repeats)
    quotes = any(finding.kind == "quotations" for finding in comparison.findings) and repeats == "keep"
    # Who answers quotes the words of somebody else, which are no evidence of a habit: own words are tested.
    own = counted_text(run, "lines") if quotes else text
    sides = [
        _side(part.name, text.part(part.documents), own.part(part.documents), comparison.unit[part.documents])
        for part in comparison.slices
    ]
    return _Compared(sides, note, comparison.findings, comparison.nested)


def _run_and_other(run: Run, against: GivenRun, filter: GivenFilter, counting: Counting) -> _Compared:
    """The whole text of a run, and another run or a frequency list."""
    whole = _whole(asked_text(run, {**counting, "filter": filter}))
    if isinstance(against, str | os.PathLike) and Path(against).is_file():
        return _Compared([whole, _of_list(Path(against), whole, run.provenance.language)], note="")
    other = as_run(against, "against")
    return _Compared(
        [whole, _whole(asked_text(other, counting))], _differences(run.provenance, other.provenance)
    )


def _sizes(rows: Sequence[Json], sides: Sequence[_Side]) -> dict[str, Any]:
    """The names of the sides, their words, and how many of these are key."""
    figures: dict[str, Any] = {}
    for letter, side in zip("ab", sides, strict=True):
        more = [row for row in rows if row["key_of"] == letter]
        figures |= {
            letter: side.name,
            f"tokens_{letter}": int(side.batch.counts.sum()),
            f"words_{letter}": len(more),
            f"significant_{letter}": sum(row["q"] <= LEVEL for row in more),
        }
    return figures


def _first_of_each_side(rows: Sequence[Json], top: int) -> list[Json]:
    """The first rows of either side, in their order; words that are as frequent in both belong to neither."""
    listed = {"a": 0, "b": 0}
    first = []
    for row in rows:
        side = row["key_of"]
        if side and listed[side] < top:
            listed[side] += 1
            first.append(row)
    return first


def key_findings(rows: Sequence[Json], names: Sequence[str]) -> list[Finding]:
    """What rows of `keyness` tell of the sides of these names: for each the first words beyond chance.

    >>> rows = [{"word": word, "key_of": "b", "q": q} for word, q in (("fax", 0.04), ("email", 0.001))]
    >>> key_findings(rows, ["2001", "2019"])[0].says
    '2019 uses more: fax and email (2 words beyond chance).'
    """
    findings = []
    for side, name in zip("ab", names, strict=True):
        key = [row for row in rows if row["key_of"] == side and row["q"] <= LEVEL]
        if key:
            words = tuple(row["word"] for row in key[:_NAMED])
            listed = " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
            said = printable(f"{name} uses more: {listed} ({count_of(len(key), 'word')} beyond chance).")
            findings.append(Finding("word", said, q=min(row["q"] for row in key), words=words))
    none = f"No word is more frequent in {names[0]} or {names[1]} beyond chance."
    return findings or [Finding("none", printable(none))]


def _whole(asked: AskedText) -> _Side:
    """All documents that are asked for, by the name of their run's folder."""
    run = asked.run
    return _side(run.folder.name if run.folder else run.provenance.corpus_name, asked.text)


def _side(name: str, text: CountedText, own: CountedText | None = None, units: Ints | None = None) -> _Side:
    """The words of some documents; those of their ``own``, in units of chance, are tested."""
    if not len(text.batch):
        raise InputError(f"the documents of {name} have no words", remedy="compare others")
    tested = text.batch if own is None else own.batch
    if units is not None and len(np.unique(units)) < len(units):
        tested = tested.in_units(units)
    return _Side(name, text.batch, tested, text.notes)


def _of_list(path: Path, other: _Side, language: str) -> _Side:
    """A frequency list as a side; words that the other side has in another case are counted as these."""
    counts: dict[str, int] = {}
    own = set(other.batch.types)
    for word, count in read_frequencies(path).items():
        low = lower(word, language)
        counted = word if word in own or low not in own else low
        counts[counted] = counts.get(counted, 0) + count
    batch = TokenBatch.of_counts(list(counts), np.array(list(counts.values()), np.int64))
    note = f"{path.name} has no documents: the words of {other.name} alone are tested against it."
    return _Side(path.name, batch, batch, [note])


def read_frequencies(path: Path) -> dict[str, int]:
    """The counts of words in a file with tabs or commas between columns.

    The columns are those named word and count, as `frequency` writes them, or without such names a word and a
    number. `InputError`, with the line, for a row without them.
    """
    lines = [(number, text) for number, text in text_lines(path) if not text.startswith("#")]
    separator = "\t" if lines and "\t" in lines[0][1] else ","
    rows = list(csv.reader((text for _, text in lines), delimiter=separator))
    heads = [name.strip().lower() for name in rows[0]] if rows else []
    named = "word" in heads and "count" in heads
    columns = (heads.index("word"), heads.index("count")) if named else None
    counts: dict[str, int] = {}
    for (number, text), row in zip(lines[named:], rows[named:], strict=True):
        entry = _entry(row, columns)
        if entry is None:
            rule = f"a line of a frequency list has a word and its count, this is {text!r:.60}"
            raise InputError(rule, path=path, line=number, remedy="write them with a tab between them")
        counts[entry[0]] = counts.get(entry[0], 0) + entry[1]
    if not sum(counts.values()):
        raise InputError("the frequency list has no words", path=path, remedy="give one with counts")
    return counts


def _entry(row: Sequence[str], columns: tuple[int, int] | None) -> tuple[str, int] | None:
    """The word and count of a row; without names of columns the number is the last or the first of two."""
    places = [columns] if columns else [(0, 1), (1, 0)]
    for word, count in places:
        if len(row) > max(word, count):
            digits = row[count].strip().replace(",", "")
            if row[word].strip() and digits.isdecimal():
                return row[word].strip(), int(digits)
    return None


def _differences(*made: Provenance) -> str:
    """A sentence about options by which two runs count differently; empty if there are none."""
    names = [name for name in _HOW_COUNTED if len({str(each.options.get(name)) for each in made}) > 1]
    if not names:
        return ""
    return f"the runs count differently, as they were made with other options: {', '.join(names)}"


def _least_counts(
    batches: Sequence[TokenBatch], min_count: int | None, min_documents: int | None
) -> tuple[int, int]:
    """The fewest occurrences and documents of words that are tested."""
    if min_count is not None or min_documents is not None:
        return min_count or 1, min_documents or 1
    return LEAST, _least_documents([batch.documents for batch in batches])


def _least_documents(documents: Sequence[int]) -> int:
    """The fewest documents of a word that can be beyond chance; 1 if that takes many, or a side has none.

    What is most surely on one side is in documents of this side alone, equally often in each. Their p is that
    of the test of documents that are equally long.

    >>> _least_documents([1000, 1000]), _least_documents([10, 10]), _least_documents([2, 2])
    (7, 5, 1)
    """
    total = sum(documents)
    enough = []
    for own, other in (documents, documents[::-1]):
        occurs = np.arange(1, min(own, _MOST_DOCUMENTS) + 1)
        if not other or not own:
            return 1
        # What the documents with the word, those without it and those of the other side have too many.
        share = occurs / total
        deviations = np.stack([(1 - share) * other, -share * other, share * own]) / total
        groups = np.stack([occurs, own - occurs, np.full_like(occurs, other)])
        excess, variance, fourth = ((groups * deviations**power).sum(axis=0) for power in (1, 2, 4))
        p = student_p(excess / np.sqrt(variance), np.maximum(variance**2 / fourth - 1, 1e-3))
        p = np.maximum(p, hypergeometric_p(np.zeros_like(occurs), occurs, other, total))
        enough += occurs[p <= LEVEL][:1].tolist()
    return min(enough, default=1)


def _rows(
    batches: Sequence[TokenBatch],
    tested: Sequence[TokenBatch],
    least: tuple[int, int],
    sort: str,
    measures: Sequence[str],
) -> tuple[list[Json], int]:
    """The rows of the words that have the least counts, in order; and how many words have not.

    What is shown is counted in ``batches``, p in the ``tested`` ones.
    """
    counts = [batch.counts for batch in batches]
    both = counts[0] + counts[1]
    spreads = _spreads(batches)
    documents = sum(spread.documents for spread in spreads if spread is not None)
    # A word of a frequency list alone has no documents; it is listed unless documents are asked for.
    enough = (both >= least[0]) & ((documents >= least[1]) | (least[1] == 1))
    listed = np.flatnonzero(enough)
    scores = log_likelihood_scores(*counts)
    sizes = [int(count.sum()) for count in counts]
    shares = [np.maximum(count, ABSENT) / size for count, size in zip(counts, sizes, strict=True)]
    p = _p_of_words(batches, tested, spreads)[listed]
    figures = {
        "key_of": np.array(["b", "", "a"])[1 + np.sign(scores[listed]).astype(int)],
        "log_ratio": np.log2(shares[0] / shares[1])[listed],
        "ll": scores[listed] ** 2,
        "bic": scores[listed] ** 2 - math.log(sum(sizes)),
        "diff": 100 * (shares[0] / shares[1] - 1)[listed],
        "p": p,
        "q": benjamini_hochberg(p),
    }
    order = _order(figures, sort)
    chosen = listed[order]
    columns: dict[str, Array | Sequence[Any]] = {"word": [batches[0].types[i] for i in chosen.tolist()]}
    for side, count, size, spread in zip("ab", counts, sizes, spreads, strict=True):
        unknown = [None] * len(chosen)
        columns |= {
            f"count_{side}": count[chosen],
            f"per_million_{side}": per_million(count[chosen], size),
            f"documents_{side}": unknown if spread is None else spread.documents[chosen],
            f"dp_{side}": unknown if spread is None else spread.dp[chosen],
        }
    columns |= {name: figures[name][order] for name in ("key_of", "log_ratio", "ll", *measures, "p", "q")}
    return rows_of(columns), int(np.count_nonzero((both > 0) & ~enough))


def _order(figures: Mapping[str, Array], sort: str) -> Ints:
    """Words by what ``sort`` asks for; what is equal by it, and words as sure, by their log-likelihood."""
    ll = -figures["ll"]
    keys = {
        "ll": (ll,),
        "log-ratio": (ll, -np.abs(figures["log_ratio"])),
        "q": (ll, figures["p"], figures["q"]),
    }
    return np.lexsort(keys[sort])  # by the last key first


def _p_of_words(
    batches: Sequence[TokenBatch], tested: Sequence[TokenBatch], spreads: Sequence[Spread | None]
) -> Doubles:
    """p of each of U words, (U,), by the units of chance; these are often the documents themselves."""
    if all(units is batch for units, batch in zip(tested, batches, strict=True)):
        return _p(tested, spreads)
    # A unit of many documents has more words than one of a few, so what a side lacks is tested by both.
    return np.maximum(_p(tested, _spreads(tested)), _of_absence(batches, spreads))


def _spreads(batches: Sequence[TokenBatch]) -> list[Spread | None]:
    """How the words of either side are spread, against the rates of both; None without documents."""
    both = batches[0].counts + batches[1].counts
    return [spread_of(batch, both / both.sum()) if batch.documents else None for batch in batches]


def _p(batches: Sequence[TokenBatch], spreads: Sequence[Spread | None]) -> Doubles:
    """p of each of U words, (U,)."""
    counts = [batch.counts for batch in batches]
    of_words = _test_over_documents(counts, [int(count.sum()) for count in counts], spreads)
    return np.maximum(of_words, _of_absence(batches, spreads))


def _of_absence(batches: Sequence[TokenBatch], spreads: Sequence[Spread | None]) -> Doubles:
    """The least p of each of U words, (U,): if a side lacks it, that of its documents; otherwise 0.

    A side that lacks a word tells nothing of its variance: of 20 documents beside 1,980 of the same text, 800
    of 2,000 words were lacking beyond chance. p is twice the share of all divisions that leave the side
    without it (Fisher).
    """
    least = np.zeros(len(batches[0].types))
    a, b = spreads
    if a is None or b is None:
        return least
    sizes = [batch.documents for batch in batches]
    for own, other, size in zip((a, b), (b, a), sizes, strict=True):
        lacking = own.documents == 0
        occurs, place = np.unique(other.documents[lacking], return_inverse=True)
        least[lacking] = hypergeometric_p(np.zeros_like(occurs), occurs, size, sum(sizes))[place]
    return least


def _test_over_documents(
    counts: Sequence[Ints], sizes: Sequence[int], spreads: Sequence[Spread | None]
) -> Doubles:
    """p of each of U words, (U,), as `keyness` describes it.

    On side a the frequency of both sides together leaves as much too many as it leaves too few on b. So what
    a has too many is a sum over all documents, those of b with a minus and either side weighted by the size
    of the other; a side without documents is taken for certain, and the other weighs 1.
    """
    total = sum(sizes)
    excess = counts[0] - (counts[0] + counts[1]) / total * sizes[0]
    both = None not in spreads
    variance, fourth = np.zeros((2, len(excess)))
    for spread, other in zip(spreads, reversed(sizes), strict=True):
        if spread is not None:
            weight = other / total if both else 1.0
            variance += weight**2 * spread.residuals
            fourth += weight**4 * spread.fourth
    # As many documents of equal weight would give this variance of squares (Kish).
    effective = variance**2 / np.maximum(fourth, _TINY)
    t = excess / np.sqrt(np.maximum(variance, _TINY))
    return student_p(t, np.maximum(effective - 1, 1e-3))
