"""Named word sets for `Bias`, read from TOML or JSON: foreign files, so that what is wrong is told by field.

[name]                                        {"name": {
targets.flowers = ["rose", "tulip"]              "targets": {"flowers": ["rose", "tulip"],
targets.insects = ["ant", "wasp"]                            "insects": ["ant", "wasp"]},
attributes.pleasant = ["joy", "love"]            "attributes": {"pleasant": ["joy", "love"],
attributes.unpleasant = ["pain", "hate"]                        "unpleasant": ["pain", "hate"]}}}
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError

__all__ = ["BUILT_IN", "WordSet", "read_sets"]

BUILT_IN = Path(__file__).with_name("built-in.toml")
_ROLES = ("targets", "attributes")
_FORM = "give two lists of targets and two of attributes, as docs/evaluation.md shows"


@dataclass(frozen=True)
class WordSet:
    """Two lists of targets and two of attributes, each by its name, in order."""

    name: str
    targets: Mapping[str, list[str]]
    attributes: Mapping[str, list[str]]

    @property
    def lists(self) -> list[list[str]]:
        """X, Y, A, B."""
        return [*self.targets.values(), *self.attributes.values()]


def read_sets(path: Path) -> list[WordSet]:
    """The sets of a .toml or .json file.

    Raises
    ------
    InputError
        If the file cannot be read or a set is not as it should be; names the file, the field and the rule.
    """
    parse = {".toml": tomllib.loads, ".json": json.loads}.get(path.suffix.lower())
    if parse is None:
        rule = f"word sets are .toml or .json, not {path.suffix or 'without a suffix'}"
        raise InputError(rule, path=path, remedy="rename the file")
    try:
        data = parse(path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode())
    except OSError as error:
        why = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror
        raise InputError(f"cannot be read: {why}", path=path, remedy="check the path") from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", path=path, remedy="save it as UTF-8") from None
    except (ValueError, RecursionError) as error:
        name = path.suffix[1:].upper()
        raise InputError(f"is not {name}: {error}", path=path, remedy="mend the file") from None
    if not isinstance(data, dict) or not data:
        raise InputError("holds named word sets, here are none", path=path, remedy=_FORM)
    return [_word_set(name, value, path) for name, value in data.items()]


def _word_set(name: str, value: Any, path: Path) -> WordSet:
    if not isinstance(value, dict) or set(value) != set(_ROLES):
        rule = "a set has targets and attributes and nothing else"
        raise InputError(rule, path=path, field=name, remedy=_FORM)
    roles = {role: _two_lists(f"{name}.{role}", value[role], path) for role in _ROLES}
    return WordSet(name, roles["targets"], roles["attributes"])


def _two_lists(field: str, value: Any, path: Path) -> dict[str, list[str]]:
    if not isinstance(value, dict) or len(value) != 2:
        raise InputError("is two named lists of words", path=path, field=field, remedy=_FORM)
    for name, words in value.items():
        place = f"{field}.{name}"
        if not isinstance(words, list) or not all(isinstance(w, str) and w.strip() for w in words):
            raise InputError("is a list of words", path=path, field=place, remedy="put words in quotes")
        if len(set(words)) < max(2, len(words)):
            rule = "has at least two words, none of them twice"
            raise InputError(rule, path=path, field=place, remedy="add or remove words")
    one, other = value.values()
    if shared := sorted(set(one) & set(other)):
        rule = f"the two lists share no word, here both hold {shared[0]!r}"
        raise InputError(rule, path=path, field=field, remedy="keep it in one of them")
    return value
