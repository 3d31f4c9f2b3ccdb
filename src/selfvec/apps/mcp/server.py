"""The servers: the tools of a run by the official ``mcp`` package, on standard input or over HTTP.

On standard input the package passes over lines that are no message (modelcontextprotocol/python-sdk issue
2751), so that the client would wait for its answer for ever. `StdioServer` answers them with an error.
"""

from __future__ import annotations

import inspect
import json
import os
import secrets
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, RequestId, ToolAnnotations
from pydantic import TypeAdapter, ValidationError

from selfvec.base.errors import SelfvecError
from selfvec.base.installed import __version__
from selfvec.base.threads import Cancelled, cancelled_by

from .tools import Tools

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HOST = "127.0.0.1"
PATH = "/mcp"
_BODY = 1 << 20  # bytes of a request
_SESSIONS = 64  # of assistants at a time
_INSTRUCTIONS = """\
Tools about one corpus of documents and what its words mean in it. Begin with info. Use search to find what
the documents say, and quote their ids; similar_documents finds more like one of them. Before searching for a
subject whose words you do not know, ask similar: this corpus has a vocabulary of its own. For change over
time use drift, first without a word, then with one; report a change only where beyond_chance is true. Where a
word is ambiguous, ask senses. To tell what two parts of the text are about, use keyness; to read or count the
places where words occur, concordance; for what a word is combined with, collocates; for how often words and
sequences of words occur, frequency and ngrams; for whether they occur in few documents only, dispersion.
For an overview of the subjects, use topics; to read what search has found, read_document."""
TITLES = {
    "info": "About the corpus",
    "search": "Search the documents",
    "similar_documents": "Documents like a document",
    "similar": "Words of similar meaning",
    "drift": "Words whose uses differ",
    "senses": "Senses of a word",
    "keyness": "Words of one part of the text",
    "concordance": "A word in context",
    "collocates": "Words around a word",
    "frequency": "How often words occur",
    "ngrams": "Sequences of words that recur",
    "dispersion": "How evenly words are spread",
    "topics": "Subjects of the corpus",
    "read_document": "A whole document",
}
WRITING = {"add_document": "Add a document"}
"""Tools that change the run."""

_ID: TypeAdapter[RequestId] = TypeAdapter(RequestId)

P = ParamSpec("P")
R = TypeVar("R")


def create_server(tools: Tools, *, write: bool = False) -> MCPServer[Any]:
    """A server that offers the tools, with ``write`` all of them; it is not running yet."""
    lock = anyio.Lock()
    working = threading.Lock()

    def warm() -> None:
        """Make what the first search would wait for, while the assistant reads what the tools are."""
        with working, suppress(SelfvecError):  # of a run without text
            tools.warm()

    threading.Thread(target=warm, daemon=True).start()
    offered = [
        _tool(_one_at_a_time(tools, getattr(tools, name), lock, working), title, name in WRITING)
        for name, title in (TITLES | (WRITING if write else {})).items()
    ]
    return StdioServer(
        "selfvec", instructions=_INSTRUCTIONS, version=__version__, log_level="ERROR", tools=offered
    )


def _tool(function: Callable[..., Awaitable[Any]], title: str, writes: bool) -> Tool:
    """A tool that refuses arguments it does not know."""
    tool = StrictTool.from_function(
        function,
        title=title,
        description=" ".join(str(function.__doc__).split()),
        annotations=ToolAnnotations(title=title, read_only_hint=not writes, open_world_hint=False),
        structured_output=True,
    )
    arguments = tool.fn_metadata.arg_model
    arguments.model_config["extra"] = "forbid"
    arguments.model_rebuild(force=True)
    tool.parameters = arguments.model_json_schema(by_alias=True)
    return tool


class StrictTool(Tool):
    """A tool whose errors are one line."""

    async def run(self, *arguments: Any, **options: Any) -> Any:
        """The answer to a call.

        For a bug, the assistant gets only the message that one occurred.
        """
        try:
            return await super().run(*arguments, **options)
        except UnexpectedToolError:
            raise
        except ToolError as error:
            cause = error.__cause__
            if not isinstance(cause, ValidationError):
                raise ToolError(" ".join(str(cause or error).split())) from error
            messages = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in cause.errors()]
            raise ToolError(" ".join("; ".join(messages).split())) from cause


