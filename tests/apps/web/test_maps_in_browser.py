"""The first view, maps, charts and topics of the page in a real browser."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from headless import Page
from serving import TOPICS, Site, answer_with, fitted, serving
from steps import COLOURS, NAMED, saved_as

from selfvec.analysis.concepts.shares import percent
from selfvec.apps.functions.live import undo
from selfvec.base.view import spoken
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run

SUBJECTS = "document.querySelectorAll('.subjects > li').length"


def test_the_page_opens_on_what_the_text_is_about(page: Page, site: Site) -> None:
    page.size(1280, 500)  # the map is below
    page.open(site.address)
    assert page.run("document.querySelector('nav [aria-current]').dataset.view") == "overview"
    page.wait(f"{SUBJECTS} >= 3 && document.querySelector('.claims li')")
    begins = site.json("/api/report")
    assert page.text(".overview .facts-of") == begins["about"]
    assert page.texts(".claims li") == [
        "".join(text for text, _ in line) + " Read the documents" * bool(search)
        for line, search in zip(begins["lines"], begins["read"], strict=True)
    ]
    told = site.json("/api/topics")
    topics, quotes = told["subjects"], site.json("/api/typical")["topics"]
    assert page.texts(".subjects b") == [topic["name"] for topic in topics]
    assert page.text(".overview p.claim").startswith(f"It is mostly about {topics[0]['name'].split(', ')[0]}")
    assert page.texts(".subjects .arrow", "title") == [topic["growth"] for topic in topics]
    arrows = {1: "↑", 0: "", -1: "↓"}
    assert page.texts(".subjects .arrow > [aria-hidden]") == [arrows[t["direction"]] for t in topics]
    cited = [cite.split(" · ")[-1] for cite in page.texts(".subjects cite")]
    largest = [
        next(i for i, row in enumerate(told["topics"]) if row["subject"] == n) for n in range(len(topics))
    ]
    assert cited == [quotes[topic][0]["id"] for topic in largest]
    assert not any("/api/map" in url for url in page.requests)  # nobody has looked at it


def test_the_overview_leads_on(page: Page, site: Site) -> None:
    page.open(f"{site.address}#c=refined")
    page.wait(f"{SUBJECTS} >= 3")
    topic = page.text(".subjects b")
    page.click(".subjects a")
    page.wait(f"document.querySelector('.selection h3')?.innerText.endsWith({json.dumps(topic)})")


def test_a_filter_hides_what_no_document_is_about(
    page: Page, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.data.topics.result()
    told = site.json("/api/topics?filter=date=2020")
    told["subjects"][0]["share"] = 0.001
    answer_with(monkeypatch, "/api/topics", lambda: told)
    page.open(f"{site.address}#filter=date%3D2020")
    page.wait("document.querySelector('.facts-of').innerText.includes('Only those with date 2020')")
    page.wait(f"{SUBJECTS} === {len(told['subjects']) - 1}")
    assert page.texts(".subjects b") == [row["name"] for row in told["subjects"][1:]]


def test_a_word_has_a_course_in_time(opened: Page, site: Site) -> None:
    opened.wait("document.querySelector('#word .bars svg')")
    told = site.json("/api/time?w=cell")
    course, title = told["time"], opened.text("#word figcaption p")
    assert title == spoken(told["growth"]) != ""  # the finding, in grey if chance may explain it
    assert opened.texts("#word figcaption .quiet") == [title] * (told["direction"] == 0)
    assert told["direction"] == 0 if "chance may explain" in title else told["direction"] in (1, -1)
    figures = opened.texts("#word .bars svg text")
    assert {"0%", "of the documents"} < set(figures)
    assert opened.run("document.querySelectorAll('#word .bars .mark').length") == len(course) == 3
    highest = max(course, key=lambda part: part["count"] / part["documents"])
    label = opened.run("document.querySelector('#word .bars svg').getAttribute('aria-label')")
    assert f", in {highest['name']}" in label
    assert percent(highest["count"] / highest["documents"]) in figures  # the largest value
    opened.click("#word .bars summary")
    share = percent(course[0]["count"] / course[0]["documents"])
    assert opened.text("#word .bars tbody tr").split() == [course[0]["name"], share]


def test_colours_have_names_that_list_their_documents(page: Page, site: Site) -> None:
    page.open(f"{site.address}#view=map")
    page.wait(f"{NAMED} && {COLOURS} > 10")  # dots and names are painted
    assert "720 documents arranged" in page.text(".atlas .lead")
    ids = site.json("/api/map")["ids"]
    topic, date = site.json("/api/map/colours")["colours"]
    page.click(".colours button")
    page.wait("!document.querySelector('.selection').hidden")
    first = [id for id, code in zip(ids, topic["codes"], strict=True) if code == 0]
    assert linked(page) == first[:200]
    table = list(csv.reader(saved_as(page, ".selection button").splitlines()))
    assert table[0] == ["id", "text", "subject", "date"]
    assert [row[0] for row in table[1:]] == first
    page.choose("#panel select", "date")
    page.wait("document.querySelector('.colours').innerText.includes('2005')")
    assert "colour=date" in page.run("location.hash")
    page.run("document.querySelectorAll('.colours button')[1].click()")
    page.wait("document.querySelector('.selection h3').innerText === '240 documents of 2005'")
    of_2005 = [id for id, code in zip(ids, date["codes"], strict=True) if code == 1]
    assert linked(page) == of_2005[:200]
    page.click(".selection a")
    page.wait("document.querySelector('#word .whole')")
    assert page.text("#word .whole") == site.text_of(of_2005[0]).strip()
    assert page.text("#word h2").startswith(page.text("#word .whole")[:20])
    page.press("Escape")
    page.wait("document.body.classList.contains('alone')")  # the map has the whole width again


def linked(page: Page) -> list[str]:
    """The ids of the documents that are listed below the map."""
    links = "document.querySelectorAll('.selection a')"
    return list(page.run(f"[...{links}].map((a) => new URLSearchParams(a.hash.slice(1)).get('doc'))"))


def test_a_text_of_which_nothing_is_compared_opens_on_its_subjects(page: Page) -> None:
    lines = [" ".join(np.roll(words, i)[:9]) for i in range(12) for words in TOPICS.values()]
    with serving(fitted(lines)) as undated:
        page.open(undated.address)
        page.wait(f"{SUBJECTS} >= 2 && document.querySelector('.facts-of').innerText")
        assert page.texts(".claims li") == []
        assert not page.run("[...document.links].some((a) => a.textContent === 'All that changed')")


def test_islands_have_the_names_of_subjects_and_of_their_topics(page: Page, site: Site) -> None:
    record = "const write = CanvasRenderingContext2D.prototype.fillText; window.written = [];"
    record += "CanvasRenderingContext2D.prototype.fillText = function (...given) {"
    record += " window.written.push([given[0], this.font]); return write.apply(this, given); };"
    page.call("Page.addScriptToEvaluateOnNewDocument", source=record)
    page.open(f"{site.address}#view=map")
    page.wait(NAMED)
    page.wait("window.written.length")
    subject = next(row for row in site.json("/api/map/colours")["colours"] if row["name"] == "subject")
    assert {len(subject["codes"])} == {len(subject["finer"]["codes"])}
    assert len(subject["finer"]["of"]) == len(subject["finer"]["values"])
    written = {(text, font.startswith("bold")) for text, font in page.run("window.written")}
    large = {text for text, bold in written if bold}
    assert large <= {", ".join(name.split(", ")[:2]) for name in subject["values"]}
    assert {text for text, bold in written if not bold} <= {
        name.split(", ")[0] for name in subject["finer"]["values"]
    }
    assert large


def test_words_share_a_chart_over_time(page: Page, site: Site) -> None:
    page.expected.append("status of 404")
    page.open(f"{site.address}#c=refined&view=time&words=bread+rain+nonsense&unit=year")
    page.wait("document.querySelector('.full .chart')")
    assert "nonsense" in page.text(".full .lead")
    assert page.texts(".bars:first-of-type .legend bdi")[:2] == ["bread", "rain"]
    course = site.json("/api/time?w=bread&unit=year")["time"]
    rates = [percent(part["count"] / part["documents"]) for part in course]
    cells = (
        "[...document.querySelectorAll('.bars tbody tr')].slice(0, 3).map((r) => r.children[1].textContent)"
    )
    assert page.run(cells) == rates


CHART = """import("/chart.js").then(({ rates, charted }) => {
  const years = [[1972, 3], [1993, 400], [1994, 500], [2002, 90]];
  const periods = years.map(([from, documents]) => ({ name: String(from), documents, from, to: from + 1 }));
  const points = rates(periods.map((period, i) => ({ ...period, count: [3, 40, 30, 0][i] })));
  const series = [{ name: "hail", points }];
  const chart = charted({ about: "Share", periods, series }).querySelector(".chart");
  const marks = [...chart.querySelectorAll(".mark")];
  return {
    places: marks.map((mark) => Number(mark.getAttribute("cx"))),
    heights: marks.map((mark) => Number(mark.getAttribute("cy"))),
    open: marks.map((mark) => mark.classList.contains("open")),
    gaps: chart.querySelectorAll(".gap").length, bands: chart.querySelectorAll(".band").length,
    figures: [...chart.querySelectorAll("text")].map((text) => text.textContent), points,
    ticks: Object.fromEntries([...chart.querySelectorAll("line + text")].map(
      (text) => [text.textContent, Number(text.previousSibling.getAttribute("y1"))])),
  };
})"""


def test_the_words_shown_first_over_time_are_those_that_changed(page: Page, site: Site) -> None:
    page.open(f"{site.address}#view=time")
    page.wait("document.querySelector('.bars .legend')")
    changed = site.json("/api/report")["words"][:3]
    assert "cell" in changed
    first = page.texts(".bars .legend bdi")
    assert first[: len(changed)] == changed
    assert page.run("document.querySelector('.full .wide-field input').placeholder") == " ".join(first)


def test_charts_keep_the_distance_of_years_and_values_are_where_the_axis_says(opened: Page) -> None:
    drawn = opened.run(CHART)
    places = np.diff(drawn["places"])
    assert places / places[1] == pytest.approx([21, 1, 8])
    assert drawn["open"] == [True, False, False, False]
    assert (drawn["gaps"], drawn["bands"]) == (2, 1)
    assert {"1980", "2000", "0%"} < set(drawn["figures"])
    # Not the 1.00 of 1972, which has few documents and an open mark.
    assert {"15%", "100%"} & set(drawn["figures"]) == {"15%"}
    high, zero = (drawn["ticks"][figure] for figure in ("15%", "0%"))
    for height, point in zip(drawn["heights"], drawn["points"], strict=True):
        assert height == pytest.approx(zero + min(point["value"] / 0.15, 1) * (high - zero), abs=0.1)
    for point in drawn["points"]:
        assert 0 <= point["low"] <= point["value"] <= point["high"] <= 1
    assert drawn["points"][3]["high"] > 0.02  # none of ninety is not certain to be none


MONTHS = """import("/chart.js").then(({ charted }) => {
  const months = [0, 1, 2, 24, 25, 26].map((n) => 2018 + n / 12), points = months.map(() => ({ value: 1 }));
  const periods = months.map((from) => ({ name: from.toFixed(3), documents: 90, from, to: from + 1 / 12 }));
  const chart = charted({ about: "", periods, series: [{ name: "hail", points }], room: 700 });
  const below = [...chart.querySelectorAll("svg line:not([stroke]) + text[text-anchor=middle]")];
  return below.map((text) => [text.textContent, Number(text.getAttribute("x"))]);
})"""


def test_names_of_periods_below_a_chart_do_not_cover_one_another(opened: Page) -> None:
    names, places = zip(*opened.run(MONTHS), strict=True)
    assert (names[0], len(names)) == (
        "2018.000",
        2,
    )  # of three neighbouring months, and three two years later
    assert min(np.diff(places)) > 60


def test_a_document_pressed_on_the_map_is_opened(page: Page, site: Site) -> None:
    page.open(f"{site.address}#view=map")
    page.wait(NAMED)
    shown = site.json("/api/map")
    points = np.array(shown["points"])
    gaps = np.abs(points[:, None] - points[None]).sum(axis=2) + 9 * np.eye(len(points))
    alone = int(gaps.min(axis=1).argmax())
    left, top, width, height = page.box(".atlas canvas")
    across, up = points[alone] * [width / 2 - 24, height / 2 - 24]  # as in map.js: room at the edge
    x, y = left + width / 2 + across, top + height / 2 - up
    page.mouse("moved", x, y)
    page.wait(f"document.querySelector('.tip').innerText === {json.dumps(shown['texts'][alone][:47])} + '…'")
    page.run("document.querySelector('.atlas .zoom button').click()")
    page.wait("document.querySelector('.tip').hidden")  # what it named has moved
    page.run("document.querySelectorAll('.atlas .zoom button')[2].click()")
    page.mouse("moved", x, y)
    page.mouse("pressed", x, y)
    page.mouse("released", x, y)
    page.wait(f"document.querySelector('#word .facts dd')?.innerText === '{shown['ids'][alone]}'")


RENAME = (
    "((at, name) => { const field = document.querySelectorAll('.topic input')[at]; field.value = name;"
    " field.dispatchEvent(new Event('change')); })"
)


def test_names_of_topics_are_saved_in_the_run(page: Page, run: Run, tmp_path: Path) -> None:
    page.expected.append("status of 401")
    folder = tmp_path / "run"
    shutil.copytree(run.folder, folder)
    token = "a token for writing"
    with serving(open_run(folder), write_token=token) as site:
        site.data.topics.result()
        found = sorted(site.json("/api/topics")["topics"], key=lambda row: row["subject"])  # as they stand
        stamp = site.json("/api/about")["stamp"]
        page.open(f"{site.address}#view=topics", ready="document.querySelector('.topic')")
        page.run(f"{RENAME}(0, 'Mine')")
        page.run(f"document.querySelector('.topics input[type=password]').value = {json.dumps(token)}")
        page.click(".topics form button")
        page.wait("document.querySelector('.topics [role=status]').innerText === 'The run keeps 1 name.'")
        (own,) = [row for row in site.json("/api/topics")["topics"] if row["own"]]
        assert (own["name"], own["own"]) == (found[0]["name"], "Mine")
        assert site.json("/api/about")["stamp"] == stamp  # what was computed for the run is that of the run
        page.run("localStorage.clear()")
        page.open(f"{site.address}?again#view=topics", ready="document.querySelector('.topic')")
        assert "Mine" in page.run("[...document.querySelectorAll('.topic input')].map((f) => f.value)")
        page.run("document.querySelector('.topics input[type=password]').value = 'not it'")
        page.click(".topics form button")
        page.wait("document.querySelector('.topics [role=status]').innerText.includes('needs a token')")
        undo(folder)
        assert [row["own"] for row in site.json("/api/topics")["topics"]] == [None] * len(found)


def test_topics_can_be_renamed_joined_and_saved(page: Page, site: Site) -> None:
    site.data.topics.result()
    found = sorted(site.json("/api/topics")["topics"], key=lambda row: row["subject"])  # as they stand
    ready = f"document.querySelectorAll('.topic').length === {len(found)}"
    page.open(f"{site.address}#view=topics", ready=ready)
    shown = "[...document.querySelectorAll('.topic input')].map((field) => field.value)"
    first, second = (row["name"] for row in found[:2])
    assert page.run(shown)[:2] == [first, second]
    assert page.run("document.querySelectorAll('.topic svg').length") == len(found)
    assert found[0]["terms"][0].replace("_", " ") in page.run("document.querySelector('.topic').textContent")
    assert page.run("document.querySelectorAll('.topic .quotes mark').length") > 0
    page.run(f"{RENAME}(0, 'Mine')")
    page.run(f"{RENAME}({shown}.indexOf({json.dumps(second)}), 'Mine')")
    page.wait(f"document.querySelectorAll('.topic').length === {len(found) - 1}")
    page.open(f"{site.address}#view=topics", ready="document.querySelector('.topic')")
    assert page.run(shown).count("Mine") == 1
    share = percent(found[0]["share"] + found[1]["share"])
    leads = page.run("[...document.querySelectorAll('.topic h3 + p')].map((lead) => lead.textContent)")
    assert f"{share} of the documents" in leads[page.run(shown).index("Mine")]
    saved = list(csv.DictReader(saved_as(page, ".topics .fields button").splitlines()))
    mine = [row["terms"].split(", ") for row in saved if row["name"] == "Mine"]
    assert mine == [row["terms"] for row in found[:2]]  # as text topics --names takes them
    page.click(".topics .fields button:last-child")
    page.wait(ready)
