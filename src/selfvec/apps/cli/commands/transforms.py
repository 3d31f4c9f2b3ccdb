"""The commands that make new vectors by a method: ``selfvec vectors retrofit`` and the others.

`METHODS` is their table: to add one, add a row. ``selfvec transform --by NAME``, hidden, is their older form
with all options.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

from selfvec.apps.cli.arguments import AsJson, WrittenAs, arg, opt
from selfvec.apps.cli.output import print_json, say
from selfvec.views.terminal_progress import TerminalProgress

__all__ = ["METHODS", "OPTIONS", "TRANSFORMS", "Method", "transform"]

Many, Text, Number = list[str] | None, str | None, int | None


@dataclass(frozen=True)
class MethodOption:
    """An option of methods. The command of a method shows ``flag``; `transform` has ``old``."""

    type: Any
    help: str
    metavar: str | None = None
    flag: str | None = None  # if not the name
    old: str | None = None  # if not the flag
    more: dict[str, Any] = field(default_factory=dict)

    def parameter(self, name: str, *, older_form: bool) -> Parameter:
        """The option as a parameter of a command, None if it is not given."""
        flag = self.flag or f"--{name.replace('_', '-')}"
        old = self.old or flag
        flags = [old] if older_form else list(dict.fromkeys([flag, old]))
        kind: Any = self.type
        annotation = Annotated[kind, opt(self.help, self.metavar, *flags, **self.more)]
        return Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


OPTIONS: dict[str, MethodOption] = {
    "dimensions": MethodOption(Number, "Number of axes kept.", "N"),
    "corpus": MethodOption(Many, "Files or folders of text.", "TEXT..."),
    "text_field": MethodOption(Text, "Fields that hold the text.", "F[,F...]"),
    "min_count": MethodOption(Number, "Leave out words that occur less often.", "N", more={"min": 1}),
    "layers": MethodOption(Text, "Layers that are averaged.", "last4|all|first|N|N:WEIGHT,..."),
    "pooling": MethodOption(Text, "States of a word's pieces, or of the text's first token.", "mean|cls"),
    "epochs": MethodOption(
        Number, "Passes over the text.", "N", "--passes", "--epochs", more={"min": 1, "default": "20"}
    ),
    "others": MethodOption(Many, "Vectors to join with; may be repeated.", "VECTORS...", "--with"),
    "how": MethodOption(
        Text, "How they are joined.", "average|concatenate|gcca", "--method", "--how", {"default": "average"}
    ),
    "words": MethodOption(
        Text,
        "Words of any, or words that all have.",
        "union|intersection",
        "--vocabulary",
        "--words",
        {"default": "union"},
    ),
    "vectors": MethodOption(Text, "Static vectors that know the tokens; or two aligned files.", "VECTORS"),
    "tokenizer": MethodOption(Text, "The new tokenizer.", "TOKENIZER.json|FOLDER"),
    "add_words": MethodOption(Text, "Words to add to the old tokenizer, or how many of --vectors.", "FILE|N"),
    "lexicon": MethodOption(
        Many,
        "Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON.",
        "FILE...",
    ),
    "relations": MethodOption(Text, "Kinds of relations that pull.", "synonym|is-a|related[,...]"),
    "weight": MethodOption(float | None, "How much relations count.", "X"),
    "keep": MethodOption(Text, "The relation that pulls words together.", "RELATION", "--pull", "--keep"),
    "push": MethodOption(Text, "The relation that pushes words apart.", "RELATION"),
    "kind": MethodOption(Text, "How.", "hard|soft|double-hard|inlp", "--method", "--kind"),
    "sets": MethodOption(Path | None, "Word sets, TOML or JSON.", "FILE", "--bias-sets", "--sets"),
    "seed": MethodOption(Number, "Seed of all random choices.", "N", more={"min": 0}),
}


@dataclass(frozen=True)
class Method:
    """The command of a method: its name, what it does, its options, and an example's words."""

    name: str
    summary: str
    options: tuple[str, ...]
    example: str
    source: str = "run"


