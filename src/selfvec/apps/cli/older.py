"""Other ways to type a command, most of them of earlier versions. They are not in the help."""

from __future__ import annotations

from collections.abc import Sequence

from selfvec.base.errors import OptionError
from selfvec.transforms.registry import find_transform

__all__ = ["as_today"]


def as_today(arguments: Sequence[str]) -> list[str]:
    """The same command line with the names of today.

    >>> as_today(["transform", "a", "b", "--by", "pool"]), as_today(["update", "run", "--undo"])
    (['vectors', 'pool', 'a', 'b'], ['run', 'undo', 'run'])
    """
    words = [
        word for one in arguments for word in (["--keep", "nothing"] if one == "--forget-tokens" else [one])
    ]
    command, rest = words[:1], words[1:]
    if command == ["vectors"] and set(rest) <= {"--json"}:
        return ["vectors", "list", *rest]
    if command == ["transform"]:
        by, rest = _taken(rest, "--by")
        if by is not None or not {"-h", "--help", "--help-all"} & set(rest):
            return ["vectors", find_transform(by or "").name, *rest]
        return ["vectors", *rest]
    for mode in ("undo", "watch"):
        if command == ["update"] and f"--{mode}" in rest:
            rest.remove(f"--{mode}")
            _refuse_others(mode, rest)
            return ["run", mode, *rest]
    return words


def _taken(words: Sequence[str], flag: str) -> tuple[str | None, list[str]]:
    """The value of a flag, and the other words."""
    for place, word in enumerate(words):
        if word == flag and place + 1 < len(words):
            return words[place + 1], [*words[:place], *words[place + 2 :]]
        if word.startswith(f"{flag}="):
            return word.partition("=")[2], [*words[:place], *words[place + 1 :]]
    return None, list(words)


def _refuse_others(mode: str, words: Sequence[str]) -> None:
    """Refuse what does not go with an undo or a watch."""
    for other in ("--undo", "--watch", "--dry-run"):
        if other in words:
            raise OptionError(f"--{mode} and {other} do not go together", remedy="give one of them")
