"""The text of files that hold one document in a format of their own: HTML, PDF and Word.

`DOCUMENT_KINDS` lists them. A reader takes the bytes of a file and returns its text, all of it: what can be
read only in part is a `ValueError` with the fault, as is any exception of a library for a damaged file.
"""

from __future__ import annotations

import html
import importlib.util
import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from selfvec.base.display import count_of
from selfvec.base.errors import require

if TYPE_CHECKING:
    from selfvec.files.charsets import Page

MAX_ROW = 64 << 20
"""Bytes of the longest row, line or file that is read as one document."""

_MOST_UNPACKED = 4 * MAX_ROW  # bytes of a Word file, pictures included
_MOST_TAGS = 1 << 22  # of an HTML page or a part of a Word file, so that few take much memory


@dataclass
class Remarks:
    """What a reader says of a file besides its text."""

    repairs: list[str] = field(default_factory=list)  # what was wrong with its encoding, and was mended
    unread: list[tuple[str, str]] = field(default_factory=list)  # a kind of loss, and a sentence about it


@dataclass(frozen=True)
class DocumentKind:
    """A format of documents; ``package`` is in the extra ``documents``, if it is not in the core."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, Remarks], str]
    unread: str  # what a file may hold that is not read
    package: str | None = None  # the module that reads it
    paged: bool = False  # whether form feeds in its text end pages

    @property
    def there(self) -> bool:
        return self.package is None or importlib.util.find_spec(self.package) is not None


def document_kind(suffix: str) -> DocumentKind | None:
    return next((kind for kind in DOCUMENT_KINDS if suffix in kind.suffixes), None)


def require_reader(kind: DocumentKind) -> None:
    if kind.package is not None:
        require(kind.package, "documents", f"reading {kind.name}")


def document_text(kind: DocumentKind, data: bytes, remarks: Remarks | None = None) -> str:
    """The text of a file. `ValueError` if it is damaged; `MissingExtra` if a package is missing."""
    require_reader(kind)
    try:
        text = kind.read(data, remarks or Remarks())
    except _Unsound:
        raise
    except Exception as error:  # libraries raise any exception for damaged files
        reason = (str(error).strip().split("\n")[0] or type(error).__name__)[:200]
        raise ValueError(f"is a damaged {kind.name} file ({reason})") from error
    _check_size(len(text))
    return text.replace("\0", "").encode("utf-8", "replace").decode()  # without halves of surrogate pairs


class _Unsound(ValueError):
    """A file that is refused here, not by a library."""


def _check_size(characters: int) -> None:
    if characters > MAX_ROW:
        raise _Unsound(f"a document is at most {MAX_ROW >> 20} MiB of text, this one is longer")


def _check_tags(tags: int) -> None:
    """Refuse markup that would take too much memory as a tree."""
    if tags > _MOST_TAGS:
        raise _Unsound(f"a document has at most {_MOST_TAGS:,} tags, this one has {tags:,}")


# HTML

BLOCKS = frozenset(
    """address article aside blockquote body br button caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu
    nav ol optgroup option p pre search section select summary table tbody td tfoot th thead title tr
    ul""".split()  # noqa: SIM905
)
"""Elements that begin a line of their own, or a cell. All others, also unknown ones, are within a line."""
WITHIN_LINES = frozenset(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q ruby s samp
    small span strike strong sub sup time tt u var wbr""".split()  # noqa: SIM905
)
UNSEEN = frozenset(("script", "style", "template"))
"""Elements whose content is no text."""
# Buttons and what stands aside are text: many pages fold answers under the one, and warn in the other.
_NO_TEXT = UNSEEN | frozenset(
    """noscript nav select textarea iframe object svg math canvas audio video map dialog menu rt rp""".split()  # noqa: SIM905
)
_OUTER = frozenset(("header", "footer"))  # of the page, unless they are in an article
_NO_TEXT_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "menu"))
_INVISIBLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_BLOCK = "\u2029"  # between blocks, while white space is not yet joined
_PAGE_ENDS = re.compile(r"</(?:body|html)(?:\s[^<>]*)?(?:>|\Z)", re.I)
_LAST = "selfvec-end"  # an element put after the page: if the tree lacks it, the page was not read to its end
_CDATA = "<![CDATA["


