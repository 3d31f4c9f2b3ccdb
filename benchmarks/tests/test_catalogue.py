"""Every benchmark is listed, asks a question, and imports names that exist; rows are kept and replaced."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.places import ROOT

from benchmarks import measured
from benchmarks.catalogue import all_benchmarks, find
from benchmarks.harness import Result, compared, read_results, write_results
from benchmarks.used_code import Code, parts_of


def test_every_benchmark_asks_one_question_and_is_listed_once() -> None:
    benchmarks = all_benchmarks()
    assert len({benchmark.question for benchmark in benchmarks}) == len(benchmarks)
    for benchmark in benchmarks:
        assert benchmark.question[-1] in "?.", benchmark
        assert benchmark.entries == {"run", "PAGES"} or len(benchmark.entries) == 1, benchmark
    listed = subprocess.run([sys.executable, "-m", "benchmarks"], capture_output=True, text=True, cwd=ROOT)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == [one.name for one in benchmarks]


def test_every_row_that_is_kept_belongs_to_a_benchmark() -> None:
    names = {benchmark.name for benchmark in all_benchmarks()}
    assert {f"speed.{name}" for name in read_results()} <= names


def test_a_benchmark_that_is_unknown_is_an_error() -> None:
    command = [sys.executable, "-m", "benchmarks", "speed.nothing"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "no benchmark is called 'speed.nothing'" in done.stderr


def test_rows_of_one_benchmark_replace_its_old_ones(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_results("counts", [Result("one", 1.0, "s"), Result("two", 2.0, "s")], path)
    write_results("text", [Result("three", 3.0, "s", "re", 1.5)], path)
    write_results("counts", [Result("one", 4.0, "s")], path)
    assert read_results(path) == {
        "counts": [Result("one", 4.0, "s")],
        "text": [Result("three", 3.0, "s", "re", 1.5)],
    }


def test_two_programs_are_run_in_turn_and_their_times_divided() -> None:
    order: list[str] = []
    row = compared("a", lambda: order.append("ours"), lambda: order.append("other"), "b", amount=2, repeat=2)
    assert order == ["ours", "other"] * 3  # the first two warm up
    assert row.other == "b"
    assert row.ratio is not None
    assert row.value > 0


@pytest.mark.parametrize(
    ("row", "target"),
    [
        (Result("a", 7.0, "s", "the target of 5 s", 5 / 7), "5 s, missed"),
        (Result("a", 4.0, "ms", "100 ms", 25.0), "100 ms"),
        (Result("a", 7.0, "s", "gensim", 3.5, "two threads; target ≥ 3"), "≥ 3"),
        (Result("a", 7.0, "s", "gensim", 2.5, "target ≥ 3"), "≥ 3, missed"),
        (Result("a", 11.0, "%", "the method named", 0.9, "target ≤ 10 %"), "≤ 10 %, missed"),
        (Result("a", 7.0, "s", "gensim", 0.5), ""),
    ],
)
def test_a_missed_target_is_named(row: Result, target: str) -> None:
    assert row.target == target


def test_a_table_older_than_a_constant_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfvec.refinement.spelling.RARITY", 1)
    current = measured.today("quality.oov", ["PAGES"])
    monkeypatch.setattr(measured, "noted", lambda: {"oov.md#alone": {**current["oov.md#alone"], **OLD}})
    (only,) = measured.stale(current)
    assert only == "oov.md#alone: since it was measured, selfvec.refinement.spelling changed"


OLD = {"refinement.spelling": "0"}


BENCHMARK = """
from benchmarks.data import SIZES, unused
from benchmarks.page import table
PAGES = {"a.md": {"rows": lambda: rows(3), "other": other}}
def rows(number):
    return table(SIZES[:number])
def other():
    return unused()
"""
DATA = """
SIZES = [1, 2, least()]
def least():
    return 7
def unused():
    return 1
"""


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ("return table(", "return table (  # as Markdown\n        ", True),
        ("def rows(number):", 'def rows(number: int) -> str:\n    """A table."""', True),
        ("PAGES =", "import os\nOTHER = 3\nPAGES =", True),
        ("return unused()", "return 2", True),
        ("return 1", "return 2", True),  # of what only another part uses
        ("rows(3)", "rows(4)", False),
        ("[:number]", "[number:]", False),
        ("[1, 2,", "[1, 3,", False),
        ("return 7", "return 8", False),  # two modules away
    ],
)
def test_a_table_is_old_if_code_that_it_runs_has_changed(before: str, after: str, is_same: bool) -> None:
    def digest(sources: dict[str, str]) -> str:
        code = Code(lambda path: sources.get(path, ""))
        return code.digest("benchmarks.one", parts_of("benchmarks.one", code)["a.md", "rows"])

    files = {"benchmarks/one.py": BENCHMARK, "benchmarks/data.py": DATA}
    changed = {path: source.replace(before, after) for path, source in files.items()}
    assert changed != files
    assert (digest(files) == digest(changed)) is is_same


def test_every_benchmark_of_quality_says_what_it_rests_on() -> None:
    pages = {one.key for one in find("quality") if "PAGES" in one.entries}
    assert pages == set(measured.RESTS_ON)
