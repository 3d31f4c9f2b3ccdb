"""Dates: every form means the right day, whole columns decide, and what is not read is counted and said."""

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.commands import ran
from tests.corpus.corpus_reader import CONTAINERS, Columns, Reader, rows_of

from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.dates import (
    MONTHS,
    DateColumn,
    DateForm,
    Evidence,
    form_of,
)
from selfvec.corpus.slices import by_period
from selfvec.corpus.summary import Summary, joined_corpora
from selfvec.storage.run_folder import open_run

THAT_DAY = """
2020-06-18T15:17:00.123456789+02:00|2020-06-18 15:17:00.5 Europe/Berlin|2020-06-18T15:17Z
2020-06-18T15:17:00+02:00[Europe/Paris]|2020-06-18T23:59:59-11:00|2020/06/18 15:17:00 JST|2020. 6. 18.
20200618T151700Z|20200618.0|2020:06:18 15:17:00
18-06-2020|18.06.2020|18/06/20|18.6.20 10:15|06/18/2020 3:17 PM|6/18/2020 3:17:00 p.m.|6/18/20, 3:17 PM
10:15 18.06.2020|06 18, 2020|18 06 2020|'2020-06-18
Thu, 18 Jun 2020 10:00:00 +0000 (UTC)|Thu Jun 18 20:19:24 +0000 2020|Thu Jun 18 10:00:00 CEST 2020
Thu Jun 18 2020 10:00:00 GMT+0200 (Central European Summer Time)|18/Jun/2020:13:55:36 -0700
18 June 2020 at 13:39:50 GMT+1|18/06/2020 13:39:50 UTC-3:30|Thu Jun 18 10:00:00 MEZ 2020
18.06.2020, 10:00 MESZ|18.06.2020 10:15 Uhr|2020-06-18 13:39:50 +0100 CET
Donnerstag, 18. Juni 2020 um 13:39:50 Mitteleuropäische Normalzeit
Thursday, June 18, 2020 at 1:39:50 PM Central European Standard Time
jeudi 18 juin 2020 à 13:39:50 heure d’été d’Europe centrale|18.06.2020, 13:39 московское время
2020年6月18日 13:39:50 中欧标准时间|18 de junio de 2020, 13:39:50 hora de verano de Europa central
15:17, 18 June 2020 (UTC)|Thursday, June 18, 2020|Thursday 18 June 2020|18-Jun-20
Donnerstag, 18. Juni 2020, 10:00 Uhr|18 de junio de 2020|18. kesäkuuta 2020
2020. június 18.|2020 m. birželio 18 d.|2020. gada 18. jūnijs|18 июня 2020 г.|18 Ιουνίου 2020|18 haziran 2020
18 ביוני 2020|2020年6月18日|2020年06月18日(木) 10:15|2020년 6월 18일
2020-06-18|2020/06/18|20200618|20200618151700|202006181517|18 June 2020|2020-06-18 23:59:59+09:00
["2020-06-18T15:17:00Z"]|[[2020, 6, 18]]|{"date-parts": [[2020, 6, 18]], "date-time": "2020-06-18T15:17:00Z"}
1592438400|1592438400.75|1592438400000|1592438400000000|1592438400000000000
"""
OTHER_DAYS = {
    "2020-6-8": "2020-06-08", " 2020 ": "2020-01-01", "2020.0": "2020-01-01", "202006": "2020-06-01",
    "04/01/1990": "1990-04-01", "4/1/1990 12:00:00 AM": "1990-04-01", "Sept. 3rd 2019": "2019-09-03",
    "03-APR-72 18:40:00": "1972-04-03", "31-DEC-50 00:00:00": "1950-12-31",
    "01-JAN-49 00:00:00": "1949-01-01", "18 marraskuuta 2020": "2020-11-18", "3 May 2020": "2020-05-03",
    "1er janvier 2020": "2020-01-01", "1º de março de 2020": "2020-03-01",
    "18 d’abril de 2020": "2020-04-18", "12 září 2020": "2020-09-12", "3 lipca 2020": "2020-07-03",
    "2020-06": "2020-06-01", "06/2020": "2020-06-01", "June 2020": "2020-06-01",
    "June, 2020": "2020-06-01", "2020-W25": "2020-06-15", "2020-W53": "2020-12-28", "2021-W01": "2021-01-04",
    '{"date-parts": [[2020, 6]]}': "2020-06-01", '{"date-parts":[[2020]]}': "2020-01-01",
    "987654321000": "2001-04-19", "0476-09-04": "0476-09-04",
}  # fmt: skip
NO_DAYS = """
2020-13-45|31.02.2020|2020-02-30|31/04/2020|25.13.2020|99/99/99|1900-01-00|0000-01-01|2020-W54|2021-W53
["soon"]|{"date-parts": [[null]]}|[[2020, 13, 1]]
2020-Q5|2021-366|soon|June|18 June|Jun 20|marraskuu|18 marrask 2020|June-July 2020|May be 2020|Sun 2020
18 June 2020 - 20 June 2020|2020-06-18 to 2020-06-20|2019-2020|2020?|June 18 2020 2021|circa 18/06/2020
1|12:30|1.2.3|43910|987|44 BC|-44|-0044-03-15|1.59E+12|20201301||31-APR-72|25/13/2020|2020-06-18 001
999999999999999999999999999999|Feb-22|22-Feb|06 18, 20|18 06|18.06.2020 10:15 to 20 June|18.06.2020 10:15abc
2020-Q2|2020-170|2020-06-18T15|1.5924384e+18|-315619200|476-09-04|0079|June '20|do 18-06-2020|١٨ يونيو ٢٠٢٠
"""


