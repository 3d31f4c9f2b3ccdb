"""The two raw layouts of NOAA Storm Events, in small files written by us."""

import csv
import io
import json
import re

import pytest
from corpus_reader import Reader

from selfvec.corpus import fields
from selfvec.corpus.fields import Layout, UnquotedColumn

DETAILS = (
    *(
        "BEGIN_YEARMONTH",
        "BEGIN_DAY",
        "BEGIN_TIME",
        "END_YEARMONTH",
        "EPISODE_ID",
        "EVENT_ID",
        "STATE",
        "YEAR",
    ),
    *("EVENT_TYPE", "BEGIN_DATE_TIME", "CZ_TIMEZONE", "EPISODE_NARRATIVE", "EVENT_NARRATIVE", "DATA_SOURCE"),
)
EXPORT = (
    *("EVENT_ID", "CZ_NAME_STR", "BEGIN_LOCATION", "BEGIN_DATE", "BEGIN_TIME", "EVENT_TYPE", "EPISODE_ID"),
    *("EVENT_NARRATIVE", "EPISODE_NARRATIVE", "ABSOLUTE_ROWNUMBER"),
)
EVENTS = [
    # event, year-month, day, episode narrative, event narrative
    (11, 195003, 4, "Storms crossed the valley.", "Hail fell near the mill,\nsome of it large."),
    (12, 195003, 5, "Storms crossed the  valley. ", "A barn lost its roof."),
    (13, 195003, 5, "", ""),
    (14, 202112, 31, "", "A barn lost\tits roof."),
    (15, 202112, 31, "Snow closed the pass.", " "),
]
TEXTS = [
    "Storms crossed the valley.",
    "Hail fell near the mill,\nsome of it large.",
    "A barn lost its roof.",
    "Snow closed the pass.",
]
IDS = ["11:episode", "11", "12", "15:episode"]
DATES = ["1950-03-04", "1950-03-04", "1950-03-05", "2021-12-31"]


def as_details() -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, DETAILS, restval="", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    for event, month, day, episode, narrative in EVENTS:
        writer.writerow(
            {"EVENT_ID": event, "BEGIN_YEARMONTH": month, "BEGIN_DAY": day, "YEAR": month // 100}
            | {"EPISODE_NARRATIVE": episode, "EVENT_NARRATIVE": narrative}
        )
    return file.getvalue()


def as_export() -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, EXPORT, restval=" ", lineterminator="\n")
    writer.writeheader()
    for event, month, day, episode, narrative in EVENTS:
        date = f"{month % 100:02}/{day:02}/{month // 100}"
        writer.writerow(
            {
                "EVENT_ID": event,
                "BEGIN_DATE": date,
                "EPISODE_NARRATIVE": episode,
                "EVENT_NARRATIVE": narrative,
            }
        )
    return file.getvalue()


def as_events() -> str:
    return "".join(
        json.dumps(
            {"id": event, "date": f"{month // 100}-{month % 100:02}-{day:02}"}
            | {"episode_narrative": episode, "event_narrative": narrative}
        )
        + "\n"
        for event, month, day, episode, narrative in EVENTS
    )


LAYOUTS = {
    "noaa details": ("StormEvents_details.csv.gz", as_details(), "BEGIN_YEARMONTH + BEGIN_DAY"),
    "noaa export": ("storm_data_search_results.csv", as_export(), "BEGIN_DATE"),
    "noaa events": ("events.jsonl", as_events(), "date"),
}


@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_narratives_are_documents_once_each(reader: Reader, layout, batch_bytes):
    name, data, date_field = LAYOUTS[layout]
    reader.write(name, data)
    rows = reader.read(name, batch_bytes=batch_bytes)
    assert rows["texts"] == TEXTS
    assert rows["ids"] == IDS
    assert [str(date) for date in rows["dates"]] == DATES
    summary = reader.corpus.summary
    assert (summary.documents, summary.empty, summary.duplicates, summary.undated) == (4, 1, 2, 0)
    assert (summary.layout, summary.date_field) == (layout, date_field)
    assert summary.describe().endswith(f"({layout}); dates from {date_field}; left out: 1 empty, 2 repeated")


