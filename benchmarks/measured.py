"""What each table was measured with, so that a table older than its code is found.

Beside each table stand two things. One is a digest of the code of `benchmarks` that made it, see
`benchmarks.used_code`: another sample, setting or way of counting makes another table. The other, for the
benchmarks of `RESTS_ON`, are digests of the constants of the modules of `selfvec` that decide the figures.
The rest of selfvec's code does not count: nearly all of its changes leave figures as they are, and its tests
hold results to the bit, so a digest over it would only teach people to pass over what it says.

A test names the tables that are older. ``python -m benchmarks same PAGE...`` notes today's code: for a change
that cannot alter the figures of a page; the commit says why. A table that has not been made again since is
marked "before", with the day and commit in which it was written; `results/index.md` lists these.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from benchmarks.page import RESULTS, write_parts
from benchmarks.used_code import Code, parts_of
from selfvec.files.atomic_files import atomic_file

NOTES = Path(__file__).with_name("measured.json")
REFINING = ("refinement.decorrelation", "refinement.methods.decorrelated", "refinement.spelling")
CHOOSING = (*REFINING, "refinement.selection")
TEXTS = (*REFINING, "refinement.derived_vectors", "text.document_vectors", "retrieval.inverse_cloze")
SEARCH = (*TEXTS, "retrieval.build", "retrieval.dense_space", "retrieval.scoring", "text.passages")
RESTS_ON = {
    "auto": (*CHOOSING, *TEXTS),
    "continued": SEARCH,
    "compatible": (*TEXTS, "retrieval.encoder.adapter"),
    "concepts": (*REFINING, "analysis.concepts.terms", "text.phrase_finding"),
    "dense_weight": SEARCH,
    "drift": ("analysis.usage.occurrence_vectors", "analysis.word_drift.permutation_test"),
    "encoder": (*SEARCH, "encoders.student", "retrieval.encoder_part"),
    "encoder_weight": (*SEARCH, "retrieval.encoder_part"),
    "encoders": TEXTS,
    "gains": TEXTS,
    "hybrids": (*SEARCH, "encoders.student", "retrieval.encoder_part"),
    "glosses": (*SEARCH, "analysis.concepts.topic_clusters", "analysis.usage.occurrence_vectors"),
    "live": SEARCH,
    "monitor": ("analysis.monitoring",),
    "online": ("refinement.methods.sequential",),
    "other_languages": ("analysis.usage.occurrence_vectors", "analysis.word_drift.sentences"),
    "oov": REFINING,
    "replacements": (*REFINING, "refinement.derived_vectors", "analysis.word_neighbours"),
    "senses": (*REFINING, "analysis.word_senses", "analysis.usage.contexts"),
    "untouched": (*SEARCH, "refinement.selection", "retrieval.encoder_part"),
}
"""The modules of `selfvec` whose public constants decide the figures of each benchmark of quality."""

CODE, BEFORE = "code", "before"  # keys of a note, beside modules of `selfvec`
OLDER = "older"  # the part of a page that names its older tables
Digests = dict[str, str]


def constants(module: str) -> dict[str, object]:
    """The public numbers, and tuples of numbers, that a module of `selfvec` defines as constants."""
    found = importlib.import_module(f"selfvec.{module}")
    body = ast.parse(Path(str(found.__file__)).read_text(encoding="utf-8")).body
    assigned = [node for node in body if isinstance(node, ast.Assign | ast.AnnAssign)]
    names = {node.id for one in assigned for node in ast.walk(one) if isinstance(node, ast.Name)}
    values = {name: getattr(found, name, None) for name in names if re.fullmatch(r"[A-Z][A-Z\d_]*", name)}
    return {name: value for name, value in values.items() if _is_number(value)}


def _is_number(value: object) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    return all(isinstance(part, int | float) for part in parts)


def digests(modules: Iterable[str]) -> Digests:
    """A digest of the constants of each module."""
    return {
        module: hashlib.sha256(repr(sorted(constants(module).items())).encode()).hexdigest()[:8]
        for module in sorted(set(modules))
    }


def today(benchmark: str, entries: Iterable[str], code: Code | None = None) -> dict[str, Digests]:
    """The digests of each table of a benchmark, ``folder.module``: of its parts of pages, and of its rows."""
    folder, _, key = benchmark.partition(".")
    module, code = f"benchmarks.{benchmark}", code or Code()
    rests_on = digests(RESTS_ON[key]) if folder == "quality" and key in RESTS_ON else {}
    made: dict[str, str | ast.expr] = {f"{p}#{part}": by for (p, part), by in parts_of(module, code).items()}
    for entry in set(entries) - {"PAGES"}:  # one at most
        made[benchmark] = entry
    return {name: {CODE: code.digest(module, by), **rests_on} for name, by in made.items()}


def noted() -> dict[str, Digests]:
    """For each table: the digests when it was measured."""
    found: dict[str, Digests] = json.loads(NOTES.read_text(encoding="utf-8"))
    return found


def note(measured: Mapping[str, Digests]) -> None:
    """Note the digests of tables that were just measured, and list those that were made before."""
    notes = noted() | dict(measured)
    lines = (f"{json.dumps(name)}: {json.dumps(notes[name])}" for name in sorted(notes))
    with atomic_file(NOTES, overwrite=True) as file:
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    write_parts("index.md", {BEFORE: made_before(notes)})
    tables = older(notes)
    for page in RESULTS.glob("*.md"):
        if f"<!-- generated:{OLDER} -->" in page.read_text(encoding="utf-8"):
            write_parts(page.name, {OLDER: older_on_page(tables.get(page.name, {}))})


def keep(tables: Mapping[str, Digests]) -> None:
    """Note today's digests of tables whose figures a change leaves as they are."""
    marks = {name: {BEFORE: then[BEFORE]} for name, then in noted().items() if BEFORE in then}
    note({name: now | marks.get(name, {}) for name, now in tables.items()})


def stale(tables: Mapping[str, Digests]) -> Iterator[str]:
    """Each table whose code or constants changed since it was measured, and what changed."""
    notes = noted()
    for name, current in tables.items():
        then = notes.get(name, {})
        changed = [one for one in current if then.get(one) != current[one]]
        if changed and BEFORE not in then:
            what = ", ".join("its benchmark" if one == CODE else f"selfvec.{one}" for one in changed)
            yield f"{name}: since it was measured, {what} changed"


def older(notes: Mapping[str, Digests]) -> dict[str, dict[str, list[str]]]:
    """The tables that were written before the present code of their benchmark, by page and by when."""
    pages: dict[str, dict[str, list[str]]] = {}
    for name, then in sorted(notes.items()):
        if BEFORE in then:
            page, _, part = name.partition("#")
            if not part:  # rows of a benchmark: a page of its own, or one for its folder
                folder, _, part = name.partition(".")
                page = f"{part}.md" if (RESULTS / f"{part}.md").exists() else f"{folder}.md"
            pages.setdefault(page, {}).setdefault(then[BEFORE], []).append(part)
    return pages


def made_before(notes: Mapping[str, Digests]) -> str:
    """All older tables, by page, as Markdown."""
    rows = [
        f"* `{page}`: " + "; ".join(f"{', '.join(parts)} ({when})" for when, parts in dates.items())
        for page, dates in older(notes).items()
    ]
    return "\n".join(rows) or "None."


def older_on_page(dates: Mapping[str, Iterable[str]]) -> str:
    """A sentence about the older tables of a page; empty without any."""
    named = ", ".join(part for parts in dates.values() for part in parts)
    return f"*[Older tables](index.md#older-tables): {named}.*" if named else ""
