"""Reports: the same result as a page, as Markdown, and as rows."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from tests.commands import called, ran

from selfvec.base.errors import OptionError
from selfvec.base.view import Column, Table, View, columns_of
from selfvec.files.report_page import PAGES, check_report, save_page
from selfvec.files.report_page import ROWS as TABLES

SUFFIXES = PAGES + TABLES

ROWS = [{"word": "<b>hail</b>", "q": 0.01, "gained": ["a|b", "c"]}, {"word": "rain", "q": None, "gained": []}]


def rows_page(rows: list[dict[str, object]]) -> View:
    return View("Words", [Table(columns_of(rows), rows)], records=rows)


def test_a_page_escapes_what_comes_from_a_text(tmp_path: Path) -> None:
    page = View(
        "A & B",
        ["<script>", Table([Column("word"), Column("x")], [{"word": "<img>", "x": "1.5"}], "One")],
        records=ROWS,
    )
    save_page(page, tmp_path / "a.html")
    html = (tmp_path / "a.html").read_text("utf-8")
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;img&gt;" in html
    assert '<td class="figure">1.5</td>' in html
    save_page(rows_page(ROWS), tmp_path / "a.md")
    assert "a\\|b" in (tmp_path / "a.md").read_text("utf-8")
    assert "<b>" not in (tmp_path / "a.md").read_text("utf-8")


def test_rows_keep_their_values_as_csv_and_parquet(tmp_path: Path) -> None:
    save_page(rows_page(ROWS), tmp_path / "a.parquet")
    save_page(rows_page(ROWS), tmp_path / "a.csv")
    assert pl.read_parquet(tmp_path / "a.parquet").to_dicts() == ROWS
    assert pl.read_csv(tmp_path / "a.csv").to_dicts()[0] == ROWS[0] | {"gained": "a|b, c"}
    save_page(rows_page([]), tmp_path / "none.csv")
    assert (tmp_path / "none.csv").exists()


def test_no_text_of_a_csv_is_a_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    starts = ["=", "+", "-", "@", "\t", "\r"]
    rows = [{"id": f"{one}1+1", "near": [f"{one}x", "y"], "q": -0.3} for one in starts]
    save_page(rows_page(rows), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.reader(file))[1:]
    assert cells == [[f"'{one}1+1", f"'{one}x, y", "-0.3"] for one in starts]
    assert pl.read_csv(tmp_path / "a.csv").schema["q"] == pl.Float64
    assert '"\'=1+1"' in (tmp_path / "a.csv").read_text("utf-8")
    save_page(rows_page(rows), tmp_path / "a.parquet")
    assert pl.read_parquet(tmp_path / "a.parquet")["id"].to_list() == [f"{one}1+1" for one in starts]


@pytest.mark.parametrize("suffix", PAGES)
def test_no_control_character_reaches_a_page(suffix: str, tmp_path: Path) -> None:
    hostile = "a\x1b[31m\x9b\u202e"
    page = View(hostile, [hostile, Table([Column("x", hostile)], [{"x": hostile}], hostile)], notes=[hostile])
    save_page(page, tmp_path / f"a{suffix}")
    assert set("\x1b\x9b\u202e").isdisjoint((tmp_path / f"a{suffix}").read_text("utf-8"))


def test_another_suffix_is_refused_before_work_is_done() -> None:
    with pytest.raises(OptionError, match=r"\.html, \.md, \.csv, \.parquet"):
        check_report("report.pdf")


@pytest.fixture(scope="module")
def run(own: Path, storms: list[str]) -> str:
    text, run = own / "storms.txt", str(own / "run")
    text.write_text("\n".join(storms) + "\n", "utf-8")
    ran(["refine", text, "-o", run, "--vectors", "none", "--method", "decorrelated"])
    return run


COMMANDS = {  # the arguments after the run, a column, and where the JSON has the rows
    "search": (["hail on roofs"], "snippet", "hits"),
    "phrases": (["--min-count", "2"], "term", "rows"),
    "topics": (["--number", "2", "--min-count", "2"], "name", "rows"),
    "concordance": (["hail"], "word", "rows"),
    "collocates": (["hail"], "word", "rows"),
    "frequency": ([], "word", "rows"),
    "ngrams": ([], "ngram", "rows"),
    "drift": ([], "word", "rows"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_with_rows_writes_them(command: str, run: str, tmp_path: Path) -> None:
    more, column, place = COMMANDS[command]
    files = [tmp_path / f"out{suffix}" for suffix in SUFFIXES]
    for file in files:
        printed = ran([*called(command), run, *more, "--report", file, "--json"])
        assert f"wrote {file}" in printed.err
    rows = json.loads(printed.out)[place]
    html, markdown, csv, parquet = files
    table, whole = pl.read_csv(csv), pl.read_parquet(parquet)
    assert table.height == whole.height > 0
    assert len(rows) == whole.height
    assert table[column].to_list() == whole[column].to_list()
    if command in ("search", "topics"):  # paragraphs
        return
    header = {"phrases": "phrase"}.get(command, column)
    assert f"| {header} |" in markdown.read_text("utf-8")
    assert f">{header}</th>" in html.read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_report_of_another_kind_is_refused_before_the_run_is_opened(command: str) -> None:
    given = [*called(command), "no-such-run", *COMMANDS[command][0], "--report", "report.pdf"]
    assert "report.pdf" in ran(given, 2).err


def test_figures_of_an_evaluation_are_rows(run: str, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("hail\train\t3\nhail\troof\t1\nrain\twind\t2\n", "utf-8")
    report = tmp_path / "figures.parquet"
    rows = ran(["evaluate", run, "--similarity", pairs, "--report", report, "--json"]).json["rows"]
    assert pl.read_parquet(report).select("vectors", "task", "value").to_dicts() == [
        {key: row[key] for key in ("vectors", "task", "value")} for row in rows
    ]
