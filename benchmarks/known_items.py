"""Collections without judgements: what was cut from a document should find the rest of it.

MED, Cranfield and CACM are three abstracts' collections of one time and kind. These are unlike them: long and
short questions, long documents, other subjects, mixed subjects, and one right answer instead of many. They
guard the constants of search, which were not chosen on them. Every draw is that of one seed.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.common import SHARED_DATA
from selfvec.corpus.python_docs import python_documentation
from selfvec.evaluation.retrieval import Collection, read_collection

__all__ = ["known_items"]

DOCUMENTS, QUESTIONS, SEED = 4000, 250, 0
JUDGED = ("med", "cran", "cacm")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(])")
_WORD = re.compile(r"\w[\w-]*")

Pairs = list[tuple[str, str]]
"""Questions and the documents that they should find."""


def known_items() -> Iterator[tuple[str, str, Collection]]:
    """Every collection with its name and where its documents are from."""
    abstracts = _abstracts()
    cuts: dict[str, Callable[[str, str], tuple[str, str] | None]] = {
        "title → abstract": lambda title, text: (title, text),
        "two words of a title → abstract": lambda title, text: (_longest(title), text),
        "a sentence → the rest of its abstract": lambda _, text: _without(text, 0.5),
        "the last sentence → the rest of its abstract": lambda _, text: _without(text, 1.0),
        "the first half of an abstract → the second": lambda _, text: _halves(text),
    }
    for name, cut in cuts.items():
        found = [pair for title, text in abstracts if (pair := cut(title, text)) is not None]
        yield name, "PubMed", _collection(found)
    yield "a sentence → eight abstracts in one", "PubMed", _joined(abstracts)
    yield "storm event → storm episode", "NOAA", _storms()
    python = [text for batch in python_documentation().batches() for text in batch.texts.to_list()]
    yield "first sentence → the rest, Python's documentation", "Python", _collection(_first_sentences(python))
    yield "first sentence → the rest, the web", "EWT", _collection(_first_sentences(_web(), least=8))
    yield "MED, Cranfield, CACM, NOAA and Python in one", "all", _mixed(python)


def _abstracts() -> Pairs:
    """Titles and texts of abstracts of some length, drawn."""
    with gzip.open(SHARED_DATA / "pubmed" / "abstracts.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    pairs = [(row["title"], row["text"]) for row in rows if len(row["text"]) > 600 and len(row["title"]) > 30]
    chosen = np.random.default_rng(SEED).permutation(len(pairs))[:DOCUMENTS]
    return [pairs[i] for i in chosen.tolist()]


def _collection(pairs: Pairs) -> Collection:
    """Of pairs in a drawn order; the first are asked."""
    order = np.random.default_rng(SEED).permutation(len(pairs))[:DOCUMENTS].tolist()
    asked = order[:QUESTIONS]
    relevant = [{number: 1.0} for number in range(len(asked))]
    return Collection([pairs[i][1] for i in order], [pairs[i][0] for i in asked], relevant)


def _longest(title: str) -> str:
    """The two longest words of a title, as somebody in a hurry would type them."""
    words = dict.fromkeys(_WORD.findall(title))
    return " ".join(sorted(words, key=lambda word: -len(word))[:2])


def _without(text: str, place: float) -> tuple[str, str] | None:
    """The sentence at a place from 0 to 1, and what is left without it."""
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
    """Documents of some thousand words, which are about eight things."""
    cut = [pair for _, text in abstracts if (pair := _without(text, 0.5)) is not None]
    groups = [cut[i : i + 8] for i in range(0, len(cut) - 7, 8)]
    asked = [group[4][0] for group in groups[:QUESTIONS]]
    documents = ["\n\n".join(text for _, text in group) for group in groups]
    return Collection(documents, asked, [{i: 1.0} for i in range(len(asked))])


def _storms() -> Collection:
    """What was reported of an event should find the story of the whole episode."""
    episodes: dict[str, int] = {}
    found: dict[str, dict[int, float]] = {}
    with gzip.open(SHARED_DATA / "noaa" / "events.jsonl.gz", "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            whole, event = ((row.get(f"{kind}_narrative") or "").strip() for kind in ("episode", "event"))
            if len(whole) > 150 and len(event) > 60 and event not in whole and whole not in event:
                found.setdefault(event, {})[episodes.setdefault(whole, len(episodes))] = 1.0
    keys = list(found)
    asked = [keys[i] for i in np.random.default_rng(SEED).permutation(len(keys))[:QUESTIONS].tolist()]
    return Collection(list(episodes), asked, [found[key] for key in asked])


def _first_sentences(texts: list[str], least: int = 30) -> Pairs:
    """First sentences of five words or more, and what follows, of so many."""
    out = []
    for text in texts:
        first, *rest = _SENTENCE.split(text.strip(), maxsplit=1)
        if rest and 5 <= len(first.split()) <= 40 and len(rest[0].split()) >= least:
            out.append((" ".join(first.split()), rest[0]))
    return out


def _web() -> list[str]:
    """Blogs, reviews, answers, letters and newsgroups: the English Web Treebank's development part."""
    path = SHARED_DATA / "tagging" / "en_ewt-ud-dev.conllu"
    texts: list[list[str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# newdoc id"):
            texts.append([])
        elif line.startswith("# text = "):
            texts[-1].append(line.removeprefix("# text = "))
    return [" ".join(sentences) for sentences in texts]


def _mixed(python: list[str]) -> Collection:
    """The judged questions, among documents of all subjects."""
    documents: list[str] = []
    questions: list[str] = []
    relevant: list[dict[int, float]] = []
    for name in JUDGED:
        one = read_collection(Path(SHARED_DATA, "retrieval", name))
        first = len(documents)
        documents += one.documents
        questions += one.queries
        relevant += [{first + d: gain for d, gain in gains.items() if d >= 0} for gains in one.relevant]
    documents += _storms().documents + [text for text in python if len(text) > 200][:DOCUMENTS]
    kept = [i for i, gains in enumerate(relevant) if gains]
    return Collection(documents, [questions[i] for i in kept], [relevant[i] for i in kept])
