"""Filters: values are compared as people write them, and one that nothing passes says what there is."""

import datetime
import math
import operator
from functools import partial, reduce
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.commands import ran
from tests.refusals import COMPARISONS, TOO_MANY, refused

import selfvec
from selfvec.base.errors import NotFound, OptionError
from selfvec.corpus.filters import Compiler, _FieldsOfRun, allowed, filtered_documents
from selfvec.corpus.given_filters import given_filters
from selfvec.data.run import Run
from selfvec.retrieval import run_index


def run_of(field: str, values: list[Any]) -> Run:
    rows = [{"text": f"hail fell {number}", "id": f"r{number}", field: v} for number, v in enumerate(values)]
    return selfvec.refine(rows, "none", "original")


def passing(values: list[Any], *filters: str) -> list[int]:
    """The numbers of the values of a field ``v`` that pass, in the index and in the run."""
    return passing_of(run_of("v", values), *[f"v{one}" for one in filters])


def passing_of(run: Run, *asked: str) -> list[int]:
    found = np.flatnonzero(allowed(run_index(run).documents, asked)).tolist()
    assert np.flatnonzero(filtered_documents(run.present, asked)).tolist() == found
    return found


PASSING = {
    "blanks": (["IOWA ", "\tIOWA", "OHIO", "IO WA"], "=iowa", [0, 1]),
    "no-break space": (["NEW\u00a0YORK", "NEW  YORK", "NEWYORK"], "=new york", [0, 1]),
    "blank that is asked for": (["IOWA"], "= IOWA ", [0]),
    "letters and accents": (["Sa\u0303o Paulo", "S\u00e3o Paulo", "Sao Paulo"], "=S\u00e3o Paulo", [0, 1]),
    "full width": (["\uff21\uff22\uff23", "abc", "abd"], "=ABC", [0, 1]),
    "true": ([True, False, None], "=TRUE", [0]),
    "true as 1": ([True, False, None], "=1", [0]),
    "1 is no truth of numbers": (["1", "2"], "=1", [0]),
    "price": (["€ 3,00", "€ 3,50"], "=3", [0]),
    "code": (["01067", "1067"], "=1067", [1]),
    "list": ([["a ", "b"], ["c"]], "=a", [0]),
    "decimal commas": (["1,50", "1,75", "2,50", "10,00"], "=1,5..2,0", [0, 1]),
    "a decimal comma": ([1.5, 15], "=1,5", [0]),
    "currency": (["1.234,56 €", "999,00 €", "12,00 €"], "=900..2000", [0, 1]),
    "thousands": (["1,500", "2,750", "999"], "=1000..2000", [0]),
    "thousands with commas elsewhere": (["1.500", "2,75"], "=1000..", [0]),
    "thousands with blanks": (["1 500", "1\u202f750", "12"], "=1500..1800", [0, 1]),
    "Swiss": (["1'500.50", "1\u2019750", "12"], "=1500..1800", [0, 1]),
    "percent": (["12 %", "50%", "7,5 %"], "=10..20", [0]),
    "not numbers": (["n/a", "NaN", "5", None, ""], "=1..", [2]),
    "whole numbers exactly": ([2**53 + 1, 2**53, 7], f"={2**53}", [1]),
    "more than 64 bits": ([2**53, 7], "=1.." + "9" * 400, [0, 1]),
    "none of that many digits": ([7, 8], "!=" + "9" * 400, [0, 1]),
    "powers": ([1e20, 1e-7], "=1e19..", [0]),
    "dates": (["2019-05-01", "2020-02-01", "soon"], "=2019..2019", [0]),
    "moments": (["2019-05-01T23:59:59Z", "2019-05-02T00:00:00Z"], "=2019-05-01", [0]),
    "moments of another zone": (["2019-05-01T23:30:00-01:00", "2019-05-01"], "=2019-05-02", [0]),
    "moments to the second": (
        ["2019-05-01T10:00:00Z", "2019-05-01T10:00:01Z"],
        "=2019-05-01T10:00:01+00:00..",
        [1],
    ),
    "years of moments": (["2019-05-01T10:00:00Z", "2020-05-01T10:00:00Z"], "=2020", [1]),
    "days": (["2019-05-01", "2020-02-01"], "=2019-06-01..2020-06", [1]),
    "years": (["1990", "1995"], "=1991..", [1]),
    "points that are no range": (["a..b", "c"], "=A..B", [0]),
    "more digits than a number holds": ([2.0**53, 0.5], f"!={2**53 + 1}", [0, 1]),
    "the end of the calendar": (
        ["9999-12-31T23:59:59.999999Z", "2020-01-01"],
        "=9999-12-31T23:59:59.999999Z..9999-12-31T23:59:59-05:00",
        [0],
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_values_are_compared_as_people_write_them(name: str) -> None:
    values, asked, expected = PASSING[name]
    assert passing(values, asked) == expected


NOTHING = {
    "near": (["IOWA", "OHIO"], "=IOWAA", r"no document has v=IOWAA; did you mean IOWA\? its values"),
    "far": (["IOWA", "OHIO"], "=zz", "no document has v=zz; its values are: IOWA, OHIO$"),
    "many": ([f"x{i}" for i in range(20)], "=zz", r"x0, x1, .*x9, … \(20 in all\)$"),
    "range": (["€ 3", "5,50", "n/a"], "=7..", "no document has v=7..; its numbers run from 3 to 5.5$"),
    "no numbers": (["cheap", "dear"], "=7..", "no document has v=7..; its values are: texts: cheap, dear$"),
    "no day": (["2019-05-01", "2020-02-01"], "=2021..", "its dates run from 2019-05-01 to 2020-02-01$"),
    "no range": (["cheap", "dear"], "=a..b", "no document has v=a..b"),
    "moment": (["2020-01-01T23:30:00-07:00"], "=2020-01-01", r"in UTC \(date= takes days as they"),
    "a comma of thousands": ([1, 1000], "=1,000", "did you mean 1000"),
    "code": (["01067"], "=1067", "did you mean 01067"),
    "1 is not true": (["1", "0"], "=true", "no document has v=true; its values are: 1, 0$"),
    "yes is not true": (["yes", "no"], "=true", "no document has v=true; its values are: yes, no$"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_a_filter_that_nothing_passes_says_what_there_is(name: str) -> None:
    values, asked, told = NOTHING[name]
    refused(lambda: passing(values, asked), NotFound, told)


def test_days_of_the_field_that_dates_are_from_are_those_that_were_written() -> None:
    times = ["2024-01-10T23:30:00-07:00", "2024-01-11T10:00:00Z", None]
    rows = [{"text": f"hail {i}", "created": time, "seen": time} for i, time in enumerate(times)]
    run = selfvec.refine(rows, "none", "original")
    asked = {
        "date=2024-01-10": [0],
        "created=2024-01-10": [0],
        "created!=..2024-01-10": [1, 2],
        '{"created": {"$gt": "2024-01-10"}}': [1],
        '{"created": {"$exists": false}}': [2],
        "created=2024-01-11T06:30:00Z": [0],
        "seen=2024-01-11": [0, 1],
    }
    assert {one: passing_of(run, one) for one in asked} == asked
    run.add({"text": "sleet", "created": "2024-01-10T23:59:00-05:00"})
    assert passing_of(run, "created=2024-01-10") == passing_of(run, "date=2024-01-10") == [0, 3]


@pytest.mark.parametrize("asked", ["=2005..2003", "=7..5"])
def test_a_range_that_runs_backwards_is_refused(asked: str) -> None:
    for values in (["2004-01-01"], ["6", "2004"]):
        refused(lambda: passing(values, asked), OptionError, "runs backwards; write")


def test_one_of_several_filters_on_a_field_has_to_be_met_by_some_document() -> None:
    assert passing(["IOWA", "OHIO", "UTAH"], "=iowa", "=utah") == [0, 2]
    refused(
        lambda: passing(["IOWA", "OHIO", "UTAH"], "=utha", "=iowaa"),
        NotFound,
        "no document has v=utha; did you mean UTAH",
    )
    assert passing(["IOWA", "OHIO", "UTAH"], "=iowa", "=utha") == [0]
    assert passing(["1", "5", "9", "12"], "=..2", "=9", "=11..") == [0, 2, 3]
    rows = [{"text": "hail", "a": "x", "date": "2019"}, {"text": "rain", "a": "y", "date": "2020"}]
    run = selfvec.refine(rows, "none", "original")
    assert filtered_documents(run.present, []).tolist() == [True, True]
    for asked, said in (
        (["a=x", "date=2020"], "no document passes all of a=x, date=2020; leave one of them out"),
        (["date=1900"], "no document is dated 1900; the dates run from 2019-01-01 to 2020-01-01"),
        (["a=x", "a=yy", "date=1900"], "no document has a=yy; its values are: x, y"),
    ):
        found = run.search("hail", filter=asked)
        assert (found.hits, found.notes) == ([], [said])
        refused(partial(filtered_documents, run.present, asked), NotFound, said)


ROWS = [
    {
        "id": f"r{number}",
        "text": f"hail fell {number}",
        "date": f"{2008 + number}-03-01",
        "year": 2008 + number,
    }
    | {"state": state}
    for number, state in enumerate(
        ["IOWA", "OHIO", "UTAH", None, "IOWA", "OHIO", "UTAH", "IOWA", "OHIO", None]
    )
]
CONDITIONS: list[tuple[Any, str]] = [
    ({"year": {"$gte": 2015}, "$not": {"year": 2017}, "$or": [{"state": "iowa"}, {"state": None}]}, "7"),
    ({"year": "2009..2011"}, "123"),
    ({"date": "2009..2017", "state": ["IOWA", "UTAH"]}, "2467"),
    ({"date": {"$gt": "2015", "$lt": datetime.date(2017, 3, 1)}}, "8"),
    ({"date": {"$gte": "2016-03", "$lte": 2016}}, "8"),
    ({"state": {"$nin": ["IOWA", "OHIO", "no state"]}, "year": {"$not": {"$lt": np.int64(2012)}}}, "69"),
    (["state!=IOWA", "state!=ohio", {"year": {"$lt": 2014}}], "23"),
    (["state=IOWA", "state=OHIO", "year=2013.."], "578"),
    ('{"state": "OHIO"}', "158"),
    ({}, "0123456789"),
    ({"year": {"$eq": "2009..2011"}}, ""),
    ({"date": {"$gte": datetime.datetime(2016, 3, 1, tzinfo=datetime.UTC)}}, "89"),
    ({"date": {"$gt": "2016-03-01T00:00:00Z"}}, "9"),
]


@pytest.fixture(scope="module")
def dated_run() -> Run:
    return selfvec.refine(ROWS, "none", "original")


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=map(str, range(len(CONDITIONS))))
def test_conditions_are_those_of_stores_of_vectors(dated_run: Run, condition: Any, expected: str) -> None:
    filters = given_filters(condition)
    for documents in (run_index(dated_run).documents, dated_run.present):
        assert "".join(map(str, np.flatnonzero(allowed(documents, filters)))) == expected
    hits = dated_run.search("hail", filter=condition, top=20).hits
    assert "".join(sorted(hit.id[1:] for hit in hits)) == expected


@pytest.mark.parametrize(
    ("condition", "notes"),
    [
        (
            "state!=IOWAH",
            ["no document has state=IOWAH; did you mean IOWA? its values are: IOWA, OHIO, UTAH"],
        ),
        (["state=IOWA", "state=Ohoi"], ["no document has state=Ohoi; did you mean OHIO? its values are:"]),
        ({"state": {"$in": ["IOWA", "x"]}}, ["no document has state=x; its values are: IOWA, OHIO, UTAH"]),
        ({"$nor": [{"state": "IOWA"}, {"year": 1999}]}, ["no document has year=1999; its values are: 2008"]),
        ("date!=2031", ["no document is dated 2031; the dates run from 2008-03-01 to 2017-03-01"]),
        ("state!=IOWA", []),
        ({"$or": [{"state": "iowa"}, {"state": None}]}, []),
    ],
)
def test_a_value_that_no_document_has_is_named_where_others_pass(
    dated_run: Run, condition: Any, notes: list[str]
) -> None:
    """A slip in what is left out leaves nothing out: that is no error, but it is said."""
    for answer in (
        dated_run.search("hail", filter=condition, top=1),
        dated_run.similar_documents("r0", filter=condition, top=1),
    ):
        said = [note for note in answer.notes if note.startswith("no document")]
        assert len(said) == len(notes)
        assert all(map(str.startswith, said, notes))


COMPARE = {
    "$eq": operator.eq,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
TYPES = {"whole": pl.Int64(), "number": pl.Float64(), "text": pl.String(), "list": pl.List(pl.Int64())}
NUMBER = st.sampled_from([0, 1, 0.5])
LEAVES = st.builds(
    lambda name, asked: {name: dict([asked])},
    st.sampled_from([*TYPES]),
    st.tuples(st.sampled_from([*COMPARE, "$ne"]), NUMBER)
    | st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(NUMBER, max_size=2))
    | st.tuples(st.just("$exists"), st.booleans()),
)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda part: {"$not": part}),
        st.tuples(st.sampled_from(["$and", "$or", "$nor"]), st.lists(inner, max_size=3)).map(
            lambda pair: {pair[0]: pair[1]}
        ),
    ),
    max_leaves=8,
)


