"""What a command does: what was typed becomes the arguments of its function, and the result is shown.

The function is imported here, when the command runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from selfvec.apps.table import CommandRow
from selfvec.base.declarations import Parameter
from selfvec.base.errors import OptionError, flag
from selfvec.files.atomic_files import check_target
from selfvec.transforms import TRANSFORMS, make_transform

from .output import print_json, print_text, program, say, show
from .parser import Argument, Option

_HOLD_COMMAS = ("text_field", "keep_fields", "withdraw")
"""Lists of names that may hold commas: they are told apart where the names are known."""

_LIBRARIES = ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM")


def call(row: CommandRow, parameters: Sequence[Argument | Option], **typed: Any) -> int:
    """Call the function of a row with what was typed, show the result, and return the exit status."""
    given = _given(row, parameters, typed)
    as_json = given.pop("json", False)
    overwrite = bool(given.get("overwrite"))
    targets = _targets(row, given, overwrite)  # before the work, which may take minutes
    if "overwrite" not in row.declaration.parameters:
        given.pop("overwrite", None)
    if row.transform:
        source = given.pop(TRANSFORMS[row.transform].takes)
        result = make_transform(row.transform, **given).written_of(source, row.transform)
    else:
        result = _named(row.calls)(**given)
    for name, path in targets.items():
        _write(row, name, result, path, overwrite)
    written = {name: given[name] for name in row.written if name in given}
    messages = getattr(result, "messages", ())
    # With --json, too: standard output holds one document, and what was left out is not to pass unnoticed.
    for message in (*messages, *(f"wrote {path}" for path in (*written.values(), *targets.values()))):
        say(message)
    typed = {**given, **targets, "json": as_json}
    if row.show:
        from . import shown

        printed = getattr(shown, row.show)
        if not as_json or printed in shown.WITH_JSON:
            printed(result, typed)
    elif result is not None and not as_json:
        _print(row, result, typed)
    return _finish(row, result, given, as_json)


def _print(row: CommandRow, result: Any, typed: Mapping[str, Any]) -> None:
    """Print the view of a result, or where it is; then what to do next."""
    names = {**typed, **(result if isinstance(result, dict) else {})}
    if row.prints:
        print_text(row.prints.format(**names))
    elif not row.next:
        from selfvec.views.terminal import draw

        top = typed.get("top", row.most)
        show(draw(result.view(top) if not row.view else _named(row.view)(result)))
    if row.next:
        say(f"next: {row.next.format(program=program(), **names)}")


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


def _write(row: CommandRow, name: str, result: Any, path: str, overwrite: bool) -> None:
    """Write the result to a file: what is drawn of it, or a report."""
    if name == "output":
        _named(row.writes)(result, path, overwrite=overwrite)
        return
    from selfvec.files.report_page import save_page

    save_page(_named(row.page)(result) if row.page else result.view(), path, overwrite=overwrite)


def _finish(row: CommandRow, result: Any, given: Mapping[str, Any], as_json: bool) -> int:
    """Print the JSON, if it is asked for; the exit status."""
    if not hasattr(result, "as_dict"):
        return 0
    record = result.as_dict()
    if as_json:
        print_json({key: str(given[name]) for key, name in row.repeated.items()} | record)
    failed = row.fails.removeprefix("not ")
    return int(bool(failed) and bool(record[failed]) != row.fails.startswith("not "))


def _named(place: str) -> Any:
    return resolve_name(f"selfvec.{place}")


def _given(row: CommandRow, parameters: Sequence[Argument | Option], typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed as arguments of the function; what was not is left to its defaults."""
    _move_output(typed)
    given: dict[str, Any] = {}
    for parameter in parameters:
        declared, written = parameter.declared, parameter.metavar or ""
        value = typed.get(declared.name)
        if value not in (None, (), False):
            given[declared.name] = _value(declared, written, value)
        elif declared.is_required:
            raise OptionError(
                f"{flag(declared.name)} is needed", remedy=f"add {flag(declared.name)} {written}"
            )
    for name, how in row.options.items():
        if how.default is not None:
            default = how.default.format(**given) if isinstance(how.default, str) else how.default
            given.setdefault(name, default)
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


def _value(parameter: Parameter, written: str, typed: Any) -> Any:
    if isinstance(typed, bool):
        return typed
    if isinstance(typed, str) and "[," in written and parameter.name not in _HOLD_COMMAS:
        typed = tuple(part.strip() for part in typed.split(",") if part.strip())
    if isinstance(typed, tuple):
        values = [_single(parameter, part) for part in typed]
        return values[0] if len(values) == 1 and "texts" in parameter.kind.words else values
    return _single(parameter, typed)


def _single(parameter: Parameter, typed: str) -> Any:
    """One value: a number if the kind allows it and the text is one; a file of text as its path."""
    words = parameter.kind.words
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
