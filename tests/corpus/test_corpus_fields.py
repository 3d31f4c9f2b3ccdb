"""Which fields are read: recognised by name, or as asked, with commas in names and by paths into objects."""

import datetime
import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from corpus_reader import CONTAINERS, Reader, collect, fields_of
from hypothesis import given
from hypothesis import strategies as st
from tests.json_lines import write_lines
from tests.places import ROOT
from tests.refusals import refused

from selfvec import refine, update
from selfvec.base.errors import CorpusError, OptionError
from selfvec.base.names import listed
from selfvec.corpus import Corpus, as_corpus, field_names
from selfvec.corpus.fields import FieldNames, recognise
from selfvec.corpus.files import DOCUMENT_SUFFIXES
from selfvec.corpus.fingerprints import Seen
from selfvec.corpus.row_formats import ROW_FORMATS


def test_what_is_asked_for_goes_first():
    names = FieldNames.of("memo, note", "seen", "place", "ticket")
    fields = recognise(["text", "note", "memo", "date", "seen", "place", "id", "ticket"], "x", names)
    assert fields.text == ("memo", "note")
    assert (fields.date, fields.slice, fields.id) == ("seen", "place", "ticket")
    assert (fields.text_given, fields.date_given, fields.id_given) == (True, True, True)


@pytest.mark.parametrize("option", ["text_field", "date_field", "slice_field", "id_field", "keep_fields"])
@pytest.mark.parametrize("given", ["", 3, b"text"])
def test_what_is_no_name_of_a_field_is_refused(option: str, given: object):
    refused(lambda: FieldNames.of(**{option: given}), OptionError, f"^{option}: ")


def test_an_id_field_of_files_is_read_and_kept_in_the_summary(reader: Reader):
    rows = '{"id": 1, "ticket": "T-7", "text": "Hail."}\n'
    assert reader.read(reader.write("a.jsonl", rows), id_field="ticket")["ids"] == ["T-7"]
    assert reader.summary.id_field == "ticket"
    pl.DataFrame({"ticket": [["T-7"]], "text": ["Hail."]}).write_parquet(reader.folder / "b.parquet")
    for option in ("id_field", "date_field"):
        rule = "field 'ticket': a column of strings is needed"
        refused(lambda: reader.read("b.parquet", **{option: "ticket"}), CorpusError, rule)
    refused(
        lambda: reader.read("a.jsonl", id_field="no"),
        CorpusError,
        r"field 'no': there is no such field; give id_field=NAME; its",
    )