def parse_dates(values: pl.Series, day_first: bool | None = None) -> pl.Series:
    return DateColumn(values).days(DateForm(day_first))


def cells(table: str) -> list[str]:
    return [cell for line in table.strip().splitlines() for cell in line.split("|")]


def test_people_write_a_day_in_many_forms() -> None:
    expected = dict.fromkeys(cells(THAT_DAY), "2020-06-18") | OTHER_DAYS
    read = parse_dates(pl.Series(list(expected))).cast(pl.String)
    assert dict(zip(expected, read, strict=True)) == expected


def test_what_is_not_a_date_does_not_become_one() -> None:
    values = cells(NO_DAYS)
    assert dict(zip(values, parse_dates(pl.Series(values)), strict=True)) == dict.fromkeys(values)


@given(st.dates(datetime.date(1000, 1, 1), datetime.date(2999, 12, 31)))
def test_every_day_is_read_from_every_form(day: datetime.date) -> None:
    forms = [
        *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%d.%m.%Y"),
        *("%d %B %Y", "%d-%b-%Y", "%B %d, %Y", "%A, %d %B %Y", "%a %b %d 20:19:24 +0000 %Y"),
        *("%a, %d %b %Y 23:59:59 +1400", "%Y-%m-%dT00:30:00+09:00", "%d/%b/%Y:13:55:36 -0700"),
    ]
    texts = [day.strftime(form) for form in forms]
    assert dict(zip(texts, parse_dates(pl.Series(texts)), strict=True)) == dict.fromkeys(texts, day)
    for day_first, form in ((True, "%d/%m/%Y"), (True, "%d-%m-%Y 23:59"), (False, "%m/%d/%Y 1:02 PM")):
        written = pl.Series([day.strftime(form)])
        assert parse_dates(written, day_first).to_list() == [day]


def test_a_month_is_read_by_its_whole_name_only() -> None:
    days = [datetime.date(2020, number, 7) for number in MONTHS.values()]
    for form in ("7 {} 2020", "{} 7, 2020", "7. {}. 2020", "2020 {} 7"):
        assert parse_dates(pl.Series([form.format(name) for name in MONTHS])).to_list() == days, form
    longer = pl.Series([f"7 {name}qx 2020" for name in MONTHS])
    assert parse_dates(longer).null_count() == len(MONTHS)


