"""`Report`: the figures of an evaluation, for programs and terminals, and as Markdown and HTML pages."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from selfvec.base.answer import Answer, Json, short_repr
from selfvec.base.display import escape_controls, escape_for_display
from selfvec.base.view import PIECES, Cell, Column, Part, Table, View, is_figure
from selfvec.files.report_page import page_html, page_markdown, save_page
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

    def as_dict(self) -> dict[str, Any]:
        """JSON-serialisable; what ``selfvec evaluate --json`` prints."""
        return asdict(self) | {"notes": self.notes()}

    def figures(self) -> list[Figure]:
        """Rows and comparisons by task, metric and method, in order."""

        def group(row: Json) -> tuple[str, str, str, str | None]:
            return row["kind"], row["task"], row["metric"], row.get("method")

        groups: dict[tuple[str, str, str, str | None], list[Json]] = {}
        for row in self.rows:
            groups.setdefault(group(row), []).append(row)
        return [
            Figure(*key, rows, [row for row in self.comparisons if group(row) == key])
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
        if outside := [
            f"{row['task']} {row['metric']} of {label(row)}" for row in self.rows if _outside(row)
        ]:
            sentences.append(
                f"a value may be outside its interval ({', '.join(dict.fromkeys(outside))}): a resample has "
                "items several times, which changes such a figure"
            )
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

    def to_markdown(self) -> str:
        """The report as Markdown."""
        return page_markdown(self.page())

    def to_html(self) -> str:
        """The report as one self-contained page."""
        return page_html(self.page())

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

    def _repr_html_(self) -> str:
        return self.to_html()


LOWER_IS_BETTER = frozenset({"median_rank"})  # metrics
UNRANKED = frozenset({"bias"})  # kinds of task in which higher is neither better nor worse

_DIFFERENCE = ("difference", "", "95 %", "p", "")  # column heads of `Figure.compared`
_PAIRS = 3  # of vectors that are compared in sentences; more are shown as a matrix

_READING = (
    "Each figure has its 95 % bootstrap interval over the items of the task; covered is the share of what "
    "was looked up that has a vector. Differences are paired: both vectors were measured on the same items. "
    "Similarity counts every pair, with cosine 0 if a word has no vector. Common pairs are those that all "
    "vectors have."
)


def seconds(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the vectors of each row took to make; empty if this is not known of any.

    >>> seconds([{"seconds": 12.34}, {"seconds": 0.031}, {"seconds": 1234.5}, {}])
    ['12.3', '0.031', '1,234', '']
    """

    def shown(value: float | None) -> str:
        if value is None:
            return ""
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value < 1 else f"{value:.1f}"

    cells = [shown(row.get("seconds")) for row in rows]
    return cells if any(cells) else []


def label(row: Mapping[str, Any]) -> str:
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


def _are_alike(row: Mapping[str, Any], over: str = "") -> bool:
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


def _outside(row: Json) -> bool:
    """Whether the value of a row, as shown, is not in its interval."""
    low, value, high = (round(row[key], 3) for key in ("low", "value", "high"))
    return not low <= value <= high


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


def _shown(value: float | None, form: str = ".3f") -> str:
    return "–" if value is None else f"{value:{form}}"


def _interval(row: Mapping[str, Any], over: str = "", form: str = ".3f") -> str:
    """The interval of a row as text; ``over`` is "_common" for that of common items."""
    low = None if too_few(row.get(f"n{over}", FEWEST), row["kind"]) else row.get(f"low{over}")
    return "–" if low is None or _are_alike(row, over) else f"{low:{form}} to {row[f'high{over}']:{form}}"


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


