"""Why the paper's rule collapses: regenerates the pictures and figures of docs/collapse.md.

The demonstration corpus is the documentation of the Python that runs this, so anybody can; the storm reports
are measured where they lie beside the checkout, and left as they are on the page where they do not.

    python -m benchmarks.collapse      (or: make collapse)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import selfvec
from benchmarks.collapse_figures import draw_map, draw_plane, draw_reads, draw_spectrum
from benchmarks.datasets import SHARED_DATA
from benchmarks.page import fill, generated
from selfvec.cooccurrence.scan import ScanOperator
from selfvec.corpus import Corpus
from selfvec.corpus.python_docs import python_documentation
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.evaluation import Stability
from selfvec.numerics.rows import unit_rows
from selfvec.refine.decorrelated import GAMMA, POWER, DecorrelatedRefinement, anchored, decorrelate
from selfvec.refine.health import anisotropy, effective_rank
from selfvec.refine.inputs import by_frequency
from selfvec.refine.pipeline import refine
from selfvec.refine.plan import window_of
from selfvec.refine.sequential import OnlineRefinement, PaperRefinement

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, FIGURES = DOCS / "collapse.md", DOCS / "figures"
READS = (0, 1, 2, 3, 4, 6, 8, 10)
RULES = ("paper", "online", "decorrelated")
FREQUENT = 200  # words with a vector: those on the map, and those measured apart

Table = NDArray[np.float32]
Row = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """A corpus to look at: its vectors, words whose neighbours are listed, groups of words on the map."""

    name: str
    vectors: str
    words: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]

    def corpus(self) -> Corpus:
        """Opened anew: a corpus is read once."""
        if self.name == "demo":
            return python_documentation()
        return Corpus.open([SHARED_DATA / "noaa" / "events.jsonl.gz"])


DEMO = Text(
    "demo",
    "default",
    ("string", "thread", "class", "exception", "generator", "pickle"),
    {
        "errors": ("exception", "error", "raised", "raises", "raise"),
        "files": ("file", "path", "directory", "open", "read"),
        "text": ("string", "bytes", "character", "encoding", "str"),
    },
)
NOAA = Text(
    "noaa",
    str(SHARED_DATA / "vectors" / "googlenews-26k-300d.bin"),
    ("hail", "gust", "tornado", "derecho"),
    {
        "hail": ("hail", "size", "inch", "diameter"),
        "wind": ("wind", "winds", "gusts", "mph"),
        "flood": ("flooding", "flash", "water", "rain"),
    },
)

# ---- a plane


TOPICS = {
    "weather": ("hail", "storm", "wind", "rain", "gust", "flood"),
    "money": ("invoice", "tax", "bill", "salary", "loan", "price"),
    "function words": ("the", "of"),
}
_MIDDLES = {"weather": 60, "money": 170, "function words": 115}  # degrees
_SPREAD = 28


def plane() -> tuple[list[str], list[list[tuple[str, Table]]]]:
    """Two topics with shared function words, 2,000 tokens drawn by chance, refined in two dimensions.

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
    known = np.full(len(start), Source.KNOWN, np.uint8)
    original = Vectors(batch.types, start, sources=known, normalized=True)
    walked = dict(_walk(PaperRefinement(batch, original, window=5, epochs=4)))
    operator = ScanOperator(batch, 5, GAMMA)
    base = unit_rows(start - start.mean(axis=0))  # without two directions nothing would be left of a plane
    once = decorrelate(base, operator, POWER)
    twice = decorrelate(once, operator, POWER)
    held = anchored(twice, base, batch.counts, np.ones(len(base), np.float32))

    return list(batch.types), [
        [
            ("before", start),
            *((f"the paper's rule, epoch {epoch}", walked[epoch]) for epoch in (1, 2, 4)),
        ],
        [
            ("before, centred", base),
            ("decorrelated, pass 1", once),
            ("pass 2", twice),
            ("anchored (λ = 1)", held),
        ],
    ]


def _walk(job: PaperRefinement | OnlineRefinement) -> Iterator[tuple[int, Table]]:
    """The table at the end of each epoch."""
    epoch = 0
    while not job.done:
        job.advance()
        if job.epoch > epoch:
            epoch = job.epoch
            yield epoch, job.table.copy()


def _finished(job: DecorrelatedRefinement) -> Table:
    while not job.done:
        job.advance()
    return job.table


# ---- a corpus


def by_reads(run: Run) -> list[Row]:
    """Figures of the space after so many epochs, or passes, of each rule at its defaults."""
    batch, original = run.tokens, run.original
    assert batch is not None
    rows = [_figures(rule, 0, original.unit, original) for rule in RULES]
    for rule in RULES:
        settings = Settings(method=rule)
        window = window_of(batch, settings)
        states: Any
        if rule == "decorrelated":
            even = [n for n in READS if n % 2 == 0 and n]
            states = (
                (n, _finished(DecorrelatedRefinement(batch, original, window=window, passes=n))) for n in even
            )
        elif rule == "paper":
            states = _walk(PaperRefinement(batch, original, window=window, epochs=READS[-1]))
        else:
            states = _walk(OnlineRefinement(batch, original, window=window, epochs=READS[-1]))
        rows += [_figures(rule, reads, table, original) for reads, table in states if reads in READS]
    return rows