def holds(row: dict[str, Any], condition: dict[str, Any]) -> bool:
    """What a condition of one key means."""
    ((name, value),) = condition.items()
    if name == "$not":
        return not holds(row, value)
    if name.startswith("$"):
        parts = [holds(row, part) for part in value]
        return all(parts) if name == "$and" else any(parts) == (name == "$or")
    ((order, other),) = value.items()
    if order in ("$ne", "$nin"):
        return not holds(row, {name: {"$eq" if order == "$ne" else "$in": other}})
    items = row[name] if isinstance(row[name], list) else [row[name]]
    there = [item for item in items if item is not None]
    if order == "$exists":
        return bool(items if isinstance(row[name], list) else there) == other
    compare = COMPARE.get(order, lambda item, several: item in several)
    return any(compare(item, other) for item in there)


WHOLE = st.none() | st.integers(-1, 1)
NUMBERS = WHOLE | st.sampled_from([0.5, 1.5, math.nan])  # as a text, the last is no number


@given(
    st.lists(
        st.fixed_dictionaries(
            {"whole": WHOLE, "number": NUMBERS, "text": NUMBERS, "list": st.lists(WHOLE, max_size=2)}
        )
    ),
    NESTED,
)
def test_nested_conditions_mean_what_logic_says(rows, condition) -> None:
    documents: Any = SimpleNamespace(
        dated=None,
        fields=TYPES,
        columns={},
        days=np.full(len(rows), "NaT", "datetime64[D]"),
        values=lambda field: pl.Series([row[field] for row in rows], dtype=TYPES[field], strict=False),
    )
    passes = allowed(documents, given_filters(condition))
    assert passes.tolist() == [holds(row, condition) for row in rows]


