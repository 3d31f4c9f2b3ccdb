"""How long does it take to add and delete documents of a run whose vectors stay, and to search it then?

Documents are made of words with Zipf's frequencies, so no data are needed. Searches with segments and without
are timed in pairs; both answer alike, which is checked first. Adding and deleting take turns with a table of
LanceDB and a collection of Chroma, whose vectors our encoder makes; all must find what was added.
"""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import selfvec
from benchmarks.harness import Result
from selfvec.retrieval import run_index
from selfvec.retrieval.documents import gather

DOCUMENTS = 100_000
WORDS, LENGTH = 20_000, 60
MANY, REPEATS = 1_000, 15
_MOST = 5_000  # documents that Chroma takes at once


def all_words() -> list[str]:
    """The most frequent first."""
    return [f"w{chr(97 + i % 26)}{i}" for i in range(WORDS)]


def documents(number: int) -> list[dict[str, Any]]:
    """Rows with an id, a year and a text."""
    draw = random.Random(1)
    words = all_words()
    weights = list(accumulate(1 / (i + 1) for i in range(WORDS)))
    return [
        {
            "id": f"r{n}",
            "year": str(2000 + n % 20),
            "text": " ".join(draw.choices(words, cum_weights=weights, k=LENGTH)),
        }
        for n in range(number)
    ]


def milliseconds(work: Callable[[int], Any], number: int = 0) -> float:
    """The time of work, which gets the number of the repetition."""
    start = time.perf_counter()
    work(number)
    return 1000 * (time.perf_counter() - start)


def run() -> Iterator[Result]:
    """All figures with a run of `DOCUMENTS`."""
    rows = documents(DOCUMENTS + 2 * MANY)
    base, more = rows[:DOCUMENTS], rows[DOCUMENTS:]
    words = all_words()
    note = f"{DOCUMENTS:,} documents"
    with tempfile.TemporaryDirectory() as name:
        live = selfvec.refine(base, "none", "original", output=Path(name) / "run")
        live.search("wa0 wb1")
        rank = {word: place for place, word in enumerate(words)}
        asked = [" ".join(sorted(set(row["text"].split()), key=rank.get)[-4:]) for row in more[:REPEATS]]

        def add(number: int) -> None:
            live.add([more[number]])
            assert more[number]["id"] in [hit.id for hit in live.search(asked[number]).hits]

        def delete(number: int) -> None:
            live.delete(base[number]["id"])

        stores = {
            "LanceDB": _lancedb(Path(name) / "table", live, base, more),
            "Chroma": _chroma(Path(name) / "collection", live, base, more),
        }
        adding, deleting = zip((add, delete), *stores.values(), strict=True)
        for what, limit, works in (
            ("add a document and find it", 50, adding),
            ("delete a document", 20, deleting),
        ):
            turns = [[milliseconds(work, number) for work in works] for number in range(REPEATS)]
            ms, *theirs = map(statistics.median, zip(*turns, strict=True))
            yield Result(f"live: {what}", ms, "ms", f"{limit} ms", limit / ms, note)
            for store, of_store in zip(stores, theirs, strict=True):
                yield Result(f"live: {what}, beside {store}", ms, "ms", store, of_store / ms, note)
        ms = milliseconds(lambda _: live.add(more[MANY:]) and live.search("wa0"))
        yield Result("live: add 1,000 documents and search", ms / 1000, "s", "1.5 s", 1500 / ms, note)
        yield _search(live, base, note)


Store = tuple[Callable[[int], None], Callable[[int], None]]
"""Adding a document and finding it, and deleting one, by number."""


def _lancedb(
    folder: Path, live: selfvec.Run, base: list[dict[str, Any]], more: list[dict[str, Any]]
) -> Store:
    import lancedb

    encoder = selfvec.Encoder.of(live)

    def with_vectors(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        vectors = encoder.encode_document([row["text"] for row in rows])
        return [{**row, "vector": vector} for row, vector in zip(rows, vectors, strict=True)]

    table = lancedb.connect(folder).create_table("texts", with_vectors(base))

    def add(number: int) -> None:
        table.add(with_vectors([more[number]]))
        asked = encoder.encode_query(more[number]["text"])
        assert more[number]["id"] in [hit["id"] for hit in table.search(asked).limit(10).to_list()]

    def delete(number: int) -> None:
        table.delete(f"id = '{base[number]['id']}'")

    return add, delete


def _chroma(folder: Path, live: selfvec.Run, base: list[dict[str, Any]], more: list[dict[str, Any]]) -> Store:
    import chromadb

    encoder = selfvec.Encoder.of(live)
    collection = chromadb.PersistentClient(folder).create_collection("texts", embedding_function=None)

    def put(rows: list[dict[str, Any]]) -> None:
        texts = [row["text"] for row in rows]
        years = [{"year": row["year"]} for row in rows]
        collection.add([row["id"] for row in rows], encoder.encode_document(texts), years, texts)

    for first in range(0, len(base), _MOST):
        put(base[first : first + _MOST])

    def add(number: int) -> None:
        put([more[number]])
        asked = encoder.encode_query(more[number]["text"])
        assert more[number]["id"] in collection.query(asked[None], n_results=10)["ids"][0]

    def delete(number: int) -> None:
        collection.delete([base[number]["id"]])

    return add, delete


def _search(live: selfvec.Run, base: list[dict[str, Any]], note: str) -> Result:
    """Search with segments against an index made anew."""
    index = run_index(live)
    anew = index.of_parts([index.indexed(live.present, gather(live.present))])
    ratios, here = [], []
    for row in base[100 : 100 + REPEATS]:
        question = " ".join(row["text"].split()[:4])
        answers = [one.search(question) for one in (index, anew)]
        assert [hit.id for hit in answers[0].hits] == [hit.id for hit in answers[1].hits]
        ours, other = (
            statistics.median(milliseconds(lambda _, one=one, q=question: one.search(q)) for _ in range(3))
            for one in (index, anew)
        )
        here.append(ours)
        ratios.append(other / ours)
    name = f"live: search with {len(live.present.segments) - 1} segments"
    ratio = statistics.median(ratios)
    return Result(name, statistics.median(here), "ms", "one index", ratio, note)
