"""What does WordNet give vectors, before and after refining? Fills docs/results/vectors.md.

WordNet is read from the files of the Debian package ``wordnet-base``. The constants of the methods were
chosen on GoogleNews vectors; the built-in vectors were left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, SHARED_DATA, SIMILARITY, STARTS, path
from benchmarks.refining import refined
from benchmarks.vectors import Row, compared, table_of
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Retrieval, Similarity
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.lab.evaluation.task import Task
from selfvec.lab.transforms.knowledge import Knowledge, read_knowledge, row_pairs
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate, mean, spearman

WORDNET = "/usr/share/wordnet"
SEED, HIDDEN = 0, 1000
PAIRS = {
    "SimLex-999": SIMILARITY["SimLex-999"],
    "SimVerb-3500": SHARED_DATA / "similarity/simverb3500.tsv",
    "WordSim-353": SIMILARITY["WordSim-353"],
    "MEN": SIMILARITY["MEN"],
}
SOURCES = {
    "retrofit": "Faruqui et al. 2015",
    "smooth": "Zhou et al. 2004",
    "counter-fit": "Mrkšić et al. 2016",
    "attract-repel": "Mrkšić et al. 2017",
}


def rows() -> Iterator[Row]:
    """Everything that is asked of WordNet."""
    lexicon = read_knowledge([WORDNET])
    yield from _fitted(lexicon)
    yield from _refined_first(lexicon)
    yield from _definitions(lexicon)
    yield from _aspect(lexicon)


def figures(tables: Mapping[str, Vectors], task: Task, *, common: bool = True) -> dict[str, Estimate]:  # type: ignore[type-arg]
    """Of each table: Spearman over the pairs that all know, or over all; accuracy, or nDCG@10 by vectors."""
    found = task.measure([ComparedVectors(name, table) for name, table in tables.items()], SEED)
    return {
        one.vectors: one.common if common and one.common is not None else one.estimate
        for one in found
        if one.metric in ("spearman", "accuracy", "ndcg@10")
    }


def _fitted(lexicon: Knowledge) -> Iterator[Row]:
    """Each method on both tables."""
    for label, place in STARTS.items():
        table = selfvec.load(place)
        made = {by: selfvec.retrofit(table, method=by, lexicon=lexicon) for by in SOURCES}
        found = {name: figures({"": table, **made}, Similarity(file)) for name, file in PAIRS.items()}
        for by, source in SOURCES.items():
            for name, of in found.items():
                item, metric = f"WordNet, {by} ({source})", f"{name}, Spearman, common pairs"
                yield compared(item, metric, label.split(",")[0], of[""], of[by])


def _refined_first(lexicon: Knowledge) -> Iterator[Row]:
    """Refined on PubMed and then retrofitted, against either alone."""
    run = refined("PubMed", GOOGLENEWS)
    with tempfile.TemporaryDirectory() as folder:
        fitted = Path(folder) / "fitted.safetensors"
        selfvec.save(selfvec.retrofit(selfvec.load(GOOGLENEWS), lexicon=lexicon), fitted)
        turned = refined("PubMed", str(fitted)).vectors
    alone = {
        "refined alone": run.vectors,
        "retrofitted alone": selfvec.retrofit(run.original, lexicon=lexicon),
        "retrofitted, then refined": turned,
    }
    both = selfvec.retrofit(run.vectors, lexicon=lexicon)
    files = PAIRS | {"UMNSRS": SIMILARITY["UMNSRS"]}
    tasks: dict[str, Task] = {  # type: ignore[type-arg]
        **{f"{name}, Spearman, common pairs": Similarity(file) for name, file in files.items()},
        **{f"{name}, nDCG@10": Retrieval(path(name)) for name in ("MED", "Cranfield")},
    }
    for metric, task in tasks.items():
        found = figures({"both": both, **alone}, task)
        for baseline in alone:
            item = "Refined on PubMed, then retrofitted"
            yield compared(item, metric, baseline, found[baseline], found["both"])


def _definitions(lexicon: Knowledge) -> Iterator[Row]:
    """Words hidden from the table: the rank of their own vectors; and rare words that it lacks."""
    item, table = "WordNet, define (Khodak et al. 2018)", selfvec.load(GOOGLENEWS)
    defined = [i for i, word in enumerate(table.index_to_key) if word in lexicon.senses]
    hidden = np.random.default_rng(SEED).permutation(defined)[:HIDDEN].tolist()
    words = [table.index_to_key[i] for i in hidden]
    left = np.delete(np.arange(len(table)), hidden)
    kept = Vectors([table.index_to_key[i] for i in left.tolist()], table.vectors[left])
    made = selfvec.define(kept, lexicon=lexicon)
    # The baseline: the plain mean of the words of the first definition.
    texts = [_first_definition(lexicon, word).lower().split() for word in words]
    means = np.stack([kept.lookup(text)[0].sum(axis=0) if text else np.zeros(300) for text in texts])
    plain, first = (
        _near(unit_rows(np.float32(one)), table, hidden) for one in (means, made.lookup(words)[0])
    )
    metric = f"own vector among the 10 nearest of {len(table):,}, {len(words):,} hidden words"
    yield compared(item, metric, "plain mean of the first definition", plain, first)
    tables = {"before": table, "after": selfvec.define(table, lexicon=lexicon)}
    found = figures(tables, Similarity(SIMILARITY["RW"]), common=False)
    yield compared(item, "RW, Spearman, all pairs", "GoogleNews", found["before"], found["after"])


def _first_definition(lexicon: Knowledge, word: str) -> str:
    return next((lexicon.definitions[n] for n in lexicon.senses[word] if n in lexicon.definitions), "")


def _near(estimates: np.ndarray, table: Vectors, hidden: list[int]) -> Estimate:
    """How often a word's own vector is among the ten nearest of its estimate."""
    cosines = estimates @ table.unit.T
    own = cosines[np.arange(len(hidden)), hidden]
    return mean(((cosines > own[:, None]).sum(axis=1) < 10).astype(float), SEED)


