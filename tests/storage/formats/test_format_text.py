"""Text formats: what a line may look like, which number a text is, and where an error stands."""

import gzip
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
import pytest
from format_tables import put, table
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.commands import ran
from tests.examples import TIMES
from tests.refusals import refused

from selfvec.apps.functions.inspection import info
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.compressed_files import zstd
from selfvec.storage.formats import load, save
from selfvec.storage.formats import text as text_format
from selfvec.storage.formats.input_file import Input
from selfvec.storage.run_folder import open_run

getcontext().prec = 200


DOUBTFUL = "1 word with a blank and a number at the end, as 'windows 10'"


GOLDEN = {"a": [1.0, -2.5], "b c": [0.125, 3e-5], "\u00a0": [-0.0, 1e10]}


@pytest.mark.parametrize(
    "content",
    [
        "3 2\na 1 -2.5\nb c 0.125 3e-05\n\u00a0 -0 1E10\n",
        "3 2\na 1 -2.5 \nb c 0.125 3e-05 \n\u00a0 -0 1E10 \n",  # the C program's blank at the end
        "3 2\r\na 1 -2.5\r\nb c 0.125 3e-05\r\n\u00a0 -0 1E10\r\n",
        "3 2\na\t1.\t-2.5\nb c\t.125\t3e-05\n\u00a0\t-0\t1E+10",
        "\ufeff3 2\na  1   -2.5\n  b c  +0.125 3e-05\n\u00a0 -0 1E10\n\n\n",
        "a 1 -2.5\nb c 0.125 3e-05\n\u00a0 -0 1E10\n",
        "\ufeffa 1 -2.5\nb c 0.125 0.00003\n\u00a0 -0 10000000000\n",
    ],
    ids=["plain", "trailing blank", "CRLF", "tabs", "BOM and blanks", "GloVe", "GloVe with BOM"],
)
def test_shapes_real_files_have(content: str, tmp_path: Path) -> None:
    vectors = load(put(tmp_path, content))
    assert vectors.index_to_key == list(GOLDEN)
    expected = np.array(list(GOLDEN.values()), np.float32)
    assert_array_equal(vectors.vectors.view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("3 2\na 1 2\nb 1 2\n", r":1: the first line says 3 rows, but the file holds 2"),
        ("1 2\na 1 2\nb 1 2\n", r":1: the first line says 1 rows, but the file holds 2"),
        ("2 2\na 1 2\nb 1\n", r":3: a line is a word and 2 numbers"),
        ("2 2\na 1 2\nb 1 x\n", r":3: 'x' is not a number"),
        ("2 2\na 1 2\nb 1 1_0\n", r":3: '1_0' is not a number"),
        ("2 2\na 1 2\n 1 2\n", r":3: a line is a word and 2 numbers"),
        ("3 2\na 1 2\n\nb 1 2\n", r":3: a line is a word and 2 numbers"),
        ("2 2\na 1 2\nb 1 nan\n", r":3: .*'b' holds NaN"),
        ("2 2\na 1 2\nb 1 1e39\n", r":3: .*'b' holds NaN or inf"),
        ("2 2\na 1 2\na 3 4\n", r":3: .*'a' in line 2 and again in line 3"),
        (b"2 2\na 1 2\nb\xff 1 2\n", r":3: words are UTF-8"),
        ("3 5", r":1: the first line says 3 rows, but the file holds 0"),
        ("0 5\n", r":1: 0 rows"),
        ("5 0\na\nb\n", r":1: 5 rows of 0 numbers"),
        (
            "999999999999 300\na 1 2\n",
            r":1: the first line says 300 numbers for each word, most lines hold 2",
        ),
        ("2 1\na .1 .2\nb .3 .4\n", r":1: the first line says 1 number for each word, most lines hold 2"),
        ("2 3\na .1 .2\nb .3 .4\n", r":1: the first line says 3 numbers for each word, most lines hold 2"),
        ("1 2\n3 4\n", r":1: the first line says 2 numbers for each word, most lines hold 1"),
        ("3 2\na .1 .2\nb .1 .2 .3\nc .1 .2\n", r":3: 'b .1' is no word: the line holds one number more"),
        ("a .1 .2\nb .1 .2\nc -1e-3 .2 .3\n", r":3: 'c -1e-3' is no word"),
        ("2 2\na 0,5 0,25\nb 0,5 1\n", r":2: '0,5' is not a number; write decimal points"),
        ("a 0,5 0,25\nb 0,5 1\n", r":1: '0,5' is not a number; write decimal points"),
        (f"{'9' * 20} 2\na 1 2\n", r":1: 9{20} rows of 2 numbers do not fit"),
        ("a 1 2\nb 1 2\nc 1\n", r":3: a line is a word and 2 numbers"),
        ("a 1 2\nb 1 2\nc 1 x\n", r":3: 'x' is not a number"),
    ],
)
def test_an_error_names_the_line(content: bytes | str, message: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=message) as caught:
        load(put(tmp_path, content))
    assert caught.value.remedy


