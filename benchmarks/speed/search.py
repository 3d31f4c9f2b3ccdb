"""How many questions does search answer in a second at a hundred thousand passages, on one core?

Also the time to make an index and to open it. PubMed abstracts and as many made of two halves as are
missing, where they are beside the checkout, else random text. Before a time is printed, BM25 is held
against the library's, cosines against the same in NumPy, and the opened index against the one in memory.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import bm25s
import numpy as np

from benchmarks.datasets import documents
from benchmarks.harness import Result
from benchmarks.refining import refined
from selfvec.data.run import Run
from selfvec.retrieval import Index
from selfvec.text.preprocessing import Preprocessing, encode_texts, merge_stems

PASSAGES, QUESTIONS = 100_000, 300


def material() -> tuple[list[str], list[str], list[str]]:
    """Texts to refine on, texts to search, and questions of about eight words."""
    rng = np.random.default_rng(0)
    own = documents()[0].to_list()
    texts = list(own)
    while len(texts) < PASSAGES:
        a, b = (own[i] for i in rng.integers(0, len(own), 2))
        texts.append(f"{a[: len(a) // 2]} {b[len(b) // 2 :]}")
    titles = [own[i].split("\n")[0] for i in rng.permutation(len(own))[:QUESTIONS]]
    return own, texts, [" ".join(title.split()[:8]) for title in titles]


def check_bm25(texts: list[str], questions: list[str]) -> None:
    """Our scores are those of the library's Lucene variant, over the same stems."""
    index = Index.words_only(texts, Preprocessing())
    batch = merge_stems(encode_texts(texts, Preprocessing()), Preprocessing())
    tokens = [batch.ids[a:b].tolist() for a, b in pairwise(batch.offsets)]
    other = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    vocabulary = {str(i): i for i in range(len(batch.types))}
    other.index(bm25s.tokenization.Tokenized(tokens, vocabulary), show_progress=False)
    for question in questions:
        query = index.vocabulary.parse(question)
        ids = np.repeat(query.types, query.counts.astype(int)).tolist()
        found = index.scorer.score(query, "bm25")
        np.testing.assert_allclose(found.scores, other.get_scores_from_ids(ids), atol=1e-4)


def check_opened(run: Run, texts: list[str], questions: list[str]) -> None:
    """What was written and opened gives the same scores, and the dense part is a cosine."""
    memory = Index.memory(run, texts)
    with tempfile.TemporaryDirectory() as name:
        opened = Index.memory(run, texts).saved(Path(name, "index"))
        for question in questions:
            ours, theirs = memory.scores(question), opened.scores(question)
            np.testing.assert_array_equal(ours.scores, theirs.scores)
            query = memory.vocabulary.parse(question)
            vector = memory.space.query_vector(query.types, query.counts)
            rows = memory.documents.dense.at(np.arange(memory.documents.units))
            dense = memory.scores(question, "dense")
            np.testing.assert_allclose(dense.parts[2], rows @ vector, atol=1e-3)


def per_second(function: Callable[[str], object], questions: list[str]) -> float:
    """Questions a second of processor time, the better of two rounds."""
    best = 0.0
    for _ in range(2):
        start = time.process_time()
        for question in questions:
            function(question)
        best = max(best, len(questions) / (time.process_time() - start))
    return best


def run() -> Iterator[Result]:
    """Make, open, ask."""
    own, texts, questions = material()
    made = refined(own, min_count=2)
    check_bm25(texts[:3000], questions[:20])
    check_opened(made, texts[:2000], questions[:20])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "index")
        start = time.process_time()
        Index.memory(made, texts).saved(folder)
        seconds = time.process_time() - start
        note = f"{len(texts) / seconds:,.0f} documents/s of processor time, target 5,000/s"
        yield Result("search: make an index of 100,000 documents", seconds, "s", "20 s", 20 / seconds, note)
        opening = []
        for _ in range(5):
            start = time.perf_counter()
            index = Index.open(folder)
            opening.append(time.perf_counter() - start)
        index.search(questions[0])
        yield Result("search: open it", min(opening) * 1e3, "ms", "100 ms", 100 / (min(opening) * 1e3))
        note = f"{index.documents.units:,} passages, one core; target 200/s"
        for mode in ("hybrid", "bm25", "dense"):
            rate = per_second(lambda question, mode=mode: index.scores(question, mode), questions)
            yield Result(f"search: {mode}, scores", rate, "questions/s", "200/s", rate / 200, note)
        rate = per_second(index.search, questions)
        yield Result("search: hybrid, snippets and reasons", rate, "questions/s", "200/s", rate / 200, note)
