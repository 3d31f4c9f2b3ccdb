"""The hierarchy of similar topics."""

from __future__ import annotations

from typing import Any

from selfvec.base.extras import require

from .topic_clusters import NAMED, Topics

__all__ = ["topic_hierarchy"]


def topic_hierarchy(found: Topics) -> list[dict[str, Any]]:
    """Topics joined in pairs, the most similar first: average linkage of the cosines of their centres.

    Returns a row for each join: ``node``, a number after those of the topics; the two ``children``; the mean
    ``cosine`` of their topics; all ``topics`` below; and a ``name``, the first terms of the largest topics.
    """
    if len(found) < 2:
        return []
    require("scipy", "sparse", "a hierarchy of topics")
    from scipy.cluster.hierarchy import linkage  # type: ignore[import-untyped]

    below: dict[int, list[int]] = {number: [number] for number in range(len(found))}
    rows = []
    for node, (a, b, distance, _) in enumerate(linkage(found.centres, "average", "cosine"), len(found)):
        children = sorted((int(a), int(b)))
        below[node] = sorted(below[children[0]] + below[children[1]])
        first = [found.topics[number].name.split(", ")[0] for number in below[node]]  # the largest first
        row = {"node": node, "children": children, "cosine": 1 - float(distance)}
        rows.append(row | {"topics": below[node], "name": ", ".join(first[:NAMED])})
    return rows
