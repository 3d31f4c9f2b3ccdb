"""How long is the visit after refining: each command as a process, against the time of `refine`?

The text is long and dated: abstracts of one year, in parts of twenty. Commands run in the order in which a
person gives them, so the first search makes what the later ones read.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from benchmarks.datasets import PUBMED, records
from benchmarks.harness import Result, command

ABSTRACTS, PART = 23_000, 20
VISIT = (
    ("search, the first", ("search", "RUN", "heart failure after surgery"), 0.0),
    ("search", ("search", "RUN", "bacterial resistance to antibiotics"), 0.8),
    ("similar", ("similar", "RUN", "heart"), 0.6),
    ("drift", ("drift", "RUN"), 0.0),
    ("drift again", ("drift", "RUN"), 1.0),
    ("topics", ("text", "topics", "RUN"), 0.0),
    ("senses", ("text", "senses", "RUN", "cell"), 0.0),
    ("export to model2vec", ("export", "RUN", "--to", "model2vec", "-o", "OUT"), 0.0),
)
"""What is run, and the seconds that it may take, 0 for no limit of its own."""
LIMIT = 5.0  # times refine, for all of them


def long_documents(path: Path) -> None:
    """The abstracts year by year, twenty to a document."""
    rows = sorted(records("PubMed"), key=lambda row: row["year"])[-ABSTRACTS:]
    with path.open("w", encoding="utf-8") as file:
        for year, group in groupby(rows, key=lambda row: row["year"]):
            texts = [f"{row['title']} {row['text']}" for row in group]
            for start in range(0, len(texts), PART):
                text = "\n\n".join(texts[start : start + PART])
                file.write(json.dumps({"id": f"{year}-{start}", "date": str(year), "text": text}) + "\n")


def timed(arguments: tuple[str, ...], folder: Path) -> float:
    """Seconds of one command; it must succeed and print something."""
    places = {"RUN": str(folder / "run"), "OUT": str(folder / "model")}
    start = time.perf_counter()
    job = command(*(places.get(argument, argument) for argument in arguments))
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}  # as installed, with compiled modules
    done = subprocess.run(job, capture_output=True, text=True, env=environment)
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() or "-o" in arguments, arguments
    return seconds


def run() -> Iterator[Result]:
    """All commands once, after one run that compiled the kernels."""
    if not PUBMED.exists():
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        long_documents(folder / "text.jsonl")
        refine = ("refine", str(folder / "text.jsonl"), "-o", "RUN", "--slice", "decade", "--overwrite")
        timed(refine, folder)
        whole = timed(refine, folder)
        made = json.loads((folder / "run" / "run.json").read_text())
        note = f"{made['tokens'] / 1e6:.1f} M words, {made['documents']:,} documents"
        yield Result("the visit: refine", whole, "s", note=note)
        spent = 0.0
        for label, arguments, limit in VISIT:
            seconds = timed(arguments, folder)
            spent += seconds
            against = (f"the target of {limit} s", limit / seconds) if limit else ("", None)
            yield Result(f"the visit: {label}", seconds, "s", *against)
        share = spent / whole
        yield Result("the visit, against refine", share, "times", f"the target of {LIMIT:.0f}", LIMIT / share)


NEEDS_DATA = True
