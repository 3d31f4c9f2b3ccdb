"""Phrases found in words per second: ours, of two to four words, and gensim's `Phrases`, of two.

Both get the same tokens, ours as numbers and gensim's as the lists of strings that it reads. The counts of
all phrases of two words must be equal before a time is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from benchmarks.bench_text import batches
from benchmarks.common import Result, paired
from benchmarks.datasets import documents
from selfvec.text import encode, tokenizer
from selfvec.text.phrase_finding import Finder
from selfvec.text.phrases import Running

DOCUMENTS, MIN_COUNT = 8_000, 5


def run() -> Iterator[Result]:
    """Words per second, and how many times gensim's."""
    from gensim.models.phrases import Phrases

    texts, name = documents()
    batch, _ = encode(batches(texts.head(DOCUMENTS)), tokenizer("words"))
    text = Running.plain(batch.ids, batch.offsets, batch.types)
    words = [text.names[c] for c in text.classes.tolist()]
    cut = [words[a:b] for a, b in pairwise(batch.offsets.tolist())]
    finder = Finder(min_count=MIN_COUNT)

    def ours() -> object:
        return finder(Running.plain(batch.ids, batch.offsets, batch.types))

    def theirs() -> Phrases:
        model = Phrases(cut, min_count=MIN_COUNT, threshold=0.35, scoring="npmi", max_vocab_size=10**9)
        model.export_phrases()
        return model

    counts = theirs().vocab
    ours()
    pairs_found = [row for row in finder.found if len(row.words) == 2]
    wrong = [row.term for row in pairs_found if counts[row.term] != row.count]
    if wrong or len(pairs_found) < 100:
        raise AssertionError(f"counts of phrases differ from gensim's: {wrong[:5]}")
    seconds, other = paired(ours, theirs, 3)
    yield Result(
        f"phrases of {name}, one core",
        len(batch) / seconds / 1e6,
        "M words/s",
        "gensim Phrases (pairs only)",
        other / seconds,
        f"{len(batch):,} words, {len(finder.found):,} phrases of 2 to 4 words",
    )
