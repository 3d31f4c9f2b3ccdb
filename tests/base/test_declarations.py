"""What a function takes is said once, in its signature; its source and its docstring say the same."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Literal

import pytest
from tests.commands import ROWS
from tests.refusals import refused

import selfvec
from selfvec.analysis.word_drift.drift import Which
from selfvec.apps.functions.refine import RefineOptions
from selfvec.apps.functions.update import NewDocuments
from selfvec.base.checks import OTHER_NAMES
from selfvec.base.declarations import REQUIRED, Kind, Natural, Parameter, checked, declared, declared_at
from selfvec.base.errors import OptionError
from selfvec.corpus.fields import FieldOptions
from selfvec.data.settings import Settings, SettingsOptions

FUNCTIONS = [getattr(selfvec, name) for name in selfvec.__all__ if inspect.isfunction(getattr(selfvec, name))]
COMMANDS = {row.calls: resolve_name(f"selfvec.{row.calls}") for row in ROWS.values()}
SOURCES = Path(selfvec.__file__).parent


@pytest.mark.parametrize("place", COMMANDS)
def test_the_source_says_what_the_function_says(place: str) -> None:
    read = declared_at(place)
    assert read.summary
    assert list(read.parameters.items()) == list(declared(COMMANDS[place]).parameters.items())


def test_records_describe_their_fields() -> None:
    for record in (FieldOptions, SettingsOptions, RefineOptions, NewDocuments, Which):
        assert {*record.__annotations__} - {*declared(record).parameters} <= {"slice_by_name"}


def prose(one: Parameter) -> str:
    """The kind of a parameter as its docstring writes it, but for the order."""
    kind = one.kind
    types = kind.names & {"int", "float", "bool"}
    types |= {"path"} if kind.takes_paths else {"str"} if "str" in kind.names else set()
    bounds = [f"{name.replace('_', ' ')} {end:g}" for name, end in kind.bounds.items()]
    choices = [f'"{choice}"' for choice in kind.choices]
    empty = ["not empty"] * ("NotEmpty" in kind.text)
    return ", ".join([*types, *bounds, *choices, *empty, *["optional"] * (kind.text.endswith("| None"))])


def facts(written: str) -> set[str]:
    """What a line of a docstring says of a kind."""
    facts = re.findall(r'"[^"]*"|not empty|(?:at least|above|at most|below) [-\d.]+|\w+', written)
    return {fact.removesuffix("s") for fact in facts} - {"or", "of", "sequence", "name"}


@pytest.mark.parametrize("of", dict.fromkeys([*FUNCTIONS, *COMMANDS.values()]))
def test_every_parameter_has_a_kind_that_its_docstring_tells(of: Any) -> None:
    for one in declared(of).parameters.values():
        assert one.written, one.name
        assert one.name not in ("topn", "kind", "how", "sets", "target", "size")  # options have other names
        if one.kind.checkable and "Paths" not in one.kind.text:
            assert facts(one.written) == facts(prose(one)), one.name
        if isinstance(one.default, bool):
            assert one.kind.text == "bool", one.name
        if one.default not in (REQUIRED, None, ()) and one.kind.checkable:
            assert one.kind.fault(one.default) is None, one.name


def test_the_keywords_of_settings_are_its_fields() -> None:
    own = [name for name in Settings.__annotations__ if name not in ("method", "slice", "_")]
    assert list(SettingsOptions.__annotations__) == own


def test_signature_and_help_name_the_options_of_a_record() -> None:
    taken = inspect.signature(selfvec.refine).parameters
    assert taken["window"].default == "auto"
    assert taken["window"].annotation == "Count | Literal['auto']"
    assert all(one.kind is not one.VAR_KEYWORD for one in taken.values())
    shown = inspect.getdoc(selfvec.refine) or ""
    assert '\nwindow : int, at least 1, or "auto"\n    Tokens per window' in shown
    assert "**options" not in shown
    assert shown.index("\nwindow : ") < shown.index("\nReturns\n")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_name_that_is_no_option_is_answered_with_the_one_that_is_meant(
    function: Callable[..., Any],
) -> None:
    known = declared(function).parameters
    needed = {name: "default" for name, one in known.items() if one.is_required}
    refused(lambda: function(**needed, nosuch=1), OptionError, "^nosuch: there is no such option")
    for name in {other for others in OTHER_NAMES.values() for other in others} - {*known}:
        if meant := [ours for ours, others in OTHER_NAMES.items() if ours in known and name in others]:
            rule = rf"^{name}: there is no such option; did you mean {meant[0]}\?$"
            refused(lambda: function(**needed, **{name: 3}), OptionError, rule)


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    for name, right in (("windwo", "window"), ("outptu", "output")):
        refused(lambda: selfvec.refine("nothing", **{name: 3}), OptionError, f"did you mean {right}")


def test_other_names_are_of_options_that_exist() -> None:
    every = {name for row in ROWS.values() for name in row.declaration.parameters}
    assert set(OTHER_NAMES) <= every


@pytest.mark.parametrize("name", ROWS)
def test_what_the_command_line_shows_is_said(name: str) -> None:
    row = ROWS[name]
    names = set(row.declaration.parameters)
    assert {*row.options} <= names | {"output", *row.instead}


RATIO = "Annotated[float, Bounds(above=0, at_most=1)]"


@pytest.mark.parametrize(
    ("kind", "good", "bad", "said"),
    [
        ("Count", 3, 0, "is a whole number of at least 1, not 0"),
        ("Count", 3, True, "is a whole number of at least 1, not True"),
        ("Annotated[int, Bounds(at_least=1)]", 3, 2.5, "is a whole number of at least 1, not 2.5"),
        (RATIO, 1, 0.0, "is a number above 0 and at most 1, not 0.0"),
        (RATIO, 0.5, float("nan"), "is a number above 0 and at most 1, not nan"),
        ("Literal['hybrid', 'bm25']", "bm25", "sparse", "is one of hybrid, bm25, not 'sparse'"),
        ("Count | Literal['auto']", "auto", "wide", "is a whole number of at least 1 or auto, not 'wide'"),
        ("bool", False, 1, "is True or False, not 1"),
        ("str", "hail", 3, "is a text, not 3"),
        ("NotEmpty | None", "hail", " ", "is empty"),
        ("str | os.PathLike[str]", Path("a"), 3, "is a path, not 3"),
        ("str | Sequence[str]", ["a", "b"], ["a", 3], "is a text, not 3"),
        ("GivenRun", object(), None, None),
    ],
)
def test_a_kind_is_the_rule_of_its_values(kind: str, good: Any, bad: Any, said: str | None) -> None:
    assert Kind(kind).fault(good) is None
    assert Kind(kind).fault(bad) == said


def test_a_default_in_words_ends_the_first_sentence() -> None:
    told = Parameter("port", None, help="Port (e.g. 80); by default the first free one. It is local.")
    assert told.sentences == ("Port (e.g. 80).", "the first free one", "It is local.")
    assert Parameter("top", 3, help="Words.").sentences == ("Words.", "", "")


def test_a_call_is_checked_before_it_works() -> None:
    @checked
    def half(number: Natural, *, mode: Literal["down", "up"] = "down", **more: object) -> int:
        """Half of a number.

        Parameters
        ----------
        number : int, at least 0
        mode : {"down", "up"}
            How it is rounded.
        """
        raise AssertionError((number, mode, more))

    refused(lambda: half(-2), OptionError, r"number: is a whole number of at least 0, not -2")
    refused(
        lambda: half(2, mode="donw"),
        OptionError,
        r"mode: is one of down, up, not 'donw'; did you mean down\?",
    )
    refused(lambda: half(2, extra=1), AssertionError, "extra")
    assert list(inspect.signature(half).parameters) == ["number", "mode", "more"]


def test_no_function_has_more_than_twelve_parameters() -> None:
    """Those that belong together are a record; constructors have as many as their objects hold."""
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                assert len([one for one in every if one.arg not in ("self", "cls")]) <= 12, (path, node.name)
