"""What refining gives on the development collections: regenerates the figures of docs/decorrelated.md.

Word similarity after PubMed abstracts (all pairs whose words occur), small samples of them, and retrieval
with dense vectors alone, from two tables. These are the collections the constants were chosen on.

    python -m benchmarks.quality      (or: make quality)
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.common import SHARED_DATA
from benchmarks.paper_report.page import fill
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.evaluation import Retrieval, Similarity
from selfvec.refine.pipeline import refine

PAGE = Path(__file__).resolve().parents[1] / "docs" / "decorrelated.md"
SIMILARITY = {
    "WordSim-353": "similarity/ws353.tsv",
    "SimLex-999": "similarity/simlex999.tsv",
    "MEN": "similarity/men3000.tsv",
    "RW": "similarity/rw2034.tsv",
    "UMNSRS": "similarity_bio/umnsrs_similarity.tsv",
}
TABLES = {"GoogleNews, 26,423 words": "vectors/googlenews-26k-300d.bin", "the embedded table": "default"}
COLLECTIONS = ("med", "cran", "cacm")
SIZES, SEEDS = (100, 300, 1000, 3000, 10_000), (0, 1)


def similarity(run: Run, names: Sequence[str], folder: Path) -> dict[str, dict[str, float]]:
    """Spearman of both tables over the pairs whose words the run has, by state and set."""
    found: dict[str, dict[str, float]] = {"original": {}, "refined": {}}
    for name in names:
        path = folder / f"{name}.tsv"
        lines = (SHARED_DATA / SIMILARITY[name]).read_text(encoding="utf-8").splitlines()
        rows = [line.split("\t") for line in lines]
        kept = [row for row in rows if len(row) == 3 and all(word.lower() in run.vectors for word in row[:2])]
        if len(kept) < 3:
            continue
        path.write_text("".join("\t".join(row).lower() + "\n" for row in kept), encoding="utf-8")
        for row in selfvec.evaluate(run, [Similarity(path)]).rows:
            found[row["vectors"]][name] = row["value"]
    return found


def after_pubmed(texts: list[str], folder: Path) -> str:
    """The table of word similarity."""
    lines = [f"| start | table | {' | '.join(SIMILARITY)} |", f"|---|---|{'---:|' * len(SIMILARITY)}"]
    for label, file in TABLES.items():
        run = refined(texts, file, min_count=3)
        for state, values in similarity(run, list(SIMILARITY), folder).items():
            cells = " | ".join(f"{values[name]:.3f}" for name in SIMILARITY)
            lines.append(f"| {label} | {state} | {cells} |")
    return "\n".join(lines)


def small_samples(texts: list[str], folder: Path) -> str:
    """Refined minus original, from the embedded table, by size of the sample."""
    names = ("WordSim-353", "SimLex-999", "MEN", "UMNSRS")
    lines = [f"| abstracts | seed | {' | '.join(names)} |", f"|---:|---:|{'---:|' * len(names)}"]
    for size in SIZES:
        for seed in SEEDS:
            chosen = np.sort(np.random.default_rng(seed).permutation(len(texts))[:size])
            values = similarity(refined([texts[i] for i in chosen.tolist()], "default"), names, folder)
            gains = [
                f"{values['refined'][n] - values['original'][n]:+.3f}" if n in values["refined"] else "–"
                for n in names
            ]
            lines.append(f"| {size:,} | {seed} | {' | '.join(gains)} |")
    return "\n".join(lines)


def retrieval(folder: Path) -> str:
    """nDCG@10 of dense vectors alone, by anchor."""
    lines = ["| start | table | MED | Cranfield | CACM | mean |", "|---|---|---:|---:|---:|---:|"]
    for label, file in TABLES.items():
        by_state: dict[str, list[float]] = {}
        for anchor in (2.25, 1.0, 0.5):
            for name in COLLECTIONS:
                path = SHARED_DATA / "retrieval" / name
                settings = Settings(method="decorrelated", stop_words="en", anchor=anchor)
                run = refine(Corpus.open([path]), start(file), settings)
                selfvec.save_run(run, folder / "run", overwrite=True)
                for row in selfvec.evaluate(folder / "run", [Retrieval(path)]).rows:
                    if row["metric"] == "ndcg@10" and row["mode"] == "dense":
                        state = "original" if row["vectors"] == "original" else f"anchor {anchor:g}"
                        by_state.setdefault(state, []).append(row["value"])
        for state, values in by_state.items():
            three = values[:3]  # the original is measured once per anchor
            cells = " | ".join(f"{value:.3f}" for value in (*three, float(np.mean(three))))
            lines.append(f"| {label} | {state} | {cells} |")
    return "\n".join(lines)


def start(file: str) -> str:
    return file if file == "default" else str(SHARED_DATA / file)


def refined(texts: list[str], file: str, min_count: int = 1) -> Run:
    settings = Settings(method="decorrelated", min_count=min_count)
    return refine(Corpus.from_texts(texts), start(file), settings)


def main() -> int:
    """Measure and rewrite the page; says what is missing where the data are absent."""
    if not SHARED_DATA.is_dir():
        print(f"the data are not there: {SHARED_DATA.name} beside this checkout; nothing was done")
        return 0
    corpus = Corpus.open([SHARED_DATA / "pubmed" / "abstracts.jsonl.gz"])
    texts = [text for batch in corpus.batches() for text in batch.texts.to_list()]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = {
            "similarity": after_pubmed(texts, folder),
            "samples": small_samples(texts, folder),
            "retrieval": retrieval(folder),
        }
    PAGE.write_text(fill(PAGE.read_text(encoding="utf-8"), parts), encoding="utf-8")
    print(*parts.values(), sep="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
