"""Words and what changed about them, as text for the terminal."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from selfvec.analysis.usage.quotations import SELF
from selfvec.base.arrays import Ints
from selfvec.base.display import count_of, escape_for_display, printable, shortened
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors

from .terminal import CAME, WENT, add_row, escaped, optional, plain_table, sentence

if TYPE_CHECKING:
    from selfvec.analysis.alignment.compare import Comparison
    from selfvec.analysis.usage.quotations import Quotation
    from selfvec.analysis.word_drift import Drift
    from selfvec.analysis.word_drift.word_paths import SlicePath
    from selfvec.analysis.word_senses import Sense, Senses

_STATES = ("original", "refined")
_WIDTH = 80  # characters of a line
_NEIGHBOURS = 5  # gained, and lost
_SHOWN = 12  # states of a trajectory
_NEAR = 3  # words near each
_LEVEL = 0.05  # q of words that changed
_FIRST = 3  # words named in a sentence
_FIELDS = 3  # named that go with what is compared
_CAME = 12  # words that came, and that went
_SAME = (0.99, 1.03)  # apd of occurrences that have nothing to do with each other
FEW = 5  # occurrences; with fewer a distance is mostly chance
_COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "red")  # of senses
_MARKS = {  # of neighbours, and what they mean
    "from_subwords": ("*", "built from subwords: the initial vectors lack the word"),
    "abbreviations": ("=", "abbreviates the word, or is abbreviated by it"),
}
_APART = {  # words that stand apart from the neighbours
    "forms": "other forms",
    "by_spelling": "near by spelling only, left out",
}
_OUTSIDE = (
    "A distance can lie above its interval: few occurrences look farther apart than many would, and the "
    "interval corrects for that."
)
_LISTED = 8  # forms of a word
_LABEL = 4  # words of a sense's label after a text


def neighbours_table(rows: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Rows of ``similar --json``, one table per word; original and refined side by side if both are given."""
    words = dict.fromkeys(row["word"] for row in rows)
    found = {(row["word"], row["state"]): [(str(t), float(c)) for t, c in row["neighbours"]] for row in rows}
    parts: list[RenderableType] = []
    compared = {row["state"] for row in rows} == set(_STATES)
    for word in words:
        states = _STATES if compared else [state for name, state in found if name == word]
        marks = _marks([row for row in rows if row["word"] == word])
        parts += [_word_table(word, states, found, compared, marks)]
        parts += [*_apart([row for row in rows if row["word"] == word]), ""]
    notes = [Text.assemble(("+", CAME), " came in   ", ("-", WENT), " went")] if compared else []
    shown = [
        f"{mark} {meaning}" for key, (mark, meaning) in _MARKS.items() if any(key in row for row in rows)
    ]
    rare = {str(row["word"]): count_of(row["rare"], "time") for row in rows if "rare" in row}
    shown += [
        f"{escape_for_display(word)} occurs {times}: too rarely for its vector to mean much"
        for word, times in rare.items()
    ]
    notes += [Text(note, "dim") for note in shown]
    return Group(*parts, *notes)


def _apart(rows: Sequence[Mapping[str, Any]]) -> Iterator[Text]:
    """A line for the forms of a word, and one for the words that only their spelling makes near."""
    for key, what in _APART.items():
        words = list(dict.fromkeys(word for row in rows for word in row.get(key, ())))
        if words:
            more = ", …" if len(words) > _LISTED else ""
            yield Text(f"{what}: {escaped(words[:_LISTED])}{more}", "dim")


