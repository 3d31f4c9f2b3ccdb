"""The first view, maps, charts and topics of the page in a real browser."""

import contextlib
import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from headless import BrowserError, Page
from serving import Site, fitted, serving
from steps import COLOURS, NAMED, heading, saved_as

from selfvec.analysis.concepts.corpus_topics import topics
from selfvec.apps.functions.live import undo
from selfvec.apps.web.maps import drawn
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run

SUBJECTS = "document.querySelectorAll('.subjects > li').length"


DRAWN = "document.querySelectorAll('.overview .colours button').length > 1"


def test_the_page_opens_on_what_the_text_is_about(page: Page, site: Site) -> None:
    page.size(1280, 500)  # the map is below
    page.open(site.address)
    assert page.run("document.querySelector('nav [aria-current]').dataset.view") == "overview"
    facts = page.text(".overview .facts-of")
    assert facts.startswith(f"{site.json('/api/about')['documents']} documents with")
    assert "from 1990 to 2020" in facts
    page.wait(f"{SUBJECTS} >= 3")
    told = site.json("/api/topics")
    topics, quotes = told["topics"], site.json("/api/typical")["topics"]
    assert page.texts(".subjects b") == [topic["name"] for topic in topics]
    assert page.text(".overview .claim").startswith(f"It is mostly about {told['subjects'][0]}")
    assert page.texts(".subjects .arrow", "title") == [topic["growth"] for topic in topics]
    arrows = {1: "↑", 0: "→", -1: "↓"}
    assert [text[0] for text in page.texts(".subjects .arrow")] == [arrows[t["direction"]] for t in topics]
    cited = [cite.split(" · ")[-1] for cite in page.texts(".subjects cite")]
    assert cited == [sentences[0]["id"] for sentences in quotes]
    assert not any("/api/map" in url for url in page.requests)  # nobody has looked at it


def test_the_overview_leads_on(page: Page, site: Site) -> None:
    def overview() -> None:
        page.open(f"{site.address}#c=refined")
        page.wait(f"{SUBJECTS} >= 3")
        page.run("document.querySelector('.overview .atlas').scrollIntoView()")
        page.wait(DRAWN)

    overview()
    page.click(".overview .colours button")
    page.wait("document.querySelector('.selection h3')?.innerText.includes('documents of')")
    assert page.run("document.querySelector('.colours button').getAttribute('aria-pressed')") == "true"
    page.click(".selection li a")
    page.wait("document.querySelector('#word .whole')")
    overview()
    topic = page.text(".subjects b")
    page.click(".subjects a")
    page.wait(f"document.querySelector('.selection h3')?.innerText.endsWith({json.dumps(topic)})")
    overview()
    page.enter(".asking input", "bread")
    page.wait("document.querySelector('.found .snippet')")


def test_a_word_has_a_course_in_time(opened: Page, site: Site) -> None:
    opened.wait("document.querySelector('#word .bars svg')")
    course = site.json("/api/time?w=cell")["time"]
    assert opened.run("document.querySelectorAll('#word .bars .mark').length") == len(course) == 3
    highest = max(course, key=lambda part: part["count"] / part["tokens"])
    label = opened.run("document.querySelector('#word .bars svg').getAttribute('aria-label')")
    assert f", in {highest['name']}" in label
    opened.click("#word .bars summary")
    assert f"{course[0]['count']} times in" in opened.text("#word .bars tbody tr")


IN_VIEW = """
(() => {
  const box = document.querySelector('.selection a').getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight;
})()
"""


BLUE = """
(() => {
  const canvas = document.querySelector('.atlas canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let blue = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i] === 0 && data[i + 3] > 20 && data[i + 3] < 60) blue++;
  return blue / (data.length / 4);
})()
"""


ARRANGED = "document.querySelector('.atlas .lead')?.innerText.includes('neighbours stay together')"


def test_the_map_shows_all_documents_or_all_words(opened: Page, site: Site) -> None:
    opened.press("4")
    opened.wait(f"{ARRANGED} && {NAMED}")
    assert f"{site.json('/api/about')['documents']} documents arranged" in opened.text(".atlas .lead")
    opened.choose("#panel select", "words")
    opened.wait("document.querySelector('.atlas .lead').innerText.includes('words arranged')")
    opened.wait(f"{COLOURS} > 10")  # dots and labels are painted
    words = len(site.json("/api/map?c=refined&layout=pacmap")["words"])
    assert f"{words} words arranged" in opened.text(".atlas .lead")
    opened.open(f"{site.address}#c=refined&view=map&of=words&layout=pca")
    opened.wait("document.querySelector('.atlas .lead')?.innerText.includes('words on one plane')")