def _aspect(lexicon: Knowledge) -> Iterator[Row]:
    """Synonyms and antonyms of words that the map was not learned from."""
    table = selfvec.load(GOOGLENEWS)
    drawn = np.random.default_rng(SEED).random(len(table)) < 0.5
    words = table.index_to_key
    both = {kind: row_pairs(lexicon, table.key_to_index, kind) for kind in ("synonym", "antonym")}
    edges = {
        kind: [(words[a], words[b]) for a, b in pairs.tolist() if drawn[a] and drawn[b]]
        for kind, pairs in both.items()
    }
    made = selfvec.retrofit(table, method="aspect", lexicon=Knowledge(edges=edges))
    unseen = {kind: pairs[~drawn[pairs].any(axis=1)] for kind, pairs in both.items()}
    unseen["synonym"] = np.random.default_rng(SEED).permutation(unseen["synonym"])[: len(unseen["antonym"])]
    pairs = np.concatenate(list(unseen.values()))
    label = np.repeat([1.0, 0.0], len(pairs) // 2)

    def apart(one: Vectors) -> Estimate:
        a, b = one.unit[pairs[:, 0]], one.unit[pairs[:, 1]]
        return spearman(np.einsum("ij,ij->i", a, b).astype(float), label, SEED)

    item = "WordNet, aspect (Bar-Hillel et al. 2003)"
    metric = f"cosine against synonym or antonym, Spearman, {len(pairs)} pairs of unseen words"
    yield compared(item, metric, "GoogleNews", apart(table), apart(made))
    found = figures({"before": table, "after": made}, Similarity(PAIRS["SimLex-999"]))
    metric = "SimLex-999, Spearman, common pairs"
    yield compared(item, metric, "GoogleNews", found["before"], found["after"])


NEEDS_DATA = True
PAGES = {"vectors.md": {"knowledge": lambda: table_of(rows())}}
