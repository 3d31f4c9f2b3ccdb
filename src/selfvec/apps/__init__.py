"""Programs on top of the library: the command line, the web page, the assistant's tools. Thin."""

from typing import TYPE_CHECKING

from selfvec.base.lazy import lazily

if TYPE_CHECKING:
    from .documents import count as count
    from .documents import get as get
    from .documents import has as has
    from .functions.live import warm as warm

__getattr__ = lazily(
    __name__, {**dict.fromkeys(("count", "get", "has"), "documents"), "warm": "functions.live"}
)
