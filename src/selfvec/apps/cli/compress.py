"""``selfvec vectors compress``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from selfvec.base.errors import OptionError
from selfvec.views.terminal_progress import TerminalProgress

from .arguments import AsJson, Seed, Written, arg, opt
from .output import print_json, say

__all__ = ["compress"]


def compress(
    source: Annotated[str, arg("IN", "A vectors file, a run folder, or default.")],
    written: Written,
    *,
    below: Annotated[
        str | None, opt("Largest size.", "SIZE", default="the smallest that keeps enough")
    ] = None,
    keep: Annotated[str, opt("Least share of every figure that is kept.", "PERCENT")] = "95",
    retrieval: Annotated[
        list[Path] | None, opt("Measure nDCG@10 on these, not on the run's own text.", "BEIR_DIR...")
    ] = None,
    similarity: Annotated[list[Path] | None, opt("Measure on rows of word, word, score.", "TSV...")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> int:
    """Find smaller vectors that keep what they are used for.

    Exit status 1: none keeps enough; those that keep most are written.

    Examples:
        selfvec vectors compress run -o small.safetensors
        selfvec vectors compress run -o small.safetensors --below 5MB
    """
    from selfvec.compression import compress

    found = compress(
        source,
        written.path,
        below=below,
        keep=_percent(keep),
        retrieval=retrieval or (),
        similarity=similarity or (),
        seed=seed,
        overwrite=written.overwrite,
        progress=TerminalProgress(),
    )
    if as_json:
        print_json({"source": source, **found})
    else:
        from selfvec.views.compression_text import compression_text

        for note in found["left_out"]:
            say(note)
        print(compression_text(found))
    return int(not found["enough"])


def _percent(text: str) -> float:
    try:
        return float(text.strip().removesuffix("%"))
    except ValueError:
        raise OptionError(f"is a percentage, not {text!r}", field="keep", remedy="try 95") from None
