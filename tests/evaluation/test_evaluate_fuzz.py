"""Task files are foreign: whatever their bytes, they are read, or refused by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfvec.base.errors import InputError
from selfvec.evaluation.analogy import read_questions
from selfvec.evaluation.beir import read_collection
from selfvec.evaluation.classification import read_labelled
from selfvec.evaluation.similarity import read_pairs

PIECES = [b"a", b"q1", b"1", b"-2.5", b"nan", b"\t", b"\t", b"\n", b"\n", b"\r", b" ", b":", b"\xff", b"1_0",
          b"\xc3\xa9", b"[]", b"\x00", b"\xef\xbb\xbf",
          b'{"_id": "1", "text": "a"}', b'{"_id": 2, "text": null}']  # fmt: skip
FILES = st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("fuzz")
    (path / "qrels").mkdir()
    return path


@pytest.mark.parametrize(
    ("read", "names"),
    [
        (lambda folder: read_pairs(folder / "x.tsv"), ["x.tsv"]),
        (lambda folder: read_questions(folder / "x.tsv"), ["x.tsv"]),
        (lambda folder: read_labelled(folder / "x.tsv", 0), ["x.tsv"]),
        (read_collection, ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"]),
    ],
)
@given(files=st.lists(FILES, min_size=3, max_size=3))
def test_read_or_refused_in_one_line(read, names, folder: Path, files) -> None:
    for name, content in zip(names, files, strict=False):
        (folder / name).write_bytes(content)
    try:
        read(folder)
    except InputError as error:
        assert any(name in str(error).replace("\\", "/") for name in names)
        assert "\n" not in str(error)
