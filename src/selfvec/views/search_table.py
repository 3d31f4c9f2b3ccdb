"""What a search found, as text: the matching words bold, the related ones underlined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfvec.base.display import escape_for_display

if TYPE_CHECKING:
    from rich.text import Text

    from selfvec.search import Found, Hit, Reason

__all__ = ["found_text"]

STYLES = {"match": "bold yellow", "related": "underline cyan"}
REASONS = 6  # words shown as reasons


def found_text(found: Found) -> Text:
    """Hits, the best first, each with its snippet and its reasons."""
    from rich.text import Text

    if not found.hits:
        return Text(f"nothing found in {found.documents:,} documents")
    out = Text()
    for number, hit in enumerate(found.hits, 1):
        out.append_text(_hit(number, hit))
    out.append("match", STYLES["match"]).append("  ").append("related", STYLES["related"])
    return out.append(f"  {found.documents:,} documents, {found.mode}")


def _hit(number: int, hit: Hit) -> Text:
    from rich.text import Text

    out = Text(f"{number:>2}  ")
    out.append(escape_for_display(hit.id), "bold").append(f"  {hit.score:.2f}")
    if hit.date:
        out.append(f"  {hit.date}", "dim")
    shown = Text("".join(" " if not character.isprintable() else character for character in hit.snippet))
    for mark in hit.marks:
        shown.stylize(STYLES[mark.kind], mark.start, mark.end)
    out.append("\n    ").append_text(shown)
    parts = ", ".join(f"{name} {value:+.2f}" for name, value in hit.parts.items())
    reasons = "; ".join(_reason(reason) for reason in hit.words[:REASONS])
    return out.append(f"\n    {parts}{f' · {reasons}' if reasons else ''}\n\n", "dim")


def _reason(reason: Reason) -> str:
    times = f" ×{reason.count}" if reason.count > 1 else ""
    if reason.query.lower() == reason.document:
        return f"{escape_for_display(reason.document)}{times}"
    near = "" if reason.kind == "match" else f" {reason.cosine:.2f}"
    return f"{escape_for_display(reason.query)} → {escape_for_display(reason.document)}{near}{times}"
