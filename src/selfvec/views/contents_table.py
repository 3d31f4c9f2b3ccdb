"""What `info` and `verify` print."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from selfvec.base.display import escape_for_display
from selfvec.storage.contents import Contents
from selfvec.storage.verification import Verified

from .terminal import add_row, plain_table, printable

__all__ = ["contents_table", "verified_text"]


def contents_table(found: Contents) -> RenderableType:
    """The facts, the files with their sizes, and where text is."""
    title = f"{found.kind} {printable(found.path)}, {_size(found.bytes)}, written {found.written}"
    facts = plain_table("", "")
    for name, value in found.about.items():
        if name != "options" and value not in (None, [], {}):
            add_row(facts, name, _shown(value))
    options = found.about.get("options") or {}
    given = [f"{name}={_shown(value)}" for name, value in options.items() if value not in (None, [], {})]
    if given:
        add_row(facts, "options", " ".join(given))
    files = plain_table("file", "holds", figures=("size",), title="Files")
    for file in found.files:
        add_row(files, printable(file.name), file.holds, _size(file.bytes))
    text = "Documents cannot be read from these files."
    if found.text:
        text = f"Documents, or parts of them, can be read from: {', '.join(map(printable, found.text))}"
    parts: list[RenderableType] = [Text(title, "bold"), facts, Text(""), files]
    if found.kind in ("run", "index"):
        parts += [Text(""), Text(text)]
    return Group(*parts)


def verified_text(found: Verified) -> RenderableType:
    """A line for every damaged file, or one that says that there is none."""
    rows = [Text(f"{printable(damage.file)}: {damage.rule}", "bold red") for damage in found.damaged]
    if not rows:
        rows = [Text(f"{found.files} files, {_size(found.bytes)}: all as they were written")]
    if found.unchecked:
        rows.append(Text(f"without a checksum: {', '.join(map(printable, found.unchecked))}", "dim"))
    return Group(*rows)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else _words(str(value))


def _words(text: str) -> str:
    return printable(text) if len(text) > 24 else escape_for_display(text)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count:,} bytes"
