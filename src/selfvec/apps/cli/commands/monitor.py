"""The command ``monitor``: new text against a run."""

from __future__ import annotations

from typing import Annotated

from selfvec.apps.cli.arguments import MORE, Output, RunFolder, Seed, TextField, arg, opt
from selfvec.apps.cli.output import print_json, say, show
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["monitor"]


def monitor(
    *,
    run: RunFolder,
    new: Annotated[list[str], arg("NEW...", "Files or folders of new text; - reads standard input.")],
    text_field: TextField = None,
    skip_bad_rows: Annotated[bool, opt("Count malformed rows and go on.", None, "--skip-bad-rows")] = False,
    level: Annotated[float, opt("Raise the alarm if p is at most this.", "P")] = 0.01,
    top: Annotated[int, opt("Topics, words and documents shown.", "N", min=1)] = 20,
    sample: Annotated[
        int, opt("New documents compared; of more, a sample.", "N", panel=MORE, min=1)
    ] = 10_000,
    permutations: Annotated[int, opt("Random splits of the documents.", "N", panel=MORE, min=1)] = 1000,
    seed: Seed = 0,
    output: Output,
) -> int:
    """Test whether new text differs from the text of a run.

    Exit status 1: alarm.

    Examples:
        selfvec monitor run reports-2024.csv
        selfvec monitor run reports-2024.csv --report monitor.html
    """
    from selfvec.analysis.monitoring import monitor
    from selfvec.views.monitoring import monitoring_page, monitoring_table

    found = monitor(
        run,
        new,
        text_field=text_field,
        skip_bad_rows=skip_bad_rows,
        level=level,
        top=top,
        sample=sample,
        permutations=permutations,
        seed=seed,
        progress=TerminalProgress(),
    )
    if output.report is not None:
        monitoring_page(found).save(output.report, overwrite=output.overwrite)
        say(f"wrote {output.report}")
    if output.as_json:
        if found.note:
            say(found.note)
        print_json({"run": str(run), **found.as_dict()})
    else:
        show(monitoring_table(found))
    return int(found.alarm)
