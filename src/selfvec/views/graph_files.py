"""Graphs as files: GraphML for Gephi, Cytoscape and networkx, JSON for programs, figures for people."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from selfvec.base.errors import MissingExtra, OptionError
from selfvec.base.files import atomic_file

if TYPE_CHECKING:
    from selfvec.analysis.concepts.term_graph import Graph

__all__ = ["SUFFIXES", "check_suffix", "graphml", "save_graph"]

SUFFIXES = (".graphml", ".json", ".html", ".svg", ".png")
_DRAWN = {".html": ("matplotlib", "plotly"), ".svg": ("matplotlib",), ".png": ("matplotlib",)}
_NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
_NODE = {
    "label": "string",
    "count": "long",
    "documents": "long",
    "topic": "long",
    "topic_name": "string",
    "drift": "double",
    "x": "double",
    "y": "double",
}
_EDGE = {"weight": "double", "cosine": "double", "ppmi": "double"}


def save_graph(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a graph; the suffix says how.

    Raises
    ------
    OptionError
        For another suffix.
    MissingExtra
        If what draws figures is not installed.
    TargetError
        If the file cannot be written. It is left as it was.
    """
    suffix = check_suffix(path)
    if suffix in _DRAWN:
        from .graph_scene import graph_scene
        from .trajectory_plot import save_scene

        save_scene(lambda spell: graph_scene(graph, spell), path)
        return
    with atomic_file(path) as temporary:
        if suffix == ".graphml":
            temporary.write_bytes(graphml(graph))
        else:
            text = json.dumps(graph.as_dict(), ensure_ascii=False, indent=1, allow_nan=False)
            temporary.write_text(text + "\n", encoding="utf-8")


def check_suffix(path: str | os.PathLike[str]) -> str:
    """How a file is to be written.

    Raises
    ------
    OptionError
        If its suffix does not say. `MissingExtra` if what draws such a figure is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(
            f"no graph format {suffix!r}", path=path, remedy=f"end the name in one of {', '.join(SUFFIXES)}"
        )
    for package in _DRAWN.get(suffix, ()):
        if find_spec(package) is None:
            raise MissingExtra(package, "plot", "a figure of a graph")
    return suffix


def graphml(graph: Graph) -> bytes:
    """A graph as GraphML (http://graphml.graphdrawing.org): undirected, the edges' weight their measure."""
    root = ElementTree.Element("graphml", xmlns=_NAMESPACE)
    for kind, fields in (("node", _NODE), ("edge", _EDGE)):
        for name, type_ in fields.items():
            attributes = {"id": f"{kind}_{name}", "for": kind, "attr.name": name, "attr.type": type_}
            ElementTree.SubElement(root, "key", attributes)
    body = ElementTree.SubElement(root, "graph", id="terms", edgedefault="undirected")
    told = graph.as_dict()
    for number, row in enumerate(told["nodes"]):
        node = ElementTree.SubElement(body, "node", id=f"n{number}")
        _data(node, "node", {name: row["term"] if name == "label" else row[name] for name in _NODE})
    for edge, row in zip(graph.edges, told["edges"], strict=True):
        element = ElementTree.SubElement(body, "edge", source=f"n{edge.a}", target=f"n{edge.b}")
        _data(element, "edge", {name: row[graph.by if name == "weight" else name] for name in _EDGE})
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _data(element: ElementTree.Element, kind: str, values: dict[str, object]) -> None:
    for name, value in values.items():
        if value is not None:
            entry = ElementTree.SubElement(element, "data", key=f"{kind}_{name}")
            entry.text = _printable(str(value))


def _printable(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return "".join(c if c in "\t\n\r" or (ord(c) >= 32 and not _outside(ord(c))) else "\ufffd" for c in text)


def _outside(code: int) -> bool:
    return 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE
