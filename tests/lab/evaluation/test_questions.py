"""Questions about the documents of a run, from a CSV of questions and ids."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.files.report_page import page_html
from selfvec.lab.evaluation import Questions
from selfvec.lab.evaluation.report import comparison_result

TEXTS = {
    "a": "Hail broke the roof of the old mill.",
    "b": "The baker bakes bread every morning.",
    "c": "A river rose over its banks, and the road was closed.",
    "d": "The choir sang in the church on Sunday.",
}


@pytest.fixture(scope="module")
def run_folder(own: Path) -> Path:
    rows = [json.dumps({"id": name, "text": text}) for name, text in TEXTS.items()]
    (own / "texts.jsonl").write_text("\n".join(rows), "utf-8")
    given = ["refine", str(own / "texts.jsonl"), "-o", str(own / "run"), "--vectors", "none"]
    ran([*given, "--method", "original"])
    return own / "run"


def test_the_right_document_is_found_first(run_folder: Path, write) -> None:
    path = write(
        "questions.csv", 'question,id\n"bread, every morning",b\nriver over the road,c\n\nchoir,d\nchoir,a\n'
    )
    rows = ran(["evaluate", run_folder, "--questions", path, "--json"]).json["rows"]
    found = {(row["mode"], row["metric"]): row for row in rows if row["vectors"] in ("refined", "bm25")}
    assert found["bm25", "mrr@10"]["value"] == 1
    assert found["bm25", "recall@100"]["value"] == pytest.approx((1 + 1 + 0.5) / 3)
    assert found["hybrid", "mrr@10"]["n"] == 3
    assert found["bm25", "mrr@10"]["kind"] == "retrieval"


@pytest.mark.parametrize(("times", "p"), [(1, 1.0), (5, 2 * 0.5**5), (6, 2 * 0.5**6)])
def test_few_questions_tell_no_difference(run_folder: Path, write, times: int, p: float) -> None:
    """All resamples of questions that are answered alike are alike: one question is not certainty.

    Six that one answers and the other does not are those of a fair coin once in 32 times.
    """
    path = write("questions.csv", "question,id\n" + "".join(f'"the river, {n}",c\n' for n in range(times)))
    lost = selfvec.Vectors(["roof"], np.ones((1, 2), np.float32))
    report = selfvec.evaluate({"run": run_folder}, [Questions(path)], against={"lost": lost})
    (row,) = [
        row
        for row in report.comparisons
        if (row["vectors_b"], row["mode_a"], row["mode_b"], row["metric"])
        == ("lost", "dense", "dense", "mrr@10")
    ]
    assert (row["difference"], row["p"]) == (1, pytest.approx(p))
    unlike = 1 - 0.025 ** (1 / times)  # the largest likely share of questions that would end the other way
    assert (row["low"], row["high"]) == pytest.approx((1 - 2 * unlike, 1))
    assert (row["low"] > 0) == (times >= 6)
    assert comparison_result(row) == ("better" if times >= 6 else "not distinguishable")
    assert any("too few for an interval" in note for note in report.notes()) == (times < 6)


def test_other_names_of_columns_and_tabs(run_folder: Path, write) -> None:
    path = write("questions.tsv", "doc_id\tquery\nb\tbread\nzz\triver\n")
    report = selfvec.evaluate(run_folder, [Questions(path)])
    assert {row["missing"] for row in report.rows} == {1}
    note, few = report.as_dict()["notes"]
    assert (
        few == "questions: 2 items are too few for an interval, or to tell a difference; it takes 6 or more"
    )
    assert note.startswith("questions: 1 of 2 judged ids are not among the documents, such as 'zz';")
    assert note in page_html(report.page()).replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("question,text\nx,y\n", "no column 'id'"),
        ("question,id\nx\n", "2 fields"),
        ("question,id\n,b\n", "'question': is empty"),
        ("question,id\nx,nowhere\n", "the run lacks these documents"),
        ("", "no column 'question'"),
        ('question,id\n"bread,b\nriver" x,a\n', "csv:2: .*close the quote"),
        ('question,id\nbread,b\n"a "long" river",a\n', "csv:3: .*double it"),
    ],
)
def test_mistakes_name_the_file_and_the_line(run_folder: Path, write, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        selfvec.evaluate(run_folder, [Questions(write("questions.csv", text))])
    assert "questions.csv" in str(error.value)


def test_a_table_has_no_documents(write, run_folder: Path) -> None:
    path = write("questions.csv", "question,id\nbread,b\n")
    with pytest.raises(OptionError, match="no run was given"):
        selfvec.evaluate(selfvec.open_run(run_folder).vectors, [Questions(path)])
