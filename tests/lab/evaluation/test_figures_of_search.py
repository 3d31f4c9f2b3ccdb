"""What `evaluate` measures of a run's search is what `search` finds."""

import re
from pathlib import Path

import pytest
from tests.lab.evaluation.conftest import write_collection
from tests.places import SHARED_DATA

import selfvec
from selfvec.data.run import Run
from selfvec.lab.evaluation.retrieval import read_collection

LONG = " ".join(f"On day {n} the baker baked bread and sold it." for n in range(40))
SIGNS = {
    "plain": "hail on roofs",
    "quoted": 'a "zeppelin landed" on the road',
    "only a phrase": '"river rose"',
    "avoided": "hail -river, roofs NOT bread",
    "demanded": '+"hail broke" roof',
    "stop words": "on the",
    "unknown": "xylophone",
}


def assert_measured_as_found(run: Run, questions: dict[str, str], folder: Path) -> None:
    """Each document is judged by another gain, so that no other order has the same figures."""
    assert run.text is not None
    names = list(run.text.names())
    texts = dict(zip(names, run.text.texts(), strict=True))
    judged = [(question, name, 1 + i) for question in questions for i, name in enumerate(names)]
    collection = write_collection(folder, texts, questions, judged)
    found = [
        selfvec.search(run, text, top=100).hits for text in questions.values()
    ]  # copies name their first
    rankings = [[names.index(x) for hit in hits for x in (hit.id, *hit.alike)][:100] for hits in found]
    figures = read_collection(collection).scores(rankings)
    rows = selfvec.evaluate(run, retrieval=collection).rows
    searched = [row for row in rows if (row["vectors"], row["mode"]) == ("refined", "hybrid")]
    measured = {row["metric"]: row["value"] for row in searched}
    assert measured == {name: values.mean() for name, values in figures.items()}


def test_search_finds_what_evaluate_measures(tmp_path: Path) -> None:
    texts = ["hail broke the roof", "the river rose over the road", f"{LONG} Then a zeppelin landed.", LONG]
    rows = [{"id": f"r{i}", "text": f"{text}, said {i}"} for i, text in enumerate(texts * 5)]
    run = selfvec.refine(rows, method="decorrelated")
    assert_measured_as_found(run.present, SIGNS, tmp_path)


COLLECTIONS = SHARED_DATA / "retrieval"
READ = 250  # documents of each: whether figures are equal does not depend on more


@pytest.mark.soak
@pytest.mark.skipif(not COLLECTIONS.is_dir(), reason="shared/data/retrieval is not beside this checkout")
@pytest.mark.parametrize("name", ["cran", "cacm", "covidfaq"])  # some of their questions have signs
def test_search_finds_what_evaluate_measures_on_judged_collections(name: str, tmp_path: Path) -> None:
    collection = read_collection(COLLECTIONS / name)
    rows = [{"id": f"d{number}", "text": text} for number, text in enumerate(collection.documents[:READ])]
    run = selfvec.refine(rows, method="decorrelated")
    signed = [n for n, text in enumerate(collection.queries) if re.search('["\u201c]|(?<!\\S)-\\w', text)]
    questions = {f"q{n}": collection.queries[n] for n in [*signed, 0, 1]}
    assert_measured_as_found(run.present, questions, tmp_path)
