"""HTML, PDF and Word files are read as one document each; what is not sound is named."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from corpus_reader import COMPRESSIONS, Reader
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import TIMES
from tests.refusals import refused

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


NAMESPACES = " ".join(
    f'xmlns:{prefix}="{place}"'
    for prefix, place in (
        ("w", "http://schemas.openxmlformats.org/wordprocessingml/2006/main"),
        ("mc", "http://schemas.openxmlformats.org/markup-compatibility/2006"),
    )
)
LINK = '<Relationship Type="http://schemas.openxmlformats.org/x/officeDocument" Target="word/document.xml"/>'
BODY = """<w:p><w:r><w:t>Damage</w:t></w:r></w:p><w:p><w:r><w:t>Hail broke</w:t></w:r><w:r>
<w:t> roofs.</w:t></w:r></w:p>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>county</w:t></w:r></w:p></w:tc>
<w:tc><w:p><w:r><w:t>Polk</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/>
<w:p><w:r><w:t>It ended.</w:t></w:r></w:p>"""


def word_file(
    body: str = BODY, before: str = "", root: str = "document", more: dict[str, str] | None = None
) -> bytes:
    """A Word file; ``before`` stands before its root, ``more`` are other parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", f"<Relationships>{LINK}</Relationships>")
        document = f"<w:{root} {NAMESPACES}><w:body>{body}</w:body></w:{root}>"
        archive.writestr("word/document.xml", before + document)
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return file.getvalue()


