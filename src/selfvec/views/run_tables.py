"""Results of commands about a run or a text, as text for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from selfvec.base.display import count_of, escape_controls, escape_for_display, printable

from .terminal import add_row, escaped, optional, plain_table

if TYPE_CHECKING:
    import polars as pl

    from selfvec.analysis.concepts import Expansion, GroupTopics, Phrases, Topics, Why, WhyConcepts
    from selfvec.evaluation import Report
    from selfvec.retrieval import Found, Hit, Reason

_LEVELS = {"fail": "bold red", "warn": "bold yellow", "ok": "bold green"}
_MATCHES = {"match": "bold yellow", "related": "underline cyan"}
_REPEATED = 0.001  # least share of repeated passages that is shown
_PAIRS = 3  # of vectors that are compared in sentences; more are shown as a matrix
_REASONS = 6  # words shown as reasons for a hit
_WIDTH = 80  # of a terminal
_TITLE = 50  # characters


def health_panel(report: Mapping[str, Any]) -> RenderableType:
    """The findings of ``run health --json`` with their remedies, then the available figures."""
    findings = Table.grid(padding=(0, 2, 0, 0))
    for finding in report["findings"]:
        level = str(finding["level"])
        text = Text.assemble((str(finding["name"]), "bold"), f": {finding['message']}")
        if finding.get("remedy"):
            text.append(f"\nWhat to do: {finding['remedy']}.")
        findings.add_row(Text(level.upper(), _LEVELS.get(level, "bold")), text)

    def number(key: str, form: str) -> str:
        return optional(report.get(key), form)

    def change(key: str, form: str) -> str:
        before, after = number(f"{key}_original", form), number(key, form)
        return f"{before} -> {after}" if before and after else after

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim")
    for label, value, meaning in (
        ("tokens", number("tokens", ",d"), ""),
        ("types", number("types", ",d"), "different words"),
        ("cosine to the original", number("mean_cosine_to_original", ".2f"), "1 unmoved, 0 unrelated"),
        ("cosine of random words", change("anisotropy", ".2f"), "near 1: all words look alike"),
        ("effective rank", change("effective_rank", ".0f"), "dimensions in use"),
        ("capped neighbours", number("saturated", ".0%"), "nearest words at a cosine of about 1"),
        ("words with a vector", number("known", ",d"), "in the initial vectors"),
        ("words from subwords", number("composed", ",d"), "their initial vectors are built from subwords"),
        ("words from the text", optional(_made(report) or None, ",d"), "their first vectors are made of it"),
        ("words without a vector", number("oov", ",d"), "none of these"),
        ("... still without one", number("oov_empty", ",d"), "nothing was learned about them"),
    ):
        if value:
            add_row(table, label, value, meaning)
    return Group(findings, "", table)


def _made(report: Mapping[str, Any]) -> int:
    """How many words have an initial vector that is random or trained on the text."""
    others = sum(int(report.get(key) or 0) for key in ("known", "composed", "oov"))
    return max(int(report.get("types") or 0) - others, 0) if "known" in report else 0


def evaluation_table(report: Report) -> RenderableType:
    """A line per row of ``evaluate --json``, grouped by task and metric, then which vectors are better."""
    from selfvec.evaluation.report import known_apart, label, seconds

    rows: Sequence[Mapping[str, Any]] = report.rows
    groups: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        method = f" ({row['method']})" if row.get("method") else ""
        title = f"{escape_for_display(str(row['task']))}, {row['metric']}{method}"
        pairs = f"n {row['n_common']:,}" if "n_common" in row else ""
        groups.setdefault((title, f"n {row['n']:,}", pairs), []).append(row)
    over = {"value_known": "known"} if any("n_common" in row for row in rows) else {}
    over |= {"value_common": "common"} if known_apart(rows) else {}
    figures = [("value", 7), ("95 % interval", 16), *((name, 7) for name in over.values()), ("covered", 7)]
    figures += [("seconds", 7)] if seconds(rows) else []
    room = _WIDTH - sum(width + 2 for _, width in figures)
    table = Table(box=None, pad_edge=False)
    table.add_column("", overflow="ellipsis", no_wrap=True, min_width=min(24, room), max_width=min(44, room))
    for name, width in figures:
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    for (title, size, pairs), members in groups.items():
        sizes = [size, *[""] * len(over), pairs] if over else [size]
        add_row(table, Text(title, "bold"), *(Text(text, "dim") for text in sizes))
        for row, *cost in zip(members, *([seconds(members)] if seconds(rows) else []), strict=True):
            interval = f"{row['low']:.3f} to {row['high']:.3f}"
            parts = [optional(row.get(key), ".3f") for key in over]
            cells = (f"{row['value']:.3f}", interval, *parts, f"{row['covered']:.0%}", *cost)
            add_row(table, f"  {escape_controls(label(row))}", *cells)
    tally = report.tally()
    if len(tally) <= _PAIRS:
        summary = report.summary()
        return Group(table, "", *(Text(sentence) for sentence in summary)) if summary else table
    return Group(table, "", _pairs_table(tally), *(Text(note) for note in report.notes()))


def _pairs_table(tally: Mapping[tuple[str, str], Mapping[str, int]]) -> RenderableType:
    """A matrix of pairs: the number of figures in which the vectors of the row are better and worse."""
    names = list(dict.fromkeys(name for pair in tally for name in pair))
    table = plain_table(("", 30), figures=[f"({number})" for number in range(1, len(names) + 1)])
    for number, name in enumerate(names, 1):
        cells = []
        for other in names:
            found = tally.get((name, other))
            reverse = tally.get((other, name))
            if found is not None:
                cells.append(f"{found['better']}:{found['worse']}")
            else:
                cells.append("" if reverse is None else f"{reverse['worse']}:{reverse['better']}")
        add_row(table, f"({number}) {escape_for_display(name)}", *cells)
    total = max(sum(found.values()) for found in tally.values())
    note = f"better:worse than those of the column, of {total} figures; others are not distinguishable"
    return Group(table, Text(note, "dim"))


def found_text(found: Found, *, coloured: bool = True) -> Text:
    """Hits, best first, each with its source, its snippet and its reasons."""
    if not found.hits:
        nothing = Text(f"nothing found in {found.documents:,} documents")
        return nothing.append("".join(f"\n{printable(note)}" for note in found.notes))
    out = Text()
    for number, hit in enumerate(found.hits, 1):
        out.append_text(_hit(number, hit))
    asked = f", question by {found.question}" if found.question else ""
    out.append(f"{found.documents:,} documents, {found.mode}{asked}", "dim")
    if coloured:
        out.append("; ").append("match", _MATCHES["match"])
        out.append(", ").append("related", _MATCHES["related"])
    return out.append("".join(f"\n{printable(note)}" for note in found.notes))


def _hit(number: int, hit: Hit) -> Text:
    out = Text(f"{number:>2}  ")
    out.append(escape_for_display(hit.id), "bold")
    if title := _title(hit):
        out.append(f"  {printable(title)}", "bold")
    out.append(f"  score {hit.score:.2f}")
    if hit.date:
        out.append(f"  {hit.date}", "dim")
    if hit.alike:
        out.append(f"  and {len(hit.alike):,} alike", "dim")
    shown = Text(printable(hit.snippet))
    for mark in hit.marks:
        shown.stylize(_MATCHES[mark.kind], mark.start, mark.end)
    out.append("\n    ").append_text(shown)
    parts = ", ".join(f"{name} {value:+.2f}" for name, value in hit.parts.items())
    reasons = "; ".join(_reason(reason) for reason in hit.words[:_REASONS])
    return out.append(f"\n    {parts}{f' · {reasons}' if reasons else ''}\n\n", "dim")


def _title(hit: Hit) -> str:
    """The title of a document, unless the snippet begins with it."""
    title = (hit.title or "").strip()
    return "" if not title or hit.snippet.startswith(title[:_TITLE]) else title[:_TITLE]


def _reason(reason: Reason) -> str:
    times = f" ×{reason.count}" if reason.count > 1 else ""
    if reason.query.lower() == reason.document:
        return f"{escape_for_display(reason.document)}{times}"
    near = "" if reason.kind == "match" else f" {reason.cosine:.2f}"
    return f"{escape_for_display(reason.query)} → {escape_for_display(reason.document)}{near}{times}"


def phrases_table(found: Phrases, most: int) -> RenderableType:
    """Phrases with their figures, by falling C-value."""
    table = plain_table(("phrase", 40), figures=("count", "PMI", "NPMI", "C-value"))
    for row in found.phrases[:most]:
        figures = (optional(row.pmi, ".1f"), optional(row.npmi, ".2f"), optional(row.c_value, ",.1f"))
        add_row(table, escape_for_display(row.term), f"{row.count:,}", *figures)
    shown = f"{min(most, len(found)):,} of {len(found):,} phrases in {found.tokens:,} words"
    return Group(table, "", Text(shown, "dim"))


def expansion_table(found: Expansion) -> RenderableType:
    """Terms related to a query, and the expanded query."""
    table = plain_table(("term", 32), figures=("weight", "meaning", "topic", "count"))
    table.add_column("near", overflow="ellipsis", no_wrap=True, max_width=20)
    for row in found.related:
        figures = [f"{value:.2f}" for value in (row.weight, row.meaning, row.topic)]
        add_row(table, escape_for_display(row.term), *figures, f"{row.count:,}", escape_for_display(row.near))
    words = " ".join(escape_for_display(word) for word in found.expanded.split(" "))
    return Group(table, "", Text(words, "dim"))


def topics_table(found: Topics) -> RenderableType:
    """A line per topic: its number, its share, its name, and further terms."""
    table = plain_table(figures=("", "share", "documents"))
    seeded = [", ".join(map(escape_for_display, row.seed_words)) for row in found.topics]
    if any(seeded):
        table.add_column("seed words", overflow="fold")
    table.add_column("topic: phrases and nouns that name it; its terms", overflow="fold", ratio=1)
    for number, row in enumerate(found.topics):
        named = row.name.split(", ")
        others = escaped(term for term, _ in row.terms if term.replace("_", " ") not in named)
        terms = Text.assemble((escaped(named), "bold"), f"; {others}" if others else "")
        seeds = seeded[number : number + 1] if any(seeded) else []
        add_row(table, str(number), f"{row.share:.1%}", f"{row.documents:,}", *seeds, terms)
    shown = f"{len(found)} topics of {found.documents:,} documents, silhouette {found.silhouette:.2f}"
    tried = ", ".join(f"{number}: {value:.2f}" for number, value in found.tried.items())
    return Group(table, "", Text(f"{shown} (of {tried})" if tried else shown, "dim"))


def assigned_table(found: Topics, assigned: pl.DataFrame) -> RenderableType:
    """A line per topic: its share of the new documents beside that of the run's."""
    counts = Counter(assigned["topic"].drop_nulls().to_list())
    table = plain_table(("topic", 40), figures=("", "new documents", "share", "in the run"))
    for number, row in enumerate(found.topics):
        share = counts[number] / max(counts.total(), 1)
        figures = (str(number), f"{counts[number]:,}", f"{share:.1%}", f"{row.share:.1%}")
        add_row(table, escape_for_display(row.name), *figures)
    without = len(assigned) - counts.total()
    note = f"{count_of(len(assigned), 'new document')}, {without:,} of them without a topic"
    return Group("", table, "", Text(note, "dim"))


