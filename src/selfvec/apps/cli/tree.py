"""The tree of commands: each is built from its row of the table when it is typed.

Its arguments and options are the parameters of the row's function. How the value of a flag is written, and
the help of a flag that many commands share, is the same in all of them, unless a function says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import click
from click.shell_completion import CompletionItem

from selfvec.apps.table import GROUPS, TOP, CommandRow
from selfvec.base.declarations import REQUIRED, Kind, Parameter
from selfvec.base.errors import flag

from .calling import call
from .parser import Argument, Command, CommandGroup, CommandTable, Option, help_all

_VALUES: Mapping[str, str] = {  # several values stand after one another, or have commas between them
    "a": "A",
    "add_words": "FILE|N",
    "against": "NAME...",
    "analogies": "FILE...",
    "b": "B",
    "assign": "NEW...",
    "base_url": "URL",
    "below": "SIZE",
    "between": "A..B C..D",
    "by": "PERIOD|FIELD",
    "cache": "DIR",
    "classification": "DIR...",
    "cluster": "local|ADDRESS",
    "concepts": "CORPUS",
    "corpus": "CORPUS...",
    "date_field": "F",
    "dictionary": "TSV",
    "document": "ID",
    "fdr": "Q",
    "filters": "FIELD=VALUE|date=A..B",
    "half_life": "DAYS",
    "history": "PLAN",
    "host": "ADDRESS",
    "id_field": "F",
    "keep_fields": "F[,F...]",
    "language": "LANG",
    "layers": "last4|all|first|N|N:WEIGHT,...",
    "lemmatize": "LANG",
    "level": "P",
    "lexicon": "FILE...",
    "like": "FILE.json",
    "number": "K",
    "others": "VECTORS...",
    "output": "OUT",
    "phrases": "N|auto|FILE",
    "port": "PORT",
    "pos": "POS[,POS...]",
    "pull": "RELATION",
    "push": "RELATION",
    "questions": "CSV...",
    "relations": "KIND[,KIND...]",
    "report": "FILE",
    "retrieval": "BEIR_DIR...",
    "run": "RUN",
    "runs": "RUN...",
    "save": "FILE.html",
    "seed_words": "A,B;C,D...",
    "similarity": "TSV...",
    "slice": "PERIOD",
    "slice_field": "F",
    "source": "IN",
    "stem": "LANG",
    "stop_words": "LANG|FILE",
    "store": "STORE",
    "tagger": "PIPELINE",
    "text_field": "F[,F...]",
    "to": "FORMAT",
    "tokenizer": "words|whitespace|FILE",
    "try_": "NAME=VALUES...",
    "vectors": "FILE|NAME",
    "withdraw": "ID[,ID...]",
    "words": "WORD...",
    "years": "A-B",
}
_HELP: Mapping[str, str] = {
    "jobs": "Threads; by default all cores.",
    "output": "The file or folder to write.",
    "overwrite": "Replace what exists at that place.",
    "run": "A run folder.",
    "seed": "Seed of all random choices.",
    "text_field": "Fields that hold the text.",
    "words": "Words of the run.",
}
_OPTIONS = {"new", "old", "output", "to", "years"}  # which are flags although they have to be given
_SELDOM = {"base_url", "jobs", "seed"}  # which only ``--help-all`` shows
MORE_FLAGS: Mapping[str, tuple[str, ...]] = {"output": ("-o",), "top": ("--topn",)}
"""Further flags, wherever the parameters occur."""
_NEVER = {"oov_vectors", "progress"}  # ``oov`` is written --oov-vectors


def is_option(one: Parameter) -> bool:
    """Whether the command line takes a parameter: its values can be typed."""
    objects = {"callable", "mapping", "task", "Topics", "SenseSpace", "Progress"}
    return one.name not in _NEVER and one.kind.words.isdisjoint(objects)


def is_argument(one: Parameter, row: CommandRow) -> bool:
    """Whether a parameter is an argument: it has to be given, and does not read better as a flag.

    Those are arguments, too, whose value a row writes in brackets.
    """
    in_brackets = row.values.get(one.name, "").startswith("[")
    return in_brackets or (one.is_required and one.name not in _OPTIONS)


def value_of(one: Parameter) -> str:
    """How a value is written: "N", "hybrid|bm25|dense", "W[,W...]"."""
    kind = one.kind
    if one.name in _VALUES:
        return _VALUES[one.name]
    if kind.choices:
        written = "|".join(kind.choices)
        return f"N|{written}" if "int" in kind.words else written
    if "int" in kind.words:
        return "N[,N...]" if kind.several else "N"
    if "float" in kind.words:
        return "X"
    return "FILE" if "path" in kind.words else one.name.upper()


# ---- Commands and groups


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
    return CommandGroup(
        "selfvec",
        CommandTable([*TOP, *GROUPS], _command_or_group),
        [*TOP, *GROUPS],
        help="Adapt static word vectors to your own text, and see whether it helped.",
        params=[
            click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_version),
            help_all(),
        ],
    )


def _command_or_group(name: str) -> CommandGroup | Command:
    if name in GROUPS:
        return _group(name)
    return _command(name, f"selfvec {name}", TOP[name])


def _group(name: str) -> CommandGroup:
    about, rows = GROUPS[name]

    def build(command: str) -> Command:
        return _command(command, f"selfvec {name} {command}", rows[command])

    table = CommandTable(rows, build)
    return CommandGroup(name, table, rows, help=about, params=[help_all()])


def _version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    del option
    if wanted:
        from selfvec.base.versions import RUN_FORMAT, __version__

        print(f"selfvec {__version__} (run format {RUN_FORMAT})")
        ctx.exit()


def _command(name: str, path: str, row: CommandRow) -> Command:
    """The command of a row, which is called by ``path``, as "selfvec run info"."""
    declared = row.declaration
    taken = declared.parameters
    every = [*taken.values(), *(one for one in _outputs(row) if one.name not in taken)]
    typed = [_as_typed(one, row) for one in every if is_option(one)]
    needed = [one for one in typed if is_argument(one, row)][: 1 if row.transform else None]
    others = [one for one in typed if one not in needed]
    others.sort(key=lambda one: _LAST.index(one.name) if one.name in _LAST else -1)
    arguments = [_argument(one, row) for one in needed]
    options = [_option(one, row) for one in others]
    after = [click.Argument(["target"], required=False, metavar="[OUT]", type=click.Path())]  # as in cp
    took_output = [one.name for one in needed] in (["source"], ["vectors"], ["encoder"])

    return Command(
        name,
        callback=partial(call, row, [*arguments, *options]),
        params=[*arguments, *(after if took_output and "output" in taken else []), *options, help_all()],
        help=declared.summary,
        more=f"{declared.more}\n\nExit status 1: {row.failed}.".strip() if row.failed else declared.more,
        examples=[f"{path} {example}".rstrip() for example in row.examples],
    )


def _as_typed(one: Parameter, row: CommandRow) -> Parameter:
    """A parameter with the default that the command gives it, and the help that it has in all of them."""
    default = REQUIRED if one.name in row.needs else row.defaults.get(one.name, one.default)
    help = _with_flags(row.help.get(one.name) or _typeable(one.help) or _HELP.get(one.name, ""), row)
    return replace(one, default=default, help=help, seldom=one.seldom or one.name in _SELDOM)


def _typeable(text: str) -> str:
    """A text of Python without sentences that begin with "Also": they name objects, which nobody types."""
    return re.sub(r"\s+Also\s[^.]*(?:\.\w[^.]*)*\.(?=\s|$)", "", text)


def _with_flags(text: str, row: CommandRow) -> str:
    """A text of Python, in which the names of other options become flags."""

    def written(found: re.Match[str]) -> str:
        other = row.declaration.parameters.get(found[1])
        is_flag = other is not None and is_option(other) and not is_argument(other, row)
        return row.flags.get(found[1], flag(found[1])) if is_flag else found[1]

    return re.sub(r"``(\w+)``", written, text).replace("`", "")


def _outputs(row: CommandRow) -> Iterator[Parameter]:
    """The options that say where a result goes."""
    report, overwrite, json = _OUTPUT
    if row.writes:
        yield from (_DRAWN, overwrite)
    if row.title or row.page:
        yield from (report, overwrite)
    if row.json:
        yield json


def _written(one: Parameter, row: CommandRow) -> str:
    return row.values.get(one.name) or value_of(one)


def _argument(one: Parameter, row: CommandRow) -> Argument:
    written = _written(one, row)
    required = not written.startswith("[")
    several = -1 if "..." in written else 1
    return Argument(one, required=required, nargs=several, metavar=written, type=_type(one))


def _option(one: Parameter, row: CommandRow) -> Option:
    also = [name for name, meant in row.also.items() if meant == one.name]
    flags = [row.flags.get(one.name, flag(one.name)), *MORE_FLAGS.get(one.name, ()), *also]
    is_switch = isinstance(one.default, bool)
    written = None if is_switch else _written(one, row)
    return Option(
        flags,
        one,
        is_flag=is_switch,
        multiple=not is_switch and one.kind.several and "[," not in (written or ""),
        metavar=written,
        type=None if is_switch else _type(one),
        hidden=one.name in row.hidden,
        shell_complete=_completion(one),
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
