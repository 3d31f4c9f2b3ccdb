"""Every kind of figure in every format: whole, the same each time, self-contained, literal about any word."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explore_spaces import HOSTILE, WORDS, Space, make_space
from PIL import Image
from tests.apps.web.headless import Page, browsing, find

from selfvec.analysis.concepts.term_graph import Edge, Graph, TermNode
from selfvec.analysis.views.figure import SUFFIXES, save_figure
from selfvec.analysis.views.graphs import graph_figure
from selfvec.analysis.views.path_figures import (
    path_figure,
    running_mean,
    save_paths,
    trajectory_view,
)
from selfvec.base.display import escape_for_display
from selfvec.data.trajectory import Trajectory
from selfvec.files.svg import Figure


def trajectories(words: list[str], states: int = 8, **options: Any) -> Figure:
    space = make_space(list(dict.fromkeys([*words, *WORDS])))
    paths = [space.path(word, states) for word in words]
    return path_figure(trajectory_view(paths, space.original, space.refined, **options))


def terms(words: list[str]) -> Figure:
    rng = np.random.default_rng(0)
    nodes = [TermNode(w, 10**i, i + 1, i - 1, 0.5, *rng.random(2).tolist()) for i, w in enumerate(words)]
    edges = [Edge(i, i + 1, 0.5, 1.0) for i in range(len(words) - 1)]
    return graph_figure(Graph(nodes, edges, [f"topic of {word}" for word in words]))


KINDS = {"trajectories": trajectories, "terms": terms}
kinds = pytest.mark.parametrize("kind", KINDS)
formats = pytest.mark.parametrize("suffix", SUFFIXES)


def svg_text(path: Path) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]


def shown(word: str) -> str:
    """As it reads in a figure: white space runs together in SVG."""
    return escape_for_display(word)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    program = find()
    if program is None:
        pytest.skip("no Chromium is installed")
    with browsing(program) as new:
        page = new()
        page.size(1200, 1000)
        yield page


@kinds
@formats
def test_a_figure_is_whole_and_has_the_same_bytes_twice(kind: str, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"a{suffix}"
    save_figure(KINDS[kind](["hail", "rain"]), file, "What it <shows>")
    first = file.read_bytes()
    # The library of PDF numbers its resources anew each time, and pictures are drawn from what SVG has.
    if suffix in (".svg", ".html") or (suffix == ".png" and kind == "terms"):
        save_figure(KINDS[kind](["hail", "rain"]), file, "What it <shows>", overwrite=True)
        assert first == file.read_bytes()
    assert list(tmp_path.iterdir()) == [file]
    if suffix == ".png":
        picture = Image.open(io.BytesIO(first))
        picture.load()
        assert min(picture.size) > 500
        assert np.ptp(np.asarray(picture.convert("L"))) > 200  # something dark on white
    elif suffix == ".svg":
        root = ElementTree.fromstring(first)
        assert root.attrib["role"] == "img"
        assert root[0].text == "What it <shows>"
        assert any("hail" in text for text in svg_text(file))
        assert len(first) < 300_000
    elif suffix == ".pdf":
        assert first.startswith(b"%PDF-")
        assert first.rstrip().endswith(b"%%EOF")
    else:
        text = first.decode()
        assert "<title>What it &lt;shows&gt;</title>" in text
        assert "default-src 'none'" in text
        assert len(first) < 300_000


@kinds
def test_a_page_draws_without_the_network(kind: str, tmp_path: Path, page: Page) -> None:
    save_figure(KINDS[kind](list(HOSTILE[:3])), tmp_path / "a.html", "what it shows")
    page.requests.clear()
    page.open((tmp_path / "a.html").as_uri(), ready="document.querySelector('.narrow')")
    assert page.errors == []
    assert page.elsewhere("file:") == []
    assert any(shown(HOSTILE[0]) in text for text in page.texts("svg text"))
    assert page.run("document.querySelectorAll('svg script, svg b').length") == 0


MARKS, SCRIPTS, CONTROLS = HOSTILE[:7], HOSTILE[7:14], HOSTILE[12:]  # as many as there are colours


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        *(("trajectories", words) for words in (MARKS, SCRIPTS, CONTROLS)),
        ("terms", HOSTILE),
    ],
)
def test_any_word_is_shown_literally(kind: str, words: tuple[str, ...], tmp_path: Path) -> None:
    for suffix in SUFFIXES if kind == "terms" else (".svg", ".html"):
        save_figure(KINDS[kind](list(words)), tmp_path / f"a{suffix}", "what it shows")
    texts = " ".join(svg_text(tmp_path / "a.svg"))
    for word in words:
        assert " ".join(shown(word.replace("_", " ") if kind == "terms" else word).split()) in " ".join(
            texts.split()
        )
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.parse(tmp_path / "a.svg").iter()}
    assert tags <= {"svg", "title", "rect", "g", "polygon", "polyline", "circle", "text", "line"}
    html = (tmp_path / "a.html").read_text("utf-8")
    assert "<script>alert" not in html
    assert "</script><b>" not in html
    assert not set(html) & set("\x1b\u202e")


def test_pictures_name_the_code_points_that_no_font_has(tmp_path: Path) -> None:
    pictures = []
    for word in ("a\U0010fffd", "a[U+10FFFD]", "aé"):
        save_figure(terms([word, "b"]), tmp_path / "a.png", "", overwrite=True)
        pictures.append((tmp_path / "a.png").read_bytes())
    assert pictures[0] == pictures[1] != pictures[2]


def test_labels_overlap_neither_one_another_nor_the_frame(tmp_path: Path, page: Page) -> None:
    """Words that all went to one spot, drawn by a browser, which says where every label stands."""
    space = make_space(WORDS, collapse=1.0)
    view = trajectory_view([space.path(word) for word in WORDS[:5]], space.original, space.refined)
    save_paths(view, tmp_path / "a.html")
    page.open((tmp_path / "a.html").as_uri(), ready="document.querySelector('.narrow svg')")
    script = """[...document.querySelectorAll('.wide text.name')]
        .map((e) => { const b = e.getBoundingClientRect(); return [b.left, b.right, b.top, b.bottom]; })"""
    boxes = np.array(page.run(script))
    assert len(boxes) >= 15
    boxes += [[2, -2, 3, -3]]  # a line of text is lower than its box
    left, right, top, bottom = boxes.T
    apart = (
        (right[:, None] <= left)
        | (right <= left[:, None])
        | (bottom[:, None] <= top)
        | (bottom <= top[:, None])
    )
    np.fill_diagonal(apart, True)
    assert apart.all()


@kinds
def test_a_page_fits_a_phone(kind: str, tmp_path: Path, page: Page) -> None:
    save_figure(KINDS[kind](["hail", "rain"]), tmp_path / "a.html", "")
    page.size(390, 844)
    try:
        page.open((tmp_path / "a.html").as_uri(), ready="document.querySelector('.narrow svg')")
        assert page.run("document.documentElement.scrollWidth") <= 390
        assert page.run("document.querySelector('.narrow svg').getBoundingClientRect().width") > 250
    finally:
        page.size(1200, 1000)


def test_a_page_answers_to_pointing_and_zooming(tmp_path: Path, page: Page) -> None:
    save_figure(trajectories(["<img src=x>"]), tmp_path / "a.html", "")
    page.open((tmp_path / "a.html").as_uri(), ready="document.querySelector('.narrow svg')")
    shape = "document.querySelector('.wide circle.hover')"
    x, y, width, height = page.box(".wide circle.hover")
    assert page.run(f"document.elementFromPoint({x + width / 2}, {y + height / 2})?.tagName") == "circle"
    assert page.run(f"{shape}.querySelector('title').textContent").startswith("<img src=x> after 0 updates")
    place = f"{shape}.getBoundingClientRect()"
    page.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=-400)
    page.wait(f"{place}.width > {2 * width}")
    assert page.run(f"{place}.x") == pytest.approx(x, abs=3 * width)  # what is pointed at stays
    page.mouse("pressed", x, y)
    page.mouse("moved", x + 100, y)
    page.mouse("released", x + 100, y)
    page.wait(f"{place}.x > {x + 50}")


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
def test_paths_of_every_kind(rows: np.ndarray, updates: list[int], space: Space, tmp_path: Path) -> None:
    trajectory = Trajectory("new", np.array(updates), rows)
    for original in (space.original, space.refined):
        view = trajectory_view([trajectory], original, original)
        suffix = ".html" if original is space.refined else ".svg"
        save_paths(view, tmp_path / f"a{suffix}")
        assert (tmp_path / f"a{suffix}").stat().st_size > 5_000


@pytest.mark.parametrize("options", [{}, {"projection": "tsne"}, {"neighbours": 0}])
def test_a_trajectory_figure_says_what_is_seen(options: dict[str, Any], tmp_path: Path) -> None:
    save_figure(trajectories(["hail", "rain"], **options), tmp_path / "a.svg", "")
    texts = svg_text(tmp_path / "a.svg")
    assert any(re.fullmatch(r"hail: 21 updates, cosine to the original -?\d\.\d\d", text) for text in texts)
    assert {"original vector", "last state", "Cosine to the original"} <= set(texts)
    assert ("nearest in the original vectors" in texts) == ("neighbours" not in options)
    axis = "t-SNE 1 (far distances mean little)" if "projection" in options else "of the variance"
    assert any(axis in text for text in texts)


def test_words_without_an_original_say_so(space: Space, tmp_path: Path) -> None:
    rows = np.zeros((2, 12), np.float32)
    never = Trajectory("new", np.arange(2), rows.copy())
    rows[1] = space.refined["new"]
    for path, sentence in (
        (
            Trajectory("new", np.arange(2), rows),
            "new: 1 update, no original vector, cosine to its first 1.00",
        ),
        (never, "new: 1 update, no original vector, none made yet"),
    ):
        view = trajectory_view([path], space.original, space.refined)
        save_paths(view, tmp_path / "a.svg", overwrite=True)
        assert {sentence, "zero vector: it had none"} <= set(svg_text(tmp_path / "a.svg"))


def test_long_paths_make_small_files(tmp_path: Path) -> None:
    save_figure(trajectories(WORDS[:3], states=20_000), tmp_path / "a.svg", "")
    assert (tmp_path / "a.svg").stat().st_size < 500_000


def test_the_running_mean_keeps_ends_and_straight_runs() -> None:
    straight = np.column_stack([np.arange(20.0), 2 * np.arange(20.0)])
    np.testing.assert_allclose(running_mean(straight, 4), straight)
    zigzag = np.array([[0.0], [1.0]] * 10)
    smooth = running_mean(zigzag, 4)
    assert np.ptp(smooth[4:-4]) < 0.2
    assert smooth[[0, -1]].ravel().tolist() == [0.0, 1.0]
