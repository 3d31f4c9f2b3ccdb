"""What is malformed is named with file, line, field, rule and remedy; left out only when asked to."""

import json

import polars as pl
import pytest
from corpus_reader import Reader, collect
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus

LONG = "a" * 1000 + "\n"  # seventy of them are more than is looked at to tell a binary file
BAD = {
    # name: (file, line of the bad row, what the error says, texts left when it is skipped)
    "narrow.csv": ('id,text\n1,"a\nb"\n2\n3,c\n', 4, "2 fields as its header, this one has 1", ["a\nb", "c"]),
    "wide.csv": ("id,text\n1,a\n2,b,c\n3,d\n", 3, "this one has 3; quote the field", ["a", "d"]),
    "wide.tsv": ("id\ttext\n1\ta\n2\tb\tc\n", 3, "this one has 3", ["a"]),
    "quote.csv": ('id,text\n1,"say "hi" now"\n2,b\n', 2, "a quote inside a quoted field is doubled", ["b"]),
    "open.csv": ('id,text\n1,a\n2,"b\n3,c\n', 3, "begins in this row is never closed", ["a", "c"]),
    "late.txt": (LONG.encode() * 70 + b"b\0c\n", 71, "holds NUL bytes", [LONG[:-1]] * 70),
    "late.csv": (b"text\n" + LONG.encode() * 70 + b"b\0c\n", 72, "holds NUL", [LONG[:-1]] * 70),
    "syntax.jsonl": ('{"text": "a"}\n\n{"text": }\n', 3, "is not valid JSON (Expecting value, column", ["a"]),
    "cut.jsonl": ('{"text": "a"}\n{"text": "b', 2, "is not valid JSON (Unterminated string", ["a"]),
    "more.jsonl": ('{"text": "a"}\n{"text": "b"} x\n', 2, "is not valid JSON (Extra data", ["a"]),
    "array.jsonl": ('{"text": "a"}\n["b"]\n', 2, "a line is a JSON object, this one is an array", ["a"]),
    "number.jsonl": ('{"text": "a"}\n{"text": 5}\n', 2, "'text': text is a string, this is a number", ["a"]),
    "list.jsonl": ('{"text": "a"}\n{"text": [5]}\n', 2, "'text': text is a string, this is an", ["a"]),
    "half.jsonl": ('{"text": "a"}\n{"text": "\\ud83d"}\n', 2, "holds half of a surrogate pair", ["a"]),
    "deep.jsonl": ('{"text": "a"}\n{"text": ' + "[" * 100_000 + "\n", 2, "is not ", ["a"]),
    "long.jsonl": ('{"text": "a"}\n{"id": ' + "1" * 5000 + ', "text": "b"}\n', 2, "is not JSON", ["a"]),
}  # fmt: skip


@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
@pytest.mark.parametrize("name", BAD)
def test_a_bad_row_is_named_and_can_be_left_out(reader: Reader, name, batch_bytes):
    data, line, rule, rest = BAD[name]
    path = reader.write(name, data)
    with pytest.raises(CorpusError) as caught:
        reader.texts(name, batch_bytes=batch_bytes)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert rule in str(caught.value)
    assert str(caught.value).endswith("or leave such rows out with skip_bad_rows=True")
    assert "\n" not in str(caught.value)

    assert reader.texts(name, batch_bytes=batch_bytes, skip_bad_rows=True) == rest
    summary = reader.summary
    assert summary.bad_rows == len(summary.bad_places) == 1
    assert summary.bad_places[0].startswith(f"{path}:{line}: ")
    assert f"1 bad row, first {path}:{line}: " in summary.describe()


@st.composite
def planted(draw):
    """Rows of which some are bad, as (text or None, lines it takes in a CSV)."""
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
    lines = st.lists(text.filter(str.strip), min_size=1, max_size=3)
    return draw(st.lists(st.one_of(st.none(), lines), min_size=1, max_size=12))


@given(planted(), st.integers(1, 60))
def test_planted_bad_rows_are_found_at_their_lines(tmp_path_factory, rows, batch_bytes):
    folder = tmp_path_factory.getbasetemp()
    csv_lines, json_lines = ["id,text\n"], []
    bad_csv, bad_json = [], []
    for i, row in enumerate(rows):
        if row is None:
            bad_csv.append("".join(csv_lines).count("\n") + 1)
            bad_json.append(len(json_lines) + 1)
            csv_lines.append("only one\n")
            json_lines.append(b'{"text": 1}\n')
        else:
            text = "\n".join(row)
            csv_lines.append(f'{i},"{text.replace(chr(34), chr(34) * 2)}"\n')
            json_lines.append(json.dumps({"text": text}).encode() + b"\n")
    good = ["\n".join(row) for row in rows if row is not None]
    for name, data, bad in (
        ("p.csv", "".join(csv_lines).encode(), bad_csv),
        ("p.jsonl", b'{"text": null}\n' + b"".join(json_lines), [line + 1 for line in bad_json]),
    ):
        path = folder / name
        path.write_bytes(data)
        corpus = Corpus.open(path, skip_bad_rows=True)
        try:
            texts = collect(corpus, batch_bytes)["given"]
        except CorpusError:
            assert not good
            texts = []
        assert texts == good
        assert corpus.summary.bad_rows == len(bad)
        places = [int(place.removeprefix(f"{path}:").split(":")[0]) for place in corpus.summary.bad_places]
        assert places == bad[:20]


def test_only_the_first_places_are_kept_but_all_are_counted(reader: Reader):
    reader.write("a.jsonl", '{"text": "a"}\n' + '{"text": 1}\n' * 50)
    assert reader.texts("a.jsonl", skip_bad_rows=True) == ["a"]
    summary = reader.summary
    assert (summary.bad_rows, len(summary.bad_places)) == (50, 20)


