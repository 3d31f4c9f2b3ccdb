"""The online rule measured: regenerates the figures of docs/online.md.

Where it comes to rest (storm reports), what it gives (retrieval and word similarity, from two tables: the
collections its constants were chosen on), and from which scatter on `health` calls it oscillating (chosen on
the storm reports, looked at on two other collections).

    python -m benchmarks.online_quality      (or: make quality)
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import selfvec
from benchmarks.common import SHARED_DATA
from benchmarks.paper_report.page import fill
from benchmarks.quality import COLLECTIONS, TABLES, similarity, start
from selfvec.corpus import Corpus
from selfvec.data.history import History
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.evaluation import Retrieval
from selfvec.numerics.rows import unit_rows
from selfvec.refine.health import HOVERING_WANDER, anisotropy, check_health, effective_rank
from selfvec.refine.pipeline import refine
from selfvec.refine.plan import window_of
from selfvec.refine.recorder import parse_history
from selfvec.refine.sequential import BASE_PULL, OnlineRefinement, PaperRefinement

PAGE = Path(__file__).resolve().parents[1] / "docs" / "online.md"
GOOGLENEWS = str(SHARED_DATA / "vectors" / "googlenews-26k-300d.bin")
FREQUENT, JUDGED = 300, 200  # words looked at together; words whose end is compared between two orders
SETS = ("MEN", "SimLex-999", "UMNSRS")
WAYS = ((0.05, 1), (BASE_PULL, 1), (BASE_PULL, 3))  # β, epochs
RATES = (0.003, 0.005, 0.01, 0.02)  # α

Table = NDArray[np.float32]


def cosines(a: Table, b: Table) -> NDArray[np.float64]:
    """Between the same rows of two tables of unit rows, (n,)."""
    found: NDArray[np.float64] = np.einsum("ij,ij->i", a, b, dtype=np.float64)
    return found


# ---- where it comes to rest


class PlainMean(OnlineRefinement):
    """The rule with the plain mean of the rows for μ: what happens where it is not weighted."""

    def __init__(self, batch: TokenBatch, original: Vectors, **options: Any) -> None:
        super().__init__(batch, original, **options)
        self._shares[:-1] = 1 / len(batch.types)


def rest(run: Run) -> str:
    """Figures of the space by epoch."""
    batch, original = _corpus(run), run.original
    known = original.sources != Source.NONE
    frequent = np.flatnonzero(known)[:FREQUENT]

    def row(name: str, table: Table, before: Table | None) -> str:
        rows = unit_rows(table)
        moved = "" if before is None else f"{1 - float(cosines(rows, unit_rows(before)).mean()):.4f}"
        to_original = float(cosines(rows[known], original.unit[known]).mean())
        return (
            f"| {name} | {anisotropy(rows):.3f} | {anisotropy(rows[frequent]):.2f} "
            f"| {effective_rank(rows):.0f} | {to_original:.2f} | {moved} |"
        )

    ways: tuple[tuple[str, Callable[[], OnlineRefinement | PaperRefinement], tuple[int, ...]], ...] = (
        ("online", lambda: OnlineRefinement(batch, original, epochs=10), (1, 2, 3, 5, 10)),
        ("online, β 0", lambda: OnlineRefinement(batch, original, anchor=0.0, epochs=10), (1, 10)),
        ("online, β .05", lambda: OnlineRefinement(batch, original, anchor=0.05), (1,)),
        ("the same with the plain mean for μ", lambda: PlainMean(batch, original, anchor=0.05), (1,)),
        ("paper, α .01", lambda: _paper(batch, original), (1, 3)),
    )
    lines = [
        f"| | anisotropy | the {FREQUENT} most frequent words | effective rank | cosine to the original "
        "| change since the epoch before |",
        "|---|---:|---:|---:|---:|---:|",
        row("original", original.unit, None),
    ]
    for name, make, epochs in ways:
        before = None
        for epoch, table in enumerate(_walk(make()), 1):
            if epoch in epochs:
                lines.append(row(f"{name}, {epoch} epoch{'s' * (epoch > 1)}", table, before))
            before = table
    return "\n".join(lines)


def _paper(batch: TokenBatch, original: Vectors) -> PaperRefinement:
    window = window_of(batch, Settings(method="paper"))
    return PaperRefinement(batch, original, window=window, learning_rate=0.01, epochs=3)


def _walk(job: OnlineRefinement | PaperRefinement) -> Iterator[Table]:
    """The table at the end of each epoch."""
    epoch = 0
    while not job.done:
        job.advance()
        if job.epoch > epoch:
            epoch = job.epoch
            yield job.table.copy()


# ---- what it gives


def given(texts: list[str], folder: Path) -> str:
    """nDCG@10 of dense retrieval, the mean of the collections, and Spearman's correlation after PubMed."""
    lines = [f"| start | table | retrieval | {' | '.join(SETS)} |", f"|---|---|---:|{'---:|' * len(SETS)}"]
    for label, file in TABLES.items():
        found: dict[str, list[float]] = {}
        for beta, epochs in WAYS:
            name = f"β {beta:g}, {epochs} epoch{'s' * (epochs > 1)}"
            found_here = _retrieved(file, beta, epochs)
            options = Settings(method="online", anchor=beta, epochs=epochs, min_count=3, history="none")
            run = refine(Corpus.from_texts(texts), start(file), options)
            for state, values in similarity(run, SETS, folder).items():
                key = "original" if state == "original" else name
                found[key] = [found_here[state], *(values[each] for each in SETS)]
        for name, values_of in found.items():
            cells = " | ".join(f"{value:.3f}" for value in values_of)
            lines.append(f"| {label} | {name} | {cells} |")
    return "\n".join(lines)


