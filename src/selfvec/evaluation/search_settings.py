"""Settings of search that are compared on the same questions: every combination of the given values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

from selfvec.base.errors import OptionError

__all__ = ["SearchSetting", "search_settings"]

_FIELD = "try_"


class SearchSetting(NamedTuple):
    """Options of `selfvec.search` that change its ranking."""

    mode: str = "hybrid"
    passage_words: int = 200
    overlap: int = 40


def search_settings(given: Sequence[str]) -> dict[str, SearchSetting]:
    """Every combination of the given values, by its name in the report; `OptionError` for one that is wrong.

    >>> list(search_settings(["mode=hybrid,bm25", "passage_words=100"]))
    ['hybrid, passage_words=100', 'bm25, passage_words=100']
    """
    values: dict[str, list[Any]] = {}
    for text in given:
        name, _, several = text.partition("=")
        if name not in SearchSetting._fields:
            raise OptionError.one_of(name, SearchSetting._fields, field=_FIELD)
        numbers = (int(one) if one.isdecimal() else one for one in several.split(","))
        values.setdefault(name, []).extend(numbers)
    chosen = (dict(zip(values, one, strict=True)) for one in product(*values.values())) if values else ()
    return {_name(one): _checked(SearchSetting(**one)) for one in chosen}


def _name(chosen: dict[str, Any]) -> str:
    others = (f"{name}={value}" for name, value in chosen.items() if name != "mode")
    return ", ".join([str(chosen.get("mode", SearchSetting().mode)), *others])


def _checked(setting: SearchSetting) -> SearchSetting:
    from selfvec.retrieval import check_mode
    from selfvec.retrieval.passages import check_cut

    try:
        check_mode(setting.mode)
        check_cut(setting[1:])
    except OptionError as error:
        raise OptionError(
            f"{error.field} {error.rule}", field=_FIELD, remedy=error.remedy or "give another value"
        ) from None
    return setting
