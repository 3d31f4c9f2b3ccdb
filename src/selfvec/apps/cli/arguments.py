"""Arguments and options that several commands have, and records of options.

A record is a dataclass with one field for each option. A command that has a record as a parameter takes
all of its fields as options; `with_options` makes such a command readable by Typer. A field is described by
its annotation, or, as in `selfvec.data.settings.Settings`, by `selfvec.data.settings.option`.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from selfvec.base.cores import threads
from selfvec.base.ownership import check_target
from selfvec.data.settings import KEEP, TEXT, Option, option, option_of

if TYPE_CHECKING:
    from selfvec.data.run import Run

__all__ = [
    "AsJson",
    "Command",
    "CommandGroup",
    "Greedy",
    "Jobs",
    "MinCount",
    "NewRun",
    "OtherCorpus",
    "Output",
    "Overlap",
    "Overwrite",
    "Pair",
    "PassageWords",
    "Reading",
    "RunFolder",
    "Seed",
    "Words",
    "Work",
    "arg",
    "checked_suffix",
    "listed",
    "open_run",
    "opt",
    "with_options",
]


def arg(metavar: str, help: str) -> Any:
    """An argument, as Typer reads it."""
    return typer.Argument(metavar=metavar, help=help)


def opt(help: str, metavar: str | None = None, *flags: str, panel: str | None = None, **more: Any) -> Any:
    """An option, as Typer reads it; its flag is the name of the parameter if no ``flags`` are given."""
    return typer.Option(*flags, help=help, metavar=metavar, rich_help_panel=panel, **more)


RunFolder = Annotated[Path, arg("RUN", "A run folder.")]
Words = Annotated[list[str], arg("WORD...", "Words of the run.")]
AsJson = Annotated[bool, opt("Print one JSON document.", None, "--json")]
Seed = Annotated[int, opt("Seed of all random choices.", min=0)]


def _limited(jobs: int | None) -> int | None:
    """The number of threads that are used, which is printed if more were asked for."""
    if jobs is None:
        return None
    return threads(jobs, lambda message: print(f"selfvec: --jobs: {message}", file=sys.stderr))


Jobs = Annotated[int | None, opt("Threads; by default all cores.", callback=_limited)]
MinCount = Annotated[int, opt("Leave out words that occur less often.", min=1)]
Overwrite = Annotated[bool, opt("Replace what exists at that place.", None, "--overwrite")]
PassageWords = Annotated[int, opt("Words of the passages that a long document is cut into.", min=20)]
Overlap = Annotated[int, opt("Words that a passage repeats from the one before.", min=0)]


def checked_suffix(*suffixes: str) -> Callable[[Path | None], Path | None]:
    """A callback of an option: the suffix of its file is known before any work is done."""

    def check(path: Path | None) -> Path | None:
        if path is not None:
            from selfvec.base.report_files import PAGES, ROWS, check_report

            check_report(path, suffixes or PAGES + ROWS)
        return path

    return check


NewRun = Annotated[Path, opt("The run folder to make.", "RUN", "--output", "-o", panel=KEEP)]
OtherCorpus = Annotated[
    list[Path] | None, opt("Use these files or folders instead of the run's own documents.", "CORPUS")
]


def open_run(folder: Path) -> Run:
    """Open a run folder. Its reader is imported here, so that ``--help`` is fast."""
    from selfvec.storage.run_folder import open_run

    return open_run(folder)


class _PlainFlags:
    """Flags are shown without a type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters, ``--help`` included."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            if getattr(parameter, "is_bool_flag", False) and parameter.metavar is None:
                parameter.metavar = ""
        return parameters


class Command(_PlainFlags, TyperCommand):
    """A command whose help shows flags as flags."""


class CommandGroup(_PlainFlags, TyperGroup):
    """The same for a group of commands."""


