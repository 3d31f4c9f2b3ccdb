"""The table of methods: the class, the command and the options of each. Nothing heavy is imported.

A row becomes a name for `transform` and a command of ``selfvec vectors``. Its options are the parameters of
the constructor of its class.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfvec.base.errors import OptionError

if TYPE_CHECKING:
    from selfvec.data.vectors import Vectors

    from .method import Transform

__all__ = [
    "TRANSFORMS",
    "TransformOption",
    "TransformRow",
    "find_transform",
    "make_transform",
    "transform",
]


@dataclass(frozen=True)
class TransformOption:
    """A parameter of a constructor, as an option of the command line."""

    name: str
    type: Any
    help: str
    metavar: str | None = None
    flag: str | None = None  # if not that of the name
    old_flag: str | None = None  # an older flag, which still works
    least: int | None = None
    default: str | None = None  # in words

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag that is shown, and the older one if there is one."""
        flag = self.flag or f"--{self.name.replace('_', '-')}"
        return (flag,) if self.old_flag is None else (flag, self.old_flag)

    @property
    def old_name(self) -> str:
        """The name of the older flag, as a keyword; the name if there is none."""
        return self.name if self.old_flag is None else self.old_flag.removeprefix("--")


@dataclass(frozen=True)
class TransformRow:
    """A method by its name."""

    name: str
    home: str  # module of this package, and class
    summary: str  # a line of --help
    options: tuple[TransformOption, ...]
    example: str  # options of an example
    source: str = "run"  # what the example transforms; a folder ends with /

    @property
    def method(self) -> type[Transform]:
        """The class."""
        module, _, name = self.home.partition(":")
        found: type[Transform] = getattr(import_module(f"{__package__}.{module}"), name)
        return found


_DIMENSIONS = TransformOption("dimensions", int | None, "Number of axes kept.", "N")
_SEED = TransformOption("seed", int | None, "Seed of all random choices.", "N", least=0)
_TEXT = (
    TransformOption("corpus", list[str] | None, "Files or folders of text.", "TEXT..."),
    TransformOption("text_field", str | None, "Fields that hold the text.", "F[,F...]"),
    TransformOption("min_count", int | None, "Leave out words that occur less often.", "N", least=1),
)
_LEXICON = TransformOption(
    "lexicon",
    list[str] | None,
    "Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON.",
    "FILE...",
)
_RELATIONS = TransformOption(
    "relations", str | None, "Kinds of relations that pull.", "synonym|is-a|related[,...]"
)
_PULL = (_LEXICON, _RELATIONS, TransformOption("weight", float | None, "How much relations count.", "X"))

