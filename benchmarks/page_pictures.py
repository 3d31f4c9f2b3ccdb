"""``python -m benchmarks.page_pictures``: the pictures of docs/reference/page.md, of the demonstration run.

The run is made anew from the documentation of this Python; a Chromium is needed.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from tests.apps.web.headless import Page, browsing, find
from tests.apps.web.serving import serving

from benchmarks.page import FIGURES
from selfvec.apps.run import save_run
from selfvec.corpus.python_docs import python_documentation
from selfvec.data.settings import Settings
from selfvec.refinement.pipeline import refine
from selfvec.storage.run_folder import open_run

LARGEST = 150_000  # bytes of a picture

PICTURES = {
    "serve-overview": ("", 1200, 1000, "light"),
    "serve-why": ("word=raise&near=valueerror", 1200, 900, "light"),
    "serve-map": ("view=map", 1200, 800, "dark"),
}


def main() -> None:
    """Make the run, serve it, and look."""
    program = find()
    if program is None:
        sys.exit("no Chromium is installed (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder:
        save_run(refine(python_documentation(), "default", Settings(stop_words="en")), Path(folder, "run"))
        with serving(open_run(Path(folder, "run")), jobs=None) as site, browsing(program) as new:
            for task in (site.data.comparisons.drift("refined"), site.data.index):
                task.result()
            page = new()
            for name, (state, width, height, scheme) in PICTURES.items():
                take(page, f"{site.address}#{state}", width, height, scheme)
                picture = small(page.picture())
                assert page.errors == []
                assert len(picture) <= LARGEST, (name, len(picture))
                (FIGURES / f"{name}.png").write_bytes(picture)
                print(f"{name}.png: {len(picture):,} bytes")


def small(png: bytes) -> bytes:
    """The same picture with a palette: a third of the size, and no difference to be seen."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def take(page: Page, address: str, width: int, height: int, scheme: str) -> None:
    """Open the page at a state and let it come to rest."""
    page.size(width, height)
    page.prefers(color_scheme=scheme, reduced_motion="reduce")
    page.open(address)
    if "near=" in address:
        page.run("document.querySelector('.texts').scrollIntoView({ block: 'end' })")
    if address.endswith("#"):
        page.wait("document.querySelectorAll('.subjects > li').length > 3", 120)
    if "view=map" in address:
        page.wait("document.querySelectorAll('.colours button').length > 2", 120)
    page.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")


if __name__ == "__main__":
    main()
