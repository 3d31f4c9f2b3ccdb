"""Finding sources: what each kind of name stands for, and what cannot be read."""

import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from corpus_reader import COMPRESSIONS, Reader, collect
from tests.processes import PATIENCE
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus

READ_STDIN = """
import sys
from selfvec.corpus import Corpus
corpus = Corpus.open(["-"])
for batch in corpus.batches():
    print(*batch.texts.to_list(), sep="|")
print(corpus.total_bytes, corpus.summary.files[0].bytes, corpus.summary.files[0].path)
try:
    list(corpus.batches())
except Exception as error:
    print(error)
"""


LINES, OBJECTS = b"one\ntwo\n", b'{"text": "one"}\n{"text": "two"}'


@pytest.mark.parametrize(("data", "suffix"), [(LINES, ""), (OBJECTS, ""), (OBJECTS, ".gz"), (LINES, ".zst")])
def test_standard_input_is_lines_or_objects(data, suffix):
    data = COMPRESSIONS[suffix](data)
    done = subprocess.run([sys.executable, "-c", READ_STDIN], input=data, capture_output=True, check=True)
    texts, sizes, again = done.stdout.decode().splitlines()
    assert texts == "one|two"
    assert sizes == f"None {len(data)} standard input"
    assert again == "standard input: a pipe can be read only once; save it to a file to read it again"
    assert not done.stderr


