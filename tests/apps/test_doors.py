"""Every option of a function is at each door, or listed as left out; every kind of finding is explained."""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.commands import ROWS, commands
from tests.places import DOCS

import selfvec
from selfvec.analysis.comparison.comparison import KINDS
from selfvec.apps.run import RunMethod
from selfvec.base.declarations import declared

PYTHON_ONLY = {
    *("add", "as_corpus", "delete", "load", "open", "open_run", "principal_axes", "run_index", "save"),
    *("save_run", "similar_documents", "undo", "upsert", "watch"),
}
"""Functions that are no command. The options that commands leave to Python stand in their rows."""
NO_METHODS = {"run_index", "watch"}  # the latter goes on for ever
USUAL = "jobs overwrite permutations progress repeats seed variants min_documents"
"""Options that servers leave out: for files, and for few questions."""
LEFT_OUT = {
    "assistant": {
        "search": "passage_words overlap",
        "similar": "compare document",
        "drift": "slice slice_field examples fdr min_count pos all_words mix together",
        "senses": "number examples",
        "keyness": "against unit n sort min_count mix together",
        "concordance": "csv",
        "collocates": "stop_words min_count",
        "frequency": "min_count piece",
        "ngrams": "min_count by",
        "dispersion": "parts by",
        "topics": "min_count by assign documents seed_words names",
    },
    "page": {
        "search": "passage_words overlap",
        "drift": "slice slice_field filter examples pos together",
        "keyness": "slice_field against filter unit n sort min_count together",
        "concordance": "csv",
        "collocates": "stop_words min_count",
        "frequency": "min_count piece",
        "ngrams": "min_count by",
        "dispersion": "parts by",
    },
    "index": {"search": "passage_words overlap"},
}


def offered() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """Doors with functions that they offer, and what is asked there."""
    pytest.importorskip("mcp", reason="needs selfvec[mcp]")
    from selfvec.apps.mcp.server import TITLES
    from selfvec.apps.mcp.tools import Tools
    from selfvec.apps.web.app import ADDRESSES

    yield "index", "search", selfvec.Index.search
    yield from (("assistant", name, getattr(Tools, name)) for name in TITLES)
    for path, address in ADDRESSES.items():
        name = path.removeprefix("/api/")
        yield "page", {"ranking": "drift"}.get(name, name), address.function


def test_servers_and_indexes_take_every_option_that_is_not_listed_as_left_out() -> None:
    left: dict[str, dict[str, str]] = {door: {} for door in LEFT_OUT}
    for door, name, function in offered():
        if name in LEFT_OUT[door]:
            asked = {*inspect.signature(function).parameters}
            asked |= {f"{each}s" for each in asked} | ({"between", "words"} if "key" in asked else set())
            _, *options = declared(getattr(selfvec, name)).parameters
            left[door][name] = " ".join(one for one in options if one not in {*asked, *USUAL.split()})
    assert left == LEFT_OUT


def test_commands_take_every_option_that_their_rows_do_not_leave_to_python() -> None:
    functions = {row.name for row in ROWS.values()}
    named = [name for name in selfvec.__all__ if inspect.isfunction(getattr(selfvec, name))]
    assert {*named} - functions == PYTHON_ONLY
    for path, row in ROWS.items():
        options, taken = {*row.declaration.parameters}, {one.name for one in commands()[path].params}
        assert {*row.in_python} <= options
        assert options - taken - {*row.in_python} <= {
            "progress",
            "tasks",
            "topic_groups",
        }  # objects of Python


def test_every_function_of_a_run_is_a_method() -> None:
    takes_a_run = {
        name
        for name in selfvec.__all__
        if inspect.isfunction(function := getattr(selfvec, name))
        if next(iter(inspect.signature(function).parameters.values())).annotation == "GivenRun"
    }
    methods = {name for name, one in vars(selfvec.Run).items() if isinstance(one, RunMethod)}
    assert takes_a_run - methods == NO_METHODS


def test_the_reference_explains_every_kind_of_finding() -> None:
    page = (DOCS / "reference" / "output.md").read_text("utf-8")
    table = page.partition("| `kind` | found if |")[2].partition("\n\n")[0]
    explained = {
        kind for cell in re.findall(r"^\| (.*?) \|", table, re.M) for kind in re.findall(r"`(\w+)`", cell)
    }
    assert explained == {*KINDS}