_ROWS = (
    TransformRow(
        "join",
        "join:Join",
        "Join vectors of several files into one.",
        (
            TransformOption(
                "others", list[str] | None, "Vectors to join with; may be repeated.", "VECTORS...", "--with"
            ),
            TransformOption(
                "method",
                str | None,
                "How they are joined.",
                "average|concatenate|gcca",
                old_flag="--how",
                default="average",
            ),
            TransformOption(
                "vocabulary",
                str | None,
                "Words of any, or words that all have.",
                "union|intersection",
                old_flag="--words",
                default="union",
            ),
            _DIMENSIONS,
        ),
        "--with glove.txt",
        "word2vec.bin",
    ),
    TransformRow(
        "retrofit",
        "retrofit:Retrofit",
        "Pull related words together (Faruqui et al. 2015).",
        _PULL,
        "--lexicon wordnet/",
    ),
    TransformRow(
        "counter-fit",
        "specialise:CounterFit",
        "Part synonyms and antonyms by counter-fitting (2016).",
        _PULL,
        "--lexicon pairs.tsv",
    ),
    TransformRow(
        "attract-repel",
        "specialise:AttractRepel",
        "Part synonyms and antonyms by Attract-Repel (2017).",
        (*_PULL, _SEED),
        "--lexicon pairs.tsv",
    ),
    TransformRow(
        "smooth",
        "retrofit:Smooth",
        "Average words with their neighbours in a lexicon.",
        _PULL,
        "--lexicon wordnet/",
    ),
    TransformRow(
        "define",
        "definitions:Define",
        "Give unknown words the vectors of their definitions.",
        (_LEXICON,),
        "--lexicon wordnet/",
    ),
    TransformRow(
        "nodes",
        "nodes:NodeVectors",
        "Add vectors of the concepts of an ontology.",
        (_LEXICON, _RELATIONS),
        "--lexicon ontology.obo",
    ),
    TransformRow(
        "aspect",
        "aspect:Aspect",
        "Keep directions that one relation has and another has not.",
        (
            _LEXICON,
            TransformOption(
                "pull",
                str | None,
                "The relation that pulls words together.",
                "RELATION",
                old_flag="--keep",
            ),
            TransformOption("push", str | None, "The relation that pushes words apart.", "RELATION"),
        ),
        "--lexicon kb.obo --pull is-a --push related",
    ),
    TransformRow(
        "debias",
        "debias:Debias",
        "Remove a direction, such as gender.",
        (
            TransformOption("method", str | None, "How.", "hard|soft|double-hard|inlp", old_flag="--kind"),
            TransformOption("bias_sets", Path | None, "Word sets, TOML or JSON.", "FILE", old_flag="--sets"),
            _SEED,
        ),
        "--method hard",
    ),
    TransformRow(
        "principal-axes",
        "principal_axes:PrincipalAxes",
        "Rotate onto principal axes, keep some.",
        (_DIMENSIONS,),
        "--dimensions 100",
    ),
    TransformRow(
        "distill",
        "distill:Distill",
        "Train static vectors to imitate a sentence encoder.",
        (
            *_TEXT,
            TransformOption(
                "passes",
                int | None,
                "Passes over the text.",
                "N",
                old_flag="--epochs",
                least=1,
                default="20",
            ),
            _SEED,
        ),
        "--corpus reports.csv",
        "encoder/",
    ),
    TransformRow(
        "pool",
        "pool:Pool",
        "Average a language model's states over occurrences.",
        (
            *_TEXT,
            TransformOption(
                "layers", str | None, "Layers that are averaged.", "last4|all|first|N|N:WEIGHT,..."
            ),
            TransformOption(
                "pooling", str | None, "States of a word's pieces, or of the text's first token.", "mean|cls"
            ),
        ),
        "--corpus reports.csv",
        "model/",
    ),
    TransformRow(
        "model2vec",
        "model2vec:Model2Vec",
        "Encode each word of a text by a sentence encoder.",
        (*_TEXT, _DIMENSIONS),
        "--corpus reports.csv",
        "encoder/",
    ),
    TransformRow(
        "tokenizer",
        "tokenizer_transfer:TokenizerTransfer",
        "Give a model's token vectors a new tokenizer.",
        (
            TransformOption(
                "vectors", str | None, "Static vectors that know the tokens; or two aligned files.", "VECTORS"
            ),
            TransformOption("tokenizer", str | None, "The new tokenizer.", "TOKENIZER.json|FOLDER"),
            TransformOption(
                "add_words",
                str | None,
                "Words to add to the old tokenizer, or how many of --vectors.",
                "FILE|N",
            ),
        ),
        "--vectors run --add-words 500",
        "model/",
    ),
)
TRANSFORMS: Mapping[str, TransformRow] = {row.name: row for row in _ROWS}
"""All methods by name, in the order of the commands."""


def transform(vectors: Vectors, by: str, **options: Any) -> Vectors:
    """Apply a method of `TRANSFORMS` to vectors.

    Raises
    ------
    OptionError
        If the method is unknown, an option is unknown, or a required option is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from selfvec.data.vectors import Vectors
    >>> vectors = Vectors(["x", "y", "z"], np.array([[2, 0], [0, 1], [-2, -1]]))
    >>> transform(vectors, "principal-axes", dimensions=1).vectors.shape
    (3, 1)
    """
    return make_transform(by, **options).fit_transform(vectors)


def make_transform(by: str, **options: Any) -> Transform:
    """The method with this name and these options."""
    row = find_transform(by)
    known = {option.name for option in row.options}
    for name in options:
        if name not in known:
            having = [
                other.name
                for other in TRANSFORMS.values()
                if any(name in (option.name, option.old_name) for option in other.options)
            ]
            remedy = f"it belongs to {', '.join(having)}" if having else "leave it out"
            raise OptionError(f"the method {by} has no such option", field=name, remedy=remedy)
    method = row.method
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.default is parameter.empty and name not in options:
            raise OptionError(f"the method {by} needs this option", field=name)
    return method(**options)


def find_transform(by: str) -> TransformRow:
    """The row of a method; raises `OptionError` for an unknown name."""
    if by not in TRANSFORMS:
        raise OptionError.one_of(by, TRANSFORMS, field="by")
    return TRANSFORMS[by]
