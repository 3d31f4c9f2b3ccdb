"""Words on the page in a real browser: which changed, why, and how a reader gets to them."""

import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from headless import Page
from serving import HOSTILE, Site, fitted, serving
from steps import CURRENT, RANKED, SLOW, heading, typed_at_once
from tests.processes import PATIENCE

import selfvec
from selfvec.apps.web import page_data
from selfvec.base.threads import stop_if_cancelled
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run

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

DIFFERENCES = "getComputedStyle(document.querySelector('#pane details.why')).display"


def test_a_newcomer_sees_which_word_changed_and_why(opened: Page) -> None:
    assert opened.run(RANKED).index("cell") < 10
    assert opened.run(CURRENT) == "cell"
    assert opened.text("h2.word").startswith("cell")
    claim = opened.text("#word .claim")
    assert "Before refining, cell was near" in claim
    assert "In your text it is near" in claim
    assert opened.text("#word .quotes li")
    assert opened.run("document.querySelectorAll('.quotes mark.self').length") > 0
    assert "documents" not in opened.text("#alert")
    assert opened.run("document.title").startswith("reports.jsonl")


def test_neighbours_stand_side_by_side_with_what_came_and_went(opened: Page, site: Site) -> None:
    told = site.json("/api/word?w=cell&c=refined")
    before, after = ([word for word, _ in told[side]] for side in ("before", "after"))
    for side, mark, words, others in ((1, "went", before, after), (2, "came", after, before)):
        changed = [word for word in words if word not in others]
        assert opened.texts(f".sides > div:nth-child({side}) li bdi") == words
        assert opened.texts(f".sides > div:nth-child({side}) li.{mark} bdi") == changed
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
    opened.type("bread with butter")  # no word: a question
    opened.press("Enter")
    opened.wait("document.body.dataset.view === 'texts' && document.querySelector('.found .snippet')")


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
    views = ("overview", "changes", "time", "texts", "map", "topics", "health")
    for number, view in enumerate(views, 1):
        opened.press(str(number))
        opened.wait(f"document.body.dataset.view === '{view}'")
        assert opened.texts("nav [aria-current]", "dataset.view")[-1] == view


def test_why_shows_where_two_words_stand_together(opened: Page, site: Site) -> None:
    opened.click(".near li.came button.ask")
    opened.wait("document.querySelector('.texts .claim')?.innerText.startsWith('Why cell and')")
    near = opened.run("new URLSearchParams(location.hash.slice(1)).get('near')")
    told = site.json(f"/api/together?w=cell&other={near}")
    assert f"{told['together']:,} times of" in opened.text(".texts .claim").replace("\n", " ")
    assert opened.run("document.querySelectorAll('.texts mark.self').length") > 0


def test_options_of_drift_narrow_the_list_and_stand_in_the_address(opened: Page, site: Site) -> None:
    opened.expected.append("status of 400")
    opened.run("document.querySelector('#filters button').click()")
    opened.choose("#comparison", "1990|2020")
    opened.choose(".fields select", "0.05")
    sure = selfvec.drift(site.data.run, ["1990", "2020"], fdr=0.05).rows
    opened.wait(f"{RANKED}.length === {len(sure)}")
    assert opened.run(RANKED) == [row["word"] for row in sure]
    assert "fdr=0.05" in opened.run("location.hash")
    opened.click(".fields input[type=number]")
    opened.type("-5")
    assert opened.run("document.querySelector('.fields input[type=number]').matches(':invalid')")
    assert "min_count" not in opened.run("location.hash")
    opened.run("document.querySelector('.fields input[type=number]').value = ''")
    opened.type("9999")
    opened.wait("document.getElementById('alert').innerText.includes('no word occurs 9999 times')")
    assert opened.run(RANKED) == []


def test_two_years_are_compared_with_sentences_from_both(opened: Page, site: Site) -> None:
    opened.choose("#comparison", "1990|2020")
    opened.wait("document.querySelectorAll('.texts h4').length === 2")
    heads = opened.texts(".texts h4")
    assert heads == ["1990", "2020"]
    places = opened.run(
        "[...document.querySelectorAll('.texts section')].map((section) =>"
        " [...section.querySelectorAll('.place')].map((e) => e.textContent.slice(0, 4)))"
    )
    assert set(places[0]) == {"1990"}
    assert set(places[1]) == {"2020"}
    row = selfvec.drift(site.data.run, ["1990", "2020"])["cell"]
    low, high = (int(100 * row[f"differing_{end}"] + 0.5) for end in ("low", "high"))
    assert f"{low}–{high}%" in opened.text("#word .facts")
    assert f"uses differ ({low} to {high} %)" in opened.text(".ranking tr:has([aria-current])")
    assert ", ".join(row["gained"][:5]) in opened.text("#word .facts + p .came")


