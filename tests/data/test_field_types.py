"""The fields of documents have types: decided once, over all values, and kept for the life of a run."""

import datetime as dt
from functools import partial
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.commands import ran
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError
from selfvec.data.field_types import parsed, read_as, written
from selfvec.storage.field_guess import Guess


def read(values: list[str | None], name: str = "f", cuts: tuple[int, ...] = ()) -> tuple[str, list[object]]:
    """The type of a field, and its values; the guess sees them in parts."""
    series, guess = pl.Series(name, values, dtype=pl.String), Guess(name)
    for start, end in zip((0, *cuts), (*cuts, len(values)), strict=True):
        guess.add(series[start:end])
    return guess.kind, parsed(series, guess.kind, guess.decimal).to_list()


UTC = dt.UTC
READ = {
    "whole numbers": (["4", "-7", "+2", "0", None], "integer", [4, -7, 2, 0, None]),
    "with blanks": (["1", "", " ", "n/a", "2"], "integer", [1, None, None, None, 2]),
    "ids of 19 digits": (["9007199254740993", "9007199254740992"], "integer", [2**53 + 1, 2**53]),
    "ids that 64 bits cannot hold": (["99999999999999999999999"], "text", ["99999999999999999999999"]),
    "long codes": (["1.5", "00000000000000007"], "text", ["1.5", "00000000000000007"]),
    "lists of such ids": (["[99999999999999999999999]"], "text", ["[99999999999999999999999]"]),
    "more than any number": (["9" * 5000, "1e+400"], "text", ["9" * 5000, "1e+400"]),
    "numbers": (["4", "4.5", "1e-07"], "number", [4.0, 4.5, 1e-7]),
    "numbers of a data frame": (["4.0", "3.25"], "number", [4.0, 3.25]),
    "prices": (["€ 3,00", "1.234,50 €"], "number", [3.0, 1234.5]),
    "thousands": (["1,500", "20.5"], "number", [1500.0, 20.5]),
    "currencies in letters": (["3 EUR", "4 kr"], "text", ["3 EUR", "4 kr"]),
    "versions": (["1.10", "1.9", "1.2"], "text", ["1.10", "1.9", "1.2"]),
    "versions of three parts": (["1.1", "1.2.3"], "text", ["1.1", "1.2.3"]),
    "codes": (["01067", "1067"], "text", ["01067", "1067"]),
    "hashes": (["120000", "12e4"], "text", ["120000", "12e4"]),
    "places of a table": (["1_0", "10"], "text", ["1_0", "10"]),
    "standards": (["RFC 2119", "ISO 9001"], "text", ["RFC 2119", "ISO 9001"]),
    "truth": (["true", "False", "TRUE"], "truth", [True, False, True]),
    "yes and no": (["yes", "no"], "text", ["yes", "no"]),
    "days": (["2024-02-29", None], "day", [dt.date(2024, 2, 29), None]),
    "no days": (["2024-02-30"], "text", ["2024-02-30"]),
    "moments": (
        [
            "2024-01-01T09:30:00Z",
            "2024-01-01 09:30:00.5+02:00",
            "2024-01-02",
            " 2024-01-01t23:30:59,25 -0100",
        ],
        "moment",
        [
            dt.datetime(2024, 1, 1, 9, 30, tzinfo=UTC),
            dt.datetime(2024, 1, 1, 7, 30, 0, 500_000, tzinfo=UTC),
            dt.datetime(2024, 1, 2, tzinfo=UTC),
            dt.datetime(2024, 1, 2, 0, 30, 59, 250_000, tzinfo=UTC),
        ],
    ),
    "lists of texts": (['["a", "b"]', "[]"], "list of text", [["a", "b"], []]),
    "lists of whole numbers": (["[1, 2]", "[null]"], "list of integer", [[1, 2], [None]]),
    "lists of numbers": (["[1, 2.5]"], "list of number", [[1.0, 2.5]]),
    "mixed lists": (['["a", 2, true]'], "list of text", [["a", "2", "true"]]),
    "lists of lists": (["[[1]]"], "text", ["[[1]]"]),
    "objects": (['{"a": 1}'], "text", ['{"a": 1}']),
    "a word among numbers": (["4", "soon"], "text", ["4", "soon"]),
    "nothing": ([None, "", "n/a"], "nothing", [None, None, None]),
}