def run_of(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


WORD = word_file()
WORD_TEXT = "Damage\nHail broke roofs.\ncounty\nPolk\nIt ended."


@pytest.mark.parametrize("packed", COMPRESSIONS)
def test_a_page_is_its_title_and_text(reader: Reader, packed: str) -> None:
    path = reader.write(f"page.html{packed}", PAGE)
    found = reader.read(path)
    assert (found["texts"], found["ids"]) == ([TEXT], [path.name])
    (file,) = reader.summary.files
    assert (file.kind, file.bytes) == ("document", path.stat().st_size)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<meta charset=latin1><p>café ’".encode("cp1252"), "café ’"),
        (CYRILLIC, "град"),
        ('<?xml version="1.0" encoding="UTF-8"?><html><p>café'.encode(), "café"),
        ("<p>café".encode(), "café"),
        ("<p>café".encode("cp1252"), "café"),
        ("<meta charset=utf-8><p>café ’".encode("cp1252"), "café ’"),
        ("<meta charset=utf-8><p>café ï".encode() + b"\xff", "café ï\ufffd"),
        ("<p>café ï".encode() + b"\xff", "café ï\ufffd"),
        ("<meta charset=shift_jis><p>竜巻".encode("shift_jis") + b"\x85 <p>a", "竜巻\ufffd\na"),
        ("<p>café".encode("utf-16"), "café"),
        ("\ufeff<p>café".encode(), "café"),
        (b"<meta charset=nonsense><p>one", "one"),
        (b"<p>a<p>b</b></i><table>x<td>y", "a\nb\nx\ny"),
        (b"", ""),
        (b"<p>a\0b", "ab"),
        ("<p>град".encode("utf-16-le"), "град"),
        ("<p>град".encode("utf-16-be"), "град"),
        (b"just text, no tag", "just text, no tag"),
        (
            b"<button>Q?</button><p>A<aside>B</aside><details><summary>C</summary>D</details>",
            "Q?\nA\nB\nC\nD",
        ),
        (b"<p style='color:red;DISPLAY : none'>a</p><b style='visibility: hidden'>b</b>c", "c"),
        (
            "<p><ruby>東<rt>とう</rt>京<rp>(</rp><rt>きょう</rt></ruby>の<figure>a<figcaption>b".encode(),
            "東京の\na\nb",
        ),
        (b"<p>un<custom-element>known</custom-element>s are <x>with</x>in", "unknowns are within"),
        (b"<head><title>T</title><x-y>a</x-y><p>b", "T\n\na\nb"),
        (b"<html><body><p>a</body></html><p>b</p><html><title>T</title><body>c</html", "a\nb\nT\nc"),
        (b"<p>a</p><![CDATA[1 < 2 & b]]><p>c <![CDATA[d", "a\n1 < 2 & b\nc d"),
        (b"<script>//<![CDATA[\nif (a < b) c()\n//]]></script>d", "d"),
        (b"<p>a</p><plaintext>b <p>c", "a\nb <p>c"),
        (b"<p>a" + b"<div>" * 1000 + b"b" + b"</div>" * 1000 + b"c", "a\nb\nc"),
        (b"<p title='" + b"x" * (11 << 20) + b"'>a<!--" + b"y" * (11 << 20) + b"--><p>b", "a\nb"),
        (b"<pre>" + b"z" * (11 << 20) + b"</pre>a", "z" * (11 << 20) + "\na"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_pages_in_any_encoding_and_shape(data: bytes, text: str) -> None:
    assert document_text(document_kind(".html"), data) == text


@pytest.mark.parametrize(
    ("page", "fault"),
    [
        (b"<div>" * 500_000 + b"deep" + b"</div>" * 500_000, "its elements are nested too deep"),
        *(
            (b"<p>before</p>" + begin + b" text <p>after</p>", "a tag, comment or script is never closed")
            for begin in (b"<!--", b"<script>", b"<STYLE>", b"<textarea>", b"<iframe>", b'<p class="a>')
        ),
        (b"<p>before</p><p cla", "a tag, comment or script is never closed"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_a_page_that_cannot_be_read_to_its_end_is_named(reader: Reader, page: bytes, fault: str) -> None:
    path = reader.write("in/a.html", page)
    reader.write("in/b.txt", "Sound.")
    with pytest.raises(CorpusError) as error:
        reader.texts("in")
    assert str(error.value).startswith(f"{path}: cannot be read to its end: {fault}; correct the file or")
    assert reader.texts("in", skip_bad_rows=True) == ["Sound."]
    assert (reader.summary.bad_rows, reader.summary.empty) == (1, 0)


def test_pages_of_more_tags_than_fit_in_memory_are_refused_before_they_are_read() -> None:
    refused(
        lambda: document_text(document_kind(".html"), b"<p>" * 5_000_000),
        ValueError,
        "a document has at most 4,194,304 tags, this one has 5,000,000",
    )
    refused(
        lambda: document_text(document_kind(".docx"), word_file("<w:p/>" * 5_000_000)),
        ValueError,
        "a document has at most 4,194,304 tags, this one has",
    )


def test_pdf_pages_are_joined_and_hyphens_at_line_ends_too(reader: Reader) -> None:
    pytest.importorskip("pypdf")
    path = reader.write("a.pdf", pdf_of("Hail broke win-\ndows in 1990-\n95.", "Second page."))
    assert reader.texts(path) == ["Hail broke windows in 1990-\n95.\nSecond page."]


def test_pages_without_text_and_letters_without_a_map_are_told(reader: Reader) -> None:
    pytest.importorskip("pypdf")
    cid = "7KH\\003KDUERXU\\003QHHGV\\003D\\003QHZ"
    path = reader.write("a.pdf", pdf_of("Hail fell.", "", "/g2/g10/g3", cid, ""))
    assert reader.texts(path) == ["Hail fell."]
    assert reader.summary.notes == [
        f"{path}: 2 of 5 pages hold no text: are they scans? OCR them",
        f"{path}: pages in fonts that do not tell their letters are left out, 2 of 5: OCR them",
    ]


def test_what_was_typed_into_a_form_is_read() -> None:
    pypdf = pytest.importorskip("pypdf")
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

    writer, file = pypdf.PdfWriter(clone_from=io.BytesIO(pdf_of("Name:"))), io.BytesIO()
    entry = {
        "/FT": NameObject("/Tx"),
        "/T": TextStringObject("name"),
        "/V": TextStringObject("The crane broke"),
    }
    fields = ArrayObject([writer._add_object(DictionaryObject({NameObject(k): v for k, v in entry.items()}))])
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): fields})
    writer.write(file)
    assert document_text(document_kind(".pdf"), file.getvalue()) == "Name:\nThe crane broke"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"<w:sdt><w:sdtContent><w:p>{run_of('form')}</w:p></w:sdtContent></w:sdt>", "form"),
        (f"<w:p>{run_of('a ')}<w:ins>{run_of('new')}</w:ins><w:del>{run_of('old')}</w:del></w:p>", "a new"),
        (f"<w:p><w:smartTag>{run_of('Polk')}</w:smartTag><w:hyperlink>{run_of(' here')}</w:hyperlink></w:p>",
         "Polk here"),
        (f"<w:p>{run_of('a')}<mc:AlternateContent><mc:Choice><w:txbxContent><w:p>{run_of('box')}</w:p>"
         f"</w:txbxContent></mc:Choice><mc:Fallback><w:p>{run_of('box')}</w:p></mc:Fallback>"
         f"</mc:AlternateContent>{run_of('b')}</w:p>", "a\nbox\nb"),
        ("<w:p><w:pPr><w:tabs><w:tab/></w:tabs></w:pPr><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t>"
         "<w:noBreakHyphen/><w:t>d</w:t><w:instrText>PAGE</w:instrText></w:r></w:p>", "a\tb\nc-d"),
        ("<w:p><w:r><w:t>20 </w:t><w:sym w:font='Symbol' w:char='F0B0'/><w:t>C, </w:t><w:sym w:font='Symbol' "
         "w:char='6D'/><w:sym w:font='Wingdings' w:char='F0FC'/><w:sym w:char='B5'/></w:r></w:p>",
         "20 °C, μµ"),
        ("<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>no</w:t></w:r><w:r><w:rPr><w:vanish w:val='0'/></w:rPr>"
         "<w:t>yes</w:t></w:r></w:p>", "yes"),
        (f"<w:p><w:r><w:ruby><w:rt>{run_of('とう')}</w:rt><w:rubyBase>{run_of('東')}</w:rubyBase></w:ruby></w:r></w:p>",
         "東"),
    ],
)  # fmt: skip
def test_all_text_of_a_word_file_is_read(body: str, text: str) -> None:
    assert document_text(document_kind(".docx"), word_file(body)) == text