def test_words_are_listed_when_they_are_tested_as_drift_lists_them(page: Page, site: Site) -> None:
    script = "window.stage = 'queued';" + SLOW
    page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    page.open(f"{site.address}#view=changes&c=1990|2020", ready="document.querySelector('.ranking')")
    page.wait("document.querySelector('#pane .lead').innerText.includes(': 2 before it, now counting.')")
    page.run("window.stage = 'comparing'")
    page.wait("document.querySelector('#pane .lead').innerText.includes('25% done')")
    assert page.text("#pane h2") == "Words that changed"
    assert page.run(RANKED) == []
    assert page.run(DIFFERENCES) == "none"
    page.run("window.stage = 'tested'")
    page.wait(f"{RANKED}.length")
    told = selfvec.drift(site.data.run, ["1990", "2020"])
    assert page.texts(".ranking thead th") == ["word", "how much", "1990", "2020"]
    assert page.run(RANKED) == [row["word"] for row in told.rows[:50]]
    unsure = page.texts(".ranking .unsure th")  # in grey: chance may explain them
    assert unsure == [row["word"] for row in told.rows[:50] if row["q"] > 0.05]
    assert set(page.texts(".ranking .unsure td:nth-child(2)")) == {"no clear change"}
    assert page.text("#pane .lead").startswith(told.findings[0].says)
    assert page.run(DIFFERENCES) != "none"


def test_what_is_of_another_comparison_goes_while_one_loads(opened: Page) -> None:
    assert opened.run(RANKED)
    opened.run("window.stage = 'comparing';" + SLOW)
    opened.choose("#comparison", "1990|2020")
    opened.wait("document.querySelector('#pane .lead').innerText.includes('25% done')")
    assert not opened.run(RANKED)
    assert opened.run(DIFFERENCES) == "none"  # they are those of the comparison before
    opened.run("window.stage = 'tested'")
    opened.wait("document.querySelector('#pane h2').innerText.includes('1990')")


def test_another_comparison_begins_with_its_first_word(opened: Page, site: Site) -> None:
    opened.open(f"{site.address}#view=changes&c=refined&word=charge")
    opened.choose("#comparison", "1990|2020")
    first = selfvec.drift(site.data.run, ["1990", "2020"]).rows[0]["word"]
    opened.wait(f"{heading(first)} && {CURRENT} === {json.dumps(first)}")
    opened.run("void history.back()")
    opened.wait(heading("charge"))


