"""``selfvec transform``."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from .arguments import AsJson, Overwrite, arg, opt
from .output import TerminalProgress, print_json, say

__all__ = ["transform"]


WEIGHTED = "retrofit, counter-fit, attract-repel, smooth"
RELATIONS = f"{WEIGHTED}, nodes"
KNOWLEDGE = f"{RELATIONS}, define, aspect"


@dataclass(frozen=True)
class TransformOptions:
    """Options of the methods; one that is None was not given. A panel names the methods that have it."""

    dimensions: Annotated[
        int | None,
        opt("Number of axes kept; of join, with gcca only.", panel="principal-axes, join, model2vec"),
    ] = None
    corpus: Annotated[
        list[str] | None,
        opt("Files or folders of text.", "TEXT...", panel="pool, distill, model2vec"),
    ] = None
    text_field: Annotated[
        str | None, opt("Fields that hold the text.", "F[,F...]", panel="pool, distill, model2vec")
    ] = None
    min_count: Annotated[
        int | None,
        opt("Leave out words that occur less often.", min=1, panel="pool, distill, model2vec"),
    ] = None
    layers: Annotated[
        str | None, opt("Layers that are averaged.", "last4|all|first|N|N:WEIGHT,...", panel="pool")
    ] = None
    pooling: Annotated[
        str | None, opt("States of a word's pieces, or of the text's first token.", "mean|cls", panel="pool")
    ] = None
    epochs: Annotated[int | None, opt("Passes over the texts: 20.", min=1, panel="distill")] = None
    others: Annotated[
        list[str] | None, opt("A table to join with; may be repeated.", "TABLE", "--with", panel="join")
    ] = None
    how: Annotated[
        str | None, opt("How tables are joined: average.", "average|concatenate|gcca", panel="join")
    ] = None
    words: Annotated[
        str | None, opt("Words of any table, or of all: union.", "union|intersection", panel="join")
    ] = None
    vectors: Annotated[
        str | None,
        opt("Static vectors that know the tokens; or two aligned tables.", "TABLE", panel="tokenizer"),
    ] = None
    tokenizer: Annotated[
        str | None, opt("The new tokenizer.", "TOKENIZER.json|FOLDER", panel="tokenizer")
    ] = None
    add_words: Annotated[
        str | None,
        opt("Words to add to the old tokenizer, or how many of TABLE.", "FILE|N", panel="tokenizer"),
    ] = None
    lexicon: Annotated[
        list[str] | None,
        opt("Triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder, wn:LEXICON.", "FILE...", panel=KNOWLEDGE),
    ] = None
    relations: Annotated[
        str | None, opt("Kinds of relations that pull.", "synonym|is-a|related[,...]", panel=RELATIONS)
    ] = None
    weight: Annotated[
        float | None, opt("How much relations count; the default depends on the method.", panel=WEIGHTED)
    ] = None
    keep: Annotated[str | None, opt("The relation kept near.", "RELATION", panel="aspect")] = None
    push: Annotated[str | None, opt("The relation pushed apart.", "RELATION", panel="aspect")] = None
    kind: Annotated[str | None, opt("How.", "hard|soft|double-hard|inlp", panel="debias")] = None
    sets: Annotated[Path | None, opt("Word sets, TOML or JSON.", "FILE", panel="debias")] = None
    seed: Annotated[
        int | None, opt("Seed of random choices.", min=0, panel="distill, attract-repel, debias")
    ] = None


def transform(
    source: Annotated[
        str, arg("IN", "A vectors file, run folder, default, or the folder of an encoder or language model.")
    ],
    target: Annotated[Path, arg("OUT", "The file or folder to write.")],
    *,
    by: Annotated[str, opt("The method; an unknown name lists all.", "NAME")],
    to: Annotated[str | None, opt("Format of OUT; by default its suffix decides.", "FORMAT")] = None,
    options: TransformOptions,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Make one table of vectors of another, by a named method.

    Example: selfvec transform run smaller.safetensors --by principal-axes --dimensions 64
    """
    from selfvec.transforms import method

    given: dict[str, Any] = {name: value for name, value in asdict(options).items() if value is not None}
    chosen = method(by, **given)
    chosen.progress = TerminalProgress()
    left_out = chosen.transform_file(source, target, to, overwrite=overwrite)
    done = chosen.report_
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
