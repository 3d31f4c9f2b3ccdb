"""Arguments and options that several commands have, and records of options.

A record is a dataclass with one field for each option. A command that has a record as a parameter takes
all of its fields as options; `with_options` makes such a command readable by Typer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

__all__ = [
    "AsJson",
    "Jobs",
    "MinCount",
    "OtherCorpus",
    "Overwrite",
    "RunFolder",
    "Seed",
    "Words",
    "with_options",
]

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]
Words = Annotated[list[str], typer.Argument(metavar="WORD...", help="Words of the run.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of all random choices.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Threads; by default all cores.")]
MinCount = Annotated[int, typer.Option(min=1, help="Leave out words that occur less often.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an existing result.")]
OtherCorpus = Annotated[
    list[str] | None,
    typer.Option(metavar="CORPUS", help="Use these files or folders instead of the run's own documents."),
]


def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command with one option for each field of its records.

    Examples
    --------
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
            name: record(**{field.name: given.pop(field.name) for field in fields(record)})
            for name, record in records.items()
        }
        return command(**given, **made)

    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return flat


def _parameters(record: Any) -> list[inspect.Parameter]:
    """The fields of a record as parameters."""
    hints = get_type_hints(record, include_extras=True)
    return [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(record)
    ]
