"""Tables for the terminal: readable in 80 columns and without colour, literal about hostile words."""

import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from explore_spaces import HOSTILE, Space, make_space
from rich.console import Console

from selfvec.analysis.compare import compared_words
from selfvec.analysis.views.terminal import draw
from selfvec.apps.functions.inspection import shown_health
from selfvec.apps.functions.trajectories import shown_states
from selfvec.apps.similar_words import shown_neighbours
from selfvec.base.view import COUNT, Column, Table, View
from selfvec.data.trajectory import Trajectory


def render(view: View, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=80,
        highlight=False,
        force_terminal=colour,
        color_system="standard" if colour else None,
    )
    console.print(draw(view))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def row(word: str, state: str, *neighbours: tuple[str, float]) -> dict[str, object]:
    return {"word": word, "state": state, "neighbours": [list(near) for near in neighbours]}


def neighbours(rows: list[dict[str, object]]) -> View:
    return shown_neighbours(rows).view()


def walked(path: Trajectory, space: Space) -> View:
    run = SimpleNamespace(
        original=space.original, vectors=space.refined, provenance=SimpleNamespace(method="")
    )
    return shown_states([path], run).view()


def health(report: dict[str, object]) -> View:
    return shown_health(report).view()


COMPARED = [
    row("hail", "original", ("rain", 0.8123), ("storm", 0.7), ("snow", 0.55)),
    row("hail", "refined", ("golfball", 0.9), ("rain", 0.85), ("dime", 0.8)),
]


def test_a_period_of_days_above_figures_is_wrapped_between_its_days() -> None:
    columns = [Column("n", "2024-03-01..2024-03-05", COUNT), Column("m", "a_name_of_twenty_five", COUNT)]
    heads = render(View("", [Table(columns, [{"n": 126, "m": 7}])])).split("126")[0].split()
    assert {"2024-03-01..", "2024-03-05", "a_name"} <= set(heads)


def test_before_and_after_side_by_side() -> None:
    lines = [line.split() for line in render(neighbours(COMPARED)).splitlines()]
    assert lines[:5] == [
        ["hail"],
        ["original", "cosine", "refined", "cosine"],
        ["rain", "0.812", "+", "golfball", "0.900"],
        ["-", "storm", "0.700", "rain", "0.850"],
        ["-", "snow", "0.550", "+", "dime", "0.800"],
    ]
    assert ["+", "came", "in,", "-", "went"] in lines


def test_one_state_alone_has_no_marks() -> None:
    shown = render(neighbours(COMPARED[1:]))
    assert "original" not in shown
    assert "+" not in shown
    assert "came in" not in shown


def test_words_keep_their_order_and_lists_may_differ_in_length() -> None:
    rows = [*COMPARED, row("new", "original"), row("new", "refined", ("hail", 0.3)), row("a", "original")]
    shown = render(neighbours(rows))
    titles = [line.strip() for line in shown.splitlines() if line.strip() in {"hail", "new", "a"}]
    assert titles == ["hail", "new", "a"]
    assert shown.count("(no vector)") == 3  # before new, and both of a


def test_nothing_to_show() -> None:
    assert render(neighbours([])).strip() == ""


@pytest.mark.parametrize("word", HOSTILE)
def test_hostile_words_stay_in_their_cells(word: str) -> None:
    rows = [row(word, state, (word, 0.5), ("other", 0.25)) for state in ("original", "refined")]
    trajectory = Trajectory(word, np.arange(1), np.eye(1, 12, dtype=np.float32))
    report = {"findings": [{"kind": "n", "level": "ok", "says": word, "remedy": None}]}
    space = make_space([word, "other", "more"])
    for view in (neighbours(rows), walked(trajectory, space)):
        shown = render(view)
        assert not set(shown) & set("\x1b\t\r\u202e")
        assert all(len(line) <= 80 for line in shown.splitlines())
    assert "0.250" in render(neighbours(rows))
    assert not set(render(health(report))) & set("\x1b\t\r\u202e")
    compared = {"distance": 0.5, "z": 1.0, "p": 0.1, "q": 0.2, "count_a": None, "count_b": None}
    rows = [{"word": word, "gained": [word], "lost": [], **compared}]
    shown = render(
        compared_words(
            rows, "relative", "t", {"words": 1, "significant": 0, "fdr": 0.05}, {"numbers": 1}
        ).view()
    )
    assert not set(shown) & set("\x1b\t\r\u202e")


