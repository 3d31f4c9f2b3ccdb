"""Which claims, tables and figures of the paper hold when they are measured again?

    corpora ──▶ experiments ──▶ results (plain rows) ──▶ claims, tables, figures ──▶ page

Reads the storm reports and the GoogleNews subset from shared/data beside the checkout, measures
everything, and writes results.json and figures into a folder, the figures once more into docs/figures,
and the generated parts of docs/results/paper.md. Everything after `benchmarks.paper.experiments` reads
the rows only, so that the page says what was measured and nothing else.
"""

from __future__ import annotations

import argparse
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.datasets import SHARED_DATA
from benchmarks.harness import machine, median_seconds
from benchmarks.measured import note, today
from benchmarks.page import DOCS, write_parts
from benchmarks.paper import corpora, experiments, figures
from benchmarks.paper.experiments import Plan, Row, after_epochs
from benchmarks.paper.tables import parts
from selfvec.data.vectors import Vectors
from selfvec.files.atomic_files import atomic_file

ROOT = DOCS.parent
REPORTS, VECTORS = Path("noaa", "events.jsonl.gz"), Path("vectors", "googlenews-26k-300d.bin")


def report(
    texts: Sequence[str],
    vectors: Vectors,
    plan: Plan,
    folder: Path,
    *,
    variants: Sequence[corpora.Variant] = corpora.VARIANTS,
    vectors_file: Path | None = None,
) -> dict[str, Any]:
    """Measure everything on texts in order of their dates, draw the figures, and write results.json.

    ``variants`` go from least to most like the paper. The whole job is timed with ``vectors_file``, if given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    usable = list(corpora.usable_variants(variants))
    _say("variants")
    corpora.prepare("warm-up", texts[:100], usable[-1].rules, vectors)
    wholes = [(corpora.prepare(v.name, texts, v.rules, vectors), v) for v in usable]
    whole, variant = wholes[-1]
    chosen = corpora.cut(texts, whole, plan.tokens)
    small = corpora.prepare(f"the first {plan.tokens:,} tokens", chosen, variant.rules, vectors)
    whole = replace(whole, name="all reports")
    pair = (small, whole)
    results: dict[str, Any] = {
        "machine": machine(),
        "plan": asdict(plan),
        "variant": variant.name,
        "variants": [_variant_row(small, plan), *(_variant_row(prepared, plan) for prepared, _ in wholes)],
        "corpora": [prepared.numbers() for prepared in pair],
    }
    settings = variant.settings(plan.window)
    measures: dict[str, Callable[[], list[Row]]] = {
        "neighbours": lambda: experiments.neighbours(small, plan, plan.words),
        "epochs": lambda: [row for p in pair for row in experiments.epochs(p, plan)],
        "direction": lambda: [row for p in pair for row in experiments.direction(p, plan)],
        "rates": lambda: [row for p in pair for row in experiments.rates(p, plan)],
        "oov": lambda: [experiments.oov(p, plan) for p in pair],
        "held_out": lambda: [row for p in pair for row in experiments.held_out(p, plan)],
        "speed": lambda: experiments.speed(small, plan, chosen, vectors_file or vectors, settings),
        "figures": lambda: figures.draw_trajectories(small, plan, folder),
    }
    for name, measure in measures.items():
        _say(name.replace("_", " "))
        results[name] = measure()
    figures.draw_space(results, folder)
    figures.draw_variance(results, folder)
    text = json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False)
    with atomic_file(folder / "results.json", overwrite=True) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")
    return results


def publish(results: dict[str, Any], folder: Path, docs: Path) -> bool:
    """Rewrite the generated parts of ``docs``/results/paper.md and copy the figures beside it.

    The text around them speaks of the paper's own preprocessing: with any other the page is left as it is,
    and the answer is False.
    """
    if results["variant"] != corpora.VARIANTS[-1].name:
        return False
    write_parts("paper.md", parts(results), docs / "results")
    (docs / "figures").mkdir(exist_ok=True)
    for figure in sorted(folder.glob("paper-*.svg")):
        shutil.copyfile(figure, docs / "figures" / figure.name)
    return True


def main(arguments: Sequence[str] | None = None, data: Path = SHARED_DATA) -> int:
    """Run it all; without the data, say what is missing."""
    parser = argparse.ArgumentParser(description="Regenerate the paper's tables and figures.")
    parser.add_argument(
        "-o", "--output", type=Path, default=ROOT / "paper-report", help="folder to write into"
    )
    output = parser.parse_args(arguments).output
    absent = [path.as_posix() for path in (REPORTS, VECTORS) if not (data / path).is_file()]
    if absent:
        print(f"Nothing was made: the tables and figures need data that is not here, {', '.join(absent)}.")
        print(f"Put it into ../{data.parent.name}/{data.name}, beside the checkout, and run this again.")
        return 0
    import selfvec
    from benchmarks.datasets import narratives
    from selfvec.corpus import as_corpus

    start = time.perf_counter()
    texts = corpora.dated_texts(as_corpus(narratives(data / REPORTS)))
    results = report(texts, selfvec.load(data / VECTORS), Plan(), output, vectors_file=data / VECTORS)
    published = publish(results, output, DOCS)
    seconds = time.perf_counter() - start
    print(f"{output.name}/ has results.json and the figures ({seconds:.0f} s)")
    if published:
        note(today("paper.report", ["main"]))
        print("docs/results/paper.md and docs/figures are new")
    else:
        print("docs/results/paper.md is as it was: it needs the tagger (pip install 'selfvec[pos]')")
    return 0


def _variant_row(prepared: corpora.Prepared, plan: Plan) -> Row:
    def epoch() -> None:
        for _ in after_epochs(prepared, plan, plan.rate, 1):
            pass

    return prepared.numbers() | {"epoch_seconds": median_seconds(epoch, plan.repeats)}


def _say(stage: str) -> None:
    print(f"== {stage}", flush=True)
