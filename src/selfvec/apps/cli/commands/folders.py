"""Commands about what a folder holds, and whether it is sound: ``info``, ``health`` and ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from selfvec.apps.cli.arguments import AsJson, RunFolder, arg, open_run
from selfvec.apps.cli.output import print_json, show

__all__ = ["health", "info", "verify"]


def info(
    path: Annotated[Path, arg("RUN|INDEX|VECTORS", "A run, a search index, an encoder or vectors.")],
    as_json: AsJson = False,
) -> None:
    """Show what a folder or file holds, and how it was made.

    Examples:
        selfvec run info run
        selfvec run info GoogleNews.bin
    """
    from selfvec.storage.contents import info

    found = info(path)
    if as_json:
        print_json(found.as_dict())
        return
    from selfvec.views.contents_table import contents_table

    show(contents_table(found))


def health(run: RunFolder, as_json: AsJson = False) -> int:
    """Check that words moved and that the vectors have not collapsed.

    Exit status 1: a check failed.

    Examples:
        selfvec run health run
    """
    report = open_run(run).health
    if as_json:
        print_json(report)
    else:
        from selfvec.views.run_tables import health_panel

        show(health_panel(report))
    return int(bool(report["verdicts"]))


def verify(
    path: Annotated[
        Path,
        arg("RUN|INDEX", "A run, an index, an encoder or fetched vectors."),
    ],
    as_json: AsJson = False,
) -> int:
    """Compare every file with its checksum and name damaged ones.

    Exit status 1: there are some.

    Examples:
        selfvec run verify run
    """
    from selfvec.storage.verification import verify

    found = verify(path)
    if as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.contents_table import verified_text

        show(verified_text(found))
    return int(bool(found.damaged))
