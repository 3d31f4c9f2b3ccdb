"""The fast and the careful CSV reader agree on everything, and no bytes bring down either."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given, settings
from hypothesis import strategies as st

from selfvec.corpus.csv_fast import cut
from selfvec.corpus.csvs import Header, _carefully, read_csv
from selfvec.corpus.summary import Reading, Summary

FIELD = st.text(alphabet='ab",\n\r é;\0', max_size=8)
ROUGH = st.lists(
    st.sampled_from([b"a", b"b", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b"\xc3\xa9", b"\xff", b"\0"])
)


def rows_of(tables):
    return [
        row
        for table in tables
        for row in zip(
            *(s.to_list() for s in table.columns.values()), [int(n) for n in table.lines], strict=True
        )
    ]


def both(data: bytes, names: tuple[str, ...], size: int):
    header = Header(names, ",", 0)
    results = []
    for read in (
        lambda r: read_csv(chunked(data, size), header, names, "x", r),
        lambda r: _carefully(chunked(data, size), 1, header, names, "x", r),
    ):
        reading = Reading(Summary(), skip_bad_rows=True)
        results.append((rows_of(read(reading)), reading.summary.bad_rows, reading.summary.bad_places))
    return results


def chunked(data: bytes, size: int):
    return iter([data[i : i + size] for i in range(0, len(data), size)])


@given(ROUGH.map(b"".join), st.integers(1, 3), st.integers(1, 9))
@example(b'a,b\n"', 2, 5)
@example(b'"a\n', 1, 2)
@example(b'a"b,c\n', 2, 9)
@example(b'"a"b,c\n', 2, 9)
@example(b"\r\na\r\n", 1, 9)
@example(b'"a""",b\n', 2, 9)
@settings(max_examples=1500, deadline=None)
def test_fast_and_careful_reading_agree(data, width, size):
    fast, careful = both(data, ("x", "y", "z")[:width], size)
    assert fast == careful


@given(st.lists(st.tuples(FIELD, FIELD), min_size=1, max_size=8), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_what_the_csv_module_writes_is_read_back(rows, size):
    rows = [tuple(field.replace("\0", "") for field in row) for row in rows]
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows(rows)
    data = file.getvalue().encode()
    fast, careful = both(data, ("x", "y"), size)
    assert [row[:2] for row in fast[0]] == rows
    assert fast == careful
    assert fast[1] == 0


def test_clean_blocks_are_taken_by_the_fast_reader():
    rows = cut(b'1,"a, ""b""\nc",2\r\n3,,4\nun', ",", 3, [1, 2])
    assert [s.to_list() for s in rows.columns] == [['a, "b"\nc', ""], ["2", "4"]]
    assert (rows.length, rows.newlines, rows.lines.tolist()) == (23, 3, [0, 2])


def test_any_doubt_is_left_to_the_careful_reader():
    for block in (
        b"a\n",
        b"a,b,c\n",
        b"a,b\n\n",
        b'a"b",c\n',
        b'"a"b,c\n',
        b"a\rb,c\n",
        b"a,\xff\n",
        b"a,\0\n",
    ):
        assert cut(block, ",", 2, [0]) is None, block
