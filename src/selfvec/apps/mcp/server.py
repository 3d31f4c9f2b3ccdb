"""The server: the tools by the official package, over standard input and output."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations

from selfvec.base.errors import SelfvecError
from selfvec.base.version import __version__

from .tools import Tools

__all__ = ["create_server"]

_ABOUT = """\
Tools about one corpus of documents and what its words mean in it. Begin with run_info. Use search_passages to
find what the documents say, and quote their ids. Before searching for a subject whose words you do not know,
ask similar_terms: this corpus has a vocabulary of its own. For change over time use changed_words, then
explain_drift; report a change only where beyond_chance is true. Where a word is ambiguous, ask
disambiguate."""

P = ParamSpec("P")
R = TypeVar("R")


def create_server(tools: Tools) -> MCPServer:
    """A server of a run's tools, not yet running."""
    server = MCPServer("selfvec", instructions=_ABOUT, version=__version__, log_level="WARNING")
    reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    for tool in (
        tools.run_info,
        tools.search_passages,
        tools.similar_terms,
        tools.changed_words,
        tools.explain_drift,
        tools.disambiguate,
    ):
        told = " ".join(str(tool.__doc__).split())
        server.add_tool(_telling(tool), description=told, annotations=reading, structured_output=True)
    return server


def _telling(tool: Callable[P, R]) -> Callable[P, R]:
    """A tool whose errors the assistant can read and mend; of any other it learns only that there was one."""

    @wraps(tool)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return tool(*args, **kwargs)
        except SelfvecError as error:
            raise ToolError(str(error)) from error

    return told
