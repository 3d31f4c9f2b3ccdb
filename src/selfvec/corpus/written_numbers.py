"""Numbers as people write them: ``1.234,56 €``, ``$3``, ``12 %``, ``(1,000)``.

Whether a comma or a point is the decimal mark is decided by the whole column. A value decides if only one
reading of it is possible: ``1.234,56``, ``1,5`` and ``1.234.567`` have decimal commas. If none decides, the
mark is a point.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

NAN = float("nan")

_UNIT = r"(?:\w{0,3}\.?¤|[A-Z]{3}|kr\.?|zł|Kč|Ft|Fr\.?|Rs\.?|%|‰)"
_NUMBER = re.compile(  # *+ gives nothing back: three parts that could share blanks would try every division
    rf"(?P<open>\()?(?P<sign>[+-]?)\s*+(?:{_UNIT})?\s*+(?P<inner>[+-]?)"
    r"(?P<digits>\d[\d.,' ]*+|[.,]\d++)(?P<power>[eE][+-]?\d+)?"
    rf"(?P<last>-?)\s*+(?:{_UNIT})?\s*+(?P<close>\))?"
)
_WHOLE = re.compile(r"\d*|\d{1,3}(?:[.,' ]\d{2,3})*[.,' ]\d{3}")  # in groups of three, or two in India
_SIGNS = str.maketrans("−‐‑–’ʼ٫٬", "----'',.")


def decimal_mark(values: Iterable[str]) -> str:
    """The decimal mark of a column, ``.`` or ``,``.

    >>> decimal_mark(["1.500", "2,75 €"]), decimal_mark(["1,500", "20.5"]), decimal_mark(["1.500"])
    (',', '.', '.')
    """
    marks = [mark for value in values if (mark := _own_mark(value))]
    return "," if marks.count(",") > marks.count(".") else "."


def written_number(text: str, decimal: str = ".") -> float:
    """The number that a text is, with this decimal mark unless it has one of its own; NaN if it is none.

    >>> [written_number(text) for text in ("1,234.5", "€ 3", "1.234,56 €", "12 %", "(7)", "1e3", "n/a")]
    [1234.5, 3.0, 1234.56, 12.0, -7.0, 1000.0, nan]
    >>> written_number("1.500", ","), written_number("1.500")
    (1500.0, 1.5)
    """
    found = _match(text)
    if found is None:
        return NAN
    digits = found["digits"].strip()
    mark = _own_mark_of(digits) or decimal
    whole, _, fraction = digits.partition(mark)
    if not _WHOLE.fullmatch(whole) or not (fraction.isdecimal() or not fraction):
        return NAN
    negative = bool(found["open"]) or "-" in (found["sign"], found["inner"], found["last"])
    plain = re.sub(r"[^\d]", "", whole)
    size = float(f"{plain or 0}.{fraction or 0}{found['power'] or ''}")
    return -size if negative else size


def _match(text: str) -> re.Match[str] | None:
    plain = unicodedata.normalize("NFKC", text.translate(_SIGNS)).strip()
    plain = "".join("¤" if unicodedata.category(sign) == "Sc" else sign for sign in plain)
    found = _NUMBER.fullmatch(plain)
    return found if found and bool(found["open"]) == bool(found["close"]) else None


def _own_mark(text: str) -> str:
    found = _match(text)
    return _own_mark_of(found["digits"]) if found else ""


def _own_mark_of(digits: str) -> str:
    """The decimal mark that digits can only have; empty if both are possible, or there is no mark."""
    marks = [sign for sign in digits if sign in ".,"]
    if not marks:
        return ""
    last, other = marks[-1], "." if marks[-1] == "," else ","
    if len(set(marks)) == 2:
        return last
    if len(marks) > 1:
        return other
    before, _, after = digits.strip().partition(last)
    grouped = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0")
    return "" if grouped else last
