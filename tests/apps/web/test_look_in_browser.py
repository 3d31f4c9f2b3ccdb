"""How the page looks and is used in a real browser: dark, narrow, by keys, by those who hear it."""

import json
import os
from pathlib import Path

import pytest
from headless import Page
from serving import Site, serving
from steps import NAMED

from selfvec.data.run import Run
from selfvec.data.vectors import Vectors
from selfvec.numerics.rows import unit_rows
from selfvec.refinement.health import check_health


def test_an_unknown_address_looks_like_the_page(page: Page, site: Site) -> None:
    page.expected.append("status of 404")
    page.open(f"{site.address}nowhere", ready="document.querySelector('main')")
    page.prefers(color_scheme="dark")
    assert "There is nothing at this address" in page.text("main")
    # Styles of a slow machine come after the text.
    page.wait("getComputedStyle(document.body).backgroundColor === 'rgb(20, 23, 28)'")
    page.click("main a")
    page.wait("document.body.dataset.ready === 'yes'")


def test_the_search_box_of_a_narrow_window_has_its_own_row(page: Page, site: Site) -> None:
    page.size(390, 844, mobile=True)
    page.open(site.address)
    assert page.run("document.querySelector('header').getBoundingClientRect().height") < 110
    assert page.box("#find")[2] > 350


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
    for key in "12345678":
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
    page.open(f"{site.address}#view=changes&c=1990|2020")
    page.wait("document.querySelector('tbody td')")
    page.click(".typical summary")
    page.wait("document.querySelector('.stacked')")  # values below each other: none is cut
    assert max(page.texts("tbody td", right)) <= 390
    for key in ("overview", "changes", "texts", "health", "time", "map", "topics"):
        page.open(f"{site.address}#c=refined&view={key}")
        assert page.run("document.documentElement.scrollWidth") <= 390, key
    page.open(f"{site.address}#c=refined&word=cell")
    page.click(".back")
    page.wait(shown.format("pane"))
    assert max(page.texts(".ranking td", right)) <= 390
    assert page.run(cut.format(".ranking")) == 0


@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_first_result_stands_high_on_the_screen(page: Page, site: Site, size: tuple[int, int]) -> None:
    page.size(*size, mobile=size[0] < 500)
    page.open(f"{site.address}#view=texts&ask=bread")
    page.wait("document.querySelector('.found > li') && document.querySelector('.total .number')")
    assert page.texts(".found > li", "getBoundingClientRect().top")[0] < 300


def test_every_view_says_at_once_that_it_computes(page: Page, site: Site) -> None:
    page.open(site.address)
    page.run("window.fetch = () => new Promise(() => {})")  # a server that never answers
    for key in "234567":
        page.press(key)
        said = page.texts("#pane .wait", "innerText")
        assert any("…" in text for text in said), key


def test_a_collapsed_run_is_said_first(page: Page, run: Run) -> None:
    towards = unit_rows(run.original.unit + 30 * run.original.unit[:1])
    collapsed = Vectors(run.original.index_to_key, towards, counts=run.vectors.counts, normalized=True)
    health = {"health": check_health(run.original, collapsed).as_dict()}
    broken = run.present.replace(folder=None, text=None, vectors=collapsed, report_json=health)
    assert broken.health_report["verdicts"]
    with serving(broken) as site:
        page.open(site.address)
        assert "This run failed a check" in page.text("#alert")
        page.click("#alert a")
        page.wait("document.querySelector('#pane h2')?.innerText === 'This run failed a check'")
        assert "What to do" in page.text(".findings")


def test_a_run_that_kept_tokens_and_no_text_has_subjects_and_no_map(page: Page, run: Run) -> None:
    with serving(run.present.replace(folder=None, text=None)) as site:
        page.open(site.address)
        page.wait("document.querySelectorAll('.subjects svg').length > 1")
        assert page.run("document.body.classList.contains('textless')")
        page.press("5")
        page.wait("document.body.dataset.view === 'overview'")
        assert page.run("document.querySelector('.atlas, .subjects a[href*=map]')") is None
        page.click("nav [data-view=time]")
        page.wait("document.body.dataset.view === 'time'")
        assert not page.box("nav [data-view=map]")[2]  # is not shown


def test_the_interface_for_programs_is_a_page(page: Page, site: Site) -> None:
    page.open(f"{site.address}api.html")
    assert "GET /api/search" in page.text("#paths")
    assert "As state=IOWA" in page.text("#paths")


PANEL = "(document.querySelector('#panel').hidden && document.querySelector('#filters button').click(), "
PANEL += "document.querySelector('.facets section'))"
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
        "view=overview": "document.querySelector('.subjects svg')",
        "view=time": "document.querySelector('.full .chart')",
        "c=refined&view=texts&filter=date=2020": "document.querySelector('.found') && " + PANEL,
        "c=refined&word=cell": "document.querySelector('#word .quotes')",
        "view=changes&c=1990|2004..2021": "document.querySelector('#word .quotes') && "
        "document.querySelector('.ranking a')",
        "c=refined&view=map": NAMED,
        "c=refined&view=texts&ask=bread": "document.querySelector('.found')",
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