def test_alternatives_on_a_field_are_one_comparison(dated_run: Run) -> None:
    documents, parts = _FieldsOfRun(dated_run.present), [{"year": 2010}] * 600
    for condition in ({"$or": parts}, {"$nor": parts}, ["year!=2010"] * 600):
        compiler = Compiler(documents)
        compiler.passing(given_filters(condition))
        assert len(compiler.leaves) == 1
        assert compiler.columns["year"] is documents.columns["year"]


def test_a_question_has_so_many_comparisons(dated_run: Run, tmp_path) -> None:
    refused(lambda: dated_run.frequency(filter=COMPARISONS), OptionError, TOO_MANY)
    selfvec.save_run(dated_run, tmp_path / "run")
    words = ["search", tmp_path / "run", "hail", *(f"--filter={one}" for one in COMPARISONS)]
    assert TOO_MANY in ran(words, 2).err


@pytest.mark.parametrize(
    ("condition", "kind", "told"),
    [
        ({"yaer": 2015}, NotFound, "no field 'yaer'; did you mean year"),
        ({"year": {"$gtee": 2015}}, OptionError, "gte"),
        ({"$xor": []}, OptionError, "nor"),
        ({"state": {"$in": "IOWA"}}, OptionError, "takes a list of values"),
        ({"$or": {}}, OptionError, "takes a list of filters"),
        ({"state": {"$gt": "soon"}}, OptionError, "compares numbers and dates"),
        ({"date": {"$gt": "soon"}}, NotFound, "'soon' is not a span of dates"),
        ({"state": {"$eq": {"a": 1}}}, OptionError, "compares with a text, a number or true"),
        ('{"state": ', OptionError, "is no JSON"),
        ([["state=IOWA"]], OptionError, "a filter is field=value"),
        (COMPARISONS, OptionError, f"{TOO_MANY}; list the values"),
        ("{" + '"$not":{' * 5000 + "}" * 5001, OptionError, "nested|JSON"),
        ("{" + '"$not":{' * 100 + "}" * 101, OptionError, "nested more than 100"),
        (reduce(lambda inner, _: {"$not": inner}, range(5000), {}), OptionError, "field=value.*, not dict"),
        ({"year": 10**5000}, OptionError, "field=value.*, not dict"),
        ('{"year": ' + "9" * 5000 + "}", OptionError, r"is no JSON \(9+... is not a number of JSON\)"),
    ],
    ids=map(str, range(16)),
)  # fmt: skip
def test_a_wrong_condition_is_answered_with_the_right_ones(
    dated_run: Run, condition, kind, told: str
) -> None:
    refused(lambda: dated_run.search("hail", filter=condition), kind, told)


EVERY = [
    "x",
    "",
    "2",
    "2..3",
    "3.0",
    "inf",
    "nan",
    "true",
    "2024-01-01",
    "2024-01-01..2025",
    "2024-01-01T10:00Z",
]


def test_any_value_may_be_asked_of_a_field_of_any_type() -> None:
    rows = [
        {"id": f"d{i}", "text": f"hail fell {i}", "nothing": None, "texts": ["a"] if i else None, "whole": i}
        | {"wholes": [1, i], "truth": bool(i % 2), "number": i + 0.5, "word": "x", "day": "2024-01-01"}
        | {"moment": "2024-01-01T10:00Z"}
        for i in range(3)
    ]
    run = selfvec.refine(rows, "none", "original")
    for documents in (run_index(run).documents, run.present):
        for name in rows[0].keys() - {"id", "text"}:
            for value in EVERY:
                one, none = ({name: {sign: [value, None]}} for sign in ("$in", "$nin"))
                found, others = (allowed(documents, given_filters(asked)) for asked in (one, none))
                assert (found ^ others).all()
                assert allowed(documents, [f"{name}={value}"]).sum() <= 3