@given(st.lists(st.text(max_size=14) | st.none(), max_size=5))
def test_no_text_brings_the_date_reader_down(texts: list[str | None]) -> None:
    column = DateColumn(pl.Series(texts, dtype=pl.String))
    assert len(column.days(form_of(column.evidence()))) == len(texts)


def test_evidence_of_parts_adds_up_to_that_of_the_whole() -> None:
    texts = ["25/03/2020", "03/25/2020", "03/04/2020", "03.04.2020", "43910", "2020-01-01", "x", "3-Apr-46"]
    values = pl.Series([*texts, "", None])
    whole = DateColumn(values).evidence()
    order = {"day first": 1, "month first": 1, "either": 1, "dotted": 1}
    assert whole == Evidence({"values": 8, "read": 6, "serial": 1, "named": 1, "short": 1} | order)
    assert sum((DateColumn(values[i : i + 2]).evidence() for i in range(0, 10, 2)), Evidence()) == whole


# Whole columns decide


def days(corpus: Corpus, batch_bytes: int = 1 << 20) -> list[str | None]:
    batches = list(corpus.batches(batch_bytes=batch_bytes))
    rows = corpus.dated(pl.concat([batch.rows for batch in batches], how="diagonal"))
    return [None if day is None else str(day) for day in rows["date"]]


def table(dates: list[str]) -> str:
    return "text,date\n" + "".join(f"hail {n},{day}\n" for n, day in enumerate(dates))


def rows(dates: list[str]) -> str:
    return "".join(json.dumps({"text": f"hail {n}", "date": day}) + "\n" for n, day in enumerate(dates))


MARCH = [f"{day:02}/03/2020" for day in range(1, 29)]


@pytest.mark.parametrize("batch_bytes", [16, 200, 1 << 20])
@pytest.mark.parametrize(("name", "made"), [("a.csv", table), ("a.jsonl", rows)])
def test_the_whole_column_decides_what_comes_first(
    tmp_path: Path, name: str, made: Callable[[list[str]], str], batch_bytes: int
) -> None:
    (tmp_path / name).write_text(made(MARCH))
    corpus = Corpus.open(tmp_path / name)
    assert days(corpus, batch_bytes) == [f"2020-03-{day:02}" for day in range(1, 29)]
    assert corpus.summary.date_orders == ("date: day first",)
    assert corpus.summary.notes == []
    assert "dates from date (day first)" in corpus.summary.describe()
    (tmp_path / name).write_text(made([f"03/{day:02}/2020" for day in range(1, 29)]))
    assert days(Corpus.open(tmp_path / name), batch_bytes)[0] == "2020-03-01"


def test_where_nothing_decides_the_choice_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(MARCH[:8]))
    corpus = Corpus.open(tmp_path / "a.csv")
    assert days(corpus)[1] == "2020-02-03"
    (note,) = corpus.summary.notes
    assert note.startswith("dates of 'date' are read month first, 03/04/2020 as March 4: the column does not")
    (tmp_path / "a.csv").write_text(table(["01.03.2020", "02.03.2020"]))
    corpus = Corpus.open(tmp_path / "a.csv")
    assert (days(corpus), corpus.summary.notes) == (["2020-03-01", "2020-03-02"], [])


def test_another_file_decides_if_the_file_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(MARCH[:8]))
    (tmp_path / "b.csv").write_text(table(MARCH[20:]))
    corpus = Corpus.open(tmp_path)
    assert days(corpus)[:2] == ["2020-03-01", "2020-03-02"]
    assert corpus.summary.notes == []
    (tmp_path / "c.csv").write_text(table(["03/25/2020", "04/02/2020"]))  # a file's own values go first
    assert days(Corpus.open(tmp_path))[-2:] == ["2020-03-25", "2020-04-02"]
    assert days(Corpus.open(tmp_path))[0] == "2020-01-03"  # the other files differ


