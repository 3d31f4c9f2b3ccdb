"""The tools over standard input and output; what is no message is answered with an error.

The ``mcp`` package passes over such lines (modelcontextprotocol/python-sdk issue 2751), so that the client
would wait for its answer for ever.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError, RequestId
from pydantic import TypeAdapter, ValidationError

__all__ = ["StdioServer"]

_ID: TypeAdapter[RequestId] = TypeAdapter(RequestId)


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
        found: object = json.loads(line)
        return found
    return None


def _id(message: object) -> RequestId | None:
    """The id, if it can be written into an answer."""
    with suppress(ValidationError):
        return _ID.validate_json(json.dumps(message.get("id") if isinstance(message, dict) else None))
    return None