def _html(data: bytes, remarks: Remarks) -> str:
    """The title and the text of a page, a line for each block, without scripts, styles and navigation."""
    from lxml import etree

    from selfvec.files.charsets import read_page

    whole = read_page(data)
    _tell_repair(whole, remarks)
    page = whole.text.replace("\0", "")
    _check_tags(page.count("<"))
    # Text after </html> is shown by browsers and dropped by the parser.
    page = _PAGE_ENDS.sub("", _without_cdata(page)) + f"<{_LAST}>"
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(page.encode("utf-8", "replace"), parser)
    heading = root.find(".//head/title")
    title = " ".join("" if heading is None else "".join(heading.itertext()).split())
    lines = (" ".join(line.split()) for line in "".join(_pieces(root, heading)).split(_BLOCK))
    body = "\n".join(line for line in lines if line)
    text = f"{title}\n\n{body}" if title and body else title or body
    if next(root.iter(_LAST), None) is None and f"<{_LAST}>" not in text:  # as text, after <plaintext>
        deep = len(parser.error_log.filter_from_fatals())
        fault = "its elements are nested too deep" if deep else "a tag, comment or script is never closed"
        raise _Unsound(f"cannot be read to its end: {fault}")
    return text.replace(f"<{_LAST}>", "").strip()


def _without_cdata(page: str) -> str:
    """A page whose CDATA sections, which only XHTML has, are plain text."""
    first, *sections = page.split(_CDATA)
    parts = (section.partition("]]>") for section in sections)
    return first + "".join(html.escape(text) + rest if end else text for text, end, rest in parts)


def _tell_repair(page: Page, remarks: Remarks) -> None:
    """Tell in what a page was read, if that was guessed, and how many places of it cannot be decoded."""
    lost = f"{count_of(page.wrong, 'place')} became �" if page.wrong else ""
    if page.guess or lost:
        remarks.repairs.append(": ".join(filter(None, (page.guess or "is not in its encoding", lost))))


def _pieces(root: Any, heading: Any) -> Iterator[str]:
    """The text of a page in order, without its ``heading``, with a mark at the bounds of blocks."""
    from lxml import etree

    walk = etree.iterwalk(root, events=("start", "end"))
    articles = 0
    for event, element in walk:
        tag = element.tag
        if event == "end":
            articles -= tag in ("article", "main")
            yield _BLOCK if tag in BLOCKS else ""
            yield element.tail or ""
            continue
        articles += tag in ("article", "main")
        yield _BLOCK if tag in BLOCKS else ""
        hidden = element.get("hidden") is not None or element.get("role") in _NO_TEXT_ROLES
        hidden = hidden or _INVISIBLE.search(element.get("style", "")) is not None
        if tag in _NO_TEXT or hidden or (tag in _OUTER and not articles) or element is heading:
            walk.skip_subtree()
        else:
            yield element.text or ""


# PDF


# What comes out of a font that does not say which letters its signs are: their numbers or names.
_UNMAPPED = re.compile(r"/[Gg](?:lyph)?\d+|\(cid:\d+\)|[\x00-\x08\x0b\x0e-\x1f\ue000-\uf8ff]")
_FEW = 20  # characters of a text for each such place, at least, if the rest is text


def _pdf(data: bytes, remarks: Remarks) -> str:
    """The text of the pages, with a form feed between them, and of what was typed into forms.

    Pages without text, and those whose fonts do not tell their letters, are left out and told.
    """
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every minor fault of a file
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise _Unsound("is encrypted: save it without a password")
    tree: Any = reader.root_object["/Pages"]
    count = tree.get("/Count", 0)
    if len(reader.pages) < count:  # the library leaves out damaged pages in silence
        raise _Unsound(f"is a damaged PDF file ({len(reader.pages):,} of its {count:,} pages can be read)")
    pages: list[str] = []
    unmapped = size = 0  # pages, and characters
    for number, page in enumerate(reader.pages, 1):
        if "/Contents" in page and page.get_contents() is None:
            raise _Unsound(f"is a damaged PDF file (the content of page {number:,} is missing)")
        text = page.extract_text().strip()
        foreign = 0 < len(text) < _FEW * len(_UNMAPPED.findall(text))
        unmapped += foreign
        pages.append("" if foreign else text)
        size += len(pages[-1])
        _check_size(size)
    empty = pages.count("") - unmapped
    if 0 < empty < len(pages):  # of a file without any text this is said of the file
        rule = f"{empty:,} of {len(pages):,} pages hold no text: are they scans? OCR them"
        remarks.unread.append(("scans", rule))
    if unmapped:
        where = f"pages in fonts that do not tell their letters are left out, {unmapped:,} of {len(pages):,}"
        remarks.unread.append(("fonts", f"{where}: OCR them"))
    values = [entry.get("/V") for entry in (reader.get_fields() or {}).values() if entry.get("/FT") != "/Btn"]
    typed = [value.strip() for value in values if isinstance(value, str)]
    return "\n".join(["\f".join(pages), *typed]).strip()


