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
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

from selfvec.base.cores import threads
from selfvec.base.errors import OptionError
from selfvec.base.targets import check_target
from selfvec.data.settings import KEEP, TEXT, Option, option, option_of

from .commands import help_all

if TYPE_CHECKING:
    from selfvec.data.run import Run

__all__ = [
    "MORE",
    "OUTPUT",
    "AsJson",
    "Format",
    "Jobs",
    "MinCount",
    "NewRun",
    "OtherCorpus",
    "Output",
    "Overlap",
    "Overwrite",
    "PassageWords",
    "Reading",
    "RunFolder",
    "Seed",
    "TextField",
    "Words",
    "Work",
    "Written",
    "WrittenAs",
    "arg",
    "checked_suffix",
    "listed",
    "open_run",
    "opt",
    "with_options",
]


def arg(metavar: str, help: str, **more: Any) -> Any:
    """An argument, as Typer reads it."""
    return typer.Argument(metavar=metavar, help=help, **more)


def opt(
    help: str,
    metavar: str | None = None,
    *flags: str,
    panel: str | None = None,
    default: str | None = None,
    **more: Any,
) -> Any:
    """An option, as Typer reads it.

    Its flag is the name of the parameter if no ``flags`` are given; of several long ones the first is shown.
    ``--help`` shows options without a ``panel``. ``default`` is the default in words, if it is found later.
    """
    return typer.Option(
        *flags, help=help, metavar=metavar, rich_help_panel=panel, show_default=default or True, **more
    )


MORE = "More"  # the panel of options that few need
OUTPUT = "Output"
RunFolder = Annotated[Path, arg("RUN", "A run folder.")]
Words = Annotated[list[str], arg("WORD...", "Words of the run.")]
AsJson = Annotated[bool, opt("Print one JSON document.", None, "--json")]
Seed = Annotated[int, opt("Seed of all random choices.", "N", panel=MORE, min=0)]


def _limited(jobs: int | None) -> int | None:
    """The number of threads that are used, which is printed if more were asked for."""
    if jobs is None:
        return None
    return threads(jobs, lambda message: print(f"selfvec: --jobs: {message}", file=sys.stderr))


Jobs = Annotated[int | None, opt("Threads.", "N", panel=MORE, default="all cores", callback=_limited)]
MinCount = Annotated[int, opt("Leave out words that occur less often.", "N", min=1)]
Overwrite = Annotated[bool, opt("Replace what exists at that place.", None, "--overwrite")]
Format = Annotated[str | None, opt("Format of OUT.", "FORMAT", default="that of its suffix")]
PassageWords = Annotated[
    int, opt("Words of the passages that a long document is cut into.", "N", panel=MORE, min=20)
]
Overlap = Annotated[int, opt("Words that a passage repeats from the one before.", "N", panel=MORE, min=0)]
TextField = Annotated[str | None, opt("Fields that hold the text.", "F[,F...]")]


def checked_suffix(*suffixes: str) -> Callable[[Path | None], Path | None]:
    """A callback of an option: the suffix of its file is known before any work is done."""

    def check(path: Path | None) -> Path | None:
        if path is not None:
            from selfvec.base.report_files import PAGES, ROWS, check_report

            check_report(path, suffixes or PAGES + ROWS)
        return path

    return check


NewRun = Annotated[Path, opt("The run folder to make.", "RUN", "--output", "-o")]
OtherCorpus = Annotated[
    list[Path] | None,
    opt("Use these files or folders instead of the run's own documents.", "CORPUS", panel=MORE),
]


def open_run(folder: Path) -> Run:
    """Open a run folder. Its reader is imported here, so that ``--help`` is fast."""
    from selfvec.storage.run_folder import open_run

    return open_run(folder)


@dataclass(frozen=True)
class Output:
    """Where a result goes besides the terminal."""

    report: Annotated[
        Path | None,
        opt(
            "Write a report, or its rows.",
            "FILE.html|md|csv|parquet",
            panel=OUTPUT,
            callback=checked_suffix(),
        ),
    ] = None
    overwrite: Annotated[bool, opt("Replace existing files.", None, "--overwrite", panel=OUTPUT)] = False
    as_json: AsJson = False

    def __post_init__(self) -> None:
        """Refuse a report that exists before any work is done."""
        if self.report is not None:
            check_target(self.report, overwrite=self.overwrite, folder=False)


