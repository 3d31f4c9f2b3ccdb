"""NOAA Storm Events: fetched from a server of ours that misbehaves, and read by the rules for all tables."""

import gzip

import pytest
from corpus_reader import Reader, collect
from tests.commands import ran
from tests.heard import Heard
from tests.refusals import refused

from file_server import Archive, serving
from selfvec.base.errors import InputError, OptionError, TargetError
from selfvec.base.progress import shown
from selfvec.corpus import Corpus
from selfvec.corpus.fetch import fetch_noaa, parse_years

HEADER = "BEGIN_YEARMONTH,BEGIN_DAY,EPISODE_ID,EVENT_ID,EPISODE_NARRATIVE,EVENT_NARRATIVE\n"


def edition(year: int, created: int) -> str:
    return f"StormEvents_details-ftp_v1.0_d{year}_c{created}.csv.gz"


def own(year: int, created: int) -> str:
    return f"StormEvents_d{year}_c{created}.jsonl.gz"


def content(year: int, rows: int = 40) -> bytes:
    """Every four events are of one episode."""
    lines = [
        f'{year}01,{i % 28 + 1},{i},{i},"{"Storms " * (i % 4 < 2)}{i // 4}","Hail  {year} {i} fell."\n'
        for i in range(rows)
    ]
    return gzip.compress((HEADER + "".join(lines)).encode(), mtime=0)


@pytest.fixture
def archive():
    with serving({edition(year, 20240620): content(year) for year in (2019, 2020, 2021)}) as server:
        yield server


def fetch(archive: Archive, out, years=(2020, 2021), **options):
    return fetch_noaa(years, out, base_url=archive.url, pause=0, timeout=10, **options)


def test_the_command_fetches_years_into_a_folder(archive, tmp_path) -> None:
    given = ["vectors", "fetch", "noaa", "--years", "2020"]
    said = ran([*given, "-o", tmp_path / "in", "--base-url", archive.url])
    assert said.out == f"{tmp_path / 'in'}\n"
    assert said.err.endswith(f"next: selfvec refine {tmp_path / 'in'} -o RUN\n")
    assert (tmp_path / "in" / own(2020, 20240620)).exists()
    assert "--output: is needed for noaa" in ran(given, 2).err
    assert "--years: is for noaa" in ran(["vectors", "fetch", "minilm", "--years", "2020"], 2).err


def test_files_arrive_whole_and_are_a_corpus(archive, tmp_path):
    heard = Heard()
    archive.faults[""] = ["503", "drop"]  # what passes is outlasted
    with shown(heard):
        paths = fetch(archive, tmp_path / "new" / "noaa")
    assert [path.name for path in paths] == [own(2020, 20240620), own(2021, 20240620)]
    assert sorted((tmp_path / "new" / "noaa").iterdir()) == paths
    for path, year in zip(paths, (2020, 2021), strict=True):
        size = len(archive.files[edition(year, 20240620)])
        assert heard.stages[path.name] == [size, size]


def test_a_narrative_is_a_row_once(archive, tmp_path):
    [path] = fetch(archive, tmp_path, (2020, 2020))
    corpus = Corpus.open(tmp_path)
    rows = collect(corpus)
    assert rows["texts"][:3] == ["Storms 0", "Hail  2020 0 fell.", "Hail  2020 1 fell."]
    assert rows["ids"][:3] == ["0:episode", "0", "1"]
    assert rows["dates"][:3] == ["2020-01-01", "2020-01-01", "2020-01-02"]
    assert len(rows["texts"]) == 40 + 2 * 10
    assert corpus.summary.duplicates == corpus.summary.undated == 0
    before = path.read_bytes()
    path.unlink()
    fetch(archive, tmp_path, (2020, 2020))
    assert path.read_bytes() == before


def test_what_is_there_is_not_fetched_again(archive, tmp_path):
    first, second = fetch(archive, tmp_path)
    second.unlink()
    archive.requests.clear()
    assert fetch(archive, tmp_path) == [first, second]
    assert [name for name, _ in archive.requests] == ["", edition(2021, 20240620)]


