"""A graph of terms as a figure: topics differ in colour and in mark, names do not lie on one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from selfvec.base.display import escape_for_display

from .palette import GREY, INK, WORDS, ink, tint
from .scene import Label, Line, Marks, Panel, Scene
from .text import Spell, text_width
from .trajectory_labels import Block, place_blocks

if TYPE_CHECKING:
    from selfvec.analysis.concepts import Graph
    from selfvec.analysis.concepts.term_graph import Node

__all__ = ["graph_scene"]

_WIDTH, _HEIGHT = 1180.0, 860.0  # of the map
_MARGIN, _HEAD, _ROW = 12.0, 34.0, 20.0
_SYMBOLS = ("circle", "square", "diamond", "cross")
_NAMED = 14  # topics in the legend
_COLUMNS = 3


def graph_scene(graph: Graph, spell: Spell = escape_for_display) -> Scene:
    """Lay a graph out.

    Parameters
    ----------
    graph : Graph
    spell : callable
        Makes names fit to be shown.
    """
    styles = _styles(graph)
    legend_rows = -(-min(len(styles), _NAMED) // _COLUMNS)
    foot = _ROW * (legend_rows + 2) + 8
    panel = Panel((_MARGIN, foot, _WIDTH, _HEIGHT), (-0.06, 1.1), (-0.05, 1.05), axes=False)
    marks = replace(panel, items=[])
    blocks = []
    for node in sorted(graph.nodes, key=lambda node: -node.count):
        symbol, colour = styles.get(node.topic, ("circle", GREY))
        at, size = np.array([node.x, node.y]), _size(node)
        marks.items.append(Marks(at[None], symbol, colour, size, hover=(_told(graph, node, spell),)))
        name = spell(node.term.replace("_", " "))
        blocks.append(Block((name,), at, ink(colour), 12.0 if size < 12 else 14.0, bold=size >= 14))
    names = place_blocks(blocks, marks)  # over lines, if they must, but not over marks
    panel.items.extend([*_lines(graph), *marks.items, *names])
    how = "nearest by meaning" if graph.by == "cosine" else "beside one another more often than by chance"
    title = f"{len(graph.nodes):,} terms, joined where each is among the other's {how}"
    header = Panel((_MARGIN, foot + _HEIGHT, _WIDTH, _HEAD), (0, _WIDTH), (0, _HEAD), axes=False)
    header.items.append(Label(title, (4.0, 12.0), INK, 15, bold=True, centred=True))
    panels = (header, panel, _legend(graph, styles, spell, foot))
    return Scene(_WIDTH + 2 * _MARGIN, foot + _HEIGHT + _HEAD, panels, _description(graph, spell))


def _lines(graph: Graph) -> list[Line]:
    """Edges, the strongest on top."""
    out = []
    for edge in sorted(graph.edges, key=lambda edge: edge.cosine):
        ends = np.array([[graph.nodes[i].x, graph.nodes[i].y] for i in (edge.a, edge.b)])
        strength = min(1.0, max(0.15, edge.cosine))
        out.append(Line(ends, tint(GREY, 0.15 + 0.5 * strength), 0.6 + 2.0 * strength))
    return out


def _styles(graph: Graph) -> dict[int, tuple[str, str]]:
    """Symbol and colour of every topic that occurs, the commonest first: four of one, seven of the other."""
    counts = np.bincount([node.topic for node in graph.nodes if node.topic >= 0], minlength=1)
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
    return {
        topic: (_SYMBOLS[(place // len(WORDS)) % len(_SYMBOLS)], WORDS[place % len(WORDS)])
        for place, topic in enumerate(order)
    }


def _size(node: Node) -> float:
    """Pixels: by the order of magnitude of the count."""
    return float(np.clip(4.0 + 3.2 * np.log10(max(node.count, 1)), 5.0, 18.0))


def _told(graph: Graph, node: Node, spell: Spell) -> str:
    drift = "had no vector" if node.drift is None else f"moved {node.drift:.2f}"
    topic = f"topic: {_spelled(graph.topic_name(node), spell)}" if node.topic >= 0 else "no topic"
    return f"{spell(node.term)}: {node.count:,} times in {node.documents:,} documents, {drift}, {topic}"


def _spelled(name: str | None, spell: Spell) -> str:
    """The terms of a topic's name, each made fit to be shown."""
    return ", ".join(spell(term) for term in (name or "").split(", "))


def _legend(graph: Graph, styles: dict[int, tuple[str, str]], spell: Spell, height: float) -> Panel:
    panel = Panel((_MARGIN, 0, _WIDTH, height), (0, _WIDTH), (0, height), axes=False)
    shown = list(styles.items())[:_NAMED]
    for place, (topic, (symbol, colour)) in enumerate(shown):
        row, column = divmod(place, _COLUMNS)
        x, y = 10 + column * _WIDTH / _COLUMNS, height - _ROW * (row + 1)
        panel.items.append(Marks(np.array([[x, y]]), symbol, colour, 9))
        name = _spelled(graph.topics[topic], spell)
        while text_width(name, 12) > _WIDTH / _COLUMNS - 30:
            name = f"{name[:-2]}…"
        panel.items.append(Label(name, (x + 10, y), ink(colour), 12, centred=True))
    others = f"; {len(styles) - len(shown)} more topics" if len(styles) > len(shown) else ""
    how = f"Size: how often a term occurs. Thick lines: large cosines. Names: a topic's terms{others}."
    panel.items.append(Label(how, (4.0, 14.0), GREY, 12, centred=True))
    return panel


def _description(graph: Graph, spell: Spell) -> str:
    commonest = sorted(graph.nodes, key=lambda node: -node.count)[:10]
    names = ", ".join(spell(node.term.replace("_", " ")) for node in commonest)
    return f"A graph of {len(graph.nodes)} terms and {len(graph.edges)} edges. Most frequent: {names}."
