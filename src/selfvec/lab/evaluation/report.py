"""`Report`: the figures of an evaluation, for programs and terminals, and as Markdown and HTML pages."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import chain, pairwise

from selfvec.base.answer import Answer, Json, short_repr
from selfvec.base.display import escape_controls
from selfvec.base.view import (
    COUNT,
    NUMBER,
    PIECES,
    PROSE,
    Column,
    Form,
    Part,
    Row,
    Table,
    View,
    figure,
    share,
)
from selfvec.files.report_page import save_page
from selfvec.numerics.statistics import FEWEST


@dataclass(frozen=True, repr=False)
class Report(Answer):
    """Figures of vectors on tasks.

    Each of ``rows`` has ``vectors``, ``task``, ``kind``, ``mode``, ``metric``, ``value``, ``low``, ``high``
    (95 % bootstrap interval), ``n`` (items), ``covered`` (share with vectors), ``dimensions``, ``truncated``,
    further keys of the kind and, where known, the ``seconds`` that the vectors took to make.
    Rows of similarity have ``value_common``, ``low_common``, ``high_common`` and ``n_common``: the figure
    over the pairs that all compared vectors have; and ``value_known``, over those that their own vectors
    have. Their comparisons have ``difference_common`` and so on.
    """

    rows: list[Json]
    comparisons: list[Json] = field(default_factory=list)  # vectors_a - vectors_b: difference, low, high, p
    tables: list[Json] = field(default_factory=list)  # name, words, dimensions and cost
    settings: Json = field(default_factory=dict)  # seed, resamples

    def as_dict(self) -> Json:
        """JSON-serialisable; what ``selfvec evaluate --json`` prints."""
        return asdict(self) | {"notes": self.notes()}

    def figures(self) -> list[Figure]:
        """Rows and comparisons by task, metric and method, in order."""

        groups: dict[tuple[str | None, ...], list[Json]] = {}
        for row in self.rows:
            groups.setdefault(_measured_by(row), []).append(row)
        return [
            Figure(rows, [row for row in self.comparisons if _measured_by(row) == key])
            for key, rows in groups.items()
        ]

    def tally(self) -> dict[tuple[str, str], Counter[str]]:
        """For each pair of vectors, how many figures of the first are better, worse or not distinguishable.

        Similarity is compared on the pairs of words that all vectors have.
        """
        results: dict[tuple[str, str], Counter[str]] = {}
        for row in self.comparisons:
            a, b = _compared_names(row)
            if row["dimensions"] is None and a != b and row.get("kind") not in UNRANKED:
                results.setdefault((a, b), Counter())[comparison_result(_on_common(row))] += 1
        return results

    def summary(self) -> list[str]:
        """A sentence for each pair of `tally`, then `notes`."""
        sentences = [
            f"{a} against {b}: better in {n['better']}, worse in {n['worse']}, not distinguishable in "
            f"{n['not distinguishable']} of {n.total()} figure{'s' * (n.total() != 1)}"
            for (a, b), n in self.tally().items()
        ]
        return [*sentences, *self.notes()]

    def notes(self) -> list[str]:
        """What to know about the figures."""
        sentences = [*dict.fromkeys(_lacking(row) for row in self.rows if row.get("lacking"))]
        sentences += dict.fromkeys(_unused(row) for row in self.rows if row.get("unused", {}).get("words"))
        sentences += dict.fromkeys(filter(None, map(_why_no_interval, self.rows)))
        if any(row.get("value_known", row["value"]) != row["value"] for row in self.rows):
            sentences.append(
                "value counts all pairs, with cosine 0 if a word has no vector; known only those with both"
            )
        with_common = [row for row in self.comparisons if "n_common" in row]
        if any(row["difference_common"] != row["difference"] for row in with_common):
            sentences.append("similarity is compared on common pairs, which all vectors have")
        return sentences

    def _source(self) -> str:
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        tables = "; ".join(f"{t['name']}: {t['words']:,} words × {t['dimensions']}" for t in self.tables)
        return f"Measured with selfvec evaluate ({settings}). {tables}."

    def view(self, top: int | None = None) -> View:
        """A table for each figure, then which vectors are better."""
        parts: list[Part] = [figure.table() for figure in self.figures()[:top]]
        tally = self.tally()
        if len(tally) > _PAIRS:
            parts.append(_pairs_table(tally))
        sentences = self.summary() if len(tally) <= _PAIRS else self.notes()
        return View("Evaluation", [*parts, *map(escape_controls, sentences)], records=self.rows)

    def page(self) -> View:
        """The report for a page: the summary, then a table and the differences of each figure."""
        summary = [escape_controls(sentence) for sentence in self.summary()]
        tables = [table for figure in self.figures() for table in figure.tables()]
        notes = (_READING, escape_controls(self._source()))
        return View("Did it help?", [*summary, *tables], notes=notes, records=self.rows)

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write a page, Markdown or the rows, by the suffix of the path. The file is complete or not written.

        Raises
        ------
        OptionError
            If the suffix is another. `TargetError` if the path cannot be written, or exists and
            ``overwrite`` is false.
        """
        save_page(self.page(), path, overwrite=overwrite)

    def __repr__(self) -> str:
        names = ", ".join(dict.fromkeys(str(row["vectors"]) for row in self.rows))
        figures = [f"{figure.title} {figure.rows[0]['value']:.3f}" for figure in self.figures()]
        return short_repr(f"Report: {len(self.rows)} figures of {names}", figures, "; ".join(self.summary()))


