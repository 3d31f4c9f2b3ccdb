"""Draws a scene as one HTML file with plotly: to point at and zoom into, with nothing fetched from elsewhere.

The page is written here and not by ``plotly.io``, so that it can forbid itself the network (its
Content-Security-Policy), carry a description for screen readers, and be the same each time.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from .palette import GREY, INK
from .scene import Item, Label, Line, Panel, Scene

__all__ = ["draw"]

_SYMBOLS = {
    "circle": "circle",
    "square": "square",
    "diamond": "diamond",
    "cross": "x",
}

_BUTTONS = ["zoom2d", "pan2d", "resetScale2d", "toImage"]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{title}</title>
<style>body {{ margin: 1em; background: white; }}</style>
</head>
<body>
<div id="figure" role="img" aria-label="{description}"></div>
<script>{library}</script>
<script>
const figure = {figure};
Plotly.newPlot("figure", figure.data, figure.layout, figure.config);
</script>
</body>
</html>
"""


def draw(scene: Scene, path: Path) -> None:
    """Draw a scene into an HTML file that holds all it needs (about 5 MB, nearly all of it plotly)."""
    from plotly.offline import get_plotlyjs

    description = escape(scene.description)
    page = _PAGE.format(
        title=description, description=description, library=get_plotlyjs(), figure=_json(_figure(scene))
    )
    path.write_text(page, encoding="utf-8")


def _json(value: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _figure(scene: Scene) -> dict[str, Any]:
    layout: dict[str, Any] = {
        "width": scene.width,
        "height": scene.height,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "plot_bgcolor": "white",
        "paper_bgcolor": "white",
        "font": {"family": "DejaVu Sans, Verdana, sans-serif", "size": 12, "color": INK},
        "hovermode": "closest",
        "showlegend": False,
        "annotations": [],
    }
    data: list[dict[str, Any]] = []
    for number, panel in enumerate(scene.panels, 1):
        layout |= _axes(panel, scene, number)
        if panel.title:
            layout["annotations"].append(_title(panel, scene))
        for item in panel.items:
            if isinstance(item, Label):
                layout["annotations"].append(_annotation(item, number))
            else:
                data.append(_trace(item, number))
    return {"data": data, "layout": layout, "config": {"displaylogo": False, "modeBarButtons": [_BUTTONS]}}


def _axes(panel: Panel, scene: Scene, number: int) -> dict[str, Any]:
    left, bottom, width, height = panel.rectangle
    common = {
        "zeroline": False,
        "gridcolor": "#eeeeee",
        "linecolor": "#b0b0b0",
        "ticks": "outside",
        "tickcolor": "#b0b0b0",
        "tickfont": {"size": 11, "color": GREY},
        "nticks": 6,
        "visible": panel.axes,
        "fixedrange": not panel.axes,
    }
    x: dict[str, Any] = common | {
        "domain": [left / scene.width, (left + width) / scene.width],
        "anchor": f"y{number}",
        "range": list(panel.x),
        "title": {"text": escape(panel.x_title), "standoff": 6, "font": {"size": 12}},
    }
    if panel.x_ticks:
        x |= {
            "tickvals": [place for place, _ in panel.x_ticks],
            "ticktext": [text for _, text in panel.x_ticks],
        }
    y = common | {
        "domain": [bottom / scene.height, (bottom + height) / scene.height],
        "anchor": f"x{number}",
        "range": list(panel.y),
        "title": {"text": escape(panel.y_title), "standoff": 6, "font": {"size": 12}},
    }
    return {f"xaxis{number}": x, f"yaxis{number}": y}


def _title(panel: Panel, scene: Scene) -> dict[str, Any]:
    left, bottom, _, height = panel.rectangle
    return {
        "text": escape(panel.title),
        "font": {"size": 13},
        "xref": "paper",
        "yref": "paper",
        "x": left / scene.width,
        "y": (bottom + height + 4) / scene.height,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }


def _annotation(label: Label, number: int) -> dict[str, Any]:
    text = escape(label.text)
    text = f"<b>{text}</b>" if label.bold else text
    return {
        "text": f"<i>{text}</i>" if label.italic else text,
        "font": {"size": label.size, "color": label.colour},
        "xref": f"x{number}",
        "yref": f"y{number}",
        "x": label.at[0],
        "y": label.at[1],
        "xanchor": "left",
        "yanchor": "middle" if label.centred else "bottom",
        "showarrow": False,
        "borderpad": 0,
        "bgcolor": "rgba(255,255,255,0.7)" if label.covers else "rgba(255,255,255,0)",
    }


def _trace(item: Item, number: int) -> dict[str, Any]:
    assert not isinstance(item, Label)
    trace: dict[str, Any] = {
        "type": "scatter",
        "x": [round(x, 5) for x in item.xy[:, 0].tolist()],
        "y": [round(y, 5) for y in item.xy[:, 1].tolist()],
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "hoverinfo": "text" if item.hover else "skip",
        "hovertext": [escape(text) for text in item.hover],
    }
    if isinstance(item, Line) and item.filled:
        return trace | {"mode": "lines", "line": {"width": 0}, "fill": "toself", "fillcolor": item.colour}
    if isinstance(item, Line):
        dash = "dash" if item.dashed else "solid"
        return trace | {"mode": "lines", "line": {"color": item.colour, "width": item.width, "dash": dash}}
    marker: dict[str, Any] = {
        "symbol": _SYMBOLS[item.symbol],
        "size": item.size,
        "color": item.colour if item.filled else "white",
        "line": {"color": "white" if item.filled else item.colour, "width": 0.7 if item.filled else 1.6},
        "opacity": 1,
    }
    return trace | {"mode": "markers", "marker": marker, "cliponaxis": False}