def test_what_one_file_told_is_not_told_again_by_the_next(reader: Reader):
    for name, data, _ in LAYOUTS.values():
        reader.write(name, data)
    assert reader.texts(*(name for name, _, _ in LAYOUTS.values())) == TEXTS
    assert reader.corpus.summary.duplicates == 2 + 6 + 6


def test_a_field_that_is_asked_for_is_read_as_any_other(reader: Reader):
    reader.write("a.csv", as_details())
    rows = reader.read("a.csv", text_field=["EVENT_NARRATIVE"])
    assert rows["texts"] == [TEXTS[1], "A barn lost its roof.", "A barn lost\tits roof."]
    assert rows["ids"] == ["11", "12", "14"]
    assert reader.corpus.summary.layout is None


def test_unquoted_commas_in_place_names_of_the_export_are_mended_and_told(reader: Reader):
    lines = as_export().splitlines(keepends=True)
    names = lines[0].strip().split(",")
    first = lines[1].split(",")
    assert names[1] == "CZ_NAME_STR"
    whole = "".join(
        [lines[0], ",".join([first[0], "NORTH", " SOUTH", " AND WEST CO.", *first[2:]]), *lines[2:]]
    )
    reader.write("export.csv", whole)
    assert reader.read("export.csv")["texts"] == TEXTS
    summary = reader.corpus.summary
    assert (summary.bad_rows, summary.mended_rows) == (0, 1)
    assert summary.mended_places[0].endswith("export.csv:2: unquoted delimiters joined")
    assert "1 row mended, first" in summary.describe()


def test_an_export_row_that_cannot_be_mended_is_bad(reader: Reader):
    data = as_export() + "1,A,B,C,D\n1," + "," * 60 + "x\n"
    reader.write("export.csv", data)
    reader.read("export.csv", skip_bad_rows=True)
    assert (reader.corpus.summary.bad_rows, reader.corpus.summary.mended_rows) == (2, 0)


def test_a_layout_is_a_row_of_a_table(monkeypatch: pytest.MonkeyPatch, reader: Reader):
    wells = Layout(
        "wells",
        ("well", "log", "remark"),
        ("log", "remark"),
        (":log", ":remark"),
        date=("drilled",),
        unquoted=UnquotedColumn("Well", "Drilled", re.compile(r"\d{4}")),
    )
    monkeypatch.setattr(fields, "LAYOUTS", (wells, *fields.LAYOUTS))
    data = "ID,Well,Drilled,Log,Remark\n1,North,1990,clay,dry\n2,East, old,1991,clay,sand\n"
    reader.write("wells.csv", data)
    rows = reader.read("wells.csv")
    assert rows["texts"] == ["clay", "dry", "sand"]
    assert rows["ids"] == ["1:log", "1:remark", "2:remark"]
    assert [date.year for date in rows["dates"]] == [1990, 1990, 1991]
    summary = reader.corpus.summary
    assert (summary.layout, summary.mended_rows, summary.duplicates) == ("wells", 1, 1)


def test_the_real_layouts(shared_data, reader: Reader):
    raw = shared_data / "noaa" / "raw_sample"
    rows = reader.read(raw / "details_1972.csv")
    summary = reader.corpus.summary
    assert (summary.layout, len(rows["texts"]), summary.empty) == ("noaa details", 4, 2168)
    assert {str(date) for date in rows["dates"]} == {"1972-06-18"}
    rows = reader.read(raw / "search_export.csv")
    summary = reader.corpus.summary
    assert (summary.layout, summary.bad_rows) == ("noaa export", 0)
    assert summary.mended_places == [f"{raw / 'search_export.csv'}:394: unquoted delimiters joined"]
    assert {date.year for date in rows["dates"]} == {1993, 1994, 1995}


def test_real_corpora(shared_data, reader: Reader):
    rows = reader.read(shared_data / "pubmed" / "abstracts.jsonl.gz")
    assert len(rows["texts"]) == 33_050
    assert reader.corpus.summary.text_fields == ("title", "text")
    rows = reader.read(shared_data / "noaa" / "events.jsonl.gz")
    assert len({" ".join(text.split()) for text in rows["texts"]}) == len(rows["texts"])
    assert len(set(rows["ids"])) == len(rows["ids"])
    assert len(reader.texts(shared_data / "retrieval" / "cran")) > 1390