LOWER_IS_BETTER = frozenset({"median_rank"})  # metrics
UNRANKED = frozenset({"bias"})  # kinds of task in which higher is neither better nor worse

_PAIRS = 3  # of vectors that are compared in sentences; more are shown as a matrix

_READING = (
    "Each figure has its 95 % bootstrap interval over the items of the task; covered is the share of what "
    "was looked up that has a vector. Differences are paired: both vectors were measured on the same items. "
    "Similarity counts every pair, with cosine 0 if a word has no vector. Common pairs are those that all "
    "vectors have."
)


def _seconds(value: float) -> str:
    """What vectors took to make.

    >>> _seconds(12.34), _seconds(0.031), _seconds(1234.5)
    ('12.3', '0.031', '1,234')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value < 1 else f"{value:.1f}"


def _measured_by(row: Json) -> tuple[str | None, ...]:
    return row["kind"], row["task"], row["metric"], row.get("method")


def label(row: Row) -> str:
    """Name of a row in a figure: its vectors, mode, and dimensions if they were truncated.

    >>> label({"vectors": "refined", "mode": "hybrid"}), label({"vectors": "bm25", "mode": "bm25"})
    ('refined, hybrid', 'bm25')
    >>> label({"vectors": "refined", "truncated": True, "dimensions": 50})
    'refined, 50 dimensions'
    """
    dimensions = row["dimensions"] if row.get("truncated") else None
    return _name(row["vectors"], row.get("mode"), dimensions, row.get("question"))


def _name(vectors: str, mode: str | None, dimensions: int | None = None, question: str | None = None) -> str:
    mode = f", {mode}" if mode not in (None, vectors) else ""
    asked = f", question by {question}" if question else ""
    return f"{vectors}{mode}{asked}{f', {dimensions} dimensions' if dimensions else ''}"


def _unused(row: Json) -> str:
    unused = row["unused"]
    return (
        f"{row['task']}, {row['vectors']}: {unused['words']:,} of {row['n']:,} words count as wrong: "
        f"{unused['without_vector_in_a']:,} have no vector in A, "
        f"{unused['without_vector_in_b']:,} no translation with one in B"
    )


def _lacking(row: Json) -> str:
    lost = row["lacking"]
    return (
        f"{row['task']}: {lost['ids']:,} of {lost['of']:,} judged ids are not among the documents, such as "
        f"{', '.join(map(repr, lost['first']))}; where relevant, they count as not found"
    )


def too_few(items: int, kind: str) -> bool:
    """Whether items are too few for an interval: resamples of them hardly differ.

    Sets of words for bias are not samples, and their attributes are items, too.
    """
    return items < FEWEST and kind not in UNRANKED


def _are_alike(row: Row, over: str = "") -> bool:
    """Whether all resamples of a median are alike: nothing tells how other items would vary."""
    low = row.get(f"low{over}")
    return low is not None and low == row[f"high{over}"] and row["kind"] not in (*UNRANKED, "similarity")


def _why_no_interval(row: Json) -> str:
    items = f"{row['n']} item{' is' if row['n'] == 1 else 's are'}"
    if too_few(row["n"], row["kind"]):
        remedy = f"it takes {FEWEST} or more"
        return f"{row['task']}: {items} too few for an interval, or to tell a difference; {remedy}"
    what = "alike in a figure, which has no interval: they do not tell how others would vary"
    return f"{row['task']}: the {items} {what}" if _are_alike(row) else ""


def _compared_names(row: Json) -> tuple[str, str]:
    """Names of the two figures that a comparison compares."""
    keys = ("vectors_", "mode_", "question_")
    sides = ([row.get(f"{key}{x}") for key in keys] for x in "ab")
    a, b = (_name(str(vectors), mode, row["dimensions"], asked) for vectors, mode, asked in sides)
    return a, b


def _on_common(row: Json) -> Json:
    """A comparison over common items; itself if the task does not measure them."""
    keys = ("difference", "low", "high", "p") if "n_common" in row else ()
    return row | {key: row[f"{key}_common"] for key in keys}


def _interval(row: Row, over: str = "", form: str = ".3f") -> str:
    """The interval of a row as text; ``over`` is "_common" for that of common items."""
    low = None if too_few(row.get(f"n{over}", FEWEST), row["kind"]) else row.get(f"low{over}")
    return "" if low is None or _are_alike(row, over) else f"{low:{form}} to {row[f'high{over}']:{form}}"


def comparison_result(row: Json) -> str:
    """Whether the first vectors are better, or "not distinguishable" if the interval contains 0.

    It is also "not distinguishable" without an interval, if common items are too few.

    >>> [comparison_result({"kind": kind, "low": 0.1, "high": 0.2}) for kind in ("retrieval", "bias")]
    ['better', 'higher']
    >>> comparison_result({"kind": "oov", "metric": "median_rank", "low": -9, "high": -2})
    'better'
    """
    if row["low"] is None or row["low"] <= 0 <= row["high"]:
        return "not distinguishable"
    words = ("higher", "lower") if row.get("kind") in UNRANKED else ("better", "worse")
    return words[(row["high"] < 0) != (row.get("metric") in LOWER_IS_BETTER)]


_SIGNED = Form("figure", lambda value: f"{value:+.3f}", True, 3)
_DIFFERENCES = (
    Column("names", "difference", PROSE),
    Column("difference", "", _SIGNED),
    Column("interval", "95 %", NUMBER, of=partial(_interval, form="+.3f")),
    Column("p", form=figure(3)),
    Column("result", "", PIECES),
)


@dataclass(frozen=True)
class Figure:
    """One task and metric, measured in one way: a row for each set of vectors, and their differences."""

    rows: list[Json]
    differences: list[Json]

    @property
    def title(self) -> str:
        """As "ws353, spearman" or "questions-words, accuracy (3cosadd)"."""
        _, task, metric, method = _measured_by(self.rows[0])
        lower = ", lower is better" if metric in LOWER_IS_BETTER else ""
        return f"{task}, {metric}" + (f" ({method})" if method else "") + lower

    def steps(self) -> dict[str, str]:
        """By how much each search by words and vectors is above the row below it, with the interval."""
        known = {_compared_names(row): row for row in self.differences}
        below = {label(a): known.get((label(a), label(b))) for a, b in pairwise(self.rows)}
        searched = {label(row) for row in self.rows if row.get("mode") == "hybrid"}
        return {
            name: f"{row['difference']:+.3f}, {_interval(row, form='+.3f')}"
            for name, row in below.items()
            if row and name in searched
        }

    def table(self) -> Table:
        """The rows."""
        columns = [
            Column("vectors", form=PROSE, of=label),
            Column("value", form=figure(3)),
            Column("interval", "95 %", NUMBER, of=_interval),
            Column("n", form=COUNT),
        ]
        if steps := self.steps():
            columns.append(Column("more than the next", form=NUMBER, of=lambda row: steps.get(label(row))))
        if any(row.get("value_known") != row.get("value_common") for row in self.rows):
            columns.append(Column("value_known", "known pairs", figure(3)))
        if any("n_common" in row for row in self.rows):
            columns += [
                Column("value_common", "common pairs", figure(3)),
                Column("interval_common", "95 %", NUMBER, of=partial(_interval, over="_common")),
                Column("n_common", "n", COUNT),
            ]
        columns.append(Column("covered", form=share()))
        if any("seconds" in row for row in self.rows):
            columns.append(Column("seconds", form=Form("figure", _seconds, is_figure=True)))
        return Table(columns, self.rows, escape_controls(self.title))

    def tables(self) -> list[Table]:
        """The rows, and the differences; these also over common items, if these are not all."""
        compared = []
        for row in self.differences:
            names = " − ".join(_compared_names(row))
            compared.append(row | {"names": names})
            if row.get("n_common", self.rows[0]["n"]) < self.rows[0]["n"]:
                compared.append(_on_common(row) | {"names": f"{names}, common pairs"})
        for row in compared:
            result = comparison_result(row)
            row["result"] = [(result, {"better": "good", "worse": "bad"}.get(result, ""))]
        return [self.table(), *[Table(_DIFFERENCES, compared)] * bool(compared)]


def _pairs_table(tally: Mapping[tuple[str, str], Mapping[str, int]]) -> Table:
    """A matrix of pairs: the number of figures in which the vectors of the row are better and worse."""
    numbers = {name: f"({n})" for n, name in enumerate(dict.fromkeys(chain(*tally)), 1)}
    rows: dict[str, Json] = {name: {"": f"{number} {name}"} for name, number in numbers.items()}
    for (a, b), n in tally.items():
        rows[a][numbers[b]] = f"{n['better']}:{n['worse']}"
        rows[b][numbers[a]] = f"{n['worse']}:{n['better']}"
    columns = [Column("", form=PROSE), *(Column(number, form=NUMBER) for number in numbers.values())]
    total = max(sum(results.values()) for results in tally.values())
    note = f"better:worse than those of the column, of {total} figures; others are not distinguishable"
    return Table(columns, [*rows.values()], notes=[note])
