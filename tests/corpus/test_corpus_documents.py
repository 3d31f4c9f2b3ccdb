"""HTML, PDF and Word files are read as one document each; what is not sound is named."""

from __future__ import annotations

import importlib.util
import io
import json
import zipfile
from pathlib import Path

import pytest
from corpus_reader import COMPRESSIONS, Reader
from hypothesis import given, settings
from hypothesis import strategies as st

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import CorpusError, MissingExtra
from selfvec.corpus.document_files import DOCUMENT_KINDS, document_kind, document_text

PAGE = """<!doctype html><html><head><title>Storm
 report</title><style>p {color: red}</style></head><body><header>The Gazette</header>
<nav><a href="/">Home</a></nav><div role="navigation">Menu</div><form><article><header>By Ann</header>
<h1>Hail</h1><p>Large <b>ha</b>il <!-- a remark -->broke&nbsp;roofs &amp; cars.<br>Then rain.</p>
<script>document.write("<p>no</p>")</script><ul><li>one<li>two</ul><p hidden>unseen</p></article></form>
<footer>Imprint</footer></body></html>"""
TEXT = "Storm report\n\nBy Ann\nHail\nLarge hail broke roofs & cars.\nThen rain.\none\ntwo"
CYRILLIC = '<meta http-equiv="Content-Type" content="text/html; charset=KOI8-R"><p>град'.encode("koi8-r")


def pdf_of(*pages: str) -> bytes:
    """A PDF with a line of text for each line of its pages."""
    objects = ["<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for page in pages:
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in page.split("\n"))
        content = f"BT /F1 12 Tf 72 720 Td {shown} ET"
        objects.append(f"<</Length {len(content)}>>\nstream\n{content}\nendstream")
        kids.append(f"{len(objects) + 1} 0 R")
        size = "/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(f"<</Type/Page/Parent 2 0 R{size}/Contents {len(objects)} 0 R>>")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    trailer = f"trailer\n<</Size {len(places) + 1}/Root 1 0 R>>\nstartxref\n{len(out)}\n%%EOF"
    return out + f"xref\n0 {len(places) + 1}\n0000000000 65535 f \n{table}{trailer}".encode()


def word_file() -> bytes:
    docx = pytest.importorskip("docx")
    made, file = docx.Document(), io.BytesIO()
    made.add_heading("Damage")
    made.add_paragraph("Hail broke roofs.")
    table = made.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "county", "Polk"
    made.add_paragraph("")
    made.add_paragraph("It ended.")
    made.save(file)
    return file.getvalue()


WORD_TEXT = "Damage\nHail broke roofs.\ncounty\nPolk\nIt ended."


@pytest.mark.parametrize("packed", COMPRESSIONS)
def test_a_page_is_its_title_and_text(reader: Reader, packed: str) -> None:
    path = reader.write(f"page.html{packed}", PAGE)
    found = reader.read(path)
    assert (found["texts"], found["ids"]) == ([TEXT], [path.name])
    (file,) = reader.corpus.summary.files
    assert (file.kind, file.bytes) == ("document", path.stat().st_size)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<meta charset=latin1><p>café ’".encode("cp1252"), "café ’"),
        (CYRILLIC, "град"),
        ('<?xml version="1.0" encoding="UTF-8"?><html><p>café'.encode(), "café"),
        ("<p>café".encode(), "café"),
        ("<p>café".encode("cp1252"), "café"),
        ("<p>café".encode("utf-16"), "café"),
        ("\ufeff<p>café".encode(), "café"),
        (b"<meta charset=nonsense><p>one", "one"),
        (b"<p>a<p>b</b></i><table>x<td>y", "a\nb\nx\ny"),
        (b"", ""),
        (b"<p>a\0b", "ab"),
    ],
)
def test_pages_in_any_encoding_and_shape(data: bytes, text: str) -> None:
    assert document_text(document_kind(".html"), data) == text


def test_pdf_pages_are_joined_and_hyphens_at_line_ends_too(reader: Reader) -> None:
    pytest.importorskip("pypdf")
    path = reader.write("a.pdf", pdf_of("Hail broke win-\ndows in 1990-\n95.", "Second page."))
    assert reader.texts(path) == ["Hail broke windows in 1990-\n95.\nSecond page."]


def test_word_files_give_paragraphs_and_cells(reader: Reader) -> None:
    assert reader.texts(reader.write("a.docx", word_file())) == [WORD_TEXT]


