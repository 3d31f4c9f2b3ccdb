"""The report about a text: what is in it, that it needs nothing else, and what it refuses."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng
from tests.html_pages import Html
from tests.refusals import refused

import selfvec
from selfvec.analysis.comparison.chosen_slices import drawn_periods
from selfvec.analysis.views.charts import Point, over_periods
from selfvec.base.errors import NotFound, OptionError
from selfvec.data.run import Run
from selfvec.files.svg import chart_svg

SUBJECTS = {
    "storm": ["hail", "wind", "roof", "tornado", "gust", "thunder", "cloud", "rain", "lightning", "squall"],
    "money": ["bank", "loan", "interest", "credit", "debt", "rate", "account", "payment", "lender", "bond"],
}
PHRASES = {"storm": "flash flood", "money": "mortgage broker"}


def texts_of(years: range, use: str) -> list[dict[str, str]]:
    """Texts of two subjects of some years, each with a word that is used in one of them."""
    draw = default_rng(years.start)
    rows = []
    for year in years:
        for i in range(60):
            name = ("storm", "money")[i % 2]
            words = ", ".join(draw.permutation([*draw.choice(SUBJECTS[name], 8), f"the {PHRASES[name]}"]))
            odd = "stream " if name == use else ""
            text = f"The {odd}{words} <b>&amp;</b>. Report {year} {i}."
            rows.append({"id": f"{year}-{i}", "text": text, "date": f"{year}-05-{i % 28 + 1:02}"})
    return rows


def reported(run: Run, folder: Path, **options: Any) -> tuple[Any, str]:
    """What `report` gives, and the page that it writes."""
    path = folder / "report.html"
    made = selfvec.report(run, path, overwrite=True, **options)
    assert (made["path"], made["bytes"]) == (str(path), path.stat().st_size)
    return made, path.read_text("utf-8")


def words_of(html: str) -> str:
    """The text of a page, on one line."""
    return " ".join(Html(html).text.split())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A dated run in which *stream* goes from storms to money."""
    rows = [*texts_of(range(1990, 1994), "storm"), *texts_of(range(2010, 2014), "money")]
    folder = tmp_path_factory.mktemp("report")
    return selfvec.refine(rows, "none", "decorrelated", output=folder / "run", slice="decade")


@pytest.fixture(scope="module")
def page(run: Run, tmp_path_factory: pytest.TempPathFactory) -> str:
    _, html = reported(run, tmp_path_factory.mktemp("page"), words=["stream", "hail"], top=5)
    assert len(html) < 1_000_000
    return html


def test_the_first_screen_says_what_when_and_how_much_then_findings_and_documents(page: str) -> None:
    text = words_of(page)
    parts = (
        "480 documents of 1990-05-01 to 2013-05-28, ",
        "Compared: 2010 to 2019 (240 documents) with 1990 to 1999 (240).",
        "% of the documents are about ",
        "What stands out",
        "words differ more than is usual: stream; of stream, nearly all of the uses differ (",
        "Worth reading",
        "Words that were asked for",
        "Subjects",
        "Words, 1990–1999 and 2010–2019",
        "Words over time",
        "stream: used otherwise in 2013 than at first",
        "How this was made",
        "Read: 480 documents; text from text",
        "Compared: the halves of the text.",
        "q is the share of false alarms",
    )
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert text.count("1990-05-01 to 2013-05-28") == 1


def test_it_talks_to_a_reader_who_never_saw_the_program(page: str) -> None:
    read = Html(page)
    assert not re.search(r"(^|\s)--\w|\d\.\.\d", read.text[read.text.index("480 documents") :])
    titles = [*read.texts["h1"], *read.texts["h2"]]
    assert len(titles) > 5
    assert not any(title.strip().endswith("?") for title in titles)
    assert read.text.count("asked for") == 1