def why_text(found: Why | WhyConcepts) -> RenderableType:
    """The cosines of two words, and the contexts that they share with sentences; or shared concepts."""
    from selfvec.analysis.concepts import WhyConcepts

    if isinstance(found, WhyConcepts):
        return _concepts_table(found)
    a = escape_for_display(found.a)
    b = escape_for_display(found.b)
    table = plain_table(("shared context", 28), figures=("adds", "PPMI", "", "count", ""))
    for row in found.contexts:
        figures = (f"{row.contribution:.4f}", f"{row.ppmi_a:.1f}", f"{row.ppmi_b:.1f}")
        counts = (f"{row.count_a:,}", f"{row.count_b:,}")
        add_row(table, escape_for_display(row.context), *figures, *counts)
    add_row(table, "others", f"{found.rest:.4f}", style="dim")
    add_row(table, "sum: cosine of contexts", f"{found.context_cosine:.4f}", style="bold")
    lines: list[RenderableType] = [
        Text.assemble((a, "bold"), f" ({found.count_a:,}) and ", (b, "bold"), f" ({found.count_b:,})"),
        Text(f"cosine before refining {_cosine(found.before)}, after {_cosine(found.after)}"),
        Text(
            f"within a window {found.together:,} times, PPMI {found.together_ppmi:.2f}"
            if found.together
            else "never within a window"
        ),
    ]
    if found.repeated >= _REPEATED:
        counted = "each counted once" if found.repeats == "once" else "every occurrence counted"
        lines.append(f"{found.repeated:.1%} of the text repeats passages of other documents, {counted}")
    lines += ["", table]
    for use in found.uses:
        shown = Text(printable(use.text))
        for word in [use.word, *use.contexts]:
            shown.highlight_words(
                [word.replace("_", " ")], "bold" if word == use.word else "underline", case_sensitive=False
            )
        lines += ["", Text.assemble((f"{escape_for_display(use.word)}: ", "dim"), shown)]
    return Group(*lines)