@dataclass(frozen=True)
class Figure:
    """One task and metric, measured in one way: a row for each set of vectors, and their differences."""

    kind: str
    task: str
    metric: str
    method: str | None
    rows: list[Json]
    differences: list[Json]

    @property
    def title(self) -> str:
        """As "ws353, spearman" or "questions-words, accuracy (3cosadd)"."""
        lower = ", lower is better" if self.metric in LOWER_IS_BETTER else ""
        return f"{self.task}, {self.metric}" + (f" ({self.method})" if self.method else "") + lower

    def columns(self) -> dict[str, list[Cell]]:
        """A cell for each row, by the heads of the columns; heads that occur twice end in a blank."""
        rows = self.rows
        columns: dict[str, list[Cell]] = {
            "vectors": [escape_controls(label(row)) for row in rows],
            "value": [_shown(row["value"]) for row in rows],
            "95 %": [_interval(row) for row in rows],
            "n": [f"{row['n']:,}" for row in rows],
        }
        if any(steps := self._steps()):
            columns["more than the next"] = [*steps]
        if any(row.get("value_known") != row.get("value_common") for row in rows):
            columns["known pairs"] = [_shown(row.get("value_known")) for row in rows]
        if any("n_common" in row for row in rows):
            columns["common pairs"] = [_shown(row.get("value_common")) for row in rows]
            columns["95 % "] = [_interval(row, "_common") for row in rows]
            columns["n "] = [f"{row.get('n_common', 0):,}" for row in rows]
        columns["covered"] = [f"{row['covered']:.0%}" for row in rows]
        if spent := seconds(rows):
            columns["seconds"] = [*spent]
        return columns

    def _steps(self) -> list[str]:
        """By how much each search by words and vectors is above the row below it, with the interval."""
        known = {_compared_names(row): row for row in self.differences}
        below = [
            a["mode"] == "hybrid" and known.get((label(a), label(b)))
            for a, b in zip(self.rows, [*self.rows[1:], {}], strict=True)
        ]
        return [f"{row['difference']:+.3f}, {_interval(row, form='+.3f')}" if row else "" for row in below]

    def table(self) -> Table:
        """The rows."""
        columns = self.columns()
        heads = [head.rstrip() for head in columns]
        return _text_table(escape_controls(self.title), heads, zip(*columns.values(), strict=True))

    def tables(self) -> list[Table]:
        """The rows, and the differences."""
        rows = self.table()
        return [rows, _text_table("", _DIFFERENCE, self.compared())] if self.differences else [rows]

    def compared(self) -> list[list[Cell]]:
        """The cells of each difference: both vectors, difference, interval, p and `comparison_result`.

        A second line has the difference over common items, if these are not all.
        """
        out = []
        for row in self.differences:
            names = escape_controls(" − ".join(_compared_names(row)))
            out.append(_difference_cells(names, row))
            if row.get("n_common", self.rows[0]["n"]) < self.rows[0]["n"]:
                out.append(_difference_cells(f"{names}, common pairs", _on_common(row)))
        return out


def _text_table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Cell | None]]) -> Table:
    """A table of texts that are made already; rows may be shorter than ``heads``."""
    named = [{str(place): cell for place, cell in enumerate(row)} for row in rows]
    columns = []
    for place, head in enumerate(heads):
        cells = [row[str(place)] for row in named if row.get(str(place))]
        form = replace(PIECES, is_figure=bool(cells) and all(map(is_figure, cells)))
        columns.append(Column(str(place), head, form))
    return Table(columns, named, title)


def _difference_cells(names: str, row: Json) -> list[Cell]:
    numbers = _shown(row["difference"], "+.3f"), _interval(row, form="+.3f"), _shown(row["p"])
    result = comparison_result(row)
    return [names, *numbers, [(result, {"better": "good", "worse": "bad"}.get(result, ""))]]


def _pairs_table(tally: Mapping[tuple[str, str], Mapping[str, int]]) -> Table:
    """A matrix of pairs: the number of figures in which the vectors of the row are better and worse."""
    names = list(dict.fromkeys(name for pair in tally for name in pair))
    counts = {pair: (results["better"], results["worse"]) for pair, results in tally.items()}
    counts |= {(b, a): (worse, better) for (a, b), (better, worse) in counts.items()}
    rows = [
        [f"({number}) {escape_for_display(name)}"]
        + [":".join(map(str, counts.get((name, other), ()))) for other in names]
        for number, name in enumerate(names, 1)
    ]
    total = max(sum(results.values()) for results in tally.values())
    note = f"better:worse than those of the column, of {total} figures; others are not distinguishable"
    table = _text_table("", ["", *(f"({number})" for number in range(1, len(names) + 1))], rows)
    return replace(table, notes=[note])
