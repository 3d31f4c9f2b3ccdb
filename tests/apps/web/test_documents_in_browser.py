"""Documents on the page in a real browser: searched, narrowed, listed, read, and withdrawn."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np
import pytest
from headless import Page
from serving import Site, serving
from steps import SLOW, typed_at_once

import selfvec
from selfvec.storage.run_folder import open_run


def assert_similar_documents_open(page: Page, site: Site, name: str) -> None:
    """Open what is near the document beside the list, and the first of these; then close both."""
    near = site.json(f"/api/similar?document={name}")["rows"]
    page.click("#word summary")
    page.wait(f"document.querySelectorAll('#word .found > li').length === {len(near)}")
    page.click("#word .found a")
    page.wait(f"document.querySelector('#word .facts dd')?.innerText === {json.dumps(near[0]['id'])}")
    page.press("Escape")
    page.wait("document.body.classList.contains('alone')")


def test_documents_are_searched_with_snippets_and_filters(opened: Page, site: Site) -> None:
    opened.press("4")
    opened.press("/")
    opened.type("bread")
    opened.wait("document.querySelector('#found li')?.innerText === 'Search the documents for bread'")
    opened.press("Enter")  # in the search, questions come before words
    opened.wait("document.querySelectorAll('.found > li').length === 10")
    assert "ask=bread" in opened.run("location.hash")
    assert opened.texts("input:not(#panel *)", "value") == ["bread"]  # one box
    assert opened.run(
        "[...document.querySelectorAll('.found mark.self')].every((e) => e.textContent === 'bread')"
    )
    told = site.json("/api/search?query=bread")["rows"]
    assert opened.text(".found h3 bdi") == " ".join(told[0]["text"].split()[:9]) + " …"
    assert opened.text(".found .place span") == told[0]["id"]
    assert opened.text(".found .snippet") == told[0]["snippet"]
    opened.click(".found h3 a")
    opened.wait("document.querySelector('#word .whole')")
    assert opened.text("#word .whole") == site.text_of(told[0]["id"]).strip()
    assert (
        opened.run("document.querySelector('.found [aria-current]').closest('li').dataset.id")
        == told[0]["id"]
    )
    assert_similar_documents_open(opened, site, told[0]["id"])
    opened.click(".more")
    opened.wait("document.querySelectorAll('.found > li').length === 20")
    opened.click(".found .place button")
    opened.wait("document.querySelectorAll('.found > li').length === 10")
    date = told[0]["date"]
    assert opened.run("document.querySelector('.wide-field input').value") == f"date={date}"
    dates = opened.texts(".found .place button bdi")
    assert set(dates) == {date}


PAINTS = ("red", "green", "blue", "black", "white", "brown", "yellow")


THINGS = ("roof", "mill", "barn", "road", "bridge", "house", "garden", "boat", "tower", "field")


@pytest.fixture(scope="module")
def fielded(own: Path) -> Iterator[Site]:
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
    run = selfvec.refine(rows, method="decorrelated", window=5, output=own / "run")
    with serving(run) as site:
        site.data.index.result()
        yield site


PRESSED = "[...document.querySelectorAll('.facets [aria-pressed=true]')].length"


def test_hits_are_counted_and_narrowed_by_fields_and_dates(page: Page, fielded: Site) -> None:
    page.size(1440, 900)
    page.open(f"{fielded.address}#view=texts&ask=hail")
    page.wait("document.querySelectorAll('.facets section').length === 2")  # open beside the documents
    page.click("#filters button")
    page.wait("document.querySelector('#panel').hidden")
    page.click("nav [data-view=map]")
    page.click("nav [data-view=texts]")
    assert page.run("document.querySelector('#panel').hidden")  # as it was left
    page.click("#filters button")
    page.wait("document.querySelector('.total').innerText.startsWith('40 of 60 documents have words of')")
    assert page.texts(".values button") == ["IOWA 30", "OHIO 10"]
    assert page.texts(".facets .brush > span", "title") == ["1990: 20 documents", "1991: 20 documents"]
    page.click(".values li:last-child button")
    page.wait(f"{PRESSED} === 1 && document.querySelector('.total').innerText.startsWith('10 of')")
    assert page.run("document.querySelector('.wide-field input').value") == "state=OHIO"
    assert page.texts(".values button") == ["IOWA 30", "OHIO 10"]  # another can be chosen
    page.choose(".facets .range select", "0", 1)
    page.wait("document.querySelector('.total').innerText.startsWith('6 of')")
    assert "date=1990" in page.run("document.querySelector('.wide-field input').value")
    page.click("#filters .chips button:last-child")
    page.wait("document.querySelectorAll('#filters .chips button').length === 1")
    page.open(f"{fielded.address}#view=texts&filter=state=OHIO")
    page.wait("document.querySelector('.total').innerText.startsWith('15 of 60 documents (25%)')")
    page.click("nav [data-view=map]")  # the same documents, wherever one looks
    page.wait("document.querySelector('#filters .chips button')?.innerText.startsWith('state=OHIO')")
    page.click("nav [data-view=changes]")
    assert page.run("document.querySelector('#filters .chips').children.length") == 0


def test_hits_are_sorted_by_date_and_open_at_their_passage(page: Page, fielded: Site) -> None:
    page.open(f"{fielded.address}#view=texts&ask=hail&order=newest&mode=bm25")
    page.wait("document.querySelectorAll('.found > li').length === 10")
    dates = page.texts(".found > li .place button:first-of-type bdi")
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


def test_documents_are_listed_sorted_and_read(page: Page, fielded: Site) -> None:
    listed = "[...document.querySelectorAll('.found > li')].map((item) => item.dataset.id)"
    page.open(f"{fielded.address}#view=documents")  # as older links say
    page.wait("document.querySelectorAll('.found > li').length === 50")
    assert page.text(".total") == "60 documents"
    page.click("#pane .more")
    page.wait("document.querySelectorAll('.found > li').length === 60")
    assert page.run(listed) == [str(number) for number in range(60)]
    place = "document.querySelector('.found > li:nth-child(41)').getBoundingClientRect().top"
    page.box(".found > li:nth-child(41)")  # scrolled to
    stands = page.run(place)
    page.run("document.querySelector('.found > li:nth-child(41) a').click()")
    page.wait("document.querySelector('#word .whole')")
    assert page.run(place) == stands  # the list stays where it is beside a document
    page.run("void history.back()")
    page.wait("document.body.classList.contains('alone')")
    assert page.run(place) == stands
    page.open(f"{fielded.address}#view=texts&order=longest")
    page.wait(f"{listed}[0] === '59'")  # with the whale


def test_a_whole_document_has_its_lines(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    for number in range(40):
        kind = ("hail", "rain", "an invoice")[number % 3]
        text = f"Note {number}\n\nThere was {kind} (day {number}).\nThen the roof leaked, and HAIL? no."
        (folder / f"{number}.txt").write_text(text, "utf-8")
    selfvec.Refiner("decorrelated", window=5, repeats="keep").fit(folder, "default").save(tmp_path / "run")
    with serving(open_run(tmp_path / "run")) as site:
        page.open(f"{site.address}#view=texts&ask=hail&mode=bm25")
        page.wait("document.querySelector('.found h3 a')")
        page.click(".found h3 a")
        page.wait("document.querySelector('.whole')")
        assert page.text(".whole").count("\n") == 3
        assert page.texts(".whole mark") != []


LATE = """(() => { const real = window.fetch; window.fetch = async (...asked) => {
  if (String(asked[0]).includes(%s)) { await new Promise((go) => setTimeout(go, 600)); window.late = true; }
  return real(...asked); }; })()"""  # one answer comes later than those that are asked for after it


def test_a_late_answer_does_not_replace_what_was_chosen_meanwhile(page: Page, fielded: Site) -> None:
    page.open(f"{fielded.address}#view=texts")
    page.wait("document.querySelectorAll('.found > li').length === 50")
    page.run(LATE % json.dumps("/api/health"))
    page.press("7")
    page.click("nav [data-view=texts]")
    page.wait("window.late")
    time.sleep(0.3)
    assert page.run("document.querySelectorAll('.found > li').length") == 50
    page.run("window.late = false")
    page.run(LATE % json.dumps("/api/document?id=0"))
    page.click(".found li a")
    page.click(".found li:nth-child(2) a")
    page.wait("window.late")
    time.sleep(0.3)
    assert page.text("#word .facts dd") == "1"


def test_an_updated_run_is_said_and_withdrawn_documents_are_gone(page: Page, tmp_path: Path) -> None:
    texts = [f"hail of {n} inches broke the roof of house {n} in the town" for n in range(30)]
    rows = [{"id": f"r{n}", "text": f"{text}, as secret {n} says"} for n, text in enumerate(texts)]
    folder = tmp_path / "run"
    selfvec.refine(rows, output=folder, method="decorrelated", repeats="keep")

    with serving(open_run(folder)) as site:
        page.open(f"{site.address}#view=texts&ask=hail&mode=bm25")
        page.wait("document.querySelectorAll('.found li').length")
        assert page.text("#alert") == ""
        selfvec.update(folder, output=folder, withdraw=["r3"])
        assert site.json("/api/state")["newer"] is True
        page.press("7")
        page.wait("document.querySelector('#alert .newer')")
        assert "The run was updated" in page.text("#alert")
        page.run("location.hash = '#view=texts&ask=hail&mode=bm25'")  # the page as it was loaded
        page.wait("document.querySelectorAll('.found li').length")
        assert "secret 3 " not in page.text(".found")
        assert page.text("#alert .newer")
        selfvec.undo(folder)
        page.press("7")
        page.wait("!document.querySelector('#alert .newer')")


def test_an_error_and_its_old_hits_go_with_the_next_search(page: Page, site: Site) -> None:
    page.expected.append("status of 400")
    page.open(f"{site.address}#c=refined&view=texts&ask=bread")
    page.wait("document.querySelectorAll('.found > li').length === 10")
    assert page.texts(".wide-field input", "placeholder") == ["date=2020"]  # a year of the text
    typed_at_once(page, (".wide-field input", "county=X"))
    page.wait("document.getElementById('alert').innerText.includes('no field')")
    assert page.run("document.querySelectorAll('.found > li').length") == 0
    typed_at_once(page, (".wide-field input", ""))
    page.wait("document.querySelectorAll('.found > li').length === 10")
    assert page.text("#alert") == ""


def test_how_a_question_was_understood_stands_above_the_hits(page: Page, site: Site) -> None:
    asked = 'bread AND "<b>bread</b> <img src=x onerror=alert(1)>"'
    page.open(f"{site.address}#c=refined&view=texts&ask={quote(asked)}")
    hits = ".found"
    page.wait(f"document.querySelectorAll('{hits} > li').length >= 8 && document.querySelector('.note')")
    told = site.json(f"/api/search?query={quote(asked)}")["notes"]
    assert [note.split(":")[0][:20] for note in told] == ["AND", "no document has the "]
    assert page.texts(".note") == told  # signs of HTML included
    assert page.run("document.querySelectorAll('#pane b, #pane img').length") == 0
    order = "document.querySelector('.note').compareDocumentPosition(document.querySelector('%s'))"
    assert page.run(order % hits) == 4  # it follows
    page.open(f"{site.address}#c=refined&view=texts&ask=bread")
    page.wait(f"document.querySelectorAll('{hits} > li').length >= 8 && !document.querySelector('.note')")


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
