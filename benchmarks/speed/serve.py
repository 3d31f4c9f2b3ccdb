"""How long does a person wait for the page at 100,000 words?

In a browser where one is installed. Checked first: the answer to a word is the one that ``selfvec
similar`` gives.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import polars as pl
from tests.apps.web.headless import Page, browsing, find
from tests.apps.web.serving import serving

import selfvec
from benchmarks.harness import Result
from benchmarks.speed.paper_rule import problem
from selfvec.apps.web import documents, words
from selfvec.apps.web.page_data import PageData
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.health import check_health
from selfvec.storage.text_file import TextWriter

TYPES = 100_000
PAINT, ACT = 1.0, 0.1  # seconds that the page promises


def spelled(number: int) -> str:
    """A word of four letters, so that words begin in as many ways as in a text."""
    return "".join(chr(97 + number // 26**place % 26) for place in range(4))


def made() -> Run:
    """A run of 100,000 words whose refined vectors are the original ones with noise."""
    ids, offsets, rows = problem(TYPES)
    rng = np.random.default_rng(0)
    counts = np.bincount(ids, minlength=TYPES)
    order = np.argsort(-counts, kind="stable")
    place = np.empty(TYPES, np.int32)
    place[order] = np.arange(TYPES, dtype=np.int32)
    batch = TokenBatch(place[ids], offsets, [spelled(i) for i in range(TYPES)])
    after = unit_rows(rows + 0.6 * rng.standard_normal(rows.shape, dtype=np.float32) / rows.shape[1] ** 0.5)
    tables = (
        Vectors(batch.types, table, counts=batch.counts, normalized=True)
        for table in (unit_rows(rows), after)
    )
    original, refined = tables
    provenance = {"tokens": len(batch), "options": {"tokenizer": "whitespace"}, "corpus": {}}
    report = {"health": check_health(original, refined, None, method="decorrelated").as_dict()}
    with TextWriter() as writer:
        writer.add(pl.DataFrame({"text": [" ".join(words) for words in _words(batch)]}))
        text = writer.finish()
    return Run(refined, original, None, provenance, report, batch, text)


def _words(batch: TokenBatch) -> Iterator[list[str]]:
    """The words of each document."""
    for start, end in pairwise(batch.offsets.tolist()):
        yield [batch.types[i] for i in batch.ids[start:end].tolist()]


def _check(data: PageData) -> None:
    told = words.word(data, "refined", spelled(7))
    lists = selfvec.similar(data.run, spelled(7), compare=True)["rows"]
    assert [told[side] for side in ("before", "after")] == [row["neighbours"] for row in lists]


def median(act: Callable[[int], object], repeat: int = 15) -> float:
    seconds = []
    for i in range(repeat):
        start = time.perf_counter()
        act(i)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def run() -> list[Result]:
    """Answers by the server alone, then a browser's first paint and its ways from one word to the next."""
    with serving(made(), jobs=None) as site:
        data = site.data
        start = time.perf_counter()
        data.comparisons.drift("refined").result()
        results = [Result("serve: drift of 100,000 words, once", time.perf_counter() - start, "s")]
        data.comparisons.occurrences("refined").result()
        data.index.result()
        _check(data)
        for name, act in {
            "a word's neighbours": lambda i: words.word(data, "refined", spelled(i * 37)),
            "its sentences": lambda i: words.uses(data, "refined", spelled(i * 37)),
            "texts by meaning": lambda i: documents.search(data, f"{spelled(i * 91)} {spelled(i * 17)}", 8),
            "completion": lambda i: words.complete(data, f"d{i}", 8),
        }.items():
            seconds = median(act)
            results.append(Result(f"serve: {name}", seconds * 1000, "ms", "100 ms", ACT / seconds))
        program = find()
        if program is not None:
            with browsing(program) as new:
                results += _browsed(new(), site.address)
    return results


NEXT = """
new Promise((done) => {
  const word = () => document.querySelector('h2.word bdi').textContent, before = word();
  new MutationObserver((_, observer) => {
    if (word() === before) return;
    observer.disconnect();
    requestAnimationFrame(() => done(1));
  }).observe(document.getElementById('word'), { childList: true });
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
})
"""
"""From a key to the next word's heading and neighbours on the page."""


def _browsed(page: Page, address: str) -> list[Result]:
    page.size(1280, 860)
    page.open(f"{address}#c=refined")
    paint = page.run("performance.getEntriesByName('first-contentful-paint')[0].startTime") / 1000
    results = [Result("serve: first paint in a browser", paint * 1000, "ms", "1 s", PAINT / paint)]
    page.open(f"{address}#view=changes&c=refined&word={spelled(7)}")
    page.wait("document.querySelector('h2.word bdi')", 60)
    seconds = median(lambda _: page.run(NEXT))
    results.append(
        Result("serve: from a key to the next word", seconds * 1000, "ms", "100 ms", ACT / seconds)
    )
    assert page.errors == []
    return results
