"""The addresses of the programming interface: a method that `address` marks answers at its path.

The method's signature says what a question may hold, by the kinds below, and its docstring what is answered;
`app` derives the checks, the path and its description from them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from fastapi import Query

from selfvec.apps.table import TEXT, TOP
from selfvec.data.vectors import Source

from .work import BackgroundTask

_SEARCH, _SIMILAR, _DRIFT = (TOP[name].declaration.parameters for name in ("search", "similar", "drift"))
_COLLOCATES, _CONCORDANCE = (TEXT[name].declaration.parameters for name in ("collocates", "concordance"))
_FILTER = r"^[^=]*[^=\s][^=]*="

ComparisonKey = Annotated[
    str,
    Query(
        alias="c",
        max_length=200,
        description="The comparison: refined, or two slices as 1993|1994..2000. " + _DRIFT["between"].help,
        json_schema_extra={"pattern": r"^(refined|[^|]+\|[^|]+)$"},
    ),
]
Word = Annotated[str, Query(alias="w", min_length=1, max_length=200, description="A word of the run.")]
OtherWord = Annotated[str, Query(min_length=1, max_length=200, description="A word of the run.")]
OptionalWord = Annotated[
    str | None, Query(alias="w", max_length=200, description="A word, for the map of its neighbours.")
]
Phrase = Annotated[
    str,
    Query(
        min_length=1,
        max_length=200,
        description=_CONCORDANCE["query"].help,
        json_schema_extra={"pattern": r"[^\W\d_]"},
    ),
]
OptionalPart = Annotated[
    str | None, Query(alias="slice", min_length=1, max_length=100, description=_COLLOCATES["slice"].help)
]
Window = Annotated[int, Query(ge=1, le=30, description=_COLLOCATES["window"].help)]
FewRows = Annotated[
    int, Query(alias="top", ge=1, le=200, description="Rows, at most; of keyness, of each side.")
]
LineOrder = Annotated[Literal["left", "right", "date"] | None, Query(description=_CONCORDANCE["sort"].help)]
WordPart = Annotated[str, Query(max_length=100, description="A part of a word.")]
Typed = Annotated[str, Query(alias="q", max_length=100, description="A part of a word.")]
VectorSource = Annotated[
    str,
    Query(
        max_length=20,
        description="What a vector is based on.",
        json_schema_extra={"enum": [source.name.lower() for source in Source]},
    ),
]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="Rows to leave out.")]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows, at most.")]
FewResults = Annotated[int, Query(alias="n", ge=1, le=20, description="Results, at most.")]
Question = Annotated[
    str,
    Query(
        min_length=1,
        max_length=1000,
        description=_SEARCH["query"].help,
        json_schema_extra={"pattern": r"\S"},
    ),
]
ComparedQuestion = Annotated[str, Query(min_length=1, max_length=500)]
DocumentId = Annotated[
    str, Query(min_length=1, max_length=1000, description="The id of a document, as a search gives it.")
]
MinCount = Annotated[int, Query(ge=1, le=1 << 53, description=_SIMILAR["min_count"].help)]
Top = Annotated[int, Query(ge=1, le=100, description="Documents, at most.")]
FewDocuments = Annotated[int, Query(ge=1, le=20, description="Results, at most.")]
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
MapOf = Annotated[Literal["words", "documents"], Query(description="What is on the map.")]
Layout = Annotated[
    Literal["pca", "pacmap"],
    Query(
        description="pca: a plane, with all states; pacmap: neighbourhoods, in the first and the last state."
    ),
]
Filters = Annotated[
    list[Annotated[str, Query(max_length=200, json_schema_extra={"pattern": _FILTER})]] | None,
    Query(max_length=20, description=_SEARCH["filters"].help),
]
Share = Annotated[float, Query(ge=0, le=1)]
PositiveShare = Annotated[float, Query(gt=0, le=1)]
Order = Annotated[str, Query(pattern="^(size|distance|apd|q|count|word)$")]
WithNames = Annotated[bool, Query(description="Whether to list words that are mostly capitalised.")]

Needs = Callable[[Any, Mapping[str, Any]], Iterable[BackgroundTask[Any]]]
Method = TypeVar("Method", bound=Callable[..., Any])


class Address(NamedTuple):
    """What `address` says about a method."""

    path: str
    needs: Needs | None  # the tasks that are begun and done first, of the object and the arguments
    indexed: bool  # the answer needs the index of the documents
    answer: dict[str, Any]  # the description of the answer, as of OpenAPI


def address(
    path: str,
    needs: Needs | None = None,
    *,
    indexed: bool = False,
    **answer: Any,
) -> Callable[[Method], Method]:
    """Mark a method that answers at a path. While a task that it needs runs, the answer is its progress."""

    def marked(method: Method) -> Method:
        method.__dict__["address"] = Address(path, needs, indexed, answer)
        return method

    return marked


def addresses_of(kind: type) -> Iterator[tuple[str, Address]]:
    """The methods of a class that answer, by name, with what is said about them."""
    for base in reversed(kind.__mro__):
        for name, method in vars(base).items():
            if isinstance(found := getattr(method, "address", None), Address):
                yield name, found


def question_of(method: Callable[..., Any], **defaults: Any) -> inspect.Signature:
    """What a method of a class may be asked, each argument by its name; ``defaults`` replace its own."""
    found = inspect.signature(method, eval_str=True)
    given = (
        one.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            default=defaults.get(one.name, one.default),
        )
        for one in list(found.parameters.values())[1:]
    )
    return inspect.Signature(list(given))
