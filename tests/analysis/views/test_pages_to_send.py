"""The pages of a search and of topics: what was asked, matches marked, each text once, no scores."""

import json
import re
from datetime import date
from pathlib import Path

import pytest
from tests.html_pages import Html

import selfvec
from selfvec.analysis.concepts.document_topics import topics_page
from selfvec.base.view import Table, View
from selfvec.data.run import Run
from selfvec.files.report_page import page_html, page_markdown, save_page

HOSTILE = "Hail on <script>alert(1) the roof |\u202e of a barn."


def checked(page: View) -> Html:
    """A page that runs and fetches nothing, and has no figure that looks like a score."""
    html = page_html(page)
    read = Html(html)
    assert set(read.texts).isdisjoint({"script", "img", "link", "iframe"})
    assert {"href", "src"}.isdisjoint(name for name, _ in read.attributes)
    assert "url(" not in html
    assert "\u202e" not in html + page_markdown(page)
    assert not re.search(r"\d\.\d\d", read.texts["body"][0])
    assert date.today().isoformat() in read.texts["body"][0]
    return read


@pytest.fixture(scope="module")
def run(own: Path, storms: list[str]) -> Run:
    texts = [*storms, HOSTILE, "Hail broke the roof.", "hail  broke the ROOF."]
    rows = [
        {"id": f"r{i}", "date": f"{1990 + i % 3}-05-01", "place": f"P<b>{i % 2}", "text": text}
        for i, text in enumerate(texts)
    ]
    (own / "storms.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return selfvec.refine(own / "storms.jsonl", method="decorrelated")


def test_a_search_says_what_was_asked_and_marks_what_matches(run: Run) -> None:
    found = selfvec.search(run, "hail roof", filter=["date=1990..1992"], top=200)
    read = checked(found.view())
    for told in ("hail roof", f"{len(run.text):,} documents of storms.jsonl", "date=1990..1992"):
        assert told in read.texts["body"][0]
    snippets = [hit.snippet.replace("\u202e", " ") for hit in found.hits]
    shown = [text for text in read.texts["p"] if text in snippets]
    assert shown == snippets
    assert len(set(shown)) == len(shown)
    assert {"hail", "roof"} <= {text.lower() for text in read.texts["mark"]}
    expected = [hit.snippet[mark.start : mark.end] for hit in found.hits for mark in hit.marks]
    assert read.texts["mark"] == expected
    for told in ("words in common: hail", "1990-05-01 · place: P<b>", "and 1 alike: r"):
        assert any(told in text for text in read.texts["span"])
    assert "<script>alert(1)" in read.texts["body"][0]
    markdown = page_markdown(found.view())
    assert "<script" not in markdown
    assert "roof** \\|" in markdown


def test_a_search_without_a_result_is_a_page(run: Run) -> None:
    read = checked(selfvec.search(run, "zyzzyva").view())
    assert "No document was found." in read.texts["body"][0]
    assert "In no document: zyzzyva." in read.texts["body"][0]


def test_rows_of_a_search_are_its_rows(run: Run, tmp_path: Path) -> None:
    import polars as pl

    found = selfvec.search(run, "hail roof", top=200)
    for suffix in (".csv", ".parquet"):
        save_page(found.view(), tmp_path / f"found{suffix}")
    whole = pl.read_parquet(tmp_path / "found.parquet")
    assert whole["alike"].to_list() == [hit.alike for hit in found.hits]
    assert whole["text"].to_list() == [hit.text for hit in found.hits]
    assert pl.read_csv(tmp_path / "found.csv")["id"].to_list() == [hit.id for hit in found.hits]


def test_topics_have_terms_sentences_and_shares_over_time(run: Run) -> None:
    found = selfvec.topics(run, 3, by="year", min_count=2)
    page = topics_page(found)
    read = checked(page)
    told = f"{found.documents:,} documents of storms.jsonl, dated 1990-05-01 to 1992-05-01, were divided into"
    assert f"{told} 3 topics" in read.texts["body"][0]
    assert read.texts["h2"][:3] == [topic.name.replace("_", " ") for topic in found.topics]
    assert [row["group"] for row in page.records] == [row.group for row in found.groups.shares]
    terms = {term for topic in found.topics for term, _ in topic.terms}
    assert read.texts["mark"]
    assert {text.lower().replace(" ", "_") for text in read.texts["mark"]} <= terms
    texts = {" ".join(text.split()).casefold() for text in run.text.texts()}
    passages = zip(read.texts["blockquote"], read.texts["cite"], strict=True)
    quoted = [passage.removesuffix(source) for passage, source in passages]
    assert 3 <= len(quoted) == len(set(quoted))
    assert all(any(quote.casefold() in text for text in texts) for quote in quoted if "…" not in quote)
    assert [year for year in ("1990", "1991", "1992") if year in read.texts["td"]] == ["1990", "1991", "1992"]
    alone = topics_page(selfvec.topics(run, 3, min_count=2))
    assert not any(isinstance(part, Table) for part in alone.parts)
    assert [row["name"] for row in alone.records] == [topic.name for topic in found.topics]


def test_topics_of_a_run_without_its_text_have_no_sentences(run: Run) -> None:
    tokens = selfvec.refine(run.text.texts(), method="decorrelated", keep="tokens")
    read = checked(topics_page(selfvec.topics(tokens, 3, min_count=2)))
    assert "mark" not in read.texts
    assert "dated" not in read.texts["body"][0]
