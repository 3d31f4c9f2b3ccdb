"""Write a figure as PNG, SVG, PDF or a stand-alone HTML page.

A figure is a Vega-Lite specification: a dictionary of data and of the marks that draw them
(https://vega.github.io/vega-lite). vl-convert compiles it to Vega and draws it without a browser, with its
own fonts, so that a figure has the same bytes on every machine. The HTML page holds the same Vega
specification and the Vega library.

Vega-Lite cannot prevent labels from overlapping, but Vega can. The layers of `labels` are completed after
compilation.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from selfvec.base.errors import OptionError, require
from selfvec.files.atomic_files import atomic_file

from .plane import GREY, INK, LABELS, Spec, complete_labels

SUFFIXES = (".html", ".png", ".svg", ".pdf")

_SCALE = 2.0  # pixels of a PNG per pixel of the figure
_FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # vl-convert has the first; Arial has the same widths

_CONFIG: Spec = {
    "font": _FONT,
    "background": "white",
    "padding": 12,
    "axis": {
        "domainColor": "#b0b0b0",
        "gridColor": "#eeeeee",
        "labelColor": GREY,
        "labelFontSize": 11,
        "tickColor": "#b0b0b0",
        "titleColor": INK,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 8,
    },
    "legend": {
        "labelColor": INK,
        "labelFontSize": 12,
        "labelLimit": 400,
        "symbolSize": 80,
        "title": None,
        "titleColor": GREY,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titleLimit": 1000,
    },
    "title": {"anchor": "start", "color": INK, "fontSize": 13, "fontWeight": "normal"},
    "mark": {"aria": False},
    "view": {"stroke": None},
}


def under_sentences(lines: Sequence[tuple[str, str]], parts: Sequence[Spec]) -> Spec:
    """Parts of a figure side by side, below lines of text: (text, colour) each."""
    place = {"field": "row", "type": "ordinal", "axis": None}
    header = {
        "data": {"values": [{"row": i, "text": text, "colour": c} for i, (text, c) in enumerate(lines)]},
        "height": {"step": 21},
        "width": 20,
        "mark": {"type": "text", "align": "left", "fontSize": 15, "fontWeight": "bold", "x": 0},
        "encoding": {
            "y": place,
            "text": {"field": "text"},
            "color": {"field": "colour", "type": "nominal", "scale": None},
        },
    }
    return {"vconcat": [header, {"hconcat": list(parts), "spacing": 40}], "spacing": 0}


def check_figure(path: str | os.PathLike[str], suffixes: Sequence[str] = SUFFIXES) -> str:
    """Return the suffix of a figure's file, in lower case; raise an error if it cannot be drawn."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        remedy = f"end the name in one of {', '.join(suffixes)}"
        raise OptionError(f"no figure format {suffix!r}", path=path, remedy=remedy)
    require("vl_convert", "plot", "a figure")
    return suffix


def save_figure(
    spec: Spec,  # words in it went through `escape_for_display`
    path: str | os.PathLike[str],  # .png, .svg, .pdf, or .html: a page without network access
    description: str,  # for people who cannot see the figure
    *,
    overwrite: bool = False,
) -> None:
    """Write a figure; the suffix of the path names the format."""
    suffix = check_figure(path)
    import vl_convert

    def drawn(spec: Spec) -> Spec:
        vega: Spec = vl_convert.vegalite_to_vega(spec | {"config": _CONFIG, "description": description})
        _finish(vega, moving=suffix == ".html")
        return vega

    vega = drawn(spec)
    with atomic_file(path, overwrite=overwrite) as temporary:
        if suffix == ".html":
            page = _page(vega, drawn(_stacked(spec)), description)
            temporary.write_text(page, encoding="utf-8", newline="\n")
        elif suffix == ".svg":
            temporary.write_text(_svg(vega, description), encoding="utf-8", newline="\n")
        elif suffix == ".pdf":
            temporary.write_bytes(vl_convert.svg_to_pdf(_svg(_drawable(vega), description)))
        else:
            temporary.write_bytes(vl_convert.svg_to_png(_svg(_drawable(vega), description), scale=_SCALE))


