"""Measured figures in hand-written text are those of the benchmarks; none is typed by hand or out of date.

How pages are made is tested in benchmarks/tests.
"""

import difflib
import re
from pathlib import Path

import pytest
from benchmarks import measured
from benchmarks.catalogue import FOLDERS, all_benchmarks, rates, tables
from benchmarks.figures import PAGES, ROOT, look_up, prose, refill, typed_by_hand, wrong_units
from benchmarks.harness import machines, read_results
from benchmarks.page import RESULTS, generated


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_figures_are_those_of_the_benchmarks(page: Path) -> None:
    text = page.read_text("utf-8")
    changed = "\n".join(difflib.unified_diff(text.splitlines(), refill(text).splitlines(), lineterm="", n=0))
    assert not changed, f"run `python -m benchmarks.figures`:\n{changed}"
    assert list(wrong_units(text)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_measured_figure_is_typed_by_hand(page: Path) -> None:
    found = [f"{page.name}:{line}: {figure}" for line, figure in typed_by_hand(prose(page))]
    assert not found, "name the source of each figure, as CONTRIBUTING.md says under Figures:\n" + "\n".join(
        found
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_only_pages_of_results_have_generated_parts(page: Path) -> None:
    parts = re.findall(r"<!-- generated:([\w-]+) -->", page.read_text("utf-8"))
    if parts and page.name != "CONTRIBUTING.md":
        assert page.parent == RESULTS
        scripts = [path.read_text("utf-8") for path in (ROOT / "benchmarks").rglob("*.py")]
        assert any(f'"{page.name}"' in script for script in scripts), "no benchmark writes this page"
        for part in parts:
            assert part in generated(page.read_text("utf-8"))
            named = f'"{part}"' if not part.startswith("soak-") else 'f"soak-'
            assert any(named in script for script in scripts), f"no benchmark writes the part {part}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent == RESULTS], ids=lambda page: page.name
)
def test_a_page_of_results_names_the_command_that_writes_it(page: Path) -> None:
    text = page.read_text("utf-8")
    before = " ".join(text.partition("<!-- generated:")[0].split())
    if "<!-- generated:" in text:
        named = re.findall(r"`(?:make (\w+)|python -m benchmarks ([\w.]+))", before)
        assert named, "the page names no command"
        known = {"", *FOLDERS, *(benchmark.name for benchmark in all_benchmarks())}
        assert {name for _, name in named} <= known


@pytest.mark.parametrize("page", sorted(RESULTS.glob("*.md")), ids=lambda page: page.name)
def test_figures_of_retrieval_name_their_protocol(page: Path) -> None:
    text = page.read_text("utf-8")
    assert "nDCG" not in text or "](protocols.md)" in text or page.name == "protocols.md"


BUILT_IN = "the built-in vectors"


@pytest.mark.parametrize(
    "names",
    [
        (
            f"gains#retrieval; {BUILT_IN}; refined; MED",
            f"auto#summary; MED; {BUILT_IN}; decorrelated",
            "encoders#quality; the default, documents smoothed; MED",
        ),
        (f"gains#retrieval; {BUILT_IN}; original; MED", f"auto#summary; MED; {BUILT_IN}; original"),
        (f"gains#retrieval; {BUILT_IN}; original; mean", f"online#given; {BUILT_IN}; original; retrieval"),
        (f"gains#retrieval; {BUILT_IN}; original; MED", "baselines#tuned; initial vectors; MED"),
        ("baselines#fusion; BM25; MED", "baselines#hybrids; BM25; MED"),
        ("encoders#quality; BM25, stems; mean", "baselines#retrieval; bm25; mean"),
    ],
)
def test_figures_of_one_protocol_agree(names: tuple[str, ...]) -> None:
    """Those of older tables, which their pages name, may differ."""
    older = {name.replace(".md#", "#") for name, then in measured.noted().items() if measured.BEFORE in then}
    assert len({look_up(name) for name in names if name.partition(";")[0] not in older}) <= 1


def test_the_page_of_speed_has_the_figures_that_are_kept() -> None:
    written = generated((RESULTS / "speed.md").read_text("utf-8"))["bench"]
    assert written.strip() == rates(read_results(), machines())


def test_no_table_is_older_than_its_benchmark_or_a_constant_that_it_rests_on() -> None:
    today, notes = tables(), measured.noted()
    assert list(measured.stale(today)) == []
    assert set(notes) == set(today)  # every table that is kept has a note


def test_the_older_tables_are_listed() -> None:
    notes = measured.noted()
    assert measured.made_before(notes) in (ROOT / "docs/results/index.md").read_text("utf-8")
    for page, parts in measured.older(notes).items():
        assert measured.older_on_page(parts) in (RESULTS / page).read_text("utf-8")
