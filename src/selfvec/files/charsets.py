"""Which encoding bytes are in. Every text, page and list is judged here.

A byte order mark decides, then what a page names, read as browsers read it (https://encoding.spec.whatwg.org).
Without either a text is UTF-8, in which a few bytes may be wrong. What hardly is UTF-8 is never guessed in
silence: a detector names the likely encoding.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from selfvec.base.display import decoded, escape_controls

from .compressed_files import Readable

_MARKS = (  # UTF-32 first: its mark begins as that of UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MARK_BYTES = 4
"""Bytes in which a byte order mark is found."""


_FIRST = 0xC0  # the lowest first byte of letters beyond ASCII
_RARE = 1000  # bytes with one wrong place among them: too few to tell anything about a text
_SAMPLE = 1 << 16  # bytes shown to the detector
_SHOWN = 40  # characters of a text that are quoted as it would be read
_ISO_2022 = re.compile(rb"\x1b(?:\$[@B]|\$\([A-D]|\$\)C|\([JI])")  # Japanese or Korean in 7 bits


# UTF-16 and UTF-32


def marked(head: bytes) -> str | None:
    """The codec that a byte order mark names; None without a mark, and for UTF-8."""
    return next((codec for mark, codec in _MARKS if head.startswith(mark)), None)


class Utf8Reader:
    """The bytes of another reader, in UTF-16 or UTF-32, as UTF-8; what is wrong becomes a wrong byte."""

    def __init__(self, reader: Readable, head: bytes, codec: str) -> None:
        self._reader = reader
        self._decoder = codecs.getincrementaldecoder(codec)(_WRONG)
        self._ready = self._utf8(head)
        self._ended = False

    def read(self, size: int) -> bytes:
        pieces = [self._ready]
        held = len(self._ready)
        while held < size and not self._ended:
            data = self._reader.read(size)
            self._ended = not data
            pieces.append(self._utf8(data, self._ended))
            held += len(pieces[-1])
        whole = b"".join(pieces)
        self._ready = whole[size:]
        return whole[:size]

    def _utf8(self, data: bytes, last: bool = False) -> bytes:
        return self._decoder.decode(data, last).encode("utf-8", "surrogateescape")


_WRONG = "selfvec.wrong"
codecs.register_error(_WRONG, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]


# What is not UTF-8


@dataclass
class Tally:
    """How well bytes have decoded as UTF-8 so far."""

    size: int = 0
    letters: int = 0  # beyond ASCII
    wrong: int = 0  # places
    lines: list[bytes] = field(default_factory=list)  # the first that are wrong, about a sample
    first: int | None = None  # the number of the first of them

    def add(self, data: bytes) -> None:
        """Count bytes that are UTF-8."""
        self.size += len(data)
        if not data.isascii():
            import numpy as np

            self.letters += int(np.count_nonzero(np.frombuffer(data, np.uint8) >= _FIRST))

    def add_line(self, number: int, line: bytes) -> tuple[bytes, int]:
        """Count a line; the line with U+FFFD for each place that is wrong, and how many these are."""
        text, wrong = decoded(line)
        self.size += len(line) + 1
        self.wrong += wrong
        self.letters += sum(letter > "\x7f" for letter in text) - wrong
        if not wrong:
            return line, 0
        self.first = number if self.first is None else self.first
        if sum(map(len, self.lines)) < _SAMPLE:
            self.lines.append(line)
        return text.encode(), wrong

    @property
    def hardly(self) -> bool:
        """Whether the text is hardly UTF-8: wrong places are not rare, and more than half the letters."""
        return self.wrong * _RARE > self.size and not fits(self.letters, self.wrong)

    @property
    def fault(self) -> NotUtf8:
        return NotUtf8(b"\n".join(self.lines), self.first)


def fits(letters: int, wrong: int) -> bool:
    """Whether at least twice as many letters beyond ASCII could be decoded as not."""
    return letters >= 2 * wrong


@dataclass(frozen=True)
class NotUtf8:
    """Why bytes are not read as UTF-8, and what converts them."""

    data: bytes  # lines that are wrong
    line: int | None  # of the first

    @cached_property
    def codec(self) -> str | None:
        return likely(self.data)

    @property
    def rule(self) -> str:
        """The rule that they break, with the likely encoding and a piece of the text in it."""
        codec = self.codec
        if codec is None:
            return "is not UTF-8"
        text = escape_controls(" ".join(self.data.decode(codec, "replace").split()))
        first = next((place for place, letter in enumerate(text) if letter > "\x7f"), 0)
        start = max(0, min(first - _SHOWN // 2, len(text) - _SHOWN))
        return f'is not UTF-8 but probably {shown(codec)} ("{text[start : start + _SHOWN].strip()}")'

    @property
    def remedy(self) -> str:
        return f"convert it: {iconv(self.codec)}" if self.codec else "save it as UTF-8"


def not_utf8(data: bytes) -> NotUtf8 | None:
    """Why a text is hardly UTF-8; None if it is read as UTF-8."""
    if data.isascii():
        return NotUtf8(data, None) if _ISO_2022.search(data) else None
    if not decoded(data)[1]:
        return None
    tally = tallied(data)
    return tally.fault if tally.hardly else None


def tallied(data: bytes) -> Tally:
    tally = Tally()
    for number, line in enumerate(data.split(b"\n"), 1):
        tally.add_line(number, line)
    return tally


def probably(data: bytes) -> str:
    """The likely encoding of a line that is not UTF-8, in words; empty if it also has letters of UTF-8.

    >>> probably("une forêt et une rivière".encode("latin-1")), probably("forêt".encode() + b"\\xe9")
    (', probably windows-1252', '')
    """
    codec = None if tallied(data).letters else likely(data)
    return f", probably {shown(codec)}" if codec else ""


def likely(data: bytes, *, page: bool = False) -> str | None:
    """The codec in which bytes that are not UTF-8 probably are; None if they are in none that is known.

    A ``page`` is in none of DOS and old Macintoshes.
    """
    import chardet

    sample = data[:_SAMPLE]
    era = chardet.EncodingEra
    among = era.MODERN_WEB | era.LEGACY_ISO if page else era.ALL & ~era.MAINFRAME
    how: dict[str, Any] = {"compat_names": False, "no_match_encoding": "utf-8"}
    detected = chardet.detect(sample, encoding_era=among, exclude_encodings=["koi8-t"], **how)["encoding"]
    codec = None if detected is None else codecs.lookup(detected).name
    if codec is None or codec in ("ascii", "utf-8") or decoded(sample, codec)[1]:
        return None
    if _mixes_scripts(sample.decode(codec)) and not decoded(sample, _LATIN)[1]:
        return _LATIN
    larger = codec_of_label(shown(codec)) or codec  # which may be needed for the rest of a long text
    return larger if decoded(sample, larger) == decoded(sample, codec) else codec


_LATIN = "cp1252"
_TWO_SCRIPTS = re.compile("[A-Za-z][\u0370-\u06ff]|[\u0370-\u06ff][A-Za-z]")


def _mixes_scripts(text: str) -> bool:
    """Whether most letters beyond ASCII stand beside one of ASCII, though they are not Latin: *cafι*.

    The detector finds this in a text with very few such letters.
    """
    letters = sum(letter > "\x7f" and letter.isalpha() for letter in text)
    return 2 * len(_TWO_SCRIPTS.findall(text)) >= letters > 0


_ICONV = {
    "mac-roman": "macintosh", "mac-latin2": "mac-centraleurope", "big5hkscs": "big5-hkscs",
    "euc-jis-2004": "euc-jp", "shift-jis-2004": "shift_jisx0213", "iso2022-jp-2004": "iso-2022-jp-3",
    "iso2022-jp-ext": "iso-2022-jp",
}  # fmt: skip


def shown(codec: str) -> str:
    """The name by which people know a codec of Python, which iconv knows too.

    >>> shown("cp1251"), shown("iso8859-2"), shown("gb18030"), shown("utf-16-le")
    ('windows-1251', 'iso-8859-2', 'gb18030', 'utf-16le')
    """
    name = codec.replace("_", "-")
    usual = re.sub(r"^cp(?=125\d)", "windows-", re.sub(r"^iso(?=\d)", "iso-", name))
    return _ICONV.get(name, re.sub(r"^(utf-\d\d)-", r"\1", usual))


def iconv(codec: str) -> str:
    return f"iconv -f {shown(codec)} -t utf-8"


# Pages

_LOOKED_AT = 4096  # bytes in which a page names its encoding; the standard asks for 1,024
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
_META = re.compile(rb"<meta[\s/]([^>]*)", re.I)
_ATTRIBUTE = re.compile(rb"""([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""")
_IN_CONTENT = re.compile(rb"""charset\s*=\s*["']?\s*([^\s;"']+)""", re.I)
_XML = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']\s*([^"'\s>]+)""", re.I)
_WITHOUT_MARK = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_TYPED = 4  # letters that make a text UTF-8, whatever it names: no other encoding has so many by accident


@dataclass(frozen=True)
class Page:
    text: str
    wrong: int = 0  # places that cannot be decoded
    guess: str = ""  # in what it was read, if that is not what it names


def read_page(data: bytes) -> Page:
    """A page by its mark, by the encoding it names, as UTF-8, or by the detector, in this order.

    What a page names is not believed if it is UTF-8 that cannot be an accident, or if it hardly decodes.
    """
    if data.startswith(codecs.BOM_UTF8):
        return Page(*decoded(data, "utf-8-sig"))
    by_bytes = marked(data) or next((codec for mark, codec in _WITHOUT_MARK if data.startswith(mark)), None)
    if by_bytes:
        text, wrong = decoded(data, by_bytes)
        return Page(text.removeprefix("\ufeff"), wrong)
    name, codec = _named_codec(data[:_LOOKED_AT])
    utf8 = decoded(data)
    if codec not in (None, "utf-8") and not utf8[1] and _beyond_ascii(utf8[0]) >= _TYPED:
        return Page(utf8[0], guess=f"is UTF-8, and names {name}")
    text, wrong = utf8 if codec in (None, "utf-8") else decoded(data, codec)
    seven_bits = codec is None and not_utf8(data) if data.isascii() else None
    if not seven_bits and (not wrong or fits(_beyond_ascii(text) - wrong, wrong)):
        return Page(text, wrong)
    guessed = likely((seven_bits or tallied(data).fault).data, page=True)
    if guessed is None:
        return Page(text, wrong)
    told = f"names {name}, in which it hardly decodes" if name else "names no encoding"
    return Page(*decoded(data, guessed), f"{told}: read as {shown(guessed)}, a guess")


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _named_codec(head: bytes) -> tuple[str, str | None]:
    """The encoding that the beginning of a page names, and its codec; None if browsers would not know it."""
    head = _COMMENT.sub(b"", head)
    labels = [label for meta in _META.finditer(head) if (label := _meta_label(meta[1]))]
    if not labels and (declaration := _XML.match(head)):
        labels = [declaration[1]]
    for label in labels:
        name = label.decode("ascii", "replace").strip()
        codec = codec_of_label(name)
        if codec is not None:  # a page whose label could be read is not in UTF-16
            return name, "utf-8" if codec.startswith("utf-16") else codec
    return "", None


def _meta_label(attributes: bytes) -> bytes | None:
    """The encoding that a tag names by ``charset``, or by ``http-equiv`` and ``content``."""
    values: dict[bytes, bytes] = {
        name.lower(): a or b or c for name, a, b, c in reversed(_ATTRIBUTE.findall(attributes))
    }
    if b"charset" in values:
        return values[b"charset"]
    if values.get(b"http-equiv", b"").strip().lower() != b"content-type":
        return None
    inner = _IN_CONTENT.search(values.get(b"content", b""))
    return None if inner is None else inner[1]


# Python's codecs that browsers use for a name of the standard, where `webencodings` has a smaller one.
_LARGER = {
    "gbk": "gb18030",
    "euc-jp": "euc_jis_2004",
    "iso-2022-jp": "iso2022_jp_ext",
    "x-user-defined": "cp1252",
}
_OLDER = ("cp", "iso2022_", "hz", "johab", "koi8", "mac")  # codecs that the standard lacks


def codec_of_label(label: str) -> str | None:
    """Python's codec for the name of an encoding, as browsers understand the name; None if it is unknown.

    >>> [codec_of_label(name) for name in ("latin1", "x-cp1251", "Windows-31J", "gb2312", "tis-620", "x")]
    ['cp1252', 'cp1251', 'cp932', 'gb18030', 'cp874', None]
    """
    import webencodings

    encoding = webencodings.lookup(label)
    if encoding is not None and encoding.name != "replacement":
        return str(_LARGER.get(encoding.name, encoding.codec_info.name))
    with suppress(LookupError):
        codec = codecs.lookup(label).name
        return codec if codec.startswith(_OLDER) else None
    return None