def _concepts_table(found: WhyConcepts) -> RenderableType:
    """The concepts that two words or texts share."""
    table = plain_table(("shared concept", 60), figures=("adds", "weight", ""))
    for row in found.concepts:
        figures = (f"{row.contribution:.4f}", f"{row.weight_a:.3f}", f"{row.weight_b:.3f}")
        add_row(table, escape_for_display(row.concept), *figures)
    add_row(table, "others", f"{found.rest:.4f}", style="dim")
    add_row(table, "sum: cosine of concepts", f"{found.concept_cosine:.4f}", style="bold")
    return table


def _cosine(value: float | None) -> str:
    return "unknown (no vector)" if value is None else f"{value:.3f}"


# ---- Topics by group, and their hierarchy


_LISTED = 5  # topics of a group
_TERMS = 3


def group_topics_table(found: GroupTopics) -> RenderableType:
    """A line per group: its documents, and its largest topics with their terms in this group."""
    table = plain_table(("group", 24), figures=("documents",))
    table.add_column("largest topics: share, number and terms here", overflow="fold", ratio=1)
    for group, rows in groupby(found.shares, lambda row: row.group):
        topics = sorted(rows, key=lambda row: -row.documents)
        shown = Text()
        for row in topics[:_LISTED]:
            terms = "/".join(map(escape_for_display, row.terms[:_TERMS] or row.name.split(", ")))
            shown.append("  " if shown else "").append(f"{row.share:.0%} ", "bold").append(
                f"{row.topic}:{terms}"
            )
        if len(topics) > _LISTED:
            shown.append(f"  and {len(topics) - _LISTED} more", "dim")
        documents = sum(row.documents for row in topics)
        add_row(table, escape_for_display(group), f"{documents:,}", shown)
    if not found.left_out:
        return table
    return Group(table, Text(f"too little text: {', '.join(map(escape_for_display, found.left_out))}", "dim"))


def hierarchy_tree(found: Topics, joins: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The joins of `topic_hierarchy` as a tree; the last join is its root."""
    by_node = {join["node"]: join for join in joins}

    def label(node: int) -> Text:
        if node < len(found):
            return Text(f"{node}: {escape_for_display(found.topics[node].name)}")
        return Text(f"{by_node[node]['cosine']:.2f}", "dim")

    def grow(tree: Tree, node: int) -> None:
        branch = tree.add(label(node))
        for child in by_node[node]["children"] if node in by_node else ():
            grow(branch, child)

    root = Tree(Text("topics by the mean cosine of their centres", "dim"))
    grow(root, joins[-1]["node"] if joins else 0)
    return root
