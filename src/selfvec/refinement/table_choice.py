"""``--vectors A --vectors B``: which of several tables to start from.

The text is read once without regard to any table, so that all tables take the tests of ``--method auto`` on
the same tokens; a word that a table lacks counts as a zero vector. Each table is tested with the method that
would be chosen for it. The run is then made from the chosen table, as if no other had been named.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from selfvec.base.casing import case_forms
from selfvec.base.errors import OptionError
from selfvec.data.coverage import coverage
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Vectors
from selfvec.training import NO_TABLE

from .inputs import Start, by_frequency, load_start, read_unstemmed
from .plan import METHODS, make_plan, try_methods
from .resume import Execution
from .selection import SURE, Choice, Measured
from .unknown_words import starting_vectors

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

__all__ = ["choose_table"]


def choose_table(
    corpus: Corpus, tables: Sequence[Start], settings: Settings, execution: Execution
) -> tuple[int, dict[str, Any]]:
    """The number of the chosen table, and the decision for ``run.json``.

    A table replaces the first one if self-retrieval finds it surely better and the context test does not
    find it surely worse. Of several such tables the best by self-retrieval is taken.
    """
    names = [_name(table, place) for place, table in enumerate(tables)]
    if len(set(names)) < len(names):
        remedy = "name each table once; labels are not used"
        raise OptionError("name the same table twice", field="vectors", remedy=remedy)
    if trained := set(names) & set(NO_TABLE) - {"none"}:
        rule = f"{min(trained)} is trained on the whole text, so held-out parts of it cannot test it"
        raise OptionError(rule, field="vectors", remedy="refine twice, and compare with selfvec evaluate")
    batch = _tokens(corpus, settings, execution)
    rows, measured, held_out = [], [], 0
    for name, table in zip(names, tables, strict=True):
        original = _start(batch, load_start(table, settings)[0], settings)
        choice, method = _tested(batch, original, settings, execution)
        held_out = choice.held_out
        known = coverage(original, batch.counts)["tokens"]["known"] / len(batch)
        row: dict[str, Any] = {"name": name, "method": method, "known_tokens": known}
        if choice.measured:
            measured.append(choice.measured[method])
            row |= _figures(measured[-1], measured[0])
        rows.append(row)
    place, reason = _best(rows) if measured else (0, "too little text to compare tables")
    decision = {"chosen": names[place], "reason": reason, "tables": rows, "held_out_tokens": held_out}
    return place, decision


def _name(table: Start, place: int) -> str:
    if isinstance(table, Vectors):
        return f"memory {place + 1}"
    return "none" if table is None else os.fspath(table)


def _tokens(corpus: Corpus, settings: Settings, execution: Execution) -> TokenBatch:
    """The corpus as the settings cut it, without regard to a table: words are in lower case."""
    from .counted_text import counted

    plain = replace(settings, phrases=None)
    unstemmed, _ = read_unstemmed(corpus, None, plain, Execution(None, execution.progress, execution.jobs))
    return by_frequency(counted(unstemmed, {}, plain, execution.jobs)[0])


def _start(batch: TokenBatch, known: Vectors | None, settings: Settings) -> Vectors:
    """The starting vectors of words in lower case, which a table may have in title case."""
    keys = list(batch.types)
    if known is not None:
        forms = (case_forms(word, settings.language) for word in batch.types)
        keys = [next((form for form in some if form in known), some[0]) for some in forms]
    return starting_vectors(batch, known, settings, keys=keys)


def _tested(
    batch: TokenBatch, original: Vectors, settings: Settings, execution: Execution
) -> tuple[Choice, str]:
    """The tests of a table, and the method that stands for it: the one asked for, or the one chosen."""
    asked = settings.method
    methods = METHODS if asked == "auto" else tuple({asked} - {"original"})
    fixed = replace(settings, method="original" if asked == "auto" else asked)
    plan = make_plan(fixed, batch, original, jobs=execution.jobs)
    choice = try_methods(plan, methods, execution.progress)
    return choice, choice.chosen if asked == "auto" else asked


def _figures(measured: Measured, first: Measured) -> dict[str, Any]:
    """Mean of each test, and the probability that a table is better than the first one."""
    tests = [test for test, scores in measured.scores.items() if sum(map(len, scores))]
    sure = {test: measured.better(first, test) for test in tests}
    return {test: measured.mean(test) for test in tests} | {"sure": sure}


def _best(rows: Sequence[dict[str, Any]]) -> tuple[int, str]:
    """The number of the chosen table, and the reason."""
    standing = [
        place
        for place, row in enumerate(rows)
        if row["sure"]["self_retrieval"] >= SURE and row["sure"].get("context", 1.0) > 1 - SURE
    ]
    if not standing:
        return 0, "no other table is surely better than the first one"
    best = max(standing, key=lambda place: float(rows[place]["self_retrieval"]))
    return best, "it scored best on held-out text"
