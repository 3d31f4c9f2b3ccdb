"""``selfvec study``: the paper's studies on anybody's text, each a table and a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import OptionError
from .output import TerminalProgress, print_json, say

if TYPE_CHECKING:
    from ..preparation import Prepared
    from ..settings import Settings
    from ..studies import Study

__all__ = ["app"]

app = typer.Typer(
    help="Refine over and over with one thing changed: a table and a figure.", no_args_is_help=True
)

TEXT, RULE = "What is read", "How words move"

Sources = Annotated[list[str], typer.Argument(metavar="CORPUS...", help="Files or folders of text.")]
Output = Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to make.")]
Table = Annotated[
    str, typer.Option(metavar="PATH|default|none", help="Where the words start.", rich_help_panel=RULE)
]
Method = Annotated[str, typer.Option(metavar="paper|online|decorrelated", rich_help_panel=RULE)]
Window = Annotated[str, typer.Option(metavar="N|auto", help="Tokens per window.", rich_help_panel=RULE)]
Rate = Annotated[float | None, typer.Option(help="How far neighbours pull.", rich_help_panel=RULE)]
Epochs = Annotated[int, typer.Option(min=1, help="Passes over the corpus.", rich_help_panel=RULE)]
Shuffles = Annotated[int, typer.Option(min=2, help="Random orders of the documents.")]
TextField = Annotated[
    str | None, typer.Option(metavar="F[,F...]", help="Fields that hold the text.", rich_help_panel=TEXT)
]
Lemmas = Annotated[str | None, typer.Option("--lemmatize", metavar="LANG", rich_help_panel=TEXT)]
Stops = Annotated[str | None, typer.Option("--stop-words", metavar="LANG|FILE", rich_help_panel=TEXT)]
Least = Annotated[
    int, typer.Option("--min-count", min=1, help="Leave rarer words out.", rich_help_panel=TEXT)
]
Seed = Annotated[int, typer.Option(min=0, help="For every random choice.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a folder of that name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("learning-rate")
def learning_rate(
    corpus: Sources,
    output: Output,
    rates: Annotated[
        str | None, typer.Option(metavar="A[,A...]", help="Learning rates; 0.005 to 0.2.")
    ] = None,
    vectors: Table = "default",
    method: Method = "paper",
    window: Window = "auto",
    epochs: Epochs = 1,
    shuffles: Shuffles = 5,
    text_field: TextField = None,
    lemmatize: Lemmas = None,
    stop_words: Stops = None,
    min_count: Least = 1,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Measure what a sequential rule does at other learning rates, and how much of it is chance."""
    from ..studies.sweeps import RATES, over_rates

    _check(output, "learning-rate", overwrite)
    settings = _settings(method, window, None, epochs, lemmatize, stop_words, min_count, seed)
    chosen = _numbers(rates, float, "rates") or RATES
    prepared = _read(corpus, text_field, vectors, settings)
    study = over_rates(prepared, settings, chosen, shuffles=shuffles, progress=TerminalProgress())
    _finish(study, output, overwrite, as_json)


