"""Files of a graph of terms: GraphML for Gephi and networkx, JSON for programs, figures for people."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.chart import Axis, Chart, Label, Line, Mark
from selfvec.base.checks import StrPath
from selfvec.base.display import escape_for_display
from selfvec.base.errors import require
from selfvec.files.atomic_files import atomic_file
from selfvec.files.svg import Figure
from selfvec.storage.run_folder import write_json

from .figure import GREY, INK, WORDS, check_figure, ink, save_figure, tint
from .figure import SUFFIXES as FIGURES

if TYPE_CHECKING:
    from selfvec.analysis.concepts.term_graph import Graph, TermNode

SUFFIXES = (".graphml", ".json", *FIGURES)

_MAP = (1180, 860)  # pixels: a page is filled by a graph alone
_SHAPES = ("circle", "square", "diamond", "cross")
_NAMED = 14  # topics in the legend


def save_graph(graph: Graph, path: StrPath, *, overwrite: bool = False) -> None:
    """Write a graph; the suffix names the format.

    Raises
    ------
    OptionError
        For another suffix.
    MissingExtra
        If the package behind the format is not installed.
    TargetError
        If the file exists and ``overwrite`` is false, or if it cannot be written. The file is not changed.
    """
    suffix = check_suffix(path)
    if suffix in FIGURES:
        save_figure(graph_figure(graph), path, _description(graph), overwrite=overwrite)
        return
    with atomic_file(path, overwrite=overwrite) as temporary:
        if suffix == ".graphml":
            _write_graphml(graph, temporary)
        else:
            write_json(temporary, graph.as_dict())


def check_suffix(path: StrPath) -> str:
    """Return the suffix of a graph's file, in lower case; raise an error if it cannot be written."""
    suffix = Path(path).suffix.lower()
    if suffix == ".json":
        return suffix
    if suffix == ".graphml":
        require("networkx", "plot", "a GraphML file")
        return suffix
    return check_figure(path, SUFFIXES)


def _write_graphml(graph: Graph, path: Path) -> None:
    """GraphML (http://graphml.graphdrawing.org): undirected, the weight of an edge is its cosine."""
    import networkx

    found = networkx.Graph()
    shown = graph.as_dict()
    for number, row in enumerate(shown["nodes"]):
        fields = {
            name: row[name] for name in ("count", "documents", "topic", "topic_name", "drift", "x", "y")
        }
        kept = {name: _printable(value) for name, value in fields.items() if value is not None}
        found.add_node(f"n{number}", label=_printable(row["term"]), **kept)
    for edge in graph.edges:
        values = {"cosine": edge.cosine, "ppmi": edge.ppmi}
        found.add_edge(f"n{edge.a}", f"n{edge.b}", weight=edge.cosine, **values)
    networkx.write_graphml_xml(found, path, encoding="utf-8", prettyprint=True)


_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _printable(value: Any) -> Any:
    """A text without the characters that XML forbids; other values unchanged."""
    return _NOT_XML.sub("\ufffd", value) if isinstance(value, str) else value


def graph_figure(graph: Graph) -> Figure:
    """The figure of a graph: topics differ in colour and in shape, names do not overlap."""
    styles = _styles(graph)
    marks, names = [], []
    for node in sorted(graph.nodes, key=lambda node: -node.count):
        shape, colour = styles.get(node.topic, ("circle", GREY))
        size = float(np.clip(4.0 + 3.2 * np.log10(max(node.count, 1)), 5.0, 18.0))  # its width in pixels
        name = escape_for_display(node.term.replace("_", " "))
        marks.append(Mark((node.x, node.y), colour, _details(graph, node), shape, size))
        names.append(Label(name, (node.x, node.y), ink(colour), 12 if size < 12 else 14, size >= 14))
    legend = [
        (
            Mark((0, 0), colour, shape=shape),
            textwrap.shorten(_escaped_topic(graph.topics[topic]), 56, placeholder=" …"),
        )
        for topic, (shape, colour) in list(styles.items())[:_NAMED]
    ]
    more = f"; topics without a name here: {len(styles) - _NAMED}" if len(styles) > _NAMED else ""
    note = f"Size: how often a term occurs. Thick lines: large cosines. Names: a topic's terms{more}."
    title = f"{len(marks):,} terms, joined where each is among the other's nearest by meaning"
    x, y = Axis(-0.06, 1.1, ticks=()), Axis(-0.05, 1.05, ticks=())
    chart = Chart(title, _MAP, x, y, _edges(graph), marks, names, legend=legend, note=note)
    return Figure([(title, INK)], [[chart]])


def _edges(graph: Graph) -> list[Line]:
    """Lines between terms, the strongest on top."""
    lines = []
    for edge in sorted(graph.edges, key=lambda edge: edge.cosine):
        ends = [(node.x, node.y) for node in (graph.nodes[edge.a], graph.nodes[edge.b])]
        strength = min(1.0, max(0.15, edge.cosine))
        lines.append(Line(np.array(ends), tint(GREY, 0.15 + 0.5 * strength), 0.6 + 2.0 * strength))
    return lines


def _styles(graph: Graph) -> dict[int, tuple[str, str]]:
    """Shape and colour of every topic that occurs, the most frequent first: four shapes, seven colours."""
    counts = np.bincount([node.topic for node in graph.nodes if node.topic >= 0], minlength=1)
    order = [int(i) for i in np.argsort(-counts, kind="stable") if counts[i]]
    return {
        topic: (_SHAPES[(place // len(WORDS)) % len(_SHAPES)], WORDS[place % len(WORDS)])
        for place, topic in enumerate(order)
    }


def _details(graph: Graph, node: TermNode) -> str:
    drift = "had no vector" if node.drift is None else f"moved {node.drift:.2f}"
    topic = f"topic: {_escaped_topic(graph.topic_name(node))}" if node.topic >= 0 else "no topic"
    term = escape_for_display(node.term)
    return f"{term}: {node.count:,} times in {node.documents:,} documents, {drift}, {topic}"


def _escaped_topic(name: str | None) -> str:
    """The name of a topic with each of its terms escaped."""
    return ", ".join(escape_for_display(term) for term in (name or "").split(", "))


def _description(graph: Graph) -> str:
    frequent = sorted(graph.nodes, key=lambda node: -node.count)[:10]
    names = ", ".join(escape_for_display(node.term.replace("_", " ")) for node in frequent)
    return f"A graph of {len(graph.nodes)} terms and {len(graph.edges)} edges. Most frequent: {names}."
