"""Checks of arguments: a wrong value raises `OptionError`, which names the argument and its rule."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, TypeGuard

from .errors import OptionError, did_you_mean

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""A path, or several."""


def as_paths(given: Paths | None) -> list[Path]:
    """A path, or several, or none, as a list."""
    several = [given] if isinstance(given, str | os.PathLike) else given
    return [Path(one) for one in several or ()]


def is_path(given: object) -> TypeGuard[str | os.PathLike[str]]:
    """Whether a value is a path or a name."""
    return isinstance(given, str | os.PathLike)


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `OptionError` for a name of an option that is not known."""
    known = list(known)
    for name in given:
        if name not in known:
            remedy = did_you_mean(name, known) or "leave it out"
            raise OptionError("there is no such option", field=name, remedy=remedy)


def check_path(name: str, given: object, what: str = "a path or a name") -> None:
    """Raise `OptionError` unless a value is a path."""
    if not is_path(given):
        raise OptionError(f"is {what}, not {type(given).__name__}", field=name)


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Raise `OptionError` unless a value is a whole number from ``least`` up.

    >>> check_whole("top", 10)
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise OptionError(f"is a whole number of at least {least}, not {value!r}", field=name)


def check_text(name: str, value: Any, *, empty: bool = False) -> None:
    """Raise `OptionError` unless a value is a text; an empty text is allowed only with ``empty``."""
    if not isinstance(value, str):
        raise OptionError(f"is a text, not {type(value).__name__}", field=name)
    if not empty and not value.strip():
        raise OptionError("is empty", field=name, remedy="write some words")


def check_texts(name: str, value: Any, what: str = "texts") -> list[str]:
    """One or several texts as a list; `OptionError` for anything else and for an empty list.

    >>> check_texts("words", "hail"), check_texts("words", ("hail", "snow"))
    (['hail'], ['hail', 'snow'])
    """
    several = [value] if isinstance(value, str) else list(value) if isinstance(value, Iterable) else None
    if several is None or not all(isinstance(one, str) for one in several):
        raise OptionError(f"are {what}, not {value!r:.80}", field=name)
    if not several:
        raise OptionError(f"the list is empty, at least one of these {what} is needed", field=name)
    return several
