"""The picture of the page on baselines: refining next to other methods that begin with the same vectors.

``python -m benchmarks.baselines_picture`` draws docs/figures/continued.svg. Nothing is measured here: the
figures are cells of docs/results/baselines.md, which ``python -m benchmarks quality.continued`` and
``quality.hybrids`` write.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.figures import look_up
from benchmarks.page import DOCS
from selfvec.analysis.views.figure import save_figure
from selfvec.analysis.views.plane import INK, WORDS
from selfvec.base.chart import Axis, Chart, Label, Line
from selfvec.files.svg import Figure

PICTURE = DOCS / "figures" / "continued.svg"
SEARCH, BESIDE = "vectors alone: nDCG@10", "with BM25: nDCG@10"
WORD_PANELS = {"MEN": "words: MEN", "SimLex-999": "words: SimLex-999"}
METHODS = {  # the label, the row of search by vectors, what stands beside BM25
    "the vectors as they are": ("initial vectors", "BM25 + initial vectors"),
    "Selfvec": ("Selfvec, the words' vectors", "BM25 + Selfvec's words' vectors"),
    "gensim, trained on": ("gensim, trained on, tuned for search", "BM25 + gensim's vectors"),
    "fastText, trained on": ("fastText, trained on, tuned for search", "BM25 + fastText's vectors"),
    "PPMI-SVD, text alone": ("PPMI-SVD, from the text alone", "BM25 + PPMI-SVD, from the text alone"),
    "BM25 alone": ("", "BM25"),
    "Selfvec, hybrid search": ("", "Selfvec, `search`"),
}


def bars() -> list[dict[str, Any]]:
    """What the picture shows: a value for each method and panel; BM25 and search have none for vectors."""
    found = []
    for label, (row, beside) in METHODS.items():
        cells = {SEARCH: f"tuned; {row}; mean" if row else "", BESIDE: f"hybrids; {beside}; mean"}
        for key, title in WORD_PANELS.items():
            own = row.replace("tuned for search", f"tuned for {key}")
            cells[title] = f"words; {own}; {key}" if row else ""
        for title, cell in cells.items():
            value = look_up(f"baselines#{cell}") if cell else None
            text = "–" if value is None else f"{value:.3f}"
            found.append({"panel": title, "method": label, "value": value or 0.0, "text": text})
    return found


def _panel(title: str, rows: list[dict[str, Any]], first: bool) -> Chart:
    bars, texts = [], []
    for place, row in enumerate(rows):
        colour = WORDS[0] if row["method"].startswith("Selfvec") else "#BBBBBB"
        bars.append(Line(np.array([[0.0, -place], [row["value"], -place]]), colour, 16))
        texts.append(Label(row["text"], (row["value"], -place), INK))
    names = [(-float(place), row["method"]) for place, row in enumerate(rows)] if first else ()
    y = Axis(0.5 - len(rows), 0.5, ticks=names)
    return Chart(title, (185, 26 * len(rows)), Axis(0, 1.25, ticks=()), y, bars, (), texts, title)


def draw() -> None:
    """Write the picture."""
    rows = bars()
    titles = [SEARCH, BESIDE, *WORD_PANELS.values()]
    panels = [
        [_panel(title, [row for row in rows if row["panel"] == title], not place)]
        for place, title in enumerate(titles)
    ]
    told = "; ".join(f"{row['panel']}, {row['method']}: {row['text']}" for row in rows)
    save_figure(Figure((), panels), PICTURE, told, overwrite=True)


if __name__ == "__main__":
    draw()
