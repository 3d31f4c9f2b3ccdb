"""Slices: what a corpus is cut into, and that nothing is lost or counted twice."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.commands import ran
from tests.json_lines import write_lines
from tests.refusals import refused

from selfvec import Run, TokenBatch
from selfvec.analysis.comparison.chosen_slices import join_periods
from selfvec.base.errors import CorpusError, InputError, OptionError
from selfvec.corpus import Corpus
from selfvec.corpus.slices import (
    PERIODS,
    by_label,
    by_period,
    named_slice,
    parse_span,
    slice_counts,
    value_order,
)
from selfvec.storage.run_folder import open_run

ROWS = [
    {"id": "1", "text": "hail fell on roofs", "date": "1993-04-01", "region": "north"},
    {"id": "2", "text": "rain fell", "date": None, "region": None},
    {"id": "3", "text": "wind broke trees", "date": "2020-05-06", "region": "south"},
    {"id": "4", "text": "hail broke roofs", "date": "2020-02-06", "region": "north"},
]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    write_lines(path, ROWS)
    return path


def refined(path: Path, *more: str) -> Run:
    run = path.with_name("run")
    ran(["refine", path, "-o", run, "--vectors", "none", "--method", "original", *more])
    return open_run(run)


@pytest.mark.parametrize("in_order", [["v9", "v10"], ["spring", "autumn"]])
def test_values_have_one_order_however_the_documents_are_sorted(in_order: list[str]) -> None:
    days = np.array(["2024-03-01", "2024-10-01", "2024-05-01", "2024-11-01"], "datetime64[D]")
    codes = np.array([0, 1, 0, 1], np.int32)
    for rows in permutations(range(4)):
        for values, labels in ((in_order, codes), (in_order[::-1], 1 - codes)):
            order = value_order(values, labels[[*rows]], days[[*rows]])
            assert [values[number] for number in order] == in_order


@given(
    documents=st.lists(
        st.tuples(
            st.lists(st.integers(0, 6), max_size=9), st.one_of(st.none(), st.dates()), st.integers(-1, 2)
        ),
        min_size=1,
        max_size=30,
    ),
)
def test_slices_share_nothing_and_their_counts_add_up_to_the_whole(documents) -> None:
    """And each is what its name asks for."""
    words, dates, labels = zip(*documents, strict=True)
    days = np.array(["NaT" if d is None else d.isoformat() for d in dates], "datetime64[D]")
    ids = np.array([w for document in words for w in document], np.int32)
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    batch = TokenBatch(ids, offsets, list("abcdefg"), days, 0, np.array(labels, np.int32), ["x", "y", "z"])
    slicings = [(by_label(batch), batch.slices >= 0)]
    if not np.isnat(days).all():
        slicings += [(by_period(batch, period), ~np.isnat(days)) for period in PERIODS]
    for slices, inside in slicings:
        assert_array_equal(np.sum([part.documents for part in slices], axis=0), inside)
        whole = batch.counts - batch.part(~inside).counts
        assert_array_equal(slice_counts(batch, slices).sum(axis=0), whole)
        names = [part.name for part in slices]
        assert sorted(names) in (names, ["x", "y", "z"])
        for part in slices:
            assert (
                not part.documents.any() or (named_slice(batch, part.name).documents == part.documents).all()
            )


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("1993", "1993-01-01", "1994-01-01"),
        ("1993..1994", "1993-01-01", "1995-01-01"),
        ("2020-12", "2020-12-01", "2021-01-01"),
        ("2020Q4", "2020-10-01", "2021-01-01"),
        ("2020-q1..2020-02-03", "2020-01-01", "2020-02-04"),
        ("2020-02-29", "2020-02-29", "2020-03-01"),
        ("..1999", "0001-01-01", "2000-01-01"),
        ("2000..", "2000-01-01", "9999-12-31"),
    ],
)
def test_bounds_are_part_of_a_slice(text, first, end) -> None:
    assert tuple(map(str, parse_span(text))) == (first, end)


@pytest.mark.parametrize("text", ["", "..", "spring", "93", "2020-13", "2021-02-29", "2020Q5", "2020..1993"])
def test_what_is_no_span_is_none(text) -> None:
    assert parse_span(text) is None


def test_a_field_becomes_labels_and_an_unknown_one_is_none(rows: Path) -> None:
    run = refined(rows, "--slice-field", "region")
    assert list(run.tokens.slice_names) == ["north", "south"]
    assert run.tokens.slices.tolist() == [0, -1, 1, 0]
    assert named_slice(run.tokens, "south").documents.tolist() == [False, False, True, False]


def test_a_slice_that_is_not_there_is_an_error(rows: Path) -> None:
    tokens = refined(rows, "--slice-field", "region").tokens
    refused(lambda: named_slice(tokens, "east"), OptionError, "'north', 'south'")
    refused(lambda: named_slice(tokens, "1950..1960"), InputError, "1993-04-01 to 2020-05-06")
    refused(lambda: by_period(TokenBatch.from_documents([["a"]]), "year"), InputError, "date_field")


def test_labels_of_texts_in_memory() -> None:
    corpus = Corpus.from_texts(["a b", "c"], slices=["x", "y"])
    assert [batch.get("slice").to_list() for batch in corpus.batches()] == [["x", "y"]]
    refused(lambda: list(Corpus.from_texts(["a b", "c"], slices=["x"]).batches()), CorpusError, "slice")


@given(st.lists(st.integers(0, 30), min_size=1, max_size=12), st.integers(2, 8))
def test_joined_periods_hold_every_document_once_and_in_order(sizes: list[int], most: int) -> None:
    """For all sizes of periods; the last one is often small, as 10, 10, 10, 10, 1."""
    dates = np.array([f"{1990 + i}-05-01" for i in range(len(sizes))], "datetime64[D]")
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    batch = TokenBatch(np.zeros(offsets[-1], np.int32), offsets, ["a"], dates)
    parts = join_periods(by_period(batch, "year"), batch, most)
    documents = np.concatenate([np.flatnonzero(part.documents) for part in parts])
    assert documents.tolist() == list(range(len(sizes)))
