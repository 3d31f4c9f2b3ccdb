"""Two spaces in one: vectors of two trainings, aligned by few pairs of words or none, or joined.

There are no bilingual data here. In their place are tables that were trained apart: a dictionary is a list of
words that are the same, and a lexicon the rest of them. *Halves* are two tables of word2vec (200 dimensions),
each trained on its own half of the PubMed abstracts. *Sources* are GoogleNews (300) and the built-in vectors
(256), of other texts and other methods.
"""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from tests.places import SHARED_DATA

import selfvec
from benchmarks.field import Row
from selfvec.analysis.alignment import align
from selfvec.base.checksums import sha256
from selfvec.data.vectors import Vectors
from selfvec.evaluation import Lexicon, Similarity
from selfvec.evaluation.report import Report
from selfvec.transforms import transform

PAIRS = 1_000  # of the lexicon
LEXICON_FROM = 8_000  # most frequent shared words
SETS = ("men3000", "rw2034", "simlex999", "simverb3500", "ws353")


def rows() -> Iterator[Row]:
    """Rows of alignment and of joined tables."""
    google = selfvec.load(SHARED_DATA / "vectors" / "googlenews-26k-300d.bin")
    yield from joined(google)
    words = [word for word in google if word.islower() and "_" not in word]
    tables = google.vectors_for_all(words), selfvec.load("default").vectors_for_all(words)
    given = (("two halves of a text", halves(), (25, 1000)), ("two sources", tables, (200, 1000)))
    for name, (a, b), sizes in given:
        yield from aligned(name, a, b, sizes)


def halves() -> tuple[Vectors, Vectors]:
    """Tables of the two halves of the abstracts, in two files that are kept in the temporary folder."""
    from gensim.models import Word2Vec

    source = SHARED_DATA / "pubmed" / "abstracts.jsonl.gz"
    places = [
        Path(tempfile.gettempdir(), f"selfvec-half-{sha256(source)[:8]}-{i}.safetensors") for i in (0, 1)
    ]
    if not all(place.exists() for place in places):
        with gzip.open(source, "rt", encoding="utf-8") as file:
            found = [json.loads(line) for line in file]
        texts = [re.findall(r"[a-z][a-z0-9-]+", f"{row['title']} {row['text']}".lower()) for row in found]
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
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lexicon.tsv")
        file.write_text("".join(f"{word}\t{word}\n" for word in held), encoding="utf-8")
        for size in sizes:
            pairs = [(word, word) for word in rest[:size]]
            plain = fitted(a, b, [word for word, _ in pairs])
            learned = align(a, b, dictionary=pairs)
            both = align(a, b, dictionary=pairs, reweight=True)
            command = "selfvec vectors align A B --dictionary d.tsv -o OUT"
            yield row(f"Dictionary of {size}, {name}", source, command, file, (a, plain), (a, learned.b))
            yield row(
                f"Reweighted, dictionary of {size}, {name}",
                "Artetxe et al. 2018",
                f"{command} --reweight",
                file,
                (a, learned.b),
                (both.a, both.b),
                "without reweighting",
            )
        found = align(a, b, "unsupervised")
        command = "selfvec vectors align A B --method unsupervised -o OUT"
        given = align(a, b, dictionary=[(word, word) for word in rest[: sizes[-1]]])
        yield row(
            f"No dictionary, {name}",
            source,
            command,
            file,
            (a, given.b),
            (a, found.b),
            f"{sizes[-1]:,} pairs",
            {"no better": "as good without a pair", "worse": "fails: texts and methods are too different"},
        )


def fitted(a: Vectors, b: Vectors, words: list[str]) -> Vectors:
    """b rotated by those words alone (Procrustes)."""
    u, _, v = np.linalg.svd(
        b.unit[[b.key_to_index[w] for w in words]].T @ a.unit[[a.key_to_index[w] for w in words]],
        full_matrices=False,
    )
    return Vectors(b.index_to_key, b.vectors @ (u @ v))


def row(
    item: str,
    source: str,
    command: str,
    file: Path,
    old: tuple[Vectors, Vectors],
    new: tuple[Vectors, Vectors],
    baseline: str = "Procrustes on the pairs alone",
    say: Mapping[str, str] | None = None,  # instead of the usual notes
) -> Row:
    """Precision at 1 by CSLS of two pairs of tables, on the same lexicon."""
    from selfvec.evaluation.compared_vectors import Table
    from selfvec.numerics.statistics import difference

    measured = []
    for a, b in (old, new):
        found = Lexicon(file).measure([Table("a", a), Table("b", b)], 0)
        measured.append(
            next(one for one in found if (one.mode, one.metric) == ("csls", "precision@1")).estimate
        )
    before, after = measured
    apart = difference(after, before)
    note = "" if apart.low > 0 else "no better" if apart.high > 0 else "worse"
    return Row(
        item,
        source,
        command,
        "precision@1, CSLS",
        baseline,
        before.value,
        after.value,
        apart.low,
        apart.high,
        (say or {}).get(note, note),
    )


def joined(google: Vectors) -> Iterator[Row]:
    """Rows of joined tables against the better of the two, on sets of similarity."""
    tables: dict[str, Vectors | str] = {"google": google, "default": "default"}
    ways = {"average": {}, "concatenate": {}, "gcca": {"dimensions": 150}}
    for how, more in ways.items():
        tables[how] = transform(google, "join", others=["default"], how=how, **more)
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
    note = "" if low > 0 else "no better" if high > 0 else "worse"
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