def test_words_with_blanks_are_words_and_doubtful_ones_are_noted(tmp_path: Path) -> None:
    vectors = load(put(tmp_path, "4 2\n. . . 1 .5\nwindows 10 1 .5\nof 1 .5\nNew York 1 .5\n"))
    assert vectors.index_to_key == [". . .", "windows 10", "of", "New York"]
    assert vectors.provenance["notes"] == [DOUBTFUL]


def test_notes_on_a_vectors_file_are_printed_and_kept(tmp_path: Path) -> None:
    vectors = str(put(tmp_path, "3 2\nwindows 10 1 .5\nof 1 .5\nhail .5 .5\n"))
    (tmp_path / "text.txt").write_text("hail of\nhail on windows\n")
    run = str(tmp_path / "run")
    noted = f"vectors {vectors}: {DOUBTFUL}"
    assert noted in ran(["refine", tmp_path / "text.txt", "--vectors", vectors, "-o", run]).err.splitlines()
    assert info(run).about["notes"] == [noted]
    ran(["update", run, tmp_path / "text.txt"])
    assert info(run).about["notes"].count(noted) == 1
    assert info(vectors).about["notes"] == [DOUBTFUL]
    said = ran(["vectors", "convert", vectors, tmp_path / "out", "--to", "safetensors"]).err
    assert DOUBTFUL in said.splitlines()


@pytest.mark.parametrize(
    ("content", "mark"),
    [
        ("hail,0.1,0.2\nrain,0.3,0.4\n", "','"),
        ("word,d0,d1\nhail,0.1,0.2\n", "','"),
        ("hail;0,1;0,2\nrain;0,3;0,4\n", "';'"),
    ],
)
def test_a_table_with_commas_is_named(content: str, mark: str, tmp_path: Path) -> None:
    path = put(tmp_path, content, "a.csv")
    rule = f"is a table of words and numbers with {mark} between them, not vectors; put blanks between"
    refused(lambda: load(path), FormatError, rule)
    refused(
        lambda: open_run(path),
        InputError,
        f"is not a run folder, it is a table of words and numbers with {mark}",
    )
    refused(
        lambda: load(put(tmp_path, "id,text\n1,hail broke the roof\n", "b.csv")),
        FormatError,
        "is text, not vectors; refine it first",
    )
    refused(
        lambda: open_run(put(tmp_path, "hail .1 .2\n", "c.txt")),
        InputError,
        "it is a file of vectors; refine a text with them",
    )


def test_a_glove_reader_refuses_a_header(tmp_path: Path) -> None:
    refused(
        lambda: load(put(tmp_path, "2 3\na 1 2 3\nb 1 2 3\n"), "glove"),
        FormatError,
        "GloVe text has no header",
    )


def test_words_of_digits_are_no_header(tmp_path: Path) -> None:
    vectors = load(put(tmp_path, "1 0.5 2\n2 0.25 4\n"))
    assert vectors.index_to_key == ["1", "2"]
    assert vectors.vectors.tolist() == [[0.5, 2.0], [0.25, 4.0]]


NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, places=30, min_value=-10, max_value=10).map(str),
    st.from_regex(r"[+-]?[0-9]{0,25}\.?[0-9]{1,25}(e[+-]?[0-9]{1,3})?", fullmatch=True),
    st.from_regex(r"[+-]?0\.0{0,40}[0-9]{1,25}", fullmatch=True),
)


