"""Files of other formats are named, not read as lines; wrapped texts and notes are read as what they are."""

import io
import re
import zipfile

import pytest
from corpus_reader import Reader
from tests.refusals import refused

from selfvec.base.errors import CorpusError, FormatError
from selfvec.files.compressed_files import zstd
from selfvec.files.untrusted import LFS_POINTER, decoding


def office(member: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", member):
            archive.writestr(name, "<x/>")
    return file.getvalue()


OTHERS = [  # name, first bytes, what it is called, what helps
    ("a.php", b"<!doctype html><html><p>hail", "HTML", r"give it as a file named \.html"),
    ("a.xml", b'\n<?xml version="1.0"?>\n<TEI>', "XML", "column of text"),
    ("b.xml", b"<TEI><p>hail fell</p>\n<p>wind rose</p></TEI>\n", "XML", "column of text"),
    ("a.tei", b'<TEI xmlns="http://www.tei-c.org/ns/1.0">', "XML", "column of text"),
    ("a.txt", b"WEBVTT\n\n00:00.000 --> 00:02.000\nthe ferry", r"a file of captions \(WebVTT", "without"),
    ("a.srt", b"1\r\n00:00:01,000 --> 00:00:03,200\r\nthe ferry", r"a file of captions \(SubRip", "without"),
    ("a.ris", b"TY  - JOUR\nTI  - Hail\nER  - \n", "RIS", "column of text"),
    ("a.bib", b"% Zotero\n@Article{a1,\n title={Hail}}", "BibTeX", "column of text"),
    ("a.js", b"window.YTD.tweets.part0 = [\n{", "JavaScript with data in it", "jq"),
    ("a.rtf", b"{\\rtf1\\ansi hail}", "RTF", "docx"),
    ("a.json", b'{\n  "posts": [\n    {"text": "hail"}\n  ]\n}', "one JSON document over several lines",
     r"jq -c '\.posts\[\]'"),
    ("a.jsonl", b'{\n  "text": "hail"\n}\n', "one JSON document over several lines", r"jq -c '\.'"),
    ("a.json", b'{"guild": {"id": 1}, "said": {"items": [{"content": "a"}, {"content": "b"}]}}\n',
     "one JSON document on one line, with a list of records", r"jq -c '\.said\.items\[\]'"),
    ("a.ics", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "a calendar", "column of text"),
    ("a.enw", b"%0 Journal Article\n%T Hail\n", "EndNote", "column of text"),
    ("a.sql", b"-- a dump\n\nINSERT INTO posts VALUES (1,'Hail');\n", "SQL", r"\.csv"),
    ("a.yaml", b"- id: 1\n  text: hail\n", "YAML", "column of text"),
    ("a.warc", b"WARC/1.0\r\n", r"a web archive \(WARC", "column of text"),
    ("a.txt", b"<SEC-DOCUMENT>0001.txt\n", "a filing of EDGAR", "column of text"),
    ("a.mbox", b"From a@b.org Mon Feb  5 10:00:00 2024\n", "e-mail", "column of text"),
    ("a.odt", b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/vnd.oasis.opendocument.text",
     "an OpenDocument file", "docx"),
    ("a.epub", b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zip", "an EPUB", "convert"),
    ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1" + bytes(9), "an Office file from before 2007",
     r"each sheet of a table as \.csv"),
    *((f"a.{end}", office(member), f"{what} file", remedy) for end, member, what, remedy in (
        ("xlsx", "xl/workbook.xml", "an Excel", r"sheet as \.csv"),
        ("pptx", "ppt/presentation.xml", "an Office", r"slides as \.pdf"),
        ("doc", "word/document.xml", "an Office", r"a text as \.docx"),
    )),
    ("a.txt", b"FN Clarivate Analytics Web of Science\r\nVR 1.0\r\nPT J\r\n", "tagged records", "column"),
    ("pubmed.txt", b"\nPMID- 32145681\nOWN - NLM\n", "tagged records", "column of text"),
    ("b.txt", b'[{"text": "hail"},\n{"text": "snow"}]\n', "one JSON array", "jq"),
    ("c.txt", b'{\n  "text": "hail"\n}\n', "one JSON document over several lines", "jq"),
    ("a.tsv", b"\x7fELF\0\0\0\0", "a program", "another"),
    ("a.jsonl", b"PK\x03\x04abc", "a zip archive", "unpack it"),
    ("a.bin", b"%PDF-1.4", "PDF", "extract its text first"),
    ("a.txt.gz", "text".encode("utf-16-be"), r"a binary file \(it holds NUL", "in UTF-16 with"),
    ("a.txt", b"BZh91", "bzip2", "unpack it"),
    ("a.csv", LFS_POINTER + b"v1\noid sha256:0\nsize 9\n", "a pointer of Git LFS", "git lfs pull"),
]  # fmt: skip
LINES = [
    "[1] hail", "[{hail}]", "FN hail", "PMID 3",
    "<3 this", "1\thail", "TY - hm", "@article hail", "window = open", "{hail}", "WEBVTTX", "2020: <a b>",
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "called", "remedy"), OTHERS)
def test_a_file_of_another_format_is_named(
    reader: Reader, name: str, data: bytes, called: str, remedy: str
) -> None:
    path = reader.write(name, data)
    rule = rf"{re.escape(str(path))}.* is {called}.*text is needed; .*{remedy}"
    for skip in (False, True):
        refused(lambda: reader.read(name, skip_bad_rows=skip), CorpusError, rule)


