"""Queries and lists over a treebank give what its gold annotation has."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest

import selfvec

TREEBANK = Path(__file__).parents[3] / "shared" / "data" / "tagging" / "en_ewt-ud-dev.conllu"
NAMES = ("word", "lemma", "pos", "tag")
Word = tuple[str, ...]


def gold() -> list[list[list[Word]]]:
    """The words of each sentence of each document."""
    documents: list[list[list[Word]]] = []
    for part in re.split(r"(?m)^# newdoc", TREEBANK.read_text("utf-8"))[1:]:
        rows = [[line.split("\t") for line in lines.split("\n")] for lines in part.split("\n\n")]
        words = [[tuple(row[1:5]) for row in sentence if row[0].isdecimal()] for sentence in rows]
        documents.append([[(*w[:1], w[0] if w[1] == "_" else w[1], *w[2:]) for w in s] for s in words if s])
    return documents


def _regex(value: str) -> str:
    return re.escape(value).replace('"', r"\x22")


def drawn(rng: random.Random, words: list[Word]) -> tuple[str, list[tuple[dict[str, str], int]]]:
    """A query of one to three words, and of each its tests, and how many words may be before it."""
    first = rng.randrange(len(words) - 9)
    query, asked, place = "", [], first
    for _ in range(rng.randint(1, 3)):
        chosen = rng.sample(NAMES, rng.randint(1, 2))
        tests = {name: words[place][NAMES.index(name)] for name in chosen}
        gap = rng.randint(0, 2) if query else 0
        query += f" []{{0,{gap}}} " * bool(gap) + " ["
        query += " & ".join(f'{name}="{_regex(value)}"' for name, value in tests.items()) + "]"
        asked.append((tests, gap))
        place += 1
    return query, asked


def found(words: list[Word], asked: list[tuple[dict[str, str], int]]) -> list[tuple[int, int]]:
    """From each word the shortest match, by hand."""

    def ends(place: int, rest: list[tuple[dict[str, str], int]]) -> list[int]:
        if not rest:
            return [place]
        (tests, gap), *others = rest
        starts = range(place, min(place + gap + 1, len(words)))
        fits = (p for p in starts if all(words[p][NAMES.index(name)] == v for name, v in tests.items()))
        return [end for p in fits for end in ends(p + 1, others)]

    return [(place, min(all_of)) for place in range(len(words)) if (all_of := ends(place, asked))]


@pytest.mark.skipif(not TREEBANK.exists(), reason="needs the shared data")
def test_drawn_queries_and_lists() -> None:
    documents, rng = gold(), random.Random(7)
    run = selfvec.refine(TREEBANK, "none", method="original")
    everything = [word for document in documents for sentence in document for word in sentence]
    for number in range(60):
        query, asked = drawn(rng, everything)
        within = number % 2 > 0
        parts = [d if within else [[w for s in d for w in s]] for d in documents]
        expected = [end - start for d in parts for part in d for start, end in found(part, asked)]
        rows = selfvec.concordance(run, query + " within s" * within).rows
        assert [len(row["word"].split()) for row in rows] == expected, query
    for unit in ("lemma", "pos"):
        counts = Counter(word[NAMES.index(unit)] for word in everything)
        rows = selfvec.frequency(run, unit=unit).rows
        assert {row["word"]: row["count"] for row in rows} == counts
        for row in rng.sample(rows, min(50, len(rows))):
            query = f'[{unit}="{_regex(row["word"])}"]'
            assert row["count"] == selfvec.concordance(run, query, top=1)["hits"]
