"""Figures as files: valid, the same each time, self-contained, and literal about hostile words."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from explore_spaces import HOSTILE, WORDS, Space, make_space

from selfvec.base.display import escape_for_display
from selfvec.base.errors import MissingExtra, OptionError, TargetError
from selfvec.data.trajectory import Trajectory
from selfvec.views.trajectory_plot import SUFFIXES, TrajectoryView, save_trajectory_plot, trajectory_view


def view_of(space: Space, words: list[str], states: int = 40) -> TrajectoryView:
    return trajectory_view([space.path(word, states) for word in words], space.original, space.refined)


class Page(HTMLParser):
    """Elements, attributes and scripts of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script":
            self.scripts[-1] += data

    def figure(self) -> dict[str, object]:
        start = self.scripts[-1].index("{")
        figure: dict[str, object] = json.JSONDecoder().raw_decode(self.scripts[-1][start:])[0]
        return figure


def svg_texts(path: Path) -> list[str]:
    return ["".join(e.itertext()) for e in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_same_view_same_bytes(suffix: str, space: Space, tmp_path: Path) -> None:
    view = view_of(space, WORDS[:2])
    files = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for file in files:
        save_trajectory_plot(view, file)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


def test_png_has_its_size_and_no_date(space: Space, tmp_path: Path) -> None:
    save_trajectory_plot(view_of(space, WORDS[:1]), tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert width > 2000
    assert height > 1200
    assert b"tIME" not in data
    assert b"Creation Time" not in data


def test_svg_holds_its_text_as_text(space: Space, tmp_path: Path) -> None:
    save_trajectory_plot(view_of(space, ["rain1"]), tmp_path / "a.SVG")
    texts = svg_texts(tmp_path / "a.SVG")
    assert "rain1" in texts
    assert any(text.startswith("rain1: 117 updates, cosine to the original 0.") for text in texts)
    assert "<dc:date>" not in (tmp_path / "a.SVG").read_text(encoding="utf-8")


def test_html_is_self_contained(space: Space, tmp_path: Path) -> None:
    save_trajectory_plot(view_of(space, WORDS[:2]), tmp_path / "a.html")
    page = Page(tmp_path / "a.html")
    assert not [value for name, value in page.attributes if name in {"src", "href", "action", "data"}]
    assert {"link", "iframe", "img", "object", "embed"}.isdisjoint(page.tags)
    policy = dict(page.attributes)["content"]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "http" not in page.scripts[1]
    assert (tmp_path / "a.html").stat().st_size < 6_000_000


def test_html_shows_what_is_pointed_at(space: Space, tmp_path: Path) -> None:
    view = view_of(space, ["rain1"])
    save_trajectory_plot(view, tmp_path / "a.html")
    figure = json.dumps(Page(tmp_path / "a.html").figure())
    assert "rain1 after 117 updates: cosine" in figure
    near = view.paths[0].neighbours[0]
    assert f"{near.word}: cosine {near.cosine:.3f} to rain1 (original)" in figure


@pytest.mark.parametrize(
    "words", [HOSTILE[:7], HOSTILE[7:14], HOSTILE[12:]], ids=["marks", "scripts", "controls"]
)
def test_hostile_words_are_shown_literally(words: tuple[str, ...], hostile: Space, tmp_path: Path) -> None:
    view = view_of(hostile, list(words), states=5)
    for suffix in SUFFIXES:
        save_trajectory_plot(view, tmp_path / f"a{suffix}")
    texts = svg_texts(tmp_path / "a.svg")
    page = Page(tmp_path / "a.html")
    shown = [entry["text"] for entry in page.figure()["layout"]["annotations"]]  # type: ignore[index]
    for word in map(escape_for_display, words):
        assert word in texts
        literal = word.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        literal = literal.replace('"', "&quot;").replace("'", "&#x27;")
        assert f"<b>{literal}</b>" in shown
    assert page.tags == ["html", "head", "meta", "meta", "title", "style", "body", "div", "script", "script"]
    tags = {element.tag.rpartition("}")[2] for element in ET.parse(tmp_path / "a.svg").iter()}
    assert "script" not in tags


@pytest.mark.parametrize("suffix", [".svg", ".html"])
@pytest.mark.parametrize(
    ("rows", "updates"),
    [
        (np.zeros((1, 12), np.float32), [0]),
        (np.zeros((3, 12), np.float32), [0, 1, 2]),
        (np.eye(12, dtype=np.float32)[[0]], [0]),
        (np.eye(12, dtype=np.float32)[[0, 0, 0]], [0, 1, 2]),
        (np.eye(12, dtype=np.float32)[[0, 1, 0, 1] * 150], list(range(600))),
    ],
    ids=["zero", "zeros", "one", "still", "to and fro"],
)
def test_paths_of_every_kind(
    rows: np.ndarray, updates: list[int], suffix: str, space: Space, tmp_path: Path
) -> None:
    trajectory = Trajectory("new", np.array(updates), rows)
    for original in (space.original, space.refined):
        save_trajectory_plot(trajectory_view([trajectory], original, original), tmp_path / f"a{suffix}")
        assert (tmp_path / f"a{suffix}").stat().st_size > 10_000


def test_long_paths_make_small_files(tmp_path: Path) -> None:
    space = make_space(WORDS)
    save_trajectory_plot(view_of(space, WORDS[:3], states=20_000), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size < 500_000


def test_the_users_own_style_is_neither_used_nor_changed(space: Space, tmp_path: Path) -> None:
    view = view_of(space, ["rain1"])
    save_trajectory_plot(view, tmp_path / "plain.svg")
    with matplotlib.rc_context({"font.size": 40, "axes.facecolor": "black", "svg.fonttype": "path"}):
        before = dict(matplotlib.rcParams)
        save_trajectory_plot(view, tmp_path / "styled.svg")
        assert dict(matplotlib.rcParams) == before
    assert (tmp_path / "plain.svg").read_bytes() == (tmp_path / "styled.svg").read_bytes()


@pytest.mark.parametrize("name", ["figure.pdf", "figure", "figure.png.gz"])
def test_another_suffix(name: str, space: Space, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"no figure format .*end the name in one of \.html, \.png, \.svg"):
        save_trajectory_plot(view_of(space, ["rain1"]), tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_target_that_cannot_be_written(suffix: str, space: Space, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="does not exist; create it first"):
        save_trajectory_plot(view_of(space, ["rain1"]), tmp_path / "nowhere" / f"a{suffix}")


@pytest.mark.parametrize(
    ("package", "suffix"), [("matplotlib", ".svg"), ("matplotlib", ".html"), ("plotly", ".html")]
)
def test_missing_package(
    package: str, suffix: str, space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / f"a{suffix}").write_text("before")
    with pytest.raises(MissingExtra, match=rf"'{package}'.*selfvec\[plot\]"):
        save_trajectory_plot(view_of(space, ["rain1"]), tmp_path / f"a{suffix}")
    assert (tmp_path / f"a{suffix}").read_text() == "before"


def test_heavy_libraries_are_loaded_late_and_pyplot_never(tmp_path: Path) -> None:
    program = f"""
import sys
import numpy as np
import selfvec.views.word_tables
from selfvec.views.trajectory_plot import save_trajectory_plot, trajectory_view
from selfvec.data.trajectory import Trajectory
from selfvec.data.vectors import Vectors

heavy = {{"matplotlib", "plotly", "sklearn", "umap", "rich"}} & set(sys.modules)
assert not heavy, heavy
vectors = Vectors(["a", "b"], np.eye(2, dtype=np.float32))
view = trajectory_view([Trajectory("a", np.arange(1), np.eye(1, 2, dtype=np.float32))], vectors, vectors)
for suffix in ("svg", "html"):
    save_trajectory_plot(view, {str(tmp_path)!r} + "/a." + suffix)
assert "matplotlib.pyplot" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
