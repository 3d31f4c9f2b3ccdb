"""Rows: passages as search cuts them, fields as columns, numbers only where nothing is lost."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.json_lines import write_lines

import selfvec
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.refinement.pipeline import refine
from selfvec.stores import passage_rows
from selfvec.stores.databases import column_names, typed_column
from selfvec.text.document_vectors import smooth_by_neighbours
from selfvec.text.passages import passages


def encode(texts) -> np.ndarray:
    """Unit vectors of two numbers that tell texts apart, zeros for a text without an a."""
    angles = np.array([len(text) % 89 for text in texts], np.float32)
    known = np.array(["a" in text for text in texts])[:, None]
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32) * known


@pytest.fixture(scope="module")
def run(own) -> Run:
    """A run of dated reports, of which one is long and one has no letter a."""
    reports = [f"Large hail broke window {i} of a farm." for i in range(60)]
    reports[7] = " ".join(f"Nothing else was seen on day {n}." for n in range(100))
    reports[9] = "Fog."
    rows = [
        {
            "id": f"r{i}", "text": text, "date": f"{1990 + i % 10}-05-01" if i % 2 else None,
            "State Name": ("IOWA", None, "Ohio")[i % 3], "size": i, "depth": i / 4, "code": f"{i:03}",
            "vector": "x",
        }
        for i, text in enumerate(reports)
    ]  # fmt: skip
    path = write_lines(own / "reports.jsonl", rows)
    selfvec.save_run(refine(selfvec.Corpus.open([path]), "default", Settings(method="original")), own / "run")
    return selfvec.open_run(own / "run").present


def test_passages_of_the_runs_own_documents(run: Run) -> None:
    rows = passage_rows(run, encode=encode)
    table = rows.table
    assert rows.language == "en"
    assert table.columns == [
        "id", "document", "text", "date", "State_Name", "size", "depth", "code", "vector_",
    ]  # fmt: skip
    assert table.schema["size"] == pl.Int64
    assert table.schema["depth"] == pl.Float64
    assert table.schema["code"] == table.schema["State_Name"] == pl.String
    assert table.schema["date"] == pl.Date
    long = table.filter(document="r7")
    assert long["id"].to_list() == [f"r7#{i}" for i in range(1, len(long) + 1)]
    assert len(long) >= 3
    whole = " ".join(f"Nothing else was seen on day {n}." for n in range(100))
    assert long["text"].to_list() == [whole[a:b] for a, b in passages(whole)]
    assert long["size"].to_list() == [7] * len(long)
    short = table.filter(pl.col("document") != "r7")
    assert short["id"].to_list() == short["document"].to_list()
    assert len(short) == 59
    row = table.row(by_predicate=pl.col("id") == "r31", named=True)
    assert (row["text"], str(row["date"]), row["State_Name"], row["depth"], row["code"]) == (
        "Large hail broke window 31 of a farm.", "1991-05-01", None, 7.75, "031",
    )  # fmt: skip
    assert table.row(by_predicate=pl.col("id") == "r30", named=True)["date"] is None
    np.testing.assert_array_equal(rows.vectors, encode(table["text"].to_list()))
    assert table.filter(pl.Series(rows.empty))["id"].to_list() == ["r9"]


def test_passages_are_smoothed_by_those_most_like_them(run: Run) -> None:
    encoder = selfvec.Encoder.of(run)
    rows = passage_rows(run)
    plain = encoder.encode(rows.table["text"].to_list())
    np.testing.assert_allclose(rows.vectors, smooth_by_neighbours(plain, len(plain)), atol=1e-6)
    assert np.abs(rows.vectors - plain).max() > 0.01
    np.testing.assert_array_equal(rows.empty, ~plain.any(axis=1))


def test_documents_without_ids_and_dates(tmp_path: Path) -> None:
    lines = tmp_path / "reports.txt"
    lines.write_text("A tornado hit a barn.\nHail fell.\n", "utf-8")
    table = passage_rows(selfvec.refine(lines, method="original").present, encode=encode).table
    assert table.columns == ["id", "document", "text", "date"]
    assert table["id"].to_list() == ["0", "1"]
    assert table["date"].to_list() == [None, None]


@given(st.lists(st.none() | st.integers().map(str) | st.floats().map(str) | st.text(max_size=6)))
def test_no_value_is_lost_by_becoming_a_number(values: list[str | None]) -> None:
    column = typed_column(pl.Series("x", values, dtype=pl.String))
    if column.dtype.is_numeric():  # of which blanks are missing ones
        values = [value if value and value.strip() else None for value in values]
    again = [value and value.removesuffix(".0") for value in column.cast(pl.String).to_list()]
    assert again == [value and value.removesuffix(".0") for value in values]


@given(st.lists(st.text(max_size=8), unique=True))
def test_column_names_are_safe_and_unique(fields: list[str]) -> None:
    names = column_names(fields, ["id", "text", "vector"])
    assert list(names) == fields
    lower = [name.lower() for name in names.values()]
    assert len(set(lower)) == len(lower)
    assert not {"id", "text", "vector"} & set(lower)
    for name in names.values():
        assert name[0] != "_"
        assert not name[0].isdigit()
        assert all(letter == "_" or letter.isalnum() for letter in name)


def test_ids_of_passages_are_unique_beside_documents_that_are_called_alike() -> None:
    long = " ".join(f"Nothing else was seen on day {n}." for n in range(100))
    rows = [{"id": "a", "text": long}, {"id": "a#1", "text": "A roof broke."}, {"id": "b", "text": long[7:]}]
    made = passage_rows(selfvec.refine(rows, "none", min_count=1).present, encode=encode)
    ids = made.table["id"].to_list()
    assert len(set(ids)) == len(ids)
    assert {"a##1", "a#1", "b#1"} <= set(ids)