# Word

# deleted text, tab stops, text boxes again, furigana
_NOT_SHOWN = frozenset(("del", "moveFrom", "pPr", "Fallback", "rt"))
_SPACES = {"p": "\n", "br": "\n", "cr": "\n", "tab": "\t", "ptab": "\t", "noBreakHyphen": "-"}
_NOTES = ("footnotes.xml", "endnotes.xml")


_SYMBOLS = (  # of the font Symbol from 0x20 and from 0xA0 on; parts of large brackets are blanks
    " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧ∆ΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_ αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈… —↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑          〉∫⌠ ⌡         ",
)


def _docx(data: bytes, _: Remarks) -> str:
    """The paragraphs, also those of tables, text boxes, forms and tracked insertions; then the notes."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(item.file_size for item in archive.infolist())
        if unpacked > _MOST_UNPACKED:
            most = _MOST_UNPACKED >> 20
            rule = f"a Word file is at most {most} MiB when unpacked, this one is {unpacked >> 20:,}"
            raise _Unsound(rule)
        links = _tree(_unpacked(archive, "_rels/.rels"))
        kinds = {link.get("Type", "").rpartition("/")[2]: link.get("Target", "") for link in links}
        main = kinds.get("officeDocument", "word/document.xml").lstrip("/")
        document = _tree(_unpacked(archive, main))
        if _local(document) != "document":
            raise _Unsound("is not a Word file")
        notes = [str(PurePosixPath(main).with_name(name)) for name in _NOTES]
        parts = [document, *(_tree(_unpacked(archive, name)) for name in notes if name in archive.namelist())]
    lines = "".join(piece for part in parts for piece in _word_pieces(part)).split("\n")
    return "\n".join(line for line in lines if line.strip())


def _unpacked(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part of a Word file. If it is larger than it says, no more is unpacked, and its checksum is wrong."""
    with archive.open(name) as part:
        return part.read(archive.getinfo(name).file_size + 1)


def _tree(data: bytes) -> Any:
    from lxml import etree

    _check_tags(data.count(b"<"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise _Unsound("has a document type (DTD), which no Word file has: save it again with Word")
    return root


def _local(element: Any) -> str:
    """The name of an element. Its namespace depends on the edition of the standard."""
    return str(element.tag).rpartition("}")[2]


def _word_pieces(part: Any) -> Iterator[str]:
    """The text of a part in order, with newlines at the bounds of paragraphs."""
    from lxml import etree

    walk = etree.iterwalk(part, events=("start", "end"))
    for event, element in walk:
        name = _local(element)
        if event == "end":
            yield "\n" if name == "p" else ""
        elif name in _NOT_SHOWN or (name == "r" and _is_hidden(element)):
            walk.skip_subtree()
        elif name == "sym":
            yield _symbol(element)
        elif name == "altChunk":
            raise _Unsound("holds another document as it was imported: open it in Word and save it again")
        else:
            yield _SPACES.get(name, element.text or "" if name == "t" else "")


def _is_hidden(run: Any) -> bool:
    marks = (mark for part in run if _local(part) == "rPr" for mark in part if _local(mark) == "vanish")
    return any(_attribute(mark, "val") not in ("0", "false", "off") for mark in marks)


def _attribute(element: Any, name: str) -> str:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def _symbol(element: Any) -> str:
    """The character of a sign that is given by the number that a font has for it."""
    number = int(_attribute(element, "char") or "0", 16)
    if _attribute(element, "font") == "Symbol":
        place = number & 0xFF  # the number is written with or without F000
        half = _SYMBOLS[place >= 0xA0]
        place -= 0xA0 if place >= 0xA0 else 0x20
        return half[place] if 0 <= place < len(half) else ""
    return "" if number < 0x20 or 0xD800 <= number < 0xF900 else chr(number)  # a picture of another font


_NOT_SEEN = "comments, scripts, navigation and hidden elements"

DOCUMENT_KINDS = (
    DocumentKind("HTML", (".html", ".htm", ".xhtml"), _html, _NOT_SEEN),
    DocumentKind("PDF", (".pdf",), _pdf, "pictures, also those of scanned pages,", "pypdf", paged=True),
    DocumentKind("Word", (".docx",), _docx, "pictures, deleted and hidden text"),
)