@app.command("window")
def window_(
    corpus: Sources,
    output: Output,
    windows: Annotated[
        str | None, typer.Option(metavar="N[,N...]", help="Tokens per window; 3 to 81.")
    ] = None,
    vectors: Table = "default",
    method: Method = "paper",
    learning_rate: Rate = None,
    epochs: Epochs = 1,
    shuffles: Shuffles = 5,
    text_field: TextField = None,
    lemmatize: Lemmas = None,
    stop_words: Stops = None,
    min_count: Least = 1,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Measure what a rule does with narrower and wider windows."""
    from ..studies.sweeps import WINDOWS, over_windows

    _check(output, "window", overwrite)
    settings = _settings(method, "auto", learning_rate, epochs, lemmatize, stop_words, min_count, seed)
    chosen = _numbers(windows, int, "windows") or WINDOWS
    prepared = _read(corpus, text_field, vectors, settings)
    study = over_windows(prepared, settings, chosen, shuffles=shuffles, progress=TerminalProgress())
    _finish(study, output, overwrite, as_json)


@app.command("epochs")
def epochs_(
    corpus: Sources,
    output: Output,
    epochs: Annotated[
        str | None, typer.Option(metavar="N[,N...]", help="After which to look; 1,2,3,5,10.")
    ] = None,
    vectors: Table = "default",
    method: Method = "paper",
    window: Window = "auto",
    learning_rate: Rate = None,
    text_field: TextField = None,
    lemmatize: Lemmas = None,
    stop_words: Stops = None,
    min_count: Least = 1,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Measure what every further reading of the corpus does."""
    from ..studies.sweeps import EPOCHS, over_epochs

    _check(output, "epochs", overwrite)
    settings = _settings(method, window, learning_rate, 1, lemmatize, stop_words, min_count, seed)
    chosen = _numbers(epochs, int, "epochs") or EPOCHS
    prepared = _read(corpus, text_field, vectors, settings)
    study = over_epochs(prepared, settings, chosen, progress=TerminalProgress())
    _finish(study, output, overwrite, as_json)


@app.command("domains")
def domains(
    corpus: Sources,
    output: Output,
    domain_field: Annotated[
        str | None,
        typer.Option(
            metavar="F",
            help="Field that names the domain; otherwise each CORPUS is one.",
            rich_help_panel=TEXT,
        ),
    ] = None,
    vectors: Table = "default",
    method: Method = "paper",
    window: Window = "auto",
    learning_rate: Rate = None,
    epochs: Epochs = 1,
    shuffles: Shuffles = 3,
    text_field: TextField = None,
    lemmatize: Lemmas = None,
    stop_words: Stops = None,
    min_count: Least = 1,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Refine domains by themselves and mixed: drift, chance, coherence within and across."""
    from ..studies.domains import across_domains

    _check(output, "domains", overwrite)
    settings = _settings(method, window, learning_rate, epochs, lemmatize, stop_words, min_count, seed)
    slices: dict[str, Any] = {"slice_field": domain_field} if domain_field else {"slice_by_name": True}
    prepared = _read(corpus, text_field, vectors, settings, **slices)
    study = across_domains(prepared, settings, shuffles=shuffles, progress=TerminalProgress())
    _finish(study, output, overwrite, as_json)


def _check(output: Path, name: str, overwrite: bool) -> None:
    """What could not be drawn or written is told before the work."""
    from ..studies.study import check_folder, need_figures

    need_figures()
    check_folder(output, name, overwrite=overwrite)


def _settings(
    method: str,
    window: str,
    learning_rate: float | None,
    epochs: int,
    lemmatize: str | None,
    stop_words: str | None,
    min_count: int,
    seed: int,
) -> Settings:
    """What all of them refine with; words without a vector start from zero, as in the paper."""
    from ..settings import Settings
    from .refine import parse_window

    if method not in ("paper", "online", "decorrelated"):
        raise OptionError(f"is one of paper, online, decorrelated, not {method!r}", field="method")
    return Settings(
        method=method,
        window=parse_window(window),
        learning_rate=learning_rate,
        epochs=epochs,
        oov="zero" if method == "paper" else "subwords",
        lemmatize=lemmatize,
        stop_words=stop_words,
        min_count=min_count,
        history="none",
        seed=seed,
    )


def _read(
    sources: list[str], text_field: str | None, vectors: str, settings: Settings, **slices: Any
) -> Prepared:
    """Text to ids."""
    from ..corpus import Corpus
    from ..preparation import prepare
    from ..provenance import Timings

    fields = [part.strip() for part in text_field.split(",")] if text_field else None
    corpus = Corpus.open(sources, text_fields=fields, **slices)
    table = None if vectors == "none" else vectors
    return prepare(corpus, table, settings, Timings(), TerminalProgress(), None)


def _numbers(text: str | None, kind: type[int] | type[float], field: str) -> list[Any]:
    if not text:
        return []
    try:
        return [kind(part) for part in text.split(",")]
    except ValueError:
        what = "whole numbers" if kind is int else "numbers"
        raise OptionError(f"is {what} with commas, not {text!r}", field=field, remedy="try 1,2,3") from None


def _finish(study: Study, output: Path, overwrite: bool, as_json: bool) -> None:
    study.save(output, overwrite=overwrite)
    if as_json:
        print_json(study.as_dict())
        return
    print(study.to_markdown())
    say(f"wrote {output}: {study.name}.csv, .json, .md, .svg and .png")
