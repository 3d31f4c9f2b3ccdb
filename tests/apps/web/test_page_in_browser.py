"""The page in a real browser: what a person does, and what they then see."""

import contextlib
import csv
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from headless import HASTE, BrowserError, Page
from serving import HOSTILE, Site, fitted, serving

import selfvec
from selfvec.analysis.word_drift import drift
from selfvec.apps.web.maps import drawn
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run

RANKED = "[...document.querySelectorAll('.ranking a[data-word]')].map((a) => a.dataset.word)"
FIRST_LETTER_IS_LEFT = """(() => {
  const walk = document.createTreeWalker(document.querySelector("#word .quotes q"), NodeFilter.SHOW_TEXT);
  const places = [];
  while (walk.nextNode()) {
    for (const [i, letter] of [...walk.currentNode.data].entries()) {
      const range = document.createRange();
      range.setStart(walk.currentNode, i);
      range.setEnd(walk.currentNode, i + 1);
      if (letter.trim()) places.push(range.getBoundingClientRect().x);
    }
  }
  return places[0] < places.at(-1);
})()"""
CURRENT = "document.querySelector('.ranking a[aria-current]')?.dataset.word"


def heading(word: str) -> str:
    return f"document.querySelector('h2.word bdi')?.textContent === {json.dumps(word)}"


TAUGHT = "document.querySelectorAll('.domain h4').length"
DRAWN = "document.querySelectorAll('.overview .colours button').length > 1"


def test_the_page_opens_on_what_the_text_is_about(page: Page, site: Site) -> None:
    page.open(site.address)
    assert page.run("document.querySelector('nav [aria-current]').dataset.view") == "overview"
    facts = page.text(".overview .claim:last-of-type")
    assert facts.startswith(f"{site.json('/api/about')['documents']} documents with")
    assert "from 1990 to 2020" in facts
    page.wait(f"{TAUGHT} >= 3 && {DRAWN} && document.querySelectorAll('.multiples svg').length > 1")
    about = site.json("/api/domain")
    words, subjects = about["words"], about["subjects"]
    assert page.texts(".domain h4 bdi") == [row["word"] for row in words]
    assert page.text(".overview .claim").startswith(f"It is mostly about {subjects[0]}")
    assert subjects[0] in site.json("/api/topics")["topics"][0]["name"]
    assert page.errors == []
    assert page.elsewhere(site.address) == []


def test_the_overview_leads_on(page: Page, site: Site) -> None:
    def overview() -> None:
        page.open(f"{site.address}#c=refined")
        page.wait(f"{TAUGHT} >= 3 && {DRAWN} && document.querySelectorAll('.multiples svg').length > 1")

    overview()
    word = page.text(".domain h4 bdi")
    page.click(".domain h4 a")
    page.wait(f"{heading(word)} && document.body.dataset.view === 'changes'")
    overview()
    page.click(".overview .colours button")
    page.wait("document.querySelector('.selection h3')?.innerText.includes('documents of')")
    assert page.run("document.querySelector('.colours button').getAttribute('aria-pressed')") == "true"
    page.click(".selection li a")
    page.wait("document.querySelector('#word .whole')")
    overview()
    topic = page.text(".multiples h4 bdi")
    page.click(".multiples h4 a")
    page.wait(f"document.querySelector('.selection h3')?.innerText.endsWith({json.dumps(topic)})")
    overview()
    page.enter(".asking input", "bread")
    page.wait("document.querySelector('.found .snippet')")
    assert page.errors == []


def test_a_newcomer_sees_which_word_changed_and_why(opened: Page) -> None:
    assert opened.run(RANKED).index("cell") < 10
    assert opened.run(CURRENT) == "cell"
    assert opened.text("h2.word").startswith("cell")
    claim = opened.text("#word .claim")
    assert "Before refining, cell was near" in claim
    assert "In your text it is near" in claim
    assert opened.text("#word .quotes li")
    assert opened.run("document.querySelectorAll('.quotes mark.came').length") > 0
    assert "documents" not in opened.text("#alert")
    assert opened.run("document.title").startswith("reports.jsonl")


def test_neighbours_stand_side_by_side_with_what_came_and_went(opened: Page, site: Site) -> None:
    told = site.json("/api/word?w=cell&c=refined")
    for side, mark, words in ((1, "went", told["lost"]), (2, "came", told["gained"])):
        assert opened.texts(f".sides > div:nth-child({side}) li.{mark} bdi") == words
    left, right = opened.texts("#word .sides > div", "getBoundingClientRect().top")
    assert left == right


def test_a_word_is_found_by_typing(opened: Page) -> None:
    opened.press("/")
    opened.type("cha")
    opened.wait("document.querySelector('#found li bdi')?.textContent === 'charge'")
    assert opened.run("document.getElementById('find').getAttribute('aria-expanded')") == "true"
    opened.press("Enter")
    opened.wait(heading("charge"))
    assert "word=charge" in opened.run("location.hash")
    opened.press("/")
    opened.type("no such word")
    opened.press("Enter")
    opened.wait("document.getElementById('alert').innerText.includes('does not occur in this run')")
    opened.errors.clear()  # the browser notes the 404


def test_keys_lead_through_the_list_and_back(opened: Page) -> None:
    ranked = opened.run(RANKED)
    first = ranked.index("cell")
    opened.press("ArrowDown")
    opened.wait(heading(ranked[first + 1]))
    opened.press("j")
    opened.wait(heading(ranked[first + 2]))
    assert opened.run(CURRENT) == ranked[first + 2]
    assert opened.run("document.activeElement.dataset.word") == ranked[first + 2]
    opened.press("k")
    opened.wait(heading(ranked[first + 1]))
    opened.press("?")
    assert opened.run("document.getElementById('keys').open")
    opened.press("Escape")
    opened.wait("!document.getElementById('keys').open")
    opened.press("Escape")
    opened.wait("!location.hash.includes('word=')")
    for number, view in enumerate(("overview", "changes", "map", "unknown", "texts", "health"), 1):
        opened.press(str(number))
        opened.wait(f"document.body.dataset.view === '{view}'")
        assert opened.run("document.querySelector('nav [aria-current]').dataset.view") == view


def test_why_shows_where_two_words_stand_together(opened: Page, site: Site) -> None:
    opened.click(".near li.came button.ask")
    opened.wait("document.querySelector('.texts .claim')?.innerText.startsWith('Why cell and')")
    near = opened.run("new URLSearchParams(location.hash.slice(1)).get('near')")
    told = site.json(f"/api/together?w=cell&other={near}")
    assert f"{told['together']:,} times of" in opened.text(".texts .claim").replace("\n", " ")
    assert opened.run("document.querySelectorAll('.texts mark.self').length") > 0


