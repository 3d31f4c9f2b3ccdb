"""The tree of partials: which task adds what, fixed by the numbers of the shards before any task runs.

A partial is a file named by its range of shards. If it is there, its task is done: this is the checkpoint. A
merge that finds a partial damaged or missing makes it again, with all that is below it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from .shared_files import BROKEN, SUFFIX, exists, listed, load, remove, save
from .sums import Partial, merge

__all__ = ["FAN_IN", "Engine", "Here", "Node", "Work", "make", "merge_below", "reduced", "tree"]

FAN_IN = 8
"""Partials that one task merges."""

Work = Callable[[int, int], Partial]
"""Makes the partial of the shards ``first`` … ``last - 1``; it is sent to workers."""


class Engine(Protocol):
    """What runs tasks. `Here`, Dask, and as thin for others: Ray has ``remote`` and ``get`` for the two."""

    @property
    def name(self) -> str:
        """Its name and version, for ``run.json``."""

    @property
    def workers(self) -> int:
        """Their number."""

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Any:
        """Promise the result of a task; ``arguments`` may hold promises, and lists of them."""

    def gather(self, promises: Sequence[Any], label: str, awaited: Sequence[Any] = ()) -> list[Any]:
        """The results; ``awaited`` are all promises that the progress counts, these ones by default."""


class Here:
    """Runs every task at once, in this process."""

    name, workers = "this process", 1

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Any:
        """The result itself."""
        return task(*arguments)

    def gather(self, promises: Sequence[Any], label: str, awaited: Sequence[Any] = ()) -> list[Any]:
        """The results as they are."""
        del label, awaited
        return list(promises)


@dataclass(frozen=True)
class Node:
    """The partial of a range of shards: of ``children``, or a leaf."""

    folder: str
    first: int
    last: int
    children: tuple[Node, ...] = ()

    @property
    def url(self) -> str:
        """Where its file is."""
        return f"{self.folder}/{self.first:07}-{self.last:07}{SUFFIX}"


def tree(folder: str, ranges: Iterable[tuple[int, int]], fan_in: int = FAN_IN) -> Node:
    """The root over leaves for these ranges of shards, which follow each other.

    >>> root = tree("sums", [(n, n + 1) for n in range(10)])
    >>> root.url, [(child.first, child.last) for child in root.children]
    ('sums/0000000-0000010.safetensors', [(0, 8), (8, 10)])
    """
    nodes = [Node(folder, first, last) for first, last in ranges]
    while len(nodes) > 1:
        groups = [tuple(nodes[start : start + fan_in]) for start in range(0, len(nodes), fan_in)]
        nodes = [Node(folder, g[0].first, g[-1].last, g) if len(g) > 1 else g[0] for g in groups]
    return nodes[0]


def reduced(engine: Engine, root: Node, work: Work, label: str) -> Partial:
    """The sum over all shards. Tasks whose files are there, or are part of one that is, do not run."""
    there = listed(root.folder)
    if root.url not in there:
        promises = list(_submitted(engine, root, work, there, ()))
        engine.gather(promises[-1:], label, promises)
    return _ready(root, work)


def _submitted(
    engine: Engine, node: Node, work: Work, there: Collection[str], above: tuple[str, ...]
) -> Iterator[Any]:
    """Submit a node after its children; yield the promises, its own last."""
    children = []
    for child in node.children:
        if child.url not in there:
            below = list(_submitted(engine, child, work, there, (*above, node.url)))
            yield from below
            children.append(below[-1])
    yield engine.submit(partial(merge_below if node.children else make, node, work, above), children)


def make(node: Node, work: Work, above: Sequence[str] = (), done: object = None) -> str:
    """Write the file of a node unless it, or one ``above`` that contains it, is there; return its URL.

    The files of the children are deleted. ``done`` only tells the engine what has to be ready before.
    """
    del done
    if any(map(exists, (node.url, *above))):
        return node.url
    if node.children:
        total = _ready(node.children[0], work)
        for child in node.children[1:]:
            total = merge(total, _ready(child, work))
    else:
        total = work(node.first, node.last)
    save(node.url, total.tensors())
    for child in node.children:
        remove(child.url)
    return node.url


def merge_below(node: Node, work: Work, above: Sequence[str] = (), done: object = None) -> str:
    """`make` for a node with children: engines show tasks by the names of their functions."""
    return make(node, work, above, done)


def _ready(node: Node, work: Work) -> Partial:
    """The partial of a node, made again if its file is damaged or missing."""
    try:
        return Partial.of(node.first, node.last, load(node.url)[0])
    except BROKEN:
        remove(node.url)
        make(node, work)
        return Partial.of(node.first, node.last, load(node.url)[0])
