"""The tree of commands: each is built from its row of the table when it is typed.

Its arguments and options are the parameters of the row's function. How the value of a flag is written, and
the help of a flag that many commands share, is the same in all of them, unless a function says otherwise.
What the user sees of an error is one line on standard error.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cache, partial
from itertools import starmap
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import click

from selfvec.apps.table import GROUPS, TOP, CommandRow, Typed
from selfvec.base.answer import Answer
from selfvec.base.declarations import REQUIRED, Kind, Parameter, declared_at
from selfvec.base.errors import OF_THE_SYSTEM, CleanupWarning, OptionError, SelfvecError, flag
from selfvec.base.progress import Progress
from selfvec.files.atomic_files import check_target

from .parser import Argument, Command, CommandGroup, CommandTable, Option, switch, values_of
from .streams import complain, discard_output, is_quiet, print_json, print_text, say, show, tell

# Several values stand after one another, or have commas between them. What reads better by its name, such as
# the two runs of migrate, is a flag although it has to be given.
SHARED: Mapping[str, Typed | str] = {
    "add_words": "FILE|N",
    "against": "NAME...",
    "analogies": "FILE...",
    "assign": "NEW...",
    "base_url": "URL",
    "below": "SIZE",
    "between": "A..B C..D",
    "by": "PERIOD|FIELD",
    "classification": "DIR...",
    "cluster": "local|ADDRESS",
    "corpus": "CORPUS...",
    "date_field": "F",
    "dictionary": "TSV",
    "document": "ID",
    "fdr": "Q",
    "filter": "FIELD=VALUE|date=A..B|@FILE",
    "half_life": "DAYS",
    "history": "PLAN",
    "host": "ADDRESS",
    "id_field": "F",
    "jobs": Typed(help="Threads; by default all cores."),
    "keep_fields": "F[,F...]",
    "language": "LANG",
    "lemmatize": "LANG",
    "level": "P",
    "lexicon": Typed("FILE...", is_flag=True),
    "new": Typed(is_flag=True),
    "number": "K",
    "old": Typed(is_flag=True),
    "others": Typed("VECTORS...", is_flag=True),
    "output": Typed("OUT", also="-o", is_flag=True),
    "overwrite": Typed(help="Replace what exists at that place."),
    "phrases": "N|auto|FILE",
    "port": "PORT",
    "pos": "POS[,POS...]",
    "questions": "CSV...",
    "relations": "KIND[,KIND...]",
    "report": "FILE",
    "retrieval": "BEIR_DIR...",
    "run": Typed("RUN", help="A run folder."),
    "runs": "RUN...",
    "seed_words": "A,B;C,D...",
    "similarity": "TSV...",
    "slice": "PERIOD",
    "slice_field": "F",
    "source": "IN",
    "stem": "LANG",
    "stop_words": "LANG|FILE",
    "store": "STORE",
    "tagger": "NAME",
    "text_field": "F[,F...]",
    "to": Typed("FORMAT", is_flag=True),
    "tokenizer": "words|wordpunct|whitespace|FILE",
    "top": Typed(also="--topn"),
    "variants": "FILE|auto",
    "vectors": "FILE|NAME",
    "withdraw": "ID[,ID...]",
    "words": "WORD...",
    "years": Typed("A-B", is_flag=True),
}
"""How parameters are typed in all commands, unless a row of the table of commands says otherwise."""
_OBJECTS = {"GivenProgress", "Task", "Topics"}
_SEVERAL = {"GivenFilter", "GivenLexicon", "Mapping", "Sequence", "Texts"}


def typed(name: str, row: CommandRow) -> Typed:
    """How a parameter is typed in a command."""
    own, shared = (Typed.of(options.get(name, "")) for options in (row.options, SHARED))
    # Not astuple, which copies every value: this is asked some thousand times for --help.
    pairs = zip(vars(own).values(), vars(shared).values(), strict=True)
    return Typed(*(mine or usual for mine, usual in pairs))


def is_option(parameter: Parameter, row: CommandRow) -> bool:
    """Whether the command line takes a parameter: its values can be typed, and some people would."""
    return parameter.name not in row.in_python and parameter.kind.names.isdisjoint(_OBJECTS)


def is_argument(parameter: Parameter, row: CommandRow) -> bool:
    """Whether a parameter is an argument: it has to be given, and does not read better as a flag.

    Those are arguments, too, whose value a row writes in brackets.
    """
    how = typed(parameter.name, row)
    return how.value.startswith("[") or (parameter.is_required and not how.is_flag)


def value_of(parameter: Parameter, row: CommandRow) -> str:
    """How a value is written: "N", "hybrid|bm25|dense", "W[,W...]"."""
    kind = parameter.kind
    is_whole = "int" in kind.names
    if written := typed(parameter.name, row).value:
        return written
    if kind.choices:
        return "|".join([*["N"] * is_whole, *kind.choices])
    if is_whole:
        return "N[,N...]" if _takes_several(kind) else "N"
    if "float" in kind.names:
        return "X"
    return "FILE" if kind.takes_paths else parameter.name.upper()


def _takes_several(kind: Kind) -> bool:
    return not kind.names.isdisjoint(_SEVERAL)


# ---- Commands and groups


_OVERWRITE = Parameter("overwrite", False, help="Replace existing files.", seldom=True)
_DRAWN = "The file to write: .html, .svg, .png, .pdf, .graphml or .json."
_OUTPUTS = (
    ("writes", Parameter("output", kind=Kind("PathLike"), help=_DRAWN)),
    ("writes", _OVERWRITE),
    ("report", Parameter("report", None, help="Write a report: .html, .md, .csv or .parquet.")),
    ("report", _OVERWRITE),
    ("json", Parameter("json", False, help="Print one JSON document.")),
)
"""Options of a command for what it does with the result, by the field of its row that says so."""
_LAST = ("seed", "jobs", "report", "overwrite", "json")  # options, in the help


@cache
def root() -> CommandGroup:
    """The command ``selfvec``."""
    groups = {name: cache(partial(_group, name)) for name in GROUPS}
    return CommandGroup(
        "selfvec",
        commands=CommandTable(_commands(TOP) | groups),
        help="Adapt static word vectors to your own text, and see whether it helped.",
        params=[switch("--version", does=_version)],
    )


def _group(name: str) -> CommandGroup:
    about, rows = GROUPS[name]
    return CommandGroup(name, commands=CommandTable(_commands(rows, f"{name} ")), help=about)


def _commands(rows: Mapping[str, CommandRow], group: str = "") -> dict[str, Callable[[], Any]]:
    return {name: cache(partial(_command, name, row, group)) for name, row in rows.items()}


def _version(ctx: click.Context) -> None:
    from selfvec.base.installed import RUN_FORMAT, __version__

    print(f"selfvec {__version__} (run format {RUN_FORMAT})")
    ctx.exit()


def _command(name: str, row: CommandRow, group: str) -> Command:
    """The command of a row."""
    declared = row.declaration
    every = dict(declared.parameters)
    outputs = (one for field, one in _OUTPUTS if getattr(row, field))
    for one in (*starmap(_mode, row.instead.items()), *outputs):
        every.setdefault(one.name, one)
    params = [_param(one, row) for one in every.values() if is_option(one, row)]
    arguments = [one for one in params if isinstance(one, Argument)]
    options = [one for one in params if isinstance(one, Option)]
    options.sort(key=lambda one: _LAST.index(one.name) if one.name in _LAST else -1)
    after = [click.Argument(["target"], required=False, metavar="[OUT]", type=click.Path())]  # as in cp
    takes_target = [one.name for one in arguments] in (["source"], ["vectors"], ["encoder"])

    return Command(
        name,
        callback=partial(call, row, [*arguments, *options]),
        params=[*arguments, *after * (takes_target and "output" in every), *options],
        help=declared.summary,
        more=f"{declared.more}\n\nExit status 1: {row.failed}.".strip() if row.failed else declared.more,
        examples=[f"selfvec {group}{name} {example}".rstrip() for example in row.examples],
        in_python={flag(name): f"selfvec.{row.name}(…, {name}=…)" for name in row.in_python if name in every},
    )


def _mode(name: str, place: str) -> Parameter:
    """The option with which a command calls another function: an option of that, or a switch."""
    other = declared_at(place)
    switch = Parameter(name, False, help=other.summary)
    return replace(other.parameters[name], default=None) if name in other.parameters else switch


def _param(parameter: Parameter, row: CommandRow) -> Argument | Option:
    """The argument or option for a parameter, with the default that the command gives it, and its help."""
    how, help = typed(parameter.name, row), parameter.help
    default = REQUIRED if how.needed else parameter.default if how.default is None else how.default
    if parameter.name == "top" and row.most is not None:
        help = f"{parameter.sentences[0][:-1]}; by default {row.most}, with --json all."
    # Without sentences that begin with "Also": they name objects of Python, which nobody types.
    typeable = re.sub(r"\s+Also\s[^.]*(?:\.\w[^.]*)*\.(?=\s|$)", "", help)
    own = Typed.of(row.options.get(parameter.name, ""))
    help = _with_flags(own.help or typeable or how.help, row)
    declared = replace(parameter, default=default, help=help)
    written = value_of(parameter, row)
    if is_argument(parameter, row):
        return Argument(declared, written)
    several = _takes_several(parameter.kind) and "[," not in written
    flags = [flag(parameter.name), *filter(None, [how.also])]
    written = "" if isinstance(default, bool) else written
    return Option(declared, written, *flags, several=several, hidden=how.hidden)


def _with_flags(text: str, row: CommandRow) -> str:
    """A text of Python, in which the names of other options become flags."""

    def written(found: re.Match[str]) -> str:
        other = row.declaration.parameters.get(found[1])
        is_flag = other is not None and is_option(other, row) and not is_argument(other, row)
        return flag(found[1]) if is_flag else found[1]

    return re.sub(r"``(\w+)``", written, text).replace("`", "")


# ---- What a command does: what was typed becomes the arguments of its function, and the result is shown.
# The function is imported here, when the command runs.


_LIBRARIES = ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM")


def call(row: CommandRow, params: Sequence[Argument | Option], **typed: Any) -> int:
    """Call the function of a row with what was typed, show the result, and return the exit status."""
    row = _chosen(row, params, typed)
    given = _given(row, params, typed)
    files = _files(row, given)  # before the work, which may take minutes
    takes = row.declaration.parameters.keys() - files.keys()
    result = _named(row.calls)(**{name: value for name, value in given.items() if name in takes})
    if row.figures:
        result = _named(row.figures)(result)
    for name, write in files.items():
        write(result, given[name], overwrite="overwrite" in given)
    # With --json, too: standard output holds one document, and what was left out is not to pass unnoticed.
    wrote = [f"wrote {given[name]}" for name in (*row.written, *files) if name in given]
    for message in (*getattr(result, "messages", ()), *wrote):
        say(message)
    if row.show:
        from . import shown

        if "json" not in given or row.show == "updated":
            getattr(shown, row.show)(result, given)
    elif result is not None and "json" not in given:
        _print(row, result, given)
    return _finish(row, result, given)


def _chosen(row: CommandRow, params: Sequence[Argument | Option], typed: Mapping[str, Any]) -> CommandRow:
    """The row, or the same with the function that an option calls instead, which takes fewer options."""
    mode = next((name for name in row.instead if typed[name]), "")
    if not mode:
        return row
    chosen = replace(row, calls=row.instead[mode])
    takes = chosen.declaration.parameters
    for one in params:
        name, value = one.declared.name, typed[one.declared.name]
        shown = (one.metavar or "").strip("[.]") if isinstance(one, Argument) else flag(name)
        if value and name not in {"json", *takes, *row.instead}:
            raise OptionError(f"{shown} does not go with {flag(mode)}", remedy="leave it out")
        if not value and name in takes and takes[name].is_required:
            raise OptionError(f"{shown} is needed with {flag(mode)}", remedy="name it")
    return chosen


def _print(row: CommandRow, result: Any, given: Mapping[str, Any]) -> None:
    """Print the view of a result, or where it is."""
    if row.prints:
        made = result.as_dict() if isinstance(result, Answer) else {}
        print_text(row.prints.format(**{**given, **made}))
        return
    from selfvec.analysis.views.terminal import draw

    show(draw(result.view(given.get("top", row.most))))


def _files(row: CommandRow, given: Mapping[str, Any]) -> dict[str, Callable[..., None]]:
    """What writes the files that the command itself writes; they are refused if they cannot be written."""
    from selfvec.files.report_page import check_report, save_page

    def save_report(result: Any, path: str, *, overwrite: bool) -> None:
        save_page(_named(row.page)(result) if row.page else result.view(), path, overwrite=overwrite)

    files = {"report": (check_report, save_report)} if row.report else {}
    if row.writes:
        files["output"] = (_named(f"{row.writes.rpartition('.')[0]}.check_suffix"), _named(row.writes))
    for name in files.keys() & given.keys():
        files[name][0](given[name])
        check_target(Path(given[name]), overwrite="overwrite" in given, folder=False)
    return {name: write for name, (_, write) in files.items() if name in given}


def _finish(row: CommandRow, result: Any, given: Mapping[str, Any]) -> int:
    """Print the JSON, if it is asked for; the exit status."""
    if not hasattr(result, "as_dict"):
        return 0
    record = result.as_dict()
    if "json" in given:
        print_json({key: str(given[name]) for key, name in row.repeated.items()} | record)
    failed = row.fails.removeprefix("not ")
    return int(bool(failed) and bool(record[failed]) != row.fails.startswith("not "))


def _named(place: str) -> Any:
    return resolve_name(f"selfvec.{place}")


def _given(row: CommandRow, params: Sequence[Argument | Option], typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed as arguments of the function; what was not is left to its defaults."""
    if (target := typed.pop("target", None)) is not None:  # OUT follows IN, as in ``cp IN OUT``
        if typed.get("output") is not None:
            raise OptionError("is given twice", field="output", remedy="name it once")
        typed["output"] = target
    given: dict[str, Any] = {}
    for one in params:
        name = one.declared.name
        if typed.get(name) not in (None, (), False):
            given[name] = values_of(one, typed[name]) if one.metavar else True
        elif one.declared.is_required:
            raise OptionError(f"{flag(name)} is needed", remedy=f"add {flag(name)} {one.metavar}")
    takes = row.declaration.parameters
    for name, how in row.options.items():
        how = Typed.of(how)
        if how.default is not None and name in takes:
            default = how.default.format(**given) if isinstance(how.default, str) else how.default
            given.setdefault(name, default)
    if "jobs" in given:
        given["jobs"] = limit_threads(given["jobs"])
    if "progress" in takes:
        from selfvec.analysis.views.terminal_progress import TerminalProgress

        given["progress"] = Progress() if is_quiet() else TerminalProgress()
    return given


