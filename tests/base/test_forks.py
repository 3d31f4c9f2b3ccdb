"""A child of a process that has used Polars works, or says that it cannot; it never waits for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

JOB = """
import os
import signal
import sys
from pathlib import Path
import polars as pl
import selfvec

folder = Path(sys.argv[1])
texts = ["hail broke the roof of a barn", "wind fell on the town", "the river rose over the road"] * 12
example = selfvec.example(folder / "text.jsonl")
example.write_text("".join(example.read_text().splitlines(keepends=True)[::4]))
rows = selfvec.Corpus.open(folder / "text.jsonl")
run = selfvec.refine(folder / "text.jsonl", output=folder / "run", method="decorrelated")
run.vectors.save(folder / "vectors.parquet")
word, document = "hail", "r0001"


def opened():
    return selfvec.open(folder / "run")


works = {
    "similar": lambda: opened().similar(word),
    "compare": lambda: opened().compare(run),
    "health": lambda: selfvec.health(folder / "run"),
    "info": lambda: selfvec.info(folder / "run"),
    "verify": lambda: selfvec.verify(folder / "run"),
    "most_similar": lambda: run.vectors.most_similar(word),
    "embed": lambda: selfvec.Encoder.of(run).encode(["hail on the road"]),
    "trajectory": lambda: selfvec.trajectory(run, word),
}
either = {
    "refine": lambda: selfvec.refine(texts),
    "refiner": lambda: selfvec.Refiner("decorrelated").fit(texts),
    "update": lambda: run.update(texts),
    "merge": lambda: selfvec.merge([folder / "run", folder / "run"], output=folder / "merged"),
    "monitor": lambda: run.monitor(texts),
    "search": lambda: run.search("flood at the tannery"),
    "search opened": lambda: opened().search("flood at the tannery"),
    "index": lambda: selfvec.run_index(run).search("flood"),
    "index of texts": lambda: selfvec.Index.memory(run, texts),
    "documents": lambda: run.similar_documents(document),
    "drift": lambda: run.drift(slice="decade"),
    "drift by field": lambda: run.drift(slice_field="place"),
    "senses": lambda: run.senses("stream"),
    "topics": lambda: run.topics(),
    "phrases": lambda: run.phrases(),
    "graph": lambda: run.graph(word),
    "expand": lambda: run.expand(word),
    "why": lambda: run.why(word, "storm"),
    "texts": lambda: run.text.texts(),
    "ids": lambda: run.text.ids(),
    "batches": lambda: list(rows.batches()),
    "corpus": lambda: selfvec.as_corpus(pl.DataFrame({"text": texts})),
    "save": lambda: run.save(folder / "saved"),
    "export": lambda: run.export("parquet", folder / "exported"),
    "save vectors": lambda: run.vectors.save(folder / "again.parquet"),
    "load vectors": lambda: selfvec.load(folder / "vectors.parquet"),
    "evaluate": lambda: selfvec.evaluate(run, bias=True),
    "table": lambda: run.similar(word).to_polars(),
}
for name, call in (works | either).items():
    child = os.fork()
    if not child:
        signal.alarm(100)  # enough on a busy machine
        try:
            call()
            told = "works"
        except selfvec.SelfvecError as error:
            told = "refused" if "was forked after its parent had used Polars" in str(error) else repr(error)
        except BaseException as error:
            told = repr(error)
        print(f"{name}: {told}", flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print(f"{name}: waits for ever", flush=True)
"""
WORKS = 8  # the first lines


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_no_function_waits_for_ever_in_a_forked_child(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", JOB, tmp_path], capture_output=True, text=True, timeout=500
    )
    rows = [line.split(": ", 1) for line in done.stdout.splitlines()]
    assert len(rows) > 30, done.stderr
    assert [row for row in rows[:WORKS] if row[1] != "works"] == []
    assert [row for row in rows if row[1] not in ("works", "refused")] == []
