"""How figures in hand-written text are found, looked up and written."""

from pathlib import Path

import pytest

from benchmarks.figures import look_up, main, refill, typed_by_hand, typeset, wrong_units
from benchmarks.page import RESULTS, generated


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


def test_a_cell_may_be_named_by_its_beginning_and_its_percentage_taken() -> None:
    part = generated((RESULTS / "paper.md").read_text(encoding="utf-8"))["claims"]
    share = look_up("paper#claims; 141K tokens, 3,466 types…; we measured (%)")
    assert f" ({share:.0f} %) with vectors; the mean sentence" in part


@pytest.mark.parametrize(
    "name",
    [
        "no such benchmark",
        "gains#similarity; refined; UMNSRS",
        "vectors#x; y",
        "paper#claims; 141K tokens…; we measured",
    ],
)
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
