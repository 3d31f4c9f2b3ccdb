"""An extension of griffe, which reads docstrings for the site: a doctest without a heading is an example.

As Markdown, each line after ``>>>`` would be a quotation of a quotation.
"""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension, Object


class DoctestsAsExamples(Extension):  # type: ignore[misc, unused-ignore]
    """Write the heading that numpydoc asks for."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Change the docstring of one object."""
        if obj.docstring and not re.search(r"^Examples\n-+$", obj.docstring.value, re.MULTILINE):
            obj.docstring.value = re.sub(
                r"\n\n(?=>>> )", "\n\nExamples\n--------\n", obj.docstring.value, count=1
            )
