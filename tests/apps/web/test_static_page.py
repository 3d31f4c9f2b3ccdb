"""The page as one file: it opens without a server, holds what the server says, and fetches nothing."""

import json
import re
import time
from pathlib import Path
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

import pytest
from headless import Page
from serving import HOSTILE, Site, fitted, serving
from tests.commands import ran
from tests.heard import Heard

import selfvec
from selfvec.apps.web import static_page as static_page_module
from selfvec.apps.web.static_page import static_page
from selfvec.base.display import escape_for_display
from selfvec.data.run import Run


@pytest.fixture(scope="module")
def saved(site: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(static_page(site.data), encoding="utf-8")
    return path.as_uri()


def written(address: str) -> str:
    """The text of a saved page."""
    return Path(url2pathname(urlsplit(address).path)).read_text(encoding="utf-8")


def test_a_saved_page_shows_words_and_documents_without_a_server(page: Page, site: Site, saved: str) -> None:
    page.open(saved)
    page.wait("document.querySelectorAll('.subjects svg').length > 1")
    assert page.run("document.querySelector('.atlas')") is None
    page.press("3")
    page.wait("document.querySelector('.ranking a')")
    rows = site.json("/api/ranking?limit=100")["rows"]
    shown = page.run("[...document.querySelectorAll('.ranking a')].map((a) => a.dataset.word)")
    assert shown == [row["word"] for row in rows]
    page.wait("document.querySelector('#word .quotes li') && document.querySelector('#word .bars svg')")
    page.press("ArrowDown")
    page.wait(f"document.querySelector('h2.word bdi')?.textContent === {json.dumps(rows[1]['word'])}")
    page.press("/")
    page.type("charg")
    page.wait("document.querySelector('#found li bdi')?.textContent === 'charge'")
    page.press("Enter")
    page.wait("document.querySelector('h2.word bdi')?.textContent === 'charge'")
    page.press("6")
    page.wait("document.querySelector('.topic .quotes') && document.querySelector('.topic svg')")
    page.click(".topic cite a")
    page.wait("document.querySelector('#word .whole')")
    assert {url.partition(":")[0] for url in page.requests} <= {"file", "blob", "about"}
    assert [url for url in page.requests if url.startswith("file:") and url.partition("#")[0] != saved] == []


def test_a_saved_page_is_a_report_on_paper(page: Page, site: Site, saved: str) -> None:
    assert '<body class="kept">' in written(saved)  # it may be printed before its scripts run
    page.open(saved)
    assert page.run("getComputedStyle(document.querySelector('.paper')).display") == "none"
    page.call("Emulation.setEmulatedMedia", media="print")
    shown = "[...document.body.children].filter((e) => getComputedStyle(e).display !== 'none')"
    assert page.run(f"{shown}.map((e) => e.className)") == ["paper"]
    heads = page.run("[...document.querySelectorAll('.paper h2.part')].map((e) => e.textContent)")
    assert [head.split(",")[0] for head in heads] == [
        "Subjects",
        "Words",
        "How this was made",
    ]
    ranked = [escape_for_display(row["word"]) for row in site.json("/api/ranking?limit=30")["rows"]]
    entries = page.texts(".paper section h2")
    words = entries[entries.index(ranked[0]) :]  # after the questions and the topics
    assert words == ranked[: len(words)] != []
    assert page.run("document.querySelectorAll('.paper section mark').length") > 0
    links = "[...document.querySelectorAll('.paper a')]"
    assert page.run(f"{links}.every((link) => document.querySelector(link.hash))")
    page.call("Emulation.setEmulatedMedia", media="")


def test_a_saved_page_is_read_without_scripts(page: Page, saved: str) -> None:
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.call("Page.navigate", url=saved)
    while page.run("document.readyState") != "complete":  # scripts that begin later than that do not run
        time.sleep(0.01)
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert page.run("getComputedStyle(document.querySelector('.paper')).display") == "block"


def test_all_that_a_saved_page_links_to_is_in_it(page: Page, site: Site, saved: str) -> None:
    page.open(saved)
    assert "selfvec serve" in page.text(".overview .lead")  # what the file lacks is said
    page.wait("document.querySelector('.subjects a')")
    page.click(".subjects a")
    page.wait("document.querySelector('#word .whole')")
    assert page.text("#alert") == ""
    for row in site.json("/api/domain")["words"]:
        page.run(f"location.hash = '#word={row['word']}'")
        page.wait(
            f"document.querySelector('h2.word bdi')?.textContent === {json.dumps(row['word'])}"
            " && document.querySelector('#word .bars svg')"
        )
        assert page.text("#alert") == ""


def test_a_word_that_is_not_in_the_file_is_said(page: Page, saved: str) -> None:
    page.open(f"{saved}#word=nonsense")
    assert "selfvec serve" in page.text("#alert")


def found_in(page: Page, address: str, query: str, filters: str = "") -> list[str]:
    """The ids that the search of a saved page finds, best first."""
    page.open(f"{address}#view=texts&ask={quote(query)}&filter={quote(filters)}")
    page.wait("document.querySelector('.found .place > span') || document.querySelector('#pane .wait')")
    return page.texts(".found .place > span")


@pytest.mark.parametrize("query", ["cell oven", "flood", "recipe people", "frost"])
def test_documents_are_found_by_their_words_as_by_bm25(
    page: Page, site: Site, saved: str, query: str
) -> None:
    rows = selfvec.search(site.data.run, query, mode="bm25", top=10).rows
    assert found_in(page, saved, query) == [row["id"] for row in rows]
    # Its words are runs of letters, those of the run are what blanks separate: lengths differ a little.
    assert float(page.text(".found h3 .times")) == pytest.approx(rows[0]["score"], abs=0.02)
    asked = set(re.findall(r"[a-z]+", query.lower()))
    assert set(page.texts(".found .snippet mark")) <= asked


def test_documents_of_a_file_are_narrowed_listed_and_read(page: Page, site: Site, saved: str) -> None:
    found = found_in(page, saved, "cell", "date=2020")
    wanted = site.json("/api/search?query=cell&mode=bm25&filter=date=2020")["rows"]
    assert found == [row["id"] for row in wanted]
    facets = site.json("/api/facets?query=cell&filter=date=2020")
    page.click("#filters button")
    page.wait("document.querySelector('.histogram button')")
    assert page.text(".total .number") == str(facets["found"])
    assert page.run("document.querySelectorAll('.histogram button').length") == len(
        facets["fields"][0]["values"]
    )
    assert found_in(page, saved, "nonsense") == []
    page.open(f"{saved}#view=documents")
    page.wait("document.querySelectorAll('.found > li').length === 50")
    page.choose("#panel select", "longest")
    longest = site.json("/api/documents?sort=longest&limit=1")["rows"][0]["id"]
    page.wait(f"document.querySelector('.found > li').dataset.id === {json.dumps(longest)}")
    page.click(".found h3 a")
    page.wait("document.querySelector('#word .whole')")
    assert page.text("#word .whole") == site.json(f"/api/document?id={longest}")["text"]
    page.open(f"{saved}#view=documents&doc=nothing")
    assert page.text("#alert").startswith("this file has no document nothing")


def test_words_of_a_script_without_blanks_are_found(page: Page, tmp_path: Path) -> None:
    run = fitted(
        tmp_path, ["昨天下大雨。今天出太阳。", "明天有大风。", "今天很冷。"] * 3, vectors="none", min_count=1
    )
    path = tmp_path / "page.html"
    with serving(run) as site:
        path.write_text(static_page(site.data), encoding="utf-8")
    assert len(found_in(page, path.as_uri(), "太阳")) == 3
    assert page.text(".found .snippet") == "今天出太阳。"
    assert page.texts(".found .snippet mark")[:2] == ["太", "阳"]


def test_a_long_text_is_not_in_the_file(page: Page, site: Site, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(static_page_module, "_TEXT", 1000)
    path = tmp_path / "page.html"
    path.write_text(static_page(site.data), encoding="utf-8")
    page.open(path.as_uri())
    assert "Search, documents, unknown words" in page.text(".overview .lead")
    assert page.run("getComputedStyle(document.querySelector('nav [data-view=texts]')).display") == "none"
    assert page.run("document.querySelector('form.asking')") is None


def test_hostile_words_are_words_in_a_file(page: Page, saved: str) -> None:
    assert f"{HOSTILE}" not in written(saved)
    page.open(saved)
    assert page.run("document.title") != "harmed"


def test_the_command_writes_the_file_whole(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert ran(["serve", run.folder, "--save", path]).out.strip() == str(path)
    assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")
    assert "a report is .html" in ran(["serve", run.folder, "--save", tmp_path / "page.docx"], 2).err
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]


def test_everything_that_takes_long_is_reported(site: Site) -> None:
    heard = Heard()
    static_page(site.data, heard)
    stages = {label: done for label, (_, done) in heard.stages.items()}
    saved = stages.pop("Saving")
    assert saved > 20
    assert set(stages.values()) == {100}
    assert {"Comparing words", "Indexing documents", "Testing significance", "Finding topics"} < set(stages)
