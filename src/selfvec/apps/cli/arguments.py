"""Arguments and options that several commands have; records of those that belong together."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfvec.apps import option_texts
from selfvec.base.cores import threads
from selfvec.base.errors import OptionError
from selfvec.base.targets import check_target
from selfvec.data.settings import KEEP, TEXT

if TYPE_CHECKING:
    from selfvec.data.run import Run

__all__ = [
    "MORE",
    "AsJson",
    "Format",
    "Jobs",
    "MinCount",
    "NewRun",
    "Output",
    "Overlap",
    "Overwrite",
    "PassageWords",
    "Query",
    "Reading",
    "RunFolder",
    "Seed",
    "TextField",
    "Words",
    "Work",
    "Written",
    "WrittenAs",
    "arg",
    "as_paths",
    "checked_suffix",
    "listed",
    "open_run",
    "opt",
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
MinCount = Annotated[int, opt(option_texts.MIN_COUNT, "N", min=1)]
Overwrite = Annotated[bool, opt("Replace what exists at that place.", None, "--overwrite")]
Format = Annotated[str | None, opt("Format of OUT.", "FORMAT", default="that of its suffix")]
PassageWords = Annotated[
    int, opt("Words of the passages that a long document is cut into.", "N", panel=MORE, min=20)
]
Overlap = Annotated[int, opt("Words that a passage repeats from the one before.", "N", panel=MORE, min=0)]
Query = Annotated[str, arg("QUERY", option_texts.QUERY)]
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

    text_field: TextField = None
    date_field: Annotated[str | None, opt("Field that holds the date.", "F")] = None
    slice_field: Annotated[str | None, opt("Field that names the slice of a document.", "F", panel=TEXT)] = (
        None
    )
    skip_bad_rows: Annotated[
        bool, opt("Count malformed rows and go on.", None, "--skip-bad-rows", panel=TEXT)
    ] = False
    keep_fields: Annotated[
        str | None,
        opt(
            "Fields that the run keeps besides text, id, date and slice.",
            "F[,F...]",
            "--fields",
            "--keep-fields",
            panel=KEEP,
            default="all",
        ),
    ] = None


@dataclass(frozen=True)
class Work:
    """How a command that makes a run does its work."""

    jobs: Annotated[int | None, opt("Threads.", "N", panel=KEEP, default="all cores")] = None
    overwrite: Annotated[bool, opt("Replace an existing run of that name.", None, "--overwrite")] = False

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


def as_paths(corpus: list[str]) -> list[str | Path]:
    """Files and folders as paths, which functions do not take for texts; addresses stay as they are."""
    return [name if "://" in name else Path(name) for name in corpus]
