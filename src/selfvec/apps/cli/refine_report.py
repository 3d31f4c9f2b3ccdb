"""What commands that make a run share: refining, saving, and a summary of the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.data.run import Run
from selfvec.refine.pipeline import refine

from .output import TerminalProgress, print_json, say

if TYPE_CHECKING:
    from selfvec.corpus import Corpus
    from selfvec.data.settings import Settings
    from selfvec.storage.workspace import Workspace

__all__ = ["count", "refine_and_save", "report"]


def refine_and_save(
    corpus: Corpus,
    vectors: str | None,
    settings: Settings,
    workspace: Workspace,
    jobs: int | None = None,
) -> Run:
    """Refine, and save the run as the workspace's target."""
    run = refine(corpus, vectors, settings, workspace=workspace, progress=TerminalProgress(), jobs=jobs)
    workspace.finish(run)
    return run


def report(run: Run, output: Path, as_json: bool) -> None:
    """Print what was read, what was done and whether the result is healthy."""
    if as_json:
        print_json({"run": str(output), **run.provenance, "health": run.health})
        return
    for line in _summary(run.provenance):
        say(line)
    for finding in run.health["findings"]:
        remedy = f"; {finding['remedy']}" if finding["remedy"] else ""
        say(f"health: {finding['name']}: {finding['message']}{remedy}")
    print(output)


def count(number: int, noun: str) -> str:
    """A number with its noun in the right form.

    >>> count(1, "epoch"), count(2000, "epoch")
    ('1 epoch', '2,000 epochs')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _how(provenance: dict[str, Any]) -> str:
    if provenance["method"] == "original":
        return "the vectors stay as they are"
    window, rounds = f"window {provenance['window']}", provenance["epochs"]
    if provenance["method"] == "decorrelated":
        by = {"scan": "", "counts": ", by counts", "ppmi": ", by PPMI"}[provenance["options"]["operator"]]
        return f"{window}, {rounds} passes{by}"
    return f"{window}, learning rate {provenance['learning_rate']}, {count(rounds, 'epoch')}"


def _decision(provenance: dict[str, Any]) -> list[str]:
    """What ``--method auto`` measured, one line per candidate."""
    decision = provenance.get("decision")
    if decision is None:
        return []
    lines = [
        f"chose {decision['chosen']}: {decision['reason']} ({decision['held_out_tokens']:,} tokens held out)"
    ]
    for row in decision["candidates"]:
        figures = ", ".join(f"{c} {row[c]:.3f}" for c in ("context", "cloze") if c in row)
        worse = f", significantly worse by {' and '.join(row['worse'])}" if row["worse"] else ""
        lines.append(f"  {row['name']:<13} {figures}{worse}{', collapsed' if row['collapsed'] else ''}")
    return lines


def _summary(provenance: dict[str, Any]) -> list[str]:
    timings, sources = provenance["timings"], provenance["sources"]
    return [
        f"read {provenance['corpus']['description']}",
        f"{count(provenance['tokens'], 'token')}, {count(provenance['types'], 'type')}, of which "
        f"{sources['known']:,} had a vector, {sources['subwords']:,} have one from their parts, "
        f"{sources['context'] + sources['mixed']:,} from the text and {sources['none']:,} none",
        *_decision(provenance),
        f"refined with the method {provenance['method']}: {_how(provenance)}, "
        f"in {timings['refine']:.2f} s ({sum(timings.values()):.1f} s in all)",
    ]
