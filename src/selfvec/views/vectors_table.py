"""Vectors at hand, to be fetched, compressed or migrated, as text for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from selfvec.base.display import printable

_PER_LANGUAGE = "cc."  # fastText's names, cc.LANG.300; they share a row
_HEADS = f"{'name':<38}{'lang':<5}{'licence':<13}{'words':>10}{'dim.':>5}{'MB':>7}"


def vectors_table(listed: Mapping[str, Sequence[Mapping[str, Any]]]) -> RenderableType:
    """The rows of ``selfvec vectors list --json``. The languages of fastText share a row."""
    known = [row for row in listed["can_be_fetched"] if row["kind"] == "vectors"]
    encoders = [row for row in listed["can_be_fetched"] if row["kind"] == "encoder"]
    languages = [str(row["language"]) for row in known if str(row["name"]).startswith(_PER_LANGUAGE)]
    rows = [Text("At hand", "bold"), Text(_HEADS, "bold")]
    for row in listed["at_hand"]:
        rows += _row(row, row["bytes"] / 1e6, str(row["path"]))
    rows += [Text(""), Text("Can be fetched", "bold"), Text(_HEADS, "bold")]
    for row in known:
        if not str(row["name"]).startswith(_PER_LANGUAGE):
            rows += _row(row, row["megabytes"], str(row["description"]))
        elif row["language"] == languages[0]:
            about = f"{row['description']}; LANG is the code of a language; words and MB at most"
            rows += _row({**row, "name": "cc.LANG.300", "language": "LANG"}, row["megabytes"], about)
    rows += [
        Text(f"\nLANG: {' '.join(languages)}\n", "dim"),
        Text("Sentence encoders that can be fetched", "bold"),
    ]
    rows.append(Text(_HEADS.replace(" words", "pieces"), "bold"))
    for row in encoders:
        rows += _row(row, row["megabytes"], str(row["description"]))
    use = "Use:    selfvec refine TEXT --vectors NAME -o RUN, or --encoder NAME for a sentence encoder"
    return Group(*rows, Text(f"\nFetch:  selfvec vectors fetch NAME\n{use}"))


def _row(row: Mapping[str, Any], megabytes: float, about: str) -> Iterator[Text]:
    name, language, licence = (printable(str(row[key])) for key in ("name", "language", "licence"))
    sizes = f"{row['words']:>10,}{row['dimensions']:>5}{megabytes:>7,.0f}"
    yield Text(f"{name:<38}{language:<5}{licence:<13}{sizes}")
    yield Text(f"  {about}", "dim")


def cost_text(cost: Mapping[str, Any]) -> str:
    """What a download costs and is, in two lines.

    ``cost`` holds the values of the catalogue and ``bytes``, the size that the server announces, or None.
    """
    size, most = cost["bytes"], cost["megabytes"]
    megabytes = (
        f"at most {most:,}" if size is None else f"{size / 1e6:,.1f}" if size < 1e7 else f"{size / 1e6:,.0f}"
    )
    unit = "pieces" if cost["kind"] == "encoder" else "words"
    return (
        f"{cost['name']}: {cost['description']}; {cost['source']}\n"
        f"{megabytes} MB to download; language {cost['language']}; at most {cost['words']:,} {unit} × "
        f"{cost['dimensions']} dimensions; licence {cost['licence']}"
    )


# ---- Compressed vectors


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


# ---- Migrated vectors


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