def test_a_long_pipe_is_read_whole(monkeypatch):
    lines = [f"line {i} " + "x" * 100 for i in range(5000)]
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\n".join(lines).encode())))
    assert collect(Corpus.open("-"), batch_bytes=5000)["texts"] == lines


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_read_once(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(COMPRESSIONS[".gz"](b"one\ntwo\n"),))
    writer.start()
    corpus = Corpus.open(path)
    writer.join()
    assert collect(corpus)["texts"] == ["one", "two"]
    assert corpus.total_bytes is None
    refused(lambda: collect(corpus), CorpusError, "pipe: a pipe can be read only once")


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("a.json", '[{"text": "a"}]', "is one JSON array, text is needed; convert it to an object per line"),
        ("a.jsonl", "one\ntwo\n", "1: is not valid JSON (Expecting value, column 1); a .jsonl file holds"),
        ("a.jsonl", "\n[1]\n", "2: a line is a JSON object, this one is an array"),
        ("a.jsonl", "{}\n", "1: the object has no fields"),
        ("a.csv", '"open\n', "1: the header is malformed"),
        ("a.parquet", "text", "is a damaged Parquet file"),
        ("a.parquet", "", "is a damaged Parquet file"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused_at_once(reader: Reader, name, data, rule):
    path = reader.write(name, data)
    refused(lambda: Corpus.open(path), CorpusError, f"^{re.escape(str(path))}:.*{re.escape(rule)}")


def test_what_is_not_there_is_said(reader: Reader):
    refused(
        lambda: reader.texts("nothing.txt"), CorpusError, "there is no such file or folder; check the path"
    )
    refused(lambda: Corpus.open("x" * 5000), CorpusError, r"there is no such file or folder|cannot be read")
    refused(lambda: Corpus.open([]), CorpusError, "no file was given")
    (reader.folder / "empty").mkdir()
    refused(lambda: reader.texts("empty"), CorpusError, "empty: the folder is empty")
    reader.write("pictures/a.png", b"")
    refused(
        lambda: reader.texts("pictures"),
        CorpusError,
        r"only \.png; text, csv, tsv, jsonl and parquet files are read",
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_said(reader: Reader):
    path = reader.write("a.txt", "one")
    path.chmod(0)
    refused(lambda: reader.texts("a.txt"), CorpusError, "cannot be read: Permission denied")


def test_a_file_that_vanishes_is_an_error(reader: Reader):
    path = reader.write("a.txt", "one")
    corpus = Corpus.open(path)
    path.unlink()
    refused(lambda: collect(corpus), CorpusError, "cannot be read: No such file")


READ_LINKS = {
    "inside.txt": "sub/b.txt",
    "dots.txt": "../in/sub/../a.txt",
    "absolute.txt": "{}/in/a.txt",
    "chain.txt": "inside.txt",
    "hidden.txt": ".store/c.txt",
    "folder": "sub",  # these two lead to files that are read anyway
    "parent": ".",
}
LEFT_OUT_LINKS = {
    "secret.txt": "../out/secret.txt", "far.txt": "{}/out/secret.txt", "by-chain.txt": "secret.txt",
    "near.txt": "../in-two/d.txt", "rows.csv": "../out/secret.txt", "broken.txt": "nothing.txt",
    "loop.txt": "loop.txt", "out": "../out", "above": "..", "store": ".store",
    "through.txt": "out/secret.txt",
}  # fmt: skip


@pytest.fixture
def linked(reader: Reader) -> Reader:
    """A folder ``in`` with links into itself and out of it."""
    for name in ("in/a.txt", "in/sub/b.txt", "in/.store/c.txt", "out/secret.txt", "in-two/d.txt"):
        reader.write(name, f"text of {name}")
    for name, target in (READ_LINKS | LEFT_OUT_LINKS).items():
        (reader.folder / "in" / name).symlink_to(target.format(reader.folder))
    return reader


def test_links_are_read_only_if_they_stay_in_the_folder(linked: Reader) -> None:
    folder = linked.folder / "in"
    found = linked.read("in")
    assert found["ids"] == [
        *("a.txt", "absolute.txt", "chain.txt", "dots.txt", "hidden.txt", "inside.txt", "sub/b.txt")
    ]
    assert set(found["texts"]) == {f"text of in/{name}" for name in ("a.txt", "sub/b.txt", ".store/c.txt")}
    targets = {name: target.format(linked.folder) for name, target in LEFT_OUT_LINKS.items()}
    summary = linked.corpus.summary
    assert summary.skipped_files == sorted(f"{folder / name} -> {to}" for name, to in targets.items())
    told = "left out: 11 files of other kinds (links that are not followed 11)"
    assert told in summary.describe()


def test_what_is_named_is_followed_wherever_it_leads(linked: Reader) -> None:
    (linked.folder / "other").symlink_to("in")
    assert linked.read("other")["ids"] == linked.read("in")["ids"]
    (linked.folder / "other" / "more.txt").symlink_to(linked.folder / "in" / "a.txt")
    assert "more.txt" in linked.read("other")["ids"]
    assert linked.texts("in/secret.txt") == ["text of out/secret.txt"]
    assert linked.texts("in/out") == ["text of out/secret.txt"]


def test_a_folder_of_links_that_are_not_read_says_so(reader: Reader) -> None:
    reader.write("secret.txt", "secret")
    (reader.folder / "in").mkdir()
    (reader.folder / "in" / "a.txt").symlink_to("../secret.txt")
    refused(
        lambda: reader.texts("in"), CorpusError, "no file to read in this folder, only links that are not"
    )


@pytest.mark.parametrize("address", ["{}", "file://{}"])
def test_links_of_a_folder_that_is_read_in_shards_are_the_same(linked: Reader, address: str) -> None:
    pytest.importorskip("fsspec")
    from selfvec.corpus.fields import FieldNames
    from selfvec.lab.cluster.shards import find_shards

    shards, left_out = find_shards([address.format(linked.folder / "in")], FieldNames())
    assert [path.name for shard in shards for path in shard.source.members] == [
        Path(name).name for name in linked.read("in")["ids"]
    ]
    assert left_out.names == linked.corpus.skipped_files


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_special_files_in_a_folder_are_left_out_and_named(reader: Reader, monkeypatch) -> None:
    reader.write("in/a.txt", "one")
    monkeypatch.chdir(reader.folder / "in")  # the path of a socket is short
    os.mkfifo("pipe.txt")
    Path("link.txt").symlink_to("pipe.txt")
    Path("null.txt").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.txt")
        assert reader.texts("in") == ["one"]
    names = ["link.txt (special file)", "null.txt -> /dev/null", "pipe.txt (special file)"]
    assert reader.summary.skipped_files == [
        str(reader.folder / "in" / name) for name in (*names, "socket.txt (special file)")
    ]
    assert "(special files 3, links that are not followed 1)" in reader.summary.describe()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_may_not_be_listed_is_named(reader: Reader) -> None:
    reader.write("in/a.txt", "one")
    reader.write("in/sub/b.txt", "two").parent.chmod(0)
    try:
        refused(lambda: reader.texts("in"), CorpusError, r"in/sub: cannot be read: Permission denied")
    finally:
        (reader.folder / "in" / "sub").chmod(0o700)


def test_reading_that_is_given_up_leaves_no_thread_and_no_open_file(reader: Reader):
    path = reader.write("a.txt", "some line\n" * 100_000)
    for _ in range(20):
        batches = Corpus.open(path).batches(batch_bytes=1000)
        assert len(next(batches)) > 0
        batches.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "selfvec-ahead"]


WAIT_FOR_MORE = """
import _thread, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.unraisablehook = lambda found: _thread.interrupt_main()  # a Ctrl-C in a finalizer is forgotten
from selfvec.corpus import Corpus
try:
    for batch in Corpus.open("-").batches(batch_bytes=1000):
        print("reading", flush=True)
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="this system sends no SIGINT to one process")
def test_control_c_ends_the_wait_for_a_silent_pipe():
    with subprocess.Popen(
        [sys.executable, "-c", WAIT_FOR_MORE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdin.write(b"a line\n" * 20_000)
        process.stdin.flush()
        assert process.stdout.readline() == b"reading\n"
        process.send_signal(signal.SIGINT)
        while (line := process.stdout.readline()) == b"reading\n":
            pass
        assert line == b"stopped\n"
        assert process.wait(PATIENCE) == 0