def test_if_all_rows_are_bad_the_first_is_named(reader: Reader):
    path = reader.write("a.csv", "id,text\n1\n2\n")
    refused(
        lambda: reader.texts("a.csv", skip_bad_rows=True),
        CorpusError,
        rf"left out: 2 bad rows, first {path}:2: a row has 2 fields",
    )


def test_a_bad_file_in_a_folder_is_named(reader: Reader):
    reader.write("docs/a.txt", "fine")
    path = reader.write("docs/b.txt", b"fine\nnot \0 fine")
    refused(lambda: reader.texts("docs"), CorpusError, rf"^{path}:2: holds NUL bytes; correct the file")
    assert reader.texts("docs", skip_bad_rows=True) == ["fine"]


CLEAN = "naïve café déjà vu"  # letters enough for one or two places that are wrong
FINE = f"{CLEAN}\n".encode()
UNDECODABLE = {
    # name: (file, line of the mended row, places in it, texts)
    "bytes.csv": (b"id,text\n1,a\n2,caf\xe9 \xff\n3," + FINE, 3, 2, ["a", "caf\ufffd \ufffd", CLEAN]),
    "other.csv": (b"id,text\ncaf\xe9,a\n3," + FINE, 2, 1, ["a", CLEAN]),
    "header.csv": (b"caf\xe9,text\n1," + FINE, 1, 1, [CLEAN]),
    "quoted.csv": (b'text\n"a\nb\xe9"\n"c"x\n' + FINE, 3, 1, ["a\nb\ufffd", CLEAN]),
    "bytes.txt": (b"a\ncaf\xe9\nna\xc3\xafve\xef\xbf\xbd\n", 2, 1, ["a", "caf\ufffd", "na\u00efve\ufffd"]),
    "cut.txt": (FINE + b"\xe2\x82", 2, 1, [CLEAN, "\ufffd"]),
    "bytes.jsonl": (b'{"text": "%s"}\n{"text": "\xe9"}\n' % CLEAN.encode(), 2, 1, [CLEAN, "\ufffd"]),
    "name.jsonl": (b'{"text": "%s", "k\xe9": 1}\n' % CLEAN.encode(), 1, 1, [CLEAN]),
    "docs/a.md": (FINE + b"not \xff fine", 2, 1, [f"{CLEAN}\nnot \ufffd fine"]),
    "docs/a.html": (
        b"<meta charset=utf-8>" + "<p>caf\u00e9, na\u00efve ".encode() + b"\xff",
        1,
        1,
        ["caf\u00e9, na\u00efve \ufffd"],
    ),
}


@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
@pytest.mark.parametrize("name", UNDECODABLE)
def test_a_byte_that_is_not_utf8_costs_one_character_and_is_counted(reader: Reader, name, batch_bytes):
    data, line, places, texts = UNDECODABLE[name]
    path = reader.write(name, data)
    folder = name.partition("/")[0]
    assert reader.texts(folder, batch_bytes=batch_bytes, skip_bad_rows=True) == texts
    summary = reader.summary
    assert (summary.mended_rows, len(summary.mended_places)) == (1, 1)
    assert summary.mended_places[0].startswith(f"{path}:{line}: is not ")
    assert summary.mended_places[0].endswith(
        f": {places} {'place' if places == 1 else 'places'} became \ufffd"
    )
    said = f"({places} {'place' if places == 1 else 'places'}), first in line {line} of {path}"
    assert said in summary.describe()
    assert summary.as_dict()["mended_places"] == summary.mended_places


def test_rows_that_are_not_utf8_are_all_counted_and_the_first_are_named(reader: Reader):
    reader.write("a.txt", b"caf\xe9 de la gare\n" * 50 + FINE * 50)
    assert reader.texts("a.txt", batch_bytes=100) == ["caf\ufffd de la gare"] * 50 + [CLEAN] * 50
    summary = reader.summary
    assert (summary.mended_rows, len(summary.mended_places)) == (50, 20)


def test_dates_that_cannot_be_read_are_bad_only_where_the_field_was_given(reader: Reader):
    reader.write("a.csv", 'text,when,date\n"a\nb",1990,soon\nc,soon,1990\nd,,\n')
    rows = reader.read("a.csv")
    assert rows["dates"] == [None, "1990-01-01", None]
    assert reader.summary.undated == 2
    refused(
        lambda: reader.read("a.csv", date_field="when"),
        CorpusError,
        r"a.csv:4: field 'when': 'soon' is not a date in a known form",
    )
    rows = reader.read("a.csv", date_field="when", skip_bad_rows=True)
    assert rows["texts"] == ["a\nb", "d"]
    assert rows["dates"] == ["1990-01-01", None]
    frame = pl.DataFrame({"text": ["a", "b"], "when": ["1990", "soon"]})
    frame.write_parquet(reader.folder / "a.parquet")
    refused(
        lambda: reader.read("a.parquet", date_field="when"),
        CorpusError,
        r"a.parquet:2: field 'when': 'soon' is not a date",
    )


def test_very_long_fields_are_read(reader: Reader):
    long = "word " * 100_000
    reader.write("a.csv", f'id,text\n1,a "quote" inside\n2,"{long}"\n')
    assert reader.texts("a.csv") == ['a "quote" inside', long]
    reader.write("a.jsonl", json.dumps({"id": 1, "text": long}))
    assert reader.texts("a.jsonl") == [long]
    reader.write("b.csv", f'id,"{long}",text\n1,2,3\n')
    assert reader.texts("b.csv") == ["3"]