class Greedy(Command):
    """A repeatable option takes the values that follow it, up to `most`, as in ``--similarity *.tsv``."""

    most = sys.maxsize

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat such an option before each of its values."""
        repeatable = {flag for of in self.params if getattr(of, "multiple", False) for flag in of.opts}
        out: list[str] = []
        flag, taken = "", 0
        for place, argument in enumerate(args):
            if argument == "--":
                out += args[place:]
                break
            if argument.startswith("-") and argument != "-":
                flag, taken = (argument if argument in repeatable else ""), 0
            elif flag and taken < self.most:
                out += [flag] if taken else []
                taken += 1
            out.append(argument)
        return super().parse_args(ctx, out)


class Pair(Greedy):
    """A repeatable option takes the two values that follow it, as in ``--between A B``."""

    most = 2


@dataclass(frozen=True)
class Output:
    """Where a result goes besides the terminal."""

    report: Annotated[
        Path | None,
        opt(
            "Write a report to this file, or its rows.", "FILE.html|md|csv|parquet", callback=checked_suffix()
        ),
    ] = None
    overwrite: Annotated[bool, opt("Replace existing files.", None, "--overwrite")] = False
    as_json: AsJson = False

    def __post_init__(self) -> None:
        """Refuse a report that exists before any work is done."""
        if self.report is not None:
            check_target(self.report, overwrite=self.overwrite, folder=False)


@dataclass(frozen=True)
class Reading:
    """How documents are read from files."""

    text_field: str | None = option(None, "Fields that hold the text.", TEXT, metavar="F[,F...]")
    date_field: str | None = option(None, "Field that holds the date.", TEXT, metavar="F")
    slice_field: str | None = option(None, "Field that names the slice of a document.", TEXT, metavar="F")
    skip_bad_rows: bool = option(False, "Count malformed rows and go on.", TEXT, flags=("--skip-bad-rows",))

    @property
    def fields(self) -> dict[str, Any]:
        """The fields that were named, as `Corpus.open` takes them."""
        named = {
            "text_fields": listed(self.text_field),
            "date_field": self.date_field,
            "slice_field": self.slice_field,
        }
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Work:
    """How a command that makes a run does its work."""

    jobs: int | None = option(None, "Threads; all cores if not given.", KEEP)
    resume: bool = option(False, "Continue an interrupted run.", KEEP, flags=("--resume",))
    overwrite: bool = option(False, "Replace an existing run of that name.", KEEP, flags=("--overwrite",))

    def __post_init__(self) -> None:
        """Limit the threads of libraries, which read the limit when they are first imported: after this."""
        if self.jobs is None:
            return
        object.__setattr__(self, "jobs", _limited(self.jobs))
        for library in ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM"):
            os.environ[f"{library}_THREADS"] = str(self.jobs)


def listed(text: str | None) -> list[str] | None:
    """The values of an option that are separated by commas; None if it is not given."""
    return [part.strip() for part in text.split(",") if part.strip()] if text else None


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command with one option for each field of its records.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Size:
    ...     width: int = 2
    ...     height: int = 3
    >>> def area(name: str, size: Size) -> str:
    ...     return f"{name} {size.width * size.height}"
    >>> flat = with_options(area)
    >>> list(inspect.signature(flat).parameters), flat(name="a", width=4, height=5)
    (['name', 'width', 'height'], 'a 20')
    """
    hints = get_type_hints(command, include_extras=True)
    records: dict[str, Any] = {}
    parameters = []
    for name, parameter in inspect.signature(command).parameters.items():
        if is_dataclass(hints[name]):
            records[name] = hints[name]
            parameters += _parameters(hints[name])
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY))

    @wraps(command)
    def flat(**given: Any) -> Any:
        made = {
            name: record(**{field.name: _value(field, given.pop(field.name)) for field in _fields(record)})
            for name, record in records.items()
        }
        return command(**given, **made)

    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return flat


def _fields(record: Any) -> list[Field[Any]]:
    """The fields that are options on the command line."""
    return [f for f in fields(record) if "option" not in f.metadata or option_of(f).on_command_line]


def _parameters(record: Any) -> list[inspect.Parameter]:
    """The fields of a record as parameters."""
    hints, parameters = get_type_hints(record, include_extras=True), []
    for field in _fields(record):
        hint, default = hints[field.name], field.default
        if "option" in field.metadata:
            default = None if option_of(field).many else default
            hint = _annotation(option_of(field), hint, field.name, default)
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(field.name, kind, default=default, annotation=hint))
    return parameters


def _annotation(about: Option, hint: Any, name: str, default: Any) -> Any:
    """An option as Typer reads it. What may be a number or a word is read as text, see `_value`."""
    if about.many or {int, str} <= set(get_args(hint)):
        hint = list[str] if about.many == "repeat" else str
        hint = hint | None if default is None else hint
    flags = about.flags or ("--" + name.replace("_", "-"),)
    metavar = about.metavar or "|".join(about.choices) or None
    return Annotated[hint, opt(about.help, metavar, *flags, panel=about.panel)]


def _value(field: Field[Any], typed: Any) -> Any:
    """The value of an option from what was typed."""
    if "option" not in field.metadata:
        return typed
    about = option_of(field)
    if about.many:
        return (listed(typed) if about.many == "comma" else typed) or field.default
    if about.least is not None and isinstance(typed, str) and typed.isdecimal():
        return int(typed)
    return typed
