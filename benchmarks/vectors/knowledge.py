"""Knowledge: WordNet written into vectors, before and after refining; definitions, concepts and aspects.

WordNet is read from the files of the Debian package ``wordnet-base``. The constants of the methods were
chosen on GoogleNews vectors; the built-in vectors is the one that was left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

import selfvec
from benchmarks.datasets import GOOGLENEWS, SHARED_DATA, SIMILARITY, path
from benchmarks.refining import refined
from benchmarks.vectors import Row, compared
from selfvec.data.vectors import Vectors
from selfvec.lab.evaluation import Retrieval, Similarity
from selfvec.lab.evaluation.compared_vectors import ComparedVectors
from selfvec.lab.evaluation.task import Task
from selfvec.lab.transforms import transform
from selfvec.lab.transforms.knowledge import Knowledge, read_knowledge, row_pairs
from selfvec.lab.transforms.nodes import is_a
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import Estimate, mean, spearman

WORDNET = "/usr/share/wordnet"
SEED, HIDDEN, QUERIES = 0, 1000, 200
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
    """All rows of the item."""
    lexicon = read_knowledge([WORDNET])
    yield from _fitted(lexicon)
    yield from _refined_first(lexicon)
    yield from _definitions(lexicon)
    yield from _concepts(lexicon)
    yield from _kinds(lexicon)
    yield from _aspect(lexicon)


def figures(tables: dict[str, Vectors], task: Task, *, common: bool = True) -> dict[str, Estimate]:  # type: ignore[type-arg]
    """Of each table: Spearman over the pairs that all know, or over all; accuracy, or nDCG@10 by vectors."""
    found = task.measure([ComparedVectors(name, table) for name, table in tables.items()], SEED)
    metrics = ("spearman", "accuracy", "ndcg@10")
    return {
        one.vectors: one.common if common and one.common is not None else one.estimate
        for one in found
        if one.metric in metrics
    }


def _fitted(lexicon: Knowledge) -> Iterator[Row]:
    """Each method on both tables."""
    for place, name in ((GOOGLENEWS, "GoogleNews"), ("default", "the built-in vectors")):
        table = selfvec.load(place)
        tasks = {task: Similarity(file) for task, file in PAIRS.items()}
        made = {"before": table} | {
            by: transform(table, "retrofit", method=by, lexicon=lexicon) for by in SOURCES
        }
        found = {task: figures(made, one) for task, one in tasks.items()}
        for by, source in SOURCES.items():
            command = f"selfvec vectors retrofit {_short(place)} -o out.safetensors"
            command += f" --lexicon {WORDNET} --method {by}"
            for task, values in found.items():
                names = (f"WordNet, {by}", source, command)
                yield compared(*names, f"{task}, Spearman, common pairs", name, values["before"], values[by])


def _short(place: str) -> str:
    return "google.bin" if place == GOOGLENEWS else place


def _refined_first(lexicon: Knowledge) -> Iterator[Row]:
    """Refined on PubMed and then retrofitted, against either alone."""
    run = refined("PubMed", GOOGLENEWS)
    both = transform(run.vectors, "retrofit", lexicon=lexicon)
    with tempfile.TemporaryDirectory() as folder:
        fitted = Path(folder) / "fitted.safetensors"
        selfvec.save(transform(selfvec.load(GOOGLENEWS), "retrofit", lexicon=lexicon), fitted)
        turned = refined("PubMed", str(fitted)).vectors
    alone = {
        "refined alone": run.vectors,
        "retrofitted alone": transform(run.original, "retrofit", lexicon=lexicon),
        "retrofitted, then refined": turned,
    }
    tasks: Mapping[str, Task] = {  # type: ignore[type-arg]
        **{f"{name}, Spearman, common pairs": Similarity(file) for name, file in PAIRS.items()},
        "UMNSRS, Spearman, common pairs": Similarity(SIMILARITY["UMNSRS"]),
        "MED, nDCG@10": Retrieval(path("MED")),
        "Cranfield, nDCG@10": Retrieval(path("Cranfield")),
    }
    names = (
        "Refined on PubMed, then retrofitted",
        SOURCES["retrofit"],
        f"selfvec vectors retrofit run -o out.safetensors --lexicon {WORDNET}",
    )
    for metric, task in tasks.items():
        found = figures({"both": both, **alone}, task)
        for baseline in alone:
            yield compared(*names, metric, baseline, found[baseline], found["both"])


def _definitions(lexicon: Knowledge) -> Iterator[Row]:
    """Words hidden from the table: the rank of their own vectors; and rare words that it lacks."""
    names = (
        "WordNet, define",
        "Khodak et al. 2018",
        f"selfvec vectors define google.bin -o out.safetensors --lexicon {WORDNET}",
    )
    table = selfvec.load(GOOGLENEWS)
    hidden = _hidden_words(lexicon, table)
    words = [table.index_to_key[i] for i in hidden]
    kept = _without(table, hidden)
    made = transform(kept, "define", lexicon=lexicon)
    first = _found_first(unit_rows(made.lookup(words)[0]), table, hidden)
    # The baseline: the plain mean of the words of the first definition.
    texts = [_first_definition(lexicon, word).lower().split() for word in words]
    means = np.stack([kept.lookup(text)[0].sum(axis=0) if text else np.zeros(300) for text in texts])
    plain = _found_first(unit_rows(np.asarray(means, np.float32)), table, hidden)
    metric = f"own vector among the 10 nearest of {len(table):,}, {len(words):,} hidden words"
    yield compared(*names, metric, "plain mean of the first definition", mean(plain, SEED), mean(first, SEED))
    task = Similarity(SIMILARITY["RW"])
    more = transform(table, "define", lexicon=lexicon)
    found = figures({"before": table, "after": more}, task, common=False)
    yield compared(*names, "RW, Spearman, all pairs", "GoogleNews", found["before"], found["after"])


def _hidden_words(lexicon: Knowledge, table: Vectors) -> list[int]:
    """Rows of words that WordNet defines, drawn at random."""
    known = [i for i, word in enumerate(table.index_to_key) if word in lexicon.senses]
    return np.random.default_rng(SEED).permutation(known)[:HIDDEN].tolist()


def _without(table: Vectors, hidden: list[int]) -> Vectors:
    kept = np.ones(len(table), bool)
    kept[hidden] = False
    words = [word for word, there in zip(table.index_to_key, kept.tolist(), strict=True) if there]
    return Vectors(words, table.vectors[kept])


def _first_definition(lexicon: Knowledge, word: str) -> str:
    return next((lexicon.definitions[n] for n in lexicon.senses[word] if n in lexicon.definitions), "")


def _found_first(estimates: np.ndarray, table: Vectors, hidden: list[int]) -> np.ndarray:
    """Whether a word's own vector is among the ten nearest of its estimate, (n,)."""
    cosines = estimates @ table.unit.T
    own = cosines[np.arange(len(hidden)), hidden]
    return ((cosines > own[:, None]).sum(axis=1) < 10).astype(float)


