"""Commands about what a folder holds: ``info`` and ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from .arguments import AsJson, arg
from .output import print_json, show

__all__ = ["info", "verify"]


def info(
    path: Annotated[Path, arg("RUN|INDEX|VECTORS", "A run, a search index, an encoder or vectors.")],
    as_json: AsJson = False,
) -> None:
    """Show what a folder or file holds, where text is in it, and how it was made.

    Example: selfvec info run
    """
    from selfvec.storage.contents import contents

    found = contents(path)
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.contents_table import contents_table

    show(contents_table(found))


def verify(
    path: Annotated[Path, arg("RUN|INDEX", "A run, a search index, an encoder or a fetched table.")],
    as_json: AsJson = False,
) -> int:
    """Compare every file with its checksum and name those that are damaged. Exit status 1: there are some.

    Example: selfvec verify run
    """
    from selfvec.storage.verify import verify

    found = verify(path)
    if as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.contents_table import verified_text

        show(verified_text(found))
    return int(bool(found.damaged))
