"""The pictures of the worked examples on pages of explanation: of the example text, with the defaults.

``python -m benchmarks.example_pictures`` draws docs/figures/example-*.svg. Nothing is measured here.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import selfvec
from benchmarks.page import FIGURES
from selfvec.views.figure import save_figure
from selfvec.views.plane import GREY, WORDS

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
    _save(_stacked(hits), folder / "example-search.svg", hits, "hit")
    tested = [
        {"method": one["name"], "test": name, "value": one[test]}
        for one in run.provenance["decision"]["candidates"]
        for test, name in TESTS.items()
    ]
    _save({"hconcat": _beside(tested), "spacing": 20}, folder / "example-selection.svg", tested, "method")


def _stacked(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """A bar for each hit, of its parts."""
    colour = {"domain": list(PARTS), "range": list(PARTS.values())}
    return {
        "data": {"values": rows},
        "width": 340,
        "height": {"step": 26},
        "mark": {"type": "bar", "height": 16},
        "encoding": {
            "y": {"field": "hit", "type": "nominal", "title": None, "axis": {"labelLimit": 280}},
            "x": {"field": "value", "type": "quantitative", "title": "score"},
            "color": {"field": "part", "type": "nominal", "scale": colour, "title": None},
            "order": {"field": "part", "sort": "descending"},
        },
    }


def _beside(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A panel for each test, with a bar for each method."""
    panels = []
    for place, name in enumerate(TESTS.values()):
        axis = {"ticks": False, "domain": False} if not place else None
        panels.append(
            {
                "title": {"text": name, "color": GREY, "fontSize": 12},
                "data": {"values": [row for row in rows if row["test"] == name]},
                "width": 220,
                "height": {"step": 26},
                "mark": {"type": "bar", "height": 16, "color": WORDS[0]},
                "encoding": {
                    "y": {"field": "method", "type": "nominal", "sort": None, "title": None, "axis": axis},
                    "x": {"field": "value", "type": "quantitative", "title": None},
                },
            }
        )
    return panels


def _save(figure: dict[str, Any], path: Path, rows: list[dict[str, Any]], named: str) -> None:
    told = "; ".join(f"{row[named]}, {list(row.values())[1]}: {row['value']:.2f}" for row in rows)
    save_figure(figure, path, told, overwrite=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        text = selfvec.example(Path(temporary) / "storms.jsonl")
        drawn(selfvec.refine(text, slice="year", output=Path(temporary) / "run"), FIGURES)
