"""The errors of the programming interface, as described by OpenAPI."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

__all__ = ["ERRORS", "Problem", "Refused"]


class Problem(BaseModel):
    """An error: the field, the rule that was broken, and the remedy."""

    place: str | None
    rule: str
    remedy: str | None


class Refused(BaseModel):
    """The body of every answer that is an error."""

    error: Problem


_MEANINGS = {
    400: "An argument is not valid.",
    401: "A token is needed.",
    403: "The request comes from another site.",
    404: "The run does not have the word, document, field or slice.",
    405: "Only GET and HEAD are answered.",
    413: "A request has no body.",
    414: "The address is too long.",
    421: "The Host header does not name this machine.",
    422: "Not used: invalid arguments have status 400.",
    429: "Too many requests: see `Retry-After`.",
    431: "The headers are too long.",
    500: "A bug in Selfvec.",
    503: "The server is busy, or the documents are being indexed: see `Retry-After`.",
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Refused, "description": meaning} for status, meaning in _MEANINGS.items()
}
"""The errors that every address may return, by status."""
