"""Fetching public vectors from a server of our own, and using them by name."""

import gzip
import io
import json
import os
import shutil
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tests.commands import ran
from tests.encoders.tiny_encoder import write_encoder
from tests.heard import Heard
from tests.refusals import refused
from tests.rows import normal_rows

import selfvec
from file_server import Archive, serving
from selfvec.base.errors import FormatError, InputError, OptionError, TargetError
from selfvec.base.progress import shown
from selfvec.encoders.given import as_sentence_encoder
from selfvec.encoders.onnx_encoder import EncoderFolder
from selfvec.storage import fetch_vectors as fetching
from selfvec.storage.fetch_vectors import fetch_vectors
from selfvec.storage.public_vectors import PUBLIC_VECTORS, data_folder, find, locate

WORDS = ("storm", "hail", "roof", "wind", "rain", "snow")
ROWS = normal_rows(6, 50)
GLOVE = "glove-wiki-gigaword-50.gz"
HUB = "minishlab/potion-base-8M/resolve/main/"
HUB_FILES = ("model.safetensors", "tokenizer.json", "config.json")
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
    monkeypatch.setenv("SELFVEC_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "vectors"


@pytest.fixture
def server():
    with serving({GLOVE: gzip.compress(text_table(), mtime=0)}) as made:
        yield made


def fetch(server: Archive, name: str = "glove-6b-50", out=None, **options):
    return fetch_vectors(name, out, base_url=server.url, pause=0, timeout=10, **options)


def test_a_fetched_table_is_loaded_by_its_name(server, data) -> None:
    heard = Heard()
    with shown(heard):
        record = fetch(server)
    size = len(server.files[GLOVE])
    assert heard.stages[GLOVE] == [size, size]
    assert record["path"] == str(data / "glove-6b-50" / "vectors.safetensors")
    assert (record["words"], record["dimensions"], record["licence"]) == (6, 50, "PDDL 1.0")
    assert record["download"]["bytes"] == size
    assert [path.name for path in data.iterdir()] == ["glove-6b-50"]
    vectors = selfvec.load("glove-6b-50")
    assert vectors.index_to_key == list(WORDS)
    assert_array_equal(vectors.vectors, ROWS)


@pytest.mark.parametrize(
    ("content", "faults", "rule"),
    [
        (gzip.compress(text_table())[:-200], [], "the downloaded vectors are damaged"),
        (b"<html>not found</html>" * 9, [], "the server sends a web page instead of the file"),
        (b'{"error": "over quota"}', [], "damaged: the file is neither gzip nor zip; it begins with b'{"),
        (
            gzip.compress(b"not vectors", mtime=0),
            [],
            "the downloaded vectors are damaged: the file is in no known",
        ),
        (b"", [], "the downloaded vectors are damaged: the file is empty"),
        (
            None,
            ["too short"],
            r"damaged: the file is not a readable compressed file \(Compressed file ended before",
        ),
        (None, ["404"], "the server answers 404"),
    ],
)
def test_a_bad_download_leaves_nothing_that_could_be_used(server, data, content, faults, rule) -> None:
    server.files[GLOVE] = server.files[GLOVE] if content is None else content
    server.faults[GLOVE] = faults
    refused(lambda: fetch(server), InputError, rule)
    assert list(data.iterdir()) == []
    refused(
        lambda: selfvec.load("glove-6b-50"),
        FormatError,
        "not fetched yet; run: selfvec vectors fetch glove-6b-50",
    )


def test_a_changed_file_is_noticed_when_used_and_when_fetched_again(server, data) -> None:
    record = fetch(server)
    path = Path(record["path"])
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    refused(
        lambda: selfvec.load("glove-6b-50"),
        FormatError,
        r"has changed since it was fetched; run: selfvec vectors fetch",
    )
    server.files[GLOVE] = gzip.compress(text_table(ROWS + 1), mtime=0)
    refused(lambda: fetch(server), InputError, r"has changed since it was first fetched.*overwrite")
    server.files[GLOVE] = gzip.compress(text_table(), mtime=0)
    assert fetch(server) == record
    assert path.read_bytes() == sound
    server.files[GLOVE] = gzip.compress(text_table(ROWS + 1), mtime=0)
    assert fetch(server, overwrite=True)["download"] != record["download"]
    assert_array_equal(selfvec.load("glove-6b-50").vectors, ROWS + 1)


def test_a_zip_archive_is_unpacked_without_using_its_names(server, data, tmp_path) -> None:
    rows = np.ones((6, 300), np.float32)
    server.files[WIKI] = zipped(("../../evil.vec", text_table(rows)))
    fetch(server, "wiki-news-300d-1M")
    assert selfvec.load("wiki-news-300d-1M").vector_size == 300
    names = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert names == ["table.json", "vectors.safetensors"]


@pytest.mark.parametrize("damage", ["two", "cut", "size", "bomb"])
def test_a_bad_archive_is_refused(server, data, damage) -> None:
    packed = zipped(("a.vec", text_table()))
    if damage == "two":
        packed = zipped(("a.vec", text_table()), ("b.vec", text_table()))
    elif damage == "cut":
        packed = packed[:40] + bytes(60) + packed[100:]
    elif damage == "bomb":
        packed = zipped(("a.vec", bytes(70_000_000)))
    else:  # the directory says less than there is
        place = packed.rindex(b"PK\x01\x02") + 24
        packed = packed[:place] + (9).to_bytes(4, "little") + packed[place + 4 :]
    server.files[WIKI] = packed
    refused(lambda: fetch(server, "wiki-news-300d-1M"), InputError, "the downloaded vectors are damaged")
    assert list(data.iterdir()) == []


def test_a_folder_that_is_not_ours_is_left_alone(server, data) -> None:
    (data / "glove-6b-50").mkdir(parents=True)
    (data / "glove-6b-50" / "mine.txt").write_text("mine")
    refused(lambda: fetch(server), TargetError, "is not a folder of fetched vectors")
    assert (data / "glove-6b-50" / "mine.txt").read_text() == "mine"


def test_too_little_space_is_an_error_once_the_size_is_known(server, data, monkeypatch) -> None:
    """The packed file, its text and the vectors have to find room."""
    free = 4 * len(server.files[GLOVE])
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(free, 0, free))
    refused(lambda: fetch(server), TargetError, r"0\.0 GB are needed, 0\.0 GB are free; free some space")
    assert list(data.iterdir()) == []
    free *= 2
    fetch(server)


