"""Measured figures in hand-written text are those of the benchmarks, and none is typed by hand."""

import difflib
import json
import re
from pathlib import Path

import pytest
from benchmarks.catalogue import FOLDERS, all_benchmarks, rates
from benchmarks.figures import PAGES, ROOT, look_up, main, prose, refill, typed_by_hand, typeset, wrong_units
from benchmarks.harness import machines, read_results
from benchmarks.page import RESULTS, generated
from benchmarks.readme_picture import PICTURE, bars
from benchmarks.vectors import sections


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_figures_are_those_of_the_benchmarks(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    changed = "\n".join(difflib.unified_diff(text.splitlines(), refill(text).splitlines(), lineterm="", n=0))
    assert not changed, f"run `python -m benchmarks.figures`:\n{changed}"
    assert list(wrong_units(text)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_measured_figure_is_typed_by_hand(page: Path) -> None:
    found = [f"{page.name}:{line}: {figure}" for line, figure in typed_by_hand(prose(page))]
    assert not found, "name the source of each figure, as CONTRIBUTING.md says under Figures:\n" + "\n".join(
        found
    )


def test_the_picture_of_the_readme_shows_the_figures_of_the_benchmarks() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert [row for row in bars() if f"{row['panel']}, {row['method']}: {row['text']}" not in picture] == []


@pytest.mark.parametrize(
    "text",
    [
        "It takes 5.66 s.",
        "It takes 43 ms, and 2 minutes on another machine.",
        "The peak is 139 MB.",
        "Two cores read 9 million words a second, or 4,142 questions/s.",
        "It is 12 % slower, and 14 times as fast as before, or 14×.",
        "Spearman's correlation rises to .62.",
        "It rises by +0.17 (interval +0.03 to +0.38).",
        "| words | seconds |\n|---|---:|\n| many | 72 |",
        "The time was = 5.66 s.",
    ],
)
def test_a_typed_figure_is_found(text: str) -> None:
    assert list(typed_by_hand(text))


@pytest.mark.parametrize(
    "text",
    [
        "It takes 5.66<!--= PubMed, raw gz to run folder --> s.",
        "The paper reports .56<!--= cited: arXiv 2504.14808 -->.",
        "BM25 (k1 = 1.2, b = 0.75) and words with q ≤ .05 and (cosine − 0.2) / 0.8",
        "A document of more than 64 MiB is refused; at most 256 times the size is unpacked.",
        "Each has a 95 % interval. Python 3.11 to 3.13 and sentence-transformers 3.2.0 to 6.2.0.",
        "A run of 2,000 documents, a window of 41.",
    ],
)
def test_sizes_limits_formulas_and_versions_may_be_typed(text: str) -> None:
    assert list(typed_by_hand(text)) == []


@pytest.mark.parametrize(
    ("number", "like", "written"),
    [(0.6284, ".62", ".63"), (4141.6, "4,700", "4,142"), (18.4, "9", "18"), (0.5, "0.43", "0.50")],
)
def test_a_value_is_written_in_the_form_of_the_old_one(number: float, like: str, written: str) -> None:
    assert typeset(number, like) == written


def test_a_figure_can_name_a_cell_of_a_generated_table() -> None:
    name = "gains#similarity; GoogleNews, 26,423 words; refined; UMNSRS"
    assert 0.5 < (look_up(name) or 0) < 1
    assert refill(f"**.1<!--= {name} -->**") == f"**{look_up(name):.1f}<!--= {name} -->**".replace(
        "*0.", "*."
    )


@pytest.mark.parametrize("name", ["no such benchmark", "gains#similarity; refined; UMNSRS", "vectors#x; y"])
def test_a_name_that_fits_nothing_or_several_rows_is_an_error(name: str) -> None:
    with pytest.raises(LookupError):
        look_up(name)


def test_pages_are_refilled_in_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("It takes 0.00<!--= PubMed, raw gz to run folder --> s.\n", encoding="utf-8")
    assert main([page]) == 0
    seconds = look_up("PubMed, raw gz to run folder")
    expected = f"It takes {seconds:.2f}<!--= PubMed, raw gz to run folder --> s.\n"
    assert page.read_text(encoding="utf-8") == expected


def test_a_figure_may_be_a_link_to_its_table_whose_title_is_the_source() -> None:
    link = '[whole]: docs/results/speed.md "PubMed, raw gz to run folder"'
    filled = f"It takes [{look_up('PubMed, raw gz to run folder'):.1f}][whole] s.\n\n{link}\n"
    assert refill(f"It takes [0.0][whole] s.\n\n{link}\n") == filled
    assert list(typed_by_hand(filled)) == []
    with pytest.raises(LookupError, match="is the source of"):
        refill("It takes [0.0][whole] s.")


def test_a_figure_with_another_unit_is_found() -> None:
    name = "<!--= PubMed, raw gz to run folder -->"
    assert list(wrong_units(f"It takes 5.66{name} s.")) == []
    assert list(wrong_units(f"It takes 5.66{name} ms."))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_only_pages_of_results_have_generated_parts(page: Path) -> None:
    parts = re.findall(r"<!-- generated:([\w-]+) -->", page.read_text(encoding="utf-8"))
    if parts and page.name != "CONTRIBUTING.md":
        assert page.parent == RESULTS
        scripts = [path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").rglob("*.py")]
        assert any(f'"{page.name}"' in script for script in scripts), "no benchmark writes this page"
        for part in parts:
            assert part in generated(page.read_text(encoding="utf-8"))
            named = f'"{part}"' if not part.startswith("soak-") else 'f"soak-'
            assert any(named in script for script in scripts), f"no benchmark writes the part {part}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent == RESULTS], ids=lambda page: page.name
)
def test_a_page_of_results_names_the_command_that_writes_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    before = " ".join(text.partition("<!-- generated:")[0].split())
    if "<!-- generated:" in text:
        named = re.findall(r"`(?:make (\w+)|python -m benchmarks ([\w.]+))", before)
        assert named, "the page names no command"
        known = {"", *FOLDERS, *(benchmark.name for benchmark in all_benchmarks())}
        assert {name for _, name in named} <= known


@pytest.mark.parametrize("page", sorted(RESULTS.glob("*.md")), ids=lambda page: page.name)
def test_figures_of_retrieval_name_their_protocol(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "nDCG" not in text or "](protocols.md)" in text or page.name == "protocols.md"


BUILT_IN = "the built-in vectors"


@pytest.mark.parametrize(
    "names",
    [
        (
            f"gains#retrieval; {BUILT_IN}; refined; MED",
            f"auto#summary; MED; {BUILT_IN}; decorrelated",
            "encoders#quality; the default, documents smoothed; MED",
            "evaluation#smoothing; 10, 0.5; MED",
            "concepts#retrieval; dense, words; MED",
        ),
        (f"gains#retrieval; {BUILT_IN}; original; MED", f"auto#summary; MED; {BUILT_IN}; original"),
        (f"gains#retrieval; {BUILT_IN}; original; mean", f"online#given; {BUILT_IN}; original; retrieval"),
        (f"gains#retrieval; {BUILT_IN}; refined; mean", "search#answers; refined, dense; nDCG@10"),
        ("search#answers; refined, hybrid; nDCG@10", "concepts#retrieval; hybrid, words; mean"),
        (
            "concepts#retrieval; hybrid, words; MED",
            "search#shares; MED; hybrid",
            "search#steps; as it is; MED",
        ),
        ("encoders#quality; BM25, stems; mean", "evaluation#rm3; BM25; mean"),
    ],
)
def test_figures_of_one_protocol_agree(names: tuple[str, ...]) -> None:
    assert len({look_up(name) for name in names}) == 1


def test_the_page_of_methods_has_the_rows_that_are_kept() -> None:
    written = generated((RESULTS / "vectors.md").read_text(encoding="utf-8"))["field"]
    kept = json.loads(sections.RESULTS.read_text(encoding="utf-8"))
    assert written.strip() == sections.body(kept).strip()


def test_the_page_of_speed_has_the_figures_that_are_kept() -> None:
    written = generated((RESULTS / "speed.md").read_text(encoding="utf-8"))["bench"]
    assert written.strip() == rates(read_results(), machines())
