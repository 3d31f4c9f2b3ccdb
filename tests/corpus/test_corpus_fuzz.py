"""Any bytes give documents or a `CorpusError` with a place, the same for every reader and size of batch."""

import gzip

import pytest
from corpus_reader import collect, zstd
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.examples import TIMES

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus

PIECES = {
    "csv": [b"text", b"id", b",", b'"', b'""', b"\n", b"\r", b";", b"a b", b"1990-01-01", b"date"],
    "jsonl": [b'{"text":', b'"', b"}", b"\n", b"null", b"[", b"1", b"\\ud800", b"\\", b'"date": 5', b","],
    "txt": [b"a", b"\n", b"\r\n", b" ", b"word"],
}  # fmt: skip
PIECES["tsv"] = [b"\t" if piece == b"," else piece for piece in PIECES["csv"]]
MAGIC = [
    b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PAR1", b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b"\xc3\xa9",
    b"\xe2\x80", b"[", b"{",
]  # fmt: skip


def data_of(kind: str):
    rough = st.lists(st.sampled_from(PIECES[kind] + MAGIC), max_size=30).map(b"".join)
    rows = st.lists(st.sampled_from(PIECES[kind]), max_size=30).map(b"".join)
    header = {"csv": b"id,text\n", "tsv": b"id\ttext\n", "jsonl": b'{"text": "first"}\n', "txt": b""}[kind]
    return st.one_of(st.binary(max_size=200), rough, rows, rows.map(lambda rest: header + rest))


def outcome(path, batch_bytes: int, skip: bool):
    try:
        corpus = Corpus.open(path, skip_bad_rows=skip)
        rows = collect(corpus, batch_bytes)
    except CorpusError as error:
        assert "\n" not in str(error)
        assert error.path is not None
        return str(error)
    assert all(isinstance(text, str) and text.strip() for text in rows["texts"])
    return rows, corpus.summary


@pytest.mark.parametrize("kind", PIECES)
def test_any_bytes_give_documents_or_a_clear_error(tmp_path_factory, kind):
    folder = tmp_path_factory.mktemp(kind)

    @given(
        data_of(kind),
        st.integers(1, 50),
        st.booleans(),
        st.sampled_from([bytes, gzip.compress, zstd.compress]),
    )
    @example(b'text\n"', 1, True, bytes)
    @example(b"\xef\xbb\xbf", 1, False, bytes)
    @settings(max_examples=30 * TIMES)
    def check(data, batch_bytes, skip, compress):
        path = folder / f"a.{kind}"
        path.write_bytes(compress(data))
        assert outcome(path, batch_bytes, skip) == outcome(path, 1 << 20, skip)

    check()


@given(st.binary(max_size=300), st.integers(0, 10_000), st.binary(max_size=6))
@settings(max_examples=30 * TIMES)
def test_broken_parquet_gives_documents_or_a_clear_error(tmp_path_factory, data, place, patch):
    import polars as pl

    folder = tmp_path_factory.getbasetemp()
    path = folder / "a.parquet"
    pl.DataFrame({"text": ["a", "b"] * 50}).write_parquet(path)
    sound = path.read_bytes()
    place %= len(sound)
    for broken in (
        data,
        b"PAR1" + data + b"PAR1",
        sound[:place],
        sound[:place] + patch + sound[place + len(patch) :],
    ):
        path.write_bytes(broken)
        outcome(path, 1000, False)
