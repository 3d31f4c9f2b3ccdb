"""Why does the paper's rule collapse? Fills docs/results/collapse.md; draws a picture of the explanation.

The text is the documentation of the Python that runs this, so anybody can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.page import FIGURES, table
from benchmarks.refining import by_epoch, refined
from selfvec.analysis.views.figure import GREY, ink, save_figure, tint
from selfvec.analysis.views.figure import WORDS as WORDS_COLOURS
from selfvec.apps.run import Run
from selfvec.base import chart as drawing
from selfvec.base.chart import Axis, Label, Line, Mark
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.corpus.python_docs import python_documentation
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.data.vectors import Source, Vectors
from selfvec.files.svg import Figure
from selfvec.numerics.rows import anisotropy, unit_rows
from selfvec.refinement.decorrelation import GAMMA, decorrelate
from selfvec.refinement.methods.decorrelated import pull_to_base

RULES = ("paper", "online", "decorrelated")
FREQUENT = 200  # words with a vector: measured separately

WORDS = ("thread", "class", "exception", "pickle")  # whose neighbours are listed

Table = NDArray[np.float32]

# ---- a plane

TOPICS = {
    "weather": ("hail", "storm", "wind", "rain", "gust", "flood"),
    "money": ("invoice", "tax", "bill", "salary", "loan", "price"),
    "function words": ("the", "of"),
}
_MIDDLES = {"weather": 60, "money": 170, "function words": 115}  # degrees
_SPREAD = 28
_COLOURS = (*WORDS_COLOURS[:2], GREY)
_SHAPES = ("circle", "square", "triangle")
_APART = 12.0  # degrees between two words that are both named


def plane() -> tuple[list[str], list[list[tuple[str, Table]]]]:
    """Two topics with shared function words, 2,000 tokens drawn at random, refined in two dimensions.

    The words, and a row of named states for each rule.
    """
    rng = np.random.default_rng(1)
    weather, money, function = TOPICS.values()
    documents = [
        [str(rng.choice(function if rng.random() < 0.4 else topic)) for _ in range(10)]
        for _ in range(100)
        for topic in (weather, money)
    ]
    batch = by_frequency(TokenBatch.from_documents(documents))
    angles = {
        word: np.deg2rad(_MIDDLES[name] + _SPREAD * (place - (len(words) - 1) / 2))
        for name, words in TOPICS.items()
        for place, word in enumerate(words)
    }
    start = np.array([[np.cos(angles[w]), np.sin(angles[w])] for w in batch.types], np.float32)
    settings = Settings("paper", window=5, learning_rate=0.01, epochs=4, history="none")
    known = np.full(len(start), Source.KNOWN, np.uint8)
    original = Vectors(batch.types, start, sources=known, normalized=True)
    walked = {epoch: made.vectors for epoch, made in by_epoch(batch, original, settings)}
    operator = ScanOperator(batch, 5, GAMMA)
    base = unit_rows(start - start.mean(axis=0))  # taking away two directions would leave nothing of a plane
    once = decorrelate(base, operator)
    twice = decorrelate(once, operator)
    held = twice.copy()
    pull_to_base(held, base, batch.counts, np.ones(len(base), np.float32))

    return list(batch.types), [
        [("before", start), *((f"the paper's rule, pass {epoch}", walked[epoch]) for epoch in (1, 2, 4))],
        [
            ("before, centred", base),
            ("decorrelated, pass 1", once),
            ("pass 2", twice),
            ("anchored (λ = 1)", held),
        ],
    ]


def draw_plane(rows: Sequence[Sequence[tuple[str, Table]]], words: Sequence[str], path: Path) -> None:
    """Words as directions in a plane: a row of states, titles and (V, 2) unit rows, for each rule."""
    columns = [[_circle(*states[column], words) for states in rows] for column in range(len(rows[0]))]
    told = "Words as directions in a plane, before and after each rule."
    save_figure(Figure((), columns), path, told, overwrite=True)


def _circle(title: str, table: Table, words: Sequence[str]) -> drawing.Chart:
    around = np.linspace(0, 2 * np.pi, 121)
    lines = [Line(np.stack([np.cos(around), np.sin(around)], axis=1), "#dddddd", 1.0)]
    marks, named = [], []
    angles: list[float] = []
    signs = []
    for (name, members), colour, shape in zip(TOPICS.items(), _COLOURS, _SHAPES, strict=True):
        signs.append((Mark((0, 0), colour, shape=shape), name))
        for word in members:
            at = table[words.index(word)].astype(np.float64)
            lines.append(Line(np.array([[0.0, 0.0], at]), tint(colour, 0.5), 0.8))
            marks.append(Mark(at, colour, shape=shape))
            angle = float(np.rad2deg(np.arctan2(at[1], at[0])))
            if all(abs((angle - other + 180) % 360 - 180) >= _APART for other in angles):
                angles.append(angle)
                named.append(Label(word, at, ink(colour), 11))
    x, y = Axis(-1.75, 1.75, ticks=()), Axis(-1.2, 1.2, ticks=())
    return drawing.Chart(title, (245, 168), x, y, lines, marks, named, title, signs)


# ---- a corpus


def spectrum(vectors: Table) -> NDArray[np.float64]:
    """Shares of the eigenvalues of the uncentred second moment, falling."""
    rows = vectors[vectors.any(axis=1)].astype(np.float64)
    values = np.clip(np.linalg.eigvalsh(rows.T @ rows)[::-1], 0, None)
    shares: NDArray[np.float64] = values / values.sum()
    return shares


@cache
def runs() -> dict[str, Run]:
    """The documentation refined by each rule; a corpus is read once."""
    return {rule: refined(python_documentation(), method=rule, history="none") for rule in RULES}


def numbers(runs: Mapping[str, Run]) -> str:
    """The space before and after each rule."""
    first = next(iter(runs.values()))
    health, frequent = first.health(), _frequent(first)
    before = anisotropy(first.original.unit[frequent])
    cells = [f"{health['anisotropy_original']:.2f}", f"{before:.2f}"]
    rows = [["original", 1, *cells, f"{health['effective_rank_original']:.0f}", ""]]
    for rule, run in runs.items():
        health = run.health()
        cells = [f"{health[key]:.2f}" for key in ("mean_cosine_to_original", "anisotropy")]
        cells += [f"{anisotropy(run.vectors.unit[frequent]):.2f}", f"{health['effective_rank']:.0f}"]
        rows.append([rule, *cells, f"{health['saturated']:.0%}"])
    heads = ["vectors", "cosine to the original", "two random words", "two frequent words", "effective rank"]
    return table([*heads, "neighbours at .99"], rows)


def _frequent(run: Run) -> list[int]:
    return [int(i) for i in np.flatnonzero(run.original.unit.any(axis=1))[:FREQUENT]]


def neighbours(runs: Mapping[str, Run], words: Sequence[str], topn: int = 5) -> str:
    """The nearest words before, after the paper's rule, and after the decorrelated update."""
    states = {"original": "original", "paper": "the paper's rule", "decorrelated": "decorrelated"}
    rows = []
    for word in words:
        cells = []
        for state in states:
            run = runs["paper" if state == "original" else state]
            found = {
                row["state"]: row for row in run.similar(word, top=topn, compare=True, min_count=10)["rows"]
            }
            near = found["original" if state == "original" else "refined"]["neighbours"]
            cells.append(", ".join(f"{other} {cosine:.2f}" for other, cosine in near) or "–")
        rows.append([f"*{word}*", *cells])
    return table(["word", *states.values()], rows)


def described() -> str:
    """The size of the text; draws the picture of the page."""
    words, states = plane()
    draw_plane(states, words, FIGURES / "collapse-plane.svg")
    first = runs()["paper"]
    sizes = {key: f"{first.provenance[key]:,}" for key in ("documents", "tokens", "types", "dimensions")}
    return (
        f"{sizes['documents']} documents, {sizes['tokens']} tokens, {sizes['types']} words, "
        f"{sizes['dimensions']} dimensions; windows of {first.provenance['window']} tokens "
        f"(the paper's rule) and {runs()['online'].provenance['window']} (the others)."
    )


def strongest() -> str:
    """Share of the strongest direction."""
    shares = [spectrum(runs()["paper"].original.unit)[0]]
    shares += [spectrum(runs()[rule].vectors.unit)[0] for rule in ("paper", "decorrelated")]
    return (
        f"Share of the strongest direction: {shares[0]:.0%} before, {shares[1]:.0%} after the paper's rule, "
        f"{shares[2]:.0%} after the decorrelated update."
    )


PAGES = {
    "collapse.md": {
        "text": described,
        "numbers": lambda: numbers(runs()),
        "neighbours": lambda: neighbours(runs(), WORDS),
        "spectrum": strongest,
    }
}