@pytest.mark.parametrize("name", READ)
def test_a_field_has_the_type_of_all_its_values(name: str) -> None:
    values, kind, expected = READ[name]
    assert read(values) == (kind, expected)
    for cut in range(len(values)):
        assert read(values, cuts=(cut,)) == (kind, expected)


@pytest.mark.parametrize("name", ["version", "sw_version", "zip", "postalCode", "phone-no", "SHA256"])
def test_digits_that_are_names_stay_texts(name: str) -> None:
    assert read(["110", "111"], name)[0] == "text"
    assert read(["110", "111"], "versionable")[0] == "integer"


@given(st.sampled_from([values for values, _, _ in READ.values()]))
def test_what_is_written_is_read_as_the_same_again(values: list[str | None]) -> None:
    series, guess = pl.Series(values, dtype=pl.String), Guess("f")
    guess.add(series)
    typed = parsed(series, guess.kind, guess.decimal)
    assert parsed(written(typed), guess.kind).equals(typed)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_number_is_read_as_it_is_written(numbers: list[float]) -> None:
    typed = pl.Series([*numbers, 0.5], dtype=pl.Float64)
    guess = Guess("f")
    guess.add(written(typed))
    assert guess.kind == "number"
    assert parsed(written(typed), "number").to_list() == typed.to_list()