def _marks(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The marks of the neighbours in some rows."""
    marks: dict[str, str] = {}
    for key, (mark, _) in _MARKS.items():
        terms = {str(term) for row in rows for term in row.get(key, ())}
        marks |= {term: marks.get(term, "") + mark for term in terms}
    return marks


def _word_table(
    word: str,
    states: Sequence[str],
    found: Mapping[tuple[str, str], Sequence[tuple[str, float]]],
    compared: bool,
    marks: Mapping[str, str],  # by term
) -> RenderableType:
    table = plain_table(title=word)
    lists = [found.get((word, state), ()) for state in states]
    for state in states:
        if compared:
            table.add_column("", width=1)
        table.add_column(state, overflow="ellipsis", no_wrap=True, min_width=16, max_width=24)
        table.add_column("cosine", justify="right", width=6)
    known = [{term for term, _ in entries} for entries in lists]
    for place in range(max([1, *map(len, lists)])):
        cells: list[str | Text] = []
        for column, entries in enumerate(lists):
            term, cosine = entries[place] if place < len(entries) else (None, None)
            changed = compared and term is not None and term not in known[1 - column]
            style = (CAME if column else WENT) if changed else ""
            if compared:
                cells.append(Text(("+" if column else "-") if changed else "", style))
            none = "(no vector)" if place == 0 and not entries else ""
            mark = marks.get(term or "", "")
            cells.append(Text(none, "dim") if term is None else Text(escape_for_display(term) + mark, style))
            cells.append(optional(cosine, ".3f"))
        add_row(table, *cells)
    return table


def trajectory_table(
    trajectory: Trajectory, original: Vectors, refined: Vectors, method: str = ""
) -> RenderableType:
    """About a dozen states of a word's path, one line each, with its nearest words."""
    table = plain_table(title=trajectory.word, figures=("step", "cosine"))
    for name in _STATES:
        table.add_column(f"nearest in {name}", overflow="fold", ratio=1)
    rows = trajectory.vectors
    cosines = trajectory.to_original()
    for state in _milestones(trajectory.updates):
        cosine = f"{cosines[state]:.3f}" if rows[state].any() else "none yet"
        near = []
        for vectors in (original, refined) if rows[state].any() else ():
            found = [term for term, _ in vectors.most_similar(rows[state], topn=_NEAR + 1)]
            near.append(escaped([term for term in found if term != trajectory.word][:_NEAR]))
        add_row(table, f"{trajectory.updates[state]:,}", cosine, *near)
    note = "step: how often the word has moved. cosine: to its original vector; 1 is unmoved."
    if method == "decorrelated" and len(cosines) > 2:
        note += (
            " It falls and rises again: the first of two passes maps a word to its contexts, the second maps "
            "these to words with the same contexts, and the anchor pulls the word to its original vector."
        )
    return Group(table, "", Text(note, "dim"))


def _milestones(updates: Ints) -> list[int]:
    """Indices of about `_SHOWN` states, with the first and last; more are early, when words move most."""
    clock = np.log1p(updates)
    index = np.searchsorted(clock, np.linspace(clock[0], clock[-1], _SHOWN) - 1e-9)
    return sorted({0, *index.clip(max=len(updates) - 1).tolist(), len(updates) - 1})


def slice_table(path: SlicePath) -> RenderableType:
    """A line per slice: the distance from the first one, and the interval of resampled documents."""
    table = plain_table("slice", title=path.word, figures=("times", "documents", "distance", "95 %"))
    rows = path.as_dict()["slices"]
    for row in rows:
        interval = "" if row["low"] is None else f"{row['low']:.2f}-{row['high']:.2f}"
        distance = optional(row["distance"], ".3f")
        marked = f"({distance})" if distance and row["uses"] < FEW else distance
        add_row(
            table,
            escape_for_display(row["slice"]),
            f"{row['uses']:,}",
            f"{row['documents']:,}",
            marked,
            interval,
        )
    few = any(0 < row["uses"] < FEW for row in rows)
    note = f"( ): fewer than {FEW} occurrences, so the distance is mostly chance."
    return Group(table, "", Text(note, "dim")) if few else table


def drift_table(found: Drift) -> RenderableType:
    """What was found, a line of figures per word, its neighbours with a sentence of each side, and notes."""
    said, came = ([Text(line) for line in lines] for lines in (said_first(found), came_and_went(found)))
    if not found.rows:
        none = Text(f"no word that this text can test changed between {found.a} and {found.b}")
        return Group(none, *said, *came)
    table, idle = _figures_table(found)
    parts: list[RenderableType] = []
    for row in found.rows:
        for number, line in enumerate(_drift_details(row, found)):
            line.overflow = "fold"
            parts.append(Padding(line, (0, 0, 0, 2), expand=False) if number else line)
    notes = drift_notes(found) + [f"Not shown: {', '.join(idle)} (--json has them)."] * bool(idle)
    shown: list[RenderableType] = []
    for group in (said, [table], parts, came, [Text(line, "dim") for line in notes]):
        shown += ["", *group] if shown and group else group
    return Group(*shown)


def _figures_table(found: Drift) -> tuple[Table, list[str]]:
    """A line of figures per word, and what the columns say that are left out of it."""
    sliced = is_sliced(found)
    heads = drift_heads(found)[1:]
    cells = [drift_figures(row, sliced) for row in found.rows]
    idle = _idle_columns(found, heads, cells)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("word", overflow="ellipsis", no_wrap=True, min_width=10, max_width=18)
    counted = len(heads) - (2 if sliced else 1)
    for place, name in enumerate(heads):
        if name in idle:
            continue
        if place < counted:
            table.add_column(name, justify="right", no_wrap=True, min_width=max(4, len(name)))
        else:
            width = max(6, *(len(row[place]) for row in cells))
            table.add_column(
                escape_for_display(name), justify="right", overflow="fold", min_width=width, max_width=width
            )
    for row, figures in zip(found.rows, cells, strict=True):
        shown = [figure for name, figure in zip(heads, figures, strict=True) if name not in idle]
        add_row(table, Text(escape_for_display(row["word"]), "bold"), *shown)
    return table, list(idle.values())


def _idle_columns(found: Drift, heads: Sequence[str], cells: Sequence[Sequence[str]]) -> dict[str, str]:
    """Columns that say the same of every word, with what they say."""
    columns = dict(zip(heads, zip(*cells, strict=True), strict=True))
    idle = {name: f"{name} < .001" for name in ("p", "q") if set(columns[name]) == {"<.001"}}
    apart = [row["apd"] for row in found.rows]
    if len(apart) > 1 and all(one is not None and _SAME[0] <= one <= _SAME[1] for one in apart):
        idle["apd"] = f"apd {min(apart):.2f} to {max(apart):.2f}"
    return idle


def said_first(found: Drift) -> list[str]:
    """What was found, what was compared and why, and what goes with it."""
    lines = list(filter(None, [drift_summary(found)]))
    if found.filters:
        lines.append(f"Only documents with {escaped(found.filters)}.")
    return lines + [found.why] * bool(found.why) + confounding_notes(found)


def drift_summary(found: Drift) -> str:
    """A sentence: how many words changed, between what, and which changed most; empty without tests."""
    if all(row["q"] is None for row in found.rows) or not found.tested:
        return ""
    words = [row["word"] for row in found.rows[:_FIRST] if row["q"] is not None and row["q"] <= _LEVEL]
    between = f"from {found.a} to {found.b}" if is_sliced(found) else "by refining"
    if not found.significant or not words:
        return f"No word of {found.tested:,} changed {between} beyond chance."
    most = " and ".join(filter(None, [escaped(words[:-1]), escaped(words[-1:])]))
    return f"{found.significant:,} of {count_of(found.tested, 'word')} changed {between}, most of all {most}."


def confounding_notes(found: Drift) -> list[str]:
    """A sentence for each field that goes with what is compared."""
    notes = []
    for row in found.confounded[:_FIELDS]:
        a, b = (f"{row[f'share_{side}']:.0%} of {name}" for side, name in (("a", found.a), ("b", found.b)))
        told = f"{row['field']} differs: {row['value']} is {b}, {a}"
        within = shlex.quote(f"{row['field']}={row['within']}")
        remedy = f"; compare within one: --filter {within}" if row["within"] is not None else ""
        notes.append(printable(f"{told}{remedy}."))
    return notes


def came_and_went(found: Drift) -> list[str]:
    """Words too rare on one side to be compared, with their counts on both."""
    lines = []
    for head, rows in ((f"New in {found.b}", found.new), (f"Gone since {found.a}", found.gone)):
        if rows:
            shown = [
                f"{escape_for_display(row['word'])} {row['count_a']:,} → {row['count_b']:,}" for row in rows
            ]
            more = " …" if len(shown) > _CAME else ""
            lines.append(f"{head}: {', '.join(shown[:_CAME])}{more}")
    return lines


def is_sliced(found: Drift) -> bool:
    """Whether two slices were compared, not the original with the refined vectors."""
    return found.a != "original" or any(row["low"] is not None for row in found.rows)


def drift_notes(found: Drift) -> list[str]:
    """Notes on drift: how rows are sorted, what the figures mean, and why some are blank."""
    rows = found.rows
    sliced = is_sliced(found)
    by = "change" if sliced else "distance"
    notes = [f"Sorted by {by}; words with q ≤ 0.05 come first, names, numbers and variants last among them."]
    if sliced:
        notes.append(
            "change: distance minus half of what chance explains. distance: 1 - cosine of the mean "
            "occurrences. 95 %: interval of the distance that many occurrences would show. apd: mean "
            "distance of two occurrences. p: probability by chance. q: false discovery rate."
        )
        if any(map(_is_outside, rows)):
            notes.append(_OUTSIDE)
        if any(row["low"] is None for row in rows):
            notes.append("No interval: the word occurs in fewer than four documents of a slice.")
    else:
        notes.append(
            "distance: 1 - cosine of the two vectors. p, q: do a word's documents agree on its move?"
        )
    if any(row["p"] is None for row in rows):
        notes.append("No p and q: not tested, because the run has not kept its tokens (--keep).")
    if left_out := _left_out(found.left_out):
        notes.append(f"Not listed: {left_out} (--all-words lists them).")
    return notes


def _left_out(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {reason}" for reason, number in numbers.items() if number)


def _is_outside(row: Mapping[str, Any]) -> bool:
    """Whether the distance of a row, as shown, is not in its interval."""
    if row["low"] is None:
        return False
    low, distance, high = (round(row[key], 2) for key in ("low", "distance", "high"))
    return not low <= distance <= high


def drift_heads(found: Drift) -> list[str]:
    """The columns of `drift_figures`, after the word."""
    if not is_sliced(found):
        return ["word", "distance", "apd", "p", "q", "count"]
    return ["word", "change", "distance", "95 %", "apd", "p", "q", found.a, found.b]


def drift_figures(row: Mapping[str, Any], sliced: bool) -> list[str]:
    """The figures of a row as text."""
    interval = "" if row["low"] is None else f"{row['low']:.2f}-{row['high']:.2f}"
    first = [f"{row['change']:.2f}"] if sliced else []
    counts = [f"{row['count_a']:,}", *([f"{row['count_b']:,}"] if sliced else [])]
    significance = [probability(row[key]) for key in ("p", "q")]
    middle = [f"{row['distance']:.2f}", *([interval] if sliced else []), optional(row["apd"], ".2f")]
    return [*first, *middle, *significance, *counts]


def drift_mark(row: Mapping[str, Any]) -> str:
    """What a row of drift is if not a word, and other spellings: ``name``, ``also color; 9 and 7 in all``."""
    kind = str(row.get("kind", "word"))
    spellings = escaped(row.get("variants", ())[:_NEIGHBOURS])
    if spellings and row.get("spellings_a") is not None:
        spellings += f"; {row['spellings_a']:,} and {row['spellings_b']:,} in all"
    if kind == "variant":
        return f"variant of {spellings}"
    return ", ".join([kind] * (kind != "word") + [f"also {spellings}"] * bool(spellings))


def _drift_details(row: Mapping[str, Any], found: Drift) -> list[Text]:
    """The word with its neighbours gained and lost, and a sentence of each side."""
    head = Text.assemble((escape_for_display(row["word"]), "bold"))
    if mark := drift_mark(row):
        head.append(f" ({mark})")
    gained, lost = (escaped(row[key][:_NEIGHBOURS]) for key in ("gained", "lost"))
    if gained or lost:
        head.append_text(Text.assemble(("  + ", CAME), gained, ("  - ", WENT), (lost, WENT)))
    lines = [head]
    quotes = found.quotes.get(row["word"], ())
    for first in (next((quote for quote in quotes if quote.side == side), None) for side in (0, 1)):
        if first is not None:
            side = escape_for_display((found.a, found.b)[first.side])
            lines.append(_around_word(first, f"{side}: "))
    return lines


def _around_word(quote: Quotation, side: str) -> Text:
    """The part of a sentence around its word that fits a line."""
    word = next((piece for piece, mark in quote.pieces if mark == SELF), "")
    room = _WIDTH - 2 - len(side) - 4  # indentation, and two dots of ellipsis
    before, shown, after = shortened(quote.text, quote.place, room)
    line = Text(f"{side}{'… ' * before}{sentence(shown)}{' …' * after}")
    if word:
        line.highlight_words([word], "bold")
    return line


def comparison_table(compared: Comparison) -> RenderableType:
    """A line per word that differs."""
    found = compared.as_dict()
    table = plain_table(("word", 20), figures=("distance", "p", "q", "count"))
    table.add_column("neighbours: + came, - went", overflow="fold", ratio=1)
    for row in found["rows"]:
        passed = row["q"] <= found["fdr"]
        counts = "" if row["count_a"] is None else f"{row['count_a']:,} {row['count_b']:,}"
        changes = Text.assemble((_signed("+", row["gained"]), CAME), "\n", (_signed("-", row["lost"]), WENT))
        figures = (f"{row['distance']:.3f}", probability(row["p"]), probability(row["q"]), counts)
        word = Text(escape_for_display(row["word"]), "bold" if passed else "")
        add_row(table, word, *figures, changes)
    share = f"{found['significant']:,} of {found['words']:,} words differ at q ≤ {found['fdr']:g}"
    notes = [f"{found['tested']}."]
    if left_out := _left_out(found["left_out"]):
        notes.append(f"Left out: {left_out}.")
    return Group(
        table, "", Text(f"{share} (method {found['method']})."), *(Text(note, "dim") for note in notes)
    )


def _signed(sign: str, words: Sequence[str]) -> str:
    return f"{sign} {escaped(words[:_NEIGHBOURS])}" if words else ""


def probability(value: float | None) -> str:
    """A p or q; as a bound, if it is below what a thousand random splits resolve.

    >>> probability(0.00004), probability(0.034), probability(0.5), probability(None)
    ('<.001', '.034', '.50', '')
    """
    if value is None:
        return ""
    if value < 0.001:
        return "<.001"
    return f"{value:.3f}".lstrip("0") if value < 0.1 else f"{value:.2f}".removeprefix("0")


def senses_text(found: Senses) -> RenderableType:
    """A paragraph for each sense: its share, characteristic words, sentences, periods; or the texts given."""
    if found.readings:
        return _readings_text(found)
    senses = "one sense" if len(found) == 1 else f"{len(found)} senses"
    out = Text.assemble(
        (escape_for_display(found.word), "bold"), f"  {len(found.assigned):,} occurrences, {senses}\n"
    )
    for number, sense in enumerate(found, 1):
        out.append(f"\n{number:>2}  {sense.share:4.0%}  ", _colour(number - 1))
        out.append(_label(sense))
        for example in sense.examples:
            out.append(f"\n      {sentence(example)}", "dim")
    periods = found[0].periods
    if len(found) == 1 or not periods:
        return out
    table = plain_table(("period", 24), figures=("uses", *(str(i + 1) for i in range(len(found)))))
    for number, period in enumerate(periods):
        here = [sense.periods[number] for sense in found]
        shares = (f"{one['share']:.0%}" for one in here)
        add_row(
            table, escape_for_display(period["period"]), f"{sum(one['count'] for one in here):,}", *shares
        )
    return Group(out, "", table)


def _readings_text(found: Senses) -> Text:
    """Texts with each occurrence of the word marked, and its sense."""
    out = Text()
    for text, found_here in found.readings:
        shown = Text(printable(text))
        for reading in found_here:
            shown.stylize(f"bold {_colour(reading.sense)}", reading.start, reading.end)
        out.append_text(shown).append("\n")
        for reading in found_here:
            sense = found[reading.sense]
            out.append(f"  {reading.sense + 1}  {reading.probability:4.0%}  ", _colour(reading.sense))
            out.append(f"{_label(sense, _LABEL)}\n")
        if not found_here:
            out.append(f"  {escape_for_display(found.word)} does not occur here\n", "dim")
    out.rstrip()
    return out


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _label(sense: Sense, most: int | None = None) -> str:
    return escaped(sense.label[:most]) or "(no characteristic words)"
