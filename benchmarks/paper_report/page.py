"""The parts of a page that a program writes: between a marker that names the part and one that ends it.

<!-- generated:epochs -->
... replaced ...
<!-- /generated -->
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["fill", "generated"]

_PART = re.compile(r"(<!-- generated:([\w-]+) -->\n)(.*?)(<!-- /generated -->)", re.DOTALL)


def generated(page: str) -> dict[str, str]:
    """The generated parts of a page by name."""
    return {match[2]: match[3] for match in _PART.finditer(page)}


def fill(page: str, parts: Mapping[str, str]) -> str:
    """Put every part in its place; all else stays as it is.

    Raises
    ------
    ValueError
        If the page has no place for a part, or a place without a part, or a marker without its end.

    Examples
    --------
    >>> fill("before\\n<!-- generated:a -->\\nold\\n<!-- /generated -->\\nafter", {"a": "new"})
    'before\\n<!-- generated:a -->\\nnew\\n<!-- /generated -->\\nafter'
    """
    places = [match[2] for match in _PART.finditer(page)]
    if sorted(places) != sorted(parts):
        odd = ", ".join(sorted(set(places) ^ set(parts))) or "one of them twice"
        raise ValueError(f"the page's places and the generated parts differ: {odd}")
    if page.count("<!-- generated:") != len(places):
        raise ValueError("a generated part begins inside another, or does not end")
    return _PART.sub(lambda match: f"{match[1]}{parts[match[2]].strip()}\n{match[4]}", page)
