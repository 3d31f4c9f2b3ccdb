"""A hook of mkdocs: two sites of one folder, docs/ (mkdocs.yml) and docs/results/ (mkdocs-results.yml).

Both read all pages, so that a broken link or anchor fails whichever site it leads to; `not_in_nav` names what
the other site writes. The addresses of the results begin in their folder, and so have a search of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.structure.files import Files
    from mkdocs.structure.nav import Navigation


def on_nav(nav: Navigation, **_: Any) -> Navigation:
    """Begin with the first page, in whichever folder it is."""
    nav.homepage = nav.pages[0]
    return nav


def on_env(env: Any, files: Files, **_: Any) -> Any:
    """Leave out what the other site writes, and shorten addresses, once all links are resolved."""
    from mkdocs.structure.files import InclusionLevel

    for file in files:
        if file.inclusion is InclusionLevel.NOT_IN_NAV:
            file.inclusion = InclusionLevel.EXCLUDED
        else:
            file.dest_uri = file.url = file.dest_uri.removeprefix("results/")
    return env