def test_another_comparison_and_a_closed_page_end_the_work_of_the_one_before(
    page: Page, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    def endless(run: Run, between: list[Slice] | None, **_: object) -> None:
        try:
            while True:
                stop_if_cancelled()
                time.sleep(0.01)
        finally:
            ended.append(between[0].name if between else "default")

    def until(number: int) -> None:
        end = time.monotonic() + PATIENCE
        while len(ended) < number:
            assert time.monotonic() < end
            time.sleep(0.05)

    monkeypatch.setattr(page_data, "drift", endless)
    with serving(run.present.replace(folder=None)) as site:
        page.open(f"{site.address}#view=changes&c=1990|2005", ready="document.querySelector('.lead .wait')")
        page.wait("document.querySelector('#pane .lead').innerText.includes('words of 1990 and 2005')")
        page.choose("#comparison", "2005|2020")
        until(1)
        page.wait("document.querySelector('#pane .lead').innerText.includes('words of 2005 and 2020')")
        page.call("Page.navigate", url="about:blank")
        until(2)
    assert ended == ["1990", "2005"]


def test_two_ranges_are_drawn_on_the_documents_in_time(opened: Page, site: Site) -> None:
    opened.choose("#comparison", "?")
    left, top, width, height = opened.box("#ranges .brush")
    for years in ((1990, 1991), (2010, 2020)):  # the nearer range becomes the one that is drawn
        for what, year in zip(("pressed", "moved", "released"), (*years, years[1]), strict=True):
            opened.mouse(what, left + width * (year - 1990 + 0.5) / 31, top + height / 2)
        opened.wait(f"document.querySelector('#pane h2').innerText.includes('{years[0]}–{years[1]}')")
    opened.wait("document.querySelector('#pane h2').innerText === 'What changed from 1990–1991 to 2010–2020'")
    drawn = [len(opened.texts(f"#ranges .brush > .{look}")) for look in ("went", "came")]
    assert drawn == [2, 11]
    opened.choose("#ranges select", "0", 1)
    opened.wait("document.querySelector('#pane h2').innerText === 'What changed from 1990 to 2010–2020'")
    opened.open(f"{site.address}#view=time&words=cell&c=1990|2004..2020")
    opened.wait("document.querySelector('.chart .border')")
    edges, border = opened.texts(".chart .mark", "getBBox().x"), opened.texts(".chart .border", "getBBox().x")
    assert edges[0] < border[0] < edges[1]  # 1990, then 2004, then 2005


def test_a_bad_period_is_said_once_and_the_word_stays(opened: Page, site: Site) -> None:
    opened.expected.append("status of 404")
    opened.run("location.hash += '&c=1990|1950'")
    said = "no document is dated 1950; the dates run from 1990-05-01 to 2020-05-01"
    opened.wait(f"document.body.innerText.includes({json.dumps(said)})")
    assert opened.run("document.body.innerText").count(said) == 1
    assert opened.text("h2.word").startswith("cell")
    assert opened.text("#word .claim")
    opened.run("location.hash = 'word=cell&c=1990|spring'")
    for rule in ("is not a slice", "write dates as 1990..2020, 1990-05, 2020Q2"):
        opened.wait(f"document.getElementById('alert').innerText.includes({json.dumps(rule)})")
    opened.open(f"{site.address}#c=1990|1950&word=cell")
    assert opened.run("document.querySelectorAll('#alert .error').length") == 1
    assert opened.text("#word h2") == "cell"


def test_signs_around_a_typed_word_do_not_hide_it(opened: Page, site: Site) -> None:
    opened.open(f"{site.address}#view=time&words=thunder%3F.")
    opened.wait("document.querySelector('.chart')")
    assert "Not in this text" not in opened.text(".full .lead")
    opened.open(f"{site.address}#c=refined&word=thunder%3F.")
    opened.wait(f"{heading('thunder')} && document.querySelector('#word .quotes li')")
    assert opened.text("#alert") == ""


def test_hostile_words_are_words(opened: Page, site: Site) -> None:
    opened.press("/")
    opened.type("<img")
    opened.wait("document.querySelector('#found li bdi')")
    opened.press("Enter")
    opened.wait(heading(HOSTILE))
    assert opened.run("document.querySelectorAll('#word img, #pane img').length") == 0
    assert opened.run("document.title") != "harmed"


def test_new_words_tell_what_they_rest_on(opened: Page) -> None:
    opened.run("location.hash = '#c=refined&word=zest'")
    opened.wait("document.querySelector('#word .claim')?.innerText.includes('had no vector')")
    assert "the words around it" in opened.text("#word .facts")


def test_a_second_field_does_not_wipe_the_first(opened: Page, site: Site) -> None:
    opened.open(f"{site.address}#c=refined&view=texts")
    typed_at_once(opened, (".wide-field input", "date=2020"))
    opened.enter("#find", "bread")
    opened.wait(
        "(all => all.length === 10 && all.every(one => one.innerText.startsWith('2020')))"
        "([...document.querySelectorAll('.found .place button bdi')])"
    )
    assert opened.texts("#find, .wide-field input", "value") == ["bread", "date=2020"]


def test_enter_opens_the_word_that_was_typed(page: Page) -> None:
    lines = ["phonographic records play music", "a phonograph plays records", "phonographic music again"]
    find = "document.getElementById('find')"
    with serving(fitted(lines * 12, "none")) as site:
        page.open(site.address)
        page.run(f"{find}.value = 'phonograph', {find}.focus()")
        page.press("Enter")  # before a suggestion is there
        page.wait(heading("phonograph"))
        page.run(f"{find}.value = 'mus', {find}.focus()")
        page.press("Enter")  # of a part: the first word that would have been shown
        page.wait(heading("music"))


def test_hebrew_and_arabic_read_from_right_to_left(page: Page) -> None:
    lines = ["ברד שבר גגות בכפר", "نهر كبير فوق الطريق", "hail broke roofs here"]
    with serving(fitted(lines * 12, "none")) as site:
        shown = "[...document.querySelectorAll('#word .quotes q')].map((q) => getComputedStyle(q).direction)"
        for word, expected in (("גגות", "rtl"), ("فوق", "rtl"), ("roofs", "ltr")):
            page.open(f"{site.address}#word={quote(word)}")
            page.wait(f"{heading(word)} && document.querySelector('#word .quotes q')")
            assert set(page.run(shown)) == {expected}
            assert page.run(FIRST_LETTER_IS_LEFT) is (expected == "ltr")
        page.open(f"{site.address}#view=texts")
        page.press("/")
        page.type("גגות")
        style = "getComputedStyle(document.querySelector('#find')).direction"
        assert page.run(style) == "rtl"


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
    run = selfvec.refine(rows, "none", "original", repeats="keep", output=tmp_path / "run")
    with serving(run) as site:
        page.open(f"{site.address}#view=changes", ready="document.querySelector('.ranking a')")
        assert page.run("document.querySelector('#comparison').value") == "2001|2002"
        told = " ".join(page.texts("#pane .note"))
        assert "kind minutes rose: from 20% of the documents of 2001 to 80% of those of 2002" in told
        assert "the same mix on both sides" in told
        assert "Compared: the halves of the text." in told
        page.click(".unmatched summary")
        assert page.texts(".unmatched a") == ["taper"]
        assert "taper 0 → 120" in page.text(".unmatched p")  # of the documents with the same mix
        page.click(".unmatched a")
        page.wait("document.querySelector('#word h2')?.innerText.includes('taper')")
        page.wait("document.querySelector('#word .facts').innerText.includes('not among')")