@pytest.mark.parametrize(
    ("columns", "names", "rule"),
    [
        (["a", "b"], (), "^x: none of its fields .*; give text_field=NAME; its fields are: a, b$"),
        (["a", "b"], ("c",), "^x: field 'c': there is no such field; give text_field=NAME; .* a, b$"),
        (["text"], (None, "c"), "^x: field 'c': there is no such field; give date_field=NAME"),
        (["text", "text"], (), "field 'text': two columns have this name"),
        ([f"a{i}" for i in range(100)], (), r"a0, a1, .*a29, … \(100 in all\)$"),
        (["Note", "NOTE"], ("note",), r"'note': there is no such field; did you mean Note or NOTE\? Or"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(columns, names, rule):
    refused(lambda: recognise(columns, "x", FieldNames.of(*names)), CorpusError, rule)


def test_fields_are_refused_if_no_file_has_any(reader: Reader):
    reader.write("in/a.txt", "one")
    reader.write("in/b.html", "<p>two")
    for options in ({"text_field": ["body"]}, {"date_field": "body"}, {"keep_fields": ["body"]}):
        for source in ("in", "in/a.txt", "in/b.html"):
            refused(
                lambda: reader.texts(source, **options),
                CorpusError,
                rf"{source}: field 'body': no file has fields: .*; leave",
            )


def test_fields_are_those_of_the_files_that_have_them_and_others_are_read_whole(reader: Reader):
    reader.write("in/a.csv", "Remarks,Day,Kind\nhail,2020-05-01,x\n")
    reader.write("in/b.jsonl", '{"remarks": "wind", "day": "2021", "Kind": "y"}\n')
    reader.write("in/notes.txt", "Remarks of\na day")
    reader.write("in/page.html", "<p>snow")
    options = {"text_field": ["remarks"], "date_field": "DAY", "slice_field": "kind"}
    rows = reader.read("in", **options)
    assert rows["texts"] == ["hail", "wind", "Remarks of\na day", "snow"]
    assert rows["dates"] == ["2020-05-01", "2021-01-01", None, None]
    (batch,) = reader.corpus.batches()
    assert batch.rows["slice"].to_list() == ["x", "y", None, None]
    summary = reader.summary
    assert (summary.text_fields, summary.date_field) == (("Remarks",), "Day")
    refused(
        lambda: reader.read("in", text_field=["Remark"]),
        CorpusError,
        r"a.csv: field 'Remark': .*did you mean Remarks\? Or give",
    )


def test_fields_of_another_corpus_are_read_from_files_that_have_any(reader: Reader):
    reader.write("in/a.csv", "Remarks,Day,text\nhail,2020-05-01,x\n")
    reader.write("in/notes.txt", "snow")
    reader.read("in", text_field="remarks", date_field="day")
    like = reader.summary.as_dict()
    reader.write("later.txt", "sleet")
    reader.write("later.csv", "day,REMARKS,text\n2021-06-01,wind,y\n")
    assert reader.texts("later.txt", like=like) == ["sleet"]
    rows = reader.read("later.csv", like=like)
    assert (rows["texts"], rows["dates"]) == (["wind"], ["2021-06-01"])
    assert reader.texts("later.csv", like=like, text_field="text") == ["y"]
    refused(
        lambda: reader.texts("later.txt", like=like, text_field="remarks"),
        CorpusError,
        r"field 'remarks': no file has fields",
    )


def test_names_of_fields_match_in_any_case_unless_several_differ_in_it_alone():
    assert recognise(["NOTE", "When"], "x", FieldNames.of("note", "when")).columns == ("NOTE", "When")
    assert recognise(["Note", "NOTE"], "x", FieldNames.of("NOTE")).text == ("NOTE",)
    names = FieldNames.of(["note", "Note"], keep_fields=["NOTE"])
    assert recognise(["Note"], "x", names).columns == ("Note",)


def test_several_fields_are_joined_by_a_blank_line(reader: Reader):
    rows = [("A", "b"), ("", "c"), ("D", None), (" ", "e"), ("F", "g h")]
    reader.write("a.jsonl", "\n".join(json.dumps({"title": t, "text": b}) for t, b in rows))
    expected = ["A\n\nb", "c", "D", "e", "F\n\ng h"]
    assert reader.texts("a.jsonl") == expected
    reader.write("a.csv", "title,text\n" + "".join(f"{t},{b or ''}\n" for t, b in rows))
    assert reader.texts("a.csv") == expected
    assert reader.summary.text_fields == ("title", "text")
    assert reader.texts("a.csv", text_field=["text", "title"])[0] == "b\n\nA"
    assert reader.summary.text_given
    assert reader.summary.describe() == "5 documents; text from text + title (as asked)"


def test_ids_and_dates_that_are_numbers_are_read(reader: Reader):
    reader.write(
        "a.jsonl",
        '{"id": 7, "text": "a", "year": 1990}\n{"id": 8.0, "text": "b", "year": 1991.0}\n'
        '{"id": null, "text": "c", "year": null}\n{"id": "x", "text": "d", "year": true}\n',
    )
    rows = reader.read("a.jsonl")
    assert rows["ids"] == ["7", "8", None, "x"]
    assert rows["dates"] == ["1990-01-01", "1991-01-01", None, None]
    assert reader.summary.undated == 2


def test_texts_from_memory(reader: Reader):
    texts = ["one", "", None, "two", "one"]
    dates = ["1990", "1991", None, datetime.date(2000, 1, 2), float("nan")]
    corpus = Corpus.from_texts(texts, dates=dates, ids=["a", "b", "c", "d", 5], name="notes")
    for batch_bytes in (1, 1 << 20):
        rows = collect(corpus, batch_bytes)
        assert rows["texts"] == ["one", "two", "one"]
        assert rows["ids"] == ["a", "d", "5"]
        assert rows["dates"] == ["1990-01-01", "2000-01-02", None]
    assert (corpus.summary.empty, corpus.summary.duplicates, corpus.summary.undated) == (2, 1, 1)
    assert (corpus.name, corpus.summary.files[0].bytes, corpus.total_bytes) == ("notes", 9, None)
    assert Corpus.from_texts(["one"]).summary.files == []


@pytest.mark.parametrize(
    ("texts", "dates", "rule"),
    [
        ("one", None, "texts is a list of strings, this is one string"),
        (["one", 2], None, "memory:2: text is a string, this is int"),
        (["\ud800"], None, "memory:1: holds half of a surrogate pair"),
        (["one", "two"], ["1990"], "text, date differ in length, one lacks number 2; give as many"),
        (["one"], ["soon"], "memory:1: field 'date': 'soon' is not a date"),
        ([], None, "it contains no documents"),
    ],
)
def test_wrong_texts_from_memory_are_refused(texts, dates, rule):
    refused(lambda: collect(Corpus.from_texts(texts, dates=dates)), CorpusError, rule)


def test_an_iterator_is_read_once():
    corpus = Corpus.from_texts(iter(["one"]))
    assert collect(corpus)["texts"] == ["one"]
    refused(lambda: collect(corpus), CorpusError, "an iterator can be read only once; give a list")


@given(st.lists(st.lists(st.integers(0, 30), max_size=20)))
def test_seen_knows_every_hash_it_was_given(batches):
    seen, before = Seen(), set()
    for batch in batches:
        new = []
        for value in batch:
            new.append(value not in before)
            before.add(value)
        assert seen.add(np.array(batch, np.uint64)).tolist() == new


def test_other_fields_come_along_unless_they_are_not_wanted(tmp_path: Path) -> None:
    csv, jsonl = tmp_path / "a.csv", tmp_path / "b.jsonl"
    csv.write_text("id,text,state,date\n1,hail,IOWA,2020-01-02\n2,,OHIO,2020-01-03\n3,wind,,2020-01-04\n")
    jsonl.write_text('{"id": 9, "text": "rain", "size": 1.0, "tags": ["x"]}\n')
    plain = list(Corpus.open([csv, jsonl], keep_fields=False).batches())
    assert all(fields_of(batch) == {} for batch in plain)
    (batch,) = Corpus.open([csv, jsonl]).batches()
    assert batch.texts.to_list() == ["hail", "wind", "rain"]
    found = {name: values.to_list() for name, values in fields_of(batch).items()}
    assert found == {"state": ["IOWA", "", None], "size": [None, None, "1"], "tags": [None, None, '["x"]']}


def test_fields_that_appear_late_and_values_of_all_types_of_json_are_kept(tmp_path: Path) -> None:
    rows = [{"text": f"hail {i}"} for i in range(150)]
    rows[120] |= {"flag": True, "tags": ["a", "ü"], "place": {"state": "IOWA", "size": 2.0}, "gone": None}
    path = tmp_path / "late.jsonl"
    write_lines(path, rows)
    for bad in (False, True):
        if bad:
            path.write_text(path.read_text("utf-8") + "{\n", "utf-8")
        (batch,) = Corpus.open([path], keep_fields=True, skip_bad_rows=True).batches()
        found = {name: values[120] for name, values in fields_of(batch).items()}
        assert found == {
            "flag": "true",
            "tags": '["a", "ü"]',
            "place": '{"state": "IOWA", "size": 2.0}',
            "gone": None,
        }
        assert {values.null_count() for values in fields_of(batch).values()} == {149, 150}


def test_the_page_names_what_is_read():
    page = (ROOT / "docs" / "how-to" / "your-text.md").read_text("utf-8")
    suffixes = [suffix for found in ROW_FORMATS for suffix in found.suffixes]
    for suffix in (*suffixes, *filter(None, DOCUMENT_SUFFIXES)):
        assert f"`{suffix}`" in page or suffix in (".text", ".markdown"), suffix
    text = {*field_names.TEXTS, *field_names.TITLES}
    kinds = {"text": text, "date": {*field_names.DATES}, "id": {*field_names.IDS}}
    for kind, known in kinds.items():
        entry = re.search(rf"\* \*\*{kind}\*\*:(.*?)(?=\n\* |\n\n)", page, re.DOTALL)[1]
        named = set(re.findall(r"`(\w+)`", entry))
        assert named
        assert named <= known


@pytest.mark.parametrize(
    "first",
    [
        "1990-05-01\tHail broke the roofs\tIOWA",
        "pos\tHail fell.",
        "pos\thail broke the roofs of houses",
        "7\tHail",
    ],
)
def test_a_first_row_of_data_is_refused_with_a_remedy(reader: Reader, first: str):
    path = reader.write("a.tsv", f"{first}\n{first}\n")
    for options in ({}, {"text_field": ["text"]}, {"date_field": "date"}):
        rule = r"and its first row looks like data \(.*add a row of names above it, or give"
        refused(lambda: reader.texts(path, **options), CorpusError, rule)
    refused(
        lambda: reader.texts(reader.write("b.tsv", "label\twhat was said\n1\tHail\n")),
        CorpusError,
        "a usual name of a text field; give text_field=",
    )


@pytest.mark.parametrize("name", ["Ticket No", "ticket_id", "caseNumber", "INCIDENT KEY", "No."])
def test_a_column_that_looks_like_ids_is_named(reader: Reader, name: str) -> None:
    """One that is named so and differs in each row; Casino and a column of repeated numbers are none."""
    rows = "".join(f"hail,2021-01-0{n},T-{n},{n},7\n" for n in (1, 2, 3))
    reader.write("a.csv", f"text,date,{name},Casino,Room No\n{rows}")
    reader.read("a.csv")
    shown = f"'{name}'" if " " in name else name
    note = "no field has a usual name of an id, so documents are numbered"
    assert reader.summary.notes == [f"{note}; {name} looks like ids: --id-field {shown}"]
    assert reader.read("a.csv", id_field=name)["ids"] == ["T-1", "T-2", "T-3"]
    assert reader.summary.notes == []


def test_a_column_that_looks_like_dates_is_named(reader: Reader) -> None:
    rows = "".join(
        f"hail,2021-0{n}-04 10:00:00,{n},{2000 + n},2020-01-0{n if n < 3 else ''}\n" for n in (1, 2, 3)
    )
    reader.write("a.csv", f"text,at,score,born,replied\n{rows}")
    reader.read("a.csv")
    note = "no field has a usual name of a date; at looks like dates: --date-field at"
    assert reader.summary.notes == [note]
    reader.read("a.csv", date_field="at")
    assert reader.summary.notes == []
    reader.write("a.csv", "text,at\n" + "".join(f"hail,Feb-{n}\n" for n in (19, 20, 21)))  # months, by all
    reader.read("a.csv")
    assert reader.summary.notes == [note]
    reader.write("a.csv", "text,at,who\n" + "".join(f"hail,Feb {n},May {n}b\n" for n in (19, 20, 21)))
    reader.read("a.csv")
    rule = "no field has a usual name of a date, and what looks like dates is in no known form"
    assert reader.summary.notes == [f"{rule}: at"]


# Names with commas in them, and paths into objects

ASKED = "What did you like, and why?"
FORM = f'title,"{ASKED}","a,b",a,b\nT,liked,ab,1,2\n'


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (ASKED, "liked"), (ASKED.upper(), "liked"), (f"title,{ASKED}", "T\n\nliked"),
        (f"{ASKED} , title", "liked\n\nT"), ([ASKED, "title"], "liked\n\nT"), ("a,b", "ab"),
        ("b,a", "2\n\n1"), (["a", "b"], "1\n\n2"), ("title, a,b", "T\n\nab"),
    ],
)  # fmt: skip
def test_a_field_may_hold_commas_in_its_name(reader: Reader, given, text):
    reader.write("a.csv", FORM)
    assert reader.texts("a.csv", text_field=given) == [text]


def test_fields_with_commas_are_kept_and_give_slices_and_ids(reader: Reader):
    path = reader.write("a.csv", FORM)
    corpus = Corpus.open(path, text_field="a", slice_field=ASKED, id_field="a,b", keep_fields=f"b,{ASKED}")
    (batch,) = corpus.batches()
    fields = {name: column.to_list() for name, column in fields_of(batch).items()}
    assert fields == {"b": ["2"], ASKED: ["liked"]}
    assert (batch.get("slice").to_list(), batch.get("id").to_list()) == (["liked"], ["ab"])
    assert corpus.summary.kept_fields == ("b", ASKED)


def test_the_error_names_the_one_field_that_is_not_there(reader: Reader):
    reader.write("a.csv", FORM)
    refused(
        lambda: reader.texts("a.csv", text_field=f"{ASKED},titel"),
        CorpusError,
        r"field 'titel': there is no such field; did you mean title\?",
    )


def test_the_longest_known_name_counts_first():
    known = {"a", "b", "a,b", "a,b,c", "c"}
    assert listed("a,b,c,a, b,x", lambda name: name if name in known else None) == ["a,b,c", "a", "b", "x"]
    assert listed(" ,a,, ", lambda name: name if name in known else None) == ["a"]


@pytest.mark.parametrize("vectors", [None, "keep"])
@pytest.mark.parametrize("given", ["x,1", "x,1,2", ["x,1", "2"]])
def test_an_id_with_commas_is_withdrawn(given, vectors):
    rows = [{"id": name, "text": f"hail broke roof {i}"} for i, name in enumerate(["x,1", "2", "x", "3"])]
    left = update(refine(rows, "none", "decorrelated"), None, vectors, withdraw=given).text.ids()
    assert left == (["2", "x", "3"] if given == "x,1" else ["x", "3"])


COLUMNS = {
    "post": [{"body": f"hail {i}", "when": f"2020-01-0{i + 1}", "by": {"key": f"k{i}"}} for i in range(2)],
    "notes": [[{"text": f"a{i}"}, {"text": f"b{i}"}] for i in range(2)],
    "flat.body": ["flat 0", "flat 1"],
    "flat": [{"body": "inner"}] * 2,
}


KINDS = [kind for kind in CONTAINERS if kind != "csv"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("field", "texts"),
    [
        ("post.body", ["hail 0", "hail 1"]),
        ("POST.Body", ["hail 0", "hail 1"]),
        ("notes.text", ["a0\n\nb0", "a1\n\nb1"]),
        ("post.by.key,flat.body", ["k0\n\nflat 0", "k1\n\nflat 1"]),
    ],
)
def test_a_field_inside_an_object_is_read_by_its_path(tmp_path, kind, field, texts):
    data = CONTAINERS[kind](COLUMNS, tmp_path)
    found = collect(as_corpus(data, text_field=field, date_field="post.when", id_field="post.by.key"))
    assert found["texts"] == texts
    assert found["ids"] == ["k0", "k1"]
    assert found["dates"] == ["2020-01-01", "2020-01-02"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_lists_the_fields_inside_objects(tmp_path, kind):
    refused(
        lambda: as_corpus(CONTAINERS[kind](COLUMNS, tmp_path), text_field="post.bodi"),
        CorpusError,
        r"did you mean post\.body.*its fields are: .*post\.by\.key",
    )