def test_a_disk_that_fills_up_is_one_error_and_keeps_nothing(server, data, small_disk) -> None:
    """The packed file has room, the unpacked one has none."""
    server.files[GLOVE] = gzip.compress(text_table(np.ones((6, 50), np.float32)) * 40, 9, mtime=0)
    refused(lambda: fetch(server), TargetError, r"glove-6b-50: cannot write: the file is larger than")
    assert list(data.iterdir()) == []


def test_what_the_user_has_outlives_a_failed_download(server, data) -> None:
    record = fetch(server)
    stored = Path(record["path"]).read_bytes()
    for fault in ("404", "page", "too short", "503 after 600"):
        server.faults[GLOVE] = [fault]
        refused(lambda: fetch(server, overwrite=True), InputError)
        assert Path(record["path"]).read_bytes() == stored
        assert [path.name for path in data.iterdir()] == ["glove-6b-50"]
    assert fetch(server) == record


def test_what_a_download_costs_is_announced_before_it(server) -> None:
    class HeardBefore(Heard):
        def say(self, message: str) -> None:
            assert server.requests == []
            super().say(message)

    heard = HeardBefore()
    with shown(heard):
        for _ in range(2):  # the second time nothing is downloaded
            fetch(server)
    cost = "at most 69 MB to download; language en; at most 400,000 words × 50 dimensions; licence PDDL 1.0"
    assert [text.splitlines()[1] for text in heard.said] == [cost]


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupted_command_leaves_nothing(server, data) -> None:
    command = ["vectors", "fetch", "glove-6b-50", "--base-url", server.url]
    server.faults[GLOVE] = [lambda: os.kill(os.getpid(), signal.SIGINT)]
    said = "selfvec: interrupted; repeat the command to download what is missing\n"
    assert ran(command, 130).err.endswith(said)
    assert list(data.iterdir()) == []
    ran(command)


def test_names_are_found_in_any_case_and_misspelt_ones_are_helped() -> None:
    assert find("GloVe-6B-300").name == "glove-6b-300"
    assert find("cc.de.300").source.endswith("/vectors-crawl/cc.de.300.vec.gz")
    refused(lambda: find("potion-8M"), OptionError, r"did you mean potion-base-8M")
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


def test_a_file_of_that_name_comes_first(here) -> None:
    (here / "glove-6b-50").write_bytes(text_table())
    assert locate("glove-6b-50") == Path("glove-6b-50")
    assert selfvec.load("glove-6b-50").index_to_key == list(WORDS)


