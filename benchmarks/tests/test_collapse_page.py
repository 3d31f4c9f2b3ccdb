"""The page on the collapse: what it says of its plane holds, and its parts and pictures are there."""

from pathlib import Path

import numpy as np
from tests.places import ROOT

from benchmarks.page import generated
from benchmarks.paper.collapse import TOPICS, draw_plane, neighbours, plane, spectrum
from selfvec import Refiner

DOCS = ROOT / "docs"


def test_in_the_plane_the_paper_leaves_one_line_and_the_decorrelated_update_two_sides() -> None:
    words, (paper, decorrelated) = plane()
    topics = [[words.index(word) for word in TOPICS[name]] for name in ("weather", "money")]
    last = paper[-1][1]
    assert (last @ last.T).min() > np.cos(np.deg2rad(2))
    first = paper[1][1]
    apart = [first[topic].mean(axis=0) for topic in topics]
    angle = np.rad2deg(np.arccos(apart[0] @ apart[1] / np.prod(np.linalg.norm(apart, axis=1))))
    assert 20 < angle < 60
    weather, money = (dict(decorrelated)["pass 2"][topic].mean(axis=0) for topic in topics)
    assert weather @ money / (np.linalg.norm(weather) * np.linalg.norm(money)) < -0.8


def test_every_part_of_the_page_is_written_and_every_picture_small() -> None:
    page = (DOCS / "results" / "collapse.md").read_text(encoding="utf-8")
    parts = generated(page)
    assert set(parts) == {"text", "numbers", "neighbours", "spectrum"}
    assert all(part.strip() for part in parts.values())
    pictures = sorted((DOCS / "figures").glob("collapse-*.svg"))
    assert len(pictures) == 1
    shown = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    for picture in pictures:
        assert picture.name in shown
        assert picture.stat().st_size < 150_000


def test_the_picture_and_tables_are_the_same_each_time(tmp_path: Path) -> None:
    texts = [f"{a} broke a roof near the {b}." for a in ("Hail", "A tornado") for b in ("farm", "village")]
    run = Refiner(window=5).fit(texts * 30, "none").run_
    words, states = plane()
    for name in "ab":
        draw_plane(states, words, tmp_path / f"{name}1.svg")
    assert (tmp_path / "a1.svg").read_bytes() == (tmp_path / "b1.svg").read_bytes()
    assert "hail" in (tmp_path / "a1.svg").read_text(encoding="utf-8")
    table = neighbours({"paper": run, "decorrelated": run}, ["hail"], topn=2)
    assert table.count("\n") == 2
    assert table.splitlines()[2].startswith("| *hail* | ")


def test_the_spectrum_is_shares_of_the_second_moment() -> None:
    table = np.array([[1, 0], [1, 0], [1, 0], [0, 1], [0, 0]], np.float32)
    assert spectrum(table).tolist() == [0.75, 0.25]