@dataclass(frozen=True)
class Written:
    """Where new vectors are written: OUT as an option, or as an argument, which is the older form."""

    target: Annotated[Path | None, arg("[OUT]", "The file or folder to write.", hidden=True)] = None
    output: Annotated[Path | None, opt("The file or folder to write.", "OUT", "--output", "-o")] = None
    overwrite: Annotated[bool, opt("Replace existing files.", None, "--overwrite")] = False

    @property
    def path(self) -> Path:
        """OUT."""
        if self.target is not None and self.output is not None:
            raise OptionError("is given twice", field="output", remedy="name it once")
        path = self.output or self.target
        if path is None:
            raise OptionError("is needed: the file or folder to write", field="output", remedy="add -o OUT")
        return path


@dataclass(frozen=True)
class WrittenAs(Written):
    """The same in a format that is asked for."""

    to: Format = None


@dataclass(frozen=True)
class Reading:
    """How documents are read from files."""

    text_field: str | None = option(None, "Fields that hold the text.", metavar="F[,F...]")
    date_field: str | None = option(None, "Field that holds the date.", metavar="F")
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

    jobs: int | None = option(None, "Threads.", KEEP, metavar="N", otherwise="all cores")
    resume: bool = option(False, "Continue an interrupted run.", KEEP, flags=("--resume",))
    overwrite: bool = option(False, "Replace an existing run of that name.", flags=("--overwrite",))

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


@cache  # a command may have an older name
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
    (['name', 'width', 'height', 'help_all'], 'a 20')
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
            name: _made(record, {field.name: given.pop(field.name) for field in _fields(record)})
            for name, record in records.items()
        }
        given.pop("help_all", None)
        return command(**given, **made)

    everything = Annotated[bool, help_all]
    kind = inspect.Parameter.KEYWORD_ONLY
    parameters.append(inspect.Parameter("help_all", kind, default=False, annotation=everything))
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return flat


def _made(record: Any, typed: dict[str, Any]) -> Any:
    """A record of the options that were typed; those with a default in words that were not are left out."""
    of = {field.name: field for field in _fields(record)}
    left_out = {
        name
        for name, value in typed.items()
        if value is None and "option" in of[name].metadata and option_of(of[name]).otherwise
    }
    given = {name: _value(of[name], value) for name, value in typed.items() if name not in left_out}
    return getattr(record, "given", record)(**given)


def _fields(record: Any) -> list[Field[Any]]:
    """The fields that are options on the command line."""
    return [f for f in fields(record) if "option" not in f.metadata or option_of(f).on_command_line]


def _parameters(record: Any) -> list[inspect.Parameter]:
    """The fields of a record as parameters."""
    hints, parameters = get_type_hints(record, include_extras=True), []
    for field in _fields(record):
        hint, default = hints[field.name], field.default
        if "option" in field.metadata:
            default = None if option_of(field).many or option_of(field).otherwise else default
            hint = _annotation(option_of(field), hint, field.name, default)
        kind = inspect.Parameter.KEYWORD_ONLY
        parameters.append(inspect.Parameter(field.name, kind, default=default, annotation=hint))
    return parameters


def _annotation(about: Option, hint: Any, name: str, default: Any) -> Any:
    """An option as Typer reads it. What may be a number or a word is read as text, see `_value`."""
    if about.many or {int, str} <= set(get_args(hint)):
        hint = list[str] if about.many == "repeat" else str
    if default is None:
        hint = hint | None
    flags = about.flags or ("--" + name.replace("_", "-"),)
    number = "X" if about.number else "N" if about.least is not None else None
    metavar = about.metavar or "|".join(about.choices) or number
    return Annotated[
        hint,
        opt(about.help, metavar, *flags, panel=about.panel, default=about.otherwise, hidden=about.hidden),
    ]


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