def test_a_link_shows_somebody_else_the_same(watched: Page, site: Site) -> None:
    state = "view=changes&word=charge&c=refined&seen=30&sort=word&text=c&frame=0.50"
    watched.open(f"{site.address}#{state}")
    assert watched.text("h2.word").startswith("charge")
    ranked = watched.run(RANKED)
    assert ranked == sorted(ranked)
    assert all("c" in word for word in ranked)
    assert watched.run("document.querySelector('.fields select').value") == "word"
    assert watched.run("document.querySelector('#word .time input').value") == "0.5"
    watched.click("#word .near a")
    watched.wait("!location.hash.includes('word=charge')")
    watched.run("void history.back()")
    watched.wait(heading("charge"))


def test_filters_narrow_the_list_and_stand_in_the_address(opened: Page) -> None:
    before = opened.run(RANKED)
    opened.run("document.querySelector('.filters').open = true")
    opened.click(".fields input[type=search]")
    opened.type("jud")
    opened.wait(f"{RANKED}.join() === 'judge'")
    assert "text=jud" in opened.run("location.hash")
    opened.type("xx")
    opened.wait("document.querySelector('.ranking .none')")
    opened.click(".ranking .none a")
    opened.wait(f"{RANKED}.length >= {len(before)}")


def test_time_plays_and_steps(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=1990|2020&word=cell")
    name = "document.querySelector('#word .frame').textContent"
    watched.wait(f"{name} === '2020'")
    watched.press("ArrowLeft")
    assert watched.run(name) == "2005"
    watched.press("ArrowLeft")
    assert watched.run(name) == "1990"
    assert "frame=0.00" in watched.run("location.hash")
    watched.run(HASTE)
    watched.press("p")
    watched.wait(f"{name} === '2020' && !document.querySelector('#word .play').textContent.includes('Pause')")


def test_time_flows_unless_motion_is_unwelcome(watched: Page, site: Site) -> None:
    watched.prefers(reduced_motion="no-preference")
    watched.open(f"{site.address}#c=1990|2020&word=cell")
    watched.run(HASTE)
    watched.click("#word .play")
    watched.wait("document.querySelector('#word .frame').textContent.includes('→')")
    watched.wait("document.querySelector('#word .frame').textContent === '2020'")


def test_two_years_are_compared_with_sentences_from_both(opened: Page, site: Site) -> None:
    opened.choose("#comparison", "1990|2020")
    opened.wait("document.querySelector('#word .claim')?.innerText.startsWith('In 1990')")
    opened.wait("document.querySelectorAll('.texts h4').length === 2")
    heads = opened.texts(".texts h4")
    assert heads == ["1990", "2020"]
    places = opened.run(
        "[...document.querySelectorAll('.texts section')].map((section) =>"
        " [...section.querySelectorAll('.place')].map((e) => e.textContent.slice(0, 4)))"
    )
    assert set(places[0]) == {"1990"}
    assert set(places[1]) == {"2020"}
    assert "significant" in opened.text(".facts")
    rows = site.json("/api/ranking?c=1990|2020&seen=1&limit=50")["rows"]
    first = next(row for row in rows if row["word"] == "cell")
    low, high = (f"{first[end]:.2f}".removeprefix("0") for end in ("low", "high"))
    assert f"95 %: {low}–{high}" in opened.text(".facts")
    assert f"95 %: {low}–{high}" in opened.text(".ranking .measured")


SLOW = """
(() => {
  const real = window.fetch;
  window.answers = [];
  window.fetch = async (address, options) => {
    const stage = window.stage ?? 'tested';
    const response = await real(address, options);
    if (!String(address).includes('/api/ranking')) return response;
    const answer = await response.json();
    if (stage === 'comparing') return Response.json({ ready: false, share: 0.25 });
    return Response.json(answer);
  };
})()
"""
"""A comparison that takes as long as the test wants."""


def test_words_are_listed_when_they_are_tested_as_drift_lists_them(page: Page, site: Site) -> None:
    script = "window.stage = 'comparing';" + SLOW
    page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    page.open(f"{site.address}#view=changes&c=1990|2020", ready="document.querySelector('.ranking')")
    page.wait("document.querySelector('#pane .lead').innerText.includes('25 % done')")
    assert page.text("#pane h2") == "Words that changed"
    assert page.run(RANKED) == []
    page.run("window.stage = 'tested'")
    page.wait("document.querySelector('.ranking .sure')?.innerText === 'significant'")
    told = drift(site.data.run, ["1990", "2020"])
    assert page.run(RANKED) == [row["word"] for row in told.rows[:50]]
    assert f"{told.significant} of {told.tested} words changed from 1990 to 2020" in page.text("#pane .lead")
    assert page.errors == []


def test_the_view_before_stays_while_a_comparison_loads(opened: Page) -> None:
    before = opened.run(RANKED)
    opened.run("window.stage = 'comparing';" + SLOW)
    opened.choose("#comparison", "1990|2020")
    opened.wait("document.querySelector('#pane .lead').innerText.includes('25 % done')")
    assert opened.run(RANKED) == before
    opened.run("window.stage = 'tested'")
    opened.wait("document.querySelector('#pane h2').innerText.includes('1990')")


def test_two_parts_are_typed(opened: Page, site: Site) -> None:
    opened.choose("#comparison", "?")
    opened.type("1990")
    opened.enter("#range-b", "2004–2021")
    opened.wait("document.querySelector('#word .claim')?.innerText.startsWith('In 1990')")
    assert "in 2004–2021 it is near" in opened.text("#word .claim")
    opened.open(f"{site.address}#view=changes&c=1990|2004..2021")
    assert opened.texts("#range-a, #range-b", "value") == ["1990", "2004..2021"]


def test_a_bad_period_is_said_once_and_the_word_stays(opened: Page, site: Site) -> None:
    opened.choose("#comparison", "?")
    opened.type("1990")
    opened.enter("#range-b", "1950")
    said = "no document is dated 1950; the dates run from 1990-05-01 to 2020-05-01"
    opened.wait(f"document.body.innerText.includes({json.dumps(said)})")
    assert opened.run("document.body.innerText").count(said) == 1
    assert opened.text("h2.word").startswith("cell")
    assert opened.text("#word .claim")
    opened.run("document.getElementById('range-b').value = 'spring'")
    opened.click("#ranges button")
    for rule in ("is not a slice", "write dates as 1990..2020, 1990-05, 2020Q2"):
        opened.wait(f"document.getElementById('alert').innerText.includes({json.dumps(rule)})")
    opened.open(f"{site.address}#c=1990|1950&word=cell")
    assert opened.run("document.querySelectorAll('#alert .error').length") == 1
    assert opened.text("#word h2") == "cell"
    opened.errors.clear()  # the browser notes the 404


def test_signs_around_a_typed_word_do_not_hide_it(opened: Page, site: Site) -> None:
    opened.press("/")
    opened.type("thunder?.")
    opened.wait("document.querySelector('#found li bdi')?.textContent === 'thunder'")
    opened.open(f"{site.address}#view=time&words=thunder%3F.")
    opened.wait("document.querySelector('.chart')")
    assert "Not in this text" not in opened.text(".full .lead")
    opened.open(f"{site.address}#c=refined&word=thunder%3F.")
    opened.wait(f"{heading('thunder')} && document.querySelector('#word .quotes li')")
    opened.wait("document.querySelector('#word .map')")
    assert opened.text("#alert") == ""


def test_an_unknown_address_looks_like_the_page(page: Page, site: Site) -> None:
    page.open(f"{site.address}nowhere", ready="document.querySelector('main')")
    page.prefers(color_scheme="dark")
    assert "There is nothing at this address" in page.text("main")
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 28)"
    page.click("main a")
    page.wait("document.body.dataset.ready === 'yes'")