def test_colours_have_names_that_list_their_words(page: Page, site: Site) -> None:
    page.open(f"{site.address}#c=refined&view=map&of=words")
    page.wait(NAMED)
    topic = site.json("/api/map/colours?c=refined&layout=pacmap")["colours"][0]
    words = site.json("/api/map?c=refined&layout=pacmap")["words"]
    code = topic["codes"][words.index("oven")]
    shown = "[...document.querySelectorAll('.colours button')]"
    page.run(f"{shown}.find((b) => b.innerText.includes({json.dumps(topic['values'][code])})).click()")
    listed = page.texts(".selection a")
    assert listed == [word for word, of in zip(words, topic["codes"], strict=True) if of == code]
    page.run("[...document.querySelectorAll('.selection a')].find((a) => a.textContent === 'oven').click()")
    page.wait(heading("oven"))
    page.choose("#panel select", "change", 2)
    page.wait("document.querySelector('.colours')?.innerText.includes('to more')")
    assert "colour=change" in page.run("location.hash")


def test_a_lasso_lists_the_words_inside(page: Page, site: Site) -> None:
    page.open(f"{site.address}#c=refined&view=map&of=words&layout=pca")
    page.wait(NAMED)
    page.click(".atlas .zoom button:last-child")
    left, top, width, height = page.box(".atlas canvas")
    corners = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.9)]
    for what, (x, y) in zip(["pressed", *["moved"] * 3, "released"], corners, strict=True):
        page.mouse(what, left + x * width, top + y * height)
    page.wait("!document.querySelector('.selection').hidden")
    points = drawn(site.data, "refined", whole=True)[1]
    across = np.sort(points[..., 0].ravel())
    beside = len(across) // 100  # of the points on either side
    middle = (int(across[beside]) + int(across[-1 - beside])) / 2
    described = site.json("/api/map?c=refined")
    expected = {
        word for word, (x, _) in zip(described["words"], points[-1].tolist(), strict=True) if x < middle
    }
    listed = page.texts(".selection a")
    assert set(listed) == expected
    assert page.run(IN_VIEW)
    assert page.run(f"{COLOURS} > 10")
    assert page.run(BLUE) > 0.05  # the outline stays, and what is inside is tinted
    table = list(csv.reader(saved_as(page, ".selection button").splitlines()))
    assert table[0][:2] == ["word", "topic"]
    assert {row[0] for row in table[1:]} == expected
    page.click(".selection button:last-of-type")
    page.wait("document.querySelector('.selection').hidden")
    page.wait(f"{BLUE} < 0.05")
    assert page.run("document.querySelector('.atlas .zoom button:last-child').ariaPressed") == "false"


def test_documents_have_a_map_and_are_read_beside_it(page: Page, site: Site) -> None:
    page.open(f"{site.address}#c=refined&view=map&of=documents&layout=pca")
    page.wait(NAMED)
    assert "720 documents on one plane" in page.text(".atlas .lead")
    page.wait(f"{COLOURS} > 10")
    page.click(".colours button")
    page.click(".selection a")
    page.wait("document.querySelector('#word .whole')")
    name = page.text("#word .facts dd")
    assert page.text("#word h2").startswith(page.text("#word .whole")[:20])
    assert page.text("#word .whole") == site.text_of(name).strip()
    assert "date" in page.text("#word .facts")
    near = site.json(f"/api/similar?document={name}")["rows"][0]["id"]
    page.click("#word summary")
    page.wait("document.querySelector('#word .found a')")
    page.click("#word .found a")
    page.wait(f"document.querySelector('#word .facts dd')?.innerText === '{near}'")
    page.press("Escape")
    page.wait("document.body.classList.contains('alone')")  # the map has the whole width again


def test_a_search_marks_its_hits_on_the_map(page: Page, site: Site) -> None:
    page.open(f"{site.address}#c=refined&view=map&of=words&layout=pca&mark=oven")
    page.wait("document.querySelector('.selection h3')?.innerText === '1 word with “oven”'")
    page.open(f"{site.address}#c=refined&view=map&of=documents&layout=pca")
    page.wait(NAMED)
    page.click("#filters button")
    page.click("#panel input[type=search]")
    page.type("bread")
    page.wait("document.querySelector('.selection h3')?.innerText.includes('best for')")
    found = [hit["id"] for hit in site.json("/api/search?query=bread&top=100")["rows"]]
    links = (
        "[...document.querySelectorAll('.selection a')]"
        ".map((a) => new URLSearchParams(a.hash.slice(1)).get('doc'))"
    )
    assert page.run(links) == found
    assert "mark=bread" in page.run("location.hash")


