"""What `migrate` prints: recall of four combinations, and whether the map is safe."""

from __future__ import annotations

from typing import Any

__all__ = ["recall_text"]

_WAYS = {
    "new_new": "new questions, new vectors",
    "new_old": "new questions through the map, old vectors",
    "old_old": "old questions, old vectors",
    "unmapped": "new questions without the map, old vectors",
}


def recall_text(report: dict[str, Any]) -> str:
    """The report of `selfvec.exporters.migrate`."""
    recall = report["recall"]
    if recall["kept"] is None:
        return "too few passages to measure the map: embed the documents again"
    size = f"{recall['questions']:,} questions, {recall['texts']:,} passages that the map was not fitted on"
    rows = [f"{_WAYS[way]:<44}{recall[way]:.3f}" for way in _WAYS if recall[way] is not None]
    interval = f"{100 * recall['low']:.1f} to {100 * recall['high']:.1f}"
    verdict = "safe" if report["safe"] else "re-embed"
    kept = f"recall kept {100 * recall['kept']:.1f} % ({interval}): {verdict}"
    return "\n".join([f"recall@10 ({size})", *rows, kept])
