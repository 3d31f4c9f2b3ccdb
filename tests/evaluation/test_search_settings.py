"""Several settings of search, compared on the same questions."""

from pathlib import Path

import pytest
from tests.evaluation.conftest import write_collection

import selfvec
from selfvec.base.errors import OptionError
from selfvec.data.run import Run
from selfvec.evaluation.collection import read_collection
from selfvec.evaluation.ranking_metrics import METRICS
from selfvec.evaluation.rankings import SearchSetting, search_rankings

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


def test_the_figures_are_those_of_search(run: Run, tmp_path: Path) -> None:
    documents = {f"r{i}": text for i, text in enumerate(run.text.texts())}
    write_collection(tmp_path, documents, {"q": "a zeppelin landed, said 14"}, [("q", "r14", 1)])
    report = selfvec.evaluate(run, retrieval=tmp_path, try_="mode=hybrid,bm25")
    collection = read_collection(tmp_path)
    hybrid = collection.scores(search_rankings(collection, run, {"hybrid": SearchSetting()})["hybrid"])
    assert [row["value"] for row in report.rows[:3]] == [values.mean() for values in hybrid.values()]
    small = selfvec.evaluate(run, retrieval=tmp_path, try_=["passage_words=20", "overlap=0"])
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
