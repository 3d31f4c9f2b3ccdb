"""``selfvec drift``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from .output import TerminalProgress, print_json, show

__all__ = ["Pairing", "drift"]

SHOWN = 20  # words on a screen, and those in JSON that come with examples


class Pairing(TyperCommand):
    """``--between A B`` takes the two values that follow it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Repeat the option before its second value."""
        out: list[str] = []
        for place, argument in enumerate(args):
            second = place >= 2 and args[place - 2] == "--between" and not argument.startswith("-")
            out += ["--between", argument] if second else [argument]
        return super().parse_args(ctx, out)


def drift(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")],
    between: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A..B C..D",
            help="Two slices: dates as 1976..1979, 2020-05, 2020Q2, 2000.., or labels. "
            "Without it the first and the last slice of the run, or before and after refining.",
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help=f"Words shown; {SHOWN}, in JSON all.")
    ] = None,
    fdr: Annotated[
        float | None, typer.Option(metavar="Q", help="Leave out words with a larger false discovery rate.")
    ] = None,
    min_count: Annotated[int, typer.Option(min=1, help="Leave out words rarer than that on a side.")] = 5,
    permutations: Annotated[
        int, typer.Option(min=1, help="Random splits a word is held against, in the first round.")
    ] = 1000,
    examples: Annotated[int, typer.Option(min=0, help="Sentences from either side.")] = 1,
    jobs: Annotated[int | None, typer.Option(min=1, help="Threads; all cores otherwise.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="For every random choice.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the words that changed, how much, and whether chance would do the same."""
    from selfvec.analysis.drift import drift as measure
    from selfvec.storage.run_folder import open_run

    opened = open_run(run)
    found = measure(
        opened,
        between or None,
        top=top if as_json else top or SHOWN,
        fdr=fdr,
        min_count=min_count,
        permutations=permutations,
        seed=seed,
        jobs=jobs,
        progress=TerminalProgress(),
    )
    if examples:
        found = found.illustrate(opened, top or SHOWN, examples)
    if as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.drift_table import drift_table

        show(drift_table(found))
