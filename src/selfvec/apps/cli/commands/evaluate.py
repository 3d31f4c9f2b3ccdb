"""``selfvec evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from selfvec.apps.cli.arguments import MORE, Output, Seed, arg, opt
from selfvec.apps.cli.output import print_json, say, show
from selfvec.base.errors import OptionError
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["evaluate"]


Paths = list[Path] | None


def evaluate(
    vectors: Annotated[list[str], arg("RUN|VECTORS...", "Run folders and vectors files, before options.")],
    *,
    similarity: Annotated[Paths, opt("Similarity: rows of word, word, score.", "TSV...")] = None,
    analogies: Annotated[Paths, opt("Analogies: four words a line, as Google's or MSR's.", "FILE...")] = None,
    retrieval: Annotated[Paths, opt("Search: corpus.jsonl, queries.jsonl, qrels/.", "BEIR_DIR...")] = None,
    questions: Annotated[Paths, opt("Search in a run: columns question and id.", "CSV...")] = None,
    classification: Annotated[Paths, opt("train.tsv and test.tsv: rows of label, text.", "DIR...")] = None,
    shots: Annotated[int | None, opt("Classify from N documents a class.", "N", min=1, panel=MORE)] = None,
    dictionary: Annotated[
        Paths, opt("Translations: rows of word of A, word of B.", "TSV...", "--dictionary", "--lexicon")
    ] = None,
    bias: Annotated[bool, opt("Bias: WEAT on small built-in word sets.", None, "--bias")] = False,
    bias_sets: Annotated[Paths, opt("Bias: WEAT on your word sets, TOML or JSON.", "FILE...")] = None,
    oov: Annotated[bool, opt("OOV: hide known words, and build their vectors.", None, "--oov")] = False,
    stability: Annotated[
        bool, opt("Refine again with other seeds and on half the text.", None, "--stability")
    ] = False,
    against: Annotated[
        list[str] | None, opt("Baselines, trained now on the run's text; bm25-rm3; or all.", "NAME...")
    ] = None,
    dimensions: Annotated[
        str | None, opt("Measure again in N principal axes.", "N[,N...]", panel=MORE)
    ] = None,
    seed: Seed = 0,
    output: Output,
) -> None:
    """Measure vectors on tasks, with confidence intervals.

    Examples:
        selfvec evaluate run --similarity men3000.tsv
        selfvec evaluate run --retrieval scifact/ --against all
    """
    from selfvec.apps.functions.measuring import evaluate

    found = evaluate(
        vectors,
        similarity=similarity or (),
        analogies=analogies or (),
        retrieval=retrieval or (),
        questions=questions or (),
        classification=classification or (),
        shots=shots,
        dictionary=dictionary or (),
        bias=bias,
        bias_sets=bias_sets or (),
        oov=oov,
        stability=stability,
        against=against or (),
        dimensions=_sizes(dimensions),
        seed=seed,
        progress=TerminalProgress(),
    )
    if output.report is not None:
        found.save(output.report, overwrite=output.overwrite)
        say(f"wrote {output.report}")
    if output.as_json:
        print_json(found.as_dict())
    else:
        from selfvec.views.run_tables import evaluation_table

        show(evaluation_table(found))


def _sizes(text: str | None) -> list[int]:
    try:
        return [int(part) for part in text.split(",")] if text else []
    except ValueError:
        rule = f"is whole numbers with commas, not {text!r}"
        raise OptionError(rule, field="dimensions", remedy="try 50,100") from None
