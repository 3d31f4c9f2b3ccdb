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
from click.shell_completion import CompletionItem

from selfvec.apps.table import GROUPS, TOP, CommandRow, Typed
from selfvec.base.answer import Answer
from selfvec.base.declarations import REQUIRED, Kind, Parameter, declared_at
from selfvec.base.errors import OF_THE_SYSTEM, CleanupWarning, OptionError, SelfvecError, flag
from selfvec.base.progress import Progress
from selfvec.files.atomic_files import check_target
from selfvec.files.text_files import text_lines

from .parser import Argument, Command, CommandGroup, CommandTable, Option, help_all
from .streams import complain, discard_output, is_quiet, print_json, print_text, say, show, tell

# Several values stand after one another, or have commas between them. What reads better by its name, such as
# the two runs of migrate, is a flag although it has to be given.
SHARED: Mapping[str, Typed] = {
    "a": Typed("A"),
    "add_words": Typed("FILE|N"),
    "against": Typed("NAME..."),
    "analogies": Typed("FILE..."),
    "assign": Typed("NEW..."),
    "b": Typed("B"),
    "base_url": Typed("URL", seldom=True),
    "below": Typed("SIZE"),
    "between": Typed("A..B C..D"),
    "by": Typed("PERIOD|FIELD"),
    "classification": Typed("DIR..."),
    "cluster": Typed("local|ADDRESS"),
    "corpus": Typed("CORPUS..."),
    "date_field": Typed("F"),
    "dictionary": Typed("TSV"),
    "document": Typed("ID"),
    "fdr": Typed("Q"),
    "filter": Typed("FIELD=VALUE|date=A..B|@FILE"),
    "half_life": Typed("DAYS"),
    "history": Typed("PLAN"),
    "host": Typed("ADDRESS"),
    "id_field": Typed("F"),
    "jobs": Typed(help="Threads; by default all cores.", seldom=True),
    "keep_fields": Typed("F[,F...]"),
    "language": Typed("LANG"),
    "lemmatize": Typed("LANG"),
    "level": Typed("P"),
    "lexicon": Typed("FILE...", is_flag=True),
    "like": Typed("FILE.json"),
    "new": Typed(is_flag=True),
    "number": Typed("K"),
    "old": Typed(is_flag=True),
    "others": Typed("VECTORS...", is_flag=True),
    "output": Typed("OUT", help="The file or folder to write.", short="-o", is_flag=True),
    "overwrite": Typed(help="Replace what exists at that place."),
    "phrases": Typed("N|auto|FILE"),
    "port": Typed("PORT"),
    "pos": Typed("POS[,POS...]"),
    "push": Typed("RELATION"),
    "questions": Typed("CSV..."),
    "relations": Typed("KIND[,KIND...]"),
    "report": Typed("FILE"),
    "retrieval": Typed("BEIR_DIR..."),
    "run": Typed("RUN", help="A run folder."),
    "runs": Typed("RUN..."),
    "seed": Typed(help="Seed of all random choices.", seldom=True),
    "seed_words": Typed("A,B;C,D..."),
    "similarity": Typed("TSV..."),
    "slice": Typed("PERIOD"),
    "slice_field": Typed("F"),
    "source": Typed("IN"),
    "stem": Typed("LANG"),
    "stop_words": Typed("LANG|FILE"),
    "store": Typed("STORE"),
    "tagger": Typed("PIPELINE"),
    "text_field": Typed("F[,F...]", help="Fields that hold the text."),
    "to": Typed("FORMAT", is_flag=True),
    "tokenizer": Typed("words|wordpunct|whitespace|FILE"),
    "top": Typed(short="--topn"),
    "variants": Typed("FILE|auto"),
    "vectors": Typed("FILE|NAME"),
    "withdraw": Typed("ID[,ID...]"),
    "words": Typed("WORD...", help="Words of the run."),
    "years": Typed("A-B", is_flag=True),
}
"""How parameters are typed in all commands, unless a row of the table of commands says otherwise."""
_PLAIN = Typed()
_OBJECTS = {"Progress", "Task", "Topics"}
_PLACES = {
    "Any", "Dictionary", "GivenLexicon", "GivenRun", "GivenSentenceEncoder", "GivenVectors", "MovedVectors",
    "Path", "PathLike", "Start", "Texts",
}  # fmt: skip
_SEVERAL = {"GivenFilter", "GivenLexicon", "Mapping", "Sequence", "Texts"}