def test_a_planted_cause_is_the_first_sentence(tmp_path: Path) -> None:
    """Of all texts of the second year nine of ten end alike; of another text twice as many are of money."""
    draw, end = default_rng(0), " Sent by the new form of the office, which reads what comes."
    rows = []
    for i in range(800):
        subject = "money" if draw.random() < (0.3 if i < 400 else 0.6) else "storm"
        text = f"The {' '.join(draw.choice(SUBJECTS[subject], 8))} near the {PHRASES[subject]}. Report {i}."
        rows.append({"text": text, "date": f"{2020 + i // 400}-{1 + i % 12:02}-03"})

    def first(rows: list[dict[str, str]]) -> str:
        _, html = reported(selfvec.refine(rows, "none", "decorrelated"), tmp_path)
        text = words_of(html)
        return text[text.index("What stands out") :]

    new = [row["text"].replace("The", "The overview", i >= 400) for i, row in enumerate(rows)]
    same = [row | {"text": new[i] + end * (i >= 400 and i % 10 > 0)} for i, row in enumerate(rows)]
    about = re.match(r"What stands out ?“(\w+)” (from January 2021 on|until December 2020): ", first(rows))
    assert about
    subject = "money" if about[2].startswith("from") else "storm"
    assert about[1] in (*PHRASES[subject].split(), *SUBJECTS[subject])
    said = first(same)
    came = (
        "“Sent by the new form of the office, which reads what comes …” from January 2021 on: 360 of the 400"
    )
    assert re.match(f"What stands out ?The passage {came} documents", said)
    assert re.search(r"\. ?“\w+” (from January 2021 on|until December 2020): .*Worth reading", said)
    assert "“overview”" not in said  # it came with the passage


def test_planted_growth_is_in_the_title_the_first_sentence_and_the_chart(tmp_path: Path) -> None:
    """From 6 May 2024 on, twice as many texts are of money; every text begins with a greeting."""
    draw, rows = default_rng(0), []
    for day in np.arange("2023-01-01", "2025-01-01", dtype="datetime64[D]").tolist() * 2:
        subject = "money" if draw.random() < (0.6 if str(day) >= "2024-05-06" else 0.3) else "storm"
        told = f"The {' '.join(draw.choice(SUBJECTS[subject], 8))} near the {PHRASES[subject]}."
        rows.append({"text": f"Help! Hello there. {told}", "date": str(day)})
    run = selfvec.refine(rows, "none", "decorrelated")
    sides = ["2023-01-01..2024-05-05", "2024-05-06..2024-12-31"]
    made, html = reported(run, tmp_path, between=sides)
    title = "rows, 2023 to 2024: what changed in May 2024"
    assert f"<title>{title}</title>" in html
    seen, *folded = html[html.index("<body>") :].split("<details>")
    text = re.sub("<[^>]*>", "", seen)
    assert f">{title}</h1>" in seen
    shares = r"[\d.]+% of the documents of 2024-05-06–2024-12-31, [\d.]+% of those of [\d–-]+"
    said = rf"(More|Less) about [\w ]+: {shares}: [\d.]+ times the share \([\d. to]+\)\."
    assert re.search(rf"What stands out\s*{said}", text)
    assert re.search(r"<polyline class=.border.*2024-05-06–2024-12-31", seen)
    assert {"2023-01", "month", "share of the documents", "0%"} <= {*re.findall(r">([^<>]+)</text>", seen)}
    assert seen.count("<circle") >= 24
    assert not re.search("<table|distance|none of its own|q is", seen)
    assert html.count("</details>") == len(folded) >= 3
    assert all(row["title"].startswith("The ") and row["date"] >= "2024-05-06" for row in made["read"][:3])


@pytest.mark.parametrize(
    ("last", "unit"),
    [("2020-01-20", "day"), ("2020-04", "week"), ("2022", "month"), ("2028", "quarter"), ("2050", "year")],
)
def test_periods_of_charts_are_as_fine_as_documents_and_places_allow(last: str, unit: str) -> None:
    days = np.arange("2020-01-01", np.datetime64(last, "D"), dtype="datetime64[D]").repeat(20)
    batch = selfvec.TokenBatch(np.zeros(0, np.int32), np.zeros(len(days) + 1, np.int64), ["a"], days)
    named, periods = drawn_periods(batch)
    assert named == unit
    assert sum(part.documents.sum() for part in periods) == len(days)