def test_a_search_does_not_mark_the_map_in_silence(page: Page, site: Site) -> None:
    page.open(f"{site.address}#c=refined&view=texts&ask=bread")
    page.wait("document.querySelector('.found li')")
    page.press("4")
    page.wait(NAMED)
    assert page.run("document.querySelector('#panel input[type=search]').value") == ""
    assert page.run("document.querySelector('.selection').hidden")
    page.click("nav [data-view=texts]")
    page.wait("document.querySelector('.found li')")  # the search is still there


def test_words_share_a_chart_over_time(page: Page, site: Site) -> None:
    page.expected.append("status of 404")
    page.open(f"{site.address}#c=refined&view=time&words=bread+rain+nonsense&unit=year")
    page.wait("document.querySelector('.full .chart')")
    assert "nonsense" in page.text(".full .lead")
    assert page.texts(".bars:first-of-type .legend bdi")[:2] == ["bread", "rain"]
    course = site.json("/api/time?w=bread&unit=year")["time"]
    rates = [f"{10000 * part['count'] / part['tokens']:.1f}" for part in course]
    cells = (
        "[...document.querySelectorAll('.bars tbody tr')].slice(0, 3).map((r) => r.children[1].textContent)"
    )
    assert page.run(cells) == rates
    page.choose("#panel select", "3", 1)
    both = sum(part["count"] for part in course[:2]) / sum(part["tokens"] for part in course[:2])
    page.wait(f"{cells}[0] === '{10000 * both:.1f}'")
    assert "smooth=3" in page.run("location.hash")