def test_two_orders_in_one_column_are_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(["25/03/2020", "26/03/2020", "03/27/2020", "02/03/2020"]))
    corpus = Corpus.open(tmp_path / "a.csv")
    assert days(corpus) == ["2020-03-25", "2020-03-26", "2020-03-27", "2020-03-02"]
    (note,) = corpus.summary.notes
    assert "2 are day first, as 25/03, and 1 month first; those that could be either are read day" in note


def test_a_corpus_like_another_reads_its_dates_alike(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(MARCH))
    (tmp_path / "b.csv").write_text(table(MARCH[:8]))
    (tmp_path / "c.csv").write_text(table(["03/25/2020", "04/02/2020"]))
    first = Corpus.open(tmp_path / "a.csv")
    days(first)
    later = Corpus.open(tmp_path / "b.csv", like=first.summary.as_dict())
    assert (days(later)[1], later.summary.notes) == ("2020-03-02", [])
    other = Corpus.open(tmp_path / "c.csv", like=first.summary.as_dict())
    assert days(other) == ["2020-03-25", "2020-04-02"]
    (note,) = other.summary.notes
    assert "are month first in" in note
    assert note.endswith("and day first in what the run had read before")


# What is not read


@pytest.mark.parametrize("batch_bytes", [16, 1 << 20])
def test_dates_that_are_not_read_are_counted_and_the_first_is_named(reader: Reader, batch_bytes: int) -> None:
    reader.write("a.csv", table(["2020-01-02", "", "soon", "31.02.2020", "NaT", "9999-12-31"]))
    read = reader.read("a.csv", batch_bytes=batch_bytes)["dates"]
    assert read == ["2020-01-02", None, None, None, None, "9999-12-31"]
    summary = reader.summary
    assert (summary.undated, summary.unread_dates, summary.odd_dates) == (4, 2, 1)
    path = reader.folder / "a.csv"
    assert summary.unread_date_places == [f"{path}:4: 'soon'", f"{path}:5: '31.02.2020'"]
    told = f"(2 documents have no date, 2 not read, first {path}:4: 'soon', 1 before 1000 or after 2199, "
    assert f"dates from date {told}first {path}:7: '9999-12-31')" in summary.describe()
    again = joined_corpora([summary.as_dict(), summary.as_dict()])
    assert (again["unread_dates"], len(again["unread_date_places"])) == (4, 4)


# The same data in every container

ZONE = ZoneInfo("Asia/Tokyo")
TIMES = [datetime.datetime(2020, 1, 1, 0, 30), datetime.datetime(2019, 12, 31, 23, 45), None]
TEXTS = ["hail", "wind", "rain"]


def containers(folder: Path, zone: ZoneInfo | None) -> dict[str, Any]:
    """The same times, with the zone of Tokyo or none, in every container."""
    columns: Columns = {"text": TEXTS, "date": [time and time.replace(tzinfo=zone) for time in TIMES]}
    clock = pl.Series("date", TIMES)
    frame = pl.DataFrame({"text": TEXTS, "date": clock.dt.replace_time_zone(zone.key) if zone else clock})
    frame.write_parquet(folder / "a.parquet")
    own = pd.DataFrame(columns)
    return {
        **{name: make(columns, folder) for name, make in CONTAINERS.items() if name != "parquet"},
        "a.parquet": folder / "a.parquet",
        "polars, lazy": frame.lazy(),
        "pandas, objects": own.astype(object),
        "strings": rows_of({"text": TEXTS, "date": [t and t.isoformat() for t in columns["date"]]}),
        "dates=": Corpus.from_texts(TEXTS, dates=columns["date"]),
        "dates= of pandas": Corpus.from_texts(TEXTS, dates=own["date"]),
    }


