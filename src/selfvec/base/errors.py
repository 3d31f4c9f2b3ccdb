"""The errors that Selfvec raises, and their messages.

    SelfvecError                     exit status 2, one line: place: rule; remedy
    ├── InputError (ValueError)      an input is wrong
    │   ├── FormatError              ... in a vectors file
    │   ├── CorpusError              ... in a corpus
    │   ├── OptionError              ... in an option or argument
    │   │   └── NotFound             ... which names something that does not exist
    │   └── NotFittedError (AttributeError)   a `Refiner` was asked for a result before `fit`
    ├── TargetError (OSError)        the output cannot be written; an existing target is unchanged
    │   └── Busy                     ... because another process writes it
    ├── MissingExtra (ImportError)   an optional dependency is needed; names the extra to install
    └── Interrupted                  stopped on request; nothing has changed

Every message names the place (file, line, field), the rule that was broken and the remedy. Messages are
written with the flags of the command line. In Python the same message names the parameters.

`CleanupWarning` is a warning: the result is complete.
"""

from __future__ import annotations

import difflib
import errno
import os
import re
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec

from .display import escape_controls
from .installed import install_command

OF_THE_SYSTEM = {
    errno.ENOSPC: ("the disk is full", "free some space or write elsewhere"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or write elsewhere"),
    errno.EROFS: ("the file system is read-only", "write elsewhere"),
    errno.EFBIG: ("the file is larger than the file system allows", "write elsewhere"),
    errno.EACCES: ("permission is denied", "check the permissions of the file and of its folder"),
    errno.EPERM: ("permission is denied", "check the permissions of the file and of its folder"),
    errno.ENAMETOOLONG: ("the name is too long for a file", "choose a shorter one"),
    errno.ENOTDIR: ("a part of the path is not a folder", "choose another path"),
    errno.EMFILE: ("too many files are open", "raise the limit: ulimit -n 1024"),
    errno.ENFILE: ("too many files are open on this machine", "end other programs"),
    errno.EIO: ("the disk cannot be read or written", "check the disk"),
}
"""The rule and the remedy for errors of the operating system, by number, of reading and of writing."""


class SelfvecError(Exception):
    """Base of all errors Selfvec raises on purpose.

    ``rule`` is the rule that was broken; ``path``, ``line`` (from 1) and ``field`` are the place; ``remedy``
    tells what to do next, in the imperative.

    >>> str(InputError("a row needs 3 numbers, not 2", path="a.txt", line=4, remedy="correct the row"))
    'a.txt:4: a row needs 3 numbers, not 2; correct the row'
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
        self.rule = rule
        self.line = line
        self.field = field
        self.remedy = remedy
        self.path = None if path is None else os.fspath(path)
        super().__init__(rule)

    def __str__(self) -> str:
        return self.message()

    def message(self, *, flags: bool = False) -> str:
        """The error in one line, with options named as in Python or, with ``flags``, as flags.

        Control characters are escaped: the names of files and fields may be anything.
        """
        place = self.path or ""
        if self.line is not None:
            place += f":{self.line}" if place else f"line {self.line}"
        if self.field is not None:
            place += f"{': ' if place else ''}{self._field_name(self.field, flags)}"
        rule, remedy = (
            text if flags or not text else _with_parameters(text) for text in (self.rule, self.remedy)
        )
        text = f"{place}: {rule}" if place else str(rule)
        return escape_controls(f"{text}; {remedy}" if remedy else text)

    def _field_name(self, field: str, flags: bool) -> str:
        del flags
        return f"field {field!r}"


_ARGUMENTS = ("query",)  # of the command line, which are no options
_OTHER_FLAGS = {"others": "--with"}  # a flag takes one of them
_FLAG = re.compile(r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)(?:[ =]([A-Z]{2,}))?")
_SWITCHES = ("allow-duplicates", "overwrite", "skip-bad-rows")


def _with_parameters(text: str) -> str:
    """A text with flags replaced by parameters of Python. Whole commands stay."""
    if "selfvec " in text or "in Python" in text:
        return text

    def parameter(written: re.Match[str]) -> str:
        name = written[1].replace("-", "_")
        return f"{name}=True" if written[1] in _SWITCHES else f"{name}={written[2]}" if written[2] else name

    return _FLAG.sub(parameter, text)


class InputError(SelfvecError, ValueError):
    """An input is wrong."""


class FormatError(InputError):
    """A file does not follow its format."""


def flag(parameter: str) -> str:
    """The flag of a parameter.

    >>> flag("min_count"), flag("as_"), flag("others")
    ('--min-count', '--as', '--with')
    """
    return _OTHER_FLAGS.get(parameter, f"--{parameter.rstrip('_').replace('_', '-')}")


def did_you_mean(name: str, known: Iterable[str], shown: Callable[[str], str] = str, most: int = 3) -> str:
    """A question that suggests known names of similar spelling; empty if no name is similar.

    >>> did_you_mean("decorelated", ["auto", "decorrelated"]), did_you_mean("x", ["auto"])
    ('did you mean decorrelated?', '')
    >>> did_you_mean("id", ["kind"]), did_you_mean("wbe", ["web"])
    ('', 'did you mean web?')
    >>> did_you_mean("kind", ["Kind", "KIND"])
    'did you mean Kind or KIND?'
    """
    forms: dict[str, list[str]] = {}
    for own in dict.fromkeys(known):
        forms.setdefault(own.lower(), []).append(own)
    least = 0.6 if len(name) > 2 else 0.7  # *kind* has both letters of *id*, which tells nothing
    near = difflib.get_close_matches(name.lower(), forms, most, least)
    names = [shown(own) for each in near for own in forms[each]]
    return f"did you mean {' or '.join(names)}?" if names else ""


class CorpusError(InputError):
    """A corpus cannot be read as documents."""


class OptionError(InputError):
    """An option or argument has an invalid value; ``field`` is its name in Python (``as_`` for ``--as``).

    >>> error = OptionError("is at least 1, not 0", field="min_count")
    >>> str(error), error.message(flags=True)
    ('min_count: is at least 1, not 0', '--min-count: is at least 1, not 0')
    """

    def _field_name(self, field: str, flags: bool) -> str:
        if field in _ARGUMENTS:
            return field.upper() if flags else field
        return flag(field) if flags else field

    @classmethod
    def one_of(cls, value: object, known: Iterable[str], *, field: str) -> OptionError:
        """The error for a value that is not among the known ones.

        >>> OptionError.one_of("decorelated", ["paper", "decorrelated"], field="method").message()
        "method: is one of paper, decorrelated, not 'decorelated'; did you mean decorrelated?"
        """
        known = list(known)
        remedy = did_you_mean(str(value), known) or "choose one of these"
        return cls(f"is one of {', '.join(known)}, not {value!r}", field=field, remedy=remedy)


class NotFound(OptionError):
    """A word, document, field or slice does not exist. The web page answers with status 404."""


class NotFittedError(InputError, AttributeError):
    """A `Refiner` was asked for a result before `fit`."""


class TargetError(SelfvecError, OSError):
    """The output cannot be written. An existing target is unchanged."""


class Busy(TargetError):
    """Another process writes the same; ``waited`` are the seconds that this one has waited for it."""

    waited = 0.0


class MissingExtra(SelfvecError, ImportError):
    """An optional dependency is needed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        remedy = f"run: {install_command(extra)}"
        if sys.version_info >= _TOO_NEW.get(package, (4,)):  # the extra comes without it
            version = f"3.{sys.version_info.minor}"
            remedy = f"use an older Python: {package} cannot be installed on Python {version}"
        super().__init__(f"{purpose} needs the package {package!r}, which is not installed", remedy=remedy)
        self.args = (package, extra, purpose)  # pickle makes a copy in another process from these


class Interrupted(SelfvecError):
    """Work was stopped on request (Ctrl-C)."""

    exit_status = 130


class CleanupWarning(UserWarning):
    """The result is complete, but a temporary file stays, or a power cut may take the result back."""


_TOO_NEW = {"gensim": (3, 14)}  # the first version of Python that a package does not compile on
_PACKAGES = {
    "faiss": "faiss-cpu",
    "sklearn": "scikit-learn",
    "umap": "umap-learn",
    "vl_convert": "vl-convert-python",
}
"""Packages by their module, if they have another name."""


def require(module: str, extra: str, purpose: str) -> None:
    """Raise `MissingExtra` unless a module is installed. It is not imported.

    >>> require("numpy", "plot", "a figure")
    """
    if find_spec(module) is None:
        raise MissingExtra(_PACKAGES.get(module, module.replace("_", "-")), extra, purpose)