CHART = """import("/chart.js").then(({ rates, charted }) => {
  const years = [[1972, 3], [1993, 400], [1994, 500], [2002, 90]];
  const periods = years.map(([from, documents]) => ({ name: String(from), documents, from, to: from + 1 }));
  const points = rates([3, 40, 30, 0], years.map(([, documents]) => documents));
  const series = [{ name: "hail", points }], show = (x) => x.toFixed(2);
  const chart = charted({ about: "Share", periods, series, show }).querySelector(".chart");
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


def test_the_words_shown_first_over_time_are_those_of_the_text(page: Page, site: Site) -> None:
    page.open(f"{site.address}#c=refined&view=time")
    page.wait("document.querySelector('.bars .legend')")
    about = [row["word"] for row in site.json("/api/domain")["words"]][:3]
    assert page.texts(".bars .legend bdi") == about
    assert page.run("document.querySelector('.full .wide-field input').placeholder") == " ".join(about)


def test_charts_keep_the_distance_of_years_and_values_are_where_the_axis_says(opened: Page) -> None:
    drawn = opened.run(CHART)
    places = np.diff(drawn["places"])
    assert places / places[1] == pytest.approx([21, 1, 8])
    assert drawn["open"] == [True, False, False, False]
    assert (drawn["gaps"], drawn["bands"]) == (2, 1)
    assert {"1980", "2000", "0.00"} < set(drawn["figures"])
    # Not the 1.00 of 1972, which has few documents and an open mark.
    assert {"0.15", "1.00"} & set(drawn["figures"]) == {"0.15"}
    high, zero = (drawn["ticks"][figure] for figure in ("0.15", "0.00"))
    for height, point in zip(drawn["heights"], drawn["points"], strict=True):
        assert height == pytest.approx(zero + min(point["value"] / 0.15, 1) * (high - zero), abs=0.1)
    for point in drawn["points"]:
        assert 0 <= point["low"] <= point["value"] <= point["high"] <= 1
    assert drawn["points"][3]["high"] > 0.02  # none of ninety is not certain to be none


MONTHS = """import("/chart.js").then(({ charted }) => {
  const months = [0, 1, 2, 24, 25, 26].map((n) => 2018 + n / 12), points = months.map(() => ({ value: 1 }));
  const periods = months.map((from) => ({ name: from.toFixed(3), documents: 90, from, to: from + 1 / 12 }));
  const chart = charted({ about: "", periods, series: [{ name: "hail", points }], show: String, room: 700 });
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


def on_the_map(page: Page, edges: list[float], point: np.ndarray) -> tuple[float, float]:
    """Where a point of the word's map is in the window, scrolled to its middle."""
    left, top, width, height = page.box("#word canvas")
    across, up = edges
    unit = min((width / 2 - 90) / across, (height / 2 - 60) / up)  # as in map.js: room for labels
    return left + width / 2 + point[0] * unit, top + height / 2 - point[1] * unit


def test_a_word_pressed_on_the_map_is_opened(opened: Page, site: Site) -> None:
    told = site.json("/api/map?c=refined&w=cell")
    points = drawn(site.data, "refined", "cell")[1][-1]
    gaps = np.abs(points[:, None].astype(int) - points[None]).sum(axis=2) + 10**6 * np.eye(
        len(points), dtype=int
    )
    alone = 1 + int(gaps.min(axis=1)[1:].argmax())
    tip = f"document.querySelector('#word .tip')?.innerText === {json.dumps(told['words'][alone])}"
    for _ in range(20):  # what is still arriving above the map moves it
        x, y = on_the_map(opened, told["edges"], points[alone])
        opened.mouse("moved", x, y)
        with contextlib.suppress(BrowserError):
            opened.wait(tip, 1)
            break
    opened.wait(tip)
    opened.mouse("pressed", x, y)
    opened.mouse("released", x, y)
    opened.wait(heading(told["words"][alone]))
    opened.wait("document.querySelector('#word .map canvas')")
    opened.mouse("moved", x, y)
    opened.run("document.querySelector('#word .zoom button').click()")
    opened.wait("document.querySelector('#word .tip').hidden")  # what it named has moved


def test_three_documents_have_maps_too(page: Page, tmp_path: Path) -> None:
    lines = ["hail broke the roof", "the river rose over the road", "an invoice was paid"]
    with serving(fitted(tmp_path, lines, "none")) as site:
        for of in ("words", "documents"):
            page.open(f"{site.address}#view=map&of={of}")
            page.wait("document.querySelector('.atlas .lead')?.innerText.includes('Click one')")
            page.wait(f"{COLOURS} > 1")


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
        found = site.json("/api/topics")["topics"]
        stamp = site.json("/api/about")["stamp"]
        page.open(f"{site.address}#view=topics", ready="document.querySelector('.topic')")
        page.run(f"{RENAME}(0, 'Mine')")
        page.run(f"document.querySelector('.topics input[type=password]').value = {json.dumps(token)}")
        page.click(".topics form button")
        page.wait("document.querySelector('.topics [role=status]').innerText === 'The run keeps 1 name.'")
        (own,) = [row for row in site.json("/api/topics")["topics"] if row["own"]]
        assert (own["name"], own["own"]) == (found[0]["name"], "Mine")
        # As the command line, the assistant and a report have them.
        names = [topic.name for topic in topics(folder).topics]
        assert names.count("Mine") == 1
        assert (len(names), found[0]["name"] in names) == (len(found), False)
        site.data.comparisons.tasks(site.data.comparisons.default).tested.result()
        site.data.index.result()
        colours = site.json("/api/map/colours?of=words&layout=pca")["colours"]
        assert next(c["values"] for c in colours if c["name"] == "topic") == names
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
    found = site.json("/api/topics")["topics"]
    ready = f"document.querySelectorAll('.topic').length === {len(found)}"
    page.open(f"{site.address}#view=topics", ready=ready)
    shown = "[...document.querySelectorAll('.topic input')].map((field) => field.value)"
    first, second = (row["name"] for row in found[:2])
    assert page.run(shown)[:2] == [first, second]
    assert page.run("document.querySelectorAll('.topic svg').length") == len(found)
    assert found[0]["terms"][0].replace("_", " ") in page.text(".topic")
    assert page.texts(".topic .quotes mark")
    page.run(f"{RENAME}(0, 'Mine')")
    page.run(f"{RENAME}({shown}.indexOf({json.dumps(second)}), 'Mine')")
    page.wait(f"document.querySelectorAll('.topic').length === {len(found) - 1}")
    page.open(f"{site.address}#view=topics", ready="document.querySelector('.topic')")
    assert page.run(shown).count("Mine") == 1
    share = round(100 * (found[0]["share"] + found[1]["share"]))
    assert f"{share} % of the documents" in page.texts(".topic .lead")[page.run(shown).index("Mine")]
    saved = list(csv.DictReader(saved_as(page, ".topics .fields button").splitlines()))
    mine = [row["terms"].split(", ") for row in saved if row["name"] == "Mine"]
    assert mine == [row["terms"] for row in found[:2]]  # as text topics --names takes them
    page.click(".topics .fields button:last-child")
    page.wait(ready)
