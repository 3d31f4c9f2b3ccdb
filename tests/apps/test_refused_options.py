"""What an option does not take is one error that names it, in each function and command, before any work."""

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from tests.commands import ROWS, commands, ran

import selfvec
from selfvec.base.declarations import Kind, declared
from selfvec.base.errors import OptionError

ODD: tuple[Any, ...] = (
    *("nonsense", "", " ", b"hail", Path("nowhere"), ["nonsense"], ["", 3], {"a": 1}),
    *(-(10**9), -1, 0, 1, 10**9, -0.5, 0.5, 1.5, float("nan"), float("inf"), True),
)
FUNCTIONS = [name for name in selfvec.__all__ if inspect.isfunction(getattr(selfvec, name))]
FUNCTIONS.remove("as_corpus")  # which looks at its data first


def taken(kind: Kind) -> Any:
    """A value that a parameter takes."""
    return next(value for value in (*kind.choices, "new.json", *ODD) if kind.fault(value) is None)


@pytest.fixture(autouse=True)
def _empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_refuses_what_its_parameters_do_not_take(name: str, tmp_path: Path) -> None:
    function = getattr(selfvec, name)
    parameters = declared(function).parameters.values()
    needed = {one.name: taken(one.kind) for one in parameters if one.is_required}
    for one in parameters:
        for value in ODD:
            if (rule := one.kind.fault(value)) is None:
                continue
            with pytest.raises(OptionError) as caught:
                function(**{**needed, one.name: value})
            assert (caught.value.field, caught.value.rule) == (one.name, rule)
            assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ROWS)
def test_a_command_refuses_what_its_options_do_not_take(path: str, tmp_path: Path) -> None:
    given = [option for option in commands()[path].params if hasattr(option, "declared")]
    needed = [str(taken(one.declared.kind)) for one in given if not one.opts[0].startswith("-")]
    flags = [option for option in given if option.opts[0].startswith("-") and not option.is_flag]
    needed += [f"{one.opts[0]}={taken(one.declared.kind)}" for one in flags if one.declared.is_required]
    for option in flags:
        for value in ("nonsense", -(10**9)):
            kind = option.declared.kind
            if kind.fault(value) is None or kind.fault(str(value)) is None:  # it is typed as a text
                continue
            output = ran([*path.split(), *needed, f"{option.opts[0]}={value}"], 2)
            assert output.out == ""
            (said,) = output.err.splitlines()
            named = re.match(r"selfvec: (--\w[\w-]*): ", said)
            assert named, said
            assert option.opts[0] == named[1], said
    assert not list(tmp_path.iterdir())
