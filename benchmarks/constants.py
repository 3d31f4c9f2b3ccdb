"""Which constants of the code each table rests on, so that a table older than one of them is found.

A benchmark of `RESTS_ON` notes a digest of the constants of these modules beside each part of a page that it
writes. A test compares them with the code. ``python -m benchmarks.constants PAGE...`` notes today's: for a
change that is known to leave the figures of a page as they are.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from selfvec.files.atomic_files import atomic_file

NOTES = Path(__file__).with_name("constants.json")
REFINING = ("refinement.methods.decorrelated", "refinement.spelling")
CHOOSING = (*REFINING, "refinement.selection")
TEXTS = (*REFINING, "refinement.derived_vectors", "text.document_vectors", "retrieval.inverse_cloze")
SEARCH = (*TEXTS, "retrieval.bm25", "retrieval.dense_space", "retrieval.dense_share", "text.passages")
RESTS_ON = {
    "auto": (*CHOOSING, *TEXTS),
    "continued": SEARCH,
    "compatible": (*TEXTS, "retrieval.encoder.adapter"),
    "concepts": (
        *SEARCH,
        "analysis.concepts.terms",
        "analysis.concepts.query_expansion",
        "text.phrase_finding",
    ),
    "dense_weight": SEARCH,
    "drift": ("analysis.usage.occurrence_vectors", "analysis.word_drift.permutation_test"),
    "encoder": (*SEARCH, "encoders.student", "retrieval.encoder_part"),
    "encoders": TEXTS,
    "evaluation": SEARCH,
    "evidence": REFINING,
    "gains": TEXTS,
    "hybrids": (*SEARCH, "encoders.student", "retrieval.encoder_part"),
    "monitor": ("analysis.monitoring_evidence",),
    "online": ("refinement.methods.sequential",),
    "oov": ("refinement.oov_predictions",),
    "replacements": (*REFINING, "refinement.derived_vectors", "analysis.replacements"),
    "search": SEARCH,
    "senses": (*REFINING, "analysis.word_senses", "analysis.usage.contexts"),
    "smoothing": ("text.document_vectors",),
    "tables": (*SEARCH, "refinement.selection"),
    "topics": (*REFINING, "analysis.concepts.topic_clusters"),
}
"""The modules of `selfvec` whose public constants decide the figures of each benchmark of quality.

`baselines` is left out: its page says that the figures are those of an earlier version."""

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


def noted() -> dict[str, Digests]:
    """For each ``page#part``: the digests when it was measured."""
    found: dict[str, Digests] = json.loads(NOTES.read_text(encoding="utf-8"))
    return found


def note(benchmark: str, page: str, parts: Iterable[str]) -> None:
    """Note today's constants for parts of a page; nothing for a benchmark that is not in `RESTS_ON`."""
    if benchmark not in RESTS_ON:
        return
    notes = noted()
    today = digests(RESTS_ON[benchmark])
    notes |= {f"{page}#{part}": today for part in parts}
    lines = (f"{json.dumps(part)}: {json.dumps(notes[part])}" for part in sorted(notes))
    with atomic_file(NOTES, overwrite=True) as file:
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def stale() -> Iterator[str]:
    """What to run for each part that was measured before a constant changed, or is not noted."""
    notes = noted()
    for benchmark, modules in RESTS_ON.items():
        today = digests(modules)
        for page, parts in importlib.import_module(f"benchmarks.quality.{benchmark}").PAGES.items():
            for part in parts:
                before = notes.get(f"{page}#{part}", {})
                changed = [f"selfvec.{module}" for module in today if before.get(module) != today[module]]
                if changed:
                    since = f"since {page} was written, {', '.join(changed)} changed"
                    yield f"python -m benchmarks quality.{benchmark} {part}: {since}"


if __name__ == "__main__":
    for name in RESTS_ON:
        for page, parts in importlib.import_module(f"benchmarks.quality.{name}").PAGES.items():
            if page in sys.argv[1:]:
                note(name, page, parts)
