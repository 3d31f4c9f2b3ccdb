"""The addresses of the programming interface: a function that `address` marks answers at its path.

Its first argument is the `PageData` of one state of the run. Its signature says what a question may hold, by
the kinds below, and its docstring what is answered; `app` derives the checks, the path and its description
from them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from fastapi import Query

from selfvec.apps.table import TOP

_SEARCH, _DRIFT = (TOP[name].declaration.parameters for name in ("search", "drift"))


def _text(most: int, meaning: str, least: int | None = 1, alias: str | None = None, **schema: Any) -> Any:
    """A text of limited length; ``schema`` tells programs a rule that the answering function checks."""
    shown = schema or None
    return Query(alias=alias, min_length=least, max_length=most, description=meaning, json_schema_extra=shown)


def _whole(least: int, most: int, meaning: str, alias: str | None = None) -> Any:
    return Query(alias=alias, ge=least, le=most, description=meaning)


_KEY = f"The comparison: refined, or two slices as 1993|1994..2000. {_DRIFT['between'].help}"
_WORD = "A word of the run."
FILTER = Query(max_length=1000, json_schema_extra={"pattern": r"^\s*\{|^[^=]*[^=\s][^=]*="})

ComparisonKey = Annotated[str, _text(200, _KEY, None, "c", pattern=r"^(refined|[^|]+\|[^|]+)$")]
Word = Annotated[str, _text(200, _WORD, alias="w", pattern=r"\S")]
OtherWord = Annotated[str, _text(200, _WORD, pattern=r"\S")]
Typed = Annotated[str, _text(100, "A part of a word.", None, "q")]
Offset = Annotated[int, _whole(0, 1_000_000, "Rows to leave out.")]
Limit = Annotated[int, _whole(1, 200, "Rows, at most.")]
FewResults = Annotated[int, _whole(1, 20, "Results, at most.", "n")]
Question = Annotated[str, _text(1000, _SEARCH["query"].help, pattern=r"\S")]
OptionalQuestion = Annotated[str, _text(1000, _SEARCH["query"].help, None)]
DocumentId = Annotated[str, _text(1000, "The id of a document, as a search gives it.")]
Top = Annotated[int, _whole(1, 100, "Documents, at most.")]
Unit = Annotated[
    Literal["month", "quarter", "year", "decade", "century"] | None,
    Query(description="The periods; by default those of which the text has at most 60."),
]
Mode = Annotated[Literal["hybrid", "bm25", "dense"], Query(description=_SEARCH["mode"].help)]
ReadBy = Annotated[Literal["encoder", "rows"] | None, Query(description=_SEARCH["question"].help)]
Fold = Annotated[bool, Query(description="Whether nearly identical documents are one row.")]
DocumentOrder = Annotated[
    Literal["number", "newest", "oldest", "longest", "shortest"],
    Query(description="The order; number is that of the text, and documents without a date come last."),
]
Filters = Annotated[
    list[Annotated[str, FILTER]] | None, Query(max_length=20, description=_SEARCH["filter"].help)
]

Answering = TypeVar("Answering", bound=Callable[..., Any])


Threads = Literal["answers", "lists", "state"]
"""Those that make an answer, see `create_app`."""


class Address(NamedTuple):
    """A path of the interface, and how it answers."""

    function: Callable[..., Any]
    waits: bool
    threads: Threads
    described: dict[str, Any]


ADDRESSES: dict[str, Address] = {}
"""By path, what `address` has marked in the modules that `app` imports."""


def address(
    path: str, *, waits: bool = False, threads: Threads = "answers", **described: Any
) -> Callable[[Answering], Answering]:
    """Mark a function that answers at a path.

    While tasks that it needs are not done, the answer is ``{"ready": false}`` and their progress. One that
    ``waits`` has the form of a command's output instead: it is answered when the tasks are done soon, else
    refused as busy. ``described`` is the description of the answer, as of OpenAPI.
    """

    def marked(function: Answering) -> Answering:
        ADDRESSES[path] = Address(function, waits, threads, described)
        return function

    return marked


def question_of(function: Callable[..., Any], request: type, **defaults: Any) -> inspect.Signature:
    """What a function may be asked, each argument by its name; ``defaults`` replace its own.

    Before it stands the ``request``, in place of the `PageData`.
    """
    _, *asked = inspect.signature(function, eval_str=True).parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature(
        [
            inspect.Parameter("request", keyword, annotation=request),
            *(each.replace(kind=keyword, default=defaults.get(each.name, each.default)) for each in asked),
        ]
    )