def test_notes_of_a_word_file_follow_its_text() -> None:
    parts = {
        f"word/{name}.xml": f"<w:{name} {NAMESPACES}><w:p>{run_of(name)}</w:p></w:{name}>"
        for name in ("endnotes", "footnotes", "header1")
    }
    text = document_text(document_kind(".docx"), word_file(more=parts))
    assert text == f"{WORD_TEXT}\nfootnotes\nendnotes"


def test_a_word_file_of_another_program_is_read_as_this_one() -> None:
    docx = pytest.importorskip("docx")
    made, file = docx.Document(), io.BytesIO()
    made.add_heading("Damage")
    made.add_paragraph("Hail broke roofs.")
    table = made.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "county", "Polk"
    made.add_paragraph("It ended.")
    made.save(file)
    assert document_text(document_kind(".docx"), file.getvalue()) == WORD_TEXT


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
    assert reader.summary.skipped_files == [str(reader.folder / "in" / "picture.png")]
    for place in ("selfvec.base.errors.find_spec", "importlib.util.find_spec"):
        monkeypatch.setattr(place, lambda _: None)
    assert reader.texts("in") == ["A row.", "Plain.", TEXT, WORD_TEXT]
    skipped = [Path(name).name for name in reader.summary.skipped_files]
    assert skipped == ["d.pdf", "picture.png"]
    told = reader.summary.describe()
    assert re.search(r"left out: 2 files of other kinds \(\.pdf 1, \.png 1; for PDF: .*pip install", told)
    for name in ("in/c/d.pdf", "in/c"):
        refused(lambda: reader.texts(name), MissingExtra, r"pip install .*\[documents\]'")


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("word/document.xml", "w", force_zip64=True) as out:
            for _ in range(300):
                out.write(b" " * (1 << 20))
    return file.getvalue()


