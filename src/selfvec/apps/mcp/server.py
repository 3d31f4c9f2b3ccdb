"""The server: the tools of a run, offered through the official ``mcp`` package."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from selfvec.base.errors import SelfvecError
from selfvec.base.provenance import __version__

from .tools import Tools

__all__ = ["create_server"]

_INSTRUCTIONS = """\
Tools about one corpus of documents and what its words mean in it. Begin with run_info. Use search_passages to
find what the documents say, and quote their ids. Before searching for a subject whose words you do not know,
ask similar_terms: this corpus has a vocabulary of its own. For change over time use changed_words, then
explain_drift; report a change only where beyond_chance is true. Where a word is ambiguous, ask
disambiguate."""

P = ParamSpec("P")
R = TypeVar("R")


def create_server(tools: Tools) -> MCPServer:
    """A server that offers the tools; it is not running yet."""
    server = MCPServer("selfvec", instructions=_INSTRUCTIONS, version=__version__, log_level="WARNING")
    reads_only = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    lock = threading.Lock()
    for tool in (
        tools.run_info,
        tools.search_passages,
        tools.similar_terms,
        tools.changed_words,
        tools.explain_drift,
        tools.disambiguate,
    ):
        description = " ".join(str(tool.__doc__).split())
        server.add_tool(
            _one_at_a_time(tool, lock),
            description=description,
            annotations=reads_only,
            structured_output=True,
        )
    return server


def _one_at_a_time(tool: Callable[P, R], lock: threading.Lock) -> Callable[P, R]:
    """The tool behind a lock. The server calls tools from several threads; kernels and caches are for one.

    The assistant gets the message of a `SelfvecError`. Of any other error it only learns that there was one.
    """

    @wraps(tool)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        with lock:
            try:
                return tool(*args, **kwargs)
            except SelfvecError as error:
                raise ToolError(str(error)) from error

    return answer
