"""Files that are not read, recognised by their first bytes: an error names what they are and what helps.

Nearly every such file is UTF-8. Read as lines, its tags, times and fields would be words.
"""

from __future__ import annotations

import re
from contextlib import suppress

from selfvec.files.charsets import iconv, shown, unmarked_utf16
from selfvec.files.untrusted import LFS_POINTER, LFS_REMEDY, parse_json

_ODF = b"PK\x03\x04.{26}mimetypeapplication/"
_BINARY = (  # of the longer signs first
    (_ODF + b"epub", "an EPUB", "convert it: pandoc -t plain, or unpack its pages"),
    (_ODF + b"vnd.oasis", "an OpenDocument file", "save it as .docx, .html or .csv"),
    (b"PK\x03\x04", "a zip archive (or an Office document)", "unpack it, or name it .docx if it is one"),
    (b"\xd0\xcf\x11\xe0", "a Word or Excel file from before 2007", "save it as .docx or .csv"),
    (b"BZh", "bzip2", "unpack it, or compress it as .gz or .zst"),
    (b"\xfd7zXZ", "xz", "unpack it, or compress it as .gz or .zst"),
    (b"%PDF", "PDF", "extract its text first, or name it .pdf"),
    (re.escape(LFS_POINTER), "a pointer of Git LFS, not the file itself", LFS_REMEDY),
    (rb"\{\\rtf", "RTF", "save it as .docx or .txt"),
)
_TABLE = "write a .csv or .jsonl file with a column of text"
_LINES = "write their text as .txt, a line each, without the times"
_ENTRY = b"article|book|inbook|incollection|inproceedings|misc|online|phdthesis|proceedings|techreport"
_TEXTS = (  # in files that would be read as lines, after white space
    (rb"(?i:<!doctype html|<html)", "HTML", "give it as a file named .html"),
    (rb"<\?xml|<[A-Za-z][\w:.-]*\s[^<>]*xmlns", "XML", _TABLE),
    (rb"WEBVTT\b", "a file of captions (WebVTT)", _LINES),
    (rb"\d+\r?\n\d\d:\d\d:\d\d[,.]\d{3} --> ", "a file of captions (SubRip)", _LINES),
    (rb"TY {1,2}- ?[A-Z]", "RIS", _TABLE),
    (rb"(?:%[^\n]*\n\s*)*@(?i:" + _ENTRY + rb")\s*\{", "BibTeX", _TABLE),
    (rb"(?:#[^\n]*\n)*1(?:-\d+)?\t[^\t\n]+\t[^\t\n]*\t[^\t\n]*\t", "CoNLL", "write a sentence in each line"),
    (rb"(?:window|var|let|const|module|export)\b[\w.$ \[\]\"']*=\s*[\[{]", "JavaScript with data in it",
     "cut off what stands before the first bracket; then jq -c '.[]' makes an object per line"),
)  # fmt: skip
_LIST = re.compile(rb'"([A-Za-z_]\w*)"\s*:\s*\[\s*\{')


def other_format(head: bytes, suffix: str, kind: str) -> tuple[str, str] | None:
    """What a file is that begins with ``head`` and is not read, and a remedy; None for one that is.

    ``kind`` is what its suffix says, empty for an unknown one.
    """
    for sign, name, remedy in _BINARY:
        if re.match(sign, head, re.DOTALL):
            return name, remedy
    if utf16 := unmarked(head):
        return utf16
    if b"\0" in head:
        return "a binary file (it holds NUL bytes)", "give a text, csv, jsonl or parquet file"
    start = head.lstrip()
    if start[:1] in (b"{", b"["):
        return _other_json(start, suffix, kind)
    if kind in ("", "lines"):
        for sign, name, remedy in _TEXTS[kind == "lines" :]:  # a page in a .txt file is read as it is written
            if re.match(sign, start):
                return name, remedy
    return None


def _other_json(start: bytes, suffix: str, kind: str) -> tuple[str, str] | None:
    array = start[:1] == b"["
    if array and suffix == ".json":
        return "one JSON array", "convert it to an object per line: jq -c '.[]'"
    if array or kind not in ("", "jsonl") or b"\n" not in start:
        return None
    with suppress(ValueError):
        parse_json(start.partition(b"\n")[0])
        return None
    if not re.match(rb'\{\s*\n\s*["}]', start):
        return None  # a bad row, which is told with its line
    listed = _LIST.search(start)
    of = f".{listed[1].decode()}[]" if listed else "."
    return "one JSON document over several lines", f"convert it to an object per line: jq -c '{of}'"


def unmarked(data: bytes) -> tuple[str, str] | None:
    """What bytes are and a remedy, if they are UTF-16 without a mark."""
    codec = unmarked_utf16(data)
    if codec is None:
        return None
    return f"{shown(codec)} without a byte order mark", f"convert it: {iconv(codec)}"
