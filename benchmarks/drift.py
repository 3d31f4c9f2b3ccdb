"""What drift finds, and how far it can be trusted: writes drift-report/ and the figures of docs/drift.md.

Planted changes of known degree in real text, the share of significant words where slices are shuffled, and
two reports with the words that changed most and their sentences (PubMed 1976-79 against 2021, NOAA 1993
against later). Constants of `selfvec.usage.use_vectors` were chosen on planted changes in these collections.

    python -m benchmarks.drift [FOLDER]      (or: make drift)
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.datasets import SHARED_DATA
from benchmarks.page import fill
from selfvec.analysis.drift import Drift, Slice, drift, named_slice, slice_counts
from selfvec.analysis.drift.permutation_test import permutation_test
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.bootstrap import rank_correlation
from selfvec.refine.pipeline import refine
from selfvec.text.document_vectors import inverse_document_frequency
from selfvec.usage.use_vectors import UseSpace, use_space

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "drift.md"
SETS = {
    "PubMed": ("pubmed/abstracts.jsonl.gz", ("1976..1979", "2021"), 100),
    "NOAA": ("noaa/events.jsonl.gz", ("1993", "1994.."), 30),
}
TRIALS, PAIRS = 10, 40
SHUFFLES = 10
SHOWN, LISTED = 30, 15


def divergence(a: float, b: float) -> float:
    """Jensen-Shannon divergence, in bits, of two senses whose shares are a and b in the two slices."""
    middle = (a + b) / 2

    def information(p: float) -> float:
        terms = ((p, middle), (1 - p, 1 - middle))
        return sum(x * math.log2(x / y) for x, y in terms if x > 0)

    return (information(a) + information(b)) / 2


def with_pseudo_words(run: Run, slices: list[Slice], uses: int, seed: int) -> tuple[Run, np.ndarray]:
    """The run with 40 words more: each is two words of like frequency, in shares of their own in each slice.

    So many uses of a pseudo-word are drawn in each slice; the shares tell how far its meaning changed.
    """
    rng = np.random.default_rng(seed)
    batch = run.tokens
    assert batch is not None
    counts = slice_counts(batch, slices)
    plain = np.array([word.isalpha() and len(word) > 2 for word in batch.types])
    able = np.flatnonzero((counts.min(axis=0) >= uses) & plain)
    able = able[able >= 100]  # not the most common words of all
    able = able[: len(able) // 2 * 2][-max(4 * PAIRS, len(able) // 2 * 2) :]
    pairs = rng.permutation(able.reshape(-1, 2))[:PAIRS]  # neighbours in order of frequency
    ids, degrees = np.array(batch.ids), []
    documents = np.repeat(np.arange(batch.documents), np.diff(batch.offsets))
    for number, pair in enumerate(pairs):
        shares = rng.random(2) if rng.random() > 0.2 else np.repeat(rng.random(), 2)
        degrees.append(divergence(*shares))
        for part, share in zip(slices, shares, strict=True):
            wanted = round(share * uses)
            for word, count in zip(pair.tolist(), (wanted, uses - wanted), strict=True):
                places = np.flatnonzero(batch.ids == word)
                places = places[part.documents[documents[places]]]
                ids[rng.choice(places, count, replace=False)] = len(batch.types) + number
    names = [f"pseudo {i}" for i in range(len(pairs))]
    more = TokenBatch(ids.astype(np.int32), batch.offsets, [*batch.types, *names], batch.dates)
    tables = []
    for table in (run.original, run.vectors):
        rows = np.concatenate([table.unit, np.zeros((len(names), table.vector_size), np.float32)])
        tables.append(Vectors(more.types, rows, counts=more.counts, normalized=True))
    return Run(tables[1], tables[0], tokens=more), np.array(degrees)


def planted(runs: dict[str, Run]) -> str:
    """Rank correlation of sizes with the degree planted, mean over trials."""
    lines = [
        "| collection | uses | space | APD | distance | distance beyond chance |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for name, (_, bounds, uses) in SETS.items():
        found: dict[str, list[list[float]]] = {}
        for trial in range(TRIALS):
            assert runs[name].tokens is not None
            slices = [named_slice(runs[name].tokens, text) for text in bounds]
            run, degrees = with_pseudo_words(runs[name], slices, uses, trial)
            words = np.arange(len(run.vectors) - len(degrees), len(run.vectors))
            space = use_space(run, slices, trial)
            for label, chosen in spaces(run, space).items():
                sizes = permutation_test(chosen, words, permutations=50, seed=trial, jobs=2)
                measured = (sizes.apd, sizes.distance, sizes.excess)
                found.setdefault(label, []).append([rank_correlation(size, degrees) for size in measured])
        for label, values in found.items():
            cells = " | ".join(f"{value:.2f}" for value in np.mean(values, axis=0))
            lines.append(f"| {name} | {uses} | {label} | {cells} |")
    return "\n".join(lines)


def spaces(run: Run, space: UseSpace) -> dict[str, UseSpace]:
    """The space uses are measured in, and what it would be without its steps."""
    assert run.tokens is not None
    weighted = run.original.unit * inverse_document_frequency(run.tokens)[:, None]
    nowhere = np.zeros_like(space.centres)
    return {
        "original vectors, idf": replace(space, table=weighted, centres=nowhere),
        "the same, whitened": replace(space, centres=nowhere),
        "whitened, less what a slice has in common": space,
    }


def calibration(runs: dict[str, Run]) -> str:
    """How often p < .05 where the slices are random."""
    lines = ["| collection | shuffles | words | share of p < .05 | q ≤ .05 |", "|---|---:|---:|---:|---:|"]
    for name, (_, bounds, _) in SETS.items():
        shares, words, discovered = [], 0, 0
        batch = runs[name].tokens
        assert batch is not None
        slices = [named_slice(batch, text) for text in bounds]
        inside = np.flatnonzero(slices[0].documents | slices[1].documents)
        for shuffle in range(SHUFFLES):
            drawn = np.random.default_rng(shuffle).permutation(inside)[: int(slices[0].documents.sum())]
            one = np.zeros(batch.documents, bool)
            one[drawn] = True
            parts = [Slice("a", one), Slice("b", (slices[0].documents | slices[1].documents) & ~one)]
            frequent = np.flatnonzero(slice_counts(batch, parts).min(axis=0) >= 5)
            chosen = np.random.default_rng(shuffle).permutation(frequent)[:3000]
            sizes = permutation_test(
                use_space(runs[name], parts, shuffle), np.sort(chosen), seed=shuffle, jobs=2
            )
            shares.append(float(np.mean(sizes.p < 0.05)))
            words += len(chosen)
            discovered += int(np.sum(sizes.q <= 0.05))
        mean, error = np.mean(shares), np.std(shares, ddof=1) / math.sqrt(SHUFFLES)
        lines.append(
            f"| {name} | {SHUFFLES} | {words:,} | {mean:.3f} ± {1.96 * error:.3f} | {discovered:,} |"
        )
    return "\n".join(lines)


def changed(found: Drift) -> str:
    """The words that changed most: words and figures only."""
    rows = [row for row in found if row["q"] <= 0.05]
    lines = [
        f"{len(rows):,} of {len(found):,} words have q ≤ .05; {found.only_a:,} stand in {found.a} alone "
        f"and {found.only_b:,} in {found.b} alone.",
        "",
        f"| word | distance | by chance | APD | q | {found.a} | {found.b} | lost | gained |",
        "|---|---:|---:|---:|---:|---:|---:|---|---|",
    ]
    for row in rows[:LISTED]:
        near = " | ".join(", ".join(row[key][:4]) for key in ("lost", "gained"))
        figures = f"{row['distance']:.2f} | {row['expected']:.2f} | {row['apd']:.2f} | {row['q']:.1g}"
        lines.append(f"| {row['word']} | {figures} | {row['count_a']:,} | {row['count_b']:,} | {near} |")
    return "\n".join(lines)


def report(name: str, found: Drift) -> str:
    """The words that changed most with their sentences: others' text, for the report alone."""
    lines = [f"# {name}: {found.a} against {found.b}", "", changed(found), ""]
    for row in found.rows[:SHOWN]:
        lines += [f"## {row['word']}", ""]
        for state, key in ((found.a, "examples_a"), (found.b, "examples_b")):
            lines += [f"- {state}: {text}" for text in row.get(key, ())]
        lines.append("")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Measure, write the report, and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    folder = Path(arguments[0]) if arguments else ROOT / "drift-report"
    folder.mkdir(exist_ok=True)
    runs, parts = {}, {}
    for name, (path, bounds, _) in SETS.items():
        corpus = Corpus.open([SHARED_DATA / path])
        runs[name] = refine(corpus, "default", Settings(method="original", history="none"))
        found = drift(runs[name], bounds).illustrate(runs[name], SHOWN, 2)
        (folder / f"{name.lower()}.md").write_text(report(name, found), encoding="utf-8")
        parts[name.lower()] = changed(found)
    parts |= {"planted": planted(runs), "calibration": calibration(runs)}
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print(*parts.values(), sep="\n\n")
    print(f"\nreports with sentences: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