@pytest.mark.parametrize("line", LINES)
def test_lines_that_begin_alike_are_lines(reader: Reader, line: str) -> None:
    reader.write("a.txt", f"{line}\n{line}\n")
    assert reader.texts("a.txt") == [line, line]


TABLES = [  # rows in a text, what is said of them, the field that is text
    ("PT\tTI\tAB\tPY\t\r\n" + "".join(f"J\t{n}\t{n}\t2020\t\r\n" for n in ("hail, and wind", "snow", "fog")),
     "rows of a table, with tabs between fields", "AB"),
    ("n;said\n1;hail, and wind\n2;snow\n3;fog\n", "rows of a table, with semicolons between fields", "said"),
    ('id,text\n1,"hail, and wind"\n2,snow\n3,fog\n', "rows of a table, with commas between fields", "text"),
    ("Text|Who\nhail, and wind|Ann\nsnow|Bo\nfog|Cy", "rows of a table, with bars between fields", "text"),
    ('{"text": "hail, and wind"}\n\n{"text": "snow"}\n{"text": "fog"}\n', "JSON objects", "text"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["a.txt", "a.text.gz"])
@pytest.mark.parametrize(("data", "said", "field"), TABLES)
def test_a_table_by_another_name_is_read_as_one_which_is_said(
    reader: Reader, data: str, said: str, field: str, name: str
) -> None:
    path = reader.write(name, data)
    assert reader.texts(name, text_field=field) == ["hail, and wind", "snow", "fog"]
    assert reader.summary.notes[0].startswith(f"{path}: its lines are {said}; jq ")


def test_a_table_by_another_name_without_a_usual_name_is_an_error_that_says_so(reader: Reader) -> None:
    reader.write("a.txt", TABLES[0][0])
    rule = (
        r"a\.txt: its lines are rows of a table, with tabs between fields, and none of its fields has a usual"
    )
    refused(lambda: reader.texts("a.txt"), CorpusError, rf"{rule}.*; jq -R '{{text: \.}}' writes an object")


@pytest.mark.parametrize(
    "lines",
    [
        ["Yes, please.", "No, thanks.", "Well, so what."],
        ["Dear all;", "hail fell;", "snow lay;"],
        ["Question; answer and more of it, since this line is long", "hail; snow", "fog; wind"],
        ["{hail}", "{snow}", "{fog}"],
        ["\thail fell", "\tsnow lay", "\tfog rose"],
        ["n;said", "1;hail fell", "2;snow; and fog", "3;rain"],
        ["2020; 5", "2021; 6", "2022; 7", "2023; 8"],
    ],
)
def test_lines_with_signs_are_lines(reader: Reader, lines: list[str]) -> None:
    reader.write("a.txt", "\n".join(lines))
    assert reader.texts("a.txt") == lines
    assert reader.summary.notes == []


def test_fields_without_names_are_said(reader: Reader) -> None:
    path = reader.write("a.txt", "ham\thail fell\nspam\tsnow lay\nham\tfog rose\n")
    assert reader.texts("a.txt")[0] == "ham\thail fell"
    note = f"{path}: its lines have tabs but no names above: each is read as a whole"
    assert reader.summary.notes == [note]


def test_rows_in_a_text_of_a_folder_are_said(reader: Reader) -> None:
    path = reader.write("in/a.txt", TABLES[0][0])
    reader.write("in/b.txt", TABLES[-1][0])
    reader.write("in/c.txt", "hail fell\n")
    assert len(reader.texts("in")) == 3
    (note,) = reader.summary.notes
    assert note.startswith(f"{path} and 1 more file: its lines are rows of a table")
    assert note.endswith("a text in a folder is one document: give the file by its name")


def test_a_container_in_a_folder_is_left_out_and_said(reader: Reader) -> None:
    path = reader.write("in/a.txt", "WEBVTT\n\n00:00.000 --> 00:02.000\nthe ferry\n")
    reader.write("in/b.txt", "hail fell\n")
    reader.write("in/c.md", "WEBVTT\n")  # a text about captions
    assert reader.texts("in") == ["hail fell\n", "WEBVTT\n"]
    (note,) = reader.summary.notes
    assert note.startswith(f"{path}: it is a file of captions (WebVTT), which is not read; write their text")


def test_a_pointer_of_git_lfs_is_named_by_all_readers_of_files(tmp_path) -> None:
    (tmp_path / "model.onnx").write_bytes(LFS_POINTER + b"v1\n")
    with pytest.raises(FormatError, match="is a pointer of Git LFS, not the file itself; fetch"):
        with decoding(tmp_path / "model.onnx", "model"):
            raise ValueError("unknown field")


def test_zstandard_with_the_window_of_an_archive_is_read(reader: Reader) -> None:
    parameters = {
        zstd.CompressionParameter.window_log: 30,
        zstd.CompressionParameter.enable_long_distance_matching: 1,
    }
    packer = zstd.ZstdCompressor(options=parameters)
    (reader.folder / "a.zst").write_bytes(packer.compress(b'{"text": "hail"}\n' * 9) + packer.flush())
    assert reader.texts("a.zst") == ["hail"] * 9


SENTENCE = "A storm broke the roof of the school and the children went home early. "


def wrapped(text: str, width: int = 60) -> str:
    import textwrap

    return textwrap.fill(text, width)


def test_a_wrapped_text_is_read_by_paragraphs_which_is_said(reader: Reader) -> None:
    book = "\n\n".join(wrapped(SENTENCE * n) for n in range(4, 9)) + "\n"
    path = reader.write("a.txt", book)
    for batch_bytes in (50, 1 << 20):
        texts = reader.texts("a.txt", batch_bytes=batch_bytes)
        assert [" ".join(text.split()).count(SENTENCE.strip()) for text in texts] == [4, 5, 6, 7, 8]
    (note,) = reader.summary.notes
    assert note.startswith(f"{path}: its lines are wrapped, so a document is what stands between blank lines")


@pytest.mark.parametrize(
    "lines",
    [
        [SENTENCE * (1 + n % 7) for n in range(60)],
        [f"{SENTENCE[: 20 + 7 * n % 50]}" for n in range(60)],
        ["冰雹砸坏了屋顶" * 5] * 60,
        ["hail"] * 60,
        [SENTENCE.strip()] * 60,  # lines of one width, each of which ends a sentence
    ],
)
def test_documents_in_lines_are_read_by_lines(reader: Reader, lines: list[str]) -> None:
    reader.write("a.txt", "\n\n".join(("\n".join(lines), "hail")))
    assert len(reader.texts("a.txt")) == 61
    assert reader.summary.notes == []


def test_front_matter_is_no_text_and_its_date_is_the_date(reader: Reader) -> None:
    reader.write("in/a.md", "---\ntitle: Harbour\ndate: 2020-03-04\ntags: [x]\n---\n\n# Harbour\nhail fell")
    reader.write("in/b.md", '+++\ndate = "2021-05-06"\n[extra]\n+++\nwind')
    reader.write("in/c.md", "---\nA rule\n---\nnot data")
    reader.write("in/d.txt", "---\ndate: 2020-01-01\n---\ntext")
    rows = reader.read("in")
    assert rows["texts"] == [
        "\n# Harbour\nhail fell",
        "wind",
        "---\nA rule\n---\nnot data",
        "---\ndate: 2020-01-01\n---\ntext",
    ]
    assert rows["dates"] == ["2020-03-04", "2021-05-06", None, None]
    assert "Markdown's front matter left out (2 places)" in reader.summary.describe()
    assert reader.read("in/a.md")["dates"] == ["2020-03-04"]  # one document also if it is named alone
    assert reader.read("in")["given"][1] == '+++\ndate = "2021-05-06"\n[extra]\n+++\nwind'


@pytest.mark.parametrize("suffix", ["json", "jsonl"])
def test_a_first_row_that_is_nested_too_deeply_is_a_bad_row(reader: Reader, suffix: str) -> None:
    reader.write(f"a.{suffix}", '{"text": "hail", "x": ' + "[" * 5000 + "]" * 5000 + '}\n{"text": "snow"}\n')
    refused(
        lambda: reader.read(f"a.{suffix}"),
        CorpusError,
        rf"a.{suffix}:1: is not JSON that can be read \(it is nested too",
    )