def typed(name: str, row: CommandRow) -> Typed:
    """How a parameter is typed in a command."""
    own, shared = row.options.get(name, _PLAIN), SHARED.get(name, _PLAIN)
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
    in_brackets = how.value.startswith("[")
    return in_brackets or (parameter.is_required and not how.is_flag)


def value_of(parameter: Parameter, row: CommandRow) -> str:
    """How a value is written: "N", "hybrid|bm25|dense", "W[,W...]"."""
    kind = parameter.kind
    if written := typed(parameter.name, row).value:
        return written
    if kind.choices:
        choices = "|".join(kind.choices)
        return f"N|{choices}" if "int" in kind.names else choices
    if "int" in kind.names:
        return "N[,N...]" if _takes_several(kind) else "N"
    if "float" in kind.names:
        return "X"
    return "FILE" if kind.takes_paths else parameter.name.upper()


def _takes_several(kind: Kind) -> bool:
    return not kind.names.isdisjoint(_SEVERAL)


# ---- Commands and groups


_OUTPUT = (
    Parameter("report", None, help="Write a report: .html, .md, .csv or .parquet."),
    Parameter("overwrite", False, help="Replace existing files.", seldom=True),
    Parameter("json", False, help="Print one JSON document."),
)
_DRAWN = Parameter(
    "output", kind=Kind("PathLike"), help="The file to write: .html, .svg, .png, .pdf, .graphml or .json."
)
_LAST = ("seed", "jobs", "report", "overwrite", "json")  # options, in the help


@cache
def root() -> CommandGroup:
    """The command ``selfvec``."""
    return CommandGroup(
        "selfvec",
        CommandTable(
            [*TOP, *GROUPS],
            lambda name: _group(name) if name in GROUPS else _command(name, f"selfvec {name}", TOP[name]),
        ),
        help="Adapt static word vectors to your own text, and see whether it helped.",
        params=[
            click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version),
            help_all(),
        ],
    )


def _group(name: str) -> CommandGroup:
    about, rows = GROUPS[name]
    table = CommandTable(rows, lambda own: _command(own, f"selfvec {name} {own}", rows[own]))
    return CommandGroup(name, table, help=about, params=[help_all()])


def _version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    del option
    if wanted:
        from selfvec.base.installed import RUN_FORMAT, __version__

        print(f"selfvec {__version__} (run format {RUN_FORMAT})")
        ctx.exit()


def _command(name: str, path: str, row: CommandRow) -> Command:
    """The command of a row, which is called by ``path``, as "selfvec run info"."""
    declared = row.declaration
    taken = declared.parameters
    added = [*starmap(_mode, row.instead.items()), *_outputs(row)]
    every = [*taken.values(), *(parameter for parameter in added if parameter.name not in taken)]
    shown = [_as_typed(parameter, row) for parameter in every if is_option(parameter, row)]
    needed = [parameter for parameter in shown if is_argument(parameter, row)]
    others = [parameter for parameter in shown if parameter not in needed]
    others.sort(key=lambda parameter: _LAST.index(parameter.name) if parameter.name in _LAST else -1)
    arguments = [_argument(parameter, row) for parameter in needed]
    options = [_option(parameter, row) for parameter in others]
    after = [click.Argument(["target"], required=False, metavar="[OUT]", type=click.Path())]  # as in cp
    took_output = [parameter.name for parameter in needed] in (["source"], ["vectors"], ["encoder"])

    return Command(
        name,
        callback=partial(call, row, [*arguments, *options]),
        params=[*arguments, *(after if took_output and "output" in taken else []), *options, help_all()],
        help=declared.summary,
        more=f"{declared.more}\n\nExit status 1: {row.failed}.".strip() if row.failed else declared.more,
        examples=[f"{path} {example}".rstrip() for example in row.examples],
        in_python={flag(name): f"selfvec.{row.name}(…, {name}=…)" for name in row.in_python if name in taken},
    )


