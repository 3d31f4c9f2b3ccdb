"""Fetching NOAA Storm Events from a server of our own that misbehaves in every way we know."""

import gzip
import json

import pytest
from corpus_reader import collect
from tests.refusals import refused

from file_server import Archive, serving
from selfvec.base.errors import InputError, OptionError, TargetError
from selfvec.corpus import Corpus
from selfvec.corpus.fetch import fetch_noaa, parse_years
from selfvec.files.checksums import checksums

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
def archive(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving({edition(year, 20240620): content(year) for year in (2019, 2020, 2021)}) as server:
        yield server


def fetch(archive: Archive, out, years=(2020, 2021), **options):
    return fetch_noaa(years, out, base_url=archive.url, pause=0, timeout=10, **options)


def test_files_arrive_whole_and_are_a_corpus(archive, tmp_path):
    told = []
    archive.faults[""] = ["503", "drop"]  # what passes is outlasted
    paths = fetch(archive, tmp_path / "new" / "noaa", progress=lambda *what: told.append(what))
    assert [path.name for path in paths] == [own(2020, 20240620), own(2021, 20240620)]
    assert sorted(path.name for path in (tmp_path / "new" / "noaa").iterdir()) == [
        *(path.name for path in paths),
        "manifest.json",
    ]
    manifest = json.loads((paths[0].parent / "manifest.json").read_text())
    for path, year in zip(paths, (2020, 2021), strict=True):
        source = edition(year, 20240620)
        size = len(archive.files[source])
        written = checksums(path.parent, [path.name])[path.name]
        assert manifest["files"][path.name] == {"url": archive.url + source, **written}
        assert told[-1 if path is paths[-1] else 0] == (path.name, size, size)


def test_a_narrative_is_a_row_once(archive, tmp_path):
    [path] = fetch(archive, tmp_path, (2020, 2020))
    corpus = Corpus.open(tmp_path)
    rows = collect(corpus)
    assert rows["texts"][:3] == ["Storms 0", "Hail  2020 0 fell.", "Hail  2020 1 fell."]
    assert rows["ids"][:3] == ["0:episode", "0", "1"]
    assert list(map(str, rows["dates"][:3])) == ["2020-01-01", "2020-01-01", "2020-01-02"]
    assert len(rows["texts"]) == 40 + 2 * 10
    assert corpus.summary.duplicates == corpus.summary.undated == 0
    before = path.read_bytes()
    path.unlink()
    fetch(archive, tmp_path, (2020, 2020))
    assert path.read_bytes() == before


def test_what_is_there_is_not_fetched_again_what_changed_is(archive, tmp_path):
    first, second = fetch(archive, tmp_path)
    archive.requests.clear()
    assert fetch(archive, tmp_path) == [first, second]
    assert archive.requests == [("", None)]
    before = first.read_bytes()
    first.write_bytes(b"spoiled")
    second.unlink()
    fetch(archive, tmp_path)
    assert [name for name, _ in archive.requests[2:]] == [edition(2020, 20240620), edition(2021, 20240620)]
    assert first.read_bytes() == before


def test_the_newest_edition_is_taken_and_replaces_the_older(archive, tmp_path):
    [old] = fetch(archive, tmp_path, (2020, 2020))
    mine = tmp_path / own(2020, 20010101)
    mine.write_bytes(b"not fetched by us")
    archive.files[edition(2020, 20250101)] = content(2020, 50)
    [new] = fetch(archive, tmp_path, (2020, 2020))
    assert new.name == own(2020, 20250101)
    assert not old.exists()
    assert mine.exists()
    assert list(json.loads((tmp_path / "manifest.json").read_text())["files"]) == [new.name]


@pytest.mark.parametrize(
    ("faults", "rule"),
    [
        (["drop"] * 30, "could not be fetched in 4 tries: the connection closed after"),
        (["garble"], "the server sent a damaged file"),
        (["to ftp://127.0.0.1/x"], "which is not followed"),
    ],
)
def test_failures_that_last_are_said_and_leave_nothing_half_done(archive, tmp_path, faults, rule):
    [there] = fetch(archive, tmp_path, (2019, 2019))
    name = edition(2020, 20240620)
    archive.faults[name] = faults
    with pytest.raises(InputError) as caught:
        fetch(archive, tmp_path, (2019, 2020), retries=3)
    assert rule in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {there.name, "manifest.json"}
    assert list(json.loads((tmp_path / "manifest.json").read_text())["files"]) == [there.name]


def test_a_year_the_archive_lacks_is_said_before_anything_is_fetched(archive, tmp_path):
    with pytest.raises(InputError, match=r"no file for 2022, 2023; it has the years 2019 to 2021"):
        fetch(archive, tmp_path / "out", (2021, 2023))
    assert not (tmp_path / "out").exists()
    archive.files = {"other.txt": b""}
    refused(lambda: fetch(archive, tmp_path), InputError, "no Storm Events files in this folder")


def test_targets_that_cannot_be_used_are_left_alone(archive, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    refused(lambda: fetch(archive, file), TargetError)
    assert file.read_text() == "mine"
    for text in ('{"name": "mine"}', "[1]", "{", '{"files": {"a": 1}}'):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(TargetError, match=r"manifest.json: is not a manifest of fetched files"):
            fetch(archive, tmp_path)
        assert (tmp_path / "manifest.json").read_text() == text


def test_addresses_that_are_not_of_the_web_are_refused(tmp_path):
    for url in ("file:///etc/", "ftp://host/", "csvfiles/", "http://["):
        refused(lambda: fetch_noaa((2020, 2020), tmp_path, base_url=url, pause=0, retries=0), InputError)
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there_is_said(tmp_path, archive):
    url = archive.url
    archive.shutdown()
    archive.server_close()
    with pytest.raises(InputError, match=r"could not be fetched in 2 tries: .*refused"):
        fetch_noaa((2020, 2020), tmp_path, base_url=url, pause=0, retries=1)


def test_years():
    assert parse_years(" 1950 - 2023 ") == (1950, 2023)
    for text in ("", "20", "2020-", "2023-2020", "1949", "2020-2021-2022", "٢٠٢٠", "a-b"):
        refused(lambda: parse_years(text), OptionError, r"years: years are one.*give for example")