def _one_at_a_time(
    tools: Tools,
    function: Callable[P, R],
    lock: anyio.Lock,
    working: threading.Lock,
) -> Callable[P, Awaitable[R]]:
    """The function in a thread, behind a lock, because kernels and caches serve one call at a time.

    A cancelled call leaves the queue, or stops at its next step. The assistant gets the message of a
    `SelfvecError`.
    """

    @wraps(function)
    async def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        cancelled = Cancelled()

        def work() -> R:
            # The thread of a cancelled call may still be on its last step.
            with working, cancelled_by(cancelled):
                try:
                    return tools.answer(lambda: function(*args, **kwargs))
                except SelfvecError as error:
                    raise ToolError(str(error)) from error

        async with lock:
            try:
                return await run_sync(work, abandon_on_cancel=True)
            except anyio.get_cancelled_exc_class():
                cancelled.set()
                raise

    # ``wraps`` has copied that of the class, with ``self``.
    answer.__dict__["__signature__"] = inspect.signature(function, eval_str=True)
    return answer


class StdioServer(MCPServer[Any]):
    """A server that answers every line of standard input that is no message of JSON-RPC."""

    async def run_stdio_async(self) -> None:
        """Serve until standard input ends."""
        server = self._lowlevel_server
        messages, answered = anyio.create_memory_object_stream[SessionMessage | Exception]()
        async with stdio_server() as (lines, out), anyio.create_task_group() as group:

            async def forward() -> None:
                async with messages:
                    async for line in lines:
                        if isinstance(line, ValidationError):
                            await out.send(SessionMessage(_refusal(line)))
                        else:
                            await messages.send(line)

            group.start_soon(forward)
            await server.run(answered, out, server.create_initialization_options())


def _refusal(error: ValidationError) -> JSONRPCError:
    """The answer to a line that is no message, with the id of the request if it can be read."""
    (first, *_) = faults = error.errors(include_url=False)
    if first["type"] == "json_invalid":
        found = ErrorData(code=PARSE_ERROR, message=first["msg"])
        return JSONRPCError(jsonrpc="2.0", id=_id(_read(first["input"])), error=found)
    whole = next((one["input"] for one in faults if one["type"] == "missing"), None)
    rule = 'a message has "jsonrpc": "2.0", a "method", "params" as an object and, to be answered, an "id"'
    found = ErrorData(code=INVALID_REQUEST, message=f"Invalid request: {rule}")
    return JSONRPCError(jsonrpc="2.0", id=_id(whole), error=found)


def _read(line: str) -> object:
    """A line that the package cannot read but Python can, such as one with a lone surrogate; else None."""
    with suppress(ValueError, RecursionError):
        return json.loads(line)
    return None


def _id(message: object) -> RequestId | None:
    """The id, if it can be written into an answer."""
    with suppress(ValidationError):
        return _ID.validate_json(json.dumps(message.get("id") if isinstance(message, dict) else None))
    return None


# ---- Over HTTP, for programs on this machine that have the token. Only this needs what the page is made of.


def http_app(tools: Tools, token: str, *, write: bool) -> ASGIApp:
    """The application at `PATH`. Requests need the header ``Authorization: Bearer TOKEN``.

    The package ``mcp`` refuses requests from web pages and with foreign Host headers.
    """
    from starlette.requests import Request

    from selfvec.apps.web.guard import has_token
    from selfvec.apps.web.responses import error_response

    app = create_server(tools, write=write).streamable_http_app(
        streamable_http_path=PATH, max_request_body_size=_BODY, max_sessions=_SESSIONS, host=HOST
    )

    async def locked(scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = app
        if scope["type"] == "http" and not has_token(request := Request(scope), token):
            remedy = "send the header Authorization: Bearer with the token that selfvec mcp printed"
            headers = {"www-authenticate": "Bearer"}
            answer = error_response(request, 401, "this address needs a token", remedy, headers=headers)
        await answer(scope, receive, send)

    return locked


def serve_http(tools: Tools, port: int, say: Callable[[str, str], None], *, write: bool) -> None:
    """Serve the tools until interrupted; ``say`` is called once, with the address and the token.

    Raises
    ------
    OptionError
        If the port is in use, or the token in the environment is too short.
    """
    from selfvec.apps.web.server import bind, run_server
    from selfvec.apps.web.writing import TOKEN, check_token

    token = check_token(os.environ.get(TOKEN) or secrets.token_urlsafe(32), TOKEN)  # each start makes another
    with bind(HOST, port) as listening:
        app = http_app(tools, token, write=write)
        say(f"http://{HOST}:{listening.getsockname()[1]}{PATH}", token)
        run_server(app, listening, lifespan="on")