def _mode(name: str, place: str) -> Parameter:
    """The option with which a command calls another function: an option of that, or a switch."""
    other = declared_at(place)
    switch = Parameter(name, False, help=other.summary)
    return replace(other.parameters[name], default=None) if name in other.parameters else switch


def _as_typed(parameter: Parameter, row: CommandRow) -> Parameter:
    """A parameter with the default that the command gives it, and the help that it has in all of them."""
    own, how = row.options.get(parameter.name, _PLAIN), typed(parameter.name, row)
    default = REQUIRED if how.needed else parameter.default if how.default is None else how.default
    if parameter.name == "top" and row.most is not None:
        parameter = replace(
            parameter, help=f"{parameter.sentences[0][:-1]}; by default {row.most}, with --json all."
        )
    # Without sentences that begin with "Also": they name objects of Python, which nobody types.
    typeable = re.sub(r"\s+Also\s[^.]*(?:\.\w[^.]*)*\.(?=\s|$)", "", parameter.help)
    help = _with_flags(own.help or typeable or how.help, row)
    return replace(parameter, default=default, help=help, seldom=parameter.seldom or how.seldom)


def _with_flags(text: str, row: CommandRow) -> str:
    """A text of Python, in which the names of other options become flags."""

    def written(found: re.Match[str]) -> str:
        other = row.declaration.parameters.get(found[1])
        is_flag = other is not None and is_option(other, row) and not is_argument(other, row)
        return flag(found[1]) if is_flag else found[1]

    return re.sub(r"``(\w+)``", written, text).replace("`", "")


def _outputs(row: CommandRow) -> Iterator[Parameter]:
    report, overwrite, json = _OUTPUT
    if row.writes:
        yield from (_DRAWN, overwrite)
    if row.report:
        yield from (report, overwrite)
    if row.json:
        yield json


def _argument(parameter: Parameter, row: CommandRow) -> Argument:
    written = value_of(parameter, row)
    required = not written.startswith("[")
    several = -1 if "..." in written else 1
    return Argument(parameter, required=required, nargs=several, metavar=written, type=_type(parameter))


def _option(parameter: Parameter, row: CommandRow) -> Option:
    how = typed(parameter.name, row)
    flags = [flag(parameter.name), *filter(None, (how.short, how.also))]
    is_switch = isinstance(parameter.default, bool)
    written = None if is_switch else value_of(parameter, row)
    return Option(
        flags,
        parameter,
        is_flag=is_switch,
        multiple=not is_switch and _takes_several(parameter.kind) and "[," not in (written or ""),
        metavar=written,
        type=None if is_switch else _type(parameter),
        hidden=how.hidden,
        shell_complete=_completion(parameter),
    )


def _type(parameter: Parameter) -> Any:
    """Paths are completed by the shell; other values are read by `call`."""
    return str if parameter.kind.names.isdisjoint(_PLACES) else click.Path()


def _completion(parameter: Parameter) -> Callable[..., list[CompletionItem]] | None:
    if not parameter.kind.choices:
        return None

    def complete(context: click.Context, option: click.Parameter, typed: str) -> list[CompletionItem]:
        del context, option
        return [CompletionItem(choice) for choice in parameter.kind.choices if choice.startswith(typed)]

    return complete


# ---- What a command does: what was typed becomes the arguments of its function, and the result is shown.
# The function is imported here, when the command runs.


_HOLD_COMMAS = ("text_field", "keep_fields", "withdraw")
"""Lists of names that may hold commas: they are told apart where the names are known."""

_SAVED = ("filter", "query", "word", "words")
"""What a file may hold, named after @."""
_LIBRARIES = ("POLARS_MAX", "NUMBA_NUM", "RAYON_NUM", "OPENBLAS_NUM", "MKL_NUM", "OMP_NUM")


