"""Collocates, concordances and keywords on the page: what the commands say, in place, when somebody asks."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from headless import Page
from serving import Site, answer_with, fitted, serving
from tests.analysis.comparison.planted_text import reports
from tests.processes import PATIENCE

import selfvec
from selfvec.analysis.concordance import concordance
from selfvec.base.answer import Answer
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run

LISTS = "#word .usage details:nth-child(-n + 2)"  # collocates and the concordance
LINES = "document.querySelectorAll('.usage .concordance tbody tr').length"
COLLOCATES = "document.querySelector('.usage .figures')"


def opened(page: Page, address: str) -> None:
    """The lists of a word, opened."""
    page.open(address)
    page.wait(f"document.querySelector({json.dumps(LISTS)})")
    page.run(f"document.querySelectorAll({json.dumps(LISTS)}).forEach((list) => {{ list.open = true; }})")


def test_the_interface_gives_what_the_commands_give(site: Site) -> None:
    def expected(result: Answer) -> dict[str, object]:
        made = [column for column in result.columns if column.of is not None]
        rows = [{**row, **{column.name: column.of(row) for column in made}} for row in result.rows]
        return {**result.as_dict(), "rows": rows, "columns": [column.as_dict() for column in result.columns]}

    run = site.data.run
    query, drawn = '[lemma="cell"] | "[a-d].*"', {"sample": 5, "seed": 3, "sort": "1L", "slice": "2020"}
    near = {"window": "3L1R", "measure": "mi3", "within": "sentence"}
    for asked, told in {
        f"collocates?w=cell&{urlencode(near)}": selfvec.collocates(run, "cell", **near, top=50),
        "ngrams?n=3&w=cell&top=9": selfvec.ngrams(run, n=3, word="cell", top=9),
        "dispersion?w=cell": selfvec.dispersion(run, "cell"),
        f"frequency?query={quote(query)}": selfvec.frequency(run, query, top=50),
        f"concordance?query=cell&{urlencode(drawn)}": concordance(run, "cell", **drawn, top=50),
        "concordance?query=2010": concordance(run, "2010", top=50),
        "keyness?c=1990|2020&top=5": selfvec.keyness(run, ["1990", "2020"], top=5),
    }.items():
        assert site.json(f"/api/{asked}") == expected(told)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("collocates?w=nonsense", 404),
        ("collocates?w=cell&slice=1700", 404),
        ("collocates?w=cell&window=31", 400),
        ("concordance?query=cell&top=201", 400),
        ("concordance?query=cell&sort=middle", 400),
        ("concordance?query=*", 400),
        ("keyness?c=refined", 404),
        ("keyness?c=1990|1990", 400),
        (f"concordance?query={'x' * 201}", 400),
    ],
)
def test_what_cannot_be_listed_is_refused(site: Site, path: str, status: int) -> None:
    assert site.get(f"/api/{path}")[0] == status


def test_one_list_is_made_at_a_time_and_other_requests_are_answered_meanwhile(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go = threading.Event(), threading.Event()
    with serving(run) as site, ThreadPoolExecutor(5) as pool:
        answer_with(monkeypatch, "/api/keyness", lambda: (begun.set(), go.wait(PATIENCE), {})[2])
        long = pool.submit(site.get, "/api/keyness?c=1990|2020")
        assert begun.wait(PATIENCE)
        waiting = [pool.submit(site.get, "/api/collocates?w=cell") for _ in range(4)]
        assert site.get("/api/health")[0] == 200
        assert not any(one.done() for one in waiting)
        go.set()
        assert {one.result(PATIENCE)[0] for one in (long, *waiting)} == {200}


def test_a_word_has_collocates_and_a_concordance(page: Page, site: Site) -> None:
    page.open(f"{site.address}#view=changes&c=refined&word=cell")
    page.wait(f"document.querySelector({json.dumps(LISTS)})")
    assert not any("collocates" in url or "concordance" in url for url in page.requests)
    opened(page, f"{site.address}#view=changes&c=refined&word=cell")
    page.wait(f"{COLLOCATES} && {LINES} === 50")
    rows = site.json("/api/collocates?w=cell&top=20")["rows"]
    assert page.texts(".usage .figures th bdi") == [row["word"] for row in rows]
    assert page.texts(".usage .figures tr td:last-child") == [f"{row['logdice']:.2f}" for row in rows]
    found = site.json("/api/concordance?query=cell&top=50")
    said = "120 times in 120 documents; the first 50 are shown."
    assert page.text(".usage details:nth-child(2) .lead") == said
    line = ".usage .concordance tbody tr:nth-child(3)"
    assert page.texts(f"{line} > *")[:3] == [found["rows"][2][part] for part in ("left", "word", "right")]
    edges = page.run(
        "[...document.querySelectorAll('.usage .concordance tbody th')]"
        ".map((e) => e.getBoundingClientRect().left)"
    )
    assert len(set(edges)) == 1  # the words stand below each other
    page.choose(".usage details:nth-child(2) select", "left")
    first = concordance(site.data.run, "cell", sort="left", top=50).rows[0]
    page.wait(
        "document.querySelector('.usage .concordance td:last-child')"
        f".textContent.endsWith(' · {first['id']}')"
    )
    page.click(".usage .concordance a")
    page.wait("document.querySelector('#word .whole')")
    assert page.text("#word .whole") == site.json(f"/api/document?id={first['id']}")["text"]


def test_a_concordance_is_of_any_query_in_a_part_at_random(page: Page, site: Site) -> None:
    opened(page, f"{site.address}#view=changes&c=1990|2020&word=cell")
    page.wait(f"{LINES} === 50")
    place = ".usage details:nth-child(2)"
    for number, value in ((3, "lemma"), (4, "sample")):
        page.choose(f"{place} label:nth-child({number}) select", value)
    page.wait(f"document.querySelector('{place} .lead').innerText.includes('50 at random are shown')")
    drawn = concordance(site.data.run, "cell", lemma=True, sample=50)
    shown = page.texts(f"{place} td.place")
    assert [text.rpartition(" · ")[2] for text in shown] == [row["id"] for row in drawn.rows]
    page.choose(f"{place} label:nth-child(5) select", "2020")
    page.run(
        f"const field = document.querySelector('{place} input'); field.value = '!cell {{0,1}} cell'; "
        "field.dispatchEvent(new Event('change'))"
    )
    other = concordance(site.data.run, "!cell {0,1} cell", slice="2020", lemma=True, sample=50)
    page.wait(f"document.querySelector('{place} .lead').innerText.startsWith('{other['hits']} times')")
    first = other.rows[0]["word"]
    page.wait(f"document.querySelector('.usage .concordance th a').innerText === {json.dumps(first)}")


def test_collocates_are_those_of_both_parts_and_lead_to_sentences(page: Page, site: Site) -> None:
    opened(page, f"{site.address}#view=changes&c=1990|2020&word=cell")
    page.wait("document.querySelectorAll('.usage .figures').length === 2")
    assert page.texts(".usage h4") == ["1990", "2020"]
    for side, part in enumerate(("1990", "2020"), 1):
        rows = site.json(f"/api/collocates?w=cell&slice={part}&top=20")["rows"]
        shown = page.texts(f".usage section:nth-child({side}) .figures th bdi")
        assert shown == [row["word"] for row in rows]
    page.click(".usage .figures td a")
    page.wait("document.querySelector('#word .texts .claim')?.innerText.includes('Why')")
    assert page.run("document.querySelector('.usage .figures') !== null")  # the lists stay


def test_the_first_view_has_frequencies_and_sequences(page: Page, site: Site) -> None:
    page.open(site.address)
    page.wait("document.querySelectorAll('.overview .usage details').length === 2")
    page.run("document.querySelectorAll('.overview .usage details')[0].open = true")
    page.wait("document.querySelector('.overview .usage .figures')")
    rows = selfvec.frequency(site.data.run, top=50).rows
    assert page.texts(".overview .usage .figures th bdi") == [row["word"] for row in rows]


@pytest.fixture(scope="module")
def written_otherwise(own: Path) -> Run:
    """Reports whose abbreviations and capitals end, and whose mix of kinds changes."""
    rows = list(reports(1_200, 3, ["notation", "mix"]))
    selfvec.refine(rows, "none", "original", repeats="keep", output=own / "run")
    return open_run(own / "run")


COMPARED = "view=changes&c=2000..2008|2009..2018"
BETWEEN = ["2000..2008", "2009..2018"]


def chosen(mix: str, variants: str) -> dict[str, str]:
    """The options that are chosen on the page."""
    return {name: value for name, value in (("mix", mix), ("variants", variants)) if value}


def shown(text: str) -> str:
    """A sentence as the page shows it: periods are written with a dash."""
    return text.replace("..", "–")


def test_keywords_fill_their_table_by_mix_and_variants(page: Page, written_otherwise: Run) -> None:
    with serving(written_otherwise) as site:
        page.open(f"{site.address}#{COMPARED}", ready="document.querySelector('.typical details')")
        page.click("#pane .typical summary")
        page.wait("document.querySelectorAll('.typical select').length === 2")
        heads = "[...document.querySelectorAll('.typical .figures th bdi')].map((e) => e.innerText)"
        for mix, variants in (("", ""), ("equal", ""), ("equal", "auto")):
            page.choose(".typical label:nth-child(1) select", mix)
            page.choose(".typical label:nth-child(2) select", variants)
            made = selfvec.keyness(written_otherwise, BETWEEN, top=20, **chosen(mix, variants))
            words = [
                row["word"]
                for side in "ab"
                for row in made.rows
                if row["key_of"] == side and row["q"] <= 0.05
            ]
            page.wait(f"JSON.stringify({heads}) === {json.dumps(json.dumps(words, separators=(',', ':')))}")
            said = [row["says"] for row in made["findings"] if row["kind"] != "word"]
            notes = page.texts(".typical .note")
            assert len(notes) == len(said)
            assert all(note.startswith(shown(text)) for note, text in zip(notes, said, strict=True))
            assert ("acft" in words) == (not variants)  # an abbreviation that one side writes out
            assert bool(words) or variants
        figures = page.texts(".typical .figures tbody tr:first-child td")
        assert any(figure.strip() for figure in figures) or not words


def test_the_words_that_changed_are_compared_by_mix_and_variants(page: Page, written_otherwise: Run) -> None:
    with serving(written_otherwise) as site:
        page.open(f"{site.address}#{COMPARED}", ready="document.querySelector('.ranking a')")
        for mix, variants in (("raw", ""), ("raw", "auto"), ("", "auto")):
            page.choose("#panel .fields label:nth-child(3) select", mix)
            page.choose("#panel .fields label:nth-child(4) select", variants)
            made = selfvec.drift(written_otherwise, BETWEEN, **chosen(mix, variants))
            page.wait(f"document.querySelectorAll('.ranking a[data-word]').length === {len(made.rows[:50])}")
            first, *others = made.findings
            says = json.dumps(shown(first.says))
            page.wait(f"document.querySelector('#pane .lead').innerText.startsWith({says})")
            said = [finding.says for finding in others if finding.kind not in ("word", "none")]
            for note, text in zip(page.texts("#pane .note"), said, strict=False):
                assert note.startswith(shown(text))
        # What helps is a control of the page, and a button that chooses it.
        page.choose("#panel .fields label:nth-child(4) select", "")
        page.run("document.querySelector('#pane .why').open = true")
        mine = "[...document.querySelectorAll('#pane .note button')].find((button) => "
        mine += "button.innerText === 'Count each pair as one word')"
        page.wait(mine)
        page.run(f"{mine}.click()")
        page.wait("document.querySelector('#panel .fields label:nth-child(4) select').value === 'auto'")
        page.choose("#comparison", "refined")
        page.wait("document.querySelector('#pane h2').innerText.includes('refining')")
        assert page.run("document.querySelector('#panel .fields label:nth-child(3) select').disabled")


def test_a_text_without_dates_in_another_script(page: Page) -> None:
    lines = ["ברד שבר גגות בכפר הישן", "ברד קשה שבר גגות אדומים", "גגות של הכפר היו אדומים"] * 4
    run = fitted(lines, vectors="none", min_count=1)
    with serving(run) as site:
        opened(page, f"{site.address}#view=changes&word={quote('גגות')}")
        page.wait(f"{COLLOCATES} && {LINES} === 12")
        assert page.texts(".usage details:nth-child(2) label:nth-child(2) option") == [
            *("order of the text", "words before", "words after"),
            *("two after, one before", "two before, one after"),
        ]
        assert page.run("document.querySelector('#pane .typical details')") is None
        before, after = (
            f".usage .concordance tbody tr:nth-child(2) {part}" for part in ("td", "td:nth-child(3)")
        )
        assert page.text(before) == "ברד קשה שבר"
        assert page.box(before)[0] > page.box(after)[0]  # what is before stands on the right
