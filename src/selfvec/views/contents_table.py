"""What `info` and `verify` print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from selfvec.base.display import escape_for_display, printable
from selfvec.data.provenance import Provenance
from selfvec.data.settings import Settings
from selfvec.storage.contents import Contents
from selfvec.storage.verification import Verified

from .run_summary import method_details, text_details
from .terminal import add_row, plain_table

__all__ = ["contents_table", "verified_text"]


def contents_table(found: Contents) -> RenderableType:
    """The facts, the files with their sizes, and the files that documents can be read from."""
    title = f"{found.kind} {printable(found.path)}, {_size(found.bytes)}, written {found.written}"
    facts = plain_table("", "")
    for name, value in _facts(found):
        if value not in (None, [], {}, ""):
            add_row(facts, name.replace("_", " "), _shown(value))
    files = plain_table("file", "holds", figures=("size",), title="Files")
    for file in found.files:
        add_row(files, printable(file.name), file.holds, _size(file.bytes))
    text = "Documents cannot be read from these files."
    if found.text:
        text = f"Documents, or parts of them, can be read from: {', '.join(map(printable, found.text))}"
    parts: list[RenderableType] = [Text(title, "bold"), facts, Text("")]
    if found.kind == "run" and "coverage" in found.provenance:
        parts += [*map(Text, method_details(Provenance.of(found.provenance))), Text("")]
    parts.append(files)
    if found.kind in ("run", "index"):
        parts += [Text(""), Text(text)]
    return Group(*parts)


def _facts(found: Contents) -> Iterator[tuple[str, Any]]:
    """The facts about a folder or file, and the options that differ from their defaults."""
    about = dict(found.about)
    options = about.pop("options", None) or {}
    if found.kind == "run" and "coverage" in found.provenance:
        about["words"] = f"{about['words']:,}: {text_details(Provenance.of(found.provenance))}"
    yield from about.items()
    usual = Settings().as_dict()
    yield "options", " ".join(f"{k}={_shown(v)}" for k, v in options.items() if v != usual.get(k))


def verified_text(found: Verified) -> RenderableType:
    """A line for every damaged file, or one line if no file is damaged."""
    rows = [Text(f"{printable(damage.file)}: {damage.rule}", "bold red") for damage in found.damaged]
    if not rows:
        rows = [Text(f"{found.files} files, {_size(found.bytes)}: all as they were written")]
    if found.unchecked:
        rows.append(Text(f"without a checksum: {', '.join(map(printable, found.unchecked))}", "dim"))
    return Group(*rows)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value:,}" if isinstance(value, int) else _words(str(value))


def _words(text: str) -> str:
    return printable(text) if len(text) > 24 else escape_for_display(text)


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count:,} bytes"
