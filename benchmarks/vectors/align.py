"""What do two spaces in one give: aligned by few pairs of words or none, or joined?

Fills vectors.md. In place of bilingual data are tables that were trained apart: a dictionary is a list of
words that are the same, and a lexicon the rest of them. *Halves* are two tables of word2vec (200
dimensions), each trained on its own half of the PubMed abstracts. *Sources* are GoogleNews (300) and the
built-in vectors (256).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, PUBMED, SHARED_DATA, records
from benchmarks.vectors import Row, compared, table_of
from selfvec.data.vectors import Vectors
from selfvec.files.checksums import sha256
from selfvec.lab.align import align
from selfvec.lab.evaluation import Dictionary, Similarity
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.numerics.statistics import Estimate

PAIRS = 1_000  # of the lexicon
LEXICON_FROM = 8_000  # most frequent shared words
SETS = {"men3000": "MEN", "rw2034": "RW", "simlex999": "SimLex-999", "simverb3500": "SimVerb-3500"}
SETS |= {"ws353": "WordSim-353"}
JOINED = {
    "average": "Joined, average (Coates and Bollegala 2018)",
    "concatenate": "Joined, concatenate (Yin and Schütze 2016)",
}


def rows() -> Iterator[Row]:
    """Rows of alignment and of joined tables."""
    google = selfvec.load(GOOGLENEWS)
    yield from joined(google)
    words = [word for word in google if word.islower() and "_" not in word]
    tables = Vectors(words, google.lookup(words)[0]), selfvec.load("default")
    given = (("two halves of a text", halves(), (25, 1000)), ("two sources", tables, (200, 1000)))
    for name, (a, b), sizes in given:
        yield from aligned(name, a, b, sizes)


def halves() -> tuple[Vectors, Vectors]:
    """Tables of the two halves of the abstracts, in two files that are kept in the temporary folder."""
    from gensim.models import Word2Vec

    name = f"selfvec-half-{sha256(PUBMED)[:8]}"
    places = [Path(tempfile.gettempdir(), f"{name}-{i}.safetensors") for i in (0, 1)]
    if not all(place.exists() for place in places):
        found = (f"{row['title']} {row['text']}" for row in records("PubMed"))
        texts = [re.findall(r"[a-z][a-z0-9-]+", text.lower()) for text in found]
        order = np.random.default_rng(0).permutation(len(texts))
        for seed, (place, part) in enumerate(zip(places, np.array_split(order, 2), strict=True)):
            mine = [texts[i] for i in part.tolist()]
            model = Word2Vec(mine, vector_size=200, sg=1, min_count=10, epochs=6, workers=2, seed=seed)
            selfvec.save(Vectors.from_gensim(model.wv), place, overwrite=True)
    return selfvec.load(places[0]), selfvec.load(places[1])


def aligned(name: str, a: Vectors, b: Vectors, sizes: tuple[int, ...]) -> Iterator[Row]:
    """Rows of one task (Conneau et al. 2018): a fit on the pairs alone is the baseline."""
    shared = [word for word in a if word in b][:LEXICON_FROM]
    order = np.random.default_rng(0).permutation(len(shared))
    held, rest = ([shared[i] for i in part] for part in (order[:PAIRS], order[PAIRS:]))
    metric = "precision@1, CSLS"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lexicon.tsv")
        file.write_text("".join(f"{word}\t{word}\n" for word in held), encoding="utf-8")
        for size in sizes:
            pairs = [(word, word) for word in rest[:size]]
            plain = precision(file, a, fitted(a, b, [word for word, _ in pairs]))
            learned = precision(file, a, align(a, b, dictionary=pairs).b)
            item = f"Dictionary of {size}, {name}"
            yield compared(item, metric, "Procrustes on the pairs alone", plain, learned)
            both = align(a, b, dictionary=pairs, reweight=True)
            weighed = precision(file, both.a, both.b)
            yield compared(f"The same, reweighted, {name}", metric, "not reweighted", learned, weighed)


def fitted(a: Vectors, b: Vectors, words: list[str]) -> Vectors:
    """b rotated by those words alone (Procrustes)."""
    mine, theirs = (one.unit[[one.key_to_index[word] for word in words]] for one in (a, b))
    u, _, v = np.linalg.svd(theirs.T @ mine, full_matrices=False)
    return Vectors(b.index_to_key, b.vectors @ (u @ v))


def precision(file: Path, a: Vectors, b: Vectors) -> Estimate:
    """Precision at 1 by CSLS on a lexicon."""
    found = Dictionary(file).measure([ComparedVectors("a", a), ComparedVectors("b", b)], 0)
    return next(one for one in found if (one.mode, one.metric) == ("csls", "precision@1")).estimate


def joined(google: Vectors) -> Iterator[Row]:
    """Rows of joined tables against the better of the two, on sets of similarity."""
    tables: dict[str, Vectors | str] = {"GoogleNews": google, "the built-in vectors": "default"}
    for how in JOINED:
        tables[how] = selfvec.join(google, ["default"], how)
    report = selfvec.evaluate(tables, [Similarity(SHARED_DATA / "similarity" / f"{one}.tsv") for one in SETS])
    value = {(row["task"], row["vectors"]): row["value_common"] for row in report.rows}
    apart = {(one["task"], one["vectors_a"], one["vectors_b"]): one for one in report.comparisons}
    for how, item in JOINED.items():
        for file, name in SETS.items():
            better = max(list(tables)[:2], key=lambda of, file=file: value[file, of])
            one = apart[file, better, how]
            interval = -one["high_common"], -one["low_common"]
            metric = f"{name}, Spearman, common pairs"
            yield Row(item, metric, better, value[file, better], value[file, how], *interval)


NEEDS_DATA = True
PAGES = {"vectors.md": {"align": lambda: table_of(rows())}}
