"""What a command does: what was typed becomes the arguments of its function, and the result is shown.

The function is imported here, when the command runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from selfvec.apps.table import CommandRow
from selfvec.base.declarations import Parameter
from selfvec.base.errors import OptionError, flag
from selfvec.files.targets import check_target
from selfvec.transforms import TRANSFORMS, make_transform

from .output import print_json, say, show
from .parser import Argument, Option

_HOLD_COMMAS = ("text_field", "keep_fields", "withdraw")
"""Lists of names that may hold commas: they are told apart where the names are known."""

_LIBRARIES = ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM")


def call(row: CommandRow, parameters: Sequence[Argument | Option], **typed: Any) -> int:
    """Call the function of a row with what was typed, show the result, and return the exit status."""
    given = _given(row, parameters, typed)
    as_json = given.pop("json", False)
    overwrite = bool(given.get("overwrite"))
    targets = _targets(row, given, overwrite)
    if "overwrite" not in row.declaration.parameters:
        given.pop("overwrite", None)
    if row.transform:
        source = given.pop(TRANSFORMS[row.transform].takes)
        found = make_transform(row.transform, **given).written_of(source, row.transform)
    else:
        found = _named(row.calls)(**given)
    for name, path in targets.items():
        _write(row, name, found, given)(path, overwrite=overwrite)
    if "report" in targets:
        say(f"wrote {targets['report']}")
    if row.show:
        from . import shown

        printed = getattr(shown, row.show)
        if not as_json or printed in shown.WITH_JSON:
            printed(found, {**given, **targets, "json": as_json})
    elif found is not None and not as_json:
        show(_named(f"views.{row.view}")(found))
    return _finish(row, found, given, as_json)


def _targets(row: CommandRow, given: dict[str, Any], overwrite: bool) -> dict[str, str]:
    """The files that the command itself writes; they are refused before the work if they cannot be."""
    from selfvec.files.report_page import check_report

    targets = {}
    for name in ("report", *(["output"] if row.writes else [])):
        if (path := given.pop(name, None)) is not None:
            check = (
                check_report if name == "report" else _named(f"{row.writes.rpartition('.')[0]}.check_suffix")
            )
            check(path)
            check_target(Path(path), overwrite=overwrite, folder=False)
            targets[name] = path
    return targets


def _write(row: CommandRow, name: str, found: Any, given: Mapping[str, Any]) -> Callable[..., Any]:
    """What writes the result to a file."""
    if name == "output":
        return partial(_named(row.writes), found)
    if hasattr(found, "save"):
        page = found
    elif row.page:
        page = _named(f"views.{row.page}")(found)
    else:
        from selfvec.files.report_page import rows_page

        page = rows_page(row.title.format(**given), found.rows)
    save: Callable[..., Any] = page.save
    return save


def _finish(row: CommandRow, found: Any, given: Mapping[str, Any], as_json: bool) -> int:
    """Print the JSON, if it is asked for; the exit status."""
    if not hasattr(found, "as_dict"):
        return 0
    record = found.as_dict()
    if as_json:
        print_json({key: str(given[name]) for key, name in row.repeated.items()} | record)
    failed = row.fails.removeprefix("not ")
    return int(bool(failed) and bool(record[failed]) != row.fails.startswith("not "))


def _named(place: str) -> Any:
    """A function by its place in the package."""
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"selfvec.{module}"), name)


def _given(row: CommandRow, parameters: Sequence[Argument | Option], typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed as arguments of the function; what was not is left to its defaults."""
    _move_output(typed)
    given: dict[str, Any] = {}
    for parameter in parameters:
        one, written, value = parameter.declared, parameter.metavar or "", typed.get(parameter.declared.name)
        if value not in (None, (), False):
            given[one.name] = _value(one, written, value)
        elif one.is_required:
            raise OptionError(f"{flag(one.name)} is needed", remedy=f"add {flag(one.name)} {written}")
    for name, default in row.defaults.items():
        shown = default.format(**given) if isinstance(default, str) else default
        given.setdefault(name, shown)
    if "jobs" in given:
        given["jobs"] = limit_threads(given["jobs"])
    if "progress" in row.declaration.parameters:
        from selfvec.views.terminal_progress import TerminalProgress

        given["progress"] = TerminalProgress()
    return given


def _move_output(typed: dict[str, Any]) -> None:
    """Take OUT where it follows IN, as in ``cp IN OUT``."""
    target = typed.pop("target", None)
    if target is None:
        return
    if typed.get("output") is not None:
        raise OptionError("is given twice", field="output", remedy="name it once")
    typed["output"] = target


def _value(one: Parameter, written: str, typed: Any) -> Any:
    """The value of a parameter from what was typed."""
    if isinstance(typed, bool):
        return typed
    if isinstance(typed, str) and "[," in written and one.name not in _HOLD_COMMAS:
        typed = tuple(part.strip() for part in typed.split(",") if part.strip())
    if isinstance(typed, tuple):
        values = [_single(one, part) for part in typed]
        return values[0] if len(values) == 1 and "texts" in one.kind.words else values
    return _single(one, typed)


def _single(one: Parameter, typed: str) -> Any:
    """One value: a number if the kind allows it and the text is one; a file of text as its path."""
    words = one.kind.words
    if "texts" in words:
        return typed if "://" in typed else Path(typed)
    for name, reader in (("int", int), ("float", float)):
        if name in words:
            try:
                return reader(typed.removesuffix("%") if name == "float" else typed)
            except ValueError:
                continue
    return typed


def limit_threads(jobs: Any) -> Any:
    """The number of threads that are used, which is printed if more were asked for.

    Libraries read their limit when they are first imported: after this.
    """
    if not isinstance(jobs, int):
        return jobs
    from selfvec.base.threads import threads

    used = threads(jobs, lambda message: say(f"selfvec: --jobs: {message}"))
    for library in _LIBRARIES:
        os.environ[f"{library}_THREADS"] = str(used)
    return used
