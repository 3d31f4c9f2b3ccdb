"""Methods that make new vectors from given ones: `transform` applies one by its name.

A method is a class in the manner of scikit-learn: ``Method(**options).fit_transform(vectors)`` returns new
vectors, and ``report_`` has its figures. To add one, write a subclass of
`selfvec.lab.transforms.method.Transform`, its function beside it (`as_function`), and a row of `TRANSFORMS`:
it becomes a name for `transform`, a function of `selfvec` and, with an example, a command. Options are those
of its class, as its docstring describes them. Nothing heavy is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from selfvec.base.errors import OptionError

if TYPE_CHECKING:
    from selfvec.data.vectors import Vectors

    from .method import Transform


__all__ = ["TRANSFORMS", "TransformRow", "find_transform", "make_transform", "transform"]


@dataclass(frozen=True)
class TransformRow:
    """A method by its name."""

    name: str
    home: str  # module of this package, and class
    example: str  # options of an example; empty if the method has no command
    source: str = "run"  # what the example transforms; a folder ends with /

    @property
    def method(self) -> type[Transform]:
        """The class."""
        method: type[Transform] = resolve_name(f"{__name__}.{self.home}")
        return method

    @property
    def function(self) -> str:
        """The place of its function."""
        return f"lab.transforms.{self.home.partition('.')[0]}.{self.name.replace('-', '_')}"

    @property
    def takes(self) -> str:
        """What it transforms: vectors, or the folder of an encoder or language model."""
        return "encoder" if self.source.endswith("/") else "vectors"


_ROWS = (
    TransformRow("join", "join.Join", "--with glove.txt", "word2vec.bin"),
    TransformRow("retrofit", "retrofit.Retrofit", "--lexicon wordnet/"),
    TransformRow("define", "nodes.Define", "--lexicon wordnet/"),
    TransformRow("debias", "debias.Debias", "--method hard"),
    TransformRow("principal-axes", "compress.PrincipalAxes", ""),
    TransformRow("distill", "distill.Distill", "--corpus reports.csv", "encoder/"),
    TransformRow(
        "tokenizer", "tokenizer_transfer.TokenizerTransfer", "--vectors run --add-words 500", "model/"
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
    >>> vectors = selfvec.Vectors(["x", "y", "z"], [[2, 0], [0, 1], [-2, -1]])
    >>> transform(vectors, "principal-axes", dimensions=1).vectors.shape
    (3, 1)
    """
    return make_transform(by, **options).fit_transform(vectors)


def make_transform(by: str, **options: Any) -> Transform:
    """The method with this name and these options."""
    return find_transform(by).method.given(**options)


def find_transform(by: str) -> TransformRow:
    """The row of a method; raises `OptionError` for an unknown name."""
    if by not in TRANSFORMS:
        raise OptionError.one_of(by, TRANSFORMS, field="by")
    return TRANSFORMS[by]