def limit_threads(jobs: Any) -> Any:
    """The number of threads that are used, which is printed if more were asked for.

    Libraries read their limit when they are first imported: after this.
    """
    if not isinstance(jobs, int):
        return jobs
    from selfvec.base.threads import limited, threads

    with limited(jobs, lambda message: say(f"selfvec: --jobs: {message}")):
        used = threads()
    for library in _LIBRARIES:
        os.environ[f"{library}_THREADS"] = str(used)
    return used


# ---- What a person sees of a command that is run

_INTERRUPTED = 130  # exit status
_OPEN_FILES = 12  # that a command needs at once; with fewer, libraries end in tracebacks and wrong messages
_COMPLETE = "_SELFVEC_COMPLETE"  # the variable by which a shell asks for completions


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status. Errors a user can make are printed, not raised."""
    tell("usual")
    try:
        _check_open_files()
        with _warnings_in_one_line():
            if _COMPLETE in os.environ:
                root().main(prog_name="selfvec")
            with root().make_context("selfvec", arguments) as context:
                status = root().invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except SelfvecError as error:
        complain(f"selfvec: {error.message(flags=True)}")
        return error.exit_status
    except KeyboardInterrupt:
        complain("selfvec: interrupted")
        return _INTERRUPTED
    except BrokenPipeError:  # the reader has gone, as in `selfvec … | head`
        discard_output()
        return 0
    except OSError as error:  # that no single place of the code expects
        if error.errno not in OF_THE_SYSTEM:
            raise
        of_a_file = error.errno not in (errno.EMFILE, errno.ENFILE)  # of these, any file may be the one
        name = str(error.filename or "") if of_a_file else ""
        shown = f"{name[:40]}…: " if len(name) > 200 else f"{name}: " if name else ""
        rule, remedy = OF_THE_SYSTEM[error.errno]
        complain(f"selfvec: {shown}{rule}; {remedy}")
        return 2
    except MemoryError:
        complain("selfvec: out of memory; use a smaller vectors file or corpus, or --min-count")
        return 2
    except click.ClickException as error:
        return _usage_error(error)
    return status if isinstance(status, int) else 0


def _check_open_files() -> None:
    """Raise the system's error if so few files may be opened that no command ends well."""
    with ExitStack() as opened:
        for _ in range(_OPEN_FILES):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


@contextmanager
def _warnings_in_one_line() -> Iterator[None]:
    """Print our own warnings without the place in the code."""
    usual = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, CleanupWarning):
            say(f"selfvec: {message}")
        else:
            usual(message, category, *place, **more)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


def _usage_error(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "selfvec"
    text = " ".join(error.format_message().split()).rstrip(".")
    if text:
        complain(f"{command}: {text}{'' if text.endswith('?') else ';'} see: {command} --help")
    return error.exit_code
