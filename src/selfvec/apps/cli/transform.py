"""``selfvec transform``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from .arguments import AsJson, arg, opt
from .output import TerminalProgress, print_json, say

__all__ = ["transform"]


@dataclass(frozen=True)
class TransformOptions:
    """Options of the methods; one that is None was not given. A panel names the methods that have it."""

    dimensions: Annotated[int | None, opt("Number of axes kept.", panel="principal-axes")] = None
    corpus: Annotated[
        list[str] | None,
        opt("Files or folders of text.", "TEXT...", panel="pool"),
    ] = None
    text_field: Annotated[str | None, opt("Fields that hold the text.", "F[,F...]", panel="pool")] = None
    min_count: Annotated[
        int | None,
        opt("Leave out words that occur less often.", min=1, panel="pool"),
    ] = None
    layers: Annotated[
        str | None, opt("Layers that are averaged.", "last4|all|first|N|N:WEIGHT,...", panel="pool")
    ] = None
    pooling: Annotated[
        str | None, opt("States of a word's pieces, or of the text's first token.", "mean|cls", panel="pool")
    ] = None


def transform(
    source: Annotated[str, arg("IN", "A vectors file, run folder, default, or the folder of an encoder.")],
    target: Annotated[Path, arg("OUT", "The file or folder to write.")],
    *,
    by: Annotated[str, opt("The method; an unknown name lists all.", "NAME")],
    to: Annotated[str | None, opt("Format of OUT; by default its suffix decides.", "FORMAT")] = None,
    options: TransformOptions,
    as_json: AsJson = False,
) -> None:
    """Make one table of vectors of another, by a named method.

    Example: selfvec transform run smaller.safetensors --by principal-axes --dimensions 64
    """
    from selfvec.storage.formats import save
    from selfvec.transform import method

    given: dict[str, Any] = {name: value for name, value in asdict(options).items() if value is not None}
    chosen = method(by, **given)
    chosen.progress = TerminalProgress()
    made = chosen.fit_transform(chosen.open(source))
    left_out = save(made, target, format=to)
    done = {"words": len(made), "dimensions": made.vector_size, **chosen.report_}
    if as_json:
        print_json({"source": source, "target": str(target), "by": by, **done, "left_out": left_out})
        return
    for note in left_out:
        say(note)
    shown = [f"{name.replace('_', ' ')} {_short(value)}" for name, value in done.items()]
    say(f"{by}: {', '.join(shown)}")
    print(target)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