def test_a_word_has_a_course_in_time(opened: Page, site: Site) -> None:
    opened.wait("document.querySelector('#word .bars svg')")
    course = site.json("/api/time?w=cell")["time"]
    assert opened.run("document.querySelectorAll('#word .bars .mark').length") == len(course) == 3
    highest = max(course, key=lambda part: part["count"] / part["tokens"])
    label = opened.run("document.querySelector('#word .bars svg').getAttribute('aria-label')")
    assert f", in {highest['name']}" in label
    opened.click("#word .bars summary")
    assert f"{course[0]['count']} times in" in opened.text("#word .bars tbody tr")


def test_hostile_words_are_words(opened: Page, site: Site) -> None:
    opened.press("/")
    opened.type("<img")
    opened.wait("document.querySelector('#found li bdi')")
    opened.press("Enter")
    opened.wait(heading(HOSTILE))
    assert opened.run("document.querySelectorAll('#word img, #pane img').length") == 0
    assert opened.run("document.title") != "harmed"


def test_new_words_tell_what_they_rest_on(opened: Page) -> None:
    opened.press("4")
    opened.wait("document.querySelectorAll('#pane tbody tr').length > 5")
    rows = opened.texts("#pane tbody tr", "innerText")
    zest = next(row for row in rows if row.startswith("zest"))
    assert "the words around it" in zest
    opened.click("#pane tbody a")
    opened.wait("document.querySelector('#word .claim')?.innerText.includes('had no vector')")


def assert_similar_documents_open(page: Page, site: Site, name: str) -> None:
    """Open what is near the first hit, and what is near the first of these; then close both."""
    first = ".found > li > details:last-of-type"
    for _ in range(2):
        near = site.json(f"/api/similar?document={name}")["rows"]
        page.click(f"{first} > summary")
        page.wait(f"document.querySelectorAll('{first} > div > .found > li').length === {len(near)}")
        assert page.text(f"{first} > div > .found .place span") == near[0]["id"]
        first += " > div > .found > li:first-child > details:last-of-type"
        name = near[0]["id"]
    page.run("document.querySelector('.found details:last-of-type').lastChild.remove()")


def test_documents_are_searched_with_snippets_and_filters(opened: Page, site: Site) -> None:
    opened.press("5")
    opened.wait("document.querySelector('#pane input')")
    opened.click("#pane input")
    opened.type("bread")
    opened.wait("document.querySelectorAll('.found > li').length === 10")
    assert "ask=bread" in opened.run("location.hash")
    assert opened.run(
        "[...document.querySelectorAll('.found mark.self')].every((e) => e.textContent === 'bread')"
    )
    told = site.json("/api/search?query=bread")["rows"]
    assert opened.text(".found h3 bdi") == " ".join(told[0]["text"].split()[:9]) + " …"
    assert opened.text(".found .place span") == told[0]["id"]
    assert opened.text(".found .snippet") == told[0]["snippet"]
    opened.click(".found summary")
    opened.wait("document.querySelector('.found .whole')")
    assert opened.text(".found .whole") == site.text_of(told[0]["id"]).strip()
    assert_similar_documents_open(opened, site, told[0]["id"])
    opened.click(".more")
    opened.wait("document.querySelectorAll('.found > li').length === 20")
    opened.click(".found .place button")
    opened.wait("document.querySelectorAll('.found > li').length === 10")
    date = told[0]["date"]
    assert opened.run("document.querySelector('.wide-field input').value") == f"date={date}"
    dates = opened.texts(".found .place button")
    assert set(dates) == {date}


PAINTS = ("red", "green", "blue", "black", "white", "brown", "yellow")
THINGS = ("roof", "mill", "barn", "road", "bridge", "house", "garden", "boat", "tower", "field")


@pytest.fixture(scope="module")
def fielded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """60 documents, 40 with hail, of two years and states; a whale is at the end of the last, long one."""
    rng = np.random.default_rng(0)
    things = [f"{colour} {thing}" for colour in PAINTS for thing in THINGS]
    rows = [
        {
            "id": str(i),
            "text": f"{'hail' if i % 3 else 'rain'} fell on {' '.join(rng.choice(things, 12))}",
            "date": f"{1990 + i // 30}-05-01",
            "state": "OHIO" if i % 4 == 1 else "IOWA",
        }
        for i in range(60)
    ]
    rows[59]["text"] += (
        ". The river rose over the road and the bridge was closed" * 60 + ". A whale was seen."
    )
    folder = tmp_path_factory.mktemp("fielded")
    source = folder / "fielded.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    selfvec.Refiner("decorrelated", window=5).fit(source).save(folder / "run")
    with serving(open_run(folder / "run")) as site:
        site.data.index.result()
        yield site


PRESSED = "[...document.querySelectorAll('.facets [aria-pressed=true]')].length"


def test_hits_are_counted_and_narrowed_by_fields_and_dates(page: Page, fielded: Site) -> None:
    page.open(f"{fielded.address}#view=texts&ask=hail")
    page.wait("document.querySelectorAll('.facets section').length === 2")
    assert page.text(".total").startswith("40 of 60 documents have words of the question")
    assert page.texts(".values button") == ["IOWA 30", "OHIO 10"]
    assert page.texts(".histogram button", "title") == ["1990-05: 20 documents", "1991-05: 20 documents"]
    page.click(".values li:last-child button")
    page.wait(f"{PRESSED} === 1 && document.querySelector('.total').innerText.startsWith('10 of')")
    assert page.run("document.querySelector('.wide-field input').value") == "state=OHIO"
    assert page.texts(".values button") == ["IOWA 30", "OHIO 10"]  # another can be chosen
    page.click(".histogram button")
    page.wait(f"{PRESSED} === 2 && document.querySelector('.total').innerText.startsWith('6 of')")
    assert "date=1990-05" in page.run("document.querySelector('.wide-field input').value")
    page.click(".histogram [aria-pressed=true]")
    page.wait(f"{PRESSED} === 1")
    assert page.errors == []


