"""The report of drift in a real browser: nothing is clipped, words are marked, nothing is fetched."""

from pathlib import Path

import pytest
from headless import Page
from tests.analysis.comparison.planted_text import reports
from tests.commands import ran

import selfvec
from selfvec.data.run import Run

CLIPPED = """[...document.querySelectorAll("*")].filter((e) => getComputedStyle(e).display !== "inline"
  && !e.closest("svg") && e.scrollWidth > e.clientWidth + 1)
  .map((e) => e.tagName + " " + e.textContent.slice(0, 40))"""


@pytest.fixture(scope="module")
def report(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    selfvec.save_run(run, folder / "run")
    ran(["drift", folder / "run", "--slice", "year", "--report", folder / "drift.html"])
    return folder / "drift.html"


@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "light"), (390, "light"), (390, "dark"), (1280, "dark")]
)
def test_nothing_is_clipped_and_words_are_marked(page: Page, report: Path, width: int, scheme: str) -> None:
    page.size(width, 900)
    page.prefers(color_scheme=scheme)
    page.open(report.as_uri(), ready="document.querySelector('mark')")
    assert page.run(CLIPPED) == []
    assert page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    quotes = page.run("""[...document.querySelectorAll("section")].map((s) => [
      s.querySelector("h2").innerText,
      [...s.querySelectorAll(".sides > div")].map((d) => d.querySelectorAll("blockquote").length),
      [...s.querySelectorAll("blockquote")].map((q) => q.querySelector("mark").innerText.toLowerCase()),
      [...s.querySelectorAll("cite")].map((c) => c.innerText)])""")
    assert quotes
    for word, sides, marked, names in quotes:
        assert len(sides) == 2
        assert all(1 <= number <= 2 for number in sides)  # fewer if no other sentence differs
        assert marked == [word] * sum(sides)
        assert len(names) == sum(sides)
        assert all(names)
    assert any(sides == [2, 2] for _, sides, _, _ in quotes)
    texts = page.run(
        "[...document.querySelectorAll('blockquote')].map((q) => q.innerText.replace(/\\s*\\S+$/, ''))"
    )
    assert len(set(texts)) == len(texts)  # no sentence is shown twice, also for two words
    dark = page.run("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    assert {address.split(":")[0] for address in page.requests} <= {"file", "about"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of reports whose notation, mix and subjects change."""
    path = tmp_path_factory.mktemp("answers") / "report.html"
    rows = list(reports(3_000, 3, ["notation", "mix", "subject"]))
    selfvec.report(selfvec.refine(rows, "none", "original"), path, groups="kind", words="smoke")
    return path


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
def test_a_picture_findings_and_documents_fit_on_the_first_screen(
    page: Page, answers: Path, width: int, height: int
) -> None:
    page.size(width, height)
    page.open(answers.as_uri(), ready="document.querySelector('.brief')")
    assert page.texts("section.brief h2") == ["What stands out", "Worth reading"]
    ends = page.run(
        "[...document.querySelectorAll('.beside, .brief')].map((e) => e.getBoundingClientRect().bottom)"
    )
    assert len(ends) == 3
    assert max(ends) <= height
    rows = page.run(
        "[...document.querySelectorAll('section.brief')].map((e) => e.querySelectorAll('p').length)"
    )
    assert rows == [3, 3]
    letters = page.run(
        """[...document.querySelectorAll('.beside text')].map((e) =>
        parseFloat(getComputedStyle(e).fontSize) * Math.hypot(e.getScreenCTM().a, e.getScreenCTM().b))"""
    )
    assert min(letters) >= 10  # pixels, also where the picture is made smaller
    outside = page.run(
        """[...document.querySelectorAll('.beside text')].filter((e) => {
        const own = e.getBoundingClientRect(), all = e.closest('svg').getBoundingClientRect();
        return own.left < all.left - 1 || own.right > all.right + 1 || own.bottom > all.bottom + 1;
        }).map((e) => e.textContent)"""
    )
    assert outside == []
    assert page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.run(CLIPPED) == []


def test_on_paper_folded_parts_are_open(page: Page, answers: Path) -> None:
    page.size(700, 990)
    page.open(answers.as_uri(), ready="document.querySelector('details')")
    page.call("Emulation.setEmulatedMedia", media="print", features=[])
    shown = "[...document.querySelectorAll('details')].map((e) => e.getBoundingClientRect().height > 40)"
    assert all(page.run(shown))
    assert page.run(CLIPPED) == []


def test_on_paper_all_is_black_on_white_and_whole(page: Page, report: Path) -> None:
    page.open(report.as_uri(), ready="document.querySelector('mark')")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    page.call("Emulation.setEmulatedMedia", media="print", features=features)
    assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.run(CLIPPED) == []


def test_the_terminal_shows_every_column_in_80_columns(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    selfvec.save_run(run, tmp_path / "run")
    arguments = ["drift", str(tmp_path / "run"), "--slice", "year"]
    rows = ran([*arguments, "--json"]).json["rows"]
    lines = ran(arguments).out.splitlines()
    assert max(map(len, lines)) <= 80
    head = next(line for line in lines if line.startswith("word"))
    assert head.split()[:4] == ["word", "differ", "95", "%"]
    table = lines[lines.index(head) :]
    for row in rows[:20]:
        cells = next(line for line in table if line.startswith(row["word"][:17])).split()
        assert f"{row['change']:z.2f}" in cells
        assert cells[-2:] == [f"{row['count_a']:,}", f"{row['count_b']:,}"]