def call(row: CommandRow, parameters: Sequence[Argument | Option], **typed: Any) -> int:
    """Call the function of a row with what was typed, show the result, and return the exit status."""
    row = _chosen(row, parameters, typed)
    given = _given(row, parameters, typed)
    as_json = given.pop("json", False)
    overwrite = bool(given.get("overwrite"))
    targets = _targets(row, given, overwrite)  # before the work, which may take minutes
    if "overwrite" not in row.declaration.parameters:
        given.pop("overwrite", None)
    switches = row.instead.keys() - row.declaration.parameters.keys()
    result = _named(row.calls)(**{name: given[name] for name in given if name not in switches})
    if row.figures:
        result = _named(row.figures)(result)
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

        if not as_json or row.show == "updated":
            getattr(shown, row.show)(result, typed)
    elif result is not None and not as_json:
        _print(row, result, typed)
    return _finish(row, result, given, as_json)


def _chosen(row: CommandRow, parameters: Sequence[Argument | Option], typed: Mapping[str, Any]) -> CommandRow:
    """The row, or the same with the function that an option calls instead, which takes fewer options."""
    mode = next((name for name in row.instead if typed[name]), "")
    if not mode:
        return row
    chosen = replace(row, calls=row.instead[mode])
    takes = chosen.declaration.parameters
    for one in parameters:
        name, value = one.declared.name, typed[one.declared.name]
        shown = (one.metavar or "").strip("[.]") if isinstance(one, Argument) else flag(name)
        if value and name not in {"json", *takes, *row.instead}:
            raise OptionError(f"{shown} does not go with {flag(mode)}", remedy="leave it out")
        if not value and name in takes and takes[name].is_required:
            raise OptionError(f"{shown} is needed with {flag(mode)}", remedy="name it")
    return chosen


def _print(row: CommandRow, result: Any, typed: Mapping[str, Any]) -> None:
    """Print the view of a result, or where it is."""
    if row.prints:
        made = result.as_dict() if isinstance(result, Answer) else {}
        print_text(row.prints.format(**{**typed, **made}))
        return
    from selfvec.analysis.views.terminal import draw

    top = typed.get("top", row.most)
    show(draw(result.view(top)))


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
    if (target := typed.pop("target", None)) is not None:  # OUT follows IN, as in ``cp IN OUT``
        if typed.get("output") is not None:
            raise OptionError("is given twice", field="output", remedy="name it once")
        typed["output"] = target
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
        if how.default is not None and name in row.declaration.parameters:
            default = how.default.format(**given) if isinstance(how.default, str) else how.default
            given.setdefault(name, default)
    if "jobs" in given:
        given["jobs"] = limit_threads(given["jobs"])
    if "progress" in row.declaration.parameters:
        from selfvec.analysis.views.terminal_progress import TerminalProgress

        given["progress"] = Progress() if is_quiet() else TerminalProgress()
    return given


def _value(parameter: Parameter, written: str, typed: Any) -> Any:
    if isinstance(typed, bool):
        return typed
    if parameter.name in _SAVED:
        several = isinstance(typed, tuple)
        lines = tuple(line for part in (typed if several else (typed,)) for line in _saved(parameter, part))
        typed = lines if several else " ".join(lines)
    if isinstance(typed, str) and "[," in written and parameter.name not in _HOLD_COMMAS:
        typed = tuple(part.strip() for part in typed.split(",") if part.strip())
    if isinstance(typed, tuple):
        values = [_single(parameter, part) for part in typed]
        return values[0] if len(values) == 1 and "Texts" in parameter.kind.names else values
    return _single(parameter, typed)


def _saved(parameter: Parameter, typed: str) -> Sequence[str]:
    """What is typed or, after @, the lines of a file: filters of a subcorpus, or a query."""
    path = Path(typed[1:])
    if typed[:1] != "@" or not (
        path.suffix or path.is_file() or (parameter.name == "filter" and "=" not in typed)
    ):
        return [typed]
    return [line.strip() for _, line in text_lines(path)]


def _single(parameter: Parameter, typed: str) -> Any:
    """One value: a number if the kind allows it and the text is one; a file of text as its path."""
    names = parameter.kind.names
    if "Texts" in names:
        return typed if "://" in typed else Path(typed)
    for name, reader in (("int", int), ("float", float)):
        if name in names:
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
