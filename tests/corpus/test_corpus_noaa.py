"""The two raw tables of NOAA Storm Events, which the rules for all tables read."""

import pytest
from corpus_reader import Reader

DETAILS = (
    "BEGIN_YEARMONTH,BEGIN_DAY,EVENT_ID,STATE,YEAR,BEGIN_DATE_TIME,EPISODE_NARRATIVE,EVENT_NARRATIVE\n"
    '195003,4,11,"OHIO",1950,"04-MAR-50 18:40","Storms crossed.","Hail fell near a mill,\nsome large."\n'
    '195003,5,12,"OHIO",1950,"05-MAR-50 00:00:00","Storms crossed.",\n'
    '202112,31,13,"IOWA",2021,"31-DEC-21 07:10:00",,"A barn lost its roof."\n'
    '202112,31,14,"IOWA",2021,"31-DEC-21 07:10:00",,\n'
)
EXPORT = """EVENT_ID,CZ_NAME_STR,BEGIN_LOCATION,BEGIN_DATE,EVENT_NARRATIVE,EPISODE_NARRATIVE,ROW
11,A CO., ,03/04/1950,"Hail fell near a mill,\nsome large.",Storms crossed.,1
12,NORTH, SOUTH, AND WEST CO., ,03/05/1950," ",Storms crossed.,2
13,B CO., ,12/31/2021,A barn lost its roof.,,3
14,B CO., ,12/31/2021, ,,4
"""
TEXTS = [
    "Storms crossed.\n\nHail fell near a mill,\nsome large.",
    "Storms crossed.",
    "A barn lost its roof.",
]


@pytest.mark.parametrize(("data", "date"), [(DETAILS, "BEGIN_DATE_TIME"), (EXPORT, "BEGIN_DATE")])
@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
def test_both_narratives_of_an_event_are_its_text(reader: Reader, data: str, date: str, batch_bytes: int):
    reader.write("storms.csv", data)
    rows = reader.read("storms.csv", batch_bytes=batch_bytes)
    assert rows["texts"] == TEXTS
    assert rows["ids"] == ["11", "12", "13"]
    assert list(map(str, rows["dates"])) == ["1950-03-04", "1950-03-05", "2021-12-31"]
    summary = reader.corpus.summary
    assert (summary.empty, summary.date_field, summary.bad_rows) == (1, date, 0)
    assert summary.text_fields == ("EPISODE_NARRATIVE", "EVENT_NARRATIVE")


def test_a_narrative_that_is_asked_for_is_read_alone(reader: Reader):
    reader.write("a.csv", DETAILS)
    assert reader.texts("a.csv", text_field=["EPISODE_NARRATIVE"]) == ["Storms crossed."] * 2


def test_unquoted_commas_in_place_names_of_the_export_are_mended_and_told(reader: Reader):
    path = reader.write("export.csv", EXPORT)
    reader.read("export.csv")
    assert reader.corpus.summary.mended_places == [f"{path}:4: unquoted delimiters joined"]


def test_an_export_row_that_cannot_be_mended_is_bad(reader: Reader):
    reader.write(
        "export.csv", EXPORT + "1,A,B,C,D\n1, ,A,B,C,D,E,F,G\n1, A, B, C,D,E,F,G,H,I\n1," + "," * 60 + "x\n"
    )
    reader.read("export.csv", skip_bad_rows=True)
    assert (reader.corpus.summary.bad_rows, reader.corpus.summary.mended_rows) == (3, 2)


def test_the_real_tables(shared_data, reader: Reader):
    raw = shared_data / "noaa" / "raw_sample"
    rows = reader.read(raw / "details_1972.csv")
    assert (len(rows["texts"]), reader.corpus.summary.empty) == (3, 2168)
    assert {str(date) for date in rows["dates"]} == {"1972-06-18"}
    rows = reader.read(raw / "search_export.csv")
    summary = reader.corpus.summary
    assert summary.bad_rows == 0
    assert summary.mended_places == [f"{raw / 'search_export.csv'}:394: unquoted delimiters joined"]
    assert {date.year for date in rows["dates"]} == {1993, 1994, 1995}


def test_real_corpora(shared_data, reader: Reader):
    rows = reader.read(shared_data / "pubmed" / "abstracts.jsonl.gz")
    assert len(rows["texts"]) == 33_050
    assert reader.corpus.summary.text_fields == ("title", "text")
    rows = reader.read(shared_data / "noaa" / "events.jsonl.gz")
    assert reader.corpus.summary.text_fields == ("episode_narrative", "event_narrative")
    assert len(set(rows["ids"])) == len(rows["ids"])
    assert len(reader.texts(shared_data / "retrieval" / "cran")) > 1390