def _stacked(spec: Spec) -> Spec:
    """The same figure with its parts one below the other, for narrow screens."""
    parts = [_stacked(part) for part in spec.get("hconcat") or spec.get("vconcat", ())]
    return {**{key: spec[key] for key in spec if key != "hconcat"}, "vconcat": parts} if parts else spec


_LABELS = f'class="mark-text role-mark {LABELS}'
_CLIP = re.compile(r"(?<=clip)\d+(?=[\")])")
_NOTHING = re.compile(
    r'<text [^>]* font-size="0px"[^>]*/>|<line [^>]* opacity="0"/>|<path class="(?:back|fore)ground"[^>]*/>'
)


def _svg(vega: Spec, description: str) -> str:
    """Draw as SVG, with a title and without invisible marks, half of the file: those that labels avoid.

    Clip paths are renumbered, because vl-convert continues its numbers from one drawing to the next.
    """
    from vl_convert import vega_to_svg

    svg = _NOTHING.sub("", vega_to_svg(vega))
    numbers = {number: str(place) for place, number in enumerate(dict.fromkeys(_CLIP.findall(svg)))}
    svg = _CLIP.sub(lambda found: numbers[found[0]], svg)
    svg = svg.replace(_LABELS, f'paint-order="stroke" {_LABELS}')  # the halo below the letters
    return svg.replace(">", f' role="img"><title>{escape(description)}</title>', 1)


def _finish(group: Spec, *, moving: bool) -> None:
    """Complete labels. In static figures, leave out marks that only react to the pointer."""
    marks = group.get("marks", [])
    marks[:] = [mark for mark in marks if moving or not mark.get("name", "").startswith("hover")]
    for place, mark in reversed(list(enumerate(marks))):
        _finish(mark, moving=moving)
        if mark.get("name", "").startswith(LABELS):
            marks.insert(place + 1, complete_labels(mark))


_NOT_LATIN = re.compile(r"[^\u0020-\u024f]")


def _drawable(value: Any) -> Any:
    """The same JSON, with code points in place of characters that no font has."""
    if isinstance(value, dict):
        return {key: _drawable(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [_drawable(inside) for inside in value]
    if isinstance(value, str):
        return _NOT_LATIN.sub(lambda found: _glyph(found[0]), value)
    return value


def _glyph(character: str) -> str:
    """The character or, if no font has it, its code point."""
    missing = _picture(character) == _picture("\U0010fffd")  # drawn for a character without a glyph
    return f"[U+{ord(character):04X}]" if missing else character


@cache
def _picture(character: str) -> bytes:
    from vl_convert import svg_to_png

    text = f'<text x="4" y="20" font-size="16" font-family="{_FONT}">{character}</text>'
    picture: bytes = svg_to_png(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="28">{text}</svg>'
    )
    return picture


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data: blob:">
<title>{description}</title>
<style>
body {{ margin: 1em; background: white; }}
svg {{ max-width: 100%; height: auto; }}
g[class*="labels_"] {{ paint-order: stroke; }}
</style>
</head>
<body>
<div id="figure" role="img" aria-label="{description}"></div>
<script>{library}</script>
<script>
const wide = {wide}, narrow = {narrow};
vegaEmbed("#figure", matchMedia("(max-width: 800px)").matches ? narrow : wide, {{
  ast: true, renderer: "svg", actions: {{export: true, source: false, compiled: false, editor: false}}
}}).then(() => {{ document.body.dataset.ready = "yes"; }});
</script>
</body>
</html>
"""


def _page(wide: Spec, narrow: Spec, description: str) -> str:
    """A page with everything it needs, mostly Vega. Its security policy forbids network access."""
    figures = {"wide": _in_script(wide), "narrow": _in_script(narrow)}
    return _PAGE.format(description=escape(description), library=_library(), **figures)


def _in_script(figure: Spec) -> str:
    return json.dumps(figure).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _library() -> str:
    from vl_convert import javascript_bundle

    return str(javascript_bundle("window.vegaEmbed = vegaEmbed;")).replace("</script", "<\\/script")
