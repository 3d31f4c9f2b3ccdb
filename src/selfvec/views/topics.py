"""Topics by group, and their hierarchy: text for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from selfvec.base.display import escape_for_display

from .terminal import add_row, plain_table

if TYPE_CHECKING:
    from selfvec.analysis.concepts import GroupTopics, Topics

__all__ = ["group_topics_table", "hierarchy_tree"]

_LISTED = 5  # topics of a group
_TERMS = 3


def group_topics_table(found: GroupTopics) -> RenderableType:
    """A line per group: its documents, and its largest topics with their terms in this group."""
    table = plain_table(("group", 24), figures=("documents",))
    table.add_column("largest topics: share, number and terms here", overflow="fold", ratio=1)
    for group, rows in groupby(found.shares, lambda row: row.group):
        topics = sorted(rows, key=lambda row: -row.documents)
        shown = Text()
        for row in topics[:_LISTED]:
            terms = "/".join(map(escape_for_display, row.terms[:_TERMS] or row.name.split(", ")))
            shown.append("  " if shown else "").append(f"{row.share:.0%} ", "bold").append(
                f"{row.topic}:{terms}"
            )
        if len(topics) > _LISTED:
            shown.append(f"  and {len(topics) - _LISTED} more", "dim")
        documents = sum(row.documents for row in topics)
        add_row(table, escape_for_display(group), f"{documents:,}", shown)
    if not found.left_out:
        return table
    return Group(table, Text(f"too little text: {', '.join(map(escape_for_display, found.left_out))}", "dim"))


def hierarchy_tree(found: Topics, joins: Sequence[Mapping[str, Any]]) -> RenderableType:
    """The joins of `topic_hierarchy` as a tree; the last join is its root."""
    by_node = {join["node"]: join for join in joins}

    def label(node: int) -> Text:
        if node < len(found):
            return Text(f"{node}: {escape_for_display(found.topics[node].name)}")
        return Text(f"{by_node[node]['cosine']:.2f}", "dim")

    def grow(tree: Tree, node: int) -> None:
        branch = tree.add(label(node))
        for child in by_node[node]["children"] if node in by_node else ():
            grow(branch, child)

    root = Tree(Text("topics by the mean cosine of their centres", "dim"))
    grow(root, joins[-1]["node"] if joins else 0)
    return root