def halfway(value: float, digits: int, offset: int) -> str:
    """The decimal half-way between a float32 and the next, of few digits, ``offset`` off in the last."""
    low = np.float32(value)
    high = np.nextafter(low, np.float32(np.inf))
    middle = (Decimal(float(low)) + Decimal(float(high))) / 2
    mantissa, exponent = f"{middle:.{digits - 1}e}".replace(".", "").split("e")
    return f"{int(mantissa) + offset}e{int(exponent) - digits + 1}"


HALFWAY = st.builds(
    halfway,
    st.floats(min_value=2.0**-20, max_value=2.0**20, width=32),
    st.integers(14, 19),
    st.integers(-2, 2),
)


def parsed(text: str) -> np.ndarray:
    """One line's numbers by Polars, or by Python where the line is unusual."""
    data = f"w {text}".encode()
    source = Input(Path("x"), data)
    _, matrix = text_format.read_lines(source, 0, (1, len(text.split())), first_line=1)
    return matrix[0]


@settings(max_examples=40 * TIMES)
@given(st.lists(st.one_of(NUMBERS, HALFWAY), min_size=1, max_size=20))
def test_polars_rounds_as_python(numbers: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch, np.errstate(over="ignore"):
        patch.setattr(text_format, "_WORTH_IT", -1)
        expected = np.array([float(number) for number in numbers]).astype(np.float32)
        assert_array_equal(parsed(" ".join(numbers)).view(np.uint32), expected.view(np.uint32))


LINES = st.lists(
    st.lists(
        st.sampled_from(["a", "é", " ", "  ", "\t", "1", "-2.5", "1e3", "x", "\r", "nan", "+", ".", "1.e1"])
    ).map("".join),
    min_size=1,
    max_size=5,
).map("\n".join)


@settings(max_examples=60 * TIMES)
@given(LINES, st.integers(1, 3))
def test_both_parsers_agree_on_every_text(text: str, dimensions: int) -> None:
    source = Input(Path("x"), text.encode())
    rows, _ = text_format.lines_from(source, 0)
    outcomes = []
    for worth_it in (1 << 20, -1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_format, "_WORTH_IT", worth_it)
            try:
                words, matrix = text_format.read_lines(source, 0, (rows, dimensions), first_line=1)
                outcomes.append((words, matrix.view(np.uint32).tolist()))
            except FormatError as error:
                outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_blocks_join_seamlessly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = table([f"w{i}" for i in range(500)], 7)
    save(before, tmp_path / "a.vec")
    monkeypatch.setattr(text_format, "_WORTH_IT", -1)
    for block in (1, 64, 100, 1000, 1 << 20):
        monkeypatch.setattr(text_format, "_BLOCK", block)
        after = load(tmp_path / "a.vec")
        assert after.index_to_key == before.index_to_key
        assert_array_equal(after.vectors, before.vectors)


@pytest.mark.parametrize("name", ["word2vec-text", "glove", "word2vec"])
@pytest.mark.parametrize("word", ["two words", "tab\tbed", "nul\0", "form\ffeed", ""])
def test_words_with_blanks_are_read_but_not_written(name: str, word: str, tmp_path: Path) -> None:
    refused(
        lambda: save(Vectors([word], np.ones((1, 2), np.float32)), tmp_path / "a", name),
        OptionError,
        r"cannot hold.*safetensors",
    )


def test_glove_does_not_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    vectors = Vectors(["\ufeffa"], np.ones((1, 2), np.float32))
    refused(lambda: save(vectors, tmp_path / "a.glove"), OptionError, r"U\+FEFF")
    save(vectors, tmp_path / "a.vec")
    assert load(tmp_path / "a.vec").index_to_key == ["\ufeffa"]


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_packed_file_cut_off_or_absurd_is_an_error(pack: object, tmp_path: Path) -> None:
    assert callable(pack)
    save(table(), tmp_path / "a.vec")
    packed = pack((tmp_path / "a.vec").read_bytes())
    refused(lambda: load(put(tmp_path, packed[:-20])), FormatError)
    refused(
        lambda: load(put(tmp_path, pack(b"2 2\n" + b" " * (1 << 26)))),
        FormatError,
        "unpacks to more than 100 times its size",
    )
    refused(lambda: load(put(tmp_path, pack(b""))), FormatError, "is empty once unpacked")
