"""Two spaces in one: vectors of two trainings, aligned by few pairs of words or none, or joined.

There are no bilingual data here. In their place are tables that were trained apart: a dictionary is a
list of words that are the same, and a lexicon the rest of them. *Halves* are two tables of word2vec (200
dimensions), each trained on its own half of the PubMed abstracts. *Sources* are GoogleNews (300) and the
built-in vectors (256), of other texts and other methods.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, PUBMED, SHARED_DATA, records
from benchmarks.vectors import Row, compared, verdict
from selfvec.data.vectors import Vectors
from selfvec.files.checksums import sha256
from selfvec.lab.align import align
from selfvec.lab.evaluation import Dictionary, Similarity
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.lab.evaluation.report import Report
from selfvec.lab.transforms import transform
from selfvec.numerics.statistics import Estimate

PAIRS = 1_000  # of the lexicon
LEXICON_FROM = 8_000  # most frequent shared words
NO_BETTER = ("", "no better", "worse")
SETS = ("men3000", "rw2034", "simlex999", "simverb3500", "ws353")


def rows() -> Iterator[Row]:
    """Rows of alignment and of joined tables."""
    google = selfvec.load(GOOGLENEWS)
    yield from joined(google)
    words = [word for word in google if word.islower() and "_" not in word]
    tables = google.vectors_for_all(words), selfvec.load("default").vectors_for_all(words)
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
    """Rows of one task: a fit on the pairs alone is the baseline."""
    shared = [word for word in a if word in b][:LEXICON_FROM]
    order = np.random.default_rng(0).permutation(len(shared))
    held, rest = ([shared[i] for i in part] for part in (order[:PAIRS], order[PAIRS:]))
    source = "Conneau et al. 2018; Artetxe et al. 2018"
    command = "selfvec vectors align A B --dictionary d.tsv -o OUT"
    metric = "precision@1, CSLS"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lexicon.tsv")
        file.write_text("".join(f"{word}\t{word}\n" for word in held), encoding="utf-8")
        for size in sizes:
            pairs = [(word, word) for word in rest[:size]]
            plain = precision(file, a, fitted(a, b, [word for word, _ in pairs]))
            learned = precision(file, a, align(a, b, dictionary=pairs).b)
            reweighted = align(a, b, dictionary=pairs, reweight=True)
            both = precision(file, reweighted.a, reweighted.b)
            item = f"Dictionary of {size}, {name}"
            alone = "Procrustes on the pairs alone"
            yield compared(item, source, command, metric, alone, plain, learned, verdicts=NO_BETTER)
            yield compared(
                f"Reweighted, dictionary of {size}, {name}",
                "Artetxe et al. 2018",
                f"{command} --reweight",
                metric,
                "without reweighting",
                learned,
                both,
                verdicts=NO_BETTER,
            )
        found = align(a, b, "unsupervised")
        given = align(a, b, dictionary=[(word, word) for word in rest[: sizes[-1]]])
        yield compared(
            f"No dictionary, {name}",
            source,
            "selfvec vectors align A B --method unsupervised -o OUT",
            metric,
            f"{sizes[-1]:,} pairs",
            precision(file, a, given.b),
            precision(file, a, found.b),
            verdicts=("", "as good without a pair", "fails: texts and methods are too different"),
        )


def fitted(a: Vectors, b: Vectors, words: list[str]) -> Vectors:
    """b rotated by those words alone (Procrustes)."""
    u, _, v = np.linalg.svd(
        b.unit[[b.key_to_index[w] for w in words]].T @ a.unit[[a.key_to_index[w] for w in words]],
        full_matrices=False,
    )
    return Vectors(b.index_to_key, b.vectors @ (u @ v))


def precision(file: Path, a: Vectors, b: Vectors) -> Estimate:
    """Precision at 1 by CSLS on a lexicon."""
    found = Dictionary(file).measure([ComparedVectors("a", a), ComparedVectors("b", b)], 0)
    return next(one for one in found if (one.mode, one.metric) == ("csls", "precision@1")).estimate


def joined(google: Vectors) -> Iterator[Row]:
    """Rows of joined tables against the better of the two, on sets of similarity."""
    tables: dict[str, Vectors | str] = {"google": google, "default": "default"}
    ways = {"average": {}, "concatenate": {}, "gcca": {"dimensions": 150}}
    for how, more in ways.items():
        tables[how] = transform(google, "join", others=["default"], method=how, **more)
    tasks = [Similarity(SHARED_DATA / "similarity" / f"{name}.tsv") for name in SETS]
    report = selfvec.evaluate(tables, tasks)
    sources = {
        "average": "Coates and Bollegala 2018",
        "concatenate": "Yin and Schütze 2016",
        "gcca": "Rastogi et al. 2015",
    }
    for how in ways:
        for name in SETS:
            yield similarity_row(report, how, name, sources[how])


def similarity_row(report: Report, how: str, name: str, source: str) -> Row:
    value = {r["vectors"]: r["value_common"] for r in report.rows if r["task"] == name}
    better = max(("google", "default"), key=lambda table: value[table])
    apart = next(
        c for c in report.comparisons
        if (c["task"], c["vectors_a"], c["vectors_b"]) == (name, better, how)
    )  # fmt: skip
    low, high = -apart["high_common"], -apart["low_common"]
    command = f"selfvec vectors join google.bin -o OUT --with default --method {how}"
    command += " --dimensions 150" if how == "gcca" else ""
    note = verdict(low, high, NO_BETTER)
    label = {"google": "GoogleNews", "default": "the built-in vectors"}[better]
    return Row(
        f"Joined, {how}",
        source,
        command,
        f"{name}, Spearman, common pairs",
        label,
        value[better],
        value[how],
        low,
        high,
        note,
    )
