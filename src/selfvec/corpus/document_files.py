"""The text of files that hold one document in a format of their own: HTML, PDF and Word.

`DOCUMENT_KINDS` lists them. A reader takes the bytes of a file and returns its text. Any exception of a
library for a damaged file becomes a `ValueError` with the fault.
"""

from __future__ import annotations

import codecs
import importlib.util
import io
import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from selfvec.base.errors import MissingExtra

__all__ = ["DOCUMENT_KINDS", "MAX_ROW", "DocumentKind", "document_kind", "document_text", "require"]

MAX_ROW = 64 << 20
"""Bytes of the longest row, line or file that is read as one document."""

_MOST_UNPACKED = 4 * MAX_ROW  # bytes of a Word file, pictures included
_MOST_NODES = 1 << 21  # of an HTML page or a Word file: each takes a kilobyte


@dataclass(frozen=True)
class DocumentKind:
    """A format of documents; ``package`` is in the extra ``documents``, if it is not in the core."""

    name: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes], str]
    package: str | None = None  # the module that reads it
    install: str = ""  # its name for pip

    @property
    def there(self) -> bool:
        """Whether the package that reads it is installed."""
        return self.package is None or importlib.util.find_spec(self.package) is not None


def document_kind(suffix: str) -> DocumentKind | None:
    """The format of files with this suffix, in lower case; None for others."""
    return next((kind for kind in DOCUMENT_KINDS if suffix in kind.suffixes), None)


def require(kind: DocumentKind) -> None:
    """Raise `MissingExtra` if the package that reads a format is not installed."""
    if not kind.there:
        raise MissingExtra(kind.install, "documents", f"reading {kind.name}")


def document_text(kind: DocumentKind, data: bytes) -> str:
    """The text of a file. `ValueError` if it is damaged; `MissingExtra` if a package is missing."""
    require(kind)
    try:
        text = kind.read(data)
    except _Unsound as error:
        raise ValueError(str(error)) from error
    except Exception as error:  # libraries raise any exception for damaged files
        reason = (str(error).strip().split("\n")[0] or type(error).__name__)[:200]
        raise ValueError(f"is a damaged {kind.name} file ({reason})") from error
    if len(text) > MAX_ROW:
        raise ValueError(f"a document is at most {MAX_ROW >> 20} MiB of text, this one is longer")
    return text.replace("\0", "").encode("utf-8", "replace").decode()  # without halves of surrogate pairs


class _Unsound(ValueError):
    """A file that is refused here, not by a library."""


# HTML

_NO_TEXT = frozenset(
    """script style noscript template head nav aside select button textarea iframe object svg math canvas
    audio video map dialog menu""".split()  # noqa: SIM905
)
_OUTER = frozenset(("header", "footer"))  # of the page, unless they are in an article
_NO_TEXT_ROLES = frozenset(("navigation", "banner", "contentinfo", "search", "menu", "complementary"))
_INLINE = frozenset(
    """a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby s samp small
    span strike strong sub sup time tt u var wbr""".split()  # noqa: SIM905
)
_CHARSET = re.compile(rb"""<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*["']?\s*([-\w:.]+)""", re.I)
_LOOKED_AT = 4096  # bytes in which a page names its encoding
_BLOCK = "\u2029"  # between blocks, while white space is not yet joined


def _html(data: bytes) -> str:
    """The title and the text of a page, a line for each block, without scripts, styles and navigation."""
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = etree.fromstring(_decoded(data).replace("\0", "").encode("utf-8", "replace") or b" ", parser)
    if root is None:
        return ""
    heading = root.find(".//head/title")
    title = " ".join("" if heading is None else "".join(heading.itertext()).split())
    lines = (" ".join(line.split()) for line in "".join(_pieces(root)).split(_BLOCK))
    body = "\n".join(line for line in lines if line)
    return f"{title}\n\n{body}" if title and body else title or body


def _decoded(data: bytes) -> str:
    """A page as text, decoded by its byte order mark, its declaration, as UTF-8 or as Windows-1252."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name, "replace")
    named = _CHARSET.search(data[:_LOOKED_AT])
    try:
        codec = codecs.lookup(named[1].decode("ascii")).name if named else "utf-8"
        # Browsers read these as Windows-1252. A page whose declaration is readable is not in UTF-16.
        codec = {"iso8859-1": "cp1252", "ascii": "cp1252", "utf-16": "utf-8"}.get(codec, codec)
        return data.decode(codec)
    except (LookupError, UnicodeError):
        pass
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _pieces(root: Any) -> Iterator[str]:
    """The text of an element in order, with a mark at the bounds of blocks."""
    from lxml import etree

    walk = etree.iterwalk(root, events=("start", "end"))
    articles = nodes = 0
    for event, element in walk:
        tag = element.tag
        if event == "end":
            articles -= tag in ("article", "main")
            yield "" if tag in _INLINE else _BLOCK
            yield element.tail or ""
            continue
        nodes += 1
        if nodes > _MOST_NODES:
            raise _Unsound(f"a page has at most {_MOST_NODES:,} elements, this one has more")
        articles += tag in ("article", "main")
        yield "" if tag in _INLINE else _BLOCK
        hidden = element.get("hidden") is not None or element.get("role") in _NO_TEXT_ROLES
        if tag in _NO_TEXT or hidden or (tag in _OUTER and not articles):
            walk.skip_subtree()
        else:
            yield element.text or ""


# PDF


def _pdf(data: bytes) -> str:
    """The text of the pages. A word that is hyphenated at the end of a line is joined."""
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every minor fault of a file
    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise _Unsound("is encrypted: save it without a password")
    pages = []
    size = 0  # characters
    for page in reader.pages:
        pages.append(page.extract_text().strip())
        size += len(pages[-1])
        if size > MAX_ROW:
            raise _Unsound(f"a document is at most {MAX_ROW >> 20} MiB of text, this one is longer")
    return re.sub(r"(?<=[^\W\d_])-\n(?=[^\W\d_])", "", "\n".join(pages)).strip()


# Word


def _docx(data: bytes) -> str:
    """The paragraphs and the cells of tables, in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked = sum(item.file_size for item in archive.infolist())
    if unpacked > _MOST_UNPACKED:
        rule = (
            f"a Word file is at most {_MOST_UNPACKED >> 20} MiB when unpacked, this one is {unpacked >> 20:,}"
        )
        raise _Unsound(rule)
    from docx import Document

    return "\n".join(line for line in _lines(Document(io.BytesIO(data))) if line.strip())


def _lines(part: Any) -> Iterator[str]:
    """The text of a document or of a cell, by paragraph; a cell that spans others counts once."""
    for block in part.iter_inner_content():
        if hasattr(block, "rows"):
            seen = set()
            for row in block.rows:
                for cell in row.cells:
                    if cell._tc not in seen:
                        seen.add(cell._tc)
                        yield from _lines(cell)
        else:
            yield block.text


DOCUMENT_KINDS = (
    DocumentKind("HTML", (".html", ".htm", ".xhtml"), _html),
    DocumentKind("PDF", (".pdf",), _pdf, "pypdf", "pypdf"),
    DocumentKind("Word", (".docx",), _docx, "docx", "python-docx"),
)