_TEXT = ("corpus", "text_field", "min_count")
_PULL = ("lexicon", "relations", "weight")
METHODS = (
    Method(
        "join",
        "Join vectors of several files into one.",
        ("others", "how", "words", "dimensions"),
        "--with glove.txt",
        "word2vec.bin",
    ),
    Method(
        "retrofit",
        "Pull related words together (Faruqui et al. 2015).",
        _PULL,
        "--lexicon wordnet/",
    ),
    Method(
        "counter-fit",
        "Part synonyms and antonyms by counter-fitting (2016).",
        _PULL,
        "--lexicon pairs.tsv",
    ),
    Method(
        "attract-repel",
        "Part synonyms and antonyms by Attract-Repel (2017).",
        (*_PULL, "seed"),
        "--lexicon pairs.tsv",
    ),
    Method("smooth", "Average words with their neighbours in a lexicon.", _PULL, "--lexicon wordnet/"),
    Method(
        "define",
        "Give unknown words the vectors of their definitions.",
        _PULL[:1],
        "--lexicon wordnet/",
    ),
    Method("nodes", "Add vectors of the concepts of an ontology.", _PULL[:2], "--lexicon ontology.obo"),
    Method(
        "aspect",
        "Keep directions that one relation has and another has not.",
        ("lexicon", "keep", "push"),
        "--lexicon kb.obo --pull is-a --push related",
    ),
    Method("debias", "Remove a direction, such as gender.", ("kind", "sets", "seed"), "--method hard"),
    Method(
        "principal-axes",
        "Rotate onto principal axes, keep some.",
        ("dimensions",),
        "--dimensions 100",
    ),
    Method(
        "distill",
        "Train static vectors to imitate a sentence encoder.",
        (*_TEXT, "epochs", "seed"),
        "--corpus reports.csv",
        "encoder/",
    ),
    Method(
        "pool",
        "Average a language model's states over occurrences.",
        (*_TEXT, "layers", "pooling"),
        "--corpus reports.csv",
        "model/",
    ),
    Method(
        "model2vec",
        "Encode each word of a text by a sentence encoder.",
        (*_TEXT, "dimensions"),
        "--corpus reports.csv",
        "encoder/",
    ),
    Method(
        "tokenizer",
        "Give a model's token vectors a new tokenizer.",
        ("vectors", "tokenizer", "add_words"),
        "--vectors run --add-words 500",
        "model/",
    ),
)


def _with_options_of(
    command: Callable[..., None], names: tuple[str, ...], *, older_form: bool = False
) -> Callable[..., None]:
    """Give a command, which takes any ``options``, those with these names."""
    signature = inspect.signature(command, eval_str=True)
    *first, as_json, _ = signature.parameters.values()
    options = [OPTIONS[name].parameter(name, older_form=older_form) for name in names]
    command.__signature__ = signature.replace(parameters=[*first, *options, as_json])  # type: ignore[attr-defined]
    return command


def transform(
    *,
    source: Annotated[
        str, arg("IN", "A vectors file, run folder, default, or the folder of an encoder or language model.")
    ],
    written: WrittenAs,
    by: Annotated[str, opt("The method; an unknown name lists all.", "NAME")],
    as_json: AsJson = False,
    **options: Any,
) -> None:
    """Make new vectors from vectors by a named method.

    Each method is a command of its own, as selfvec vectors retrofit.

    Examples:
        selfvec transform run smaller.safetensors --by principal-axes --dimensions 64
    """
    from selfvec.transforms import method

    chosen = method(by, **{name: value for name, value in options.items() if value is not None})
    chosen.progress = TerminalProgress()
    target = written.path
    left_out = chosen.transform_file(source, target, written.to, overwrite=written.overwrite)
    done = chosen.report_
    if as_json:
        print_json({"source": source, "target": str(target), "by": by, **done, "left_out": left_out})
        return
    for note in left_out:
        say(note)
    shown = [f"{name.replace('_', ' ')} {_short(value)}" for name, value in done.items()]
    say(f"{by}: {', '.join(shown)}")
    print(target)


_with_options_of(transform, tuple(OPTIONS), older_form=True)


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _command(of: Method) -> Callable[..., None]:
    """The command of a method."""
    what = "A vectors file, a run folder, or default."
    target = "new.vec"
    if of.source.endswith("/"):
        what = "The folder of an encoder or language model."
        target = "new"

    def command(*, source: str, written: WrittenAs, as_json: AsJson = False, **options: Any) -> None:
        transform(source=source, written=written, by=of.name, as_json=as_json, **options)

    command.__annotations__["source"] = Annotated[str, arg("IN", what)]
    example = f"selfvec vectors {of.name} {of.source} -o {target} {of.example}"
    command.__doc__ = f"{of.summary}\n\nExamples:\n    {example}"
    return _with_options_of(command, of.options)


TRANSFORMS = {of.name: _command(of) for of in METHODS}
"""The commands by name."""