REPORT = {
    "types": 3466,
    "tokens": 141_000,
    "mean_cosine_to_original": 0.7912,
    "anisotropy": 0.66,
    "anisotropy_original": 0.07,
    "effective_rank": 8.2,
    "effective_rank_original": 188.4,
    "saturated": 0.71,
    "known": 4000,
    "composed": 800,
    "oov": 594,
    "oov_empty": 12,
    "findings": [
        {"kind": "collapsed", "level": "fail", "says": "all words are alike " * 7, "remedy": "lower it"},
        {"kind": "OOV cascade", "level": "warn", "says": "many words had no vector", "remedy": None},
    ],
}


def test_health_says_what_was_found_and_what_to_do() -> None:
    shown = render(health(REPORT))
    lines = shown.splitlines()
    assert lines[0].startswith("FAIL collapsed: all words")
    assert "What to do: lower it." in shown
    assert any(line.startswith("WARN OOV cascade: many words") for line in lines)
    assert shown.count("What to do") == 1
    for value in ("141,000", "3,466", " 0.79", "0.07 -> 0.66", "188 -> 8", "71%", " 594", " 12"):
        assert value in shown
    assert all(len(line) <= 80 for line in lines)


def test_health_leaves_out_what_is_not_known() -> None:
    report = {"findings": [], "mean_cosine_to_original": None, "anisotropy": 0.5, "oov": 0}
    shown = render(health(report))
    assert "cosine to the original" not in shown
    assert "effective rank" not in shown
    assert "cosine of random words  0.50  near 1: all words look alike" in shown
    assert "words without a vector     0" in shown


def test_trajectory_shows_a_word_leave_and_arrive(space: Space) -> None:
    path = space.path("rain1", states=500)
    shown = render(walked(path, space))
    lines = [line.split() for line in shown.splitlines()]
    states = lines[2 : lines.index([])]
    assert 8 <= len(states) <= 13
    assert states[0][:2] == ["0", "1.000"]
    cosine = float(space.original["rain1"] @ space.refined["rain1"])
    assert states[-1][:2] == ["1,497", f"{cosine:.3f}"]
    before = [word for word, _ in space.original.most_similar("rain1", topn=3)]
    after = [word for word, _ in space.refined.most_similar("rain1", topn=3)]
    assert [word.strip(",") for word in states[0][2:5]] == before
    assert [word.strip(",") for word in states[-1][5:8]] == after


def test_trajectory_of_a_word_without_a_vector(space: Space) -> None:
    rows = np.zeros((3, 12), np.float32)
    rows[1], rows[2] = space.refined["rain1"], space.refined["new"]
    path = Trajectory("new", np.array([0, 4, 9]), rows)
    shown = render(walked(path, space))
    states = [line.split() for line in shown.splitlines()[2:]]
    assert states[0] == ["0", "none", "yet"]
    assert states[1][:2] == ["4", "1.000"]
    assert states[2][:2] == ["9", f"{float(rows[1] @ rows[2]):.3f}"]
    assert "new" not in " ".join(states[2]).split(", ")


def test_words_with_vectors_of_the_text_are_counted() -> None:
    report = {"findings": [], "types": 10, "known": 2, "composed": 3, "oov": 1}
    assert re.search(r"words from the text +4 ", render(health(report)))
    assert "words from the text" not in render(health(report | {"oov": 5}))


def test_marks_of_a_neighbour_add_up() -> None:
    near = row("tornado", "refined", ("tornadoes", 0.2), ("funnel", 0.1))
    shown = render(neighbours([near | {"abbreviations": ["tornadoes"], "from_subwords": ["tornadoes"]}]))
    assert "tornadoes*=" in shown
    assert "= abbreviates the word" in shown
    assert "funnel " in shown