def without_document() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("_rels/.rels", f"<Relationships>{LINK}</Relationships>")
    return file.getvalue()


def with_entity(declared: str) -> bytes:
    return word_file(f"<w:p>{run_of('before &x; after')}</w:p>", f"<!DOCTYPE w [<!ENTITY x {declared}>]>")


def pdf_without(content: bytes) -> bytes:
    return pdf_of("one", "two", "three").replace(content, b" " * len(content))


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("a.pdf", lambda: b"no pdf", "is a damaged PDF file"),
        ("a.pdf", lambda: pdf_of("x")[:200], "is a damaged PDF file"),
        ("a.docx", lambda: b"no zip", "is a damaged Word file (File is not a zip file)"),
        ("a.docx", lambda: word_file()[:-100], "is a damaged Word file"),
        ("a.docx", lambda: with_entity('SYSTEM "file:///etc/hostname"'), "has a document type (DTD)"),
        ("a.docx", lambda: with_entity('"rain"'), "has a document type (DTD)"),
        ("a.docx", without_document, "There is no item named 'word/document.xml'"),
        ("a.docx", lambda: word_file(root="workbook"), "is not a Word file"),
        ("a.docx", lambda: word_file("<w:p>open"), "is a damaged Word file (Opening and ending tag mismatch"),
        ("a.docx", lambda: word_file("<w:altChunk/>"), "holds another document as it was imported"),
        ("a.pdf", lambda: pdf_without(b"4 0 obj"), "the content of page 1 is missing"),
        ("a.pdf", lambda: pdf_without(b"7 0 R"), "can be read)"),
        ("a.docx", zip_bomb, "a Word file is at most 256 MiB when unpacked, this one is 300"),
    ],
)
def test_a_file_that_is_not_sound_is_named(reader: Reader, name: str, data, rule: str) -> None:
    pytest.importorskip("pypdf")
    reader.write("in/" + name, data())
    reader.write("in/b.txt", "Sound.")
    with pytest.raises(CorpusError) as error:
        reader.texts("in")
    assert f"in/{name}" in str(error.value)
    assert rule in str(error.value)
    assert reader.texts("in", skip_bad_rows=True) == ["Sound."]
    assert name in reader.summary.bad_places[0]


def test_a_pdf_with_a_password_is_refused() -> None:
    pypdf = pytest.importorskip("pypdf")
    writer, file = pypdf.PdfWriter(clone_from=io.BytesIO(pdf_of("secret"))), io.BytesIO()
    writer.encrypt("word", algorithm="RC4-128")
    writer.write(file)
    refused(
        lambda: document_text(document_kind(".pdf"), file.getvalue()),
        ValueError,
        "is encrypted: save it without a password",
    )


@settings(max_examples=30 * TIMES, deadline=None)
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


def test_pages_without_text_are_named(reader: Reader) -> None:
    why = "comments, scripts, navigation and hidden elements of HTML files are not read"
    page = reader.write("a.html", "<!-- hail fell -->\n")
    refused(
        lambda: reader.read(page),
        CorpusError,
        rf"a\.html: it contains no documents .*no text in {page}: {why}",
    )
    reader.write("b.html", "<script>hail()</script>")
    refused(lambda: reader.read(reader.folder), CorpusError, rf"no text in {page} and 1 more file: {why}")
    reader.write("c.html", "<p>hail fell")
    assert reader.texts(reader.folder) == ["hail fell"]
    assert reader.summary.notes == [f"no text in {page} and 1 more file: {why}"]