def _retrieved(file: str, beta: float, epochs: int) -> dict[str, float]:
    values: dict[str, list[float]] = {"original": [], "refined": []}
    for name in COLLECTIONS:
        path = SHARED_DATA / "retrieval" / name
        settings = Settings(method="online", stop_words="en", anchor=beta, epochs=epochs, history="none")
        run = refine(Corpus.open([path]), start(file), settings)
        for row in selfvec.evaluate(run, [Retrieval(path)]).rows:
            if row["metric"] == "ndcg@10" and row["mode"] == "dense":
                values[row["vectors"]].append(row["value"])
    return {state: float(np.mean(found)) for state, found in values.items()}


# ---- from when on it oscillates


def steady(runs: dict[str, Run]) -> str:
    """Scatter, and how much of a word's end is the order of the documents, by size of step and collection."""
    lines = [f"| α | β | epochs | {' | '.join(runs)} |", f"|---:|---:|---:|{'---:|' * len(runs)}"]
    ways = [(rate, BASE_PULL, epochs) for epochs in (1, 10) for rate in RATES]
    ways += [(rate, round(40 * rate, 3), 3) for rate in RATES]
    for rate, beta, epochs in ways:
        cells = []
        for run in runs.values():
            scatter, chance = _scatter(run, rate, beta, epochs)
            shown = f"{scatter:.3f}, {chance:.3f}"
            cells.append(f"**{shown}**" if scatter > HOVERING_WANDER else shown)
        lines.append(f"| {rate:g} | {beta:g} | {epochs} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _scatter(run: Run, rate: float, beta: float, epochs: int) -> tuple[float, float]:
    """`Health.wander`, and how far apart frequent words end under two orders of the documents.

    Both by the mean cosine distance between two words.
    """
    batch, original = _corpus(run), run.original

    def refined(text: TokenBatch, history: str) -> tuple[Table, History]:
        options: Any = {"learning_rate": rate, "anchor": beta, "epochs": epochs}
        job = OnlineRefinement(text, original, **options, history=parse_history([history]))
        while not job.done:
            job.advance()
        return unit_rows(job.table), job.recorder.history()

    table, history = refined(batch, "auto")
    after = Vectors(original.index_to_key, table, counts=batch.counts, normalized=True)
    wander = check_health(original, after, history, hovers=True).wander or 0.0
    one, other = (refined(_shuffled(batch, seed), "none")[0] for seed in (1, 2))
    judged = np.flatnonzero(original.sources != Source.NONE)[:JUDGED]
    apart = 1 - float(cosines(one[judged], other[judged]).mean())
    return wander, apart / (1 - anisotropy(one[judged]))


def _shuffled(batch: TokenBatch, seed: int) -> TokenBatch:
    order = np.random.default_rng(seed).permutation(batch.documents)
    ids = np.concatenate([batch.ids[batch.offsets[i] : batch.offsets[i + 1]] for i in order])
    offsets = np.concatenate(([0], np.cumsum(np.diff(batch.offsets)[order]))).astype(np.int64)
    return TokenBatch(ids, offsets, batch.types)


def _corpus(run: Run) -> TokenBatch:
    assert run.tokens is not None
    return run.tokens


def main() -> int:
    """Measure and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    corpus = Corpus.open([SHARED_DATA / "pubmed" / "abstracts.jsonl.gz"])
    texts = [text for batch in corpus.batches() for text in batch.texts.to_list()]
    sample = np.sort(np.random.default_rng(0).permutation(len(texts))[:1000]).tolist()
    corpora = {
        "NOAA": (Corpus.open([SHARED_DATA / "noaa" / "events.jsonl.gz"]), GOOGLENEWS),
        "MED": (Corpus.open([SHARED_DATA / "retrieval" / "med"]), "default"),
        "PubMed, 1,000": (Corpus.from_texts([texts[i] for i in sample]), "default"),
    }
    unmoved = Settings(method="original")
    runs = {name: refine(text, vectors, unmoved) for name, (text, vectors) in corpora.items()}
    with tempfile.TemporaryDirectory() as folder:
        parts = {
            "rest": rest(runs["NOAA"]),
            "given": given(texts, Path(folder)),
            "steady": steady(runs),
        }
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print(*parts.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
