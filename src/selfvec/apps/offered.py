"""What the servers offer of a command: its options as it declares them, and how much may be asked for.

The page's interface and an assistant's tools ask the functions that the commands call. What an option takes
and means is in its declaration; the numbers that a server does not exceed are here.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from selfvec.base.declarations import Parameter

LISTS = {
    "collocates": "word window within unit measure slice filter by top",
    "concordance": "query sort window case lemma slice filter sample seed top",
    "frequency": "query unit slice filter by top",
    "ngrams": "n word slot unit slice filter top",
    "dispersion": "words slice filter",
}
"""The lists of `selfvec text` that both servers offer, with their options."""

_MOST = {"window": 30, "sample": 200, "seed": 1 << 31}
_NUMBER = 1 << 53  # that every program reads exactly
_SIGNS = {"at_least": "ge", "above": "gt", "at_most": "le", "below": "lt"}


@dataclass(frozen=True)
class OfferedOptions:
    """How a server takes options."""

    field: Callable[..., Any]  # FastAPI's Query, or pydantic's Field
    top: int  # rows, at most
    texts: Any = str  # the kind of texts
    kinds: Mapping[str, Any] = field(default_factory=dict)  # of options that are taken in another way
    bounds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of texts and lists
    usual: Mapping[str, Any] = field(default_factory=dict)  # defaults, where those of a server differ

    def argument(self, option: Parameter, default: Any = ...) -> inspect.Parameter:
        """The argument by which an option is offered; its default is the usual one unless given."""
        default = self.usual.get(option.name, option.default) if default is ... else default
        plain = {"bool": bool, "str": self.texts, "int": int, "float": float}
        kind = next((plain for word, plain in plain.items() if word in option.kind.names), self.texts)
        kind = Literal[option.kind.choices] if option.kind.choices else kind
        kind = self.kinds.get(option.name, kind)
        if kind in (int, float):
            most = self.top if option.name == "top" else _MOST.get(option.name, _NUMBER)
            bounds = {"le": most} | {_SIGNS[name]: kind(end) for name, end in option.kind.bounds.items()}
        else:
            bounds = dict(self.bounds.get(option.name, {}))
            default = str(default) if kind is self.texts and isinstance(default, int) else default
        first, _, rest = option.sentences
        meaning = option.help if default == option.default else f"{first} {rest}".strip()
        made = self.field(description=meaning or None, **bounds)
        taken = kind | None if default is None else kind
        keyword = inspect.Parameter.KEYWORD_ONLY
        return inspect.Parameter(option.name, keyword, default=default, annotation=Annotated[taken, made])