def test_undated_texts_have_subjects_a_picture_and_documents(tmp_path: Path) -> None:
    rows = [
        {"title": f"Letter {i}", "text": row["text"], "kind": "ab"[i // 2 % 2 and i % 2]}
        for i, row in enumerate(texts_of(range(2000, 2004), "storm"))
    ]
    (tmp_path / "letters.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    run = selfvec.refine(tmp_path / "letters.jsonl", "none", "decorrelated")
    made, html = reported(run, tmp_path, groups="kind")
    letters, _, about = Html(html).texts["h1"][0].strip().partition(": ")
    assert letters == "letters"
    assert {*PHRASES.values()} <= {*about.split(", ")}
    assert len({*about.split(", ")}) == len(about.split(", "))
    assert str(tmp_path) not in html
    text = words_of(html)
    assert "240 rows repaired" in text[text.index("How this was made") :]
    assert text.index("subjects differ in their share") < text.index("What stands out")
    assert re.search(r"What stands out ?(kind [ab] \(\d+ documents\)|About \w+ \w+): ", text)
    for about, words in re.findall(r"About ([\w ]+): [^.]*\. Its words are ([\w, ]+)\.", text):
        assert not set(about.split()) & set(words.split(", "))
    assert re.search(r"all subjects ?240 ?180 ?60", text)
    assert all(re.match(r"Letter \d+: The \w+", row["title"]) for row in made["read"])
    assert len(re.findall(r'fill="var[^>]*>\d+%<', html)) >= 4  # two subjects in two groups


def test_it_needs_nothing_from_elsewhere_and_runs_no_script(page: str) -> None:
    read = Html(page)
    assert not {*read.texts} & {"script", "link", "img", "iframe", "object"}
    places = [value for name, value in read.attributes if name == "id"]
    assert len(places) == len(set(places))
    targets = {value for name, value in read.attributes if name in ("href", "src")}
    assert targets <= {f"#{place}" for place in places}
    assert " &." in read.text  # quoted as it is counted
    assert {"@media print", "prefers-color-scheme: dark"} <= {
        *re.findall(r"@media print|prefers-[a-z-]+: dark", page)
    }


def test_what_the_run_lacks_is_left_out_and_said(tmp_path: Path) -> None:
    texts = [row["text"] for row in texts_of(range(2000, 2002), "storm")]
    options = {"method": "decorrelated", "keep": "nothing", "language": "en"}
    bare = selfvec.refine(texts, output=tmp_path / "run", **options)
    _, text = reported(bare, tmp_path, words="hail")
    assert "Subjects: " in text
    assert "<h2" not in text[: text.index("How this was made") - 20]
    assert "Words over time: the documents have neither dates nor slices." in text


def test_filters_choose_the_documents_of_every_part(run: Run, tmp_path: Path) -> None:
    _, html = reported(run, tmp_path, words="stream", filter="date=1990..1993")
    text = words_of(html)
    assert "240 documents of 1990-05-01 to 1993-05-28, " in text
    assert "Only those with date 1990–1993." in text
    assert "2010" not in text[text.index("240 documents") :]
    refused(
        lambda: selfvec.report(run, tmp_path / "none.html", filter="date=1950"),
        NotFound,
        "no document is dated 1950",
    )
    assert not (tmp_path / "none.html").exists()


def test_wrong_arguments_write_nothing(run: Run, tmp_path: Path) -> None:
    refused(
        lambda: selfvec.report(run, tmp_path / "report.pdf"), OptionError, r"a report is \.html, not \.pdf"
    )
    refused(lambda: selfvec.report(run, tmp_path / "report.html", words=["hial"]), NotFound, "'hial'")
    assert not list(tmp_path.iterdir())


def test_a_point_is_where_its_axis_says_and_thin_periods_are_hollow() -> None:
    rows = [
        Point("1990", None, None, None, few=False),
        Point("1991", None, None, None, few=True),
        Point("1992", 0.2, 0.1, 0.4, few=True, chance=0.0),
        Point("1993", 0.2, 0.2, 0.2, few=False, chance=0.4),
    ]
    svg = chart_svg(over_periods([(rows, "blue")], "stream", "{:.2f}".format, size=(300, 100), least=0.1))
    drawn = [dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<\w[^>]*>", svg)]
    points = [given for given in drawn if "cy" in given]
    axes = [float(given["y1"]) for given in drawn if given.get("class") == "grid"]
    assert [point.get("class") for point in points] == ["few", None]  # none for the first period
    # the axis has 0, .1, .2, .3 and .4
    assert [float(point["cy"]) for point in points] == pytest.approx([axes[2]] * 2)
    (level,) = [given["points"].split() for given in drawn if given.get("class") == "chance"]
    assert [float(place.partition(",")[2]) for place in level] == pytest.approx([axes[0], axes[4]])
    (bar,) = [given for given in drawn if given.get("class") == "line" and given["y1"] != given["y2"]]
    assert float(bar["y2"]) == pytest.approx(axes[4])
    assert float(bar["y1"]) == pytest.approx(axes[1])
