"""`Transform`: the base class of the methods, which make new vectors from given ones."""

from __future__ import annotations

import inspect
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, dataclass_transform

from selfvec.base.declarations import declared, entry
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import Figures
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import check_save, save
from selfvec.storage.opened import GivenVectors, as_vectors

from .knowledge import Knowledge, check_lexicon

P = ParamSpec("P")
Method = TypeVar("Method", bound="Transform")
Taken = TypeVar("Taken")
Made = TypeVar("Made")


@dataclass_transform(eq_default=False)
@dataclass(eq=False, repr=False)
class Transform(ABC):
    """A method that makes new vectors from given ones. Its fields are its options.

    The command line reads the options of a class and of its bases from the source.

    Parameters
    ----------
    output : path, optional
        The file or folder to write.
    to : str, optional
        Format of the output; by default that of its suffix.
    overwrite : bool
        Replace what exists at that place.
    progress : Progress, optional

    Attributes
    ----------
    report_ : dict
        Figures of the last `fit_transform`, JSON-serialisable.
    """

    _: KW_ONLY
    output: str | os.PathLike[str] | None = None
    to: str | None = None
    overwrite: bool = False
    progress: Progress | None = None

    def __init_subclass__(cls) -> None:
        """Make a constructor of the fields of the class."""
        dataclass(eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        """Check the options against the docstring of the class."""
        declared(type(self)).check(vars(self))
        self.report_: dict[str, Any] = {}
        self.shown = as_progress(self.progress)

    @classmethod
    def given(cls, **options: Any) -> Self:
        """The method with a caller's options; `OptionError` for one that is misspelt, wrong or missing."""
        options_of_class = declared(cls)
        options_of_class.check(options)
        for name, option in options_of_class.parameters.items():
            if option.is_required and name not in options:
                raise OptionError("is needed", field=name, remedy="give it")
        return cls(**options)

    def open(self, source: Any) -> Any:
        """The argument of `fit_transform` from what was given: by default vectors, a run, or a path."""
        return as_vectors(source)

    @abstractmethod
    def fit_transform(self, vectors: Vectors) -> Vectors:
        """New vectors; the given ones are not changed."""

    def made_of(self, source: GivenVectors) -> Vectors:
        """The vectors that are made of what was given, written to ``output`` if it is named."""
        return self._made_and_left_out(source)[0]

    def _made_and_left_out(self, source: Any) -> tuple[Vectors, list[str]]:
        if self.output is None:
            return self.fit_transform(self.open(source)), []
        check_save(self.output, self.to, overwrite=self.overwrite)
        made = self.fit_transform(self.open(source))
        return made, save(made, self.output, format=self.to, overwrite=self.overwrite)

    def write(self, source: str) -> list[str]:
        """Write ``output``, and return what its format cannot store."""
        made, left_out = self._made_and_left_out(source)
        self.report_ = {"words": len(made), "dimensions": made.vector_size, **self.report_}
        return left_out

    def written_of(self, source: Any, by: str) -> Figures:
        """The figures of the method, and what the format of ``output`` cannot hold."""
        if self.output is None:
            raise OptionError("is needed: the file or folder to write", field="output", remedy="name one")
        left_out = self.write(os.fspath(source))
        named = {"source": os.fspath(source), "target": os.fspath(self.output), "by": by}
        report = [f"{name.replace('_', ' ')} {_shown(value)}" for name, value in self.report_.items()]
        messages = [*left_out, f"{by}: {', '.join(report)}"]
        return Figures("Transformed", {**named, **self.report_, "left_out": left_out}, messages=messages)


class LexiconTransform(Transform):
    """A method that takes a lexicon.

    Parameters
    ----------
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL, SKOS, WN-LMF, WordNet's folder or wn:LEXICON. See
        `selfvec.lab.transforms.knowledge.read_knowledge`.
    """

    lexicon: Sequence[str | Path] | Knowledge

    @classmethod
    def given(cls, **options: Any) -> Self:
        """The method with a caller's options; a lexicon that is not there is an error, too."""
        made = super().given(**options)
        check_lexicon(made.lexicon)  # before vectors are read
        return made


def as_function(
    name: str,
    method: Callable[P, Method],
    apply: Callable[[Method, Taken], Made],
    takes: str = "vectors",
) -> Callable[Concatenate[Taken, P], Made]:
    """A method as a function of what it is applied to, and of its options, which its class declares."""
    cls: Any = method
    options = inspect.signature(cls).parameters.values()
    positional = [option.name for option in options if option.kind is option.POSITIONAL_OR_KEYWORD]

    def function(*given: Any, **named: Any) -> Made:
        chosen = {**dict(zip([takes, *positional], given, strict=False)), **named}
        if takes not in chosen:
            raise OptionError("is needed", field=takes, remedy="give it")
        source = chosen.pop(takes)
        return apply(cls.given(**chosen), source)

    _, source = inspect.signature(apply).parameters.values()
    made = inspect.signature(apply).return_annotation
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [source.replace(name=takes), *options], return_annotation=made
    )
    function.__name__ = function.__qualname__ = name
    function.__module__ = cls.__module__
    function.__doc__ = _described(cls, takes, made)
    return function


_TAKEN = {"vectors": "Vectors, Run, path or name", "encoder": "path, name or encoder"}
_RAISES = """Raises
------
OptionError
    If an option is misspelt, wrong or missing, or names nothing that the words have.
InputError
    If a file cannot be read or is damaged.
TargetError
    If ``output`` exists and ``overwrite`` is false, or cannot be written."""


def _described(cls: type[Transform], takes: str, made: str) -> str:
    """The docstring of a method, with what its function takes: its options, and those of its bases."""
    opening, *sections = re.split(
        r"^(?=[A-Z][A-Za-z ]+\n-{3,}$)", inspect.getdoc(cls) or "", flags=re.MULTILINE
    )
    rest = "".join(section for section in sections if not section.startswith("Parameters\n"))
    options = "".join(map(entry, declared(cls).parameters.values()))
    taken = f"Parameters\n----------\n{takes} : {_TAKEN[takes]}\n{options}"
    return f"{opening}{taken}\nReturns\n-------\n{made}\n\n{_RAISES}\n\n{rest}"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
