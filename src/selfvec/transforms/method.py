"""`Transform`: the base class of the methods, which make new vectors from given ones."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, dataclass_transform

from selfvec.base.declarations import declared
from selfvec.base.errors import require
from selfvec.base.progress import Progress
from selfvec.data.vectors import Vectors
from selfvec.storage.formats import check_save, save
from selfvec.storage.opened import as_vectors


@dataclass_transform(eq_default=False)
class Transform(ABC):
    """A method that makes new vectors from given ones. Its fields are its options.

    A class names all of its fields, those of its base, too: the command line reads them from the source.

    Attributes
    ----------
    report_ : dict
        Figures of the last `fit_transform`, JSON-serialisable.
    progress : Progress
        Reports long work; silent by default.
    """

    report_: dict[str, Any]
    progress: Progress = Progress()
    package: ClassVar[str] = ""  # that it needs, of the extra knowledge

    def __init_subclass__(cls) -> None:
        """Make a constructor of the fields of the class."""
        dataclass(eq=False, repr=False)(cls)

    def __post_init__(self) -> None:
        """Check the options against the docstring of the class, and that its package is installed."""
        if self.package:
            require(self.package, "knowledge", f"the transform {type(self).__name__}")
        declared(type(self)).check(vars(self))

    def open(self, source: Any) -> Any:
        """The argument of `fit_transform` from what was given: by default vectors, a run, or a path."""
        return as_vectors(source)

    @abstractmethod
    def fit_transform(self, vectors: Vectors) -> Vectors:
        """New vectors; the given ones are not changed."""

    def transform_file(
        self, source: str, target: Path, format: str | None = None, *, overwrite: bool = False
    ) -> list[str]:
        """Read vectors, transform them and write the result; return what the format cannot store.

        Raises `TargetError` if the target exists and ``overwrite`` is false.
        """
        check_save(target, format, overwrite=overwrite)
        made = self.fit_transform(self.open(source))
        self.report_ = {"words": len(made), "dimensions": made.vector_size, **self.report_}
        return save(made, target, format=format, overwrite=overwrite)