def test_the_commands_fetch_list_and_use_a_table(server, tmp_path) -> None:
    out, err = ran(["vectors", "fetch", "glove-6b-50", "--base-url", server.url])
    assert out.strip().endswith("vectors.safetensors")
    assert "at most 69 MB to download; language en; at most 400,000 words × 50 dimensions" in err
    assert "6 words × 50 dimensions" in err
    listed = ran(["vectors", "fetch", "--json"]).json
    assert [row["name"] for row in listed["at_hand"]] == ["default", "wordllama", "glosses", "glove-6b-50"]
    keys = {
        "name", "kind", "description", "language", "licence", "source", "words", "dimensions", "bytes",
        "path",
    }  # fmt: skip
    assert all(set(row) == keys for row in listed["at_hand"])
    assert {"glove-6b-300", "cc.de.300"} < {row["name"] for row in listed["can_be_fetched"]}
    assert "cc.LANG.300" in ran(["vectors", "fetch"]).out
    texts = tmp_path / "texts.txt"
    texts.write_text("storm and hail broke the roof\n" * 40)
    start = ["refine", str(texts), "--vectors", "glove-6b-50", "--method", "decorrelated"]
    ran([*start, "-o", tmp_path / "run"])
    made = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (made["vectors"]["name"], made["coverage"]["types"]["known"]) == ("glove-6b-50", 3)
    assert made["vectors"]["sha256"]
    ran(["vectors", "fetch", "nothing"], 2)


@pytest.fixture
def hub(tmp_path):
    """A small model2vec folder in place of a repository of the Hugging Face Hub."""
    selfvec.save(selfvec.Vectors(WORDS, ROWS), tmp_path / "model", "model2vec")
    with serving({HUB + name: (tmp_path / "model" / name).read_bytes() for name in HUB_FILES}) as made:
        yield made


def test_a_table_of_the_hub_is_fetched_file_by_file(hub, data) -> None:
    """Its large files lie on other hosts; a cut one is continued there."""
    with serving({"blob": hub.files[HUB + "model.safetensors"]}) as other:
        hub.faults[HUB + "model.safetensors"] = [f"to {other.url}blob"] * 2
        other.faults["blob"] = ["drop"]
        record = fetch(hub, "potion-base-8M")
        half = len(other.files["blob"]) // 2
        assert other.requests == [("blob", None), ("blob", f"bytes={half}-")]
    assert record["path"] == str(data / "potion-base-8M")
    assert sorted(record["files"]) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert record["download"]["bytes"] == sum(map(len, hub.files.values()))
    assert_array_equal(selfvec.load("potion-base-8M").vectors, ROWS)
    assert [path.name for path in data.iterdir()] == ["potion-base-8M"]
    hub.requests.clear()
    fetch(hub, "potion-base-8M")
    assert hub.requests == []
    Path(record["path"], "tokenizer.json").write_text("{}")
    refused(lambda: selfvec.load("potion-base-8M"), FormatError, "has changed since it was fetched")


def test_the_addresses_of_the_hub() -> None:
    part = find("static-retrieval-mrl-en-v1").addresses()
    folder = "https://huggingface.co/sentence-transformers/static-retrieval-mrl-en-v1/resolve/main/0_StaticEmbedding/"
    assert part == {name: folder + name for name in ("model.safetensors", "tokenizer.json")}
    whole = find("potion-base-8M").addresses("https://mirror/")
    assert whole == {name: f"https://mirror/{HUB}{name}" for name in HUB_FILES}


def test_a_damaged_table_of_the_hub_leaves_nothing(hub, data) -> None:
    hub.files[HUB + "tokenizer.json"] = b"{"
    refused(
        lambda: fetch(hub, "potion-base-8M"),
        InputError,
        r"model.safetensors: the downloaded vectors are damaged: the file",
    )
    assert list(data.iterdir()) == []


ENCODER_FILES = ("onnx/model_quantized.onnx", "tokenizer.json", "tokenizer_config.json", "config.json")


