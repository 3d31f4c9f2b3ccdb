"""How fast does raw text become token ids, next to Python's regular expressions?

The text is PubMed titles and abstracts, or, where they are absent, as much random text with word
frequencies like a language's. Both look the same words up in the same vectors' vocabulary and must
give equal ids. Names with signs, such as C++, R&D and .NET, are taken apart before: the other does not know
them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.datasets import GOOGLENEWS, documents
from benchmarks.harness import Result, compared
from selfvec.base.characters import UNSEEN, plain
from selfvec.data.documents import Documents
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import load
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.rules import Rulebook

BATCH = 6_000  # documents; about the corpus readers' eight million bytes


def vocabulary(texts: pl.Series) -> Vectors:
    """The GoogleNews subset, or every second word of the text as it is first seen."""
    if Path(GOOGLENEWS).exists():
        return load(GOOGLENEWS)
    words = list(dict.fromkeys(" ".join(texts.head(2_000)).split()))[::2]
    return Vectors(words, np.zeros((len(words), 1), np.float32))


def without_signs(texts: pl.Series) -> pl.Series:
    """The texts without what makes names of letters and signs, and without characters that are not seen."""
    unseen = "".join(f"{chr(first)}-{chr(last)}" for first, last in UNSEEN)
    apart = texts.str.replace_all(f"[{unseen}]", "").str.replace_all("[+#&\u00b4]", " ")
    return apart.str.replace_all(r"(^|[\s(])\.(\p{L})", "$1 $2")


def batches(texts: pl.Series) -> Iterator[Documents]:
    for start in range(0, len(texts), BATCH):
        yield Documents(texts[start : start + BATCH])


def _finish(
    ids: list[NDArray[np.int32]], types: list[str], known: Vectors
) -> tuple[NDArray[np.int32], list[str]]:
    """From raw types to keys, for the others: the same rule as ours. Returns ids (N,) int32 and keys."""
    raw = np.concatenate(ids)
    words = [plain(word) if any(map(str.isalnum, word)) else "" for word in types]
    keys = Rulebook(Rules(), "lower").keys(words, np.bincount(raw, minlength=len(words)), known.key_to_index)
    if "" in words:  # runs of marks and underscores, which the expressions below do find
        empty = keys.types.index("")
        keys.places[keys.places == empty] = -1
        keys.places[keys.places > empty] -= 1
        del keys.types[empty]
    places = keys.places[raw]
    return places[places >= 0], keys.types


def joiners(texts: pl.Series) -> str:
    """The characters of the text that belong to words but not to ``\\w``: marks, soft hyphens, joiners."""
    used = set().union(*texts.to_list())
    return "".join(sorted(c for c in used if unicodedata.category(c)[0] == "M" or c in "\u00ad\u200c\u200d"))


def by_re(texts: pl.Series, known: Vectors, marks: str) -> tuple[NDArray[np.int32], list[str]]:
    """Python's own engine, and a dictionary that numbers words."""
    word = rf"[\w{re.escape(marks)}]" if marks else r"\w"
    find = re.compile(rf"{word}+(?:(?:['’](?={word})|(?<=\d)[.,](?=\d)){word}+)*").findall
    index: defaultdict[str, int] = defaultdict(count().__next__)
    ids = []
    for batch in batches(texts):
        found = [token for text in batch.texts for token in find(text)]
        ids.append(np.fromiter(map(index.__getitem__, found), np.int32, len(found)))
    return _finish(ids, list(index), known)


def run() -> Iterator[Result]:
    """Our whole `encode` against the same by another engine."""
    texts, label = documents()
    texts = without_signs(texts)
    known = vocabulary(texts)

    def ours() -> tuple[NDArray[np.int32], list[str]]:
        tokens, _ = encode(batches(texts), tokenizer("words"), Rules(), known)
        return tokens.ids, list(tokens.types)

    marks = joiners(texts)
    other = partial(by_re, texts, known, marks)
    (ids, types), (other_ids, other_types) = ours(), other()
    assert other_types == types, "the other finds other words"
    np.testing.assert_array_equal(other_ids, ids, err_msg="the other numbers words differently")
    amount = len(ids) / 1e6
    yield compared(
        f"raw text to ids, {label}", ours, other, "Python re", amount=amount, unit="M words/s", repeat=3
    )
