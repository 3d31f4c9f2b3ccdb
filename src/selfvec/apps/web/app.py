"""The web application.

Each path calls a method of `PageData` in the work queue and answers in JSON; points are binary. While the
comparison that an answer needs is being computed, the answer is ``"ready": false`` with the progress.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from numpy.typing import NDArray
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from selfvec.apps.table import TOP
from selfvec.base.errors import NotFound, SelfvecError
from selfvec.base.versions import __version__
from selfvec.data.vectors import Source

from . import limits
from .comparison import REFINED
from .guard import Guard
from .page_data import PageData
from .page_files import page_files
from .ranking import Filter
from .responses import ERRORS, Answer, SearchAnswer, SimilarAnswer, error_response, json_response
from .work import Busy, WorkQueue

_SEARCH, _SIMILAR, _DRIFT = (TOP[name].declaration.parameters for name in ("search", "similar", "drift"))

_DESCRIPTION = """The searches and comparisons of one run, as JSON. Only GET and HEAD are answered.

At an address that other machines reach, send the header `Authorization: Bearer TOKEN`. An answer with status
503 has a header `Retry-After`. While a comparison is being computed, answers that need it are
`{"ready": false}`."""
ComparisonKey = Annotated[
    str,
    Query(
        max_length=200,
        description="The comparison: refined, or two slices as 1993|1994..2000. " + _DRIFT["between"].help,
        json_schema_extra={"pattern": r"^(refined|[^|]+\|[^|]+)$"},
    ),
]
Word = Annotated[str, Query(min_length=1, max_length=200, description="A word of the run.")]
OptionalWord = Annotated[
    str | None, Query(max_length=200, description="A word, for the map of its neighbours.")
]
WordPart = Annotated[str, Query(max_length=100, description="A part of a word.")]
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
FewResults = Annotated[int, Query(ge=1, le=20, description="Results, at most.")]
Question = Annotated[
    str,
    Query(
        min_length=1,
        max_length=1000,
        description=_SEARCH["query"].help,
        json_schema_extra={"pattern": r"\S"},
    ),
]
DocumentId = Annotated[
    str, Query(min_length=1, max_length=1000, description="The id of a document, as a search gives it.")
]
MinCount = Annotated[int, Query(ge=1, le=1 << 53, description=_SIMILAR["min_count"].help)]
Top = Annotated[int, Query(ge=1, le=100, description="Documents, at most.")]
Unit = Annotated[
    Literal["month", "quarter", "year", "decade", "century"] | None,
    Query(description="The periods; by default those of which the text has at most 60."),
]
Mode = Annotated[
    Literal["hybrid", "bm25", "dense"],
    Query(description=_SEARCH["mode"].help),
]
_FILTER = r"^[^=]*[^=\s][^=]*="
_POINTS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
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


def create_app(data: PageData, token: str | None = None) -> ASGIApp:
    """The application of a run's page behind a `Guard`, which checks ``token``."""
    app = FastAPI(
        title="Selfvec",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses=ERRORS,
    )
    answers = Answers(data)
    _add_errors(app)
    _add_search(app, answers)
    _add_words(app, answers)
    _add_texts(app, answers)
    _add_map(app, answers)
    _add_page(app)
    return Guard(app, token)


class Answers:
    """What the paths share: the data of the page, and the queue that computes answers."""

    def __init__(self, data: PageData) -> None:
        self.data = data
        self.queue = WorkQueue()

    async def json(self, work: Callable[..., Any], *arguments: Any) -> Response:
        """The result of a function, in JSON."""
        return await self.queue.run(lambda: json_response(work(*arguments)))

    async def compared(self, key: str, work: Callable[..., Any], *arguments: Any) -> Response:
        """The same, or the progress of the comparison that it needs."""
        task = self.data.comparisons.tasks(key).comparison
        if not task.done():
            return json_response({"ready": False, "share": task.share})
        return await self.json(work, *arguments)

    async def indexed(self) -> None:
        """Wait briefly for the index; raises `Busy` if it takes longer."""
        for _ in range(20):
            if self.data.index.done():
                return
            await asyncio.sleep(limits.QUEUE_SECONDS / 20)
        raise Busy(f"the documents are being indexed ({self.data.index.share:.0%} of this step done)")


