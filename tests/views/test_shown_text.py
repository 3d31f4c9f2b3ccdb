"""Words as shown: hostile characters spelled out, widths as matplotlib draws them."""

from __future__ import annotations

import unicodedata

import pytest
from explore_spaces import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from selfvec.base.display import LONGEST, escape_for_display
from selfvec.views.text import escape_drawable, families_for, text_width


@given(st.text(alphabet=st.characters(), max_size=60))
def test_nothing_unprintable_is_left(word: str) -> None:
    shown = escape_for_display(word)
    assert len(shown) <= LONGEST + 2  # the two marks around words written from right to left
    shown.encode("utf-8")
    inside = shown.strip("\u200e")
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in inside)
    assert not set(inside) & set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@pytest.mark.parametrize(
    "word", ["tornado", "naïve", "ice-cream", "New_York", "竜巻", "नमस्ते", "👩‍🚒", "<b>", "$x$"]
)
def test_printable_words_stay_as_they_are(word: str) -> None:
    assert escape_for_display(word) == word


def test_words_from_right_to_left_keep_their_letters_between_marks() -> None:
    assert escape_for_display("שלום") == "\u200eשלום\u200e"


def test_pictures_name_the_code_points_no_font_has() -> None:
    assert escape_drawable("a\U0010fffd") == "a[U+10FFFD]"
    assert escape_drawable("\U0010fffd" * 6) == "[U+10FFFD 10FFFD 10FFFD 10FFFD …]"
    assert escape_drawable("שלום") == escape_for_display("שלום")


def test_fonts_beyond_the_first_are_only_asked_where_needed() -> None:
    assert families_for("plain text, שלום") == ("DejaVu Sans",)
    assert families_for("竜")[0] == "DejaVu Sans"


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("text", ["tornado", "mmmmmWWW", "illicit", "cosine 0.52, 1,478 updates", "Ünïcode"])
def test_width_is_what_matplotlib_draws(text: str, bold: bool) -> None:
    figure = Figure(figsize=(8, 2), dpi=192)  # as figures are saved
    canvas = FigureCanvasAgg(figure)
    drawn = figure.text(
        0, 0.5, text, fontsize=9, fontfamily="DejaVu Sans", fontweight="bold" if bold else "normal"
    )
    extent = drawn.get_window_extent(canvas.get_renderer())
    assert text_width(text, 12, bold) == pytest.approx(extent.width / 2, abs=2)


@pytest.mark.parametrize("word", HOSTILE)
def test_every_word_has_a_width(word: str) -> None:
    assert 0 <= text_width(escape_for_display(word), 12) < 500