@given(st.integers(-(10**9), 10**9), st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_numbers_are_read_as_people_write_them(cents: int, marks: tuple[str, str]) -> None:
    group, decimal = marks
    text = f"{cents / 100:,.2f}".translate(str.maketrans({",": group, ".": decimal}))
    several = pl.Series([text, f"{text} €", f" {text} %"])
    assert parsed(several, "number", decimal).to_list() == [pytest.approx(cents / 100)] * 3


@given(st.lists(st.text(max_size=12)))
def test_no_text_brings_the_reader_of_numbers_down(texts: list[str]) -> None:
    for decimal in ".,":
        assert parsed(pl.Series(texts, dtype=pl.String), "number", decimal).is_finite().all()


def test_what_does_not_fit_is_told() -> None:
    values = {"size": ["4", "4.5", "n/a", None, "007"], "price": ["1,500", "2,75 €", "soon", "-", None]}
    texts, read = read_as(pl.DataFrame(values), {"size": "integer", "price": "number"})
    assert texts.to_dict(as_series=False) == {
        "size": ["4", "4.5", None, None, "007"],
        "price": ["1,500", "2,75 €", "soon", None, None],
    }
    assert read.to_dict(as_series=False) == {
        "size": [4, None, None, None, None],
        "price": [1.5, 2.75, None, None, None],
    }


ROWS = [
    {
        "id": f"d{i}",
        "text": f"the storm broke roof {i}",
        "year": str(2000 + i),
        "user": 10**18 + i,
        "note": None,
    }
    for i in range(20)
]


def test_the_types_of_fields_hold_for_the_life_of_a_run(tmp_path: Path) -> None:
    run = selfvec.refine(ROWS, "none", "original", output=tmp_path / "run")
    assert run.text.kinds == {"year": "integer", "user": "integer", "note": "nothing"}
    assert pl.read_parquet_schema(tmp_path / "run" / "text.parquet")["user"] == pl.Int64
    assert run.search("storm", filter={"user": 10**18 + 3}, top=9).rows[0]["id"] == "d3"
    run.add([{"id": "new", "text": "a storm", "year": 2031, "note": "2.5", "user": "7"}])
    assert run.text.kinds == {"year": "integer", "user": "integer", "note": "number"}
    assert [hit.id for hit in run.search("storm", filter="note=2..3").hits] == ["new"]
    rule = "'soon' is not a whole number, as the values of this field are in the run"
    refused(lambda: run.add([{"id": "x", "text": "storm", "year": "soon"}]), CorpusError, rule)
    refused(lambda: run.add([{"id": "x", "text": "storm", "note": "cheap"}]), CorpusError, "is not a number")
    refused(
        lambda: selfvec.update(run, [{"id": "x", "text": "the storm grew", "year": "soon"}]),
        CorpusError,
        rule,
    )
    assert len(run.text) == 21
    run.add([{"id": "y", "text": "a storm", "year": "soon"}], skip_bad_rows=True)
    assert run.search("storm", filter={"year": None}).rows[0]["id"] == "y"
    assert "1 value of year left out: not a whole number, first 'soon'" in run.provenance.corpus["notes"]
    again = selfvec.update(run, [{"id": "z", "text": "a storm came", "year": "2040"}])
    assert again.text.kinds == {"year": "integer", "user": "integer", "note": "number"}
    anew = selfvec.refine([{**row, "year": f"in {row['year']}"} for row in ROWS], "none", "original")
    assert anew.text.kinds["year"] == "text"


BAD = b'{"id": "x", "text": "storm x", "size": "many"}'


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("blank.jsonl", b'{"text": "storm a", "size": 1}\n\n  \n%s\n', 4),
        ("windows.jsonl", b'\xef\xbb\xbf{"text": "storm a", "size": 1}\r\n\r\n%s', 3),
        ("empty.jsonl", b'{"text": "", "size": 1}\n{"size": 2}\n%s\n', 3),
        ("escaped.jsonl", '{"text": "storm\\n\\n\u2028 \x85 a", "size": 1}\n%s'.encode(), 2),
        ("long.jsonl", b'{"text": "storm a", "size": 1}\n' * 9000 + b"\n%s", 9002),  # read in several blocks
        ("quoted.csv", b'text,size,id\n"storm\n\na",1,a\n\nstorm x,many,x\n', 6),
    ],
)
def test_a_value_of_another_type_is_told_with_its_file_and_line(
    name: str, content: bytes, line: int, tmp_path: Path
) -> None:
    """The line is the one that an editor shows, also where others of the folder were read before."""
    run = selfvec.refine([{"text": "storm of hail", "size": 1}], "none", "original")
    (tmp_path / "a.jsonl").write_text('{"text": "storm before", "size": 7}\n' * 3)
    (tmp_path / name).write_bytes(content.replace(b"%s", BAD))
    for change in (run.add, partial(selfvec.update, run)):
        for documents in (tmp_path / name, tmp_path):
            with pytest.raises(CorpusError, match=r"'many' is not a whole number") as told:
                change(documents)
            assert (told.value.path, told.value.line) == (str(tmp_path / name), line)


def test_what_fields_are_is_said_at_reading_and_later(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f"hail fell on roof {i},{i},{'' if i else 'x'},0{i}" for i in range(12)]
    path.write_text("text,size,of,code\n" + "\n".join(lines) + "\n")
    said = ran(["refine", path, "-o", tmp_path / "run", "--method", "original"]).err
    assert "fields: size (integer), of (text, 11 have none), code (text)" in said
    assert ran(["run", "info", tmp_path / "run", "--json"]).json["fields"] == [
        {"name": "size", "type": "integer", "empty": 0, "examples": ["0", "1", "2"]},
        {"name": "of", "type": "text", "empty": 11, "examples": ["x"]},
        {"name": "code", "type": "text", "empty": 0, "examples": ["00", "01", "02"]},
    ]
    assert "Fields of the documents" in ran(["run", "info", tmp_path / "run"]).out
