"""Self-retrieval, collections without judgements: a part cut from a document should find the rest of it.

MED, Cranfield and CACM are three collections of abstracts, of one time and kind. These are unlike them:
long and short queries, long documents, other subjects, mixed subjects, and one right answer instead of
many. They check the constants of search, which were not chosen on them. All draws use one seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from benchmarks.datasets import SHARED_DATA, judged, records
from selfvec.corpus.python_docs import python_documentation
from selfvec.lab.evaluation.retrieval import Collection

DOCUMENTS, QUERIES, SEED = 4000, 250, 0
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")
_WORD = re.compile(r"\w[\w-]*")

Pairs = list[tuple[str, str]]
"""Queries and the documents that they should find."""


def self_retrieval() -> Iterator[tuple[str, str, Collection]]:
    """Every collection with its name and the source of its documents."""
    rows = [row for row in records("PubMed") if len(row["text"]) > 600 and len(row["title"]) > 30]
    abstracts = [(row["title"], row["text"]) for row in _drawn(rows, DOCUMENTS)]
    cuts: dict[str, Callable[[str, str], tuple[str, str] | None]] = {
        "title → abstract": lambda title, text: (title, text),
        "two words of a title → abstract": lambda title, text: (_longest(title), text),
        "a sentence → the rest of its abstract": lambda _, text: _without(text, 0.5),
        "the last sentence → the rest of its abstract": lambda _, text: _without(text, 1.0),
        "the first half of an abstract → the second": lambda _, text: _halves(text),
    }
    for name, cut in cuts.items():
        found = [pair for title, text in abstracts if (pair := cut(title, text)) is not None]
        yield name, "PubMed", collection_of(found)
    yield "a sentence → eight abstracts in one", "PubMed", _joined(abstracts)
    storms = _storms()
    yield "storm event → storm episode", "NOAA", storms
    python = [text for batch in python_documentation().batches() for text in batch.texts.to_list()]
    yield (
        "first sentence → the rest, Python's documentation",
        "Python",
        collection_of(_first_sentences(python)),
    )
    yield "first sentence → the rest, the web", "EWT", collection_of(_first_sentences(_web(), least=8))
    yield "MED, Cranfield, CACM, NOAA and Python in one", "all", _mixed(storms, python)


def medical_items() -> Iterator[tuple[str, str, Collection]]:
    """The same of abstracts with classes, and a task of many answers: abstracts of a title's class."""
    classes: dict[str, set[str]] = {}
    for part in ("train", "test"):
        path = SHARED_DATA / "classification" / "ohsumed" / f"{part}.tsv"
        for line in path.read_text(encoding="utf-8").splitlines():
            label, text = line.split("\t", 1)
            classes.setdefault(text, set()).add(label)
    texts = list(classes)
    yield "title → the rest, Ohsumed", "Ohsumed", collection_of(_first_sentences(texts, least=40))
    halves = [pair for text in texts if (pair := _halves(text)) is not None]
    yield "the first half → the second, Ohsumed", "Ohsumed", collection_of(halves)
    sentences = [pair for text in texts if (pair := _without(text, 0.5)) is not None]
    yield "a sentence → the rest, Ohsumed", "Ohsumed", collection_of(sentences)
    chosen = _drawn(texts, DOCUMENTS)
    asked, documents = chosen[:QUERIES], chosen[QUERIES:]
    titles = [_SENTENCE.split(text)[0] for text in asked]
    same = [{i: 1.0 for i, one in enumerate(documents) if classes[one] & classes[text]} for text in asked]
    yield "title → abstracts of its class, Ohsumed", "Ohsumed, classes", Collection(documents, titles, same)


def _drawn(items: Sequence, number: int) -> list:  # type: ignore[type-arg]
    order = np.random.default_rng(SEED).permutation(len(items))[:number]
    return [items[i] for i in order.tolist()]


def collection_of(pairs: Pairs) -> Collection:
    """Pairs in a random order; the first ones are queries."""
    chosen = _drawn(pairs, DOCUMENTS)
    queries = [query for query, _ in chosen[:QUERIES]]
    return Collection([text for _, text in chosen], queries, [{i: 1.0} for i in range(len(queries))])


def _longest(title: str) -> str:
    """The two longest words of a title, as somebody in a hurry would type them."""
    words = dict.fromkeys(_WORD.findall(title))
    return " ".join(sorted(words, key=lambda word: -len(word))[:2])


def _without(text: str, place: float) -> tuple[str, str] | None:
    """The sentence at a place from 0 to 1, and the text without it."""
    parts = _SENTENCE.split(text)
    if len(parts) < 5:
        return None
    number = round(place * (len(parts) - 1))
    return parts[number], " ".join(parts[:number] + parts[number + 1 :])


def _halves(text: str) -> tuple[str, str] | None:
    parts = _SENTENCE.split(text)
    if len(parts) < 4:
        return None
    return " ".join(parts[: len(parts) // 2]), " ".join(parts[len(parts) // 2 :])


def _joined(abstracts: Pairs) -> Collection:
    """Documents of some thousand words, on about eight subjects."""
    cut = [pair for _, text in abstracts if (pair := _without(text, 0.5)) is not None]
    groups = [cut[i : i + 8] for i in range(0, len(cut) - 7, 8)]
    queries = [group[4][0] for group in groups[:QUERIES]]
    documents = ["\n\n".join(text for _, text in group) for group in groups]
    return Collection(documents, queries, [{i: 1.0} for i in range(len(queries))])


def _storms() -> Collection:
    """The report of an event should find the story of the whole episode."""
    episodes: dict[str, int] = {}
    found: dict[str, dict[int, float]] = {}
    for row in records("NOAA"):
        whole, event = ((row.get(f"{kind}_narrative") or "").strip() for kind in ("episode", "event"))
        if len(whole) > 150 and len(event) > 60 and event not in whole and whole not in event:
            found.setdefault(event, {})[episodes.setdefault(whole, len(episodes))] = 1.0
    queries = _drawn(list(found), QUERIES)
    return Collection(list(episodes), queries, [found[query] for query in queries])


def _first_sentences(texts: list[str], least: int = 30) -> Pairs:
    """First sentences of 5 to 40 words, and the rest, of at least so many."""
    out = []
    for text in texts:
        first, *rest = _SENTENCE.split(text.strip(), maxsplit=1)
        if rest and 5 <= len(first.split()) <= 40 and len(rest[0].split()) >= least:
            out.append((" ".join(first.split()), rest[0]))
    return out


def _web() -> list[str]:
    """Blogs, reviews, answers, letters and newsgroups: the development part of the English Web Treebank."""
    path = SHARED_DATA / "tagging" / "en_ewt-ud-dev.conllu"
    texts: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# newdoc id"):
            texts.append([])
        elif line.startswith("# text = "):
            texts[-1].append(line.removeprefix("# text = "))
    return [" ".join(sentences) for sentences in texts]


def _mixed(storms: Collection, python: list[str]) -> Collection:
    """The judged queries, among documents of all subjects."""
    documents: list[str] = []
    pairs: list[tuple[str, dict[int, float]]] = []
    for one in judged().values():
        for query, gains in zip(one.queries, one.relevant, strict=True):
            found = {len(documents) + d: gain for d, gain in gains.items() if d >= 0}
            if found:
                pairs.append((query, found))
        documents += one.documents
    documents += storms.documents + [text for text in python if len(text) > 200][:DOCUMENTS]
    return Collection(documents, [query for query, _ in pairs], [gains for _, gains in pairs])
