"""The pictures of the worked examples on pages of explanation: of the example text, with the defaults.

``python -m benchmarks.example_pictures`` draws docs/figures/example-*.svg. Nothing is measured here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import selfvec
from benchmarks.page import FIGURES
from selfvec.analysis.views.figure import save_figure
from selfvec.analysis.views.plane import GREY, WORDS
from selfvec.base.chart import Axis, Chart, Line, Mark
from selfvec.files.svg import Figure

QUESTION = "flood at the tannery"
PARTS = {"words": GREY, "related": WORDS[5], "dense": WORDS[0]}  # of a hybrid score, with their colours
TESTS = {"self_retrieval": "self-retrieval", "context": "context"}


def drawn(run: selfvec.Run, folder: Path) -> None:
    """Draw a picture for the pages on drift, on search and on selection; the run is divided into years."""
    selfvec.trajectory(run, "mast", slices=True, plot=folder / "example-drift.svg", overwrite=True)
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
        drawn(selfvec.refine(text, slice="year", output=Path(temporary) / "run"), FIGURES)
