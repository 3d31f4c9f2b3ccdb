"""The tree of commands: each is built from its row of the table when it is typed.

Its arguments and options are the parameters of the row's function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import click
from click.shell_completion import CompletionItem

from selfvec.apps.table import GROUPS, OLDER, TOP, Row
from selfvec.base.declarations import REQUIRED, Kind, Parameter
from selfvec.base.errors import flag

from .calling import call
from .flags import MORE_FLAGS, help_of, is_argument, is_option, is_seldom, value_of
from .parser import Argument, Command, CommandGroup, CommandTable, Option, help_all

_OUTPUT = (
    Parameter("report", None, help="Write a report: .html, .md, .csv or .parquet."),
    Parameter("overwrite", False, help="Replace existing files.", seldom=True),
    Parameter("json", False, help="Print one JSON document."),
)
_DRAWN = Parameter(
    "output", kind=Kind("path"), help="The file to write: .html, .svg, .png, .pdf, .graphml or .json."
)
_LAST = ("seed", "jobs", "report", "overwrite", "json")  # options, in the help


@cache
def root() -> CommandGroup:
    """The command ``selfvec``."""
    listed = [*TOP, *(name for name in GROUPS if name != "fetch")]
    return CommandGroup(
        "selfvec",
        CommandTable([*TOP, *GROUPS, *OLDER], _command_or_group),
        listed,
        help="Adapt static word vectors to your own text, and see whether it helped.",
        params=[
            click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version),
            help_all(),
        ],
    )


def _command_or_group(name: str) -> CommandGroup | Command:
    if name in GROUPS:
        return _group(name)
    return _command(name, f"selfvec {name}", TOP.get(name) or OLDER[name], hidden=name not in TOP)


def _group(name: str) -> CommandGroup:
    about, rows = GROUPS[name]

    def build(command: str) -> Command:
        return _command(command, f"selfvec {name} {command}", rows[command])

    table = CommandTable(rows, build)
    return CommandGroup(name, table, rows, help=about, params=[help_all()], hidden=name == "fetch")


def _version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    del option
    if wanted:
        from selfvec.base.versions import RUN_FORMAT, __version__

        print(f"selfvec {__version__} (run format {RUN_FORMAT})")
        ctx.exit()


def _command(name: str, path: str, row: Row, *, hidden: bool = False) -> Command:
    """The command of a row, which is called by ``path``, as "selfvec run info"."""
    declared = row.declaration
    parameters = {one.name: _as_typed(one, row) for one in declared.parameters.values() if is_option(one)}
    given = [one for one in parameters.values() if is_argument(one, row.values.get(one.name))]
    arguments = given[:1] if row.first else given
    options = [one for one in parameters.values() if one not in arguments]
    options += [one for one in _outputs(row) if one.name not in parameters]
    options.sort(key=lambda one: _LAST.index(one.name) if one.name in _LAST else -1)
    written = {one.name: (one, _written(one, row)) for one in (*arguments, *options)}
    params: list[click.Parameter] = [_argument(one, row) for one in arguments]
    if _is_older_output(parameters, arguments):
        params.append(Argument("target", required=False, metavar="[OUT]", hidden=True, type=click.Path()))
    params += [_option(one, row) for one in options]
    params.append(help_all())

    return Command(
        name,
        callback=partial(call, row, written),
        params=params,
        help=declared.summary,
        more=declared.more,
        examples=[f"{path} {example}".rstrip() for example in row.examples],
        hidden=hidden,
    )


def _is_older_output(parameters: Mapping[str, Parameter], arguments: Sequence[Parameter]) -> bool:
    """Whether OUT may also be the second argument, as in earlier versions."""
    output = parameters.get("output")
    return len(arguments) == 1 and arguments[0].name in ("source", "vectors", "encoder") and bool(output)


def _as_typed(one: Parameter, row: Row) -> Parameter:
    """A parameter with the default that the command gives it."""
    if one.name in row.needs:
        return replace(one, default=REQUIRED)
    return replace(one, default=row.defaults[one.name]) if one.name in row.defaults else one


def _outputs(row: Row) -> Iterator[Parameter]:
    """The options that say where a result goes."""
    report, overwrite, json = _OUTPUT
    if row.writes:
        yield from (_DRAWN, overwrite)
    if row.title or row.page:
        yield from (report, overwrite)
    if row.json:
        yield json


def _written(one: Parameter, row: Row) -> str:
    return row.values.get(one.name) or value_of(one)


def _argument(one: Parameter, row: Row) -> Argument:
    written = _written(one, row)
    required = not written.startswith("[")
    several = -1 if "..." in written else 1
    return Argument(
        one.name, help=help_of(one), required=required, nargs=several, metavar=written, type=_type(one)
    )


def _option(one: Parameter, row: Row) -> Option:
    older = [name for name, meant in row.older.items() if meant == one.name]
    flags = [row.flags.get(one.name, flag(one.name)), *MORE_FLAGS.get(one.name, ()), *older]
    is_switch = isinstance(one.default, bool)
    written = None if is_switch else _written(one, row)
    return Option(
        [*flags, one.name],
        is_flag=is_switch,
        multiple=not is_switch and one.kind.several and "[," not in (written or ""),
        metavar=written,
        is_needed=one.is_required,
        type=None if is_switch else _type(one),
        help=help_of(one),
        hidden=one.name in row.hidden,
        shell_complete=_completion(one),
        shown_default=one.default,
        seldom=is_seldom(one),
    )


def _type(one: Parameter) -> Any:
    """Paths are completed by the shell; other values are read by `call`."""
    is_place = not one.kind.words.isdisjoint({"path", "paths", "Run", "Vectors", "texts"})
    return click.Path() if is_place else str


def _completion(one: Parameter) -> Callable[..., list[CompletionItem]] | None:
    if not one.kind.choices:
        return None

    def complete(context: click.Context, option: click.Parameter, typed: str) -> list[CompletionItem]:
        del context, option
        return [CompletionItem(choice) for choice in one.kind.choices if choice.startswith(typed)]

    return complete
