"""The report about a text: what is in it, that it needs nothing else, and what it refuses."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tests.refusals import refused

import selfvec
from selfvec.base.chart import Point, over_periods
from selfvec.base.errors import InputError, NotFound, OptionError, TargetError
from selfvec.data.run import Run
from selfvec.files.svg import chart_svg

SUBJECTS = {
    "storm": ["hail", "wind", "roof", "tornado", "gust", "thunder", "cloud", "rain", "lightning", "squall"],
    "money": ["bank", "loan", "interest", "credit", "debt", "rate", "account", "payment", "lender", "bond"],
}
PHRASES = {"storm": "flash flood", "money": "mortgage broker"}


def texts_of(years: range, use: str) -> list[dict[str, str]]:
    """Texts of two subjects of some years, each with a word that is used in one of them."""
    draw = np.random.default_rng(years.start)
    rows = []
    for year in years:
        for i in range(60):
            name = ("storm", "money")[i % 2]
            words = ", ".join(draw.permutation([*draw.choice(SUBJECTS[name], 8), f"the {PHRASES[name]}"]))
            odd = "stream " if name == use else ""
            text = f"The {odd}{words} <b>&amp;</b>. Report {year} {i}."
            rows.append({"id": f"{year}-{i}", "text": text, "date": f"{year}-05-{i % 28 + 1:02}"})
    return rows


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A dated run in which *stream* goes from storms to money."""
    rows = [*texts_of(range(1990, 1994), "storm"), *texts_of(range(2010, 2014), "money")]
    folder = tmp_path_factory.mktemp("report")
    return selfvec.refine(
        rows, output=folder / "run", slice="decade", method="decorrelated", vectors="none", as_is=True
    )


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Tags:
    path = tmp_path_factory.mktemp("page") / "report.html"
    made = selfvec.report(run, path, words=["stream", "hail"], top=5)
    assert made.as_dict()["path"] == str(path)
    assert made.as_dict()["bytes"] == path.stat().st_size < 1_000_000
    return Tags(path.read_text(encoding="utf-8"))


def test_it_says_what_the_text_is_about_what_changed_and_how_sure_that_is(page: Tags) -> None:
    text = " ".join(page.text.split())
    assert "480 documents" in text
    assert "dated 1990-05-01 to 2013-05-28" in text
    (about,) = re.findall(r"mostly about [^.]*", text)
    assert "flash flood" in about
    assert "mortgage broker" in about
    for part in ("What it is about", "What changed, from ", "Words over time", "How sure this is"):
        assert part in text, part
    assert "stream" in text[text.index("What changed") : text.index("Words over time")]
    assert "stream: distance from its first period" in text
    assert "healthy" in text
    assert "q is the share of false alarms" in text


def test_it_needs_nothing_from_elsewhere_and_runs_no_script(page: Tags) -> None:
    tags = {tag for tag, _ in page.found}
    assert not tags & {"script", "link", "img", "iframe", "object"}
    targets = [value for _, given in page.found for key, value in given.items() if key in ("href", "src")]
    assert all(target is not None and target.startswith("#") for target in targets)
    places = [given["id"] for _, given in page.found if "id" in given]
    assert len(places) == len(set(places))
    assert {str(target)[1:] for target in targets} <= set(places)
    assert "<b>&amp;</b>" in page.text  # quoted as it was written
    style = page.text[page.text.index(":root") :]
    assert "@media print" in style
    assert "prefers-color-scheme: dark" in style


def test_what_the_run_lacks_is_left_out_and_said(tmp_path: Path) -> None:
    texts = [row["text"] for row in texts_of(range(2000, 2002), "storm")]
    options = {"method": "decorrelated", "keep": "nothing", "language": "en"}
    bare = selfvec.refine(texts, output=tmp_path / "run", **options)
    path = tmp_path / "report.html"
    selfvec.report(bare, path, words="hail")
    text = path.read_text(encoding="utf-8")
    assert "language: English" in text
    assert "What it is about" not in text
    assert "Subjects: " in text
    assert "Words over time: the documents have neither dates nor slices." in text


def test_filters_choose_the_documents_of_every_part(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    selfvec.report(run, path, words="stream", filter="date=1990..1993")
    text = " ".join(Tags(path.read_text(encoding="utf-8")).text.split())
    assert "What follows is about only the 240 documents with date=1990..1993." in text
    assert "2010" not in text[text.index("What it is about") :]
    assert "Changes: " in text  # a decade is not compared with itself
    with pytest.raises(NotFound, match="no document is dated 1950"):
        selfvec.report(run, tmp_path / "none.html", filter="date=1950")
    assert not (tmp_path / "none.html").exists()


def test_a_page_that_exists_stays_unless_it_may_be_replaced(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("mine")
    refused(lambda: selfvec.report(run, path), TargetError, "exists already")
    assert path.read_text() == "mine"
    selfvec.report(run, path, overwrite=True)
    assert "mostly about" in path.read_text(encoding="utf-8")


def test_wrong_arguments_write_nothing(run: Run, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"a report is \.html, not \.pdf"):
        selfvec.report(run, tmp_path / "report.pdf")
    refused(lambda: selfvec.report(run, tmp_path / "report.html", words=["hial"]), NotFound, "'hial'")
    refused(lambda: selfvec.report(run, tmp_path / "report.html", top=0), InputError)
    assert not list(tmp_path.iterdir())


def test_a_point_is_where_its_axis_says_and_thin_periods_are_hollow() -> None:
    rows = [
        Point("1990", None, None, None, few=False),
        Point("1991", None, None, None, few=True),
        Point("1992", 0.2, 0.1, 0.4, few=True, chance=0.0),
        Point("1993", 0.2, 0.2, 0.2, few=False, chance=0.4),
    ]
    chart = over_periods([(rows, "blue")], "stream", "{:.2f}".format, size=(300, 100), least=0.1)
    drawn = Tags(chart_svg(chart))
    points = [given for tag, given in drawn.found if tag == "circle"]
    axes = [float(str(given["y1"])) for _, given in drawn.found if given.get("class") == "grid"]
    assert [point.get("class") for point in points] == ["few", None]  # none for the first period
    # the axis has 0, half of .4 and .4
    assert [float(str(point["cy"])) for point in points] == pytest.approx([axes[1]] * 2)
    (level,) = [str(given["points"]).split() for _, given in drawn.found if given.get("class") == "chance"]
    assert [float(place.partition(",")[2]) for place in level] == pytest.approx([axes[0], axes[2]])
    (bar,) = [
        given for _, given in drawn.found if given.get("class") == "line" and given["y1"] != given["y2"]
    ]
    assert float(str(bar["y2"])) == pytest.approx(axes[2])
    assert float(str(bar["y1"])) == pytest.approx((axes[0] + axes[1]) / 2)