def test_a_folder_of_mixed_kinds_is_read_whole_and_the_rest_is_named(reader: Reader, monkeypatch) -> None:
    pytest.importorskip("pypdf")
    reader.write("in/a.txt", "Plain.")
    reader.write("in/b.html", PAGE)
    reader.write("in/c/d.pdf", pdf_of("Paper."))
    reader.write("in/e.docx", word_file())
    reader.write("in/rows.csv", "text\nA row.\n")
    reader.write("in/picture.png", b"\x89PNG")
    found = reader.read("in")
    assert found["texts"] == ["A row.", "Plain.", TEXT, "Paper.", WORD_TEXT]
    assert found["ids"] == [None, "a.txt", "b.html", "c/d.pdf", "e.docx"]
    assert reader.corpus.summary.skipped_files == [str(reader.folder / "in" / "picture.png")]
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert reader.texts("in") == ["A row.", "Plain.", TEXT]
    skipped = [Path(name).name for name in reader.corpus.summary.skipped_files]
    assert skipped == ["d.pdf", "e.docx", "picture.png"]
    told = reader.corpus.summary.describe()
    assert "left out: 3 files of other kinds (.pdf 1, .docx 1, .png 1; for PDF and Word: pip install" in told
    for name in ("in/c/d.pdf", "in/c", "in/e.docx"):
        with pytest.raises(MissingExtra, match=r"pip install 'selfvec\[documents\]'"):
            reader.texts(name)


def test_a_run_of_mixed_files_finds_its_documents_again(reader: Reader, capsys) -> None:
    pytest.importorskip("pypdf")
    reader.write("in/a.html", "<p>" + "Hail broke roofs in the village. " * 9)
    reader.write("in/b.pdf", pdf_of("Rain filled the river again."))
    reader.write("in/rows.csv", "text\nSnow closed the road.\n")
    run, more = str(reader.folder / "run"), str(reader.write("new.html", "<p>Fog delayed flights."))
    assert main(["refine", str(reader.folder / "in"), "-o", run]) == 0
    assert main(["update", run, more]) == 0
    capsys.readouterr()
    for question, name in (("river", "b.pdf"), ("fog flights", "new.html"), ("snow", None)):
        assert main(["search", run, question, "--json"]) == 0
        hit = json.loads(capsys.readouterr().out)["hits"][0]
        assert name is None or hit["id"] == name
    assert selfvec.open_run(run).provenance["documents"] == 4


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("word/document.xml", "w", force_zip64=True) as out:
            for _ in range(300):
                out.write(b" " * (1 << 20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("a.pdf", lambda: b"no pdf", "is a damaged PDF file"),
        ("a.pdf", lambda: pdf_of("x")[:200], "is a damaged PDF file"),
        ("a.docx", lambda: b"no zip", "is a damaged Word file (File is not a zip file)"),
        ("a.docx", lambda: word_file()[:900], "is a damaged Word file"),
        ("a.docx", zip_bomb, "a Word file is at most 256 MiB when unpacked, this one is 300"),
    ],
)
def test_a_file_that_is_not_sound_is_named(reader: Reader, name: str, data, rule: str) -> None:
    pytest.importorskip("pypdf")
    pytest.importorskip("docx")
    reader.write("in/" + name, data())
    reader.write("in/b.txt", "Sound.")
    with pytest.raises(CorpusError) as error:
        reader.texts("in")
    assert f"in/{name}" in str(error.value)
    assert rule in str(error.value)
    assert reader.texts("in", skip_bad_rows=True) == ["Sound."]
    assert name in reader.corpus.summary.bad_places[0]


def test_a_pdf_with_a_password_is_refused() -> None:
    pypdf = pytest.importorskip("pypdf")
    writer, file = pypdf.PdfWriter(clone_from=io.BytesIO(pdf_of("secret"))), io.BytesIO()
    writer.encrypt("word", algorithm="RC4-128")
    writer.write(file)
    with pytest.raises(ValueError, match="is encrypted: save it without a password"):
        document_text(document_kind(".pdf"), file.getvalue())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_named(data: st.DataObject) -> None:
    whole = {"HTML": PAGE.encode(), "PDF": pdf_of("Hail.", "Rain."), "Word": WORD}
    for kind in DOCUMENT_KINDS:
        if not kind.there:
            continue
        spoilt = bytearray(whole[kind.name])
        for place in data.draw(st.lists(st.integers(0, len(spoilt) - 1), max_size=8)):
            spoilt[place] = data.draw(st.integers(0, 255))
        end = data.draw(st.integers(0, len(spoilt)))
        try:
            assert isinstance(document_text(kind, bytes(spoilt[:end])), str)
        except ValueError as error:
            assert str(error)


def test_html_of_another_name_says_so(reader: Reader) -> None:
    with pytest.raises(CorpusError, match=r"is HTML, text is needed; give it as a file named .html"):
        reader.texts(reader.write("page.php", PAGE))


WORD = word_file() if document_kind(".docx").there else b""
