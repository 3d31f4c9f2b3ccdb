"""The report of ``selfvec vectors compress``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["compression_text"]


def compression_text(found: Mapping[str, Any]) -> str:
    """The compressed vectors that were tried, the file that was written, and how much quality it keeps."""
    lines = [f"{'method':<12}{'rows':>9}{'dim.':>6}{'codes':>7}{'MB':>8}{'cosine':>8}{'kept':>8}"]
    for row in found["tried"]:
        codes = "" if row["groups"] is None else row["groups"]
        lines.append(
            f"{row['method']:<12}{row['rows']:>9,}{row['dimensions']:>6}{codes:>7}{row['bytes'] / 1e6:>8.2f}"
            f"{row['fidelity']:>8.3f}{row['kept']:>7.1f}%"
        )
    before = found["bytes_before"] / 1e6
    lines += [
        "",
        f"wrote {found['target']}: {found['words']:,} words, {found['bytes'] / 1e6:.2f} of {before:.2f} MB",
    ]
    for one in found["measured_on"]:
        lines += [
            f"{one['metric']} of {one['task']}:",
            f"  {one['compressed']:.3f} of {one['original']:.3f}, {one['kept']:.1f}% kept, "
            f"95 % interval {one['low']:.1f} to {one['high']:.1f}",
        ]
    if not found["enough"]:
        under = "" if found["below"] is None else f" under {found['below'] / 1e6:g} MB"
        lines.append(f"no compressed vectors{under} keep {found['keep']:g}%: these keep most")
    return "\n".join(lines)