def _filter(
    seen: MinCount | None = None,
    size: Annotated[float, Query(ge=0, le=1)] = 0.0,
    q: Annotated[float | None, Query(gt=0, le=1)] = None,
    text: WordPart = "",
    sort: Annotated[str, Query(pattern="^(size|distance|moved|apd|q|count|word)$")] = "size",
    stops: bool = False,
    names: Annotated[bool, Query(description="Whether to list words that are mostly capitalised.")] = True,
) -> Filter:
    return Filter(seen, size, q, text, sort, stops, names)


def _add_search(app: FastAPI, answers: Answers) -> None:
    data = answers.data

    @app.get(
        "/api/search",
        responses={200: {"model": SearchAnswer, "description": "The best documents, best first."}},
    )
    async def search(
        query: Question,
        mode: Mode = "hybrid",
        top: Top = 10,
        filters: Filters = None,
        fold: Annotated[bool, Query(description="Whether nearly identical documents are one row.")] = False,
    ) -> Response:
        """Search the documents: the output of `selfvec search --json`, and the fields to filter by."""
        await answers.indexed()
        return await answers.json(data.search, query, top, mode, filters or (), fold)

    @app.get("/api/document")
    async def document(id: DocumentId) -> Response:
        """A whole document by the id that a search gave."""
        await answers.indexed()
        return await answers.json(data.document, id)

    @app.get(
        "/api/similar",
        responses={200: {"model": SimilarAnswer, "description": "The nearest documents, best first."}},
    )
    async def similar(document: DocumentId, top: Top = 10, filters: Filters = None) -> Response:
        """The documents nearest to one by meaning: the output of `selfvec similar --document --json`."""
        await answers.indexed()
        return await answers.json(data.similar, document, top, filters or ())