def _concepts(lexicon: Knowledge) -> Iterator[Row]:
    """Concepts that lose one of their words: whether it is near them, with and without relations."""
    table = selfvec.load(GOOGLENEWS)
    single = [i for i in _hidden_words(lexicon, table) if len(lexicon.senses[table.index_to_key[i]]) == 1]
    words = {table.index_to_key[i]: i for i in single}
    nodes = [lexicon.senses[word][0] for word in words]
    senses = {word: found for word, found in lexicon.senses.items() if word not in words}
    left = Knowledge(senses, lexicon.edges, lexicon.definitions)
    found = {}
    for name, relations in (("alone", "none"), ("smoothed", "is-a,related")):
        made = transform(table, "define", rows="concepts", lexicon=left, relations=relations)
        found[name] = _found_first(unit_rows(made.lookup(nodes)[0]), table, list(words.values()))
    names = (
        "WordNet, nodes",
        "Gasteiger et al. 2019",
        f"selfvec vectors define google.bin -o out.safetensors --lexicon {WORDNET} --rows concepts",
    )
    metric = f"a word taken from a concept is among its 10 nearest, {len(words)} words"
    baseline = "words and definition of the concept alone"
    yield compared(*names, metric, baseline, mean(found["alone"], SEED), mean(found["smoothed"], SEED))


def _kinds(lexicon: Knowledge) -> Iterator[Row]:
    """Nouns taken from the lexicon: whether one of the ten guesses is a kind above their first sense."""
    table = selfvec.load(GOOGLENEWS)
    chosen = [table.index_to_key[i] for i in _hidden_words(lexicon, table)]
    nouns = [word for word in chosen if lexicon.senses[word][0].startswith("n")][:QUERIES]
    senses = {word: found for word, found in lexicon.senses.items() if word not in set(nouns)}
    left = Knowledge(senses, lexicon.edges, lexicon.definitions)
    wanted = [
        {name for name, steps in lexicon.closure(word, node=lexicon.senses[word][0]).items() if steps == 1}
        for word in nouns
    ]
    times: dict[str, int] = {}
    for one in wanted:
        for name in one:
            times[name] = times.get(name, 0) + 1
    common = set(sorted(times, key=lambda name: (-times[name], name))[:10])
    guessed = [{name for name, _ in is_a(word, left, table)} for word in nouns]
    was = mean(np.array([bool(one & common) for one in wanted], float), SEED)
    now = mean(np.array([bool(one & two) for one, two in zip(wanted, guessed, strict=True)], float), SEED)
    names = (
        "WordNet, is-a of unknown words",
        "Snow et al. 2006",
        "selfvec.lab.transforms.nodes.is_a(word, lexicon, vectors)",
    )
    yield compared(
        *names,
        f"a direct hypernym among 10 candidates, {len(nouns)} hidden nouns",
        "the 10 most common",
        was,
        now,
    )


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
    made = transform(table, "retrofit", method="aspect", lexicon=Knowledge(edges=edges))
    unseen = {kind: pairs[~drawn[pairs].any(axis=1)] for kind, pairs in both.items()}
    unseen["synonym"] = np.random.default_rng(SEED).permutation(unseen["synonym"])[: len(unseen["antonym"])]
    pairs = np.concatenate(list(unseen.values()))
    label = np.repeat([1.0, 0.0], len(pairs) // 2)
    was, now = (
        spearman(
            np.einsum("ij,ij->i", one.unit[pairs[:, 0]], one.unit[pairs[:, 1]]).astype(float), label, SEED
        )
        for one in (table, made)
    )
    command = f"selfvec vectors retrofit google.bin -o out.safetensors --lexicon {WORDNET} --method aspect"
    names = ("WordNet, aspect", "Bar-Hillel et al. 2003", command)
    metric = f"cosine against synonym or antonym, Spearman, {len(pairs)} pairs of unseen words"
    yield compared(*names, metric, "GoogleNews", was, now)
    task = Similarity(PAIRS["SimLex-999"])
    found = figures({"before": table, "after": made}, task)
    metric = "SimLex-999, Spearman, common pairs"
    yield compared(*names, metric, "GoogleNews", found["before"], found["after"])
