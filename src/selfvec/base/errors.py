"""The errors a user can meet, and how each one reads.

    SelfvecError                     exit status 2, one line: place: rule; remedy
    ├── InputError (ValueError)      something given to us is wrong
    │   ├── FormatError              ... in a vectors file
    │   ├── CorpusError              ... in a corpus
    │   ├── OptionError              ... in an option or argument
    │   └── NotFittedError (AttributeError)   a `Refiner` was asked for a result before `fit`
    ├── TargetError (OSError)        the place to write to cannot be used; it was left untouched
    ├── MissingExtra (ImportError)   an optional dependency is needed; names the extra to install
    └── Interrupted                  stopped on request; what was done is kept and can be resumed

Every message names the place (file, line, field), the rule that was broken and what to do next.
"""

from __future__ import annotations

import os

__all__ = [
    "CorpusError",
    "FormatError",
    "InputError",
    "Interrupted",
    "MissingExtra",
    "NotFittedError",
    "OptionError",
    "SelfvecError",
    "TargetError",
]


class SelfvecError(Exception):
    """Base of all errors Selfvec raises on purpose.

    ``rule`` is the rule that was broken, ``path``, ``line`` (from 1) and ``field`` the place, ``remedy`` what
    to do next, in the imperative.

    >>> str(InputError("a row needs 3 numbers, this one has 2", path="a.txt", line=4, remedy="mend the row"))
    'a.txt:4: a row needs 3 numbers, this one has 2; mend the row'
    """

    exit_status = 2

    def __init__(
        self,
        rule: str,
        *,
        path: str | os.PathLike[str] | None = None,
        line: int | None = None,
        field: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.rule, self.line, self.field, self.remedy = rule, line, field, remedy
        self.path = None if path is None else os.fspath(path)
        super().__init__(rule)

    def __str__(self) -> str:
        return self.message()

    def message(self, *, flags: bool = False) -> str:
        """The error in one line; with ``flags``, an option is named as on the command line."""
        place = self.path or ""
        if self.line is not None:
            place += f":{self.line}" if place else f"line {self.line}"
        if self.field is not None:
            place += f"{': ' if place else ''}{self._field_name(self.field, flags)}"
        text = f"{place}: {self.rule}" if place else self.rule
        return f"{text}; {self.remedy}" if self.remedy else text

    def _field_name(self, field: str, flags: bool) -> str:
        del flags
        return f"field {field!r}"


class InputError(SelfvecError, ValueError):
    """Something given to Selfvec is wrong."""


class FormatError(InputError):
    """A vectors file does not hold what its format says."""


class CorpusError(InputError):
    """A corpus cannot be read as documents."""


class OptionError(InputError):
    """An option or argument has a value it cannot have; ``field`` is its name in Python.

    >>> error = OptionError("is at least 1, not 0", field="min_count")
    >>> str(error), error.message(flags=True)
    ('min_count: is at least 1, not 0', '--min-count: is at least 1, not 0')
    """

    def _field_name(self, field: str, flags: bool) -> str:
        return f"--{field.replace('_', '-')}" if flags else field


class NotFittedError(InputError, AttributeError):
    """A `Refiner` was asked for a result before `fit`."""


class TargetError(SelfvecError, OSError):
    """The place to write to cannot be used. It was left as it was."""


class MissingExtra(SelfvecError, ImportError):
    """An optional dependency is needed for this."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed",
            remedy=f"run: pip install 'selfvec[{extra}]'",
        )
        self.args = (package, extra, purpose)  # what a copy in another process is made of


class Interrupted(SelfvecError):
    """Work was stopped on request (Ctrl-C). Its state was saved where ``path`` says."""

    exit_status = 130