def test_hits_are_sorted_by_date_and_open_at_their_passage(page: Page, fielded: Site) -> None:
    page.open(f"{fielded.address}#view=texts&ask=hail&order=newest&mode=bm25")
    page.wait("document.querySelectorAll('.found > li').length === 10")
    dates = page.texts(".found > li .place button:first-of-type")
    assert dates == sorted(dates, reverse=True)
    assert dates[0] == "1991-05-01"
    told = fielded.json("/api/search?query=whale")["rows"][0]
    page.open(f"{fielded.address}#view=texts&ask=whale")
    hit = urlencode({"doc": told["id"]})  # not one of the hits of the last search, which stand until then
    page.wait(f"document.querySelector('.found h3 a')?.href.includes({json.dumps(hit)})")
    page.wait("document.querySelector('.total .number')")  # above the hits, which it moves
    page.click(".found h3 a")
    page.wait("document.querySelector('#word .passage')")
    text = fielded.text_of(told["id"])
    passage = text[slice(*told["passage"])]
    assert "whale" in passage
    assert len(passage) < len(text)
    assert " ".join(page.text("#word .passage").split()) == " ".join(passage.split())
    box = "document.querySelector('#word .passage').getBoundingClientRect()"
    page.wait(f"{box}.top < innerHeight && {box}.bottom > 0")
    assert page.errors == []


def test_documents_are_listed_sorted_and_read(page: Page, fielded: Site) -> None:
    listed = "[...document.querySelectorAll('.library li')].map((item) => item.dataset.id)"
    page.open(f"{fielded.address}#view=documents")
    page.wait("document.querySelectorAll('.library li').length === 50")
    assert page.text("#pane .lead") == "60 documents"
    page.click("#pane .more")
    page.wait("document.querySelectorAll('.library li').length === 60")
    assert page.run(listed) == [str(number) for number in range(60)]
    page.open(f"{fielded.address}#view=documents&listed=longest")
    page.wait(f"{listed}[0] === '59'")  # with the whale
    page.open(f"{fielded.address}#view=documents&filter=state=OHIO")
    page.wait("document.querySelectorAll('.library li').length === 15")
    assert page.text("#pane .lead") == "15 documents pass the filter."
    page.click(".library li:nth-child(2) a")
    page.wait("document.querySelector('#word .whole') && document.querySelector('.library [aria-current]')")
    name = page.run("document.querySelector('.library [aria-current]').parentElement.dataset.id")
    assert page.text("#word .whole") == fielded.text_of(name).strip()
    assert page.errors == []


def test_the_header_of_a_narrow_window_is_one_row(page: Page, site: Site) -> None:
    page.size(390, 844, mobile=True)
    page.open(site.address)
    assert page.run("document.querySelector('header').getBoundingClientRect().height") < 64
    assert page.run("document.documentElement.scrollWidth") <= 390


TYPE = """(selector, text) => {
  const input = document.querySelector(selector);
  input.value = text;
  input.dispatchEvent(new Event('input'));
}"""


def typed_at_once(page: Page, *fields: tuple[str, str]) -> None:
    """Type in several fields within one moment, as a quick person does."""
    calls = ";".join(f"type({json.dumps(selector)}, {json.dumps(text)})" for selector, text in fields)
    page.run(f"(() => {{ const type = {TYPE}; {calls} }})()")