def test_the_newest_edition_is_taken_and_replaces_the_older_if_asked(archive, tmp_path):
    [old] = fetch(archive, tmp_path, (2020, 2020))
    archive.files[edition(2020, 20250101)] = content(2020, 50)
    refused(lambda: fetch(archive, tmp_path), TargetError, "is another edition of a year that is fetched")
    assert list(tmp_path.iterdir()) == [old]
    [new] = fetch(archive, tmp_path, (2020, 2020), overwrite=True)
    assert new.name == own(2020, 20250101)
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize(
    ("faults", "rule"),
    [
        (["drop"] * 30, "could not be fetched in 4 tries: the connection closed after"),
        (["garble"], "the server sent a damaged file"),
    ],
)
def test_failures_that_last_are_said_and_leave_nothing_half_done(archive, tmp_path, faults, rule):
    [there] = fetch(archive, tmp_path, (2019, 2019))
    name = edition(2020, 20240620)
    archive.faults[name] = faults
    with pytest.raises(InputError) as caught:
        fetch(archive, tmp_path, (2019, 2020), retries=3)
    assert rule in str(caught.value)
    assert list(tmp_path.iterdir()) == [there]


def test_a_year_the_archive_lacks_is_said_before_anything_is_fetched(archive, tmp_path):
    refused(
        lambda: fetch(archive, tmp_path / "out", (2021, 2023)),
        InputError,
        r"no file for 2022, 2023; it has the years 2019 to 2021",
    )
    assert not (tmp_path / "out").exists()
    archive.files = {"other.txt": b""}
    refused(lambda: fetch(archive, tmp_path), InputError, "no Storm Events files in this folder")


def test_targets_that_cannot_be_used_are_left_alone(archive, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    refused(lambda: fetch(archive, file), TargetError)
    assert file.read_text() == "mine"


def test_years():
    assert parse_years(" 1950 - 2023 ") == (1950, 2023)
    for text in ("", "20", "2020-", "2023-2020", "1949", "2020-2021-2022", "٢٠٢٠", "a-b"):
        refused(lambda: parse_years(text), OptionError, r"years: years are one.*give for example")


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
TEXTS = ["Storms crossed.\n\nHail fell near a mill,\nsome large.", "Storms crossed.", "A barn lost its roof."]


@pytest.mark.parametrize(("data", "date"), [(DETAILS, "BEGIN_DATE_TIME"), (EXPORT, "BEGIN_DATE")])
@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
def test_both_narratives_of_an_event_are_its_text(reader: Reader, data: str, date: str, batch_bytes: int):
    reader.write("storms.csv", data)
    rows = reader.read("storms.csv", batch_bytes=batch_bytes)
    assert rows["texts"] == TEXTS
    assert rows["ids"] == ["11", "12", "13"]
    assert rows["dates"] == ["1950-03-04", "1950-03-05", "2021-12-31"]
    summary = reader.summary
    assert (summary.empty, summary.date_field, summary.bad_rows) == (1, date, 0)
    assert summary.text_fields == ("EPISODE_NARRATIVE", "EVENT_NARRATIVE")


def test_unquoted_commas_in_place_names_of_the_export_are_mended_and_told(reader: Reader):
    path = reader.write("export.csv", EXPORT)
    reader.read("export.csv")
    assert reader.summary.mended_places == [f"{path}:4: unquoted delimiters joined"]


def test_an_export_row_that_cannot_be_mended_is_bad(reader: Reader):
    reader.write(
        "export.csv", EXPORT + "1,A,B,C,D\n1, ,A,B,C,D,E,F,G\n1, A, B, C,D,E,F,G,H,I\n1," + "," * 60 + "x\n"
    )
    reader.read("export.csv", skip_bad_rows=True)
    assert (reader.summary.bad_rows, reader.summary.mended_rows) == (3, 2)


def test_the_real_tables(shared_data, reader: Reader):
    raw = shared_data / "noaa" / "raw_sample"
    rows = reader.read(raw / "details_1972.csv")
    assert (len(rows["texts"]), reader.summary.empty) == (3, 2168)
    assert {*rows["dates"]} == {"1972-06-18"}
    rows = reader.read(raw / "search_export.csv")
    summary = reader.summary
    assert summary.bad_rows == 0
    assert summary.mended_places == [f"{raw / 'search_export.csv'}:394: unquoted delimiters joined"]
    assert {date[:4] for date in rows["dates"]} == {"1993", "1994", "1995"}


@pytest.mark.soak
def test_real_corpora(shared_data, reader: Reader):
    rows = reader.read(shared_data / "pubmed" / "abstracts.jsonl.gz")
    assert len(rows["texts"]) == 33_050
    assert reader.summary.text_fields == ("title", "text")
    rows = reader.read(shared_data / "noaa" / "events.jsonl.gz")
    assert reader.summary.text_fields == ("episode_narrative", "event_narrative")
    assert len(set(rows["ids"])) == len(rows["ids"])
    assert len(reader.texts(shared_data / "retrieval" / "cran")) > 1390
