"""The colours of figures, and how one is written: as PNG, SVG, PDF or a stand-alone HTML page.

vl-convert makes pictures of the SVG without a browser, with its own fonts, so that they are the same on
every machine. The HTML page holds the figure twice, the second time for narrow screens, and fetches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path

from selfvec.base.checks import StrPath
from selfvec.base.errors import OptionError, require
from selfvec.files.atomic_files import atomic_file
from selfvec.files.svg import FONT, Figure, figure_svg

# Distinguishable on white with any colour vision: M. Okabe and K. Ito, *Color Universal Design* (2008),
# without its yellow, which is hardly visible on white.
WORDS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
INK = "#222222"
GREY = "#595959"

# The same, darkened until small text is readable on white: contrast 4.5 (WCAG 2.2, criterion 1.4.3).
_INKS = {
    "#D55E00": "#c25600",
    "#009E73": "#008662",
    "#CC79A7": "#a36186",
    "#E69F00": "#9c6c00",
    "#56B4E9": "#3b7ca1",
}
SUFFIXES = (".html", ".png", ".svg", ".pdf")

_PICTURES = (".png", ".pdf")
_SCALE = 2.0  # pixels of a PNG per pixel of the figure


def tint(colour: str, share: float) -> str:
    """A colour mixed with white: ``share`` 1 is the colour itself, 0 is white.

    >>> tint("#000000", 0.5)
    '#808080'
    """
    channels = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 + (channel - 255) * share):02x}" for channel in channels)


def ink(colour: str) -> str:
    """The colour of text that belongs to marks of a colour.

    >>> ink("#000000"), ink("#56B4E9")
    ('#000000', '#3b7ca1')
    """
    return _INKS.get(colour, colour.lower())


def check_figure(path: StrPath, suffixes: Sequence[str] = SUFFIXES) -> str:
    """Return the suffix of a figure's file, in lower case; raise an error if it cannot be drawn."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        remedy = f"end the name in one of {', '.join(suffixes)}"
        raise OptionError(f"no figure format {suffix!r}", path=path, remedy=remedy)
    if suffix in _PICTURES:
        require("vl_convert", "plot", f"a {suffix} figure")
    return suffix


def save_figure(
    figure: Figure,
    path: StrPath,  # .png, .svg, .pdf, or .html: a page without network access
    about: str,  # for people who cannot see the figure
    *,
    overwrite: bool = False,
) -> None:
    """Write a figure; the suffix of the path names the format."""
    suffix = check_figure(path)
    svg = figure_svg(figure, about, INK)
    text = _HOVER.sub("", svg)
    if suffix == ".html":
        narrow = figure_svg(figure, about, INK, narrow=True)
        text = _PAGE.format(title=escape(about), wide=svg, narrow=narrow)
    with atomic_file(path, overwrite=overwrite) as temporary:
        if suffix in _PICTURES:
            temporary.write_bytes(_picture(_NOT_LATIN.sub(_glyph, text), suffix))
        else:
            temporary.write_text(text, encoding="utf-8", newline="\n")


def _picture(svg: str, suffix: str = ".png") -> bytes:
    import vl_convert

    picture: bytes = (
        vl_convert.svg_to_pdf(svg) if suffix == ".pdf" else vl_convert.svg_to_png(svg, scale=_SCALE)
    )
    return picture


_HOVER = re.compile(r'<circle class="hover".*?</circle>|(?<=>)<title>[^<]*</title>(?=</(?:circle|polygon)>)')
"""What only reacts to the pointer."""

_NOT_LATIN = re.compile(r"[^\u0000-\u024f]")


def _glyph(found: re.Match[str]) -> str:
    """The character or, if no font has it, its code point."""
    missing = _drawn(found[0]) == _drawn("\U0010fffd")  # drawn for a character without a glyph
    return f"[U+{ord(found[0]):04X}]" if missing else found[0]


@cache
def _drawn(character: str) -> bytes:
    text = f'<text x="4" y="20" font-size="16" font-family="{FONT}">{character}</text>'
    return _picture(f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="28">{text}</svg>')


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'">
<title>{title}</title>
<style>
body {{ margin: 1em; background: white; }}
svg {{ max-width: 100%; height: auto; }}
.narrow {{ display: none; }}
@media (max-width: 800px) {{ .wide {{ display: none; }} .narrow {{ display: block; }} }}
</style>
</head>
<body>
<div class="wide">{wide}</div>
<div class="narrow">{narrow}</div>
<script>
for (const svg of document.querySelectorAll("svg")) {{ // wheel: zoom; drag: move; double click: all of it
  const view = svg.viewBox.baseVal, whole = [view.x, view.y, view.width, view.height];
  const set = (...box) => {{ [view.x, view.y, view.width, view.height] = box; }};
  const unit = () => view.width / svg.getBoundingClientRect().width;
  svg.addEventListener("wheel", (event) => {{
    event.preventDefault();
    const by = Math.exp(event.deltaY / 300), [dx, dy] = [event.offsetX * unit(), event.offsetY * unit()];
    set(view.x + dx * (1 - by), view.y + dy * (1 - by), view.width * by, view.height * by);
  }}, {{ passive: false }});
  let last;
  svg.addEventListener("pointerdown", (event) => {{ last = event.pointerType === "mouse" ? event : null; }});
  addEventListener("pointerup", () => {{ last = null; }});
  svg.addEventListener("pointermove", (event) => {{
    if (!last) return;
    set(view.x - (event.x - last.x) * unit(), view.y - (event.y - last.y) * unit(), view.width, view.height);
    last = event;
  }});
  svg.addEventListener("dblclick", () => set(...whole));
}}
</script>
</body>
</html>
"""
