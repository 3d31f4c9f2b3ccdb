"""Topics by period and field, and written for each document."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.analysis.concepts.subjects import ORDER, SUBJECTS, subject_table
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.analysis.concepts.corpus_topics import topic_shares, topics
from selfvec.analysis.concepts.document_topics import document_table
from selfvec.base.errors import InputError, NotFound, OptionError
from selfvec.corpus.slices import document_groups
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 documents of one subject each; "money" is in the first year only, "garden" in the second."""
    place, rng = tmp_path_factory.mktemp("dated"), np.random.default_rng(1)
    rows = []
    for i in range(400):
        subject = ORDER[i % 5]
        if subject in ("money", "garden"):
            subject = "money" if i < 200 else "garden"
        day = date(2001, 1, 1) + timedelta(days=i * 730 // 400)
        text = "The " + " ".join(rng.choice(SUBJECTS[subject], 12)) + "."
        row = {"id": f"d{i}", "date": str(day), "subject": subject, "even": str(i % 2 == 0), "text": text}
        rows.append(row)
    (place / "dated.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    model = selfvec.Refiner(method="decorrelated", window=9)
    model.fit(place / "dated.jsonl", subject_table()).save(place / "run")
    return place


@pytest.fixture(scope="module")
def dated(folder: Path) -> Run:
    """A run with dates and fields."""
    return open_run(folder / "run")


def subject_of(terms: list[str]) -> str:
    """The one subject that all terms have."""
    (found,) = {name for name, words in SUBJECTS.items() for term in terms if term in words}
    return found


def test_shares_of_topics_by_year_and_field_add_up(dated: Run) -> None:
    found = topics(dated, 4)
    years = document_groups(dated, "year")
    assert [group.name for group in years] == ["2001", "2002"]
    table = topic_shares(dated, found, years)
    for year in ("2001", "2002"):
        rows = [row for row in table.shares if row.group == year]
        assert sum(row.share for row in rows) == pytest.approx(1)
        assert sum(row.documents for row in rows) == 200
        assert all(subject_of(row.terms) == subject_of(row.name.split(", ")) for row in rows)
    share = {(row.group, subject_of(row.terms)): row.share for row in table.shares}
    assert share["2001", "money"] == pytest.approx(0.4)
    assert share["2002", "garden"] == pytest.approx(0.4)
    assert ("2002", "money") not in share
    assert ("2001", "garden") not in share
    both = topic_shares(dated, found, document_groups(dated, "even, year"))
    assert list(dict.fromkeys(row.group for row in both.shares)) == [
        f"{even}, {year}" for even in ("true", "false") for year in ("2001", "2002")
    ]
    assert [group.name for group in document_groups(dated, "Even")] == ["true", "false"]  # in any case
    by_subject = topic_shares(dated, found, document_groups(dated, "subject"))
    assert all(row.group == subject_of(row.terms) and row.share == 1 for row in by_subject.shares)


def test_the_table_of_documents(dated: Run) -> None:
    found = topics(dated, 4)
    table = document_table(dated, found, groups=document_groups(dated, "year"))
    assert table.columns == ["document", "id", "date", "topic", "name", "share", "group"]
    assert table["id"][:2].to_list() == ["d0", "d1"]
    assert table["group"].unique(maintain_order=True).to_list() == ["2001", "2002"]
    assert table["topic"].to_list() == found.of_documents.tolist()
    assert table["share"].to_list() == pytest.approx([1.0] * 400)  # every document has one subject


def test_filters_choose_the_documents_that_are_grouped(dated: Run, tmp_path: Path) -> None:
    """In the second year there is no *money*; the table, the groups and the shares are of that year."""
    file = tmp_path / "topics.parquet"
    found = topics(dated, 3, filter=["date=2002", "even=true"], by="subject", documents=file)
    assert found.documents == 100
    assert {subject_of(row["terms"]) for row in found.rows} == set(SUBJECTS) - {"money"}
    assert all(row.group == subject_of(row.terms) and row.share == 1 for row in found.groups.shares)
    table = pl.read_parquet(file)
    assert table["id"].to_list() == [f"d{i}" for i in range(200, 400, 2)]
    assert table["date"].dt.year().unique().to_list() == [2002]
    assert topics(dated, 3, filter="even=true").rows == topics(dated, 3, filter="even=true").rows
    refused(lambda: topics(dated, 3, filter="date=2005"), NotFound, "2005")


def test_groups_that_cannot_be(dated: Run, folder: Path, tmp_path: Path) -> None:
    refused(lambda: document_groups(dated, "county"), OptionError, "fields are")
    refused(lambda: document_groups(dated, "yaer"), OptionError, "did you mean year")
    refused(lambda: document_groups(dated, " , "), OptionError, "month")
    refused(lambda: document_groups(dated, "slice"), InputError, "slices")
    given = ["--documents", tmp_path / "x.doc"]
    assert "x.doc" in ran(["text", "topics", folder / "run", *given], 2).err
