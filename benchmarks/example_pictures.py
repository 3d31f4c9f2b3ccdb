"""The pictures of worked examples, with the defaults: those of pages of explanation, and the README's.

``python -m benchmarks.example_pictures`` draws docs/figures/example-*.svg and found.svg of the example text.
Nothing is measured here.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

import selfvec
from benchmarks.page import FIGURES
from selfvec.analysis.views.figure import GREY, INK, WORDS, save_figure
from selfvec.base.chart import Axis, Chart, Line, Mark
from selfvec.files.atomic_files import atomic_file
from selfvec.files.svg import FONT, Figure

QUESTION = "wind at the greenhouses"
LACKED = "scared animals in the morning"  # the answer, frightened horses, has none of these words
WAYS = {"bm25": "Search by words alone (BM25)", "hybrid": "Selfvec"}
WIDE = 510  # pixels of a column of `found_beside`
PARTS = {"words": GREY, "related": WORDS[5], "dense": WORDS[0]}  # of a hybrid score, with their colours
TESTS = {"self_retrieval": "self-retrieval", "context": "context"}


def drawn(run: selfvec.Run, folder: Path) -> None:
    """Draw a picture for the pages on search and on selection."""
    hits = [
        {"hit": f"{place}. {hit['title']}", "part": part, "value": hit["parts"][part]}
        for place, hit in enumerate(selfvec.search(run, QUESTION, top=5).as_dict()["hits"], 1)
        for part in PARTS
    ]
    _save([_stacked(hits)], folder / "example-search.svg", hits, "hit")
    tested = [
        {"method": one["name"], "test": name, "value": one[test]}
        for one in run.provenance["decision"]["candidates"]
        for test, name in TESTS.items()
    ]
    _save(_beside(tested), folder / "example-selection.svg", tested, "method")


def found_beside(run: selfvec.Run, path: Path) -> None:
    """Draw what a search by words finds first beside what Selfvec finds, each with its reason."""
    head = f"\u201c{LACKED}\u201d, asked of 2,000 storm reports"
    lines, told = [_line(0, 16, head, INK, "bold")], [head]
    for column, (mode, title) in enumerate(WAYS.items()):
        lines.append(_line(column * WIDE, 50, title, GREY if mode == "bm25" else WORDS[0], "bold"))
        told.append(title)
        for place, hit in enumerate(selfvec.search(run, LACKED, top=3, mode=mode).as_dict()["hits"]):
            sentence, why = _sentence(hit)
            lines.append(_line(column * WIDE, 78 + 46 * place, f"{place + 1}. {sentence}", INK))
            lines.append(_line(column * WIDE + 18, 96 + 46 * place, why, GREY))
            told.append(sentence)
    size = f'width="{2 * WIDE - 100}" height="200" viewBox="-12 -12 {2 * WIDE - 100} 200"'
    paper = '<rect x="-12" y="-12" width="100%" height="100%" fill="white"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}" font-size="13">'
    svg += f"<title>{escape('; '.join(told))}</title>{paper}{''.join(lines)}</svg>"
    with atomic_file(path, overwrite=True) as temporary:
        temporary.write_text(svg, encoding="utf-8", newline="\n")


def _sentence(hit: dict[str, Any]) -> tuple[str, str]:
    """The sentence of what is quoted for most words of the question, and which of its words are for them."""
    found = []
    whole = re.findall(r"[^.\n]+\.", hit["text"])
    for sentence in [sentence.strip() for sentence in whole if sentence.strip()[:16] in hit["snippet"]]:
        words = [word for word in hit["words"] if re.search(rf"(?i)\b{word['document']}\b", sentence)]
        found.append((len({word["query"] for word in words}), sentence, "; ".join(_reasons(words))))
    return max(found, key=lambda one: one[0])[1:]


def _reasons(words: list[dict[str, Any]]) -> Iterator[str]:
    """The words of a hit that are the question's, and those that are related to one of them."""
    for kind, said in (("match", "has {}"), ("related", "{} (for {})")):
        for asked in dict.fromkeys(word["query"] for word in words if word["kind"] == kind):
            own = [word["document"] for word in words if (word["kind"], word["query"]) == (kind, asked)]
            yield said.format(" and ".join(dict.fromkeys(own)), asked)


def _line(x: float, y: float, text: str, colour: str, weight: str = "normal") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" font-weight="{weight}">{escape(text)}</text>'


def _stacked(rows: list[dict[str, Any]]) -> Chart:
    """A bar for each hit, of its parts."""
    hits = list(dict.fromkeys(row["hit"] for row in rows))
    bars, ends = [], dict.fromkeys(hits, 0.0)
    for row in rows:
        end = ends[row["hit"]] + row["value"]
        bars.append(_bar(ends[row["hit"]], end, hits.index(row["hit"]), PARTS[row["part"]]))
        ends[row["hit"]] = end
    legend = [(Mark((0, 0), colour, shape="square"), part) for part, colour in PARTS.items()]
    x = Axis(0, max(ends.values()), "score")
    return Chart("scores", (340, 26 * len(hits)), x, _names(hits), bars, legend=legend)


def _beside(rows: list[dict[str, Any]]) -> list[Chart]:
    """A panel for each test, with a bar for each method."""
    panels = []
    for name in TESTS.values():
        own = [row for row in rows if row["test"] == name]
        bars = [_bar(0.0, row["value"], place, WORDS[0]) for place, row in enumerate(own)]
        y = _names([row["method"] for row in own])
        x = Axis(0, max(row["value"] for row in own))
        panels.append(Chart(name, (220, 26 * len(own)), x, y, bars, title=name))
    return panels


def _bar(start: float, end: float, place: int, colour: str) -> Line:
    return Line(np.array([[start, -place], [end, -place]]), colour, 16)


def _names(names: list[str]) -> Axis:
    return Axis(0.5 - len(names), 0.5, ticks=[(-float(place), name) for place, name in enumerate(names)])


def _save(charts: list[Chart], path: Path, rows: list[dict[str, Any]], named: str) -> None:
    told = "; ".join(f"{row[named]}, {list(row.values())[1]}: {row['value']:.2f}" for row in rows)
    save_figure(Figure((), [[chart] for chart in charts]), path, told, overwrite=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        text = selfvec.example(Path(temporary) / "storms.jsonl")
        drawn(selfvec.refine(text, output=Path(temporary) / "run"), FIGURES)
        found_beside(selfvec.open(Path(temporary) / "run"), FIGURES / "found.svg")
