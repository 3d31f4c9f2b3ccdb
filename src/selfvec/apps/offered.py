"""Options of public functions as servers offer them: the page's over HTTP, and the assistant's.

Which values an option takes, its default and what it means stand in the docstring of its function. A server
adds how long a text, and how large a number may be.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter
from typing import Annotated, Any, Literal

from selfvec.base import declarations


def argument(
    option: declarations.Parameter,
    field: Callable[..., Any],  # FastAPI's Query, or pydantic's Field
    *,
    kind: Any = None,  # of the values, where the server takes several, or other ones
    texts: Any = str,  # the kind of texts
    **given: Any,  # bounds, and the default if it is another
) -> Parameter:
    """The argument of a server's function that stands for an option."""
    default = given.pop("default", option.default)
    kind = kind or _kind(option, texts)
    if kind is texts and isinstance(default, int):
        default = str(default)
    if kind is int and "at least" in option.kind.bounds:
        given = {"ge": int(option.kind.bounds["at least"]), **given}
    first, _, rest = option.sentences
    meaning = option.help if default == option.default else f"{first} {rest}".strip()
    made = field(**{"description": meaning or None, **given})
    values = kind | None if default is None else kind
    return Parameter(option.name, Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[values, made])


def _kind(option: declarations.Parameter, texts: Any) -> Any:
    if option.kind.choices:
        return Literal[option.kind.choices]
    kinds = {"bool": bool, "str": texts, "int": int}
    return next((kind for word, kind in kinds.items() if word in option.kind.words), texts)