def _add_words(app: FastAPI, answers: Answers) -> None:
    data = answers.data
    default = data.comparisons.default

    @app.get("/api/about")
    async def about() -> Response:
        """The run, its comparisons, and the one shown first."""
        return await answers.json(data.about)

    @app.get("/api/state")
    async def state() -> Response:
        """Whether the run was updated since it is served: its folder holds a newer state."""
        return await answers.json(data.state)

    @app.get("/api/overview")
    async def first_view() -> Response:
        """The most frequent words, the periods and fields of the text, and what refining gained."""
        return await answers.json(lambda: data.overview)

    @app.get("/api/domain")
    async def domain() -> Response:
        """The words that the text is about, and their neighbours before and after refining."""
        if not data.domain.done():
            return json_response({"ready": False, "share": data.domain.share})
        return await answers.json(lambda: {"words": data.domain.result()})

    @app.get("/api/time")
    async def time(w: Word, unit: Unit = None) -> Response:
        """How often a word occurs in each period."""
        return await answers.json(data.time, w, unit)

    @app.get("/api/topics")
    async def topics(unit: Unit = None) -> Response:
        """How many documents of each period belong to each topic."""
        task = data.maps.topics
        if not task.done():
            return json_response({"ready": False, "share": task.share})
        return await answers.json(data.topics, unit)

    @app.get("/api/health")
    async def health() -> Response:
        """The output of `selfvec run health --json`."""
        return await answers.json(data.health)

    @app.get("/api/complete")
    async def complete(q: WordPart = "", n: FewResults = 8) -> Response:
        """Words that begin with a text, then words that contain it, with their counts."""
        return await answers.json(lambda: {"words": data.complete(q, n)})

    @app.get("/api/ranking")
    async def ranking(
        wanted: Annotated[Filter, Depends(_filter)],
        c: ComparisonKey = default,
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Response:
        """The words that changed: rows as in `selfvec drift --json`, with the size of the change."""
        if not wanted.names:
            await answers.indexed()
        return await answers.compared(c, data.ranking, c, wanted, offset, limit)

    @app.get("/api/word")
    async def word(w: Word, c: ComparisonKey = default) -> Response:
        """A word's neighbours before and after, and its change."""
        return await answers.compared(c, data.word, c, w)

    @app.get("/api/unknown")
    async def unknown(
        source: VectorSource | None = None,
        seen: MinCount = 1,
        text: WordPart = "",
        offset: Offset = 0,
        limit: Limit = 50,
    ) -> Response:
        """Words that the initial vectors lack, and what their vectors are based on."""
        return await answers.compared(REFINED, data.unknown, source, seen, text, offset, limit)


def _add_texts(app: FastAPI, answers: Answers) -> None:
    data = answers.data
    default = data.comparisons.default

    @app.get("/api/uses")
    async def uses(w: Word, c: ComparisonKey = default, n: FewResults = 5) -> Response:
        """Sentences that show what a word means, of each side of a comparison."""
        return await answers.compared(c, data.uses, c, w, n)

    @app.get("/api/together")
    async def together(w: Word, other: Word, n: FewResults = 5) -> Response:
        """Sentences in which two words occur close together, and the words that both occur with."""
        return await answers.json(data.together, w, other, n)

    @app.get("/api/texts")
    async def texts(
        query: Annotated[str, Query(min_length=1, max_length=500)],
        top: FewResults = 8,
        mode: Mode = "hybrid",
        filters: Filters = None,
    ) -> Response:
        """Documents found with the original vectors, and with the refined ones."""
        return await answers.json(data.texts, query, top, mode, filters or ())


def _add_map(app: FastAPI, answers: Answers) -> None:
    data = answers.data
    default = data.comparisons.default

    maps = data.maps

    @app.get("/api/map")
    async def description(
        c: ComparisonKey = default, w: OptionalWord = None, of: MapOf = "words", layout: Layout = "pca"
    ) -> Response:
        """The words or documents on a map, the names of its states, and its size."""
        if w or (of == "words" and layout == "pca"):
            return await answers.compared(c, lambda: maps.words(c, w or None)[0])
        return await drawn(c, of, layout, lambda: maps.arranged(of, layout, c)[0])

    @app.get("/api/map/colours")
    async def colours(c: ComparisonKey = default, of: MapOf = "words", layout: Layout = "pca") -> Response:
        """The colours of the points: by topic, change, date and fields."""
        return await drawn(
            c, of, layout, lambda: {"colours": maps.colours(of, layout, c)}, maps.topics, data.index
        )

    @app.get("/api/map/points", responses={200: {"content": _POINTS}}, response_class=Response)
    async def points(
        c: ComparisonKey = default,
        w: OptionalWord = None,
        whole: bool = True,
        of: MapOf = "words",
        layout: Layout = "pca",
    ) -> Response:
        """Points of all words or documents in every state: (F, n, 2) 16-bit integers, the low byte first."""
        tasks = data.comparisons.tasks(c)
        task = None if w else maps.task(of, layout, c)
        if not (task or (tasks.states if whole else tasks.comparison)).done():
            raise Busy("the map is being drawn")

        def found() -> NDArray[np.int16]:
            return (maps.words(c, w or None, whole) if task is None else maps.arranged(of, layout, c))[1]

        body = np.ascontiguousarray(await answers.queue.run(found), dtype="<i2").data.cast("B")  # no copy
        return Answer(body, media_type="application/octet-stream")

    async def drawn(c: str, of: str, layout: str, work: Callable[[], Any], *more: Any) -> Response:
        """An answer, or the progress of the map that it needs."""
        tasks = data.comparisons.tasks(c)
        needed = [tasks.comparison] if of == "words" else [data.index]
        if all(task.done() for task in needed):
            needed += [task for task in (maps.task(of, layout, c), tasks.states, *more) if task is not None]
        waiting = [task for task in needed if not task.done()]
        if waiting:
            return json_response({"ready": False, "share": waiting[0].share})
        return await answers.json(work)


def _add_page(app: FastAPI) -> None:
    known = page_files()

    @app.get("/{path:path}", include_in_schema=False)
    async def page(request: Request) -> Response:  # files are in memory: it needs no thread
        file = known.get(request.url.path)
        if file is None:
            raise HTTPException(404)
        headers = {"cache-control": "no-cache", "etag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.body, media_type=file.type, headers=headers)


def _add_errors(app: FastAPI) -> None:
    """Every error names the rule that was broken. The traceback of a bug is printed in the terminal only."""

    @app.exception_handler(SelfvecError)
    def ours(request: Request, error: SelfvecError) -> Response:
        status = 503 if isinstance(error, Busy) else 404 if isinstance(error, NotFound) else 400
        headers = {"retry-after": str(error.wait)} if isinstance(error, Busy) else {}
        return error_response(request, status, error.rule, error.remedy, error.field, headers)

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return error_response(request, 400, str(first["msg"]), "correct the argument", str(first["loc"][-1]))

    @app.exception_handler(HTTPException)
    def missing(request: Request, error: HTTPException) -> Response:
        rule = "there is nothing at this address" if error.status_code == 404 else str(error.detail)
        return error_response(request, error.status_code, rule, "open the page at /", request.url.path[:200])

    @app.exception_handler(Exception)
    def bug(request: Request, error: Exception) -> Response:
        del error
        rule = "a bug in Selfvec prevented an answer"
        remedy = "see the traceback that selfvec serve printed in the terminal"
        return error_response(request, 500, rule, remedy)
