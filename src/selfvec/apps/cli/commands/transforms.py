"""The commands that make new vectors by a method: ``selfvec vectors retrofit`` and the others.

`selfvec.transforms.registry` is their table. ``selfvec transform --by NAME``, hidden, is their older form
with all options.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from selfvec.apps.cli.arguments import AsJson, WrittenAs, arg, opt
from selfvec.apps.cli.option_records import keyword_option, with_keywords
from selfvec.apps.cli.output import print_json, print_text, say
from selfvec.transforms.registry import TRANSFORMS, TransformOption, TransformRow, find_transform
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["COMMANDS", "transform"]


def transform(
    *,
    source: Annotated[
        str, arg("IN", "A vectors file, run folder, default, or the folder of an encoder or language model.")
    ],
    written: WrittenAs,
    by: Annotated[str, opt("The method; an unknown name lists all.", "NAME")],
    as_json: AsJson = False,
    **older: Any,
) -> None:
    """Make new vectors from vectors by a named method.

    Each method is a command of its own, as selfvec vectors retrofit.

    Examples:
        selfvec transform run smaller.safetensors --by principal-axes --dimensions 64
    """
    names = {option.old_name: option.name for option in find_transform(by).options}
    options = {names.get(name, name): value for name, value in older.items()}
    _apply(by, source, written, as_json, options)


def _apply(by: str, source: str, written: WrittenAs, as_json: bool, options: dict[str, Any]) -> None:
    """Apply a method and report its figures; options that are None were not given."""
    from selfvec.transforms import make_transform

    chosen = make_transform(by, **{name: value for name, value in options.items() if value is not None})
    chosen.progress = TerminalProgress()
    target = written.path
    left_out = chosen.transform_file(source, target, written.to, overwrite=written.overwrite)
    done = chosen.report_
    if as_json:
        print_json({"source": source, "target": str(target), "by": by, **done, "left_out": left_out})
        return
    for note in left_out:
        say(note)
    shown = [f"{name.replace('_', ' ')} {_short(value)}" for name, value in done.items()]
    say(f"{by}: {', '.join(shown)}")
    print_text(target)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _parameter(option: TransformOption, name: str, *flags: str) -> Any:
    """An option as a parameter of a command; None if it is not given."""
    shown = opt(option.help, option.metavar, *flags, default=option.default, min=option.least)
    return keyword_option(name, Annotated[option.type, shown], None)


def _command(row: TransformRow) -> Callable[..., None]:
    """The command of a method."""
    what = "A vectors file, a run folder, or default."
    target = "new.vec"
    if row.source.endswith("/"):
        what = "The folder of an encoder or language model."
        target = "new"

    def command(*, source: str, written: WrittenAs, as_json: AsJson = False, **options: Any) -> None:
        _apply(row.name, source, written, as_json, options)

    command.__annotations__["source"] = Annotated[str, arg("IN", what)]
    example = f"selfvec vectors {row.name} {row.source} -o {target} {row.example}"
    command.__doc__ = f"{row.summary}\n\nExamples:\n    {example}"
    return with_keywords(
        command, [_parameter(option, option.name, *option.flags) for option in row.options], before="as_json"
    )


_OLDER = {option.old_name: option for row in TRANSFORMS.values() for option in row.options}
with_keywords(
    transform,
    [_parameter(option, name, option.flags[-1]) for name, option in _OLDER.items()],
    before="as_json",
)
COMMANDS = {name: _command(row) for name, row in TRANSFORMS.items()}
"""The commands by name."""
