"""How fast does a query of CQP find its occurrences in a million words, next to a regular expression?

The words of PubMed, or random ones, without punctuation, so that both see the same. Before a time is printed,
both have to find as many. What a first query reads is read before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import selfvec
from benchmarks.datasets import tokens
from benchmarks.harness import Result, compared

WORDS = 1_000_000


def material() -> list[str]:
    """A million words of documents, in lower case."""
    batch = tokens()
    types = [re.sub(r"\W|_", "", word).lower() or "x" for word in batch.types]
    ends = [int(end) for end in batch.offsets if end <= WORDS]
    return [" ".join(types[i] for i in batch.ids[a:b].tolist()) for a, b in pairwise(ends)]


def run() -> Iterator[Result]:
    """The number of occurrences, from each beginning once."""
    texts = material()
    made = selfvec.refine(texts, "none", method="original")
    first, last = ("a", "e")
    asked = f'"{first}.*" []{{0,2}} ".*{last}s?"'
    plain = re.compile(rf"(?<!\S)(?={first}\S*(?: \S+){{0,2}}? \S*{last}s?(?!\S))")

    def ours() -> int:
        return int(made.concordance(asked, top=1)["hits"])

    def other() -> int:
        return sum(len(plain.findall(text)) for text in texts)

    assert ours() == other(), "the two find other occurrences"
    yield compared("three words, the second of any number up to two", ours, other, "Python re", repeat=3)