@pytest.mark.parametrize("zone", [None, ZONE])
def test_a_time_has_its_local_day_in_every_container(tmp_path: Path, zone: ZoneInfo | None) -> None:
    for name, data in containers(tmp_path, zone).items():
        corpus = as_corpus(data)
        assert days(corpus) == ["2020-01-01", "2019-12-31", None], name
        assert (corpus.summary.undated, corpus.summary.unread_dates) == (1, 0), name


@pytest.mark.parametrize(("unit", "first"), [("D", "2020-06-18"), ("M", "2020-06-01"), ("Y", "2020-01-01")])
def test_a_period_of_pandas_is_its_first_day(unit: str, first: str) -> None:
    periods = pd.PeriodIndex(["2020-06-18"], freq="D").asfreq(unit)
    assert days(as_corpus(pd.DataFrame({"text": ["hail"], "date": periods}))) == [first]
    assert days(Corpus.from_texts(["hail"], dates=periods)) == [first]


@pytest.mark.parametrize("values", [[datetime.time(1)], [datetime.timedelta(1)]])
def test_times_without_a_day_are_not_dates(values: list[Any]) -> None:
    corpus = as_corpus(pl.DataFrame({"text": ["hail"], "date": values}))
    assert len(list(corpus.batches())) == 1
    assert corpus.summary.notes[0].startswith("dates are not read: date (")


def test_a_run_keeps_how_its_dates_were_read_and_an_update_follows(tmp_path: Path) -> None:
    old, new, run = tmp_path / "a.csv", tmp_path / "b.csv", str(tmp_path / "run")
    old.write_text(table([*MARCH, "soon"]).replace("hail", "hail broke a roof"))
    new.write_text(table(MARCH[:8]).replace("hail", "wind broke a roof"))
    how = ["--vectors", "none", "--method", "decorrelated", "--min-count", "1"]
    said = " ".join(ran(["refine", old, "-o", run, *how]).err.split())
    assert "dates from date (day first, 1 not read, first" in said
    assert "1 not read, first" in " ".join(ran(["run", "info", run]).out.split())
    ran(["update", run, new])
    opened = open_run(run)
    found = opened.text.read(("date",))["date"].cast(pl.String).to_list()
    first = [f"2020-03-{day:02}" for day in range(1, 29)]
    assert found == [*first, None, *first[:8]]
    assert opened.provenance.corpus["date_orders"] == ["date: day first"]
    assert [part.name for part in by_period(opened.tokens, "month")] == ["2020-03"]


def told(*column: str | None) -> tuple[list[str | None], Summary]:
    """The days of a column, and what is said of it."""
    corpus = as_corpus([{"text": f"hail {place}", "date": value} for place, value in enumerate(column)])
    return days(corpus), corpus.summary


THIS_YEAR = datetime.date.today().year


def short(*years: int) -> list[str]:
    return [f"06/18/{year % 100:02}" for year in years]


def in_june(*years: int) -> list[str]:
    return [f"{year}-06-18" for year in years]


def test_years_of_two_digits_do_not_lie_after_this_one() -> None:
    last = range(THIS_YEAR - 99, THIS_YEAR + 1)
    read, summary = told(*short(*last))
    assert read == in_june(*last)
    assert summary.date_orders[1] == f"date: years of two digits from {last[0]} to {THIS_YEAR}"
    assert f"(month first and years of two digits from {last[0]} to" in summary.describe()
    assert told("17-Jun-38", "01-Sep-39", "02-Sep-46")[0] == ["1938-06-17", "1939-09-01", "1946-09-02"]


