"""The picture of the README: refining next to other methods on the same tokens.

``python -m benchmarks.readme_picture`` draws docs/figures/continued.svg. Nothing is measured here: the
figures are cells of docs/results/baselines.md, which ``python -m benchmarks quality.continued`` writes.
"""

from __future__ import annotations

from typing import Any

from benchmarks.figures import look_up
from benchmarks.page import DOCS
from selfvec.views.figure import save_figure
from selfvec.views.plane import GREY, INK, WORDS

PICTURE = DOCS / "figures" / "continued.svg"
PANELS = {  # a column of the table, the title
    "mean": "search: nDCG@10, mean of three collections",
    "MEN after PubMed": "general words: Spearman, MEN",
}
METHODS = {  # the row, the label
    "initial vectors": "the vectors as they are",
    "Selfvec, the words' vectors": "Selfvec",
    "gensim, trained on": "gensim, trained on",
    "fastText, trained on": "fastText, trained on",
    "PPMI-SVD": "PPMI-SVD, text alone",
    "BM25": "BM25, no vectors",
}


def bars() -> list[dict[str, Any]]:
    """What the picture shows: a value for each method and column. BM25 has none for words."""
    found = []
    for column, title in PANELS.items():
        for method, label in METHODS.items():
            has_one = method != "BM25" or column == "mean"
            value = look_up(f"baselines#tuned; {method}; {column}") if has_one else None
            text = "–" if value is None else f"{value:.2f}"
            found.append({"panel": title, "method": label, "value": value or 0.0, "text": text})
    return found


def _panel(title: str, rows: list[dict[str, Any]], first: bool) -> dict[str, Any]:
    order = {"field": "method", "type": "nominal", "sort": list(METHODS.values()), "title": None}
    y = order | {"axis": {"labelLimit": 200, "ticks": False, "domain": False} if first else None}
    x = {"field": "value", "type": "quantitative", "axis": None, "scale": {"domain": [0, 0.9]}}
    ours = {"condition": {"test": "datum.method == 'Selfvec'", "value": WORDS[0]}, "value": "#BBBBBB"}
    text = {"type": "text", "align": "left", "dx": 5, "fontSize": 12, "color": INK}
    return {
        "title": {"text": title, "color": GREY, "fontSize": 12},
        "data": {"values": rows},
        "width": 270,
        "height": {"step": 26},
        "encoding": {"y": y, "x": x},
        "layer": [
            {"mark": {"type": "bar", "height": 16}, "encoding": {"color": ours}},
            {"mark": text, "encoding": {"text": {"field": "text"}}},
        ],
    }


def draw() -> None:
    """Write the picture."""
    rows = bars()
    titles = list(PANELS.values())
    panels = [
        _panel(title, [row for row in rows if row["panel"] == title], not place)
        for place, title in enumerate(titles)
    ]
    told = "; ".join(f"{row['panel']}, {row['method']}: {row['text']}" for row in rows)
    save_figure({"hconcat": panels, "spacing": 20}, PICTURE, told, overwrite=True)


if __name__ == "__main__":
    draw()
