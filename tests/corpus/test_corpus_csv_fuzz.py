"""Polars and the `csv` module agree on every block that Polars is given, and no bytes bring either down."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from selfvec.corpus import csv_rows
from selfvec.corpus.csv_rows import Header, read_csv
from selfvec.corpus.summary import Reading, Summary

FIELD = st.text(alphabet='ab",\n\r é;', max_size=8)
ROUGH = st.lists(
    st.sampled_from([b"a", b"b", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b"\xc3\xa9", b"\xff", b"\0"])
)


def both(data: bytes, names: tuple[str, ...], size: int, delimiter: str = ","):
    """Rows with their lines, and bad rows, as read by blocks and as the `csv` module alone reads them."""
    outcomes = []
    for clean in (csv_rows._clean_rows, lambda *_: None):
        reading, chunks = (
            Reading(Summary(), skip_bad_rows=True),
            iter([data[i : i + size] for i in range(0, len(data), size)]),
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(csv_rows, "_clean_rows", clean)
            rows = [
                (*row, int(line))
                for table in read_csv(chunks, Header(names, delimiter, 0), names, "x", reading)
                for *row, line in zip(
                    *(s.to_list() for s in table.columns.values()), table.lines, strict=True
                )
            ]
        outcomes.append((rows, reading.summary.bad_rows, reading.summary.bad_places))
    return outcomes


@given(ROUGH.map(b"".join), st.integers(1, 3), st.integers(1, 9))
@example(b'a,b\n"', 2, 5)
@example(b'"a\n', 1, 2)
@example(b'a"b,c\n', 2, 9)
@example(b'"a"b,c\n', 2, 9)
@example(b"\r\na\r\n", 1, 9)
@example(b'"a""",b\n', 2, 9)
@example(b'a,b,"\n"\nb\n', 3, 99)
@example(b"a\na,b,c\n", 2, 99)
@settings(max_examples=1500, deadline=None)
def test_reading_by_blocks_is_reading_row_by_row(data, width, size):
    by_blocks, by_rows = both(data, ("x", "y", "z")[:width], size)
    assert by_blocks == by_rows


@given(
    st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=8), st.integers(1, 40), st.sampled_from(",;\t|")
)
@settings(max_examples=300, deadline=None)
def test_what_the_csv_module_writes_is_read_back(rows, size, delimiter):
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL, delimiter=delimiter).writerows(rows)
    by_blocks, by_rows = both(file.getvalue().encode(), ("x", "y"), size, delimiter)
    assert [row[:2] for row in by_blocks[0]] == rows
    assert by_blocks == by_rows
    assert by_blocks[1] == 0
