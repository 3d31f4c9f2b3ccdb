"""Fetching public vectors from a server of our own, and using them by name."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

import selfvec
from file_server import Archive, serving
from selfvec.apps.cli import main
from selfvec.base.errors import FormatError, InputError, MissingExtra, OptionError, TargetError
from selfvec.storage import fetch_vectors as fetching
from selfvec.storage.fetch_vectors import fetch_vectors
from selfvec.storage.fetched_vectors import data_folder, locate
from selfvec.storage.public_vectors import PUBLIC_VECTORS, find

WORDS = ("storm", "hail", "roof", "wind", "rain", "snow")
ROWS = np.random.default_rng(0).standard_normal((6, 50)).astype(np.float32)
GLOVE = "glove-wiki-gigaword-50.gz"
WIKI = "wiki-news-300d-1M.vec.zip"


def text_table(rows=ROWS) -> bytes:
    lines = [" ".join([word, *map(str, row.tolist())]) for word, row in zip(WORDS, rows, strict=True)]
    return "\n".join([f"{len(rows)} {rows.shape[1]}", *lines, ""]).encode()


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path) -> Path:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SELFVEC_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "vectors"


@pytest.fixture
def server():
    with serving({GLOVE: gzip.compress(text_table(), mtime=0)}) as made:
        yield made


def fetch(server: Archive, name: str = "glove-6b-50", out=None, **options):
    return fetch_vectors(name, out, base_url=server.url, pause=0, timeout=10, **options)


def test_a_fetched_table_is_loaded_by_its_name(server, data) -> None:
    seen = []
    record = fetch(server, progress=lambda *what: seen.append(what))
    size = len(server.files[GLOVE])
    assert seen[-1] == (GLOVE, size, size)
    assert record["path"] == str(data / "glove-6b-50" / "vectors.safetensors")
    assert (record["words"], record["dimensions"], record["licence"]) == (6, 50, "PDDL 1.0")
    assert record["download"]["bytes"] == size
    assert [path.name for path in data.iterdir()] == ["glove-6b-50"]
    vectors = selfvec.load("glove-6b-50")
    assert vectors.index_to_key == list(WORDS)
    np.testing.assert_array_equal(vectors.vectors, ROWS)


def test_what_is_there_is_not_fetched_again(server) -> None:
    first = fetch(server)
    server.requests.clear()
    assert fetch(server) == first
    assert server.requests == []


def test_an_interrupted_download_goes_on_where_it_stopped(server, data) -> None:
    server.faults[GLOVE] = ["drop"]
    with pytest.raises(InputError, match="the received part is kept"):
        fetch(server, retries=0)
    assert [path.name for path in data.iterdir()] == [".glove-6b-50.partial"]
    fetch(server, retries=0)
    half = len(server.files[GLOVE]) // 2
    assert [asked for _, asked in server.requests] == [None, f"bytes={half}-"]
    assert selfvec.load("glove-6b-50").index_to_key == list(WORDS)


@pytest.mark.parametrize(
    ("content", "faults", "rule"),
    [
        (gzip.compress(text_table())[:-200], [], "the downloaded vectors are damaged"),
        (b"<html>not found</html>" * 9, [], "the downloaded vectors are damaged"),
        (None, ["huge"], "bytes, the limit is"),
        (None, ["404"], "the server answers 404"),
    ],
)
def test_a_bad_download_leaves_nothing_that_could_be_used(server, data, content, faults, rule) -> None:
    server.files[GLOVE], server.faults[GLOVE] = content or server.files[GLOVE], faults
    with pytest.raises(InputError, match=rule):
        fetch(server)
    assert not (data / "glove-6b-50").exists()
    with pytest.raises(FormatError, match="have not been fetched; run: selfvec vectors fetch glove-6b-50"):
        selfvec.load("glove-6b-50")


def test_a_garbled_partial_file_is_fetched_anew(server, data) -> None:
    data.mkdir(parents=True)
    (data / ".glove-6b-50.partial").write_bytes(b"spoiled" * 20)
    fetch(server)
    assert selfvec.load("glove-6b-50").index_to_key == list(WORDS)


def test_a_changed_file_is_noticed_when_used_and_when_fetched_again(server, data) -> None:
    record = fetch(server)
    path = Path(record["path"])
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(FormatError, match=r"has changed since it was fetched; run: selfvec vectors fetch"):
        selfvec.load("glove-6b-50")
    server.files[GLOVE] = gzip.compress(text_table(ROWS + 1), mtime=0)
    with pytest.raises(InputError, match=r"has changed since it was first fetched.*overwrite"):
        fetch(server)
    server.files[GLOVE] = gzip.compress(text_table(), mtime=0)
    assert fetch(server) == record
    assert path.read_bytes() == sound
    server.files[GLOVE] = gzip.compress(text_table(ROWS + 1), mtime=0)
    assert fetch(server, overwrite=True)["download"] != record["download"]
    np.testing.assert_array_equal(selfvec.load("glove-6b-50").vectors, ROWS + 1)


def test_a_zip_archive_is_unpacked_without_using_its_names(server, data, tmp_path) -> None:
    rows = np.ones((6, 300), np.float32)
    server.files[WIKI] = zipped(("../../evil.vec", text_table(rows)))
    fetch(server, "wiki-news-300d-1M")
    assert selfvec.load("wiki-news-300d-1M").vector_size == 300
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        "table.json",
        "vectors.safetensors",
    ]


@pytest.mark.parametrize("damage", ["two", "cut", "size"])
def test_a_bad_archive_is_refused(server, data, damage) -> None:
    packed = zipped(("a.vec", text_table()))
    if damage == "two":
        packed = zipped(("a.vec", text_table()), ("b.vec", text_table()))
    elif damage == "cut":
        packed = packed[:40] + bytes(60) + packed[100:]
    else:  # the directory promises more than any table has
        place = packed.rindex(b"PK\x01\x02") + 24
        packed = packed[:place] + (0xFFFFFFF0).to_bytes(4, "little") + packed[place + 4 :]
    server.files[WIKI] = packed
    with pytest.raises(InputError, match="the downloaded vectors are damaged"):
        fetch(server, "wiki-news-300d-1M")
    assert list(data.iterdir()) == []


def test_another_folder_keeps_the_table_apart(server, data, tmp_path) -> None:
    record = fetch(server, out=tmp_path / "here")
    assert record["path"] == str(tmp_path / "here" / "glove-6b-50" / "vectors.safetensors")
    assert not data.exists()
    assert selfvec.load(record["path"]).index_to_key == list(WORDS)


def test_a_folder_that_is_not_ours_is_left_alone(server, data) -> None:
    (data / "glove-6b-50").mkdir(parents=True)
    (data / "glove-6b-50" / "mine.txt").write_text("mine")
    with pytest.raises(TargetError, match="is not a folder of fetched vectors"):
        fetch(server)
    assert (data / "glove-6b-50" / "mine.txt").read_text() == "mine"


def test_a_full_disk_is_said_before_anything_is_fetched(server, monkeypatch) -> None:
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(TargetError, match=r"GB are needed, 0\.0 GB are free"):
        fetch(server)
    assert server.requests == []


def test_names_are_found_in_any_case_and_misspelt_ones_are_helped() -> None:
    assert find("GloVe-6B-300").name == "glove-6b-300"
    assert find("cc.de.300").source.endswith("/vectors-crawl/cc.de.300.vec.gz")
    with pytest.raises(OptionError, match=r"did you mean potion-base-8M"):
        find("potion-8M")
    assert len([name for name in PUBLIC_VECTORS if name.startswith("cc.")]) >= 157
    for table in PUBLIC_VECTORS.values():
        assert table.licence
        assert table.megabytes > 0
        assert table.words > 0


def test_the_folder_of_data(monkeypatch, tmp_path) -> None:
    monkeypatch.delenv("SELFVEC_DATA")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder() == tmp_path / "selfvec" / "vectors"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert data_folder() == Path.home() / ".local" / "share" / "selfvec" / "vectors"


def test_a_file_of_that_name_comes_first(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "glove-6b-50").write_bytes(text_table())
    assert locate("glove-6b-50") == Path("glove-6b-50")
    assert selfvec.load("glove-6b-50").index_to_key == list(WORDS)


def test_the_commands_fetch_list_and_use_a_table(server, tmp_path, capsys) -> None:
    assert main(["fetch", "vectors", "glove-6b-50", "--base-url", server.url]) == 0
    out, err = capsys.readouterr()
    assert out.strip().endswith("vectors.safetensors")
    assert "licence PDDL 1.0" in err
    assert "6 words × 50 dimensions" in err
    assert main(["vectors", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in listed["at_hand"]] == ["default", "glove-6b-50"]
    keys = {"name", "description", "language", "licence", "source", "words", "dimensions", "bytes", "path"}
    assert all(set(row) == keys for row in listed["at_hand"])
    assert {"glove-6b-300", "cc.de.300"} < {row["name"] for row in listed["can_be_fetched"]}
    assert main(["vectors"]) == 0
    assert "cc.LANG.300" in capsys.readouterr().out
    texts = tmp_path / "texts.txt"
    texts.write_text("storm and hail broke the roof\n" * 40)
    start = ["refine", str(texts), "--vectors", "glove-6b-50", "--method", "decorrelated"]
    assert main([*start, "-o", str(tmp_path / "run")]) == 0
    made = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (made["vectors"]["name"], made["coverage"]["types"]["known"]) == ("glove-6b-50", 3)
    assert made["vectors"]["sha256"]
    texts.write_text("wind and rain fell on the roof\n" * 40)
    assert main(["update", str(tmp_path / "run"), str(texts)]) == 0
    assert selfvec.open_run(tmp_path / "run").provenance["coverage"]["types"]["known"] == 5
    assert main(["fetch", "vectors", "nothing"]) == 2


@pytest.fixture
def hub(tmp_path):
    """A small model2vec folder in place of a repository of the Hugging Face Hub."""
    pytest.importorskip("huggingface_hub")
    selfvec.save(selfvec.Vectors(WORDS, ROWS), tmp_path / "model", "model2vec")
    names = ("model.safetensors", "tokenizer.json", "config.json")
    where = "minishlab/potion-base-8M/resolve/main/"
    with serving({where + name: (tmp_path / "model" / name).read_bytes() for name in names}) as made:
        made.headers = ("ETag", "X-Repo-Commit")
        yield made


def test_a_table_of_the_hub_is_fetched_with_its_own_client(hub, data) -> None:
    record = fetch_vectors("potion-base-8M", base_url=hub.url.rstrip("/"))
    assert record["path"] == str(data / "potion-base-8M")
    assert sorted(record["files"]) == ["config.json", "model.safetensors", "tokenizer.json"]
    np.testing.assert_array_equal(selfvec.load("potion-base-8M").vectors, ROWS)
    hub.requests.clear()
    fetch_vectors("potion-base-8M", base_url=hub.url.rstrip("/"))
    assert hub.requests == []
    Path(record["path"], "tokenizer.json").write_text("{}")
    with pytest.raises(FormatError, match="has changed since it was fetched"):
        selfvec.load("potion-base-8M")


def test_a_hub_that_does_not_answer_is_one_line(hub, data) -> None:
    with pytest.raises(InputError, match="could not be fetched"):
        fetch_vectors("potion-base-8M", base_url="http://127.0.0.1:1")


def test_a_hub_that_has_no_such_table_is_said(hub, data) -> None:
    hub.files.clear()
    with pytest.raises(InputError, match="could not be fetched"):
        fetch_vectors("potion-base-8M", base_url=hub.url.rstrip("/"))
    assert not (data / "potion-base-8M").exists()


def test_a_missing_client_of_the_hub_is_named(monkeypatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "huggingface_hub", None)
    with pytest.raises(MissingExtra, match=r"selfvec\[hub\]"):
        fetch_vectors("potion-base-8M")
