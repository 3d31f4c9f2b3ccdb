"""`selfvec.evaluate` and ``selfvec evaluate``: rows, names, comparisons, sweeps and reports."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.commands import ran
from tests.html_pages import Html
from tests.lab.evaluation.conftest import PAIRS
from tests.refusals import refused
from tests.rows import normal_rows

import selfvec
from selfvec.base.errors import OptionError
from selfvec.files.report_page import page_html, page_markdown
from selfvec.lab.evaluation import Retrieval, Similarity
from selfvec.lab.evaluation.compared_vectors import ComparedVectors, distinct_names, truncated
from selfvec.lab.evaluation.report import Report, label
from selfvec.numerics.rows import unit_rows

TABLES = ("refined", "original", "plane.safetensors")


@pytest.fixture
def vectors_file(tmp_path: Path, plane: selfvec.Vectors) -> Path:
    selfvec.save(plane, tmp_path / "plane.safetensors")
    return tmp_path / "plane.safetensors"


def names_of(vectors, task) -> list[str]:
    return list(dict.fromkeys(row["vectors"] for row in selfvec.evaluate(vectors, [task]).rows))


def test_a_run_is_two_tables_and_a_file_is_one(run_folder: Path, vectors_file: Path, pairs: Path) -> None:
    task = Similarity(pairs)
    run = selfvec.open_run(run_folder)
    assert names_of(run_folder, task) == names_of(run, task) == ["refined", "original"]
    assert names_of([run_folder, vectors_file], task) == ["refined", "original", "plane.safetensors"]
    several = ["run/refined", "run/original", "run (2)/refined", "run (2)/original"]
    assert names_of([run, run], task) == several
    assert names_of({"mine": run_folder, "theirs": vectors_file}, task)[0] == "mine/refined"
    assert names_of(run.vectors, task) == ["vectors"]


def test_names_tell_paths_apart() -> None:
    assert distinct_names(["a/run", "b/run", "c/other"]) == ["a/run", "b/run", "other"]
    assert distinct_names(["x", "x"]) == ["x", "x (2)"]
    assert distinct_names(["a/w.tsv", "a/m.tsv", "b/m.tsv"], stem=True) == ["w", "a/m", "b/m"]
    assert distinct_names(["glove.6B.50d", "v.1/"], stem=True) == ["glove.6B.50d", "v.1"]


def test_every_pair_is_compared_on_the_same_items(run_folder: Path, write) -> None:
    words = selfvec.open_run(run_folder).vectors.index_to_key[:16]
    pairs = write("many.tsv", "".join(f"{a}\t{b}\t{len(a + b)}\n" for a in words for b in words if a < b))
    report = selfvec.evaluate(run_folder, [Similarity(pairs)], seed=3)
    refined, original = report.rows
    (apart,) = report.comparisons
    assert (apart["vectors_a"], apart["vectors_b"]) == ("refined", "original")
    assert apart["difference"] == pytest.approx(refined["value"] - original["value"])
    assert apart["low"] <= apart["high"]
    assert 0 < apart["p"] <= 1
    assert report.rows != selfvec.evaluate(run_folder, [Similarity(pairs)], seed=4).rows


def test_words_from_parts_are_turned_with_the_table() -> None:
    rows = normal_rows(20, 4, 1)
    names = [f"w{i}" for i in range(20)]
    extra = np.array([[1, 2, 3, 4]], np.float32)
    table = ComparedVectors(
        "t", selfvec.Vectors(names, rows, composer=lambda words: np.repeat(extra, len(words), axis=0))
    )
    cut = truncated(table, 4).vectors
    composed = cut.lookup(["new"])[0]
    np.testing.assert_allclose(
        unit_rows(composed) @ cut.unit.T, unit_rows(extra) @ unit_rows(rows).T, atol=1e-5
    )


def test_a_sweep_measures_every_table_again(run_folder: Path, pairs: Path) -> None:
    report = selfvec.evaluate(run_folder, [Similarity(pairs)], dimensions=[3, 10])
    sizes = [(row["vectors"], row["dimensions"], row["truncated"]) for row in report.rows]
    assert sizes[:2] == [("refined", 256, False), ("original", 256, False)]
    assert set(sizes[2:]) == {(name, n, True) for name in ("refined", "original") for n in (3, 10)}
    assert [row["dimensions"] for row in report.comparisons] == [None, 3, 10]
    refused(
        lambda: selfvec.evaluate(run_folder, [Similarity(pairs)], dimensions=[300]),
        OptionError,
        "256 dimensions, it cannot be cut to 300",
    )


def test_nothing_to_measure_is_told(plane: selfvec.Vectors, pairs: Path) -> None:
    refused(lambda: selfvec.evaluate(plane, []), OptionError, "nothing to measure")
    refused(lambda: selfvec.evaluate([], [Similarity(pairs)]), OptionError, "no vectors")
    for wrong in ({"tasks": 7}, {"tasks": "pairs"}, {"similarity": 7}, {"similarity": [7]}):
        refused(
            lambda: selfvec.evaluate(plane, **wrong), OptionError, f"{next(iter(wrong))}: .*not (int|str|7)"
        )
    refused(
        lambda: selfvec.evaluate(plane, [Similarity(pairs)], against=[7]), OptionError, "names of baselines"
    )


# ---- reports


def made(*rows: tuple[str, float, float, float]) -> Report:
    keys = {"task": "t", "kind": "similarity", "mode": None, "metric": "spearman", "n": 9, "covered": 0.5}
    filled = [
        dict(keys, vectors=v, value=x, low=a, high=b, dimensions=3, truncated=False) for v, x, a, b in rows
    ]
    return Report(filled)


HOSTILE = "<script>alert(1)</script>|`\x1b[31m"


def test_names_are_shown_not_obeyed() -> None:
    report = made((HOSTILE, 0.5, 0.4, 0.6))
    page = Html(page_html(report.page()))
    assert "script" not in page.texts
    assert "<script>alert(1)</script>" in page.text
    line = next(line for line in page_markdown(report.page()).splitlines() if "0.500" in line)
    assert line.replace("\\|", "").count("|") == 6
    assert "<script" not in line
    assert "\x1b" not in page_html(report.page()) + page_markdown(report.page())


def test_the_summary_counts_what_is_told_apart() -> None:
    same = {"dimensions": None, "vectors_a": "refined", "vectors_b": "original"}
    intervals = [(0.1, 0.2), (0.01, 0.3), (-0.2, -0.1), (-0.1, 0.1)]
    report = Report([], [dict(same, low=low, high=high) for low, high in intervals])
    expected = "refined against original: better in 2, worse in 1, not distinguishable in 1 of 4 figures"
    assert report.summary() == [expected]


def test_rows_are_named_by_mode(run_folder: Path, beir: Path, pairs: Path, tmp_path: Path) -> None:
    report = selfvec.evaluate(run_folder, [Retrieval(beir), Similarity(pairs)])
    table = report.figures()[0].table()
    (step,) = (column for column in table.columns if column.name == "more than the next")
    assert [bool(step.cell(row)) for row in table.rows] == [False, False, True, True, True, False]
    for figure in report.figures():
        names = [label(row) for row in figure.rows]
        assert len(set(names)) == len(names)
        for compared in figure.tables()[1:]:
            assert all(len(set(row["names"].split(" − "))) == 2 for row in compared.rows)
    pairs_of = [sentence.split(":")[0] for sentence in report.summary()]
    assert "refined, dense against refined, hybrid" in pairs_of
    assert "original, dense against refined, hybrid" in pairs_of
    assert "refined against original" in pairs_of  # similarity has no mode
    given = ["evaluate", run_folder, "--retrieval", beir]
    rows = ran([*given, "--against", "ppmi-svd", "glove", "--json"]).json["comparisons"]
    assert ("refined", "glove") in (compared := {(row["vectors_a"], row["vectors_b"]) for row in rows})
    assert ("ppmi-svd", "glove") not in compared  # baselines are compared with the first table only
    shown = ran(given).out
    for name in ("refined, dense", "refined, hybrid", "original, dense", "\nbm25 ", "more than the next"):
        assert name in shown


# ---- command line


def test_json_of_all_kinds(run_folder: Path, vectors_file: Path, pairs: Path, beir: Path, write) -> None:
    topics = write("topics/train.tsv", "a\thail storm\nb\tRome invoice\n" * 6).parent
    write("topics/test.tsv", "a\thail\nb\tinvoice\n" * 3)
    questions = write("q.txt", ": s\nhail storm wind roofs\nroofs wind storm hail\n")
    arguments = ["evaluate", run_folder, vectors_file, "--similarity", pairs, write("other.tsv", PAIRS)]
    arguments += ["--analogies", questions, "--retrieval", beir, "--classification", topics, "--shots", 3]
    output = ran([*arguments, "--json"])
    report = json.loads(output.out)
    assert output.err == ""
    modes = {(row["vectors"], row["mode"]) for row in report["rows"] if row["kind"] == "retrieval"}
    searched = {(name, "hybrid") for name in ("refined", "original", "original + topics")}
    assert modes == {("bm25", "bm25"), *searched, *((name, "dense") for name in TABLES)}
    found = {(row["kind"], row["task"], row["vectors"]) for row in report["rows"]}
    assert found == {
        *(("similarity", task, name) for task in ("pairs", "other") for name in TABLES),
        *(("analogy", "q", name) for name in TABLES),
        *(("retrieval", "storms", name) for name in (*TABLES, "original + topics", "bm25")),
        *(("classification", "topics", name) for name in TABLES),
    }
    assert report["settings"]["seed"] == 0
    assert {table["name"] for table in report["tables"]} == set(TABLES)


def test_a_table_on_the_terminal_and_a_report_in_a_file(
    run_folder: Path, pairs: Path, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for suffix in ("md", "html"):
        file = tmp_path / f"report.{suffix}"
        arguments = ["evaluate", run_folder, f"--similarity={pairs}", "--dimensions", "5", "--report", file]
        output = ran(arguments)
        for text in (output.out, file.read_text("utf-8")):
            assert "pairs, spearman" in text
            assert "refined, 5 dimensions" in text
            assert "refined against original" in " ".join(text.split())
        assert max(map(len, output.out.splitlines())) <= 80
        heads = " ".join(output.out.splitlines()[1:3])
        assert "known" not in heads  # both know the same pairs
        assert "common" in heads
        assert "covered" in heads


@pytest.mark.parametrize(
    "given",
    ["RUN --similarity P P", "RUN --similarity P --similarity P", "--similarity P P --json RUN",
     "--similarity P P -- RUN", "--similarity=P RUN --similarity P",
     "--similarity P --json RUN --similarity P"],
)  # fmt: skip
def test_a_flag_takes_all_that_follows(given: str, vectors_file: Path, pairs: Path) -> None:
    words = [{"RUN": str(vectors_file)}.get(w, w.replace("P", str(pairs))) for w in given.split()]
    rows = ran(["evaluate", "--json", *words]).json["rows"]
    assert [row["task"] for row in rows] == ["pairs", "pairs (2)"]