def test_a_whole_document_has_its_lines_and_its_matches_are_marked(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(40):
        kind = ("hail", "rain", "an invoice")[number % 3]
        text = f"Note {number}\n\nThere was {kind} (day {number}).\nThen the roof leaked, and HAIL? no."
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    selfvec.Refiner("decorrelated", window=5, repeats="keep").fit(folder, "default").save(tmp_path / "run")
    with serving(open_run(tmp_path / "run")) as site:
        page.open(f"{site.address}#view=texts&ask=hail&mode=bm25")
        page.wait("document.querySelector('.found summary')")
        page.run(
            "[...document.querySelectorAll('.found summary')].find((e) => /Whole/.test(e.innerText)).click()"
        )
        page.wait("document.querySelector('.whole')")
        assert page.text(".whole").count("\n") == 3
        marked = page.texts(".whole mark")
        assert marked == ["hail", "HAIL"]
    assert page.errors == []


LATE = """(() => { const real = window.fetch; window.fetch = async (...asked) => {
  if (String(asked[0]).includes(%s)) { await new Promise((go) => setTimeout(go, 600)); window.late = true; }
  return real(...asked); }; })()"""  # one answer comes later than those that are asked for after it


def test_a_late_answer_does_not_replace_what_was_chosen_meanwhile(page: Page, fielded: Site) -> None:
    page.open(f"{fielded.address}#view=documents")
    page.wait("document.querySelectorAll('.library li').length === 50")
    page.run(LATE % json.dumps("/api/health"))
    page.click("nav [data-view=health]")
    page.click("nav [data-view=documents]")
    page.wait("window.late")
    time.sleep(0.3)
    assert page.run("document.querySelectorAll('.library li').length") == 50
    page.run("window.late = false")
    page.run(LATE % json.dumps("/api/document?id=0"))
    page.click(".library li a")
    page.click(".library li:nth-child(2) a")
    page.wait("window.late")
    time.sleep(0.3)
    assert page.text("#word .facts dd") == "1"


def test_an_updated_run_is_said_and_withdrawn_documents_are_gone(page: Page, tmp_path: Path) -> None:
    source = tmp_path / "texts.jsonl"
    texts = [f"hail of {n} inches broke the roof of house {n} in the town" for n in range(30)]
    rows = [{"id": f"r{n}", "text": f"{text}, as secret {n} says"} for n, text in enumerate(texts)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    folder = tmp_path / "run"
    selfvec.refine(source, output=folder, method="decorrelated", repeats="keep")

    def status(path: str) -> int:
        """The status of an answer, when the documents of the present state are indexed."""
        while (found := site.get(path)[0]) == 503:
            time.sleep(0.1)
        return found

    with serving(open_run(folder)) as site:
        page.open(f"{site.address}#view=texts&ask=hail&mode=bm25")
        page.wait("document.querySelectorAll('.found li').length")
        assert page.text("#alert") == ""
        assert site.json("/api/state")["newer"] is False
        selfvec.update(folder, output=folder, withdraw=["r3"])
        assert site.json("/api/state")["newer"] is True
        assert status("/api/document?id=r3") == 404
        assert status("/api/document?id=r4") == 200
        found = [row["id"] for row in site.json("/api/search?query=hail&top=100")["rows"]]
        assert "r3" not in found
        assert "r4" in found
        quoted = site.json("/api/together?w=hail&other=roof&n=20")["uses"]
        assert "r3" not in [use["id"] for use in quoted]
        page.click("nav [data-view=health]")
        page.wait("document.querySelector('#alert .newer')")
        assert "The run was updated" in page.text("#alert")
        page.run("location.hash = '#view=texts&ask=hail&mode=bm25'")  # the page as it was loaded
        page.wait("document.querySelectorAll('.found li').length")
        assert "secret 3 " not in page.text(".found")
        assert page.text("#alert .newer")
        selfvec.undo(folder)
        assert status("/api/document?id=r3") == 200
        page.click("nav [data-view=health]")
        page.wait("!document.querySelector('#alert .newer')")
        selfvec.update(folder, output=folder, withdraw=["r3"], no_undo=True)  # the served text is deleted
        assert site.json("/api/state")["newer"] is True
        assert status("/api/document?id=r3") == 404
    assert page.errors == []


def test_a_second_field_does_not_wipe_the_first(opened: Page, site: Site) -> None:
    opened.run("document.querySelector('.filters').open = true")
    count = ".fields input[type=number]"
    contains = ".fields input[type=search]"
    typed_at_once(opened, (count, "3"), (contains, "ju"))
    opened.wait(f"{RANKED}.length && {RANKED}.every((word) => word.includes('ju'))")
    assert {"seen=3", "text=ju"} <= set(opened.run("location.hash.slice(1)").split("&"))
    assert opened.run(f"document.querySelector('{count}').value") == "3"
    opened.open(f"{site.address}#c=refined&view=texts")
    typed_at_once(opened, (".full > input", "bread"), (".wide-field input", "date=2020"))
    opened.wait("document.querySelectorAll('.found > li').length === 10")
    assert opened.texts(".full > input, .wide-field input", "value") == ["bread", "date=2020"]
    dates = opened.texts(".found .place button")
    assert {date[:4] for date in dates} == {"2020"}


def test_an_error_and_its_old_hits_go_with_the_next_search(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=texts&ask=bread")
    watched.wait("document.querySelectorAll('.found > li').length === 10")
    typed_at_once(watched, (".wide-field input", "county=X"))
    watched.wait("document.getElementById('alert').innerText.includes('no field')")
    assert watched.run("document.querySelectorAll('.found > li').length") == 0
    typed_at_once(watched, (".wide-field input", ""))
    watched.wait("document.querySelectorAll('.found > li').length === 10")
    assert watched.text("#alert") == ""
    watched.errors.clear()  # the browser notes the 400


def test_what_both_vectors_find_obeys_the_filter_and_names_ids(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=texts&ask=bread&beside=1&filter=date=1990")
    watched.wait("document.querySelectorAll('.hits > li').length === 16")
    told = site.json("/api/texts?query=bread&filters=date=1990")["sides"]
    places = watched.texts(".hits .place")
    assert [place.split(" · ")[-1] for place in places] == [hit["id"] for side in told for hit in side]
    assert {place[:4] for place in places} == {"1990"}
    assert not watched.run("document.querySelector('.wide-field input').disabled")


@pytest.mark.parametrize("beside", ["", "&beside=1"])
def test_how_a_question_was_understood_stands_above_the_hits(watched: Page, site: Site, beside: str) -> None:
    asked = 'bread AND "<b>bread</b> <img src=x onerror=alert(1)>"'
    watched.open(f"{site.address}#c=refined&view=texts&ask={quote(asked)}{beside}")
    hits = ".hits" if beside else ".found"
    watched.wait(f"document.querySelectorAll('{hits} > li').length >= 8 && document.querySelector('.note')")
    told = site.json(f"/api/{'texts' if beside else 'search'}?query={quote(asked)}")["notes"]
    assert [note.split(":")[0][:20] for note in told] == ["AND", "no document has the "]
    assert watched.texts(".note") == told  # signs of HTML included
    assert watched.run("document.querySelectorAll('#pane b, #pane img').length") == 0
    order = "document.querySelector('.note').compareDocumentPosition(document.querySelector('%s'))"
    assert watched.run(order % hits) == 4  # it follows
    watched.open(f"{site.address}#c=refined&view=texts&ask=bread{beside}")
    watched.wait(f"document.querySelectorAll('{hits} > li').length >= 8 && !document.querySelector('.note')")
    assert watched.errors == []


def test_enter_opens_the_word_that_was_typed(page: Page, tmp_path: Path) -> None:
    lines = ["phonographic records play music", "a phonograph plays records", "phonographic music again"]
    find = "document.getElementById('find')"
    with serving(fitted(tmp_path, lines * 12, "none")) as site:
        page.open(site.address)
        page.run(f"{find}.value = 'phonograph', {find}.focus()")
        page.press("Enter")  # before a suggestion is there
        page.wait(heading("phonograph"))
        page.press("/")
        page.type("phonograph")
        page.wait("document.querySelector('#found li bdi')?.textContent === 'phonograph'")
        page.press("Enter")
        page.wait(heading("phonograph"))
        page.run(f"{find}.value = 'mus', {find}.focus()")
        page.press("Enter")  # of a part: the first word that would have been shown
        page.wait(heading("music"))
        assert page.errors == []


def test_a_count_below_one_is_refused(opened: Page, site: Site) -> None:
    opened.run("document.querySelector('.filters').open = true")
    opened.click(".fields input[type=number]")
    opened.type("-5")
    assert opened.run("document.querySelector('.fields input[type=number]').matches(':invalid')")
    typed_at_once(opened, (".fields input[type=search]", "jud"))
    opened.wait(f"{RANKED}.join() === 'judge'")
    assert "seen" not in opened.run("location.hash")
    opened.open(f"{site.address}#view=changes&c=refined&seen=-5")
    opened.wait("document.getElementById('alert').innerText.includes('greater than or equal to 1')")
    opened.errors.clear()  # the browser notes the 400


def test_placeholders_name_years_of_the_text(opened: Page, site: Site) -> None:
    assert opened.texts("#range-a, #range-b", "placeholder") == ["1990..2005", "2006..2020"]
    opened.open(f"{site.address}#c=refined&view=texts")
    assert opened.run("document.querySelector('.wide-field input').placeholder") == "date=2006..2020"


def test_a_search_says_what_it_waits_for(page: Page, site: Site) -> None:
    script = SLOW.replace("/api/ranking", "/api/search").replace(
        "return Response.json({ ready: false, share: 0.25 })",
        "return Response.json({ error: { rule: 'the documents are being indexed' } }, { status: 503 })",
    )
    page.call("Page.addScriptToEvaluateOnNewDocument", source="window.stage = 'comparing';" + script)
    page.open(f"{site.address}#c=refined&view=texts&ask=bread", ready="document.querySelector('.full .wait')")
    page.wait("document.querySelector('.full .wait')?.innerText.includes('are being indexed')")
    page.run("window.stage = 'tested'")
    page.wait("document.querySelectorAll('.found > li').length === 10")


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
COLOURS = """
(() => {
  const canvas = document.querySelector('.atlas canvas');
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return new Set(new Uint32Array(data.buffer)).size;
})()
"""


ARRANGED = "document.querySelector('.atlas .lead')?.innerText.includes('neighbours stay together')"
NAMED = "document.querySelectorAll('.colours button').length > 2"


def test_the_map_shows_all_documents_or_all_words(opened: Page, site: Site) -> None:
    opened.press("3")
    opened.wait(f"{ARRANGED} && {NAMED}")
    assert f"{site.json('/api/about')['documents']} documents arranged" in opened.text(".atlas .lead")
    opened.choose(".atlas select", "words")
    opened.wait("document.querySelector('.atlas .lead').innerText.includes('words arranged')")
    opened.wait(f"{COLOURS} > 10")  # dots and labels are painted
    words = len(site.json("/api/map?c=refined&layout=pacmap")["words"])
    assert f"{words} words arranged" in opened.text(".atlas .lead")
    opened.open(f"{site.address}#c=refined&view=map&of=words&layout=pca")
    opened.wait("document.querySelector('.atlas .lead')?.innerText.includes('words on one plane')")


def test_colours_have_names_that_list_their_words(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=map&of=words")
    watched.wait(NAMED)
    topic = site.json("/api/map/colours?c=refined&layout=pacmap")["colours"][0]
    words = site.json("/api/map?c=refined&layout=pacmap")["words"]
    code = topic["codes"][words.index("oven")]
    shown = "[...document.querySelectorAll('.colours button')]"
    watched.run(f"{shown}.find((b) => b.innerText.includes({json.dumps(topic['values'][code])})).click()")
    listed = watched.texts(".selection a")
    assert listed == [word for word, of in zip(words, topic["codes"], strict=True) if of == code]
    watched.run(
        "[...document.querySelectorAll('.selection a')].find((a) => a.textContent === 'oven').click()"
    )
    watched.wait(heading("oven"))
    watched.choose(".atlas select", "change", 2)
    watched.wait("document.querySelector('.colours')?.innerText.includes('to more')")
    assert "colour=change" in watched.run("location.hash")


def test_a_lasso_lists_the_words_inside(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=map&of=words&layout=pca")
    watched.wait(NAMED)
    watched.click(".atlas .fields button")
    left, top, width, height = watched.box(".atlas canvas")
    corners = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.9)]
    for what, (x, y) in zip(["pressed", *["moved"] * 3, "released"], corners, strict=True):
        watched.mouse(what, left + x * width, top + y * height)
    watched.wait("!document.querySelector('.selection').hidden")
    points = drawn(site.data, "refined", whole=True)[1][-1]
    described = site.json("/api/map?c=refined")
    expected = {word for word, (x, _) in zip(described["words"], points.tolist(), strict=True) if x < 0}
    listed = watched.texts(".selection a")
    assert set(listed) == expected
    assert watched.run(IN_VIEW)
    assert watched.run(f"{COLOURS} > 10")
    assert watched.run(BLUE) > 0.05  # the outline stays, and what is inside is tinted
    watched.run(
        "(() => { const real = URL.createObjectURL; URL.createObjectURL = (blob) => "
        "{ blob.text().then((text) => { window.table = text; }); return real.call(URL, blob); }; })()"
    )
    watched.click(".selection button")
    watched.wait("window.table")
    table = list(csv.reader(watched.run("window.table").splitlines()))
    assert table[0][:2] == ["word", "topic"]
    assert {row[0] for row in table[1:]} == expected
    watched.click(".selection button:last-of-type")
    watched.wait("document.querySelector('.selection').hidden")
    watched.wait(f"{BLUE} < 0.05")
    assert watched.run("document.querySelector('.atlas .fields button').ariaPressed") == "false"


def test_documents_have_a_map_and_are_read_beside_it(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=map&of=documents&layout=pca")
    watched.wait(NAMED)
    assert "720 documents on one plane" in watched.text(".atlas .lead")
    watched.wait(f"{COLOURS} > 10")
    watched.click(".colours button")
    watched.click(".selection a")
    watched.wait("document.querySelector('#word .whole')")
    name = watched.text("#word .facts dd")
    assert watched.text("#word h2").startswith(watched.text("#word .whole")[:20])
    assert watched.text("#word .whole") == site.text_of(name).strip()
    assert "date" in watched.text("#word .facts")
    near = site.json(f"/api/similar?document={name}")["rows"][0]["id"]
    watched.click("#word summary")
    watched.wait("document.querySelector('#word .found a')")
    watched.click("#word .found a")
    watched.wait(f"document.querySelector('#word .facts dd')?.innerText === '{near}'")
    watched.press("Escape")
    watched.wait("document.querySelector('#word .wait')?.innerText.includes('Choose a document')")


def test_a_search_marks_its_hits_on_the_map(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=map&of=words&layout=pca&mark=oven")
    watched.wait("document.querySelector('.selection h3')?.innerText === '1 word with “oven”'")
    watched.open(f"{site.address}#c=refined&view=map&of=documents&layout=pca")
    watched.wait(NAMED)
    watched.click(".atlas input[type=search]")
    watched.type("bread")
    watched.wait("document.querySelector('.selection h3')?.innerText.includes('best for')")
    found = [hit["id"] for hit in site.json("/api/search?query=bread&top=100")["rows"]]
    links = (
        "[...document.querySelectorAll('.selection a')]"
        ".map((a) => new URLSearchParams(a.hash.slice(1)).get('doc'))"
    )
    assert watched.run(links) == found
    assert "mark=bread" in watched.run("location.hash")


def test_a_search_does_not_mark_the_map_in_silence(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=texts&ask=bread")
    watched.wait("document.querySelector('.found li')")
    watched.click("nav [data-view=map]")
    watched.wait(NAMED)
    assert watched.run("document.querySelector('.atlas input[type=search]').value") == ""
    assert watched.run("document.querySelector('.selection').hidden")
    watched.click("nav [data-view=texts]")
    watched.wait("document.querySelector('.found li')")  # the search is still there


def test_words_share_a_chart_over_time_and_each_topic_has_one(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=time&words=bread+rain+nonsense&unit=year")
    watched.wait("document.querySelectorAll('.multiples .chart').length > 1")
    assert "nonsense" in watched.text(".full .lead")
    assert watched.texts(".bars:first-of-type .legend bdi")[:2] == ["bread", "rain"]
    course = site.json("/api/time?w=bread&unit=year")["time"]
    rates = [f"{10000 * part['count'] / part['tokens']:.1f}" for part in course]
    cells = (
        "[...document.querySelectorAll('.bars tbody tr')].slice(0, 3).map((r) => r.children[1].textContent)"
    )
    assert watched.run(cells) == rates
    watched.choose(".fields select", "3", 1)
    both = sum(part["count"] for part in course[:2]) / sum(part["tokens"] for part in course[:2])
    watched.wait(f"{cells}[0] === '{10000 * both:.1f}'")
    assert "smooth=3" in watched.run("location.hash")
    watched.wait("document.querySelectorAll('.multiples .chart').length > 1")
    watched.errors.clear()  # the browser notes the 404s


CHART = """import("/chart.js").then(({ rates, timeline }) => {
  const years = [[1972, 3], [1993, 400], [1994, 500], [2002, 90]];
  const periods = years.map(([from, documents]) => ({ name: String(from), documents, from, to: from + 1 }));
  const points = rates([3, 40, 30, 0], years.map(([, documents]) => documents));
  const chart = timeline(periods, [{ name: "hail", points }], { about: "Share", show: (x) => x.toFixed(2) });
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


def test_the_words_shown_first_over_time_are_those_of_the_text(watched: Page, site: Site) -> None:
    watched.open(f"{site.address}#c=refined&view=time")
    watched.wait("document.querySelector('.bars .legend')")
    about = [row["word"] for row in site.json("/api/domain")["words"]][:3]
    assert watched.texts(".bars .legend bdi") == about
    assert watched.run("document.querySelector('.wide-field input').placeholder") == " ".join(about)


def test_charts_keep_the_distance_of_years_and_values_are_where_the_axis_says(opened: Page) -> None:
    drawn = opened.run(CHART)
    places = np.diff(drawn["places"])
    assert places / places[1] == pytest.approx([21, 1, 8])
    assert drawn["open"] == [True, False, False, False]
    assert (drawn["gaps"], drawn["bands"]) == (2, 1)
    assert {"1980", "2000", "0.00"} < set(drawn["figures"])
    assert "1.00" in drawn["figures"]  # the share of 1972, which has few documents and an open mark
    high, zero = (drawn["ticks"][figure] for figure in ("1.00", "0.00"))
    for height, point in zip(drawn["heights"], drawn["points"], strict=True):
        assert height == pytest.approx(zero + point["value"] * (high - zero), abs=0.1)
    for point in drawn["points"]:
        assert 0 <= point["low"] <= point["value"] <= point["high"] <= 1
    assert drawn["points"][3]["high"] > 0.02  # none of ninety is not certain to be none


def test_names_are_left_out_on_request(opened: Page) -> None:
    opened.run("document.querySelector('.filters').open = true")
    opened.click(".fields .check:last-child input")
    opened.wait("location.hash.includes('names=0')")
    opened.wait(f"{RANKED}.length > 5")


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


def test_dark_mode_follows_the_system_and_the_button(opened: Page, site: Site) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    assert opened.run(paper) == "rgb(255, 255, 255)"
    opened.prefers(color_scheme="dark")
    assert opened.run(paper) == "rgb(20, 23, 28)"
    opened.click("#theme")
    assert opened.run(paper) == "rgb(255, 255, 255)"
    opened.open(f"{site.address}#view=changes&c=refined")
    assert opened.run(paper) == "rgb(255, 255, 255)"  # what was chosen is kept
    opened.run("localStorage.clear()")


CONTRAST = """
(() => {
  const channel = (c) => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4; };
  const light = (rgb) => .2126 * channel(rgb[0]) + .7152 * channel(rgb[1]) + .0722 * channel(rgb[2]);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const left = '.hidden, .skip, dialog:not([open]), noscript, select';
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const box = e.getBoundingClientRect();
    if (!own || !box.width || e.closest(left) || e.disabled) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) poor.push([e.className || e.tagName, e.textContent.slice(0, 30), ratio]);
  }
  return poor;
})()
"""


NAMELESS = """
[...document.querySelectorAll('button, a, input, select, canvas, [role]')].filter((e) =>
  e.getBoundingClientRect().width && !e.closest('[role=status], [role=alert]') &&
  !(e.getAttribute('aria-label') || e.innerText?.trim() || e.labels?.[0]?.innerText.trim())
).map((e) => e.outerHTML.slice(0, 80))
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_readable(opened: Page, scheme: str) -> None:
    opened.prefers(color_scheme=scheme)
    for key in "124567":
        opened.press(key)
        opened.wait("document.querySelector('#pane h2')")
        assert opened.run(CONTRAST) == []


def test_everything_has_a_name_and_focus_is_seen(opened: Page) -> None:
    nameless = opened.run(NAMELESS)
    assert nameless == []
    for _ in range(12):
        opened.press("Tab")
        outline = opened.run("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", opened.run("document.activeElement.outerHTML.slice(0, 90)")
    ids = opened.texts("[id]", "id")
    assert len(ids) == len(set(ids))


def test_a_phone_shows_the_list_then_the_word_then_the_list(page: Page, site: Site) -> None:
    page.size(390, 844, mobile=True)
    page.open(f"{site.address}#view=changes&c=refined")
    shown = "getComputedStyle(document.getElementById('{}')).display !== 'none'"
    assert page.run(shown.format("pane"))
    assert not page.run(shown.format("word"))
    page.click(".ranking a")
    page.wait("location.hash.includes('word=')")
    page.wait(shown.format("word"))
    assert not page.run(shown.format("pane"))
    page.wait("document.querySelector('#word .near')")
    cut = "[...document.querySelectorAll('{} .w')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert page.run(cut.format("#word .near")) == 0
    right = "getBoundingClientRect().right"
    assert max(page.texts("nav a", right)) <= 390
    page.open(f"{site.address}#view=unknown&c=refined")
    page.wait("document.querySelector('tbody td')")
    assert max(page.texts("tbody td", right)) <= 390
    for key in ("overview", "changes", "unknown", "texts", "health", "time", "map"):
        page.open(f"{site.address}#c=refined&view={key}")
        assert page.run("document.documentElement.scrollWidth") <= 390, key
    page.open(f"{site.address}#c=refined&word=cell")
    page.click(".back")
    page.wait(shown.format("pane"))
    page.run(
        "document.querySelectorAll('.ranking .times').forEach((e) => { e.textContent = '12,345→23,456×'; })"
    )
    assert min(page.texts(".ranking .w", "getBoundingClientRect().width")) > 300
    assert page.run(cut.format(".ranking")) == 0
    assert page.errors == []


def test_a_collapsed_run_is_said_first(page: Page, run: Run) -> None:
    words = run.original.index_to_key
    from selfvec.data.vectors import Vectors
    from selfvec.numerics.rows import unit_rows
    from selfvec.refinement.health import check_health

    towards = unit_rows(run.original.unit + 30 * run.original.unit[:1])
    collapsed = Vectors(words, towards, counts=run.vectors.counts, normalized=True)
    health = {"health": check_health(run.original, collapsed, None).as_dict()}
    broken = Run(collapsed, run.original, None, run.provenance, health, run.tokens)
    assert broken.health["verdicts"]
    with serving(broken) as site:
        page.open(site.address)
        assert "This run failed a check" in page.text("#alert")
        page.click("#alert a")
        page.wait("document.querySelector('#pane h2')?.innerText === 'This run failed a check'")
        assert "What to do" in page.text(".findings")


def test_the_interface_for_programs_is_a_page(page: Page, site: Site) -> None:
    page.open(f"{site.address}api.html")
    assert "GET /api/search" in page.text("#paths")
    assert "As state=IOWA" in page.text("#paths")
    assert page.elsewhere(site.address) == []
    assert page.errors == []


def test_the_token_opens_the_page(page: Page, run: Run) -> None:
    with serving(run, token="secret-of-the-test") as site:
        page.open(f"{site.address}?token=secret-of-the-test")
        assert page.run("location.search") == ""
        assert page.text(".overview h2")
        assert page.errors == []


def test_three_documents_have_maps_too(page: Page, tmp_path: Path) -> None:
    lines = ["hail broke the roof", "the river rose over the road", "an invoice was paid"]
    with serving(fitted(tmp_path, lines, "none")) as site:
        for of in ("words", "documents"):
            page.open(f"{site.address}#view=map&of={of}")
            page.wait("document.querySelector('.atlas .lead')?.innerText.includes('Click one')")
            page.wait(f"{COLOURS} > 1")
        assert page.errors == []


def test_hebrew_and_arabic_read_from_right_to_left(page: Page, tmp_path) -> None:
    lines = ["ברד שבר גגות בכפר", "نهر كبير فوق الطريق", "hail broke roofs here"]
    with serving(fitted(tmp_path, lines * 12, "none")) as site:
        shown = "[...document.querySelectorAll('#word .quotes q')].map((q) => getComputedStyle(q).direction)"
        for word, expected in (("גגות", "rtl"), ("الطريق", "rtl"), ("roofs", "ltr")):
            page.open(f"{site.address}#word={quote(word)}")
            page.wait(f"{heading(word)} && document.querySelector('#word .quotes q')")
            assert set(page.run(shown)) == {expected}
            assert page.run(FIRST_LETTER_IS_LEFT) is (expected == "ltr")
        page.open(f"{site.address}#view=texts")
        page.wait("document.querySelector('.full input')")
        page.run("document.querySelector('.full input').focus()")
        page.type("גגות")
        style = "getComputedStyle(document.querySelector('.full input')).direction"
        assert page.run(style) == "rtl"


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
    assert page.texts(".topic blockquote mark")
    name = (
        "((at, name) => { const field = document.querySelectorAll('.topic input')[at]; field.value = name;"
        " field.dispatchEvent(new Event('change')); })"
    )
    page.run(f"{name}(0, 'Mine')")
    page.run(f"{name}({shown}.indexOf({json.dumps(second)}), 'Mine')")
    page.wait(f"document.querySelectorAll('.topic').length === {len(found) - 1}")
    page.open(f"{site.address}#view=topics", ready="document.querySelector('.topic')")
    assert page.run(shown).count("Mine") == 1
    share = round(100 * (found[0]["share"] + found[1]["share"]))
    assert f"{share} % of the documents" in page.texts(".topic .lead")[page.run(shown).index("Mine")]
    saved = page.run(
        "(async () => { let kept; const made = URL.createObjectURL;"
        " URL.createObjectURL = (blob) => { kept = blob; return made.call(URL, blob); };"
        " document.querySelector('.topics .fields button').click(); URL.createObjectURL = made;"
        " return JSON.parse(await kept.text()); })()"
    )
    mine = next(topic for topic in saved["topics"] if topic["name"] == "Mine")
    assert sorted(mine["joined"]) == sorted([first, second])
    page.click(".topics .fields button:last-child")
    page.wait(ready)
    assert page.errors == []


def test_an_untitled_document_is_headed_by_its_first_sentence(page: Page, site: Site) -> None:
    page.open(site.address)

    def headed(text: str, title: str | None = None) -> str:
        given = json.dumps({"text": text, "title": title})
        return page.run(f"import('/documents.js').then((own) => own.heading({given}).textContent)")

    assert headed("MINUTES\n12.05.2021\nThe rate was kept at two percent. It rained.") == (
        "The rate was kept at two percent."
    )
    assert headed("12. 8. 1901. Tokyo.\n東京は夜に雨が降った。") == "東京は夜に雨が降った。"
    assert headed("HAIL FELL ON THE ROOF") == "HAIL FELL ON THE ROOF"
    assert headed("The rate was kept at two percent.", "Minutes") == "Minutes"


AXE = Path(os.environ.get("SELFVEC_AXE", "node_modules/axe-core/axe.min.js"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "experimental"]


@pytest.mark.skipif(
    not AXE.is_file(), reason="no axe-core (npm install axe-core, or its file in SELFVEC_AXE)"
)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(page: Page, site: Site, width: int, scheme: str) -> None:
    page.size(width, 844)
    page.prefers(color_scheme=scheme)
    views = {
        "view=overview": "document.querySelector('.domain h4') && document.querySelector('.multiples svg')",
        "c=refined&word=cell": "document.querySelector('#word .bars svg')",
        "view=changes&c=1990|2004..2021": "document.querySelector('#word .quotes')",
        "c=refined&view=map&of=words": NAMED,
        "c=refined&view=map&of=documents": NAMED,
        "c=refined&view=unknown": "document.querySelector('tbody tr')",
        "c=refined&view=texts&ask=bread": "document.querySelector('.found')",
        "c=refined&view=texts&ask=bread&beside=1": "document.querySelector('.hits')",
        "view=topics": "document.querySelector('.topic svg')",
        "c=refined&view=health": "document.querySelector('.findings')",
    }
    found = {}
    for view, ready in views.items():
        page.open(f"{site.address}#{view}")
        page.wait(ready)
        page.call("Runtime.evaluate", expression=AXE.read_text())
        only = json.dumps({"runOnly": {"type": "tag", "values": RULES}})
        rules = page.run(f"axe.run(document, {only}).then((r) => r.violations.map((v) => v.id))")
        found |= {view: rules} if rules else {}
    assert found == {}


def test_words_that_came_and_fields_that_go_with_time_are_on_the_page(page: Page, tmp_path: Path) -> None:
    rows = [
        {
            "text": f"The committee kept the rate in room {'abcdefg'[n % 7]}"
            + " with a taper" * (year == 2002),
            "date": f"{year}-05-{n % 28 + 1:02}",
            "kind": "minutes" if n % 5 < (1 if year == 2001 else 4) else "speech",
        }
        for year in (2001, 2002)
        for n in range(300)
    ]
    source = tmp_path / "speeches.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run = selfvec.refine(source, "none", "original", repeats="keep", output=tmp_path / "run")
    with serving(run) as site:
        page.open(f"{site.address}#view=changes", ready="document.querySelector('.ranking a')")
        assert page.run("document.querySelector('#comparison').value") == "2001|2002"
        assert "the earliest and the latest years" in page.text("#pane .note")
        told = page.texts("#pane .note")[1]
        assert "kind differs: minutes is 80% of 2002, 20% of 2001" in told
        assert "--filter kind=" in told
        page.click(".unmatched summary")
        assert page.texts(".unmatched a") == ["taper"]
        assert "taper 0→300×" in page.text(".unmatched p")
        page.click(".unmatched a")
        page.wait("document.querySelector('#word h2')?.innerText.includes('taper')")
        page.wait("document.querySelector('#word .facts').innerText.includes('too rare')")
    assert page.errors == []