def test_what_is_a_date_only_among_dates_is_read_and_said() -> None:
    # 43,393 days after 30 December 1899: 43,910 are 2020-03-20, and 517 days before that is 2018-10-20
    read, summary = told("12/14/2018", "43393", "6/13/2018")
    assert read == ["2018-12-14", "2018-10-20", "2018-06-13"]
    assert summary.notes == ["numbers in 'date' are read as the days of a spreadsheet: 43910 as 2020-03-20"]
    assert told("12/14/2018", "43393", "soon")[0] == ["2018-12-14", None, None]
    assert told("43910", "43910.75", "20000", "")[0] == ["2020-03-20", "2020-03-20", "1954-10-03", None]
    read, summary = told("Feb-22", "Okt-19", "May-98", "")
    assert read == ["2022-02-01", "2019-10-01", "1998-05-01", None]
    (note,) = summary.notes
    assert "Feb-22 is read as February 2022" in note
    assert told("Feb-22", "Apr-2019")[0] == ["2022-02-01", "2019-04-01"]
    assert told("Feb-22", "soon")[0] == [None, None]
    assert told(*(f"Feb-{day:02}" for day in range(1, 29)), "Jan-31")[0] == [None] * 29  # days


CALENDARS = [  # years, and the calendars that they may be of
    (["1390/01/01", "1400/11/30"], "Persian calendar (1400 began in 2021) or the Islamic calendar"),
    (["1399/01/31", "1400/05/31"], "Persian calendar (1400 began in 2021): they"),  # no 31st in the Islamic
    (["1439-01-27", "1443-05-05"], "Islamic calendar (1443 began in 2021): they"),
    (["1398", "1402", "1399"], "Persian calendar (1400"),
    (["2563-06-18", "2560-02-28"], "Buddhist calendar (2564 is 2021): they"),
    (["1399-10-31"], None),  # no month of either has so many days after the sixth
    (["1399-10-30", "1520-01-02"], None),
    (["1399-10-30", "2020-01-02"], None),
    (["1099-10-30"], None),
    (["2020-06-18"], None),
]


@pytest.mark.parametrize(("column", "calendar"), CALENDARS)
def test_years_of_other_calendars_are_told_and_not_converted(column: list[str], calendar: str | None) -> None:
    read, summary = told(*column)
    assert [day and day[:4] for day in read] == [value[:4] for value in column]
    assert [calendar in note for note in summary.notes if calendar] == [True] * (calendar is not None)


def test_a_column_in_no_known_form_and_documents_without_a_date_are_told() -> None:
    _, summary = told("Feb 22", "Mar 3", "2020-06-18", "")
    assert summary.notes == [
        "dates of 'date' are mostly in no known form, 2 of 3: write them as 2020-03-04 or name another "
        "--date-field"
    ]
    assert "dates from date (1 document has no date, 2 not read, first" in summary.describe()
    assert told("soon", "2020-06-18", "2020-06-19")[1].notes == []
    assert "(2 documents have no date)" in told("", "2020-06-18", None)[1].describe()


SPANS = [  # a column, the days that it tells
    (["2007/08", "2008/09", "2012/13"], ["2007-01-01", "2008-01-01", "2012-01-01"]),
    (["2007/08", "2008/09"], ["2007-01-01", "2008-01-01"]),
    (["2007-08", "1999-00"], ["2007-01-01", "1999-01-01"]),
    (["1641/2", "1642/3"], ["1641-01-01", "1642-01-01"]),
    (["2007-2008", "2007/2008"], ["2007-01-01", "2007-01-01"]),
    (["2007/08", "2008/12"], ["2007-08-01", "2008-12-01"]),  # months
    (["2007-08", "2011-12"], ["2007-08-01", "2011-12-01"]),
    (["2007/08"], ["2007-08-01"]),
    (["1990-1995"], [None]),
]


@pytest.mark.parametrize(("column", "expected"), SPANS)
def test_years_that_end_in_the_next_one_are_told_by_their_column(
    column: list[str], expected: list[str]
) -> None:
    read, summary = told(*column)
    assert read == expected
    noted = any("2007/08 is read as 2007" in note for note in summary.notes)
    assert noted == (read[0] is not None and read[0].endswith("01-01"))