def _figures(rule: str, reads: int, table: Table, original: Vectors) -> Row:
    known = original.sources != Source.NONE
    rows = unit_rows(table)
    cosines = np.einsum("ij,ij->i", original.unit[known], rows[known])
    return {
        "method": rule,
        "reads": reads,
        "cosine": float(cosines.mean()),
        "anisotropy": anisotropy(rows),
        "rank": effective_rank(rows),
    }


def spectrum(table: Table) -> NDArray[np.float64]:
    """Shares of the second moment's eigenvalues, falling; uncentred, so that a shared direction shows."""
    rows = table[table.any(axis=1)].astype(np.float64)
    values = np.clip(np.linalg.eigvalsh(rows.T @ rows)[::-1], 0, None)
    shares: NDArray[np.float64] = values / values.sum()
    return shares


def numbers(runs: Mapping[str, Run]) -> str:
    """One table of the space before and after each rule, with how halves of the corpus agree."""
    first = next(iter(runs.values()))
    health, frequent = first.health, _frequent(first)
    before = anisotropy(first.original.unit[frequent])
    lines = [
        "| table | cosine to the original | two random words | two frequent words | effective rank "
        "| saturated neighbours | halves: overlap@10 | halves: cosine |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        f"| original | 1 | {health['anisotropy_original']:.2f} | {before:.2f} "
        f"| {health['effective_rank_original']:.0f} | | | |",
    ]
    for rule, run in runs.items():
        rows = selfvec.evaluate(run, [Stability()]).rows
        halves = {row["metric"]: row["value"] for row in rows if "method" not in row}
        health = run.health
        lines.append(
            f"| {rule} | {health['mean_cosine_to_original']:.2f} | {health['anisotropy']:.2f} "
            f"| {anisotropy(run.vectors.unit[frequent]):.2f} | {health['effective_rank']:.0f} "
            f"| {health['saturated']:.0%} | {halves['overlap@10']:.2f} | {halves['cosine']:.2f} |"
        )
    return "\n".join(lines)


def _frequent(run: Run) -> list[int]:
    return [int(i) for i in np.flatnonzero(run.original.unit.any(axis=1))[:FREQUENT]]


def neighbours(runs: Mapping[str, Run], words: Sequence[str], topn: int = 5) -> str:
    """The nearest words before, after the paper's rule, and after the decorrelated update."""
    states = {"original": "original", "paper": "the paper's rule", "decorrelated": "decorrelated"}
    lines = [f"| word | {' | '.join(states.values())} |", f"|---|{'---|' * len(states)}"]
    for word in words:
        cells = []
        for state in states:
            run = runs["paper" if state == "original" else state]
            found = {row["state"]: row for row in run.similar(word, topn=topn, compare=True, min_count=10)}
            near = found["original" if state == "original" else "refined"]["neighbours"]
            cells.append(", ".join(f"{other} {cosine:.2f}" for other, cosine in near) or "–")
        lines.append(f"| *{word}* | {' | '.join(cells)} |")
    return "\n".join(lines)


def look_at(text: Text) -> dict[str, str]:
    """Draw and measure one corpus; the generated parts of the page."""
    runs = {
        rule: refine(text.corpus(), text.vectors, Settings(method=rule, history="none")) for rule in RULES
    }
    first = runs["paper"]
    draw_reads(by_reads(first), FIGURES / f"collapse-reads-{text.name}.svg")
    tables = {"original": first.original.unit} | {rule: run.vectors.unit for rule, run in runs.items()}
    spectra = {name: spectrum(table) for name, table in tables.items()}
    draw_spectrum(spectra, FIGURES / f"collapse-spectrum-{text.name}.svg")
    words = first.vectors.index_to_key
    named = [first.index(word) for members in text.groups.values() for word in members]
    rows = list(dict.fromkeys([*_frequent(first), *named]))
    titles = {"original": "before", "paper": "the paper's rule", "decorrelated": "decorrelated"}
    states = [(title, unit_rows(tables[name][rows])) for name, title in titles.items()]
    draw_map(states, [words[i] for i in rows], text.groups, FIGURES / f"collapse-map-{text.name}.svg")
    facts = {name: run.provenance for name, run in runs.items()}
    sizes = {key: f"{facts['paper'][key]:,}" for key in ("documents", "tokens", "types", "dimensions")}
    described = (
        f"{sizes['documents']} documents, {sizes['tokens']} tokens, {sizes['types']} words, "
        f"{sizes['dimensions']} dimensions; windows of {facts['paper']['window']} tokens (the paper's rule) "
        f"and {facts['online']['window']} (the others)"
    )
    spread = f"{spectra['original'][0]:.0%} before, {spectra['paper'][0]:.0%} after the paper's rule, "
    spread += f"{spectra['decorrelated'][0]:.0%} after the decorrelated update"
    parts = {
        "text": described + ".",
        "numbers": numbers(runs),
        "neighbours": neighbours(runs, text.words),
        "spectrum": f"Share of the strongest direction: {spread}.",
    }
    return {f"{key}-{text.name}": part for key, part in parts.items()}


def main() -> int:
    """Measure, draw, and rewrite the page."""
    page = PAGE.read_text(encoding="utf-8")
    parts = generated(page)
    words, states = plane()
    draw_plane(states, words, TOPICS, FIGURES / "collapse-plane.svg")
    parts |= look_at(DEMO)
    if SHARED_DATA.is_dir():
        parts |= look_at(NOAA)
    else:
        print("the storm reports are not there; their part of the page stays as it is")
    PAGE.write_text(fill(page, parts), encoding="utf-8")
    print(*parts.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
