"""Several settings of search, compared on the same questions."""

import re
from pathlib import Path

import pytest
from tests.places import SHARED_DATA

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.lab.evaluation import Judgements
from selfvec.lab.evaluation.collection import METRICS, read_collection
from selfvec.retrieval import MODES

LONG = " ".join(f"On day {n} the baker baked bread and sold it." for n in range(40))


@pytest.fixture(scope="module")
def run() -> Run:
    texts = ["hail broke the roof", "the river rose over the road", f"{LONG} Then a zeppelin landed.", LONG]
    rows = [{"id": f"r{i}", "text": f"{text}, said {i}"} for i, text in enumerate(texts * 5)]
    return selfvec.refine(rows, method="decorrelated")


@pytest.fixture
def questions(write) -> Path:
    return write("own.csv", "question,id\nzeppelin,r2\nhail on roofs,r0\nflooded roads,r1\n")


def test_a_row_for_each_combination_and_metric(run: Run, questions: Path) -> None:
    given = ["mode=bm25,hybrid,dense", "passage_words=40,200", "overlap=10"]
    report = selfvec.evaluate(run, questions=questions, try_=given)
    named = [
        f"{mode}, passage_words={words}, overlap=10"
        for mode in ("bm25", "hybrid", "dense")
        for words in (40, 200)
    ]
    assert [row["mode"] for row in report.rows] == [name for name in named for _ in METRICS]
    assert {row["vectors"] for row in report.rows} == {"refined"}
    assert {row["mode_a"] for row in report.comparisons} == {named[0]}
    assert [row["mode_b"] for row in report.comparisons] == named[1:] * len(METRICS)
    values = {(row["mode"], row["metric"]): row["value"] for row in report.rows}
    for row in report.comparisons:
        difference = values[row["mode_a"], row["metric"]] - values[row["mode_b"], row["metric"]]
        assert row["difference"] == pytest.approx(difference)
        assert row["low"] <= row["difference"] <= row["high"]


def search_finds(run: Run, questions: dict[str, str], mode: str) -> list[list[str]]:
    """The ids that search finds, copies behind the document that names them."""
    found = (selfvec.search(run, text, top=100, mode=mode) for text in questions.values())
    return [[name for hit in one.hits for name in (hit.id, *hit.alike)][:100] for one in found]


SIGNS = {
    "plain": "hail on roofs",
    "quoted": 'a "zeppelin landed" on the road',
    "only a phrase": '"river rose"',
    "avoided": "hail -river, roofs NOT bread",
    "demanded": '+"hail broke" roof',
    "stop words": "on the",
    "unknown": "xylophone",
}


@pytest.mark.parametrize("mode", MODES)
def test_search_finds_what_evaluate_measures(run: Run, mode: str) -> None:
    """Each document is judged by another gain, so that no other order has the same figures."""
    texts = dict(zip(run.text.names(), run.text.texts(), strict=True))
    gains = {question: {name: 1.0 + i for i, name in enumerate(texts)} for question in SIGNS}
    task = Judgements(judged=gains, queries=SIGNS, documents=texts)
    places = {name: number for number, name in enumerate(texts)}
    found = [[places[name] for name in names] for names in search_finds(run, SIGNS, mode)]
    rows = selfvec.evaluate(run, task, try_=f"mode={mode}").rows
    for row, values in zip(rows, task.read([]).scores(found).values(), strict=True):
        assert row["value"] == values.mean()


COLLECTIONS = SHARED_DATA / "retrieval"
READ = 250  # documents of each: whether figures are equal does not depend on more


@pytest.mark.soak
@pytest.mark.skipif(not COLLECTIONS.is_dir(), reason="shared/data/retrieval is not beside this checkout")
@pytest.mark.parametrize("name", ["cran", "cacm", "covidfaq"])  # some of their questions have signs
def test_search_finds_what_evaluate_measures_on_judged_collections(name: str) -> None:
    collection = read_collection(COLLECTIONS / name)
    texts = {str(number): text for number, text in enumerate(collection.documents[:READ])}
    rows = [{"id": id, "text": text} for id, text in texts.items()]
    run = selfvec.refine(rows, method="decorrelated")
    signed = [n for n, text in enumerate(collection.queries) if re.search('["\u201c]|(?<!\\S)-\\w', text)]
    questions = {str(n): collection.queries[n] for n in [*signed, 0, 1]}
    gains = {id: {document: 1.0 + int(document) for document in texts} for id in questions}
    found = search_finds(run, questions, "hybrid")
    assert all(len(names) == min(100, len(texts)) for names in found)  # no sign is a condition
    task = Judgements(judged=gains, queries=questions, documents=texts)
    row = selfvec.evaluate(run, task, try_="mode=hybrid").rows[0]
    scores = task.read([]).scores([[int(id) for id in names] for names in found])
    assert row["value"] == scores["ndcg@10"].mean()


def test_passages_of_another_length_are_other_settings(run: Run, questions: Path) -> None:
    small = selfvec.evaluate(run, questions=questions, try_=["passage_words=20", "overlap=0"])
    assert [row["mode"] for row in small.rows] == ["hybrid, passage_words=20, overlap=0"] * 3


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["mod=bm25"], "did you mean mode?"),
        (["mode=bm26"], "did you mean bm25?"),
        (["mode"], "mode is one of hybrid, bm25, dense, not ''"),
        (["passage_words=ten"], "passage_words is a whole number of at least 20, not 'ten'"),
        (["passage_words=40", "overlap=10,30"], "overlap is at most half of a passage, 20 words, not 30"),
    ],
)
def test_settings_that_search_does_not_have_are_refused(run: Run, questions: Path, given, said: str) -> None:
    with pytest.raises(OptionError) as error:
        selfvec.evaluate(run, questions=questions, try_=given)
    assert said in str(error.value)
    assert error.value.message(flags=True).startswith("--try: ")


def test_settings_need_a_search_and_a_run(run: Run, beir: Path) -> None:
    with pytest.raises(OptionError, match="which questions and retrieval measure"):
        selfvec.evaluate(run, bias=True, try_="mode=bm25")
    with pytest.raises(OptionError, match="needs a run"):
        selfvec.evaluate(run.vectors, retrieval=beir, try_="mode=bm25")
