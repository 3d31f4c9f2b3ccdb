"""The tree of partials. The numbers of the shards fix which partials a task adds, before any task runs.

A partial is a file named by its range of shards. A partial file that exists marks its task as done. A merge
that finds a partial damaged or missing recomputes it, with everything below it. So a task may run twice, as
those of a lost worker do: the result is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from .shared_files import BROKEN, SUFFIX, exists, load, remove, save
from .sums import Partial, merged

__all__ = [
    "FAN_IN",
    "Engine",
    "Here",
    "Node",
    "Share",
    "Work",
    "compute_leaf",
    "make",
    "merge_children",
    "reduced",
    "tree",
]

FAN_IN = 8
"""Partials that one task merges."""

Work = Callable[[int, int], Partial]
"""A function that computes the partial of the shards ``first`` … ``last - 1``; it is sent to workers."""


class Share(NamedTuple):
    """What a task works on, for the progress."""

    name: str  # such as "shards 4–7"
    size: float  # in units of the stage; 0 for a merge


class Engine(Protocol):
    """Runs tasks. `Here` and `DaskEngine` implement it; for Ray, ``remote`` and ``get`` would be enough."""

    @property
    def name(self) -> str:
        """The name and version of the engine, for ``run.json``."""

    @property
    def workers(self) -> int:
        """The number of workers."""

    def submit(self, task: Callable[..., Any], *arguments: Any, share: Share | None = None) -> Any:
        """A promise of the result of a task; ``arguments`` may hold promises and lists of promises."""

    def gather(
        self, promises: Sequence[Any], label: str, awaited: Sequence[Any] = (), unit: str = "tasks"
    ) -> list[Any]:
        """The results of promises; ``awaited`` are the promises that the progress counts, all by default."""


class Here:
    """Runs every task immediately, in this process."""

    name = "this process"
    workers = 1

    def submit(self, task: Callable[..., Any], *arguments: Any, share: Share | None = None) -> Any:
        """The result of the task."""
        del share
        return task(*arguments)

    def gather(
        self, promises: Sequence[Any], label: str, awaited: Sequence[Any] = (), unit: str = "tasks"
    ) -> list[Any]:
        """The results unchanged."""
        del label, awaited, unit
        return list(promises)


@dataclass(frozen=True)
class Node:
    """The partial of a range of shards: the sum of its ``children``, or a leaf."""

    folder: str
    first: int
    last: int
    children: tuple[Node, ...] = ()

    @property
    def url(self) -> str:
        """The address of its file."""
        return f"{self.folder}/{self.first:07}-{self.last:07}{SUFFIX}"

    def share(self, unit: str) -> Share:
        """Its part of the work; a merge is a small one.

        >>> Node("words", 4, 8).share("shards"), Node("words", 4, 5).share("shards").name
        (Share(name='shards 4–7', size=4), 'shard 4')
        """
        one = self.last - self.first == 1
        name = f"{unit.removesuffix('s')} {self.first}" if one else f"{unit} {self.first}–{self.last - 1}"
        return Share(f"the sum of {name}", 0) if self.children else Share(name, self.last - self.first)


def tree(folder: str, ranges: Iterable[tuple[int, int]], fan_in: int = FAN_IN) -> Node:
    """The root of the tree over consecutive ranges of shards.

    >>> root = tree("sums", [(n, n + 1) for n in range(10)])
    >>> root.url, [(child.first, child.last) for child in root.children]
    ('sums/0000000-0000010.safetensors', [(0, 8), (8, 10)])
    """
    nodes = [Node(folder, first, last) for first, last in ranges]
    while len(nodes) > 1:
        groups = [tuple(nodes[start : start + fan_in]) for start in range(0, len(nodes), fan_in)]
        nodes = [Node(folder, g[0].first, g[-1].last, g) if len(g) > 1 else g[0] for g in groups]
    return nodes[0]


def reduced(engine: Engine, root: Node, work: Work, label: str, unit: str = "shards") -> Partial:
    """The sum over all shards."""
    promises = list(_submitted(engine, root, work, (), unit))
    engine.gather(promises[-1:], label, promises, unit)
    return _ready(root, work)


def _submitted(engine: Engine, node: Node, work: Work, above: tuple[str, ...], unit: str) -> Iterator[Any]:
    """Submit the children of a node and then the node; yield their promises in this order."""
    children = []
    for child in node.children:
        below = list(_submitted(engine, child, work, (*above, node.url), unit))
        yield from below
        children.append(below[-1])
    task = merge_children if node.children else compute_leaf
    yield engine.submit(partial(task, node, work, above), children, share=node.share(unit))


def make(node: Node, work: Work, above: Sequence[str] = ()) -> str:
    """Write the file of a node unless it, or a file ``above`` that includes it, exists; return its URL."""
    return (merge_children if node.children else compute_leaf)(node, work, above)


def compute_leaf(node: Node, work: Work, above: Sequence[str] = (), done: object = None) -> str:
    """`make` for a leaf, the task that an engine runs."""
    del done
    if not any(map(exists, (node.url, *above))):
        save(node.url, work(node.first, node.last).tensors())
    return node.url


def merge_children(node: Node, work: Work, above: Sequence[str] = (), done: object = None) -> str:
    """`make` for a node with children, whose files are deleted.

    ``done`` holds the promises of the children, so that the engine runs them before.
    """
    del done
    if not any(map(exists, (node.url, *above))):
        save(node.url, merged(_ready(child, work) for child in node.children).tensors())
        for child in node.children:
            remove(child.url)
    return node.url


def _ready(node: Node, work: Work) -> Partial:
    """The partial of a node, recomputed if its file is damaged or missing."""
    try:
        return Partial.of(node.first, node.last, load(node.url)[0])
    except BROKEN:
        remove(node.url)
        make(node, work)
        return Partial.of(node.first, node.last, load(node.url)[0])