@pytest.fixture
def encoders(tmp_path) -> Iterator[Archive]:
    """A tiny sentence encoder in place of three repositories of the Hugging Face Hub."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    settings = {"tokenizer_config.json": {"model_max_length": 512}, "config.json": {"hidden_size": 3}}
    folder = write_encoder(tmp_path / "model", model="model_quantized.onnx", settings=settings)
    names = ("all-MiniLM-L6-v2", "bge-small-en-v1.5", "multilingual-e5-small")
    files = {
        f"Xenova/{name}/resolve/main/{file}": (folder / file).read_bytes()
        for name in names
        for file in ENCODER_FILES
    }
    with serving(files) as made:
        yield made


def fetch_encoder(server: Archive, name: str) -> str:
    """The output of the command that fetches an encoder."""
    out, err = ran(["vectors", "fetch", name, "--base-url", server.url])
    assert f"selfvec refine TEXT --encoder {name} -o RUN" in err
    assert "9 pieces × 3 dimensions" in err
    return out.strip()


def test_an_encoder_is_fetched_listed_and_found_by_its_name(encoders, data) -> None:
    path = fetch_encoder(encoders, "minilm")
    assert path == str(data / "minilm")
    encoder = as_sentence_encoder("minilm")
    assert encoder.name == "minilm"
    own = {"1_Pooling/config.json", "sentence_bert_config.json", "config_sentence_transformers.json"}
    record = json.loads((data / "minilm" / "table.json").read_text())
    assert set(record["files"]) == {*ENCODER_FILES, *own}
    assert record["licence"] == "Apache-2.0"
    listed = ran(["vectors", "fetch", "--json"]).json
    found = [(row["name"], row["kind"]) for row in listed["at_hand"]]
    built_in = [(name, "vectors") for name in ("default", "wordllama", "glosses")]
    assert found == [*built_in, ("minilm", "encoder")]
    kinds = {row["name"]: row["kind"] for row in listed["can_be_fetched"]}
    assert kinds["multilingual-e5-small"] == "encoder"
    assert kinds["glove-6b-50"] == "vectors"
    assert "Sentence encoders that can be fetched" in ran(["vectors", "fetch"]).out
    encoders.requests.clear()
    fetch_encoder(encoders, "minilm")
    assert encoders.requests == []


def test_a_fetched_encoder_knows_its_pooling_and_prompts(encoders, data) -> None:
    """What the catalogue says and the repository does not."""
    folders = {}
    for name in ("minilm", "bge-small-en", "multilingual-e5-small"):
        folders[name] = EncoderFolder.read(Path(fetch_encoder(encoders, name)))
    found = {name: (one.pooling, one.longest, one.question, one.passage) for name, one in folders.items()}
    instruction = "Represent this sentence for searching relevant passages: "
    assert found == {
        "minilm": ("mean", 256, "", ""),
        "bge-small-en": ("cls", 512, instruction, ""),
        "multilingual-e5-small": ("mean", 512, "query: ", "passage: "),
    }


def test_a_changed_encoder_is_noticed_when_used(encoders, data) -> None:
    folder = Path(fetch_encoder(encoders, "minilm"))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 9}')
    rule = "has changed since it was fetched; run: selfvec vectors fetch minilm"
    refused(lambda: as_sentence_encoder("minilm"), FormatError, rule)


@pytest.mark.parametrize("fetched_before", [False, True])
def test_vectors_and_encoders_are_not_mistaken_for_each_other(
    encoders, data, tmp_path, fetched_before
) -> None:
    if fetched_before:
        fetch_encoder(encoders, "minilm")
    refused(
        lambda: selfvec.load("minilm"),
        FormatError,
        "names a sentence encoder, not vectors; give it as encoder",
    )
    texts = tmp_path / "texts.txt"
    texts.write_text("storm and hail broke the roof\n" * 40)
    for vectors in ("minilm", str(tmp_path / "model")):
        error = ran(["refine", texts, "--vectors", vectors, "-o", tmp_path / "run"], 2).err
        assert error.startswith(f"selfvec: {vectors}: ")
        assert "a sentence encoder, not vectors; give it as --encoder" in error
        assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()
    refused(
        lambda: as_sentence_encoder("glove-6b-50"),
        FormatError,
        "names vectors, not a sentence encoder; give it as vectors",
    )
    (tmp_path / "vectors.vec").write_bytes(text_table())
    refused(
        lambda: as_sentence_encoder(tmp_path / "vectors.vec"),
        FormatError,
        "is not the folder of a sentence encoder",
    )


def test_an_encoder_that_was_not_fetched_or_is_misspelt_is_one_error() -> None:
    refused(
        lambda: as_sentence_encoder("gte-small"),
        FormatError,
        "not fetched yet; run: selfvec vectors fetch gte-small",
    )
    refused(
        lambda: as_sentence_encoder("mini-lm"),
        FormatError,
        r"not the folder of a sentence encoder; did you mean minilm\?",
    )
