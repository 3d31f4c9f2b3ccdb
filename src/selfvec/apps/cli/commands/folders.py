"""Commands about what a folder holds, and whether it is sound: ``info``, ``health`` and ``verify``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from selfvec.apps.cli.arguments import AsJson, RunFolder, arg, open_run, opt
from selfvec.apps.cli.output import print_json, say, show

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
        arg("RUN|INDEX", "A run, an index, an encoder or fetched vectors; with --clean any target."),
    ],
    clean: Annotated[
        bool, opt("First remove what killed commands left next to it and in it.", None, "--clean")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Compare every file with its checksum and name damaged ones.

    Exit status 1: there are some.

    Examples:
        selfvec run verify run
        selfvec run verify run --clean
    """
    from selfvec.storage.folder_kinds import folder_kind
    from selfvec.storage.verification import verify

    cleaned: dict[str, list[str]] = {}
    if clean:
        cleaned = _cleaned(path)
        if folder_kind(path) is None:  # an export or a file of vectors has no checksums
            if as_json:
                print_json({"path": str(path), **cleaned})
            return 0
    found = verify(path)
    if as_json:
        print_json(found.as_dict() | cleaned)
    else:
        from selfvec.views.contents_table import verified_text

        show(verified_text(found))
    return int(bool(found.damaged))


def _cleaned(path: Path) -> dict[str, list[str]]:
    """Remove leftovers, and report what is gone and what stays."""
    from selfvec.storage.leftovers import clean

    removed, kept = clean(path)
    for name in removed:
        say(f"removed {name}")
    for name in kept:
        say(f"kept {name}: a command is writing it, or goes on from it if it is repeated (refine: --resume)")
    if not removed and not kept:
        say("nothing was left over")
    return {"removed": removed, "kept": kept}
