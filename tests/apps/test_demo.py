"""`demo` replaces its own report and no other."""

from pathlib import Path

from tests.refusals import refused

from selfvec.apps.starting import _is_page_of_demo, demo
from selfvec.base.errors import TargetError
from selfvec.base.view import View
from selfvec.corpus.python_docs import NAME
from selfvec.files.report_page import page_html


def test_a_page_that_the_demo_did_not_make_stays_and_nothing_is_begun(tmp_path: Path) -> None:
    page = tmp_path / "demo-run.html"
    page.write_text("<title>My holidays</title>")
    refused(lambda: demo(tmp_path / "demo-run"), TargetError, r"demo-run\.html")
    assert page.read_text() == "<title>My holidays</title>"
    assert [one.name for one in tmp_path.iterdir()] == ["demo-run.html"]


def test_its_own_page_is_known_by_the_title(tmp_path: Path) -> None:
    page = tmp_path / "demo-run.html"
    page.write_text(page_html(View(f"{NAME} 3.13", [])))
    assert _is_page_of_demo(page)
    page.write_text(page_html(View(f"Notes on {NAME}", [])))
    assert not _is_page_of_demo(page)
